//! Options of `backtest`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::connection::connection_help;
use super::history::History;
use super::timestamp;

/// Options of `backtest`.
#[derive(Debug, Args)]
#[command(after_help = connection_help("\
Runs the rules of the project over the history that Prometheus has: which alerts would have
fired, when, for how long, and who would have been notified. Prometheus evaluates the
queries of raw series; recording rules, thresholds and `for` are evaluated here, and no
rule has to be loaded. Answers about complete chunks of the past are kept for 30 days in
~/.cache/nthc/backtest, readable by you alone. With --format json, prints one JSON document.

An incident file lists what happened:
  [[incident]]
  slo  = \"checkout.availability\"      # or service = \"checkout\"
  from = 2026-11-02T12:10:00Z
  to   = 2026-11-02T12:30:00Z
  note = \"a bad deploy\"

Examples:
  nthc backtest --prometheus http://localhost:9090
  nthc backtest --prometheus http://localhost:9090 --since 7d checkout
  nthc backtest --prometheus http://localhost:9090 --incidents incidents.toml
  nthc backtest --prometheus http://localhost:9090 --base main   what the change would change

Exit codes:
  0  success; with --incidents, all were detected and each page belongs to one
  1  an incident was missed, a page belongs to none, or errors in the sources
  2  invalid usage, or no project found
  3  I/O error, or a server was unreachable or sent an invalid response"))]
pub struct Backtest {
    /// Services whose rules are run [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// How much time before the end
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = days)]
    pub since: Duration,
    /// The beginning, RFC 3339: 2026-12-24T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = timestamp, conflicts_with = "since")]
    pub from: Option<Timestamp>,
    /// The end, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub to: Option<Timestamp>,
    /// Compare with the project at this git revision
    #[arg(long, value_name = "REVISION")]
    pub base: Option<String>,
    /// Compare with the incidents of this TOML file
    #[arg(long, value_name = "FILE")]
    pub incidents: Option<PathBuf>,
    /// The history.
    #[command(flatten)]
    pub history: History,
}

/// Parses a duration above zero, as in PromQL: `30d` or `12h`.
pub(super) fn days(text: &str) -> Result<Duration, super::Expected> {
    nth_promql::seconds(text)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| *duration >= Duration::from_secs(1))
        .ok_or(super::Expected("a duration, e.g. `12h`, `7d` or `4w`"))
}
