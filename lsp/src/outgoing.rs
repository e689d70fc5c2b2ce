//! The one task that awaits the client. Whoever has something to say leaves it here and goes on.

use std::collections::HashSet;

use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::Client;
use tower_lsp::lsp_types::{MessageType, PublishDiagnosticsParams};

/// Something to tell the client.
#[derive(Debug)]
pub enum Outgoing {
    /// All diagnostics of a document.
    Diagnostics(PublishDiagnosticsParams),
    /// A message for the person.
    Show(MessageType, String),
    /// A message for the log.
    Log(MessageType, String),
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
            }
        }
    }
}

/// Without the diagnostics that later ones replace.
fn newest(mut batch: Vec<Outgoing>) -> Vec<Outgoing> {
    let mut seen = HashSet::new();
    batch.reverse();
    batch.retain(|message| match message {
        Outgoing::Diagnostics(found) => seen.insert(found.uri.clone()),
        Outgoing::Show(..) | Outgoing::Log(..) => true,
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
                Outgoing::Show(..) | Outgoing::Log(..) => None,
            })
            .collect();
        assert_eq!(kept, [None, Some(1), Some(2)]);
    }
}
