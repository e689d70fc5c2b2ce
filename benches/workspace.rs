//! Measures the time to compile a workspace: cold, and after an edit of a service and of the template of many. `cargo bench --bench
//! workspace`, with numbers of services as arguments after `--` (default: 100, 1000 and 10000).
//!
//! Compare only results of one run: the last column divides the time per service by that of the smallest workspace, so that
//! 1.0 is linear.

#![allow(clippy::expect_used)]

#[path = "support/loaded.rs"]
mod loaded;
#[path = "support/project.rs"]
mod project;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use nthc::compile::{self, Build as _, Compilation};
use nthc::session::Session;

/// That of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn measure<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn sound(compilation: &Compilation) {
    assert!(
        compilation.diagnostics.is_empty(),
        "the workspace has no mistakes: {:#?}",
        compilation.diagnostics
    );
}

/// Returns the median time to check the workspace after an edit of the number after the first `from` in a module.
fn edited(session: &mut Session, module: &str, from: &str) -> Duration {
    let file = loaded::file(session, module);
    let mut times = Vec::new();
    for round in 0..9 {
        let text = project::with_number(file.text(&session.db), from, 200 + round);
        let ((), time) = measure(|| {
            session.edit(file, Arc::from(text));
            sound(&session.check(None));
        });
        times.push(time);
    }
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "services   cold check  cold build  check after edit  after edit of template  cold check per service, ratio"
    );
    let mut first = None;
    for services in project::sizes(&arguments, &[100, 1000, 10_000]) {
        let input = loaded::input(services);
        let (mut session, load) = measure(|| compile::session(&input));
        let (checked, check) = measure(|| session.check(None));
        sound(&checked);
        let (compilation, build) = measure(|| session.compile(&input));
        sound(&compilation);
        // For each service and environment: rules, a dashboard, OpenSLO documents, a runbook, and its gates as JSON and as Rego.
        assert!(compilation.artifacts.len() >= 2 * 6 * services);
        drop(compilation);
        let module = format!("services.{}", project::name(services / 2));
        let service = edited(&mut session, &module, "let deep = ");
        let template = edited(&mut session, "platform.services", "min_events = ");
        let cold = load + check;
        let each = cold.as_secs_f64() / services as f64;
        let ratio = each / *first.get_or_insert(each);
        println!(
            "{services:>8}  {:>8.1} ms {:>8.1} ms  {:>13.2} ms  {:>19.2} ms  {ratio:>10.2}",
            milliseconds(cold),
            milliseconds(cold + build),
            milliseconds(service),
            milliseconds(template),
        );
    }
}
