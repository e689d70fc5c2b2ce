//! Lowers the times of receivers, and checks that no page is muted by accident.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use smol_str::SmolStr;

use super::channel::not_expressible;
use super::hours;
use super::read::text;
use crate::codes;
use crate::db::{BlockRef, Diag, Span, Workspace};
use crate::eval::{Instance, Value, block_field};
use crate::schema::names::{field, kind};
use nth_model::{self as ir, Severities, Severity, TimeInterval};

/// What the receivers of a team are lowered with.
pub(super) struct Surroundings<'a> {
    /// The database.
    pub db: &'a dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The environment; `None` if the project declares none.
    pub environment: Option<&'a SmolStr>,
    /// The severities of the project.
    pub severities: &'a Severities,
}

/// When a receiver is notified.
pub(super) struct Times {
    /// The only intervals in which it is; empty for all times.
    pub active: Vec<TimeInterval>,
    /// The intervals in which it is not.
    pub mute: Vec<TimeInterval>,
    /// True if both also apply to pages.
    pub mutes_pages: bool,
}

/// Lowers the times of a receiver of these severities; `None` if they have errors.
pub(super) fn lower(
    team: &Instance,
    receiver: &Instance,
    on: &[Severity],
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Times> {
    let active = intervals(team, receiver, field::ACTIVE, surroundings, diagnostics)?;
    let mute = intervals(team, receiver, field::MUTE, surroundings, diagnostics)?;
    let mutes_pages = *receiver.get(field::MUTES_PAGES) == Value::Bool(true);
    let name = &receiver.name;
    let mut error = |field: &str, message: String, help: &str| {
        let place = team.place_of(receiver, receiver.span_of(field));
        diagnostics.push(Diag::new(&codes::RECEIVER_TIMES, message, place).help(help));
    };
    if active.is_empty() && mute.is_empty() {
        if mutes_pages {
            error(
                field::MUTES_PAGES,
                format!(
                    "`mutes_pages` of receiver `{name}` has no effect without `active` or `mute`"
                ),
                "set `active` or `mute`, or remove it",
            );
            return None;
        }
    } else if !mutes_pages && on.iter().all(Severity::pages) {
        let set = match active.is_empty() {
            true => field::MUTE,
            false => field::ACTIVE,
        };
        error(
            set,
            format!("`{set}` of receiver `{name}` has no effect: it only gets alerts that page"),
            "set `mutes_pages = true` if nobody else must be paged by it at other times, or remove it",
        );
        return None;
    }
    Some(Times {
        active,
        mute,
        mutes_pages,
    })
}

/// The intervals that a field lists; `None` if one has errors.
fn intervals(
    team: &Instance,
    receiver: &Instance,
    name: &str,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Vec<TimeInterval>> {
    let Value::List(items) = receiver.get(name) else {
        return None;
    };
    let mut all = Vec::new();
    for item in items {
        let interval = match item {
            Value::Enum(..) => {
                let Some(own) = hours::support_hours(team) else {
                    let place = team.place_of(receiver, receiver.span_of(name));
                    let message = format!("team `{}` has no support hours", team.name);
                    diagnostics.push(Diag::new(&codes::RECEIVER_TIMES, message, place).help(
                        "declare them in the team: `support-hours { zone = \"Europe/London\" }`",
                    ));
                    return None;
                };
                TimeInterval::support_hours(&team.name, &own)
            }
            Value::Block(block) => interval(block, surroundings)?,
            _ => return None,
        };
        if !all.contains(&interval) {
            all.push(interval);
        }
    }
    all.sort();
    Some(all)
}

/// Lowers the block of an interval in another item; `None` if it has errors, which are reported there.
fn interval(block: &BlockRef, surroundings: &Surroundings<'_>) -> Option<TimeInterval> {
    let get = |name: &str| {
        let environment = surroundings.environment.cloned();
        block_field(
            surroundings.db,
            surroundings.workspace,
            block.clone(),
            name.into(),
            environment,
        )
        .unwrap_or(Value::None)
    };
    lowered(&block.name, get)
}

fn lowered(name: &SmolStr, get: impl Fn(&str) -> Value) -> Option<TimeInterval> {
    let interval = TimeInterval {
        name: name.clone(),
        zone: text(&get(field::ZONE))?,
        days: hours::days(&get(field::DAYS)),
        from: hours::time_of_day(&get(field::FROM))?,
        to: hours::time_of_day(&get(field::TO))?,
        months: numbers(&get(field::MONTHS), 1..=12)?,
        days_of_month: numbers(&get(field::DAYS_OF_MONTH), -31..=31)?,
        dates: dates(&get(field::DATES))?,
    };
    let is_known = !interval.days_of_month.contains(&0) && !splits_months(&interval);
    is_known.then_some(interval)
}

/// Returns whether the hours after midnight would be on other days of the month than those that it lists.
fn splits_months(interval: &TimeInterval) -> bool {
    let has_days = !interval.months.is_empty() || !interval.days_of_month.is_empty();
    has_days && interval.passes_midnight()
}

/// Whole numbers within a range, in rising order; `None` if one is not.
fn numbers<N>(value: &Value, range: std::ops::RangeInclusive<i64>) -> Option<Vec<N>>
where
    N: TryFrom<i64> + Ord,
{
    let Value::List(items) = value else {
        return None;
    };
    let number = |item: &Value| match item {
        Value::Number(number) if number.is_integer() => {
            let number = number.to_i64().filter(|number| range.contains(number))?;
            N::try_from(number).ok()
        }
        _ => None,
    };
    let mut all: Vec<N> = items.iter().map(number).collect::<Option<_>>()?;
    all.sort();
    all.dedup();
    Some(all)
}

fn dates(value: &Value) -> Option<Vec<jiff::civil::Date>> {
    let Value::List(items) = value else {
        return None;
    };
    let mut all: Vec<_> = items.iter().map(hours::date).collect::<Option<_>>()?;
    all.sort();
    all.dedup();
    Some(all)
}

/// Diagnostics about a `time-interval`.
pub fn interval_findings(block: &Instance) -> Vec<Diag> {
    let mut found = Vec::new();
    let mut error = |field: &str, message: String, help: &str| {
        let place = block.place_of(block, block.span_of(field));
        found.push(Diag::new(&codes::RECEIVER_TIMES, message, place).help(help));
    };
    let wrong = |field: &str, is_known: &dyn Fn(&Decimal) -> bool| match block.get(field) {
        Value::List(items) => items.iter().find_map(|item| match item {
            Value::Number(number) if !is_known(number) => Some(*number),
            _ => None,
        }),
        _ => None,
    };
    let within = |number: &Decimal, range: std::ops::RangeInclusive<i64>| {
        number.is_integer()
            && number
                .to_i64()
                .is_some_and(|number| range.contains(&number))
    };
    if let Some(number) = wrong(field::MONTHS, &|number| within(number, 1..=12)) {
        error(
            field::MONTHS,
            format!("{} is not a month", number.normalize()),
            "write 1 for January to 12 for December",
        );
    }
    let is_day = |number: &Decimal| !number.is_zero() && within(number, -31..=31);
    if let Some(number) = wrong(field::DAYS_OF_MONTH, &is_day) {
        error(
            field::DAYS_OF_MONTH,
            format!("{} is not a day of a month", number.normalize()),
            "write 1 to 31, or -1 for the last day of a month",
        );
    }
    if let Some(day) = hours::day_twice(block) {
        error(
            field::DAYS,
            format!("duplicate day `{day}` in time interval `{}`", block.name),
            "list it once",
        );
    }
    let between = (
        hours::time_of_day(block.get(field::FROM)),
        hours::time_of_day(block.get(field::TO)),
    );
    if let (Some(from), Some(to)) = between {
        let midnight = ir::TimeOfDay { hour: 0, minute: 0 };
        let has_days = [field::MONTHS, field::DAYS_OF_MONTH]
            .into_iter()
            .any(|field| matches!(block.get(field), Value::List(items) if !items.is_empty()));
        if has_days && to <= from && to != midnight {
            error(
                field::TO,
                format!(
                    "time interval `{}` passes midnight, where its day or month may end",
                    block.name
                ),
                "write two intervals, one until `to = 00:00` and one for the hours after midnight, and list both",
            );
        }
    }
    found
}

/// Diagnostics about times that the operator's `AlertmanagerConfig` cannot express: it has no time zones.
pub fn times_not_in_operator(team: &Instance, lowered: &ir::Team) -> Vec<Diag> {
    let mut found = Vec::new();
    for receiver in team.children_of(kind::RECEIVER) {
        let known = lowered
            .receivers
            .iter()
            .find(|known| known.name == receiver.name);
        let Some(known) = known else { continue };
        for (name, intervals) in [(field::ACTIVE, &known.active), (field::MUTE, &known.mute)] {
            let mut zones = intervals.iter().filter(|one| !is_utc(&one.zone));
            let Some(interval) = zones.next() else {
                continue;
            };
            let message = format!(
                "an AlertmanagerConfig cannot contain the time zone `{}` of `{}`",
                interval.zone, interval.name
            );
            let span = receiver.span_of(name);
            found.push(
                not_expressible(message, team, receiver, span)
                    .help("write an interval with `zone = \"UTC\"`, or set `format = \"plain\"` in `[alertmanager]` of `nth.toml`"),
            );
        }
    }
    found
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "Etc/UCT" | "Zulu" | "Etc/Zulu")
}

/// Warns about pages that no receiver of the team gets at some times.
pub(super) fn warn_of_muted_pages(
    team: &Instance,
    receivers: &[(ir::Receiver, Span)],
    severities: &Severities,
    diagnostics: &mut Vec<Diag>,
) {
    for severity in severities.paging() {
        let all: Vec<_> = receivers
            .iter()
            .filter(|(receiver, _)| receiver.on.contains(severity))
            .collect();
        let Some((_, first)) = all.iter().find(|(receiver, _)| receiver.is_timed(severity)) else {
            continue;
        };
        let is_notified = |at: i64| {
            all.iter()
                .any(|(receiver, _)| is_notified(receiver, severity, at))
        };
        let Some(at) = moments().find(|at| !is_notified(*at)) else {
            continue;
        };
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        let pages = match severity.name() {
            Severity::PAGE => "a page".to_owned(),
            name => format!("an alert of severity `{name}`"),
        };
        diagnostics.push(
            Diag::new(
                &codes::PAGES_MUTED,
                format!(
                    "no receiver of team `{}` gets {pages} at some times",
                    team.name
                ),
                *first,
            )
            .label(format!(
                "not on {}",
                at.strftime("%A, %Y-%m-%d at %H:%M UTC")
            ))
            .note("an alert that fires then notifies nobody until the muted time ends")
            .help("add a receiver that gets it at other times, or remove `mutes_pages`"),
        );
    }
}

fn is_notified(receiver: &ir::Receiver, severity: &Severity, at: i64) -> bool {
    if !receiver.is_timed(severity) {
        return true;
    }
    let applies = |one: &TimeInterval| one.contains(at).unwrap_or(true);
    (receiver.active.is_empty() || receiver.active.iter().any(applies))
        && !receiver.mute.iter().any(applies)
}

/// The quarters of an hour of a week, and then the noons and midnights of a year, in milliseconds since 1970.
fn moments() -> impl Iterator<Item = i64> {
    /// 2026-01-05T00:00:00Z, a Monday.
    const START: i64 = 1_767_571_200_000;
    const QUARTER: i64 = 900_000;
    let week = (0..7 * 24 * 4).map(|number| START + number * QUARTER);
    let year = (0..2 * 366).map(|number| START + number * 48 * QUARTER);
    week.chain(year)
}
