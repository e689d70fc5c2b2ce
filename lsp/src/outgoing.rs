//! The one task that tells the client. Whoever has something to say leaves it here and goes on.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Notification;
use tower_lsp::lsp_types::{MessageType, PublishDiagnosticsParams, ShowDocumentParams, Url};

use crate::progress::{self, Shown};

/// Something to tell the client.
#[derive(Debug)]
pub enum Outgoing {
    /// All diagnostics of a document.
    Diagnostics(PublishDiagnosticsParams),
    /// A message for the person.
    Show(MessageType, String),
    /// A message for the log.
    Log(MessageType, String),
    /// Work that takes long.
    Progress(Shown),
    /// What the client asked for may be another answer now.
    Refresh,
    /// Inlay hints are to be asked for anew.
    RefreshHints,
    /// What a project generates may be other than it was; the address of the folder of its virtual documents.
    Regenerated(String),
    /// A file is to be shown.
    ShowFile(Url),
}

/// Tells a client that shows virtual documents that those below an address may have other texts now.
enum VirtualDocumentChanged {}

impl Notification for VirtualDocumentChanged {
    type Params = Regenerated;
    const METHOD: &'static str = "nth/virtualDocumentChanged";
}

#[derive(Serialize, Deserialize)]
struct Regenerated {
    uri: String,
}

/// Tells the client until nobody is left who could have something to say. A slow client gets only the newest
/// diagnostics of each document.
pub async fn deliver(client: Client, mut messages: UnboundedReceiver<Outgoing>) {
    while let Some(first) = messages.recv().await {
        let mut batch = vec![first];
        while let Ok(next) = messages.try_recv() {
            batch.push(next);
        }
        for message in newest(batch) {
            match message {
                Outgoing::Diagnostics(found) => {
                    client
                        .publish_diagnostics(found.uri, found.diagnostics, found.version)
                        .await;
                }
                Outgoing::Show(kind, text) => client.show_message(kind, text).await,
                Outgoing::Log(kind, text) => client.log_message(kind, text).await,
                // What a client is asked it may never answer, so each question has a task of its own.
                Outgoing::Progress(shown) => {
                    tokio::spawn(progress::show(client.clone(), shown));
                }
                Outgoing::Refresh => {
                    let client = client.clone();
                    // A client that refuses will ask when it likes to.
                    tokio::spawn(async move { client.workspace_diagnostic_refresh().await });
                }
                Outgoing::Regenerated(uri) => {
                    let params = Regenerated { uri };
                    client
                        .send_notification::<VirtualDocumentChanged>(params)
                        .await;
                }
                // Nobody waits for what the client answers: it may never do.
                Outgoing::RefreshHints => {
                    let client = client.clone();
                    tokio::spawn(async move { client.inlay_hint_refresh().await });
                }
                Outgoing::ShowFile(uri) => {
                    let client = client.clone();
                    tokio::spawn(async move {
                        let params = ShowDocumentParams {
                            uri,
                            external: Some(false),
                            take_focus: Some(true),
                            selection: None,
                        };
                        client.show_document(params).await
                    });
                }
            }
        }
    }
}

/// Without the news that later ones replace.
fn newest(mut batch: Vec<Outgoing>) -> Vec<Outgoing> {
    let mut seen = HashSet::new();
    batch.reverse();
    batch.retain(|message| match message {
        Outgoing::Diagnostics(found) => seen.insert(found.uri.to_string()),
        Outgoing::Regenerated(uri) => seen.insert(uri.clone()),
        Outgoing::RefreshHints => seen.insert(String::new()),
        _ => true,
    });
    batch.reverse();
    batch
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn later_diagnostics_replace_earlier_ones() {
        let of = |name: &str, version| {
            let uri = format!("file:///{name}").parse().expect("an address");
            Outgoing::Diagnostics(PublishDiagnosticsParams {
                uri,
                diagnostics: Vec::new(),
                version: Some(version),
            })
        };
        let said = Outgoing::Log(MessageType::INFO, "x".to_owned());
        let kept: Vec<_> = newest(vec![of("a", 1), said, of("b", 1), of("a", 2)])
            .into_iter()
            .map(|message| match message {
                Outgoing::Diagnostics(found) => found.version,
                _ => None,
            })
            .collect();
        assert_eq!(kept, [None, Some(1), Some(2)]);
    }
}
