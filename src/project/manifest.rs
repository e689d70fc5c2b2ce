//! `nth.toml`: the name of a project, its source and output folders, and the settings of the targets.
//!
//! The keys are declared in [`settings`](crate::ir::settings), except for those of `[lints]`, `[diff]`,
//! `[dependencies]` and `[destinations]`, which are names. `docs/nth-toml.md` lists all of them.

use toml::de::DeTable;

use super::dependencies::{self, Dependency};
use super::destinations::{self, Destination};
use super::read::read;
use super::table::{Findings, Located, Table};
use super::{ChangeLevels, change_levels, checks, lints};
use crate::diagnostics::{Diagnostic, FileSpan, codes};
use crate::ir::settings::{OwnershipSettings, ProjectTable};
use crate::ir::{Settings, default_settings};
use crate::suppressions::Levels;

/// The name of a project without a name, which is an error.
const UNNAMED: &str = "project";

/// The contents of an `nth.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The project's name.
    pub name: Located<String>,
    /// The source folder, relative to that of the manifest.
    pub source: Located<String>,
    /// The output folder, relative to that of the manifest.
    pub output: Located<String>,
    /// The settings of the targets.
    pub settings: Settings,
    /// The existing configuration of Alertmanager, relative to the folder of the manifest.
    pub alertmanager_base: Option<Located<String>>,
    /// The `CODEOWNERS` file, relative to the folder of the manifest.
    pub codeowners: Option<Located<String>>,
    /// The files of Backstage's catalog, relative to the folder of the manifest.
    pub catalog: Option<Located<String>>,
    /// The levels of warnings.
    pub levels: Levels,
    /// The levels of changes.
    pub change_levels: ChangeLevels,
    /// True if a build keeps its sources in the output folder.
    pub record_sources: bool,
    /// The packages it imports, by name.
    pub dependencies: Vec<Dependency>,
    /// Where `nthc apply` writes what a build generates.
    pub destinations: Vec<Destination>,
}

/// Reads a manifest. Invalid values are reported in `findings`, and the defaults are used.
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
    let mut settings = default_settings("");

    let mut project = read::<ProjectTable>(&mut root, findings);
    if project.settings.name.is_empty() {
        // An invalid name was reported, and so were syntax errors.
        if well_formed && project.any_place("name").is_none() {
            findings.diagnostics.push(missing_name(project.head));
        }
        project.settings.name = UNNAMED.to_owned();
    }
    let located = |key: &str, value: &str| Located {
        value: value.to_owned(),
        span: project.any_place(key).unwrap_or(project.head),
    };
    let name = located("name", &project.settings.name);
    let source = located("source", &project.settings.source);
    let output = located("output", &project.settings.output);
    let record_sources = project.settings.record_sources;
    settings.set_project(project.settings);

    let prometheus = read(&mut root, findings);
    checks::prometheus(&prometheus, findings);
    checks::tenants(&prometheus, findings);
    settings.prometheus = prometheus.settings;
    settings.grafana = read(&mut root, findings).settings;
    let alertmanager = read(&mut root, findings);
    checks::alertmanager(&alertmanager, findings);
    let base = alertmanager.place("base");
    let alertmanager_base = alertmanager.settings.base.clone();
    let alertmanager_base = base.zip(alertmanager_base);
    let alertmanager_base = alertmanager_base.map(|(span, value)| Located { value, span });
    settings.alertmanager = alertmanager.settings;
    settings.pagerduty = read(&mut root, findings).settings;
    settings.openslo = read(&mut root, findings).settings;
    settings.docs = read(&mut root, findings).settings;
    let policy = read(&mut root, findings);
    checks::policy(&policy, findings);
    settings.policy = policy.settings;
    settings.backstage = read(&mut root, findings).settings;
    let owners = read::<OwnershipSettings>(&mut root, findings);
    let located = |key, value: &Option<String>| {
        let value = value.clone()?;
        Some(Located {
            value,
            span: owners.place(key)?,
        })
    };
    let codeowners = located("codeowners", &owners.settings.codeowners);
    let catalog = located("backstage", &owners.settings.backstage);
    let kubernetes = read(&mut root, findings);
    checks::kubernetes(&kubernetes, &settings, findings);
    settings.set_kubernetes(kubernetes.settings);
    settings.set_severity(read(&mut root, findings).settings);
    settings.set_urls(read(&mut root, findings).settings);

    let levels = lints::read(&mut root.table("lints", findings), findings);
    let change_levels = change_levels::read(&mut root.table("diff", findings), findings);
    let dependencies = dependencies::read(&mut root.table("dependencies", findings), findings);
    let destinations = destinations::read(&mut root.table("destinations", findings), findings);
    root.finish(findings);
    findings
        .diagnostics
        .sort_by_key(|diagnostic| diagnostic.primary.span);

    Manifest {
        name,
        source,
        output,
        settings,
        alertmanager_base,
        codeowners,
        catalog,
        levels,
        change_levels,
        record_sources,
        dependencies,
        destinations,
    }
}

fn missing_name(span: FileSpan) -> Diagnostic<FileSpan> {
    Diagnostic::new(
        &codes::PROJECT_MISSING_SETTING,
        "missing project name",
        span,
    )
    .help("add `name = \"…\"` to `[project]`")
}
