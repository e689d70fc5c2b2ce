//! Alerting rules.

use super::*;
use crate::labels::Labels;
use crate::value::Point;

#[test]
fn an_alert_is_pending_then_fires_then_is_resolved() {
    let mut store = store(&[r#"x{a="1"} 1 2 3 4 0 0"#]);
    let rule = alerting("High", "x > 0", 2, &[("severity", "page")]);
    let outcome = evaluate(&[group(vec![rule])], &mut store, 5);
    assert_eq!(
        transitions(&outcome),
        [r#"{a="1", alertname="High", severity="page"} pending@0=1 firing@2=3 inactive@4=4"#]
    );
    assert_eq!(
        written(&store, "ALERTS"),
        [
            r#"ALERTS_FOR_STATE{a="1", alertname="High", severity="page"} 0@0 0@1 0@2 0@3 stale@4"#,
            r#"ALERTS{a="1", alertname="High", alertstate="firing", severity="page"} 1@2 1@3 stale@4"#,
            r#"ALERTS{a="1", alertname="High", alertstate="pending", severity="page"} 1@0 1@1 stale@2"#,
        ]
    );
    let firing = |at| outcome.alerts_at(at, AlertState::Firing).count();
    assert_eq!(
        [firing(1999), firing(2000), firing(3999), firing(4000)],
        [0, 1, 1, 0]
    );
    let observation = outcome.alerts[0].observation_at(2500).unwrap();
    assert_eq!(
        (observation.at, &observation.value),
        (2000, &Point::Float(3.0))
    );
    assert_eq!(observation.labels.to_string(), r#"x{a="1"}"#);
}

#[test]
fn an_alert_keeps_firing() {
    let mut store = store(&["x 1 0 0 0 0"]);
    let mut rule = alerting("High", "x > 0", 0, &[]);
    if let Rule::Alerting(rule) = &mut rule {
        rule.keep_firing = 2000;
    }
    let outcome = evaluate(&[group(vec![rule])], &mut store, 4);
    assert_eq!(
        transitions(&outcome),
        [r#"{alertname="High"} firing@0=1 inactive@3=1"#]
    );
}

#[test]
fn an_alert_becomes_active_again() {
    let mut store = store(&["x 1 0 2 2 0"]);
    let outcome = evaluate(
        &[group(vec![alerting("High", "x > 0", 1, &[])])],
        &mut store,
        4,
    );
    assert_eq!(
        transitions(&outcome),
        [r#"{alertname="High"} pending@0=1 inactive@1=1 pending@2=2 firing@3=2 inactive@4=2"#]
    );
    assert_eq!(
        written(&store, "ALERTS_FOR"),
        [r#"ALERTS_FOR_STATE{alertname="High"} 0@0 stale@1 2@2 2@3 stale@4"#]
    );
}

/// Expands every template to the value or, if it is `{{zone}}`, to a label.
struct Values;

impl Expand for Values {
    fn expand(&self, template: &str, sample: &Observation) -> String {
        match template {
            "{{zone}}" => sample.labels.get("zone").to_owned(),
            _ => sample.value.float().unwrap_or_default().to_string(),
        }
    }

    fn depends_on_labels_only(&self, template: &str) -> bool {
        template == "{{zone}}"
    }
}

#[test]
fn labels_with_templates_identify_alerts() {
    let settings = Settings {
        expand: &Values,
        ..Settings::default()
    };
    let mut input = store(&[r#"x{zone="z"} 1 1 2 1"#]);
    let labels = [("level", "{{value}}"), ("zone", "")];
    let rule = alerting("High", "x", 1, &labels);
    let outcome = run(&[group(vec![rule])], &mut input, 0..=3000, settings).unwrap();
    assert_eq!(
        transitions(&outcome),
        [
            r#"{alertname="High", level="1"} pending@0=1 firing@1=1 inactive@2=1 pending@3=1"#,
            r#"{alertname="High", level="2"} pending@2=2 inactive@3=2"#,
        ]
    );
    let mut input = store(&[r#"x{zone="z"} 1 1 2 1"#]);
    let rule = alerting("High", "x", 1, &[("where", "{{zone}}"), ("zone", "")]);
    let outcome = run(&[group(vec![rule])], &mut input, 0..=3000, settings).unwrap();
    assert_eq!(
        transitions(&outcome),
        [r#"{alertname="High", where="z"} pending@0=1 firing@1=1"#]
    );
}

#[test]
fn histories_are_ordered_by_rule_and_labels() {
    let mut store = store(&[r#"x{a="2"} 1"#, r#"x{a="1"} 1"#]);
    let rules = vec![
        alerting("B", "x", 0, &[]),
        recording("y", "x"),
        alerting("A", "y", 0, &[]),
    ];
    let outcome = evaluate(&[group(rules)], &mut store, 0);
    let labels: Vec<(usize, &str, &str)> = outcome
        .alerts
        .iter()
        .map(|alert| {
            (
                alert.rule.rule,
                alert.labels.get(ALERT_NAME),
                alert.labels.get("a"),
            )
        })
        .collect();
    assert_eq!(
        labels,
        [(0, "B", "1"), (0, "B", "2"), (2, "A", "1"), (2, "A", "2")]
    );
    assert_ne!(outcome.alerts[0].labels, Labels::default());
}
