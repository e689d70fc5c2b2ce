//! `[alertmanager]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::ir::AlertmanagerSettings;

/// Reads the table's keys.
pub(super) fn read(
    _table: &mut Table<'_>,
    _settings: &mut AlertmanagerSettings,
    _findings: &mut Findings,
) {
}
