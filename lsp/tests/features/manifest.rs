//! An open `nth.toml`.

use serde_json::{Value, json};

use crate::support::Editor;

fn editor(manifest: &str) -> Editor {
    Editor::open(&format!(
        "//- main.nth\nteam payments {{ slack = \"#p\" }}\n//- nth.toml\n{manifest}"
    ))
}

fn completed(manifest: &str) -> Vec<Value> {
    let answer = editor(manifest).ask_at_cursor("textDocument/completion", json!({}));
    answer.as_array().unwrap().clone()
}

fn labels(items: &[Value]) -> Vec<&str> {
    let labels = items.iter().map(|item| item["label"].as_str().unwrap());
    labels.collect()
}

#[test]
fn keys_of_a_table_and_values_of_a_key_are_offered() {
    let keys = completed("[project]\nname = \"demo\"\n\n[grafana]\nfo$0\n");
    let labels = labels(&keys);
    assert!(
        labels.contains(&"folder") && labels.contains(&"datasource"),
        "{labels:?}"
    );
    assert!(!labels.contains(&"interval"), "{labels:?}");
    let folder = keys.iter().find(|key| key["label"] == "folder").unwrap();
    assert_eq!(folder["textEdit"]["newText"], "folder = ");
    assert_eq!(
        folder["textEdit"]["range"],
        json!({ "start": { "line": 4, "character": 0 }, "end": { "line": 4, "character": 2 } })
    );
    assert!(
        folder["documentation"]["value"]
            .as_str()
            .unwrap()
            .contains("Grafana folder"),
        "{folder}"
    );
    let values = completed("[project]\nname = \"demo\"\n\n[prometheus]\nformat = $0\n");
    let texts: Vec<&Value> = values
        .iter()
        .map(|value| &value["textEdit"]["newText"])
        .collect();
    assert_eq!(
        texts,
        ["\"plain\"", "\"prometheus-rule\"", "\"namespaced\""]
    );
}

#[test]
fn a_key_says_what_it_means_and_what_it_is_by_default() {
    let mut editor = editor("[project]\nname = \"demo\"\n\n[prometheus]\nint$0erval = \"1m\"\n");
    let hover = editor.ask_at_cursor("textDocument/hover", json!({}));
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("How often the rules are evaluated"), "{text}");
    assert!(text.contains("30s"), "{text}");
    assert_eq!(
        hover["range"],
        json!({ "start": { "line": 4, "character": 0 }, "end": { "line": 4, "character": 8 } })
    );
}

#[test]
fn what_is_unknown_or_between_words_has_no_hover() {
    for manifest in [
        "[project]\nname = \"demo\"\n$0\n",
        "[project]\nname = \"demo\"\nun$0known = 1\n",
    ] {
        let hover = editor(manifest).ask_at_cursor("textDocument/hover", json!({}));
        assert_eq!(hover, Value::Null, "{manifest}");
    }
}

#[test]
fn other_questions_about_it_have_no_answer() {
    let mut editor = editor("[project]\nname$0 = \"demo\"\n");
    for method in ["textDocument/definition", "textDocument/documentHighlight"] {
        assert_eq!(
            editor.ask_at_cursor(method, json!({})),
            Value::Null,
            "{method}"
        );
    }
    for method in ["textDocument/documentSymbol", "textDocument/foldingRange"] {
        assert_eq!(
            editor.ask_of_file(method, json!({})),
            Value::Null,
            "{method}"
        );
    }
}
