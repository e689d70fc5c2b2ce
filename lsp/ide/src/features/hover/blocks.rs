//! Hover over blocks: the effective values of a service, an SLO, a tier or a team.

use nthc::db::{ItemClass, item_entry, item_start};
use nthc::eval::ownership::{Owner, owner};
use nthc::eval::{BlockRef, Instance, Value};
use nthc::schema::names::{field, kind};
use smol_str::SmolStr;

use crate::features::markup::{Line, Markup};
use crate::features::source::Source;

use super::source_text::source_text;
use super::{detection, meaning, rules, signals};

/// Maximum number of fields shown.
const MOST: usize = 10;

/// The card of a block, with its values in every environment.
pub fn card(source: &Source<'_>, block: &BlockRef) -> Markup {
    let mut markup = Markup::default();
    let first = source
        .environments()
        .into_iter()
        .find_map(|environment| Some((source.instance(block, &environment)?, environment)));
    let Some((instance, environment)) = first else {
        return in_template(source, block);
    };
    markup = markup
        .source(head(source, block, instance))
        .doc(instance.doc.as_deref());
    if instance.doc.is_none()
        && let Some(description) = instance.get(field::DESCRIPTION).show()
    {
        markup = markup.doc(Some(&description));
    }
    match block.kind.as_str() {
        kind::SERVICE => markup.then(service(source, block, instance)),
        kind::SLO => markup
            .then(slo(source, block))
            .then(detection::times(source, block))
            .then(rules::slo_rules(source, block)),
        kind::SLI => markup.then(fields(instance)),
        kind::ALERT | kind::RECORDING => markup.then(rules::rule(source, block)),
        kind::SIGNAL => {
            let found = source.everywhere(|environment| {
                let signal = signals::find_signal(source, block, environment)?;
                Some(signals::describe_resolution(source, signal))
            });
            markup.then(differing(found))
        }
        kind::ENVIRONMENT
        | kind::TIER
        | kind::TEAM
        | kind::DEPENDENCY
        | kind::SCHEDULE
        | kind::ESCALATION => markup.then(fields(instance)),
        kind::GATE => markup.then(gate(source, block, &environment)),
        _ => markup.then(fields(instance)),
    }
}

/// The card of a block in a template, whose values are unknown before it is used.
fn in_template(source: &Source<'_>, block: &BlockRef) -> Markup {
    let name = format!("{} {}", block.kind, block.name);
    let markup = Markup::default().source(name.trim_end());
    match item_entry(source.db, block.item) {
        Some(entry) if entry.class == ItemClass::Template => markup.line(
            Line::default()
                .text("Part of template ")
                .code(entry.name)
                .text("; values are known where it is used"),
        ),
        _ => markup,
    }
}

/// The head of a block as written.
fn head(source: &Source<'_>, block: &BlockRef, instance: &Instance) -> String {
    let span = instance.head;
    let start = item_start(source.db, span.item);
    let range = span.range.shifted(start);
    let text: &str = span.item.file.text(source.db);
    let written = text.get(range.start as usize..range.end as usize);
    // The head of a template's block starts with `template`, not with its kind.
    let own = written.filter(|head| head.starts_with(block.kind.as_str()));
    match own {
        Some(head) => head.trim().to_owned(),
        None => format!("{} {}", block.kind, block.name)
            .trim_end()
            .to_owned(),
    }
}

/// One line if all environments agree, otherwise one for each.
pub fn differing(found: Vec<(Vec<SmolStr>, Line)>) -> Markup {
    let mut markup = Markup::default();
    for (environments, line) in found {
        let place = match environments.as_slice() {
            [] => Line::default(),
            names => Line::default().text("In ").codes(names.to_vec()).text(": "),
        };
        markup = markup.line(place.then(line));
    }
    markup
}

/// The fields that a block sets, with their values.
fn fields(instance: &Instance) -> Markup {
    // The description is shown above.
    let set = instance
        .fields
        .iter()
        .filter(|(name, field)| field.explicit && name.as_str() != field::DESCRIPTION);
    let lines = set.filter_map(|(name, field)| {
        let value = source_text(&field.value)?;
        Some(Line::default().code(format!("{name} = {value}")))
    });
    let lines: Vec<Line> = lines.collect();
    let more = lines.len().saturating_sub(MOST);
    let mut shown: Vec<Line> = lines.into_iter().take(MOST).collect();
    if more > 0 {
        shown.push(Line::default().text(format!("and {more} more")));
    }
    Markup::default().list(shown)
}

/// The file and the line of another program that a block has its team from.
fn origin_of_team(
    source: &Source<'_>,
    block: &BlockRef,
    instance: &Instance,
) -> Option<(String, usize)> {
    let team = instance.fields.get(field::TEAM)?;
    if team.explicit {
        return None;
    }
    let (kind, name) = (&instance.kind, &instance.name);
    match owner(source.db, source.workspace, block.item, kind, name) {
        Owner::Team(_, owners) => Some((owners.path, owners.line)),
        _ => None,
    }
}

fn service(source: &Source<'_>, block: &BlockRef, instance: &Instance) -> Markup {
    let mut whose = Line::default();
    if let Some(tier) = instance.get(field::TIER).show() {
        whose = whose.text("Tier ").code(tier);
    }
    if let Some(team) = instance.get(field::TEAM).show() {
        whose = whose.text(", team ").code(team);
    }
    if let Some((path, line)) = origin_of_team(source, block, instance) {
        whose = whose
            .text(" (from ")
            .code(format!("{path}:{line}"))
            .text(")");
    }
    let mut markup = Markup::default().line(whose);
    let found = source.everywhere(|environment| {
        rules::counts(source, block.item, environment).map(rules::Counts::words)
    });
    for (environments, words) in found {
        let line = Line::default();
        markup = markup.line(match environments.as_slice() {
            [] => line.text(format!("Generates {words}")),
            names => line
                .text("In ")
                .codes(names.to_vec())
                .text(format!(", generates {words}")),
        });
    }
    let promises = instance.children_of(kind::SLO).map(|slo| {
        let nested = BlockRef {
            item: block.item,
            path: vec![(slo.kind.clone(), slo.name.clone())],
            kind: slo.kind.clone(),
            name: slo.name.clone(),
        };
        let found = promise(source, &nested);
        let mut line = Line::default().code(slo.name.clone());
        for (number, (environments, promise)) in found.into_iter().enumerate() {
            line = line.text(if number == 0 { ": " } else { "; " });
            if !environments.is_empty() {
                line = line.text("in ").codes(environments).text(" ");
            }
            line = line.then(promise);
        }
        line
    });
    markup = markup.list(promises.collect());
    let needs: Vec<String> = instance
        .children_of(kind::DEPENDENCY)
        .map(|dependency| dependency.name.to_string())
        .collect();
    if needs.is_empty() {
        markup
    } else {
        markup.line(Line::default().text("Depends on ").codes(needs))
    }
}

/// The error budget of an SLO in every environment.
pub fn promise(source: &Source<'_>, block: &BlockRef) -> Vec<(Vec<SmolStr>, Line)> {
    source.everywhere(|environment| {
        let instance = source.instance(block, environment)?;
        match (instance.get(field::OBJECTIVE), instance.get(field::WINDOW)) {
            (Value::Percent(percent), Value::Duration(window)) => {
                meaning::budget(*percent, nthc::ir::Duration(*window))
            }
            _ => None,
        }
    })
}

fn slo(source: &Source<'_>, block: &BlockRef) -> Markup {
    differing(promise(source, block))
}

/// The reasons of a gate, with their conditions as written.
fn gate(source: &Source<'_>, block: &BlockRef, environment: &Option<SmolStr>) -> Markup {
    let Some(instance) = source.instance(block, environment) else {
        return Markup::default();
    };
    let reasons = instance
        .children
        .iter()
        .filter(|child| child.kind == kind::DENY || child.kind == kind::WARN);
    let lines = reasons.map(|reason| {
        let condition = reason
            .fields
            .get(field::WHEN)
            .and_then(|field| source.text_of(field.span.item, field.span.range));
        let verb = if reason.kind == kind::DENY {
            "denies"
        } else {
            "warns"
        };
        let line = Line::default()
            .text(format!("{verb} "))
            .code(reason.name.clone());
        match condition {
            Some(condition) => {
                let words: Vec<&str> = condition.split_whitespace().collect();
                line.text(" when ").code(words.join(" "))
            }
            None => line,
        }
    });
    let markup = Markup::default().list(lines.collect());
    if *instance.get(field::DRY_RUN) == Value::Bool(true) {
        markup.line(Line::default().text("Dry run: reports its decision and allows everything"))
    } else {
        markup
    }
}
