//! Messages, what they lead to, and whether the server goes on.

use nth_lsp::Ended;
use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use Expected::{Error, Log, Nothing, Result};

use crate::common::{Client, frame};

pub const SERVICE: &str = "team payments { }\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n}\n";

pub fn untitled() -> Url {
    "untitled:Untitled-1".parse().unwrap()
}

/// What a message leads to.
#[derive(Debug)]
pub enum Expected {
    /// An error of this code, in the answer to the request of this id.
    Error(i64, Value),
    /// A result, in the answer to the request of this id.
    Result(Value),
    /// Nothing: no answer, and nothing in the log.
    Nothing,
    /// A message for the log, with these words in it.
    Log(&'static str),
}

pub const PARSE: i64 = -32700;
pub const INVALID: i64 = -32600;
pub const NO_METHOD: i64 = -32601;
pub const PARAMS: i64 = -32602;
pub const NOT_INITIALIZED: i64 = -32002;

/// A message in its frame.
pub fn body(text: &str) -> Vec<u8> {
    frame(text.as_bytes())
}

pub fn message(value: &Value) -> Vec<u8> {
    body(&value.to_string())
}

pub fn request(id: &Value, method: &str, params: &Value) -> Vec<u8> {
    message(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

pub fn notification(method: &str, params: &Value) -> Vec<u8> {
    message(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}

/// A request for all symbols, as it is written.
pub fn symbols(id: &str, query: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"workspace/symbol","params":{{"query":{query}}}}}"#
    )
}

pub fn change(uri: &str, version: i64, changes: Value) -> Vec<u8> {
    let document = json!({ "uri": uri, "version": version });
    let params = json!({ "textDocument": document, "contentChanges": changes });
    notification("textDocument/didChange", &params)
}

pub fn open(uri: &str, version: i64, text: &str) -> Vec<u8> {
    let document = json!({ "uri": uri, "languageId": "nth", "version": version, "text": text });
    notification("textDocument/didOpen", &json!({ "textDocument": document }))
}

pub fn at(uri: &str, line: Value) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": 3 } })
}

/// The name of the service, wherever it is asked for.
pub fn the_service() -> Value {
    json!({ "textDocument": { "uri": untitled() }, "position": { "line": 2, "character": 10 } })
}

/// The server answers as ever, and has sent nothing of this kind meanwhile but what was looked at.
pub async fn answers(client: &mut Client, name: &str) {
    let hover = client.ask("textDocument/hover", the_service()).await;
    assert!(
        hover["contents"].to_string().contains("checkout"),
        "{name}: {hover}"
    );
    for said in client.unread() {
        let is_answer = said.get("method").is_none();
        let is_log =
            said["method"] == "window/logMessage" || said["method"] == "window/showMessage";
        assert!(!is_answer && !is_log, "{name}: {said}");
    }
}

pub async fn sees(client: &mut Client, name: &str, bytes: &[u8], expected: &[Expected]) {
    client.send_bytes(bytes).await;
    for expected in expected {
        match expected {
            Error(code, id) => {
                let answer = client
                    .next(|said| said.get("method").is_none() && said["id"] == *id)
                    .await;
                assert_eq!(answer["error"]["code"], *code, "{name}: {answer}");
                assert_eq!(answer["jsonrpc"], "2.0");
                assert!(
                    answer["error"]["message"]
                        .as_str()
                        .is_some_and(|text| { !text.is_empty() && text.len() < 300 }),
                    "{name}: {answer}"
                );
            }
            Result(id) => {
                let answer = client
                    .next(|said| said.get("method").is_none() && said["id"] == *id)
                    .await;
                assert!(answer.get("result").is_some(), "{name}: {answer}");
            }
            Nothing => {}
            Log(words) => {
                let logged = client
                    .next(|said| said["method"] == "window/logMessage")
                    .await;
                let text = logged["params"]["message"].as_str().unwrap();
                assert!(text.contains(words), "{name}: {text}");
            }
        }
    }
}

/// Each in a server of its own, which has a document open.
pub async fn each(cases: Vec<(&str, Vec<u8>, Vec<Expected>)>) {
    for (name, bytes, expected) in cases {
        let mut client = Client::start(json!({})).await;
        client.open(&untitled(), 5, SERVICE).await;
        sees(&mut client, name, &bytes, &expected).await;
        answers(&mut client, name).await;
        assert_eq!(client.end().await, Ended::InOrder, "{name}");
    }
}

pub fn null() -> Value {
    Value::Null
}
