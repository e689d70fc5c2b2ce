//! Evaluation of the same rules by promtool.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nth_engine::rules::{Group, Rule};
use nth_engine::{METRIC_NAME, MemoryStore, is_stale};

use crate::INTERVAL;
use crate::series::Generated;

/// Runs promtool up to a time, and returns how long it took, and a report on differences from the recordings in the store at that
/// time.
pub(crate) fn run(
    promtool: &Path,
    files: &[PathBuf],
    metrics: &[Generated],
    groups: &[Group],
    store: &MemoryStore,
    to: i64,
) -> Result<(Duration, String), Box<dyn std::error::Error>> {
    let mut names = Vec::new();
    for file in files {
        names.push(std::fs::canonicalize(file)?.display().to_string());
    }
    let order: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    let input: usize = (to / INTERVAL + 1).try_into()?;
    let series: Vec<_> = metrics
        .iter()
        .map(|metric| {
            let values: Vec<String> = metric
                .values()
                .take(input)
                .map(|value| value.to_string())
                .collect();
            serde_json::json!({"series": metric.labels.to_string(), "values": values.join(" ")})
        })
        .collect();
    let records: BTreeSet<&str> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter_map(|rule| match rule {
            Rule::Recording(rule) => Some(rule.record.as_str()),
            Rule::Alerting(_) => None,
        })
        .collect();
    let tests: Vec<_> = records
        .iter()
        .map(|record| {
            let samples: Vec<_> = store
                .iter()
                .filter(|series| series.labels.get(METRIC_NAME) == *record)
                .filter_map(|series| {
                    let last = series.floats.last()?;
                    // Shortest digits that are read as the same number; YAML's names of infinities.
                    let value = match last.value {
                        value if value.is_nan() => ".nan".to_owned(),
                        value if value.is_infinite() => ".inf".to_owned(),
                        value => format!("{value:?}"),
                    };
                    let is_present = last.at == to && !is_stale(last.value);
                    is_present.then(|| (series.labels.to_string(), value))
                })
                .collect();
            (record, samples)
        })
        .collect();
    // JSON is YAML, except for the values.
    let mut text = format!(
        "rule_files: {}\nevaluation_interval: {}s\ngroup_eval_order: {}\ntests:\n- interval: {}s\n  input_series: {}\n  promql_expr_test:\n",
        serde_json::to_string(&names)?,
        INTERVAL / 1000,
        serde_json::to_string(&order)?,
        INTERVAL / 1000,
        serde_json::to_string(&series)?,
    );
    for (record, samples) in tests {
        let seconds = to / 1000;
        writeln!(
            text,
            "  - expr: {record:?}\n    eval_time: {seconds}s\n    exp_samples:"
        )?;
        for (labels, value) in samples {
            writeln!(
                text,
                "    - {{labels: {}, value: {value}}}",
                serde_json::to_string(&labels)?
            )?;
        }
    }
    let path = std::env::temp_dir().join("nth-engine-month.yaml");
    std::fs::write(&path, text)?;
    let start = Instant::now();
    let output = Command::new(promtool)
        .args(["test", "rules"])
        .arg(&path)
        .output()?;
    let took = start.elapsed();
    let errors = String::from_utf8_lossy(&output.stderr);
    let differing = errors.matches("expr: ").count();
    let report = if output.status.success() {
        format!("the values of {} recordings are the same", records.len())
    } else {
        format!(
            "{differing} of {} recordings differ:\n{errors}",
            records.len()
        )
    };
    Ok((took, report))
}
