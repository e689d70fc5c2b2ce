//! Panels and rows of dashboards.

use std::collections::BTreeMap;

use nth_model::panel::{Panel, Panels};

use super::Sides;
use super::changes::Changes;
use super::query;
use crate::change::Subject;
use crate::id::ChangeId;

/// Compares the custom panels of a service. A panel that moves to another row is another panel.
pub fn compare(service: &str, base: &Panels, head: &Panels, sides: &Sides, changes: &mut Changes) {
    let (old, new) = (all(base), all(head));
    for (name, before) in &old {
        let subject = Subject::part(service, "panel", name);
        match new.get(name) {
            None => changes.plain(
                ChangeId::PanelRemoved,
                &subject,
                Some(before.title.clone()),
                None,
            ),
            Some(after) => panel(&subject, before, after, sides, changes),
        }
    }
    for (name, after) in &new {
        if !old.contains_key(name) {
            let subject = Subject::part(service, "panel", name);
            changes.plain(
                ChangeId::PanelAdded,
                &subject,
                None,
                Some(after.title.clone()),
            );
        }
    }
    for row in &head.rows {
        let mut others = base.rows.iter();
        if let Some(before) = others.find(|other| other.name == row.name) {
            changes.text(
                ChangeId::RowChanged,
                &Subject::part(service, "row", &row.name),
                Some(&before.title),
                Some(&row.title),
                String::clone,
            );
        }
    }
}

/// All panels by the complete name: `row.panel`, `dependency.panel`.
fn all(panels: &Panels) -> BTreeMap<String, &Panel> {
    let Panels {
        own,
        rows,
        dependencies,
    } = panels;
    let mut found: BTreeMap<String, &Panel> = BTreeMap::new();
    found.extend(own.iter().map(|panel| (panel.name.to_string(), panel)));
    let groups = rows
        .iter()
        .map(|row| (&row.name, &row.panels))
        .chain(dependencies.iter().map(|one| (&one.name, &one.panels)));
    for (group, panels) in groups {
        let named = panels
            .iter()
            .map(|panel| (format!("{group}.{}", panel.name), panel));
        found.extend(named);
    }
    found
}

fn panel(subject: &Subject, before: &Panel, after: &Panel, sides: &Sides, changes: &mut Changes) {
    if !sides.is_same_query(&before.query, &after.query) {
        changes.plain(
            ChangeId::PanelQueryChanged,
            subject,
            Some(query::text(&before.query, &sides.base)),
            Some(query::text(&after.query, &sides.head)),
        );
    }
    let without_query = |panel: &Panel| Panel {
        query: after.query.clone(),
        // Whether a metric exists is not written in the panel.
        missing: Vec::new(),
        ..panel.clone()
    };
    let (old, new) = (without_query(before), without_query(after));
    if old != new {
        let Panel {
            name: _,
            title,
            description,
            query: _,
            unit,
            visualization,
            legend,
            thresholds,
            low_is_bad,
            min,
            max,
            width,
            height,
            missing: _,
        } = &new;
        let mut differs: Vec<&str> = Vec::new();
        let mut note = |is_different: bool, name: &'static str| {
            if is_different {
                differs.push(name);
            }
        };
        note(old.title != *title, "title");
        note(old.description != *description, "description");
        note(old.unit != *unit, "unit");
        note(old.visualization != *visualization, "visualization");
        note(old.legend != *legend, "legend");
        note(
            old.thresholds != *thresholds || old.low_is_bad != *low_is_bad,
            "thresholds",
        );
        note(old.min != *min || old.max != *max, "scale");
        note(old.width != *width || old.height != *height, "size");
        changes.add(
            ChangeId::PanelChanged,
            subject,
            Some(old.title.clone()),
            Some(title.clone()),
            format!("another {}", differs.join(", ")),
        );
    }
}
