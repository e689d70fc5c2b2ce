//! Laying out: the whole text, what a range touches, and the line that is typed.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use nth_ide::features::formatting::diff::{apply as applied, changes};
use nth_ide::features::formatting::layout;
use nth_ide::features::formatting::on_type::indent;
use nthc::syntax::parse;
use nthc::syntax::tree::TextRange;

use crate::support::{Editor, Fixture, apply, capabilities};

fn start(fixture: Fixture) -> Editor {
    Editor::start(fixture, json!({ "capabilities": capabilities() }))
}

fn text(editor: &Editor) -> String {
    editor.fixture.files[&editor.fixture.file].clone()
}

fn options() -> Value {
    json!({ "tabSize": 8, "insertSpaces": false })
}

/// The text after its marked range was laid out.
fn ranged(fixture: &str) -> String {
    let mut editor = Editor::open(fixture);
    let range = editor.selection();
    let edits = editor.ask_of_file(
        "textDocument/rangeFormatting",
        json!({ "range": range, "options": options() }),
    );
    apply(&text(&editor), edits.as_array().unwrap())
}

/// The text after `typed` was typed before the cursor.
fn typed(fixture: Fixture, typed: &str) -> String {
    let mut editor = start(fixture);
    let edits = editor.ask_at_cursor(
        "textDocument/onTypeFormatting",
        json!({ "ch": typed, "options": options() }),
    );
    match edits {
        Value::Null => text(&editor),
        edits => apply(&text(&editor), edits.as_array().unwrap()),
    }
}

#[test]
fn only_lines_that_differ_are_edited() {
    let mut editor = Editor::open(
        "team a {\n  slack = \"#a\"\n  description = \"é\"\n}\n\n\n\nteam b {\n  slack = \"#b\"\n}\n$0",
    );
    let edits = editor.ask_of_file("textDocument/formatting", json!({ "options": options() }));
    let edits = edits.as_array().unwrap();
    let shown: Vec<String> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            format!(
                "{}:{}-{}:{} {}",
                range["start"]["line"],
                range["start"]["character"],
                range["end"]["line"],
                range["end"]["character"],
                edit["newText"]
            )
        })
        .collect();
    assert_eq!(shown, ["1:8-1:8 \"      \"", "4:0-6:0 \"\""]);
    assert_eq!(
        apply(&text(&editor), edits),
        "team a {\n  slack       = \"#a\"\n  description = \"é\"\n}\n\nteam b {\n  slack = \"#b\"\n}\n"
    );
}

#[test]
fn line_ends_of_windows_stay() {
    let mut editor = start(Fixture::new("team a {\n slack = \"#a\"\n}$0\n").with_crlf());
    let edits = editor.ask_of_file("textDocument/formatting", json!({ "options": options() }));
    assert_eq!(edits.as_array().unwrap().len(), 1);
    assert_eq!(
        apply(&text(&editor), edits.as_array().unwrap()),
        "team a {\r\n  slack = \"#a\"\r\n}\r\n"
    );
}

#[test]
fn a_range_lays_out_the_statements_that_it_touches() {
    let fixture = "\
service a {
 one=1

 alert x {
 for$0=1m
    when =  `up`$0
 }
 two=2
}
team  b { }
";
    assert_eq!(
        ranged(fixture),
        "\
service a {
 one=1

 alert x {
    for  = 1m
    when = `up`
 }
 two=2
}
team  b { }
"
    );
}

#[test]
fn a_range_over_two_items_lays_out_both() {
    assert_eq!(
        ranged("let a=1\n\n\nlet $0b=2\nteam  c { $0}\n\nlet d=4\n"),
        "let a=1\n\n\nlet b = 2\n\nteam c {}\n\nlet d=4\n"
    );
}

#[test]
fn damaged_items_are_left_alone_and_sound_ones_laid_out() {
    assert_eq!(
        ranged("$0let a=1\n\nteam b { slack = }\n\nlet c=3\n$0"),
        "let a = 1\n\nteam b { slack = }\n\nlet c = 3\n"
    );
}

#[test]
fn a_new_line_is_indented() {
    let typed = |text: &str| typed(Fixture::new(text), "\n");
    assert_eq!(typed("team a {\n$0\n}\n"), "team a {\n  \n}\n");
    assert_eq!(typed("team a {\n$0"), "team a {\n  ");
    assert_eq!(typed("team a {\n$0}\n"), "team a {\n}\n");
    assert_eq!(
        typed("team a {\n  x = [\n$0\n  ]\n}\n"),
        "team a {\n  x = [\n    \n  ]\n}\n"
    );
    assert_eq!(
        typed("service a {\n  slo b : c(\n$0\n  ) {\n  }\n}\n"),
        "service a {\n  slo b : c(\n    \n  ) {\n  }\n}\n"
    );
    assert_eq!(
        typed("team a {\n}\n    $0\nteam b {}\n"),
        "team a {\n}\n\nteam b {}\n"
    );
    assert_eq!(
        typed("team a {\n  x = [\n\n$0\nteam b {\n}\n"),
        "team a {\n  x = [\n\n    \nteam b {\n}\n",
        "what is left open goes on to the next item"
    );
}

#[test]
fn a_closing_brace_moves_below_its_head() {
    let typed = |text: &str| typed(Fixture::new(text), "}");
    assert_eq!(
        typed("service a {\n  alert b {\n    for = 1m\n    }$0\n}\n"),
        "service a {\n  alert b {\n    for = 1m\n  }\n}\n"
    );
    assert_eq!(
        typed("team a { slack = \"#a\" }$0\n"),
        "team a { slack = \"#a\" }\n"
    );
    assert_eq!(
        typed("let a = \"\"\"\n    }$0\n\"\"\"\n"),
        "let a = \"\"\"\n    }\n\"\"\"\n"
    );
    assert_eq!(typed("let a = `\n    }$0\n`\n"), "let a = `\n    }\n`\n");
}

#[test]
fn long_strings_and_queries_are_left_alone() {
    for text in [
        "let a = \"\"\"\n$0\n\"\"\"\n",
        "let a = `\n$0\n`\n",
        "let a = \"\"\"\n      one\n$0two\n\"\"\"\n",
    ] {
        assert_eq!(typed(Fixture::new(text), "\n"), text.replace("$0", ""));
    }
}

#[test]
fn windows_lines_are_indented_too() {
    let fixture = Fixture::new("team a {\n$0\n}\n").with_crlf();
    assert_eq!(typed(fixture, "\n"), "team a {\r\n  \r\n}\r\n");
}

/// Every source of the examples and of the standard library.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders = vec![root.join("examples"), root.join("stdlib")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "nth") {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    found.sort();
    found
}

/// A text whose blanks somebody has changed.
fn untidy(text: &str, seed: &[u8]) -> String {
    let laid = layout::format(text).unwrap();
    let mut untidy = String::new();
    for (line, seed) in text.split_inclusive('\n').zip(seed.iter().cycle()) {
        match seed % 5 {
            0 => untidy.push_str(line.trim_start()),
            1 => untidy.push_str(&line.replace(" = ", "=")),
            2 => untidy.push_str(&format!("   {line}")),
            3 => untidy.push_str(&format!("{line}\n\n")),
            _ => untidy.push_str(line),
        }
    }
    // Blanks in long strings and queries are text.
    if layout::format(&untidy).as_ref() == Some(&laid) {
        untidy
    } else {
        text.to_owned()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn edits_of_any_text_make_the_layout(which in any::<prop::sample::Index>(), seed in prop::collection::vec(any::<u8>(), 1..9)) {
        let sources = sources();
        let text = untidy(which.get::<String>(&sources), &seed);
        let laid = layout::format(&text).unwrap();
        let edits = changes(&text, &laid);
        prop_assert_eq!(applied(&text, &edits).unwrap(), laid.clone());
        prop_assert!(changes(&laid, &layout::format(&laid).unwrap()).is_empty());
    }

    #[test]
    fn a_range_changes_no_meaning_and_is_laid_out_once(
        which in any::<prop::sample::Index>(),
        seed in prop::collection::vec(any::<u8>(), 1..9),
        from in any::<prop::sample::Index>(),
        length in 0_usize..300,
    ) {
        let sources = sources();
        let text = untidy(which.get::<String>(&sources), &seed);
        let start = from.index(text.len());
        let range = TextRange::new(start, (start + length).min(text.len()));
        let edits = layout::format_range(&text, &parse(&text), range);
        let made = applied(&text, &edits).unwrap();
        prop_assert_eq!(layout::format(&made), layout::format(&text));
        let everything = TextRange::new(0, text.len());
        let all = layout::format_range(&text, &parse(&text), everything);
        prop_assert_eq!(applied(&text, &all), layout::format(&text));
    }

    #[test]
    fn indenting_changes_no_meaning_and_is_done_once(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        brace in any::<bool>(),
    ) {
        let sources = sources();
        let text = which.get::<String>(&sources);
        let at = (0..=from.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let text = if cut { &text[..at] } else { text.as_str() };
        let typed = if brace { '}' } else { '\n' };
        let Some(change) = indent(text, &parse(text), at, typed) else { return Ok(()) };
        let moved = at + change.text.len() - change.range.len() as usize;
        let made = applied(text, &[change]).unwrap();
        prop_assert_eq!(layout::format(&made), layout::format(text));
        prop_assert_eq!(indent(&made, &parse(&made), moved.min(made.len()), typed), None);
    }
}
