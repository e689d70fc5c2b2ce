//! What a client may send that is no good: it is answered as the protocol says, and the server answers what follows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use nth_lsp::Ended;
use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use common::{Client, frame};

const SERVICE: &str = "team payments { }\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n}\n";

fn untitled() -> Url {
    "untitled:Untitled-1".parse().unwrap()
}

/// What a message leads to.
#[derive(Debug)]
enum Expected {
    /// An error of this code, in the answer to the request of this id.
    Error(i64, Value),
    /// A result, in the answer to the request of this id.
    Result(Value),
    /// Nothing: no answer, and nothing in the log.
    Nothing,
    /// A message for the log, with these words in it.
    Log(&'static str),
}

use Expected::{Error, Log, Nothing, Result};

const PARSE: i64 = -32700;
const INVALID: i64 = -32600;
const NO_METHOD: i64 = -32601;
const PARAMS: i64 = -32602;
const NOT_INITIALIZED: i64 = -32002;

/// A message in its frame.
fn body(text: &str) -> Vec<u8> {
    frame(text.as_bytes())
}

fn message(value: &Value) -> Vec<u8> {
    body(&value.to_string())
}

fn request(id: &Value, method: &str, params: &Value) -> Vec<u8> {
    message(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

fn notification(method: &str, params: &Value) -> Vec<u8> {
    message(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}

/// A request for all symbols, as it is written.
fn symbols(id: &str, query: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"workspace/symbol","params":{{"query":{query}}}}}"#
    )
}

fn change(uri: &str, version: i64, changes: Value) -> Vec<u8> {
    let document = json!({ "uri": uri, "version": version });
    let params = json!({ "textDocument": document, "contentChanges": changes });
    notification("textDocument/didChange", &params)
}

fn open(uri: &str, version: i64, text: &str) -> Vec<u8> {
    let document = json!({ "uri": uri, "languageId": "nth", "version": version, "text": text });
    notification("textDocument/didOpen", &json!({ "textDocument": document }))
}

fn at(uri: &str, line: Value) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": 3 } })
}

/// The name of the service, wherever it is asked for.
fn the_service() -> Value {
    json!({ "textDocument": { "uri": untitled() }, "position": { "line": 2, "character": 10 } })
}

/// The server answers as ever, and has sent nothing of this kind meanwhile but what was looked at.
async fn answers(client: &mut Client, name: &str) {
    let hover = client.ask("textDocument/hover", the_service()).await;
    assert!(
        hover["contents"].to_string().contains("checkout"),
        "{name}: {hover}"
    );
    for said in client.said() {
        let is_answer = said.get("method").is_none();
        let is_log =
            said["method"] == "window/logMessage" || said["method"] == "window/showMessage";
        assert!(!is_answer && !is_log, "{name}: {said}");
    }
}

async fn sees(client: &mut Client, name: &str, bytes: &[u8], expected: &[Expected]) {
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
async fn each(cases: Vec<(&str, Vec<u8>, Vec<Expected>)>) {
    for (name, bytes, expected) in cases {
        println!("{name}");
        let mut client = Client::start(json!({})).await;
        client.open(&untitled(), 5, SERVICE).await;
        sees(&mut client, name, &bytes, &expected).await;
        answers(&mut client, name).await;
        assert_eq!(client.end().await, Ended::InOrder, "{name}");
    }
}

fn null() -> Value {
    Value::Null
}

#[tokio::test]
async fn frames_that_are_none() {
    let good = symbols("\"good\"", "\"\"");
    let framed = body(&good);
    let with = |broken: &str| [broken.as_bytes(), &framed].concat();
    let read = || Result(json!("good"));
    let headers = |headers: &str| format!("{headers}\r\n\r\n{good}").into_bytes();
    let length = good.len();
    let parse = || vec![Error(PARSE, null()), read()];
    each(vec![
        (
            "no Content-Length",
            with("Content-Type: application/vscode-jsonrpc\r\n\r\n{}"),
            parse(),
        ),
        ("no header at all", with(&good), parse()),
        (
            "no header, on several lines",
            with("{\n\"jsonrpc\": \"2.0\"\n}\n"),
            parse(),
        ),
        (
            "a length that is a word",
            with("Content-Length: many\r\n\r\n{}"),
            parse(),
        ),
        (
            "a negative length",
            with("Content-Length: -2\r\n\r\n{}"),
            parse(),
        ),
        (
            "a length with a fraction",
            with("Content-Length: 2.5\r\n\r\n{}"),
            parse(),
        ),
        (
            "an empty length",
            with("Content-Length: \r\n\r\n{}"),
            parse(),
        ),
        (
            "two lengths",
            with("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            parse(),
        ),
        (
            "a length that is too small",
            with(&format!("Content-Length: {}\r\n\r\n{good}", length - 9)),
            parse(),
        ),
        (
            "a length that is too great by a little",
            with(&format!("Content-Length: {}\r\n\r\n{good}", length + 5)),
            parse(),
        ),
        (
            "a length that is too great by a header",
            with(&format!("Content-Length: {}\r\n\r\n{good}", length + 24)),
            parse(),
        ),
        (
            "a length that is far too great",
            with(&format!("Content-Length: 1000000\r\n\r\n{good}")),
            parse(),
        ),
        (
            "a length of zero",
            with("Content-Length: 0\r\n\r\n"),
            parse(),
        ),
        (
            "a length above the limit",
            with("Content-Length: 67108865\r\n\r\n{"),
            parse(),
        ),
        (
            "a length above every number",
            with("Content-Length: 184467440737095516160\r\n\r\n{"),
            parse(),
        ),
        ("words before the header", with("Welcome!\n"), parse()),
        ("bytes before the header", with("\0\u{1}\u{7f}"), parse()),
        (
            "a header that ends with CR alone",
            with("Content-Length: 2\r\r{}\r\n"),
            parse(),
        ),
        (
            "a line that never ends",
            [vec![b'x'; 1 << 20], framed.clone()].concat(),
            parse(),
        ),
        (
            "headers that end with LF alone",
            format!("Content-Length: {length}\n\n{good}").into_bytes(),
            vec![read()],
        ),
        (
            "a header in small letters",
            headers(&format!("content-length:{length}")),
            vec![read()],
        ),
        (
            "headers that nobody knows",
            headers(&format!("X-Y: z\r\nContent-Length: {length}\r\nA: b")),
            vec![read()],
        ),
        (
            "charset utf8",
            headers(&format!(
                "Content-Length: {length}\r\nContent-Type: a/b; charset=utf8"
            )),
            vec![read()],
        ),
        (
            "charset UTF-8",
            headers(&format!(
                "Content-Length: {length}\r\nContent-Type: a/b; charset=\"UTF-8\""
            )),
            vec![read()],
        ),
        (
            "no charset",
            headers(&format!(
                "Content-Length: {length}\r\nContent-Type: application/vscode-jsonrpc"
            )),
            vec![read()],
        ),
        (
            "charset latin1",
            headers(&format!(
                "Content-Length: {length}\r\nContent-Type: a/b; charset=latin1"
            )),
            vec![Error(INVALID, json!("good"))],
        ),
        (
            "empty lines between messages",
            with("\r\n\n\r\n"),
            vec![read()],
        ),
    ])
    .await;
}

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

#[tokio::test]
async fn requests_and_notifications_that_say_nothing() {
    let uri = untitled();
    let uri = uri.as_str();
    let hover = |params: &Value| request(&json!(77), "textDocument/hover", params);
    let wrong = || vec![Error(PARAMS, json!(77))];
    let known = || vec![Result(json!(77))];
    let cancels: Vec<u8> = (0..10_000)
        .flat_map(|id| notification("$/cancelRequest", &json!({ "id": id })))
        .collect();
    let no_params = message(&json!({ "jsonrpc": "2.0", "id": 77, "method": "textDocument/hover" }));
    let range = |from: i64, to: i64| json!({ "start": { "line": from, "character": from }, "end": { "line": to, "character": to } });
    let response = |id: Value| message(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
    each(vec![
        (
            "an unknown request",
            request(&json!(77), "textDocument/moo", &json!({})),
            vec![Error(NO_METHOD, json!(77))],
        ),
        (
            "an unknown notification",
            notification("textDocument/moo", &json!({})),
            vec![Nothing],
        ),
        (
            "an unknown request that may be ignored",
            request(&json!(77), "$/moo", &json!({})),
            vec![Error(NO_METHOD, json!(77))],
        ),
        (
            "an unknown notification that may be ignored",
            notification("$/moo", &json!({})),
            vec![Nothing],
        ),
        (
            "$/setTrace",
            notification("$/setTrace", &json!({ "value": "verbose" })),
            vec![Nothing],
        ),
        (
            "a method of a megabyte",
            request(&json!("x"), &"m".repeat(1 << 20), &json!({})),
            vec![Error(NO_METHOD, json!("x"))],
        ),
        (
            "an empty method",
            request(&json!(77), "", &json!({})),
            vec![Error(NO_METHOD, json!(77))],
        ),
        (
            "a second initialize",
            request(&json!(77), "initialize", &json!({ "capabilities": {} })),
            vec![Error(INVALID, json!(77))],
        ),
        (
            "a second initialized",
            notification("initialized", &json!({})),
            vec![Nothing],
        ),
        (
            "a request without an id",
            notification("textDocument/hover", &the_service()),
            vec![Nothing],
        ),
        (
            "shutdown without an id",
            notification("shutdown", &json!(null)),
            vec![Nothing],
        ),
        (
            "initialize without an id",
            notification("initialize", &json!({ "capabilities": {} })),
            vec![Nothing],
        ),
        (
            "a notification with an id",
            request(
                &json!(77),
                "textDocument/didSave",
                &json!({ "textDocument": { "uri": uri } }),
            ),
            vec![Error(INVALID, json!(77))],
        ),
        ("no parameters", no_params, wrong()),
        ("parameters null", hover(&json!(null)), wrong()),
        ("a list of parameters", hover(&json!([1, 2])), wrong()),
        (
            "parameters of something else",
            hover(&json!({ "query": "" })),
            wrong(),
        ),
        ("a negative line", hover(&at(uri, json!(-1))), wrong()),
        (
            "a line above every number",
            hover(&at(uri, json!(4_294_967_296_u64))),
            wrong(),
        ),
        (
            "a line with a fraction",
            hover(&at(uri, json!(0.5))),
            wrong(),
        ),
        (
            "a line beyond the end",
            hover(&at(uri, json!(4_294_967_295_u64))),
            known(),
        ),
        (
            "a document that is not open",
            hover(&at("file:///nowhere/x.nth", json!(0))),
            known(),
        ),
        (
            "an address that is none",
            hover(&at("x.nth", json!(0))),
            wrong(),
        ),
        ("an empty address", hover(&at("", json!(0))), wrong()),
        (
            "an address that is a number",
            hover(&json!({ "textDocument": { "uri": 5 } })),
            wrong(),
        ),
        ("10,000 cancellations of nothing", cancels, vec![Nothing]),
        (
            "a cancellation of id 1.5",
            notification("$/cancelRequest", &json!({ "id": 1.5 })),
            vec![Log("`$/cancelRequest` is ignored")],
        ),
        (
            "a cancellation as a request",
            request(&json!(77), "$/cancelRequest", &json!({ "id": 1 })),
            vec![Error(NO_METHOD, json!(77))],
        ),
        (
            "an answer that nobody waits for",
            response(json!(4711)),
            vec![Log("an answer to the request 4711")],
        ),
        (
            "an answer with a text as id",
            response(json!("x")),
            vec![Log("an answer to the request \"x\"")],
        ),
        (
            "an answer without an id",
            message(&json!({ "jsonrpc": "2.0", "result": null })),
            vec![Log("an answer without the id")],
        ),
        (
            "an answer with id null",
            response(json!(null)),
            vec![Log("an answer without the id")],
        ),
        (
            "an error that nobody waits for",
            message(&json!({ "jsonrpc": "2.0", "id": 9, "error": { "code": "x" } })),
            vec![Log("an answer to the request 9")],
        ),
        (
            "an edit of a document that is not open",
            change("untitled:other", 1, json!([{ "text": "}" }])),
            vec![Log("is not open")],
        ),
        (
            "an edit beyond the end",
            change(uri, 6, json!([{ "range": range(999, 1000), "text": "\n" }])),
            vec![Log("999:999 to 1000:1000")],
        ),
        (
            "an edit that ends before it begins",
            change(uri, 6, json!([{ "range": range(1, 0), "text": "" }])),
            vec![Log("1:1 to 0:0")],
        ),
        (
            "an edit of an older version",
            change(uri, 4, json!([{ "text": "}" }])),
            vec![Log("version 4")],
        ),
        (
            "an edit without a version",
            notification(
                "textDocument/didChange",
                &json!({ "textDocument": { "uri": uri }, "contentChanges": [] }),
            ),
            vec![Log(
                "`textDocument/didChange` is ignored: missing field `version`",
            )],
        ),
        (
            "an edit of a negative line",
            change(uri, 6, json!([{ "range": range(-1, 0), "text": "" }])),
            vec![Log("`textDocument/didChange` is ignored")],
        ),
        (
            "edits that are no list",
            change(uri, 6, json!("}")),
            vec![Log("`textDocument/didChange` is ignored")],
        ),
        (
            "a document that is open is opened",
            open(uri, 1, &SERVICE.replace("checkout", "checkout2")),
            vec![Nothing],
        ),
        (
            "a document without an address",
            open("nowhere", 1, ""),
            vec![Log("`textDocument/didOpen` is ignored")],
        ),
        (
            "a document without parameters",
            message(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen" })),
            vec![Log("`textDocument/didOpen` is ignored")],
        ),
        (
            "a document that is not open is closed",
            notification(
                "textDocument/didClose",
                &json!({ "textDocument": { "uri": "untitled:other" } }),
            ),
            vec![Nothing],
        ),
        (
            "a document that is not open is saved",
            notification(
                "textDocument/didSave",
                &json!({ "textDocument": { "uri": "untitled:other" } }),
            ),
            vec![Nothing],
        ),
        (
            "folders that are none",
            notification(
                "workspace/didChangeWorkspaceFolders",
                &json!({ "event": 1 }),
            ),
            vec![Log("`workspace/didChangeWorkspaceFolders` is ignored")],
        ),
        (
            "files that changed in no way",
            notification(
                "workspace/didChangeWatchedFiles",
                &json!({ "changes": [{ "uri": "file:///x.nth", "type": "moved" }] }),
            ),
            vec![Log("`workspace/didChangeWatchedFiles` is ignored")],
        ),
        (
            "settings that are none",
            notification(
                "workspace/didChangeConfiguration",
                &json!({ "settings": [null, 5] }),
            ),
            vec![Nothing],
        ),
    ])
    .await;
}

#[tokio::test]
async fn any_address_is_a_document() {
    for uri in [
        "file:///tmp/with%20space/a%23b.nth",
        "file:///c%3A/Users/x/shop.nth",
        "file:///C:/Users/x/shop.nth",
        "file://server/share/shop.nth",
        "file:///tmp/%FF%FE.nth",
        "file:///tmp/a%00b.nth",
        "file:///tmp/%2e%2e/%2e%2e/x.nth",
        "file:///",
        "file:///dev/null",
        "untitled:../../x.nth",
        "git:/x.nth?%7B%22ref%22%3A%22~%22%7D",
        "vscode-notebook-cell:/a.ipynb#W0s",
        "https://example.com/x.nth",
        "mailto:x@example.com",
        "data:,x",
        "nth-std:///std/nothing.nth",
        "nth-generated:///nothing/index.md",
    ] {
        let mut client = Client::start(json!({})).await;
        client.open(&untitled(), 5, SERVICE).await;
        client.send_bytes(&open(uri, 1, SERVICE)).await;
        let changed = json!([{ "text": SERVICE.replace("checkout", "other") }]);
        client.send_bytes(&change(uri, 2, changed)).await;
        for method in ["textDocument/hover", "textDocument/definition"] {
            client.ask(method, at(uri, json!(2))).await;
        }
        client
            .ask(
                "textDocument/documentSymbol",
                json!({ "textDocument": { "uri": uri } }),
            )
            .await;
        let closed = json!({ "textDocument": { "uri": uri } });
        client
            .send_bytes(&notification("textDocument/didClose", &closed))
            .await;
        let hover = client.ask("textDocument/hover", the_service()).await;
        assert!(hover["contents"].to_string().contains("checkout"), "{uri}");
        assert_eq!(client.end().await, Ended::InOrder, "{uri}");
    }
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

#[tokio::test]
async fn nothing_but_initialize_comes_first() {
    let mut client = Client::connect();
    let ask = |method: &str, params: Value| request(&json!(77), method, &params);
    let early = || [Error(NOT_INITIALIZED, json!(77))];
    for (name, bytes, expected) in [
        ("hover", ask("textDocument/hover", the_service()), early()),
        ("shutdown", ask("shutdown", json!(null)), early()),
        ("unknown", ask("textDocument/moo", json!({})), early()),
        ("open", open("untitled:x", 1, SERVICE), [Nothing]),
        (
            "initialized",
            notification("initialized", &json!({})),
            [Nothing],
        ),
        ("no frame", b"{}\n".to_vec(), [Error(PARSE, null())]),
        ("no JSON", body("{"), [Error(PARSE, null())]),
        (
            "initialize, wrong",
            ask("initialize", json!({ "capabilities": 5 })),
            [Error(PARAMS, json!(77))],
        ),
        (
            "initialize, empty",
            ask("initialize", json!([])),
            [Error(PARAMS, json!(77))],
        ),
        (
            "still hover",
            ask("textDocument/hover", the_service()),
            early(),
        ),
    ] {
        sees(&mut client, name, &bytes, &expected).await;
    }
    client.initialize(json!({ "capabilities": {} })).await;
    client.open(&untitled(), 5, SERVICE).await;
    answers(&mut client, "after initialize").await;
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn what_follows_at_once_is_taken_in_order() {
    let mut client = Client::connect();
    let initialize = request(&json!(1), "initialize", &json!({ "capabilities": {} }));
    let hover = request(&json!(2), "textDocument/hover", &the_service());
    let bytes = [
        initialize.clone(),
        initialize,
        notification("initialized", &json!({})),
        open(untitled().as_str(), 1, SERVICE),
        hover,
    ]
    .concat();
    // No client need wait for the answer to know what it will say.
    let expected = [Result(json!(1)), Error(INVALID, json!(1)), Result(json!(2))];
    sees(&mut client, "at once", &bytes, &expected).await;
    answers(&mut client, "at once").await;
    assert_eq!(client.end().await, Ended::InOrder);
}

#[tokio::test]
async fn nothing_but_exit_comes_last() {
    let mut client = Client::start(json!({})).await;
    client.open(&untitled(), 5, SERVICE).await;
    // Some clients send parameters, where there are none.
    sees(
        &mut client,
        "shutdown",
        &request(&json!(1), "shutdown", &json!({})),
        &[Result(json!(1))],
    )
    .await;
    let ask = |method: &str, params: Value| request(&json!(77), method, &params);
    let late = || [Error(INVALID, json!(77))];
    for (name, bytes, expected) in [
        ("hover", ask("textDocument/hover", the_service()), late()),
        ("shutdown", ask("shutdown", json!(null)), late()),
        (
            "initialize",
            ask("initialize", json!({ "capabilities": {} })),
            late(),
        ),
        ("open", open("untitled:x", 1, SERVICE), [Nothing]),
        ("no frame", b"{}\n".to_vec(), [Error(PARSE, null())]),
        ("no JSON", body("{"), [Error(PARSE, null())]),
        (
            "hover again",
            ask("textDocument/hover", the_service()),
            late(),
        ),
    ] {
        sees(&mut client, name, &bytes, &expected).await;
    }
    client.notify("exit", Value::Null).await;
    assert_eq!(client.ended().await, Ended::InOrder);
}

#[tokio::test]
async fn a_client_may_leave_at_any_time() {
    let exit = notification("exit", &json!(null));
    // Before `initialize`, where a `shutdown` is refused.
    let mut client = Client::connect();
    client
        .send_bytes(&request(&json!(1), "shutdown", &json!(null)))
        .await;
    client.send_bytes(&exit).await;
    assert_eq!(client.ended().await, Ended::Abruptly);
    assert_eq!(Client::connect().leave().await, Ended::Abruptly);
    // In the middle of a message.
    for begun in [
        "Content-Le",
        "Content-Length: 50\r\n\r\n{\"json",
        "{",
        "Content-Length: 99999999\r\n\r\n{",
    ] {
        let mut client = Client::start(json!({})).await;
        client.send_bytes(begun.as_bytes()).await;
        assert_eq!(client.leave().await, Ended::Abruptly, "{begun}");
    }
    for exit in [exit, request(&json!(1), "exit", &json!({}))] {
        let mut client = Client::start(json!({})).await;
        client.open(&untitled(), 5, SERVICE).await;
        client.send_bytes(&exit).await;
        assert_eq!(client.ended().await, Ended::Abruptly);
    }
    // After `shutdown`, the end of the stream is as good as `exit`.
    let mut client = Client::start(json!({})).await;
    client.ask("shutdown", Value::Null).await;
    assert_eq!(client.leave().await, Ended::InOrder);
}

#[tokio::test]
async fn one_id_for_two_requests_has_two_answers() {
    let mut client = Client::start(json!({})).await;
    client.open(&untitled(), 5, SERVICE).await;
    let hover = request(&json!(77), "textDocument/hover", &the_service());
    client.send_bytes(&hover.repeat(2)).await;
    for _ in 0..2 {
        // Where the first is answered before the second comes, the second is a request of its own.
        let answer = client.answer(77).await;
        assert!(
            answer.get("result").is_some() || answer["error"]["code"] == INVALID,
            "{answer}"
        );
    }
    answers(&mut client, "twice").await;
    assert_eq!(client.end().await, Ended::InOrder);
}

/// A client that writes all its requests before it reads one answer is not waited for.
#[tokio::test]
async fn a_client_that_reads_late_is_answered() {
    const MANY: i64 = 3000;
    let mut client = Client::start(json!({})).await;
    client.open(&untitled(), 5, SERVICE).await;
    for id in 0..MANY {
        // The answers are more than fit in between.
        let hover = request(
            &json!(format!("late {id}")),
            "textDocument/hover",
            &the_service(),
        );
        client.send_bytes(&hover).await;
    }
    for id in 0..MANY {
        let id = format!("late {id}");
        let answer = client.next(|said| said["id"] == id.as_str()).await;
        assert!(
            answer["result"]["contents"]
                .to_string()
                .contains("checkout"),
            "{answer}"
        );
    }
    answers(&mut client, "late").await;
    assert_eq!(client.end().await, Ended::InOrder);
}
