//! Alerts that a plan takes away: what pages today and would not any more.

use std::collections::BTreeSet;

use nth_delivery::{ObjectKind, Operation};
use serde_json::Value;

use super::Surveyed;

/// The labels that distinguish alerts of one name.
const LABELS: [&str; 4] = ["service", "slo", "severity", "long_window"];

/// An alert by its name and labels: `SLOErrorBudgetBurn of checkout.availability (page, 1h)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    name: String,
    labels: [String; LABELS.len()],
}

impl Alert {
    fn new(rule: &Value) -> Option<Self> {
        let name = rule.get("alert")?.as_str()?.to_owned();
        let labels = rule.get("labels");
        let label = |name: &str| {
            let value = labels.and_then(|labels| labels.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Some(Self {
            name,
            labels: LABELS.map(label),
        })
    }

    /// The alert in words.
    pub fn text(&self) -> String {
        let [service, slo, severity, window] = &self.labels;
        let of = match (service.as_str(), slo.as_str()) {
            ("", "") => String::new(),
            (service, "") => format!(" of {service}"),
            (service, slo) => format!(" of {service}.{slo}"),
        };
        let how: Vec<&str> = [severity.as_str(), window.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let how = match how.as_slice() {
            [] => String::new(),
            how => format!(" ({})", how.join(", ")),
        };
        nthc::diagnostics::render::one_line(&format!("{}{of}{how}", self.name))
    }
}

/// The alerts that operations take away from their destination: they are evaluated there now, and would not be.
pub fn silenced(surveyed: &Surveyed, operations: &[Operation]) -> Vec<Alert> {
    let survey = &surveyed.survey;
    let is_touched = |key: &nth_delivery::ObjectKey| operations.iter().any(|one| one.key == *key);
    let mut before = BTreeSet::new();
    for live in &survey.live {
        if is_touched(&live.key) {
            collect(live.key.kind, &live.content, &mut before);
        }
    }
    let mut after = BTreeSet::new();
    for desired in &survey.desired {
        collect(desired.key.kind, &desired.content, &mut after);
    }
    before.difference(&after).cloned().collect()
}

/// Adds the alerts in a content.
fn collect(kind: ObjectKind, content: &Value, alerts: &mut BTreeSet<Alert>) {
    let of_group = |group: &Value, alerts: &mut BTreeSet<Alert>| {
        let rules = group.get("rules").and_then(Value::as_array);
        alerts.extend(rules.into_iter().flatten().filter_map(Alert::new));
    };
    match kind {
        ObjectKind::RuleGroup => of_group(content, alerts),
        ObjectKind::RuleFile | ObjectKind::KubernetesObject => {
            let groups = content
                .get("groups")
                .or_else(|| content.get("spec")?.get("groups"));
            for group in groups.and_then(Value::as_array).into_iter().flatten() {
                of_group(group, alerts);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(kind: ObjectKind, content: &Value) -> Vec<String> {
        let mut alerts = BTreeSet::new();
        collect(kind, content, &mut alerts);
        alerts.iter().map(Alert::text).collect()
    }

    #[test]
    fn alerts_are_found_in_every_kind_of_object() {
        let rules = json!([
            { "record": "a", "expr": "1" },
            { "alert": "Burn", "expr": "1", "labels": { "service": "checkout", "slo": "availability", "severity": "page", "long_window": "1h" } },
            { "alert": "Own", "expr": "1" },
        ]);
        let expected = ["Burn of checkout.availability (page, 1h)", "Own"];
        let group = json!({ "name": "g", "rules": rules });
        assert_eq!(found(ObjectKind::RuleGroup, &group), expected);
        let file = json!({ "groups": [group] });
        assert_eq!(found(ObjectKind::RuleFile, &file), expected);
        let resource = json!({ "spec": file });
        assert_eq!(found(ObjectKind::KubernetesObject, &resource), expected);
        assert!(found(ObjectKind::Dashboard, &file).is_empty());
    }
}
