//! The server as a process of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::{fs, thread};

use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

/// The argument that makes this program the server.
pub const SERVE: &str = "--serve";

/// A server. Its messages are read at once, as by every client: a full pipe would keep its answers in its memory.
pub struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    requests: u64,
    /// The last diagnostics of each document, with its version.
    latest: HashMap<String, (Value, Value)>,
}

impl Server {
    /// Starts the server on a workspace with one folder.
    pub fn start(folder: &Path) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.arg(SERVE);
        Self::run(program, folder)
    }

    /// Starts a program as the server.
    pub fn run(mut program: Command, folder: &Path) -> Self {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (send, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let mut server = Self {
            input: child.stdin.take().unwrap(),
            child,
            messages,
            requests: 0,
            latest: HashMap::new(),
        };
        let root = Url::from_file_path(folder).unwrap();
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-8"] },
            "textDocument": { "publishDiagnostics": { "relatedInformation": true } },
            "workspace": { "workspaceEdit": { "documentChanges": true } },
        });
        let folders = json!([{ "uri": root, "name": "bench" }]);
        let params = json!({ "capabilities": capabilities, "workspaceFolders": folders });
        server.ask("initialize", params);
        server.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        server
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// Sends a request. Returns the answer, which may be an error.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message. Diagnostics are stored: they may arrive before an expected answer.
    fn next(&mut self) -> Value {
        let message = self.messages.recv().unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            let uri = params["uri"].as_str().unwrap_or_default().to_owned();
            let told = (params["version"].clone(), params["diagnostics"].clone());
            self.latest.insert(uri, told);
        }
        message
    }

    /// Waits for the diagnostics of a version of a document.
    pub fn diagnostics(&mut self, uri: &Url, version: i64) -> Value {
        loop {
            if let Some((known, diagnostics)) = self.latest.get(uri.as_str())
                && *known == version
            {
                return diagnostics.clone();
            }
            self.next();
        }
    }

    /// A field of the process's status in KiB, converted to MiB.
    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(field));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kilobytes.unwrap_or_default() / 1024
    }

    /// The resident memory of the process, in MiB.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The peak of the resident memory since the start, or since [`Server::forget_peak`], in MiB.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Resets the peak.
    pub fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// Ends the server with `shutdown` and `exit`.
    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(number) = header.strip_prefix("Content-Length: ") {
                    length = number.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
