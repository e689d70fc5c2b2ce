//! Options of `test`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Simulates the incident of each test in memory: generates the series, evaluates the rules
and sends the alerts through the Alertmanager configuration. Needs no Prometheus. A test
fails if an expectation is not met, or if an alert pages that no expectation names.
With --format json, prints one JSON document.

Examples:
  nthc test
  nthc test noon                 tests whose name contains \"noon\"
  nthc test \"a bad deploy at noon\" --env production
  nthc test --quiet              failures and the summary only
  nthc test --format github      annotations of a pull request
  nthc test --export promtool    write files for \"promtool test rules\"

Exit codes:
  0  all tests passed
  1  a test failed or could not be simulated, or errors in the sources
  2  invalid usage, no project found, or no such test
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
    /// Write the tests that run as files of another program, if all of them pass
    #[arg(long, value_name = "PROGRAM")]
    pub export: Option<Export>,
    /// The output directory of --export [default: promtool in the project]
    #[arg(long, value_name = "DIR", requires = "export")]
    pub out: Option<PathBuf>,
}

/// A program that runs exported tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// Rules and unit tests for `promtool test rules`
    Promtool,
}
