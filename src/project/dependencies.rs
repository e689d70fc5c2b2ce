//! The table `[dependencies]`: the packages that a project imports.

use toml::de::DeValue;

use super::table::{Findings, Located, Table, into_table};
use crate::diagnostics::{Applicability, Diagnostic, codes};
use crate::ir::settings::texts::is_identifier;

/// A package that a project imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name in imports.
    pub name: Located<String>,
    /// The folder, relative to that of the manifest.
    pub path: Located<String>,
}

/// Reads the table. Invalid entries are reported and skipped.
pub(super) fn read(table: &mut Table<'_>, findings: &mut Findings) -> Vec<Dependency> {
    let mut out = Vec::new();
    for (name, value) in table.drain(findings) {
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
        if let DeValue::String(path) = value.get_ref() {
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
