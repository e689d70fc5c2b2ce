//! Reads the name, the labels and the annotations of objects.

use std::collections::BTreeMap;

use super::model::Metadata;
use super::reader::{Fields, Findings, dns_label, text};
use crate::project::Located;
use crate::yaml::Value;

/// Reads the `metadata` of an object; `None` if it has no name.
pub fn metadata(object: &mut Fields<'_>, findings: &mut Findings) -> Option<Metadata> {
    let mut fields = object.required_fields("metadata", findings)?;
    let name = fields.required_text("name", findings);
    if let Some(name) = &name {
        dns_label(name, &fields.path("name"), findings);
    }
    let display = fields.text("displayName", findings);
    if let Some(display) = &display
        && display.value.chars().count() > 63
    {
        findings.report_invalid(
            display.span,
            format!("`{}` is too long", fields.path("displayName")),
            "at most 63 characters are allowed",
        );
    }
    let mut labels = BTreeMap::new();
    if let Some(mut table) = fields.fields("labels", findings) {
        for (key, node) in table.drain() {
            let span = findings.span(&key.span);
            if !is_key(&key.text) {
                findings.report_invalid(span, format!("invalid label name {:?}", key.text), "");
            }
            let path = table.path(&key.text);
            let values = match &node.value {
                Value::List(items) => items
                    .iter()
                    .filter_map(|item| text(item, &path, findings))
                    .map(|value| value.value)
                    .collect(),
                _ => text(node, &path, findings)
                    .into_iter()
                    .map(|value| value.value)
                    .collect(),
            };
            labels.insert(key.text.clone(), (span, values));
        }
    }
    let mut annotations = BTreeMap::new();
    if let Some(mut table) = fields.fields("annotations", findings) {
        for (key, node) in table.drain() {
            let span = findings.span(&key.span);
            let (prefix, own) = match key.text.split_once('/') {
                Some((prefix, own)) => (Some(prefix), own),
                None => (None, key.text.as_str()),
            };
            if !is_key(own) || prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
                findings.report_invalid(
                    span,
                    format!("invalid annotation name {:?}", key.text),
                    "",
                );
            }
            if let Some(value) = text(node, &table.path(&key.text), findings) {
                annotations.insert(key.text.clone(), value.value);
            }
        }
    }
    fields.finish(findings);
    Some(Metadata {
        name: name?,
        display: display
            .map(|Located { value, .. }| value)
            .filter(|text| !text.is_empty()),
        labels,
        annotations,
    })
}

/// Returns true for at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_key(key: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    key.len() <= 63
        && ends(key.chars().next())
        && ends(key.chars().next_back())
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn is_subdomain(prefix: &str) -> bool {
    prefix.len() <= 253
        && prefix.split('.').all(|part| {
            is_key(part) && !part.contains('_') && !part.contains(|c: char| c.is_ascii_uppercase())
        })
}
