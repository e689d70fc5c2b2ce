//! Pairs of versions with what changes.

use nth_diff::{Change, ChangeId as Id, Subject};
use nth_model::TargetName;

use crate::projects::{SHOP, Text, change};

/// Two versions.
pub struct Pair {
    pub name: &'static str,
    pub base: Text,
    pub head: Text,
    pub changes: Vec<Change>,
}

const AVAILABILITY: &str =
    "slo availability : http.availability { objective = 99.9% }\n\n  slo latency";
const LATENCY: &str = "http.latency(under: 300ms) { objective = 99% }";
const ORDERS: &str = "    objective = 99.5%\n";
const FULL: &str = "disk_used_ratio > 0.9";

fn slo(id: Id, name: &str) -> Change {
    change(id, Subject::part("checkout", "slo", name))
}

fn alert(id: Id, name: &str) -> Change {
    change(id, Subject::part("checkout", "alert", name))
}

fn gate(id: Id) -> Change {
    change(id, Subject::part("checkout", "gate", "production"))
}

/// A field of `checkout.availability`.
fn availability(fields: &str) -> String {
    format!("slo availability : http.availability {{ {fields} }}\n\n  slo latency")
}

/// Both directions of a change: from the first text to the second, and back.
fn there_and_back(
    names: [&'static str; 2],
    (from, to): (&str, &str),
    changes: [Change; 2],
) -> [Pair; 2] {
    let one = Text::new(SHOP);
    let other = one.with(&[(from, to)]);
    let [there, back] = changes;
    [
        Pair {
            name: names[0],
            base: one.clone(),
            head: other.clone(),
            changes: vec![there],
        },
        Pair {
            name: names[1],
            base: other,
            head: one,
            changes: vec![back],
        },
    ]
}

fn only(name: &'static str, (from, to): (&str, &str), changes: Vec<Change>) -> Pair {
    let base = Text::new(SHOP);
    Pair {
        name,
        head: base.with(&[(from, to)]),
        base,
        changes,
    }
}

/// All pairs.
pub fn pairs() -> Vec<Pair> {
    let mut all = Vec::new();
    all.extend(of_objectives());
    all.extend(of_slos());
    all.extend(of_alerts());
    all.extend(of_gates());
    all.extend(of_projects());
    all
}

fn of_objectives() -> Vec<Pair> {
    let mut all = Vec::new();
    all.extend(there_and_back(
        ["an objective is lowered", "an objective is raised"],
        (AVAILABILITY, &availability("objective = 99.5%")),
        [
            slo(Id::ObjectiveLowered, "availability"),
            slo(Id::ObjectiveRaised, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "an objective is lowered slightly",
            "an objective is raised slightly",
        ],
        (AVAILABILITY, &availability("objective = 99.85%")),
        [
            slo(Id::ObjectiveLowered, "availability"),
            slo(Id::ObjectiveRaised, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "an objective of custom queries is lowered",
            "an objective of custom queries is raised",
        ],
        (ORDERS, "    objective = 99%\n"),
        [
            slo(Id::ObjectiveLowered, "orders"),
            slo(Id::ObjectiveRaised, "orders"),
        ],
    ));
    all.extend(there_and_back(
        [
            "a latency threshold is raised",
            "a latency threshold is lowered",
        ],
        (LATENCY, "http.latency(under: 1s) { objective = 99% }"),
        [
            slo(Id::LatencyThresholdRaised, "latency"),
            slo(Id::LatencyThresholdLowered, "latency"),
        ],
    ));
    all.extend(there_and_back(
        [
            "pages of burn rates are removed",
            "pages of burn rates are added",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  burn_rate_pages = false"),
        ),
        [
            slo(Id::SloNeverPages, "availability"),
            slo(Id::BurnRateAlertAdded, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "tickets of burn rates are removed",
            "tickets of burn rates are added",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  burn_rate_tickets = false"),
        ),
        [
            slo(Id::BurnRateAlertRemoved, "availability"),
            slo(Id::BurnRateAlertAdded, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "a window is shortened, and thresholds are lower",
            "a window is lengthened, and thresholds are higher",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  window = 7d"),
        ),
        [
            slo(Id::BurnRateThresholdLowered, "availability"),
            slo(Id::BurnRateThresholdRaised, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "declared burn-rate alerts replace the pages",
            "declared burn-rate alerts are removed",
        ],
        (
            AVAILABILITY,
            &availability(
                "objective = 99.9%\n    burn-rate leak { long = 3d  factor = 1  severity = ticket }\n  ",
            ),
        ),
        [
            slo(Id::SloNeverPages, "availability"),
            slo(Id::BurnRateAlertAdded, "availability"),
        ],
    ));
    all
}

/// A declared page must hold for longer, and the other way around.
fn held_longer() -> [Pair; 2] {
    let declared = |hold: &str| {
        let fast =
            format!("burn-rate fast {{ long = 1h  factor = 14.4  severity = page  for = {hold} }}");
        availability(&format!("objective = 99.9%\n    {fast}\n  "))
    };
    let version = |hold: &str| Text::new(SHOP).with(&[(AVAILABILITY, &declared(hold))]);
    let pair = |name, [from, to]: [&str; 2], id| Pair {
        name,
        base: version(from),
        head: version(to),
        changes: vec![slo(id, "availability")],
    };
    [
        pair(
            "a burn-rate alert must hold for longer",
            ["2m", "30m"],
            Id::BurnRateAlertDelayed,
        ),
        pair(
            "a burn-rate alert must hold for less time",
            ["30m", "2m"],
            Id::BurnRateAlertHastened,
        ),
    ]
}

fn of_slos() -> Vec<Pair> {
    let mut all = Vec::new();
    all.extend(held_longer());
    all.extend(there_and_back(
        [
            "missing-data alerts are disabled",
            "missing-data alerts are enabled",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  absence_alerts = false"),
        ),
        [
            slo(Id::MissingDataAlertRemoved, "availability"),
            slo(Id::MissingDataAlertAdded, "availability"),
        ],
    ));
    all.push(only(
        "an SLO is removed",
        (
            "  slo latency : http.latency(under: 300ms) { objective = 99% }\n",
            "",
        ),
        vec![slo(Id::SloRemoved, "latency")],
    ));
    all.push(only(
        "an SLO has no burn-rate alerts",
        (
            AVAILABILITY,
            &availability("objective = 99.9%  burn_rate_alerts = false"),
        ),
        vec![slo(Id::SloNeverAlerts, "availability")],
    ));
    all.extend(there_and_back(
        ["more events are required", "fewer events are required"],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  min_events = 1000"),
        ),
        [
            slo(Id::MinEventsRaised, "availability"),
            slo(Id::MinEventsLowered, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "more bad events are required",
            "fewer bad events are required",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  min_bad_events = 200"),
        ),
        [
            slo(Id::MinBadEventsRaised, "availability"),
            slo(Id::MinBadEventsLowered, "availability"),
        ],
    ));
    all.extend(there_and_back(
        ["a budget alert is added", "a budget alert is removed"],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  budget_pages = [60%]"),
        ),
        [
            slo(Id::BudgetAlertAdded, "availability"),
            slo(Id::BudgetAlertRemoved, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "missing data is reported later",
            "missing data is reported earlier",
        ],
        (
            AVAILABILITY,
            &availability("objective = 99.9%  absent_after = 1h"),
        ),
        [
            slo(Id::MissingDataDelayed, "availability"),
            slo(Id::MissingDataHastened, "availability"),
        ],
    ));
    all.extend(there_and_back(
        [
            "good events are certainly a part of all events",
            "good events may be others than all events",
        ],
        (
            "good  = `orders_placed_total`",
            "good  = `orders_total{result=\"placed\"}`",
        ),
        [
            slo(Id::ConsistencyCheckRemoved, "orders"),
            slo(Id::ConsistencyCheckAdded, "orders"),
        ],
    ));
    all
}

fn of_alerts() -> Vec<Pair> {
    let mut all = Vec::new();
    all.extend(there_and_back(
        ["a threshold is raised", "a threshold is lowered"],
        ("max(queue_depth) > 1000", "max(queue_depth) > 2000"),
        [
            alert(Id::AlertThresholdLoosened, "backlog"),
            alert(Id::AlertThresholdTightened, "backlog"),
        ],
    ));
    all.extend(there_and_back(
        ["an alert is delayed", "an alert is hastened"],
        ("for      = 10m", "for      = 45m"),
        [
            alert(Id::AlertDelayed, "backlog"),
            alert(Id::AlertHastened, "backlog"),
        ],
    ));
    all.extend(there_and_back(
        [
            "another aggregation, less often",
            "another aggregation, more often",
        ],
        ("max(queue_depth) > 1000", "avg(queue_depth) > 1000"),
        [
            alert(Id::AlertConditionChanged, "backlog"),
            alert(Id::AlertConditionChanged, "backlog"),
        ],
    ));
    all.extend(there_and_back(
        ["another metric", "the other metric"],
        ("max(queue_depth) > 1000", "max(queue_length) > 1000"),
        [
            alert(Id::AlertConditionChanged, "backlog"),
            alert(Id::AlertConditionChanged, "backlog"),
        ],
    ));
    all.extend(there_and_back(
        ["one more matcher", "one matcher less"],
        (
            "max(queue_depth) > 1000",
            "max(queue_depth{kind=\"orders\"}) > 1000",
        ),
        [
            alert(Id::AlertConditionChanged, "backlog"),
            alert(Id::AlertConditionChanged, "backlog"),
        ],
    ));
    all.extend(there_and_back(
        ["a limit is lowered", "a limit is raised"],
        ("limit    = 10", "limit    = 3"),
        [
            alert(Id::AlertLimitLowered, "full"),
            alert(Id::AlertLimitRaised, "full"),
        ],
    ));
    all.push(only(
        "an alert cannot fire",
        (FULL, "disk_used_ratio > 0.9 and disk_used_ratio < 0.1"),
        vec![alert(Id::AlertCannotFire, "full")],
    ));
    let removed = "  alert full {\n    when     = `disk_used_ratio > 0.9`\n    limit    = 10\n    severity = ticket\n    summary  = \"A disk is full.\"\n  }\n";
    all.push(only(
        "an alert is removed",
        (removed, ""),
        vec![alert(Id::AlertRemoved, "full")],
    ));
    all.extend(there_and_back(
        [
            "a rate is compared with more",
            "a rate is compared with less",
        ],
        (
            "max(queue_depth) > 1000",
            "sum(rate(queue_failures_total[5m])) > 5",
        ),
        [
            alert(Id::AlertConditionChanged, "backlog"),
            alert(Id::AlertConditionChanged, "backlog"),
        ],
    ));
    all
}

fn of_gates() -> Vec<Pair> {
    let mut all = Vec::new();
    all.extend(there_and_back(
        ["a gate needs less budget", "a gate needs more budget"],
        ("budget(availability) < 10%", "budget(availability) < 5%"),
        [
            gate(Id::GateConditionLoosened),
            gate(Id::GateConditionTightened),
        ],
    ));
    all.extend(there_and_back(
        ["a gate allows a faster burn", "a gate allows a slower burn"],
        (
            "burn(availability, over: 1h) > 2",
            "burn(availability, over: 1h) > 6",
        ),
        [
            gate(Id::GateConditionLoosened),
            gate(Id::GateConditionTightened),
        ],
    ));
    all.extend(there_and_back(
        ["a deny is removed", "a deny is added"],
        ("    deny on-fire { when = firing(page) > 0 }\n", ""),
        [gate(Id::DenyRemoved), gate(Id::DenyAdded)],
    ));
    all.extend(there_and_back(
        ["a deny only warns", "a warning denies"],
        ("deny spent ", "warn spent "),
        [gate(Id::DenyWeakened), gate(Id::WarningStrengthened)],
    ));
    all.extend(there_and_back(
        ["a warning is removed", "a warning is added"],
        ("    warn recent  { when = deploy_age() < 30m }\n", ""),
        [gate(Id::WarningRemoved), gate(Id::WarningAdded)],
    ));
    all.extend(there_and_back(
        ["a gate only reports", "a gate decides"],
        (
            "  gate production {\n",
            "  gate production {\n    dry_run = true\n",
        ),
        [gate(Id::GateDryRunEnabled), gate(Id::GateDryRunDisabled)],
    ));
    all.extend(there_and_back(
        ["a gate opens without data", "a gate closes without data"],
        (
            "  gate production {\n",
            "  gate production {\n    on_no_data = allow\n",
        ),
        [
            gate(Id::GateOpensWithoutData),
            gate(Id::GateClosesWithoutData),
        ],
    ));
    let overridden = "  gate production {\n    override spent { by = \"a@example.com\"  until = \"2026-03-31\"  reason = \"A migration.\" }\n";
    all.extend(there_and_back(
        ["a deny is overridden", "a deny is no longer overridden"],
        ("  gate production {\n", overridden),
        [gate(Id::OverrideAdded), gate(Id::OverrideRemoved)],
    ));
    all.extend(there_and_back(
        ["a freeze is shorter", "a freeze is longer"],
        (
            "frozen(\"2026-12-20\", to: \"2026-12-27\"",
            "frozen(\"2026-12-22\", to: \"2026-12-27\"",
        ),
        [
            gate(Id::GateConditionChanged),
            gate(Id::GateConditionChanged),
        ],
    ));
    all.extend(there_and_back(
        [
            "a warning is about older deployments",
            "a warning is about newer deployments",
        ],
        ("deploy_age() < 30m", "deploy_age() < 2h"),
        [
            gate(Id::GateConditionTightened),
            gate(Id::GateConditionLoosened),
        ],
    ));
    all.extend(there_and_back(
        ["a gate is closed at a weekend", "a gate is open at a weekend"],
        (
            "  gate production {\n",
            "  gate production {\n    deny weekend { when = between(fri 16:00, to: mon 08:00, zone: \"Europe/London\") }\n",
        ),
        [gate(Id::DenyAdded), gate(Id::DenyRemoved)],
    ));
    let from = SHOP.find("  gate production {").unwrap();
    let removed = SHOP[from..].trim_end().strip_suffix('}').unwrap();
    all.push(only(
        "a gate is removed",
        (removed, ""),
        vec![gate(Id::GateRemoved)],
    ));
    all.extend(there_and_back(
        [
            "two conditions must hold",
            "one of two conditions is enough",
        ],
        (
            "when = firing(page) > 0",
            "when = firing(page) > 0 and budget(availability) < 50%",
        ),
        [
            gate(Id::GateConditionChanged),
            gate(Id::GateConditionChanged),
        ],
    ));
    all
}

fn of_projects() -> Vec<Pair> {
    let mut all = Vec::new();
    let from = SHOP.find("service ledger").unwrap();
    let to = SHOP.find("service checkout").unwrap();
    let base = Text::new(SHOP);
    all.push(Pair {
        name: "a service is removed",
        head: base.with(&[
            (&SHOP[from..to], ""),
            ("  dependency ledger { service = ledger }\n", ""),
        ]),
        base: base.clone(),
        changes: vec![change(Id::ServiceRemoved, Subject::service("ledger"))],
    });
    all.push(only(
        "a team is notified of no pages",
        (
            "  slack = \"#payments\"\n",
            "  receiver chat : slack { on = [ticket]  channel = \"#payments\" }\n",
        ),
        vec![change(
            Id::TeamUnreachable,
            Subject::project("team", "payments"),
        )],
    ));
    all.push(only(
        "an escalation notifies no person",
        ("{ step primary { notify = primary } }", "{}"),
        vec![change(
            Id::EscalationEmpty,
            Subject::project("escalation", "payments.default"),
        )],
    ));
    for target in [
        TargetName::Alertmanager,
        TargetName::Prometheus,
        TargetName::Grafana,
    ] {
        let mut head = base.clone();
        head.settings.targets.remove(&target);
        all.push(Pair {
            name: "a target is removed",
            base: base.clone(),
            head,
            changes: vec![change(
                Id::TargetRemoved,
                Subject::project("target", target.name()),
            )],
        });
    }
    all
}
