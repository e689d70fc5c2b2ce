//! The protocol's handlers. Each puts one event into the queue before its first `.await`, and then awaits only the
//! event loop's answer, never the client: handlers run concurrently, so an edit sent after an `.await` could overtake
//! another, and a handler that waits for the client could keep the client's response from being read.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use nth_ide::cancel::{CancelHandle, CancelOnDrop};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    self as lsp, CodeAction, CodeActionParams, CodeActionResponse, CompletionItem,
    CompletionParams, CompletionResponse, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult,
    DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams,
    FileChangeType, FoldingRange, FoldingRangeParams, InitializeParams, InitializeResult,
    InitializedParams, MessageType, OneOf, Registration, SaveOptions, SelectionRange,
    SelectionRangeParams, ServerCapabilities, ServerInfo, SignatureHelp, SignatureHelpParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, TextEdit, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReportResult, WorkspaceFolder, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};
use tower_lsp::{Client, LanguageServer, async_trait};

use crate::buffers::path_of;
use crate::complaints::complain;
use crate::convert::is_own;
use crate::events::Event;
use crate::features::{
    self, call_hierarchy, code_actions, code_lens, completion, definition, document_links,
    file_renames, folding, formatting, generated, highlights, hover, inlay_hints, references,
    rename, selection, semantic_tokens, signature, symbols, type_hierarchy,
};
use crate::lines;
use crate::outgoing::Outgoing;
use crate::pulls::{self, Pull};
use crate::requests::{OnEdit, Request};
use crate::settings::{Settings, paths};
use crate::view::View;
use crate::watching::watch;

/// The handlers.
pub struct Backend {
    client: Client,
    events: Sender<Event>,
    outgoing: UnboundedSender<Outgoing>,
    registrations: std::sync::OnceLock<Vec<Registration>>,
    tokens: Arc<semantic_tokens::Memory>,
}

impl Backend {
    /// Creates handlers that send their events to `events`.
    pub fn new(client: Client, events: Sender<Event>, outgoing: UnboundedSender<Outgoing>) -> Self {
        Self {
            client,
            events,
            outgoing,
            registrations: std::sync::OnceLock::new(),
            tokens: Arc::default(),
        }
    }

    fn enqueue_event(&self, event: Event) {
        if self.events.send(event).is_err() {
            self.show(
                MessageType::ERROR,
                "nth-lsp has stopped working; please restart it".to_owned(),
            );
        }
    }

    fn show(&self, kind: MessageType, text: String) {
        if self
            .outgoing
            .send(Outgoing::Show(kind, text.clone()))
            .is_err()
        {
            complain(&text);
        }
    }

    /// Answers a request about a position, which the next edit may move: see [`OnEdit::Refuse`].
    async fn read<T: Send + 'static>(
        &self,
        question: impl Fn(&View) -> T + Send + 'static,
    ) -> Result<T> {
        self.ask(OnEdit::Refuse, move |view| Ok(question(view)))
            .await
    }

    /// Answers a request that stays valid after an edit, such as one about a whole document: see [`OnEdit::Retry`].
    async fn read_whole<T: Send + 'static>(
        &self,
        question: impl Fn(&View) -> T + Send + 'static,
    ) -> Result<T> {
        self.ask(OnEdit::Retry, move |view| Ok(question(view)))
            .await
    }

    /// Enqueues a request, and awaits the answer. If the client cancels the request, this future is dropped, which
    /// cancels the work too.
    async fn ask<T: Send + 'static>(
        &self,
        on_edit: OnEdit,
        question: impl Fn(&View) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(false, on_edit, question).await
    }

    /// Like [`Backend::ask`], for a request over the whole project.
    async fn ask_project<T: Send + 'static>(
        &self,
        question: impl Fn(&View) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(true, OnEdit::Refuse, question).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        is_broad: bool,
        on_edit: OnEdit,
        question: impl Fn(&View) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let cancel = CancelHandle::default();
        let _cancelled = CancelOnDrop(cancel.clone());
        let mut request = Request::new(on_edit, cancel, question, reply);
        request.is_broad = is_broad;
        self.enqueue_event(Event::Request(request));
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal_error()))
    }
}

impl Backend {
    /// `nth/virtualDocument`: the text of a virtual document; `None` if there is no such document.
    pub async fn virtual_document(
        &self,
        params: generated::VirtualDocumentParams,
    ) -> Result<Option<generated::VirtualDocument>> {
        self.read_whole(move |view| generated::virtual_document(view, &params.uri))
            .await
    }
}

#[async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let settings = Settings::new(&params);
        let encoding = lines::kind(settings.encoding);
        let mut capabilities = ServerCapabilities {
            position_encoding: Some(encoding),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                        include_text: Some(false),
                    })),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            ..ServerCapabilities::default()
        };
        capabilities.workspace = Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        });
        capabilities.diagnostic_provider = settings.pulls.then(pulls::offer);
        features::offer(&mut capabilities, &settings);
        // `initialize` is called once.
        self.registrations.get_or_init(|| {
            let watched = settings.watch.then(watch);
            watched
                .into_iter()
                .chain(features::registrations(&settings))
                .collect()
        });
        self.enqueue_event(Event::Start(Box::new(settings)));
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let registrations = self.registrations.get().cloned().unwrap_or_default();
        if registrations.is_empty() {
            return;
        }
        let client = self.client.clone();
        let outgoing = self.outgoing.clone();
        tokio::spawn(async move {
            let asked = client.register_capability(registrations).await;
            if let Err(refused) = asked {
                let text = format!("files are not watched: {refused}");
                if outgoing
                    .send(Outgoing::Log(MessageType::WARNING, text))
                    .is_err()
                {
                    complain(&format_args!("files are not watched: {refused}"));
                }
            }
        });
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        if is_own(&document.uri) {
            return;
        }
        self.enqueue_event(Event::Open {
            uri: document.uri,
            version: document.version,
            text: document.text.into(),
        });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        self.enqueue_event(Event::Change {
            uri: document.uri,
            version: document.version,
            changes: params.content_changes,
        });
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.enqueue_event(Event::Save {
            uri: params.text_document.uri,
        });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        if is_own(&params.text_document.uri) {
            return;
        }
        self.enqueue_event(Event::Close {
            uri: params.text_document.uri,
        });
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let changes = params.changes.into_iter();
        self.enqueue_event(Event::FilesChanged {
            files: changes
                .map(|change| (change.uri, change.typ == FileChangeType::CHANGED))
                .collect(),
        });
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let of = |folders: &[WorkspaceFolder]| paths(folders.iter().map(|folder| &folder.uri));
        self.enqueue_event(Event::Folders {
            added: of(&params.event.added),
            removed: of(&params.event.removed),
        });
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        let (reply, answer) = oneshot::channel();
        self.enqueue_event(Event::Pull(Pull::Document {
            path: path_of(&params.text_document.uri),
            previous: params.previous_result_id,
            reply,
        }));
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal_error()))
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let (reply, answer) = oneshot::channel();
        let previous = params.previous_result_ids.into_iter();
        self.enqueue_event(Event::Pull(Pull::Workspace {
            previous: previous.map(|known| (known.uri, known.value)).collect(),
            reply,
        }));
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal_error()))
    }

    async fn did_change_configuration(&self, params: lsp::DidChangeConfigurationParams) {
        self.enqueue_event(Event::Configure(params.settings));
    }

    // The requests of the language features, in alphabetical order.

    async fn prepare_call_hierarchy(
        &self,
        params: lsp::CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyItem>>> {
        self.read(move |view| call_hierarchy::prepare(view, &params))
            .await
    }

    async fn incoming_calls(
        &self,
        params: lsp::CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyIncomingCall>>> {
        self.read(move |view| call_hierarchy::incoming(view, &params))
            .await
    }

    async fn outgoing_calls(
        &self,
        params: lsp::CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyOutgoingCall>>> {
        self.read(move |view| call_hierarchy::outgoing(view, &params))
            .await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.read(move |view| code_actions::code_actions(view, &params))
            .await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        self.read_whole(move |view| code_lens::code_lens(view, &params))
            .await
    }

    async fn code_lens_resolve(&self, lens: lsp::CodeLens) -> Result<lsp::CodeLens> {
        self.read_whole(move |view| code_lens::resolve(view, lens.clone()))
            .await
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
        let outgoing = self.outgoing.clone();
        let shown = self
            .ask(OnEdit::Retry, move |view| generated::execute(view, &params))
            .await?;
        let Some(shown) = shown else {
            return Ok(None);
        };
        let answer = Value::from(shown.address());
        // The receiver is gone only if the client is.
        let _ = outgoing.send(shown.outgoing());
        Ok(Some(answer))
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.read(move |view| completion::completion(view, &params))
            .await
    }

    async fn completion_resolve(&self, item: CompletionItem) -> Result<CompletionItem> {
        self.read_whole(move |view| completion::resolve(view, item.clone()))
            .await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        self.read(move |view| signature::signature(view, &params))
            .await
    }

    async fn goto_declaration(
        &self,
        params: lsp::request::GotoDeclarationParams,
    ) -> Result<Option<lsp::request::GotoDeclarationResponse>> {
        self.read(move |view| definition::definition(view, &params))
            .await
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        self.read(move |view| definition::definition(view, &params))
            .await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        self.read(move |view| highlights::highlights(view, &params))
            .await
    }

    async fn document_link(
        &self,
        params: lsp::DocumentLinkParams,
    ) -> Result<Option<Vec<lsp::DocumentLink>>> {
        self.read_whole(move |view| document_links::document_links(view, &params))
            .await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.read_whole(move |view| symbols::document_symbols(view, &params))
            .await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        self.ask(OnEdit::Refuse, move |view| {
            code_actions::resolve(view, &action)
        })
        .await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.read_whole(move |view| folding::folding_range(view, &params))
            .await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.read_whole(move |view| formatting::formatting(view, &params))
            .await
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        self.read(move |view| hover::hover(view, &params)).await
    }

    async fn inlay_hint(
        &self,
        params: lsp::InlayHintParams,
    ) -> Result<Option<Vec<lsp::InlayHint>>> {
        self.read(move |view| inlay_hints::inlay_hints(view, &params))
            .await
    }

    async fn inlay_hint_resolve(&self, hint: lsp::InlayHint) -> Result<lsp::InlayHint> {
        self.read(move |view| inlay_hints::resolve(view, hint.clone()))
            .await
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        let memory = Arc::clone(&self.tokens);
        self.read_whole(move |view| semantic_tokens::full(view, &memory, &params))
            .await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        let memory = Arc::clone(&self.tokens);
        self.read_whole(move |view| semantic_tokens::full_delta(view, &memory, &params))
            .await
    }

    async fn semantic_tokens_range(
        &self,
        params: lsp::SemanticTokensRangeParams,
    ) -> Result<Option<lsp::SemanticTokensRangeResult>> {
        self.read(move |view| semantic_tokens::range(view, &params))
            .await
    }

    async fn goto_implementation(
        &self,
        params: lsp::request::GotoImplementationParams,
    ) -> Result<Option<lsp::request::GotoImplementationResponse>> {
        self.read(move |view| definition::implementation(view, &params))
            .await
    }

    async fn prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        self.ask(OnEdit::Refuse, move |view| {
            rename::prepare_rename(view, &params)
        })
        .await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        self.read(move |view| references::references(view, &params))
            .await
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        self.ask_project(move |view| rename::rename(view, &params))
            .await
    }

    async fn will_rename_files(
        &self,
        params: lsp::RenameFilesParams,
    ) -> Result<Option<lsp::WorkspaceEdit>> {
        self.read_whole(move |view| file_renames::will_rename_files(view, &params))
            .await
    }

    async fn symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<Vec<lsp::SymbolInformation>>> {
        self.read_whole(move |view| symbols::workspace_symbols(view, &params))
            .await
    }

    async fn goto_type_definition(
        &self,
        params: lsp::request::GotoTypeDefinitionParams,
    ) -> Result<Option<lsp::request::GotoTypeDefinitionResponse>> {
        self.read(move |view| definition::type_definition(view, &params))
            .await
    }

    async fn prepare_type_hierarchy(
        &self,
        params: lsp::TypeHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        self.read(move |view| type_hierarchy::prepare(view, &params))
            .await
    }

    async fn supertypes(
        &self,
        params: lsp::TypeHierarchySupertypesParams,
    ) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        self.read(move |view| type_hierarchy::supertypes(view, &params))
            .await
    }

    async fn subtypes(
        &self,
        params: lsp::TypeHierarchySubtypesParams,
    ) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        self.read(move |view| type_hierarchy::subtypes(view, &params))
            .await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        self.read(move |view| formatting::on_type_formatting(view, &params))
            .await
    }

    async fn range_formatting(
        &self,
        params: DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        self.read(move |view| formatting::range_formatting(view, &params))
            .await
    }

    async fn selection_range(
        &self,
        params: SelectionRangeParams,
    ) -> Result<Option<Vec<SelectionRange>>> {
        self.read(move |view| selection::selection_range(view, &params))
            .await
    }
}
