//! Lowers teams, schedules and escalations.

use jiff::Timestamp;
use jiff::civil::DateTime;
use smol_str::SmolStr;

use super::hours::{WEEKDAYS, clock, date, days, support_hours};
use super::read::{duration, text};
use super::{origin, receiver, receiver_times};
use crate::codes;
use crate::db::{Diag, Workspace, item_entry};
use crate::eval::coerce::date_time;
use crate::eval::{BlockRef, Instance, Value, block_children, block_field};
use crate::schema::names::{field, kind};
use nth_model as ir;
use nth_syntax::tree;

/// The length of a daily rotation.
const DAILY: ir::Duration = ir::Duration(86_400_000);
const WEEKLY: ir::Duration = ir::Duration(7 * 86_400_000);

/// Lowers a team. Skips parts with errors, which were reported.
pub(super) fn lower(
    team: &Instance,
    surroundings: &receiver_times::Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> ir::Team {
    ir::Team {
        name: team.name.clone(),
        description: description(team),
        slack: text(team.get(field::SLACK)),
        email: text(team.get(field::EMAIL)),
        members: strings(team.get(field::MEMBERS)),
        managers: strings(team.get(field::MANAGERS)),
        support_hours: support_hours(team),
        schedules: team
            .children_of(kind::SCHEDULE)
            .filter_map(lower_schedule)
            .collect(),
        escalations: team
            .children_of(kind::ESCALATION)
            .map(|escalation| lower_escalation(surroundings.db, escalation))
            .collect(),
        receivers: receiver::lower_all(team, surroundings, diagnostics),
        contacts: origin::contacts(team),
        origin: origin::lower(team),
        is_paged: true,
        severities: surroundings.severities.clone(),
    }
}

/// Returns the escalation of a service: the one that it names, else its team's `default` or only one.
pub(super) fn escalation_of(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&SmolStr>,
    service: &Instance,
) -> Option<ir::EscalationRef> {
    if let Value::Block(escalation) = service.get(field::ESCALATION) {
        return Some(ir::EscalationRef {
            team: owner(db, escalation)?,
            name: escalation.name.clone(),
        });
    }
    let Value::Block(team) = service.get(field::TEAM) else {
        return None;
    };
    let escalations = block_children(
        db,
        workspace,
        team.clone(),
        "escalation".into(),
        environment.cloned(),
    );
    let chosen = match escalations.as_slice() {
        [only] => Some(only),
        several => several
            .iter()
            .find(|escalation| escalation.name == "default"),
    }?;
    Some(ir::EscalationRef {
        team: team.name.clone(),
        name: chosen.name.clone(),
    })
}

/// Returns the pace of escalations from the service's tier.
pub(super) fn pace(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&SmolStr>,
    service: &Instance,
) -> ir::Pace {
    let field = |name: &str| match service.get(field::TIER) {
        Value::Block(tier) => {
            let environment = environment.cloned();
            block_field(db, workspace, tier.clone(), name.into(), environment)
                .unwrap_or(Value::None)
        }
        _ => Value::None,
    };
    let waits = match field(field::ESCALATION_WAITS) {
        Value::List(items) => items.iter().filter_map(duration).collect(),
        _ => Vec::new(),
    };
    ir::Pace {
        waits,
        loops: small(&field(field::ESCALATION_LOOPS)).unwrap_or_default(),
    }
}

/// Diagnostic about an urgency on a service or tier, where it has no effect.
pub fn ignored_urgency(block: &Instance) -> Option<Diag> {
    let set = block.fields.get(field::URGENCY);
    let is_set = set.is_some_and(|set| set.explicit);
    is_set.then(|| {
        Diag::new(
            &codes::URGENCY_WITHOUT_EFFECT,
            format!("`urgency` of {} `{}` has no effect", block.kind, block.name),
            block.place_of(block, block.span_of(field::URGENCY)),
        )
        .label("urgency follows the severity of each alert")
        .help("remove it; set `severity = ticket` on alerts that should not page")
    })
}

fn description(block: &Instance) -> Option<String> {
    text(block.get(field::DESCRIPTION))
        .or_else(|| block.doc.as_ref().map(|doc| doc.trim().to_owned()))
}

/// Lowers a schedule. One that is managed elsewhere has neither layers nor overrides.
fn lower_schedule(schedule: &Instance) -> Option<ir::Schedule> {
    let origin = origin::lower(schedule);
    let mut lowered = ir::Schedule {
        name: schedule.name.clone(),
        description: description(schedule),
        zone: String::new(),
        layers: Vec::new(),
        overrides: Vec::new(),
        origin,
    };
    if lowered.origin.pagerduty_id.is_some() {
        return Some(lowered);
    }
    let own = lower_layer(schedule).filter(|own| !own.members.is_empty())?;
    let further = schedule.children_of(kind::LAYER).filter_map(lower_layer);
    lowered.layers = std::iter::once(own).chain(further).collect();
    lowered.zone = text(schedule.get(field::ZONE))?;
    lowered.overrides = schedule
        .children_of(kind::OVERRIDE)
        .filter_map(lower_override)
        .collect();
    lowered.overrides.sort_by_key(|one| one.from);
    Some(lowered)
}

fn lower_override(block: &Instance) -> Option<ir::ScheduleOverride> {
    let (from, to) = override_times(block)?;
    Some(ir::ScheduleOverride {
        name: block.name.clone(),
        member: text(block.get(field::MEMBER))?,
        from,
        to,
    })
}

/// Returns the local times at which an override of a schedule begins and ends; `None` if one is invalid.
pub fn override_times(block: &Instance) -> Option<(DateTime, DateTime)> {
    let time = |name: &str| match block.get(name) {
        Value::String(time) => date_time(time),
        _ => None,
    };
    Some((time(field::FROM)?, time(field::TO)?))
}

/// Iterates over the overrides of a team's schedules, with the time of their end and the diagnostic to report from then on.
pub fn ended_overrides(team: &Instance) -> impl Iterator<Item = (Timestamp, Diag)> {
    let schedules = team.children_of(kind::SCHEDULE);
    schedules.flat_map(move |schedule| {
        let zone = text(schedule.get(field::ZONE));
        schedule.children_of(kind::OVERRIDE).filter_map(move |block| {
            let (_, to) = override_times(block)?;
            let zone = zone.as_deref()?;
            let zoned = to.to_zoned_datetime(nth_model::zone::find(zone).ok()?);
            let end = zoned.ok()?;
            let diagnostic = Diag::new(
                &codes::SCHEDULE_OVERRIDE_ENDED,
                format!(
                    "override `{}` of schedule `{}` has ended",
                    block.name, schedule.name
                ),
                team.place_of(block, block.span_of(field::TO)),
            )
            .label(format!("ended in {zone}"))
            .help("remove the override: PagerDuty's Terraform provider skips ended layers, and would add it again each time");
            Some((end.timestamp(), diagnostic))
        })
    })
}

/// Lowers a layer: a schedule's own fields, or one of its blocks.
fn lower_layer(layer: &Instance) -> Option<ir::Layer> {
    Some(ir::Layer {
        name: layer.name.clone(),
        shift: match layer.get(field::ROTATION) {
            Value::Enum(_, rotation) if rotation == "daily" => DAILY,
            Value::Enum(..) => WEEKLY,
            other => duration(other)?,
        },
        handoff: time_of_week(layer.get(field::HANDOFF))?,
        start: date(layer.get(field::START))?,
        members: strings(layer.get(field::MEMBERS)),
        hours: layer
            .children_of(kind::HOURS)
            .flat_map(lower_hours)
            .collect(),
    })
}

/// Lowers a block of hours: one entry per day of the week, or one for all days.
pub(super) fn lower_hours(hours: &Instance) -> Vec<ir::Hours> {
    hours_until(hours, field::TO)
}

/// Lowers the hours from the field `from` of a block to the field of this name.
pub(super) fn hours_until(hours: &Instance, until: &str) -> Vec<ir::Hours> {
    match (hours.get(field::FROM), hours.get(until)) {
        (Value::TimeOfDay(from), Value::TimeOfDay(to)) => {
            let (from, to) = (clock(*from), clock(*to));
            let days = days(hours.get(field::DAYS));
            if days.is_empty() || days.len() == WEEKDAYS.len() {
                return vec![ir::Hours::Daily { from, to }];
            }
            let weekly = |day: u8| ir::Hours::Weekly {
                from: ir::TimeOfWeek { day, time: from },
                to: ir::TimeOfWeek {
                    day: if to > from { day } else { (day + 1) % 7 },
                    time: to,
                },
            };
            days.into_iter().map(weekly).collect()
        }
        (Value::TimeOfWeek(from), Value::TimeOfWeek(to)) => vec![ir::Hours::Weekly {
            from: week(*from),
            to: week(*to),
        }],
        _ => Vec::new(),
    }
}

fn lower_escalation(db: &dyn salsa::Database, escalation: &Instance) -> ir::Escalation {
    let target = |value: &Value| match value {
        Value::String(address) => Some(ir::Target::Person(address.clone())),
        Value::Block(schedule) => Some(ir::Target::Schedule {
            team: owner(db, schedule)?,
            name: schedule.name.clone(),
        }),
        _ => None,
    };
    let steps = escalation.children_of(kind::STEP).map(|step| ir::Step {
        name: step.name.clone(),
        notify: match step.get(field::NOTIFY) {
            Value::List(items) => items.iter().filter_map(target).collect(),
            one => target(one).into_iter().collect(),
        },
        after: duration(step.get(field::AFTER)),
    });
    let origin = origin::lower(escalation);
    ir::Escalation {
        name: escalation.name.clone(),
        description: description(escalation),
        loops: small(escalation.get(field::LOOPS)),
        steps: match origin.pagerduty_id {
            Some(_) => Vec::new(),
            None => steps.collect(),
        },
        origin,
    }
}

/// Returns the name of the top-level block that contains a nested one.
fn owner(db: &dyn salsa::Database, block: &BlockRef) -> Option<SmolStr> {
    item_entry(db, block.item).map(|entry| entry.name)
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}

fn small(value: &Value) -> Option<u8> {
    match value {
        Value::Number(number) => u8::try_from(*number).ok(),
        _ => None,
    }
}

fn time_of_week(value: &Value) -> Option<ir::TimeOfWeek> {
    match value {
        Value::TimeOfWeek(time) => Some(week(*time)),
        _ => None,
    }
}

fn week(time: tree::TimeOfWeek) -> ir::TimeOfWeek {
    ir::TimeOfWeek {
        day: time.day,
        time: ir::TimeOfDay {
            hour: time.hour,
            minute: time.minute,
        },
    }
}
