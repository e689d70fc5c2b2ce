//! Options of `nthc gate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::connection::{Connection, asking};
use super::{duration, moment};

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
    /// What to do with a gate.
    #[command(subcommand)]
    pub command: GateCommand,
}

/// What to do with a gate.
#[derive(Debug, Subcommand)]
pub enum GateCommand {
    /// Decide by a gate: allow, warn or deny
    Check(GateCheck),
    /// Measure what a gate asks for, as JSON for policies in Rego
    Facts(GateFacts),
}

/// Which gate is asked, of whom and when.
#[derive(Debug, Args)]
pub struct AskedGate {
    /// The service; with --policy, the file's
    #[arg(value_name = "SERVICE", required_unless_present = "policy")]
    pub service: Option<String>,
    /// The gate [default: the service's only one]
    #[arg(long, value_name = "NAME")]
    pub gate: Option<String>,
    /// The address of a Prometheus, or of what has its HTTP API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    pub env: Option<String>,
    /// Read the gate from this file, which a build wrote, and not from the project
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The time to decide for, as 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// How long each request may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub timeout: Duration,
    /// How it is reached.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `gate check`.
#[derive(Debug, Args)]
#[command(after_help = asking("\
Prints what each rule of the gate compares, and the decision with its reasons. With
--format json, it is one JSON document; docs/gates.md describes it. Where there is no
data, the gate's on_no_data decides.

Examples:
  nthc gate check checkout --gate production --prometheus http://localhost:9090
  nthc gate check --policy checkout.json --prometheus http://localhost:9090
  nthc gate check checkout --prometheus http://localhost:9090 --at 2026-12-24T12:00:00Z

Exit codes:
   0  the deployment may go ahead
   1  it may, and the gate warns (0 with --allow-warnings)
   2  the gate denies it
   3  cannot tell: the Prometheus gave no good answer, the project has errors, or a file
      could not be read
  64  the command was used wrongly, or there is no such service, environment or gate"))]
pub struct GateCheck {
    /// Exit with 0 where the gate only warns
    #[arg(long)]
    pub allow_warnings: bool,
    /// Which gate. It comes last, as its last options have a heading of their own.
    #[command(flatten)]
    pub asked: AskedGate,
}

/// Options of `gate facts`.
#[derive(Debug, Args)]
#[command(after_help = asking("\
Writes one JSON document to standard output: the input of the policies in build/policy/rego.

Examples:
  nthc gate facts checkout --prometheus http://localhost:9090 > facts.json
  conftest test -p build/policy/rego facts.json

Exit codes:
   0  all was measured; what has no data is null
   3  cannot tell: the Prometheus gave no good answer, the project has errors, or a file
      could not be read
  64  the command was used wrongly, or there is no such service, environment or gate"))]
pub struct GateFacts {
    /// Which gate.
    #[command(flatten)]
    pub asked: AskedGate,
}
