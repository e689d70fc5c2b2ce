//! `targets` of `[project]`: what a build makes.

use std::collections::BTreeSet;

use super::table::{Findings, Table};
use crate::diagnostics::{Applicability, Diagnostic, codes, suggest};
use crate::ir::{TargetName, UnknownTarget};

/// The targets that the project names, or all of them where it names none.
pub(super) fn read(project: &mut Table<'_>, findings: &mut Findings) -> BTreeSet<TargetName> {
    let mut targets = BTreeSet::new();
    for wanted in project.list("targets", findings) {
        match wanted.value.parse() {
            Ok(target) => {
                targets.insert(target);
            }
            Err(UnknownTarget) => {
                let names = TargetName::ALL.map(TargetName::name);
                let mut diagnostic = Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("unknown target {:?}", wanted.value),
                    wanted.span,
                )
                .label("not a target")
                .help(format!("use `{}`", names.join("`, `")));
                if let Some(near) = suggest::nearest(&wanted.value, names) {
                    diagnostic = diagnostic.fix(
                        format!("Replace with `{near}`"),
                        wanted.span,
                        format!("{near:?}"),
                        Applicability::Maybe,
                    );
                }
                findings.diagnostics.push(diagnostic);
            }
        }
    }
    if targets.is_empty() {
        targets.extend(TargetName::ALL);
    }
    targets
}
