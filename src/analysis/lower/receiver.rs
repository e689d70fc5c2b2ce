//! Lowers the receivers of a team, and checks them.

use smol_str::SmolStr;

use super::read::text;
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model::channel::{Mail, PagerDuty, Slack};
use nth_model::{self as ir, Severities, Severity};
use nth_promql::{LabelSet, labels_of};

/// Lowers a team's receivers. Skips those with errors.
pub(super) fn lower_all(
    team: &Instance,
    severities: &Severities,
    diagnostics: &mut Vec<Diag>,
) -> Vec<ir::Receiver> {
    let mut lowered: Vec<(ir::Receiver, Span)> = Vec::new();
    let mut is_whole = true;
    for receiver in team.children_of(kind::RECEIVER) {
        check_files(team, receiver, diagnostics);
        match lower(team, receiver, severities, diagnostics) {
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
    severities: &Severities,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::Receiver> {
    let channel = match receiver.variant.as_deref()? {
        kind::PAGERDUTY => ir::Channel::PagerDuty(PagerDuty {
            routing_key_file: text(receiver.get(field::ROUTING_KEY_FILE)),
        }),
        kind::SLACK => ir::Channel::Slack(Slack {
            channel: text(receiver.get(field::CHANNEL))?,
            url_file: text(receiver.get(field::URL_FILE)),
        }),
        kind::MAIL => ir::Channel::Mail(Mail {
            to: text(receiver.get(field::TO))?,
        }),
        kind::WEBHOOK => ir::Channel::Webhook(webhook_url(team, receiver, diagnostics)?),
        _ => return None,
    };
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
    Some(ir::Receiver {
        name: receiver.name.clone(),
        on,
        resolved: *receiver.get(field::RESOLVED) != Value::Bool(false),
        channel,
    })
}

/// Lowers a webhook's URL, which must be set in exactly one way.
fn webhook_url(
    team: &Instance,
    receiver: &Instance,
    diagnostics: &mut Vec<Diag>,
) -> Option<ir::WebhookUrl> {
    let written = |field: &str| *receiver.get(field) != Value::None;
    let one = match (written(field::URL), written(field::URL_FILE)) {
        (true, true) => {
            let place = team.place_of(receiver, receiver.span_of(field::URL_FILE));
            let diagnostic = Diag::new(
                &codes::WEBHOOK_URL,
                format!("webhook `{}` has both `url` and `url_file`", receiver.name),
                place,
            )
            .because(
                team.place_of(receiver, receiver.span_of(field::URL)),
                "the other URL",
            )
            .help("keep `url_file` if the URL is a secret, otherwise `url`");
            diagnostics.push(diagnostic);
            return None;
        }
        (false, false) => {
            if !receiver.incomplete {
                let diagnostic = Diag::new(
                    &codes::WEBHOOK_URL,
                    format!("webhook `{}` has no URL", receiver.name),
                    team.place_of(receiver, receiver.head),
                )
                .label("alerts are not sent")
                .help(
                    "set `url_file` to the file that contains the URL, or `url` if it is not a secret",
                );
                diagnostics.push(diagnostic);
            }
            return None;
        }
        (true, false) => ir::WebhookUrl::Plain(text(receiver.get(field::URL))?),
        (false, true) => ir::WebhookUrl::File(text(receiver.get(field::URL_FILE))?),
    };
    Some(one)
}

/// Reports relative file paths: Alertmanager resolves them against its own configuration's directory.
fn check_files(team: &Instance, receiver: &Instance, diagnostics: &mut Vec<Diag>) {
    for field in [field::ROUTING_KEY_FILE, field::URL_FILE] {
        let Value::String(file) = receiver.get(field) else {
            continue;
        };
        let problem = if !file.starts_with('/') {
            "not an absolute path"
        } else if file.ends_with('/') {
            "a directory, not a file"
        } else if file.chars().any(char::is_control) {
            "contains control characters"
        } else {
            continue;
        };
        let diagnostic = Diag::new(
            &codes::SECRET_FILE,
            format!(
                "`{field}` of `{}` must be an absolute path on the Alertmanager host",
                receiver.name
            ),
            team.place_of(receiver, receiver.span_of(field)),
        )
        .label(problem)
        .help("write the path on that host: `\"/etc/alertmanager/secrets/…\"`");
        diagnostics.push(diagnostic);
    }
}

fn warn_of_twice(
    receiver: &ir::Receiver,
    place: Span,
    others: &[(ir::Receiver, Span)],
    diagnostics: &mut Vec<Diag>,
) {
    let same = others.iter().find(|(other, _)| {
        other.channel == receiver.channel
            && other
                .on
                .iter()
                .any(|severity| receiver.on.contains(severity))
    });
    let Some((other, first)) = same else {
        return;
    };
    let both = receiver
        .on
        .iter()
        .filter(|severity| other.on.contains(severity));
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
