//! The meaning of field values: the error budget of an objective, the time that a share of a budget is.

use nthc::eval::{BlockRef, Value};
use nthc::ir::Duration;
use nthc::ir::burn_rate;
use nthc::schema::Schema;
use nthc::schema::names::{field, kind};
use nthc::syntax::tree::ExprNode;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::features::human;
use crate::features::markup::Line;
use crate::features::source::Source;

/// The full downtime that an objective of `percent` allows in a window.
pub fn budget_time(percent: Decimal, window: Duration) -> Option<Duration> {
    let objective = percent.checked_div(Decimal::ONE_HUNDRED)?;
    Some(burn_rate::budget_time(objective, window))
}

/// "99.95% over 30d leaves 21m36s of full outage".
pub fn budget(percent: Decimal, window: Duration) -> Option<Line> {
    let time = budget_time(percent, window)?;
    Some(
        Line::default()
            .text(format!(
                "Error budget for {} over {}: ",
                human::percent(percent),
                human::duration(window)
            ))
            .strong(human::duration(time))
            .text(" of full downtime"),
    )
}

/// The meaning of a field's value in an environment. `kind` is the kind that declares the field.
pub fn field_meaning(
    source: &Source<'_>,
    block: Option<&BlockRef>,
    kind: &str,
    field: &str,
    value: &Value,
    environment: &Option<SmolStr>,
) -> Vec<Line> {
    let of_block = |field: &str| {
        block
            .and_then(|block| source.field(block, field, environment))
            .map(|found| &found.value)
    };
    match (kind, field, value) {
        (kind::SLO, field::OBJECTIVE, Value::Percent(percent)) => {
            let window = of_block(field::WINDOW).and_then(as_duration);
            let window = window.or_else(|| default_window(source.schema()));
            let mut lines: Vec<Line> = window
                .and_then(|window| budget(*percent, window))
                .into_iter()
                .collect();
            lines.extend(
                block
                    .map(|block| alerts(source, block, *percent, environment))
                    .unwrap_or_default(),
            );
            lines
        }
        (kind::CONTRACT, field::OBJECTIVE, Value::Percent(percent)) => {
            let window = block.and_then(|block| {
                let slo = source.slo(block, environment)?;
                let mut contracts = slo.contracts.iter();
                let contract = contracts.find(|contract| contract.name == block.name)?;
                Some(contract.window)
            });
            window
                .and_then(|window| budget(*percent, window))
                .into_iter()
                .collect()
        }
        (kind::SLO, field::WINDOW, Value::Duration(window)) => {
            let Some(Value::Percent(percent)) = of_block(field::OBJECTIVE) else {
                return Vec::new();
            };
            budget(*percent, Duration(*window)).into_iter().collect()
        }
        (kind::TIER, field::AVAILABILITY, Value::Percent(percent)) => {
            default_window(source.schema())
                .and_then(|window| budget(*percent, window))
                .into_iter()
                .collect()
        }
        (kind::SLO, field::BUDGET_PAGES | field::BUDGET_TICKETS, Value::List(shares)) => {
            let (Some(Value::Percent(objective)), Some(window)) = (
                of_block(field::OBJECTIVE),
                of_block(field::WINDOW).and_then(as_duration),
            ) else {
                return Vec::new();
            };
            shares
                .iter()
                .filter_map(|share| match share {
                    Value::Percent(share) => budget_share(*objective, window, *share),
                    _ => None,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn as_duration(value: &Value) -> Option<Duration> {
    match value {
        Value::Duration(milliseconds) => Some(Duration(*milliseconds)),
        _ => None,
    }
}

/// The prelude's default of the SLO window.
pub fn default_window(schema: &Schema) -> Option<Duration> {
    let field = schema.field(kind::SLO, field::WINDOW)?;
    match &field.default.as_ref()?.node {
        ExprNode::Duration(milliseconds) => Some(Duration(*milliseconds)),
        _ => None,
    }
}

/// "75% of the budget is 16m12s of full outage".
fn budget_share(objective: Decimal, window: Duration, share: Decimal) -> Option<Line> {
    let hundred = Decimal::ONE_HUNDRED;
    let budget = Decimal::ONE - objective.checked_div(hundred)?;
    let part = budget.checked_mul(share.checked_div(hundred)?)?;
    let time = burn_rate::budget_time(Decimal::ONE - part, window);
    Some(Line::default().text(format!(
        "{} of the error budget is {} of full downtime",
        human::percent(share),
        human::duration(time)
    )))
}

/// The burn-rate alerts of an SLO: when each fires.
fn alerts(
    source: &Source<'_>,
    block: &BlockRef,
    percent: Decimal,
    environment: &Option<SmolStr>,
) -> Vec<Line> {
    let Some(slo) = source.slo(block, environment) else {
        return Vec::new();
    };
    // In an environment with another objective the alerts differ.
    if percent.checked_div(Decimal::ONE_HUNDRED) != Some(slo.objective) {
        return Vec::new();
    }
    let pairs = slo.burn_rate_pairs.iter().map(|pair| {
        let asks = match pair.severity.response() {
            nthc::ir::Response::Page => "pages",
            nthc::ir::Response::Ticket => "opens a ticket",
        };
        Line::default().text(format!(
            "{asks} at {}x burn rate ({}/{}): above {} bad",
            pair.factor.normalize(),
            human::duration(pair.long),
            human::duration(pair.short),
            human::share(pair.threshold(slo.objective)),
        ))
    });
    pairs.collect()
}
