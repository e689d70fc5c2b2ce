//! `nthc rollback`: an apply of the sources of a revision that was applied before.

use nth_delivery::journal;

use super::{applied_revisions, apply, failure, journal_file};
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
    let file = journal_file(&root, apply.delivery.env.as_deref());
    let entries = journal::read_journal(&file).map_err(|error| failure(&error))?;
    let applied = applied_revisions(&entries);
    let revision = match apply.delivery.revision.take() {
        Some(named) => named,
        None => previous(&applied)?,
    };
    console
        .err
        .line(format_args!("rolling back to revision {revision}"));
    apply.delivery.revision = Some(revision);
    apply::run(context, &apply, console)
}

/// The revision that was applied before the last one.
fn previous(applied: &[&str]) -> Result<String, Failure> {
    match applied {
        [.., previous, _] => Ok((*previous).to_owned()),
        _ => Err(
            Failure::usage("no other revision was applied from here").help(
                "name one with `--revision`, such as the commit before: `nthc rollback --revision HEAD~1`",
            ),
        ),
    }
}
