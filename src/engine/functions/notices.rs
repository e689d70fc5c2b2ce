//! The texts of annotations.

use crate::annotations::Annotations;
use crate::histogram::Combined;
use crate::histogram::number::Shortest;

/// The annotation of a range or vector that has both kinds of samples where only one is supported.
pub(crate) fn mixed_floats_and_histograms(metric: &str) -> String {
    format!("encountered a mix of histograms and floats for metric name {metric:?}")
}

/// The annotation of histograms with exponential and with custom buckets in one calculation.
pub(crate) fn mixed_exponential_and_custom(metric: &str) -> String {
    format!(
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric:?}"
    )
}

/// The annotation of a gauge histogram where a counter is expected.
pub(crate) fn histogram_not_counter(metric: &str) -> String {
    format!("this native histogram metric is not a counter: {metric:?}")
}

/// The annotation of a counter histogram where a gauge is expected.
pub(crate) fn histogram_not_gauge(metric: &str) -> String {
    format!("this native histogram metric is not a gauge: {metric:?}")
}

/// The annotation of a range in which a function ignores histograms next to floats.
pub(crate) fn histograms_ignored_in_range(metric: &str) -> String {
    format!(
        "ignored histograms in a range containing both floats and histograms for metric name {metric:?}"
    )
}

/// The annotation of a quantile outside of 0 to 1.
pub(crate) fn invalid_quantile(quantile: f64) -> String {
    format!(
        "quantile value should be between 0 and 1, got {}",
        Shortest(quantile)
    )
}

/// The annotation of an integral with an unknown strategy.
pub(crate) fn invalid_integral_strategy(strategy: f64) -> String {
    format!(
        "strategy should be 0, 1, or 2 (default), using 2, got {}",
        Shortest(strategy)
    )
}

/// The annotation of a metric of which a rate is taken, and whose name is not that of a counter. `None` if it is.
pub(crate) fn possible_non_counter(metric: &str) -> Option<String> {
    let counter = ["_total", "_sum", "_count", "_bucket"]
        .iter()
        .any(|suffix| metric.ends_with(suffix));
    (!metric.is_empty() && !counter).then(|| {
        format!(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric:?}"
        )
    })
}

/// The annotation of histograms with different custom buckets; `operation` is `addition`, `subtraction` or `aggregation`.
pub(crate) fn custom_buckets_reconciled(operation: &str) -> String {
    format!("mismatched custom buckets were reconciled during {operation}")
}

/// The annotation of histograms of which some are marked as reset and others as not reset.
pub(crate) fn counter_reset_collision(operation: &str) -> String {
    format!("conflicting counter resets during histogram {operation}")
}

/// Notes what was noteworthy about histograms that an operation combined.
pub(crate) fn combined(noticed: Combined, operation: &str, annotations: &mut Annotations) {
    if noticed.counter_reset_collision {
        annotations.warn(counter_reset_collision(operation));
    }
    if noticed.bounds_reconciled {
        annotations.info(custom_buckets_reconciled(operation));
    }
}

/// The annotation of a classic histogram's series without a valid bound.
pub(crate) fn bad_bucket_label(metric: &str, label: &str) -> String {
    let text = format!("bucket label \"le\" is missing or has a malformed value of {label:?}");
    with_metric(text, metric)
}

/// The annotation of a classic and a native histogram with equal labels.
pub(crate) fn mixed_classic_and_native(metric: &str) -> String {
    with_metric(
        "vector contains a mix of classic and native histograms".to_owned(),
        metric,
    )
}

/// The annotation of a classic histogram whose counts decrease with increasing bounds.
pub(crate) fn forced_monotonicity(metric: &str) -> String {
    with_metric(
        "input to histogram_quantile needed to be fixed for monotonicity (see \
         https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
            .to_owned(),
        metric,
    )
}

/// The annotation of a quantile that is NaN because of NaN observations.
pub(crate) fn quantile_is_nan(metric: &str) -> String {
    with_metric(
        "input to histogram_quantile has NaN observations, result is NaN".to_owned(),
        metric,
    )
}

/// The annotation of a quantile that is too high because of NaN observations.
pub(crate) fn quantile_is_skewed(metric: &str) -> String {
    with_metric(
        "input to histogram_quantile has NaN observations, result is skewed higher".to_owned(),
        metric,
    )
}

/// The annotation of a fraction without its NaN observations.
pub(crate) fn fraction_without_nan(metric: &str) -> String {
    with_metric(
        "input to histogram_fraction has NaN observations, which are excluded from all fractions"
            .to_owned(),
        metric,
    )
}

/// The annotation of a function that sorts, in a query over several steps.
pub(crate) const SORT_IN_RANGE_QUERY: &str =
    "sort is ineffective for range queries since results are always ordered by labels";

fn with_metric(text: String, metric: &str) -> String {
    if metric.is_empty() {
        text
    } else {
        format!("{text} for metric name {metric:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_counters_are_known() {
        assert_eq!(possible_non_counter("requests_total"), None);
        assert_eq!(possible_non_counter(""), None);
        assert!(
            possible_non_counter("requests").is_some_and(|text| text.ends_with("\"requests\""))
        );
    }
}
