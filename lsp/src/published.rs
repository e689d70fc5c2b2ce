//! Published diagnostics.

use std::collections::HashMap;

use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams, Url};

/// The diagnostics of a version of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentDiagnostics {
    /// The version, if the document is open.
    pub version: Option<i32>,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic>,
}

/// The last published diagnostics of each document.
#[derive(Debug, Default)]
pub struct Published {
    sent: HashMap<Url, DocumentDiagnostics>,
}

impl Published {
    /// Updates the published diagnostics to `now`. Returns what to publish. Documents that are not in `now` are
    /// cleared, except those for which `kept` returns true.
    pub fn update(
        &mut self,
        now: HashMap<Url, DocumentDiagnostics>,
        kept: impl Fn(&Url) -> bool,
    ) -> Vec<PublishDiagnosticsParams> {
        let mut changes = Vec::new();
        self.sent.retain(|uri, _| {
            let stays = now.contains_key(uri) || kept(uri);
            if !stays {
                changes.push(PublishDiagnosticsParams {
                    uri: uri.clone(),
                    diagnostics: Vec::new(),
                    version: None,
                });
            }
            stays
        });
        for (uri, now) in now {
            if self.sent.get(&uri) == Some(&now) {
                continue;
            }
            changes.push(PublishDiagnosticsParams {
                uri: uri.clone(),
                diagnostics: now.diagnostics.clone(),
                version: now.version,
            });
            self.sent.insert(uri, now);
        }
        changes.sort_by(|left, right| left.uri.cmp(&right.uri));
        changes
    }
}
