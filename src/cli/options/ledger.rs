//! Options of commands that use the ledger.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::connection::{Connection, connection_help_exit};
use super::{duration, timestamp};

/// Where the ledger is.
#[derive(Debug, Clone, Default, Args)]
pub struct LedgerPlace {
    /// The ledger: a file of SQLite, or postgres://user@host/database [default: NTH_LEDGER, or nth.ledger.db beside nth.toml]
    #[arg(long, value_name = "LOCATION")]
    pub ledger: Option<String>,
}

/// Options of `ledger`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nthc ledger pull --prometheus http://localhost:9090
  nthc ledger status"
)]
pub struct Ledger {
    /// The subcommand.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// The subcommands of `ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Read the events of all SLOs from Prometheus
    Pull(LedgerPull),
    /// Show until when each SLO was read, and how much of it is known
    Status(LedgerStatus),
}

/// Options of `ledger pull`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Counts the bad and all events of each SLO in slices of five minutes, exactly, from the raw
samples of its counters, and adds them to the ledger. Continues where the last pull ended
and reads its last day again. What Prometheus did not see stays unknown. It can be run as
often as you like, also twice at once, and be ended at any time: nothing is lost, and
nothing is counted twice. Run it at least once a day.

Examples:
  nthc ledger pull --prometheus http://localhost:9090
  nthc ledger pull --prometheus http://localhost:9090 --env production --since 90d
  nthc ledger pull --prometheus http://localhost:9090 --ledger postgres://nth@db.example.com/slo"))]
pub struct LedgerPull {
    /// Services to read [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How much of the past is read of SLOs that are not in the ledger yet
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = super::backtest::days)]
    pub since: Duration,
    /// Read until this time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Read at most this much at once [default: as much as has a million samples, at most a day]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub chunk: Option<Duration>,
    /// A label in which replicas of Prometheus differ (repeatable)
    #[arg(long = "replica-label", value_name = "LABEL")]
    pub replica_labels: Vec<String>,
    /// The label of the SLOs' series with the version of the service, by which deployments are compared
    #[arg(long, value_name = "LABEL")]
    pub version_label: Option<String>,
    /// Continue although the server no longer has what follows the last pull; that time stays unknown
    #[arg(long)]
    pub accept_gap: bool,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `ledger status`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
Examples:
  nthc ledger status
  nthc ledger status --format json"))]
pub struct LedgerStatus {
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}
