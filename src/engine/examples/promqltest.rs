//! Runs test scripts of PromQL and prints which evaluations pass: `cargo run --example promqltest -- FILE…`.
//!
//! The scripts of Prometheus are in `promql/promqltest/testdata` of its repository.

use std::process::ExitCode;

use nth_engine::testing::{Case, Outcome, Report, run};

/// Scripts of features that need a feature flag and are not visible in a query.
const EXPERIMENTAL_FILES: &[&str] = &[
    "info.test",
    "name_label_dropping.test",
    "start_timestamps.test",
    "type_and_unit.test",
    "unquoted_utf8_names.test",
];

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Counts {
    fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            match case.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed(_) => counts.failed += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn total(&self) -> usize {
        self.passed + self.failed + self.skipped
    }

    fn share(&self) -> f64 {
        100.0 * self.passed as f64 / self.total().max(1) as f64
    }
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quiet = arguments.iter().any(|argument| argument == "--quiet");
    arguments.retain(|argument| !argument.starts_with("--"));
    if arguments.is_empty() {
        eprintln!("usage: promqltest [--quiet] FILE…");
        return ExitCode::from(2);
    }
    let (mut all, mut stable) = (Counts::default(), Counts::default());
    let mut rows = Vec::new();
    for path in &arguments {
        let script = match std::fs::read_to_string(path) {
            Ok(script) => script,
            Err(error) => {
                eprintln!("cannot read {path}: {error}");
                return ExitCode::from(2);
            }
        };
        let Report { cases } = run(&script);
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        if !quiet {
            for case in cases.iter().filter(|case| case.outcome != Outcome::Passed) {
                println!("{file}: {case}");
            }
        }
        let counts = Counts::of(&cases);
        all.add(&counts);
        if !EXPERIMENTAL_FILES.contains(&file) {
            stable.add(&Counts::of(cases.iter().filter(|case| case.is_stable)));
        }
        rows.push((file.to_owned(), counts));
    }
    rows.push(("stable PromQL".to_owned(), stable));
    rows.push(("all".to_owned(), all));
    println!(
        "{:<28} {:>7} {:>7} {:>7} {:>8}",
        "file", "passed", "failed", "skipped", "share"
    );
    for (name, counts) in &rows {
        println!(
            "{name:<28} {:>7} {:>7} {:>7} {:>7.2}%",
            counts.passed,
            counts.failed,
            counts.skipped,
            counts.share()
        );
    }
    let failed = rows.last().is_some_and(|(_, counts)| counts.failed > 0);
    ExitCode::from(u8::from(failed))
}
