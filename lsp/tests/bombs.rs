//! Files that try to take all time, memory or stack are opened in the server, one after another, and it still answers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
#[path = "../../tests/faults/list.rs"]
#[allow(dead_code)]
mod list;

use std::fs;

use serde_json::json;

use common::Client;
use list::bombs;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_answers_after_every_bomb() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::write(root.join("nth.toml"), "[project]\nname = \"bombs\"\n").unwrap();
    let good = "team payments {\n  slack = \"#payments\"\n}\n";
    fs::write(root.join("good.nth"), good).unwrap();
    let uri = |name: &str| tower_lsp::lsp_types::Url::from_file_path(root.join(name)).unwrap();
    let mut client = Client::start(json!({})).await;
    let open = |uri: tower_lsp::lsp_types::Url, text: String| json!({ "textDocument": { "uri": uri, "languageId": "nth", "version": 1, "text": text } });
    client
        .notify(
            "textDocument/didOpen",
            open(uri("good.nth"), good.to_owned()),
        )
        .await;
    for (number, bomb) in bombs().into_iter().enumerate() {
        let bomb_uri = uri(&format!("bomb{number}.nth"));
        let document = open(bomb_uri.clone(), (bomb.text)());
        client.notify("textDocument/didOpen", document).await;
        // What an editor asks of a document that it has just opened.
        let of_bomb = json!({ "textDocument": { "uri": bomb_uri } });
        client
            .ask("textDocument/documentSymbol", of_bomb.clone())
            .await;
        let at_start = json!({ "textDocument": { "uri": bomb_uri }, "position": { "line": 0, "character": 4 } });
        client.ask("textDocument/hover", at_start).await;
        client.notify("textDocument/didClose", of_bomb).await;
        let symbols = json!({ "textDocument": { "uri": uri("good.nth") } });
        let answer = client.ask("textDocument/documentSymbol", symbols).await;
        assert!(
            answer.to_string().contains("payments"),
            "{}: {answer}",
            bomb.name
        );
    }
}
