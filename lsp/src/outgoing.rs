//! The one task that sends to the client. Other tasks and threads queue their messages here and go on.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::Client;
use tower_lsp::lsp_types::notification::Notification;
use tower_lsp::lsp_types::{MessageType, PublishDiagnosticsParams, ShowDocumentParams, Url};

use crate::progress::{self, ProgressSteps};

/// A message to the client.
#[derive(Debug)]
pub enum Outgoing {
    /// All diagnostics of a document.
    Diagnostics(PublishDiagnosticsParams),
    /// A message for the user.
    Show(MessageType, String),
    /// A message for the log.
    Log(MessageType, String),
    /// Progress of long work.
    Progress(ProgressSteps),
    /// Diagnostics that the client pulled may have changed.
    Refresh,
    /// Inlay hints may have changed.
    RefreshHints,
    /// Generated files of a project may have changed; the URI of the folder of its virtual documents.
    Regenerated(String),
    /// The client should show a file.
    ShowFile(Url),
}

/// Notifies a client with virtual documents that those below a URI may have changed.
enum VirtualDocumentChanged {}

impl Notification for VirtualDocumentChanged {
    type Params = Regenerated;
    const METHOD: &'static str = "nth/virtualDocumentChanged";
}

#[derive(Serialize, Deserialize)]
struct Regenerated {
    uri: String,
}

/// Maximum number of queued messages that no other replaces. Of log messages, the newest are kept.
const MOST: usize = 1000;

/// Sends messages until all senders are gone. A slow client gets only the newest diagnostics of each document, and
/// the queue for a client that reads nothing is bounded.
pub async fn deliver(client: Client, mut messages: UnboundedReceiver<Outgoing>) {
    let mut waiting = Waiting::default();
    loop {
        while let Ok(next) = messages.try_recv() {
            waiting.push(next);
        }
        let message = match waiting.next() {
            Some(message) => message,
            None => match messages.recv().await {
                Some(message) => message,
                None => return,
            },
        };
        let telling = tell(&client, message);
        tokio::pin!(telling);
        loop {
            tokio::select! {
                biased;
                () = &mut telling => break,
                Some(next) = messages.recv() => waiting.push(next),
            }
        }
    }
}

async fn tell(client: &Client, message: Outgoing) {
    match message {
        Outgoing::Diagnostics(found) => {
            client
                .publish_diagnostics(found.uri, found.diagnostics, found.version)
                .await;
        }
        Outgoing::Show(kind, text) => client.show_message(kind, text).await,
        Outgoing::Log(kind, text) => client.log_message(kind, text).await,
        // The client may never answer a request, so each has a task of its own.
        Outgoing::Progress(shown) => {
            tokio::spawn(progress::show(client.clone(), shown));
        }
        Outgoing::Refresh => {
            let client = client.clone();
            // A client that refuses pulls when it likes.
            tokio::spawn(async move { client.workspace_diagnostic_refresh().await });
        }
        Outgoing::Regenerated(uri) => {
            let params = Regenerated { uri };
            client
                .send_notification::<VirtualDocumentChanged>(params)
                .await;
        }
        // The client may never answer, so nothing waits for it.
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

/// Messages that the client has not taken yet, in order.
#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Outgoing>,
    /// Number of messages above which those that later ones replace are dropped.
    bound: usize,
    /// Number of dropped log messages.
    unlogged: usize,
}

impl Waiting {
    fn push(&mut self, message: Outgoing) {
        self.messages.push_back(message);
        if self.messages.len() > self.bound.max(MOST) {
            self.shorten();
        }
    }

    fn next(&mut self) -> Option<Outgoing> {
        self.shorten();
        if self.unlogged > 0 {
            let text = format!(
                "{} earlier messages were dropped",
                std::mem::take(&mut self.unlogged)
            );
            return Some(Outgoing::Log(MessageType::WARNING, text));
        }
        self.messages.pop_front()
    }

    fn shorten(&mut self) {
        let mut kept = newest(std::mem::take(&mut self.messages).into());
        let is_log = |message: &Outgoing| matches!(message, Outgoing::Log(..));
        let logged = kept.iter().filter(|message| is_log(message)).count();
        let mut superfluous = logged.saturating_sub(MOST);
        self.unlogged += superfluous;
        kept.retain(|message| {
            let goes = superfluous > 0 && is_log(message);
            superfluous -= usize::from(goes);
            !goes
        });
        self.messages = kept.into();
        // The bound doubles, so that each message is examined a constant number of times on average.
        self.bound = 2 * self.messages.len();
    }
}

/// Drops messages that later ones replace.
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

    fn diagnostics(name: &str, version: i32) -> Outgoing {
        let uri = format!("file:///{name}").parse().expect("an address");
        Outgoing::Diagnostics(PublishDiagnosticsParams {
            uri,
            diagnostics: Vec::new(),
            version: Some(version),
        })
    }

    #[test]
    fn later_diagnostics_replace_earlier_ones() {
        let said = Outgoing::Log(MessageType::INFO, "x".to_owned());
        let kept: Vec<_> = newest(vec![
            diagnostics("a", 1),
            said,
            diagnostics("b", 1),
            diagnostics("a", 2),
        ])
        .into_iter()
        .map(|message| match message {
            Outgoing::Diagnostics(found) => found.version,
            _ => None,
        })
        .collect();
        assert_eq!(kept, [None, Some(1), Some(2)]);
    }

    #[test]
    fn what_waits_for_a_client_that_reads_nothing_is_bounded() {
        let mut waiting = Waiting::default();
        for number in 0..100_000 {
            waiting.push(diagnostics("a", number));
            waiting.push(Outgoing::Log(MessageType::INFO, number.to_string()));
            assert!(waiting.messages.len() <= 2 * MOST + 4);
        }
        waiting.push(Outgoing::Show(MessageType::ERROR, "kept".to_owned()));
        let mut told = Vec::new();
        while let Some(message) = waiting.next() {
            told.push(message);
        }
        let texts = told.iter().filter_map(|message| match message {
            Outgoing::Log(_, text) | Outgoing::Show(_, text) => Some(text.as_str()),
            _ => None,
        });
        let texts: Vec<&str> = texts.collect();
        assert_eq!(texts.len(), 1 + MOST + 1);
        assert_eq!(texts[0], "99000 earlier messages were dropped");
        assert_eq!((texts[1], texts[MOST]), ("99000", "99999"));
        assert_eq!(texts[MOST + 1], "kept");
        let diagnostics = told.iter().filter_map(|message| match message {
            Outgoing::Diagnostics(found) => found.version,
            _ => None,
        });
        assert_eq!(diagnostics.collect::<Vec<_>>(), [99_999]);
    }
}
