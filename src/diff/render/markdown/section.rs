//! The sections of a comment: one for each cause and each service, and one for all that have only cosmetic changes.

use std::fmt::Write as _;

use super::text::{cell, fenced, html, inline};
use super::{Block, Limits};
use crate::change::Number;
use crate::class::Class;
use crate::document::Document;
use crate::render::groups::{Origin, Row, Section};
use crate::render::words::{self, Piece, Text};

/// The number of changes of a section in brief.
const BRIEF: usize = 10;

/// The number of services of a cause that are listed.
const SERVICES: usize = 60;

/// The longest test that is shown, in bytes.
const TEST: usize = 4000;

/// The number of incidents of a section that are shown as tests.
const TESTS: usize = 3;

/// The sections, in their order.
pub fn blocks(document: &Document, sections: &[Section<'_>], limits: Limits) -> Vec<Block> {
    let is_cosmetic = |section: &&Section<'_>| {
        section
            .rows
            .iter()
            .all(|row| row.class() == Class::Cosmetic)
    };
    let mut blocks: Vec<Block> = sections
        .iter()
        .filter(|section| !is_cosmetic(section))
        .map(|section| block(document, section, limits))
        .collect();
    let cosmetic: Vec<&Section<'_>> = sections.iter().filter(is_cosmetic).collect();
    if !cosmetic.is_empty() {
        blocks.push(cosmetic_block(&cosmetic, limits));
    }
    blocks
}

fn block(document: &Document, section: &Section<'_>, limits: Limits) -> Block {
    let title = words::title(section)
        .said(": ")
        .said(words::classes(&section.counts()));
    let changes = changes(document, section, limits.rows);
    let mut full = format!("{changes}{}", services(section));
    full.push_str(&numbers(section, limits.numbers));
    if limits.tests {
        full.push_str(&tests(section, limits));
    }
    let brief = self::changes(document, section, BRIEF.min(limits.rows));
    let name = match section.origin {
        Origin::Cause(cause) => Text::default().prose(&cause.name),
        _ => words::title(section),
    };
    Block {
        name,
        full: folded(&title, &full, limits),
        brief: folded(&title, &brief, limits),
    }
}

/// A section with its title.
fn folded(title: &Text, body: &str, limits: Limits) -> String {
    if limits.details {
        format!(
            "<details>\n<summary>{}</summary>\n\n{body}\n</details>\n",
            html(title)
        )
    } else {
        format!("#### {}\n\n{body}", inline(title))
    }
}

/// The changes of a section, the cosmetic ones as one item.
fn changes(document: &Document, section: &Section<'_>, most: usize) -> String {
    let rows: Vec<&Row<'_>> = section
        .rows
        .iter()
        .filter(|row| row.class() != Class::Cosmetic)
        .collect();
    let mut out = String::new();
    for row in rows.iter().take(most) {
        out.push_str(&item(document, section, row));
    }
    let rest: usize = rows.iter().skip(most).map(|row| row.len()).sum();
    if rest > 0 {
        let _ = writeln!(out, "- {}", words::count(rest, "more change"));
    }
    if let Some(text) = words::cosmetic(section.of_class(Class::Cosmetic)) {
        let _ = writeln!(out, "- {}", inline(&text));
    }
    for (cause, number) in section.elsewhere.iter().take(words::NAMES) {
        let text = Text::default()
            .said(words::count(*number, "more change"))
            .said(" from ")
            .prose(&cause.name)
            .said(", listed there");
        let _ = writeln!(out, "- {}", inline(&text));
    }
    out
}

/// A change with what is known about it.
fn item(document: &Document, section: &Section<'_>, row: &Row<'_>) -> String {
    let mut text = Text::default()
        .class(row.class())
        .said(": ")
        .text(words::subject(row));
    if let Some(change) = words::change(row) {
        text = text.said(": ").text(change);
    }
    text.pieces.push(Piece::Said(" ".to_owned()));
    text = text.said("(").said(row.change.id.name()).said(")");
    let mut out = format!("- {}\n", inline(&text));
    let details = [
        Some(words::because(row)),
        words::witness(row),
        words::history(row),
        words::standing(document, row),
        words::whereabouts(document, section, row),
    ];
    // An empty item would be the underline of a heading.
    let is_blank = |text: &Text| text.to_string().trim().is_empty();
    for detail in details.into_iter().flatten().filter(|text| !is_blank(text)) {
        let _ = writeln!(out, "  - {}", inline(&detail));
    }
    out
}

/// All services of a cause, if its changes do not name them all.
fn services(section: &Section<'_>) -> String {
    let services = section.services();
    if !matches!(section.origin, Origin::Cause(_)) || services.len() <= words::NAMES + 1 {
        return String::new();
    }
    let mut text = Text::default().said("services: ");
    for (place, service) in services.iter().take(SERVICES).enumerate() {
        text = text.said(if place > 0 { ", " } else { "" }).name(service);
    }
    if let more @ 1.. = services.len().saturating_sub(SERVICES) {
        text = text.said(format!(" and {more} more"));
    }
    format!("- {}\n", inline(&text))
}

/// The numbers of the services of a section, as a table.
fn numbers(section: &Section<'_>, most: usize) -> String {
    let mut rows: Vec<(Text, &Number)> = Vec::new();
    for group in &section.slos {
        let owner = words::slo_owner(group);
        rows.extend(
            group
                .figure
                .numbers
                .iter()
                .map(|number| (owner.clone(), number)),
        );
    }
    for group in &section.numbers {
        let owner = words::numbers_owner(group);
        rows.extend(group.numbers.iter().map(|number| (owner.clone(), number)));
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("\n| SLO or service | number | before | after |\n|---|---|---|---|\n");
    let mut last = None;
    for (owner, number) in rows.iter().take(most) {
        let is_new = last != Some(owner);
        last = Some(owner);
        let value = |value: &Option<String>| match value {
            Some(value) => cell(&Text::default().name(value)),
            None => "none".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            if is_new { cell(owner) } else { String::new() },
            cell(&Text::default().prose(&number.name)),
            value(&number.before),
            value(&number.after),
        );
    }
    if let more @ 1.. = rows.len().saturating_sub(most) {
        let _ = write!(out, "\n{}\n", words::count(more, "more number"));
    }
    out
}

/// The first incidents of a section as tests of the language.
fn tests(section: &Section<'_>, limits: Limits) -> String {
    let mut out = String::new();
    let witnesses = section.rows.iter().filter_map(Row::witness);
    for (change, witness) in witnesses.take(TESTS) {
        if witness.test.trim().is_empty() || witness.test.len() > TEST {
            continue;
        }
        let title = Text::default()
            .said("incident of ")
            .said(change.id.name())
            .said(" as a test");
        let code = fenced(&witness.test, "nth");
        if limits.details {
            let _ = write!(
                out,
                "\n<details>\n<summary>{}</summary>\n\n{code}\n</details>\n",
                html(&title)
            );
        } else {
            let _ = write!(out, "\n{}:\n\n{code}", inline(&title));
        }
    }
    out
}

/// All sections with nothing but cosmetic changes.
fn cosmetic_block(sections: &[&Section<'_>], limits: Limits) -> Block {
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let total: usize = rows().map(Row::len).sum();
    let services: std::collections::BTreeSet<&str> = rows().flat_map(Row::services).collect();
    let mut title = Text::default()
        .said(format!("{total} "))
        .class(Class::Cosmetic);
    title = title.said(if total == 1 { " change" } else { " changes" });
    if !services.is_empty() {
        title = title.said(format!(" in {}", words::count(services.len(), "service")));
    }
    let lines = |most: usize| {
        let mut out = String::new();
        for section in sections.iter().take(most) {
            if let Some(text) = words::cosmetic(section.rows.iter()) {
                let title = words::title(section);
                let _ = writeln!(out, "- {}", inline(&title.said(": ").text(text)));
            }
        }
        if let more @ 1.. = sections.len().saturating_sub(most) {
            let _ = writeln!(out, "- and those of {more} more services or causes");
        }
        out
    };
    Block {
        name: Text::default().said("cosmetic changes"),
        full: folded(&title, &lines(limits.rows), limits),
        brief: folded(&title, &lines(BRIEF.min(limits.rows)), limits),
    }
}
