//! Options of `diff`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use nth_diff::Class;

use super::connection::connection_help;
use super::history::Answers;
use super::timestamp;

/// Options of `diff`.
#[derive(Debug, Args)]
#[command(after_help = connection_help("\
Compares what two versions mean: services, SLOs, alerts, gates, who is notified. Layout,
comments, order and names of variables make no difference. Everything that a build reads
counts: nth.toml, the metrics that were pulled, packages. For each change that silences,
loosens or tightens something, an incident is searched whose outcome differs, and run on
both versions.

BASE and HEAD are git revisions or project directories. Without HEAD, BASE is compared with
the working tree; without both, the last commit is. Your git reads the revisions into a
temporary directory; neither the working tree nor the repository changes.

With --prometheus, the rules of both versions run over the history that a server has: how
often the alerts that change would have notified somebody, and what changed gates decide.

With --format json, prints one JSON document (docs/diff.schema.json); with --format
markdown, the text of a step summary. `nthc comment` posts the JSON document on a pull request.

Examples:
  nthc diff                              the last commit with the working tree
  nthc diff main                         main with the working tree
  nthc diff --merge-base origin/main HEAD   what a branch changes
  nthc diff v1.4 v1.5 --html report.html
  nthc diff ../shop-old .                two directories
  nthc diff --env staging --env production  two environments
  nthc diff --against-build              the last build with the working tree
  nthc diff main --fail-on silenced,loosened
  nthc diff main --prometheus http://localhost:9090
  nthc diff main --format json > diff.json; nthc diff --from diff.json --html report.html

Exit codes:
  0   no changes
  1   errors in the sources of HEAD
  2   changes
  3   cannot compare: I/O error, errors in the sources of BASE, or a server was unreachable
      or sent an invalid response
  10  changes of a class in --fail-on, or of the level \"error\" in nth.toml
  64  invalid usage, or no project found"))]
pub struct Diff {
    /// The old version: a git revision or a directory [default: HEAD]
    #[arg(value_name = "BASE")]
    pub base: Option<String>,
    /// The new version: a git revision or a directory [default: the working tree]
    #[arg(value_name = "HEAD")]
    pub head: Option<String>,
    /// Compare one environment only; given twice, compare the first with the second [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
    /// Compare with the commit at which HEAD left BASE
    #[arg(long)]
    pub merge_base: bool,
    /// Compare the sources of the last build with the working tree (requires `record_sources` in nth.toml)
    #[arg(long, conflicts_with_all = ["base", "head", "merge_base"])]
    pub against_build: bool,
    /// Show a comparison that `--format json` printed, `-` for standard input, and compare nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "base", "head", "merge_base", "against_build", "env", "no_incidents", "text", "accepted",
        "prometheus",
    ])]
    pub from: Option<PathBuf>,
    /// Show all changes, cosmetic ones and those of the level "allow" too
    #[arg(long)]
    pub all: bool,
    /// Search no incidents that show changes
    #[arg(long)]
    pub no_incidents: bool,
    /// Also show how the texts of sources differ
    #[arg(long)]
    pub text: bool,
    /// Write a page without scripts
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Exit with 10 if there is a change of one of these classes that is not accepted
    #[arg(long, value_name = "CLASS", value_delimiter = ',', value_parser = class)]
    pub fail_on: Vec<Class>,
    /// File of accepted changes [default: nth.accepted.toml beside nth.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub accepted: Option<PathBuf>,
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// How much history [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = since, requires = "prometheus")]
    pub since: Option<Since>,
    /// End of the history and time of gates, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp, requires = "prometheus")]
    pub at: Option<Timestamp>,
    /// The answers. They come last, as their last options have a heading of their own.
    #[command(flatten)]
    pub answers: Answers,
}

impl Diff {
    /// The options that compare a revision with another one, or with the working tree, in an environment.
    pub fn between(base: &str, head: Option<&str>, environment: Option<&str>) -> Option<Self> {
        let mut arguments = vec!["nthc", "diff"];
        if let Some(environment) = environment {
            arguments.extend(["--env", environment]);
        }
        arguments.extend(["--", base]);
        arguments.extend(head);
        match <super::Cli as clap::Parser>::try_parse_from(arguments)
            .ok()?
            .command
        {
            super::Command::Diff(options) => Some(options),
            _ => None,
        }
    }
}

/// A length of the past.
#[derive(Debug, Clone)]
pub struct Since {
    /// As it was written: `30d`.
    pub text: String,
    /// The length.
    pub length: Duration,
}

impl Default for Since {
    fn default() -> Self {
        Self {
            text: "30d".to_owned(),
            length: Duration::from_secs(30 * 86_400),
        }
    }
}

fn since(text: &str) -> Result<Since, super::Expected> {
    Ok(Since {
        text: text.to_owned(),
        length: super::backtest::days(text)?,
    })
}

fn class(name: &str) -> Result<Class, super::Expected> {
    Class::from_name(name).ok_or(super::Expected(
        "silenced, loosened, unknown, paging, history, tightened, added, removed or cosmetic",
    ))
}
