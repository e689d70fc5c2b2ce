//! Options of `test`.

use clap::Args;

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
}
