//! The harness itself.

use serde_json::json;

use crate::support::{Editor, Fixture, apply, offset, position};

#[test]
fn files_and_marks_are_read() {
    let fixture = Fixture::new(
        "
        //- a/b.nth
        let x = 1

        //- main.nth
        service s {
          tier = $0critical$0
        }
        ",
    );
    assert_eq!(fixture.files["a/b.nth"], "let x = 1\n\n");
    assert_eq!(
        fixture.files["main.nth"],
        "service s {\n  tier = critical\n}\n"
    );
    assert_eq!(fixture.file, "main.nth");
    assert_eq!(fixture.marks, [21, 29]);
    let windows = fixture.with_crlf();
    assert_eq!(
        windows.files["main.nth"],
        "service s {\r\n  tier = critical\r\n}\r\n"
    );
    assert_eq!(windows.marks, [22, 30]);
}

#[test]
fn a_text_alone_is_the_main_file() {
    let fixture = Fixture::new("service s$0 {}");
    assert_eq!(fixture.files["main.nth"], "service s {}");
    assert_eq!(fixture.marks, [9]);
}

#[test]
fn positions_count_utf_16() {
    let text = "a\r\n🛒b";
    let at = text.find('b').unwrap();
    assert_eq!(position(text, at), json!({ "line": 1, "character": 2 }));
    assert_eq!(offset(text, &position(text, at)), at);
}

#[test]
fn edits_are_made() {
    let edit = |start: usize, end: usize, new: &str| {
        json!({
            "range": { "start": { "line": 0, "character": start }, "end": { "line": 0, "character": end } },
            "newText": new,
        })
    };
    assert_eq!(apply("abc", &[edit(2, 3, "z"), edit(0, 1, "xy")]), "xybz");
}

#[test]
fn an_editor_sees_what_is_wrong() {
    let mut editor = Editor::open("service s { tier = critcal$0 }\n");
    let found = editor.diagnostics("main.nth");
    assert!(
        found
            .iter()
            .any(|found| found["message"].as_str().unwrap().contains("critcal")),
        "{found:#?}"
    );
    let at = found
        .iter()
        .find(|found| found["message"].as_str().unwrap().contains("critcal"))
        .map(|found| editor.show(editor.uri("main.nth").as_str(), &found["range"]))
        .unwrap();
    assert_eq!(at, "main.nth:1 service s { tier = [critcal] }");
}
