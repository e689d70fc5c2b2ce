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
    for name in ["checkout", "search", "orders-db", "settlement", "mailer", "order-events"] {
        let traffic = Event::Traffic {
            service: name.into(),
            rate: Decimal::from(200),
        };
        let simulation = run(&test(60, vec![given(0, 60, traffic)]));
        assert!(fired(&simulation).is_empty(), "{name}: {:#?}", fired(&simulation));
    }
}

#[test]
fn a_bad_deploy_pages_and_is_resolved() {
    let simulation = run(&test(120, vec![given(10, 20, errors("checkout.availability", 5))]));
    println!("{:#?}", fired(&simulation));
    let page = simulation.alerts.iter().find(|alert| alert.fires_from(0).is_some()).unwrap();
    assert_eq!(page.name, "SLOErrorBudgetBurn");
}

#[test]
fn time_slices_fail_and_recover() {
    let simulation = run(&test(240, vec![given(10, 60, errors("orders-db.available", 100))]));
    println!("{:#?}", fired(&simulation));
    assert!(!fired(&simulation).is_empty());
}

#[test]
fn missing_data_is_reported() {
    for event in [
        Event::NoData { service: "checkout".into() },
        Event::TargetDown { service: "checkout".into() },
    ] {
        let simulation = run(&test(180, vec![given(10, 120, event)]));
        println!("{:#?}", fired(&simulation));
        assert!(fired(&simulation).iter().any(|line| line.contains("SLOMetricAbsent")));
    }
}

#[test]
fn a_dependency_is_down() {
    let event = Event::DependencyDown {
        service: "checkout".into(),
        dependency: "ledger".into(),
    };
    let simulation = run(&test(60, vec![given(10, 30, event)]));
    println!("{:#?}", fired(&simulation));
    assert!(fired(&simulation).iter().any(|line| line.contains("ledger.availability")));
    assert!(fired(&simulation).iter().any(|line| line.contains("checkout.availability")));
}

#[test]
fn resets_do_not_alert() {
    let event = Event::CounterReset { service: "search".into() };
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
    println!("{:#?}", fired(&simulation));
    let remaining: Vec<f64> = simulation
        .store
        .iter()
        .filter(|samples| samples.labels.metric() == "slo:period_error_budget_remaining:ratio")
        .filter(|samples| samples.labels.get("slo") == "availability")
        .flat_map(|samples| samples.floats.iter().map(|sample| sample.value).collect::<Vec<_>>())
        .collect();
    assert!(!remaining.is_empty());
    assert!(remaining.iter().all(|left| (left - 0.05).abs() < 0.001), "{remaining:?}");
}

#[test]
fn a_new_service_has_no_history() {
    let mut new = test(30, vec![given(5, 20, errors("search.latency", 100))]);
    new.history = History::None;
    let simulation = run(&new);
    println!("{:#?}", fired(&simulation));
}
