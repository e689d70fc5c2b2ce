//! Sums and averages of many histograms.

use super::{Combined, CounterResetHint, FloatHistogram, HistogramError};

/// What was noteworthy about the histograms of a sum.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    reset: bool,
    no_reset: bool,
    bounds_reconciled: bool,
}

impl Seen {
    fn hint(&mut self, hint: CounterResetHint) {
        match hint {
            CounterResetHint::CounterReset => self.reset = true,
            CounterResetHint::NotCounterReset => self.no_reset = true,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
    }

    fn all(self) -> Combined {
        Combined {
            counter_reset_collision: self.reset && self.no_reset,
            bounds_reconciled: self.bounds_reconciled,
        }
    }
}

/// A sum or an average of histograms, which grows by one histogram at a time.
pub trait HistogramTotal: Sized {
    /// Starts with the first histogram.
    fn new(first: &FloatHistogram) -> Self;

    /// Adds a histogram.
    ///
    /// # Errors
    ///
    /// Only one of the total and the histogram has custom buckets.
    fn add(&mut self, next: &FloatHistogram) -> Result<(), HistogramError>;

    /// Tells whether hints of any two histograms collided, and whether custom bounds differed.
    fn combined(&self) -> Combined;

    /// Returns the total. It may have empty buckets.
    fn finish(self) -> FloatHistogram;
}

/// A sum of histograms with Kahan summation.
#[derive(Debug, Clone)]
pub struct HistogramSum {
    sum: FloatHistogram,
    compensation: Option<FloatHistogram>,
    seen: Seen,
}

impl HistogramTotal for HistogramSum {
    fn new(first: &FloatHistogram) -> Self {
        let mut seen = Seen::default();
        seen.hint(first.counter_reset_hint);
        Self {
            sum: first.clone(),
            compensation: None,
            seen,
        }
    }

    fn add(&mut self, next: &FloatHistogram) -> Result<(), HistogramError> {
        self.seen.hint(next.counter_reset_hint);
        let combined = self.sum.kahan_add(next, &mut self.compensation)?;
        self.seen.bounds_reconciled |= combined.bounds_reconciled;
        Ok(())
    }

    fn combined(&self) -> Combined {
        self.seen.all()
    }

    fn finish(self) -> FloatHistogram {
        compensated(self.sum, self.compensation)
    }
}

/// An average of histograms: their sum by their number, or, once the sum overflows, a running average.
#[derive(Debug, Clone)]
pub struct HistogramMean {
    /// The sum, or the average if `running`.
    value: FloatHistogram,
    compensation: Option<FloatHistogram>,
    running: bool,
    number: f64,
    seen: Seen,
}

impl HistogramTotal for HistogramMean {
    fn new(first: &FloatHistogram) -> Self {
        let HistogramSum {
            sum,
            compensation,
            seen,
        } = HistogramSum::new(first);
        Self {
            value: sum,
            compensation,
            running: false,
            number: 1.0,
            seen,
        }
    }

    fn add(&mut self, next: &FloatHistogram) -> Result<(), HistogramError> {
        self.seen.hint(next.counter_reset_hint);
        self.number += 1.0;
        if !self.running {
            if self.add_to_sum(next)? {
                return Ok(());
            }
            self.running = true;
            self.value.divide(self.number - 1.0);
            if let Some(compensation) = &mut self.compensation {
                compensation.divide(self.number - 1.0);
            }
        }
        let kept = (self.number - 1.0) / self.number;
        if let Some(compensation) = &mut self.compensation {
            compensation.scale(kept);
        }
        let mut part = next.clone();
        part.divide(self.number);
        self.value.scale(kept);
        let combined = self.value.kahan_add(&part, &mut self.compensation)?;
        self.seen.bounds_reconciled |= combined.bounds_reconciled;
        Ok(())
    }

    fn combined(&self) -> Combined {
        self.seen.all()
    }

    fn finish(mut self) -> FloatHistogram {
        if !self.running {
            self.value.divide(self.number);
            if let Some(compensation) = &mut self.compensation {
                compensation.divide(self.number);
            }
        }
        compensated(self.value, self.compensation)
    }
}

impl HistogramMean {
    /// Adds to the sum, unless that would overflow. Returns true if it was added.
    fn add_to_sum(&mut self, next: &FloatHistogram) -> Result<bool, HistogramError> {
        if is_far_from_overflow(&self.value) && is_far_from_overflow(next) {
            let combined = self.value.kahan_add(next, &mut self.compensation)?;
            self.seen.bounds_reconciled |= combined.bounds_reconciled;
            return Ok(true);
        }
        let mut sum = self.value.clone();
        let mut compensation = self.compensation.clone();
        let combined = sum.kahan_add(next, &mut compensation)?;
        self.seen.bounds_reconciled |= combined.bounds_reconciled;
        if sum.has_overflow() {
            return Ok(false);
        }
        self.value = sum;
        self.compensation = compensation;
        Ok(true)
    }
}

fn compensated(mut sum: FloatHistogram, compensation: Option<FloatHistogram>) -> FloatHistogram {
    if let Some(compensation) = compensation {
        // Both have the same schema, so this cannot fail.
        let _ = sum.add(&compensation);
    }
    sum
}

/// True if no addition of two such histograms can overflow, however many of their buckets are merged.
fn is_far_from_overflow(histogram: &FloatHistogram) -> bool {
    [histogram.zero_count, histogram.count, histogram.sum]
        .iter()
        .chain(&histogram.positive_buckets)
        .chain(&histogram.negative_buckets)
        .chain(&histogram.custom_values)
        .all(|value| value.is_nan() || value.abs() < 1e290)
}
