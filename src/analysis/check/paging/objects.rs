//! Checks of references to existing objects in PagerDuty, and of the definitions that have them.

use super::place;
use crate::check::origins::{Named, renames};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::Ty;
use crate::schema::names::{field, kind};
use nth_model::origin::{is_orchestration_import, is_pagerduty_id, is_service_import};

/// What an object that is managed elsewhere has by itself: fields and kinds of nested blocks.
struct Managed {
    of: &'static str,
    fields: &'static [&'static str],
    blocks: &'static [&'static str],
    /// What defines it, in words.
    definition: &'static str,
}

const MANAGED: [Managed; 3] = [
    Managed {
        of: kind::SCHEDULE,
        fields: &[
            field::MEMBERS,
            field::ZONE,
            field::ROTATION,
            field::HANDOFF,
            field::START,
        ],
        blocks: &[kind::LAYER, kind::HOURS, kind::OVERRIDE],
        definition: "its members and layers",
    },
    Managed {
        of: kind::ESCALATION,
        fields: &[field::LOOPS],
        blocks: &[kind::STEP],
        definition: "its steps",
    },
    Managed {
        of: kind::SERVICE,
        fields: &[field::ESCALATION],
        blocks: &[kind::SUPPORT_HOURS],
        definition: "its escalation policy and support hours",
    },
];

/// Checks a team with its schedules and escalations.
pub fn team(team: &Instance, found: &mut Vec<Diag>) {
    object(team, team, found);
    for schedule in team.children_of(kind::SCHEDULE) {
        object(team, schedule, found);
        if *schedule.get(field::PAGERDUTY_ID) == Value::None {
            required(team, schedule, found);
        }
    }
    for escalation in team.children_of(kind::ESCALATION) {
        object(team, escalation, found);
    }
    for kind in [kind::SCHEDULE, kind::ESCALATION] {
        let named: Vec<Named> = team
            .children_of(kind)
            .map(|block| Named::new(team, block))
            .collect();
        found.extend(renames(&named));
    }
}

/// Checks the IDs of a block in an item, and that one which is managed elsewhere has no definition.
pub fn object(item: &Instance, block: &Instance, found: &mut Vec<Diag>) {
    ids(item, block, found);
    let id = match block.get(field::PAGERDUTY_ID) {
        Value::String(id) => id.trim(),
        _ => return,
    };
    let mut contradiction = |what: String, span, help: String| {
        found.push(
            Diag::new(
                &codes::PAGERDUTY_OBJECT,
                format!(
                    "{} `{}` sets {what}, but `{id}` is managed elsewhere",
                    block.kind, block.name
                ),
                place(item, block, span),
            )
            .label("has no effect in PagerDuty")
            .because(
                place(item, block, block.span_of(field::PAGERDUTY_ID)),
                "managed elsewhere",
            )
            .help(help),
        );
    };
    let is_set = |name: &str| {
        let value = block.fields.get(name);
        value.is_some_and(|value| value.explicit && value.value != Value::None)
    };
    if is_set(field::PAGERDUTY_IMPORT) {
        contradiction(
            format!("`{}`", field::PAGERDUTY_IMPORT),
            block.span_of(field::PAGERDUTY_IMPORT),
            format!(
                "keep `{}` to refer to it, or `{}` to manage it here",
                field::PAGERDUTY_ID,
                field::PAGERDUTY_IMPORT
            ),
        );
    }
    let Some(managed) = MANAGED.iter().find(|managed| managed.of == block.kind) else {
        return;
    };
    let help = format!(
        "remove it, or set `{}` instead of `{}` to manage {} here",
        field::PAGERDUTY_IMPORT,
        field::PAGERDUTY_ID,
        managed.definition
    );
    if let Some(name) = managed.fields.iter().find(|name| is_set(name)) {
        contradiction(format!("`{name}`"), block.span_of(name), help.clone());
    }
    let mut blocks = managed.blocks.iter();
    if let Some(child) = blocks.find_map(|kind| block.children_of(kind).next()) {
        let what = format!("`{}`", child.kind);
        contradiction(what, child.head, help);
    }
}

/// Reports IDs that PagerDuty does not have.
fn ids(item: &Instance, block: &Instance, found: &mut Vec<Diag>) {
    let mut report = |text: &str, span, expected: &str| {
        let mut diagnostic = Diag::new(
            &codes::PAGERDUTY_OBJECT,
            format!("`{text}` is not a valid ID of PagerDuty"),
            place(item, block, span),
        )
        .label(format!("expected {expected}"));
        if text.contains('/') {
            diagnostic = diagnostic.help("write only the last part of the URL");
        }
        found.push(diagnostic);
    };
    const ID: &str = "upper-case letters and digits, `PABC123`";
    if let Value::String(id) = block.get(field::PAGERDUTY_ID)
        && !is_pagerduty_id(id.trim())
    {
        report(id, block.span_of(field::PAGERDUTY_ID), ID);
    }
    match block.get(field::PAGERDUTY_IMPORT) {
        Value::String(id) => {
            let (is_valid, expected) = match block.kind == kind::SERVICE {
                true => (
                    is_service_import(id.trim()),
                    "`PABC123`, or with the integration `PABC123.PINT456`",
                ),
                false => (is_pagerduty_id(id.trim()), ID),
            };
            if !is_valid {
                report(id, block.span_of(field::PAGERDUTY_IMPORT), expected);
            }
        }
        Value::Labels(tiers) => {
            for (tier, id) in tiers {
                let id = id.show().unwrap_or_default();
                if !is_pagerduty_id(id.trim()) {
                    report(&id, block.span_of_label(field::PAGERDUTY_IMPORT, tier), ID);
                }
            }
        }
        _ => {}
    }
    if let Value::String(id) = block.get(field::ORCHESTRATION_IMPORT)
        && !is_orchestration_import(id.trim())
    {
        let expected = "a UUID, or with the integration `UUID:UUID`";
        report(id, block.span_of(field::ORCHESTRATION_IMPORT), expected);
    }
}

/// Reports what a schedule lacks that is not managed elsewhere.
fn required(team: &Instance, schedule: &Instance, found: &mut Vec<Diag>) {
    if schedule.incomplete {
        return;
    }
    for (name, ty, meaning) in [
        (field::ZONE, Ty::TimeZone, "the time zone of its times"),
        (
            field::MEMBERS,
            Ty::List(Box::new(Ty::Email)),
            "who is in the rotation, in order",
        ),
    ] {
        if *schedule.get(name) != Value::None {
            continue;
        }
        found.push(
            Diag::new(
                &codes::MISSING_FIELD,
                format!("missing field `{name}` in schedule `{}`", schedule.name),
                place(team, schedule, schedule.head),
            )
            .label(format!("expected {}", ty.phrase()))
            .note(format!("`{name}`: {meaning}"))
            .help(format!(
                "or set `{}` to refer to a schedule that exists in PagerDuty",
                field::PAGERDUTY_ID
            )),
        );
    }
}
