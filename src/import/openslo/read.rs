//! Documents of `openslo/v1` as the Go SDK reads them: every rule of it that a document breaks is told where it does.

use std::collections::BTreeMap;

use super::super::yaml::{Node, Value};
use super::alerts;
use super::model::{Metadata, Object, Spec};
use super::reader::{Fields, Findings, dns_label, text};
use super::slo;
use crate::diagnostics::{Diagnostic, codes};
use crate::project::Located;

/// The kinds of the format.
const KINDS: [&str; 7] = [
    "DataSource",
    "SLO",
    "SLI",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
    "Service",
];

/// The objects of a document: one, or a list of them. What is wrong is told, and its object left out.
pub fn document(node: &Node, findings: &mut Findings) -> Vec<Object> {
    let nodes = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut objects = Vec::new();
    for node in nodes {
        let before = findings.diagnostics.len();
        if let Some(object) = object(node, findings)
            && findings.diagnostics.len() == before
        {
            objects.push(object);
        }
    }
    objects
}

fn object(node: &Node, findings: &mut Findings) -> Option<Object> {
    let start = node.span.start;
    let head = match &node.value {
        Value::Map(entries) => entries.first().map(|(key, _)| key.span.clone()),
        _ => None,
    };
    let mut fields = Fields::new(node, "", head.unwrap_or(start..start), findings)?;
    let version = fields.required_text("apiVersion", findings)?;
    if version.value != "openslo/v1" {
        let diagnostic = match version.value.as_str() {
            "openslo/v1alpha" | "openslo.com/v2alpha" => Diagnostic::new(
                &codes::OPENSLO_NOT_EXPRESSIBLE,
                format!("{} is not supported", version.value),
                version.span,
            )
            .label("another version of OpenSLO"),
            other => Diagnostic::new(
                &codes::OPENSLO_BAD_VALUE,
                format!("unknown OpenSLO version {other:?}"),
                version.span,
            )
            .label("not a version"),
        };
        let diagnostic = diagnostic.help("use `openslo/v1`");
        findings.diagnostics.push(diagnostic);
        return None;
    }
    let before = findings.diagnostics.len();
    let kind = fields.one_of("kind", &KINDS, findings);
    if kind.is_none() && findings.diagnostics.len() == before {
        fields.lacks("kind", findings);
    }
    let kind = kind?;
    let metadata = metadata(&mut fields, findings);
    let spec = fields.required_fields("spec", findings);
    fields.finish(findings);
    let spec = spec_of(kind.value, spec?, findings);
    Some(Object {
        metadata: metadata?,
        spec: spec?,
    })
}

fn spec_of(kind: &str, mut fields: Fields<'_>, findings: &mut Findings) -> Option<Spec> {
    match kind {
        "SLO" => slo::slo(fields, findings).map(|slo| Spec::Slo(Box::new(slo))),
        "SLI" => slo::sli(fields, findings).map(|sli| Spec::Sli(Box::new(sli))),
        "AlertPolicy" => {
            alerts::policy(fields, findings).map(|policy| Spec::Policy(Box::new(policy)))
        }
        "AlertCondition" => alerts::condition(fields, findings).map(Spec::Condition),
        "AlertNotificationTarget" => alerts::target(fields, findings).map(Spec::Target),
        "DataSource" => {
            fields.description(findings);
            let of = fields.required_text("type", findings);
            if fields.take("connectionDetails").is_none() {
                fields.lacks("connectionDetails", findings);
            }
            fields.finish(findings);
            Some(Spec::DataSource { of: of? })
        }
        _ => {
            let description = fields.description(findings);
            fields.finish(findings);
            Some(Spec::Service { description })
        }
    }
}

/// What an object is called.
pub fn metadata(of: &mut Fields<'_>, findings: &mut Findings) -> Option<Metadata> {
    let mut fields = of.required_fields("metadata", findings)?;
    let name = fields.required_text("name", findings);
    if let Some(name) = &name {
        dns_label(name, &fields.path("name"), findings);
    }
    let display = fields.text("displayName", findings);
    if let Some(display) = &display
        && display.value.chars().count() > 63
    {
        findings.bad(
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
                findings.bad(span, format!("invalid label name {:?}", key.text), "");
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
                findings.bad(span, format!("invalid annotation name {:?}", key.text), "");
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

/// At most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
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
