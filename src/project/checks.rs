//! Checks across the settings of a table.

use super::read::ReadTable;
use super::table::Findings;
use crate::diagnostics::{Diagnostic, codes};
use crate::ir::{
    AlertmanagerFormat, AlertmanagerSettings, MatcherStrategy, PolicyForm, PolicySettings,
};

/// Checks `[alertmanager]`: a resource requires the namespace by which the operator routes alerts, and email requires both a
/// server and a sender.
pub(super) fn alertmanager(read: &ReadTable<AlertmanagerSettings>, findings: &mut Findings) {
    let settings = &read.settings;
    if let Some(format) = read.place("format")
        && settings.format == AlertmanagerFormat::AlertmanagerConfig
        && settings.matcher_strategy == MatcherStrategy::OnNamespace
        && settings.namespace.is_none()
        && !read.is_wrong(&["namespace", "matcher_strategy"])
    {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::NO_ALERT_NAMESPACE,
                "missing `namespace` in `[alertmanager]`",
                format,
            )
            .label("the Prometheus operator routes alerts by their label `namespace`")
            .help("set `namespace` to that of the resource: every alert gets it as a label")
            .help("or set `matcher_strategy = \"none\"`, if the `Alertmanager` has `alertmanagerConfigMatcherStrategy: { type: None }`"),
        );
    }
    if read.is_wrong(&["smarthost", "from", "username", "require_tls"]) {
        return;
    }
    let missing = match (read.place("smarthost"), read.place("from")) {
        (Some(_), Some(_)) => None,
        (Some(smarthost), None) => Some(("from", smarthost)),
        (None, Some(from)) => Some(("smarthost", from)),
        (None, None) => {
            let lone = read.place("username").or(read.place("require_tls"));
            lone.map(|lone| ("smarthost", lone))
        }
    };
    if let Some((key, span)) = missing {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_MISSING_SETTING,
                format!("missing `alertmanager.{key}`: email needs an SMTP server"),
                span,
            )
            .help("set `smarthost`, the server with its port, and `from`, the sender's address"),
        );
    }
}

/// Checks `[policy]`: the output formats of Argo require a Prometheus URL, and that of Argo CD an image.
pub(super) fn policy(read: &ReadTable<PolicySettings>, findings: &mut Findings) {
    let settings = &read.settings;
    if read.is_wrong(&["forms", "prometheus", "image"]) {
        return;
    }
    let mut needs = |form: Option<&PolicyForm>, key: &str, what: &str| {
        if let Some(form) = form {
            let message = format!("output format `{}` needs `policy.{key}`", form.name());
            findings.diagnostics.push(
                Diagnostic::new(&codes::PROJECT_MISSING_SETTING, message, read.head)
                    .help(format!("set it to {what}")),
            );
        }
    };
    if settings.prometheus.is_none() {
        let mut forms = settings.forms.iter();
        needs(
            forms.find(|form| matches!(form, PolicyForm::ArgoRollouts | PolicyForm::ArgoCd)),
            "prometheus",
            "the URL of the Prometheus to query, as reached from the cluster",
        );
    }
    if settings.image.is_none() {
        needs(
            settings.forms.get(&PolicyForm::ArgoCd),
            "image",
            "an image that contains `nthc`, which the job runs",
        );
    }
}
