//! The command line: what can be asked, and the help on it.

mod connection;
mod gate;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::diagnostics::render;

pub use connection::Connection;
use connection::asking_exit;
pub use gate::{AskedGate, Gate, GateCommand};

/// The exit codes, as `--help` tells them.
const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  the input has errors, or --check found a difference
  2  the command was used wrongly, or there is no project
  3  a file could not be read or written, or a server gave no good answer";

/// Compiles service level objectives, alerts and on-call teams, written in .nth, to the files that
/// Prometheus and its neighbours read
#[derive(Debug, Parser)]
#[command(
    name = "nthc",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = concat_exit("Examples:
  nthc init shop                 make a project in the folder shop
  nthc check                     report what is wrong in this project
  nthc build                     write its files to build/
  nthc build checkout.nth        build a single file
  nthc explain N0602             tell more about an error")
)]
pub struct Cli {
    /// What holds for every command.
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
    /// How diagnostics are written; human and short to standard error, the others to standard output
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub format: Format,
    /// Whether to use colours; auto asks the terminal, NO_COLOR and CLICOLOR
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// The folder with nth.toml [default: the nearest one from here upwards]
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the source, for a person
    Human,
    /// One line each, for logs and editors
    Short,
    /// One JSON object a line
    Json,
    /// One SARIF 2.1.0 log, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

impl Format {
    /// The renderer's name for it.
    pub fn renderer(self) -> render::Format {
        match self {
            Self::Human => render::Format::Human,
            Self::Short => render::Format::Short,
            Self::Json => render::Format::Json,
            Self::Sarif => render::Format::Sarif,
            Self::Github => render::Format::Github,
        }
    }

    /// Whether a program reads it, from standard output.
    pub fn is_for_programs(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Github)
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that takes them
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new project
    Init(Init),
    /// Report what is wrong, and write nothing
    Check(Check),
    /// Write what the project makes to its output folder
    Build(Build),
    /// Format sources
    Fmt(Fmt),
    /// Show dashboards and objectives in a browser, as files change
    Preview(Preview),
    /// Ask a Prometheus which metrics there are
    Metrics(Metrics),
    /// Make sources of what another program reads
    Import(Import),
    /// Decide about a deployment
    Gate(Gate),
    /// Tell what is left of the error budgets
    Budget(Budget),
    /// Make rules that count what happened before an objective was recorded
    Backfill(Backfill),
    /// Tell more about a diagnostic's code
    Explain(Explain),
    /// Print a shell's completion script
    Completions(Completions),
    /// Serve an editor: the language server, on standard input and output
    Lsp(Lsp),
}

/// Options of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Makes nth.toml, a service, a team and a .gitignore, and overwrites nothing.

Examples:
  nthc init                      in this folder, named after it
  nthc init shop                 in the folder shop
  nthc init . --name shop")]
pub struct Init {
    /// The project's folder; it is made where it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long, value_name = "NAME", value_parser = identifier)]
    pub name: Option<String>,
}

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("Examples:
  nthc check
  nthc check --fix               mend what can surely be mended
  nthc check teams/ checkout.nth report only what is wrong in these
  nthc check --env staging
  nthc check --format sarif > nthc.sarif"))]
pub struct Check {
    /// Check one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Make the edits that diagnostics are sure of
    #[arg(long)]
    pub fix: bool,
    /// Count warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Files or folders to report on; what they refer to is still read [default: the whole project]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `build`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
A build writes only what changed, and nothing where there are errors. It replaces and
removes only files that an earlier build of the same project wrote, which are listed in
.nthc-manifest.json in the output folder. More than a fifth of them is removed with
--allow-removals only; on a terminal, it asks.

Examples:
  nthc build
  nthc build --env staging
  nthc build --check             fail if build/ is not up to date, for CI
  nthc build checkout.nth        build a file that belongs to no project"))]
pub struct Build {
    /// Build one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The folder to write to [default: the one in nth.toml, or build]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write nothing; print what would change, and exit with 1 if anything would
    #[arg(long, visible_alias = "dry-run")]
    pub check: bool,
    /// Remove files, however many of those that stand: the output of services, environments or targets that are gone
    #[arg(long)]
    pub allow_removals: bool,
    /// How long to wait while another build writes to the folder; 0s not at all
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = patience)]
    pub lock_timeout: Duration,
    /// Write the files of services that are sound where others have errors; exit with 1 all the same
    #[arg(long)]
    pub keep_going: bool,
    /// Count warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// A file that belongs to no project, to build by itself
    #[arg(value_name = "FILE", conflicts_with = "project")]
    pub file: Option<PathBuf>,
}

/// Options of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("Examples:
  nthc fmt                       all sources of this project
  nthc fmt checkout.nth teams/
  nthc fmt --check               print a diff, and exit with 1 if there is one
  nthc fmt - < checkout.nth      standard input to standard output"))]
pub struct Fmt {
    /// Write nothing; print what would change as a diff, and exit with 1 if anything would
    #[arg(long)]
    pub check: bool,
    /// Files or folders, or - for standard input [default: the whole project]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `preview`.
#[derive(Debug, Args)]
#[command(after_help = asking_exit("\
The page is served to this machine alone. Panels are drawn with sample data, or with a
Prometheus's if --prometheus names one.

Examples:
  nthc preview
  nthc preview --prometheus http://localhost:9090
  nthc preview --port 0          on any port that is free
  nthc preview checkout.nth      a file that belongs to no project"))]
pub struct Preview {
    /// The port on 127.0.0.1; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 7084)]
    pub port: u16,
    /// Draw the data of the Prometheus at this address
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// A file or folder, whose whole project is shown; a file that belongs to none is shown by itself [default: the
    /// project of this folder]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How it is reached.
    #[command(flatten)]
    pub connection: Connection,
}

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
    /// What to do with the catalogue of metrics.
    #[command(subcommand)]
    pub command: MetricsCommand,
}

/// What to do with the catalogue of metrics.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    /// Write down which metrics the project's selectors match, in nth.metrics.lock
    Pull(Pull),
    /// Tell which signals have a metric, which have none, and how to get it
    Coverage(Coverage),
}

/// Options of `metrics pull`.
#[derive(Debug, Args)]
#[command(after_help = asking_exit("\
Writes nth.metrics.lock beside nth.toml, whole or not at all: names, types, help, labels
and histogram buckets of what the selectors of the services and their dependencies match.
It takes one request for each selector, and one more.

Examples:
  nthc metrics pull --prometheus http://localhost:9090
  nthc metrics pull --prometheus https://prometheus.example.com --env production
  nthc metrics pull --prometheus http://localhost:9090 --selector '{job=\"node\"}'"))]
pub struct Pull {
    /// The address of a Prometheus, or of what has its HTTP API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// Pull this selector only, be it no service's; the rest of the file stays; can be repeated
    /// [default: those of the project]
    #[arg(long = "selector", value_name = "SELECTOR")]
    pub selectors: Vec<String>,
    /// Pull one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How far back to look for series
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub since: Duration,
    /// How long each request may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// How it is reached.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `metrics coverage`.
#[derive(Debug, Args)]
#[command(after_help = coverage_help("\
Holds what the project's services look at against nth.metrics.lock: each signal of a
service or a dependency, and each other metric of their objectives, alerts, recordings
and panels. A signal is found, missing, or unclaimed: nobody pulled its selector.
With --format json, it is one JSON document; docs/metrics.md describes it.

Examples:
  nthc metrics coverage
  nthc metrics coverage checkout payouts
  nthc metrics coverage --env production
  nthc metrics coverage --fail-under 100   exit with 1 unless all are found, for CI
  nthc metrics coverage --format json > coverage.json"))]
pub struct Coverage {
    /// Look at one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Exit with 1 if fewer than so many percent of the signals are found
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_under: Option<Decimal>,
    /// Services to tell of [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
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

/// What is imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Make .nth of OpenSLO documents
    Openslo(ImportOpenSlo),
}

/// Options of `import openslo`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
Reads documents of openslo/v1, YAML or JSON, as strictly as OpenSLO's own SDK, and follows
every reference. What .nth can't say is told: left out with a warning, or an error where
it would mean something else. What is made compiles, or nothing is.

Examples:
  nthc import openslo slos.yaml > services/shop.nth
  nthc import openslo openslo/ -o services/shop.nth
  nthc import openslo a.yaml b.json -o services/   write services/openslo.nth"))]
pub struct ImportOpenSlo {
    /// The file to write, or the folder to write openslo.nth to [default: standard output]
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Count warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
    /// Files, or folders with files *.yaml, *.yml and *.json
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Options of `budget`.
#[derive(Debug, Args)]
#[command(after_help = asking_exit("\
Tells of each objective how it stands, by what the rules record, or, where nothing is
recorded yet, by its indicator's own series. With --format json, it is one JSON document.

Examples:
  nthc budget --prometheus http://localhost:9090
  nthc budget checkout ledger --prometheus http://localhost:9090 --env production
  nthc budget --prometheus http://localhost:9090 --format json"))]
pub struct Budget {
    /// Services to tell of [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// The address of a Prometheus, or of what has its HTTP API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: String,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The time to tell of, as 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// How long each request may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// How it is reached.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `backfill`.
#[derive(Debug, Args)]
#[command(after_help = asking_exit("\
A new or renamed objective knows nothing of the time before its rules were loaded. This
writes a file of rules to standard output, and to standard error the commands by which
promtool evaluates them over the past, from the series that Prometheus still has. With
--prometheus, it asks when the rules began to record, so that nothing is counted twice.

Examples:
  nthc backfill checkout --prometheus http://localhost:9090 > backfill.yaml
  nthc backfill checkout availability latency --until 2026-11-20T12:00:00Z > backfill.yaml"))]
pub struct Backfill {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Its objectives [default: all]
    #[arg(value_name = "SLO")]
    pub slos: Vec<String>,
    /// The address of the Prometheus that has the series, without /api/v1
    #[arg(long, value_name = "URL", required_unless_present = "until")]
    pub prometheus: Option<String>,
    /// The time at which the rules were first evaluated, as 2026-12-24T12:00:00Z [default: what the Prometheus says]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Timestamp>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How long each request may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// How it is reached.
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
    /// A code's number or name [default: all of them, one a line]
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

/// Options of `lsp`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nthc lsp                       as an editor starts it; `nth-lsp` is the same server

Exit codes:
  0  the editor said shutdown before exit
  1  it left without a word")]
pub struct Lsp {
    /// Use the standard streams, as it always does; editors like to say so
    #[arg(long)]
    pub stdio: bool,
}

/// Help text with the exit codes below it.
fn concat_exit(text: &str) -> String {
    format!("{text}\n\n{EXIT_CODES}")
}

/// The same for `metrics coverage`, which has no `--check`.
fn coverage_help(text: &str) -> String {
    let codes = EXIT_CODES.replace(
        "--check found a difference",
        "coverage is below --fail-under",
    );
    format!("{text}\n\n{codes}")
}

fn identifier(text: &str) -> Result<String, String> {
    if crate::project::is_identifier(text) {
        Ok(text.to_owned())
    } else {
        Err("a name starts with a letter or `_`, then come letters, digits, `_` or `-`".to_owned())
    }
}

/// A share, `95` or `99.5%`.
fn percent(text: &str) -> Result<Decimal, String> {
    text.strip_suffix('%')
        .unwrap_or(text)
        .parse::<Decimal>()
        .ok()
        .filter(|percent| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(percent))
        .ok_or_else(|| "a share is written as `95` or `99.5`, from 0 to 100".to_owned())
}

/// A length of time above zero, `30s` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a duration is written as `30s`, `10m` or `1h`".to_owned())
}

/// A length of time, which may be none, `0s`.
fn patience(text: &str) -> Result<Duration, String> {
    match text.parse::<jiff::SignedDuration>() {
        Ok(none) if none.is_zero() => Ok(Duration::ZERO),
        _ => duration(text),
    }
}

/// A moment, as `--at` takes it.
fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>()
        .map_err(|_| "a time is written as `2026-12-24T12:00:00Z`".to_owned())
}
