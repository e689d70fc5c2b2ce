//! The changes as one page of HTML, without scripts and without anything from the network.
//!
//! All texts of users are escaped by the template library. Should one end up as markup nevertheless, the page's policy lets no
//! script run and nothing be loaded.

mod graph;
mod numbers;
mod plots;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use nth_render::lines;
use sha2::{Digest as _, Sha256};

use super::groups::{Origin, Row, Section, sections};
use super::words::{self, Piece, Text, count};
use crate::change::{Cause, Change};
use crate::class::Class;
use crate::document::{Document, Revision};

/// The value of the page's `generator`, by which a page is recognized.
pub const GENERATOR: &str = "nthc diff";

const STYLE: &str = include_str!("style.css");

/// The number of changes of a class that the page shows; the document as JSON has all.
const ROWS: usize = 300;

/// Returns the page.
pub fn page(document: &Document) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let title = format!(
        "{}: {}, {}",
        words::clip(&document.project, words::CLIP),
        words::counts(document),
        words::compared(document)
    );
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(GENERATOR);
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body(document)) }
        }
    };
    markup.into_string()
}

fn body(document: &Document) -> Markup {
    let sections = sections(document, true);
    html! {
        (header(document))
        main {
            (errors(document))
            @for class in Class::ALL { (of_class(document, &sections, class)) }
            (causes(&sections, document))
            (numbers::numbers(document))
            (services(&sections))
            (expired(document))
        }
        footer.faint {
            dl {
                @for class in Class::ALL {
                    dt { (badge(class)) }
                    dd { (class.meaning()) }
                }
            }
        }
    }
}

fn header(document: &Document) -> Markup {
    let verdict = document.verdict();
    let remarks = words::remarks(document);
    html! {
        header {
            h1 { "Changes of " (words::clip(&document.project, words::CLIP)) }
            p.counts { (words::counts(document)) }
            @if !verdict.classes.is_empty() {
                p.classes {
                    @for (class, number) in &verdict.classes {
                        a .badge .(class.name()) href={ "#" (class.name()) } { b { (number) } " " (class.name()) } " "
                    }
                }
            }
            p.faint { "From " (revision(&document.base)) " to " (revision(&document.head)) }
            @if !remarks.is_empty() { p .faint[document.complete] { (remarks.join("; ")) } }
        }
    }
}

fn revision(revision: &Revision) -> Markup {
    html! {
        b { (words::revision(revision)) }
        @if let Some(commit) = &revision.commit { " " code { (words::clip(commit, 12)) } }
    }
}

fn errors(document: &Document) -> Markup {
    html! {
        @if !document.errored.is_empty() {
            section.errors {
                h2 { "Not compared" }
                ul { @for problem in &document.errored { li { (text(&words::problem(problem))) } } }
            }
        }
    }
}

/// The changes of a class. Those that hardly matter are folded.
fn of_class(document: &Document, sections: &[Section<'_>], class: Class) -> Markup {
    let rows: Vec<(&Section<'_>, &Row<'_>)> = sections
        .iter()
        .flat_map(|section| section.of_class(class).map(move |row| (section, row)))
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let total: usize = rows.iter().map(|(_, row)| row.len()).sum();
    let content = html! {
        @for (section, row) in rows.iter().take(ROWS) { (change(document, section, row)) }
        @if rows.len() > ROWS {
            p.faint {
                "and " (count(rows.iter().skip(ROWS).map(|(_, row)| row.len()).sum(), "change"))
                " more: the document as JSON has all"
            }
        }
    };
    html! {
        section #(class.name()) {
            h2 { (badge(class)) " " (count(total, "change")) " " span.faint { (class.meaning()) } }
            @if class == Class::Cosmetic && rows.len() > 3 {
                details {
                    summary {
                        @if let Some(cosmetic) = words::cosmetic(rows.iter().map(|(_, row)| *row)) { (text(&cosmetic)) }
                    }
                    (content)
                }
            } @else { (content) }
        }
    }
}

fn change(document: &Document, section: &Section<'_>, row: &Row<'_>) -> Markup {
    let services = row.services();
    html! {
        article .change .(row.class().name()) {
            h3 {
                (text(&words::subject(row))) " "
                code.id { (row.change.id.name()) }
            }
            @if let Some(pair) = words::change(row) { p.pair { (text(&pair)) } }
            p { (text(&words::because(row))) }
            @if let Some(witness) = words::witness(row) { p.witness { (text(&witness)) } }
            @if let Some(history) = words::history(row) { p { (text(&history)) } }
            @if let Some(standing) = words::standing(document, row) { p { (text(&standing)) } }
            p.faint {
                @if let Origin::Cause(cause) = section.origin { "from " (text(&words::cause(cause))) }
                @if let Some(place) = words::whereabouts(document, section, row) {
                    @if let Origin::Cause(_) = section.origin { "; " }
                    (text(&place))
                }
            }
            (whole(row.change))
            @if let Some((_, witness)) = row.witness() {
                @if !witness.test.trim().is_empty() {
                    details { summary { "the incident as a test" } pre { (lines(&witness.test)) } }
                }
            }
            @if services.len() > words::NAMES + 1 {
                details {
                    summary { (count(services.len(), "service")) }
                    p { @for service in &services { code { (words::clip(service, words::CLIP)) } " " } }
                }
            }
        }
    }
}

/// The texts of a change that were too long for a line.
fn whole(change: &Change) -> Markup {
    let is_cut = |text: &Option<String>| {
        text.as_ref().is_some_and(|text| {
            text.trim().contains('\n') || text.chars().nth(words::CLIP).is_some()
        })
    };
    html! {
        @if is_cut(&change.before) || is_cut(&change.after) {
            details {
                summary { "the whole texts" }
                @for (name, text) in [("before", &change.before), ("now", &change.after)] {
                    @if let Some(text) = text { p.faint { (name) } pre { (lines(text)) } }
                }
            }
        }
    }
}

fn causes(sections: &[Section<'_>], document: &Document) -> Markup {
    let of_causes: Vec<&Section<'_>> = sections
        .iter()
        .filter(|section| matches!(section.origin, Origin::Cause(_)))
        .collect();
    let has_section = |cause: &&Cause| {
        of_causes
            .iter()
            .any(|section| section.origin == Origin::Cause(cause))
    };
    let others = document.causes.iter().filter(|cause| !has_section(cause));
    if of_causes.is_empty() {
        return html! {};
    }
    html! {
        section #causes {
            h2 { "Causes" }
            (graph::graph(document))
            @for section in &of_causes {
                div.cause {
                    h3 { (text(&words::title(section))) }
                    table {
                        thead { tr { th scope="col" { "class" } th scope="col" { "what" } th scope="col" { "change" } } }
                        tbody {
                            @for row in section.rows.iter().take(ROWS) {
                                tr {
                                    td { (badge(row.class())) }
                                    td { (text(&words::subject(row))) }
                                    td {
                                        @match words::change(row) {
                                            Some(pair) => { (text(&pair)) }
                                            None => { (row.change.id.name()) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    @if section.rows.len() > ROWS {
                        p.faint { "and " (count(section.rows.len() - ROWS, "row")) " more" }
                    }
                }
            }
            @for cause in others {
                p.faint {
                    (text(&words::cause(cause))) " reaches " (count(cause.services.len(), "service"))
                    "; its changes also come from a cause above"
                }
            }
        }
    }
}

/// The number of changes of each class of each service.
fn services(sections: &[Section<'_>]) -> Markup {
    let changes = sections
        .iter()
        .flat_map(|section| &section.rows)
        .flat_map(Row::changes);
    let mut services: std::collections::BTreeMap<&str, [usize; Class::ALL.len()]> =
        std::collections::BTreeMap::new();
    for change in changes {
        if let Some(service) = &change.subject.service {
            let place = Class::ALL.iter().position(|class| *class == change.class);
            let counts = services.entry(service).or_default();
            if let Some(number) = place.and_then(|place| counts.get_mut(place)) {
                *number += 1;
            }
        }
    }
    let mut services: Vec<_> = services.into_iter().collect();
    // Those with graver changes first.
    services.sort_by_key(|(_, counts)| std::cmp::Reverse(*counts));
    if services.is_empty() {
        return html! {};
    }
    html! {
        section #services {
            h2 { "Services" }
            div.wide {
                table.counts-of-services {
                    thead {
                        tr {
                            th scope="col" { "service" }
                            @for class in Class::ALL { th scope="col" { (badge(class)) } }
                        }
                    }
                    tbody {
                        @for (service, counts) in services.iter().take(ROWS) {
                            tr {
                                th scope="row" { (words::clip(service, 80)) }
                                @for (class, number) in Class::ALL.iter().zip(counts) {
                                    td .(class.name()) .some[*number > 0] {
                                        @if *number > 0 { (number) } @else { span aria-label="none" { "·" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if services.len() > ROWS { p.faint { "and " (count(services.len() - ROWS, "service")) " more" } }
        }
    }
}

fn expired(document: &Document) -> Markup {
    html! {
        @if words::expired(document).next().is_some() {
            section {
                h2 { "No longer accepted" }
                ul {
                    @for entry in words::expired(document) { li { (text(&words::acceptance(document, entry))) } }
                }
            }
        }
    }
}

fn badge(class: Class) -> Markup {
    html! { span .badge .(class.name()) { (class.name()) } }
}

/// A text on one line.
fn text(text: &Text) -> Markup {
    html! {
        @for piece in &text.pieces {
            @match piece {
                Piece::Said(words) => { (words) }
                Piece::Strong(words) => { b { (words) } }
                Piece::Class(class) => { b { (class.name()) } }
                Piece::Name(name) => { code { (name) } }
                Piece::Before(value) => { del { (value) } }
                Piece::After(value) => { ins { (value) } }
                Piece::Prose(sentence) => {
                    @for (index, part) in sentence.split('`').enumerate() {
                        @if index % 2 == 1 { code { (part) } } @else { (part) }
                    }
                }
            }
        }
    }
}
