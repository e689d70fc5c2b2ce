//! The protocol's handlers. Each puts one event into the queue before it awaits anything, and what it may await is
//! the owner's answer, never the client: handlers run concurrently, so an edit sent after an `.await` could overtake
//! another, and handlers that wait for the client could keep the client's answer from being read.

use std::sync::mpsc::Sender;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    CodeActionResponse, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentFormattingParams, FileChangeType,
    FileSystemWatcher, GlobPattern, InitializeParams, InitializeResult, InitializedParams,
    MessageType, OneOf, Registration, SaveOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, TextEdit,
};
use tower_lsp::{Client, LanguageServer, async_trait};

use crate::outgoing::Outgoing;
use crate::owner::{Event, Reply};
use crate::settings::Settings;

/// The handlers.
pub struct Backend {
    client: Client,
    events: Sender<Event>,
    outgoing: UnboundedSender<Outgoing>,
    watches: std::sync::OnceLock<bool>,
}

impl Backend {
    /// Handlers that put their events into `events`.
    pub fn new(client: Client, events: Sender<Event>, outgoing: UnboundedSender<Outgoing>) -> Self {
        Self {
            client,
            events,
            outgoing,
            watches: std::sync::OnceLock::new(),
        }
    }

    fn put(&self, event: Event) {
        if self.events.send(event).is_err() {
            self.say(
                MessageType::ERROR,
                "nth-lsp has stopped working; please restart it".to_owned(),
            );
        }
    }

    fn say(&self, kind: MessageType, text: String) {
        if self
            .outgoing
            .send(Outgoing::Show(kind, text.clone()))
            .is_err()
        {
            eprintln!("nth-lsp: {text}");
        }
    }

    /// Puts a question into the queue. The answer is to be awaited.
    async fn ask<T>(&self, event: impl FnOnce(Reply<T>) -> Event) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.put(event(reply));
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal_error()))
    }
}

#[async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let settings = Settings::new(&params);
        let encoding = settings.encoding.kind();
        let actions = settings.actions;
        // `initialize` comes once.
        self.watches.get_or_init(|| settings.watch);
        self.put(Event::Start(Box::new(settings)));
        Ok(InitializeResult {
            capabilities: ServerCapabilities {
                position_encoding: Some(encoding),
                text_document_sync: Some(TextDocumentSyncCapability::Options(
                    TextDocumentSyncOptions {
                        open_close: Some(true),
                        change: Some(TextDocumentSyncKind::FULL),
                        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                            include_text: Some(false),
                        })),
                        ..TextDocumentSyncOptions::default()
                    },
                )),
                document_formatting_provider: Some(OneOf::Left(true)),
                code_action_provider: actions.then(|| {
                    CodeActionProviderCapability::Options(CodeActionOptions {
                        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
                        ..CodeActionOptions::default()
                    })
                }),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if !self.watches.get().copied().unwrap_or_default() {
            return;
        }
        let client = self.client.clone();
        let outgoing = self.outgoing.clone();
        tokio::spawn(async move {
            let asked = client.register_capability(vec![watch()]).await;
            if let Err(refused) = asked {
                let text = format!("files are not watched: {refused}");
                if outgoing
                    .send(Outgoing::Log(MessageType::WARNING, text))
                    .is_err()
                {
                    eprintln!("nth-lsp: files are not watched: {refused}");
                }
            }
        });
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.put(Event::Open {
            uri: document.uri,
            version: document.version,
            text: document.text.into(),
        });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        // The whole text, as was agreed on: the last one counts.
        if let Some(change) = params.content_changes.into_iter().next_back() {
            self.put(Event::Change {
                uri: document.uri,
                version: document.version,
                text: change.text.into(),
            });
        }
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.put(Event::Save {
            uri: params.text_document.uri,
        });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.put(Event::Close {
            uri: params.text_document.uri,
        });
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let changes = params.changes.into_iter();
        self.put(Event::FilesChanged {
            files: changes
                .map(|change| (change.uri, change.typ == FileChangeType::CHANGED))
                .collect(),
        });
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        // The options are not looked at: the language has one layout.
        self.ask(|reply| Event::Format {
            uri: params.text_document.uri,
            reply,
        })
        .await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(|reply| Event::Actions {
            params: Box::new(params),
            reply,
        })
        .await
    }
}

/// What the client is asked to watch: sources, manifests and metric catalogues, wherever they are.
fn watch() -> Registration {
    let watchers = ["**/*.nth", "**/nth.toml", "**/nth.metrics.lock"]
        .map(|glob| FileSystemWatcher {
            glob_pattern: GlobPattern::String(glob.to_owned()),
            kind: None,
        })
        .to_vec();
    let options = DidChangeWatchedFilesRegistrationOptions { watchers };
    Registration {
        id: "sources".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::watch;

    #[test]
    fn everything_that_a_project_reads_is_watched() {
        let options = watch().register_options.unwrap_or_default().to_string();
        for read in ["**/*.nth", nthc::project::MANIFEST, nthc::catalogue::LOCK] {
            assert!(options.contains(read), "{read} is not in {options}");
        }
    }
}
