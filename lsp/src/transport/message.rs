//! Parsing of JSON-RPC messages.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

use super::repair;

/// A parsed body.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// A request or a notification.
    Request(Request),
    /// The answer to a request of the server.
    Response(Response),
    /// An invalid message, with the error to answer.
    Refused(Response),
    /// Not JSON, with the error to answer. Its length may be wrong.
    Unreadable(Response),
    /// A message that must not be answered, with the reason for ignoring it.
    Ignored(String),
}

/// Parses a body, which may be anything. Replaces lone surrogates in it.
pub fn read(body: &mut [u8]) -> Message {
    match parse(body) {
        Ok(value) => classify(value),
        Err(fault) => {
            // In another encoding than UTF-8 the id may still be readable.
            let lossy = match std::str::from_utf8(body) {
                Ok(_) => None,
                Err(_) => serde_json::from_str::<Value>(&String::from_utf8_lossy(body)).ok(),
            };
            let id = lossy.as_ref().map_or(Id::Null, id_to_answer);
            Message::Unreadable(Response::from_error(
                id,
                error(ErrorCode::ParseError, fault.to_string()),
            ))
        }
    }
}

/// The error answer to a body that is refused regardless of its contents.
pub fn refuse(body: Option<&[u8]>, code: ErrorCode, reason: String) -> Response {
    let id = body
        .and_then(|body| serde_json::from_slice::<Value>(body).ok())
        .map_or(Id::Null, |value| id_to_answer(&value));
    Response::from_error(id, error(code, reason))
}

/// Creates an error with a message for the client's log.
pub fn error(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Error {
    Error {
        code,
        message: message.into(),
        data: None,
    }
}

fn parse(body: &mut [u8]) -> serde_json::Result<Value> {
    let body = match body {
        // A byte order mark is ignored.
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        body => body,
    };
    let fault = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    if repair::surrogates(body) {
        serde_json::from_slice(body)
    } else {
        Err(fault)
    }
}

fn classify(value: Value) -> Message {
    let invalid = |id: Id, reason: &str| {
        let reason = reason.to_owned();
        Message::Refused(Response::from_error(
            id,
            error(ErrorCode::InvalidRequest, reason),
        ))
    };
    let mut message = match value {
        Value::Object(message) => message,
        Value::Array(_) => {
            return invalid(
                Id::Null,
                "the protocol has no batches: send one message at a time",
            );
        }
        _ => return invalid(Id::Null, "a message is a JSON object"),
    };
    let is_response = !message.contains_key("method")
        && (message.contains_key("result") || message.contains_key("error"));
    if is_response {
        return response(message);
    }
    let id = match message.remove("id").map(|id| read_id(&id).ok_or(id)) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(id)) => {
            return invalid(
                Id::Null,
                &format!(
                    "the id of a request is an integer or a string, not {}",
                    describe(&id)
                ),
            );
        }
    };
    let known = id.clone().unwrap_or(Id::Null);
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(known, "`jsonrpc` is not \"2.0\"");
    }
    let Some(Value::String(method)) = message.remove("method") else {
        return invalid(known, "a message has a `method`, a `result` or an `error`");
    };
    let mut request = Request::build(method);
    match message.remove("params") {
        None | Some(Value::Null) => {}
        Some(params @ (Value::Object(_) | Value::Array(_))) => request = request.params(params),
        Some(_) => return invalid(known, "`params` is an object or an array"),
    }
    if let Some(id) = id {
        request = request.id(id);
    }
    Message::Request(request.finish())
}

/// An answer from the client. It must not be answered, even if it is invalid.
fn response(mut message: Map<String, Value>) -> Message {
    let Some(id) = message.get("id").and_then(read_id) else {
        return Message::Ignored("ignored a response without an id".to_owned());
    };
    Message::Response(match message.remove("error") {
        None | Some(Value::Null) => {
            Response::from_ok(id, message.remove("result").unwrap_or_default())
        }
        Some(fault) => {
            let code = fault.get("code").and_then(Value::as_i64);
            let text = fault.get("message").and_then(Value::as_str);
            Response::from_error(
                id,
                error(
                    code.map_or(ErrorCode::InternalError, ErrorCode::from),
                    text.unwrap_or("an error without a message").to_owned(),
                ),
            )
        }
    })
}

/// The id of a request: an integer or a string. Some clients write integers as `1.0`.
fn read_id(id: &Value) -> Option<Id> {
    /// Above this, not every integer can be represented as a JSON number.
    const GREATEST: f64 = 9_007_199_254_740_992.0;
    match id {
        Value::String(id) => Some(Id::String(id.clone())),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(id), _) => Some(Id::Number(id)),
            (None, Some(id)) if id.fract() == 0.0 && id.abs() < GREATEST => {
                Some(Id::Number(id as i64))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The id for the error answer to a body. `Null` if it has no `method`: then it is an answer itself.
fn id_to_answer(value: &Value) -> Id {
    let id = value.get("method").and(value.get("id"));
    id.and_then(read_id).unwrap_or(Id::Null)
}

fn describe(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}
