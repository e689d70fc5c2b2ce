//! The table `[diff]`: levels of changes.

use std::collections::BTreeMap;

use nth_diff::{ChangeId, Level};

use super::lints::unknown_level;
use super::table::{Findings, Located, Table, into_string};
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes, suggest};

/// The levels of changes that a project sets.
pub type ChangeLevels = BTreeMap<ChangeId, Level>;

/// Reads the table. Invalid entries are reported and skipped.
pub fn read(table: &mut Table<'_>, findings: &mut Findings) -> ChangeLevels {
    let mut levels = ChangeLevels::new();
    for (key, value) in table.drain(findings) {
        let Some(id) = ChangeId::from_name(&key.value) else {
            findings.diagnostics.push(unknown(&key));
            continue;
        };
        let path = format!("diff.{}", key.value);
        let Some(word) = into_string(&path, value, findings) else {
            continue;
        };
        match Level::ALL
            .into_iter()
            .find(|level| level.name() == word.value)
        {
            Some(level) => {
                levels.insert(id, level);
            }
            None => findings.diagnostics.push(unknown_level(&word)),
        }
    }
    levels
}

fn unknown(key: &Located<String>) -> Diagnostic<FileSpan> {
    let diagnostic = Diagnostic::new(
        &codes::PROJECT_UNKNOWN_SETTING,
        format!("unknown change `{}`", key.value),
        key.span,
    )
    .label("not the id of a change");
    match suggest::nearest(&key.value, ChangeId::ALL.iter().map(|id| id.name())) {
        Some(near) => diagnostic.fix(
            format!("Replace with `{near}`"),
            key.span,
            near,
            Applicability::Maybe,
        ),
        None => diagnostic.help("see `docs/changes.md` for all ids"),
    }
}
