//! What the owner is told: what happened, and what it is asked.

use std::path::PathBuf;
use std::sync::Arc;

use nth_ide::findings::Finding;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::folders;
use crate::pulls::Pull;
use crate::requests::{Outcome, Request};
use crate::settings::Settings;

/// Something that happened, or a question.
#[derive(Debug)]
pub enum Event {
    /// The client said what it can do.
    Start(Box<Settings>),
    /// The person changed settings.
    Configure(serde_json::Value),
    /// A document was opened.
    Open {
        /// Its address.
        uri: Url,
        /// The version that the client gave its text.
        version: i32,
        /// Its text.
        text: Arc<str>,
    },
    /// A document was edited.
    Change {
        /// Its address.
        uri: Url,
        /// The version that the client gave its text.
        version: i32,
        /// The edits, in their order.
        changes: Vec<TextDocumentContentChangeEvent>,
    },
    /// A document was written to its file.
    Save {
        /// Its address.
        uri: Url,
    },
    /// A document was closed; its file counts again.
    Close {
        /// Its address.
        uri: Url,
    },
    /// Files came, changed or went; with each, whether it was there before and after.
    FilesChanged {
        /// The files' addresses.
        files: Vec<(Url, bool)>,
    },
    /// Folders came to the workspace, and others went.
    Folders {
        /// Those that came.
        added: Vec<PathBuf>,
        /// Those that went.
        removed: Vec<PathBuf>,
    },
    /// The workspace's folders were looked through, and hold these projects.
    ProjectsFound(folders::Found),
    /// A question.
    Request(Request),
    /// A question for diagnostics.
    Pull(Pull),
    /// A question was answered or given up: its snapshot is gone.
    Answered,
    /// A question was stopped by an edit.
    Interrupted(Request),
    /// A check was finished; nothing where an edit has stopped it.
    Checked(Option<Checked>),
    /// What a check found as far as the open documents say; the rest follows.
    CheckedFirst(Checked),
    /// A part of a large project was looked at.
    Looked(Looked),
    /// A check failed, and said this.
    CheckFailed(String),
    /// The compiler failed, and said this.
    Failed(String),
    /// The client has left.
    Stop,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// The project's folder.
    pub project: PathBuf,
    /// The revision that was looked at.
    pub revision: u64,
    /// What is wrong.
    pub found: Vec<Finding>,
}

/// How far a project was looked at.
#[derive(Debug)]
pub struct Looked {
    /// The project's folder.
    pub project: PathBuf,
    /// The revision that was looked at.
    pub revision: u64,
    /// So many of its files were.
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
