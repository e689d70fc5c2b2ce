//! Drift of alerts as the `.nth` that would keep it.

use std::collections::BTreeMap;

use nth_delivery::Operation;
use nth_model::names::alert_names;
use serde_json::Value;

use super::Surveyed;
use super::difference::groups;
use nthc::diagnostics::render::one_line;
use nthc::ir;

/// The names of alerts in the sources, by service and name in the rules. Alerts of dependencies are left out: their templates say them.
pub type WrittenAlerts = BTreeMap<(String, String), String>;

/// The names of the alerts that services say themselves.
pub fn written_alerts<'s>(services: impl IntoIterator<Item = &'s ir::Service>) -> WrittenAlerts {
    let mut found = WrittenAlerts::new();
    for service in services {
        let names: Vec<&str> = { service.alerts.iter() }
            .map(|alert| alert.name.as_str())
            .collect();
        for (alert, name) in service.alerts.iter().zip(alert_names(&names)) {
            if alert.dependency.is_none() {
                let key = (service.name.to_string(), name.unique);
                found.insert(key, alert.name.to_string());
            }
        }
    }
    found
}

/// What to write in the sources to keep what somebody changed of an object: a line for each alert. Empty unless all of the change can be
/// said.
pub fn keeping(surveyed: &Surveyed, operation: &Operation, written: &WrittenAlerts) -> Vec<String> {
    let survey = &surveyed.survey;
    let live = survey.live.iter().find(|one| one.key == operation.key);
    let desired = survey.desired.iter().find(|one| one.key == operation.key);
    match (live, desired) {
        (Some(live), Some(desired)) => {
            lines(&live.content, &desired.content, written).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// `None` if something differs that cannot be said.
fn lines(live: &Value, desired: &Value, written: &WrittenAlerts) -> Option<Vec<String>> {
    let (mut live, mut desired) = (live.clone(), desired.clone());
    let (is, should) = (take_alerts(&mut live)?, take_alerts(&mut desired)?);
    if live != desired || !is.keys().eq(should.keys()) {
        return None;
    }
    let mut found = Vec::new();
    for (key, is) in &is {
        let should = should.get(key)?;
        if is == should {
            continue;
        }
        let name = written.get(key)?;
        let fields = fields(is, should)?;
        found.push(one_line(&format!(
            "in `alert {}` of `service {}`: {}",
            quoted(name),
            quoted(&key.0),
            fields.join(", ")
        )));
    }
    Some(found)
}

/// Takes the alerts out of a content, by service and name. Of several with one, which are generated, the first: the others are compared
/// with the rest. `None` if the content is not of rules.
fn take_alerts(content: &mut Value) -> Option<BTreeMap<(String, String), Value>> {
    let mut found = BTreeMap::new();
    groups(content)?;
    if content.get("rules").is_some() {
        take_of_group(content, &mut found);
        return Some(found);
    }
    let groups = match content.get("groups") {
        Some(_) => content.get_mut("groups"),
        None => content.get_mut("spec")?.get_mut("groups"),
    };
    for group in groups?.as_array_mut()? {
        take_of_group(group, &mut found);
    }
    Some(found)
}

fn take_of_group(group: &mut Value, found: &mut BTreeMap<(String, String), Value>) {
    let rules = group.get_mut("rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        let Some(name) = rule.get("alert").and_then(Value::as_str) else {
            continue;
        };
        let service = rule.get("labels").and_then(|labels| labels.get("service"));
        let service = service.and_then(Value::as_str).unwrap_or_default();
        let key = (service.to_owned(), name.to_owned());
        found.entry(key).or_insert_with(|| std::mem::take(rule));
    }
}

/// The fields of an alert that say what is different; `None` if something cannot be said.
fn fields(is: &Value, should: &Value) -> Option<Vec<String>> {
    let (is, should) = (is.as_object()?, should.as_object()?);
    let mut found = Vec::new();
    for name in is
        .keys()
        .chain(should.keys().filter(|name| !is.contains_key(*name)))
    {
        let (is, should) = (is.get(name), should.get(name));
        if is == should {
            continue;
        }
        let text = is.and_then(Value::as_str);
        match name.as_str() {
            "for" | "keep_firing_for" => {
                let text = text.unwrap_or("0s");
                nth_promql::seconds(text)?;
                found.push(format!("`{name} = {text}`"));
            }
            "limit" => found.push(format!("`limit = {}`", is?.as_u64()?)),
            "expr" => {
                // In a query of the sources, these begin something else.
                let text = text.filter(|text| !text.contains('`') && !text.contains("${"))?;
                found.push(format!("when = `{text}`"));
            }
            "labels" => {
                let (is, should) = (is?.as_object()?, should?.as_object()?);
                let severity = is.get("severity")?.as_str()?;
                let without = |labels: &serde_json::Map<String, Value>| {
                    let mut labels = labels.clone();
                    labels.shift_remove("severity");
                    labels
                };
                if without(is) != without(should) || !matches!(severity, "page" | "ticket") {
                    return None;
                }
                found.push(format!("`severity = {severity}`"));
            }
            _ => return None,
        }
    }
    Some(found)
}

/// A name as it is written: in quotes unless it is an identifier.
fn quoted(name: &str) -> String {
    let is_plain = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
    match is_plain {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(change: &dyn Fn(&mut Value)) -> Option<Vec<String>> {
        let rule = json!({
            "alert": "QueueFull", "expr": "max(queue) > 100", "for": "5m",
            "labels": { "service": "checkout", "severity": "ticket" },
        });
        let burn = json!({ "alert": "Burn", "expr": "a > 1", "labels": { "service": "checkout" } });
        let desired = json!({ "groups": [{ "name": "g", "rules": [rule, burn, burn] }] });
        let mut live = desired.clone();
        change(&mut live["groups"][0]);
        let key = ("checkout".to_owned(), "QueueFull".to_owned());
        lines(
            &live,
            &desired,
            &WrittenAlerts::from([(key, "queue full".to_owned())]),
        )
    }

    #[test]
    fn what_an_alert_has_a_field_for_is_said() {
        let lines = said(&|group| {
            let rule = &mut group["rules"][0];
            rule["for"] = json!("50m");
            rule["keep_firing_for"] = json!("1h");
            rule["expr"] = json!("max(queue) > 200");
            rule["labels"]["severity"] = json!("page");
        });
        assert_eq!(
            lines.unwrap(),
            [
                "in `alert \"queue full\"` of `service checkout`: when = `max(queue) > 200`, `for = 50m`, \
                 `severity = page`, `keep_firing_for = 1h`"
            ]
        );
        assert_eq!(
            said(&|group| {
                group["rules"][0]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("for");
            })
            .unwrap(),
            ["in `alert \"queue full\"` of `service checkout`: `for = 0s`"]
        );
    }

    #[test]
    fn what_cannot_be_said_wholly_is_not_said() {
        let changes: [&dyn Fn(&mut Value); 6] = [
            &|group| group["interval"] = json!("1m"),
            // An alert that is generated.
            &|group| group["rules"][2]["expr"] = json!("a > 2"),
            &|group| group["rules"][1]["expr"] = json!("a > 2"),
            &|group| group["rules"][0]["labels"]["team"] = json!("a"),
            &|group| {
                group["rules"][0]["expr"] = json!("label_replace(a, \"${b}\", `c`, \"\", \"\")")
            },
            &|group| {
                group["rules"].as_array_mut().unwrap().pop();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            assert_eq!(said(change), None, "{number}");
        }
    }
}
