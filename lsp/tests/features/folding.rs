//! What can be folded.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

/// The folds as `first-last kind`, lines from 1.
fn folds(fixture: Fixture, whole_lines: bool) -> Vec<String> {
    let mut greeting = json!({ "capabilities": capabilities() });
    greeting["capabilities"]["textDocument"]["foldingRange"] =
        json!({ "lineFoldingOnly": whole_lines });
    let mut editor = Editor::start(fixture, greeting);
    let found = editor.ask_of_file("textDocument/foldingRange", Value::Null);
    let line = |fold: &Value, name: &str| fold[name].as_u64().unwrap() + 1;
    let shown = found.as_array().unwrap().iter().map(|fold| {
        let kind = fold["kind"].as_str().unwrap_or("code");
        let lines = (line(fold, "startLine"), line(fold, "endLine"));
        match (&fold["startCharacter"], &fold["endCharacter"]) {
            (Value::Null, Value::Null) => format!("{}-{} {kind}", lines.0, lines.1),
            (start, end) => format!("{}:{start}-{}:{end} {kind}", lines.0, lines.1),
        }
    });
    shown.collect()
}

const TEXT: &str = r#"//! All of it.
//! In two lines.

import std.http
import teams.{
  payments,
}

// One comment alone.

// A run of
// two.
/// What customers pay with.
/// It has a doc.
service checkout {
  team     = payments
  selector = {
    job = "checkout"
  }

  alert a { when = `up == 0` }

  alert b {
    when = `
      sum(x)
        > 1
    `
    description = """
      Long.
      """
  }
  let all = [
    1,
    2,
  ]
}
"#;

#[test]
fn whole_lines_are_folded_up_to_the_closing_bracket() {
    assert_eq!(
        folds(Fixture::new(TEXT), true),
        [
            "1-2 comment",
            "4-7 imports",
            "5-6 code",
            "11-12 comment",
            "13-14 comment",
            "15-35 code",
            "17-18 code",
            "23-30 code",
            "24-26 code",
            "28-29 code",
            "32-34 code",
        ]
    );
}

#[test]
fn brackets_stay_where_parts_of_lines_can_be_folded() {
    let text = "team a {\n  members = [\n    \"x\",\n  ]\n}\n";
    assert_eq!(
        folds(Fixture::new(text), false),
        ["1:8-5:0 code", "2:13-4:2 code"]
    );
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let windows = Fixture::new(TEXT).with_crlf();
    assert_eq!(folds(windows, true), folds(Fixture::new(TEXT), true));
}

#[test]
fn damaged_text_is_folded_as_far_as_it_goes() {
    let text = "team a {\n  x = [\n    1,\n\nteam b {\n  y = 1\n}\n";
    assert_eq!(
        folds(Fixture::new(text), true),
        ["1-3 code", "2-3 code", "5-6 code"]
    );
    assert_eq!(
        folds(Fixture::new("//- main.nth\n"), true),
        Vec::<String>::new()
    );
}

#[test]
fn the_limit_keeps_what_is_outermost() {
    let mut greeting = json!({ "capabilities": capabilities() });
    greeting["capabilities"]["textDocument"]["foldingRange"] =
        json!({ "lineFoldingOnly": true, "rangeLimit": 2 });
    let mut editor = Editor::start(Fixture::new(TEXT), greeting);
    let found = editor.ask_of_file("textDocument/foldingRange", Value::Null);
    let lines: Vec<u64> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| fold["startLine"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4]);
}
