//! Measures the time to compile a workspace: cold, and after an edit. `cargo bench --bench workspace`, with numbers of
//! services as arguments after `--` (default: 100, 1000 and 10000).
//!
//! Compare only results of one run: the last column divides the time per service by that of the smallest workspace, so that
//! 1.0 is linear.

#[path = "support/services.rs"]
mod services;

use std::sync::Arc;
use std::time::{Duration, Instant};

use nthc::compile::{Build as _, Compilation, Input, SourceInput};
use nthc::db::Database;
use nthc::session::Session;

fn workspace(services: usize) -> Input {
    let files = services::sources(services)
        .map(|(module, text)| SourceInput {
            path: format!("{module}.nth"),
            module,
            text: Arc::from(text),
            package: false,
        })
        .collect();
    let settings = nthc::project::default_settings("bench");
    Input {
        settings,
        files,
        catalogue: None,
        levels: Default::default(),
        environment: None,
    }
}

fn measure<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn sound(compilation: &Compilation, services: usize) {
    assert!(
        compilation.diagnostics.is_empty(),
        "the workspace has no mistakes"
    );
    // For each service: rules, a dashboard, OpenSLO documents, a runbook, and its gates as JSON and as Rego. For the
    // project: the overview and the Grafana provisioning file, the OpenSLO data source, the index of runbooks, and two
    // common Rego files.
    assert_eq!(compilation.artifacts.len(), 6 * services + 6);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("services   cold check  cold build  check after edit  cold check per service, ratio");
    let mut first = None;
    for services in services::sizes(&arguments) {
        let input = workspace(services);
        let (mut session, load) = measure(|| Session::new(Database::default(), &input.files));
        let (checked, check) = measure(|| session.check(None));
        assert!(
            checked.diagnostics.is_empty(),
            "the workspace has no mistakes"
        );
        let (compilation, build) = measure(|| session.compile(&input));
        sound(&compilation, services);
        let mut edits = Vec::new();
        for round in 0..9 {
            let file = session.files()[services / 2];
            let text = file
                .text(&session.db)
                .replace("> 1000", &format!("> {}", 1000 + round));
            let ((), time) = measure(|| {
                session.edit(file, Arc::from(text));
                assert!(session.check(None).diagnostics.is_empty());
            });
            edits.push(time);
        }
        edits.sort();
        let cold = load + check;
        let each = cold.as_secs_f64() / services as f64;
        let ratio = each / *first.get_or_insert(each);
        println!(
            "{services:>8}  {:>8.1} ms {:>8.1} ms  {:>13.2} ms  {ratio:>10.2}",
            cold.as_secs_f64() * 1e3,
            (cold + build).as_secs_f64() * 1e3,
            edits[edits.len() / 2].as_secs_f64() * 1e3,
        );
    }
}
