//! Options of `record`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::connection::connection_help;
use super::history::History;
use super::timestamp;

/// Options of `record`.
#[derive(Debug, Args)]
#[command(after_help = connection_help("\
Measures the bad share of an SLO in the history, minute by minute, and writes a test with
few events that reproduce it and expectations that say what the rules did. The test is run
before it is printed: differences from the history are reported. Keeps answers as
`nthc backtest` does.

Examples:
  nthc record --prometheus http://localhost:9090 --slo checkout.availability \\
    --from 2026-11-02T12:00:00Z --to 2026-11-02T13:00:00Z
  nthc record … --name \"a bad deploy at noon\" --out tests/deploy.nth

Exit codes:
  0  the test does in the simulation what the rules do with the history
  1  it does something else, which is reported, or errors in the sources
  2  invalid usage, no project found, or the file exists
  3  I/O error, or a server was unreachable or sent an invalid response"))]
pub struct Record {
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// The SLO, with its service: checkout.availability
    #[arg(long, value_name = "SLO")]
    pub slo: String,
    /// The beginning of the incident, RFC 3339: 2026-12-24T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub from: Timestamp,
    /// The end of the incident, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub to: Timestamp,
    /// Name of the test [default: the SLO and the day]
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// File to create [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The history.
    #[command(flatten)]
    pub history: History,
}
