//! SARIF 2.1.0 (OASIS), the format that code scanning services read.

use std::fmt::Write as _;
use std::io;

use indexmap::IndexMap;
use serde_sarif::sarif;

use super::severity_word;
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Code, Diagnostic, FileSpan, Fix, Label, Severity};

/// The JSON schema that the log follows, as the standard publishes it.
pub const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn write(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut rules: IndexMap<&'static str, &'static Code> = diagnostics
        .iter()
        .map(|diagnostic| (diagnostic.code.id, diagnostic.code))
        .collect();
    rules.sort_unstable_keys();

    let results = diagnostics
        .iter()
        .map(|diagnostic| {
            result(
                diagnostic,
                rules.get_index_of(diagnostic.code.id),
                positions,
            )
        })
        .collect::<Vec<_>>();

    let driver = sarif::ToolComponent::builder()
        .name("nthc")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules.values().map(|code| rule(code)).collect::<Vec<_>>())
        .build();
    let run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver).build())
        .column_kind("unicodeCodePoints")
        .results(results)
        .build();
    let log = sarif::Sarif::builder()
        .schema(SCHEMA)
        .version(sarif::Version::V2_1_0.to_string())
        .runs(vec![run])
        .build();
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(code: &'static Code) -> sarif::ReportingDescriptor {
    let mut rule = sarif::ReportingDescriptor::builder()
        .id(code.id)
        .name(pascal_case(code.slug))
        .short_description(multiformat(code.summary, None))
        .help(multiformat(code.page, Some(code.page)))
        .default_configuration(
            sarif::ReportingConfiguration::builder()
                .level(severity_word(code.severity))
                .build(),
        )
        .build();
    // The URL of a page is known only if the package sets its repository.
    let repository = env!("CARGO_PKG_REPOSITORY");
    if !repository.is_empty() {
        rule.help_uri = Some(format!(
            "{repository}/blob/main/docs/diagnostics/{}.md",
            code.id
        ));
    }
    rule
}

fn result(
    diagnostic: &Diagnostic<FileSpan>,
    rule: Option<usize>,
    positions: &Positions<'_>,
) -> sarif::Result {
    let mut text = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        let _ = write!(text, ": {}", diagnostic.primary.text);
    }
    for note in &diagnostic.notes {
        let _ = write!(text, "\nNote: {note}");
    }
    for help in &diagnostic.help {
        let _ = write!(text, "\nHelp: {help}");
    }
    let mut result = sarif::Result::builder()
        .rule_id(diagnostic.code.id)
        .level(match diagnostic.severity {
            Severity::Error => sarif::ResultLevel::Error,
            Severity::Warning => sarif::ResultLevel::Warning,
        })
        .message(sarif::Message::builder().text(text).build())
        .build();
    result.rule_index = rule.and_then(|index| i64::try_from(index).ok());
    if positions.index(diagnostic.primary.span.file).is_some() {
        result.locations = Some(vec![location(diagnostic.primary.span, positions)]);
    }
    let related: Vec<_> = diagnostic
        .secondary
        .iter()
        .filter(|label| positions.index(label.span.file).is_some())
        .zip(1..)
        .map(|(label, id)| related_location(label, id, positions))
        .collect();
    if !related.is_empty() {
        result.related_locations = Some(related);
    }
    let fixes: Vec<_> = diagnostic
        .fixes
        .iter()
        .filter_map(|each| fix(each, positions))
        .collect();
    if !fixes.is_empty() {
        result.fixes = Some(fixes);
    }
    result
}

fn location(span: FileSpan, positions: &Positions<'_>) -> sarif::Location {
    sarif::Location::builder()
        .physical_location(
            sarif::PhysicalLocation::builder()
                .artifact_location(artifact(span.file, positions))
                .region(region(span, positions))
                .build(),
        )
        .build()
}

fn related_location(
    label: &Label<FileSpan>,
    id: i64,
    positions: &Positions<'_>,
) -> sarif::Location {
    let mut location = location(label.span, positions);
    location.id = Some(id);
    location.message = Some(sarif::Message::builder().text(label.text.as_str()).build());
    location
}

fn fix(fix: &Fix<FileSpan>, positions: &Positions<'_>) -> Option<sarif::Fix> {
    let mut changes: IndexMap<usize, Vec<sarif::Replacement>> = IndexMap::new();
    for edit in &fix.edits {
        positions.index(edit.span.file)?;
        let replacement = sarif::Replacement::builder()
            .deleted_region(region(edit.span, positions))
            .inserted_content(
                sarif::ArtifactContent::builder()
                    .text(edit.replacement.as_str())
                    .build(),
            )
            .build();
        changes.entry(edit.span.file).or_default().push(replacement);
    }
    if changes.is_empty() {
        return None;
    }
    let changes = changes
        .into_iter()
        .map(|(file, replacements)| {
            sarif::ArtifactChange::builder()
                .artifact_location(artifact(file, positions))
                .replacements(replacements)
                .build()
        })
        .collect::<Vec<_>>();
    Some(
        sarif::Fix::builder()
            .description(sarif::Message::builder().text(fix.title.as_str()).build())
            .artifact_changes(changes)
            .build(),
    )
}

fn region(span: FileSpan, positions: &Positions<'_>) -> sarif::Region {
    let (start, end) = positions.range(span);
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    sarif::Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .end_line(number(end.line))
        .end_column(number(end.column))
        .build()
}

fn artifact(file: usize, positions: &Positions<'_>) -> sarif::ArtifactLocation {
    sarif::ArtifactLocation::builder()
        .uri(uri(positions.path(file)))
        .build()
}

/// A relative reference (RFC 3986) for a path with `/`.
pub fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// Converts a slug to the identifier that SARIF requires as a rule's name: `unknown-name` is `UnknownName`.
pub fn pascal_case(slug: &str) -> String {
    slug.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
        })
        .collect()
}

fn multiformat(text: &str, markdown: Option<&str>) -> sarif::MultiformatMessageString {
    let mut message = sarif::MultiformatMessageString::builder()
        .text(text)
        .build();
    message.markdown = markdown.map(str::to_owned);
    message
}
