//! The server's memory over a long day. `cargo bench -p nth-lsp --bench memory`, with any of these after `--`:
//! `services=300` `edits=100000` `renames=200` `large=10000`; `0` skips a part. `server=PATH` measures another
//! program than this one.
//!
//! The server is a process of its own. It edits the project of all benchmarks. Typed names and texts are new each time, so
//! nothing that is cached for them is reused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../benches/support/project.rs"]
mod project;
#[path = "support/server.rs"]
mod server;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use server::{SERVE, Server};

/// The same allocator as in the program `nth-lsp`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Number of open documents.
const OPEN: usize = 4;

/// Number of rows printed on the way.
const ROWS: usize = 10;

/// A workspace with a few open documents.
struct Desk {
    root: PathBuf,
    server: Server,
    versions: HashMap<PathBuf, i64>,
    texts: HashMap<PathBuf, String>,
}

impl Desk {
    fn open(root: &Path, services: usize, program: Option<&str>) -> Self {
        let mut desk = Self {
            root: root.to_path_buf(),
            server: match program {
                Some(program) => Server::run(Command::new(program), root),
                None => Server::start(root),
            },
            versions: HashMap::new(),
            texts: HashMap::new(),
        };
        let mut files: Vec<PathBuf> = (0..OPEN)
            .map(|number| project::service_path(root, number * services / OPEN))
            .collect();
        files.push(project::templates_path(root));
        for path in files {
            let text = fs::read_to_string(&path).unwrap();
            let document = json!({
                "uri": address(&path), "languageId": "nth", "version": 0, "text": text,
            });
            desk.server
                .notify("textDocument/didOpen", json!({ "textDocument": document }));
            desk.versions.insert(path.clone(), 0);
            desk.texts.insert(path, text);
        }
        let found = desk.settle();
        assert_eq!(found, json!([]), "the project has no mistakes");
        desk
    }

    fn template(&self) -> PathBuf {
        project::templates_path(&self.root)
    }

    /// Waits until everything is checked. Returns the diagnostics of the template.
    fn settle(&mut self) -> Value {
        let document = json!({ "textDocument": { "uri": address(&self.template()) } });
        let answer = self.server.ask("textDocument/diagnostic", document);
        answer["result"]["items"].clone()
    }

    /// Sends an edit, and does not wait for its diagnostics.
    fn edit(&mut self, path: &Path, text: String) {
        let version = self.versions.get_mut(path).expect("it is open");
        *version += 1;
        self.server.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": address(path), "version": *version },
                "contentChanges": [{ "text": text }],
            }),
        );
        self.texts.insert(path.to_path_buf(), text);
    }

    /// The diagnostics of the newest version of a document.
    fn diagnostics(&mut self, path: &Path) -> Value {
        self.server.diagnostics(&address(path), self.versions[path])
    }

    fn ask_at(&mut self, method: &str, path: &Path, (line, character): (usize, usize)) {
        let position = json!({ "line": line, "character": character });
        let uri = address(path);
        self.server.ask(
            method,
            json!({ "textDocument": { "uri": uri }, "position": position }),
        );
    }

    /// Renames the first occurrence of a name in a document.
    fn rename(&mut self, path: &Path, old: &str, new: &str) -> Value {
        let text = match self.texts.get(path) {
            Some(text) => text.clone(),
            None => fs::read_to_string(path).unwrap(),
        };
        let (line, character) = place(&text, old);
        let answer = self.server.ask(
            "textDocument/rename",
            json!({
                "textDocument": { "uri": address(path) },
                "position": { "line": line, "character": character },
                "newName": new,
            }),
        );
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Applies an edit as a client: open documents are changed, others are written.
    fn apply(&mut self, edit: &Value) {
        let mut written = Vec::new();
        for of_file in edit["documentChanges"].as_array().unwrap() {
            let uri = of_file["textDocument"]["uri"].as_str().unwrap();
            let path = Url::parse(uri).unwrap().to_file_path().unwrap();
            let mut text = match self.texts.get(&path) {
                Some(text) => text.clone(),
                None => fs::read_to_string(&path).unwrap(),
            };
            let mut edits = of_file["edits"].as_array().unwrap().clone();
            edits.sort_by_key(|edit| byte(&text, &edit["range"]["start"]));
            for edit in edits.iter().rev() {
                let range =
                    byte(&text, &edit["range"]["start"])..byte(&text, &edit["range"]["end"]);
                text.replace_range(range, edit["newText"].as_str().unwrap());
            }
            if self.texts.contains_key(&path) {
                self.edit(&path, text.clone());
            } else {
                written.push(json!({ "uri": uri, "type": 2 }));
            }
            fs::write(&path, text).unwrap();
        }
        self.server.notify(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": written }),
        );
    }

    /// The memory after all work is done.
    fn memory(&mut self) -> u64 {
        self.settle();
        // Longer pauses than this are common in an editor.
        sleep(Duration::from_millis(1500));
        self.server.memory()
    }
}

fn address(path: &Path) -> Url {
    Url::from_file_path(path).unwrap()
}

/// The line and the byte of the first occurrence of a text.
fn place(text: &str, what: &str) -> (usize, usize) {
    let at = text.find(what).expect("it stands there");
    let line = text[..at].matches('\n').count();
    (line, at - text[..at].rfind('\n').map_or(0, |end| end + 1))
}

fn byte(text: &str, position: &Value) -> usize {
    let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    start + usize::try_from(position["character"].as_u64().unwrap()).unwrap()
}

/// A new word.
fn word(count: usize) -> String {
    let mut word = String::new();
    let mut rest = count;
    for _ in 0..6 {
        word.push(char::from(b'a' + u8::try_from(rest % 26).unwrap()));
        rest /= 26;
    }
    word
}

/// The variable parts of a service's text.
#[derive(Debug, Clone)]
struct Parts {
    number: usize,
    /// Its name.
    name: String,
    /// The metric of one of its alerts.
    metric: String,
    /// The text of that alert.
    summary: String,
    /// More declarations in it, as lines.
    inside: String,
    /// More declarations after it.
    behind: String,
}

impl Parts {
    /// The parts as they are on disk.
    fn new(number: usize) -> Self {
        Self {
            number,
            name: project::name(number),
            metric: "backlog_depth".to_owned(),
            summary: "The backlog".to_owned(),
            inside: String::new(),
            behind: String::new(),
        }
    }

    /// The text of the service with these parts.
    fn text(&self) -> String {
        let on_disk = Self::new(self.number);
        let head = |parts: &Self| format!("\nservice {} :", parts.name);
        let mut text = project::service(self.number)
            .replace(&head(&on_disk), &head(self))
            .replace(&on_disk.metric, &self.metric)
            .replace(&on_disk.summary, &self.summary);
        let at = text.find("  gate release {").expect("it has a gate");
        text.insert_str(at, &self.inside);
        text + &self.behind
    }
}

/// Some typing: the texts in order, with the place of the last letter. The last one has no error.
fn typing(round: usize, number: usize) -> Vec<(String, &'static str)> {
    let base = Parts::new(number);
    let new = word(round);
    let letters = 1..=new.len();
    let mut typed: Vec<(Parts, &'static str)> = Vec::new();
    match round % 5 {
        // The condition of an alert.
        0 => typed.extend(letters.map(|end| {
            let metric = format!("order_queue_{}", &new[..end]);
            (Parts { metric, ..base.clone() }, "when     =")
        })),
        // The summary of an alert.
        1 => typed.extend(letters.map(|end| {
            let summary = format!("The queue {}", &new[..end]);
            (Parts { summary, ..base.clone() }, "summary  =")
        })),
        // An alert is added, and removed again.
        2 => typed.extend(letters.map(|end| {
            let name = &new[..end];
            let inside = format!(
                "  alert stuck-{name} {{\n    when    = `max(stuck_{name}) > 3`\n    for     = 10m\n    \
                 summary = \"{name} is stuck.\"\n  }}\n\n"
            );
            (Parts { inside, ..base.clone() }, "alert stuck-")
        })),
        // A constant at the end of the file, and its value.
        3 => typed.extend(letters.map(|end| {
            let name = &new[..end];
            let behind = format!("\nlet limit-{name} = {end}\n");
            let inside = format!("  let own-{name} = limit-{name} + 1\n\n");
            (Parts { inside, behind, ..base.clone() }, "let own-")
        })),
        // The service is renamed, which breaks its dependents.
        _ => typed.extend(letters.map(|end| {
            let name = format!("{}-{}", base.name, &new[..end]);
            (Parts { name, ..base.clone() }, "service ")
        })),
    }
    typed.push((base, "team     ="));
    typed
        .into_iter()
        .map(|(parts, at)| (parts.text(), at))
        .collect()
}

/// Types `edits` edits. Prints the memory at the start and at the end.
fn run_typing(desk: &mut Desk, services: usize, edits: usize, start: u64) {
    println!("    edits    minutes  memory  ratio    peak");
    let row = |count: usize, begun: Instant, memory: u64, peak: u64| {
        println!(
            "{count:>9} {:>10.1} {memory:>7} {:>6.2} {peak:>7}",
            begun.elapsed().as_secs_f64() / 60.0,
            ratio(memory, start)
        );
    };
    let begun = Instant::now();
    row(0, begun, start, desk.server.peak());
    let (mut count, mut round, mut next) = (0, 0, edits / ROWS);
    while count < edits {
        round += 1;
        if round % 100 == 0 {
            // The shared template: all services are checked again. No pause between two keystrokes.
            let path = desk.template();
            for key in 0..6 {
                let text =
                    project::with_number(&desk.texts[&path], "min_events = ", round * 10 + key);
                desk.edit(&path, text);
                count += 1;
            }
            assert_eq!(desk.settle(), json!([]));
        } else {
            let number = (round % OPEN) * services / OPEN;
            let path = project::service_path(&desk.root, number);
            let texts = typing(round, number);
            let last = texts.len() - 1;
            for (key, (text, at)) in texts.into_iter().enumerate() {
                let at = place(&text, at);
                desk.edit(&path, text);
                count += 1;
                // Completion while typing.
                if key == last / 2 {
                    desk.ask_at("textDocument/completion", &path, at);
                }
                // A pause after typing.
                if key + 1 == last {
                    desk.ask_at("textDocument/hover", &path, at);
                    desk.diagnostics(&path);
                }
            }
            assert_eq!(desk.diagnostics(&path), json!([]));
        }
        if count >= next {
            next += edits / ROWS;
            let memory = desk.memory();
            row(count, begun, memory, desk.server.peak());
            desk.server.forget_peak();
        }
    }
}

/// Renames names used in many files, in some, and in one; the client applies every tenth.
fn run_renames(desk: &mut Desk, services: usize, renames: usize) {
    println!("  renames    minutes   start    peak  ratio   after  ratio");
    let start = desk.memory();
    desk.server.forget_peak();
    let begun = Instant::now();
    let (mut template, team) = (
        "online".to_owned(),
        format!("team-{}", services / 2 / project::TEAM),
    );
    let mut number = services / 2;
    for count in 1..=renames {
        let new = word(count);
        let edit = match count % 5 {
            0 | 1 => {
                let (path, old) = (desk.template(), std::mem::take(&mut template));
                template = format!("online-{new}");
                let edit = desk.rename(&path, &format!("{old}("), &template);
                if count % 10 != 0 {
                    template = old;
                }
                edit
            }
            2 | 3 => {
                let path = project::team_path(&desk.root, services / 2 / project::TEAM);
                desk.rename(&path, &team, &format!("team-{new}"))
            }
            _ => {
                number = (number + 7) % services;
                let path = project::service_path(&desk.root, number);
                let name = format!("{} :", project::name(number));
                desk.rename(&path, &name, &format!("service-{new}"))
            }
        };
        if count % 10 == 0 {
            desk.apply(&edit);
        }
        if count % (renames / ROWS).max(1) == 0 {
            let memory = desk.memory();
            println!(
                "{count:>9} {:>10.1} {start:>7} {:>7} {:>6.2} {memory:>7} {:>6.2}",
                begun.elapsed().as_secs_f64() / 60.0,
                desk.server.peak(),
                ratio(desk.server.peak(), start),
                ratio(memory, start),
            );
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn ratio(memory: u64, start: u64) -> f64 {
    memory as f64 / start as f64
}

fn with_workspace(services: usize, program: Option<&str>, run: impl FnOnce(&mut Desk, u64)) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let root = project::write(&root, services).unwrap();
    let begun = Instant::now();
    let mut desk = Desk::open(&root, services, program);
    let time = begun.elapsed();
    let start = desk.memory();
    println!(
        "{services} services: {start} MiB after everything was looked at, which took {:.1} s",
        time.as_secs_f64()
    );
    desk.server.forget_peak();
    run(&mut desk, start);
    desk.server.end();
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == SERVE) {
        return nth_lsp::run();
    }
    let asked = |name: &str, usual: usize| {
        let given = arguments.iter().find_map(|argument| {
            let (known, count) = argument.split_once('=')?;
            (known == name).then(|| count.parse().expect("a scalar"))
        });
        given.unwrap_or(usual)
    };
    let program = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("server="));
    let services = asked("services", 300);
    let (edits, renames) = (asked("edits", 100_000), asked("renames", 200));
    println!(
        "Memory in MiB: what the process has once nothing is left to do, and the most that it had since the row before."
    );
    if edits > 0 {
        with_workspace(services, program, |desk, start| {
            run_typing(desk, services, edits, start)
        });
    }
    if renames > 0 {
        with_workspace(services, program, |desk, _| {
            run_renames(desk, services, renames)
        });
    }
    let large = asked("large", 10_000);
    if large > 0 {
        with_workspace(large, program, |desk, _| run_renames(desk, large, 1));
    }
    ExitCode::SUCCESS
}
