//! Bodies that are no message.

use nth_lsp::Ended;
use serde_json::{Value, json};

use crate::common::{Client, frame};
use crate::table::Expected::{Error, Result};
use crate::table::{
    INVALID, PARSE, SERVICE, body, change, each, message, null, request, symbols, untitled,
};

#[tokio::test]
async fn bodies_that_are_no_message() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut utf16 = Vec::new();
    for unit in symbols("1", "\"\"").encode_utf16() {
        utf16.extend_from_slice(&unit.to_le_bytes());
    }
    let latin1: Vec<u8> = symbols("77", "\"caf#\"")
        .bytes()
        .map(|byte| if byte == b'#' { 0xE9 } else { byte })
        .collect();
    let raw: Vec<u8> = symbols("77", "\"a###\"")
        .replace("###", "\0\0\0")
        .into_bytes();
    let raw = {
        let place = raw.iter().position(|byte| *byte == 0).unwrap();
        let mut raw = raw;
        raw[place..place + 3].copy_from_slice(&[0xED, 0xA0, 0xBD]);
        raw
    };
    let parse = || vec![Error(PARSE, null())];
    let invalid = |id: Value| vec![Error(INVALID, id)];
    let found = || vec![Result(json!(77))];
    each(vec![
        (
            "half of a text",
            body(r#"{"jsonrpc":"2.0","id":7,"method":"#),
            parse(),
        ),
        ("words", body("hello"), parse()),
        ("single quotes", body("{'jsonrpc':'2.0'}"), parse()),
        (
            "a comma too much",
            body(r#"{"jsonrpc":"2.0","id":7,"method":"shutdown",}"#),
            parse(),
        ),
        (
            "two texts in one body",
            body(&symbols("1", "\"\"").repeat(2)),
            parse(),
        ),
        ("a number above all", body(&symbols("7", "1e999")), parse()),
        (
            "a line end in a text",
            body(&symbols("7", "\"a\nb\"")),
            parse(),
        ),
        ("100,000 brackets", body(&deep), parse()),
        ("UTF-16", frame(&utf16), parse()),
        ("Latin-1", frame(&latin1), vec![Error(PARSE, json!(77))]),
        (
            "a lone surrogate",
            body(&symbols("77", r#""a\ud83d""#)),
            found(),
        ),
        (
            "surrogates in the wrong order",
            body(&symbols("77", r#""\ude00\ud83d""#)),
            found(),
        ),
        ("a lone surrogate, in bytes", frame(&raw), found()),
        (
            "a mark of the byte order",
            body(&format!("\u{feff}{}", symbols("77", "\"\""))),
            found(),
        ),
        (
            "a zero in a text",
            body(&symbols("77", r#""\u0000""#)),
            found(),
        ),
        (
            "an id twice in one message",
            body(&symbols("1,\"id\":77", "\"\"")),
            found(),
        ),
        ("a number", body("1"), invalid(null())),
        ("a text", body("\"shutdown\""), invalid(null())),
        ("null", body("null"), invalid(null())),
        ("an empty object", body("{}"), invalid(null())),
        (
            "a batch",
            body(&format!("[{}]", symbols("1", "\"\""))),
            invalid(null()),
        ),
        ("an empty batch", body("[]"), invalid(null())),
        (
            "another version",
            message(&json!({ "jsonrpc": "1.0", "id": 7, "method": "shutdown" })),
            invalid(json!(7)),
        ),
        (
            "no version",
            message(&json!({ "id": 7, "method": "shutdown" })),
            invalid(json!(7)),
        ),
        (
            "no method",
            message(&json!({ "jsonrpc": "2.0", "id": 7 })),
            invalid(json!(7)),
        ),
        (
            "a method that is a number",
            message(&json!({ "jsonrpc": "2.0", "id": 7, "method": 1 })),
            invalid(json!(7)),
        ),
        (
            "parameters that are a number",
            request(&json!(7), "workspace/symbol", &json!(5)),
            invalid(json!(7)),
        ),
        (
            "parameters that are a text",
            request(&json!(7), "workspace/symbol", &json!("a")),
            invalid(json!(7)),
        ),
        ("id 1.5", body(&symbols("1.5", "\"\"")), invalid(null())),
        ("id null", body(&symbols("null", "\"\"")), invalid(null())),
        ("id true", body(&symbols("true", "\"\"")), invalid(null())),
        ("id []", body(&symbols("[1]", "\"\"")), invalid(null())),
        ("id {}", body(&symbols("{}", "\"\"")), invalid(null())),
        ("id 1e300", body(&symbols("1e300", "\"\"")), invalid(null())),
        (
            "id 2^64",
            body(&symbols("18446744073709551616", "\"\"")),
            invalid(null()),
        ),
        ("id 77.0", body(&symbols("77.0", "\"\"")), found()),
        (
            "id -1",
            body(&symbols("-1", "\"\"")),
            vec![Result(json!(-1))],
        ),
        (
            "an empty id",
            body(&symbols("\"\"", "\"\"")),
            vec![Result(json!(""))],
        ),
    ])
    .await;
}

/// A lone surrogate counts as much as what replaces it, so that later edits are made where the client means.
#[tokio::test]
async fn positions_behind_a_lone_surrogate_are_the_clients() {
    let mut client = Client::start(json!({})).await;
    let uri = untitled();
    client.open(&uri, 0, SERVICE).await;
    let edit = |version: i64, from: i64, to: i64, text: &str| {
        let range = json!({
            "start": { "line": 3, "character": from }, "end": { "line": 3, "character": to },
        });
        let changes = json!([{ "range": range, "text": text }]);
        change(uri.as_str(), version, changes)
    };
    // The low half is taken out of a pair, as an editor with a fault of its own may do, and put back as `\ud83d` alone.
    let half = String::from_utf8(edit(1, 2, 2, "description = \"HALF!\" ")).unwrap();
    let half = half.split_once("\r\n\r\n").unwrap().1;
    let half = half.replace("HALF", r"\ud83d");
    client.send_bytes(&body(&half)).await;
    // `  description = "?!" team`: what stands behind it is edited.
    client.send_bytes(&edit(2, 21, 25, "tem")).await;
    let found = client.diagnostics_of(&uri, 2).await;
    let messages: Vec<&str> = found
        .iter()
        .filter_map(|found| found["message"].as_str())
        .collect();
    assert!(
        messages.iter().any(|message| message.contains("`tem`")),
        "{found:#?}"
    );
    client.send_bytes(&edit(3, 21, 24, "team")).await;
    assert_eq!(client.diagnostics_of(&uri, 3).await, Vec::<Value>::new());
    assert_eq!(client.end().await, Ended::InOrder);
}
