//! Names of the prelude's kinds and fields: a misspelt one does not compile.
//!
//! Generated from `stdlib/prelude.nth` by `NTH_BLESS=1 cargo test -p nth-analysis names`. Do not edit.

/// Names of kinds.
pub mod kind {
    /// The kind `alert`.
    pub const ALERT: &str = "alert";
    /// The kind `all-of`.
    pub const ALL_OF: &str = "all-of";
    /// The kind `budget`.
    pub const BUDGET: &str = "budget";
    /// The kind `budget-left`.
    pub const BUDGET_LEFT: &str = "budget-left";
    /// The kind `burn-rate`.
    pub const BURN_RATE: &str = "burn-rate";
    /// The kind `contact`.
    pub const CONTACT: &str = "contact";
    /// The kind `contract`.
    pub const CONTRACT: &str = "contract";
    /// The kind `counter-reset`.
    pub const COUNTER_RESET: &str = "counter-reset";
    /// The kind `defaults`.
    pub const DEFAULTS: &str = "defaults";
    /// The kind `deny`.
    pub const DENY: &str = "deny";
    /// The kind `dependency`.
    pub const DEPENDENCY: &str = "dependency";
    /// The kind `dependency-down`.
    pub const DEPENDENCY_DOWN: &str = "dependency-down";
    /// The kind `deployment`.
    pub const DEPLOYMENT: &str = "deployment";
    /// The kind `discord`.
    pub const DISCORD: &str = "discord";
    /// The kind `environment`.
    pub const ENVIRONMENT: &str = "environment";
    /// The kind `error-ratio`.
    pub const ERROR_RATIO: &str = "error-ratio";
    /// The kind `errors`.
    pub const ERRORS: &str = "errors";
    /// The kind `escalation`.
    pub const ESCALATION: &str = "escalation";
    /// The kind `exclude`.
    pub const EXCLUDE: &str = "exclude";
    /// The kind `expect`.
    pub const EXPECT: &str = "expect";
    /// The kind `gate`.
    pub const GATE: &str = "gate";
    /// The kind `given`.
    pub const GIVEN: &str = "given";
    /// The kind `grafana-irm`.
    pub const GRAFANA_IRM: &str = "grafana-irm";
    /// The kind `group`.
    pub const GROUP: &str = "group";
    /// The kind `hours`.
    pub const HOURS: &str = "hours";
    /// The kind `incidentio`.
    pub const INCIDENTIO: &str = "incidentio";
    /// The kind `jira`.
    pub const JIRA: &str = "jira";
    /// The kind `latency`.
    pub const LATENCY: &str = "latency";
    /// The kind `layer`.
    pub const LAYER: &str = "layer";
    /// The kind `log-alert`.
    pub const LOG_ALERT: &str = "log-alert";
    /// The kind `mail`.
    pub const MAIL: &str = "mail";
    /// The kind `metric`.
    pub const METRIC: &str = "metric";
    /// The kind `msteams`.
    pub const MSTEAMS: &str = "msteams";
    /// The kind `no-data`.
    pub const NO_DATA: &str = "no-data";
    /// The kind `override`.
    pub const OVERRIDE: &str = "override";
    /// The kind `page`.
    pub const PAGE: &str = "page";
    /// The kind `pagerduty`.
    pub const PAGERDUTY: &str = "pagerduty";
    /// The kind `panel`.
    pub const PANEL: &str = "panel";
    /// The kind `part`.
    pub const PART: &str = "part";
    /// The kind `pushover`.
    pub const PUSHOVER: &str = "pushover";
    /// The kind `ratio`.
    pub const RATIO: &str = "ratio";
    /// The kind `receiver`.
    pub const RECEIVER: &str = "receiver";
    /// The kind `recording`.
    pub const RECORDING: &str = "recording";
    /// The kind `resolved`.
    pub const RESOLVED: &str = "resolved";
    /// The kind `row`.
    pub const ROW: &str = "row";
    /// The kind `runbook`.
    pub const RUNBOOK: &str = "runbook";
    /// The kind `schedule`.
    pub const SCHEDULE: &str = "schedule";
    /// The kind `section`.
    pub const SECTION: &str = "section";
    /// The kind `series`.
    pub const SERIES: &str = "series";
    /// The kind `service`.
    pub const SERVICE: &str = "service";
    /// The kind `severity`.
    pub const SEVERITY: &str = "severity";
    /// The kind `signal`.
    pub const SIGNAL: &str = "signal";
    /// The kind `silent`.
    pub const SILENT: &str = "silent";
    /// The kind `slack`.
    pub const SLACK: &str = "slack";
    /// The kind `sli`.
    pub const SLI: &str = "sli";
    /// The kind `slo`.
    pub const SLO: &str = "slo";
    /// The kind `slo-alert`.
    pub const SLO_ALERT: &str = "slo-alert";
    /// The kind `slow`.
    pub const SLOW: &str = "slow";
    /// The kind `sns`.
    pub const SNS: &str = "sns";
    /// The kind `step`.
    pub const STEP: &str = "step";
    /// The kind `support-hours`.
    pub const SUPPORT_HOURS: &str = "support-hours";
    /// The kind `target-down`.
    pub const TARGET_DOWN: &str = "target-down";
    /// The kind `team`.
    pub const TEAM: &str = "team";
    /// The kind `telegram`.
    pub const TELEGRAM: &str = "telegram";
    /// The kind `test`.
    pub const TEST: &str = "test";
    /// The kind `ticket`.
    pub const TICKET: &str = "ticket";
    /// The kind `tier`.
    pub const TIER: &str = "tier";
    /// The kind `time-interval`.
    pub const TIME_INTERVAL: &str = "time-interval";
    /// The kind `time-slices`.
    pub const TIME_SLICES: &str = "time-slices";
    /// The kind `traffic`.
    pub const TRAFFIC: &str = "traffic";
    /// The kind `verdict`.
    pub const VERDICT: &str = "verdict";
    /// The kind `warn`.
    pub const WARN: &str = "warn";
    /// The kind `webhook`.
    pub const WEBHOOK: &str = "webhook";
    /// The kind `weighted`.
    pub const WEIGHTED: &str = "weighted";
}

/// Names of fields.
pub mod field {
    /// The field `above` of `budget`.
    pub const ABOVE: &str = "above";
    /// The field `absence` of `tier`, `slo`.
    pub const ABSENCE: &str = "absence";
    /// The field `absence_alerts` of `slo`.
    pub const ABSENCE_ALERTS: &str = "absence_alerts";
    /// The field `absent_after` of `slo`.
    pub const ABSENT_AFTER: &str = "absent_after";
    /// The field `active` of `receiver`.
    pub const ACTIVE: &str = "active";
    /// The field `after` of `step`.
    pub const AFTER: &str = "after";
    /// The field `alert` of `slo-alert`, `page`, `ticket`, `resolved`, `silent`.
    pub const ALERT: &str = "alert";
    /// The field `annotations` of `alert`, `log-alert`, `slo-alert`.
    pub const ANNOTATIONS: &str = "annotations";
    /// The field `any_of` of `signal`.
    pub const ANY_OF: &str = "any_of";
    /// The field `api_url` of `telegram`.
    pub const API_URL: &str = "api_url";
    /// The field `at` of `test`, `counter-reset`, `deployment`, `series`, `verdict`, `budget`.
    pub const AT: &str = "at";
    /// The field `availability` of `tier`, `dependency`.
    pub const AVAILABILITY: &str = "availability";
    /// The field `bad` of `ratio`.
    pub const BAD: &str = "bad";
    /// The field `below` of `budget`.
    pub const BELOW: &str = "below";
    /// The field `breakdown` of `slo`.
    pub const BREAKDOWN: &str = "breakdown";
    /// The field `buckets` of `metric`.
    pub const BUCKETS: &str = "buckets";
    /// The field `budget_pages` of `tier`, `slo`, `contract`.
    pub const BUDGET_PAGES: &str = "budget_pages";
    /// The field `budget_tickets` of `tier`, `slo`, `contract`.
    pub const BUDGET_TICKETS: &str = "budget_tickets";
    /// The field `burn_rate_alerts` of `slo`.
    pub const BURN_RATE_ALERTS: &str = "burn_rate_alerts";
    /// The field `burn_rate_pages` of `slo`.
    pub const BURN_RATE_PAGES: &str = "burn_rate_pages";
    /// The field `burn_rate_tickets` of `slo`.
    pub const BURN_RATE_TICKETS: &str = "burn_rate_tickets";
    /// The field `by` of `slo`, `exclude`, `override`.
    pub const BY: &str = "by";
    /// The field `calendar` of `slo`, `contract`.
    pub const CALENDAR: &str = "calendar";
    /// The field `channel` of `slack`.
    pub const CHANNEL: &str = "channel";
    /// The field `chat` of `telegram`.
    pub const CHAT: &str = "chat";
    /// The field `covers` of `exclude`.
    pub const COVERS: &str = "covers";
    /// The field `credentials_file` of `webhook`.
    pub const CREDENTIALS_FILE: &str = "credentials_file";
    /// The field `criticality` of `dependency`.
    pub const CRITICALITY: &str = "criticality";
    /// The field `dashboard_url` of `service`, `dependency`.
    pub const DASHBOARD_URL: &str = "dashboard_url";
    /// The field `datasource` of `environment`.
    pub const DATASOURCE: &str = "datasource";
    /// The field `date` of `test`.
    pub const DATE: &str = "date";
    /// The field `dates` of `time-interval`.
    pub const DATES: &str = "dates";
    /// The field `days` of `exclude`, `support-hours`, `hours`, `time-interval`.
    pub const DAYS: &str = "days";
    /// The field `days_of_month` of `time-interval`.
    pub const DAYS_OF_MONTH: &str = "days_of_month";
    /// The field `dependency` of `dependency-down`.
    pub const DEPENDENCY: &str = "dependency";
    /// The field `deployed` of `service`.
    pub const DEPLOYED: &str = "deployed";
    /// The field `description` of `service`, `slo`, `contract`, `severity`, `alert`, `log-alert`, `panel`, `team`, `schedule`, `escalation`, `gate`, `deny`, `warn`, `test`.
    pub const DESCRIPTION: &str = "description";
    /// The field `device` of `pushover`.
    pub const DEVICE: &str = "device";
    /// The field `dry_run` of `gate`.
    pub const DRY_RUN: &str = "dry_run";
    /// The field `email` of `team`, `contact`.
    pub const EMAIL: &str = "email";
    /// The field `escalation` of `service`, `dependency`.
    pub const ESCALATION: &str = "escalation";
    /// The field `escalation_loops` of `tier`.
    pub const ESCALATION_LOOPS: &str = "escalation_loops";
    /// The field `escalation_waits` of `tier`.
    pub const ESCALATION_WAITS: &str = "escalation_waits";
    /// The field `factor` of `burn-rate`.
    pub const FACTOR: &str = "factor";
    /// The field `first` of `exclude`.
    pub const FIRST: &str = "first";
    /// The field `for` of `burn-rate`, `severity`, `alert`, `log-alert`, `traffic`, `errors`, `slow`, `no-data`, `target-down`, `dependency-down`, `page`, `ticket`.
    pub const FOR: &str = "for";
    /// The field `from` of `exclude`, `support-hours`, `hours`, `time-interval`, `override`, `traffic`, `errors`, `slow`, `no-data`, `target-down`, `dependency-down`.
    pub const FROM: &str = "from";
    /// The field `gate` of `verdict`.
    pub const GATE: &str = "gate";
    /// The field `gate_denies_below` of `tier`.
    pub const GATE_DENIES_BELOW: &str = "gate_denies_below";
    /// The field `gate_namespace` of `environment`.
    pub const GATE_NAMESPACE: &str = "gate_namespace";
    /// The field `gate_prometheus` of `environment`.
    pub const GATE_PROMETHEUS: &str = "gate_prometheus";
    /// The field `gate_warns_below` of `tier`.
    pub const GATE_WARNS_BELOW: &str = "gate_warns_below";
    /// The field `github` of `team`.
    pub const GITHUB: &str = "github";
    /// The field `good` of `ratio`, `time-slices`.
    pub const GOOD: &str = "good";
    /// The field `group` of `errors`, `slow`, `budget-left`, `page`, `ticket`, `resolved`, `silent`, `budget`.
    pub const GROUP: &str = "group";
    /// The field `group_limit` of `slo`.
    pub const GROUP_LIMIT: &str = "group_limit";
    /// The field `handoff` of `schedule`, `layer`.
    pub const HANDOFF: &str = "handoff";
    /// The field `header_files` of `webhook`.
    pub const HEADER_FILES: &str = "header_files";
    /// The field `headers` of `webhook`.
    pub const HEADERS: &str = "headers";
    /// The field `height` of `panel`.
    pub const HEIGHT: &str = "height";
    /// The field `hint` of `signal`.
    pub const HINT: &str = "hint";
    /// The field `histogram` of `latency`.
    pub const HISTOGRAM: &str = "histogram";
    /// The field `history` of `test`.
    pub const HISTORY: &str = "history";
    /// The field `impact` of `dependency`, `alert`.
    pub const IMPACT: &str = "impact";
    /// The field `interval` of `slo`.
    pub const INTERVAL: &str = "interval";
    /// The field `is` of `budget-left`, `verdict`.
    pub const IS: &str = "is";
    /// The field `issue_type` of `jira`.
    pub const ISSUE_TYPE: &str = "issue_type";
    /// The field `keep_firing_for` of `alert`, `slo-alert`.
    pub const KEEP_FIRING_FOR: &str = "keep_firing_for";
    /// The field `kinds` of `slo-alert`.
    pub const KINDS: &str = "kinds";
    /// The field `label` of `severity`.
    pub const LABEL: &str = "label";
    /// The field `labels` of `service`, `dependency`, `slo`, `group`, `alert`, `log-alert`, `slo-alert`, `recording`, `metric`, `jira`.
    pub const LABELS: &str = "labels";
    /// The field `last` of `exclude`.
    pub const LAST: &str = "last";
    /// The field `latency` of `tier`.
    pub const LATENCY: &str = "latency";
    /// The field `legend` of `panel`.
    pub const LEGEND: &str = "legend";
    /// The field `length` of `test`.
    pub const LENGTH: &str = "length";
    /// The field `limit` of `alert`.
    pub const LIMIT: &str = "limit";
    /// The field `logs_url` of `service`, `dependency`.
    pub const LOGS_URL: &str = "logs_url";
    /// The field `long` of `burn-rate`, `slo-alert`.
    pub const LONG: &str = "long";
    /// The field `loops` of `escalation`.
    pub const LOOPS: &str = "loops";
    /// The field `low_is_bad` of `panel`.
    pub const LOW_IS_BAD: &str = "low_is_bad";
    /// The field `managers` of `team`.
    pub const MANAGERS: &str = "managers";
    /// The field `max` of `panel`.
    pub const MAX: &str = "max";
    /// The field `max_alerts` of `webhook`.
    pub const MAX_ALERTS: &str = "max_alerts";
    /// The field `member` of `override`.
    pub const MEMBER: &str = "member";
    /// The field `members` of `team`, `schedule`, `layer`.
    pub const MEMBERS: &str = "members";
    /// The field `microsoft_teams` of `contact`.
    pub const MICROSOFT_TEAMS: &str = "microsoft_teams";
    /// The field `min` of `panel`.
    pub const MIN: &str = "min";
    /// The field `min_bad_events` of `slo`.
    pub const MIN_BAD_EVENTS: &str = "min_bad_events";
    /// The field `min_events` of `slo`.
    pub const MIN_EVENTS: &str = "min_events";
    /// The field `months` of `time-interval`.
    pub const MONTHS: &str = "months";
    /// The field `mute` of `receiver`.
    pub const MUTE: &str = "mute";
    /// The field `mutes_pages` of `receiver`.
    pub const MUTES_PAGES: &str = "mutes_pages";
    /// The field `namespace` of `environment`.
    pub const NAMESPACE: &str = "namespace";
    /// The field `native` of `latency`, `metric`.
    pub const NATIVE: &str = "native";
    /// The field `notify` of `step`.
    pub const NOTIFY: &str = "notify";
    /// The field `objective` of `slo`, `group`, `contract`.
    pub const OBJECTIVE: &str = "objective";
    /// The field `on` of `receiver`.
    pub const ON: &str = "on";
    /// The field `on_call_expected` of `tier`.
    pub const ON_CALL_EXPECTED: &str = "on_call_expected";
    /// The field `on_no_data` of `gate`.
    pub const ON_NO_DATA: &str = "on_no_data";
    /// The field `only_in` of `service`, `dependency`, `slo`, `contract`, `exclude`, `alert`, `recording`, `test`.
    pub const ONLY_IN: &str = "only_in";
    /// The field `orchestration_import` of `team`.
    pub const ORCHESTRATION_IMPORT: &str = "orchestration_import";
    /// The field `page_severity` of `tier`, `slo`, `contract`.
    pub const PAGE_SEVERITY: &str = "page_severity";
    /// The field `pagerduty` of `contact`.
    pub const PAGERDUTY: &str = "pagerduty";
    /// The field `pagerduty_id` of `service`, `team`, `schedule`, `escalation`.
    pub const PAGERDUTY_ID: &str = "pagerduty_id";
    /// The field `pagerduty_import` of `service`, `team`, `schedule`, `escalation`.
    pub const PAGERDUTY_IMPORT: &str = "pagerduty_import";
    /// The field `pages` of `severity`, `environment`.
    pub const PAGES: &str = "pages";
    /// The field `pages_become` of `environment`.
    pub const PAGES_BECOME: &str = "pages_become";
    /// The field `password_file` of `webhook`.
    pub const PASSWORD_FILE: &str = "password_file";
    /// The field `phone` of `contact`.
    pub const PHONE: &str = "phone";
    /// The field `priority` of `jira`.
    pub const PRIORITY: &str = "priority";
    /// The field `project` of `jira`.
    pub const PROJECT: &str = "project";
    /// The field `query` of `recording`, `panel`.
    pub const QUERY: &str = "query";
    /// The field `query_offset` of `slo`.
    pub const QUERY_OFFSET: &str = "query_offset";
    /// The field `rate` of `traffic`.
    pub const RATE: &str = "rate";
    /// The field `ratio` of `error-ratio`.
    pub const RATIO: &str = "ratio";
    /// The field `reason` of `exclude`, `override`.
    pub const REASON: &str = "reason";
    /// The field `remedy` of `contract`.
    pub const REMEDY: &str = "remedy";
    /// The field `renamed_from` of `tier`, `service`, `team`, `schedule`, `escalation`.
    pub const RENAMED_FROM: &str = "renamed_from";
    /// The field `reopen_transition` of `jira`.
    pub const REOPEN_TRANSITION: &str = "reopen_transition";
    /// The field `reopen_within` of `jira`.
    pub const REOPEN_WITHIN: &str = "reopen_within";
    /// The field `resolve_transition` of `jira`.
    pub const RESOLVE_TRANSITION: &str = "resolve_transition";
    /// The field `resolved` of `receiver`.
    pub const RESOLVED: &str = "resolved";
    /// The field `role` of `sns`.
    pub const ROLE: &str = "role";
    /// The field `rotation` of `schedule`, `layer`.
    pub const ROTATION: &str = "rotation";
    /// The field `routing_key_file` of `pagerduty`.
    pub const ROUTING_KEY_FILE: &str = "routing_key_file";
    /// The field `runbook` of `service`.
    pub const RUNBOOK: &str = "runbook";
    /// The field `runbook_expected` of `tier`.
    pub const RUNBOOK_EXPECTED: &str = "runbook_expected";
    /// The field `runbook_url` of `service`, `dependency`, `slo`, `alert`, `log-alert`.
    pub const RUNBOOK_URL: &str = "runbook_url";
    /// The field `scheme` of `webhook`.
    pub const SCHEME: &str = "scheme";
    /// The field `selector` of `service`, `dependency`, `alert`, `recording`, `environment`.
    pub const SELECTOR: &str = "selector";
    /// The field `series` of `series`.
    pub const SERIES: &str = "series";
    /// The field `service` of `dependency`, `traffic`, `no-data`, `target-down`, `counter-reset`, `deployment`, `page`, `ticket`, `resolved`, `silent`, `verdict`.
    pub const SERVICE: &str = "service";
    /// The field `severities` of `slo-alert`.
    pub const SEVERITIES: &str = "severities";
    /// The field `severity` of `burn-rate`, `alert`, `log-alert`, `page`, `ticket`.
    pub const SEVERITY: &str = "severity";
    /// The field `share` of `errors`.
    pub const SHARE: &str = "share";
    /// The field `shared` of `dependency`.
    pub const SHARED: &str = "shared";
    /// The field `short` of `burn-rate`.
    pub const SHORT: &str = "short";
    /// The field `silent` of `telegram`.
    pub const SILENT: &str = "silent";
    /// The field `slack` of `team`, `contact`.
    pub const SLACK: &str = "slack";
    /// The field `sli` of `slo`.
    pub const SLI: &str = "sli";
    /// The field `slo` of `part`, `errors`, `slow`, `budget-left`, `page`, `ticket`, `resolved`, `silent`, `budget`.
    pub const SLO: &str = "slo";
    /// The field `sound` of `pushover`.
    pub const SOUND: &str = "sound";
    /// The field `start` of `schedule`, `layer`.
    pub const START: &str = "start";
    /// The field `status_label` of `service`.
    pub const STATUS_LABEL: &str = "status_label";
    /// The field `steps` of `alert`.
    pub const STEPS: &str = "steps";
    /// The field `summary` of `alert`, `log-alert`.
    pub const SUMMARY: &str = "summary";
    /// The field `support-hours` of `service`, `team`.
    pub const SUPPORT_HOURS: &str = "support-hours";
    /// The field `takes` of `slow`.
    pub const TAKES: &str = "takes";
    /// The field `targets` of `environment`.
    pub const TARGETS: &str = "targets";
    /// The field `team` of `service`, `dependency`, `alert`, `recording`, `page`, `ticket`.
    pub const TEAM: &str = "team";
    /// The field `technology` of `dependency`.
    pub const TECHNOLOGY: &str = "technology";
    /// The field `telegram` of `contact`.
    pub const TELEGRAM: &str = "telegram";
    /// The field `tenant` of `environment`.
    pub const TENANT: &str = "tenant";
    /// The field `text` of `section`, `page`, `ticket`.
    pub const TEXT: &str = "text";
    /// The field `thresholds` of `panel`.
    pub const THRESHOLDS: &str = "thresholds";
    /// The field `ticket_severity` of `tier`, `slo`, `contract`.
    pub const TICKET_SEVERITY: &str = "ticket_severity";
    /// The field `tier` of `service`, `dependency`.
    pub const TIER: &str = "tier";
    /// The field `timeout` of `webhook`.
    pub const TIMEOUT: &str = "timeout";
    /// The field `title` of `panel`, `row`.
    pub const TITLE: &str = "title";
    /// The field `to` of `support-hours`, `hours`, `time-interval`, `mail`, `override`.
    pub const TO: &str = "to";
    /// The field `token_file` of `slack`, `telegram`, `incidentio`, `jira`, `pushover`.
    pub const TOKEN_FILE: &str = "token_file";
    /// The field `topic` of `telegram`, `sns`.
    pub const TOPIC: &str = "topic";
    /// The field `total` of `ratio`, `error-ratio`, `all-of`, `weighted`.
    pub const TOTAL: &str = "total";
    /// The field `type` of `service`, `signal`, `metric`.
    pub const TYPE: &str = "type";
    /// The field `under` of `latency`.
    pub const UNDER: &str = "under";
    /// The field `unit` of `latency`, `signal`, `metric`, `panel`.
    pub const UNIT: &str = "unit";
    /// The field `until` of `exclude`, `override`.
    pub const UNTIL: &str = "until";
    /// The field `urgency` of `tier`, `service`, `severity`.
    pub const URGENCY: &str = "urgency";
    /// The field `url` of `incidentio`, `jira`, `webhook`.
    pub const URL: &str = "url";
    /// The field `url_file` of `slack`, `msteams`, `discord`, `grafana-irm`, `webhook`.
    pub const URL_FILE: &str = "url_file";
    /// The field `user` of `jira`, `webhook`.
    pub const USER: &str = "user";
    /// The field `user_key_file` of `pushover`.
    pub const USER_KEY_FILE: &str = "user_key_file";
    /// The field `value` of `recording`.
    pub const VALUE: &str = "value";
    /// The field `values` of `series`.
    pub const VALUES: &str = "values";
    /// The field `visualization` of `panel`.
    pub const VISUALIZATION: &str = "visualization";
    /// The field `weight` of `part`.
    pub const WEIGHT: &str = "weight";
    /// The field `when` of `alert`, `log-alert`, `deny`, `warn`.
    pub const WHEN: &str = "when";
    /// The field `width` of `panel`.
    pub const WIDTH: &str = "width";
    /// The field `window` of `slo`, `contract`, `recording`.
    pub const WINDOW: &str = "window";
    /// The field `with` of `contract`.
    pub const WITH: &str = "with";
    /// The field `within` of `page`, `ticket`, `resolved`.
    pub const WITHIN: &str = "within";
    /// The field `wont_fix` of `jira`.
    pub const WONT_FIX: &str = "wont_fix";
    /// The field `zone` of `slo`, `contract`, `exclude`, `support-hours`, `schedule`, `time-interval`, `override`, `test`.
    pub const ZONE: &str = "zone";
}
