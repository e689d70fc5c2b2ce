//! Options of `what-if`.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::ledger::LedgerPlace;
use super::timestamp;

/// Options of `what-if`.
#[derive(Debug, Args)]
#[command(after_help = super::concat_exit("\
Replays the ledger with another objective: how much of the budget would have been consumed,
when it would have been exhausted, how often burn-rate alerts would have paged and opened
tickets, and how long rules of gates about the budget would have denied. Alerts are those of
whole slices of five minutes. `nthc backtest` runs all rules over the history of a server.

Examples:
  nthc what-if checkout.availability --objective 99.95%
  nthc what-if checkout.availability --objective 99.5% --window 28d --since 90d"))]
pub struct WhatIf {
    /// The SLO, or a group of it: checkout.availability, checkout.availability{route="/pay"}
    #[arg(value_name = "SLO")]
    pub slo: String,
    /// The other objective: 99.95%
    #[arg(long, value_name = "PERCENTAGE", value_parser = objective)]
    pub objective: Decimal,
    /// Another SLO window [default: that of the SLO]
    #[arg(long, value_name = "DURATION", value_parser = super::backtest::days)]
    pub window: Option<Duration>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How much of the past
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = super::backtest::days)]
    pub since: Duration,
    /// End of that time, RFC 3339: 2026-12-24T12:00:00Z [default: the end of the ledger]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Parses a percentage between 0% and 100%.
fn objective(text: &str) -> Result<Decimal, super::Expected> {
    let expected = super::Expected("a percentage below 100%, such as 99.95%");
    let Some(number) = text.strip_suffix('%') else {
        return Err(expected);
    };
    let Ok(percent) = number.parse::<Decimal>() else {
        return Err(expected);
    };
    let is_objective = percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED;
    if is_objective {
        Ok(percent / Decimal::ONE_HUNDRED)
    } else {
        Err(expected)
    }
}
