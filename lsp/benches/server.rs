//! Latencies in an editor, and the server's memory. `cargo bench -p nth-lsp`, with numbers of services as arguments
//! after `--` (100, 1000 and 10000 by default).
//!
//! The server is a process of its own on the project of all benchmarks; each time is from the first byte sent to the last
//! byte read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../benches/support/project.rs"]
mod project;
#[path = "support/server.rs"]
#[allow(dead_code)]
mod server;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use tower_lsp::lsp_types::Url;

use server::{SERVE, Server};

/// Number of measurements of each operation.
const ROUNDS: usize = 200;

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at =
        |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    format!("{:>8.2} {:>8.2}", at(50), at(95))
}

fn measure(services: usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = project::write(&folder.path().canonicalize().unwrap(), services).unwrap();
    let number = services / 2;
    let uri = Url::from_file_path(project::service_path(&root, number)).unwrap();
    let text = project::service(number);

    let begin = Instant::now();
    let mut server = Server::start(&root);
    let document = json!({ "uri": uri, "languageId": "nth", "version": 0, "text": text });
    server.notify("textDocument/didOpen", json!({ "textDocument": document }));
    assert_eq!(server.diagnostics(&uri, 0), json!([]));
    let open = begin.elapsed();
    // This is answered after the whole project was checked.
    let identifier = json!({ "uri": uri });
    let document = json!({ "textDocument": identifier });
    server.ask("textDocument/diagnostic", document.clone());
    let cold = begin.elapsed();

    // Type a letter at the end of a team's name and remove it; every other text has an error.
    let line = text
        .lines()
        .position(|line| line.starts_with("  team "))
        .unwrap();
    let at = text.lines().nth(line).unwrap().len();
    let mut edits = Vec::new();
    let mut wholes = Vec::new();
    let mut completions = Vec::new();
    let mut hovers = Vec::new();
    for round in 0..ROUNDS {
        let version = i64::try_from(round + 1).unwrap();
        let is_wrong = round % 2 == 0;
        let end = if is_wrong { at } else { at + 1 };
        let range = json!({
            "start": { "line": line, "character": at },
            "end": { "line": line, "character": end },
        });
        let change = json!({ "range": range, "text": if is_wrong { "x" } else { "" } });
        let begin = Instant::now();
        server.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] }),
        );
        let found = server.diagnostics(&uri, version);
        edits.push(begin.elapsed());
        assert_eq!(found.as_array().unwrap().is_empty(), !is_wrong, "{found}");
        server.ask("textDocument/diagnostic", document.clone());
        wholes.push(begin.elapsed());
        for (method, times) in [
            ("textDocument/completion", &mut completions),
            ("textDocument/hover", &mut hovers),
        ] {
            let position = json!({ "line": line, "character": at });
            let begin = Instant::now();
            server.ask(
                method,
                json!({ "textDocument": identifier, "position": position }),
            );
            times.push(begin.elapsed());
        }
    }
    println!(
        "{services:>8} {:>8.0} {:>8.0}  {}  {}  {}  {} {:>7}",
        open.as_secs_f64() * 1e3,
        cold.as_secs_f64() * 1e3,
        percentiles(edits),
        percentiles(wholes),
        percentiles(completions),
        percentiles(hovers),
        server.peak(),
    );
    server.end();
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == SERVE) {
        return nth_lsp::run();
    }
    println!(
        "Times in ms, p50 and p95; memory in MiB. \"open\" and \"edit\" are until the diagnostics of the document are there,"
    );
    println!(
        "\"all\" until everything was looked at, \"whole\" until that is done again after an edit."
    );
    println!(
        "services     open      all              edit             whole        completion             hover  memory"
    );
    for services in project::sizes(&arguments, &[100, 1000, 10_000]) {
        measure(services);
    }
    ExitCode::SUCCESS
}
