//! Decisions as tables for people.

use anstyle::{AnsiColor, Style};

use super::console::Console;
use nthc::policy::{Check, Decision, Effect, Outcome, Verdict};

/// The header of the table.
const HEAD: [&str; 6] = ["rule", "condition", "value", "limit", "holds", ""];

/// Prints what each rule compares, and the decision.
pub fn show(decision: &Decision, console: &mut Console) {
    let mut rows: Vec<[String; 6]> = vec![HEAD.map(str::to_owned)];
    for rule in &decision.rules {
        let effect = match rule.effect {
            Effect::Deny => "deny",
            Effect::Warn => "warn",
        };
        let outcome = match rule.outcome {
            Outcome::Pass => "passes",
            Outcome::Warn => "warns",
            Outcome::Deny => "denies",
            Outcome::Overridden => "overridden",
        };
        for (place, check) in rule.checks.iter().enumerate() {
            let holds = match check.holds {
                Some(true) => "yes",
                Some(false) => "no",
                None => "no data",
            };
            let first = |text: String| if place == 0 { text } else { String::new() };
            rows.push([
                first(format!("{effect} {}", rule.name)),
                check.condition.clone(),
                value(check),
                check.limit.clone(),
                holds.to_owned(),
                first(outcome.to_owned()),
            ]);
        }
    }
    let of = match &decision.environment {
        Some(environment) => format!(" in {environment}"),
        None => String::new(),
    };
    console.out.line(format_args!(
        "{} / {}{of}, at {}",
        decision.service, decision.gate, decision.at
    ));
    console.out.line("");
    table(&rows, console);
    console.out.line("");
    let (word, color) = match decision.found {
        Verdict::Allow => ("allowed", AnsiColor::Green),
        Verdict::Warn => ("allowed with a warning", AnsiColor::Yellow),
        Verdict::Deny => ("denied", AnsiColor::Red),
    };
    let style: Style = color.on_default().bold();
    let dry = if decision.dry_run && decision.found != Verdict::Allow {
        "allowed (dry run; would be "
    } else {
        ""
    };
    console
        .out
        .styled_line(&[(Style::new(), &dry), (style, &word)]);
    for reason in &decision.reasons {
        console.out.line(format_args!("  {reason}"));
    }
    for note in &decision.notes {
        console.out.line(format_args!("  note: {note}"));
    }
}

/// Formats a measured value, with the direction of its possible error if only a part of the window has data.
fn value(check: &Check) -> String {
    let Some(value) = &check.value else {
        return "-".to_owned();
    };
    let own = check
        .known
        .iter()
        .find(|known| known.fact == check.condition);
    match own {
        Some(known) => format!("{} {value}", known.bound.words()),
        None => value.clone(),
    }
}

/// Prints rows in columns that are as wide as their widest cell.
pub fn table<const N: usize>(rows: &[[String; N]], console: &mut Console) {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        console.out.line(line.trim_end());
    }
}
