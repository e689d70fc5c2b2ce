//! Reads alert policies, conditions and notification targets.

use super::metadata::metadata;
use super::model::{Condition, Metadata, Policy, RefOr, Target};
use super::reader::{Fields, Findings, head};
use super::terms::{OPERATORS, shorthand};

/// Reads the alert policies of an SLO.
pub fn policies(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<RefOr<Policy>> {
    items(fields, "alertPolicies", findings)
        .into_iter()
        .filter_map(|item| {
            reference_or_inline(
                item,
                "alertPolicyRef",
                "AlertPolicy",
                findings,
                |_, spec, findings| policy(spec, findings),
            )
        })
        .collect()
}

/// Reads a policy.
pub fn policy(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Policy> {
    fields.description(findings);
    for flag in ["alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"] {
        fields.boolean(flag, findings);
    }
    let before = findings.diagnostics.len();
    let mut conditions = items(&mut fields, "conditions", findings);
    let head = findings.span(&fields.head);
    if conditions.len() != 1 && findings.diagnostics.len() == before {
        findings.report_invalid(
            head,
            "a policy must have exactly one condition",
            format!("it has {}", conditions.len()),
        );
    }
    let condition = if conditions.len() == 1 {
        conditions.pop()
    } else {
        None
    };
    let condition = condition.and_then(|item| {
        reference_or_inline(
            item,
            "conditionRef",
            "AlertCondition",
            findings,
            |_, spec, findings| condition_of(spec, findings),
        )
    });
    let before = findings.diagnostics.len();
    let targets = items(&mut fields, "notificationTargets", findings);
    if targets.is_empty() && findings.diagnostics.len() == before {
        findings.report_invalid(
            head,
            "missing `notificationTargets` in a policy",
            "notifies no one",
        );
    }
    let targets = targets
        .into_iter()
        .filter_map(|item| {
            reference_or_inline(
                item,
                "targetRef",
                "AlertNotificationTarget",
                findings,
                |metadata, spec, findings| Some((metadata?, target(spec, findings)?)),
            )
        })
        .collect();
    fields.finish(findings);
    Some(Policy {
        condition: condition?,
        targets,
    })
}

/// Reads a condition.
pub fn condition(fields: Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    condition_of(fields, findings)
}

fn condition_of(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Condition> {
    fields.description(findings);
    fields.required_text("severity", findings);
    let condition = fields.required_fields("condition", findings);
    fields.finish(findings);
    let mut fields = condition?;
    let mut required = |fields: &mut Fields<'_>, key, known: &[&'static str]| {
        let before = findings.diagnostics.len();
        let found = fields.one_of(key, known, findings);
        if found.is_none() && findings.diagnostics.len() == before {
            fields.report_missing(key, findings);
        }
        found
    };
    required(&mut fields, "kind", &["burnrate"]);
    let op = required(&mut fields, "op", &OPERATORS);
    let before = findings.diagnostics.len();
    let threshold = fields.number("threshold", findings);
    if threshold.is_none() && findings.diagnostics.len() == before {
        fields.report_missing("threshold", findings);
    }
    let before = findings.diagnostics.len();
    let lookback = shorthand(&mut fields, "lookbackWindow", findings);
    if lookback.is_none() && findings.diagnostics.len() == before {
        fields.report_missing("lookbackWindow", findings);
    }
    shorthand(&mut fields, "alertAfter", findings);
    fields.finish(findings);
    Some(Condition {
        op: op?,
        threshold: threshold?,
        lookback: lookback?,
    })
}

/// Reads a notification target.
pub fn target(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Target> {
    let description = fields.description(findings);
    let target = fields.required_text("target", findings);
    fields.finish(findings);
    Some(Target {
        description,
        target: target?,
    })
}

fn items<'n>(
    fields: &mut Fields<'n>,
    key: &'static str,
    findings: &mut Findings,
) -> Vec<Fields<'n>> {
    let path = fields.path(key);
    let list = fields.list(key, findings);
    list.iter()
        .enumerate()
        .filter_map(|(index, node)| {
            Fields::new(node, format!("{path}[{index}]"), head(node), findings)
        })
        .collect()
}

/// Reads a reference, or an inline object of this kind.
fn reference_or_inline<'n, T>(
    mut fields: Fields<'n>,
    reference: &'static str,
    kind: &'static str,
    findings: &mut Findings,
    read: impl Fn(Option<Metadata>, Fields<'n>, &mut Findings) -> Option<T>,
) -> Option<RefOr<T>> {
    if let Some(name) = fields.reference(reference, findings) {
        fields.finish(findings);
        return Some(RefOr::Ref(name));
    }
    if !["kind", "metadata", "spec"]
        .into_iter()
        .any(|key| fields.has(key))
    {
        let span = findings.span(&fields.head);
        findings.report_invalid(
            span,
            format!("missing `{reference}`, or an inline {kind}"),
            "",
        );
        fields.finish(findings);
        return None;
    }
    let before = findings.diagnostics.len();
    let found = fields.one_of("kind", &[kind], findings);
    if found.is_none() && findings.diagnostics.len() == before {
        fields.report_missing("kind", findings);
    }
    let metadata = metadata(&mut fields, findings);
    let spec = fields.required_fields("spec", findings);
    fields.finish(findings);
    let value = read(metadata, spec?, findings)?;
    Some(RefOr::Inline(Box::new(value)))
}
