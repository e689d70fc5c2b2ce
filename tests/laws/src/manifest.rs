//! `nth.toml`.

use nthc::diagnostics::SourceMap;
use nthc::project::{Findings, MANIFEST, parse_manifest};

/// Any manifest is read; its diagnostics have locations.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut sources = SourceMap::default();
    let file = sources.add(MANIFEST, text.clone());
    let mut findings = Findings {
        file,
        diagnostics: Vec::new(),
    };
    let _ = parse_manifest(&text, &mut findings);
    crate::rendered::render_all(&findings.diagnostics, &sources);
}
