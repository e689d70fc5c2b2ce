//! Lints of averages of ratios and quantiles.

use super::super::error::Error;
use super::super::labels::LabelSet;
use super::super::tree::*;
use super::Lint;
use super::facts::{Facts, Measure};
use crate::codes;

impl Lint<'_> {
    /// Reports `avg(rate(errors[5m]) / rate(requests[5m]))` and `avg(histogram_quantile(…))`.
    pub(super) fn average(&mut self, aggregate: &Aggregate, of: &Facts) {
        if !matches!(aggregate.op.as_str(), "sum" | "avg") || one_each(aggregate, of) {
            return;
        }
        self.averaged(&aggregate.op, aggregate.op_span, of.measure, false);
    }

    /// Reports `avg_over_time((rate(errors[5m]) / rate(requests[5m]))[1d:])`.
    pub(super) fn average_over_time(&mut self, call: &Call, of: &Facts) {
        if matches!(call.function.as_str(), "avg_over_time" | "sum_over_time") {
            self.averaged(&call.function, call.function_span, of.measure, true);
        }
    }

    fn averaged(&mut self, op: &str, span: Span, measure: Measure, over_time: bool) {
        let is_sum = op.starts_with("sum");
        match measure {
            Measure::Ratio => {
                let weighs = if over_time {
                    "a minute with few events has the same weight as a busy one"
                } else {
                    "a series with few events has the same weight as one with many"
                };
                let message = if is_sum {
                    format!("`{op}` adds ratios")
                } else {
                    format!("`{op}` averages ratios")
                };
                let help = if over_time {
                    "divide the increases over the whole range: `increase(a[1d]) / increase(b[1d])`"
                } else {
                    "sum both sides first, then divide: `sum(rate(a[5m])) / sum(rate(b[5m]))`"
                };
                self.report(
                    Error::new(&codes::AVERAGE_OF_RATIOS, message, span)
                        .label(weighs)
                        .help(help),
                );
            }
            Measure::Quantile => {
                let message = if is_sum {
                    format!("`{op}` adds quantiles")
                } else {
                    format!("`{op}` averages quantiles")
                };
                self.report(
                    Error::new(&codes::AVERAGE_OF_QUANTILES, message, span)
                        .label("the result is not a quantile")
                        .help(
                            "sum the histogram's buckets first, then take the quantile: \
                            `histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))`",
                        )
                        .help("use `max` for the worst of precomputed quantiles"),
                );
            }
            Measure::Events | Measure::Other => {}
        }
    }
}

/// True if every group certainly has only one series, because all labels are kept.
fn one_each(aggregate: &Aggregate, of: &Facts) -> bool {
    match (&aggregate.grouping, &of.labels.may) {
        (Some(grouping), LabelSet::Only(may)) => may.iter().all(|label| {
            grouping.without != grouping.labels.iter().any(|kept| kept.name == *label)
        }),
        (Some(grouping), LabelSet::AllBut(gone)) => {
            grouping.without
                && grouping
                    .labels
                    .iter()
                    .all(|label| gone.contains(&label.name))
        }
        (None, LabelSet::Only(may)) => may.is_empty(),
        (None, LabelSet::AllBut(_)) => false,
    }
}
