//! What comes too early or too late, and how a client leaves.

use nth_lsp::Ended;
use serde_json::{Value, json};

use crate::common::Client;
use crate::table::Expected::{Error, Nothing, Result};
use crate::table::{
    INVALID, NOT_INITIALIZED, PARAMS, PARSE, SERVICE, answers, body, notification, null, open,
    request, sees, the_service, untitled,
};

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
