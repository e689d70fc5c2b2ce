//! Every name of the examples and of the standard library, given another name and its own again.
//!
//! With the new name the project's diagnostics are the same, and with the old one its text is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use nth_lsp::navigation::Names;
use nth_lsp::navigation::rename::Edit;
use nthc::compile::SourceInput;
use nthc::db::{Database, Span};
use nthc::session::{Configuration, STANDARD_LIBRARY, Session};

/// A name that nothing is called.
const FRESH: &str = "qq-fresh-name";

/// One for a metric.
const FRESH_METRIC: &str = "qq:fresh_name";

/// What nobody may rename, and why, in the words of the refusals.
const REFUSALS: &[&str] = &[
    "belongs to the standard library",
    "belongs to another package",
    "a module is called like its file",
    "means the ",
    "is a word of the language",
    "put together from values",
    "the manifest names",
    "is what Prometheus calls the metric",
];

struct Project {
    inputs: Vec<SourceInput>,
    configuration: Option<Configuration>,
}

impl Project {
    fn load(folder: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(folder);
        let loaded = nthc::project::load(&folder, &folder).unwrap();
        assert!(loaded.diagnostics.is_empty());
        let configuration = Configuration::new(
            &loaded.project.settings,
            loaded.project.catalogue,
            loaded.project.levels,
        );
        let inputs = loaded.project.files.into_iter().map(|file| SourceInput {
            module: file.module,
            path: file.shown,
            text: file.text,
            package: file.package.is_some(),
        });
        Self {
            inputs: inputs.collect(),
            configuration: Some(configuration),
        }
    }

    /// The standard library as if it were somebody's project. Its prelude stays what it is.
    fn library() -> Self {
        let modules = STANDARD_LIBRARY
            .iter()
            .filter(|(name, _)| *name != "std.prelude");
        let inputs = modules.map(|(name, text)| {
            let module = name.replace("std.", "own.");
            SourceInput {
                path: format!("{}.nth", module.replace('.', "/")),
                module,
                text: Arc::from(text.replace("import std.", "import own.")),
                package: false,
            }
        });
        Self {
            inputs: inputs.collect(),
            configuration: None,
        }
    }

    fn session(&self) -> Session {
        let mut session = Session::new(Database::default(), &self.inputs);
        if let Some(configuration) = &self.configuration {
            session.configure(configuration);
        }
        session
    }

    fn edited(&self, session: &Session, edits: &[Edit]) -> Self {
        let mut inputs = self.inputs.clone();
        for edit in edits.iter().rev() {
            let place = session
                .files()
                .iter()
                .position(|file| *file == edit.file)
                .unwrap();
            let range = edit.range.start as usize..edit.range.end as usize;
            let mut text = inputs[place].text.to_string();
            text.replace_range(range, &edit.text);
            inputs[place].text = text.into();
        }
        Self {
            inputs,
            configuration: self.configuration.clone(),
        }
    }
}

/// Codes and lines: words and columns have the name in them. A file's diagnostics are in the order of its text.
fn diagnostics(session: &Session) -> Vec<String> {
    let found = session.check(None);
    let mut shown: Vec<String> = found
        .diagnostics
        .iter()
        .map(|one| {
            let file = found.sources.file(one.primary.span.file).unwrap();
            let line = file.text[..one.primary.span.start].matches('\n').count();
            format!("{} {}:{line}", one.code.id, file.path)
        })
        .collect();
    shown.sort();
    shown
}

/// Tries every name once, and tells how many were given another.
fn try_all(project: &Project, every: usize) -> usize {
    let session = project.session();
    let names = Names::of(&session);
    let before = diagnostics(&session);
    // A name's uses are renamed together, so one of them is enough; each group of uses is tried from where it is declared.
    let mut subjects: BTreeMap<(usize, u32), String> = BTreeMap::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    for (number, file) in session.files().iter().enumerate() {
        if file.package(&session.db) {
            continue;
        }
        for (item, _) in names.items(*file) {
            for name in &names.notes(item).names {
                let span = Span {
                    item,
                    range: name.range,
                };
                let start = names.absolute(span).start;
                match names.prepare_rename(*file, start) {
                    Ok(prepared) if name.declares => {
                        subjects.insert((number, start), prepared.name);
                    }
                    Ok(_) => {}
                    Err(reason) => {
                        let known = REFUSALS.iter().any(|known| reason.contains(known));
                        assert!(known, "{}: {reason}", names.called(span));
                        refused.insert(reason);
                    }
                }
            }
        }
    }
    let mut renamed = 0;
    let mut failures = String::new();
    for ((number, start), name) in subjects.iter().step_by(every) {
        let file = session.files()[*number];
        let fresh = match name.contains(':') {
            true => FRESH_METRIC,
            false => FRESH,
        };
        let edits = match names.rename(file, *start, fresh) {
            Ok(edits) => edits,
            Err(reason) => {
                writeln!(failures, "{name} in {}: {reason}", file.path(&session.db)).unwrap();
                continue;
            }
        };
        assert!(!edits.is_empty(), "{name}");
        let there = project.edited(&session, &edits);
        let other = there.session();
        let after = diagnostics(&other);
        if after != before {
            writeln!(
                failures,
                "{name} in {}: other diagnostics: {after:?}",
                file.path(&session.db)
            )
            .unwrap();
        }
        // The place of the declaration has moved by what was edited before it.
        let shift: i64 = edits
            .iter()
            .filter(|edit| edit.file == file && edit.range.end <= *start)
            .map(|edit| edit.text.len() as i64 - i64::from(edit.range.len()))
            .sum();
        let moved = u32::try_from(i64::from(*start) + shift).unwrap();
        let back = match Names::of(&other).rename(other.files()[*number], moved, name) {
            Ok(back) => back,
            Err(reason) => {
                writeln!(
                    failures,
                    "back to {name} in {}: {reason}",
                    file.path(&session.db)
                )
                .unwrap();
                continue;
            }
        };
        let again = there.edited(&other, &back);
        for (own, again) in project.inputs.iter().zip(&again.inputs) {
            if own.text != again.text {
                writeln!(failures, "{name}: {} is not as it was", own.path).unwrap();
            }
        }
        renamed += 1;
    }
    assert!(failures.is_empty(), "{failures}");
    renamed
}

#[test]
fn names_of_the_shop() {
    let renamed = try_all(&Project::load("shop"), 1);
    assert!(renamed > 50, "{renamed}");
}

#[test]
fn names_of_the_platform() {
    let renamed = try_all(&Project::load("platform"), 1);
    assert!(renamed > 20, "{renamed}");
}

#[test]
fn names_of_the_standard_library() {
    let renamed = try_all(&Project::library(), 10);
    assert!(renamed > 50, "{renamed}");
}
