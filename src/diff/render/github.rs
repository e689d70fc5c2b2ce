//! Workflow commands of GitHub Actions, which become annotations at the lines of a pull request.

use nth_render::annotation;

use super::groups::{Origin, Row, Section, sections};
use super::words;
use crate::change::{Place, Side};
use crate::class::{Class, Level};
use crate::document::Document;

/// The number of annotations of a step that GitHub shows for each level; more are dropped without a word.
const MOST: usize = 10;

/// Returns at most ten commands, the gravest changes first. If there are more, the last one is a notice that counts them.
/// Cosmetic changes are never annotations of their own.
pub fn annotations(document: &Document) -> Vec<String> {
    let sections = sections(document, false);
    let mut rows: Vec<(&Section<'_>, &Row<'_>)> = Vec::new();
    for class in Class::ALL {
        if class != Class::Cosmetic {
            rows.extend(
                sections
                    .iter()
                    .flat_map(|section| section.of_class(class).map(move |row| (section, row))),
            );
        }
    }
    rows.sort_by_key(|(_, row)| row.change.accepted);
    let total: usize = sections.iter().map(Section::len).sum();
    let count: usize = rows.iter().map(|(_, row)| row.len()).sum();
    let most = if rows.len() > MOST || total > count {
        MOST - 1
    } else {
        MOST
    };
    rows.truncate(most);
    let mut lines: Vec<String> = rows
        .iter()
        .map(|(section, row)| annotated(document, section, row))
        .collect();
    let covered: usize = rows.iter().map(|(_, row)| row.len()).sum();
    if total > covered {
        let message = format!(
            "{}; in total {}, {}",
            words::count(total - covered, "more change"),
            words::counts(document),
            words::compared(document),
        );
        lines.push(annotation("notice", None, "nthc diff", &message));
    }
    lines
}

fn annotated(document: &Document, section: &Section<'_>, row: &Row<'_>) -> String {
    let level = match row.class() {
        _ if row.change.accepted => "notice",
        _ if row.change.level == Level::Error => "error",
        Class::Silenced => "error",
        Class::Loosened | Class::Unknown => "warning",
        _ => "notice",
    };
    let cause = match section.origin {
        Origin::Cause(cause) => cause.place.as_ref(),
        _ => None,
    };
    let in_head = |place: &&Place| place.side == Side::Head;
    // Only files of the new version can be annotated.
    let place = row.place().filter(in_head).or(cause.filter(in_head));
    let place = place.map(|place| (place.file.as_str(), place.line));
    let title = format!("{}: {}", row.class().name(), row.change.id);
    let mut lines = vec![match words::change(row) {
        Some(change) => format!("{}: {change}", words::subject(row)),
        None => words::subject(row).to_string(),
    }];
    lines.push(words::because(row).to_string());
    if let Origin::Cause(cause) = section.origin {
        lines.push(format!("from {}", words::cause(cause)));
    }
    lines.extend(words::witness(row).map(|text| text.to_string()));
    lines.extend(words::history(row).map(|text| text.to_string()));
    lines.extend(words::environments(document, row).map(|text| text.to_string()));
    lines.extend(words::standing(document, row).map(|text| text.to_string()));
    annotation(level, place, &title, &lines.join("\n"))
}
