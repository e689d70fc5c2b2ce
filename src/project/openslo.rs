//! `[openslo]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::ir::OpenSloSettings;

/// Reads the table's keys.
pub(super) fn read(
    _table: &mut Table<'_>,
    _settings: &mut OpenSloSettings,
    _findings: &mut Findings,
) {
}
