//! Checks across the settings of a table.

use super::read::ReadTable;
use super::table::Findings;
use crate::diagnostics::{Diagnostic, codes};
use crate::ir::settings::{KubernetesTable, PrometheusSettings, RuleFormat, Ruler};
use crate::ir::{
    AlertmanagerFormat, AlertmanagerSettings, MatcherStrategy, PolicyForm, PolicySettings, Settings,
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
    if let Some(base) = read.place("base")
        && settings.format != AlertmanagerFormat::Plain
        && !read.is_wrong(&["format"])
    {
        let message = format!(
            "`alertmanager.base` has no effect with `format = \"{}\"`",
            settings.format.name()
        );
        findings.diagnostics.push(
            Diagnostic::new(&codes::PROJECT_BAD_SETTING, message, base)
                .label("only a whole `alertmanager.yml` has a base file")
                .help("remove `base`, or set `format = \"plain\"`"),
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

/// Checks `[prometheus]`: a query offset requires a version that reads it, and a partial response strategy Thanos.
pub(super) fn prometheus(read: &ReadTable<PrometheusSettings>, findings: &mut Findings) {
    let settings = &read.settings;
    if let Some(offset) = read.place("query_offset")
        && !settings.version.has_query_offset()
        && !read.is_wrong(&["version"])
    {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                "`prometheus.query_offset` requires Prometheus 2.53",
                offset,
            )
            .label(format!("Prometheus {} rejects it", settings.version))
            .help("set `version = \"2.53\"` or `version = \"3\"`, if that is what reads the rules"),
        );
    }
    if let Some(strategy) = read.place("partial_response_strategy")
        && settings.ruler != Ruler::Thanos
        && !read.is_wrong(&["ruler"])
    {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_MISSING_SETTING,
                "`prometheus.partial_response_strategy` needs `ruler = \"thanos\"`",
                strategy,
            )
            .label("Prometheus rejects rule files that have it")
            .help("set `ruler = \"thanos\"` if Thanos Ruler evaluates the rules, or remove it"),
        );
    }
}

/// Returns whether a text is a quantity of a resource in Kubernetes: `250m`, `64Mi`, `1.5`.
fn is_quantity(text: &str) -> bool {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let is_number = number.chars().any(|c| c.is_ascii_digit()) && number.matches('.').count() <= 1;
    let units = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    is_number && units.contains(&unit)
}

/// Checks the resources of the job of `[policy]`.
fn resources(read: &ReadTable<PolicySettings>, findings: &mut Findings) {
    let PolicySettings {
        requests, limits, ..
    } = &read.settings;
    for (key, quantities) in [("requests", requests), ("limits", limits)] {
        let wrong = quantities.iter().find(|(_, text)| !is_quantity(text));
        if let (Some((name, text)), Some(place)) = (wrong, read.place(key)) {
            findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("`policy.{key}.{name}` must be a quantity"),
                    place,
                )
                .label(format!("found `{text}`"))
                .help("write a number with a unit of Kubernetes: `\"250m\"`, `\"64Mi\"`"),
            );
        }
    }
}

/// Checks the tenants of `[prometheus]`: a resource of the operator has none, and only Mimir reads series of several.
pub(super) fn tenants(read: &ReadTable<PrometheusSettings>, findings: &mut Findings) {
    let settings = &read.settings;
    if read.is_wrong(&["ruler", "format", "tenant", "source_tenants"]) {
        return;
    }
    let mut wrong = |message: &str, key: &str, label: &str, help: &str| {
        if let Some(place) = read.place(key) {
            let found = Diagnostic::new(&codes::PROJECT_MISSING_SETTING, message, place);
            findings.diagnostics.push(found.label(label).help(help));
        }
    };
    if settings.format == RuleFormat::PrometheusRule {
        let label = "a `PrometheusRule` has no tenant";
        let help = "set `format = \"namespaced\"`, or remove it and set the tenant where the resources are read";
        for key in ["tenant", "source_tenants"] {
            let message = format!("`prometheus.{key}` needs rule files");
            wrong(&message, key, label, help);
        }
        return;
    }
    if settings.source_tenants.is_empty() {
        return;
    }
    if settings.ruler != Ruler::Mimir {
        wrong(
            "`prometheus.source_tenants` needs `ruler = \"mimir\"`",
            "source_tenants",
            "other rulers reject rule files that have it",
            "set `ruler = \"mimir\"` if Mimir evaluates the rules, or remove it",
        );
        return;
    }
    match &settings.tenant {
        None => wrong(
            "`prometheus.source_tenants` needs `tenant`",
            "source_tenants",
            "the tenant in which rules are recorded is unknown",
            "set `tenant` to that of the rules",
        ),
        Some(tenant) if !settings.source_tenants.contains(tenant) => wrong(
            &format!("`prometheus.source_tenants` does not contain `tenant`, \"{tenant}\""),
            "source_tenants",
            "rules would not read the series that other rules record",
            &format!("add \"{tenant}\""),
        ),
        Some(_) => {}
    }
}

/// Checks `[kubernetes]`: a kustomization lists resources, which some target must write. `settings` has the other tables.
pub(super) fn kubernetes(
    read: &ReadTable<KubernetesTable>,
    settings: &Settings,
    findings: &mut Findings,
) {
    if let Some(place) = read.place("kustomization")
        && read.settings.kustomization
        && settings.resource_targets().next().is_none()
    {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_MISSING_SETTING,
                "`kubernetes.kustomization` needs Kubernetes resources, and no target writes any",
                place,
            )
            .help("set `format` in `[prometheus]`, `[grafana]` or `[alertmanager]` to that of resources, or remove it"),
        );
    }
}

/// Checks `[policy]`: the output formats of Argo require a Prometheus URL, and that of Argo CD an image.
pub(super) fn policy(read: &ReadTable<PolicySettings>, findings: &mut Findings) {
    let settings = &read.settings;
    resources(read, findings);
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
