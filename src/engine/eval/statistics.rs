//! Histograms of which only the count and the sum are needed.
//!
//! For `histogram_count(…)`, `histogram_sum(…)` and `histogram_avg(…)`, Prometheus selects histograms without buckets. Resets
//! are detected before the buckets are removed, so more hints are known than otherwise, and can collide.

use std::sync::Arc;

use nth_promql::{BinaryOp, Node};

use crate::histogram::{CounterResetHint, FloatHistogram};
use crate::store::Samples;

/// What the expressions around a selector need of its histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Need {
    /// Whole histograms, unless an expression further inside needs less.
    #[default]
    Unknown,
    /// The count and the sum.
    Statistics,
    /// Whole histograms.
    Buckets,
}

impl Need {
    /// Returns what is needed within an expression.
    pub(super) fn within(self, node: &Node) -> Self {
        match (self, node) {
            (Self::Buckets, _) | (_, Node::Subquery(_)) => Self::Buckets,
            (_, Node::Binary(binary))
                if matches!(
                    binary.op,
                    BinaryOp::TrimUpper
                        | BinaryOp::TrimLower
                        | BinaryOp::Equal
                        | BinaryOp::NotEqual
                ) =>
            {
                Self::Buckets
            }
            (_, Node::Aggregate(aggregate)) if aggregate.op == "count_values" => Self::Buckets,
            (_, Node::Call(call)) => match call.function.as_str() {
                "histogram_count" | "histogram_sum" | "histogram_avg" | "timestamp" | "absent" => {
                    Self::Statistics
                }
                "histogram_quantile"
                | "histogram_quantiles"
                | "histogram_fraction"
                | "histogram_stddev"
                | "histogram_stdvar"
                | "changes" => Self::Buckets,
                _ => self,
            },
            _ => self,
        }
    }

    /// Removes what is not needed of selected histograms.
    pub(super) fn reduce(self, series: &mut [Samples<'_>]) {
        if self == Self::Statistics {
            series.iter_mut().for_each(remove_buckets);
        }
    }
}

/// Removes the buckets of all histograms of a series, and sets the hints that are unknown. Of the first histogram, nothing is
/// known.
fn remove_buckets(samples: &mut Samples<'_>) {
    let mut last: Option<Arc<FloatHistogram>> = None;
    if samples.histograms.is_empty() {
        return;
    }
    for sample in samples.histograms.to_mut() {
        let whole = sample.value.clone();
        let mut hint = whole.counter_reset_hint;
        if !whole.is_stale() {
            if let Some(last) = &last
                && hint == CounterResetHint::Unknown
            {
                hint = if whole.detect_reset(last) {
                    CounterResetHint::CounterReset
                } else {
                    CounterResetHint::NotCounterReset
                };
            }
            last = Some(whole.clone());
        }
        sample.value = Arc::new(FloatHistogram {
            counter_reset_hint: hint,
            schema: whole.schema,
            count: whole.count,
            sum: whole.sum,
            ..FloatHistogram::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::histogram::parse_sequence;
    use crate::labels::Labels;
    use crate::value::HistogramSample;

    #[test]
    fn hints_are_found_before_buckets_are_removed() {
        let texts = [
            "{{count:3 sum:4 buckets:[1 2]}}",
            "{{count:3 sum:5 buckets:[2 1]}}",
            "{{schema:2 count:4 sum:5 buckets:[4] counter_reset_hint:gauge}}",
            "{{count:5 sum:6 buckets:[5]}}",
        ];
        let histograms = texts.iter().zip(0..).filter_map(|(text, at)| {
            let (parsed, _) = parse_sequence(text, 1).ok()?;
            let value = Arc::new(parsed.into_iter().next()?.histogram);
            Some(HistogramSample { at, value })
        });
        let mut samples = Samples {
            labels: Labels::default(),
            floats: Cow::Borrowed(&[]),
            histograms: Cow::Owned(histograms.collect()),
        };
        remove_buckets(&mut samples);
        let found: Vec<String> = samples
            .histograms
            .iter()
            .map(|sample| sample.value.notation())
            .collect();
        assert_eq!(
            found,
            [
                "{{count:3 sum:4}}",
                "{{count:3 sum:5 counter_reset_hint:reset}}",
                "{{schema:2 count:4 sum:5 counter_reset_hint:gauge}}",
                "{{count:5 sum:6 counter_reset_hint:not_reset}}",
            ]
        );
    }
}
