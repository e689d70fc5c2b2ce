//! Adds a fragment to an existing configuration.

use serde_json::Value;

use super::fragment::Fragment;
use crate::error::{BaseError, EmitError, WriteError};
use nth_model::{AlertmanagerBase, YamlNode};

/// The lists in which names must differ.
const NAMED: [&str; 3] = ["templates", "receivers", "time_intervals"];

/// The existing configuration with the fragment in it: its routes precede those of the root route, the rest follows.
///
/// # Errors
///
/// If both have a receiver, template or time interval of the same name.
pub fn merge(base: &AlertmanagerBase, fragment: &Fragment<'_>) -> Result<YamlNode, EmitError> {
    let ours = serde_json::to_value(fragment)
        .map_err(|error| WriteError::new("the Alertmanager configuration", error))?;
    let Value::Object(ours) = ours else {
        return Ok(base.document.clone());
    };
    for list in NAMED {
        let items = ours.get(list).and_then(Value::as_array);
        for name in items.into_iter().flatten().filter_map(name) {
            check(base, list, name)?;
        }
    }
    let mut document = base.document.clone();
    for (key, value) in ours {
        let Value::Array(items) = value else { continue };
        let items = items.iter().map(convert);
        if key == "routes" {
            let route = entry(&mut document, "route");
            let theirs = take_list(entry(route, "routes"));
            *entry(route, "routes") = YamlNode::List(items.chain(theirs).collect());
        } else {
            let list = entry(&mut document, &key);
            let theirs = take_list(list);
            *list = YamlNode::List(theirs.into_iter().chain(items).collect());
        }
    }
    Ok(document)
}

fn check(base: &AlertmanagerBase, list: &str, name: &str) -> Result<(), EmitError> {
    let mut known = base.names_of(list);
    let Some(known) = known.find(|known| known.name == name) else {
        return Ok(());
    };
    let word = match list {
        "templates" => "template",
        "receivers" => "receiver",
        _ => "time interval",
    };
    let place = format!("line {} of `{}`", known.line, base.path);
    Err(EmitError::Base(BaseError {
        message: format!("{word} `{name}` is also in {place}"),
        help: match list {
            "receivers" => format!(
                "rename the receiver in {place}: nthc names receivers after teams and severities, `{name}`"
            ),
            "templates" => format!("rename the template in {place}"),
            _ => format!("rename the time interval, here or in {place}"),
        },
    }))
}

/// The name of an item: its field `name`, or itself.
fn name(item: &Value) -> Option<&str> {
    item.as_str()
        .or_else(|| item.get("name").and_then(Value::as_str))
}

/// The value of a key of a mapping, null if it was missing. Other values become a mapping.
fn entry<'n>(node: &'n mut YamlNode, key: &str) -> &'n mut YamlNode {
    if !matches!(node, YamlNode::Map(_)) {
        *node = YamlNode::Map(Vec::new());
    }
    let YamlNode::Map(entries) = node else {
        return node;
    };
    let at = entries.iter().position(|(known, _)| known == key);
    let at = at.unwrap_or_else(|| {
        entries.push((key.to_owned(), YamlNode::Plain(String::new())));
        entries.len() - 1
    });
    &mut entries[at].1
}

fn take_list(node: &mut YamlNode) -> Vec<YamlNode> {
    match node {
        YamlNode::List(items) => std::mem::take(items),
        _ => Vec::new(),
    }
}

fn convert(value: &Value) -> YamlNode {
    match value {
        Value::Null => YamlNode::Plain("null".to_owned()),
        Value::Bool(_) | Value::Number(_) => YamlNode::Plain(value.to_string()),
        Value::String(text) => YamlNode::Text(text.clone()),
        Value::Array(items) => YamlNode::List(items.iter().map(convert).collect()),
        Value::Object(entries) => YamlNode::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), convert(value)))
                .collect(),
        ),
    }
}
