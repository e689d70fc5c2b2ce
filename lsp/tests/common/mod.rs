//! A client that is connected to a server in the same process by two pipes.

// Not every test program that includes this module uses all of it.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf,
};
use tokio::task::JoinHandle;
use tower_lsp::lsp_types::Url;

/// A client.
pub struct Client {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    server: JoinHandle<nth_lsp::Ended>,
    requests: i64,
    unread: VecDeque<Value>,
    /// The server's answer to `initialize`.
    pub greeting: Value,
}

impl Client {
    /// Starts a client with `capabilities`, and initializes the server.
    pub async fn start(capabilities: Value) -> Self {
        Self::greet(json!({ "capabilities": capabilities })).await
    }

    /// Starts a client, and initializes the server with these parameters.
    pub async fn greet(params: Value) -> Self {
        let mut client = Self::connect();
        client.initialize(params).await;
        client
    }

    /// Starts a client without initializing the server.
    pub fn connect() -> Self {
        let (here, there) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(there);
        let server = tokio::spawn(nth_lsp::serve(input, output));
        let (reader, writer) = tokio::io::split(here);
        let reader = BufReader::new(reader);
        let (requests, unread, greeting) = (0, VecDeque::new(), Value::Null);
        Self {
            reader,
            writer,
            server,
            requests,
            unread,
            greeting,
        }
    }

    /// Initializes the server.
    pub async fn initialize(&mut self, params: Value) {
        self.greeting = self.ask("initialize", params).await;
        self.notify("initialized", json!({})).await;
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .await;
    }

    /// Sends a request. Returns the result.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        match self.try_ask(method, params).await {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// Sends a request. Returns the result or the error.
    pub async fn try_ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.request(method, params).await;
        let message = self.answer(id).await;
        match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].clone()),
        }
    }

    /// Sends a request. Returns its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.requests += 1;
        let id = self.requests;
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        self.send(&request).await;
        id
    }

    /// The answer to a request, which may be an error.
    pub async fn answer(&mut self, id: i64) -> Value {
        self.next(|message| message["id"] == id && message.get("method").is_none())
            .await
    }

    /// The next message for which `is_wanted` returns true; those before it are kept for later.
    pub async fn next(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.unread.iter().position(&is_wanted) {
            return self.unread.remove(place).expect("it is there");
        }
        loop {
            let message = self.read().await;
            if is_wanted(&message) {
                return message;
            }
            self.unread.push_back(message);
        }
    }

    /// True if a message like this has arrived.
    pub fn was_told(&self, is_it: impl Fn(&Value) -> bool) -> bool {
        self.unread.iter().any(is_it)
    }

    /// Answers a request of the server.
    pub async fn respond(&mut self, request: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": null }))
            .await;
    }

    /// Leaves without `shutdown`.
    pub async fn leave(self) -> nth_lsp::Ended {
        let Self {
            reader,
            writer,
            server,
            ..
        } = self;
        drop(reader.into_inner().unsplit(writer));
        server.await.expect("the server does not panic")
    }

    /// The next diagnostics of a document.
    pub async fn diagnostics(&mut self, uri: &Url) -> Value {
        let is_it = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
        };
        self.next(is_it).await["params"].clone()
    }

    /// The parameters of the next notification with this method.
    pub async fn notification(&mut self, method: &str) -> Value {
        let is_it = |message: &Value| message["method"] == method;
        if let Some(place) = self.unread.iter().position(is_it) {
            return self.unread.remove(place).expect("it is there")["params"].clone();
        }
        loop {
            let message = self.read().await;
            if is_it(&message) {
                return message["params"].clone();
            }
            self.unread.push_back(message);
        }
    }

    /// The diagnostics of a version of a document; earlier ones are skipped.
    pub async fn diagnostics_of(&mut self, uri: &Url, version: i64) -> Vec<Value> {
        loop {
            let told = self.diagnostics(uri).await;
            let of = told["version"]
                .as_i64()
                .expect("an open document's diagnostics have a version");
            assert!(of <= version, "{told}");
            if of == version {
                return told["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    /// Opens a document.
    pub async fn open(&mut self, uri: &Url, version: i64, text: &str) {
        let document = json!({ "uri": uri, "languageId": "nth", "version": version, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }))
            .await;
    }

    /// Replaces the text of a document.
    pub async fn change(&mut self, uri: &Url, version: i64, text: &str) {
        let params = json!({
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": [{ "text": text }],
        });
        self.notify("textDocument/didChange", params).await;
    }

    /// Formats a document.
    pub async fn format(&mut self, uri: &Url) -> Value {
        let params = json!({
            "textDocument": { "uri": uri },
            "options": { "tabSize": 8, "insertSpaces": false },
        });
        self.ask("textDocument/formatting", params).await
    }

    /// Sends `shutdown` and `exit`.
    pub async fn end(mut self) -> nth_lsp::Ended {
        assert_eq!(self.ask("shutdown", Value::Null).await, Value::Null);
        self.notify("exit", Value::Null).await;
        self.server.await.expect("the server does not panic")
    }

    /// Waits until the server ends by itself.
    pub async fn ended(self) -> nth_lsp::Ended {
        let Self {
            reader,
            writer,
            server,
            ..
        } = self;
        let ended = server.await.expect("the server does not panic");
        drop((reader, writer));
        ended
    }

    /// All messages that were not read yet.
    pub fn unread(&self) -> impl Iterator<Item = &Value> {
        self.unread.iter()
    }

    /// Sends a message, which may be invalid.
    pub async fn send(&mut self, message: &Value) {
        self.send_bytes(&frame(message.to_string().as_bytes()))
            .await;
    }

    /// Sends bytes, which may be no message.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer
            .write_all(bytes)
            .await
            .expect("the server reads");
    }

    async fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self
                .reader
                .read_line(&mut line)
                .await
                .expect("the server writes");
            assert_ne!(read, 0, "the server has left");
            match line.trim_end() {
                "" => break,
                header => {
                    if let Some(number) = header.strip_prefix("Content-Length: ") {
                        length = number.parse().expect("a length");
                    }
                }
            }
        }
        let mut body = vec![0; length];
        self.reader
            .read_exact(&mut body)
            .await
            .expect("the server writes it whole");
        serde_json::from_slice(&body).expect("JSON")
    }
}

/// A body with its header.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut framed = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    framed.extend_from_slice(body);
    framed
}

/// The URI of a file.
pub fn address(path: &Path) -> Url {
    Url::from_file_path(path).expect("an absolute path")
}

/// The first occurrence of `needle` in a text as line and UTF-16 code unit, both from 0, found without the server's
/// help.
pub fn place(text: &str, needle: &str) -> Value {
    let at = text.find(needle).expect("it is there");
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}
