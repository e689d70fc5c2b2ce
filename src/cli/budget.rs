//! `nthc budget`.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate::{Built, moment, unknown_service};
use super::gate_table::table;
use super::options::{self, Format};
use super::prometheus_client::Client;
use crate::backends::prometheus::Standing;
use crate::ir::burn_rate::budget_time;
use crate::ir::gate::Unit;
use crate::ir::{Duration, Service, Settings, Slo};
use crate::policy::{Measurement, quantity};

/// How all objectives stand.
#[derive(Serialize)]
struct Budgets {
    project: String,
    environment: Option<String>,
    at: Timestamp,
    objectives: Vec<Budget>,
}

/// How an objective stands. Shares are between 0 and 1, times in seconds.
#[derive(Serialize)]
struct Budget {
    service: String,
    slo: String,
    objective: Decimal,
    window: String,
    /// Where the numbers are from; `null` where there is no data.
    source: Option<Source>,
    /// The share of events that were good in the window.
    ratio: Option<Decimal>,
    /// The share of the error budget that is left.
    budget_left: Option<Decimal>,
    /// The same as time of full outage.
    budget_left_seconds: Option<Decimal>,
    /// How many times faster than sustainable it is being spent.
    burn_rate: Option<Decimal>,
    /// Over which time.
    burn_rate_over: String,
    /// In how many seconds all of it is spent if that goes on; `null` where it never is.
    exhausted_in_seconds: Option<Decimal>,
}

/// Where numbers are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// What the rules record.
    Rules,
    /// The indicator's own series.
    Indicator,
}

/// Tells how the objectives stand.
///
/// # Errors
/// Where there is no project, it has no such service or environment, or the Prometheus gives no good answer.
pub fn run(
    context: &Context,
    options: &options::Budget,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("error budgets have no such format")
            .help("They are written with `--format human`, `--format short` or `--format json`."));
    }
    let Some(built) = Built::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Found);
    };
    let client = Client::new(&options.prometheus, options.timeout)?;
    let at = moment(options.at);
    let objectives = built.with_services(|services| {
        for name in &options.services {
            if !services.iter().any(|service| service.name == name) {
                return Err(unknown_service(name, services));
            }
        }
        let asked = |service: &Service| {
            options.services.is_empty() || options.services.iter().any(|name| service.name == name)
        };
        let mut objectives = Vec::new();
        for service in services.iter().filter(|service| asked(service)) {
            for slo in &service.slos {
                objectives.push(budget(service, slo, &built.settings, &client, at)?);
            }
        }
        Ok(objectives)
    })?;
    let budgets = Budgets {
        project: built.settings.project.clone(),
        environment: built.settings.environment.as_ref().map(ToString::to_string),
        at,
        objectives,
    };
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&budgets)
                .map_err(|error| Failure::io(format!("cannot write the budgets: {error}")))?;
            console.out.line(text);
        }
        _ => show(&budgets, console),
    }
    Ok(Exit::Ok)
}

fn budget(
    service: &Service,
    slo: &Slo,
    settings: &Settings,
    client: &Client,
    at: Timestamp,
) -> Result<Budget, Failure> {
    let standing = Standing::new(service, slo, settings);
    let over = standing.burn_window();
    let ask = |query: Option<String>, what: &str| -> Result<Option<Decimal>, Failure> {
        let Some(query) = query else {
            return Ok(None);
        };
        let what = format!("{what} of {}.{}", service.name, slo.name);
        let Measurement(value) = client.instant(&query, at, &what)?;
        Ok(value)
    };
    let mut source = Source::Rules;
    let mut errors = ask(Some(standing.recorded(slo.window)), "the error ratio")?;
    let mut recent = ask(Some(standing.recorded(over)), "the burn rate")?;
    if errors.is_none() {
        source = Source::Indicator;
        errors = ask(standing.measured(slo.window), "the error ratio")?;
        recent = ask(standing.measured(over), "the burn rate")?;
    }
    let allowed = slo.error_budget();
    let left = errors
        .and_then(|errors| errors.checked_div(allowed))
        .map(|spent| Decimal::ONE - spent);
    let whole = budget_time(slo.objective, slo.window).as_seconds();
    let burn = recent.and_then(|recent| recent.checked_div(allowed));
    let lasts = match (left, burn) {
        // What is spent already ends at once.
        (Some(left), _) if left <= Decimal::ZERO => Some(Decimal::ZERO),
        (Some(left), Some(burn)) if burn > Decimal::ZERO => left
            .checked_mul(slo.window.as_seconds())
            .and_then(|left| left.checked_div(burn)),
        _ => None,
    };
    Ok(Budget {
        service: service.name.to_string(),
        slo: slo.name.to_string(),
        objective: slo.objective.normalize(),
        window: slo.window.to_string(),
        source: errors.map(|_| source),
        ratio: errors.map(|errors| (Decimal::ONE - errors).normalize()),
        budget_left: left.map(|left| left.normalize()),
        budget_left_seconds: left.map(|left| (left * whole).round_dp(3).normalize()),
        burn_rate: burn.map(|burn| burn.normalize()),
        burn_rate_over: over.to_string(),
        exhausted_in_seconds: lasts.map(|lasts| lasts.round().normalize()),
    })
}

/// The head of the table.
const HEAD: [&str; 9] = [
    "service",
    "objective",
    "promise",
    "over",
    "kept",
    "budget left",
    "burn rate",
    "spent in",
    "by",
];

fn show(budgets: &Budgets, console: &mut Console) {
    let mut rows = vec![HEAD.map(str::to_owned)];
    let none = || "-".to_owned();
    for budget in &budgets.objectives {
        let share = |share: Decimal| quantity(share, Unit::Ratio);
        let left = match (budget.budget_left, budget.budget_left_seconds) {
            (Some(left), Some(seconds)) => format!(
                "{}, {}",
                quantity(left.round_dp(4), Unit::Ratio),
                quantity(seconds.round(), Unit::Seconds)
            ),
            _ => "no data".to_owned(),
        };
        let lasts = match budget.exhausted_in_seconds {
            Some(seconds) if seconds.is_zero() => "is spent".to_owned(),
            Some(seconds) => short(seconds),
            None if budget.burn_rate.is_some() => "never".to_owned(),
            None => none(),
        };
        rows.push([
            budget.service.clone(),
            budget.slo.clone(),
            share(budget.objective),
            budget.window.clone(),
            budget.ratio.map_or_else(none, share),
            left,
            budget.burn_rate.map_or_else(none, |burn| {
                format!(
                    "{} in {}",
                    burn.round_dp(2).normalize(),
                    budget.burn_rate_over
                )
            }),
            lasts,
            match budget.source {
                Some(Source::Rules) => "rules".to_owned(),
                Some(Source::Indicator) => "indicator".to_owned(),
                None => none(),
            },
        ]);
    }
    table(&rows, console);
    let of = |wanted| {
        budgets
            .objectives
            .iter()
            .filter(|budget| budget.source == wanted)
            .count()
    };
    let (measured, absent) = (of(Some(Source::Indicator)), of(None));
    if measured > 0 {
        console.err.line(format_args!(
            "{measured} by the indicator's own series: the rules record nothing of them there yet"
        ));
    }
    if absent > 0 {
        console.err.line(format_args!("{absent} without data"));
    }
}

/// A long time, to the minute, or to the hour where it is days.
fn short(seconds: Decimal) -> String {
    use rust_decimal::prelude::ToPrimitive as _;
    let milliseconds = seconds.saturating_mul(Decimal::ONE_THOUSAND);
    let length = milliseconds.to_u64().unwrap_or(u64::MAX);
    let step = if length > 2 * Duration::DAY.0 {
        Duration::HOUR.0
    } else if length > Duration::MINUTE.0 {
        Duration::MINUTE.0
    } else {
        Duration::SECOND.0
    };
    Duration(length / step * step).to_human()
}
