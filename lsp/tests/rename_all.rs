//! Every name of the examples and of the standard library, given another name and its own again.
//!
//! With the new name the project's diagnostics are the same, and with the old one its text is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nth_ide::navigation::Names;
use nthc::compile::SourceInput;
use nthc::db::{Database, SourceFile, Span};
use nthc::session::{Configuration, STANDARD_LIBRARY, Session};

/// What nobody may rename, and why, in the words of the refusals.
const REFUSALS: &[&str] = &[
    "is declared in the standard library",
    "belongs to another package",
    "a module is called like its file",
    "means the ",
    "is a keyword",
    "computed from values",
    "the manifest names",
    "is a metric name of Prometheus",
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

/// A declaration by its place among those of its item: new names do not move it.
#[derive(Debug, Clone, Copy)]
struct Subject {
    file: usize,
    item: usize,
    number: usize,
}

/// The declarations of the project's own files.
fn subjects(session: &Session) -> Vec<Subject> {
    let names = Names::new(session);
    let mut subjects = Vec::new();
    for (file, source) in session.files().iter().enumerate() {
        if source.package(&session.db) {
            continue;
        }
        for (item, (key, _)) in names.items(*source).enumerate() {
            let count = names
                .notes(key)
                .names
                .iter()
                .filter(|name| name.declares)
                .count();
            subjects.extend((0..count).map(|number| Subject { file, item, number }));
        }
    }
    subjects
}

/// Where a declaration is now.
fn place(session: &Session, subject: Subject) -> (SourceFile, u32) {
    let names = Names::new(session);
    let file = session.files()[subject.file];
    let (item, _) = names.items(file).nth(subject.item).unwrap();
    let notes = names.notes(item);
    let mut declared = notes.names.iter().filter(|name| name.declares);
    let range = declared.nth(subject.number).unwrap().range;
    (file, names.absolute(Span { item, range }).start)
}

/// Renames a declaration, and gives its old name; `None` where it may not be renamed.
fn rename(
    session: &mut Session,
    subject: Subject,
    new: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let (file, start) = place(session, subject);
    let names = Names::new(session);
    let old = match names.prepare_rename(file, start) {
        Ok(prepared) => prepared.name,
        Err(reason) => {
            let reason = reason.to_string();
            let known = REFUSALS.iter().any(|known| reason.contains(known));
            assert!(known, "{reason}");
            return None;
        }
    };
    let new = new(&old)?;
    let edits = match names.rename(file, start, &new) {
        Ok(edits) => edits,
        Err(reason) => panic!("{old} in {} to {new}: {reason}", file.path(&session.db)),
    };
    assert!(!edits.is_empty(), "{old}");
    let mut texts: BTreeMap<usize, String> = BTreeMap::new();
    for edit in edits.iter().rev() {
        let place = session
            .files()
            .iter()
            .position(|file| *file == edit.file)
            .unwrap();
        let text = texts
            .entry(place)
            .or_insert_with(|| edit.file.text(&session.db).to_string());
        text.replace_range(
            edit.range.start as usize..edit.range.end as usize,
            &edit.text,
        );
    }
    for (place, text) in texts {
        let file = session.files()[place];
        session.edit(file, text.into());
    }
    Some(old)
}

/// Gives every name, or one of so many, another, and then all their own again; tells how many there were.
fn try_all(project: &Project, every: usize) -> usize {
    let mut session = project.session();
    let before = diagnostics(&session);
    let mut renamed: Vec<(Subject, String)> = Vec::new();
    for (number, subject) in subjects(&session).into_iter().enumerate().step_by(every) {
        let old = rename(&mut session, subject, |old| match old {
            // It is one with an earlier one.
            old if old.starts_with("qq") => None,
            old if old.contains(':') => Some(format!("qq:{number}")),
            _ => Some(format!("qq-{number}")),
        });
        renamed.extend(old.map(|old| (subject, old)));
    }
    assert_eq!(diagnostics(&session), before);
    for (subject, old) in renamed.iter().rev() {
        rename(&mut session, *subject, |_| Some(old.clone()));
    }
    for (input, file) in project.inputs.iter().zip(session.files()) {
        assert_eq!(*file.text(&session.db), input.text, "{}", input.path);
    }
    renamed.len()
}

#[test]
fn names_of_the_shop() {
    let renamed = try_all(&Project::load("shop"), 2);
    assert!(renamed > 30, "{renamed}");
}

#[test]
fn names_of_the_platform() {
    let renamed = try_all(&Project::load("platform"), 1);
    assert!(renamed > 20, "{renamed}");
}

#[test]
fn names_of_the_standard_library() {
    let renamed = try_all(&Project::library(), 25);
    assert!(renamed > 30, "{renamed}");
}
