//! The codes of what the text of a project means, and those of the crates below.

use nth_diagnostics::declare_codes;

pub use nth_metrics::codes::*;
pub use nth_promql::codes::*;
pub use nth_syntax::codes::*;

declare_codes! {
    "../../";
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
    Error UNBUILT_TARGET "N0113" "unbuilt-target" "An environment lists a target that is not built for it.";
    Error UNUSABLE_NAME "N0120" "unusable-name" "A `let` or a parameter has a name that expressions cannot refer to.";
    Warning AMENDMENTS_DROPPED "N0121" "settings-dropped" "Changing the base of a nested block drops its earlier settings.";
    Warning ABSENT_DEPENDENCY "N0122" "absent-dependency" "A dependency is a service that is not in the environment.";
    Error TOP_LEVEL_LOOP "N0123" "top-level-loop" "The blocks of a `for` at the top level of a file are not known before evaluation.";
    Error TYPE_MISMATCH "N0201" "type-mismatch" "A value does not have the expected type.";
    Error OUT_OF_BOUNDS "N0202" "out-of-bounds" "A value is out of bounds for its field.";
    Error BAD_OPERANDS "N0203" "bad-operands" "An operator cannot be applied to these types.";
    Error UNKNOWN_MEMBER "N0204" "unknown-member" "A word is not a member of the expected enum.";
    Error BAD_TEXT "N0205" "bad-text" "A string is not a valid URL, email address, date, time, time zone, label name or namespace.";
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
    Error BAD_LOGQL "N0423" "bad-logql" "Loki could not evaluate a query as the condition of an alert.";
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
    Warning ABOVE_CEILING "N0507" "above-ceiling" "An objective is higher than hard dependencies, or the parts of the SLI, allow.";
    Error DEPENDENCY_CYCLE "N0508" "dependency-cycle" "Hard dependencies of services form a cycle.";
    Warning NO_RUNBOOK "N0509" "no-runbook" "An alert pages but has no runbook.";
    Warning NOBODY_ON_CALL "N0510" "no-one-on-call" "A service can page, but no one in its team is on call.";
    Warning NO_STEPS "N0511" "no-steps" "An escalation has no steps.";
    Warning SAME_ALERT_NAME "N0512" "same-alert-name" "Two alerts of a service would have the same name in the rules.";
    Error SLI_KEEPS_LABELS "N0513" "sli-keeps-labels" "An operand of an SLI has several series that cannot be added.";
    Error COMPOSITE_PARTS "N0514" "composite-parts" "Parts of a composite SLI are missing, not allowed, or cannot be combined.";
    Error NOTHING_TO_COUNT "N0520" "nothing-to-count" "`min_events` is set, but the SLI does not count events.";
    Error INVALID_BURN_RATE "N0522" "invalid-burn-rate" "A declared burn-rate alert can never fire, or not in time.";
    Error INVALID_GROUPS "N0523" "invalid-groups" "The groups of an SLO cannot be told apart by their labels.";
    Warning ONE_GROUP "N0524" "one-group" "An SLO is grouped by a label that has one value.";
    Warning ABOVE_GROUP_LIMIT "N0525" "above-group-limit" "An SLO has more groups in the metric catalog than its limit.";
    Error ZONE_WITHOUT_CALENDAR "N0526" "zone-without-calendar" "An SLO or a contract has a time zone, but its window rolls.";
    Error INVALID_CONTRACT "N0527" "invalid-contract" "A contract promises more than the objective of its SLO.";
    Error TWO_WINDOWS "N0529" "two-windows" "An SLO or a contract sets a rolling and a calendar window in one block.";
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
    Warning URGENCY_WITHOUT_EFFECT "N0548" "urgency-without-effect" "A service or a tier sets `urgency`, which has no effect.";
    Warning NAMESPACE_REPLACED "N0549" "namespace-replaced" "An alert groups by `namespace`, which the Prometheus operator needs for itself.";
    Error INVALID_RECEIVER "N0550" "invalid-receiver" "A field of a receiver is invalid, or contradicts another.";
    Error NOT_IN_OPERATOR "N0551" "not-in-operator" "A receiver cannot be expressed in an `AlertmanagerConfig` of the Prometheus operator.";
    Error RECEIVER_TIMES "N0552" "receiver-times" "The times of a receiver or a time interval are invalid, or have no effect.";
    Warning PAGES_MUTED "N0553" "pages-muted" "No receiver of a team is paged at some times.";
    Error INVALID_SEVERITY "N0555" "invalid-severity" "A severity is declared or used in a way that contradicts others.";
    Error RESERVED_LABEL "N0560" "reserved-label" "A label is set that rules already get from another field or name.";
    Error NEEDS_UTF8_NAMES "N0561" "needs-utf8-names" "A name needs Prometheus 3, but the project is configured for an older version.";
    Error MATCHER_IN_LABELS "N0562" "matcher-in-labels" "Labels contain a matcher, but each label takes one value.";
    Error NO_SINGLE_VALUE "N0563" "no-single-value" "The value of a label is used, but its matchers allow several values.";
    Error PAGERDUTY_OBJECT "N0564" "pagerduty-object" "A definition refers to an object in PagerDuty in an invalid way.";
    Error RENAMED_FROM "N0565" "renamed-from" "A former name is still in use, or is given twice.";
    Error SCHEDULE_OVERRIDE "N0566" "schedule-override" "An override of a schedule ends before it begins, or overlaps another.";
    Warning SCHEDULE_OVERRIDE_ENDED "N0567" "schedule-override-ended" "An override of a schedule has ended.";
    Error BAD_CONTACT "N0568" "bad-contact" "A contact has an invalid phone number, or nothing by which to reach the person.";
    Error SHARED_DEPENDENCY "N0570" "invalid-shared-dependency" "A dependency does not refer to a shared one in a valid way.";
    Warning OTHER_OWNER "N0571" "other-owner" "A service has another team than its owner in `CODEOWNERS` or Backstage.";
    Warning CONTRADICTED_UNIT "N0580" "contradicted-unit" "The unit of a latency's histogram is contradicted.";
    Warning ASSUMED_UNIT "N0581" "assumed-unit" "The unit of a latency's histogram is unknown.";
    Warning PANEL_IN_OTHER_UNIT "N0583" "panel-in-other-unit" "A panel shows time in a different unit than its query returns.";
    Error INVALID_SLO_ALERT "N0590" "invalid-slo-alert" "A name of alerts of SLOs is invalid, or two alerts would be one.";
    Warning UNUSED_SLO_ALERT "N0591" "unused-slo-alert" "Names or labels of alerts apply to no alert of their SLO.";
    Error NEEDS_QUERY_OFFSET "N0592" "needs-query-offset" "An SLO has a query offset, which the project's Prometheus rejects.";
    Error INVALID_SLO_RECORDING "N0593" "invalid-slo-recording" "A recording rule in an SLO cannot have its window or its name.";
    Error UNSUPPORTED_BY_RULER "N0594" "unsupported-by-ruler" "The ruler of the project cannot evaluate a query, or its rules cannot have a tenant.";
    Error PROJECT_BAD_SETTING "N0603" "bad-setting" "A value in `nth.toml` has the wrong type or cannot be used.";
    Warning ABSENT_LABEL "N0802" "absent-label" "An alert's text uses a label that its query result does not have.";
    Warning DUPLICATE_RECORDING "N0809" "duplicate-recording" "Two recording rules of a service record the same query.";
    Warning SHORT_HOLD "N0814" "short-hold" "An alert can page on a single sample.";
    Warning IRATE_IN_ALERT "N0815" "irate-in-alert" "An alert's condition only uses the last two samples.";
    Warning COVERED_ALERT "N0818" "covered-alert" "An alert fires only if another one already fires.";
    Warning BAD_DIRECTIVE "N0820" "bad-allow" "A comment that starts with `nth:` is invalid, or is not attached to a statement.";
    Warning UNUSED_ALLOW "N0821" "unused-allow" "A comment allows a warning that is not reported.";
    Warning PANEL_WITHOUT_AGGREGATION "N0822" "panel-without-aggregation" "A panel does not aggregate.";
    Warning UNCOMPARED_VALUE "N0823" "uncompared-value" "An alert's condition computes a value without comparing it.";
    Warning EMPTY_SELECTOR "N0824" "empty-selector" "An SLO measures the series of every service: the selector is empty.";
    Warning SHARED_SERIES "N0825" "shared-series" "Two services measure the same series.";
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
    Warning GATE_WITHOUT_PAGES "N1009" "gate-without-pages" "A gate reads pages in an environment that does not page.";
    Error TEST_EXPECTS_NOTHING "N1101" "test-expects-nothing" "A test has no expectation.";
    Error TEST_TIMES "N1102" "test-times" "A part of a test is after its end, or counts from the end of an event that does not end.";
    Error TEST_EVENT "N1103" "test-event" "An event of a test cannot happen to what it names.";
    Error TEST_SERIES "N1104" "test-series" "A series of a test is not one series with values.";
    Error TEST_CONTRADICTION "N1105" "test-contradiction" "Two parts of a test contradict each other.";
    Error TEST_SUBJECT "N1106" "test-subject" "An expectation of a test names no subject, or several.";
    Error TEST_ELSEWHERE "N1107" "test-elsewhere" "A test uses a service that is not in the environment, or belongs to a package.";
    Error TEST_NEVER_MET "N1108" "test-never-met" "An expectation of a test can never be met.";
    Error EXCLUSION_TIMES "N1201" "exclusion-times" "An exclusion ends before it begins, or its times are ambiguous.";
    Warning EXCLUSION_OVERLAP "N1202" "exclusion-overlap" "Two exclusions of an SLO apply at the same time.";
    Warning EXCLUSION_TOO_LONG "N1203" "exclusion-too-long" "An exclusion takes more than a tenth of an SLO window.";
    Warning EXCLUSION_COVERS_NOTHING "N1204" "exclusion-covers-nothing" "An exclusion covers no SLO that the project builds.";
    Warning EXCLUSIONS_TOO_LONG "N1205" "exclusions-too-long" "The exclusions of an SLO together take more than a tenth of its window.";
}

/// The codes that the text of a project can have: those of this crate and of the crates below it.
pub fn all() -> impl Iterator<Item = &'static Code> + Clone {
    let crates = [
        nth_diagnostics::codes::DECLARED,
        nth_syntax::codes::DECLARED,
        nth_promql::codes::DECLARED,
        nth_metrics::codes::DECLARED,
        DECLARED,
    ];
    crates.into_iter().flatten().copied()
}
