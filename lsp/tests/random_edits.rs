//! After any number of edits the server says what a fresh one says of the same texts: nothing that it remembers, and
//! no order in which things happened, shows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use common::{Client, address};

/// What the random numbers begin with; each is a run of its own.
const SEEDS: [u64; 4] = [1, 2026, 0xC0FFEE, 77_777_777];

/// The edits of a run.
const EDITS: usize = 2500;

/// After so many edits the server is asked, so that it does not see them all at once.
const ASK_EVERY: usize = 50;

/// After so many edits it is compared with a fresh one.
const COMPARE_EVERY: usize = 500;

/// What is typed: words that the language knows, what breaks it, and what is hard to count.
const FRAGMENTS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "}",
    "{",
    "}\n",
    "{\n",
    "\"",
    "`",
    "${",
    "(",
    ")",
    "[5m]",
    "=",
    ".",
    ",",
    ":",
    "//",
    "///",
    "// nth: allow(no-runbook)\n",
    "// nth: allow(promql-experimental)\n",
    "é",
    "🦀",
    "名前",
    "\u{feff}",
    "e\u{301}",
    "import std.http\n",
    "import teams.payments\n",
    "import teams\n",
    "service",
    "team",
    "slo",
    "alert",
    "tier",
    "objective",
    "service a {\n}\n",
    "service checkout {\n  tier = critical\n}\n",
    "team payments {\n}\n",
    "environment prod {}\n",
    "extend kind service { cost: string }\n",
    "metric queue_depth { type = gauge }\n",
    "let x = 99.9%\n",
    "let y = x\n",
    "rule r { for s in services { require s.tier == critical else \"no\" } }\n",
    "  objective = 99.9%\n",
    "  tier = standard\n",
    "  dependency d { service = ledger criticality = hard }\n",
    "  alert deep { when = `max(queue_depth) > 1` }\n",
    "99.95%",
    "300ms",
    "7",
    "payments",
    "checkout",
    "ledger",
    "http.availability",
    "critical",
    "true",
    "if ",
    "for ",
    "in ",
];

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

struct Document {
    text: String,
    original: String,
    before: Vec<String>,
    version: i64,
    is_open: bool,
}

/// The position of a byte as the protocol counts, found without the server's help.
fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let (mut line, mut start) = (0, 0);
    let bytes = before.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let is_end = match byte {
            b'\n' => true,
            b'\r' => text.as_bytes().get(place + 1) != Some(&b'\n'),
            _ => false,
        };
        if is_end {
            line += 1;
            start = place + 1;
        }
    }
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// A place between two characters, and not between the two of one line end, which has no position.
fn place(random: &mut Random, text: &str) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) || text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

fn parameters(root: &Path) -> Value {
    json!({
        "capabilities": {
            "textDocument": {
                "diagnostic": {},
                "publishDiagnostics": { "relatedInformation": true },
                "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            },
        },
        "initializationOptions": { "virtualDocuments": true },
        "workspaceFolders": [{ "uri": address(root), "name": "all" }],
    })
}

type Documents = BTreeMap<PathBuf, Document>;

struct Run {
    root: PathBuf,
    documents: Documents,
    client: Client,
}

impl Run {
    async fn edit(&mut self, random: &mut Random) {
        let paths: Vec<PathBuf> = self.documents.keys().cloned().collect();
        let path = &paths[random.below(paths.len())];
        let uri = address(path);
        let document = self.documents.get_mut(path).unwrap();
        if !document.is_open {
            document.is_open = true;
            document.version += 1;
            self.client
                .open(&uri, document.version, &document.text)
                .await;
            return;
        }
        match random.below(100) {
            0 => {
                document.is_open = false;
                // The file counts again.
                document.text = fs::read_to_string(path).unwrap();
                let params = json!({ "textDocument": { "uri": uri } });
                return self.client.notify("textDocument/didClose", params).await;
            }
            1 => {
                fs::write(path, &document.text).unwrap();
                let params = json!({ "textDocument": { "uri": uri } });
                return self.client.notify("textDocument/didSave", params).await;
            }
            _ => {}
        }
        let before = document.text.clone();
        let change = match random.below(20) {
            // Undone, or all begun anew.
            0..=6 if !document.before.is_empty() => {
                document.text = document.before.pop().unwrap();
                json!({ "text": document.text })
            }
            7 => {
                document.text.clone_from(&document.original);
                json!({ "text": document.text })
            }
            kind => {
                let start = place(random, &before);
                let length = match kind {
                    8..=13 => 0,
                    14..=17 => random.below(8),
                    _ => random.below(60),
                };
                let mut end = (start + length).min(before.len());
                while !before.is_char_boundary(end)
                    || before[..end].ends_with('\r') && before[end..].starts_with('\n')
                {
                    end += 1;
                }
                let text = if kind == 19 { "" } else { random.of(FRAGMENTS) };
                document.text.replace_range(start..end, text);
                document.before.push(before.clone());
                json!({
                    "range": { "start": position(&before, start), "end": position(&before, end) },
                    "text": text,
                })
            }
        };
        document.version += 1;
        let params = json!({
            "textDocument": { "uri": uri, "version": document.version },
            "contentChanges": [change],
        });
        self.client.notify("textDocument/didChange", params).await;
    }
}

/// What a server says of everything.
async fn said(root: &Path, documents: &Documents, client: &mut Client) -> BTreeMap<String, Value> {
    let params = json!({ "previousResultIds": [] });
    let all = client.ask("workspace/diagnostic", params).await;
    let mut said = BTreeMap::new();
    for report in all["items"].as_array().unwrap() {
        let uri: Url = report["uri"].as_str().unwrap().parse().unwrap();
        // The folder of what the compiler carries is each server's own.
        if uri.to_file_path().is_ok_and(|path| path.starts_with(root)) {
            said.insert(format!("diagnostics of {uri}"), report.clone());
        }
    }
    if client.greeting["capabilities"]["documentSymbolProvider"].is_null() {
        return said;
    }
    for (path, _) in documents.iter().filter(|(_, document)| document.is_open) {
        let uri = address(path);
        let params = json!({ "textDocument": { "uri": uri } });
        let symbols = client.ask("textDocument/documentSymbol", params).await;
        said.insert(format!("symbols of {uri}"), symbols);
    }
    said
}

/// What a fresh server says.
async fn said_afresh(root: &Path, documents: &Documents) -> BTreeMap<String, Value> {
    let mut fresh = Client::greet(parameters(root)).await;
    for (path, document) in documents {
        if document.is_open {
            fresh
                .open(&address(path), document.version, &document.text)
                .await;
        }
    }
    let said = said(root, documents, &mut fresh).await;
    assert_eq!(fresh.end().await, nth_lsp::Ended::InOrder);
    said
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if entry.file_name() != "build" {
                copy(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "nth") {
            found.push(path);
        }
    }
}

async fn run(seed: u64) {
    println!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for project in ["shop", "platform"] {
        copy(&examples.join(project), &root.join(project));
    }
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let documents = paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let document = Document {
            original: text.clone(),
            text,
            before: Vec::new(),
            version: 0,
            is_open: false,
        };
        (path, document)
    });
    let mut run = Run {
        documents: documents.collect(),
        client: Client::greet(parameters(&root)).await,
        root,
    };
    let mut random = Random(seed);
    let mut mistakes = 0;
    for number in 1..=EDITS {
        run.edit(&mut random).await;
        if number % ASK_EVERY == 0 {
            let open = run.documents.iter().find(|(_, document)| document.is_open);
            let uri = open.map(|(path, _)| address(path));
            let params = json!({ "textDocument": { "uri": uri } });
            run.client.ask("textDocument/diagnostic", params).await;
        }
        if number % COMPARE_EVERY == 0 {
            let said = said(&run.root, &run.documents, &mut run.client).await;
            let afresh = said_afresh(&run.root, &run.documents).await;
            let shown = said
                .values()
                .map(|report| report["items"].as_array().map_or(0, Vec::len));
            mistakes += shown.sum::<usize>();
            for (what, said) in &said {
                assert_eq!(
                    Some(said),
                    afresh.get(what),
                    "seed {seed}, edit {number}, {what}"
                );
            }
            assert_eq!(said.len(), afresh.len(), "seed {seed}, edit {number}");
            let failed = |message: &Value| message["method"] == "window/showMessage";
            assert!(
                !run.client.was_told(failed),
                "seed {seed}, edit {number}: the compiler failed"
            );
        }
    }
    println!("seed {seed}: {mistakes} diagnostics were compared");
    assert!(mistakes > 0, "seed {seed}: nothing was ever wrong");
    assert_eq!(run.client.end().await, nth_lsp::Ended::InOrder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_thousand_edits_nothing_is_said_that_a_fresh_server_would_not_say() {
    for seed in SEEDS {
        run(seed).await;
    }
}
