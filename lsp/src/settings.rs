//! What the client can do, and wants.

use std::path::PathBuf;

use nth_ide::features::inlay_hints::WantedHints;
use nth_ide::position::Encoding;
use serde_json::Value;
use tower_lsp::lsp_types::{ClientCapabilities, InitializeParams, Url};

use crate::lines::negotiate;

/// What was learned from `initialize`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What positions count.
    pub encoding: Encoding,
    /// Diagnostics may point to other places.
    pub related: bool,
    /// Diagnostics may carry a link to their code's page.
    pub links: bool,
    /// Code actions may carry edits of their own.
    pub actions: bool,
    /// Edits may say to which version of a document they belong.
    pub versioned_edits: bool,
    /// The client can be asked to watch files.
    pub watch: bool,
    /// The client asks anew by itself where an answer would be of an older text.
    pub asks_again: bool,
    /// The client shows documents without files: the standard library's are `nth-std:` then, and files elsewhere.
    pub virtual_documents: bool,
    /// The client asks for the diagnostics of documents, so that it need not be told.
    pub pulls: bool,
    /// The client can be asked to ask anew.
    pub refreshes: bool,
    /// The client shows work that takes long.
    pub progress: bool,
    /// The workspace's folders.
    pub folders: Vec<PathBuf>,
    /// Which inlay hints the person wants.
    pub hints: WantedHints,
    /// Everything that the client said it can do.
    pub client: ClientCapabilities,
    /// Where the pages of the codes are, ending with `/`; absent where the compiler's own are to be used.
    pub pages: Option<Url>,
}

impl Settings {
    /// Reads what the client says of itself. `initializationOptions` may have `diagnosticPages`, the address of the
    /// folder with the pages of the codes, `virtualDocuments`, whether it opens `nth-std:` and `nth-generated:` by
    /// asking the server, and `inlayHints`, see [`WantedHints::take`].
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
        let mut hints = WantedHints::default();
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

    /// Takes what the person's settings say now. What they do not name stays as it is.
    pub fn configure(&mut self, settings: &Value) {
        self.hints.take(settings);
    }

    /// Whether the client looks anew at inlay hints when it is told to.
    pub fn refreshes_hints(&self) -> bool {
        let workspace = self.client.workspace.as_ref();
        workspace
            .and_then(|known| known.inlay_hint.as_ref()?.refresh_support)
            .unwrap_or_default()
    }

    /// Whether the client shows documents when it is asked to.
    pub fn shows_documents(&self) -> bool {
        let window = self.client.window.as_ref();
        window
            .and_then(|known| known.show_document.as_ref())
            .is_some_and(|known| known.support)
    }
}

/// The workspace's folders; the one folder of clients that know no more.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders {
        Some(folders) => paths(folders.iter().map(|folder| &folder.uri)),
        None => {
            // The older name of the same thing.
            #[allow(deprecated)]
            let root = params.root_uri.as_ref();
            paths(root)
        }
    }
}

/// Those of the addresses that are files.
pub fn paths<'a>(addresses: impl IntoIterator<Item = &'a Url>) -> Vec<PathBuf> {
    let files = addresses
        .into_iter()
        .filter_map(|uri| uri.to_file_path().ok());
    files
        .map(|path| nthc::project::paths::normalize(&path))
        .collect()
}
