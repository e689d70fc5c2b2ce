//! Rendering of diagnostics.

use nthc::diagnostics::render::{Format, render};
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};

/// Checks that diagnostics point into their files, and that every format can render them.
pub(crate) fn render_all(diagnostics: &[Diagnostic<FileSpan>], sources: &SourceMap) {
    for diagnostic in diagnostics {
        let labels = diagnostic.secondary.iter().map(|label| label.span);
        let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
        let places = labels
            .chain(edits.map(|edit| edit.span))
            .chain([diagnostic.primary.span]);
        for span in places {
            let file = sources.file(span.file).expect("a file that is there");
            assert!(
                file.text.get(span.start..span.end).is_some(),
                "{diagnostic:?} points nowhere"
            );
        }
    }
    for format in [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::Sarif,
        Format::Github,
    ] {
        let mut written = Vec::new();
        render(diagnostics, sources, format, false, &mut written).expect("a buffer takes it");
        assert!(std::str::from_utf8(&written).is_ok());
    }
}
