//! The command line: options and their help.

mod backtest;
mod book_report;
mod comment;
mod connection;
mod delivery;
mod deploys;
mod detection;
mod diff;
mod gate;
mod history;
mod incidents;
mod ledger;
mod metrics;
mod record;
mod test;
mod what_if;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use rust_decimal::Decimal;

use nthc::diagnostics::render;

pub use backtest::Backtest;
pub use book_report::BookReport;
pub use comment::{Comment, ForgeName};
pub use connection::Connection;
use connection::connection_help_exit;
pub use delivery::{Allowed, Apply, DeliveryOptions, Plan, Rollback, Status};
pub use deploys::{
    Deploys, DeploysCommand, DeploysFormat, DeploysImport, DeploysList, DeploysPull, DeploysRecord,
};
pub use diff::{Diff, Since};
pub use gate::{Gate, GateCommand, GateQuery};
pub use history::Answers;
pub use incidents::{Incidents, IncidentsCommand, IncidentsList, IncidentsRecord};
pub use ledger::{
    ExportedSlices, Ledger, LedgerAnnotate, LedgerCommand, LedgerExport, LedgerPlace, LedgerPush,
    LedgerStatus, LedgerWatch, PullOptions,
};
pub use metrics::{Coverage, Metrics, MetricsCommand, Pull};
pub use record::Record;
pub use test::Test;
pub use what_if::WhatIf;

/// The exit codes, as `--help` shows them.
const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  errors in the sources, or --check found changes
  2  invalid usage, or no project found
  3  I/O error, or a server was unreachable or sent an invalid response";

/// Compile SLOs, alerts and on-call definitions written in .nth into configuration for Prometheus,
/// Alertmanager, Grafana, PagerDuty and OpenSLO
#[derive(Debug, Parser)]
#[command(
    name = "nthc",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = concat_exit("Examples:
  nthc init shop                 create a project in ./shop
  nthc check                     check this project
  nthc build                     generate its files into build/
  nthc test                      run its tests
  nthc build checkout.nth        build a single file
  nthc explain N0602             explain a diagnostic code")
)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Diagnostic format (human and short go to stderr, the others to stdout)
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub format: Format,
    /// When to use color; auto honors the terminal, NO_COLOR and CLICOLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Project directory, containing nth.toml [default: nearest parent directory that has one]
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// The format of diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Source excerpt with labels and help
    Human,
    /// One line per diagnostic, for logs and editors
    Short,
    /// JSON Lines, one object per diagnostic
    Json,
    /// SARIF 2.1.0 log, for code scanning
    Sarif,
    /// GitHub Actions annotations
    Github,
    /// JUnit XML, for the results of `nthc test` only
    Junit,
    /// Markdown, for `nthc diff` only
    Markdown,
}

impl Format {
    /// Returns the format of the renderer.
    pub fn renderer(self) -> render::Format {
        match self {
            Self::Human => render::Format::Human,
            Self::Short => render::Format::Short,
            Self::Json => render::Format::Json,
            Self::Sarif => render::Format::Sarif,
            Self::Github => render::Format::Github,
            // Their documents have results, not diagnostics.
            Self::Junit | Self::Markdown => render::Format::Short,
        }
    }

    /// Returns true if programs read this format from standard output.
    pub fn is_for_programs(self) -> bool {
        matches!(
            self,
            Self::Json | Self::Sarif | Self::Github | Self::Junit | Self::Markdown
        )
    }
}

/// The use of colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// If the terminal supports it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a new project
    Init(Init),
    /// Check the project without writing anything
    Check(Check),
    /// Generate the project's output files
    Build(Build),
    /// Run the project's tests: simulated incidents, and who is notified
    Test(Test),
    /// Format source files
    Fmt(Fmt),
    /// Preview SLOs, alerts and dashboards in a browser, with live reload
    Preview(Preview),
    /// Pull metric metadata from Prometheus; report signal coverage
    Metrics(Metrics),
    /// Import definitions from another format (OpenSLO)
    Import(Import),
    /// Evaluate a deployment gate
    Gate(Gate),
    /// Show remaining error budgets and burn rates
    Budget(Budget),
    /// Keep the book of error budgets: exact counts of events, read from Prometheus
    Ledger(Ledger),
    /// List the incidents that burned error budget, and name them
    Incidents(Incidents),
    /// List the deployments in the ledger; record, pull and import them
    Deploys(Deploys),
    /// Report on the error budgets of a month
    Report(BookReport),
    /// Replay the ledger with another objective
    WhatIf(WhatIf),
    /// Generate rules that backfill the past of a new or renamed SLO
    Backfill(Backfill),
    /// Show what applying would change at the destinations in nth.toml
    Plan(Plan),
    /// Bring the destinations in nth.toml to what the sources say
    Apply(Apply),
    /// Apply the sources of an earlier revision
    Rollback(Rollback),
    /// Compare the sources with what runs: in sync, pending, drifted, failing
    Status(Status),
    /// Show what the difference between two versions means
    Diff(Diff),
    /// Run the rules over real history, and compare with another revision
    Backtest(Backtest),
    /// Turn an incident of the history into a test
    Record(Record),
    /// Post what a change means as a comment on a pull request
    Comment(Comment),
    /// Explain a diagnostic code
    Explain(Explain),
    /// Print a shell completion script
    Completions(Completions),
    /// Print the JSON schema of nth.toml
    Schema(Schema),
    /// Run the language server over stdio
    Lsp(Lsp),
}

/// Options of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Creates nth.toml, an example service and team, and a .gitignore. Never overwrites a file.

Examples:
  nthc init                      in this directory, named after it
  nthc init shop                 in ./shop
  nthc init . --name shop")]
pub struct Init {
    /// Project directory; created if missing
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Project name [default: the directory's name]
    #[arg(long, value_name = "NAME", value_parser = identifier)]
    pub name: Option<String>,
}

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("Examples:
  nthc check
  nthc check --fix               apply all safe fixes
  nthc check teams/ checkout.nth report diagnostics in these only
  nthc check --env staging
  nthc check --format sarif > nthc.sarif"))]
pub struct Check {
    /// Check one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Apply the fixes that are always safe
    #[arg(long)]
    pub fix: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Limit the report to these files or directories; the whole project is still analyzed
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `build`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
Writes only files that changed, and nothing if there are errors. Replaces or removes only
files that an earlier build of this project wrote (listed in .nthc-manifest.json in the
output directory). Removing more than a fifth of them requires --allow-removals, or a
confirmation on a terminal.

What was read and written is kept in nthc/build in the user's cache folder for 30 days, so
that the next build of the same only looks whether anything changed.

Examples:
  nthc build
  nthc build --env staging
  nthc build --target prometheus
  nthc build --check             fail if build/ is not up to date, for CI
  nthc build checkout.nth        build a standalone file"))]
pub struct Build {
    /// Build one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Build only this target; repeatable [default: all targets]. Files of other targets stay as they are
    #[arg(long = "target", value_name = "NAME")]
    pub targets: Vec<String>,
    /// Output directory [default: the one in nth.toml, or build]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Print what would change, write nothing, and exit 1 if anything would
    #[arg(long, visible_alias = "dry-run")]
    pub check: bool,
    /// Remove any number of files: output of services, environments or targets that no longer exist
    #[arg(long)]
    pub allow_removals: bool,
    /// How long to wait for another build that writes to the directory; 0s to not wait
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration_or_zero)]
    pub lock_timeout: Duration,
    /// Write the files of services without errors even if others have errors; still exits 1
    #[arg(long)]
    pub keep_going: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Compile even if nothing has changed since the last build, and keep nothing of this one
    #[arg(long)]
    pub no_cache: bool,
    /// Build a standalone file that is not part of a project
    #[arg(value_name = "FILE", conflicts_with = "project")]
    pub file: Option<PathBuf>,
}

/// Options of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("Examples:
  nthc fmt                       all sources of this project
  nthc fmt checkout.nth teams/
  nthc fmt --check               print a diff, and exit 1 if there is one
  nthc fmt - < checkout.nth      standard input to standard output"))]
pub struct Fmt {
    /// Print a diff of what would change, write nothing, and exit 1 if anything would
    #[arg(long)]
    pub check: bool,
    /// Files or directories, or - for standard input [default: the whole project]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `preview`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Listens on localhost only. Panels show sample data unless --prometheus is given.

Examples:
  nthc preview
  nthc preview --prometheus http://localhost:9090
  nthc preview --port 0          on any free port
  nthc preview checkout.nth      a standalone file"))]
pub struct Preview {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 7084)]
    pub port: u16,
    /// Query this Prometheus for live data
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// A file or directory, whose whole project is shown; a standalone file is shown alone [default: the
    /// project of this directory]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `import`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nthc import openslo slos.yaml"
)]
pub struct Import {
    /// The format.
    #[command(subcommand)]
    pub command: ImportCommand,
}

/// The formats of `import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Convert OpenSLO documents to .nth
    Openslo(ImportOpenSlo),
}

/// Options of `import openslo`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
Reads openslo/v1 documents (YAML or JSON), validated as strictly as by the OpenSLO SDK,
and resolves every reference. What .nth cannot express is dropped with a warning, or is an
error if dropping it would change the meaning. The output always compiles; otherwise
nothing is written.

Examples:
  nthc import openslo slos.yaml > services/shop.nth
  nthc import openslo openslo/ -o services/shop.nth
  nthc import openslo a.yaml b.json -o services/   write services/openslo.nth"))]
pub struct ImportOpenSlo {
    /// Output file, or the directory to write openslo.nth to [default: standard output]
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Files, or directories with files *.yaml, *.yml and *.json
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Options of `budget`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Shows the status of each SLO from its recording rules or, if they have no data yet, from
the SLI's raw series. With --format json, prints one JSON document.

Examples:
  nthc budget --prometheus http://localhost:9090
  nthc budget checkout ledger --prometheus http://localhost:9090 --env production
  nthc budget --prometheus http://localhost:9090 --format json
  nthc budget --history checkout --since 90d"))]
pub struct Budget {
    /// Services to report on [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL", required_unless_present = "history")]
    pub prometheus: Option<String>,
    /// Show how the budgets developed day by day, from the ledger
    #[arg(long, conflicts_with = "prometheus")]
    pub history: bool,
    /// How much of the past `--history` shows
    #[arg(long, value_name = "DURATION", default_value = "14d", value_parser = backtest::days, requires = "history")]
    pub since: Duration,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Evaluation time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub at: Option<Timestamp>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `backfill`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
A new or renamed SLO has no history from before its rules were loaded. Writes a rule file
to standard output, and to standard error the promtool commands that evaluate it over the
past, from the series that Prometheus still has. With --prometheus, queries when the rules
started to record, so that nothing is counted twice.

Examples:
  nthc backfill checkout --prometheus http://localhost:9090 > backfill.yaml
  nthc backfill checkout availability latency --until 2026-11-20T12:00:00Z > backfill.yaml"))]
pub struct Backfill {
    /// Service name
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Names of its SLOs [default: all]
    #[arg(value_name = "SLO")]
    pub slos: Vec<String>,
    /// Base URL of the Prometheus that has the series, without /api/v1
    #[arg(long, value_name = "URL", required_unless_present = "until")]
    pub prometheus: Option<String>,
    /// Time of the first rule evaluation, RFC 3339: 2026-12-24T12:00:00Z [default: queried from Prometheus]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nthc explain N0602
  nthc explain unknown-setting
  nthc explain                   list all codes")]
pub struct Explain {
    /// Diagnostic code or name, e.g. N0201 or type-mismatch [default: list all]
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nthc completions bash > ~/.local/share/bash-completion/completions/nthc
  nthc completions fish > ~/.config/fish/completions/nthc.fish
  nthc completions zsh  > \"${fpath[1]}/_nthc\"")]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Options of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nthc schema > .nth.schema.json

With Even Better TOML or Taplo, begin nth.toml with this line:
  #:schema ./.nth.schema.json")]
pub struct Schema {}

/// Options of `lsp`.
#[derive(Debug, Args)]
#[command(
    version,
    display_name = "nth-lsp",
    after_help = "\
Examples:
  nthc lsp                       as started by an editor; `nth-lsp` starts this

Exit codes:
  0  clean shutdown
  1  the client exited without a shutdown request
  2  invalid usage"
)]
pub struct Lsp {
    /// Use stdio (always the case; accepted for editor compatibility)
    #[arg(long)]
    pub stdio: bool,
}

/// Appends the exit codes to a help text.
fn concat_exit(text: &str) -> String {
    format!("{text}\n\n{EXIT_CODES}")
}

/// The error of an invalid value: the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected(&'static str);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl std::error::Error for Expected {}

fn identifier(text: &str) -> Result<String, Expected> {
    if nthc::project::is_identifier(text) {
        Ok(text.to_owned())
    } else {
        Err(Expected(
            "a letter or `_`, followed by letters, digits, `_` or `-`",
        ))
    }
}

/// Parses a percentage: `95` or `99.5%`.
fn percent(text: &str) -> Result<Decimal, Expected> {
    text.strip_suffix('%')
        .unwrap_or(text)
        .parse::<Decimal>()
        .ok()
        .filter(|percent| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(percent))
        .ok_or(Expected("a percentage from 0 to 100, e.g. `95` or `99.5`"))
}

/// Parses a duration above zero: `30s` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, Expected> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or(Expected("a duration, e.g. `30s`, `10m` or `1h`"))
}

/// Parses a duration that may be zero: `0s`.
fn duration_or_zero(text: &str) -> Result<Duration, Expected> {
    match text.parse::<jiff::SignedDuration>() {
        Ok(none) if none.is_zero() => Ok(Duration::ZERO),
        _ => duration(text),
    }
}

/// Parses a time, as `--at` accepts it.
fn timestamp(text: &str) -> Result<Timestamp, Expected> {
    text.parse::<Timestamp>()
        .map_err(|_| Expected("a time, e.g. `2026-12-24T12:00:00Z`"))
}
