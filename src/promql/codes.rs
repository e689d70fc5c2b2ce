//! The codes of what is wrong or doubtful in a query by itself.

use nth_diagnostics::declare_codes;

declare_codes! {
    "../../";
    Error PROMQL_UNEXPECTED "N0401" "promql-unexpected" "A query has text that PromQL does not allow there.";
    Error PROMQL_UNCLOSED "N0402" "promql-unclosed" "A bracket or a string in a query is not closed.";
    Error PROMQL_MISSING "N0403" "promql-missing" "A query is missing an expression, a label, a value or a duration.";
    Error PROMQL_BAD_STRING "N0404" "promql-bad-string" "A string in a query has an unknown escape.";
    Error PROMQL_BAD_NUMBER "N0405" "promql-bad-number" "A number in a query could not be read.";
    Error PROMQL_BAD_DURATION "N0406" "promql-bad-duration" "A duration in a query could not be read, or is not above zero.";
    Error PROMQL_MISPLACED_HOLE "N0407" "promql-misplaced-interpolation" "A value is interpolated where PromQL allows none.";
    Error PROMQL_MISPLACED_MODIFIER "N0408" "promql-misplaced-modifier" "A range, `offset` or `@` is in a place where it cannot apply.";
    Error PROMQL_TOO_DEEP "N0409" "promql-too-deep" "A query is nested too deeply, or too long.";
    Error PROMQL_UNKNOWN_FUNCTION "N0410" "promql-unknown-function" "A query calls a function that PromQL does not have.";
    Error PROMQL_ARGUMENTS "N0411" "promql-argument-count" "A function or an aggregation in a query has too few or too many arguments.";
    Error PROMQL_TYPE "N0412" "promql-type" "A part of a query does not have the expected type.";
    Error PROMQL_BOOL "N0413" "promql-bool" "`bool` is missing between two scalars, or follows an operator that is not a comparison.";
    Error PROMQL_MATCHING "N0414" "promql-vector-matching" "`on`, `ignoring`, `group_left` or `group_right` is in a place where it cannot apply.";
    Error PROMQL_BAD_REGEX "N0415" "promql-bad-regex" "A regular expression in a query could not be read.";
    Error PROMQL_SELECTS_ALL "N0416" "promql-selects-everything" "A selector has no metric name and no non-empty matcher.";
    Error PROMQL_NAME_TWICE "N0417" "promql-metric-name-twice" "A selector names its metric twice.";
    Error PROMQL_SET_OPERATOR "N0418" "promql-set-operator" "`and`, `or` or `unless` has a scalar operand.";
    Error PROMQL_UNKNOWN_VARIABLE "N0419" "promql-unknown-variable" "A query uses a variable other than `$window`, or `$window` where a duration is not allowed.";
    Error PROMQL_LABEL_NAME "N0420" "promql-label-name" "A word is not a label name unless it is quoted.";
    Error PROMQL_HOLE_TYPE "N0421" "promql-interpolation-type" "A value interpolated into a query does not have the expected type.";
    Warning PROMQL_EXPERIMENTAL "N0422" "promql-experimental" "A query uses a feature that requires a feature flag in Prometheus.";
    Warning DURATION_IN_OTHER_UNIT "N0582" "duration-in-other-unit" "A duration is compared with a metric that is not in seconds.";
    Warning CONSTANT_COMPARISON "N0801" "constant-comparison" "A comparison in a query is always true or always false.";
    Warning QUANTILE_WITHOUT_LE "N0803" "quantile-without-le" "`histogram_quantile` is applied to buckets without their label `le`.";
    Warning SHORT_RANGE "N0804" "short-range" "A range is too short for the samples that its function needs.";
    Warning NEEDLESS_REGEX "N0805" "needless-regex" "A matcher uses a regex for a literal value.";
    Warning NEEDLESS_ANCHOR "N0806" "needless-anchor" "A matcher's regex has redundant anchors.";
    Warning SELECTS_NOTHING "N0807" "selects-nothing" "A selector's matchers contradict each other.";
    Warning NEEDLESS_MATCHER "N0808" "needless-matcher" "A matcher matches every series.";
    Warning JOIN_NEVER_MATCHES "N0810" "join-never-matches" "The two sides of an operator are matched on a label that one of them never has.";
    Warning DIVISION_BY_ZERO "N0811" "division-by-zero" "A query divides by zero.";
    Warning AVERAGE_OF_RATIOS "N0812" "average-of-ratios" "Ratios are averaged or added without regard to their number of events.";
    Warning AVERAGE_OF_QUANTILES "N0813" "average-of-quantiles" "Quantiles are averaged or added.";
    Warning RATE_OF_AGGREGATE "N0816" "rate-of-aggregate" "`rate` is applied to a sum of counters.";
    Warning ABSENT_GROUP_LABEL "N0817" "absent-group-label" "Series are grouped by a label that none of them has.";
    Warning FUTURE_OFFSET "N0819" "future-offset" "A query reads samples from the future.";
}
