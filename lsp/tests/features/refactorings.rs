//! Other ways to write the same build the same: every such action at every place of `examples/shop`, or a fixed choice
//! of them, and then each artifact of the project, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use nthc::compile::{Build as _, Input, session};
use nthc::db::SourceFile;
use nthc::session::Session;
use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::TextRange;

use crate::support::{Editor, Fixture, capabilities, position};

fn examples() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    path.canonicalize().unwrap()
}

/// Both example projects, side by side as they are in the repository.
fn fixture() -> Fixture {
    let mut files = BTreeMap::new();
    let mut folders = vec![examples().join("shop"), examples().join("platform")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_source = path
                .extension()
                .is_some_and(|end| end == "nth" || end == "toml" || end == "lock");
            if path.is_dir() {
                folders.push(path);
            } else if is_source {
                let name = path.strip_prefix(examples()).unwrap();
                let name = name.to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    Fixture {
        files,
        file: "shop/services/checkout.nth".to_owned(),
        marks: vec![0],
    }
}

/// The project as the command builds it, to be built again after edits.
struct Build {
    session: Session,
    input: Input,
    files: BTreeMap<String, SourceFile>,
    before: BTreeMap<String, String>,
}

impl Build {
    fn new() -> Self {
        let root = examples().join("shop");
        let loaded = nthc::project::load(&root, &root).unwrap();
        let input = loaded.project.input(None);
        let session = session(&input);
        let paths = loaded.project.files.iter().map(|file| {
            let name = file.path.strip_prefix(examples()).unwrap();
            name.to_string_lossy().replace('\\', "/")
        });
        let files = paths.zip(session.files().iter().copied()).collect();
        let mut build = Self {
            session,
            input,
            files,
            before: BTreeMap::new(),
        };
        build.before = build.artifacts();
        assert!(build.before.len() > 50, "{}", build.before.len());
        build
    }

    fn artifacts(&self) -> BTreeMap<String, String> {
        let built = self.session.compile(&self.input);
        let wrong: Vec<&String> = built
            .diagnostics
            .iter()
            .map(|found| &found.message)
            .collect();
        assert_eq!(wrong, Vec::<&String>::new());
        let artifacts = built.artifacts.into_iter();
        artifacts
            .map(|artifact| (artifact.path, artifact.contents))
            .collect()
    }

    /// Asserts that the project builds the same with another text of a file.
    fn is_same_with(&mut self, file: &str, text: &str, what: &str) {
        let source = self.files[file];
        let before = source.text(&self.session.db).clone();
        self.session.edit(source, text.into());
        let now = self.artifacts();
        for (path, content) in &self.before {
            assert_eq!(now.get(path), Some(content), "{path} after {what}:\n{text}");
        }
        assert_eq!(now.len(), self.before.len(), "after {what}:\n{text}");
        self.session.edit(source, before);
    }
}

/// Every `step`th of some places of the shop's sources: what is offered there of these kinds and wanted is done, and the
/// project built. Gives how often each was.
fn tried(
    kinds: &[&str],
    is_wanted: impl Fn(&str) -> bool,
    places: impl Fn(&str, &[Part]) -> Vec<TextRange>,
    step: usize,
) -> BTreeMap<String, usize> {
    let mut editor = Editor::start(fixture(), json!({ "capabilities": capabilities() }));
    let mut build = Build::new();
    let mut done: BTreeMap<String, usize> = BTreeMap::new();
    let files: Vec<String> = editor
        .fixture
        .files
        .keys()
        .filter(|name| name.starts_with("shop/") && name.ends_with(".nth"))
        .cloned()
        .collect();
    let mut number = 0;
    for file in files {
        if file != editor.fixture.file {
            editor.open_file(&file);
        }
        let text = editor.fixture.files[&file].clone();
        let tree = nthc::syntax::parse(&text);
        for range in places(&text, &parts(&text, &tree)) {
            number += 1;
            if number % step != 0 {
                continue;
            }
            let uri = editor.uri(&file);
            let params = json!({
                "textDocument": { "uri": uri },
                "range": {
                    "start": position(&text, range.start as usize),
                    "end": position(&text, range.end as usize),
                },
                "context": { "diagnostics": [], "only": kinds },
            });
            let offered = editor.ask("textDocument/codeAction", params);
            for action in offered.as_array().into_iter().flatten() {
                let title = action["title"].as_str().unwrap();
                if action["disabled"] != Value::Null || !is_wanted(title) {
                    continue;
                }
                let action = editor.ask("codeAction/resolve", action.clone());
                if action["edit"] == Value::Null {
                    continue;
                }
                let edited = editor.edited(&action["edit"]);
                let made = &edited[&file];
                assert_eq!(
                    nthc::syntax::format(made).as_ref(),
                    Some(made),
                    "what was laid out stays so after {title}"
                );
                let place = &text[range.start as usize..range.end as usize];
                build.is_same_with(&file, made, &format!("{title} at {place:?} of {file}"));
                let words: Vec<&str> = title.split(' ').take(2).collect();
                *done.entry(words.join(" ")).or_default() += 1;
            }
        }
    }
    done
}

/// Where every item and statement begins.
fn heads(_: &str, parts: &[Part]) -> Vec<TextRange> {
    let cores = parts.iter().filter(|part| part.kind == PartKind::Core);
    let places =
        cores.map(|part| TextRange::new(part.range.start as usize, part.range.start as usize));
    places.collect()
}

/// Every run of two and more statements of a body.
fn runs(_: &str, parts: &[Part]) -> Vec<TextRange> {
    let mut found = Vec::new();
    for body in parts.iter().filter(|part| part.kind == PartKind::Body) {
        let statements: Vec<TextRange> = parts
            .iter()
            .filter(|part| {
                part.kind == PartKind::Unit
                    && part.depth == body.depth + 1
                    && body.range.start < part.range.start
                    && part.range.end < body.range.end
            })
            .map(|part| part.range)
            .collect();
        for first in 0..statements.len() {
            for last in first + 1..statements.len() {
                found.push(statements[first].cover(statements[last]));
            }
        }
    }
    found
}

/// Every literal.
fn literals(text: &str, parts: &[Part]) -> Vec<TextRange> {
    let is_literal = |part: &&Part| match part.kind {
        PartKind::Word => {
            text[part.range.start as usize..].starts_with(|first: char| first.is_ascii_digit())
        }
        kind => matches!(
            kind,
            PartKind::String | PartKind::Multiline | PartKind::Query | PartKind::List
        ),
    };
    let at = |part: &Part| TextRange::new(part.range.start as usize, part.range.start as usize);
    parts.iter().filter(is_literal).map(at).collect()
}

/// The names of `let`s.
fn lets(text: &str, _: &[Part]) -> Vec<TextRange> {
    let names = text
        .match_indices(" let ")
        .map(|(at, word)| at + word.len());
    names.map(|at| TextRange::new(at, at)).collect()
}

#[test]
fn a_template_of_any_block_builds_the_same() {
    let done = tried(
        &["refactor.extract"],
        |title| title.starts_with("Extract a template"),
        heads,
        11,
    );
    assert!(done["Extract a"] > 5, "{done:?}");
}

#[test]
fn a_template_of_any_statements_builds_the_same() {
    let done = tried(
        &["refactor.extract"],
        |title| title.starts_with("Extract the statements"),
        runs,
        47,
    );
    assert!(done["Extract the"] > 2, "{done:?}");
}

#[test]
fn a_let_of_any_literal_builds_the_same() {
    let done = tried(
        &["refactor.extract"],
        |title| title.starts_with("Extract into"),
        literals,
        23,
    );
    assert!(done["Extract into"] > 3, "{done:?}");
}

#[test]
fn what_is_written_otherwise_builds_the_same() {
    let done = tried(&["refactor.rewrite"], is_same, literals, 41);
    assert!(done["Put on"] > 1 && done["Write the"] > 1, "{done:?}");
}

#[test]
fn without_its_lets_a_project_builds_the_same() {
    let done = tried(&["refactor.inline"], |_| true, lets, 1);
    assert!(done.len() > 1, "{done:?}");
}

/// Whether an action is to change nothing of what is built.
fn is_same(title: &str) -> bool {
    !title.starts_with("Wrap") && !title.starts_with("Override")
}
