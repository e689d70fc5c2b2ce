//! Kahan summation in Neumaier's variant.

/// Adds `term` to a sum with its compensation and returns both. The compensation of an infinite sum is 0.
pub(crate) fn increase(term: f64, sum: f64, compensation: f64) -> (f64, f64) {
    let total = sum + term;
    let compensation = if total.is_infinite() {
        0.0
    } else if sum.abs() >= term.abs() {
        compensation + ((sum - total) + term)
    } else {
        compensation + ((term - total) + sum)
    };
    (total, compensation)
}

/// A sum with its compensation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sum {
    /// The sum without the compensation.
    pub(crate) total: f64,
    /// What rounding lost.
    pub(crate) compensation: f64,
}

impl Sum {
    /// Adds a term.
    pub(crate) fn add(&mut self, term: f64) {
        (self.total, self.compensation) = increase(term, self.total, self.compensation);
    }

    /// Returns the compensated sum. An infinite sum stays as it is.
    pub(crate) fn value(self) -> f64 {
        if self.total.is_infinite() {
            self.total
        } else {
            self.total + self.compensation
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_large_ones() {
        let mut sum = Sum::default();
        for term in [5.0, 1e100, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.value(), 5.0);
        sum.add(f64::INFINITY);
        assert_eq!(sum.value(), f64::INFINITY);
    }
}
