//! Options of `metrics`.

use std::time::Duration;

use clap::{Args, Subcommand};
use rust_decimal::Decimal;

use super::connection::{Connection, connection_help_exit};
use super::{EXIT_CODES, duration, percent};

/// Options of `metrics`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nthc metrics pull --prometheus http://localhost:9090
  nthc metrics coverage"
)]
pub struct Metrics {
    /// The subcommand.
    #[command(subcommand)]
    pub command: MetricsCommand,
}

/// The subcommands of `metrics`.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    /// Record the metrics that the project's selectors match in nth.metrics.lock
    Pull(Pull),
    /// Report which signals have a metric, which do not, and how to expose them
    Coverage(Coverage),
}

/// Options of `metrics pull`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Writes nth.metrics.lock next to nth.toml, completely or not at all: names, types, help,
labels and histogram buckets of the metrics that the selectors of the services and their
dependencies match. Sends one request per selector, and one more.

Examples:
  nthc metrics pull --prometheus http://localhost:9090
  nthc metrics pull --prometheus https://prometheus.example.com --env production
  nthc metrics pull --prometheus http://localhost:9090 --selector '{job=\"node\"}'"))]
pub struct Pull {
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// Pull only this selector, whether or not a service uses it; other entries are kept (repeatable)
    /// [default: those of the project]
    #[arg(long = "selector", value_name = "SELECTOR")]
    pub selectors: Vec<String>,
    /// Pull one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How far back to look for series
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub since: Duration,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `metrics coverage`.
#[derive(Debug, Args)]
#[command(after_help = coverage_help("\
Compares every metric that the project uses with nth.metrics.lock: each signal of a
service or a dependency, and each other metric of their SLOs, alerts, recording rules and
panels. A signal is found, missing, or not pulled (its selector was never pulled).
With --format json, prints one JSON document, described in docs/metrics.md.

Examples:
  nthc metrics coverage
  nthc metrics coverage checkout payouts
  nthc metrics coverage --env production
  nthc metrics coverage --fail-under 100   exit 1 unless all are found, for CI
  nthc metrics coverage --format json > coverage.json"))]
pub struct Coverage {
    /// Limit to one environment [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Exit 1 if less than this percentage of signals is found
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_under: Option<Decimal>,
    /// Services to report on [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// Appends the exit codes of `metrics coverage`, which has no `--check`.
fn coverage_help(text: &str) -> String {
    let codes = EXIT_CODES.replace("--check found changes", "coverage is below --fail-under");
    format!("{text}\n\n{codes}")
}
