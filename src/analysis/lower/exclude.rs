//! Lowers exclusions: times whose events are not charged to error budgets.

use std::sync::Arc;

use jiff::civil::Date;
use smol_str::SmolStr;

use super::hours::{date, day_twice};
use super::read::{report, text};
use super::team::hours_until;
use crate::codes;
use crate::db::{Diag, ItemKey, Span, Workspace, name_span};
use crate::eval::coerce::date_time;
use crate::eval::{BlockRef, Instance, Value, instance};
use crate::schema::names::{field, kind};
use nth_diagnostics::Severity;
use nth_model::exclude::{Approver, Exclusion, LocalTime, Times, local_time};
use nth_model::{self as ir, Hours};

/// The zone in which no time is skipped or repeated.
const UTC: &str = "UTC";

/// The result of [`exclusion_model`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweredExclusion {
    /// The model; `None` if errors prevent one, or if it is not in the environment.
    pub exclusion: Option<Exclusion>,
    /// What it covers: services with their items, each with one of its SLOs or all of them. `None` for all of the project.
    pub covers: Option<Vec<(ItemKey, Option<SmolStr>)>>,
    /// The place of its kind and name.
    pub place: Span,
    /// The place of its `from`.
    pub from: Span,
    /// The place of its `until`.
    pub until: Span,
    /// The place of its `covers`, or else `place`.
    pub scope: Span,
    /// The diagnostics of the exclusion in this environment.
    pub diagnostics: Vec<Diag>,
}

impl LoweredExclusion {
    /// Returns whether it covers an SLO of a service.
    pub fn is_covering(&self, service: ItemKey, slo: &str) -> bool {
        self.covers.as_ref().is_none_or(|covers| {
            covers.iter().any(|(item, only)| {
                *item == service && only.as_deref().is_none_or(|only| only == slo)
            })
        })
    }
}

/// Evaluates and lowers an exclusion in an environment.
#[salsa::tracked(returns(ref))]
pub fn exclusion_model(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<LoweredExclusion> {
    let evaluated = instance(db, workspace, key, environment);
    let place = name_span(db, key);
    let mut lowered = LoweredExclusion {
        exclusion: None,
        covers: None,
        place,
        from: place,
        until: place,
        scope: place,
        diagnostics: evaluated.diagnostics.clone(),
    };
    if let Some(block) = &evaluated.instance {
        let of_field = |name| block.place_of(block, block.span_of(name));
        lowered.place = block.head;
        lowered.from = of_field(field::FROM);
        lowered.until = of_field(field::UNTIL);
        lowered.scope = of_field(field::COVERS);
        lowered.covers = covers(block);
        let model = lower(block, &mut lowered.diagnostics);
        let has_errors = lowered
            .diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error);
        lowered.exclusion = model.filter(|_| !has_errors);
    }
    Arc::new(lowered)
}

/// Adds the exclusions of the project to the SLOs of a service that they cover.
pub(super) fn attach(
    db: &dyn salsa::Database,
    workspace: Workspace,
    service: ItemKey,
    environment: Option<&SmolStr>,
    slos: &mut [ir::Slo],
) {
    for key in workspace.exclusions(db).iter() {
        let lowered = exclusion_model(db, workspace, *key, environment.cloned());
        let Some(exclusion) = &lowered.exclusion else {
            continue;
        };
        let covered = slos
            .iter_mut()
            .filter(|slo| lowered.is_covering(service, &slo.name));
        for slo in covered {
            slo.exclusions.push(exclusion.clone());
        }
    }
    for slo in slos {
        slo.exclusions
            .sort_by(|first, second| first.name.cmp(&second.name));
    }
}

fn covers(block: &Instance) -> Option<Vec<(ItemKey, Option<SmolStr>)>> {
    let Value::List(items) = block.get(field::COVERS) else {
        return None;
    };
    let covered = |block: &BlockRef| {
        let slo = (block.kind == kind::SLO).then(|| block.name.clone());
        (block.item, slo)
    };
    let items = items.iter().filter_map(|item| match item {
        Value::Block(block) => Some(covered(block)),
        _ => None,
    });
    Some(items.collect())
}

fn lower(block: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Exclusion> {
    let mut lowering = Lowering { block, diagnostics };
    let zone = text(block.get(field::ZONE));
    let times = zone.as_deref().and_then(|zone| lowering.times(zone));
    let reason = text(block.get(field::REASON));
    if reason.as_deref() == Some("") {
        let found = Diag::new(
            &codes::OUT_OF_BOUNDS,
            "`reason` must not be empty",
            block.span_of(field::REASON),
        )
        .label("why these events do not count");
        report(block, lowering.diagnostics, found);
    }
    let exclusion = Exclusion {
        name: block.name.clone(),
        times: times?,
        zone: zone?,
        reason: reason?,
        by: match block.get(field::BY) {
            Value::Block(team) => Approver::Team(team.name.clone()),
            address => Approver::Person(text(address)?),
        },
    };
    lowering.check_occurs(&exclusion);
    Some(exclusion)
}

/// What a value of `from` or `until` is.
fn kind_of_time(value: &Value) -> &'static str {
    match value {
        Value::TimeOfDay(_) => "a time of the day",
        Value::TimeOfWeek(_) => "a time of the week",
        _ => "a date and time",
    }
}

/// The state of lowering an exclusion.
struct Lowering<'a> {
    block: &'a Instance,
    diagnostics: &'a mut Vec<Diag>,
}

impl Lowering<'_> {
    /// Lowers its times; `None` if they have an error.
    fn times(&mut self, zone: &str) -> Option<Times> {
        let block = self.block;
        match (block.get(field::FROM), block.get(field::UNTIL)) {
            (Value::String(_), Value::String(_)) => self.once(zone),
            (Value::TimeOfDay(_), Value::TimeOfDay(_))
            | (Value::TimeOfWeek(_), Value::TimeOfWeek(_)) => self.recurring(),
            (from, until) if !from.is_error() && !until.is_error() => {
                if *from != Value::None && *until != Value::None {
                    self.wrong(
                        field::UNTIL,
                        format!(
                            "exclusion `{}` ends at {} but begins at {}",
                            block.name,
                            kind_of_time(until),
                            kind_of_time(from)
                        ),
                        "not the same as `from`",
                        "write both as a date and time, `\"2026-11-27 22:00\"`, as times of the week, `sun \
                        02:00`, or as times of the day, `02:00`",
                    );
                }
                None
            }
            _ => None,
        }
    }

    /// Reports an error about the times at a field.
    fn wrong(&mut self, field: &str, message: String, label: &str, help: &str) {
        let found = Diag::new(&codes::EXCLUSION_TIMES, message, self.block.span_of(field))
            .label(label)
            .help(help);
        report(self.block, self.diagnostics, found);
    }

    /// Lowers a date and time to a date and time.
    fn once(&mut self, zone: &str) -> Option<Times> {
        let block = self.block;
        for name in [field::FIRST, field::LAST] {
            if *block.get(name) != Value::None {
                self.wrong(
                    name,
                    format!("exclusion `{}` does not recur", block.name),
                    "`from` and `until` already have days",
                    "remove it, or write `from` and `until` without dates",
                );
            }
        }
        self.check_days_are_needed();
        let (from, until) = (
            self.moment(field::FROM, zone),
            self.moment(field::UNTIL, zone),
        );
        let (from, until) = (from?, until?);
        if until <= from {
            let begins = block.get(field::FROM).show().unwrap_or_default();
            self.wrong(
                field::UNTIL,
                format!("exclusion `{}` ends before it begins", block.name),
                &format!("not later than `from`, {begins}"),
                "set `until` to a later date and time: it is exclusive",
            );
            return None;
        }
        Some(Times::Once { from, until })
    }

    /// The second of a date and time in a field; `None` if it has an error.
    fn moment(&mut self, name: &str, zone: &str) -> Option<i64> {
        let block = self.block;
        let local = date_time(&text(block.get(name))?)?;
        let written = local.strftime("%Y-%m-%d %H:%M");
        match local_time(local, zone).ok()? {
            Some(LocalTime::Once(second)) => Some(second),
            Some(LocalTime::Skipped) => {
                self.wrong(
                    name,
                    format!("{written} does not exist in {zone}"),
                    "the clocks skip this time",
                    "write a time before or after the change of the clocks",
                );
                None
            }
            Some(LocalTime::Repeated(earlier, later)) => {
                let in_utc = |second: i64| {
                    let moment = jiff::Timestamp::from_second(second).unwrap_or_default();
                    moment.strftime("%H:%M").to_string()
                };
                self.wrong(
                    name,
                    format!("{written} happens twice in {zone}"),
                    "the clocks show this time twice",
                    &format!(
                        "write `from` and `until` with `zone = \"{UTC}\"`, where this is {} or {}",
                        in_utc(earlier),
                        in_utc(later)
                    ),
                );
                None
            }
            None => {
                self.wrong(
                    name,
                    format!("{written} is beyond the calendar"),
                    "too far from today",
                    "write a date of this century",
                );
                None
            }
        }
    }

    /// Lowers times of the day or week.
    fn recurring(&mut self) -> Option<Times> {
        let block = self.block;
        let is_weekly = matches!(block.get(field::FROM), Value::TimeOfWeek(_));
        if is_weekly {
            self.check_days_are_needed();
        } else if let Some(day) = day_twice(block) {
            self.wrong(
                field::DAYS,
                format!("duplicate day `{day}` in exclusion `{}`", block.name),
                "already listed",
                "remove one",
            );
        }
        if block.get(field::FROM) == block.get(field::UNTIL) {
            let round = if is_weekly { "week" } else { "day" };
            self.wrong(
                field::UNTIL,
                format!("exclusion `{}` covers the whole {round}", block.name),
                "ends at the same time as it begins",
                "set another end: it is exclusive",
            );
            return None;
        }
        let (first, last) = (date(block.get(field::FIRST)), date(block.get(field::LAST)));
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            self.wrong(
                field::LAST,
                format!("exclusion `{}` ends before it begins", block.name),
                &format!("before the first day, {first}"),
                "set `last` to a later day: both days are included",
            );
            return None;
        }
        let hours: Vec<Hours> = hours_until(block, field::UNTIL);
        (!hours.is_empty()).then_some(Times::Recurring { hours, first, last })
    }

    fn check_days_are_needed(&mut self) {
        let block = self.block;
        if matches!(block.get(field::DAYS), Value::List(days) if !days.is_empty()) {
            self.wrong(
                field::DAYS,
                format!("exclusion `{}` sets the days twice", block.name),
                "`from` and `until` already have days",
                "remove `days`, or write `from` and `until` as times of the day",
            );
        }
    }

    /// Reports a recurring exclusion whose days never come between its first and last day.
    fn check_occurs(&mut self, exclusion: &Exclusion) {
        let Times::Recurring {
            first: Some(first),
            last: Some(last),
            ..
        } = &exclusion.times
        else {
            return;
        };
        let second = |day: &Date, name| match local_time(
            day.to_datetime(jiff::civil::Time::midnight()),
            name,
        ) {
            Ok(Some(LocalTime::Once(second))) => Some(second),
            _ => None,
        };
        let (Some(from), Some(until)) = (second(first, UTC), second(last, UTC)) else {
            return;
        };
        // Local days begin and end within two days of those of UTC, and times of the week end within a week.
        let around = 2 * 86_400;
        let until = until.saturating_add(9 * 86_400);
        if exclusion
            .intervals(from.saturating_sub(around), until)
            .is_ok_and(|found| found.is_empty())
        {
            self.wrong(
                field::LAST,
                format!("exclusion `{}` never applies", self.block.name),
                &format!("its days do not come between {first} and {last}"),
                "set `first` and `last` to days on which it begins, or remove them",
            );
        }
    }
}
