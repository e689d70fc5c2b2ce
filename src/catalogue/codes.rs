//! The codes of queries that the metric catalog does not bear out.

use nth_diagnostics::declare_codes;

declare_codes! {
    "../../";
    Warning UNKNOWN_METRIC "N0901" "unknown-metric" "A query uses an unknown metric.";
    Warning UNKNOWN_LABEL "N0902" "unknown-label" "A query uses a label that no series of the metric has.";
    Warning UNKNOWN_LABEL_VALUE "N0903" "unknown-label-value" "A matcher uses a value that no series has.";
    Warning WRONG_RANGE_FUNCTION "N0904" "wrong-range-function" "A counter function is applied to a gauge, or a gauge function to a counter.";
    Warning BARE_COUNTER "N0905" "bare-counter" "A counter's raw value is used.";
    Warning NOT_A_BUCKET "N0906" "not-a-bucket" "A latency's threshold is not a bucket boundary of its histogram.";
}
