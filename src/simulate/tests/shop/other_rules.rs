//! Other rules than those of the shop, over the series of the shop.

use nth_model::test::{Event, Test};
use nth_model::{Duration, Numerator, Service, Sli};
use nth_promql::{MatchOp, Node, rewrite};
use nth_simulate::{Plan, RuleSet, Simulation, services_of, simulate, simulate_rules};
use rust_decimal::Decimal;

use crate::support::{fired, given, shop, slo, test};

/// The service with a change.
fn changed(name: &str, change: impl FnOnce(&mut Service)) -> Service {
    let mut service = shop().service(name).clone();
    change(&mut service);
    service
}

/// Runs a test with the shop's rules and with those of a changed service: the whole of them, and the part that differs.
fn both(test: &Test, service: &Service) -> (Simulation, Simulation, Option<Simulation>) {
    let shop = shop();
    let services = services_of(test, &shop.project()).unwrap();
    let plan = Plan::new(&services, &shop.settings, &[]).unwrap();
    let original = plan.rules();
    let own = RuleSet::of_services(&[service], &shop.settings).unwrap();
    let rules = original.replaced(&service.name, &own);
    let whole = simulate_rules(&plan, test, &rules, rules.clone().into()).unwrap();
    let part = rules
        .difference(original)
        .map(|difference| simulate_rules(&plan, test, &rules, difference.rules.into()).unwrap());
    (simulate(&plan, test).unwrap(), whole, part)
}

fn errors(name: &str, percent: i64) -> Test {
    let event = Event::Errors {
        slo: slo(name),
        share: Decimal::new(percent, 2),
    };
    test(120, vec![given(10, 20, event)])
}

fn budget_left(simulation: &Simulation, of: &str) -> f64 {
    let mut all = simulation.store.iter();
    let series = all.find(|series| {
        series.labels.metric() == "slo:period_error_budget_remaining:ratio"
            && series.labels.get("slo") == of
    });
    series.unwrap().floats.last().unwrap().value
}

#[test]
fn the_same_rules_do_the_same() {
    let test = errors("checkout.availability", 50);
    let (original, whole, part) = both(&test, shop().service("checkout"));
    assert_eq!(fired(&original), fired(&whole));
    assert!(part.is_none());
}

#[test]
fn a_part_does_what_the_whole_does() {
    // A third of an hour is more than the 28.8% that consume 2% of the looser budget, too.
    let test = errors("checkout.availability", 100);
    let looser = changed("checkout", |service| {
        let slo = service
            .slos
            .iter_mut()
            .find(|slo| slo.name == "availability");
        slo.unwrap().objective = Decimal::new(98, 2);
    });
    let (original, whole, part) = both(&test, &looser);
    let part = part.unwrap();
    assert_ne!(fired(&original), fired(&whole));
    assert!(!fired(&whole).is_empty());
    assert_eq!(fired(&part), fired(&whole));
    assert!(part.rules.groups.len() < whole.rules.groups.len());
    let left = budget_left(&whole, "availability");
    assert_eq!(left, budget_left(&part, "availability"));
    // A tenth of what is consumed of the original budget.
    let consumed = 1.0 - budget_left(&original, "availability");
    assert!(
        (1.0 - left - consumed / 10.0).abs() < 1e-3,
        "{left} {consumed}"
    );
}

#[test]
fn a_longer_hold_begins_before_the_test() {
    let hold = Duration::minutes(60);
    let longer = changed("checkout", |service| {
        let alert = service
            .alerts
            .iter_mut()
            .find(|alert| alert.name == "queue-backlog");
        alert.unwrap().hold = Some(hold);
    });
    let (original, whole, part) = both(&errors("checkout.availability", 0), &longer);
    assert_eq!(fired(&original), fired(&whole));
    // Only this alert is evaluated, from as early as all rules would be.
    let part = part.unwrap();
    let rules: usize = part
        .rules
        .groups
        .iter()
        .map(|group| group.rules.len())
        .sum();
    assert_eq!(rules, 1);
}

/// The past of an SLO is what the changed rules would have recorded, not what the series are made for.
#[test]
fn a_changed_indicator_has_another_past() {
    let all_bad = changed("checkout", |service| {
        let slo = service
            .slos
            .iter_mut()
            .find(|slo| slo.name == "availability");
        let Sli::Events {
            numerator: Numerator::Bad(bad),
            ..
        } = &mut slo.unwrap().sli
        else {
            panic!("the SLI counts no bad events");
        };
        rewrite::each_expr(bad, &mut |expr| {
            if let Node::Selector(selector) = &mut expr.node {
                selector
                    .matchers
                    .retain(|matcher| matcher.op == MatchOp::Equal);
            }
        });
    });
    let test = errors("checkout.availability", 0);
    let (original, whole, part) = both(&test, &all_bad);
    assert!(budget_left(&original, "availability") > 0.999);
    // Everything was bad for the whole window, which is 500 times the budget.
    let left = budget_left(&whole, "availability");
    assert!((-500.0..-490.0).contains(&left), "{left}");
    assert_eq!(left, budget_left(&part.unwrap(), "availability"));
    // Other SLOs have the past that they had.
    assert!(budget_left(&whole, "latency") > 0.999);
    assert_eq!(
        budget_left(&original, "latency"),
        budget_left(&whole, "latency")
    );
}

#[test]
fn changed_time_slices_have_another_past() {
    let inverted = changed("orders-db", |service| {
        let slo = service
            .slos
            .iter_mut()
            .find(|slo| slo.name == "replication");
        let Sli::TimeSlices { good } = &mut slo.unwrap().sli else {
            panic!("the SLI has no time slices");
        };
        rewrite::each_expr(good, &mut |expr| {
            if let Node::Binary(binary) = &mut expr.node {
                binary.op = nth_promql::BinaryOp::Greater;
            }
        });
    });
    let (original, whole, part) = both(&errors("orders-db.replication", 0), &inverted);
    assert!(budget_left(&original, "replication") > 0.999);
    let left = budget_left(&whole, "replication");
    assert!((-100.0..-98.0).contains(&left), "{left}");
    assert_eq!(left, budget_left(&part.unwrap(), "replication"));
}

/// Labels of the rules are in their past too.
#[test]
fn another_team_has_the_same_past() {
    let moved = changed("checkout", |service| service.team = Some("commerce".into()));
    let (original, whole, _) = both(&errors("checkout.availability", 50), &moved);
    assert_eq!(fired(&original), fired(&whole));
    let (before, after) = (
        budget_left(&original, "availability"),
        budget_left(&whole, "availability"),
    );
    assert!((before - after).abs() < 1e-9, "{before} {after}");
    let is_moved = |simulation: &Simulation| {
        let mut alerts = simulation.alerts.iter();
        alerts.all(|alert| alert.labels.get("team") == "commerce")
    };
    assert!(is_moved(&whole) && !is_moved(&original));
}
