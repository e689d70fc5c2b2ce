//! `[openslo]` of `nth.toml`.

use super::manifest::is_url;
use super::table::{Findings, Table};
use crate::diagnostics::{Diagnostic, codes};
use crate::ir::OpenSloSettings;

/// Reads the table's keys.
pub(super) fn read(table: &mut Table<'_>, settings: &mut OpenSloSettings, findings: &mut Findings) {
    if let Some(name) = table.string("datasource", findings) {
        if name.value.trim().is_empty() {
            findings.bad_value(name.span, "`openslo.datasource` must not be empty", "");
        } else {
            settings.datasource = name.value;
        }
    }
    if let Some(url) = table.string("url", findings) {
        if is_url(&url.value) {
            settings.url = url.value;
        } else {
            findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    "`openslo.url` must be a URL",
                    url.span,
                )
                .label("not a URL")
                .help("start with `https://` or `http://`, followed by a host"),
            );
        }
    }
}
