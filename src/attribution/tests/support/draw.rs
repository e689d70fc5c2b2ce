//! Random numbers with a seed, the same on every platform: the generator is integers only, and the distributions use `libm`.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Gamma, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;

/// A generator of random numbers.
pub struct Draw(Pcg64Mcg);

impl Draw {
    /// A generator of its own for a part of a world: parts do not shift each other's numbers.
    pub fn new(seed: u64, part: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part.wrapping_mul(0xD1B5_4A32_D192_ED03),
        ))
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// A number between two.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True in a share of cases.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A log-normal number with this median, where `spread` is the standard deviation of its logarithm, within bounds.
    pub fn around(&mut self, median: f64, spread: f64, (low, high): (f64, f64)) -> f64 {
        (median * libm::exp(spread * self.normal())).clamp(low, high)
    }

    /// A count with this mean; a normal number stands for it where it is large.
    pub fn count(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            0.0
        } else if mean > 200.0 {
            (mean + mean.sqrt() * self.normal()).round().max(0.0)
        } else {
            Poisson::new(mean).map_or(0.0, |counts| counts.sample(&mut self.0))
        }
    }

    /// A factor with mean 1 and variance `1 / shape`.
    pub fn factor(&mut self, shape: f64) -> f64 {
        Gamma::new(shape, 1.0 / shape).map_or(1.0, |factors| factors.sample(&mut self.0))
    }

    /// The times of a Poisson process from 0 to `until`, with `mean` seconds between two.
    pub fn times(&mut self, mean: f64, until: f64) -> Vec<f64> {
        let mut times = Vec::new();
        let mut at = 0.0;
        if mean.is_finite() && mean > 0.0 {
            loop {
                at -= mean * libm::log(1.0 - self.unit());
                if at >= until {
                    break;
                }
                times.push(at);
            }
        }
        times
    }
}
