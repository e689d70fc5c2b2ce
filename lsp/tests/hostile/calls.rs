//! Messages that cannot be meant.

use nth_lsp::Ended;
use serde_json::{Value, json};

use crate::common::Client;
use crate::table::Expected::{Error, Log, Nothing, Result};
use crate::table::{
    INVALID, NO_METHOD, PARAMS, SERVICE, answers, at, change, each, message, notification, open,
    request, the_service, untitled,
};

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
            vec![Log("the response to the request 4711")],
        ),
        (
            "an answer with a text as id",
            response(json!("x")),
            vec![Log("the response to the request \"x\"")],
        ),
        (
            "an answer without an id",
            message(&json!({ "jsonrpc": "2.0", "result": null })),
            vec![Log("a response without an id")],
        ),
        (
            "an answer with id null",
            response(json!(null)),
            vec![Log("a response without an id")],
        ),
        (
            "an error that nobody waits for",
            message(&json!({ "jsonrpc": "2.0", "id": 9, "error": { "code": "x" } })),
            vec![Log("the response to the request 9")],
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
            change(
                uri,
                6,
                json!([{ "range": range(1, 0), "text": "team payments { }\n" }]),
            ),
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
