//! `nthc rollback`: an apply of the sources of a revision that was applied before.

use std::path::Path;

use nth_delivery::journal::{self, Entry, Event};

use super::{apply, failure, journal_file, journal_files, revisions};
use crate::Context;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options;
use crate::select;

/// Applies the sources of an earlier revision.
///
/// # Errors
///
/// If no other revision was applied, and as of `nthc apply`.
pub fn run(
    context: &Context,
    options: options::Rollback,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let mut apply = options.apply;
    let root = select::root(context)?;
    let revision = match apply.delivery.revision.take() {
        Some(named) => named,
        None => {
            let environment = match &apply.delivery.env {
                Some(named) => Some(named.clone()),
                None => only_environment(&root)?,
            };
            let file = journal_file(&root, environment.as_deref());
            let entries = journal::read_journal(&file).map_err(|error| failure(&error))?;
            apply.delivery.env = environment;
            previous(&entries)?
        }
    };
    console
        .err
        .line(format_args!("rolling back to revision {revision}"));
    apply.delivery.revision = Some(revision);
    apply::run(context, &apply, console)
}

/// The environment that was applied to, if that is one; `None` if the project has none, or nothing was applied. The sources are not asked:
/// they may have errors, which is when people roll back.
fn only_environment(root: &Path) -> Result<Option<String>, Failure> {
    let mut found: Vec<Option<String>> = Vec::new();
    for file in journal_files(root) {
        let entries = journal::read_journal(&file).map_err(|error| failure(&error))?;
        let owner = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Begun { owner, .. } => Some(owner.environment.clone()),
            _ => None,
        });
        found.extend(owner);
    }
    match found.as_slice() {
        [] => Ok(None),
        [only] => Ok(only.clone()),
        several => {
            let names: Vec<&str> = several.iter().flatten().map(String::as_str).collect();
            Err(
                Failure::usage("several environments were applied to from here")
                    .help(format!("choose one with `--env`: `{}`", names.join("`, `"))),
            )
        }
    }
}

/// The revision to roll back to.
fn previous(entries: &[Entry]) -> Result<String, Failure> {
    revisions::previous(entries).map(str::to_owned).ok_or_else(|| {
        Failure::usage("no other revision was applied from here").help(
            "name one with `--revision`, such as the commit before: `nthc rollback --revision HEAD~1`",
        )
    })
}
