//! Checks of the overrides of schedules.

use jiff::civil::DateTime;

use super::place;
use crate::codes;
use crate::db::Diag;
use crate::eval::Instance;
use crate::lower::override_times;
use crate::schema::names::{field, kind};

/// Checks the overrides of a schedule: each ends after it begins, and no two overlap.
pub fn check(team: &Instance, schedule: &Instance, found: &mut Vec<Diag>) {
    let mut earlier: Vec<(DateTime, DateTime, &Instance)> = Vec::new();
    for block in schedule.children_of(kind::OVERRIDE) {
        let Some((from, to)) = override_times(block) else {
            continue;
        };
        if to <= from {
            found.push(
                Diag::new(
                    &codes::SCHEDULE_OVERRIDE,
                    format!(
                        "override `{}` of schedule `{}` ends before it begins",
                        block.name, schedule.name
                    ),
                    place(team, block, block.span_of(field::TO)),
                )
                .label("not after `from`"),
            );
            continue;
        }
        let other = earlier
            .iter()
            .find(|(start, end, _)| from < *end && *start < to);
        if let Some((_, _, other)) = other {
            found.push(
                Diag::new(
                    &codes::SCHEDULE_OVERRIDE,
                    format!(
                        "override `{}` overlaps override `{}`",
                        block.name, other.name
                    ),
                    place(team, block, block.span_of(field::FROM)),
                )
                .label("two people would be on call for part of this time")
                .because(place(team, other, other.head), "overlapping override")
                .help("end one of them where the other begins"),
            );
        }
        earlier.push((from, to, block));
    }
}
