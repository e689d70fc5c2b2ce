//! Detection times as a Markdown file, and what changed since it was written.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::detection::SloDetection;
use crate::diagnostics::render::one_line;
use crate::ir::Duration;
use crate::ir::detection::{COLUMNS, LEGEND};
use crate::ir::number::percent_text;
use crate::promql;

/// The first line of a file.
pub const HEADER: &str =
    "<!-- Written by `nthc test --detection --write`. Do not edit: run it again. -->";

/// A change of the detection times of an SLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The SLO with its environment, as in the heading of its section.
    pub title: String,
    /// What changed.
    pub kind: ChangeKind,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file does not contain the SLO.
    New,
    /// Only the file contains the SLO.
    Gone,
    /// The file contains the SLO, but it is not selected.
    Unselected,
    /// A cell of its table differs.
    Cell {
        /// The title of the row.
        incident: String,
        /// The title of the column.
        column: &'static str,
        /// The cell in the file.
        before: String,
        /// The cell now.
        now: String,
    },
    /// A line of text, or a row that is only here or there, differs.
    Line {
        /// The line in the file; `None` if it is new.
        before: Option<String>,
        /// The line now; `None` if it is gone.
        now: Option<String>,
    },
}

impl ChangeKind {
    /// Describes the change: `10% bad: page after 19m30s (1h), was 15m (1h): 4m30s slower`.
    pub fn words(&self) -> String {
        match self {
            Self::New => "not in the file".to_owned(),
            Self::Gone => "in the file, but no longer in the project".to_owned(),
            Self::Unselected => {
                "in the file, but not selected; check it with the names and the environment it was written with"
                    .to_owned()
            }
            Self::Cell {
                incident,
                column,
                before,
                now,
            } => {
                let mut text = format!("{incident}: {column} `{now}`, was `{before}`");
                if let Some(difference) = difference(before, now) {
                    let _ = write!(text, ": {difference}");
                }
                text
            }
            Self::Line { before, now } => match (before, now) {
                (Some(before), Some(now)) => format!("`{now}`, was `{before}`"),
                (Some(before), None) => format!("no longer `{before}`"),
                (None, Some(now)) => format!("new: `{now}`"),
                (None, None) => String::new(),
            },
        }
    }
}

/// `4m30s slower`, if both cells begin with a duration.
fn difference(before: &str, now: &str) -> Option<String> {
    let (before, now) = (duration(before)?, duration(now)?);
    let words = if now > before { "slower" } else { "faster" };
    let apart = Duration(now.0.abs_diff(before.0));
    (apart.0 > 0).then(|| format!("{} {words}", apart.to_human()))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn duration(cell: &str) -> Option<Duration> {
    let seconds = promql::seconds(cell.split(' ').next()?)?;
    Some(Duration((seconds * 1000.0).round() as u64))
}

/// Returns the title of an SLO: `checkout.availability in production`.
pub fn title(found: &SloDetection) -> String {
    let name = format!("{}.{}", found.slo.service, found.slo.slo);
    match &found.environment {
        Some(environment) => format!("{name} in {environment}"),
        None => name,
    }
}

/// Formats detection times as a Markdown file.
pub fn markdown(all: &[SloDetection]) -> String {
    let mut text = format!("{HEADER}\n\n# Detection times\n\n{LEGEND}\n");
    for found in all {
        let _ = write!(text, "\n## {}\n\n", title(found));
        for line in lines(found) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// The lines of an SLO's section, without its heading.
fn lines(found: &SloDetection) -> Vec<String> {
    let objective = percent_text(found.objective);
    let mut lines = vec![format!("{objective} over {}", found.window), String::new()];
    match &found.reaction {
        Err(problem) => lines.push(format!("Not simulated: {}", one_line(&problem.message))),
        Ok(table) => {
            lines.push(row(&COLUMNS.map(str::to_owned)));
            lines.push(row(&COLUMNS.map(|_| "---".to_owned())));
            lines.extend(table.rows().iter().map(row));
        }
    }
    lines
}

fn row(cells: &[String; 6]) -> String {
    let mut line = String::from("|");
    for cell in cells {
        let _ = match cell.is_empty() {
            true => write!(line, " |"),
            false => write!(line, " {cell} |"),
        };
    }
    line
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    (cells.len() == COLUMNS.len()).then_some(cells)
}

/// Compares a file with the detection times now, those of all SLOs if `is_whole`. Line ends do not matter. Empty if the file is up
/// to date.
pub fn changes(file: &str, found: &[SloDetection], is_whole: bool) -> Vec<Change> {
    let now = markdown(found);
    let (old, new) = (sections(file), sections(&now));
    let (known, current) = (titles(&old), titles(&new));
    let mut changes = Vec::new();
    let mut add = |title: &str, kind| {
        changes.push(Change {
            title: title.to_owned(),
            kind,
        });
    };
    for section in &new {
        match old.iter().find(|one| one.title == section.title) {
            Some(before) => {
                for kind in compare(&before.lines, &section.lines) {
                    add(section.title, kind);
                }
            }
            None => add(section.title, ChangeKind::New),
        }
    }
    for title in known.difference(&current) {
        let kind = match is_whole {
            true => ChangeKind::Gone,
            false => ChangeKind::Unselected,
        };
        add(title, kind);
    }
    if changes.is_empty() {
        changes.extend(first_difference(file, &now));
    }
    changes
}

/// Returns the first line that differs: a different order, or a section that is there twice.
fn first_difference(file: &str, now: &str) -> Option<Change> {
    let (mut before, mut after) = (file.lines(), now.lines());
    loop {
        match (before.next(), after.next()) {
            (None, None) => return None,
            (before, now) if before != now => {
                return Some(Change {
                    title: "the file".to_owned(),
                    kind: ChangeKind::Line {
                        before: before.map(str::to_owned),
                        now: now.map(str::to_owned),
                    },
                });
            }
            _ => {}
        }
    }
}

/// A part of a file below a heading.
struct Section<'t> {
    title: &'t str,
    lines: Vec<&'t str>,
}

fn titles<'t>(of: &[Section<'t>]) -> BTreeSet<&'t str> {
    of.iter().map(|section| section.title).collect()
}

/// The sections of a file; what is before the first one is none.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            found.push(Section {
                title: title.trim(),
                lines: Vec::new(),
            });
        } else if let Some(section) = found.last_mut() {
            let line = line.trim();
            if !line.is_empty() {
                section.lines.push(line);
            }
        }
    }
    found
}

/// Compares the lines of a section: rows by their titles and columns, other lines as they are.
fn compare(before: &[&str], now: &[&str]) -> Vec<ChangeKind> {
    let mut changes = Vec::new();
    let title = |line: &str| cells(line)?.first().map(|title| (*title).to_owned());
    let of = |lines: &[&str], wanted: &str| {
        let mut lines = lines.iter();
        let found = lines.find(|line| title(line).as_deref() == Some(wanted));
        found.map(|line| (*line).to_owned())
    };
    for line in now {
        let Some(incident) = title(line) else {
            continue;
        };
        let Some(old) = of(before, &incident) else {
            changes.push(ChangeKind::Line {
                before: None,
                now: Some((*line).to_owned()),
            });
            continue;
        };
        let pairs = cells(&old)
            .into_iter()
            .flatten()
            .zip(cells(line).into_iter().flatten());
        for (column, (before, now)) in COLUMNS.iter().zip(pairs) {
            if before != now {
                changes.push(ChangeKind::Cell {
                    incident: incident.clone(),
                    column,
                    before: before.to_owned(),
                    now: now.to_owned(),
                });
            }
        }
    }
    let gone = before
        .iter()
        .filter(|line| title(line).is_some_and(|title| of(now, &title).is_none()));
    changes.extend(gone.map(|line| ChangeKind::Line {
        before: Some((*line).to_owned()),
        now: None,
    }));
    let text = |lines: &[&str]| {
        let lines = lines.iter().filter(|line| cells(line).is_none());
        lines
            .map(|line| (*line).to_owned())
            .collect::<Vec<String>>()
    };
    let (old, new) = (text(before), text(now));
    for number in 0..old.len().max(new.len()) {
        let (before, now) = (old.get(number), new.get(number));
        if before != now {
            changes.push(ChangeKind::Line {
                before: before.cloned(),
                now: now.cloned(),
            });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ir::detection::{
        Detection, DetectionTable, Fired, Incident, NotSimulated, STRENGTHS, Situation,
    };
    use crate::ir::test::SloRef;
    use crate::ir::{Response, Severity};

    fn found(slo: &str, after: u64) -> SloDetection {
        let slo = SloRef {
            service: "checkout".into(),
            slo: slo.into(),
            group: std::collections::BTreeMap::new(),
        };
        let page = Detection {
            alert: Fired {
                name: "SLOErrorBudgetBurn".into(),
                severity: Severity::page(),
                threshold: Some("1h".into()),
                after: Duration::seconds(after),
            },
            resolved: Some(Duration::minutes(30)),
        };
        let incident = Incident {
            strength: STRENGTHS[0],
            length: Duration::minutes(39),
            observed: Duration::minutes(375),
            page: Some(page.clone()),
            ticket: None,
            later: vec![Response::Ticket],
            alerts: vec![page],
        };
        SloDetection {
            slo: slo.clone(),
            environment: Some("production".into()),
            file: "checkout.nth".into(),
            line: 3,
            objective: "0.999".parse().unwrap(),
            window: Duration::days(30),
            reaction: Ok(DetectionTable {
                slo,
                incidents: vec![incident],
                impossible: Vec::new(),
                situations: vec![(Situation::NoTraffic, Ok(Vec::new()))],
            }),
        }
    }

    fn words(file: &str, all: &[SloDetection]) -> Vec<String> {
        let changes = changes(file, all, true);
        let line = |change: &Change| format!("{}: {}", change.title, change.kind.words());
        changes.iter().map(line).collect()
    }

    #[test]
    fn a_file_is_readable_and_its_own_golden_file() {
        let all = [found("availability", 240)];
        let text = markdown(&all);
        insta::assert_snapshot!(text);
        assert_eq!(words(&text, &all), [""; 0]);
        assert_eq!(words(&text.replace('\n', "\r\n"), &all), [""; 0]);
    }

    #[test]
    fn changes_say_what_is_slower() {
        let before = markdown(&[found("availability", 240), found("latency", 240)]);
        let mut broken = found("freshness", 240);
        broken.reaction = Err(NotSimulated {
            message: "no\nseries".into(),
            help: String::new(),
        });
        let file = before.replace("99.9% over", "99.5% over");
        assert_eq!(
            words(&file, &[found("availability", 300), broken]),
            [
                "checkout.availability in production: 100% bad: page after `5m (1h)`, was `4m (1h)`: 1m slower",
                "checkout.availability in production: `99.9% over 30d`, was `99.5% over 30d`",
                "checkout.freshness in production: not in the file",
                "checkout.latency in production: in the file, but no longer in the project",
            ]
        );
        let faster = words(
            &before,
            &[found("availability", 180), found("latency", 240)],
        );
        assert_eq!(
            faster,
            [
                "checkout.availability in production: 100% bad: page after `3m (1h)`, was `4m (1h)`: 1m faster"
            ]
        );
    }

    #[test]
    fn rows_and_sections_that_differ_otherwise_are_changes() {
        let all = [found("availability", 240), found("latency", 240)];
        let text = markdown(&all);
        let row = "| no traffic | 2h | - | | - | |\n";
        assert!(text.contains(row), "{text}");
        let section = |slo| format!("checkout.{slo} in production: new: `{}`", row.trim());
        assert_eq!(
            words(&text.replace(row, ""), &all),
            [section("availability"), section("latency")]
        );
        let [first, second] = [0, 1].map(|index| markdown(&all[index..=index]));
        let body = |text: &str| text[text.find("\n## ").unwrap()..].to_owned();
        let head = &text[..text.find("\n## ").unwrap()];
        let swapped = format!("{head}{}{}", body(&second), body(&first));
        assert_eq!(words(&swapped, &all).len(), 1);
        assert_eq!(words(&format!("{text}{}", body(&first)), &all).len(), 1);
        assert_eq!(words("", &all).len(), 2);
    }
}
