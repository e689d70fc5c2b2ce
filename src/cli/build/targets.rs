//! The targets of a build: `--target`.

use std::collections::BTreeSet;

use crate::exit::{Exit, Failure};
use nthc::diagnostics::suggest;
use nthc::ir::TargetName;

/// Returns the targets of these names; `None` if there are none, so that all are built.
///
/// # Errors
///
/// If a name is not that of a target, or the project does not build the target.
pub fn choose(
    names: &[String],
    of_project: &BTreeSet<TargetName>,
) -> Result<Option<BTreeSet<TargetName>>, Failure> {
    let mut chosen = BTreeSet::new();
    for name in names {
        let found = TargetName::ALL
            .into_iter()
            .find(|target| target.name() == name);
        let Some(target) = found else {
            let all = || TargetName::ALL.into_iter().map(TargetName::name);
            return Err(misuse(
                format!("unknown target `{name}`"),
                match suggest::nearest(name, all()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("use one of {}", all().collect::<Vec<_>>().join(", ")),
                },
            ));
        };
        if !of_project.contains(&target) {
            return Err(misuse(
                format!("the project does not build target `{target}`"),
                format!("add `\"{target}\"` to `targets` in `[project]` of `nth.toml`"),
            ));
        }
        chosen.insert(target);
    }
    Ok((!names.is_empty()).then_some(chosen))
}

/// Describes the targets in the summary of a build: `prometheus, docs of `; empty for all targets.
pub fn describe(targets: Option<&BTreeSet<TargetName>>) -> String {
    targets.map_or_else(String::new, |targets| {
        let names: Vec<&str> = targets.iter().map(|target| target.name()).collect();
        format!("{} of ", names.join(", "))
    })
}

fn misuse(message: String, help: String) -> Failure {
    Failure {
        exit: Exit::Misused,
        ..Failure::usage(message).help(help)
    }
}
