//! How long alerts of the shop take.

use nth_model::Response::{Page, Ticket};
use nth_model::burn_rate::Pair;
use nth_model::{AlertOptions, BudgetAlert, Duration, Severity, Sli, Slo, SloAlert, SloAlertKind};
use nth_simulate::{
    DetectionTable, Fired, Impossible, Plan, STRENGTHS, Situation, Strength, detection,
    detection_of, incident,
};

use crate::support::{shop, slo};

fn plan(name: &str) -> Plan<'static> {
    let shop = shop();
    let service = shop.service(&slo(name).service);
    Plan::new(&[service], &shop.settings, &[]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_stronger_an_incident_the_sooner_it_is_detected() {
    let name = "checkout.availability";
    let table = detection(&plan(name), &slo(name)).unwrap_or_else(|error| panic!("{error}"));
    let mut rows = Vec::new();
    for incident in &table.incidents {
        for (severity, detected) in [(Page, &incident.page), (Ticket, &incident.ticket)] {
            if let Some(detected) = detected {
                let threshold = detected.alert.threshold.as_deref().unwrap_or_default();
                let resolved = detected
                    .resolved
                    .map_or("never".to_owned(), Duration::to_human);
                let after = detected.alert.after.to_human();
                rows.push(format!(
                    "{severity:?} {threshold} after {after}, resolved after {resolved}"
                ));
            }
        }
    }
    assert_eq!(
        rows,
        [
            "Page 1h after 4m, resolved after 30m",
            "Ticket 1d after 27m, resolved after 6h3m",
            "Page 1h after 19m30s, resolved after 27m",
            "Ticket 1d after 1h45m, resolved after 5h54m",
            "Ticket 3d after 1d12h18m, resolved after 3h3m",
            "Ticket 3d after 2d23h36m, resolved after 6m",
        ]
    );
    assert_eq!(table.situations.len(), Situation::ALL.len());
    for (situation, fired) in &table.situations {
        assert_eq!(*fired, Ok(Vec::new()), "{situation:?}");
    }
}

#[test]
fn full_downtime_is_detected_in_every_kind_of_sli() {
    for name in [
        "search.latency",
        "orders-db.available",
        "payment-gateway.authorisation",
    ] {
        let found = incident(&plan(name), &slo(name), STRENGTHS[0]);
        let incident = found.unwrap_or_else(|error| panic!("{error}")).unwrap();
        let page = incident.page.unwrap_or_else(|| panic!("{name}: no page"));
        assert!(page.alert.after < Duration::hours(1), "{name}: {page:?}");
        assert!(page.resolved.is_some(), "{name}: {page:?}");
    }
}

/// The table of an SLO that is changed before.
fn table(name: &str, change: impl FnOnce(&mut Slo)) -> DetectionTable {
    let shop = shop();
    let service = shop.service(&slo(name).service);
    let of = |known: &&Slo| known.name == slo(name).slo;
    let mut changed = service
        .slos
        .iter()
        .find(of)
        .cloned()
        .unwrap_or_else(|| panic!("{name}"));
    change(&mut changed);
    detection_of(service, &changed, &shop.settings).unwrap_or_else(|error| panic!("{error}"))
}

fn outcome(table: &DetectionTable, of: Situation) -> &Result<Vec<Fired>, Impossible> {
    let mut all = table.situations.iter();
    &all.find(|(situation, _)| *situation == of).unwrap().1
}

#[test]
fn what_cannot_happen_says_why() {
    let slices = table("orders-db.available", |_| ());
    assert_eq!(
        *outcome(&slices, Situation::NoTraffic),
        Err(Impossible::NoEvents)
    );
    assert_eq!(
        *outcome(&slices, Situation::CounterReset),
        Err(Impossible::NoCounters)
    );
    assert_eq!(*outcome(&slices, Situation::OneFailure), Ok(Vec::new()));

    let ranges = table("orders-db.available", |slo| {
        slo.sli = Sli::TimeSlices {
            good: nth_promql::parse("max(max_over_time(replication_lag[10m])) < 60").unwrap(),
        };
    });
    let strengths: Vec<Strength> = ranges
        .impossible
        .iter()
        .map(|(strength, _)| *strength)
        .collect();
    assert_eq!(strengths, STRENGTHS[1..]);
    assert!(
        ranges
            .impossible
            .iter()
            .all(|(_, why)| *why == Impossible::WholeRanges)
    );
    assert_eq!(
        *outcome(&ranges, Situation::OneFailure),
        Err(Impossible::WholeRanges)
    );
    assert!(ranges.incidents[0].page.is_some());

    let loose = table("checkout.availability", |slo| {
        slo.objective = "0.4".parse().unwrap()
    });
    assert_eq!(
        loose.impossible,
        [STRENGTHS[2], STRENGTHS[3]].map(|strength| (strength, Impossible::MoreThanAll))[..1]
    );
    for found in [&slices, &ranges, &loose] {
        let rows = found.rows();
        assert_eq!(rows.len(), 8, "{rows:?}");
    }
}

#[test]
fn what_fires_after_the_longest_incident_is_later() {
    let found = table("checkout.availability", |slo| {
        slo.burn_rate_pairs.clear();
        slo.budget_alerts = vec![BudgetAlert {
            consumed: "0.9".parse().unwrap(),
            severity: Severity::ticket(),
            declared: Severity::ticket(),
        }];
    });
    let of = |strength| {
        let mut all = found.incidents.iter();
        all.find(|incident| incident.strength == strength).unwrap()
    };
    // 90% of 30 days at a burn rate of 2 is 13.5 days.
    assert_eq!(of(STRENGTHS[2]).later, [Ticket]);
    assert_eq!(of(STRENGTHS[2]).ticket, None);
    let worst = of(STRENGTHS[0]);
    let ticket = worst.ticket.as_ref().unwrap();
    assert!(worst.later.is_empty());
    assert_eq!(ticket.resolved, None, "a consumed budget stays consumed");
    // 0.9 × 0.2% of 30 days is 1h17m45.6s.
    assert!(ticket.alert.after >= Duration::minutes(77), "{ticket:?}");
    assert!(
        ticket.alert.after <= Duration::minutes(77 + 15 + 12),
        "{ticket:?}"
    );
}

#[test]
fn a_budget_that_is_never_consumed_does_not_alert_later() {
    let found = table("checkout.availability", |slo| {
        slo.objective = "0.2".parse().unwrap();
        slo.burn_rate_pairs.clear();
        slo.budget_alerts = vec![BudgetAlert {
            consumed: "0.5".parse().unwrap(),
            severity: Severity::ticket(),
            declared: Severity::ticket(),
        }];
    });
    // 10% of events are an eighth of the error budget, in any window.
    let weak = &found.incidents[1];
    assert_eq!(weak.strength, STRENGTHS[1]);
    assert_eq!((&weak.ticket, weak.later.as_slice()), (&None, &[][..]));
    assert_eq!(found.rows()[1][4], "-");
    // 50% of 30 days at a burn rate of 1.25 is 12 days.
    assert_eq!(found.incidents[0].later, [Ticket]);
}

/// When the first alert of full downtime fires, of pages and of tickets.
fn first_alerts(table: &DetectionTable) -> [Duration; 2] {
    let worst = table.incidents.first().unwrap();
    assert_eq!(worst.strength, STRENGTHS[0]);
    [&worst.page, &worst.ticket].map(|found| found.as_ref().unwrap().alert.after)
}

#[test]
fn a_query_offset_delays_alerts() {
    let name = "checkout.availability";
    let shop = shop();
    let service = shop.service(&slo(name).service);
    let delayed = |offset| {
        let mut settings = shop.settings.clone();
        settings.prometheus.query_offset = offset;
        let plan = Plan::new(&[service], &settings, &[]).unwrap();
        let table = detection(&plan, &slo(name)).unwrap_or_else(|error| panic!("{error}"));
        let quiet = table.situations.iter();
        assert!(
            quiet.clone().all(|(_, fired)| *fired == Ok(Vec::new())),
            "{offset:?}"
        );
        first_alerts(&table)
    };
    let [page, ticket] = delayed(None);
    assert_eq!(delayed(Some(Duration::seconds(0))), [page, ticket]);
    let offset = Duration::MINUTE;
    let [late_page, late_ticket] = delayed(Some(offset));
    // Both are multiples of the interval of the rules that page.
    assert_eq!(late_page, Duration(page.0 + offset.0));
    // Rules of slices are evaluated every 3m: what they read 1m later, they may see with the next evaluation.
    let slice = nth_model::burn_rate::SLICE;
    assert!(late_ticket >= ticket, "{late_ticket}");
    assert!(
        late_ticket.0 <= ticket.0 + offset.0 + slice.0,
        "{late_ticket}"
    );
    let short = delayed(Some(Duration::seconds(7)));
    // Whether that hides a sample depends on when targets are scraped.
    assert!(short[0] >= page && short[0] <= late_page, "{short:?}");
}

#[test]
fn an_slo_is_evaluated_by_its_own_settings() {
    let shop = shop();
    let [interval, offset] = [Duration::seconds(20), Duration::seconds(40)];
    // One that counts events, and one of time slices.
    for name in ["checkout.availability", "orders-db.available"] {
        let service = shop.service(&slo(name).service);
        let mut of_project = shop.settings.clone();
        of_project.prometheus.interval = interval;
        of_project.prometheus.query_offset = Some(offset);
        let plan = Plan::new(&[service], &of_project, &[]).unwrap();
        let expected = detection(&plan, &slo(name)).unwrap_or_else(|error| panic!("{error}"));

        let mut own = service.clone();
        let mut changed = own.slos.iter_mut();
        let changed = changed.find(|known| known.name == slo(name).slo).unwrap();
        changed.interval = Some(interval);
        changed.query_offset = Some(offset);
        // The other rules of the service keep the interval of the project, which is another one.
        let mut settings = shop.settings.clone();
        settings.prometheus.interval = Duration::seconds(45);
        settings.prometheus.query_offset = None;
        let plan = Plan::new(&[&own], &settings, &[]).unwrap();
        let found = detection(&plan, &slo(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, expected, "{name}");

        let plan = Plan::new(&[service], &settings, &[]).unwrap();
        let other = detection(&plan, &slo(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(first_alerts(&other), first_alerts(&expected), "{name}");
    }
}

#[test]
fn an_alert_that_keeps_firing_ends_later() {
    let kept = |time: Option<Duration>| {
        let found = table("checkout.availability", |slo| {
            slo.alert_blocks = vec![SloAlert {
                kinds: vec![SloAlertKind::BurnRate],
                severities: vec![Severity::page()],
                long: Vec::new(),
                options: AlertOptions {
                    alert: Some("CheckoutBurning".into()),
                    keep_firing: time,
                    ..AlertOptions::default()
                },
            }];
        });
        let worst = &found.incidents[0];
        let [page, ticket] = [&worst.page, &worst.ticket].map(|one| one.clone().unwrap());
        assert_eq!(page.alert.name, "CheckoutBurning");
        assert_eq!(ticket.alert.name, "SLOErrorBudgetBurn");
        [page.resolved.unwrap(), ticket.resolved.unwrap()]
    };
    let [page, ticket] = kept(None);
    let longer = Duration::hours(9);
    assert_eq!(kept(Some(longer)), [Duration(page.0 + longer.0), ticket]);
}

#[test]
fn declared_burn_rates_decide_when_an_alert_fires() {
    let pair = |severity, long: u64, short: u64, factor: i64, hold: u64| {
        let windows = [Duration::minutes(long), Duration::minutes(short)];
        let factor = factor.into();
        Pair::new(
            severity,
            windows,
            factor,
            Duration::days(30),
            Duration::minutes(hold),
        )
    };
    let fired = |hold: u64| {
        first_alerts(&table("checkout.availability", |slo| {
            slo.burn_rate_pairs = vec![
                pair(Severity::page(), 30, 3, 20, hold),
                pair(Severity::ticket(), 24 * 60, 120, 3, 15),
            ];
            slo.budget_alerts.clear();
        }))
    };
    // 4% of 30m are 1m12s.
    let [page, _] = fired(1);
    assert!(page >= Duration::minutes(2), "{page}");
    assert!(page <= Duration::minutes(4), "{page}");
    assert_eq!(fired(11)[0], Duration(page.0 + Duration::minutes(10).0));
    assert_eq!(fired(90)[0], Duration(page.0 + Duration::minutes(89).0));
}
