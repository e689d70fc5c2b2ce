//! What can be done at a place: each action on marked texts, and what it makes of them.

mod imports;
mod lets;
mod missing;
mod organize;
mod rewrites;
mod templates;

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities, position};

/// What a project needs besides the text that is tried.
const BESIDES: &str = "
//- nth.toml
[project]
name = \"demo\"
//- teams.nth
team payments { slack = \"#payments\" }

team search { slack = \"#search\" }
//- environments.nth
environment production { selector = { env = \"production\" } }

environment staging { selector = { env = \"staging\" } }
//- lib/services.nth
template service online(job: string, under: duration, zone: string = \"x\") {
  selector = { job = job }
}

let usual = 5m
//- main.nth
";

fn editor(text: &str) -> Editor {
    let text = text.strip_prefix('\n').unwrap_or(text);
    Editor::open(&format!("{BESIDES}{text}"))
}

/// What is offered at the marks, of the kinds that are asked for.
fn offered(editor: &mut Editor, only: &[&str]) -> Vec<Value> {
    let range = editor.selection();
    let mut context = json!({ "diagnostics": [] });
    if !only.is_empty() {
        context["only"] = json!(only);
    }
    let found = editor.ask_of_file(
        "textDocument/codeAction",
        json!({ "range": range, "context": context }),
    );
    found.as_array().cloned().unwrap_or_default()
}

/// The titles; of what cannot be done with the reason.
fn titles(text: &str, only: &[&str]) -> Vec<String> {
    let mut editor = editor(text);
    let title = |action: &Value| {
        let title = action["title"].as_str().unwrap().to_owned();
        match action["disabled"]["reason"].as_str() {
            Some(reason) => format!("{title}: {reason}"),
            None => title,
        }
    };
    offered(&mut editor, only).iter().map(title).collect()
}

/// The text after an action of that title.
fn after(text: &str, title: &str) -> String {
    after_in(editor(text), title)
}

fn after_in(mut editor: Editor, title: &str) -> String {
    let actions = offered(&mut editor, &[]);
    let found = actions.iter().find(|action| action["title"] == title);
    let Some(action) = found else {
        let titles: Vec<_> = actions.iter().map(|action| &action["title"]).collect();
        panic!("{title} is not among {titles:?}");
    };
    let action = match action["edit"] {
        Value::Null => editor.ask("codeAction/resolve", action.clone()),
        _ => action.clone(),
    };
    let edit = &action["edit"];
    assert!(edit.is_object(), "{action}");
    let versions = edit["documentChanges"].as_array().unwrap();
    assert_eq!(versions[0]["textDocument"]["version"], 1);
    let edited = editor.edited(edit);
    assert_eq!(edited.len(), 1, "{edited:?}");
    edited["main.nth"].clone()
}

#[test]
fn kinds_are_filtered() {
    let text = "import std.http\n\nlet a = $0[1, 2]$0\n";
    assert_eq!(titles(text, &["refactor.inline"]), Vec::<String>::new());
    assert_eq!(
        titles(text, &["refactor.rewrite"]),
        ["Put on separate lines"]
    );
    assert_eq!(
        titles(text, &["source.organizeImports"]),
        ["Organize Imports"]
    );
    assert_eq!(titles(text, &["source.organize"]), Vec::<String>::new());
}

#[test]
fn a_client_that_asks_for_no_more_gets_edits_at_once() {
    let mut words = capabilities();
    let actions = &mut words["textDocument"]["codeAction"];
    actions.as_object_mut().unwrap().remove("resolveSupport");
    actions["disabledSupport"] = json!(false);
    let fixture = Fixture::new("let a = [1, $02]\nlet b$0 = 2\n");
    let mut editor = Editor::start(fixture, json!({ "capabilities": words }));
    editor.fixture.marks.truncate(1);
    let provider = &editor.greeting()["capabilities"]["codeActionProvider"];
    assert_eq!(provider["resolveProvider"], false);
    let found = offered(&mut editor, &["refactor.rewrite"]);
    assert_eq!(found[0]["title"], "Put on separate lines");
    assert!(found[0]["edit"].is_object(), "{found:?}");
    // `a` is used by nobody, and the client does not ask why that keeps it from being inlined.
    assert_eq!(
        offered(&mut editor, &["refactor.inline"]),
        Vec::<Value>::new()
    );
}

#[test]
fn an_action_of_an_older_text_is_refused() {
    let mut editor = editor("let a = [1, $02]\n");
    let found = offered(&mut editor, &["refactor.rewrite"]);
    editor.change("main.nth", "let a = [1, 2, 3]\n");
    let error = editor
        .try_ask("codeAction/resolve", found[0].clone())
        .unwrap_err();
    assert_eq!(error["code"], -32801);
}

#[test]
fn all_sure_fixes_are_made_at_once() {
    let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  slo a : http.availability { objective = \"99%\" }
  slo b : http.availability { objective = \"98%\" }$0
}
";
    let mut editor = editor(text);
    let found = offered(&mut editor, &["source.fixAll"]);
    let by_hand = editor.diagnostics("main.nth");
    assert!(!by_hand.is_empty());
    assert_eq!(found.len(), 1, "{by_hand:#?}");
    let edited = editor.edited(&found[0]["edit"]);
    assert!(edited["main.nth"].contains("objective = 99%"), "{edited:?}");
    assert!(edited["main.nth"].contains("objective = 98%"), "{edited:?}");
}

#[test]
fn lines_of_windows_stay_so() {
    let fixture = Fixture::new("team a { slack = \"#a\"$0 }\n").with_crlf();
    let mut editor = Editor::start(fixture, json!({ "capabilities": capabilities() }));
    let found = offered(&mut editor, &["refactor.rewrite"]);
    let split = |action: &&Value| action["title"] == "Put on separate lines";
    let action = found.iter().find(split).unwrap().clone();
    let action = editor.ask("codeAction/resolve", action);
    let edited = editor.edited(&action["edit"]);
    assert_eq!(edited["main.nth"], "team a {\r\n  slack = \"#a\"\r\n}\r\n");
}

#[test]
fn the_library_is_not_changed() {
    let mut editor = Editor::open("import std.http\n");
    let shown = editor.ask(
        "textDocument/definition",
        json!({
            "textDocument": { "uri": editor.uri("main.nth") },
            "position": { "line": 0, "character": 13 },
        }),
    );
    let uri = match &shown {
        Value::Array(list) => list[0]["uri"].clone(),
        one => one["uri"].clone(),
    };
    let text = editor.text_of(uri.as_str().unwrap());
    editor.notify(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": uri, "languageId": "nth", "version": 1, "text": text } }),
    );
    let range = json!({ "start": position(&text, 0), "end": position(&text, 0) });
    let found = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri },
            "range": range,
            "context": { "diagnostics": [], "only": ["refactor", "source"] },
        }),
    );
    assert_eq!(found, json!([]));
}

/// Half-typed text is what a server sees most of the time: every action at many places of it gives edits that fit.
#[test]
fn damaged_text_does_no_harm() {
    let whole = include_str!("../../../../examples/shop/services/checkout.nth");
    let mut editor = editor("let a = 1$0\n");
    let mut state = 7_usize;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    };
    let mut asked = 0;
    for _ in 0..40 {
        let boundary = |at: usize| {
            (0..=at)
                .rev()
                .find(|at| whole.is_char_boundary(*at))
                .unwrap()
        };
        let (start, length) = (boundary(next(whole.len())), next(40));
        let end = boundary((start + length).min(whole.len()));
        let text = format!("{}{}", &whole[..start], &whole[end..]);
        editor.change("main.nth", &text);
        let at = |at: usize| {
            (0..=at.min(text.len()))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap()
        };
        for place in [start, next(text.len())] {
            let (first, last) = (at(place), at(place + next(60)));
            let range = json!({ "start": position(&text, first), "end": position(&text, last) });
            let found = editor.ask_of_file(
                "textDocument/codeAction",
                json!({ "range": range, "context": { "diagnostics": [] } }),
            );
            for action in found.as_array().into_iter().flatten() {
                if action["disabled"].is_object() {
                    continue;
                }
                let action = match action["edit"] {
                    Value::Null => editor.ask("codeAction/resolve", action.clone()),
                    _ => action.clone(),
                };
                if action["edit"].is_object() {
                    editor.edited(&action["edit"]);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 100, "{asked}");
}
