//! The table `[destinations]`: where `nthc apply` writes what a build generates.

use super::read::{ReadTable, read_table};
use super::table::{Findings, Located, Table, into_table};
use crate::diagnostics::{Diagnostic, FileSpan, codes};
use crate::ir::settings::{DestinationTable, DestinationType, SettingsTable as _};

/// A destination of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name.
    pub name: Located<String>,
    /// What runs there.
    pub kind: DestinationType,
    /// Its settings.
    pub settings: DestinationTable,
    /// Where its environment is written; `None` if it names none.
    pub environment: Option<FileSpan>,
}

/// Reads the table. Invalid entries are reported and skipped.
pub(super) fn read(table: &mut Table<'_>, findings: &mut Findings) -> Vec<Destination> {
    let mut out = Vec::new();
    for (name, value) in table.drain(findings) {
        let head = name.span.start..name.span.end;
        if !is_name(&name.value) {
            findings.bad_value(
                name.span,
                format!("invalid name of a destination {:?}", name.value),
                "use lower-case letters, digits and `-`",
            );
            continue;
        }
        let path = format!("{}.{}", DestinationTable::TABLE.name, name.value);
        let Some(mut fields) = into_table(&path, head, value, findings) else {
            continue;
        };
        let read = read_table::<DestinationTable>(&mut fields, findings);
        fields.finish(findings);
        out.extend(checked(name, read, findings));
    }
    out
}

/// Whether a name is one that a variable of the environment can have.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Reports what is missing or has no effect; `None` if the destination cannot be used.
fn checked(
    name: Located<String>,
    read: ReadTable<DestinationTable>,
    findings: &mut Findings,
) -> Option<Destination> {
    let settings = &read.settings;
    let mut missing = |key: &str, value: &str| {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_MISSING_SETTING,
                format!("missing `{key}` of destination `{}`", name.value),
                name.span,
            )
            .help(format!(
                "add `{key} = {value}` to `[destinations.{}]`",
                name.value
            )),
        );
    };
    let Some(kind) = settings.kind else {
        if !read.is_wrong(&["kind"]) {
            missing("kind", "\"mimir\"");
        }
        return None;
    };
    let mut is_complete = !read.is_wrong(&["url", "directory"]);
    if kind.needs_url() && settings.url.is_none() && !read.is_wrong(&["url"]) {
        missing("url", "\"https://…\"");
        is_complete = false;
    }
    if kind.needs_directory() && settings.directory.is_none() && !read.is_wrong(&["directory"]) {
        missing("directory", "\"…\"");
        is_complete = false;
    }
    for key in unused(kind) {
        if let Some(span) = read.place(key) {
            findings.bad_value(
                span,
                format!(
                    "`{key}` has no effect at a destination of kind `{}`",
                    kind.name()
                ),
                "remove it",
            );
            is_complete = false;
        }
    }
    let environment = read.place("environment");
    is_complete.then_some(Destination {
        name,
        kind,
        settings: read.settings,
        environment,
    })
}

/// The keys that a kind does not read.
fn unused(kind: DestinationType) -> impl Iterator<Item = &'static str> {
    let (tenant, files, cluster) = match kind {
        DestinationType::Mimir | DestinationType::Cortex => (true, false, false),
        DestinationType::AlertmanagerApi => (true, false, false),
        DestinationType::Prometheus | DestinationType::Thanos => (false, true, false),
        DestinationType::Alertmanager => (false, true, false),
        DestinationType::Grafana | DestinationType::Terraform => (false, false, false),
        DestinationType::Kubernetes => (false, false, true),
    };
    let is_ruler = matches!(kind, DestinationType::Mimir | DestinationType::Cortex);
    let is_grafana = kind == DestinationType::Grafana;
    [
        ("url", kind.needs_url()),
        ("tenant", tenant),
        ("secrets", kind == DestinationType::AlertmanagerApi),
        ("protected", is_ruler),
        ("directory", files),
        ("file", kind == DestinationType::Alertmanager),
        ("reload", files),
        ("context", cluster),
        ("namespace", cluster || is_grafana),
        ("workspace", kind == DestinationType::Terraform),
    ]
    .into_iter()
    .filter(|(_, is_read)| !is_read)
    .map(|(key, _)| key)
}
