//! Inlay hints, written where they are shown.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities, offset};

/// The hints of a range.
fn asked(editor: &mut Editor, range: Value) -> Vec<Value> {
    let found = editor.ask_of_file("textDocument/inlayHint", json!({ "range": range }));
    found.as_array().unwrap().clone()
}

fn everything() -> Value {
    json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9999, "character": 0 } })
}

/// The text with the hints in it.
fn with_hints(editor: &mut Editor) -> String {
    let hints = asked(editor, everything());
    let mut text = editor.fixture.files[&editor.fixture.file].clone();
    for hint in hints.iter().rev() {
        let at = offset(&text, &hint["position"]);
        text.insert_str(at, &format!("⟦{}⟧", hint["label"].as_str().unwrap()));
    }
    text
}

const SHOP: &str = r#"
import std.http
import std.redis

service checkout {
  selector = { job = "checkout" }
  slo availability : http.availability
  slo orders {
    objective = 99.9%
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
  slo slow {
    objective = 99%
    window    = 7d
    sli : ratio { bad = `slow_total`  total = `requests_total` }
  }
  signal depth { any_of = [`queue_depth`, `depth`] }
  alert deep { when = `max(queue_depth) > 10` }
  dependency sessions : redis.redis("sessions:9121")
  gate release { deny sale { when = frozen("2026-12-20", to: "2026-12-27", zone: "UTC") } }
}
"#;

#[test]
fn what_is_not_written_is_hinted() {
    let mut editor = Editor::open(SHOP);
    assert_eq!(
        with_hints(&mut editor),
        r#"import std.http
import std.redis

service checkout⟦tier = standard⟧ {
  selector = { job = "checkout" }
  slo availability : http.availability⟦99.5% over 30d budget 3h36m⟧
  slo orders {
    objective = 99.9%⟦over 30d budget 43m12s⟧
    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }
  slo slow {
    objective = 99%⟦budget 1h40m48s⟧
    window    = 7d
    sli : ratio { bad = `slow_total`  total = `requests_total` }
  }
  signal depth⟦= queue_depth⟧ { any_of = [`queue_depth`, `depth`] }
  alert deep⟦ticket, for 15m⟧ { when = `max(queue_depth) > 10` }
  dependency sessions : redis.redis(⟦instance:⟧"sessions:9121")
  gate release { deny sale { when = frozen(⟦from:⟧"2026-12-20", to: "2026-12-27", zone: "UTC") } }
}
"#
    );
}

#[test]
fn each_environment_has_its_own() {
    let mut editor = Editor::open(
        r#"
environment production { selector = { env = "production" } }
environment staging { selector = { env = "staging" } }
template slo orders() {
  objective = 99.9%
  burn_rate_alerts = false
  sli : ratio { bad = `errors_total`  total = `requests_total` }
  in staging { objective = 95% }
}
service checkout {
  selector = { job = "checkout" }
  tier = low
  slo orders : orders()
  in staging { slo orders { window = 7d } }
}
"#,
    );
    let text = with_hints(&mut editor);
    assert!(
        text.contains("slo orders : orders()⟦production: 99.9% over 30d budget 43m12s; staging: 95% over 7d budget 8h24m⟧"),
        "{text}"
    );
    assert!(
        text.contains("in staging { slo orders⟦95% budget 8h24m⟧ { window = 7d } }"),
        "{text}"
    );
}

#[test]
fn only_the_range_that_is_asked_for() {
    let mut editor = Editor::open(SHOP);
    let range =
        json!({ "start": { "line": 6, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let hints = asked(&mut editor, range);
    let labels: Vec<&str> = hints
        .iter()
        .filter_map(|hint| hint["label"].as_str())
        .collect();
    assert_eq!(labels, ["over 30d budget 43m12s"]);
}

#[test]
fn a_hint_explains_itself_when_asked() {
    let mut editor = Editor::open(SHOP);
    let hints = asked(&mut editor, everything());
    let hint = hints
        .iter()
        .find(|hint| hint["label"] == "budget 1h40m48s")
        .unwrap()
        .clone();
    assert_eq!(hint.get("tooltip"), None);
    let resolved = editor.ask("inlayHint/resolve", hint);
    assert_eq!(resolved["tooltip"]["kind"], "markdown");
    let text = resolved["tooltip"]["value"].as_str().unwrap();
    assert!(
        text.contains("Error budget for 99% over 7d: **1h40m48s** of full downtime"),
        "{text}"
    );
    let parameter = hints
        .iter()
        .find(|hint| hint["label"] == "from:")
        .unwrap()
        .clone();
    assert_eq!(parameter["kind"], 2, "a parameter's name");
    let resolved = editor.ask("inlayHint/resolve", parameter);
    let text = resolved["tooltip"]["value"].as_str().unwrap();
    assert!(
        text.starts_with("```nth\nfunction frozen(from: date, "),
        "{text}"
    );
}

#[test]
fn each_sort_can_be_turned_off() {
    let greeting = json!({
        "capabilities": capabilities(),
        "initializationOptions": {
            "inlayHints": { "defaults": false, "parameters": false, "window": false },
        },
    });
    let mut editor = Editor::start(Fixture::new(SHOP), greeting);
    let labels = |editor: &mut Editor| -> Vec<String> {
        let hints = asked(editor, everything());
        let labels = hints.iter().filter_map(|hint| hint["label"].as_str());
        labels.map(str::to_owned).collect()
    };
    assert_eq!(
        labels(&mut editor),
        ["budget 43m12s", "budget 1h40m48s", "= queue_depth"]
    );
    let settings =
        json!({ "settings": { "nth": { "inlayHints": { "budget": false, "signals": false } } } });
    editor.notify("workspace/didChangeConfiguration", settings);
    assert_eq!(labels(&mut editor), Vec::<String>::new());
    let settings = json!({ "settings": { "nth": { "inlayHints": { "enabled": true } } } });
    editor.notify("workspace/didChangeConfiguration", settings);
    assert_eq!(labels(&mut editor).len(), 8);
}

#[test]
fn damaged_and_empty_texts_have_none() {
    for text in ["", "service", "slo {{{ objective = 99", "// nothing\n"] {
        let fixture = format!("//- main.nth\n{text}");
        let mut editor = Editor::open(&fixture);
        assert_eq!(
            asked(&mut editor, everything()),
            Vec::<Value>::new(),
            "{text}"
        );
    }
}
