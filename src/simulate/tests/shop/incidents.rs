//! Incidents in the shop.

use nth_model::test::{Event, History};
use rust_decimal::Decimal;

use crate::support::{fired, given, run, slo, test};

fn errors(name: &str, percent: i64) -> Event {
    Event::Errors {
        slo: slo(name),
        share: Decimal::new(percent, 2),
    }
}

#[test]
fn nothing_fires_while_nothing_happens() {
    for name in [
        "checkout",
        "search",
        "orders-db",
        "settlement",
        "mailer",
        "order-events",
    ] {
        let traffic = Event::Traffic {
            service: name.into(),
            rate: Decimal::from(200),
        };
        let simulation = run(&test(60, vec![given(0, 60, traffic)]));
        assert!(
            fired(&simulation).is_empty(),
            "{name}: {:#?}",
            fired(&simulation)
        );
    }
}

#[test]
fn a_bad_deploy_pages_and_is_resolved() {
    let simulation = run(&test(
        120,
        vec![given(10, 20, errors("checkout.availability", 50))],
    ));
    let expected = [
        "15.5–34.5 SLOErrorBudgetBurn Page checkout.availability 1h",
        "24–60 SLOErrorBudgetBurn Page checkout.availability 6h",
        "45–… SLOErrorBudgetBurn Ticket checkout.availability 1d",
        "45–… SLOErrorBudgetBurn Ticket checkout.availability 3d",
    ];
    assert_eq!(fired(&simulation), expected);
}

#[test]
fn time_slices_fail_and_recover() {
    let simulation = run(&test(
        240,
        vec![given(10, 60, errors("orders-db.available", 100))],
    ));
    assert!(!fired(&simulation).is_empty());
}

#[test]
fn missing_data_is_reported() {
    for event in [
        Event::NoData {
            service: "checkout".into(),
        },
        Event::TargetDown {
            service: "checkout".into(),
        },
    ] {
        let simulation = run(&test(180, vec![given(10, 120, event)]));
        assert!(
            fired(&simulation)
                .iter()
                .any(|line| line.contains("SLOMetricAbsent"))
        );
    }
}

#[test]
fn a_dependency_is_down() {
    let event = Event::DependencyDown {
        service: "checkout".into(),
        dependency: "ledger".into(),
    };
    let simulation = run(&test(60, vec![given(10, 30, event)]));
    assert!(
        fired(&simulation)
            .iter()
            .any(|line| line.contains("ledger.availability"))
    );
    assert!(
        fired(&simulation)
            .iter()
            .any(|line| line.contains("checkout.availability"))
    );
}

#[test]
fn resets_do_not_alert() {
    let event = Event::CounterReset {
        service: "search".into(),
    };
    let simulation = run(&test(120, vec![given(10, 1, event)]));
    assert!(fired(&simulation).is_empty(), "{:#?}", fired(&simulation));
}

#[test]
fn a_consumed_budget_is_known_at_the_beginning() {
    let left = Event::BudgetLeft {
        slo: slo("checkout.availability"),
        left: Decimal::new(5, 2),
    };
    let simulation = run(&test(60, vec![given(0, 60, left)]));
    let remaining: Vec<f64> = simulation
        .store
        .iter()
        .filter(|samples| samples.labels.metric() == "slo:period_error_budget_remaining:ratio")
        .filter(|samples| samples.labels.get("slo") == "availability")
        .flat_map(|samples| {
            samples
                .floats
                .iter()
                .map(|sample| sample.value)
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(!remaining.is_empty());
    assert!(
        remaining.iter().all(|left| (left - 0.05).abs() < 0.001),
        "{remaining:?}"
    );
}

#[test]
fn a_new_service_has_no_history() {
    let mut new = test(30, vec![given(5, 20, errors("search.latency", 100))]);
    new.history = History::None;
    let simulation = run(&new);
    // So little is known of the hour that the error budget of an hour may be fine.
    assert!(fired(&simulation).is_empty());
    let first = simulation
        .store
        .iter()
        .flat_map(|samples| samples.floats.first().map(|first| first.at));
    assert_eq!(first.min(), Some(simulation.begin));
}

#[test]
fn the_planted_past_is_what_the_rules_record() {
    let quiet = Event::NoData {
        service: "mailer".into(),
    };
    for service in ["checkout", "orders-db", "payment-gateway"] {
        let rate = Event::Traffic {
            service: service.into(),
            rate: Decimal::from(40),
        };
        let simulation = run(&test(
            30,
            vec![given(0, 30, rate), given(29, 1, quiet.clone())],
        ));
        for (metric, timed, counted) in [
            ("slo:sli_known_time:seconds", 180.0, 180.0),
            ("slo:sli_total_events:increase3m", 180.0, 7200.0),
            ("slo:sli_bad_events:increase3m", 0.0, 0.0),
        ] {
            let all = simulation.store.iter();
            let found: Vec<_> = all
                .filter(|samples| samples.labels.metric() == metric)
                .filter(|samples| samples.labels.get("service") == service)
                .collect();
            assert!(!found.is_empty(), "{service} {metric}");
            for samples in found {
                let planted = samples.floats.len();
                assert!(planted > 2000, "{}: {planted}", samples.labels);
                for sample in samples.floats.iter() {
                    let value = sample.value;
                    let is_expected = [timed, counted]
                        .iter()
                        .any(|one| (value - one).abs() < 1e-6);
                    assert!(is_expected, "{}: {value}", samples.labels);
                }
            }
        }
    }
}

#[test]
fn a_hand_written_series_replaces_a_generated_one() {
    let series = Event::Series {
        series: r#"checkout_queue_depth{job="checkout", env="production"}"#.into(),
        values: "5000x240".into(),
    };
    let named = Event::CounterReset {
        service: "checkout".into(),
    };
    let simulation = run(&test(60, vec![given(5, 55, series), given(59, 1, named)]));
    assert_eq!(fired(&simulation), ["15–… QueueBacklog Ticket checkout.-"]);
}
