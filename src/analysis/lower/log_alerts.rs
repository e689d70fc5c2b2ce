//! Lowers alerts on logs.

use super::read::{Surroundings, alert_text, annotations, duration, labels, literal, report, text};
use crate::codes;
use crate::db::Diag;
use crate::environment::environment_settings;
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use nth_model::{LogAlert, TargetName};

/// Lowers the alerts on the logs of a service, and reports those that no target writes.
pub(super) fn lower(
    service: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Vec<LogAlert> {
    let alerts: Vec<&Instance> = service.children_of(kind::LOG_ALERT).collect();
    if let Some(first) = alerts.first() {
        unbuilt(first, surroundings, diagnostics);
    }
    let lowered = alerts.into_iter().filter_map(|alert| {
        let Value::String(when) = alert.get(field::WHEN) else {
            return None;
        };
        Some(LogAlert {
            name: alert.name.clone(),
            when: when.clone(),
            hold: duration(alert.get(field::FOR)),
            severity: surroundings.severity(alert.get(field::SEVERITY))?,
            summary: alert_text(alert.get(field::SUMMARY)),
            description: alert_text(alert.get(field::DESCRIPTION))
                .or_else(|| alert.doc.as_ref().map(|doc| literal(doc.trim()))),
            labels: labels(alert.get(field::LABELS)),
            annotations: annotations(alert.get(field::ANNOTATIONS)),
            runbook_url: text(alert.get(field::RUNBOOK_URL)),
        })
    });
    lowered.collect()
}

/// Reports that nothing evaluates alerts on logs, because their target is not built.
fn unbuilt(alert: &Instance, surroundings: &Surroundings<'_>, diagnostics: &mut Vec<Diag>) {
    let Surroundings {
        db,
        workspace,
        environment,
        ..
    } = *surroundings;
    let own = environment_settings(db, workspace, environment.cloned());
    let is_built = workspace.targets(db).contains(&TargetName::Loki);
    let is_listed =
        { own.targets.as_ref() }.is_none_or(|targets| targets.contains(&TargetName::Loki));
    let (place, wanted) = match (is_built, is_listed) {
        (true, true) => return,
        (false, _) => ("the project", "`targets` in `[project]` of `nth.toml`"),
        (true, false) => ("the environment", "`targets` of the environment"),
    };
    let found = Diag::new(
        &codes::UNSUPPORTED_BY_RULER,
        format!(
            "alert `{}` on logs is in no file: {place} does not build target `loki`",
            alert.name
        ),
        alert.head,
    )
    .help(format!("add `loki` to {wanted}"));
    report(alert, diagnostics, found);
}
