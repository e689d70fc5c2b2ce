//! Reads `openslo/v1` documents as the Go SDK does: every violation of its rules is reported at its place.

use super::alerts;
use super::metadata::metadata;
use super::model::{Object, Spec};
use super::reader::{Fields, Findings};
use super::slo;
use crate::diagnostics::{Diagnostic, codes};
use crate::yaml::{Node, Value};

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

/// Reads the objects of a document: one, or a list of them. Invalid objects are reported and skipped.
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
        fields.report_missing("kind", findings);
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
            let source_type = fields.required_text("type", findings);
            if fields.take("connectionDetails").is_none() {
                fields.report_missing("connectionDetails", findings);
            }
            fields.finish(findings);
            Some(Spec::DataSource {
                source_type: source_type?,
            })
        }
        _ => {
            let description = fields.description(findings);
            fields.finish(findings);
            Some(Spec::Service { description })
        }
    }
}
