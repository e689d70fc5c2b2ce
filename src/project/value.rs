//! Reads a value by the declaration of its setting: checks its type and bounds, and suggests a valid value.

use toml::Spanned;
use toml::de::DeValue;

use super::table::{Findings, Located, into_string, into_table, kind_of};
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes, suggest, text};
use crate::ir::Duration;
use crate::ir::settings::texts::{TextRule, parse_duration};
use crate::ir::settings::{Choices, Kind, Value};

/// Reads the value of the setting at `path`; `None` if it is invalid, which is reported.
pub(super) fn read(
    path: &str,
    kind: &Kind,
    value: Spanned<DeValue<'_>>,
    findings: &mut Findings,
) -> Option<Value> {
    match kind {
        Kind::Boolean => boolean(path, value, findings).map(Value::Boolean),
        Kind::Count => positive_integer(path, value, findings).map(Value::Count),
        Kind::Text(rule) => {
            let text = into_string(path, value, findings)?;
            check_text(path, rule, text, findings).map(Value::Text)
        }
        Kind::Texts(rule) => read_items(path, value, findings, |path, item, findings| {
            let text = into_string(path, item, findings)?;
            check_text(path, rule, text, findings)
        })
        .map(Value::Texts),
        Kind::Duration { most, because } => {
            let text = into_string(path, value, findings)?;
            check_duration(path, *most, because, text, findings).map(Value::Text)
        }
        Kind::Choice(choices) => {
            let text = into_string(path, value, findings)?;
            choose(choices, text, findings).map(Value::Text)
        }
        Kind::ChoiceList(choices) => {
            let span = findings.span(value.span());
            let before = findings.diagnostics.len();
            let chosen = read_items(path, value, findings, |path, item, findings| {
                let text = into_string(path, item, findings)?;
                choose(choices, text, findings)
            })?;
            if chosen.is_empty() {
                if findings.diagnostics.len() == before {
                    let message = format!("`{path}` must not be empty");
                    let diagnostic = Diagnostic::new(&codes::PROJECT_BAD_SETTING, message, span);
                    let help = "remove it for the default, or list at least one value";
                    findings.diagnostics.push(diagnostic.help(help));
                }
                return None;
            }
            Some(Value::Texts(chosen))
        }
        Kind::Labels => {
            let span = value.span();
            let mut table = into_table(path, span, value, findings)?;
            let entries = table.drain(findings).into_iter();
            let labels = entries.filter_map(|(name, value)| {
                let path = format!("{path}.{}", name.value);
                into_string(&path, value, findings).map(|text| (name.value, text.value))
            });
            Some(Value::Labels(labels.collect()))
        }
    }
}

fn boolean(path: &str, value: Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<bool> {
    let span = findings.span(value.span());
    match value.into_inner() {
        DeValue::Boolean(value) => Some(value),
        other => {
            findings.bad_value(
                span,
                format!("`{path}` must be `true` or `false`"),
                format!("found {}", kind_of(&other)),
            );
            None
        }
    }
}

/// Reads an integer above zero.
fn positive_integer(
    path: &str,
    value: Spanned<DeValue<'_>>,
    findings: &mut Findings,
) -> Option<usize> {
    let span = findings.span(value.span());
    let value = value.into_inner();
    let number = match &value {
        DeValue::Integer(integer) => usize::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    };
    let number = number.filter(|number| *number > 0);
    if number.is_none() {
        findings.bad_value(
            span,
            format!("`{path}` must be a positive integer"),
            format!("found {}", kind_of(&value)),
        );
    }
    number
}

/// Reads the items of a list with `read`, which gets their paths. Items that `read` rejects are skipped.
fn read_items(
    path: &str,
    value: Spanned<DeValue<'_>>,
    findings: &mut Findings,
    read: impl Fn(&str, Spanned<DeValue<'_>>, &mut Findings) -> Option<String>,
) -> Option<Vec<String>> {
    let span = findings.span(value.span());
    match value.into_inner() {
        DeValue::Array(items) => {
            let items = items.into_iter().enumerate();
            let read =
                items.filter_map(|(index, item)| read(&format!("{path}[{index}]"), item, findings));
            Some(read.collect())
        }
        other => {
            findings.bad_value(
                span,
                format!("`{path}` must be a list of strings"),
                format!("found {}", kind_of(&other)),
            );
            None
        }
    }
}

fn check_text(
    path: &str,
    rule: &TextRule,
    text: Located<String>,
    findings: &mut Findings,
) -> Option<String> {
    if let Some((longest, reader)) = rule.longest {
        let length = text.value.chars().count();
        if length > longest {
            // The text may be an item of a list; the error names the list.
            let path = path.split('[').next().unwrap_or(path);
            findings.bad_value(
                text.span,
                format!("`{path}` is too long: {reader} allows at most {longest} characters"),
                format!("{length} characters"),
            );
            return None;
        }
    }
    let Some(label) = (rule.problem)(&text.value) else {
        return Some(match rule.drops_slash {
            true => text.value.trim_end_matches('/').to_owned(),
            false => text.value,
        });
    };
    let message = rule
        .message
        .replace("{path}", &format!("`{path}`"))
        .replace("{value}", &format!("{:?}", text.value));
    let mut diagnostic =
        Diagnostic::new(&codes::PROJECT_BAD_SETTING, message, text.span).label(label);
    if let Some(help) = rule.help {
        diagnostic = diagnostic.help(help);
    }
    if let Some(better) = rule.repair.and_then(|repair| repair(&text.value)) {
        diagnostic = offer_replacement(diagnostic, text.span, &better);
    }
    findings.diagnostics.push(diagnostic);
    None
}

/// Checks that a duration is above zero and at most `most`, for the reason `because`.
fn check_duration(
    path: &str,
    most: Duration,
    because: &str,
    text: Located<String>,
    findings: &mut Findings,
) -> Option<String> {
    match parse_duration(&text.value) {
        Some(Duration(0)) => {
            findings.bad_value(text.span, format!("`{path}` must be above zero"), "");
        }
        Some(duration) if duration > most => findings.bad_value(
            text.span,
            format!("`{path}` must be at most {}", most.to_human()),
            because,
        ),
        Some(_) => return Some(text.value),
        None => findings.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                format!("`{path}` must be a duration"),
                text.span,
            )
            .label("not a duration")
            .help("write a Prometheus duration: `30s`, `1m`, `1m30s`"),
        ),
    }
    None
}

/// Reads one of the choices.
fn choose(choices: &Choices, text: Located<String>, findings: &mut Findings) -> Option<String> {
    let names = || choices.all.iter().map(|choice| choice.name);
    if names().any(|name| name == text.value) {
        return Some(text.value);
    }
    let help = match choices.help {
        Some(help) => help.to_owned(),
        None => format!("use {}", list_choices(names())),
    };
    let mut diagnostic = Diagnostic::new(
        &codes::PROJECT_BAD_SETTING,
        format!("{} {:?}", choices.unknown, text.value),
        text.span,
    )
    .label(choices.label)
    .help(help);
    if let Some(near) = nearest_choice(&text.value, choices) {
        diagnostic = offer_replacement(diagnostic, text.span, near);
    }
    findings.diagnostics.push(diagnostic);
    None
}

/// Returns the choice that was probably meant: one with a similar name, or the only one that shares a word with the text, as
/// `prometheus-rule` does with `PrometheusRule`.
fn nearest_choice(text: &str, choices: &Choices) -> Option<&'static str> {
    let names = || choices.all.iter().map(|choice| choice.name);
    let lower = text.to_ascii_lowercase();
    let near = suggest::nearest(text, names());
    near.or_else(|| {
        let mut sharing = names().filter(|name| {
            let mut words = name.split('-').filter(|word| word.len() >= 4);
            words.any(|word| lower.contains(word))
        });
        // If several choices share a word, none is suggested.
        sharing.next().filter(|_| sharing.next().is_none())
    })
}

/// Lists names as alternatives: "`json` or `configmap`".
fn list_choices(names: impl Iterator<Item = &'static str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    text::list(&quoted, "or")
}

/// Adds a fix that replaces the string at `span`.
fn offer_replacement(
    diagnostic: Diagnostic<FileSpan>,
    span: FileSpan,
    text: &str,
) -> Diagnostic<FileSpan> {
    diagnostic.fix(
        format!("Replace with `{text}`"),
        span,
        format!("\"{text}\""),
        Applicability::Maybe,
    )
}
