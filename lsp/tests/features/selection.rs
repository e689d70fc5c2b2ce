//! What a selection grows to.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture};

/// The texts that the selection at `$0` grows to, from the innermost; longer ones are cut in the middle.
fn grown(fixture: Fixture) -> Vec<String> {
    let mut editor = Editor::start(
        fixture,
        json!({ "capabilities": crate::support::capabilities() }),
    );
    let cursor = editor.cursor();
    let found = editor.ask_of_file(
        "textDocument/selectionRange",
        json!({ "positions": [cursor] }),
    );
    let text = editor.fixture.files[&editor.fixture.file].clone();
    let mut shown = Vec::new();
    let mut at = &found[0];
    while !at.is_null() {
        let range = &at["range"];
        let start = crate::support::offset(&text, &range["start"]);
        let end = crate::support::offset(&text, &range["end"]);
        let slice = text[start..end].replace("\r\n", "\n").replace('\n', "⏎");
        let letters: Vec<char> = slice.chars().collect();
        shown.push(if letters.len() > 60 {
            let (first, last) = (&letters[..28], &letters[letters.len() - 28..]);
            let text = |part: &[char]| part.iter().collect::<String>();
            format!("{} … {}", text(first), text(last))
        } else {
            slice
        });
        at = &at["parent"];
    }
    shown
}

fn of(text: &str) -> Vec<String> {
    grown(Fixture::new(text))
}

#[test]
fn from_a_word_of_a_query_to_the_file() {
    let text = "\
service checkout {
  alert queue {
    when = `sum(rate(x_total{sta$0tus=~\"5..\", job=\"a\"}[5m])) by (job) > 1`
  }
}
";
    assert_eq!(
        of(text),
        [
            "status",
            "status=~\"5..\"",
            "status=~\"5..\", job=\"a\"",
            "x_total{status=~\"5..\", job=\"a\"}",
            "x_total{status=~\"5..\", job=\"a\"}[5m]",
            "rate(x_total{status=~\"5..\", job=\"a\"}[5m])",
            "sum(rate(x_total{status=~\"5..\", job=\"a\"}[5m])) by (job)",
            "sum(rate(x_total{status=~\"5..\", job=\"a\"}[5m])) by (job) > 1",
            "`sum(rate(x_total{status=~\"5 … job=\"a\"}[5m])) by (job) > 1`",
            "when = `sum(rate(x_total{sta … job=\"a\"}[5m])) by (job) > 1`",
            "{⏎    when = `sum(rate(x_tot … \"a\"}[5m])) by (job) > 1`⏎  }",
            "alert queue {⏎    when = `su … \"a\"}[5m])) by (job) > 1`⏎  }",
            "{⏎  alert queue {⏎    when = … \"}[5m])) by (job) > 1`⏎  }⏎}",
            "service checkout {⏎  alert q … \"}[5m])) by (job) > 1`⏎  }⏎}",
            "service checkout {⏎  alert q … }[5m])) by (job) > 1`⏎  }⏎}⏎",
        ]
    );
}

#[test]
fn operators_bind_as_they_are_computed() {
    assert_eq!(
        of("let a = 1 + 2 * $03 - f(4, 5)\n"),
        [
            "3",
            "2 * 3",
            "1 + 2 * 3",
            "1 + 2 * 3 - f(4, 5)",
            "let a = 1 + 2 * 3 - f(4, 5)",
            "let a = 1 + 2 * 3 - f(4, 5)⏎",
        ]
    );
    assert_eq!(
        of("let a = f(x, over: 1$0h)\n"),
        [
            "1h",
            "over: 1h",
            "x, over: 1h",
            "(x, over: 1h)",
            "f(x, over: 1h)",
            "let a = f(x, over: 1h)",
            "let a = f(x, over: 1h)⏎",
        ]
    );
}

#[test]
fn a_hole_of_a_text_is_an_expression() {
    assert_eq!(
        of("let a = \"one ${b.na$0me} two\"\n"),
        [
            "name",
            "b.name",
            "${b.name}",
            "one ${b.name} two",
            "\"one ${b.name} two\"",
            "let a = \"one ${b.name} two\"",
            "let a = \"one ${b.name} two\"⏎",
        ]
    );
}

#[test]
fn a_doc_comment_belongs_to_its_block() {
    let text = "/// A doc.\nteam pay$0ments {\n  slack = \"#a\"\n}\n";
    assert_eq!(
        of(text),
        [
            "payments",
            "team payments {⏎  slack = \"#a\"⏎}",
            "/// A doc.⏎team payments {⏎  slack = \"#a\"⏎}",
            "/// A doc.⏎team payments {⏎  slack = \"#a\"⏎}⏎",
        ]
    );
    assert_eq!(of("// a wo$0rd\n"), ["word", "// a word", "// a word⏎"]);
}

#[test]
fn damaged_text_grows_too() {
    assert_eq!(
        of("team a {\n  x = `sum(rate(a_to$0tal[`\n"),
        [
            "a_total",
            "sum(rate(a_total[",
            "`sum(rate(a_total[`",
            "x = `sum(rate(a_total[`",
            "{⏎  x = `sum(rate(a_total[`",
            "team a {⏎  x = `sum(rate(a_total[`",
            "team a {⏎  x = `sum(rate(a_total[`⏎",
        ]
    );
    assert_eq!(of("//- main.nth\n$0"), [""]);
}

#[test]
fn line_ends_of_windows_are_no_words() {
    let fixture = Fixture::new("team a {\n  x = on$0e\n}\n").with_crlf();
    assert_eq!(
        grown(fixture),
        [
            "one",
            "x = one",
            "{⏎  x = one⏎}",
            "team a {⏎  x = one⏎}",
            "team a {⏎  x = one⏎}⏎",
        ]
    );
}

#[test]
fn each_position_has_its_own_answer() {
    let mut editor = Editor::open("let a = 1\nlet b = 2\n");
    let positions = json!([{ "line": 0, "character": 4 }, { "line": 1, "character": 4 }]);
    let found = editor.ask_of_file(
        "textDocument/selectionRange",
        json!({ "positions": positions }),
    );
    let starts: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["range"]["start"]["line"])
        .collect();
    assert_eq!(starts, [0, 1]);
}
