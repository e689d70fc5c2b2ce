//! OpenSLO documents.

use nthc::diagnostics::SourceMap;
use nthc::import::openslo;
use nthc::syntax;

/// Any document is read or refused; the result is formatted `.nth`.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let import = openslo::import([("slo.yaml".to_owned(), text.clone())]);
    let mut sources = SourceMap::default();
    sources.add("slo.yaml", text);
    crate::rendered::render_all(&import.diagnostics, &sources);
    if let Some(text) = import.text {
        assert_eq!(
            syntax::format(&text).as_deref(),
            Some(text.as_str()),
            "what is imported is not laid out"
        );
    }
}
