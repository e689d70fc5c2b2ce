//! Messages to the language server.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

/// The maximum duration of a conversation.
const PATIENCE: Duration = Duration::from_secs(60);

/// The capacity of the pipes between the server and its client, in bytes.
const PIPE: usize = 1 << 20;

/// After any messages of a client, the server answers the next valid request, and exits when requested.
pub fn holds(bytes: &[u8]) {
    let Ok(said) = conversation(&mut Unstructured::new(bytes)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let (here, there) = tokio::io::duplex(PIPE);
        let (input, output) = tokio::io::split(there);
        let (mut reader, mut writer) = tokio::io::split(here);
        let (answered, is_answered) = oneshot::channel();
        let client = async {
            for message in &said {
                writer.write_all(message).await?;
            }
            let shutdown = json!({ "jsonrpc": "2.0", "id": LAST, "method": "shutdown" });
            writer
                .write_all(&frame(shutdown.to_string().as_bytes()))
                .await?;
            let _ = is_answered.await;
            let exit = json!({ "jsonrpc": "2.0", "method": "exit" });
            writer.write_all(&frame(exit.to_string().as_bytes())).await
        };
        let listener = async {
            let (mut heard, mut answered) = (Vec::new(), Some(answered));
            while reader
                .read_buf(&mut heard)
                .await
                .is_ok_and(|count| count > 0)
            {
                let last = format!("\"id\":\"{LAST}\"");
                if answered.is_some() && memchr::memmem::find(&heard, last.as_bytes()).is_some() {
                    let _ = answered.take().map(|answered| answered.send(()));
                }
            }
            assert!(
                std::str::from_utf8(&heard).is_ok(),
                "the server speaks UTF-8"
            );
            answered.is_none()
        };
        let conversation = async { tokio::join!(nth_lsp::serve(input, output), client, listener) };
        let (_, told, was_answered) = tokio::time::timeout(PATIENCE, conversation)
            .await
            .expect("the server ends when it is told to");
        assert!(told.is_ok(), "the server does not listen to the end");
        assert!(was_answered, "the last request has no answer");
    });
}

/// The id of the last request.
const LAST: &str = "the last of all";

/// Returns a message with its header.
fn frame(body: &[u8]) -> Vec<u8> {
    let mut message = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    message.extend_from_slice(body);
    message
}

fn conversation(source: &mut Unstructured<'_>) -> Result<Vec<Vec<u8>>> {
    let mut said = Vec::new();
    if source.ratio(9, 10)? {
        let initialize = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "capabilities": {} } });
        said.push(frame(initialize.to_string().as_bytes()));
        let initialized = json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} });
        said.push(frame(initialized.to_string().as_bytes()));
        let opened = json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": {
            "uri": URI, "languageId": "nth", "version": 1, "text": TEXT,
        } } });
        said.push(frame(opened.to_string().as_bytes()));
    }
    for number in 0..source.int_in_range(1..=12_i64)? {
        let message = match source.int_in_range(0..=9_u8)? {
            0 => {
                let body: &[u8] = source.arbitrary()?;
                frame(&body[..body.len().min(64)])
            }
            1 => damage(&request(number, source)?, source)?,
            2 => {
                let text = request(number, source)?.to_string();
                frame(text.replace('e', "\\ud800").as_bytes())
            }
            3..=5 => {
                let change = json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
                    "textDocument": { "uri": URI, "version": number + 2 },
                    "contentChanges": [{ "range": { "start": position(source)?, "end": position(source)? },
                        "text": source.choose(&["", "}", "slo ", "\"", "`", "ü🔥", "\r\n", "${", "service x { }\n"])? }],
                } });
                frame(change.to_string().as_bytes())
            }
            _ => frame(request(number, source)?.to_string().as_bytes()),
        };
        said.push(message);
    }
    Ok(said)
}

fn position(source: &mut Unstructured<'_>) -> Result<Value> {
    Ok(
        json!({ "line": source.int_in_range(0..=12_u32)?, "character": source.int_in_range(0..=40_u32)? }),
    )
}

fn request(number: i64, source: &mut Unstructured<'_>) -> Result<Value> {
    let method = *source.choose(&METHODS)?;
    let mut params = json!({
        "textDocument": { "uri": URI },
        "position": position(source)?,
        "range": { "start": position(source)?, "end": position(source)? },
        "context": { "diagnostics": [], "includeDeclaration": true },
        "options": { "tabSize": 2, "insertSpaces": true },
        "newName": "renamed",
        "query": "s",
        "positions": [position(source)?],
    });
    if source.ratio(1, 10)? {
        params = json!(source.int_in_range(-5..=5_i64)?);
    }
    let id = match source.int_in_range(0..=9_u8)? {
        0 => json!(1.5),
        1 => Value::Null,
        2 => json!("text"),
        3 => json!([number]),
        _ => json!(number + 1),
    };
    Ok(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

/// Returns a message with a damaged frame. The next message has its own header.
fn damage(message: &Value, source: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let body = message.to_string();
    Ok(match source.int_in_range(0..=5_u8)? {
        0 => format!("\r\n\r\n{body}").into_bytes(),
        1 => format!("Content-Length: many\r\n\r\n{body}\n").into_bytes(),
        2 => format!("Content-Type: x\r\n\r\n{body}\n").into_bytes(),
        3 => frame(&body.as_bytes()[..body.len() / 2]),
        4 => frame(format!("[{body},{body}]").as_bytes()),
        _ => format!("content-length:{}\r\nX: y\r\n\r\n{body}", body.len()).into_bytes(),
    })
}

const URI: &str = "file:///nowhere/at/all/a.nth";

const TEXT: &str = "import std.http\n\nteam t { }\n\n/// What it is.\nservice s {\n  team = t\n  selector = { job = \"s\" }\n  slo availability : http.availability { objective = 99% }\n}\n";

const METHODS: [&str; 22] = [
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/rename",
    "textDocument/prepareRename",
    "textDocument/documentSymbol",
    "textDocument/formatting",
    "textDocument/rangeFormatting",
    "textDocument/codeAction",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "textDocument/semanticTokens/full",
    "textDocument/foldingRange",
    "textDocument/selectionRange",
    "textDocument/signatureHelp",
    "textDocument/documentHighlight",
    "textDocument/documentLink",
    "workspace/symbol",
    "textDocument/diagnostic",
    "nth/virtualDocument",
    "no/such/method",
];
