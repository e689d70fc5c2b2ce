//! `[pagerduty]` of `nth.toml`.

use super::table::{Findings, Table};
use crate::ir::PagerDutySettings;

/// Reads the table's keys.
pub(super) fn read(
    _table: &mut Table<'_>,
    _settings: &mut PagerDutySettings,
    _findings: &mut Findings,
) {
}
