//! Evaluates files of Prometheus rules over a month of generated series, and compares the time with that of promtool over some
//! hours.
//!
//! ```text
//! cargo run --release -p nth-engine --example month -- [--days 30] [--hours 6] [--promtool PATH] RULES.yaml…
//! ```
#![allow(clippy::print_stdout)]

mod promtool;
mod rules;
mod series;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use nth_engine::MemoryStore;
use nth_engine::rules::{Group, Outcome, Settings, run};

/// Milliseconds between two samples of the generated series.
const INTERVAL: i64 = 30_000;

const HOUR: i64 = 3_600_000;

/// The options of the command line.
struct Options {
    days: i64,
    hours: i64,
    promtool: PathBuf,
    files: Vec<PathBuf>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let mut groups = Vec::new();
    for file in &options.files {
        groups.extend(rules::read(file)?);
    }
    let count: usize = groups.iter().map(|group| group.rules.len()).sum();
    let metrics = series::metrics(&groups);
    println!(
        "{count} rules in {} groups, {} series",
        groups.len(),
        metrics.len()
    );

    let (took, store, outcome) = evaluate(&groups, &metrics, options.days * 24 * HOUR)?;
    let samples: usize = store.iter().map(|series| series.floats.len()).sum();
    println!(
        "{} days: {:.1} s, {samples} samples, {} alerts with {} transitions",
        options.days,
        took.as_secs_f64(),
        outcome.alerts.len(),
        outcome
            .alerts
            .iter()
            .map(|alert| alert.transitions.len())
            .sum::<usize>(),
    );

    // promtool evaluates all groups at each interval of the test.
    for group in &mut groups {
        group.interval = INTERVAL;
    }
    let to = options.hours * HOUR;
    let (own, store, _) = evaluate(&groups, &metrics, to)?;
    match promtool::run(
        &options.promtool,
        &options.files,
        &metrics,
        &groups,
        &store,
        to,
    ) {
        Ok((took, report)) => {
            println!(
                "{} hours, all groups each {} s: {:.2} s; promtool {:.2} s, {:.1} times as long",
                options.hours,
                INTERVAL / 1000,
                own.as_secs_f64(),
                took.as_secs_f64(),
                took.as_secs_f64() / own.as_secs_f64(),
            );
            println!("{report}");
        }
        Err(error) => println!("promtool: {error}"),
    }
    Ok(())
}

/// Evaluates groups over generated series, up to and including a time.
fn evaluate(
    groups: &[Group],
    metrics: &[series::Generated],
    to: i64,
) -> Result<(Duration, MemoryStore, Outcome), Box<dyn std::error::Error>> {
    let mut store = MemoryStore::new();
    for metric in metrics {
        metric.load(&mut store, to);
    }
    let start = Instant::now();
    let outcome = run(groups, &mut store, 0..=to, Settings::default())?;
    Ok((start.elapsed(), store, outcome))
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        days: 30,
        hours: 6,
        promtool: "promtool".into(),
        files: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("missing value of {argument}"))
        };
        let number = |text: String| text.parse().map_err(|error| format!("{text}: {error}"));
        match argument.as_str() {
            "--days" => options.days = number(value()?)?,
            "--hours" => options.hours = number(value()?)?,
            "--promtool" => options.promtool = value()?.into(),
            file => options.files.push(file.into()),
        }
    }
    if options.files.is_empty() {
        return Err("missing files of rules".to_owned());
    }
    Ok(options)
}
