//! `[docs]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::diagnostics::{Diagnostic, codes};
use crate::ir::DocsSettings;

/// What may follow a service's name in the URL of its runbook.
const SUFFIXES: [&str; 4] = ["", ".md", ".html", "/"];

/// Reads the table's keys.
pub(super) fn read(table: &mut Table<'_>, settings: &mut DocsSettings, findings: &mut Findings) {
    let Some(suffix) = table.string("suffix", findings) else {
        return;
    };
    if SUFFIXES.contains(&suffix.value.as_str()) {
        settings.suffix = suffix.value;
        return;
    }
    findings.diagnostics.push(
        Diagnostic::new(
            &codes::PROJECT_BAD_SETTING,
            format!("invalid runbook URL suffix {:?}", suffix.value),
            suffix.span,
        )
        .label("not a supported suffix")
        .help("use `\".md\"` for GitHub, `\"/\"` for MkDocs and Backstage, `\".html\"` for HTML files, \
            or `\"\"` for pages without a suffix"),
    );
}
