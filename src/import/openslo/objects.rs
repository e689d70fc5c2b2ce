//! The objects of all files by kind and name, to resolve references.

use std::collections::BTreeMap;

use super::model::{Condition, Metadata, Metric, Object, Policy, RefOr, Sli, Slo, Spec, Target};
use super::objective::report_inexpressible;
use super::reader::Findings;
use crate::diagnostics::{Diagnostic, codes, suggest};
use crate::project::Located;
use crate::schema::names::kind;

/// Objects of one kind, by name.
type ByName<'o, T> = BTreeMap<&'o str, (&'o Metadata, T)>;

/// All objects.
#[derive(Default)]
pub struct Objects<'o> {
    /// Data sources with their types.
    pub sources: ByName<'o, &'o Located<String>>,
    /// Services with their descriptions.
    pub services: ByName<'o, Option<&'o String>>,
    /// SLOs.
    pub slos: ByName<'o, &'o Slo>,
    /// SLIs.
    pub slis: ByName<'o, &'o Sli>,
    /// Alert policies.
    pub policies: ByName<'o, &'o Policy>,
    /// Alert conditions.
    pub conditions: ByName<'o, &'o Condition>,
    /// Notification targets.
    pub targets: ByName<'o, &'o Target>,
}

fn insert<'o, T>(
    named: &mut ByName<'o, T>,
    metadata: &'o Metadata,
    value: T,
    kind: &str,
    findings: &mut Findings,
) {
    let name = &metadata.name;
    if let Some((first, _)) = named.get(name.value.as_str()) {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::OPENSLO_BAD_VALUE,
                format!("duplicate {kind} `{}`", name.value),
                name.span,
            )
            .label("second definition")
            .because(first.name.span, "first definition"),
        );
        return;
    }
    named.insert(&name.value, (metadata, value));
}

/// Returns the object with this name. An unknown name is reported once, as many SLOs may refer to it.
fn find<'o, T: Copy>(
    named: &ByName<'o, T>,
    name: &Located<String>,
    kind: &str,
    findings: &mut Findings,
) -> Option<(&'o Metadata, T)> {
    let found = named.get(name.value.as_str()).copied();
    let message = format!("unknown {kind} `{}`", name.value);
    let is_reported = || {
        let mut reported = findings.diagnostics.iter();
        reported.any(|reported| {
            reported.code == &codes::OPENSLO_MISSING_REFERENCE && reported.message == message
        })
    };
    if found.is_none() && !is_reported() {
        let mut diagnostic = Diagnostic::new(&codes::OPENSLO_MISSING_REFERENCE, message, name.span)
            .label("not defined in any of the files");
        diagnostic = match suggest::nearest(&name.value, named.keys().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("pass the file that defines the {kind} too")),
        };
        findings.diagnostics.push(diagnostic);
    }
    found
}

impl<'o> Objects<'o> {
    /// Indexes all objects. Duplicate names are reported.
    pub fn new(objects: &'o [Object], findings: &mut Findings) -> Self {
        let mut all = Self::default();
        for Object { metadata, spec } in objects {
            match spec {
                Spec::DataSource { source_type } => {
                    insert(
                        &mut all.sources,
                        metadata,
                        source_type,
                        "data source",
                        findings,
                    );
                }
                Spec::Service { description } => {
                    let description = description.as_ref();
                    insert(
                        &mut all.services,
                        metadata,
                        description,
                        "service",
                        findings,
                    );
                }
                Spec::Slo(slo) => insert(&mut all.slos, metadata, slo, "objective", findings),
                Spec::Sli(sli) => insert(&mut all.slis, metadata, sli, "indicator", findings),
                Spec::Policy(policy) => {
                    insert(
                        &mut all.policies,
                        metadata,
                        policy,
                        "alert policy",
                        findings,
                    );
                }
                Spec::Condition(condition) => {
                    let named = &mut all.conditions;
                    insert(named, metadata, condition, "alert condition", findings);
                }
                Spec::Target(target) => {
                    let named = &mut all.targets;
                    insert(named, metadata, target, "notification target", findings);
                }
            }
        }
        all
    }

    /// Returns the service of an SLO.
    pub fn service(&self, slo: &Slo, findings: &mut Findings) -> Option<&'o Metadata> {
        find(&self.services, &slo.service, "service", findings).map(|(metadata, _)| metadata)
    }

    /// Returns an SLI.
    pub fn sli(&self, sli: &'o RefOr<Sli>, findings: &mut Findings) -> Option<&'o Sli> {
        match sli {
            RefOr::Inline(sli) => Some(sli),
            RefOr::Ref(name) => find(&self.slis, name, "indicator", findings).map(|(_, sli)| sli),
        }
    }

    /// Returns true if the annotation of an exported SLI says that it is a ratio that is computed elsewhere.
    pub fn is_error_ratio(&self, name: &Located<String>) -> bool {
        self.slis
            .get(name.value.as_str())
            .and_then(|(metadata, _)| metadata.annotations.get("nthc.sli"))
            .is_some_and(|variant| variant == kind::ERROR_RATIO)
    }

    /// Returns an alert policy.
    pub fn policy(&self, policy: &'o RefOr<Policy>, findings: &mut Findings) -> Option<&'o Policy> {
        match policy {
            RefOr::Inline(policy) => Some(policy),
            RefOr::Ref(name) => {
                find(&self.policies, name, "alert policy", findings).map(|(_, policy)| policy)
            }
        }
    }

    /// Returns the condition of a policy.
    pub fn condition(&self, policy: &'o Policy, findings: &mut Findings) -> Option<&'o Condition> {
        match &policy.condition {
            RefOr::Inline(condition) => Some(condition),
            RefOr::Ref(name) => {
                find(&self.conditions, name, "alert condition", findings).map(|(_, found)| found)
            }
        }
    }

    /// Returns the notification targets of a policy.
    pub fn targets(
        &self,
        policy: &'o Policy,
        findings: &mut Findings,
    ) -> Vec<(&'o Metadata, &'o Target)> {
        let each = policy.targets.iter().filter_map(|target| match target {
            RefOr::Inline(inline) => Some((&inline.0, &inline.1)),
            RefOr::Ref(name) => find(&self.targets, name, "notification target", findings),
        });
        each.collect()
    }

    /// Returns true if a metric is from Prometheus. Another or an unknown source is reported.
    pub fn is_prometheus(&self, metric: &Metric, findings: &mut Findings) -> bool {
        let source = match &metric.source {
            Some(name) => match find(&self.sources, name, "data source", findings) {
                Some((_, source_type)) => Some(source_type),
                None => return false,
            },
            None => None,
        };
        let mut types = metric.source_type.iter().chain(source).peekable();
        if types.peek().is_none() {
            report_inexpressible(
                findings,
                metric.span,
                "missing `type` or `metricSourceRef`",
                "the data source of this query is unknown",
            );
            return false;
        }
        match types.find(|name| !name.value.eq_ignore_ascii_case("prometheus")) {
            None => true,
            Some(other) => {
                let span = metric
                    .source_type
                    .as_ref()
                    .map_or(metric.span, |name| name.span);
                report_inexpressible(
                    findings,
                    span,
                    format!("queries of {} are not supported in `.nth`", other.value),
                    "only Prometheus is supported",
                );
                false
            }
        }
    }
}
