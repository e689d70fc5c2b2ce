//! `nth.toml`: what a project is called, where its sources and outputs are, and each target's settings.
//!
//! | table | key | meaning | without it |
//! |---|---|---|---|
//! | `[project]` | `name` | an identifier; the name under which other projects import this one | an error |
//! | | `source` | the folder of the sources | `"."`, the folder of `nth.toml` |
//! | | `output` | the folder that builds write to | `"build"` |
//! | | `targets` | what a build makes | all that there is |
//! | | `shared` | whether other projects are built for the same Prometheus, Grafana or accounts | `false` |
//! | `[prometheus]` | `format` | `"plain"` rule files or `"prometheus-rule"` resources | `"plain"` |
//! | | `interval` | how often rules are evaluated, `"30s"` | `"30s"` |
//! | | `scrape_interval` | how often Prometheus scrapes what the rules read, `"15s"` | `"15s"` |
//! | | `version` | which Prometheus reads the rules, `"2.53"` | `"3"` |
//! | | `rules_per_group` | the most rules of a group; more are split | `20`, as Mimir takes by default |
//! | | `namespace` | the namespace of the resources | none is written |
//! | | `labels` | labels of the resources, by which a Prometheus selects them | none |
//! | | `max_groups` | the most groups of rules of an environment that are taken | any number |
//! | `[grafana]` | `format` | `"json"` files or `"configmap"` resources | `"json"` |
//! | | `folder` | the folder that the dashboards are in | the project's name |
//! | | `tags` | tags of every dashboard | none |
//! | | `datasource` | the name or uid of the Prometheus that dashboards open with | Grafana's default |
//! | | `namespace` | the namespace of the resources | none is written |
//! | | `path` | where the dashboards lie on Grafana's own disk | `"/var/lib/grafana/dashboards"` |
//! | `[docs]` | `suffix` | what follows a service's name in the URL of its runbook: `""`, `".md"`, `".html"` or `"/"` | `""` |
//! | `[alertmanager]` | `format` | `"plain"`, a whole configuration, or an `"alertmanager-config"` resource | `"plain"` |
//! | | `matcher_strategy` | `"on-namespace"` or `"none"`, the strategy of the operator's `Alertmanager` | `"on-namespace"` |
//! | | `secrets` | the folder of the files that hold keys, on Alertmanager's machine | `"/etc/alertmanager/secrets"` |
//! | | `secret` | the Kubernetes Secret that holds them | `"alertmanager-secrets"` |
//! | | `namespace` | the namespace of the resource | none is written |
//! | | `labels` | labels of the resource, by which an Alertmanager selects it | none |
//! | | `default_team` | the team that is told of alerts that are no known team's | nobody is |
//! | | `smarthost`, `from` | the server that sends mail, with its port, and the sender | no mail is sent |
//! | | `username` | who logs in there | nobody does |
//! | | `require_tls` | whether mail goes by TLS or not at all | `true` |
//! | | `inhibit_dependents` | whether a service's pages silence what burns in those that need it | `true` |
//! | `[openslo]` | `datasource` | the name of the data source that queries are asked of | `"prometheus"` |
//! | | `url` | where that data source is | `"http://localhost:9090"` |
//! | `[pagerduty]` | `provider_version` | which versions of PagerDuty's Terraform provider are good | `"~> 3.32"` |
//! | | `name_prefix` | what every name in PagerDuty begins with | nothing |
//! | | `environment_in_names` | `"always"` or `"never"`: whether names end with the environment | `"always"` |
//! | | `escalation_policy` | an escalation policy in PagerDuty for services without an escalation | these are left out |
//! | `[policy]` | `forms` | the forms in which gates are written: `"json"`, `"rego"`, `"argo-rollouts"`, `"argo-cd"` | `["json", "rego"]` |
//! | | `prometheus` | the Prometheus that Argo asks | an error with a form of Argo |
//! | | `image` | the image with `nthc` that Argo CD's job runs | an error with `"argo-cd"` |
//! | | `namespace` | the namespace of the resources | none is written |
//! | | `argo_project` | the Argo CD project that gets the sync windows | the project's name |
//! | `[kubernetes]` | `server_side_apply` | whether objects are applied with `kubectl apply --server-side` | `false` |
//! | `[severity]` | `page`, `ticket` | what these are called in the `severity` label | `"page"`, `"ticket"` |
//! | `[urls]` | `runbooks` | runbooks stand at `<runbooks>/<service>`, where `{environment}` in it is the environment's name | no `runbook_url` |
//! | | `dashboards` | dashboards stand at `<dashboards>/d/<uid>` | no `dashboard_url` |
//! | `[lints]` | a code or slug | how loudly a warning is told: `"allow"`, `"warn"` or `"error"` | `"warn"` |
//! | `[dependencies]` | `<name>` | a package: `{ path = "../platform" }` | none |

use std::path::{Component, Path};

use toml::de::DeTable;

use super::table::{Findings, Located, Table, into_table};
use super::{alertmanager, docs, lints, openslo, pagerduty, targets};
use crate::backends::limits;
use crate::diagnostics::{Applicability, Diagnostic, codes};
use crate::ir::burn_rate::SLICE;
use crate::ir::{
    DashboardFormat, Duration, GrafanaSettings, PrometheusSettings, RuleFormat, Settings, Severity,
    default_settings,
};
use crate::levels::Levels;

/// What an `nth.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The project's name.
    pub name: Located<String>,
    /// The folder of the sources, relative to the manifest's folder.
    pub source: Located<String>,
    /// The folder that builds write to, relative to the manifest's folder.
    pub output: Located<String>,
    /// The settings of the targets.
    pub settings: Settings,
    /// How loudly warnings are told.
    pub levels: Levels,
    /// The packages it imports from, by name.
    pub dependencies: Vec<Dependency>,
}

/// A package that a project imports from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name it is imported under.
    pub name: Located<String>,
    /// Its folder, relative to the manifest's.
    pub path: Located<String>,
}

/// Reads a manifest. Whatever is wrong in it is reported in `findings` and read as if it were absent.
pub fn parse(text: &str, findings: &mut Findings) -> Manifest {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = findings.span(error.span().unwrap_or(0..0));
        let mut lines = error.message().lines();
        let message = lines.next().unwrap_or("not well-formed");
        let mut diagnostic = Diagnostic::new(
            &codes::PROJECT_MANIFEST_SYNTAX,
            "`nth.toml` is not well-formed TOML",
            span,
        )
        .label(message);
        for line in lines {
            diagnostic = diagnostic.help(line);
        }
        findings.diagnostics.push(diagnostic);
    }
    let well_formed = errors.is_empty();

    let mut root = Table::new("", 0..0, document.into_inner());
    let mut project = root.table("project", findings);
    let name = read_name(&mut project, well_formed, findings);
    let source = read_folder(&mut project, "source", ".", false, findings);
    let output = read_folder(&mut project, "output", "build", true, findings);
    let targets = targets::read(&mut project, findings);
    let shared = project.boolean("shared", findings);
    project.finish(findings);

    let mut settings = default_settings(&name.value);
    settings.targets = targets;
    settings.shared = shared.is_some_and(|shared| shared.value);
    let mut prometheus = root.table("prometheus", findings);
    read_prometheus(&mut prometheus, &mut settings.prometheus, findings);
    prometheus.finish(findings);

    let mut grafana = root.table("grafana", findings);
    read_grafana(&mut grafana, &mut settings.grafana, findings);
    grafana.finish(findings);

    let mut table = root.table("alertmanager", findings);
    alertmanager::read(&mut table, &mut settings.alertmanager, findings);
    table.finish(findings);
    let mut table = root.table("pagerduty", findings);
    pagerduty::read(&mut table, &mut settings.pagerduty, findings);
    table.finish(findings);
    let mut table = root.table("openslo", findings);
    openslo::read(&mut table, &mut settings.openslo, findings);
    table.finish(findings);
    let mut table = root.table("docs", findings);
    docs::read(&mut table, &mut settings.docs, findings);
    table.finish(findings);
    let mut policy = root.table("policy", findings);
    settings.policy = super::policy::read(&mut policy, findings);
    policy.finish(findings);

    let mut kubernetes = root.table("kubernetes", findings);
    settings.server_side_apply = kubernetes
        .boolean("server_side_apply", findings)
        .is_some_and(|set| set.value);
    kubernetes.finish(findings);

    let mut severity = root.table("severity", findings);
    for (key, level) in [("page", Severity::Page), ("ticket", Severity::Ticket)] {
        if let Some(label) = severity.string(key, findings) {
            if label.value.is_empty() {
                findings.bad_value(
                    label.span,
                    format!("`severity.{key}` must not be empty"),
                    "",
                );
            } else {
                settings.severity_labels.insert(level, label.value);
            }
        }
    }
    severity.finish(findings);

    let mut urls = root.table("urls", findings);
    settings.runbook_base_url = read_url(&mut urls, "urls", "runbooks", findings);
    settings.dashboard_base_url = read_url(&mut urls, "urls", "dashboards", findings);
    urls.finish(findings);

    let mut levels = root.table("lints", findings);
    let levels = lints::read(&mut levels, findings);

    let mut dependencies = root.table("dependencies", findings);
    let dependencies = read_dependencies(&mut dependencies, findings);
    root.finish(findings);
    findings
        .diagnostics
        .sort_by_key(|diagnostic| diagnostic.primary.span);

    Manifest {
        name,
        source,
        output,
        settings,
        levels,
        dependencies,
    }
}

/// Whether `text` is an identifier: an ASCII letter or `_`, then letters, digits, `_` and `-`.
pub fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The identifier nearest to `text`: what cannot stand in one becomes `-`.
pub fn to_identifier(text: &str) -> Option<String> {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            out.push(character);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    if out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    is_identifier(&out).then_some(out)
}

fn read_name(
    project: &mut Table<'_>,
    well_formed: bool,
    findings: &mut Findings,
) -> Located<String> {
    let before = findings.diagnostics.len();
    match project.string("name", findings) {
        Some(name) if is_identifier(&name.value) => name,
        Some(name) => {
            let mut diagnostic = Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("invalid project name {:?}", name.value),
                name.span,
            )
            .label("not an identifier")
            .help("start with a letter or `_`, and continue with letters, digits, `_` or `-`");
            if let Some(better) = to_identifier(&name.value) {
                diagnostic = diagnostic.fix(
                    format!("Replace with `{better}`"),
                    name.span,
                    format!("\"{better}\""),
                    Applicability::Maybe,
                );
            }
            findings.diagnostics.push(diagnostic);
            name
        }
        None => {
            let span = findings.span(project.head());
            // Where the name is there but is no string, or the text could not be read, that was said already.
            if well_formed && findings.diagnostics.len() == before {
                findings.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MISSING_SETTING,
                        "missing project name",
                        span,
                    )
                    .help("add `name = \"…\"` to `[project]`"),
                );
            }
            Located {
                value: "project".to_owned(),
                span,
            }
        }
    }
}

/// A folder relative to the manifest's; `may_climb` allows `..` at its start.
fn read_folder(
    project: &mut Table<'_>,
    key: &'static str,
    default: &str,
    may_climb: bool,
    findings: &mut Findings,
) -> Located<String> {
    let absent = Located {
        value: default.to_owned(),
        span: findings.span(project.head()),
    };
    let Some(folder) = project.string(key, findings) else {
        return absent;
    };
    let problem = if folder.value.is_empty() {
        Some("empty path")
    } else if folder.value.contains('\\') {
        Some("directories are separated by `/`")
    } else if Path::new(&folder.value)
        .components()
        .any(|part| matches!(part, Component::RootDir | Component::Prefix(_)))
    {
        Some("absolute path")
    } else if !may_climb && super::paths::normalize(Path::new(&folder.value)).starts_with("..") {
        Some("points out of the project")
    } else {
        None
    };
    match problem {
        None => folder,
        Some(problem) => {
            findings.bad_value(
                folder.span,
                format!("`project.{key}` must be a directory relative to that of `nth.toml`"),
                problem,
            );
            absent
        }
    }
}

fn read_prometheus(
    table: &mut Table<'_>,
    settings: &mut PrometheusSettings,
    findings: &mut Findings,
) {
    if let Some(format) = table.string("format", findings) {
        match format.value.as_str() {
            "plain" => settings.format = RuleFormat::Plain,
            "prometheus-rule" => settings.format = RuleFormat::PrometheusRule,
            other => {
                let mut diagnostic = Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("unknown rule format {other:?}"),
                    format.span,
                )
                .label("not a rule format")
                .help("use `plain` or `prometheus-rule`");
                if other.to_ascii_lowercase().contains("rule") {
                    diagnostic = diagnostic.fix(
                        "Replace with `prometheus-rule`",
                        format.span,
                        "\"prometheus-rule\"",
                        Applicability::Maybe,
                    );
                }
                findings.diagnostics.push(diagnostic);
            }
        }
    }
    // Prometheus shows a sample for five minutes. Rules that are evaluated less often have none at times, and alerts on them
    // begin anew each time; and events are counted in slices of three minutes.
    let most = SLICE;
    let unseen = "Prometheus shows a sample for 5m, so one late evaluation would leave alerts without \
        data";
    if let Some(interval) = read_interval(table, "interval", most, unseen, findings) {
        settings.interval = interval;
    }
    // Prometheus forgets a series that had no sample for five minutes, and a rate over them needs two.
    let most = Duration::minutes(2);
    let unseen = "a rate over 5m would have too few samples";
    if let Some(interval) = read_interval(table, "scrape_interval", most, unseen, findings) {
        settings.scrape_interval = interval;
    }
    if let Some(version) = table.string("version", findings) {
        match version.value.parse() {
            Ok(parsed) => settings.version = parsed,
            Err(()) => findings.bad_value(
                version.span,
                format!("unknown Prometheus version {:?}", version.value),
                "expected version 2 or later, such as `\"2.53\"` or `\"3\"`",
            ),
        }
    }
    settings.max_groups = table.count("max_groups", findings).map(|most| most.value);
    if let Some(most) = table.count("rules_per_group", findings) {
        settings.rules_per_group = most.value;
    }
    settings.namespace = read_namespace(table, "prometheus", findings);
    settings.resource_labels = table
        .strings("labels", findings)
        .into_iter()
        .map(|(name, value)| (name, value.value))
        .collect();
}

fn read_grafana(table: &mut Table<'_>, settings: &mut GrafanaSettings, findings: &mut Findings) {
    if let Some(format) = table.string("format", findings) {
        match format.value.as_str() {
            "json" => settings.format = DashboardFormat::Json,
            "configmap" => settings.format = DashboardFormat::ConfigMap,
            other => {
                let mut diagnostic = Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("unknown dashboard format {other:?}"),
                    format.span,
                )
                .label("not a dashboard format")
                .help("use `json` or `configmap`");
                if other.to_ascii_lowercase().contains("config") {
                    diagnostic = diagnostic.fix(
                        "Replace with `configmap`",
                        format.span,
                        "\"configmap\"",
                        Applicability::Maybe,
                    );
                }
                findings.diagnostics.push(diagnostic);
            }
        }
    }
    let folder = read_filled(table, "folder", findings);
    settings.datasource = read_filled(table, "datasource", findings).map(|name| name.value);
    if let Some(folder) = &folder {
        too_long(folder, "folder", limits::TITLE, findings);
    }
    settings.folder = folder.map(|folder| folder.value);
    for tag in table.list("tags", findings) {
        too_long(&tag, "tags", limits::TAG, findings);
        settings.tags.push(tag.value);
    }
    settings.namespace = read_namespace(table, "grafana", findings);
    if let Some(path) = table.string("path", findings) {
        if path.value.starts_with('/') {
            settings.path = path.value;
        } else {
            findings.bad_value(
                path.span,
                "`grafana.path` must be an absolute path on the Grafana host",
                "not an absolute path",
            );
        }
    }
}

/// A string of `[grafana]` that says something.
fn read_filled(
    table: &mut Table<'_>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Located<String>> {
    let text = table.string(key, findings)?;
    if text.value.trim().is_empty() {
        findings.bad_value(text.span, format!("`grafana.{key}` must not be empty"), "");
        return None;
    }
    Some(text)
}

/// Tells of a text that is longer than Grafana takes.
fn too_long(text: &Located<String>, key: &str, most: usize, findings: &mut Findings) {
    let length = text.value.chars().count();
    if length > most {
        findings.bad_value(
            text.span,
            format!("`grafana.{key}` is too long: Grafana allows at most {most} characters"),
            format!("{length} characters"),
        );
    }
}

pub(super) fn read_namespace(
    table: &mut Table<'_>,
    of: &'static str,
    findings: &mut Findings,
) -> Option<String> {
    let namespace = table.string("namespace", findings)?;
    if is_dns_label(&namespace.value) {
        return Some(namespace.value);
    }
    findings.diagnostics.push(
        Diagnostic::new(
            &codes::PROJECT_BAD_SETTING,
            format!("`{of}.namespace` must be the name of a Kubernetes namespace"),
            namespace.span,
        )
        .label("not a DNS label")
        .help("use at most 63 lower-case letters, digits and `-`, starting and ending with a letter or \
            digit"),
    );
    None
}

/// How often something is done: above zero, and at most `most`, for the reason `too_much`.
fn read_interval(
    table: &mut Table<'_>,
    key: &'static str,
    most: Duration,
    too_much: &str,
    findings: &mut Findings,
) -> Option<Duration> {
    let interval = table.string(key, findings)?;
    match parse_duration(&interval.value) {
        Some(Duration(0)) => findings.bad_value(
            interval.span,
            format!("`prometheus.{key}` must be above zero"),
            "",
        ),
        Some(duration) if duration > most => findings.bad_value(
            interval.span,
            format!("`prometheus.{key}` must be at most {}", most.to_human()),
            too_much,
        ),
        Some(duration) => return Some(duration),
        None => findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("`prometheus.{key}` must be a duration"),
                interval.span,
            )
            .label("not a duration")
            .help("write a Prometheus duration: `30s`, `1m`, `1m30s`"),
        ),
    }
    None
}

pub(super) fn read_url(
    table: &mut Table<'_>,
    of: &'static str,
    key: &'static str,
    findings: &mut Findings,
) -> Option<String> {
    let url = table.string(key, findings)?;
    if is_url(&url.value) {
        Some(url.value.trim_end_matches('/').to_owned())
    } else {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("`{of}.{key}` must be a URL"),
                url.span,
            )
            .label("not a URL")
            .help("start with `https://` or `http://`, followed by a host"),
        );
        None
    }
}

/// Whether a text is an `http` or `https` URL with a host.
pub fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && rest
                .chars()
                .all(|c| !c.is_whitespace() && !c.is_control() && c != '"' && c != '<' && c != '>')
    })
}

fn read_dependencies(table: &mut Table<'_>, findings: &mut Findings) -> Vec<Dependency> {
    let mut out = Vec::new();
    for (mut name, value) in table.drain() {
        name.span.file = findings.file;
        let head = name.span.start..name.span.end;
        if !is_identifier(&name.value) || name.value == "std" {
            let label = if name.value == "std" {
                "reserved for the standard library"
            } else {
                "not an identifier"
            };
            findings.bad_value(
                name.span,
                format!("invalid package name {:?}", name.value),
                label,
            );
            continue;
        }
        if let toml::de::DeValue::String(path) = value.get_ref() {
            let span = findings.span(value.span());
            findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("`dependencies.{}` must be a table", name.value),
                    span,
                )
                .label("found a string")
                .fix(
                    "Replace with a path",
                    span,
                    format!("{{ path = {path:?} }}"),
                    Applicability::Maybe,
                ),
            );
            continue;
        }
        let label = format!("dependencies.{}", name.value);
        let Some(mut fields) = into_table(&label, head, value, findings) else {
            continue;
        };
        let before = findings.diagnostics.len();
        let path = fields.string("path", findings);
        fields.finish(findings);
        match path {
            Some(path) => out.push(Dependency { name, path }),
            None if findings.diagnostics.len() == before => findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_MISSING_SETTING,
                    format!("missing path of dependency `{}`", name.value),
                    name.span,
                )
                .help(format!(
                    "write `{} = {{ path = \"../{}\" }}`",
                    name.value, name.value
                )),
            ),
            None => {}
        }
    }
    out
}

/// A duration as Prometheus writes it (`1h30m`, `500ms`): units in falling order, each at most once.
fn parse_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let mut rest = text;
    let mut next = 0;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = rest.get(..letters)?;
        rest = rest.get(letters..)?;
        let index = UNITS
            .iter()
            .position(|(name, _)| *name == unit)
            .filter(|index| *index >= next)?;
        total = total.checked_add(number.checked_mul(UNITS.get(index)?.1)?)?;
        next = index + 1;
    }
    (!text.is_empty()).then_some(Duration(total))
}

/// Whether `text` is an RFC 1123 label, as a Kubernetes namespace's name must be.
pub(super) fn is_dns_label(text: &str) -> bool {
    let alphanumeric =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes
            .iter()
            .all(|byte| alphanumeric(Some(byte)) || *byte == b'-')
}
