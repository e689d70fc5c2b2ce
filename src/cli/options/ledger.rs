//! Options of commands that use the ledger.

use std::path::PathBuf;
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
  nthc ledger status
  nthc ledger export --csv slices.csv"
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
    /// Pull again and again, until ended by a signal
    Watch(LedgerWatch),
    /// Show until when each SLO was read, and how much of it is known
    Status(LedgerStatus),
    /// Write slices as CSV, Parquet or OpenMetrics
    Export(LedgerExport),
    /// Write slices back to Prometheus, Mimir or another remote-write receiver
    Push(LedgerPush),
    /// Mark deployments and incidents in the graphs of Grafana
    Annotate(LedgerAnnotate),
}

/// What is read from Prometheus, and how.
#[derive(Debug, Args)]
pub struct PullOptions {
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
    /// Read until this time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// What is read.
    #[command(flatten)]
    pub what: PullOptions,
}

/// Options of `ledger watch`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Pulls at once and then every 15 minutes. A pull that fails is reported, and the next one
reads what it missed. Ctrl-C or SIGTERM ends the command after the batch that is being read;
a second one ends it at once. Both lose nothing. The sources are read again at each pull.
Where a scheduler exists, `nthc ledger pull` in a CronJob or a systemd timer does the same.

Examples:
  nthc ledger watch --prometheus http://localhost:9090
  nthc ledger watch --prometheus http://localhost:9090 --env production --every 1h"))]
pub struct LedgerWatch {
    /// The time from the start of a pull to the start of the next one
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    pub every: Duration,
    /// What is read.
    #[command(flatten)]
    pub what: PullOptions,
}

/// The SLOs and the time that are exported.
#[derive(Debug, Args)]
pub struct ExportedSlices {
    /// Services, or SLOs: checkout, checkout.availability [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The environment [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// End of the exported time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Options of `ledger export`.
#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("file").required(true)),
    after_help = super::concat_exit("\
Writes one row per slice of five minutes: bad events, all events, the seconds that were seen,
and whether the counts are estimates. A time without a row is unknown. A file is replaced as
a whole or not at all, and only if it is an export of the same form. OpenMetrics is for
`promtool tsdb create-blocks-from openmetrics`; its metrics are nth_ledger_bad_events,
nth_ledger_events, nth_ledger_seen_seconds and nth_ledger_estimated_seconds.

Examples:
  nthc ledger export --csv slices.csv
  nthc ledger export checkout --since 90d --parquet checkout.parquet
  nthc ledger export --env production --openmetrics - | gzip > slices.om.gz"))]
pub struct LedgerExport {
    /// How much of the past [default: all]
    #[arg(long, value_name = "DURATION", value_parser = super::backtest::days)]
    pub since: Option<Duration>,
    /// What is exported.
    #[command(flatten)]
    pub what: ExportedSlices,
    /// Write CSV; - for standard output
    #[arg(long, value_name = "FILE", group = "file")]
    pub csv: Option<PathBuf>,
    /// Write Parquet
    #[arg(long, value_name = "FILE", group = "file")]
    pub parquet: Option<PathBuf>,
    /// Write OpenMetrics; - for standard output
    #[arg(long, value_name = "FILE", group = "file")]
    pub openmetrics: Option<PathBuf>,
}

/// Options of `ledger push`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Sends four series per SLO, with a sample per slice at its end: nth_ledger_bad_events,
nth_ledger_events, nth_ledger_seen_seconds and nth_ledger_estimated_seconds. Their labels are
project, environment, service and slo. `sum_over_time` adds up a longer time. The same again
changes nothing. The receiver must accept samples as old as --since: set Prometheus's
storage.tsdb.out_of_order_time_window, or the limit out_of_order_time_window of Mimir.

Examples:
  nthc ledger push --remote-write http://localhost:9090/api/v1/write
  nthc ledger push --remote-write https://mimir.example.com/api/v1/push --tenant shop"))]
pub struct LedgerPush {
    /// How much of the past
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = super::backtest::days)]
    pub since: Duration,
    /// What is sent.
    #[command(flatten)]
    pub what: ExportedSlices,
    /// The whole URL of the receiver, as in remote_write of Prometheus
    // The options of the connection require one of this name.
    #[arg(
        id = "prometheus",
        long = "remote-write",
        value_name = "URL",
        required = true
    )]
    pub remote_write: String,
    /// The tenant, sent as X-Scope-OrgID
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `ledger annotate`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
Writes annotations of the ledger's deployments and incidents: found ones and named ones. The
same again writes nothing. What has changed, such as the end of an incident, is changed; what
the ledger no longer has is deleted. Annotations of others stay as they are.

Environment:
  NTH_GRAFANA_TOKEN              a token of a service account with the role Editor, or
                                 NTH_GRAFANA_TOKEN_FILE a file with it
  NTH_PROMETHEUS_CA              root certificates, as --ca
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
                                 proxies

Examples:
  nthc ledger annotate --grafana https://grafana.example.com
  nthc ledger annotate checkout --grafana https://grafana.example.com --env production --since 90d"))]
pub struct LedgerAnnotate {
    /// Services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Base URL of Grafana, without /api
    #[arg(long, value_name = "URL")]
    pub grafana: String,
    /// The environment [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How much of the past
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = super::backtest::days)]
    pub since: Duration,
    /// End of the time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// File with the token of a service account
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the root certificates in this PEM file, besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
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
