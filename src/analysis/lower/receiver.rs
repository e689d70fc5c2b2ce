//! Lowers the receivers of a team, and checks them.

use smol_str::SmolStr;

use super::receiver_times::Surroundings;
use super::{channel, receiver_times};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model::{self as ir, Severities, Severity};
use nth_promql::{LabelSet, labels_of};

/// Lowers a team's receivers. Skips those with errors.
pub(super) fn lower_all(
    team: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Vec<ir::Receiver> {
    let severities = surroundings.severities;
    let mut lowered: Vec<(ir::Receiver, Span)> = Vec::new();
    let mut is_whole = true;
    for receiver in team.children_of(kind::RECEIVER) {
        match lower(team, receiver, surroundings, diagnostics) {
            Some(known) => {
                let place = team.place_of(receiver, receiver.head);
                warn_of_twice(&known, place, &lowered, diagnostics);
                lowered.push((known, place));
            }
            None => is_whole = false,
        }
    }
    if is_whole {
        warn_of_missing_receiver(team, &lowered, severities, diagnostics);
        receiver_times::warn_of_muted_pages(team, &lowered, severities, diagnostics);
    }
    lowered.into_iter().map(|(receiver, _)| receiver).collect()
}

/// Diagnostics about the email receivers of a team, for a project without an SMTP server.
pub fn mail_receivers(team: &Instance) -> impl Iterator<Item = Diag> {
    team.children_of(kind::RECEIVER)
        .filter(|receiver| receiver.variant.as_deref() == Some(kind::MAIL))
        .map(|receiver| {
            Diag::new(
                &codes::NO_MAIL_SERVER,
                format!(
                    "email receiver `{}` of team `{}` has no SMTP server",
                    receiver.name, team.name
                ),
                team.place_of(receiver, receiver.head),
            )
            .label("Alertmanager would reject the configuration")
            .help("set `smarthost` and `from` in `[alertmanager]` of `nth.toml`: `smarthost = \"mail.example.com:587\"`")
        })
}

/// A place that sets the label `namespace` of alerts, which the Prometheus operator routes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relabelled {
    /// The label's value, if it is constant. It may be the required one.
    pub namespace: Option<String>,
    /// The diagnostic to report if alerts need another value.
    pub found: Diag,
}

/// Returns the places where a service and its alerts set the label `namespace`, and the alerts whose series have one.
pub fn relabelled(service: &Instance) -> Vec<Relabelled> {
    let of_dependencies = service
        .children_of(kind::DEPENDENCY)
        .flat_map(|dependency| dependency.children_of(kind::ALERT));
    let alerts = || service.children_of(kind::ALERT);
    let slo_alerts = service
        .children_of(kind::SLO)
        .flat_map(|slo| slo.children_of(kind::SLO_ALERT));
    let set = std::iter::once(service)
        .chain(slo_alerts)
        .chain(alerts())
        .chain(of_dependencies)
        .filter_map(|block| namespace_set(service, block));
    // A project cannot change the grouping in a technology's template.
    let kept = alerts().filter_map(|alert| namespace_kept(service, alert));
    set.chain(kept).collect()
}

/// The label `namespace` that a block sets, in its labels or with a field that the project added.
fn namespace_set(service: &Instance, block: &Instance) -> Option<Relabelled> {
    const LABEL: &str = "namespace";
    let of_field = block.fields.get(LABEL).filter(|field| field.extension);
    let (value, field) = match (block.get(field::LABELS), of_field) {
        (Value::Labels(labels), _) if labels.contains_key(LABEL) => {
            (labels.get(LABEL)?, field::LABELS)
        }
        (_, Some(field)) => (&field.value, LABEL),
        _ => return None,
    };
    let found = Diag::new(
        &codes::ALERT_NAMESPACE,
        format!(
            "label `namespace` of {} `{}` is not the namespace of the AlertmanagerConfig",
            block.kind, block.name
        ),
        service.place_of(block, block.span_of(field)),
    )
    .label("the Prometheus operator routes alerts by this label")
    .help("remove it: alerts get the `namespace` of `[alertmanager]` in `nth.toml`")
    .help("or set `matcher_strategy = \"none\"` in `[alertmanager]`, if the `Alertmanager` has `alertmanagerConfigMatcherStrategy: { type: None }`");
    Some(Relabelled {
        namespace: Some(value.show()?),
        found,
    })
}

/// An alert whose query keeps the label `namespace`.
fn namespace_kept(service: &Instance, alert: &Instance) -> Option<Relabelled> {
    let Value::Query(query) = alert.get(field::WHEN) else {
        return None;
    };
    let LabelSet::Only(labels) = labels_of(&query.expr) else {
        return None;
    };
    labels.contains("namespace").then(|| Relabelled {
        namespace: None,
        found: Diag::new(
            &codes::NAMESPACE_REPLACED,
            format!("alert `{}` loses the label `namespace` of its series", alert.name),
            service.place_of(alert, alert.span_of(field::WHEN)),
        )
        .label("alerts get the namespace of the AlertmanagerConfig")
        .help("group by a copy: `sum by (in_namespace) (label_replace(x, \"in_namespace\", \"$1\", \"namespace\", \"(.*)\"))`"),
    })
}

fn lower(
    team: &Instance,
    receiver: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Receiver> {
    let severities = surroundings.severities;
    let channel = channel::lower(team, receiver, diagnostics);
    let mut on: Vec<Severity> = match receiver.get(field::ON) {
        Value::List(items) => {
            let named = items.iter().map(|item| severity_named(item, severities));
            named.flatten().collect()
        }
        Value::None => severities.all().to_vec(),
        _ => return None,
    };
    on.sort();
    on.dedup();
    let times = receiver_times::lower(team, receiver, &on, surroundings, diagnostics);
    let (channel, times) = (channel?, times?);
    Some(ir::Receiver {
        name: receiver.name.clone(),
        on,
        resolved: *receiver.get(field::RESOLVED) != Value::Bool(false),
        active: times.active,
        mute: times.mute,
        mutes_pages: times.mutes_pages,
        channel,
    })
}

fn warn_of_twice(
    receiver: &ir::Receiver,
    place: Span,
    others: &[(ir::Receiver, Span)],
    diagnostics: &mut Vec<Diag>,
) {
    // With other times, they share only what is sent at all times.
    let is_shared = |other: &ir::Receiver, severity: &Severity| {
        let is_timed = other.is_timed(severity) || receiver.is_timed(severity);
        let has_same_times = (&other.active, &other.mute) == (&receiver.active, &receiver.mute);
        other.on.contains(severity)
            && (!is_timed
                || has_same_times && other.is_timed(severity) == receiver.is_timed(severity))
    };
    let same = others.iter().find(|(other, _)| {
        let mut on = receiver.on.iter();
        other.channel == receiver.channel && on.any(|severity| is_shared(other, severity))
    });
    let Some((other, first)) = same else {
        return;
    };
    let both = receiver
        .on
        .iter()
        .filter(|severity| is_shared(other, severity));
    let both: Vec<String> = both.map(plural).collect();
    let diagnostic = Diag::new(
        &codes::TOLD_TWICE,
        format!(
            "receivers `{}` and `{}` both send {}",
            other.name,
            receiver.name,
            both.join(" and ")
        ),
        place,
    )
    .because(*first, "the other receiver")
    .help("remove one, or restrict each with `on`");
    diagnostics.push(diagnostic);
}

/// Warns about a team that has receivers for some severities only.
fn warn_of_missing_receiver(
    team: &Instance,
    receivers: &[(ir::Receiver, Span)],
    severities: &Severities,
    diagnostics: &mut Vec<Diag>,
) {
    let Some((_, first)) = receivers.first() else {
        return;
    };
    for severity in severities.all() {
        if receivers
            .iter()
            .any(|(receiver, _)| receiver.on.contains(severity))
        {
            continue;
        }
        let name: &SmolStr = &team.name;
        let diagnostic = Diag::new(
            &codes::NO_RECEIVER,
            format!("no receiver of team `{name}` handles {}", plural(severity)),
            *first,
        )
        .label("explicit receivers replace the default ones")
        .help(format!(
            "add `{}` to a receiver's `on`, or add a receiver for them",
            severity.name()
        ));
        diagnostics.push(diagnostic);
    }
}

/// Warns about a team that only PagerDuty notifies, in an environment that does not page.
pub(super) fn unreachable(
    block: &Instance,
    team: &ir::Team,
    environment: &SmolStr,
    instead: &Severity,
) -> Option<Diag> {
    let paged = ir::Team {
        is_paged: true,
        ..team.clone()
    };
    let (there, here) = (paged.effective_receivers(), team.effective_receivers());
    let gets = |all: &[ir::Receiver]| all.iter().any(|one| one.on.contains(instead));
    // Declared receivers without tickets are reported in all environments.
    let is_reported = !team.receivers.is_empty() && !gets(&there);
    if there.is_empty() || gets(&here) || is_reported {
        return None;
    }
    let found = Diag::new(
        &codes::NO_RECEIVER,
        format!(
            "no receiver of team `{}` handles {} in `{environment}`",
            team.name,
            plural(instead)
        ),
        block.head,
    )
    .label("only notified through PagerDuty")
    .note(format!(
        "environment `{environment}` has `pages = false`: its alerts are {}, and none is sent to PagerDuty",
        plural(instead)
    ))
    .help(format!(
        "set `slack` or `email` of the team, or add a receiver for {} that is not PagerDuty",
        plural(instead)
    ));
    Some(found)
}

/// The alerts of a severity, in words.
fn plural(severity: &Severity) -> String {
    match severity.name() {
        Severity::PAGE => "pages".to_owned(),
        Severity::TICKET => "tickets".to_owned(),
        name => format!("alerts of severity `{name}`"),
    }
}
