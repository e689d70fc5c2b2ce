//! `nthc budget --history`: the budgets of the ledger, day by day.

use jiff::Timestamp;
use nth_ledger::{Interval, Judgment, Yardstick, judge};
use rust_decimal::prelude::FromPrimitive as _;
use serde::Serialize;

use super::amounts::percent;
use super::compiled::CompiledProject;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::gate_table::table;
use super::ledger::evidence::{self, Found};
use super::ledger::{keys, open};
use super::options::{self, Format};
use super::{Context, select};
use nth_book::pull::Group;
use nthc::ir::Duration;
use nthc::ir::number::percent_text;

const DAY: i64 = 86_400;

/// The most days that are shown.
const MOST_DAYS: i64 = 400;

#[derive(Serialize)]
struct History {
    project: String,
    environment: Option<String>,
    objectives: Vec<OfSlo>,
}

/// The budget of an SLO over time.
#[derive(Serialize)]
struct OfSlo {
    service: String,
    slo: String,
    /// The labels of the group of the SLO; missing if it has no groups.
    #[serde(skip_serializing_if = "Group::is_empty")]
    group: Group,
    #[serde(skip)]
    name: String,
    objective: rust_decimal::Decimal,
    window: String,
    days: Vec<Day>,
}

/// A day, and the SLO window that ends with it.
#[derive(Serialize)]
struct Day {
    /// The end of the day, or of the ledger.
    until: Timestamp,
    /// The share of good events of the day.
    attained: Option<f64>,
    /// The share of the day with data.
    known: Option<f64>,
    /// The share of the window's budget that the day consumed, without exclusions.
    spent_that_day: Option<f64>,
    /// The share of the budget that was left, by the objectives as they were, without exclusions.
    left: Option<f64>,
    /// The same, as if the current objective had always held.
    left_by_current: Option<f64>,
    /// The same as `left`, as if nothing were excluded.
    left_gross: Option<f64>,
    /// The share of the window with data.
    window_known: Option<f64>,
}

/// Prints how the budgets developed.
///
/// # Errors
///
/// If there is no project or ledger, or a name is unknown.
pub fn run(
    context: &Context,
    options: &options::Budget,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let format = context.global.format;
    let Some(compiled) = CompiledProject::of(loaded, options.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    compiled.with_services(|services| {
        let unknown = { options.services.iter() }
            .find(|name| !services.iter().any(|service| service.name == **name));
        unknown.map_or(Ok(()), |name| {
            Err(super::compiled::unknown_service(name, services))
        })
    })?;
    let mut store = open::open(context, &root, &options.place)?;
    let until = options.at.unwrap_or_else(Timestamp::now).as_second();
    let length = i64::try_from(options.since.as_secs())
        .unwrap_or(i64::MAX / 4)
        .min(MOST_DAYS * DAY);
    let within = Interval {
        from: until - length,
        until,
    };
    let found = evidence::collect(context, &mut store, &compiled, within)?;
    let is_chosen = |one: &&Found| {
        options.services.is_empty() || options.services.contains(&one.input.key.service)
    };
    let mut objectives = Vec::new();
    for one in found.iter().filter(is_chosen) {
        let key = &one.input.key;
        let end = open::with(context, &mut store, |store| store.watermark(key))?;
        objectives.extend(of_slo(one, within, end.unwrap_or(until).min(until)));
    }
    if objectives.is_empty() {
        return Err(Failure::usage("the ledger has nothing of these SLOs")
            .help("run `nthc ledger pull` first"));
    }
    let settings = &compiled.settings;
    let history = History {
        project: settings.project.clone(),
        environment: settings.environment.as_ref().map(ToString::to_string),
        objectives,
    };
    match format {
        Format::Json => console.out.json("the budgets", &history)?,
        _ => show(&history, console),
    }
    Ok(Exit::Ok)
}

fn of_slo(found: &Found, within: Interval, end: i64) -> Option<OfSlo> {
    let input = &found.input;
    let version = input.objectives.last()?;
    let excluded: Vec<Interval> = { input.exclusions.iter() }
        .flat_map(|one| one.intervals.iter().copied())
        .collect();
    let judged = |window: Interval, until: i64, yardstick: Yardstick<'_>| {
        let slices = evidence::slices_before(&input.slices, until);
        judge(slices, window, yardstick, &excluded)
    };
    let calendar = input.calendar.as_ref();
    let as_it_was = Yardstick::AsItWas(&input.objectives);
    let left = |judgment: &Judgment| judgment.net.spent().map(|spent| 1.0 - spent);
    let first = within.from.div_euclid(DAY) * DAY;
    let days = std::iter::successors(Some(first), |day| Some(day + DAY));
    let days = days.take_while(|day| *day < end).map(|day| {
        let until = (day + DAY).min(end);
        let today = judged(Interval { from: day, until }, until, as_it_was);
        let window = evidence::slo_window(calendar, until, version.window_ms);
        let was = judged(window, until, as_it_was);
        let now = judged(window, until, Yardstick::Throughout(version.objective));
        // Of a calendar window, what is to come is not unknown.
        let so_far = Interval {
            until: window.until.min(until),
            ..window
        };
        Day {
            until: Timestamp::from_second(until).unwrap_or(Timestamp::UNIX_EPOCH),
            attained: today.net.attained(),
            known: today.gross.coverage(),
            spent_that_day: was
                .net
                .budget_events()
                .map(|all| today.net.judged_bad / all),
            left: left(&was),
            left_by_current: left(&now),
            left_gross: was.gross.spent().map(|spent| 1.0 - spent),
            window_known: match calendar {
                Some(_) => judged(so_far, until, as_it_was).gross.coverage(),
                None => was.gross.coverage(),
            },
        }
    });
    let window = u64::try_from(version.window_ms).unwrap_or(0);
    Some(OfSlo {
        service: input.key.service.clone(),
        slo: input.key.slo.clone(),
        group: input.key.group.clone(),
        name: keys::name(&input.key),
        objective: version.objective,
        window: match calendar {
            Some(calendar) => calendar.to_string(),
            None => Duration(window).to_string(),
        },
        days: days.collect(),
    })
}

fn show(history: &History, console: &mut Console) {
    let text = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    for (number, slo) in history.objectives.iter().enumerate() {
        if number > 0 {
            console.out.line("");
        }
        console.out.line(format_args!(
            "{}: {} over {}",
            slo.name,
            percent_text(slo.objective),
            slo.window
        ));
        let changed = slo.days.iter().any(|day| day.left != day.left_by_current);
        let excluded = slo.days.iter().any(|day| day.left != day.left_gross);
        let mut head = vec![
            "until",
            "attained",
            "that day",
            "budget left",
            "of it known",
        ];
        if changed {
            head.push("by today's objective");
        }
        if excluded {
            head.push("without exclusions");
        }
        let head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        let mut rows = vec![cells(head)];
        for day in &slo.days {
            let mut row = vec![
                day.until.to_string(),
                attained(day.attained),
                text(day.spent_that_day),
                text(day.left),
                text(day.window_known),
            ];
            if changed {
                row.push(text(day.left_by_current));
            }
            if excluded {
                row.push(text(day.left_gross));
            }
            rows.push(cells(row));
        }
        table(&rows, console);
    }
}

/// The share of good events, rounded down: what is not 100% does not look like it.
fn attained(share: Option<f64>) -> String {
    use rust_decimal::RoundingStrategy::ToZero;
    let share = share.and_then(rust_decimal::Decimal::from_f64);
    let rounded = share.map(|share| share.round_dp_with_strategy(5, ToZero));
    rounded.map_or_else(|| "–".to_owned(), |share| percent_text(share.normalize()))
}

/// A row of at most seven cells; the others are empty.
fn cells(row: Vec<String>) -> [String; 7] {
    let mut cells = row.into_iter();
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}
