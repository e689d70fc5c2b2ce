//! Labels that an author sets, but that generated rules override: the author's value would be lost silently.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::lower::report;
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model::{RuleLabel, Severities};

/// The kind whose added fields become labels.
pub const LABELED_KIND: &str = kind::SERVICE;

/// The labels of a service to check.
pub struct Labels<'a> {
    /// The service.
    pub service: &'a Instance,
    /// The environment; `None` if the project declares none.
    pub environment: Option<&'a SmolStr>,
    /// The severities of the project.
    pub severities: &'a Severities,
    /// The labels that settings add to rules.
    pub given: &'a BTreeMap<RuleLabel, String>,
}

/// The rules that a block's labels are added to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On<'a> {
    /// All rules of the service.
    Service,
    /// The rules of an SLO.
    Slo,
    /// Alerts of this SLO.
    SloAlert(&'a Instance),
    /// A recording rule in this SLO.
    SloRecording(&'a Instance),
    /// An alert, with its dependency, if any.
    Alert(Option<&'a Instance>),
    /// A recording rule.
    Recording,
}

/// The source of a label's value.
struct Source {
    /// A description: `the service's name`.
    what: String,
    /// Its value; `None` if it differs between rules.
    value: Option<String>,
    /// The help text.
    help: String,
}

impl Labels<'_> {
    /// Returns diagnostics about labels that would be lost.
    pub fn lost(&self) -> Vec<Diag> {
        let mut found = Vec::new();
        let service = self.service;
        match service.kind.as_str() {
            kind::ALERT => {
                self.check_block(service, On::Alert(None), &mut found);
                return found;
            }
            kind::RECORDING => {
                self.check_block(service, On::Recording, &mut found);
                return found;
            }
            _ => {}
        }
        self.check_block(service, On::Service, &mut found);
        self.check_extensions(&mut found);
        for slo in service.children_of(kind::SLO) {
            self.check_block(slo, On::Slo, &mut found);
            self.check_groups(slo, &mut found);
            for alert in slo.children_of(kind::SLO_ALERT) {
                self.check_block(alert, On::SloAlert(slo), &mut found);
            }
            for recording in slo.children_of(kind::RECORDING) {
                self.check_block(recording, On::SloRecording(slo), &mut found);
            }
        }
        for alert in service.children_of(kind::ALERT) {
            self.check_block(alert, On::Alert(None), &mut found);
        }
        for dependency in service.children_of(kind::DEPENDENCY) {
            for alert in dependency.children_of(kind::ALERT) {
                self.check_block(alert, On::Alert(Some(dependency)), &mut found);
            }
        }
        for recording in service.children_of(kind::RECORDING) {
            self.check_block(recording, On::Recording, &mut found);
        }
        found
    }

    fn check_block(&self, block: &Instance, on: On<'_>, found: &mut Vec<Diag>) {
        if matches!(on, On::Alert(_)) {
            annotations(block, found);
        }
        let Value::Labels(labels) = block.get(field::LABELS) else {
            return;
        };
        for (name, value) in labels {
            let Some(source) = RuleLabel::from_name(name)
                .filter(|label| self.is_set(*label, on))
                .map(|label| self.source(label, block, on))
            else {
                continue;
            };
            // The same value is not lost.
            if value.is_opaque() || (source.value.is_some() && source.value == value.show()) {
                continue;
            }
            let message = match &source.value {
                Some(value) => {
                    format!("label `{name}` is reserved for {}, `{value}`", source.what)
                }
                None => format!("label `{name}` is reserved for {}", source.what),
            };
            let diagnostic = Diag::new(
                &codes::RESERVED_LABEL,
                message,
                block.span_of_label(field::LABELS, name),
            )
            .label("this value would be dropped")
            .help(source.help);
            report(block, found, diagnostic);
        }
    }

    /// Reports labels of groups that the rules of an SLO already have: all groups would be one.
    fn check_groups(&self, slo: &Instance, found: &mut Vec<Diag>) {
        let Value::List(names) = slo.get(field::BY) else {
            return;
        };
        let added = |block: &Instance, name: &str| match block.get(field::LABELS) {
            Value::Labels(labels) => labels.contains_key(name),
            _ => false,
        };
        let parts = || {
            let alerts = slo.children_of(kind::SLO_ALERT);
            alerts.chain(slo.children_of(kind::RECORDING))
        };
        for name in names.iter().filter_map(Value::show) {
            let reserved = RuleLabel::from_name(&name).filter(|label| self.is_set(*label, On::Slo));
            let extension = self
                .service
                .fields
                .iter()
                .any(|(field, value)| value.extension && field.replace('-', "_") == name);
            let what = match reserved {
                Some(label) => self.source(label, slo, On::Slo).what,
                None if added(slo, &name) => "a label of the SLO".to_owned(),
                None if parts().any(|part| added(part, &name)) => {
                    "a label of its `slo-alert` or `recording` blocks".to_owned()
                }
                None if added(self.service, &name) => "a label of the service".to_owned(),
                None if extension => "a field of the service".to_owned(),
                None => continue,
            };
            let diagnostic = Diag::new(
                &codes::INVALID_GROUPS,
                format!("an SLO cannot be grouped by `{name}`: its rules have this label from {what}"),
                slo.span_of(field::BY),
            )
            .label("all of its series have one value")
            .help("group by another label of the series, or copy its values to one with `label_replace`");
            report(slo, found, diagnostic);
        }
    }

    /// Reports fields that the project added, if their label is overridden.
    fn check_extensions(&self, found: &mut Vec<Diag>) {
        let service = self.service;
        let set = match service.get(field::LABELS) {
            Value::Labels(labels) => Some(labels),
            _ => None,
        };
        let mut taken: BTreeMap<String, (&SmolStr, Span)> = BTreeMap::new();
        for (name, field) in &service.fields {
            if !field.extension || !field.explicit {
                continue;
            }
            let Some(value) = field.value.show() else {
                continue;
            };
            let label = name.replace('-', "_");
            let other = set.and_then(|labels| labels.get(label.as_str()));
            if let Some(other) = other
                && !other.is_opaque()
                && other.show().as_ref() != Some(&value)
            {
                let diagnostic = Diag::new(
                    &codes::RESERVED_LABEL,
                    format!(
                        "label `{label}` is reserved for field `{name}` of the service, `{value}`"
                    ),
                    service.span_of_label(field::LABELS, &label),
                )
                .label("only one of the two values can be on the rules")
                .because(field.span, "the field")
                .help(format!("remove the label, or the field `{name}`"));
                report(service, found, diagnostic);
            }
            if let Some((first, place)) = taken.get(&label) {
                let diagnostic = Diag::new(
                    &codes::RESERVED_LABEL,
                    format!("fields `{first}` and `{name}` are both label `{label}`"),
                    field.span,
                )
                .label("this value would be dropped")
                .because(*place, "the other field")
                .help("rename one of the fields where it is declared");
                report(service, found, diagnostic);
            }
            taken.entry(label).or_insert((name, field.span));
        }
    }

    /// True if the generated rules already set this label.
    fn is_set(&self, label: RuleLabel, on: On<'_>) -> bool {
        let has = |kind: &str| self.service.children_of(kind).next().is_some();
        let mut dependencies = self.service.children_of(kind::DEPENDENCY);
        let dependency_alerts =
            dependencies.any(|dependency| dependency.children_of(kind::ALERT).next().is_some());
        match label {
            RuleLabel::Team => true,
            // Rules outside of any service have neither.
            RuleLabel::Service | RuleLabel::Tier => {
                !matches!(self.service.kind.as_str(), kind::ALERT | kind::RECORDING)
            }
            RuleLabel::Environment => self.environment.is_some(),
            RuleLabel::Project => self.given.contains_key(&label),
            RuleLabel::Namespace => {
                let has_alerts = match on {
                    On::Service => has(kind::SLO) || has(kind::ALERT) || dependency_alerts,
                    On::Slo | On::SloAlert(_) | On::Alert(_) => true,
                    On::SloRecording(_) | On::Recording => false,
                };
                has_alerts && self.given.contains_key(&label)
            }
            RuleLabel::Dependency => match on {
                On::Service => dependency_alerts,
                On::Alert(dependency) => dependency.is_some(),
                On::Slo | On::SloAlert(_) | On::SloRecording(_) | On::Recording => false,
            },
            RuleLabel::Severity | RuleLabel::AlertName => match on {
                On::Service => has(kind::SLO) || has(kind::ALERT) || dependency_alerts,
                On::Slo | On::SloAlert(_) | On::Alert(_) => true,
                On::SloRecording(_) | On::Recording => false,
            },
            RuleLabel::Contract => {
                let mut slos = self.service.children_of(kind::SLO);
                matches!(on, On::Service | On::Slo)
                    && slos.any(|slo| slo.children_of(kind::CONTRACT).next().is_some())
            }
            _ => match on {
                On::Service => has(kind::SLO),
                On::Slo | On::SloAlert(_) | On::SloRecording(_) => true,
                On::Alert(_) | On::Recording => false,
            },
        }
    }

    fn source(&self, label: RuleLabel, block: &Instance, on: On<'_>) -> Source {
        let service = self.service;
        let owner = &service.kind;
        let block_name = |field: &str| match service.get(field) {
            Value::Block(block) => Some(block.name.to_string()),
            _ => None,
        };
        let another = |example: &str| format!("use another label, such as `{example}`");
        match label {
            RuleLabel::Service => Source {
                what: format!("the {owner}'s name"),
                value: Some(service.name.to_string()),
                help: another("app"),
            },
            RuleLabel::Team => Source {
                what: format!("the {owner}'s team"),
                value: block_name(field::TEAM),
                help: format!(
                    "set the {owner}'s field `team`, or use another label, such as `owner`"
                ),
            },
            RuleLabel::Tier => Source {
                what: format!("the {owner}'s tier"),
                value: block_name(field::TIER),
                help: format!(
                    "set the {owner}'s field `tier`, or use another label, such as `class`"
                ),
            },
            RuleLabel::Environment => Source {
                what: "the environment's name".to_owned(),
                value: self.environment.map(ToString::to_string),
                help: another("stage"),
            },
            RuleLabel::Project => Source {
                what: "the project's name".to_owned(),
                value: self.given.get(&label).cloned(),
                help: another("product"),
            },
            RuleLabel::Namespace => Source {
                what: "the namespace of the Alertmanager's resource".to_owned(),
                value: self.given.get(&label).cloned(),
                help: "set `namespace` under `[alertmanager]` in nth.toml, or use another label, such as `kube_namespace`".to_owned(),
            },
            RuleLabel::Severity => self.severity(block, on),
            RuleLabel::AlertName => Source {
                what: match on {
                    On::Alert(_) => format!("the name of alert `{}`", block.name),
                    _ => "the name of each alert".to_owned(),
                },
                value: None,
                help: match on {
                    On::Alert(_) => {
                        "rename the block instead: `alert queue-backlog { … }` is `QueueBacklog`"
                            .to_owned()
                    }
                    On::SloAlert(_) => "set the field `alert`".to_owned(),
                    _ => another("rule"),
                },
            },
            RuleLabel::Dependency => Source {
                what: match on {
                    On::Alert(_) => "the dependency's name".to_owned(),
                    _ => "the dependency that an alert is of".to_owned(),
                },
                value: match on {
                    On::Alert(dependency) => {
                        dependency.map(|dependency| dependency.name.to_string())
                    }
                    _ => None,
                },
                help: another("needs"),
            },
            RuleLabel::Slo => Source {
                what: match on {
                    On::Slo | On::SloAlert(_) | On::SloRecording(_) => "the SLO's name".to_owned(),
                    _ => "the name of each SLO".to_owned(),
                },
                value: match on {
                    On::Slo => Some(block.name.to_string()),
                    On::SloAlert(slo) | On::SloRecording(slo) => Some(slo.name.to_string()),
                    _ => None,
                },
                help: another("objective_name"),
            },
            RuleLabel::Window => Source {
                what: "the window of each recording rule of an SLO".to_owned(),
                value: None,
                help: another("schedule"),
            },
            RuleLabel::LongWindow | RuleLabel::ShortWindow => Source {
                what: format!(
                    "the {} window of each burn-rate alert",
                    if label == RuleLabel::LongWindow {
                        "long"
                    } else {
                        "short"
                    }
                ),
                value: None,
                help: another("schedule"),
            },
            RuleLabel::BudgetConsumed => Source {
                what: "the consumed share of the error budget of each budget alert".to_owned(),
                value: None,
                help: another("budget"),
            },
            RuleLabel::Targets => Source {
                what: "alerts on missing series of healthy targets".to_owned(),
                value: None,
                help: another("scrapes"),
            },
            RuleLabel::Contract => Source {
                what: "the name of each contract of an SLO".to_owned(),
                value: None,
                help: another("agreement"),
            },
            RuleLabel::Objective => Source {
                what: "the SLO's objective, on `slo_info`".to_owned(),
                value: None,
                help: another("goal"),
            },
            RuleLabel::Period => Source {
                what: "the SLO's window, on `slo_info`".to_owned(),
                value: None,
                help: another("schedule"),
            },
        }
    }

    fn severity(&self, block: &Instance, on: On<'_>) -> Source {
        let names =
            "`[severity]` in nth.toml sets what `page` and `ticket` are called in the label";
        let On::Alert(_) = on else {
            return Source {
                what: "the severity of each alert".to_owned(),
                value: None,
                help: format!("use another label, such as `impact`; {names}"),
            };
        };
        let severity = severity_named(block.get(field::SEVERITY), self.severities);
        Source {
            what: format!("the severity of alert `{}`", block.name),
            value: severity.map(|severity| severity.label().to_owned()),
            help: format!(
                "set the alert's field: `severity = page` or `severity = ticket`; {names}"
            ),
        }
    }
}

/// Reports labels of a tier's `slo-alert` blocks that the alerts of SLOs already have.
pub fn lost_of_tier(
    tier: &Instance,
    has_environment: bool,
    given: &BTreeMap<RuleLabel, String>,
) -> Vec<Diag> {
    let mut found = Vec::new();
    for block in tier.children_of(kind::SLO_ALERT) {
        let Value::Labels(labels) = block.get(field::LABELS) else {
            continue;
        };
        for name in labels.keys() {
            let is_set = |label: &RuleLabel| match label {
                RuleLabel::Environment => has_environment,
                RuleLabel::Project | RuleLabel::Namespace => given.contains_key(label),
                RuleLabel::Dependency => false,
                _ => true,
            };
            if RuleLabel::from_name(name).filter(is_set).is_none() {
                continue;
            }
            let diagnostic = Diag::new(
                &codes::RESERVED_LABEL,
                format!("label `{name}` is reserved for the alerts of each SLO"),
                block.span_of_label(field::LABELS, name),
            )
            .label("this value would be dropped")
            .help("use another label");
            report(block, &mut found, diagnostic);
        }
    }
    found
}

/// Reports annotations that alerts already have from their fields.
fn annotations(alert: &Instance, found: &mut Vec<Diag>) {
    let Value::Labels(annotations) = alert.get(field::ANNOTATIONS) else {
        return;
    };
    for name in [field::SUMMARY, field::DESCRIPTION] {
        if !annotations.contains_key(name) {
            continue;
        }
        let diagnostic = Diag::new(
            &codes::RESERVED_LABEL,
            format!(
                "annotation `{name}` is reserved for field `{name}` of alert `{}`",
                alert.name
            ),
            alert.span_of_label(field::ANNOTATIONS, name),
        )
        .label("this text would be dropped")
        .help(format!("set the field: `{name} = \"…\"`"));
        report(alert, found, diagnostic);
    }
    // The annotation would override the field.
    let field = alert.fields.get(field::RUNBOOK_URL);
    if let (Some(own), Some(field)) = (annotations.get("runbook_url"), field)
        && field.explicit
        && !own.is_opaque()
        && own.show() != field.value.show()
    {
        let diagnostic = Diag::new(
            &codes::RESERVED_LABEL,
            format!(
                "annotation `runbook_url` is reserved for field `runbook_url` of alert `{}`",
                alert.name
            ),
            alert.span_of_label(field::ANNOTATIONS, "runbook_url"),
        )
        .label("only one of the two URLs can be on the alert")
        .because(field.span, "the field")
        .help("remove the annotation");
        report(alert, found, diagnostic);
    }
}

/// Diagnostic about a field that a project adds to services, if rules already have a label of this name.
pub fn reserved_field(
    name: &str,
    place: Span,
    has_environments: bool,
    given: &BTreeMap<RuleLabel, String>,
) -> Option<Diag> {
    let label = RuleLabel::from_name(&name.replace('-', "_"))?;
    if label == RuleLabel::Environment && !has_environments
        || label.is_settings_label() && !given.contains_key(&label)
    {
        return None;
    }
    let whose = if label.is_slo_label() {
        "the rules of SLOs"
    } else if label.is_alert_label() {
        "alerts"
    } else {
        "services"
    };
    Some(
        Diag::new(
            &codes::RESERVED_LABEL,
            format!(
                "label `{}` of field `{name}` is reserved for {whose}",
                label.name()
            ),
            place,
        )
        .label("each value would be dropped")
        .help(format!("rename the field, as in `service-{name}`")),
    )
}
