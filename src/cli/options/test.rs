//! Options of `test`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use super::detection::Detection;
use super::percent;

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Simulates the incident of each test in memory: generates the series, evaluates the rules
and sends the alerts through the Alertmanager configuration. Needs no Prometheus. A test
fails if an expectation is not met, or if an alert pages that no expectation names.
With --format json and --format junit, prints one document.

--html writes one page that needs neither scripts nor a network. It replaces only pages that
it wrote. --watch shows failures only, and exits with the code of the last run. With
--detection, shows how soon the alerts of each SLO fire and are resolved in typical
incidents, without any test.

Examples:
  nthc test
  nthc test noon                 tests whose name contains \"noon\"
  nthc test \"a bad deploy at noon\" --env production
  nthc test --quiet              failures and the summary only
  nthc test --format github      annotations of a pull request
  nthc test --format junit > junit.xml
  nthc test --html report.html   every test with plots, in one file
  nthc test --watch              again after each change, until Ctrl+C
  nthc test --detection          detection times of all SLOs
  nthc test --detection checkout --env production
  nthc test --detection --write detection.md
  nthc test --detection --check detection.md
  nthc test --mutate             changes of alerts that no test notices
  nthc test --mutate --min-score 90
  nthc test --coverage           what no test exercises
  nthc test --export promtool    write files for \"promtool test rules\"

Exit codes:
  0  all tests passed
  1  a test failed or could not be simulated, errors in the sources, too low a score,
     or the detection times are not those of --check
  2  invalid usage, no project found, or no such test or SLO
  3  I/O error")]
pub struct Test {
    /// Run tests whose name contains one of these texts [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Run in one environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Print failures and the summary only
    #[arg(long, short)]
    pub quiet: bool,
    /// Also write a page with every test: events, plots, alerts, notifications
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Run again whenever a source file changes
    #[arg(long)]
    pub watch: bool,
    /// Change alerts, objectives, gates and routes, and report the changes that no test notices
    #[arg(long, conflicts_with_all = ["html", "watch", "detection"])]
    pub mutate: bool,
    /// Exit 1 if the tests notice less than this percentage of the changes
    // `requires` alone does not hold if the other option is not possible.
    #[arg(
        long,
        value_name = "PERCENT",
        requires = "mutate",
        value_parser = percent,
        conflicts_with_all = ["html", "watch", "detection", "coverage", "export"]
    )]
    pub min_score: Option<Decimal>,
    /// Report alerts, gates and receivers that no test exercises
    #[arg(long, conflicts_with_all = ["mutate", "html", "watch", "detection"])]
    pub coverage: bool,
    /// Write the tests as files of another program, if all of them pass
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["html", "watch", "detection", "mutate", "coverage"])]
    pub export: Option<Export>,
    /// The output directory of --export [default: promtool in the project]
    #[arg(
        long,
        value_name = "DIR",
        requires = "export",
        conflicts_with_all = ["html", "watch", "detection", "mutate", "coverage"]
    )]
    pub out: Option<PathBuf>,
    /// What to show of detection times.
    #[command(flatten)]
    pub detection: Detection,
}

impl Test {
    /// True if tests are run for their results.
    pub fn runs_tests(&self) -> bool {
        !(self.detection.detection || self.mutate || self.coverage || self.export.is_some())
    }
}

/// A program that runs exported tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// Rules and unit tests for `promtool test rules`
    Promtool,
}
