//! Completion wherever somebody may type: at every few bytes of the examples, with the rest of the text and without it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nth_ide::cursor::tokens::{Kind, Tokens};
use nth_ide::features::completion::{Offers, complete};
use nthc::compile::SourceInput;
use nthc::db::{Database, SourceFile};
use nthc::session::Session;

fn sources(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder.join(below))
        .unwrap()
        .map(|entry| below.join(entry.unwrap().file_name()))
        .collect();
    entries.sort();
    for path in entries {
        if folder.join(&path).is_dir() {
            sources(folder, &path, found);
        } else if path.extension().is_some_and(|ending| ending == "nth") {
            found.push(path);
        }
    }
}

/// The shop, with the package that it depends on.
fn shop() -> Session {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut files = Vec::new();
    for (folder, package) in [("shop", ""), ("platform", "platform.")] {
        let folder = examples.join(folder);
        let mut paths = Vec::new();
        sources(&folder, Path::new(""), &mut paths);
        for path in paths {
            let module = path.with_extension("").to_string_lossy().replace('/', ".");
            files.push(SourceInput {
                module: format!("{package}{module}"),
                path: format!("{package}{}", path.display()),
                text: fs::read_to_string(folder.join(&path)).unwrap().into(),
                package: !package.is_empty(),
            });
        }
    }
    Session::new(Database::default(), &files)
}

fn ask(session: &Session, file: SourceFile, offset: usize) -> Offers {
    let offers = complete(&session.db, session.workspace, file, offset);
    if let Some(word) = offers.word {
        let text = file.text(&session.db);
        let (start, end) = (word.start as usize, word.end as usize);
        assert!(
            start <= offset && offset <= end && end <= text.len(),
            "{start}, {offset}, {end}"
        );
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
    } else {
        assert!(offers.all.is_empty());
    }
    offers
}

#[test]
fn any_place_of_any_text_has_an_answer() {
    let mut session = shop();
    let files = session.files().to_vec();
    let mut asked = 0;
    for (number, file) in files.into_iter().enumerate() {
        let whole = Arc::clone(file.text(&session.db));
        // Other bytes of each file, so that all sorts of places come up.
        for at in (number % 11..whole.len()).step_by(11) {
            if !whole.is_char_boundary(at) {
                continue;
            }
            ask(&session, file, at);
            if at % 3 == 0 {
                // What comes after the cursor is not typed yet.
                session.edit(file, whole[..at].into());
                ask(&session, file, at);
                // Nor is what comes before it whole.
                let start = whole[..at / 2].rfind('\n').unwrap_or(0);
                session.edit(file, whole[start..].into());
                ask(&session, file, at - start);
                session.edit(file, Arc::clone(&whole));
            }
            asked += 1;
        }
    }
    assert!(asked > 1000, "{asked}");
}

/// Words that name something, rather than give it a name.
fn meant(tokens: &Tokens<'_>) -> Vec<usize> {
    let all = &tokens.all;
    let before = |at: usize| (0..at).rev().find(|at| all[*at].kind != Kind::Comment);
    let begins = |at: usize| {
        before(at).is_none_or(|before| {
            matches!(all[before].kind, Kind::Newline | Kind::Open(_)) || tokens.is_sign(before, ",")
        })
    };
    (0..all.len())
        .filter(|at| all[*at].kind == Kind::Word)
        .filter(|at| {
            let Some(before) = before(*at) else {
                return true;
            };
            // `slo availability`, `let deep`: a new name.
            let names = all[before].kind == Kind::Word
                && (begins(before) || before > 0 && all[before - 1].kind == Kind::Word)
                && !["import", "in", "without", "require", "if", "not"]
                    .contains(&tokens.text(before));
            // `job: string`: a parameter's.
            let declares = tokens.is_sign(at + 1, ":") && !tokens.is_sign(before, ",");
            !names && !declares
        })
        .collect()
}

#[test]
fn what_the_examples_say_is_offered() {
    let mut session = shop();
    let files = session.files().to_vec();
    let (mut offered, mut all) = (0, 0);
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let whole = Arc::clone(file.text(&session.db));
        let tokens = Tokens::read(&whole, usize::MAX);
        for at in meant(&tokens) {
            let token = tokens.all[at];
            let word = tokens.text(at);
            // The first letter is typed, and the rest of the word is not.
            let first = token.start + 1;
            session.edit(
                file,
                format!("{}{}", &whole[..first], &whole[token.end..]).into(),
            );
            let offers = ask(&session, file, first);
            let has = offers.all.iter().any(|offer| {
                let label = offer.label.trim_end_matches(':');
                label == word
                    || label.starts_with(&format!("{word} "))
                    || label.rsplit('.').next() == Some(word)
                    || label.starts_with(&format!("{word}."))
            });
            all += 1;
            if has {
                offered += 1;
            } else {
                let line = whole[..token.start].rfind('\n').map_or(0, |end| end + 1);
                let shown = format!("{} | {}", whole[line..token.start].trim(), word);
                *missing.entry(shown).or_default() += 1;
            }
        }
        session.edit(file, whole);
    }
    let share = offered * 100 / all;
    assert!(
        share >= 95,
        "{offered} of {all} are offered; not: {missing:#?}"
    );
}
