//! Generates services with their SLOs from all objects.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::kept;
use super::model::{Measure, Metadata, Metric, RefOr, Sli, Slo};
use super::objective::{Objective, SloContext, report_inexpressible};
use super::objects::Objects;
use super::query;
use super::reader::{Findings, report_skipped};
use super::slo::check_threshold;
use super::teams::Teams;
use super::write::{block_name, comment, labels, matchers, string};
use crate::ir::RuleLabel;
use crate::project::is_identifier;
use crate::schema::names::{field, kind};

/// The tiers of every project.
const TIERS: [&str; 4] = ["critical", "high", "standard", "low"];

/// The types of services.
const TYPES: [&str; 7] = [
    "api", "web", "worker", "stream", "batch", "pipeline", "database",
];

/// The labels that become fields.
const OWN: [&str; 4] = ["team", "owner", "tier", "type"];

/// The rule labels that are free in some projects.
const FREE: [RuleLabel; 4] = [
    RuleLabel::Environment,
    RuleLabel::Dependency,
    RuleLabel::Project,
    RuleLabel::Namespace,
];

/// The project that the import is for.
pub struct Target<'a> {
    /// True if it can send email.
    pub sends_mail: bool,
    /// The environments it declares.
    pub environments: &'a [SmolStr],
}

/// A generated service.
struct Service<'o> {
    metadata: &'o Metadata,
    description: Option<&'o String>,
    team: String,
    objectives: Vec<Objective>,
}

/// Generates the text of all blocks. Anything that cannot be expressed is reported.
pub fn text(objects: &Objects<'_>, target: &Target<'_>, findings: &mut Findings) -> String {
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
        let Some(service) = objects.service(slo, findings) else {
            continue;
        };
        let Some(service) = services.get_mut(service.name.value.as_str()) else {
            continue;
        };
        let found = objectives(metadata, slo, service, objects, findings);
        service.objectives.extend(found);
        for policy in &slo.policies {
            let Some(policy) = objects.policy(policy, findings) else {
                continue;
            };
            for (metadata, receiver) in objects.targets(policy, findings) {
                let sends_mail = target.sends_mail;
                teams.add_receiver(&service.team, metadata, receiver, sends_mail, findings);
            }
        }
    }
    report_unused(objects, findings);
    let mut out = comment("Generated from OpenSLO documents by `nthc import openslo`.");
    out += "\n";
    out += &environment(services.values(), target, findings);
    let mut severities = BTreeMap::new();
    for (metadata, _) in objects.slos.values() {
        severities.extend(kept::severities(metadata, findings));
    }
    out.extend(severities.into_values());
    out += &tiers(services.values());
    out += &teams.text();
    for service in services.values() {
        out += &service.text(findings);
    }
    out
}

/// Generates the environment of exported documents, whose series are told apart by its labels.
fn environment<'s>(
    services: impl Iterator<Item = &'s Service<'s>>,
    target: &Target<'_>,
    findings: &mut Findings,
) -> String {
    let mut named: Option<&str> = None;
    for service in services {
        let Some(environment) = kept::environment(service.metadata) else {
            continue;
        };
        match named {
            Some(first) if first != environment => {
                report_inexpressible(
                    findings,
                    service.metadata.name.span,
                    format!(
                        "documents of environments `{first}` and `{environment}` are imported together"
                    ),
                    "import one environment at a time",
                );
                return String::new();
            }
            _ => named = Some(environment),
        }
    }
    match named {
        Some(name) if target.environments.is_empty() => {
            format!("{} {} {{ }}\n\n", kind::ENVIRONMENT, block_name(name))
        }
        Some(name) if target.environments.iter().all(|known| known != name) => {
            comment(&format!(
                "These documents are for environment `{name}`, which the project does not declare.",
            )) + "\n"
        }
        _ => String::new(),
    }
}

/// Generates the tiers of exported documents that not every project has.
fn tiers<'s>(services: impl Iterator<Item = &'s Service<'s>>) -> String {
    let own: BTreeSet<&str> = services.filter_map(Service::custom_tier).collect();
    let block = |tier: &str| {
        format!(
            "{}{} {} : standard {{ }}\n\n",
            comment("The documents do not define this tier: set what differs from `standard`."),
            kind::TIER,
            block_name(tier)
        )
    };
    own.into_iter().map(block).collect()
}

/// Returns the label with the owner of an object.
fn owner(metadata: &Metadata) -> Option<&str> {
    metadata.label("team").or_else(|| metadata.label("owner"))
}

/// Generates an SLO for each objective of a document.
fn objectives(
    metadata: &Metadata,
    slo: &Slo,
    service: &Service<'_>,
    objects: &Objects<'_>,
    findings: &mut Findings,
) -> Vec<Objective> {
    let mut own = metadata.clone();
    // Labels that the service has too were reported there.
    let shared = &service.metadata.labels;
    own.labels
        .retain(|label, (_, values)| shared.get(label).is_none_or(|(_, same)| same != values));
    let own = rule_labels(&own, findings);
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
        report_inexpressible(
            findings,
            goal.span,
            "an objective with several SLIs is not supported in `.nth`",
            "write one objective for each",
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
        // The SDK cannot check an objective against the SLI of another document; here they must match.
        let mut sound = check_threshold(goal, &sli.measure, findings);
        for metric in metrics(sli) {
            sound &= objects.is_prometheus(metric, findings);
        }
        if !sound {
            continue;
        }
        let context = SloContext {
            metadata,
            slo,
            name: name.unwrap_or(source),
            is_error_ratio: match slo.indicator.as_ref().or(goal.indicator.as_ref()) {
                Some(RefOr::Ref(name)) => objects.is_error_ratio(name),
                _ => false,
            },
            labels: own.clone(),
            description: sli.description.as_ref(),
            policies: policies.clone(),
        };
        let number = is_several.then_some(index + 1);
        out.extend(context.objective(number, goal, &sli.measure, findings));
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

/// Returns true for labels that become fields or are reserved for the rules of an SLO.
fn is_reserved_label(label: &str) -> bool {
    let is_reserved = |label: RuleLabel| !FREE.contains(&label);
    OWN.contains(&label) || RuleLabel::from_name(label).is_some_and(is_reserved)
}

/// Returns the labels for rules. Other labels are reported.
fn rule_labels(metadata: &Metadata, findings: &mut Findings) -> BTreeMap<String, String> {
    for (label, (span, values)) in &metadata.labels {
        let known = match label.as_str() {
            "tier" => {
                custom_tier(metadata).is_some()
                    || values.iter().all(|tier| TIERS.contains(&tier.as_str()))
            }
            // It becomes a block.
            "environment" if kept::environment(metadata).is_some() => true,
            "type" => values.iter().all(|name| TYPES.contains(&name.as_str())),
            "team" | "owner" => values.len() == 1,
            label if is_reserved_label(label) => false,
            label => query::is_plain(label) && !label.starts_with("__") && values.len() == 1,
        };
        let message = match label.as_str() {
            "tier" => "not a tier that every project has".to_owned(),
            "type" => "not a type of service".to_owned(),
            label => format!("label {label:?} cannot be a label of rules"),
        };
        if !known {
            report_skipped(findings, *span, message, "not imported");
        }
    }
    if let Some(annotation) = metadata
        .annotations
        .keys()
        .find(|annotation| !annotation.starts_with("nthc."))
    {
        report_skipped(
            findings,
            metadata.name.span,
            "annotations are not supported in `.nth`",
            format!("found {annotation:?}"),
        );
    }
    rule_labels_quietly(metadata)
}

fn rule_labels_quietly(metadata: &Metadata) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (label, (_, values)) in &metadata.labels {
        let is_environment = label == "environment" && kept::environment(metadata).is_some();
        let fits = query::is_plain(label) && !label.starts_with("__") && !is_environment;
        if let ([value], true, false) = (values.as_slice(), fits, is_reserved_label(label)) {
            labels.insert(label.clone(), value.clone());
        }
    }
    labels
}

/// Returns the tier of an exported document if not every project has it.
fn custom_tier(metadata: &Metadata) -> Option<&str> {
    kept::selector(metadata)?;
    metadata
        .label("tier")
        .filter(|tier| !TIERS.contains(tier) && is_identifier(tier) && block_name(tier) == **tier)
}

impl Service<'_> {
    fn custom_tier(&self) -> Option<&str> {
        custom_tier(self.metadata)
    }

    fn text(&self, findings: &mut Findings) -> String {
        let metadata = self.metadata;
        let name = metadata.source_name();
        let mut out = String::new();
        let display = metadata.display.as_ref().filter(|display| *display != name);
        let description = self.description.or(display);
        if let Some(display) = display.filter(|display| Some(*display) != description) {
            out += &comment(display);
        }
        if let Some(lost) = kept::not_kept(metadata) {
            out += &comment(&format!("Not in the documents: {lost}."));
        }
        out += &format!("{} {} {{\n", kind::SERVICE, block_name(name));
        if let Some(description) = description {
            out += &format!("{} = {}\n", field::DESCRIPTION, string(description));
        }
        out += &format!("{} = {}\n", field::TEAM, self.team);
        let known = metadata.label("tier").filter(|tier| TIERS.contains(tier));
        if let Some(tier) = known.or(self.custom_tier()) {
            out += &format!("{} = {tier}\n", field::TIER);
        }
        if let Some(name) = metadata.label("type").filter(|name| TYPES.contains(name)) {
            out += &format!("{} = {name}\n", field::TYPE);
        }
        let queries = self
            .objectives
            .iter()
            .flat_map(|objective| &objective.queries);
        let common = match kept::selector(metadata) {
            Some(selector) => selector,
            None => {
                let common = query::common(queries.map(|(_, query)| query));
                out += &comment(if common.is_empty() {
                    "Its queries have no matcher in common: add the labels that all of its series have."
                } else {
                    "Matchers that all of its queries have in common."
                });
                common
            }
        };
        out += &format!("{} = {}\n", field::SELECTOR, matchers(&common));
        for line in kept::service_fields(metadata, findings) {
            out += &line;
            out.push('\n');
        }
        let own = rule_labels(metadata, findings);
        if !own.is_empty() {
            out += &format!("{} = {}\n", field::LABELS, labels(&own));
        }
        for objective in &self.objectives {
            out += "\n";
            out += &objective.text(&common, findings);
        }
        out + "}\n\n"
    }
}

/// Reports objects that nothing refers to. An SLI that cannot be expressed is reported for that too.
fn report_unused(objects: &Objects<'_>, findings: &mut Findings) {
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
            let message = "no objective uses this indicator";
            report_skipped(findings, metadata.name.span, message, "not imported");
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
            let message = "no objective uses this alert policy";
            report_skipped(findings, metadata.name.span, message, "not imported");
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
        let message = "no alert policy uses this condition";
        report_skipped(findings, metadata.name.span, message, "not imported");
    }
    let rest = objects
        .targets
        .iter()
        .filter(|(name, _)| !targets.contains(*name));
    for (_, (metadata, _)) in rest {
        let message = "no alert policy uses this notification target";
        report_skipped(findings, metadata.name.span, message, "not imported");
    }
    for (metadata, source_type) in objects.sources.values() {
        if !source_type.value.eq_ignore_ascii_case("prometheus") {
            let message = "only Prometheus data sources are supported in `.nth`";
            report_skipped(findings, metadata.name.span, message, "not imported");
        }
    }
}
