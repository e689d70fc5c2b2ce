//! Rule groups of Cortex's API: their normal form, and the mark of their owner.

use nth_units::Duration;
use serde_json::{Map, Value, json};

use crate::object::{ContentHash, LiveObject, ObjectKey, ObjectKind, Owner};

/// The series of the mark: the last rule of each group of ours. It also says in PromQL which groups are ours.
pub const MARK: &str = "nthc_rule_group_info";
/// The version of the normal form, before the hash in a mark.
const FORM: &str = "1-";

/// Gives the content of a group its normal form: durations as Prometheus prints them, without what is the default.
pub(in crate::destinations) fn normalize(content: Value) -> Value {
    let Value::Object(mut group) = content else {
        return content;
    };
    group.remove("name");
    duration(&mut group, "interval", true);
    // Zero is not the default of an offset: that is the server's setting.
    duration(&mut group, "query_offset", false);
    duration(&mut group, "evaluation_delay", false);
    group.retain(|_, value| !is_default(value));
    let rules = group.remove("rules").unwrap_or_else(|| json!([]));
    let rules = match rules {
        Value::Array(rules) => rules.into_iter().map(normalize_rule).collect(),
        other => other,
    };
    group.insert("rules".to_owned(), rules);
    Value::Object(group)
}

fn normalize_rule(rule: Value) -> Value {
    let Value::Object(mut rule) = rule else {
        return rule;
    };
    duration(&mut rule, "for", true);
    duration(&mut rule, "keep_firing_for", true);
    if let Some(Value::String(expr)) = rule.get_mut("expr") {
        *expr = expr.trim().to_owned();
    }
    rule.retain(|name, value| name == "expr" || !is_default(value));
    Value::Object(rule)
}

/// Returns true for what servers drop.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Rewrites a duration as Prometheus prints it, and removes it if zero is its default.
fn duration(of: &mut Map<String, Value>, name: &str, zero_is_default: bool) {
    let Some(length) = of.get(name).and_then(Value::as_str).and_then(milliseconds) else {
        return;
    };
    if length == 0 && zero_is_default {
        of.remove(name);
    } else {
        of.insert(name.to_owned(), Duration(length).to_string().into());
    }
}

/// The milliseconds of a duration as Prometheus reads it: `1d12h`, `90m`, `0`. `None` if it is not one.
fn milliseconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, after) = rest.split_at(digits);
        let unit = after
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let length = match unit {
            "y" => 365 * 86_400_000,
            "w" => 7 * 86_400_000,
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        let count: u64 = count.parse().ok()?;
        total = total.checked_add(count.checked_mul(length)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// The group as it is sent, with the mark.
pub(super) fn marked(key: &ObjectKey, content: &Value, owner: &Owner) -> Value {
    let mut group = Map::new();
    group.insert("name".to_owned(), key.name.clone().into());
    if let Value::Object(content) = content {
        group.extend(content.clone());
    }
    let hash = ContentHash::compute(content);
    let mut labels = json!({
        "project": owner.project,
        "rule_namespace": key.namespace,
        "rule_group": key.name,
        "content": label_of(&hash),
    });
    if let (Value::Object(labels), Some(environment)) = (&mut labels, &owner.environment) {
        labels.insert("environment".to_owned(), environment.clone().into());
    }
    let mark = json!({"record": MARK, "expr": "vector(1)", "labels": labels});
    if let Some(Value::Array(rules)) = group.get_mut("rules") {
        rules.push(mark);
    }
    Value::Object(group)
}

/// The label of the mark that says which content was written, by its hash.
pub(super) fn label_of(hash: &ContentHash) -> String {
    format!("{FORM}{hash}")
}

/// Reads a group of the server. The mark of a group that was copied to another name is not a mark: it remains in the content, and
/// the group is nobody's.
pub(super) fn read(namespace: &str, group: Value) -> Option<LiveObject> {
    let name = group.get("name")?.as_str()?.to_owned();
    let key = ObjectKey::new(ObjectKind::RuleGroup, namespace, name);
    let mut content = normalize(group);
    let rules = content.get_mut("rules")?.as_array_mut()?;
    let marks: Vec<usize> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.get("record").and_then(Value::as_str) == Some(MARK))
        .map(|(number, _)| number)
        .collect();
    let mut found = None;
    if let [only] = marks.as_slice()
        && let Some(mark) = rules.get(*only)
        && let Some(owner) = owner(mark, &key)
    {
        let label = label(mark, "content").and_then(|text| text.strip_prefix(FORM));
        let applied = label.and_then(|hash| ContentHash::try_from(hash.to_owned()).ok());
        found = Some((owner, applied));
        rules.remove(*only);
    }
    let (owner, applied) = found.unzip();
    Some(LiveObject {
        applied: applied.flatten(),
        ..LiveObject::new(key, owner, content)
    })
}

/// A label of a rule.
pub(super) fn label<'a>(rule: &'a Value, name: &str) -> Option<&'a str> {
    rule.get("labels")?.get(name)?.as_str()
}

/// Whose a mark is, if it was written for this group.
fn owner(mark: &Value, key: &ObjectKey) -> Option<Owner> {
    let is_here = label(mark, "rule_namespace") == Some(&key.namespace)
        && label(mark, "rule_group") == Some(&key.name);
    is_here.then_some(())?;
    Some(Owner {
        project: label(mark, "project")?.to_owned(),
        environment: label(mark, "environment").map(str::to_owned),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            project: "shop".to_owned(),
            environment: Some("production".to_owned()),
        }
    }

    fn key() -> ObjectKey {
        ObjectKey::new(ObjectKind::RuleGroup, "checkout", "slo")
    }

    #[test]
    fn equal_meaning_is_equal_json() {
        let written = json!({
            "interval": "60s",
            "limit": 0,
            "query_offset": "0s",
            "labels": {},
            "rules": [
                {"record": "a:b", "expr": "sum(x)\n", "labels": {"l": "0"}},
                {"alert": "A", "expr": "x > 0", "for": "0s", "keep_firing_for": "90m", "annotations": null},
            ],
        });
        let returned = json!({
            "name": "slo",
            "query_offset": "0s",
            "rules": [
                {"labels": {"l": "0"}, "expr": "sum(x)", "record": "a:b"},
                {"expr": "x > 0", "alert": "A", "keep_firing_for": "1h30m"},
            ],
            "interval": "1m",
        });
        let hash = |content: Value| ContentHash::compute(&normalize(content));
        assert_eq!(hash(written.clone()), hash(returned));
        let normal = normalize(written.clone());
        assert_eq!(normalize(normal.clone()), normal);
        for (name, value) in [
            ("interval", json!("61s")),
            ("limit", json!(1)),
            ("query_offset", Value::Null),
            ("partial_response_strategy", json!("warn")),
            ("source_tenants", json!(["a"])),
        ] {
            let mut other = written.clone();
            other[name] = value;
            assert_ne!(hash(written.clone()), hash(other), "{name}");
        }
    }

    #[test]
    fn durations_are_those_of_prometheus() {
        for (text, expected) in [
            ("1h30m", Some(5_400_000)),
            ("1w", Some(604_800_000)),
            ("1y", Some(31_536_000_000)),
            ("5ms", Some(5)),
            ("0", Some(0)),
            ("", None),
            ("1", None),
            ("m", None),
            ("1x", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn the_mark_says_whose_a_group_is() {
        let content = normalize(json!({"rules": [{"record": "a", "expr": "b"}]}));
        let sent = marked(&key(), &content, &owner());
        assert_eq!(sent["rules"].as_array().unwrap().len(), 2);
        let live = read("checkout", sent.clone()).unwrap();
        assert_eq!(live.owner, Some(owner()));
        assert_eq!(live.content, content);
        assert_eq!(live.applied.as_ref(), Some(&live.hash));
        // Someone changed a rule, and left the mark.
        let mut edited = sent.clone();
        edited["rules"][0]["expr"] = "c".into();
        let live = read("checkout", edited).unwrap();
        assert_eq!(live.owner, Some(owner()));
        assert_eq!(live.applied, Some(ContentHash::compute(&content)));
        assert_ne!(live.applied.as_ref(), Some(&live.hash));
    }

    #[test]
    fn a_copy_of_our_group_is_not_ours() {
        let content = normalize(json!({"rules": [{"record": "a", "expr": "b"}]}));
        let sent = marked(&key(), &content, &owner());
        let copied = read("elsewhere", sent.clone()).unwrap();
        assert_eq!(copied.owner, None);
        assert_eq!(copied.content["rules"].as_array().unwrap().len(), 2);
        let mut renamed = sent.clone();
        renamed["name"] = "slo-copy".into();
        assert_eq!(read("checkout", renamed).unwrap().owner, None);
        let mut twice = sent;
        let mark = twice["rules"][1].clone();
        twice["rules"].as_array_mut().unwrap().push(mark);
        assert_eq!(read("checkout", twice).unwrap().owner, None);
    }
}
