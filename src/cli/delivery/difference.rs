//! What differs between an object that is live and what it should be, for people.

use std::collections::{BTreeMap, BTreeSet};

use nth_delivery::destinations::alertmanager::without_inline_secrets;
use nth_delivery::{ObjectKind, Operation};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::Surveyed;
use super::silenced::Alert;
use crate::report::count;
use nthc::diagnostics::render::one_line;

/// The most lines that are shown of an object.
const LINES: usize = 40;

/// The lines that differ between what is live and what would be.
pub fn difference(surveyed: &Surveyed, operation: &Operation) -> Vec<String> {
    let survey = &surveyed.survey;
    let live = survey.live.iter().find(|one| one.key == operation.key);
    let desired = survey.desired.iter().find(|one| one.key == operation.key);
    let text = |content: Option<&Value>| match (content, operation.key.kind) {
        (None, _) => String::new(),
        // Whoever wrote what is live may have written secrets into it.
        (Some(content), ObjectKind::AlertmanagerConfig) => pretty(&without_inline_secrets(content)),
        (Some(content), _) => pretty(content),
    };
    let (live, desired) = (
        live.map(|one| &one.content),
        desired.map(|one| &one.content),
    );
    let mut shown = match (live, desired) {
        (Some(live), Some(desired)) if groups(live).is_some() && groups(desired).is_some() => {
            of_rules(live, desired)
        }
        _ => lines(&text(live), &text(desired)),
    };
    if shown.len() > LINES {
        let more = shown.len() - LINES;
        shown.truncate(LINES);
        shown.push(format!("… and {}", count(more, "more line")));
    }
    shown
}

/// The rule groups in a content; `None` if it is not of rules.
pub fn groups(content: &Value) -> Option<Vec<&Value>> {
    if content.get("rules").is_some_and(Value::is_array) {
        return Some(vec![content]);
    }
    let groups = { content.get("groups") }.or_else(|| content.get("spec")?.get("groups"));
    Some(groups?.as_array()?.iter().collect())
}

/// What differs between rules, by their names: `+ alert A`, `- series b`, `~ alert C` with its fields; then what differs besides.
fn of_rules(live: &Value, desired: &Value) -> Vec<String> {
    let (before, after) = (rules(live), rules(desired));
    let names: BTreeSet<&(String, usize)> = before.keys().chain(after.keys()).collect();
    let mut shown = Vec::new();
    for key in names {
        let name = &key.0;
        match (before.get(key), after.get(key)) {
            (Some(_), None) => shown.push(format!("- {name}")),
            (None, Some(_)) => shown.push(format!("+ {name}")),
            (Some(before), Some(after)) if before != after => {
                shown.push(format!("~ {name}"));
                let fields = lines(&pretty(before), &pretty(after));
                shown.extend(fields.iter().map(|line| format!("  {line}")));
            }
            _ => {}
        }
    }
    let (before, after) = (groups_by_name(live), groups_by_name(desired));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(_), None) => shown.push(format!("- group {name}")),
            (None, Some(_)) => shown.push(format!("+ group {name}")),
            (Some(before), Some(after)) if before != after => {
                shown.push(format!("~ group {name}"));
                let fields = lines(&pretty(before), &pretty(after));
                shown.extend(fields.iter().map(|line| format!("  {line}")));
            }
            _ => {}
        }
    }
    shown.extend(lines(
        &pretty(&without_groups(live)),
        &pretty(&without_groups(desired)),
    ));
    if shown.is_empty() {
        shown.push("its rules stand in another order".to_owned());
    }
    shown
}

/// The rules of a content by what they are called and, if several are called the same, their number.
fn rules(content: &Value) -> BTreeMap<(String, usize), &Value> {
    let mut found = BTreeMap::new();
    for group in groups(content).unwrap_or_default() {
        let rules = group.get("rules").and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            let name = match (Alert::new(rule), rule.get("record").and_then(Value::as_str)) {
                (Some(alert), _) => format!("alert {}", alert.text()),
                (None, Some(record)) => {
                    let labels = rule.get("labels").map_or_else(String::new, |labels| {
                        let labels = labels.as_object().into_iter().flatten();
                        let pairs: BTreeMap<_, _> = labels.collect();
                        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
                        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
                    });
                    one_line(&format!("series {record}{labels}"))
                }
                _ => "rule without a name".to_owned(),
            };
            let mut number = 0;
            while found.contains_key(&(name.clone(), number)) {
                number += 1;
            }
            found.insert((name, number), rule);
        }
    }
    found
}

/// The groups of a content by their names, without their rules.
fn groups_by_name(content: &Value) -> BTreeMap<String, Value> {
    let named = { groups(content).unwrap_or_default().into_iter() }.map(|group| {
        let name = group
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        (one_line(name), without("rules", group))
    });
    named.collect()
}

/// A content without its groups.
fn without_groups(content: &Value) -> Value {
    match (content.get("rules"), content.get("spec")) {
        (Some(_), _) => Value::Null,
        (None, Some(spec)) => {
            let mut content = content.clone();
            content["spec"] = without("groups", spec);
            content
        }
        (None, None) => without("groups", content),
    }
}

fn without(member: &str, value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| name.as_str() != member)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A content with a line for each value and each line of a text, its members in one order.
fn pretty(content: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut names: Vec<&String> = members.keys().collect();
                names.sort();
                let pairs = names
                    .into_iter()
                    .filter_map(|name| Some((name.clone(), sorted(members.get(name)?))));
                Value::Object(pairs.collect())
            }
            Value::Array(items) => items.iter().map(sorted).collect(),
            // A file in it: each of its lines can differ.
            Value::String(text) if text.trim_end().contains('\n') => {
                text.lines().map(Value::from).collect()
            }
            other => other.clone(),
        }
    }
    serde_json::to_string_pretty(&sorted(content)).unwrap_or_default()
}

fn lines(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut shown = Vec::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        let line = change.value().trim_end();
        shown.push(one_line(&format!("{sign} {line}")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown_and_the_order_of_members_does_not_matter() {
        let before = json!({ "b": 1, "a": [1, 2] });
        let after = json!({ "a": [1, 2], "b": 2 });
        assert_eq!(
            lines(&pretty(&before), &pretty(&after)),
            [r#"-   "b": 1"#, r#"+   "b": 2"#]
        );
        let before = json!({ "config": "route:\n  receiver: a\n" });
        let after = json!({ "config": "route:\n  receiver: b\n" });
        assert_eq!(
            lines(&pretty(&before), &pretty(&after)),
            [r#"-     "  receiver: a""#, r#"+     "  receiver: b""#]
        );
    }

    #[test]
    fn rules_are_named() {
        let series = |value: &str| json!({ "record": "slo:sli:ratio", "labels": { "slo": "a", "service": "b" }, "expr": value });
        let alert = |name: &str, hold: &str| json!({ "alert": name, "labels": { "service": "b", "severity": "page" }, "expr": "1", "for": hold });
        let before = json!({ "groups": [{ "name": "g", "interval": "30s", "rules": [series("1"), series("1"), alert("Gone", "1m"), alert("Kept", "1m")] }] });
        let after = json!({ "groups": [{ "name": "g", "interval": "1m", "rules": [series("1"), series("2"), alert("Kept", "5m"), alert("New", "1m")] }] });
        insta::assert_snapshot!(of_rules(&before, &after).join("\n"));
        let turned = json!({ "name": "g", "rules": [alert("A", "1m"), alert("B", "1m")] });
        let order = json!({ "name": "g", "rules": [alert("B", "1m"), alert("A", "1m")] });
        assert_eq!(
            of_rules(&turned, &order),
            ["its rules stand in another order"]
        );
    }
}
