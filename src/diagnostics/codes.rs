//! All diagnostic codes, with number, slug and default severity.
//!
//! Numbers are never reused. N00xx syntax, N01xx names, N02xx types, N03xx blocks and evaluation, N04xx PromQL, N05xx
//! reliability, N06xx project files and outputs, N07xx the Prometheus target, N08xx lints of queries and rules, N09xx
//! the metric catalog, N10xx gates.

use super::Severity;

/// The code of a diagnostic.
pub struct Code {
    /// The number, `N0101`.
    pub id: &'static str,
    /// The slug, `unknown-name`.
    pub slug: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// One sentence on the meaning, for lists.
    pub summary: &'static str,
    /// The page under `docs/diagnostics`, as Markdown.
    pub page: &'static str,
}

impl Code {
    /// Returns whether its level can be set in `nth.toml` and a comment can allow it: only for codes that are warnings
    /// by default.
    pub fn is_settable(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// Returns whether it is reported only if a metric catalog was pulled.
    pub fn needs_catalogue(&self) -> bool {
        self.id.starts_with("N09")
    }
}

/// Numbers are unique, so they identify the code.
impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// Without the page, which would hide the rest.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.slug)
    }
}

macro_rules! codes {
    ($($severity:ident $name:ident $id:literal $slug:literal $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Code = Code {
                id: $id,
                slug: $slug,
                severity: Severity::$severity,
                summary: $summary,
                page: include_str!(concat!("../../docs/diagnostics/", $id, ".md")),
            };
        )*

        /// All codes, in the order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    Error SYNTAX_BAD_VALUE "N0001" "bad-value" "A value could not be read.";
    Error SYNTAX_MISSING_VALUE "N0002" "missing-value" "A value is missing.";
    Error SYNTAX_MISSING_EQUALS "N0003" "missing-equals" "A name is not followed by `=`.";
    Error SYNTAX_INCOMPLETE_STATEMENT "N0004" "incomplete-statement" "A name alone is not a statement.";
    Error SYNTAX_TRAILING_DOT "N0005" "trailing-dot" "No name follows a dot.";
    Error SYNTAX_OPEN_STRING "N0006" "open-string" "A string is never closed.";
    Error SYNTAX_OPEN_QUERY "N0007" "open-query" "A query is never closed.";
    Error SYNTAX_MISSING_BRACE "N0008" "missing-brace" "A brace is missing.";
    Error SYNTAX_STRAY_BRACE "N0009" "stray-brace" "A brace closes nothing.";
    Error SYNTAX_MISSING_DELIMITER "N0010" "missing-delimiter" "A parenthesis, bracket or comma is missing.";
    Error SYNTAX_UNEXPECTED_TEXT "N0011" "unexpected-text" "Text is in the place of a block or a field.";
    Error SYNTAX_MISSING_NAME "N0012" "missing-name" "A name or a type is missing.";
    Error SYNTAX_BAD_LITERAL "N0013" "bad-literal" "A number, unit or time is invalid.";
    Error SYNTAX_BAD_ESCAPE "N0014" "bad-escape" "A string has an unknown escape.";
    Error SYNTAX_TOO_DEEP "N0015" "too-deep" "Text is nested too deeply.";
    Warning SYNTAX_STRAY_DOC "N0016" "stray-doc" "A doc comment documents nothing.";
    Error SYNTAX_LAYOUT "N0017" "layout" "The formatter would change more than white space.";
    Error FILE_TOO_LARGE "N0018" "file-too-large" "A file is too large to be read.";
    Error MORE_DIAGNOSTICS "N0019" "more-diagnostics" "A file has more diagnostics than are shown.";
    Error UNKNOWN_NAME "N0101" "unknown-name" "A name is unknown in its scope.";
    Error UNKNOWN_BLOCK "N0102" "unknown-block" "No block of the expected kind has that name.";
    Error UNKNOWN_MODULE "N0103" "unknown-module" "An import names a module that does not exist.";
    Error DUPLICATE_NAME "N0104" "duplicate-name" "Two declarations that need different names have the same one.";
    Error UNKNOWN_KIND "N0105" "unknown-kind" "A block's kind is not declared.";
    Error UNKNOWN_BASE "N0106" "unknown-base" "A block inherits from something that does not exist.";
    Error BASE_CYCLE "N0107" "base-cycle" "A block or template inherits from itself.";
    Error VALUE_CYCLE "N0108" "value-cycle" "A value depends on itself.";
    Error UNKNOWN_ENVIRONMENT "N0109" "unknown-environment" "`in` names an environment that is not declared.";
    Error UNKNOWN_FUNCTION "N0110" "unknown-function" "A function is called that does not exist.";
    Error UNKNOWN_TYPE "N0111" "unknown-type" "A type does not exist.";
    Error PRELUDE_ONLY "N0112" "prelude-only" "Something is declared that only the prelude can declare.";
    Error UNUSABLE_NAME "N0120" "unusable-name" "A `let` or a parameter has a name that expressions cannot refer to.";
    Warning AMENDMENTS_DROPPED "N0121" "settings-dropped" "Changing the base of a nested block drops its earlier settings.";
    Warning ABSENT_DEPENDENCY "N0122" "absent-dependency" "A dependency is a service that is not in the environment.";
    Error TYPE_MISMATCH "N0201" "type-mismatch" "A value does not have the expected type.";
    Error OUT_OF_BOUNDS "N0202" "out-of-bounds" "A value is out of bounds for its field.";
    Error BAD_OPERANDS "N0203" "bad-operands" "An operator cannot be applied to these types.";
    Error UNKNOWN_MEMBER "N0204" "unknown-member" "A word is not a member of the expected enum.";
    Error BAD_TEXT "N0205" "bad-text" "A string is not a valid URL, email address, date, time zone or label name.";
    Error ARITHMETIC "N0206" "arithmetic" "A computation has no result.";
    Error UNKNOWN_FIELD "N0301" "unknown-field" "A field is not declared for its kind.";
    Error MISSING_FIELD "N0302" "missing-field" "A required field is not set.";
    Error DUPLICATE_FIELD "N0303" "duplicate-field" "Something is set twice.";
    Error MISPLACED_BLOCK "N0304" "misplaced" "A statement or block is not allowed in its place.";
    Error MISSING_BLOCK "N0305" "missing-block" "A required block is missing.";
    Error MISSING_BLOCK_NAME "N0306" "missing-block-name" "A block that needs a name has none.";
    Error UNEXPECTED_NAME "N0307" "unexpected-name" "An unnamed block has a name.";
    Error UNKNOWN_PARAMETER "N0308" "unknown-parameter" "An argument is given for a parameter that does not exist.";
    Error MISSING_ARGUMENT "N0309" "missing-argument" "A required argument is missing.";
    Error UNNAMED_ARGUMENT "N0310" "unnamed-argument" "An argument other than the first has no name.";
    Error NOTHING_TO_REMOVE "N0311" "nothing-to-remove" "`without` names a block that is not inherited.";
    Error RULE_BROKEN "N0312" "rule-broken" "A block violates a rule of the project.";
    Warning GO_TEMPLATE "N0313" "go-template" "Text looks like a Go template, but is not evaluated as one.";
    Error NAME_COLLISION "N0314" "name-collision" "Two names would generate the same output.";
    Warning SAME_IN_EVERY_TURN "N0315" "same-in-every-iteration" "Every iteration of a loop defines the same block.";
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
    Error VALUE_TOO_LARGE "N0430" "value-too-large" "A list, a set of labels, a condition or a text is too large.";
    Error QUERY_TOO_LARGE "N0431" "query-too-large" "A query, or all queries of an item together, are too large.";
    Error TOO_MANY_BLOCKS "N0432" "too-many-blocks" "A service, or another top-level item, has too many blocks.";
    Error TOO_LONG_EVALUATION "N0433" "evaluation-too-long" "The evaluation of an item takes too many steps.";
    Error FILE_TAKES_TOO_LONG "N0434" "file-takes-too-long" "The evaluation of a file's items takes too many steps together.";
    Error REFERENCES_TOO_DEEP "N0435" "references-too-deep" "A value, a base or a field depends on too many others.";
    Warning PAIR_NEVER_FIRES "N0501" "pair-never-fires" "A burn-rate alert could never fire for this objective.";
    Warning WEIGHED_BY_TIME "N0502" "time-weighted" "The error budget of an SLO is time-weighted, not event-weighted.";
    Error NUMERATOR "N0503" "good-or-bad" "A ratio needs either good or bad events.";
    Error NOT_ONE_COMPARISON "N0504" "not-one-comparison" "A time-slice SLI needs exactly one comparison.";
    Warning DUPLICATE_ALERT "N0505" "duplicate-alert" "Two alerts of a service have the same condition, `for`, severity and labels.";
    Warning WINDOW_TOO_SHORT "N0506" "window-too-short" "An SLO window is too short for some of its burn-rate alerts.";
    Warning ABOVE_CEILING "N0507" "above-ceiling" "An objective is higher than the service's hard dependencies allow.";
    Error DEPENDENCY_CYCLE "N0508" "dependency-cycle" "Hard dependencies of services form a cycle.";
    Warning NO_RUNBOOK "N0509" "no-runbook" "An alert pages but has no runbook.";
    Warning NOBODY_ON_CALL "N0510" "no-one-on-call" "A service can page, but no one in its team is on call.";
    Warning NO_STEPS "N0511" "no-steps" "An escalation has no steps.";
    Warning SAME_ALERT_NAME "N0512" "same-alert-name" "Two alerts of a service would have the same name in the rules.";
    Error SLI_KEEPS_LABELS "N0513" "sli-keeps-labels" "An operand of an SLI has several series that cannot be added.";
    Error NOTHING_TO_COUNT "N0520" "nothing-to-count" "`min_events` is set, but the SLI does not count events.";
    Error WEBHOOK_URL "N0530" "webhook-url" "A webhook needs one URL, in the source or in a file.";
    Error SECRET_FILE "N0531" "secret-file" "The file of a key or a URL is not an absolute path.";
    Error NO_MAIL_SERVER "N0532" "no-mail-server" "An email receiver has no SMTP server.";
    Warning TOLD_TWICE "N0533" "duplicate-receiver" "Two receivers of a team send the same notifications.";
    Warning NO_RECEIVER "N0534" "no-receiver" "No receiver of a team handles one of the severities.";
    Error TOO_MANY_STEPS "N0535" "too-many-steps" "An escalation has more steps than PagerDuty allows.";
    Error BAD_STEP_TARGETS "N0536" "bad-step-targets" "An escalation step notifies no one, too many, or someone twice.";
    Error STEP_TIMES "N0537" "step-times" "Escalation steps are too close together, or out of order.";
    Error TURN_LENGTH "N0538" "rotation-length" "An on-call shift is shorter or longer than PagerDuty allows.";
    Error BAD_HOURS "N0539" "bad-hours" "On-call hours are invalid, or cover all hours.";
    Error OVERLAPPING_HOURS "N0540" "overlapping-hours" "Two blocks of hours overlap.";
    Error BAD_SUPPORT_HOURS "N0541" "bad-support-hours" "Support hours end before they begin, or list a day twice.";
    Error TEAM_TEXT_TOO_LONG "N0542" "team-text-too-long" "A team's name or description is longer than PagerDuty allows.";
    Error PERSON_TWICE "N0543" "person-twice" "A person is listed in a team twice.";
    Error ZONE_NOT_IN_PAGERDUTY "N0544" "zone-not-in-pagerduty" "A time zone is not supported by PagerDuty.";
    Warning NO_ESCALATION_CHOSEN "N0545" "no-escalation-chosen" "A service pages, but does not say which of its team's escalations to use.";
    Error ALERT_NAMESPACE "N0546" "alert-namespace" "A label `namespace` keeps alerts from reaching their Alertmanager.";
    Warning NO_ALERT_NAMESPACE "N0547" "no-alert-namespace" "An `AlertmanagerConfig` has no namespace, so no alert matches it.";
    Warning URGENCY_WITHOUT_EFFECT "N0548" "urgency-without-effect" "A service or a tier sets `urgency`, which has no effect.";
    Warning NAMESPACE_REPLACED "N0549" "namespace-replaced" "An alert groups by `namespace`, which the Prometheus operator needs for itself.";
    Error RESERVED_LABEL "N0560" "reserved-label" "A label is set that rules already get from another field or name.";
    Error NEEDS_UTF8_NAMES "N0561" "needs-utf8-names" "A name needs Prometheus 3, but the project is configured for an older version.";
    Error MATCHER_IN_LABELS "N0562" "matcher-in-labels" "Labels contain a matcher, but each label takes one value.";
    Warning CONTRADICTED_UNIT "N0580" "contradicted-unit" "The unit of a latency's histogram is contradicted.";
    Warning ASSUMED_UNIT "N0581" "assumed-unit" "The unit of a latency's histogram is unknown.";
    Warning DURATION_IN_OTHER_UNIT "N0582" "duration-in-other-unit" "A duration is compared with a metric that is not in seconds.";
    Warning PANEL_IN_OTHER_UNIT "N0583" "panel-in-other-unit" "A panel shows time in a different unit than its query returns.";
    Error PROJECT_MANIFEST_SYNTAX "N0601" "manifest-syntax" "`nth.toml` is not well-formed TOML.";
    Error PROJECT_UNKNOWN_SETTING "N0602" "unknown-setting" "`nth.toml` has an unknown table or key.";
    Error PROJECT_BAD_SETTING "N0603" "bad-setting" "A value in `nth.toml` has the wrong type or cannot be used.";
    Error PROJECT_MISSING_SETTING "N0604" "missing-setting" "`nth.toml` lacks a required key.";
    Error PROJECT_MISSING_PACKAGE "N0605" "missing-package" "A dependency's directory has no `nth.toml`.";
    Error PROJECT_PACKAGE_CYCLE "N0606" "package-cycle" "Packages depend on each other in a cycle.";
    Error PROJECT_PACKAGE_NAME "N0607" "package-name" "A package is imported under a name that is not its own.";
    Error PROJECT_NOT_UTF8 "N0608" "not-utf8" "A source file is not UTF-8.";
    Error PROJECT_BAD_MODULE_NAME "N0609" "bad-module-name" "A source file's path cannot be a module name.";
    Error PROJECT_MODULE_COLLISION "N0610" "module-collision" "Two modules would have the same name.";
    Error PROJECT_BAD_CATALOGUE "N0611" "bad-catalog" "The metric catalog cannot be read.";
    Error OUTPUT_FOREIGN_FILE "N0620" "foreign-file" "A file that no build wrote is in the place of a generated file.";
    Error OUTPUT_BAD_RECORD "N0621" "bad-build-record" "The record of generated files cannot be read.";
    Error OUTPUT_UNSAFE_PATH "N0622" "unsafe-output-path" "A file would be written outside of the output directory.";
    Error OUTPUT_OTHER_PROJECT "N0623" "other-project-output" "The output directory belongs to another project.";
    Error OUTPUT_COLLISION "N0624" "output-collision" "Two files would be written to the same path.";
    Warning OUTPUT_EDITED_FILE "N0625" "edited-output" "A file that a build wrote was edited by hand.";
    Error PROJECT_LINK_REFUSED "N0626" "link-refused" "A link among the sources is dangling, or points outside of the project or into another one.";
    Warning PROJECT_LINKED_TWICE "N0627" "linked-twice" "A link among the sources points to sources that are already read.";
    Warning PROJECT_IGNORED_SOURCES "N0628" "ignored-sources" "A line of a `.gitignore` keeps sources from being read.";
    Error PROJECT_NO_SOURCES "N0630" "no-sources" "A project has no sources, so its output would be empty.";
    Error OUTPUT_MANY_REMOVALS "N0631" "many-removals" "A build would remove more than a fifth of the files that earlier builds wrote.";
    Error PROJECT_SOURCES_IN_OUTPUT "N0632" "sources-in-output" "Sources are in the output directory, where they are not read.";
    Error PROJECT_OUTPUT_LINK "N0633" "output-link" "The output directory is a link out of the project.";
    Error OPENSLO_SYNTAX "N0640" "openslo-syntax" "An OpenSLO file is not well-formed YAML.";
    Error OPENSLO_UNKNOWN_FIELD "N0641" "openslo-unknown-field" "An OpenSLO document has a field that the format does not define.";
    Error OPENSLO_BAD_VALUE "N0642" "openslo-bad-value" "A field of an OpenSLO document is missing, or its value breaks a rule of the format.";
    Error OPENSLO_MISSING_REFERENCE "N0643" "openslo-missing-reference" "An OpenSLO document refers to an object that none of the files defines.";
    Error OPENSLO_NOT_EXPRESSIBLE "N0644" "openslo-not-expressible" "An OpenSLO document contains something that `.nth` cannot express.";
    Warning OPENSLO_LEFT_OUT "N0645" "openslo-not-imported" "A part of an OpenSLO document is not imported.";
    Warning OPENSLO_NO_MAIL_SERVER "N0646" "openslo-no-mail-server" "An email notification target is imported, but the project has no SMTP server.";
    Error TOO_LARGE "N0650" "too-large" "A document is larger than its consumer allows.";
    Error TOO_MANY_GROUPS "N0651" "too-many-groups" "A project has more rule groups than its ruler allows.";
    Error SHARED_WINDOWS "N0652" "shared-windows" "Sync windows of several environments share one Argo CD project.";
    Error UNWRITABLE "N0701" "unwritable" "A document could not be written in its format.";
    Warning CONSTANT_COMPARISON "N0801" "constant-comparison" "A comparison in a query is always true or always false.";
    Warning ABSENT_LABEL "N0802" "absent-label" "An alert's text uses a label that its query result does not have.";
    Warning QUANTILE_WITHOUT_LE "N0803" "quantile-without-le" "`histogram_quantile` is applied to buckets without their label `le`.";
    Warning SHORT_RANGE "N0804" "short-range" "A range is too short for the samples that its function needs.";
    Warning NEEDLESS_REGEX "N0805" "needless-regex" "A matcher uses a regex for a literal value.";
    Warning NEEDLESS_ANCHOR "N0806" "needless-anchor" "A matcher's regex has redundant anchors.";
    Warning SELECTS_NOTHING "N0807" "selects-nothing" "A selector's matchers contradict each other.";
    Warning NEEDLESS_MATCHER "N0808" "needless-matcher" "A matcher matches every series.";
    Warning DUPLICATE_RECORDING "N0809" "duplicate-recording" "Two recording rules of a service record the same query.";
    Warning JOIN_NEVER_MATCHES "N0810" "join-never-matches" "The two sides of an operator are matched on a label that one of them never has.";
    Warning DIVISION_BY_ZERO "N0811" "division-by-zero" "A query divides by zero.";
    Warning AVERAGE_OF_RATIOS "N0812" "average-of-ratios" "Ratios are averaged or added without regard to their number of events.";
    Warning AVERAGE_OF_QUANTILES "N0813" "average-of-quantiles" "Quantiles are averaged or added.";
    Warning SHORT_HOLD "N0814" "short-hold" "An alert can page on a single sample.";
    Warning IRATE_IN_ALERT "N0815" "irate-in-alert" "An alert's condition only uses the last two samples.";
    Warning RATE_OF_AGGREGATE "N0816" "rate-of-aggregate" "`rate` is applied to a sum of counters.";
    Warning ABSENT_GROUP_LABEL "N0817" "absent-group-label" "Series are grouped by a label that none of them has.";
    Warning COVERED_ALERT "N0818" "covered-alert" "An alert fires only if another one already fires.";
    Warning FUTURE_OFFSET "N0819" "future-offset" "A query reads samples from the future.";
    Warning BAD_DIRECTIVE "N0820" "bad-allow" "A comment that starts with `nth:` is invalid, or is not attached to a statement.";
    Warning UNUSED_ALLOW "N0821" "unused-allow" "A comment allows a warning that is not reported.";
    Warning PANEL_WITHOUT_AGGREGATION "N0822" "panel-without-aggregation" "A panel does not aggregate.";
    Warning UNCOMPARED_VALUE "N0823" "uncompared-value" "An alert's condition computes a value without comparing it.";
    Warning EMPTY_SELECTOR "N0824" "empty-selector" "An SLO measures the series of every service: the selector is empty.";
    Warning SHARED_SERIES "N0825" "shared-series" "Two services measure the same series.";
    Warning UNKNOWN_METRIC "N0901" "unknown-metric" "A query uses an unknown metric.";
    Warning UNKNOWN_LABEL "N0902" "unknown-label" "A query uses a label that no series of the metric has.";
    Warning UNKNOWN_LABEL_VALUE "N0903" "unknown-label-value" "A matcher uses a value that no series has.";
    Warning WRONG_RANGE_FUNCTION "N0904" "wrong-range-function" "A counter function is applied to a gauge, or a gauge function to a counter.";
    Warning BARE_COUNTER "N0905" "bare-counter" "A counter's raw value is used.";
    Warning NOT_A_BUCKET "N0906" "not-a-bucket" "A latency's threshold is not a bucket boundary of its histogram.";
    Warning MATCHES_NOTHING "N0907" "matches-nothing" "A selector matched no series at all.";
    Warning SIGNALS_MISSING "N0908" "signals-missing" "Signals of a service or a dependency have no metric in the catalog.";
    Warning OBJECTIVE_WITHOUT_DATA "N0909" "objective-without-data" "An SLO uses a signal that has no metric in the catalog.";
    Warning LEFT_OUT "N0910" "not-generated" "An alert or recording rule is not generated because another service's signal has no metric.";
    Warning UNINITIALIZED_ERRORS "N0911" "uninitialized-errors" "The series that count errors start with an error, which is not counted.";
    Error GATE_TIMES "N1001" "gate-times" "A gate's calendar condition ends before it starts, or is never true.";
    Error GATE_DEPLOYED "N1002" "gate-deployed" "A gate uses deployments, but the service does not set `deployed`.";
    Error GATE_WINDOW "N1003" "gate-window" "A gate uses a window that no recording rule covers.";
    Error GATE_FORM "N1004" "gate-form" "A gate output format of the project cannot express a condition.";
    Error GATE_COMPUTES "N1005" "gate-computes" "A gate's condition calculates with measured values.";
    Error GATE_OVERRIDE "N1006" "gate-override" "An override names no `deny` of its gate.";
    Error GATE_DEPENDENCY "N1007" "gate-dependency" "A gate uses the error budgets of a dependency that has none.";
    Warning GATE_OVERRIDE_EXPIRED "N1008" "gate-override-expired" "An override of a gate has expired and has no effect.";
}

/// Former slugs of codes, with the current ones: `told-twice` was `N0533`'s.
const RENAMED: [(&str, &str); 9] = [
    ("amendments-dropped", "settings-dropped"),
    ("bad-catalogue", "bad-catalog"),
    ("left-out", "not-generated"),
    ("nobody-on-call", "no-one-on-call"),
    ("openslo-left-out", "openslo-not-imported"),
    ("same-in-every-turn", "same-in-every-iteration"),
    ("told-twice", "duplicate-receiver"),
    ("turn-length", "rotation-length"),
    ("weighed-by-time", "time-weighted"),
];

/// The current slug for a former one; `None` for every other text.
pub fn current_slug(slug: &str) -> Option<&'static str> {
    let known = RENAMED.iter().find(|(before, _)| *before == slug);
    known.map(|(_, now)| *now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_slug_leads_to_one_that_a_code_has() {
        for (before, now) in RENAMED {
            assert!(ALL.iter().all(|code| code.slug != before), "{before}");
            assert!(ALL.iter().any(|code| code.slug == now), "{now}");
            assert_eq!(current_slug(before), Some(now));
        }
        assert_eq!(current_slug("duplicate-receiver"), None);
    }
}
