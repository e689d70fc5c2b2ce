//! Printing what differs.

use anstyle::{AnsiColor, Style};
use nth_diff::render::terminal::{Emphasis, TerminalOptions, terminal};
use nth_diff::render::{github, json, sarif, short, summary};
use nth_diff::{Class, Document};

use super::super::console::Console;
use super::super::exit::Failure;
use super::super::options::Format;

/// Prints a comparison on standard output.
///
/// # Errors
///
/// If the document cannot be written.
pub fn print(
    document: &Document,
    format: Format,
    all: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let unwritable =
        |error: serde_json::Error| Failure::io(format!("cannot write the comparison: {error}"));
    match format {
        Format::Human | Format::Junit => {
            let options = TerminalOptions {
                all,
                width: console.out.width,
            };
            for line in terminal(document, &options) {
                let parts: Vec<(Style, &dyn std::fmt::Display)> = line
                    .parts
                    .iter()
                    .map(|part| (style(part.emphasis), &part.text as &dyn std::fmt::Display))
                    .collect();
                console.out.styled_line(&parts);
            }
        }
        Format::Short => console.out.lines(&short::short(document, all)),
        Format::Json => {
            let text = json::json(document).map_err(unwritable)?;
            console.out.text(&(text.trim_end().to_owned() + "\n"));
        }
        Format::Sarif => {
            let text = sarif::sarif(document).map_err(unwritable)?;
            console.out.text(&(text.trim_end().to_owned() + "\n"));
        }
        Format::Github => {
            for line in github::annotations(document) {
                console.out.line(line);
            }
        }
        Format::Markdown => console.out.text(&summary::summary(document).body),
    }
    Ok(())
}

fn style(emphasis: Emphasis) -> Style {
    match emphasis {
        Emphasis::Plain => Style::new(),
        Emphasis::Strong => Style::new().bold(),
        Emphasis::Faint => Style::new().dimmed(),
        Emphasis::Class(class) => match class {
            Class::Silenced => AnsiColor::Red.on_default().bold(),
            Class::Loosened | Class::Unknown => AnsiColor::Yellow.on_default().bold(),
            Class::Paging | Class::History => AnsiColor::Magenta.on_default(),
            Class::Tightened => AnsiColor::Green.on_default(),
            Class::Added | Class::Removed => AnsiColor::Cyan.on_default(),
            Class::Cosmetic => Style::new().dimmed(),
        },
        Emphasis::Before => AnsiColor::Red.on_default(),
        Emphasis::After => AnsiColor::Green.on_default(),
    }
}
