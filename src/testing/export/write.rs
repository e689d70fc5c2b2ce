//! Writes the files of a test.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::document::{InputSeries, TestFile, TestGroup};
use super::expect;
use super::recorded::Source;
use super::unit::Settled;
use super::{Exported, Exporting, NotExported, recording_name};
use crate::backends::prometheus::{self, HEADER, RuleFile, to_yaml};
use crate::diagnostics::render::one_line;
use crate::testing::wording::time;

/// Writes two files for each unit: its rules and the test.
///
/// # Errors
///
/// If an annotation cannot be expanded, a query fails, or the YAML library rejects a document.
pub fn write(
    exporting: &Exporting<'_>,
    source: &Source<'_>,
    settled: &[Settled],
    not_exported: Vec<NotExported>,
) -> Result<Exported, String> {
    let mut exported = Exported {
        name: exporting.test.name.clone(),
        environment: exporting.settings.environment.clone(),
        files: BTreeMap::new(),
        alert_expectations: 0,
        query_expectations: 0,
        given: Vec::new(),
        not_exported,
    };
    let folder = &exporting.folder;
    let mut known: BTreeMap<i64, usize> = BTreeMap::new();
    for settled in settled {
        let found = expect::expectations(source, settled)?;
        if found.alerts.is_empty() && found.queries.is_empty() {
            continue;
        }
        let interval = settled.unit.interval;
        let number = known.entry(interval).or_default();
        *number += 1;
        let suffix = match *number {
            1 => time(interval),
            number => format!("{}-{number}", time(interval)),
        };
        let rules = format!("rules-{suffix}.yaml");
        let groups = groups(source, settled);
        let given: Vec<String> = given(source, settled);
        exported.alert_expectations += found.alerts.len();
        exported.query_expectations += found.queries.len();
        let start = Timestamp::from_millisecond(settled.world.start)
            .map_err(|error| format!("cannot write the time of its beginning: {error}"))?;
        let test = TestFile {
            rule_files: vec![rules.clone()],
            evaluation_interval: time(interval),
            group_eval_order: groups.iter().map(|group| group.name.clone()).collect(),
            tests: vec![TestGroup {
                name: exporting.test.name.to_string(),
                start_timestamp: start.to_string(),
                interval: time(settled.world.grid),
                input_series: settled
                    .world
                    .input
                    .iter()
                    .map(|input| InputSeries {
                        series: input.series.clone(),
                        values: input.values.clone(),
                    })
                    .collect(),
                alert_rule_test: found.alerts,
                promql_expr_test: found.queries,
            }],
        };
        let comment = comment(exporting, &exported, &given, settled.world.start, source);
        exported.files.insert(
            format!("{folder}/{rules}"),
            yaml(
                &RuleFile {
                    namespace: None,
                    groups,
                },
                &given_comment(&given),
            )?,
        );
        exported.files.insert(
            format!("{folder}/test-{suffix}.yaml"),
            yaml(&test, &comment)?,
        );
        exported.given.extend(given);
    }
    if exported.files.is_empty() {
        return Err("promtool can evaluate none of its alerts".to_owned());
    }
    exported.given.sort();
    exported.given.dedup();
    Ok(exported)
}

/// Returns the groups with the rules that run, as in the build.
fn groups(source: &Source<'_>, settled: &Settled) -> Vec<prometheus::Group> {
    let running = settled.world.running.iter();
    let groups = running.filter_map(|(index, rules)| {
        let group = source.documents.get(*index)?;
        Some(prometheus::Group {
            rules: rules
                .iter()
                .filter_map(|rule| group.rules.get(*rule).cloned())
                .collect(),
            ..group.clone()
        })
    });
    groups.collect()
}

/// Returns the recording rules whose series the file gives.
fn given(source: &Source<'_>, settled: &Settled) -> Vec<String> {
    let writers = settled.world.input.iter().filter_map(|input| input.writer);
    let mut names: Vec<String> = writers
        .filter_map(|id| recording_name(source.simulation, id))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn given_comment(given: &[String]) -> Vec<String> {
    if given.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        "The rules of the build, without those that need more of the past than the test contains, that have another"
            .to_owned(),
        "interval, or a subquery without a step. The test gives the series of these:".to_owned(),
    ];
    lines.extend(given.iter().map(|name| format!("  {name}")));
    lines
}

fn comment(
    exporting: &Exporting<'_>,
    exported: &Exported,
    given: &[String],
    start: i64,
    source: &Source<'_>,
) -> Vec<String> {
    let environment = match &exported.environment {
        Some(environment) => format!(" in environment `{environment}`"),
        None => String::new(),
    };
    let mut lines = vec![
        format!(
            "Test `{}`{environment}, from {}.",
            exported.name, exporting.file
        ),
        format!(
            "It begins {} after the first evaluation.",
            time(source.simulation.begin - start)
        ),
    ];
    if !given.is_empty() {
        lines.push("Series that recording rules recorded in the simulation:".to_owned());
        lines.extend(given.iter().map(|name| format!("  {name}")));
    }
    for missing in &exported.not_exported {
        let place = missing
            .line
            .map_or_else(String::new, |line| format!(" ({}:{line})", exporting.file));
        lines.push(format!(
            "Not exported: {}{place}: {}",
            missing.subject, missing.reason
        ));
    }
    lines
}

/// Serializes a document after comments.
fn yaml(document: &impl serde::Serialize, comment: &[String]) -> Result<String, String> {
    let text = to_yaml(document).map_err(|error| format!("cannot write YAML: {error}"))?;
    let body = text.strip_prefix(HEADER).unwrap_or(&text);
    let comment: String = comment
        .iter()
        .map(|line| format!("# {}\n", one_line(line)))
        .collect();
    Ok(format!("{HEADER}{comment}{body}"))
}
