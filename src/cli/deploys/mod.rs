//! `nthc deploys`: the list of deployments, reports of pipelines, pulling and importing.

mod argo_cd;
mod import;
mod list;
mod pull;
mod record;
mod recorder;
mod services;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Deploys, DeploysCommand, Format};

/// Runs `deploys` or one of its subcommands.
///
/// # Errors
///
/// If there is no project, a service or an environment is unknown, the ledger cannot be used, or a document or an answer of a
/// server is invalid.
pub fn run(context: &Context, options: &Deploys, console: &mut Console) -> Result<Exit, Failure> {
    if matches!(context.global.format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for deployments")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    match &options.command {
        None => list::run(context, &options.list, console),
        Some(DeploysCommand::Record(options)) => record::run(context, options, console),
        Some(DeploysCommand::Pull(options)) => pull::run(context, options, console),
        Some(DeploysCommand::Import(options)) => import::run(context, options, console),
    }
}
