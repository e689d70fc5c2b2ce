//! The order in which diagnostics are shown.

use std::collections::HashSet;

use super::{Diagnostic, FileSpan, SourceMap};

/// Sorts diagnostics in the order in which they are shown and removes duplicates: by path, start, code, end and
/// message.
pub fn in_order<'a>(
    diagnostics: &'a [Diagnostic<FileSpan>],
    sources: &SourceMap,
) -> Vec<&'a Diagnostic<FileSpan>> {
    let mut seen = HashSet::with_capacity(diagnostics.len());
    let mut ordered: Vec<_> = diagnostics
        .iter()
        .filter(|diagnostic| seen.insert(*diagnostic))
        .collect();
    ordered.sort_by(|a, b| {
        let key = |diagnostic: &'a Diagnostic<FileSpan>| {
            let span = diagnostic.primary.span;
            let path = sources
                .file(span.file)
                .map_or("", |file| file.path.as_str());
            (
                path,
                span.start,
                diagnostic.code.id,
                span.end,
                diagnostic.message.as_str(),
            )
        };
        // Diagnostics that are equal so far differ in a label, a help or a fix; their order is arbitrary but must be
        // stable.
        let rest = |diagnostic: &Diagnostic<FileSpan>| {
            format!(
                "{:?}",
                (
                    &diagnostic.primary.text,
                    &diagnostic.secondary,
                    &diagnostic.notes,
                    &diagnostic.help,
                    &diagnostic.fixes,
                    diagnostic.severity,
                    &diagnostic.unknown_name,
                )
            )
        };
        key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
    });
    ordered
}
