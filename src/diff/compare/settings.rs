//! Settings of the project.

use nth_model::settings::SettingsTable;
use nth_model::{AlertmanagerBase, Settings, TargetName};

use super::changes::Changes;
use super::severities;
use crate::change::Subject;
use crate::class::Class;
use crate::id::ChangeId;

/// Compares the settings of two versions in an environment.
pub fn compare(base: &Settings, head: &Settings, changes: &mut Changes) {
    let Settings {
        project,
        shared,
        // Which environments there are is compared for the whole project.
        environment: _,
        server_side_apply,
        kustomization,
        targets,
        prometheus,
        // What it changes is compared: the teams.
        ownership: _,
        severities: of_alerts,
        runbook_base_url,
        dashboard_base_url,
        grafana,
        alertmanager,
        alertmanager_bases: _,
        pagerduty,
        openslo,
        docs,
        policy,
        backstage,
    } = head;
    let setting = |name: &str| Subject::project("setting", name);
    changes.text(
        ChangeId::ProjectRenamed,
        &setting("project.name"),
        Some(&base.project),
        Some(project),
        String::clone,
    );
    changes.text(
        ChangeId::SharedChanged,
        &setting("project.shared"),
        Some(&base.shared),
        Some(shared),
        ToString::to_string,
    );
    changes.text(
        ChangeId::OutputSettingChanged,
        &setting("kubernetes.server_side_apply"),
        Some(&base.server_side_apply),
        Some(server_side_apply),
        ToString::to_string,
    );
    changes.text(
        ChangeId::OutputSettingChanged,
        &setting("kubernetes.kustomization"),
        Some(&base.kustomization),
        Some(kustomization),
        ToString::to_string,
    );
    for target in TargetName::ALL {
        let subject = Subject::project("target", target.name());
        match (base.targets.contains(&target), targets.contains(&target)) {
            (true, false) => {
                changes.plain(
                    ChangeId::TargetRemoved,
                    &subject,
                    Some(target.name().to_owned()),
                    None,
                );
                // Without these nobody is notified; without the others there is less to look at.
                let is_silent = matches!(
                    target,
                    TargetName::Prometheus
                        | TargetName::GrafanaAlerting
                        | TargetName::Alertmanager
                        | TargetName::PagerDuty
                );
                if let Some(change) = changes.found.last_mut().filter(|_| !is_silent) {
                    change.class = Class::Removed;
                    change.because = "its files are no longer generated".to_owned();
                }
            }
            (false, true) => changes.plain(
                ChangeId::TargetAdded,
                &subject,
                None,
                Some(target.name().to_owned()),
            ),
            _ => {}
        }
    }
    severities::compare(&base.severities, of_alerts, changes);
    for (name, old, new) in [
        ("urls.runbooks", &base.runbook_base_url, runbook_base_url),
        (
            "urls.dashboards",
            &base.dashboard_base_url,
            dashboard_base_url,
        ),
    ] {
        changes.text(
            ChangeId::OutputSettingChanged,
            &setting(name),
            old.as_ref(),
            new.as_ref(),
            String::clone,
        );
    }
    let both = |target| base.targets.contains(&target) && targets.contains(&target);
    if both(TargetName::Prometheus) {
        table(
            &base.prometheus,
            prometheus,
            ChangeId::RuleSettingChanged,
            changes,
        );
    }
    if both(TargetName::Alertmanager) {
        table(
            &base.alertmanager,
            alertmanager,
            ChangeId::RoutingSettingChanged,
            changes,
        );
    }
    // With another path, that is the change.
    let is_same_base = base.alertmanager.base == alertmanager.base;
    let [old, new] = [base, head].map(Settings::alertmanager_base);
    if both(TargetName::Alertmanager) && is_same_base && old != new {
        let shown = |of: Option<&AlertmanagerBase>, suffix: &str| {
            let path = alertmanager.base.as_deref().unwrap_or_default();
            of.map(|_| format!("{path}{suffix}"))
        };
        changes.text(
            ChangeId::RoutingSettingChanged,
            &setting("alertmanager.base"),
            shown(old, "").as_ref(),
            shown(new, " (edited)").as_ref(),
            String::clone,
        );
    }
    if both(TargetName::PagerDuty) {
        table(
            &base.pagerduty,
            pagerduty,
            ChangeId::RoutingSettingChanged,
            changes,
        );
    }
    if both(TargetName::Policy) {
        table(&base.policy, policy, ChangeId::GateSettingChanged, changes);
    }
    let output = ChangeId::OutputSettingChanged;
    if both(TargetName::Grafana) || both(TargetName::GrafanaAlerting) {
        table(&base.grafana, grafana, output, changes);
    }
    if both(TargetName::OpenSlo) {
        table(&base.openslo, openslo, output, changes);
    }
    if both(TargetName::Backstage) {
        table(&base.backstage, backstage, output, changes);
    }
    if both(TargetName::Docs) {
        table(&base.docs, docs, output, changes);
    }
}

/// Compares the settings of a table, each by its declaration.
fn table<T: SettingsTable + PartialEq>(base: &T, head: &T, id: ChangeId, changes: &mut Changes) {
    if base == head {
        return;
    }
    for setting in T::TABLE.settings {
        let name = format!("{}.{}", T::TABLE.name, setting.key);
        let id = match name.as_str() {
            "prometheus.interval" => ChangeId::IntervalChanged,
            _ => id,
        };
        changes.text(
            id,
            &Subject::project("setting", name),
            base.get(setting.key).as_ref(),
            head.get(setting.key).as_ref(),
            ToString::to_string,
        );
    }
}
