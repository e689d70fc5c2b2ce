//! `nthc ledger`: the ledger of error budgets.

pub mod book;
mod episodes;
pub mod evidence;
pub mod keys;
pub mod open;
mod pull;
mod status;

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
        LedgerCommand::Pull(options) => pull::run(context, options, console),
        LedgerCommand::Status(options) => status::run(context, options, console),
    }
}
