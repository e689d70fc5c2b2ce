//! Runs promtool, and reads what it reports as the results of queries.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nth_engine::Labels;
use nth_engine::testing::{Value, parse_metric, parse_values};

/// A query at a time, in seconds.
pub struct Asked<'q> {
    pub query: &'q str,
    pub seconds: i64,
}

/// The result of a query: its samples, or the error's message.
pub type Answer = Result<Vec<(Labels, Value)>, String>;

/// Returns the path of promtool: of the build by `tests/tools/install`, or on the `PATH`. Without it a test is skipped with a
/// message; in CI, where everything must run, it fails.
pub fn find() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let built = target.map(|target| target.join("tools/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = built
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| {
            folder
                .join("promtool")
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|program| program.is_file());
    if found.is_none() {
        let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        assert!(!is_ci, "skipped, promtool not installed");
        println!("skipped, promtool not installed: run tests/tools/install");
    }
    found
}

/// Returns promtool's results of queries over series whose samples are `interval` seconds apart.
///
/// Each query expects a sample that cannot exist, so that promtool reports what it found with all digits, including NaN and
/// errors.
pub fn ask(
    promtool: &Path,
    series: &[(String, String)],
    interval: i64,
    asked: &[Asked<'_>],
) -> Vec<Answer> {
    let mut file = format!(
        "rule_files: []\nevaluation_interval: {interval}s\ntests:\n- interval: {interval}s\n  input_series:\n"
    );
    for (labels, values) in series {
        let _ = writeln!(file, "  - series: {labels:?}\n    values: {values:?}");
    }
    file.push_str("  promql_expr_test:\n");
    for Asked { query, seconds } in asked {
        let _ = writeln!(
            file,
            "  - expr: {query:?}\n    eval_time: {seconds}s\n    exp_samples:\n    - labels: '{{impossible=\"\\n\"}}'\n      value: 0"
        );
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("promtool-random.yaml");
    std::fs::write(&path, file).expect("the test file is written");
    let output = Command::new(promtool)
        .args(["test", "rules"])
        .arg(&path)
        .output()
        .expect("promtool runs");
    let report = String::from_utf8_lossy(&output.stderr);
    let answers: Vec<Answer> = report.split("\n    expr: ").skip(1).map(answer).collect();
    assert_eq!(
        answers.len(),
        asked.len(),
        "promtool reports each query:\n{}",
        shortened(&report)
    );
    answers
}

fn shortened(text: &str) -> String {
    text.chars().take(2000).collect()
}

fn answer(entry: &str) -> Answer {
    if let Some((_, found)) = entry.split_once("\n        got: ") {
        return Ok(samples(found.lines().next().unwrap_or_default()));
    }
    let error = entry
        .split_once(", err: ")
        .map_or(entry, |(_, error)| error);
    Err(error.trim().to_owned())
}

/// Parses `{a="b"} 1E+00, {} {{count:1}}`, or `nil`.
fn samples(text: &str) -> Vec<(Labels, Value)> {
    let text = text.trim();
    if text == "nil" {
        return Vec::new();
    }
    let mut samples = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (labels, tail) = rest.split_at(labels_end(rest));
        let tail = tail.trim_start();
        let end = match tail.strip_prefix("{{") {
            Some(_) => tail.find("}}").map_or(tail.len(), |end| end + 2),
            None => tail.find(',').unwrap_or(tail.len()),
        };
        let (value, tail) = tail.split_at(end);
        let labels = parse_metric(labels).expect("promtool prints labels");
        let mut values =
            parse_values(value.trim_start_matches('+')).expect("promtool prints a value");
        assert_eq!(values.len(), 1, "{text}");
        samples.push((labels, values.remove(0)));
        rest = tail.trim_start_matches(',').trim_start();
    }
    samples
}

/// Returns where the labels at the start of a text end: after the brace that no string contains.
fn labels_end(text: &str) -> usize {
    let (mut in_string, mut is_escaped) = (false, false);
    let end = text.find(|c| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if in_string => is_escaped = !was_escaped,
            '"' if !was_escaped => in_string = !in_string,
            '}' => return !in_string,
            _ => {}
        }
        false
    });
    end.map_or(text.len(), |end| end + 1)
}
