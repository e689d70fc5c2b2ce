//! Detection times and their changes in each format.

use anstyle::{AnsiColor, Style};

use super::document::{Report, document};
use super::table;
use crate::console::Console;
use crate::exit::Failure;
use crate::options::Format;
use nthc::detection::sentence;
use nthc::diagnostics::render::{annotation, one_line};
use nthc::ir::number::percent_text;
use nthc::testing::detection::SloDetection;
use nthc::testing::detection_file::{Change, title};

/// Prints the changes, or else the detection times. `is_brief` leaves out those of SLOs that were simulated.
///
/// # Errors
///
/// If they cannot be written.
pub fn show(
    report: &Report<'_>,
    is_brief: bool,
    format: Format,
    console: &mut Console,
) -> Result<(), Failure> {
    match (format, report.changes) {
        (Format::Json, _) => {
            console.out.json("the detection times", &document(report))?;
        }
        (Format::Github, Some(changes)) => github(report, changes, console),
        (_, Some(changes)) => {
            for change in changes {
                console
                    .out
                    .line(format_args!("{}: {}", change.title, change.kind.words()));
            }
        }
        _ if is_brief => not_simulated(report.found, format, console),
        (Format::Short, None) => short(report.found, console),
        (Format::Github, None) => {
            not_simulated(report.found, format, console);
            human(report.found, console);
        }
        _ => human(report.found, console),
    }
    Ok(())
}

fn human(found: &[SloDetection], console: &mut Console) {
    let width = console.out.width;
    let bold = Style::new().bold();
    for one in found {
        let of = format!("  {} over {}", percent_text(one.objective), one.window);
        console
            .out
            .styled_line(&[(bold, &title(one)), (Style::new(), &of)]);
        match &one.reaction {
            Ok(found) => {
                for line in table::lines(&found.rows(), width) {
                    console.out.line(format_args!("  {line}"));
                }
            }
            Err(problem) => {
                let red = AnsiColor::Red.on_default().bold();
                let text = format!(": {}", one_line(&problem.message));
                console
                    .out
                    .styled_line(&[(red, &"  not simulated"), (Style::new(), &text)]);
                console.out.line(format_args!("    help: {}", problem.help));
            }
        }
        console.out.line("");
    }
}

/// One line for each row of a table.
fn short(found: &[SloDetection], console: &mut Console) {
    for one in found {
        let place = format!("{}:{}: {}", one.file, one.line, title(one));
        match &one.reaction {
            Ok(found) => {
                for row in found.rows() {
                    let words = sentence(&row);
                    console.out.line(format_args!("{place}: {words}"));
                }
            }
            Err(problem) => console.out.line(format_args!(
                "{place}: not simulated: {}",
                one_line(&problem.message)
            )),
        }
    }
}

/// Prints what could not be simulated.
fn not_simulated(found: &[SloDetection], format: Format, console: &mut Console) {
    for one in found {
        let Err(problem) = &one.reaction else {
            continue;
        };
        let text = format!("{}: {}; {}", title(one), problem.message, problem.help);
        if format == Format::Github {
            console.out.line(of_slo(one, &text));
        } else {
            let text = one_line(&text);
            let line = format!("{}:{}: not simulated: {text}", one.file, one.line);
            console.out.line(line);
        }
    }
}

/// Prints changes as annotations of the SLOs; of the file that is checked, if the SLO is only there.
fn github(report: &Report<'_>, changes: &[Change], console: &mut Console) {
    for change in changes {
        let words = change.kind.words();
        let mut found = report.found.iter();
        console
            .out
            .line(match found.find(|one| title(one) == change.title) {
                Some(one) => of_slo(one, &words),
                None => annotation(
                    "error",
                    Some((report.file, 1)),
                    "detection",
                    &format!("{}: {words}", change.title),
                ),
            });
    }
}

/// An annotation of an SLO.
fn of_slo(of: &SloDetection, text: &str) -> String {
    let title = format!("detection of {}", title(of));
    annotation("error", Some((&of.file, of.line)), &title, text)
}
