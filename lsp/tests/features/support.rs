//! Marked texts, and an editor that has them open.
//!
//! A fixture is a text in which `$0` is the cursor; twice, it is what is selected. Lines such as `//- services/a.nth` begin
//! files; without one, all is `main.nth`. An `nth.toml` is added where there is none. Indented fixtures lose the indent
//! of their first line.
//!
//! ```ignore
//! let mut editor = Editor::open("
//!     //- teams.nth
//!     team payments { slack = \"#payments\" }
//!     //- main.nth
//!     import teams.{payments}
//!     service checkout { team = pay$0ments }
//! ");
//! let found = editor.ask_at_cursor("textDocument/definition", json!({}));
//! assert_eq!(editor.show_locations(&found), ["teams.nth:1 team [payments] { slack = …"]);
//! ```

// A tool for all features: which of them use what changes often.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower_lsp::lsp_types::Url;

use crate::common::{Client, address};

/// Where the cursor is.
pub const CURSOR: &str = "$0";

/// Texts by the paths of their files, and where the cursor is.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The texts, without marks.
    pub files: BTreeMap<String, String>,
    /// The file that holds the cursor; the last one without a mark.
    pub file: String,
    /// The bytes that are marked in it, none, one or two.
    pub marks: Vec<usize>,
}

impl Fixture {
    /// Reads a fixture.
    pub fn new(text: &str) -> Self {
        let text = text.strip_prefix('\n').unwrap_or(text);
        let indent = text.len() - text.trim_start_matches(' ').len();
        let mut files = BTreeMap::new();
        let mut current = "main.nth".to_owned();
        let mut last = None;
        for line in text.split_inclusive('\n') {
            let is_indented = line.len() >= indent && line[..indent].trim().is_empty();
            let line = match is_indented {
                true => &line[indent..],
                false => line.trim_start_matches(' '),
            };
            if let Some(path) = line.strip_prefix("//- ") {
                current = path.trim().to_owned();
                files.insert(current.clone(), String::new());
            } else if last.is_some() || !line.trim().is_empty() || files.contains_key(&current) {
                files.entry(current.clone()).or_default().push_str(line);
            }
            last = Some(current.clone());
        }
        let mut fixture = Self {
            file: current,
            files,
            marks: Vec::new(),
        };
        for (path, text) in &mut fixture.files {
            while let Some(at) = text.find(CURSOR) {
                text.replace_range(at..at + CURSOR.len(), "");
                assert!(
                    fixture.marks.is_empty() || fixture.file == *path,
                    "marks in two files"
                );
                fixture.file.clone_from(path);
                fixture.marks.push(at);
            }
        }
        fixture
    }

    /// The same with lines that end as on Windows.
    pub fn with_crlf(mut self) -> Self {
        let marked = self.files[&self.file].clone();
        for mark in &mut self.marks {
            *mark += marked[..*mark].matches('\n').count();
        }
        for text in self.files.values_mut() {
            *text = text.replace('\n', "\r\n");
        }
        self
    }
}

/// An editor that has opened the file with the cursor.
pub struct Editor {
    runtime: Runtime,
    client: Option<Client>,
    folder: TempDir,
    /// What it has opened, as the texts are now.
    pub fixture: Fixture,
    versions: BTreeMap<String, i64>,
}

/// What an editor of today can do.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
            "codeAction": {
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix", "refactor", "source"] } },
                "resolveSupport": { "properties": ["edit"] },
                "disabledSupport": true,
                "dataSupport": true,
            },
            "completion": {
                "completionItem": {
                    "snippetSupport": true,
                    "documentationFormat": ["markdown", "plaintext"],
                    "labelDetailsSupport": true,
                    "resolveSupport": { "properties": ["documentation", "additionalTextEdits"] },
                },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "signatureHelp": {
                "signatureInformation": {
                    "documentationFormat": ["markdown", "plaintext"],
                    "parameterInformation": { "labelOffsetSupport": true },
                    "activeParameterSupport": true,
                },
            },
            "definition": { "linkSupport": false },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "rename": { "prepareSupport": true },
        },
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "symbol": {},
        },
    })
}

impl Editor {
    /// Opens the cursor's file of a fixture.
    pub fn open(text: &str) -> Self {
        Self::start(
            Fixture::new(text),
            json!({ "capabilities": capabilities() }),
        )
    }

    /// Opens the cursor's file; these are the words that `initialize` is sent with.
    pub fn start(fixture: Fixture, mut greeting: Value) -> Self {
        let folder = TempDir::new().unwrap();
        if !fixture.files.keys().any(|path| path == "nth.toml") {
            fs::write(
                folder.path().join("nth.toml"),
                "[project]\nname = \"demo\"\n",
            )
            .unwrap();
        }
        for (path, text) in &fixture.files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let root = Url::from_directory_path(real(folder.path())).unwrap();
        if greeting["rootUri"].is_null() {
            greeting["rootUri"] = json!(root);
        }
        let client = runtime.block_on(Client::greet(greeting));
        let mut editor = Self {
            runtime,
            client: Some(client),
            folder,
            versions: BTreeMap::new(),
            fixture,
        };
        let file = editor.fixture.file.clone();
        editor.open_file(&file);
        editor
    }

    /// What the server answered to `initialize`.
    pub fn greeting(&self) -> &Value {
        &self.client.as_ref().unwrap().greeting
    }

    /// Opens another file.
    pub fn open_file(&mut self, file: &str) {
        let uri = self.uri(file);
        let text = self.fixture.files[file].clone();
        self.versions.insert(file.to_owned(), 1);
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.open(&uri, 1, &text));
    }

    /// Gives an open file another text, which has no marks.
    pub fn change(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        let version = self.versions.get_mut(file).expect("it is open");
        *version += 1;
        self.fixture.files.insert(file.to_owned(), text.to_owned());
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.change(&uri, *version, text));
    }

    /// The diagnostics of an open file as its text is now.
    pub fn diagnostics(&mut self, file: &str) -> Vec<Value> {
        let uri = self.uri(file);
        let version = self.versions[file];
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.diagnostics_of(&uri, version))
    }

    /// The address of a file.
    pub fn uri(&self, file: &str) -> Url {
        address(&real(self.folder.path()).join(file))
    }

    /// The project's folder.
    pub fn folder(&self) -> PathBuf {
        real(self.folder.path())
    }

    /// Asks something.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.ask(method, params))
    }

    /// Asks something that may be refused.
    pub fn try_ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.try_ask(method, params))
    }

    /// The words of the next notification of that name.
    pub fn told(&mut self, method: &str) -> Value {
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.notification(method))
    }

    /// Tells something.
    pub fn notify(&mut self, method: &str, params: Value) {
        let client = self.client.as_mut().unwrap();
        self.runtime.block_on(client.notify(method, params));
    }

    /// Asks something of the cursor's place; `more` is added to the words.
    pub fn ask_at_cursor(&mut self, method: &str, more: Value) -> Value {
        match self.try_ask_at_cursor(method, more) {
            Ok(answer) => answer,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// Asks something of the cursor's place that may be refused.
    pub fn try_ask_at_cursor(&mut self, method: &str, more: Value) -> Result<Value, Value> {
        let mut params = self.document();
        params["position"] = self.cursor();
        merge(&mut params, more);
        self.try_ask(method, params)
    }

    /// Asks something of the cursor's file; `more` is added to the words.
    pub fn ask_of_file(&mut self, method: &str, more: Value) -> Value {
        let mut params = self.document();
        merge(&mut params, more);
        self.ask(method, params)
    }

    fn document(&self) -> Value {
        json!({ "textDocument": { "uri": self.uri(&self.fixture.file) } })
    }

    /// The cursor's position.
    pub fn cursor(&self) -> Value {
        let at = *self.fixture.marks.first().expect("a mark");
        position(&self.fixture.files[&self.fixture.file], at)
    }

    /// The range between the two marks, or at the one.
    pub fn selection(&self) -> Value {
        let text = &self.fixture.files[&self.fixture.file];
        let start = *self.fixture.marks.first().expect("a mark");
        let end = self.fixture.marks.last().copied().unwrap_or(start);
        json!({ "start": position(text, start), "end": position(text, end) })
    }

    /// Its path below the project's folder; that of the standard library begins with `std/`.
    pub fn file_of(&self, uri: &str) -> String {
        let uri = Url::parse(uri).unwrap();
        let Ok(path) = uri.to_file_path() else {
            return uri.path().trim_start_matches('/').to_owned();
        };
        if let Ok(own) = path.strip_prefix(real(self.folder.path())) {
            return own.to_string_lossy().replace('\\', "/");
        }
        let shown = path.to_string_lossy().replace('\\', "/");
        match shown.rfind("/std/") {
            Some(at) => shown[at + 1..].to_owned(),
            None => shown,
        }
    }

    /// The text of a file, be it one that the server has written.
    pub fn text_of(&self, uri: &str) -> String {
        let file = self.file_of(uri);
        if let Some(text) = self.fixture.files.get(&file) {
            return text.clone();
        }
        match Url::parse(uri).unwrap().to_file_path() {
            Ok(path) => fs::read_to_string(path).unwrap(),
            Err(()) => standard(&file),
        }
    }

    /// A place as `file:line text` with the range in brackets, in which it is easily checked by eye. The lines of the standard
    /// library are not numbered: they move.
    pub fn show(&self, uri: &str, range: &Value) -> String {
        let text = self.text_of(uri);
        let (start, end) = bytes(&text, range);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[end..]
            .find(['\r', '\n'])
            .map_or(text.len(), |at| end + at);
        let line = text[..start].matches('\n').count() + 1;
        let file = self.file_of(uri);
        let line = match file.starts_with("std/") {
            true => String::new(),
            false => line.to_string(),
        };
        format!(
            "{file}:{line} {}[{}]{}",
            text[from..start].trim_start(),
            text[start..end].replace('\n', "⏎"),
            text[end..to].trim_end(),
        )
    }

    /// The locations of an answer, each as one line, in the order of the answer.
    pub fn show_locations(&self, answer: &Value) -> Vec<String> {
        let one = |location: &Value| match location.get("targetUri") {
            Some(uri) => self.show(uri.as_str().unwrap(), &location["targetSelectionRange"]),
            None => self.show(location["uri"].as_str().unwrap(), &location["range"]),
        };
        match answer {
            Value::Null => Vec::new(),
            Value::Array(list) => list.iter().map(one).collect(),
            location => vec![one(location)],
        }
    }

    /// The files that an edit of the workspace changes, with the texts that it gives them. It fails where edits overlap.
    pub fn edited(&self, edit: &Value) -> BTreeMap<String, String> {
        let mut edits: Vec<(String, Vec<Value>)> = Vec::new();
        for change in edit["documentChanges"].as_array().into_iter().flatten() {
            if change.get("kind").is_some() {
                continue;
            }
            let uri = change["textDocument"]["uri"].as_str().unwrap().to_owned();
            edits.push((uri, change["edits"].as_array().unwrap().clone()));
        }
        for (uri, of_file) in edit["changes"].as_object().into_iter().flatten() {
            edits.push((uri.clone(), of_file.as_array().unwrap().clone()));
        }
        edits
            .into_iter()
            .map(|(uri, edits)| {
                let text = apply(&self.text_of(&uri), &edits);
                (self.file_of(&uri), text)
            })
            .collect()
    }

    /// The edited files in the form of a fixture.
    pub fn show_edited(&self, edit: &Value) -> String {
        let mut shown = String::new();
        for (file, text) in self.edited(edit) {
            let _ = write!(shown, "//- {file}\n{}\n", text.trim_end_matches('\n'));
        }
        shown
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && !std::thread::panicking()
        {
            let ended = self.runtime.block_on(client.end());
            assert_eq!(ended, nth_lsp::Ended::InOrder);
        }
    }
}

/// A text with edits, which must not overlap.
pub fn apply(text: &str, edits: &[Value]) -> String {
    let mut edits: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let (start, end) = bytes(text, &edit["range"]);
            (start, end, edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let mut result = String::new();
    let mut at = 0;
    for (start, end, new) in edits {
        assert!(at <= start, "edits overlap at {start}");
        result.push_str(&text[at..start]);
        result.push_str(new);
        at = end;
    }
    result + &text[at..]
}

/// A byte's position, in UTF-16 code units.
pub fn position(text: &str, at: usize) -> Value {
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// The byte at a position.
pub fn offset(text: &str, position: &Value) -> usize {
    let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
    let character = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
    let start = match line {
        0 => 0,
        _ => text.match_indices('\n').nth(line - 1).expect("the line").0 + 1,
    };
    let mut units = 0;
    for (at, letter) in text[start..].char_indices() {
        if units >= character {
            return start + at;
        }
        units += letter.len_utf16();
    }
    text.len()
}

fn bytes(text: &str, range: &Value) -> (usize, usize) {
    (offset(text, &range["start"]), offset(text, &range["end"]))
}

fn merge(into: &mut Value, more: Value) {
    if let Value::Object(more) = more {
        for (name, value) in more {
            into[name] = value;
        }
    }
}

/// The folder of temporary files may be behind a link.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}

/// The text of a module of the standard library by its path, `std/http.nth`.
fn standard(path: &str) -> String {
    let module = path.trim_end_matches(".nth").replace('/', ".");
    nthc::session::STANDARD_LIBRARY
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, text)| (*text).to_owned())
        .expect("a module of the standard library")
}
