//! Services with their objectives, put together from all objects.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Measure, Metadata, Metric, RefOr, Sli, Slo};
use super::objective::{Frame, Objective, left_out, refuse};
use super::objects::Objects;
use super::query;
use super::reader::Findings;
use super::slo::compared;
use super::teams::Teams;
use super::write::{block_name, comment, labels, string};
use crate::ir::RuleLabel;

/// Tiers that every project has.
const TIERS: [&str; 4] = ["critical", "high", "standard", "low"];

/// Types of services.
const TYPES: [&str; 7] = [
    "api", "web", "worker", "stream", "batch", "pipeline", "database",
];

/// Labels that become something else.
const OWN: [&str; 4] = ["team", "owner", "tier", "type"];

/// Labels that rules have anyway, but in a project without environments or in a service without dependencies.
const FREE: [RuleLabel; 2] = [RuleLabel::Environment, RuleLabel::Dependency];

/// A service that is put together.
struct Service<'o> {
    metadata: &'o Metadata,
    description: Option<&'o String>,
    team: String,
    objectives: Vec<Objective>,
}

/// The text of a project; as far as it can be said.
pub fn text(objects: &Objects<'_>, findings: &mut Findings) -> String {
    let mut teams = Teams::default();
    let mut services: BTreeMap<&str, Service<'_>> = BTreeMap::new();
    for (name, (metadata, description)) in &objects.services {
        let label = owner(metadata).or_else(|| {
            let slos = objects.slos.values();
            slos.filter(|(_, slo)| slo.service.value == **name)
                .find_map(|(metadata, _)| owner(metadata))
        });
        let service = Service {
            metadata,
            description: *description,
            team: teams.name(label),
            objectives: Vec::new(),
        };
        services.insert(name, service);
    }
    for (metadata, slo) in objects.slos.values() {
        let Some(of) = objects.service(slo, findings) else {
            continue;
        };
        let Some(service) = services.get_mut(of.name.value.as_str()) else {
            continue;
        };
        let found = objectives(metadata, slo, service, objects, findings);
        service.objectives.extend(found);
        for policy in &slo.policies {
            let Some(policy) = objects.policy(policy, findings) else {
                continue;
            };
            for (metadata, target) in objects.targets(policy, findings) {
                teams.told(&service.team, metadata, target, findings);
            }
        }
    }
    unused(objects, findings);
    let mut out = comment("Made of OpenSLO documents by `nthc import openslo`.");
    out += "\n";
    out += &teams.text();
    for service in services.values() {
        out += &service.text(findings);
    }
    out
}

/// The label that says whose something is.
fn owner(metadata: &Metadata) -> Option<&str> {
    metadata.label("team").or_else(|| metadata.label("owner"))
}

/// The goals of an objective, each as an objective.
fn objectives(
    metadata: &Metadata,
    slo: &Slo,
    service: &Service<'_>,
    objects: &Objects<'_>,
    findings: &mut Findings,
) -> Vec<Objective> {
    let mut own = metadata.clone();
    // What the service says too was told there.
    let shared = &service.metadata.labels;
    own.labels
        .retain(|label, (_, values)| shared.get(label).is_none_or(|(_, same)| same != values));
    let own = kept_labels(&own, findings);
    let mut policies = Vec::new();
    for policy in &slo.policies {
        let Some(found) = objects.policy(policy, findings) else {
            continue;
        };
        if let Some(condition) = objects.condition(found, findings) {
            let span = match policy {
                RefOr::Ref(name) => name.span,
                RefOr::Inline(_) => condition.lookback.span,
            };
            policies.push((span, found, condition));
        }
    }
    let composite = slo.goals.iter().filter(|goal| goal.indicator.is_some());
    if let Some(goal) = composite.clone().nth(1) {
        refuse(
            findings,
            goal.span,
            "an objective of several indicators can't be said in `.nth`",
            "write an objective for each",
        );
        return Vec::new();
    }
    let source = metadata.source_name();
    let prefix = format!("{}--", service.metadata.name.value);
    let name = source.strip_prefix(&prefix).filter(|name| !name.is_empty());
    let is_several = slo.goals.len() > 1;
    let mut out = Vec::new();
    for (index, goal) in slo.goals.iter().enumerate() {
        let Some(sli) = slo.indicator.as_ref().or(goal.indicator.as_ref()) else {
            continue;
        };
        let Some(sli) = objects.sli(sli, findings) else {
            continue;
        };
        // The SDK can't hold a goal against an indicator of another document; here it must make sense.
        let mut sound = compared(goal, &sli.measure, findings);
        for metric in metrics(sli) {
            sound &= objects.is_prometheus(metric, findings);
        }
        if !sound {
            continue;
        }
        let frame = Frame {
            metadata,
            slo,
            name: name.unwrap_or(source),
            labels: own.clone(),
            description: sli.description.as_ref(),
            policies: policies.clone(),
        };
        let number = is_several.then_some(index + 1);
        out.extend(frame.objective(number, goal, &sli.measure, findings));
    }
    out
}

fn metrics(sli: &Sli) -> Vec<&Metric> {
    match &sli.measure {
        Measure::Threshold(metric) => vec![metric],
        Measure::Events { part, total, .. } => vec![part, total],
        Measure::Raw { ratio, .. } => vec![ratio],
    }
}

/// Whether a label becomes something else, or is one that the rules of an SLO have anyway.
fn is_own(label: &str) -> bool {
    let is_reserved = |label: RuleLabel| !FREE.contains(&label);
    OWN.contains(&label) || RuleLabel::named(label).is_some_and(is_reserved)
}

/// The labels that rules can carry; what can't be one is told.
fn kept_labels(metadata: &Metadata, findings: &mut Findings) -> BTreeMap<String, String> {
    for (label, (span, values)) in &metadata.labels {
        let known = match label.as_str() {
            "tier" => values.iter().all(|tier| TIERS.contains(&tier.as_str())),
            "type" => values.iter().all(|of| TYPES.contains(&of.as_str())),
            "team" | "owner" => values.len() == 1,
            label if is_own(label) => false,
            label => query::is_plain(label) && !label.starts_with("__") && values.len() == 1,
        };
        let message = match label.as_str() {
            "tier" => "this is no tier that every project has".to_owned(),
            "type" => "this is no type of service".to_owned(),
            label => format!("the label {label:?} can't be a label of rules"),
        };
        if !known {
            left_out(findings, *span, message, "it is left out");
        }
    }
    if let Some(annotation) = metadata
        .annotations
        .keys()
        .find(|annotation| !annotation.starts_with("nthc."))
    {
        left_out(
            findings,
            metadata.name.span,
            "annotations have no place in `.nth`",
            format!("it has {annotation:?}"),
        );
    }
    quiet_labels(metadata)
}

fn quiet_labels(metadata: &Metadata) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (label, (_, values)) in &metadata.labels {
        let fits = query::is_plain(label) && !label.starts_with("__");
        if let ([value], true, false) = (values.as_slice(), fits, is_own(label)) {
            labels.insert(label.clone(), value.clone());
        }
    }
    labels
}

impl Service<'_> {
    fn text(&self, findings: &mut Findings) -> String {
        let metadata = self.metadata;
        let name = metadata.source_name();
        let mut out = String::new();
        let display = metadata.display.as_ref().filter(|display| *display != name);
        let description = self.description.or(display);
        if let Some(display) = display.filter(|display| Some(*display) != description) {
            out += &comment(display);
        }
        out += &format!("service {} {{\n", block_name(name));
        if let Some(description) = description {
            out += &format!("description = {}\n", string(description));
        }
        out += &format!("team = {}\n", self.team);
        if let Some(tier) = metadata.label("tier").filter(|tier| TIERS.contains(tier)) {
            out += &format!("tier = {tier}\n");
        }
        if let Some(of) = metadata.label("type").filter(|of| TYPES.contains(of)) {
            out += &format!("type = {of}\n");
        }
        let queries = self
            .objectives
            .iter()
            .flat_map(|objective| &objective.queries);
        let common = query::common(queries.map(|(_, query)| query));
        out += &comment(if common.is_empty() {
            "Its queries have no label in common: say here which all of its series carry."
        } else {
            "What all of its queries have in common."
        });
        out += &format!("selector = {}\n", labels(&common));
        let own = kept_labels(metadata, findings);
        if !own.is_empty() {
            out += &format!("labels = {}\n", labels(&own));
        }
        for objective in &self.objectives {
            out += "\n";
            out += &objective.text(&common, findings);
        }
        out + "}\n\n"
    }
}

/// Tells of what nothing refers to. An indicator that could not be said anyway is told of that.
fn unused(objects: &Objects<'_>, findings: &mut Findings) {
    let mut slis = BTreeSet::new();
    let mut policies = BTreeSet::new();
    for (_, slo) in objects.slos.values() {
        let goals = slo.goals.iter().filter_map(|goal| goal.indicator.as_ref());
        for sli in slo.indicator.iter().chain(goals) {
            if let RefOr::Ref(name) = sli {
                slis.insert(name.value.as_str());
            }
        }
        for policy in &slo.policies {
            if let RefOr::Ref(name) = policy {
                policies.insert(name.value.as_str());
            }
        }
    }
    for (name, (metadata, sli)) in &objects.slis {
        if !slis.contains(name) {
            for metric in metrics(sli) {
                if objects.is_prometheus(metric, findings) {
                    query::tree(metric, findings);
                }
            }
            let message = "no objective is measured by this indicator";
            left_out(findings, metadata.name.span, message, "it is left out");
        }
    }
    let mut conditions = BTreeSet::new();
    let mut targets = BTreeSet::new();
    for (name, (metadata, policy)) in &objects.policies {
        if let RefOr::Ref(name) = &policy.condition {
            conditions.insert(name.value.as_str());
        }
        targets.extend(policy.targets.iter().filter_map(|target| match target {
            RefOr::Ref(name) => Some(name.value.as_str()),
            RefOr::Inline(_) => None,
        }));
        if !policies.contains(name) {
            objects.condition(policy, findings);
            objects.targets(policy, findings);
            let message = "no objective has this alert policy";
            left_out(findings, metadata.name.span, message, "it is left out");
        }
    }
    for (_, slo) in objects.slos.values() {
        for policy in &slo.policies {
            if let RefOr::Inline(policy) = policy {
                if let RefOr::Ref(name) = &policy.condition {
                    conditions.insert(name.value.as_str());
                }
                targets.extend(policy.targets.iter().filter_map(|target| match target {
                    RefOr::Ref(name) => Some(name.value.as_str()),
                    RefOr::Inline(_) => None,
                }));
            }
        }
    }
    let rest = objects
        .conditions
        .iter()
        .filter(|(name, _)| !conditions.contains(*name));
    for (_, (metadata, _)) in rest {
        let message = "no alert policy waits for this condition";
        left_out(findings, metadata.name.span, message, "it is left out");
    }
    let rest = objects
        .targets
        .iter()
        .filter(|(name, _)| !targets.contains(*name));
    for (_, (metadata, _)) in rest {
        let message = "no alert policy tells this notification target";
        left_out(findings, metadata.name.span, message, "it is left out");
    }
    for (metadata, of) in objects.sources.values() {
        if !of.value.eq_ignore_ascii_case("prometheus") {
            let message = "a data source that is no Prometheus has no place in `.nth`";
            left_out(findings, metadata.name.span, message, "it is left out");
        }
    }
}
