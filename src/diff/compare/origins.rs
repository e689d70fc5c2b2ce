//! What definitions were in PagerDuty before.

use nth_model::Origin;

use super::changes::Changes;
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the existing objects in PagerDuty that a definition refers to or takes over. Former names are compared as
/// renames.
pub fn compare(subject: &Subject, before: &Origin, after: &Origin, changes: &mut Changes) {
    let Origin {
        pagerduty_id,
        imports,
        renamed_from: _,
    } = after;
    if before.pagerduty_id != *pagerduty_id || before.imports != *imports {
        changes.plain(
            ChangeId::PagerDutyObjectChanged,
            subject,
            text(before),
            text(after),
        );
    }
}

fn text(origin: &Origin) -> Option<String> {
    let managed = origin.pagerduty_id.iter();
    let managed = managed.map(|id| format!("{id}, managed elsewhere"));
    let imports = origin.imports.values().map(|id| format!("{id}, imported"));
    let all: Vec<String> = managed.chain(imports).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
