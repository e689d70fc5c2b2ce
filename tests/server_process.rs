//! The language server as a process: with which code it ends, and that it does when its client is gone, whatever it is
//! doing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const URI: &str = "untitled:Untitled-1";

const SERVICE: &str = "team payments { }\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n}\n";

/// A server with its own folder for what is temporary.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: Option<BufReader<ChildStdout>>,
    temporary: TempDir,
}

impl Server {
    fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_nth-lsp"))
            .arg("--stdio")
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let output = process.stdout.take().map(BufReader::new);
        Self {
            process,
            input,
            output,
            temporary,
        }
    }

    /// One that was initialized with these words.
    fn greeted(params: Value) -> Self {
        let mut server = Self::start();
        server.ask(json!("initialize"), "initialize", params);
        server.notify("initialized", json!({}));
        server
    }

    fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn request(&mut self, id: Value, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    }

    fn ask(&mut self, id: Value, method: &str, params: Value) -> Value {
        self.request(id.clone(), method, params);
        self.answer(&id)
    }

    fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.read().expect("the server goes on");
            if message.get("method").is_none() && message["id"] == *id {
                return message;
            }
        }
    }

    fn read(&mut self) -> Option<Value> {
        let output = self.output.as_mut().unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                header => {
                    if let Some(number) = header.strip_prefix("Content-Length: ") {
                        length = number.parse().unwrap();
                    }
                }
            }
        }
        let mut body = vec![0; length];
        output.read_exact(&mut body).unwrap();
        Some(serde_json::from_slice(&body).unwrap())
    }

    /// What it says until it ends, its exit code, and what it wrote to standard error. It has left nothing behind.
    fn end(mut self) -> (Vec<Value>, Option<i32>, String) {
        let mut said = Vec::new();
        if self.output.is_some() {
            while let Some(message) = self.read() {
                said.push(message);
            }
        }
        let code = self.process.wait().unwrap().code();
        let mut complaints = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut complaints).unwrap();
        }
        let left: Vec<_> = fs::read_dir(self.temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        (said, code, complaints)
    }
}

fn the_service() -> Value {
    json!({ "textDocument": { "uri": URI }, "position": { "line": 2, "character": 10 } })
}

fn open(server: &mut Server, uri: &str, text: &str) {
    let document = json!({ "uri": uri, "languageId": "nth", "version": 1, "text": text });
    server.notify("textDocument/didOpen", json!({ "textDocument": document }));
}

#[test]
fn hostile_messages_end_nothing() {
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    open(
        &mut server,
        URI,
        &SERVICE.replace("checkout {", "checkout { // \u{1F6D2}"),
    );
    let fraction = r#"{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}"#;
    let fraction = format!("Content-Length: {}\r\n\r\n{fraction}", fraction.len());
    for (number, (name, bytes, code)) in [
        ("no JSON", &b"Content-Length: 1\r\n\r\n{"[..], -32700),
        ("no UTF-8", b"Content-Length: 4\r\n\r\n\"\xFF\xFE\"", -32700),
        ("no length", b"Content-Type: a/b\r\n\r\n{}\r\n", -32700),
        (
            "no frame",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            -32700,
        ),
        (
            "a great length",
            b"Content-Length: 99999999999\r\n\r\n{\"a",
            -32700,
        ),
        (
            "a wrong length",
            b"Content-Length: 9999\r\n\r\n{\"a",
            -32700,
        ),
        ("a batch", b"Content-Length: 2\r\n\r\n[]", -32600),
        ("id 1.5", fraction.as_bytes(), -32600),
    ]
    .into_iter()
    .enumerate()
    {
        server.raw(bytes);
        server.request(json!(number), "textDocument/hover", the_service());
        let refusal = server.answer(&Value::Null);
        assert_eq!(refusal["error"]["code"], code, "{name}: {refusal}");
        let found = server.answer(&json!(number));
        assert!(found.to_string().contains("checkout"), "{name}: {found}");
    }
    let lone =
        r#"{"jsonrpc":"2.0","id":"lone","method":"workspace/symbol","params":{"query":"\ud83d"}}"#;
    server.raw(format!("Content-Length: {}\r\n\r\n{lone}", lone.len()).as_bytes());
    assert!(server.answer(&json!("lone")).get("result").is_some());
    assert_eq!(
        server.ask(json!("end"), "shutdown", Value::Null)["result"],
        Value::Null
    );
    server.notify("exit", Value::Null);
    let (said, code, complaints) = server.end();
    assert_eq!((said, code, complaints.as_str()), (Vec::new(), Some(0), ""));
}

#[test]
fn a_client_that_leaves_without_a_word_is_a_failure() {
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    server.notify("exit", Value::Null);
    assert_eq!(server.end().1, Some(1), "`exit` without `shutdown`");
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    server.input = None;
    assert_eq!(server.end().1, Some(1), "the end of standard input");
    let mut server = Server::start();
    server.input = None;
    assert_eq!(server.end().1, Some(1), "before `initialize`");
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    server.ask(json!(1), "shutdown", Value::Null);
    server.input = None;
    assert_eq!(
        server.end().1,
        Some(0),
        "`shutdown`, and then the end of standard input"
    );
}

/// A project in which a rename takes its time, with an open document.
fn large() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    fs::write(
        root.join("nth.toml"),
        "[project]\nname = \"large\"\nsource = \".\"\n",
    )
    .unwrap();
    fs::write(root.join("teams.nth"), "team payments { }\n").unwrap();
    for number in 0..400 {
        let text = format!(
            "import std.http\nimport teams.{{payments}}\n\nservice s{number} {{\n  team = payments\n  selector = {{ job = \"s{number}\" }}\n  slo availability : http.availability\n}}\n"
        );
        fs::write(root.join(format!("s{number}.nth")), text).unwrap();
    }
    let uri = address(&root.join("teams.nth"));
    (folder, uri)
}

fn address(path: &Path) -> String {
    // The paths of temporary folders need no escapes.
    format!("file://{}", path.display())
}

/// A server that is in the middle of a rename.
fn renaming(folder: &str) -> Server {
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    open(&mut server, folder, "team payments { }\n");
    let at = |params: Value| {
        let mut all =
            json!({ "textDocument": { "uri": folder }, "position": { "line": 0, "character": 7 } });
        all.as_object_mut()
            .unwrap()
            .extend(params.as_object().unwrap().clone());
        all
    };
    server.ask(json!("hover"), "textDocument/hover", at(json!({})));
    server.request(
        json!("rename"),
        "textDocument/rename",
        at(json!({ "newName": "billing" })),
    );
    // Questions are taken in their order, so the rename has begun when this is answered.
    server.request(
        json!("folding"),
        "textDocument/foldingRange",
        json!({ "textDocument": { "uri": folder } }),
    );
    loop {
        let message = server.read().expect("the server goes on");
        assert_ne!(
            message["id"], "rename",
            "the project is too small to see anything"
        );
        if message["id"] == "folding" {
            return server;
        }
    }
}

fn renamed(said: &[Value]) -> bool {
    said.iter().any(|message| message["id"] == "rename")
}

#[test]
fn a_rename_ends_with_its_client() {
    let (_folder, uri) = large();
    let mut server = renaming(&uri);
    server.input = None;
    let (said, code, _) = server.end();
    assert_eq!(
        (renamed(&said), code),
        (false, Some(1)),
        "the end of standard input"
    );

    let mut server = renaming(&uri);
    server.request(json!("end"), "shutdown", Value::Null);
    server.notify("exit", Value::Null);
    let (said, code, _) = server.end();
    assert_eq!((renamed(&said), code), (false, Some(0)), "`exit`");
    assert!(
        said.iter().any(|message| message["id"] == "end"),
        "`shutdown` was answered"
    );
}

#[test]
fn the_server_ends_with_the_process_of_its_client() {
    let mut client = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server::greeted(json!({ "capabilities": {}, "processId": client.id() }));
    drop(client.stdin.take());
    client.wait().unwrap();
    // Both of its streams are open, and nobody says anything.
    let (_, code, complaints) = server.end();
    assert_eq!(code, Some(1));
    assert!(
        complaints.contains("the client's process has ended"),
        "{complaints}"
    );
}

#[test]
fn a_process_that_cannot_be_seen_is_not_watched() {
    let mut client = Command::new("cat")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    client.wait().unwrap();
    // As in a container, whose numbers are its own.
    let mut server = Server::greeted(json!({ "capabilities": {}, "processId": client.id() }));
    open(&mut server, URI, SERVICE);
    let found = server.ask(json!(1), "textDocument/hover", the_service());
    assert!(found.to_string().contains("checkout"), "{found}");
    server.ask(json!("end"), "shutdown", Value::Null);
    server.notify("exit", Value::Null);
    assert_eq!(server.end().1, Some(0));
}

#[test]
fn a_client_that_closes_its_ears_has_left() {
    let mut server = Server::greeted(json!({ "capabilities": {} }));
    server.output = None;
    drop(server.process.stderr.take());
    // It is noticed when there is something to say; nothing can be said to standard error either.
    server.request(json!(1), "textDocument/hover", the_service());
    assert_eq!(server.end().1, Some(1));
}
