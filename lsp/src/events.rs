//! Events of the event loop.

use std::path::PathBuf;
use std::sync::Arc;

use nth_ide::findings::Finding;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::folders;
use crate::pulls::Pull;
use crate::requests::{Outcome, Request};
use crate::settings::Settings;

/// An event, or a request.
#[derive(Debug)]
pub enum Event {
    /// The client sent `initialize`.
    Start(Box<Settings>),
    /// The user changed settings.
    Configure(serde_json::Value),
    /// A document was opened.
    Open {
        /// The URI.
        uri: Url,
        /// The version of the text, as the client numbers it.
        version: i32,
        /// The text.
        text: Arc<str>,
    },
    /// A document was edited.
    Change {
        /// The URI.
        uri: Url,
        /// The version of the new text, as the client numbers it.
        version: i32,
        /// The edits, in order.
        changes: Vec<TextDocumentContentChangeEvent>,
    },
    /// A document was saved.
    Save {
        /// The URI.
        uri: Url,
    },
    /// A document was closed; its file is used again.
    Close {
        /// The URI.
        uri: Url,
    },
    /// Files were created, changed or deleted.
    FilesChanged {
        /// The URIs; true for files that were only changed.
        files: Vec<(Url, bool)>,
    },
    /// Workspace folders were added and removed.
    Folders {
        /// The added folders.
        added: Vec<PathBuf>,
        /// The removed folders.
        removed: Vec<PathBuf>,
    },
    /// The search for projects in the workspace's folders is done.
    ProjectsFound(folders::ProjectsByFolder),
    /// A request that is answered on a snapshot.
    Request(Request),
    /// A request for diagnostics.
    Pull(Pull),
    /// A request was answered or cancelled: its snapshot is dropped.
    Answered,
    /// A request was interrupted by an edit.
    Interrupted(Request),
    /// A check is done; `None` if an edit stopped it.
    Checked(Option<Checked>),
    /// The diagnostics of the open documents; the others follow.
    CheckedFirst(Checked),
    /// A part of a large project was checked.
    CheckedPart(CheckedPart),
    /// A check failed with this panic message.
    CheckFailed(String),
    /// A request failed with this panic message.
    Failed(String),
    /// The client has left.
    Stop,
}

/// The result of a check.
#[derive(Debug)]
pub struct Checked {
    /// The project's folder.
    pub project: PathBuf,
    /// The revision that was checked.
    pub revision: u64,
    /// The diagnostics.
    pub findings: Vec<Finding>,
}

/// The progress of a check.
#[derive(Debug)]
pub struct CheckedPart {
    /// The project's folder.
    pub project: PathBuf,
    /// The revision that was checked.
    pub revision: u64,
    /// Number of files that were checked so far.
    pub files: usize,
}

impl From<Outcome<Event>> for Event {
    fn from(outcome: Outcome<Event>) -> Self {
        match outcome {
            Outcome::Answered => Self::Answered,
            Outcome::Interrupted(request) => Self::Interrupted(request),
            Outcome::Failed(text) => Self::Failed(text),
            Outcome::Checked(event) => event,
            Outcome::CheckStopped => Self::Checked(None),
            Outcome::CheckFailed(text) => Self::CheckFailed(text),
        }
    }
}
