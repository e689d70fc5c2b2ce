//! Options of `test`.

use std::path::PathBuf;

use clap::Args;

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Simulates the incident of each test in memory: generates the series, evaluates the rules
and sends the alerts through the Alertmanager configuration. Needs no Prometheus. A test
fails if an expectation is not met, or if an alert pages that no expectation names.
With --format json and --format junit, prints one document.

--html writes one page that needs neither scripts nor a network. It replaces only pages that
it wrote. --watch shows failures only, and exits with the code of the last run.

Examples:
  nthc test
  nthc test noon                 tests whose name contains \"noon\"
  nthc test \"a bad deploy at noon\" --env production
  nthc test --quiet              failures and the summary only
  nthc test --format github      annotations of a pull request
  nthc test --format junit > junit.xml
  nthc test --html report.html   every test with plots, in one file
  nthc test --watch              again after each change, until Ctrl+C

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
    /// Also write a page with every test: events, plots, alerts, notifications
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Run again whenever a source file changes
    #[arg(long)]
    pub watch: bool,
}
