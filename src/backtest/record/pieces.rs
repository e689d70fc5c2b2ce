//! A measured share over time, in few pieces.

/// The maximum number of pieces that are neither good nor without data.
const MOST_PIECES: usize = 8;

/// The minutes that data or events must be missing for, before they count as missing: Prometheus bridges shorter times.
const LOOKBACK: usize = 5;

/// What is measured of an SLO in the minutes of a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What is measured in each minute.
    pub levels: Vec<Level>,
    /// The share that the objective allows.
    pub budget: f64,
}

/// What is measured in a minute or a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// There is no data.
    NoData,
    /// There is data, but no events.
    NoEvents,
    /// This share is bad, from 0 to 1.
    Bad(f64),
}

impl Level {
    fn share(self) -> Option<f64> {
        match self {
            Self::Bad(share) => Some(share),
            Self::NoData | Self::NoEvents => None,
        }
    }
}

/// A time in which the same is measured, in minutes since the beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The first minute.
    pub from: usize,
    /// The minute after the last one.
    pub to: usize,
    /// What is measured.
    pub level: Level,
}

impl Piece {
    fn minutes(&self) -> usize {
        self.to - self.from
    }
}

/// Divides a measured share into pieces, without those that are good. `fineness` is 1 or less: the smaller, the more pieces.
pub fn pieces(measured: &Measured, fineness: f64) -> Vec<Piece> {
    let levels = bridged(&measured.levels);
    let shares = levels.iter().filter_map(|level| level.share());
    let peak = shares.fold(0.0, f64::max);
    let tolerance = (measured.budget * 0.5).max(peak * 0.05) * fineness;
    let mut all: Vec<Piece> = Vec::new();
    for (minute, level) in levels.into_iter().enumerate() {
        match all.last_mut() {
            Some(last) if last.level == level => last.to = minute + 1,
            _ => all.push(Piece {
                from: minute,
                to: minute + 1,
                level,
            }),
        }
    }
    let is_bad = |piece: &Piece| {
        let share = piece.level.share();
        share.is_none_or(|share| share > measured.budget * 0.1)
    };
    while let Some((place, cost)) = cheapest(&all) {
        let is_within = cost <= tolerance * tolerance;
        if !is_within && all.iter().filter(|piece| is_bad(piece)).count() <= MOST_PIECES {
            break;
        }
        merge(&mut all, place);
    }
    all.retain(is_bad);
    all
}

/// Replaces short times without data or events by the last share before, or the first one after them.
fn bridged(levels: &[Level]) -> Vec<Level> {
    let is_share = |level: &&Level| level.share().is_some();
    let mut bridged = levels.to_vec();
    let mut start = 0;
    while start < bridged.len() {
        let rest = bridged.get(start..).unwrap_or_default();
        let missing = rest.iter().take_while(|level| !is_share(level)).count();
        if (1..=LOOKBACK).contains(&missing) {
            let before = start.checked_sub(1).and_then(|before| bridged.get(before));
            let after = bridged.get(start + missing);
            let share = before.or(after).filter(is_share).copied();
            for place in bridged.iter_mut().skip(start).take(missing) {
                *place = share.unwrap_or(*place);
            }
        }
        start += missing.max(1);
    }
    bridged
}

/// Returns the first of the two neighbors that differ least, and by how much their union differs from them.
fn cheapest(all: &[Piece]) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for (place, pair) in all.windows(2).enumerate() {
        let [one, other] = pair else { continue };
        let (Level::Bad(first), Level::Bad(second)) = (one.level, other.level) else {
            continue;
        };
        let (few, many) = (count(one.minutes()), count(other.minutes()));
        let cost = few * many / (few + many) * (first - second) * (first - second);
        if best.is_none_or(|(_, least)| cost < least) {
            best = Some((place, cost));
        }
    }
    best
}

fn merge(all: &mut Vec<Piece>, place: usize) {
    let (Some(one), Some(other)) = (all.get(place).copied(), all.get(place + 1).copied()) else {
        return;
    };
    let (Level::Bad(first), Level::Bad(second)) = (one.level, other.level) else {
        return;
    };
    let (few, many) = (count(one.minutes()), count(other.minutes()));
    let level = Level::Bad((first * few + second * many) / (few + many));
    all.remove(place + 1);
    if let Some(piece) = all.get_mut(place) {
        *piece = Piece {
            to: other.to,
            level,
            ..one
        };
    }
}

#[allow(clippy::cast_precision_loss)]
fn count(minutes: usize) -> f64 {
    minutes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parts: &[(usize, Option<f64>)], fineness: f64) -> Vec<(usize, usize, Option<f64>)> {
        let levels = parts.iter().flat_map(|(minutes, share)| {
            let level = share.map_or(Level::NoData, Level::Bad);
            std::iter::repeat_n(level, *minutes)
        });
        let measured = Measured {
            levels: levels.collect(),
            budget: 0.001,
        };
        let all = pieces(&measured, fineness).into_iter();
        all.map(|piece| {
            let share = piece.level.share();
            let share = share.map(|share| (share * 1e6).round() / 1e6);
            (piece.from, piece.to, share)
        })
        .collect()
    }

    #[test]
    fn steps_are_kept_and_noise_is_not() {
        let step = [(10, Some(0.0)), (30, Some(0.1)), (20, Some(0.0))];
        assert_eq!(found(&step, 1.0), [(10, 40, Some(0.1))]);
        let noise = [
            (10, Some(0.0)),
            (5, Some(0.101)),
            (5, Some(0.099)),
            (10, Some(0.5)),
            (5, Some(0.0)),
        ];
        assert_eq!(
            found(&noise, 1.0),
            [(10, 20, Some(0.1)), (20, 30, Some(0.5))]
        );
        assert_eq!(found(&noise, 0.1).len(), 3);
        assert_eq!(found(&[(60, Some(0.0))], 1.0), []);
    }

    #[test]
    fn missing_data_is_a_piece_unless_it_is_bridged() {
        let gaps = [
            (10, Some(0.0)),
            (3, None),
            (10, Some(0.0)),
            (30, None),
            (10, Some(0.0)),
        ];
        assert_eq!(found(&gaps, 1.0), [(23, 53, None)]);
        assert_eq!(
            found(&[(2, None), (5, Some(0.2))], 1.0),
            [(0, 7, Some(0.2))]
        );
    }

    #[test]
    fn no_events_are_not_missing_data() {
        let parts = [
            (10, Level::Bad(0.0)),
            (3, Level::NoEvents),
            (10, Level::Bad(0.0)),
            (20, Level::NoEvents),
            (10, Level::NoData),
        ];
        let levels = parts.iter();
        let levels = levels.flat_map(|(minutes, level)| std::iter::repeat_n(*level, *minutes));
        let measured = Measured {
            levels: levels.collect(),
            budget: 0.001,
        };
        let found = pieces(&measured, 1.0).into_iter();
        let found: Vec<_> = found
            .map(|piece| (piece.from, piece.to, piece.level))
            .collect();
        assert_eq!(found, [(23, 43, Level::NoEvents), (43, 53, Level::NoData)]);
    }

    #[test]
    fn there_are_few_pieces() {
        let saw: Vec<(usize, Option<f64>)> = (0..100)
            .map(|tooth| (3, Some(if tooth % 2 == 0 { 0.9 } else { 0.0 })))
            .collect();
        assert!(found(&saw, 1.0).len() <= MOST_PIECES);
    }
}
