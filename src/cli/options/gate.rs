//! Options of `nthc gate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::connection::{Connection, connection_help};
use super::{duration, timestamp};

/// Options of `gate`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nthc gate check checkout --gate production --prometheus http://localhost:9090
  nthc gate facts checkout --prometheus http://localhost:9090 | conftest test -p build/policy/rego -"
)]
pub struct Gate {
    /// The subcommand.
    #[command(subcommand)]
    pub command: GateCommand,
}

/// The subcommands of `gate`.
#[derive(Debug, Subcommand)]
pub enum GateCommand {
    /// Evaluate a gate: allow, warn or deny
    Check(GateCheck),
    /// Print a gate's input data as JSON, for the Rego policies
    Facts(GateFacts),
}

/// The gate to evaluate, with the time and the connection.
#[derive(Debug, Args)]
pub struct GateQuery {
    /// Service name [with --policy: taken from the file]
    #[arg(value_name = "SERVICE", required_unless_present = "policy")]
    pub service: Option<String>,
    /// Gate name [default: the service's only one]
    #[arg(long, value_name = "NAME")]
    pub gate: Option<String>,
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    pub env: Option<String>,
    /// Use this generated policy file instead of the project sources
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The ledger of error budgets, whose budget counts where it knows of more consumption than the recordings: a file of SQLite, or
    /// postgres://user@host/database
    #[arg(long, value_name = "LOCATION", conflicts_with = "policy")]
    pub ledger: Option<String>,
    /// Evaluation time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub at: Option<Timestamp>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `gate check`.
#[derive(Debug, Args)]
#[command(after_help = connection_help("\
Prints what each rule of the gate compares, and the decision with its reasons. With
--format json, prints one JSON document, described in docs/gates.md. If there is no data,
the gate's on_no_data decides.

Examples:
  nthc gate check checkout --gate production --prometheus http://localhost:9090
  nthc gate check --policy checkout.json --prometheus http://localhost:9090
  nthc gate check checkout --prometheus http://localhost:9090 --at 2026-12-24T12:00:00Z
  nthc gate check checkout --prometheus http://localhost:9090 --ledger nth.ledger.db

Exit codes:
   0  allowed
   1  allowed with warnings (0 with --allow-warnings)
   2  denied
   3  no decision: Prometheus was unreachable or sent an invalid response, the project has
      errors, or a file could not be read
  64  invalid usage, or no such service, environment or gate"))]
pub struct GateCheck {
    /// Exit 0 if the gate only warns
    #[arg(long)]
    pub allow_warnings: bool,
    /// The gate. It comes last, as its last options have a heading of their own.
    #[command(flatten)]
    pub query: GateQuery,
}

/// Options of `gate facts`.
#[derive(Debug, Args)]
#[command(after_help = connection_help("\
Prints one JSON document: the input of the policies in build/policy/rego.

Examples:
  nthc gate facts checkout --prometheus http://localhost:9090 > facts.json
  conftest test -p build/policy/rego facts.json

Exit codes:
   0  success; a value without data is null
   3  Prometheus was unreachable or sent an invalid response, the project has errors, or a
      file could not be read
  64  invalid usage, or no such service, environment or gate"))]
pub struct GateFacts {
    /// The gate.
    #[command(flatten)]
    pub query: GateQuery,
}
