//! Options of `incidents`.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::ledger::LedgerPlace;
use super::timestamp;

/// Options of `incidents`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = super::concat_exit("\
Lists the incidents that the ledger shows: from the first slice in which the budget burned
at least 6 times as fast as it may until three quiet slices in a row, with the budget that
they consumed. Incidents that were named by hand are beside those that they overlap.

Examples:
  nthc incidents
  nthc incidents checkout --since 90d
  nthc incidents record INC-42 --title \"payments down\" --service checkout \\
    --from 2026-11-02T12:00:00Z --until 2026-11-02T13:10:00Z"))]
pub struct Incidents {
    /// The subcommand; without one, incidents are listed.
    #[command(subcommand)]
    pub command: Option<IncidentsCommand>,
    /// What is listed.
    #[command(flatten)]
    pub list: IncidentsList,
}

/// The subcommands of `incidents`.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// Name an incident
    Record(IncidentsRecord),
    /// Remove the name of an incident
    Withdraw(IncidentsWithdraw),
}

/// What `incidents` lists.
#[derive(Debug, Args)]
pub struct IncidentsList {
    /// Services, or SLOs: checkout, checkout.availability [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The environment [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How much of the past
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = super::backtest::days)]
    pub since: Duration,
    /// End of that time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Options of `incidents record`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
The same id again corrects the incident.

Examples:
  nthc incidents record INC-42 --title \"payments down\" --service checkout \\
    --from 2026-11-02T12:00:00Z --until 2026-11-02T13:10:00Z"))]
pub struct IncidentsRecord {
    /// Id of the incident
    #[arg(value_name = "ID")]
    pub id: String,
    /// What happened
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// An affected service (repeatable)
    #[arg(long = "service", value_name = "NAME", required = true)]
    pub services: Vec<String>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The beginning, RFC 3339: 2026-12-24T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub from: Timestamp,
    /// The end, RFC 3339 [default: it lasts]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// A page about it
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Who names it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Options of `incidents withdraw`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
Examples:
  nthc incidents withdraw INC-42"))]
pub struct IncidentsWithdraw {
    /// Id of the incident
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}
