//! `nthc budget`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use super::Context;
use super::compiled::{CompiledProject, unknown_service};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate::evaluation_time;
use super::gate_table::table;
use super::options::{self, Format};
use super::prometheus_client::Client;
use nthc::backends::prometheus::BudgetStatus;
use nthc::ir::burn_rate::budget_time;
use nthc::ir::gate::{Comparison, Unit};
use nthc::ir::{Contract, Duration, Service, Settings, Slo};
use nthc::policy::{NotFinite, compared_quantity, coverage, limit_text, quantity};

/// The output of `nthc budget --format json`: the status of every SLO.
#[derive(Serialize)]
struct Budgets {
    project: String,
    environment: Option<String>,
    at: Timestamp,
    objectives: Vec<Budget>,
}

/// The status of an SLO. Ratios are between 0 and 1, times in seconds.
#[derive(Serialize)]
struct Budget {
    service: String,
    slo: String,
    /// The contract of the SLO that this is the status of; absent if it is that of the SLO itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    /// The labels of the group of the SLO that this is the status of; absent if the SLO has no groups, or none has data.
    #[serde(skip_serializing_if = "Group::is_empty")]
    group: Group,
    objective: Decimal,
    window: String,
    /// The first moment of the current period of a calendar window; missing if the window rolls.
    #[serde(skip_serializing_if = "Option::is_none")]
    period_start: Option<Timestamp>,
    /// The series that the numbers come from; `null` without data.
    source: Option<Source>,
    /// The share of the SLO window that has data; `null` without data.
    known: Option<Decimal>,
    /// The share of good events in the part of the window that has data.
    ratio: Option<Decimal>,
    /// The share of the error budget that is left. An upper bound if a part of the window has no data: that part counts as
    /// good.
    budget_left: Option<Decimal>,
    /// [`Budget::budget_left`] as if nothing were excluded; missing without exclusions, `null` without data.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_left_gross: Option<Option<Decimal>>,
    /// [`Budget::budget_left`] as seconds of full downtime.
    budget_left_seconds: Option<Decimal>,
    /// The burn rate, a lower bound if data is missing: 1 consumes the budget in exactly one SLO window.
    burn_rate: Option<Decimal>,
    /// The alert window that the burn rate is measured over.
    burn_rate_over: String,
    /// Seconds until the budget is exhausted at this burn rate; `null` if it never is.
    exhausted_in_seconds: Option<Decimal>,
}

/// The series that numbers are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// The series that the recording rules write.
    Rules,
    /// The series of the SLI itself.
    Indicator,
}

/// Prints the error budgets and burn rates of all SLOs.
///
/// # Errors
///
/// If there is no project, if it has no such service or environment, or if Prometheus gives no valid answer.
pub fn run(
    context: &Context,
    options: &options::Budget,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for error budgets")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let Some(url) = options.prometheus.as_ref().filter(|_| !options.history) else {
        return super::budget_history::run(context, options, console);
    };
    let Some(built) = CompiledProject::new(context, options.env.as_deref(), console)? else {
        return Ok(Exit::Findings);
    };
    let client = Client::new(url, options.timeout, &options.connection)?;
    let at = evaluation_time(options.at);
    let objectives = built.with_services(|services| {
        for name in &options.services {
            if !services.iter().any(|service| service.name == name) {
                return Err(unknown_service(name, services));
            }
        }
        let is_selected = |service: &Service| {
            options.services.is_empty() || options.services.iter().any(|name| service.name == name)
        };
        let mut objectives = Vec::new();
        for service in services.iter().filter(|service| is_selected(service)) {
            for slo in &service.slos {
                let of = OfSlo {
                    service,
                    slo,
                    settings: &built.settings,
                };
                objectives.extend(budgets(of, None, &client, at)?);
                for contract in &slo.contracts {
                    objectives.extend(budgets(of, Some(contract), &client, at)?);
                }
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
            console.out.json("the budgets", &budgets)?;
        }
        _ => show(&budgets, console),
    }
    for remark in client.remarks() {
        console.err.line(format_args!("note: {remark}"));
    }
    Ok(Exit::Ok)
}

/// The labels of a group of an SLO; empty for an SLO without groups.
type Group = BTreeMap<String, String>;

/// An SLO with its service.
#[derive(Clone, Copy)]
struct OfSlo<'a> {
    service: &'a Service,
    slo: &'a Slo,
    settings: &'a Settings,
}

/// Asks for the status of an SLO, or of a contract of it: of each of its groups, in the order of their labels.
fn budgets(
    OfSlo {
        service,
        slo,
        settings,
    }: OfSlo<'_>,
    contract: Option<&Contract>,
    client: &Client,
    at: Timestamp,
) -> Result<Vec<Budget>, Failure> {
    let promised = contract.map(|contract| (contract, contract.as_slo(slo)));
    let standing = match &promised {
        Some((contract, promised)) => BudgetStatus::of_contract(
            service,
            (contract, promised),
            contract.has_window_of(slo),
            settings,
        ),
        None => BudgetStatus::new(service, slo, settings),
    };
    let slo = promised.as_ref().map_or(slo, |(_, promised)| promised);
    let over = standing.burn_window();
    let ask = |query: Option<String>, what: &str| -> Result<BTreeMap<Group, Decimal>, Failure> {
        let Some(query) = query else {
            return Ok(BTreeMap::new());
        };
        let what = format!("{what} of {}.{}", service.name, slo.name);
        if slo.grouping.is_some() {
            return client.groups(&query, at, &what, NotFinite::NoData);
        }
        let value = client.instant(&query, at, &what, NotFinite::NoData)?;
        Ok(value
            .map(|value| (Group::new(), value))
            .into_iter()
            .collect())
    };
    // Every group that any answer has: one with only a part of the numbers is unknown, not absent.
    let seen: RefCell<BTreeSet<Group>> = RefCell::default();
    let of_window = |ratio: Option<String>, known: Option<String>, is_raw: bool, what: &str| {
        let ratios = ask(ratio, what)?;
        seen.borrow_mut().extend(ratios.keys().cloned());
        if ratios.is_empty() {
            return Ok::<BTreeMap<Group, WindowData>, Failure>(BTreeMap::new());
        }
        // Without the coverage, nothing can be computed for the window.
        let known = match is_raw {
            true => None,
            false => Some(ask(known, &format!("the coverage of {what}"))?),
        };
        seen.borrow_mut()
            .extend(known.iter().flat_map(BTreeMap::keys).cloned());
        let data = ratios.into_iter().filter_map(|(group, ratio)| {
            let known = match &known {
                Some(known) => *known.get(&group)?,
                None => Decimal::ONE,
            };
            Some((group, WindowData { ratio, known }))
        });
        Ok(data.collect())
    };
    let recorded = |window: Duration, what: &str| {
        let known = standing.coverage(window);
        let is_raw = known.is_none();
        of_window(Some(standing.error_ratio(window)), known, is_raw, what)
    };
    let measured = |window: Duration, what: &str| {
        of_window(
            standing.measured_error_ratio(window),
            standing.measured_coverage(window),
            false,
            what,
        )
    };
    let mut source = Source::Rules;
    // The language reports an unknown zone before.
    let current = { slo.calendar.as_ref() }
        .and_then(|calendar| calendar.period(at.as_second()).ok())
        .map(|period| CurrentPeriod::new(&period, at.as_second()));
    let mut period = of_window(
        Some(standing.window_error_ratio()),
        Some(standing.window_coverage()),
        false,
        "the error ratio",
    )?;
    let mut recent = recorded(over, "the burn rate")?;
    if period.is_empty() {
        source = Source::Indicator;
        let so_far = current
            .as_ref()
            .map_or(slo.window, |current| current.so_far);
        period = measured(so_far, "the error ratio")?;
        recent = measured(over, "the burn rate")?;
    }
    let left = match (&current, source) {
        (Some(_), Source::Rules) if !period.is_empty() => Some(ask(
            Some(standing.budget_remaining()),
            "the remaining error budget",
        )?),
        _ => None,
    };
    let gross = match (standing.gross_budget_remaining(), source) {
        (None, _) => Gross::SameAsNet,
        (Some(_), Source::Indicator) => Gross::Raw,
        (Some(query), Source::Rules) => {
            Gross::Recorded(ask(Some(query), "the budget with excluded times")?)
        }
    };
    let numbers = Numbers {
        source,
        period,
        recent,
        left,
        gross,
        current,
    };
    let mut groups = seen.into_inner();
    if groups.is_empty() {
        groups.insert(Group::new());
    }
    Ok(groups
        .iter()
        .map(|group| Budget {
            contract: contract.map(|contract| contract.name.to_string()),
            ..budget((service, slo, group), &numbers, over)
        })
        .collect())
}

/// What is known of an SLO, by the labels of its groups.
struct Numbers {
    source: Source,
    /// The data of the SLO window.
    period: BTreeMap<Group, WindowData>,
    /// The data of a recent window.
    recent: BTreeMap<Group, WindowData>,
    /// The recorded share of the error budget of a calendar window that is left.
    left: Option<BTreeMap<Group, Decimal>>,
    /// The share that would be left if nothing were excluded.
    gross: Gross,
    /// The current period of a calendar window.
    current: Option<CurrentPeriod>,
}

/// The share of error budgets that would be left if nothing were excluded.
enum Gross {
    /// Nothing is excluded.
    SameAsNet,
    /// That of the raw series, from which exclusions take nothing.
    Raw,
    /// As recorded.
    Recorded(BTreeMap<Group, Decimal>),
}

/// The status of a group of an SLO.
fn budget(
    (service, slo, group): (&Service, &Slo, &Group),
    numbers: &Numbers,
    over: Duration,
) -> Budget {
    let period = numbers.period.get(group);
    let recent = numbers.recent.get(group);
    let current = numbers.current.as_ref();
    let own = slo.grouping.as_ref();
    let own = own.and_then(|grouping| grouping.own_objective(group));
    let objective = own.unwrap_or(slo.objective);
    let allowed = Decimal::ONE - objective;
    let spent = |of: &WindowData| of.lower_bound()?.checked_div(allowed);
    let left = match (current, &numbers.left) {
        (Some(_), Some(recorded)) => recorded.get(group).copied(),
        (current, _) => period
            .and_then(spent)
            // What is to come of a calendar window consumes nothing yet.
            .and_then(|spent| match current {
                Some(current) => spent.checked_mul(current.elapsed()?),
                None => Some(spent),
            })
            .map(|spent| Decimal::ONE - spent),
    };
    let gross = match &numbers.gross {
        Gross::SameAsNet => None,
        Gross::Raw => Some(left),
        Gross::Recorded(gross) => Some(gross.get(group).copied()),
    };
    let length = current.map_or_else(|| slo.window.as_seconds(), |current| current.length);
    let whole = match current {
        Some(_) => length * allowed,
        None => budget_time(objective, slo.window).as_seconds(),
    };
    let burn = recent.and_then(spent);
    let lasts = match (left, burn) {
        // A budget that is consumed already is exhausted now.
        (Some(left), _) if left <= Decimal::ZERO => Some(Decimal::ZERO),
        (Some(left), Some(burn)) if burn > Decimal::ZERO => left
            .checked_mul(length)
            .and_then(|left| left.checked_div(burn))
            // The next period begins with a full budget.
            .filter(|lasts| {
                current
                    .as_ref()
                    .is_none_or(|current| *lasts < current.to_come)
            }),
        _ => None,
    };
    Budget {
        service: service.name.to_string(),
        slo: slo.name.to_string(),
        contract: None,
        group: group.clone(),
        objective: objective.normalize(),
        window: match &slo.calendar {
            Some(calendar) => calendar.to_string(),
            None => slo.window.to_string(),
        },
        period_start: current.map(|current| current.start),
        source: period.map(|_| numbers.source),
        known: period.map(|period| period.known.normalize()),
        ratio: period.map(|period| (Decimal::ONE - period.ratio).normalize()),
        budget_left: left.map(|left| left.normalize()),
        budget_left_gross: gross.map(|left| left.map(|left| left.normalize())),
        budget_left_seconds: left.map(|left| (left * whole).round_dp(3).normalize()),
        burn_rate: burn.map(|burn| burn.normalize()),
        burn_rate_over: over.to_string(),
        exhausted_in_seconds: lasts.map(|lasts| lasts.round().normalize()),
    }
}

/// The current period of a calendar window.
struct CurrentPeriod {
    /// Its first moment.
    start: Timestamp,
    /// The time since then.
    so_far: Duration,
    /// The time until its end, in seconds.
    to_come: Decimal,
    /// Its length in seconds.
    length: Decimal,
}

impl CurrentPeriod {
    fn new(period: &std::ops::Range<i64>, at: i64) -> Self {
        let so_far = u64::try_from(at - period.start).unwrap_or_default();
        Self {
            start: Timestamp::from_second(period.start).unwrap_or(Timestamp::UNIX_EPOCH),
            so_far: Duration::seconds(so_far).max(Duration::MINUTE),
            to_come: Decimal::from(period.end - at),
            length: Decimal::from(period.end - period.start),
        }
    }

    /// The share of it that has passed.
    fn elapsed(&self) -> Option<Decimal> {
        self.so_far.as_seconds().checked_div(self.length)
    }
}

/// The data of a window.
struct WindowData {
    /// The share of bad events in the part that has data.
    ratio: Decimal,
    /// The share of the window that has data.
    known: Decimal,
}

impl WindowData {
    /// Returns a lower bound of the share of bad events: the part of the window without data counts as good. `None` if that
    /// cannot be computed.
    fn lower_bound(&self) -> Option<Decimal> {
        self.ratio.checked_mul(self.known)
    }
}

/// The column of what would remain if nothing were excluded.
const GROSS: &str = "without exclusions";

/// The header of the table.
const HEAD: [&str; 11] = [
    "service",
    "SLO",
    "objective",
    "window",
    "coverage",
    "SLI",
    "budget remaining",
    GROSS,
    "burn rate",
    "exhausted in",
    "source",
];

fn show(budgets: &Budgets, console: &mut Console) {
    let has_gross = budgets
        .objectives
        .iter()
        .any(|budget| budget.budget_left_gross.is_some());
    let head = HEAD.iter().filter(|head| has_gross || **head != GROSS);
    let mut rows = vec![cells(head.map(|head| (*head).to_owned()))];
    let none = || "-".to_owned();
    for budget in &budgets.objectives {
        let known = budget.known.map(coverage);
        // The part of the window without data counts as good.
        let most = match known {
            Some(Some(_)) => "at most ",
            _ => "",
        };
        let left = match (budget.budget_left, budget.budget_left_seconds) {
            (Some(left), Some(seconds)) => format!(
                "{most}{}, {}",
                compared_quantity(left, Unit::Ratio, Comparison::Greater, Decimal::ZERO),
                quantity(seconds.round(), Unit::Seconds)
            ),
            _ => "no data".to_owned(),
        };
        let lasts = match budget.exhausted_in_seconds {
            Some(seconds) if seconds.is_zero() => "exhausted".to_owned(),
            Some(seconds) => super::amounts::rounded_duration(seconds),
            None if budget.burn_rate.is_some() && budget.period_start.is_some() => {
                "not in this period".to_owned()
            }
            None if budget.burn_rate.is_some() => "never".to_owned(),
            None => none(),
        };
        let gross = match budget.budget_left_gross {
            Some(Some(left)) => format!(
                "{most}{}",
                compared_quantity(left, Unit::Ratio, Comparison::Greater, Decimal::ZERO)
            ),
            Some(None) => "no data".to_owned(),
            None => none(),
        };
        let row = [
            budget.service.clone(),
            match budget.group.is_empty() {
                true => subject(budget),
                false => {
                    // Values of labels come from the server.
                    let labels = budget.group.iter();
                    let labels: Vec<_> = labels
                        .map(|(label, value)| format!("{label}={value:?}"))
                        .collect();
                    format!("{} {{{}}}", subject(budget), labels.join(", "))
                }
            },
            limit_text(budget.objective, Unit::Ratio),
            budget.window.clone(),
            match known {
                Some(Some(part)) => part,
                Some(None) => "100%".to_owned(),
                None => none(),
            },
            budget.ratio.map_or_else(none, |ratio| {
                compared_quantity(
                    ratio,
                    Unit::Ratio,
                    Comparison::GreaterOrEqual,
                    budget.objective,
                )
            }),
            left,
            gross,
            budget.burn_rate.map_or_else(none, |burn| {
                format!(
                    "{}x over {}",
                    compared_quantity(burn, Unit::Number, Comparison::Greater, Decimal::ONE),
                    budget.burn_rate_over
                )
            }),
            lasts,
            match budget.source {
                Some(Source::Rules) => "rules".to_owned(),
                Some(Source::Indicator) => "SLI".to_owned(),
                None => none(),
            },
        ];
        let row = row.into_iter().zip(HEAD);
        let row = row.filter(|(_, head)| has_gross || *head != GROSS);
        rows.push(cells(row.map(|(cell, _)| cell)));
    }
    table(&rows, console);
    let count_from = |source| {
        budgets
            .objectives
            .iter()
            .filter(|budget| budget.source == source)
            .count()
    };
    let partly = budgets.objectives.iter();
    let partly = partly.filter(|budget| matches!(budget.known.map(coverage), Some(Some(_))));
    let partly = partly.count();
    if partly > 0 {
        console.err.line(format_args!(
            "{partly} with a window that is only partly covered by data: time without data counts as no \
            budget consumed"
        ));
    }
    let (measured, absent) = (count_from(Some(Source::Indicator)), count_from(None));
    if measured > 0 {
        console.err.line(format_args!(
            "{measured} computed from raw SLI series: no recording rule data yet"
        ));
    }
    let uncut = budgets.objectives.iter();
    let uncut = uncut
        .filter(|budget| {
            budget.source == Some(Source::Indicator) && budget.budget_left_gross.is_some()
        })
        .count();
    if uncut > 0 {
        console.err.line(format_args!(
            "{uncut} of these with exclusions, which only recording rules subtract: all events are counted"
        ));
    }
    if absent > 0 {
        console.err.line(format_args!("{absent} without data"));
    }
}

/// The SLO, or a contract of it: `availability (contract customers)`.
fn subject(budget: &Budget) -> String {
    match &budget.contract {
        Some(contract) => format!("{} (contract {contract})", budget.slo),
        None => budget.slo.clone(),
    }
}

/// A row with as many cells as the header; the last ones are empty if there are fewer.
fn cells(mut row: impl Iterator<Item = String>) -> [String; HEAD.len()] {
    std::array::from_fn(|_| row.next().unwrap_or_default())
}
