//! An incident: errors beyond the usual ones, as a share of requests over time.

use super::draw::Draw;

/// Errors beyond the usual ones: nothing until `from`, then up to `share` of the requests at `full`, then down from `fading` to
/// nothing at `until`. In seconds since the world began.
#[derive(Debug, Clone, Copy)]
pub struct Incident {
    pub from: f64,
    pub full: f64,
    pub fading: f64,
    pub until: f64,
    /// The share of requests that fail.
    pub share: f64,
}

/// The share of requests that fail in an incident: 0.8% in the median, 90% between 0.13% and 5%.
pub fn share(draw: &mut Draw) -> f64 {
    draw.around(0.008, 1.1, (0.001, 0.6))
}

/// An incident that ends by itself.
pub fn unrelated(from: f64, draw: &mut Draw) -> Incident {
    let lasts = draw.around(25.0 * 60.0, 0.9, (180.0, 6.0 * 3600.0));
    let rise = if draw.chance(0.3) {
        lasts * draw.between(0.1, 0.4)
    } else {
        draw.between(1.0, 60.0)
    };
    let fall = if draw.chance(0.5) {
        lasts * draw.between(0.05, 0.4)
    } else {
        draw.between(1.0, 120.0)
    };
    Incident {
        from,
        full: from + rise,
        fading: from + (lasts - fall).max(rise),
        until: from + lasts.max(rise + fall),
        share: share(draw),
    }
}

impl Incident {
    /// The share of requests that fail at a time.
    pub fn at(&self, time: f64) -> f64 {
        if time < self.from || time >= self.until {
            0.0
        } else if time < self.full {
            self.share * (time - self.from) / (self.full - self.from)
        } else if time < self.fading {
            self.share
        } else {
            self.share * (self.until - time) / (self.until - self.fading)
        }
    }

    /// The share of the requests of a span that fail, from 20 moments of it.
    pub fn mean(&self, from: f64, length: f64) -> f64 {
        if from + length <= self.from || from >= self.until {
            return 0.0;
        }
        if from >= self.full && from + length <= self.fading {
            return self.share;
        }
        let moments = 20;
        let step = length / f64::from(moments);
        let sum: f64 = (0..moments)
            .map(|moment| self.at(from + (f64::from(moment) + 0.5) * step))
            .sum();
        sum / f64::from(moments)
    }
}
