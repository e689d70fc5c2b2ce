//! Warnings and infos of an answer: those that mean incomplete data, and those that do not.
//!
//! Prometheus sends annotations of a query as `warnings` that begin with `PromQL warning: ` and, since version 3, as
//! `infos` that begin with `PromQL info: `. Version 2 sent both as `warnings`. Thanos, Mimir, Cortex and others send a
//! warning if a store did not answer. Every text that is not known to be harmless counts as incomplete data.

/// The beginnings of warnings that do not affect the result, except by what the query itself expresses.
const HARMLESS_WARNINGS: [&str; 4] = [
    "strategy should be 0, 1, or 2",
    "ratio value should be between -1 and 1",
    "quantile value should be between 0 and 1",
    "sort is ineffective for range queries",
];

/// The beginnings of infos that do not mean incomplete data.
const HARMLESS_INFOS: [&str; 4] = [
    "metric might not be a counter",
    "input to histogram_quantile",
    "input to histogram_fraction",
    "mismatched custom buckets were reconciled",
];

/// Words of other infos that mean incomplete data: ignored samples, stores that did not answer.
const INCOMPLETE_WORDS: [&str; 16] = [
    "dropped",
    "error",
    "exceed",
    "failed",
    "ignored",
    "incompatible",
    "incomplete",
    "limit",
    "missing",
    "omitted",
    "partial",
    "skipped",
    "timed out",
    "timeout",
    "truncated",
    "unavailable",
];

const WARNING: &str = "PromQL warning: ";
const INFO: &str = "PromQL info: ";

/// Returns whether a warning is known not to mean incomplete data.
pub fn is_harmless_warning(said: &str) -> bool {
    match (said.strip_prefix(WARNING), said.strip_prefix(INFO)) {
        (Some(rest), _) => HARMLESS_WARNINGS
            .iter()
            .any(|known| rest.starts_with(known)),
        (None, Some(_)) => is_harmless_info(said),
        (None, None) => false,
    }
}

/// Returns whether an info does not mean incomplete data, as far as its text shows.
pub fn is_harmless_info(said: &str) -> bool {
    let rest = said.strip_prefix(INFO).unwrap_or(said);
    if HARMLESS_INFOS.iter().any(|known| rest.starts_with(known)) {
        return true;
    }
    let said = said.to_lowercase();
    !INCOMPLETE_WORDS.iter().any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The annotations of Prometheus 3, and texts of stores.
    #[test]
    fn what_leaves_something_out_is_not_harmless() {
        for said in [
            "PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)",
            "PromQL warning: ratio value should be between -1 and 1, got 2, capping to 1 (1:9)",
            "PromQL warning: sort is ineffective for range queries since results are always ordered by labels",
            "PromQL warning: strategy should be 0, 1, or 2 (default), using 2",
            "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"errors_limit\" (1:6)",
        ] {
            assert!(is_harmless_warning(said), "{said}");
        }
        for said in [
            "PromQL warning: bucket label \"le\" is missing or has a malformed value of \"x\" (1:25)",
            "PromQL warning: encountered a mix of histograms and floats for metric name \"x\" (1:1)",
            "PromQL warning: vector contains a mix of classic and native histograms (1:1)",
            "PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)",
            "PromQL warning: something that a later version says",
            "PromQL info: ignored histogram in avg aggregation (1:1)",
            "No StoreAPIs matched for this query",
            "fetch series for {replica=\"a\"} failed: rpc error: code = Unavailable",
            "quantile value should be between 0 and 1",
            "",
        ] {
            assert!(!is_harmless_warning(said), "{said}");
        }
        for said in [
            "PromQL info: input to histogram_quantile has NaN observations, result is NaN (1:1)",
            "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (1:1)",
            "PromQL info: mismatched custom buckets were reconciled during aggregation (1:1)",
            "PromQL info: something that a later version says",
        ] {
            assert!(is_harmless_info(said), "{said}");
        }
        for said in [
            "PromQL info: incompatible sample types encountered for binary operator \"+\": histogram + float (1:1)",
            "PromQL info: ignored histograms in a range containing both floats and histograms for metric name \"x\"",
            "Partial response: 2 of 3 stores answered",
            "results were TRUNCATED due to limit",
        ] {
            assert!(!is_harmless_info(said), "{said}");
        }
    }
}
