//! Measures `nthc test`: from the sources of a project to the results of its tests. `cargo bench --bench tests`, with numbers of
//! services as arguments after `--` (default: 100). Each service has six tests in all environments.

#![allow(clippy::expect_used)]

#[path = "support/loaded.rs"]
mod loaded;
#[path = "support/project.rs"]
mod project;

use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use nthc::compile;
use nthc::testing::{self, Outcome, Selection};
use smol_str::SmolStr;

/// That of the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let environments = project::ENVIRONMENTS.map(|name| Some(SmolStr::new(name)));
    println!("services   tests   sources to results   each test, of that   slowest test");
    for count in project::sizes(&arguments, &[100]) {
        let input = loaded::input(count);
        let start = Instant::now();
        let session = compile::session(&input);
        let checked = session.check(None);
        let selection = Selection {
            environments: &environments,
            names: &[],
        };
        let results = testing::run(&session, &input.settings, selection);
        let took = start.elapsed();
        assert!(
            checked.diagnostics.is_empty(),
            "the project has no mistakes: {:#?}",
            checked.diagnostics
        );
        assert_eq!(results.len(), project::TESTS * count);
        for result in &results {
            if !matches!(result.outcome, Outcome::Passed) {
                panic!("{}: {:#?}", result.name, result.outcome);
            }
        }
        let slowest = results.iter().map(|result| result.took).max();
        println!(
            "{count:>8} {:>7} {:>17.1} ms {:>17.2} ms {:>11.1} ms",
            results.len(),
            milliseconds(took),
            milliseconds(took) / results.len() as f64,
            milliseconds(slowest.unwrap_or_default()),
        );
    }
}
