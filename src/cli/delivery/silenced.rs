//! What a plan silences: what pages today and would not any more.

use std::collections::BTreeSet;

use nth_delivery::{ObjectKind, Operation};
use serde_json::Value;

use super::Surveyed;
use super::routes::{Labels, Outcome, Routes, Unreadable};

/// The labels that distinguish alerts of one name.
const LABELS: [&str; 4] = ["service", "slo", "severity", "long_window"];

/// An alert by its name and labels: `SLOErrorBudgetBurn of checkout.availability (page, 1h)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    name: String,
    labels: [String; LABELS.len()],
}

impl Alert {
    /// The alert of a rule; `None` for a rule that records.
    pub fn new(rule: &Value) -> Option<Self> {
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

/// What operations at a destination silence, in plain sentences: alerts that are evaluated there now and would not be, and alerts that
/// somebody is notified of now and nobody would be. `alerts` are the labels of all alerts that may reach a route.
pub fn silenced(
    surveyed: &Surveyed,
    operations: &[Operation],
    alerts: &BTreeSet<Labels>,
) -> Vec<String> {
    let survey = &surveyed.survey;
    let is_touched = |key: &nth_delivery::ObjectKey| operations.iter().any(|one| one.key == *key);
    let mut before = BTreeSet::new();
    let mut found = Vec::new();
    for live in &survey.live {
        if !is_touched(&live.key) {
            continue;
        }
        collect(live.key.kind, &live.content, &mut before);
        let wanted = survey.desired.iter().find(|one| one.key == live.key);
        let wanted = wanted.map(|one| &one.content);
        match unheard(&live.content, wanted, alerts) {
            Ok(unheard) => found.extend(unheard),
            Err(why) => found.push(format!(
                "whom the live {} notifies is unknown: {}",
                live.key,
                nthc::diagnostics::render::one_line(&why.to_string())
            )),
        }
    }
    let mut after = BTreeSet::new();
    for desired in &survey.desired {
        collect(desired.key.kind, &desired.content, &mut after);
    }
    let lost = { before.difference(&after) }
        .map(|alert| format!("{} is no longer evaluated", alert.text()));
    lost.chain(found).collect()
}

/// The alerts of which the routes of a live configuration notify somebody, and those of the wanted one nobody, or only at times.
fn unheard(
    live: &Value,
    wanted: Option<&Value>,
    alerts: &BTreeSet<Labels>,
) -> Result<Vec<String>, Unreadable> {
    let Some(live) = Routes::read(live)? else {
        return Ok(Vec::new());
    };
    let wanted = match wanted {
        Some(wanted) => Routes::read(wanted)?,
        None => None,
    };
    let mut found: Vec<(Labels, &str)> = Vec::new();
    let by_routes = { wanted.iter().chain([&live]) }.flat_map(Routes::examples);
    let mut examples: Vec<Labels> = by_routes.collect();
    // Few labels first: what is said of a route is said of its alerts.
    examples.sort_by_key(Labels::len);
    examples.dedup();
    let mut names = BTreeSet::new();
    { wanted.iter().chain([&live]) }.for_each(|routes| routes.names(&mut names));
    // Of thousands of alerts, few differ in what routes look at.
    let of_rules: BTreeSet<Labels> = { alerts.iter() }
        .map(|labels| {
            let known = { labels.iter() }.filter(|(name, _)| names.contains(name.as_str()));
            known
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        })
        .collect();
    for labels in examples.iter().chain(&of_rules) {
        let is_said = { found.iter() }.any(|(said, _)| {
            said.iter()
                .all(|(name, value)| labels.get(name) == Some(value))
        });
        if is_said {
            continue;
        }
        let before = live.outcome(labels)?;
        let after = match &wanted {
            Some(wanted) => wanted.outcome(labels)?,
            None => Outcome::Nobody,
        };
        if after < before {
            let what = match after {
                Outcome::AtTimes => "notify only at times",
                _ => "no longer notify anyone",
            };
            found.push((labels.clone(), what));
        }
    }
    Ok({ found.iter() }
        .map(|(labels, what)| {
            let pairs: Vec<String> = { labels.iter() }
                .map(|(name, value)| format!("{name}={}", Value::from(value.as_str())))
                .collect();
            let which = match pairs.as_slice() {
                [] => "alerts that match no other route".to_owned(),
                pairs => format!("alerts with {}", pairs.join(", ")),
            };
            format!("{} {what}", nthc::diagnostics::render::one_line(&which))
        })
        .collect())
}

/// The labels of the alerts of all destinations, live and wanted, as far as their rules set them.
pub fn labels_of_alerts<'s>(surveyed: impl IntoIterator<Item = &'s Surveyed>) -> BTreeSet<Labels> {
    let mut found = BTreeSet::new();
    for one in surveyed {
        let live = one
            .survey
            .live
            .iter()
            .map(|one| (one.key.kind, &one.content));
        let desired = { one.survey.desired.iter() }.map(|one| (one.key.kind, &one.content));
        for (kind, content) in live.chain(desired) {
            each_rule(kind, content, &mut |rule| found.extend(labels(rule)));
        }
    }
    found
}

/// The labels of an alert as far as its rule sets them.
fn labels(rule: &Value) -> Option<Labels> {
    let name = rule.get("alert")?.as_str()?;
    let written = rule.get("labels").and_then(Value::as_object);
    let known = { written.into_iter().flatten() }
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .filter(|(_, value)| !value.contains("{{"));
    Some(
        known
            .chain([("alertname".to_owned(), name.to_owned())])
            .collect(),
    )
}

/// Adds the alerts in a content.
fn collect(kind: ObjectKind, content: &Value, alerts: &mut BTreeSet<Alert>) {
    each_rule(kind, content, &mut |rule| alerts.extend(Alert::new(rule)));
}

/// Calls `see` with each rule in a content.
fn each_rule(kind: ObjectKind, content: &Value, see: &mut dyn FnMut(&Value)) {
    let mut of_group = |group: &Value| {
        let rules = group.get("rules").and_then(Value::as_array);
        rules.into_iter().flatten().for_each(&mut *see);
    };
    match kind {
        ObjectKind::RuleGroup => of_group(content),
        ObjectKind::RuleFile | ObjectKind::KubernetesObject => {
            let groups = content
                .get("groups")
                .or_else(|| content.get("spec")?.get("groups"));
            let groups = groups.and_then(Value::as_array);
            groups.into_iter().flatten().for_each(of_group);
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
    /// What is silenced between two configurations with these routes.
    fn between(live: &Value, wanted: Option<&Value>, alerts: &[&[(&str, &str)]]) -> Vec<String> {
        let config = |routes: &Value| {
            let config = json!({
                "route": { "receiver": "nobody", "routes": routes },
                "receivers": [
                    { "name": "nobody" },
                    { "name": "team", "slack_configs": [{ "channel": "team" }] },
                    { "name": "other", "email_configs": [{ "to": "a@example.com" }] },
                ],
            });
            json!({ "config": config.to_string() })
        };
        let alerts = { alerts.iter() }
            .map(|pairs| {
                let pairs = pairs.iter();
                pairs
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect()
            })
            .collect();
        unheard(&config(live), wanted.map(config).as_ref(), &alerts).unwrap()
    }

    #[test]
    fn a_route_that_goes_is_silenced_and_one_that_leads_elsewhere_is_not() {
        let route = |receiver: &str, matchers: &[&str]| json!({ "receiver": receiver, "matchers": matchers });
        let (page, all) = (["team=a", "severity=page"], ["team=a"]);
        let live = json!([route("team", &page)]);
        let gone = ["alerts with severity=\"page\", team=\"a\" no longer notify anyone"];
        assert_eq!(between(&live, Some(&json!([])), &[]), gone);
        assert_eq!(between(&live, None, &[]), gone);
        assert!(between(&live, Some(&json!([route("other", &page)])), &[]).is_empty());
        assert!(between(&live, Some(&json!([route("team", &all)])), &[]).is_empty());
        // A new route that takes the alerts away before they reach the one that notifies.
        let wanted = json!([route("nobody", &["service=batch"]), route("team", &page)]);
        let batch: &[(&str, &str)] = &[("service", "batch"), ("team", "a"), ("severity", "page")];
        assert_eq!(
            between(&live, Some(&wanted), &[batch]),
            [
                "alerts with service=\"batch\", severity=\"page\", team=\"a\" no longer notify anyone"
            ]
        );
        // It is muted at times.
        let mut muted = route("team", &page);
        muted["mute_time_intervals"] = json!(["nights"]);
        assert_eq!(
            between(&live, Some(&json!([muted])), &[batch]),
            ["alerts with severity=\"page\", team=\"a\" notify only at times"]
        );
    }
}
