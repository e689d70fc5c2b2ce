//! SARIF 2.1.0 (OASIS), the format that code scanning services read: a result for each change that is shown.

use std::collections::BTreeMap;

use nth_render::{SARIF_SCHEMA, pascal_case, relative_uri};
use serde_sarif::sarif;

use super::words;
use crate::change::{Change, Place, Side};
use crate::class::{Class, Level};
use crate::document::Document;
use crate::id::ChangeId;

/// The name of the fingerprints, with the version of how they are computed.
const FINGERPRINT: &str = "nthDiff/v1";

/// Returns the log, indented, with a line end.
///
/// # Errors
///
/// Only those of the library that writes JSON.
pub fn sarif(document: &Document) -> Result<String, serde_json::Error> {
    let changes: Vec<&Change> = document
        .changes
        .iter()
        .filter(|change| change.level != Level::Allow)
        .collect();
    let mut ids: Vec<ChangeId> = changes.iter().map(|change| change.id).collect();
    ids.sort_unstable_by_key(|id| id.name());
    ids.dedup();
    let results: Vec<_> = changes
        .iter()
        .map(|change| result(document, change, &ids))
        .collect();
    let driver = sarif::ToolComponent::builder()
        .name("nthc diff")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(ids.iter().map(|id| rule(*id)).collect::<Vec<_>>())
        .build();
    let invocation = sarif::Invocation::builder()
        .execution_successful(document.errored.is_empty())
        .tool_execution_notifications(
            document
                .errored
                .iter()
                .map(|problem| {
                    sarif::Notification::builder()
                        .message(message(&words::problem(problem).to_string()))
                        .level(serde_json::json!("error"))
                        .build()
                })
                .collect::<Vec<_>>(),
        )
        .build();
    let run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .column_kind("unicodeCodePoints")
        .results(results)
        .build();
    let log = sarif::Sarif::builder()
        .schema(SARIF_SCHEMA)
        .version(sarif::Version::V2_1_0.to_string())
        .runs(vec![run])
        .build();
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn rule(id: ChangeId) -> sarif::ReportingDescriptor {
    let info = id.info();
    let multiformat = |text: String, markdown: Option<String>| {
        let mut message = sarif::MultiformatMessageString::builder()
            .text(text)
            .build();
        message.markdown = markdown;
        message
    };
    let help = format!("{} {} {}", info.summary, info.advice, info.class.meaning());
    sarif::ReportingDescriptor::builder()
        .id(info.name)
        .name(pascal_case(info.name))
        .short_description(multiformat(info.summary.to_owned(), None))
        .help(multiformat(help.replace('`', ""), Some(help)))
        .default_configuration(
            sarif::ReportingConfiguration::builder()
                .level(serde_json::json!(level(info.class).to_string()))
                .build(),
        )
        .build()
}

fn level(class: Class) -> sarif::ResultLevel {
    match class {
        Class::Silenced => sarif::ResultLevel::Error,
        Class::Loosened | Class::Unknown => sarif::ResultLevel::Warning,
        _ => sarif::ResultLevel::Note,
    }
}

fn result(document: &Document, change: &Change, ids: &[ChangeId]) -> sarif::Result {
    let row = super::groups::Row {
        change,
        others: Vec::new(),
    };
    let mut text = match words::change(&row) {
        Some(pair) => format!("{}: {pair}", words::subject(&row)),
        None => words::subject(&row).to_string(),
    };
    text.push_str(&format!(
        "\n{}: {}",
        change.class.name(),
        words::because(&row)
    ));
    let notes = [
        words::witness(&row),
        words::history(&row),
        words::environments(document, &row),
        (change.place.as_ref())
            .filter(|place| place.side == Side::Base)
            .map(words::place),
        words::standing(document, &row),
    ];
    for note in notes.into_iter().flatten() {
        text.push_str(&format!("\n{note}"));
    }
    let mut result = sarif::Result::builder()
        .rule_id(change.id.name())
        .level(match (change.accepted, change.level) {
            (true, _) => sarif::ResultLevel::Note,
            (false, Level::Error) => sarif::ResultLevel::Error,
            (false, _) => level(change.class),
        })
        .message(message(&text))
        .build();
    result.rule_index = ids
        .iter()
        .position(|id| *id == change.id)
        .and_then(|index| i64::try_from(index).ok());
    result.partial_fingerprints = Some(BTreeMap::from([(
        FINGERPRINT.to_owned(),
        change.fingerprint.clone(),
    )]));
    let mut location = sarif::Location::builder()
        .logical_locations(vec![
            sarif::LogicalLocation::builder()
                .fully_qualified_name(words::clip(&change.subject.name, words::CLIP))
                .kind(words::clip(&change.subject.kind, words::CLIP))
                .build(),
        ])
        .build();
    location.physical_location = Some(physical(&located(document, change)));
    result.locations = Some(vec![location]);
    let related: Vec<sarif::Location> = change
        .causes
        .iter()
        .filter_map(|name| document.cause(name))
        .filter_map(|cause| Some((cause, cause.place.as_ref()?)))
        .filter(|(_, place)| place.side == Side::Head)
        .zip(1..)
        .map(|((cause, place), id)| {
            let mut location = sarif::Location::builder()
                .physical_location(physical(place))
                .message(message(&words::clip(&cause.name, words::CLIP)))
                .build();
            location.id = Some(id);
            location
        })
        .collect();
    if !related.is_empty() {
        result.related_locations = Some(related);
    }
    result
}

/// The place of a change in the new version. GitHub rejects a log in which a result has none: what only the old version says is
/// at the place of its cause, or at the beginning of the file.
fn located(document: &Document, change: &Change) -> Place {
    let in_head = |place: &&Place| place.side == Side::Head;
    let own = change.place.as_ref();
    let causes = change.causes.iter();
    let cause = causes
        .filter_map(|name| document.cause(name)?.place.as_ref())
        .find(in_head);
    match own.filter(in_head).or(cause) {
        Some(place) => place.clone(),
        None => Place {
            file: own.map_or_else(|| "nth.toml".to_owned(), |place| place.file.clone()),
            line: 1,
            side: Side::Head,
        },
    }
}

fn message(text: &str) -> sarif::Message {
    sarif::Message::builder()
        .text(nth_render::lines(text))
        .build()
}

fn physical(place: &Place) -> sarif::PhysicalLocation {
    sarif::PhysicalLocation::builder()
        .artifact_location(
            sarif::ArtifactLocation::builder()
                .uri(relative_uri(&place.file))
                .build(),
        )
        .region(
            sarif::Region::builder()
                .start_line(i64::try_from(place.line).unwrap_or(i64::MAX))
                .build(),
        )
        .build()
}
