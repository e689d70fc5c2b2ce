//! Options of `report`.

use std::path::PathBuf;

use clap::Args;

use super::ledger::LedgerPlace;

/// Options of `report`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
Reports on the error budgets of a month, or of another period: what was promised, attained
and consumed, and by what: deployments, incidents, exclusions, and what nobody explains.
The parts add up to the budget. Only a comparison of both versions says that a deployment
burned the budget; errors that began inside the roll-out likely did.

Reads the ledger alone. Prints Markdown; with --format json, one JSON document.

Examples:
  nthc report --month 2026-10 > report.md
  nthc report --month 2026-10 --team payments --html report.html
  nthc report --period 2026-Q4 --zone Europe/Berlin
  nthc report --month 2026-10 --contracts"))]
pub struct BookReport {
    /// The month: 2026-10 [default: the last one that the ledger has completely, or else the current one]
    #[arg(long, value_name = "MONTH", conflicts_with = "period")]
    pub month: Option<String>,
    /// Another period: a quarter 2026-Q4, a week 2026-W41 or a year 2026
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,
    /// Report on the services of one team only [default: all]
    #[arg(long, value_name = "NAME")]
    pub team: Option<String>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The time zone in which the period begins and days are counted, a name of the IANA database
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub zone: String,
    /// Report only on contracts: what was promised to others, measured, and kept or broken
    #[arg(long, conflicts_with = "html")]
    pub contracts: bool,
    /// Also write a page without scripts, with plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}
