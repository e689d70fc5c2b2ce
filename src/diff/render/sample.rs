//! Documents for tests.

use smol_str::SmolStr;

use crate::change::{
    Cause, CauseKind, Change, Fired, History, Number, Place, Side, Subject, Witness,
};
use crate::class::{Class, Level};
use crate::document::{
    Accepted, Document, Figure, Figures, Problem, Reach, Revision, SCHEMA_VERSION, ServiceFigures,
};
use crate::fingerprint::fingerprint;
use crate::id::ChangeId;

/// Texts that want to be something else.
pub const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "</summary></details> @org/team fixes #12, GH-12, !7, ~bug, PAY-1",
    "```\n/close\n# heading",
    "` `` ``` unpaired",
    "a | b || c \\| d",
    "[x](https://example.com) ![i](https://example.com/i.png) www.example.com me@example.com",
    "\u{1b}[31mred\u{202e}evil",
    "::error::x\n%0A::set-output name=a::b",
    "&lt;b&gt; :+1: $`x`$ $x$ 0123456789abcdef0123456789abcdef01234567",
];

/// A change of a part of a service.
pub fn change(id: ChangeId, subject: Subject, before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        id,
        class: id.class(),
        fingerprint: fingerprint(id, &subject, before, after),
        subject,
        environments: Vec::new(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        because: "nobody reads this".to_owned(),
        rule: None,
        place: None,
        causes: Vec::new(),
        witness: None,
        no_witness: None,
        history: None,
        level: Level::Warn,
        accepted: false,
    }
}

fn place(file: &str, line: usize, side: Side) -> Option<Place> {
    Some(Place {
        file: file.to_owned(),
        line,
        side,
    })
}

fn number(name: &str, before: &str, after: &str) -> Number {
    let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Number {
        name: name.to_owned(),
        before: value(before),
        after: value(after),
    }
}

fn witness(incident: &str, before: &str, after: &str) -> Option<Witness> {
    Some(Witness {
        incident: incident.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        environment: Some("production".into()),
        test: format!("test \"{incident}\" {{\n  service = checkout\n}}\n"),
    })
}

/// A document without changes.
pub fn empty() -> Document {
    Document {
        version: SCHEMA_VERSION,
        project: "shop".to_owned(),
        base: Revision {
            name: "main".to_owned(),
            commit: Some("9fceb02d0ae598e95dc970b74767f19372d61af8".to_owned()),
            environment: None,
        },
        head: Revision {
            name: "working tree".to_owned(),
            commit: None,
            environment: None,
        },
        environments: vec!["staging".into(), "production".into()],
        complete: true,
        errored: Vec::new(),
        changes: Vec::new(),
        causes: Vec::new(),
        figures: Figures::default(),
        services: Vec::new(),
        accepted: Vec::new(),
    }
}

/// The services that the tier of [`rich`] reaches, the first ones with names that one would use.
pub fn reached(count: usize) -> Vec<SmolStr> {
    let names = [
        "billing",
        "cart",
        "checkout",
        "inventory",
        "ledger",
        "search",
    ];
    let rest = (names.len()..count).map(|number| SmolStr::from(format!("service-{number:04}")));
    let mut services: Vec<SmolStr> = names.into_iter().take(count).map(SmolStr::from).collect();
    services.extend(rest);
    services
}

fn objective(service: &str, both: &[SmolStr]) -> Change {
    let mut change = change(
        ChangeId::ObjectiveLowered,
        Subject::part(service, "slo", "availability"),
        Some("99.9%"),
        Some("99.5%"),
    );
    change.environments = both.to_vec();
    change.because =
        "5 times as many events may be bad, and each burn-rate alert trips at 5 times the error ratio".to_owned();
    change.place = place("tiers.nth", 12, Side::Head);
    change.causes = vec!["tier `critical`".to_owned()];
    change.witness = witness(
        "40m at 0.9% errors from 03:00",
        "paged after 22m",
        "no alert",
    );
    change
}

fn figure() -> Figure {
    let reach = |factor: f64| {
        [
            ("page", "1h", "5m", 14.4, 3600.0),
            ("page", "6h", "30m", 6.0, 21600.0),
            ("ticket", "3d", "6h", 1.0, 259_200.0),
        ]
        .map(|(severity, long, short, burn, seconds)| Reach {
            severity: severity.to_owned(),
            long: long.to_owned(),
            short: short.to_owned(),
            threshold: burn * factor,
            long_seconds: seconds,
        })
        .to_vec()
    };
    Figure {
        slo: "availability".into(),
        numbers: vec![
            number("objective", "99.9%", "99.5%"),
            number("error budget", "43m12s", "3h36m"),
            number("page 1h/5m trips at", "1.44%", "7.2%"),
            number("100% bad: page after", "1m", "5m"),
        ],
        budget_minutes: [Some(43.2), Some(216.0)],
        reach: [reach(0.001), reach(0.005)],
    }
}

/// A document with everything, whose tier reaches this number of services.
pub fn rich(reach: usize) -> Document {
    let mut document = empty();
    let both: Vec<SmolStr> = document.environments.clone();
    let services = reached(reach);
    let mut changes = Vec::new();

    let mut gone = change(
        ChangeId::SloNeverPages,
        Subject::part("checkout", "slo", "latency"),
        Some("page 1h/5m, page 6h/30m"),
        None,
    );
    gone.environments = vec!["production".into()];
    gone.because =
        "no alert of severity `page` is left, and full downtime opens a ticket after 6h".to_owned();
    gone.place = place("services/checkout.nth", 41, Side::Base);
    gone.witness = witness(
        "2h at 100% errors from 03:00",
        "paged after 3m",
        "ticket after 1h2m",
    );
    gone.history = Some(History {
        since: "30d".to_owned(),
        until: Some("2026-11-29T00:00:00Z".to_owned()),
        before: Fired {
            pages: 3,
            tickets: 2,
        },
        after: Fired {
            pages: 0,
            tickets: 2,
        },
        incomplete: Some("history begins 2026-11-20".to_owned()),
    });
    gone.level = Level::Error;
    changes.push(gone);
    let mut always = change(
        ChangeId::GateAlwaysOpen,
        Subject::part("ledger", "gate", "deploy"),
        Some("budget < 10%"),
        Some("budget < 0%"),
    );
    always.environments = both.clone();
    always.because = "the condition of its only deny is never true".to_owned();
    always.place = place("services/ledger.nth", 9, Side::Head);
    always.no_witness = Some("a gate without alerts is not part of incidents".to_owned());
    always.accepted = true;
    changes.push(always);
    changes.extend(services.iter().map(|service| objective(service, &both)));
    let mut unknown = change(
        ChangeId::AlertConditionChanged,
        Subject::part("cart", "alert", "queue-backlog"),
        Some(
            "max(cart_queue_depth{job=\"cart\",namespace=~\"shop|shop-canary\"}) by (queue) > 1000 and rate(cart_queue_in_total[5m]) > 10",
        ),
        Some(
            "max(cart_queue_depth{job=\"cart\",namespace=~\"shop|shop-canary\"}) by (queue) > 1000 and rate(cart_queue_out_total[5m]) < 10",
        ),
    );
    unknown.environments = both.clone();
    unknown.because = "it reads `cart_queue_out_total`, which it did not read before".to_owned();
    unknown.place = place("services/cart.nth", 77, Side::Head);
    unknown.no_witness = Some("64 incidents have the same outcome".to_owned());
    changes.push(unknown);
    let mut team = change(
        ChangeId::ReceiverChanged,
        Subject::project("receiver", "payments.slack"),
        Some("#payments-oncall"),
        Some("#payments"),
    );
    team.environments = both.clone();
    team.because = "notifications of 3 services go to another channel".to_owned();
    team.place = place("teams.nth", 4, Side::Head);
    changes.push(team);
    for service in &services {
        let mut delayed = change(
            ChangeId::BurnRateWindowsChanged,
            Subject::part(service, "alert", "availability-page-6h"),
            Some("6h/30m"),
            Some("4h/20m"),
        );
        delayed.environments = both.clone();
        delayed.because = "it fires and ends earlier".to_owned();
        delayed.place = place("tiers.nth", 18, Side::Head);
        delayed.causes = vec!["tier `critical`".to_owned(), "let `windows`".to_owned()];
        changes.push(delayed);
    }
    let mut renamed = change(
        ChangeId::RecordingRenamed,
        Subject::part("cart", "recording", "cart:depth:max"),
        Some("cart:depth:max"),
        Some("cart:queue_depth:max"),
    );
    renamed.environments = both.clone();
    renamed.because = "the panel `Depth` and 2 rules read the old name".to_owned();
    renamed.place = place("services/cart.nth", 60, Side::Head);
    changes.push(renamed);
    let mut hastened = change(
        ChangeId::AlertHastened,
        Subject::part("search", "alert", "index-stale"),
        Some("15m"),
        Some("5m"),
    );
    hastened.environments = both.clone();
    hastened.because = "it fires 10m earlier".to_owned();
    hastened.place = place("services/search.nth", 22, Side::Head);
    hastened.witness = witness(
        "12m without a new index from 10:00",
        "no alert",
        "ticket after 5m",
    );
    changes.push(hastened);
    let mut added = change(
        ChangeId::AlertAdded,
        Subject::part("ledger", "alert", "replica-lag"),
        None,
        Some("ticket if max(ledger_lag_seconds) > 30 for 10m"),
    );
    added.environments = both.clone();
    added.because = "team `payments` is notified".to_owned();
    added.place = place("services/ledger.nth", 30, Side::Head);
    changes.push(added);
    let mut removed = change(
        ChangeId::DependencyRemoved,
        Subject::part("cart", "dependency", "sessions"),
        Some("soft, redis"),
        None,
    );
    removed.environments = both.clone();
    removed.because = "its alerts are not generated for `cart` any longer".to_owned();
    removed.place = place("services/cart.nth", 15, Side::Base);
    changes.push(removed);
    for number in 0..40 {
        let id = if number % 4 == 0 {
            ChangeId::PanelChanged
        } else {
            ChangeId::AlertTextChanged
        };
        let service = ["cart", "search"][number % 2];
        let mut text = change(
            id,
            Subject::part(service, "alert", &format!("alert-{number}")),
            Some("Old"),
            Some("New"),
        );
        text.environments = both.clone();
        text.because = "the text of notifications changes".to_owned();
        text.place = place("texts.nth", number + 1, Side::Head);
        if number == 3 {
            text.level = Level::Allow;
        }
        changes.push(text);
    }
    changes.sort_by_key(|change| change.class);

    document.accepted = vec![
        Accepted {
            fingerprint: changes
                .iter()
                .find(|change| change.accepted)
                .map(|change| change.fingerprint.clone())
                .unwrap_or_default(),
            by: "payments@example.com".to_owned(),
            reason: "the freeze is over, see #12".to_owned(),
            until: Some("2026-12-31".to_owned()),
            expired: false,
            used: true,
        },
        Accepted {
            fingerprint: changes
                .first()
                .map(|change| change.fingerprint.clone())
                .unwrap_or_default(),
            by: "@shop-lead".to_owned(),
            reason: "until the migration ends".to_owned(),
            until: Some("2026-01-31".to_owned()),
            expired: true,
            used: true,
        },
    ];
    document.changes = changes;
    document.causes = vec![
        Cause {
            name: "tier `critical`".to_owned(),
            kind: CauseKind::Item,
            place: place("tiers.nth", 12, Side::Head),
            services: services.clone(),
        },
        Cause {
            name: "let `windows`".to_owned(),
            kind: CauseKind::Item,
            place: place("tiers.nth", 2, Side::Head),
            services: services.clone(),
        },
    ];
    document.figures.numbers = vec![
        number("services", "14", "14"),
        number("rules", "1203", "1198"),
        number("series", "5120", "5117"),
        number("samples per second", "170.7", "170.6"),
    ];
    document.services = services
        .iter()
        .map(|service| ServiceFigures {
            service: service.clone(),
            environment: None,
            numbers: if service == "cart" {
                vec![
                    number("ceiling by dependencies", "99.85%", "99.9%"),
                    number("panels", "12", ""),
                ]
            } else {
                Vec::new()
            },
            slos: vec![figure()],
        })
        .collect();
    document.complete = false;
    document.errored = vec![Problem {
        side: Side::Base,
        environment: Some("staging".into()),
        message: "unknown team `paymnts`".to_owned(),
        file: Some("services/payouts.nth".to_owned()),
        line: Some(3),
    }];
    document
}

/// The document with everything, and with texts that want to be something else.
pub fn hostile() -> Document {
    let mut document = rich(14);
    for (number, text) in HOSTILE.iter().enumerate() {
        let name = format!("{text}-{number}");
        let mut hostile = change(
            ChangeId::TeamMembersChanged,
            Subject::part(text, "team", &name),
            Some(text),
            Some(&name),
        );
        hostile.because = (*text).to_owned();
        hostile.environments = document.environments.clone();
        hostile.history = Some(History {
            since: (*text).to_owned(),
            until: Some((*text).to_owned()),
            before: Fired::default(),
            after: Fired::default(),
            incomplete: Some((*text).to_owned()),
        });
        hostile.place = place(&format!("teams/{text}.nth"), 1 + number, Side::Head);
        document.changes.push(hostile);
    }
    document.changes.sort_by_key(|change| change.class);
    document
}

/// A document of one class in one service, for sentences about few changes.
pub fn small(class: Class) -> Document {
    let mut document = empty();
    let id = ChangeId::ALL.into_iter().find(|id| id.class() == class);
    if let Some(id) = id {
        let subject = Subject::part("cart", "slo", "availability");
        document.changes = vec![change(id, subject, Some("a"), Some("b"))];
    }
    document
}
