//! Published diagnostics.

use std::collections::HashMap;

use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams, Url};

/// The diagnostics of a version of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The version, if the document is open.
    pub version: Option<i32>,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic>,
}

/// The last published diagnostics of each document.
#[derive(Debug, Default)]
pub struct Published {
    told: HashMap<Url, Told>,
}

impl Published {
    /// Updates the published diagnostics to `now`. Returns what to publish. Documents that are not in `now` are
    /// cleared, except those for which `kept` returns true.
    pub fn news(
        &mut self,
        now: HashMap<Url, Told>,
        kept: impl Fn(&Url) -> bool,
    ) -> Vec<PublishDiagnosticsParams> {
        let mut news = Vec::new();
        self.told.retain(|uri, _| {
            let stays = now.contains_key(uri) || kept(uri);
            if !stays {
                news.push(PublishDiagnosticsParams {
                    uri: uri.clone(),
                    diagnostics: Vec::new(),
                    version: None,
                });
            }
            stays
        });
        for (uri, now) in now {
            if self.told.get(&uri) == Some(&now) {
                continue;
            }
            news.push(PublishDiagnosticsParams {
                uri: uri.clone(),
                diagnostics: now.diagnostics.clone(),
                version: now.version,
            });
            self.told.insert(uri, now);
        }
        news.sort_by(|left, right| left.uri.cmp(&right.uri));
        news
    }
}
