//! Means of floats.

use crate::histogram::kahan::Sum;

/// A mean that does not overflow: the sum divided by the count as long as the sum is finite, then an incremental mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mean {
    /// The sum, or the incremental mean.
    sum: Sum,
    count: f64,
    incremental: bool,
}

impl Mean {
    /// Starts with a value.
    pub(crate) fn new(value: f64) -> Self {
        Self {
            sum: Sum {
                total: value,
                compensation: 0.0,
            },
            count: 1.0,
            incremental: false,
        }
    }

    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut next = self.sum;
            next.add(value);
            if !next.total.is_infinite() {
                self.sum = next;
                return;
            }
            self.incremental = true;
            self.sum.total /= self.count - 1.0;
            self.sum.compensation /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        self.sum.total *= share;
        self.sum.compensation *= share;
        self.sum.add(value / self.count);
    }

    /// Returns the mean.
    pub(crate) fn value(self) -> f64 {
        let Sum {
            total,
            compensation,
        } = self.sum;
        if self.incremental {
            total + compensation
        } else {
            total / self.count + compensation / self.count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_does_not_overflow() {
        let mut mean = Mean::new(f64::MAX);
        mean.add(f64::MAX);
        assert_eq!(mean.value(), f64::MAX);
        let mut mean = Mean::new(1.0);
        mean.add(2.0);
        assert_eq!(mean.value(), 1.5);
    }
}
