//! `nthc ledger`: the ledger of error budgets.

mod annotations;
pub mod book;
mod episodes;
pub mod evidence;
mod export;
pub mod keys;
pub mod open;
mod pull;
mod push;
mod remote_write;
mod slices;
mod status;
mod watch;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Ledger, LedgerCommand};

/// Runs a subcommand.
///
/// # Errors
///
/// Those of the subcommands.
pub fn run(context: &Context, options: &Ledger, console: &mut Console) -> Result<Exit, Failure> {
    match &options.command {
        LedgerCommand::Pull(options) => {
            let end = pull::End {
                until: options.until,
                is_ended: &|| false,
            };
            pull::run(context, &options.what, &end, console)
        }
        LedgerCommand::Watch(options) => watch::run(context, options, console),
        LedgerCommand::Status(options) => status::run(context, options, console),
        LedgerCommand::Export(options) => export::run(context, options, console),
        LedgerCommand::Push(options) => push::run(context, options, console),
        LedgerCommand::Annotate(options) => annotations::run(context, options, console),
    }
}
