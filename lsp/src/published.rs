//! What the client was told of each document.

use std::collections::HashMap;

use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams, Url};

/// What is wrong in a document, and in which version of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The version, for an open one.
    pub version: Option<i32>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the client was last told of each document.
#[derive(Debug, Default)]
pub struct Published {
    told: HashMap<Url, Told>,
}

impl Published {
    /// What the client has to be told for it to know `now`. Of documents that are not in it, those are told to have
    /// nothing wrong that are not `kept`.
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
