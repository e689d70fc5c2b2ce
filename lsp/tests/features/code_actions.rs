//! What can be done at a place: each action on marked texts, and what it makes of them.

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

mod missing {
    use super::*;

    #[test]
    fn fields_come_where_the_prelude_has_them() {
        let text = "
import teams.{payments}

service checkout$0 {
  tier = critical  // The customer's money.
}
";
        assert_eq!(
            after(text, "Add missing fields `team`, `selector`"),
            "import teams.{payments}

service checkout {
  team     = payments
  tier     = critical  // The customer's money.
  selector = { job = \"checkout\" }
}
"
        );
    }

    #[test]
    fn a_block_that_must_be_there_is_filled_in() {
        let text = "
service checkout {
  slo availability {$0 }
}
";
        let made = after(text, "Add missing fields `objective`, `sli`");
        assert_eq!(
            made,
            "service checkout {\n  slo availability { objective = 99%  sli : ratio { total = `up` } }\n}\n"
        );
    }

    #[test]
    fn what_a_base_has_is_not_missing() {
        let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  slo avail$0ability : http.availability
}
";
        assert_eq!(titles(text, &["quickfix"]), Vec::<String>::new());
    }

    #[test]
    fn arguments_are_added_by_name() {
        let text = "
import lib.services
import teams.{payments}

service checkout : services.on$0line(\"checkout\") {
  team = payments
}
";
        assert!(
            after(text, "Add missing argument `under`")
                .contains("service checkout : services.online(\"checkout\", under: 5m) {\n")
        );
        let text = text.replace("(\"checkout\")", "");
        assert!(
            after(&text, "Add missing arguments `job`, `under`")
                .contains("service checkout : services.online(job: \"\", under: 5m) {\n")
        );
    }

    #[test]
    fn arguments_of_run_time_functions_too() {
        let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  slo availability : http.availability

  gate release {
    deny burning { when = fro$0zen(from: \"2026-11-23\") }
  }
}
";
        assert!(
            after(text, "Add missing arguments `to`, `zone`")
                .contains("frozen(from: \"2026-11-23\", to: \"2026-12-31\", zone: \"Etc/UTC\")")
        );
    }
}

mod imports {
    use super::*;

    const TEXT: &str = "
import std.http

service checkout {
  team     = pay$0ments
  selector = { job = \"a\" }
}
";

    #[test]
    fn of_a_name_in_order_of_the_alphabet() {
        assert_eq!(
            titles(TEXT, &["quickfix"]),
            [
                "Add `import teams.{payments}`",
                "Add `import teams` and write `teams.payments`"
            ]
        );
        let made = after(TEXT, "Add `import teams.{payments}`");
        assert!(
            made.starts_with("import std.http\nimport teams.{payments}\n\nservice"),
            "{made}"
        );
        let made = after(TEXT, "Add `import teams` and write `teams.payments`");
        assert!(
            made.starts_with("import std.http\nimport teams\n\n"),
            "{made}"
        );
        assert!(made.contains("= teams.payments\n"), "{made}");
    }

    #[test]
    fn into_the_braces_that_are_there() {
        let text = TEXT.replace("std.http", "teams.{search}");
        let made = after(&text, "Add `import teams.{payments}`");
        assert!(
            made.starts_with("import teams.{payments, search}\n\n"),
            "{made}"
        );
    }

    #[test]
    fn of_a_module_and_at_the_top_of_a_file() {
        let text = "
//! A file.

// What sells.
service checkout : serv$0ices.online(\"a\", under: 1s) {}
";
        let made = after(text, "Add `import lib.services`");
        assert!(
            made.starts_with("//! A file.\n\nimport lib.services\n\n// What sells.\n"),
            "{made}"
        );
    }

    #[test]
    fn of_templates_and_lets() {
        let text = "service checkout : onl$0ine(\"a\", under: 1s) {}\n";
        assert_eq!(
            titles(text, &["quickfix"]),
            [
                "Add missing fields `team`, `selector`",
                "Add `import lib.services.{online}`",
                "Add `import lib.services` and write `services.online`"
            ]
        );
    }
}

mod organize {
    use super::*;

    fn organized(text: &str) -> String {
        after(text, "Organize Imports")
    }

    #[test]
    fn sorted_merged_and_none_unused() {
        assert_eq!(
            organized(
                "//! A file.

import teams.{search}
import std.http  // Requests.
// Who answers.
import teams.{payments}
import lib.services

// What sells.
service checkout : services.online(\"a\", under: 1s) {
  team = payments
}

service find : services.online(\"b\", under: 1s) {
  team = search
}$0
"
            ),
            "//! A file.

import lib.services
// Requests.
// Who answers.
import teams.{payments, search}

// What sells.
service checkout : services.online(\"a\", under: 1s) {
  team = payments
}

service find : services.online(\"b\", under: 1s) {
  team = search
}
"
        );
    }

    #[test]
    fn what_is_not_known_stays() {
        let text = "import teams\nimport nowhere.at-all\nimport std.http\n\nlet a = 1$0\n";
        assert_eq!(organized(text), "import nowhere.at-all\n\nlet a = 1\n");
    }

    #[test]
    fn words_of_damaged_text_count() {
        let text = "import teams.{payments}\nimport lib.services\n\nservice a : services.\n  team = payments\n$0";
        assert_eq!(
            organized(text),
            "import lib.services\nimport teams.{payments}\n\nservice a : services.\n  team = payments\n"
        );
    }

    #[test]
    fn nothing_is_offered_where_nothing_changes() {
        let text = "import lib.services\n\nlet a = services.usual$0\n";
        assert_eq!(titles(text, &["source"]), Vec::<String>::new());
        assert_eq!(titles("let a = 1$0\n", &["source"]), Vec::<String>::new());
    }
}

mod lets {
    use super::*;

    const TEXT: &str = "
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  // Told apart.
  alert a {
    when = `up == 0`
    for  = $010m$0
  }
}
";

    #[test]
    fn a_literal_gets_a_name_before_its_statement() {
        let made = after(TEXT, "Extract into a `let`");
        assert!(
            made.contains("    when = `up == 0`\n    let duration = 10m\n    for = duration\n"),
            "{made}"
        );
    }

    #[test]
    fn an_argument_of_a_base_gets_its_name_above_the_block() {
        let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  /// Fast enough.
  slo latency : http.latency(under: 30$00ms) {
    objective = 99%
  }
}
";
        let made = after(text, "Extract into a `let`");
        assert!(
            made.contains(
                "  let under = 300ms\n  /// Fast enough.\n  slo latency : http.latency(under: under) {\n"
            ),
            "{made}"
        );
    }

    #[test]
    fn what_means_something_by_its_place_stays() {
        let text = TEXT.replace("$010m$0", "10m").replace(
            "  // Told",
            "  slo b { budget_pages = $0[1%, 2%]$0 }\n  // Told",
        );
        assert!(titles(&text, &["refactor.extract"]).contains(&"Extract into a `let`".to_owned()));
        let text = text
            .replace("$0[1%, 2%]$0", "[1%]")
            .replace("for  = 10m", "summary = $0\"${value} are too many\"$0");
        assert_eq!(
            titles(&text, &["refactor.extract"]),
            ["Extract into a `let`: `value` is only known in alert text"]
        );
    }

    #[test]
    fn a_query_stays_where_its_labels_come_from() {
        let text = "
import lib.services

service a : services.online(`jobs_t$0otal`, under: 1s) {
  alert b { when = `up == 0` }
}
";
        assert_eq!(
            titles(text, &["refactor.extract"]),
            [
                "Extract into a `let`: the labels that are added to a query depend on where it is written",
                "Extract a template of this service"
            ]
        );
        let text = text
            .replace("_t$0otal", "_total")
            .replace("up == 0", "u$0p == 0");
        assert!(
            after(&text, "Extract into a `let`")
                .contains("  alert b { let when = `up == 0`  when = when }\n")
        );
    }

    #[test]
    fn a_let_is_put_where_it_is_used() {
        let text = "
service checkout {
  /// How deep.
  let de$0ep = 1000 + 1

  alert a {
    when    = `max(depth) > ${deep}`
    summary = \"more than ${deep}\"
    for     = if 2 * deep > 3 { 1m } else { 2m }
  }
}
";
        assert_eq!(
            after(text, "Inline `deep`"),
            "service checkout {
  alert a {
    when    = `max(depth) > ${1000 + 1}`
    summary = \"more than ${1000 + 1}\"
    for     = if 2 * (1000 + 1) > 3 { 1m } else { 2m }
  }
}
"
        );
    }

    #[test]
    fn from_a_use_of_a_let_at_the_top() {
        let text = "let wait = 5m\n\nservice checkout {\n  alert a { for = wa$0it }\n}\n";
        assert_eq!(
            after(text, "Inline `wait`"),
            "service checkout {\n  alert a { for = 5m }\n}\n"
        );
    }

    #[test]
    fn what_would_mean_something_else_is_told() {
        let text = "
service checkout {
  selector = { job = \"a\" }
  let visi$0ts = `visits_total`

  dependency db {
    selector = { job = \"b\" }
    alert a { when = `rate(${visits}[5m]) > 1` }
  }
}
";
        assert_eq!(
            titles(text, &["refactor.inline"]),
            ["Inline `visits`: its query would select other labels where `visits` is used"]
        );
        assert_eq!(
            titles("let a$0 = 1\n", &["refactor.inline"]),
            ["Inline `a`: `a` is not used"]
        );
    }

    #[test]
    fn what_others_use_stays() {
        let mut editor = Editor::open(
            "//- a.nth\nlet wa$0it = 5m\nlet other = wait\n//- b.nth\nimport a.{wait}\nlet more = wait\n",
        );
        let found = offered(&mut editor, &["refactor.inline"]);
        assert_eq!(
            found[0]["disabled"]["reason"],
            "`wait` is used in other files"
        );
    }
}

mod rewrites {
    use super::*;

    #[test]
    fn texts_on_one_line_and_on_several() {
        let one = "team a {\n  description = \"one$0\\n  two ${1} \\\"three\\\"\"\n}\n";
        let several = "team a {
  description = \"\"\"
    one
      two ${1} \"three\"
    \"\"\"
}
";
        assert_eq!(after(one, "Write the text on several lines"), several);
        let cursor = several.replace("two", "two$0");
        assert_eq!(
            after(&cursor, "Write the text on one line"),
            one.replace("$0", "")
        );
    }

    #[test]
    fn a_text_that_cannot_be_written_otherwise_stays() {
        let text = "let a = \"  ind$0ented\"\n";
        assert_eq!(titles(text, &["refactor.rewrite"]), Vec::<String>::new());
    }

    #[test]
    fn blocks_on_one_line_and_on_several() {
        let one = "team a { slack = \"#a\"$0  email = \"a@example.com\" }\n";
        let several = "team a {\n  slack = \"#a\"\n  email = \"a@example.com\"\n}\n";
        assert_eq!(after(one, "Put on separate lines"), several);
        assert_eq!(
            after(&several.replace("team a", "team$0 a"), "Put on one line"),
            one.replace("$0", "")
        );
        let list = "let a = [1, $02, 3]\n";
        let lines = "let a = [\n  1,\n  2,\n  3,\n]\n";
        assert_eq!(after(list, "Put on separate lines"), lines);
        assert_eq!(
            after(&lines.replace("2,", "2,$0"), "Put on one line"),
            list.replace("$0", "")
        );
    }

    #[test]
    fn comments_keep_their_lines() {
        let text = "team a {\n  // Why.\n  slack$0 = \"#a\"\n}\n";
        assert!(!titles(text, &["refactor"]).contains(&"Put on one line".to_owned()));
    }

    #[test]
    fn statements_are_wrapped_in_an_environment() {
        let text = "
service a {
  tier = critical

  $0alert b {
    when = `up == 0`
    steps = \"\"\"
      One.
      \"\"\"
  }$0
}
";
        assert_eq!(
            after(text, "Wrap in `in staging { … }`"),
            "service a {
  tier = critical

  in staging {
    alert b {
      when = `up == 0`
      steps = \"\"\"
        One.
        \"\"\"
    }
  }
}
"
        );
    }

    #[test]
    fn a_field_is_set_otherwise_in_an_environment() {
        let text = "service a {\n  slo b {\n    objective = 99$0%\n    window    = 7d\n  }\n}\n";
        assert_eq!(
            after(text, "Override `objective` in `staging`"),
            "service a {
  slo b {
    objective = 99%
    window    = 7d

    in staging {
      objective = 99%
    }
  }
}
"
        );
        // Behind a value on the same line, `in` would be an operator of it.
        let text = "service a {\n  slo b { objective = 99%$0 }\n}\n";
        assert_eq!(
            after(text, "Override `objective` in `staging`"),
            "service a {\n  slo b {\n    objective = 99%\n    in staging {\n      objective = 99%\n    }\n  }\n}\n"
        );
        let text = "service a {\n  tier = low$0\n\n  in staging {\n    urgency = low\n  }\n}\n";
        assert_eq!(
            after(text, "Override `tier` in `staging`"),
            "service a {\n  tier = low\n\n  in staging {\n    urgency = low\n    tier    = low\n  }\n}\n"
        );
    }
}

mod templates {
    use super::*;

    #[test]
    fn of_a_whole_service() {
        let text = "
import std.http
import teams.{payments}

/// Takes the money.
service che$0ckout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability
}
";
        assert_eq!(
            after(text, "Extract a template of this service"),
            "import std.http
import teams.{payments}

template service checkout-template(job: string) {
  team     = payments
  selector = { job = job }

  slo availability : http.availability
}

/// Takes the money.
service checkout : checkout-template(\"checkout\")
"
        );
    }

    #[test]
    fn of_a_nested_block_with_what_it_speaks_of() {
        let text = "
service checkout {
  let deep = 1000

  // Told apart.
  al$0ert backlog {
    when    = `max(depth) > ${deep}`
    summary = \"${service.name} is ${value} deep\"
  }
}
";
        assert_eq!(
            after(text, "Extract a template of this alert"),
            "template alert backlog-template(deep: number) {
  when    = `max(depth) > ${deep}`
  summary = \"${service.name} is ${value} deep\"
}

service checkout {
  let deep = 1000

  // Told apart.
  alert backlog : backlog-template(deep)
}
"
        );
    }

    #[test]
    fn of_selected_statements() {
        let text = "
import teams.{payments}
import lib.services

service checkout : services.online(\"checkout\", under: 1s) {
  team = payments

$0  // Pages.
  alert a { when = `a == 1` }
  alert b { when = `b == 1` }  // Twice.$0

  alert c { when = `c == 1` }
}
";
        assert_eq!(
            after(text, "Extract the statements into a template"),
            "import teams.{payments}
import lib.services

template service checkout-template(name: string) : services.online(name, under: 1s) {
  // Pages.
  alert a { when = `a == 1` }
  alert b { when = `b == 1` }  // Twice.
}

service checkout : checkout-template(\"checkout\") {
  team = payments

  alert c { when = `c == 1` }
}
"
        );
    }

    #[test]
    fn what_would_build_otherwise_is_told() {
        let refused = |text: &str, reason: &str| {
            let titles = titles(text, &["refactor.extract"]);
            let wanted = format!("Extract the statements into a template: {reason}");
            assert!(titles.contains(&wanted), "{titles:?}");
        };
        refused(
            "service a {\n  alert a { when = `a == 1` }\n  $0alert b { when = `b == 1` }\n  tier = low$0\n}\n",
            "`alert b` would be placed before the `alert` blocks above it",
        );
        refused(
            "service a {\n  $0slo b { objective = 9% }\n  tier = low$0\n\n  in staging {\n    slo b { objective = 8% }\n  }\n}\n",
            "`slo b` is also used outside the selection",
        );
        refused(
            "service a {\n  let deep = 1\n  $0alert b { when = `b == ${deep}` }\n  tier = low$0\n}\n",
            "`deep` is declared outside the selection",
        );
        refused(
            "service a {\n  $0let deep = 1\n  tier = low$0\n  alert b { when = `b == ${deep}` }\n}\n",
            "`deep` is used outside the selection",
        );
    }
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
    let whole = include_str!("../../../examples/shop/services/checkout.nth");
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
