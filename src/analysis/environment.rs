//! What an `environment` block sets for everything that is built in it: whether it pages, its targets, and the settings that
//! replace those of `nth.toml`.

use std::collections::BTreeSet;

use nth_model::settings::texts::{self, TextRule};
use nth_model::{RuleFormat, Settings, Severity, TargetName};
use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, Workspace};
use crate::eval::{Instance, Value, instance};
use crate::schema::names::field;
use crate::severities::severities;

/// What an environment sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// False if nobody is paged there: alerts that page elsewhere have another severity, and nothing is sent to PagerDuty.
    pub pages: bool,
    /// The name of that severity; `None` for `ticket`.
    pub pages_become: Option<SmolStr>,
    /// The targets that are built; `None` for those of the project.
    pub targets: Option<BTreeSet<TargetName>>,
    /// The Kubernetes namespace of rules, dashboards and routing; `None` for those of the project.
    pub namespace: Option<String>,
    /// The tenant of rules; `None` for that of the project.
    pub tenant: Option<String>,
    /// The Kubernetes namespace of gates; `None` for that of the project.
    pub gate_namespace: Option<String>,
    /// The data source of dashboards; `None` for that of the project.
    pub datasource: Option<String>,
    /// The URL of the Prometheus that Argo queries; `None` for that of the project.
    pub gate_prometheus: Option<String>,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            pages: true,
            pages_become: None,
            targets: None,
            namespace: None,
            tenant: None,
            gate_namespace: None,
            datasource: None,
            gate_prometheus: None,
        }
    }
}

/// Returns what an environment sets; the defaults if the project declares none. A field with an error is not set.
#[salsa::tracked(returns(ref))]
pub fn environment_settings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
) -> EnvironmentSettings {
    let key = environment.and_then(|name| workspace.environments(db).get(&name).copied());
    let Some(key) = key else {
        return EnvironmentSettings::default();
    };
    // The block is the same in all environments.
    let evaluated = instance(db, workspace, key, None);
    evaluated.instance.as_ref().map(read).unwrap_or_default()
}

fn read(block: &Instance) -> EnvironmentSettings {
    EnvironmentSettings {
        pages: *block.get(field::PAGES) != Value::Bool(false),
        pages_become: match block.get(field::PAGES_BECOME) {
            Value::Block(severity) => Some(severity.name.clone()),
            _ => None,
        },
        targets: targets(block),
        namespace: text(block, field::NAMESPACE),
        tenant: text(block, field::TENANT),
        gate_namespace: text(block, field::GATE_NAMESPACE),
        datasource: text(block, field::DATASOURCE),
        gate_prometheus: text(block, field::GATE_PROMETHEUS)
            .map(|url| url.trim_end_matches('/').to_owned()),
    }
}

fn text(block: &Instance, name: &str) -> Option<String> {
    match block.get(name) {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Returns the targets that an environment lists; `None` if it lists none.
fn targets(block: &Instance) -> Option<BTreeSet<TargetName>> {
    let Value::List(items) = block.get(field::TARGETS) else {
        return None;
    };
    Some(items.iter().filter_map(target).collect())
}

/// Returns the target of a member of the enum `target`.
fn target(value: &Value) -> Option<TargetName> {
    let Value::Enum(_, member) = value else {
        return None;
    };
    let mut all = TargetName::ALL.into_iter();
    all.find(|target| target.name() == member)
}

/// Returns whether an environment pages; true if the project declares none.
pub fn pages(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&SmolStr>,
) -> bool {
    environment_settings(db, workspace, environment.cloned()).pages
}

/// Returns the severity of alerts that would page, in an environment that does not page; `None` in one that does.
pub fn instead_of_pages(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&SmolStr>,
) -> Option<Severity> {
    let own = environment_settings(db, workspace, environment.cloned());
    if own.pages {
        return None;
    }
    let all = severities(db, workspace, environment.cloned());
    let named = own.pages_become.as_deref().and_then(|name| all.named(name));
    // One that pages is reported at the environment.
    let named = named.filter(|severity| !severity.pages()).cloned();
    Some(named.unwrap_or_else(|| all.ticket()))
}

/// Returns a project's settings as they apply in an environment: with its targets, and without PagerDuty if it does not page.
pub fn settings_in(
    db: &dyn salsa::Database,
    workspace: Workspace,
    settings: &Settings,
    environment: &Option<SmolStr>,
) -> Settings {
    let own = environment_settings(db, workspace, environment.clone());
    let mut settings = Settings {
        environment: environment.clone(),
        severities: severities(db, workspace, environment.clone()).clone(),
        ..settings.clone()
    };
    if let Some(targets) = &own.targets {
        settings.targets.retain(|target| targets.contains(target));
    }
    if !own.pages {
        settings.targets.remove(&TargetName::PagerDuty);
    }
    if own.namespace.is_some() {
        for namespace in [
            &mut settings.prometheus.namespace,
            &mut settings.grafana.namespace,
            &mut settings.alertmanager.namespace,
        ] {
            namespace.clone_from(&own.namespace);
        }
    }
    for (setting, own) in [
        (&mut settings.prometheus.tenant, &own.tenant),
        (&mut settings.policy.namespace, &own.gate_namespace),
        (&mut settings.policy.prometheus, &own.gate_prometheus),
        (&mut settings.grafana.datasource, &own.datasource),
    ] {
        if own.is_some() {
            setting.clone_from(own);
        }
    }
    settings
}

/// Returns the value of the label `namespace` of every alert in an environment. `project` is that of the project; `None` if
/// any is allowed.
pub fn alert_namespace(
    db: &dyn salsa::Database,
    workspace: Workspace,
    project: Option<&String>,
    environment: &Option<SmolStr>,
) -> Option<String> {
    let own = environment_settings(db, workspace, environment.clone());
    let is_built = |targets: &BTreeSet<TargetName>| targets.contains(&TargetName::Alertmanager);
    let project = project.filter(|_| own.targets.as_ref().is_none_or(is_built))?;
    Some(own.namespace.as_ref().unwrap_or(project).clone())
}

/// The fields that replace a setting of `nth.toml`, with the rule of that setting.
const TEXTS: [(&str, &TextRule); 5] = [
    (field::NAMESPACE, texts::NAMESPACE),
    (field::TENANT, texts::TENANT),
    (field::GATE_NAMESPACE, texts::NAMESPACE),
    (field::DATASOURCE, texts::FILLED),
    (field::GATE_PROMETHEUS, texts::BASE_URL),
];

/// Diagnostics about the fields that replace settings of `nth.toml`.
pub fn text_findings(block: &Instance) -> impl Iterator<Item = Diag> {
    TEXTS.into_iter().filter_map(move |(name, rule)| {
        let problem = (rule.problem)(&text(block, name)?)?;
        let message = rule.message.replace("{path}", &format!("`{name}`"));
        let found = Diag::new(&codes::BAD_TEXT, message, block.span_of(name)).label(problem);
        Some(match rule.help {
            Some(help) => found.help(help),
            None => found,
        })
    })
}

/// Diagnostic about a tenant that has no effect, or does not read the series that its rules record.
pub fn tenant_finding(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: &Instance,
) -> Option<Diag> {
    // An invalid name is reported as such.
    let is_valid = |tenant: &String| (texts::TENANT.problem)(tenant).is_none();
    let tenant = read(block).tenant.filter(is_valid)?;
    let name = &block.name;
    let sources = workspace.source_tenants(db);
    let (message, label, help) = if workspace.rule_format(db) == RuleFormat::PrometheusRule {
        (
            format!("environment `{name}` has a tenant, but its rules are Kubernetes resources"),
            "a `PrometheusRule` has no tenant",
            "set `format = \"namespaced\"` in `[prometheus]` of `nth.toml`, or remove `tenant`",
        )
    } else if !sources.is_empty() && !sources.contains(&tenant) {
        (
            format!(
                "`source_tenants` of `nth.toml` does not contain the tenant of environment `{name}`"
            ),
            "rules would not read the series that other rules record",
            "add it to `source_tenants` in `[prometheus]`",
        )
    } else {
        return None;
    };
    let place = block.span_of(field::TENANT);
    let found = Diag::new(&codes::UNSUPPORTED_BY_RULER, message, place);
    Some(found.label(label).help(help))
}

/// Diagnostic about the severity of alerts that would page, if it pages too.
pub fn severity_finding(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: &Instance,
) -> Option<Diag> {
    let name = read(block).pages_become?;
    let all = severities(db, workspace, Some(block.name.clone()));
    let severity = all.named(&name).filter(|severity| severity.pages())?;
    let found = Diag::new(
        &codes::INVALID_SEVERITY,
        format!(
            "alerts of environment `{}` become severity `{}`, which pages",
            block.name,
            severity.name()
        ),
        block.span_of(field::PAGES_BECOME),
    );
    Some(found.label("expected a severity that does not page"))
}

/// Diagnostics about the targets that an environment lists.
pub fn target_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: &Instance,
) -> Option<Diag> {
    let own = read(block);
    let listed = own.targets?;
    let unbuilt = |message| {
        Diag::new(
            &codes::UNBUILT_TARGET,
            message,
            block.span_of(field::TARGETS),
        )
    };
    let name = &block.name;
    let of_project = workspace.targets(db);
    if let Some(target) = listed.iter().find(|target| !of_project.contains(target)) {
        let found = unbuilt(format!(
            "environment `{name}` lists target `{target}`, which the project does not build"
        ))
        .help(format!(
            "add `\"{target}\"` to `targets` in `[project]` of `nth.toml`, or remove `{target}` here"
        ));
        return Some(found);
    }
    (!own.pages && listed.contains(&TargetName::PagerDuty)).then(|| {
        unbuilt(format!(
            "environment `{name}` lists target `pagerduty`, but does not page"
        ))
        .because(block.span_of(field::PAGES), "nothing is sent to PagerDuty")
        .help("remove `pagerduty` from `targets`, or remove `pages = false`")
    })
}
