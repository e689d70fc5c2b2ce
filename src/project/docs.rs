//! `[docs]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::ir::DocsSettings;

/// Reads the table's keys.
pub(super) fn read(_table: &mut Table<'_>, _settings: &mut DocsSettings, _findings: &mut Findings) {
}
