//! Bytes that are no frame.

use serde_json::json;

use crate::table::Expected::{Error, Result};
use crate::table::{INVALID, PARSE, body, each, null, symbols};

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
