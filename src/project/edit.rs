//! Completion and hover in an `nth.toml`, from the declarations of its settings.
//!
//! Offsets are bytes of the text, which need not be complete or valid TOML.

mod place;

use std::ops::Range;

use nth_diff::ChangeId;

use super::schema::{DEPENDENCIES_DOC, DIFF_DOC, LINTS_DOC, PATH_DOC, warnings};
use crate::ir::settings::{DestinationTable, Kind, Setting, SettingsTable as _, TABLES, Table};
use crate::suppressions::Level;
use place::{Place, PlaceKind, SetKey, find};

/// A completion item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The name in the list.
    pub label: String,
    /// The kind of item.
    pub kind: CompletionKind,
    /// A short description, such as the type and the default of a key.
    pub detail: String,
    /// The documentation in Markdown; empty if there is none.
    pub doc: String,
    /// The bytes that are replaced.
    pub range: Range<usize>,
    /// The new text.
    pub text: String,
}

/// The kind of a [`Completion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// A table.
    Table,
    /// A key.
    Key,
    /// A value.
    Value,
}

/// The documentation of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The bytes that it is about.
    pub range: Range<usize>,
    /// The documentation in Markdown.
    pub doc: String,
}

/// Returns the completions at the byte `offset`: tables and keys that are not set yet, and values.
pub fn complete(text: &str, offset: usize) -> Vec<Completion> {
    let (Some(place), known) = find(text, offset) else {
        return Vec::new();
    };
    // The key at the place itself does not count as set.
    let is_set = |table: &[String], key: &str| {
        let is_it =
            |known: &SetKey| known.table == table && known.key == key && known.range != place.word;
        known.iter().any(is_it)
    };
    match &place.kind {
        PlaceKind::Header => tables(&place, &is_set, ""),
        PlaceKind::Key { table, has_value } => {
            let (table, path): (&[String], Vec<&str>) =
                (table, table.iter().map(String::as_str).collect());
            let end = if *has_value { "" } else { " = " };
            match path.as_slice() {
                [] => tables(&place, &is_set, if *has_value { "" } else { "[" }),
                ["lints"] => warnings()
                    .filter(|code| !is_set(table, code.slug) && !is_set(table, code.id))
                    .map(|code| Completion {
                        label: code.slug.to_owned(),
                        kind: CompletionKind::Key,
                        detail: code.id.to_owned(),
                        doc: code.summary.to_owned(),
                        range: place.word.clone(),
                        text: format!("{}{end}", code.slug),
                    })
                    .collect(),
                ["diff"] => ChangeId::ALL
                    .into_iter()
                    .filter(|id| !is_set(table, id.name()))
                    .map(|id| Completion {
                        label: id.name().to_owned(),
                        kind: CompletionKind::Key,
                        detail: id.class().name().to_owned(),
                        doc: id.info().summary.to_owned(),
                        range: place.word.clone(),
                        text: format!("{id}{end}"),
                    })
                    .collect(),
                ["dependencies", _] if !is_set(table, "path") => vec![Completion {
                    label: "path".to_owned(),
                    kind: CompletionKind::Key,
                    detail: "string".to_owned(),
                    doc: PATH_DOC.to_owned(),
                    range: place.word.clone(),
                    text: format!("path{end}"),
                }],
                path => find_path(path).map_or(Vec::new(), |of| {
                    of.settings
                        .iter()
                        .filter(|setting| !is_set(table, setting.key))
                        .map(|setting| Completion {
                            label: setting.key.to_owned(),
                            kind: CompletionKind::Key,
                            detail: describe_setting(of, setting),
                            doc: setting.doc.trim().to_owned(),
                            range: place.word.clone(),
                            text: format!("{}{end}", setting.key),
                        })
                        .collect()
                }),
            }
        }
        PlaceKind::Value { path, in_list } => values(&place, path, *in_list),
    }
}

/// Returns the documentation of the word at the byte `offset`; `None` between words and for unknown names.
pub fn hover(text: &str, offset: usize) -> Option<Hover> {
    let (place, _) = find(text, offset);
    let place = place.filter(|place| !place.word.is_empty())?;
    let word = text.get(place.word.clone())?;
    let name = word.trim_matches(['"', '\'']);
    let doc = match &place.kind {
        PlaceKind::Header => table_doc(name)?.to_owned(),
        PlaceKind::Key { table, .. } => {
            let path: Vec<&str> = table.iter().map(String::as_str).collect();
            match path.as_slice() {
                [] => table_doc(name)?.to_owned(),
                path => key_doc(path, name)?,
            }
        }
        PlaceKind::Value { path, .. } => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let (key, table) = path.split_last()?;
            let choice = setting_at(table, key).and_then(|(_, setting)| {
                let mut choices = setting.kind.choices().iter();
                choices.find(|choice| choice.name == name)
            });
            match choice {
                Some(choice) => format!("`\"{}\"`: {}", choice.name, choice.doc.trim()),
                None => key_doc(table, key)?,
            }
        }
    };
    Some(Hover {
        range: place.word,
        doc,
    })
}

/// Returns the tables that do not exist yet. `open` is the text before their names.
fn tables(place: &Place, is_set: &dyn Fn(&[String], &str) -> bool, open: &str) -> Vec<Completion> {
    let names = TABLES.iter().map(|table| table.name);
    names
        .chain(["lints", "diff", "dependencies", "destinations"])
        .filter(|name| !is_set(&[], name))
        .map(|name| Completion {
            label: name.to_owned(),
            kind: CompletionKind::Table,
            detail: "table".to_owned(),
            doc: table_doc(name).unwrap_or_default().to_owned(),
            range: place.word.clone(),
            text: match open {
                "" => name.to_owned(),
                open => format!("{open}{name}]"),
            },
        })
        .collect()
}

/// Returns the values of a key.
fn values(place: &Place, path: &[String], in_list: bool) -> Vec<Completion> {
    let value = |text: String, detail: &str, doc: &str| Completion {
        label: text.clone(),
        kind: CompletionKind::Value,
        detail: detail.to_owned(),
        doc: doc.to_owned(),
        range: place.word.clone(),
        text,
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some((key, table)) = path.split_last() else {
        return Vec::new();
    };
    if table == ["lints"] || table == ["diff"] {
        let words = Level::WORDS.iter();
        return words
            .map(|(word, _)| value(format!("\"{word}\""), "level", ""))
            .collect();
    }
    let Some((table, setting)) = setting_at(table, key) else {
        return Vec::new();
    };
    let default = (table.default)(setting.key).filter(|_| setting.unset.is_none());
    let default = default.map(|default| default.to_string());
    let detail = |text: &str| match default.as_deref() == Some(text) {
        true => "default",
        false => "",
    };
    match &setting.kind {
        Kind::Boolean => ["true", "false"]
            .map(|text| value(text.to_owned(), detail(text), ""))
            .to_vec(),
        Kind::ChoiceList(_) if !in_list => {
            let text = setting.sample(table).into_iter();
            text.map(|text| value(text.clone(), detail(&text), ""))
                .collect()
        }
        Kind::Choice(choices) | Kind::ChoiceList(choices) => choices
            .all
            .iter()
            .map(|choice| {
                let text = format!("{:?}", choice.name);
                let detail = detail(&text);
                value(text, detail, choice.doc.trim())
            })
            .collect(),
        _ if in_list => Vec::new(),
        _ => {
            let text = setting.sample(table).into_iter();
            text.map(|text| {
                let detail = match detail(&text) {
                    "" => "example",
                    detail => detail,
                };
                value(text, detail, "")
            })
            .collect()
        }
    }
}

fn find_table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// The declaration of each destination.
const DESTINATION: &Table = &DestinationTable::TABLE;

/// Returns the declaration of a table by its path.
fn find_path(path: &[&str]) -> Option<&'static Table> {
    match path {
        [name] => find_table(name),
        ["destinations", _] => Some(DESTINATION),
        _ => None,
    }
}

/// Returns the declaration of a key, with its table.
fn setting_at(table: &[&str], key: &str) -> Option<(&'static Table, &'static Setting)> {
    let table = find_path(table)?;
    let mut settings = table.settings.iter();
    let setting = settings.find(|setting| setting.key == key)?;
    Some((table, setting))
}

fn table_doc(name: &str) -> Option<&'static str> {
    match name {
        "lints" => Some(LINTS_DOC),
        "diff" => Some(DIFF_DOC),
        "dependencies" => Some(DEPENDENCIES_DOC),
        "destinations" => Some(DESTINATION.doc.trim()),
        name => find_table(name).map(|table| table.doc.trim()),
    }
}

/// Returns the documentation of a key, with its type and default.
fn key_doc(table: &[&str], key: &str) -> Option<String> {
    match table {
        ["lints"] => {
            let code = warnings().find(|code| code.slug == key || code.id == key)?;
            Some(format!("**{} {}**\n\n{}", code.id, code.slug, code.summary))
        }
        ["diff"] => {
            let info = ChangeId::from_name(key)?.info();
            Some(format!(
                "**{}** ({})\n\n{} {}",
                info.name,
                info.class.name(),
                info.summary,
                info.advice
            ))
        }
        ["dependencies"] => Some(DEPENDENCIES_DOC.to_owned()),
        ["destinations"] => Some(DESTINATION.doc.trim().to_owned()),
        ["dependencies", _] if key == "path" => Some(PATH_DOC.to_owned()),
        table => {
            let (table, setting) = setting_at(table, key)?;
            let doc = setting.doc.trim();
            Some(format!("{doc}\n\n{}", describe_setting(table, setting)))
        }
    }
}

/// Describes the type, the bounds and the default of a setting on one line.
fn describe_setting(table: &Table, setting: &Setting) -> String {
    let mut facts = setting.kind.type_name().to_owned();
    if let Some(bounds) = setting.kind.bounds() {
        facts.push_str(&format!(", {bounds}"));
    }
    if setting.is_required {
        facts.push_str(", required");
    } else if let Some(unset) = setting.unset {
        facts.push_str(&format!(", default: {unset}"));
    } else if let Some(default) = (table.default)(setting.key) {
        facts.push_str(&format!(", default: `{default}`"));
    }
    facts
}

#[cfg(test)]
mod tests;
