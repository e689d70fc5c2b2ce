//! Options of `diff`.

use std::path::PathBuf;

use clap::Args;
use nth_diff::Class;

/// Options of `diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Compares what two versions mean: services, SLOs, alerts, gates, who is notified. Layout,
comments, order and names of variables make no difference. Everything that a build reads
counts: nth.toml, the metrics that were pulled, packages. For each change that silences,
loosens or tightens something, an incident is searched whose outcome differs, and run on
both versions.

BASE and HEAD are git revisions or project directories. Without HEAD, BASE is compared with
the working tree; without both, the last commit is. Your git reads the revisions into a
temporary directory; neither the working tree nor the repository changes.

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

Exit codes:
  0   no changes
  1   errors in the sources of HEAD
  2   changes
  3   cannot compare: I/O error, or errors in the sources of BASE
  10  changes of a class in --fail-on, or of the level \"error\" in nth.toml
  64  invalid usage, or no project found")]
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
}

fn class(name: &str) -> Result<Class, super::Expected> {
    Class::from_name(name).ok_or(super::Expected(
        "silenced, loosened, unknown, paging, history, tightened, added, removed or cosmetic",
    ))
}
