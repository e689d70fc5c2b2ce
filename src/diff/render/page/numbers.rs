//! The numbers: tables of the project and of services, and for each SLO the plots.

use maud::{Markup, html};

use super::{plots, text};
use crate::change::Number;
use crate::document::Document;
use crate::render::groups::{SloGroup, figures};
use crate::render::words::{self, Text, count};

/// The number of SLOs with plots; those that are the same in several services count as one.
const SLOS: usize = 60;

/// The number of rows of the table of services.
const ROWS: usize = 300;

/// Returns the section with all numbers; nothing if there are none.
pub fn numbers(document: &Document) -> Markup {
    let (numbers, slos) = figures(document);
    let of_project = &document.figures.numbers;
    if numbers.is_empty() && slos.is_empty() && of_project.is_empty() {
        return html! {};
    }
    html! {
        section #numbers {
            h2 { "Numbers" }
            @if !of_project.is_empty() {
                (table(&[(Text::default().said("project"), of_project.as_slice())]))
            }
            @for group in slos.iter().take(SLOS) { (slo(group)) }
            @if slos.len() > SLOS { p.faint { "and " (count(slos.len() - SLOS, "SLO")) " more" } }
            @if !numbers.is_empty() {
                h3 { "Other numbers of services" }
                @let rows: Vec<_> = numbers.iter().map(|group| (words::numbers_owner(group), group.numbers)).collect();
                (table(rows.get(..rows.len().min(ROWS)).unwrap_or_default()))
                @if rows.len() > ROWS { p.faint { "and " (count(rows.len() - ROWS, "row")) " more" } }
            }
        }
    }
}

fn table(owners: &[(Text, &[Number])]) -> Markup {
    html! {
        table.numbers {
            thead {
                tr { th scope="col" { "of" } th scope="col" { "number" } th scope="col" { "before" } th scope="col" { "now" } }
            }
            tbody {
                @for (owner, numbers) in owners {
                    @for (place, number) in numbers.iter().enumerate() {
                        tr {
                            @if place == 0 { th scope="rowgroup" rowspan=(numbers.len()) { (text(owner)) } }
                            (cells(number))
                        }
                    }
                }
            }
        }
    }
}

fn cells(number: &Number) -> Markup {
    let value = |value: &Option<String>| match value {
        Some(value) => html! { (words::clip(value, words::CLIP)) },
        None => html! { span.faint { "none" } },
    };
    html! {
        td { (text(&Text::default().prose(&number.name))) }
        td.value { (value(&number.before)) }
        td .value .changed[!number.is_same()] { (value(&number.after)) }
    }
}

fn slo(group: &SloGroup<'_>) -> Markup {
    let figure = group.figure;
    html! {
        figure.slo {
            figcaption { (text(&words::slo_owner(group))) }
            div.plots {
                table.numbers {
                    thead { tr { th scope="col" { "number" } th scope="col" { "before" } th scope="col" { "now" } } }
                    tbody { @for number in &figure.numbers { tr { (cells(number)) } } }
                }
                (plots::budget(figure.budget_minutes))
                (plots::reach(&figure.reach))
            }
        }
    }
}
