//! Options of `test`.

use clap::Args;
use rust_decimal::Decimal;

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
  nthc test --mutate             changes of alerts that no test notices
  nthc test --mutate --min-score 90
  nthc test --coverage           what no test exercises

Exit codes:
  0  all tests passed
  1  a test failed or could not be simulated, errors in the sources, or too low a score
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
    /// Change alerts, objectives, gates and routes, and report the changes that no test notices
    #[arg(long)]
    pub mutate: bool,
    /// Exit with 1 if the tests notice less than this percentage of the changes
    #[arg(long, value_name = "PERCENT", requires = "mutate", value_parser = percentage)]
    pub min_score: Option<Decimal>,
    /// Report alerts, gates and receivers that no test exercises
    #[arg(long, conflicts_with = "mutate")]
    pub coverage: bool,
}

/// Reads a percentage from 0 to 100.
fn percentage(text: &str) -> Result<Decimal, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<Decimal>();
    let is_share = |number: &Decimal| *number >= Decimal::ZERO && *number <= Decimal::ONE_HUNDRED;
    number
        .ok()
        .filter(is_share)
        .ok_or_else(|| "expected a percentage from 0 to 100, such as 90".to_owned())
}
