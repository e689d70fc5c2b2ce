//! The client's capabilities and settings.

use std::path::PathBuf;

use nth_ide::features::inlay_hints::HintSettings;
use nth_ide::position::Encoding;
use serde_json::Value;
use tower_lsp::lsp_types::{ClientCapabilities, InitializeParams, Url};

use crate::lines::negotiate;

/// The settings from `initialize`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The negotiated encoding of positions.
    pub encoding: Encoding,
    /// True if diagnostics may have related information.
    pub related: bool,
    /// True if diagnostics may link to the page of their code.
    pub links: bool,
    /// True if code actions may contain edits.
    pub actions: bool,
    /// True if edits may name the version of a document.
    pub versioned_edits: bool,
    /// True if the server may register for file changes.
    pub watch: bool,
    /// True if the client retries requests that are refused because the content was modified.
    pub asks_again: bool,
    /// True if the client supports virtual documents: the standard library's URIs are then `nth-std:`, otherwise
    /// files.
    pub virtual_documents: bool,
    /// True if the client pulls diagnostics of documents, so that they are not published.
    pub pulls: bool,
    /// True if the server may ask the client to pull diagnostics again.
    pub refreshes: bool,
    /// True if the client shows progress.
    pub progress: bool,
    /// The workspace's folders.
    pub folders: Vec<PathBuf>,
    /// The inlay hints that are on.
    pub hints: HintSettings,
    /// All capabilities of the client.
    pub client: ClientCapabilities,
    /// The base URL of the pages of the codes, ending with `/`; `None` to use the embedded ones.
    pub pages: Option<Url>,
}

impl Settings {
    /// Reads the parameters of `initialize`. `initializationOptions` may contain `diagnosticPages`, the URL of the
    /// folder with the pages of the codes; `virtualDocuments`, true if the client opens `nth-std:` and
    /// `nth-generated:` through the server; and `inlayHints`, see [`HintSettings::take`].
    pub fn new(params: &InitializeParams) -> Self {
        let text_document = params.capabilities.text_document.as_ref();
        let workspace = params.capabilities.workspace.as_ref();
        let general = params.capabilities.general.as_ref();
        let publish = text_document.and_then(|known| known.publish_diagnostics.as_ref());
        let pages = params
            .initialization_options
            .as_ref()
            .and_then(|options| options.get("diagnosticPages")?.as_str())
            .and_then(|address| Url::parse(&format!("{}/", address.trim_end_matches('/'))).ok());
        let mut hints = HintSettings::default();
        if let Some(options) = &params.initialization_options {
            hints.take(options);
        }
        Self {
            hints,
            encoding: negotiate(general.and_then(|known| known.position_encodings.as_deref())),
            related: publish
                .and_then(|known| known.related_information)
                .unwrap_or_default(),
            links: publish
                .and_then(|known| known.code_description_support)
                .unwrap_or_default(),
            actions: text_document
                .and_then(|known| {
                    known
                        .code_action
                        .as_ref()?
                        .code_action_literal_support
                        .as_ref()
                })
                .is_some(),
            versioned_edits: workspace
                .and_then(|known| known.workspace_edit.as_ref()?.document_changes)
                .unwrap_or_default(),
            watch: workspace
                .and_then(|known| {
                    known
                        .did_change_watched_files
                        .as_ref()?
                        .dynamic_registration
                })
                .unwrap_or_default(),
            asks_again: general.is_some_and(|known| known.stale_request_support.is_some()),
            virtual_documents: params
                .initialization_options
                .as_ref()
                .and_then(|options| options.get("virtualDocuments")?.as_bool())
                .unwrap_or_default(),
            pulls: text_document.is_some_and(|known| known.diagnostic.is_some()),
            refreshes: workspace
                .and_then(|known| known.diagnostic.as_ref()?.refresh_support)
                .unwrap_or_default(),
            progress: params
                .capabilities
                .window
                .as_ref()
                .and_then(|known| known.work_done_progress)
                .unwrap_or_default(),
            folders: folders(params),
            client: params.capabilities.clone(),
            pages,
        }
    }

    /// Applies changed settings. Those that are not named stay as they are.
    pub fn configure(&mut self, settings: &Value) {
        self.hints.take(settings);
    }

    /// True if the client supports refreshing inlay hints.
    pub fn refreshes_hints(&self) -> bool {
        let workspace = self.client.workspace.as_ref();
        workspace
            .and_then(|known| known.inlay_hint.as_ref()?.refresh_support)
            .unwrap_or_default()
    }

    /// True if the client supports showing documents.
    pub fn shows_documents(&self) -> bool {
        let window = self.client.window.as_ref();
        window
            .and_then(|known| known.show_document.as_ref())
            .is_some_and(|known| known.support)
    }
}

/// The workspace's folders, or the single root of older clients.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders {
        Some(folders) => paths(folders.iter().map(|folder| &folder.uri)),
        None => {
            // The older name of the root.
            #[allow(deprecated)]
            let root = params.root_uri.as_ref();
            paths(root)
        }
    }
}

/// The paths of those URIs that are files.
pub fn paths<'a>(addresses: impl IntoIterator<Item = &'a Url>) -> Vec<PathBuf> {
    let files = addresses
        .into_iter()
        .filter_map(|uri| uri.to_file_path().ok());
    files
        .map(|path| nthc::project::paths::normalize(&path))
        .collect()
}
