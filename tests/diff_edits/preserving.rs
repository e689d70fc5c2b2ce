//! Edits that keep the meaning of a project.

use std::sync::Arc;

use nthc::compile::SourceInput;
use nthc::syntax::format;
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use regex::{Captures, Regex};

use super::pieces::{body, first_line, is_field, name, split, word};
use super::projects::Project;

/// The names of the edits.
pub const NAMES: [&str; 10] = [
    "format",
    "layout",
    "comments",
    "line ends",
    "items",
    "fields",
    "rename",
    "extract",
    "split",
    "move",
];

/// A number below another one.
pub fn below(rng: &mut TestRng, most: usize) -> usize {
    (rng.next_u64() % most.max(1) as u64) as usize
}

/// One of several things.
pub fn one<'a, T>(rng: &mut TestRng, of: &'a [T]) -> Option<&'a T> {
    of.get(below(rng, of.len()))
}

fn shuffle<T>(rng: &mut TestRng, all: &mut [T]) {
    for last in (1..all.len()).rev() {
        all.swap(last, below(rng, last + 1));
    }
}

/// A random edit and its name; `None` if it finds nothing to edit.
pub fn edit(project: &Project, rng: &mut TestRng) -> Option<(&'static str, Project)> {
    let mut edited = project.clone();
    let name = *one(rng, &NAMES)?;
    let own: Vec<usize> = (0..project.files.len())
        .filter(|file| !project.files[*file].package)
        .collect();
    let any = below(rng, project.files.len());
    let file = *one(rng, &own)?;
    match name {
        "format" => {
            // From another layout back to the one of the formatter, and a line of all fields.
            let text = layout(&project.files[any].text, rng);
            edited.set(any, format(&text)?);
        }
        "layout" => {
            let text = layout(&project.files[any].text, rng);
            edited.set(any, text);
        }
        "comments" => {
            let text = comments(&project.files[any].text, rng);
            edited.set(any, text);
        }
        "line ends" => {
            let text = project.files[any].text.replace('\n', "\r\n");
            edited.set(any, text);
        }
        "items" => {
            let (head, mut pieces) = split(&project.files[any].text, 0);
            let imports = pieces
                .iter()
                .take_while(|one| word(one) == "import")
                .count();
            let (imports, items) = pieces.split_at_mut(imports);
            shuffle(rng, imports);
            shuffle(rng, items);
            edited.set(any, joined(&head, &pieces));
        }
        "fields" => item(&mut edited, rng, |piece, rng| fields(piece, 2, rng))?,
        "rename" => rename(&mut edited, rng)?,
        "extract" => item(&mut edited, rng, |piece, _| extract(piece))?,
        "split" => relocate(&mut edited, file, rng, true)?,
        _ => relocate(&mut edited, file, rng, false)?,
    }
    (edited.texts() != project.texts() || name == "format").then_some((name, edited))
}

/// Edits a random item of the project's own files that can be edited.
fn item(
    project: &mut Project,
    rng: &mut TestRng,
    edit: impl Fn(&str, &mut TestRng) -> Option<String>,
) -> Option<()> {
    let mut files: Vec<usize> = (0..project.files.len())
        .filter(|file| !project.files[*file].package)
        .collect();
    shuffle(rng, &mut files);
    for file in files {
        let (head, mut pieces) = split(&project.files[file].text, 0);
        let mut order: Vec<usize> = (0..pieces.len()).collect();
        shuffle(rng, &mut order);
        for index in order {
            if let Some(edited) = edit(&pieces[index], rng) {
                pieces[index] = edited;
                project.set(file, joined(&head, &pieces));
                return Some(());
            }
        }
    }
    None
}

fn joined(head: &str, pieces: &[String]) -> String {
    format!("{head}\n{}", pieces.join("\n"))
}

/// Calls `edit` with each line that is outside of texts of several lines.
fn lines(text: &str, mut edit: impl FnMut(&str, &mut String)) -> String {
    let (mut edited, mut is_text) = (String::new(), false);
    for line in text.lines() {
        let before = is_text;
        is_text ^= line.matches("\"\"\"").count() % 2 == 1;
        if before || is_text {
            edited.push_str(line);
        } else {
            edit(line, &mut edited);
        }
        edited.push('\n');
    }
    edited
}

fn layout(text: &str, rng: &mut TestRng) -> String {
    lines(text, |line, out| {
        let is_comment = line.trim_start().starts_with("//");
        if !is_comment && below(rng, 4) == 0 {
            out.push_str(&"\n".repeat(1 + below(rng, 3)));
        }
        match below(rng, 3) {
            0 => out.push_str(&format!(
                "{}{}",
                " ".repeat(below(rng, 9)),
                line.trim_start()
            )),
            1 => out.push_str(&format!("\t{line} \t")),
            _ => out.push_str(line),
        }
    })
}

fn comments(text: &str, rng: &mut TestRng) -> String {
    let mut is_documented = false;
    let mut is_first = true;
    lines(text, |line, out| {
        let rest = line.trim_start();
        let is_comment = rest.starts_with("//");
        // The lines that document the file come first, and nothing stands between a block and what documents it.
        is_first &= rest.starts_with("//!");
        if !is_comment && !is_documented && !is_first && below(rng, 3) == 0 {
            out.push_str("// Why: `x` > \"y\" { } /* no */ // and so on.\n");
        }
        is_documented = is_comment;
        out.push_str(line);
        if rest == "}" && below(rng, 3) == 0 {
            out.push_str(" // The end.");
        }
    })
}

/// Reorders the fields and the independent blocks of a random block.
fn fields(piece: &str, indent: usize, rng: &mut TestRng) -> Option<String> {
    let (start, inner, close) = body(piece)?;
    let (head, mut pieces) = split(inner, indent);
    let nested: Vec<usize> = (0..pieces.len())
        .filter(|index| body(&pieces[*index]).is_some())
        .collect();
    if below(rng, 2) == 0
        && let Some(index) = one(rng, &nested)
        && let Some(edited) = fields(&pieces[*index], indent + 2, rng)
    {
        pieces[*index] = edited;
        return Some(format!("{start}{head}{}{close}", pieces.concat()));
    }
    // What is removed or iterated over may be declared again.
    let is_plain = pieces
        .iter()
        .all(|one| is_field(one) || INDEPENDENT.contains(&word(one)));
    let places: Vec<usize> = (0..pieces.len())
        .filter(|index| {
            let piece = &pieces[*index];
            is_field(piece) || is_plain && word(piece) != "in"
        })
        .collect();
    let mut order = places.clone();
    shuffle(rng, &mut order);
    let old = pieces.clone();
    for (place, from) in places.iter().zip(&order) {
        pieces[*place].clone_from(&old[*from]);
    }
    Some(format!("{start}{head}{}{close}", pieces.concat()))
}

/// The blocks whose order says nothing.
const INDEPENDENT: [&str; 8] = [
    "slo",
    "alert",
    "recording",
    "dependency",
    "gate",
    "runbook",
    "support-hours",
    "sli",
];

/// Renames a `let` wherever it is used.
fn rename(project: &mut Project, rng: &mut TestRng) -> Option<()> {
    let declared = Regex::new(r"(?m)^ *let ([\w-]+) =").unwrap();
    let mut names: Vec<String> = Vec::new();
    for file in &project.files {
        let found = declared.captures_iter(&file.text);
        names.extend(found.map(|found| found[1].to_owned()));
    }
    let old = one(rng, &names)?.clone();
    let new = format!("{old}-renamed").replace("-", "_");
    let word = regex::escape(&old);
    // Where names of values stand: what is missed does not compile.
    let uses = Regex::new(&format!(
        r"(?x) (let\ ) {word} (\ =) | (\ in\ (?:lib\.)?) {word} (\ \{{) | (import\ [\w.-]+\.\{{) {word} (\}}) | (regex:\ ) {word} (\)) \
        | (lib\.) {word} () "
    ))
    .unwrap();
    let within = Regex::new(r"\$\{[^}]*\}").unwrap();
    let name = Regex::new(&format!(r"\b{word}\b")).unwrap();
    for file in &mut project.files {
        let text = uses.replace_all(&file.text, |found: &Captures<'_>| {
            let groups: Vec<&str> = found
                .iter()
                .skip(1)
                .flatten()
                .map(|one| one.as_str())
                .collect();
            format!("{}{new}{}", groups[0], groups[1])
        });
        let text = within.replace_all(&text, |found: &Captures<'_>| {
            name.replace_all(&found[0], new.as_str()).into_owned()
        });
        file.text = Arc::from(text.as_ref());
    }
    Some(())
}

/// Makes a template of a service without a base, and the service one of this template.
fn extract(piece: &str) -> Option<String> {
    let line = first_line(piece);
    let (start, inner, close) = body(piece)?;
    let rest = line.strip_prefix("service ")?;
    let (name, base) = match rest.trim_end_matches(['{', ' ']).split_once(" : ") {
        Some((name, base)) => (name, format!(" : {base}")),
        None => (rest.trim_end_matches(['{', ' ']), String::new()),
    };
    let comments = start.strip_suffix(&format!("{line}\n"))?;
    Some(format!(
        "template service extracted{base} {{\n{inner}{close}\n{comments}service {name} : extracted {{\n}}\n"
    ))
}

/// Moves an item, or half of the items, to another file, with its imports.
fn relocate(project: &mut Project, file: usize, rng: &mut TestRng, is_half: bool) -> Option<()> {
    let source = project.files[file].clone();
    let (head, pieces) = split(&source.text, 0);
    let (imports, items): (Vec<String>, Vec<String>) =
        pieces.into_iter().partition(|one| word(one) == "import");
    let mut order: Vec<usize> = (0..items.len()).collect();
    shuffle(rng, &mut order);
    order.truncate(if is_half { items.len().div_ceil(2) } else { 1 });
    let is_moved = |index: &usize| order.contains(index);
    let of = |moved: bool| -> Vec<&String> {
        let chosen = (0..items.len()).filter(|index| is_moved(index) == moved);
        chosen.map(|index| &items[index]).collect()
    };
    let (moved, kept) = (of(true), of(false));
    let names = |all: &[&String]| -> Vec<String> {
        all.iter()
            .filter_map(|one| name(one))
            .map(str::to_owned)
            .collect()
    };
    let (moved_names, kept_names) = (names(&moved), names(&kept));
    let module = "elsewhere.part";
    // Imports of one name, or of a module of one item, lead to the new file.
    for other in &mut project.files {
        let mut text = other.text.to_string();
        for name in &moved_names {
            let old = format!("import {}.{{{name}}}\n", source.module);
            text = text.replace(&old, &format!("import {module}.{{{name}}}\n"));
        }
        if let ([only], true) = (moved_names.as_slice(), kept.is_empty()) {
            let old = format!("import {}\n", source.module);
            text = text.replace(&old, &format!("import {module}.{{{only}}}\n"));
        }
        other.text = Arc::from(text);
    }
    let import = |module: &str, names: &[String]| match names.is_empty() {
        true => String::new(),
        false => format!("import {module}.{{{}}}\n", names.join(", ")),
    };
    let text = |all: &[&String]| all.iter().map(|one| format!("\n{one}")).collect::<String>();
    let shared = imports.concat();
    project.set(
        file,
        format!(
            "{head}{shared}{}{}",
            import(module, &moved_names),
            text(&kept)
        ),
    );
    let back = import(&source.module, &kept_names);
    project.files.push(SourceInput {
        module: module.to_owned(),
        path: "elsewhere/part.nth".to_owned(),
        text: Arc::from(format!("{shared}{back}{}", text(&moved))),
        package: false,
    });
    (!moved.is_empty()).then_some(())
}
