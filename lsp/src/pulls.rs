//! Diagnostics that the client asks for, rather than being told.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use tower_lsp::jsonrpc::Error;
use tower_lsp::lsp_types::{
    Diagnostic, DiagnosticOptions, DiagnosticServerCapabilities, DocumentDiagnosticReport,
    DocumentDiagnosticReportResult, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Url, WorkDoneProgressOptions, WorkspaceDiagnosticReport,
    WorkspaceDiagnosticReportResult, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::published::Told;
use crate::reply::Reply;

/// A question for diagnostics. It is answered when what was found is of the texts as they are.
#[derive(Debug)]
pub enum Pull {
    /// Those of a document.
    Document {
        /// The document's path.
        path: PathBuf,
        /// The id of what the client has.
        previous: Option<String>,
        /// Where the answer is awaited.
        reply: Reply<DocumentDiagnosticReportResult>,
    },
    /// Those of all files.
    Workspace {
        /// The ids of what the client has.
        previous: HashMap<Url, String>,
        /// Where the answer is awaited.
        reply: Reply<WorkspaceDiagnosticReportResult>,
    },
}

impl Pull {
    /// Whether nobody wants to know any more.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Document { reply, .. } => reply.is_closed(),
            Self::Workspace { reply, .. } => reply.is_closed(),
        }
    }

    /// Answers that there is no answer. Who asked may have given up by now.
    pub fn refuse(self, error: Error) {
        match self {
            Self::Document { reply, .. } => {
                let _ = reply.send(Err(error));
            }
            Self::Workspace { reply, .. } => {
                let _ = reply.send(Err(error));
            }
        }
    }
}

/// What the client is told of how to ask.
pub fn offer() -> DiagnosticServerCapabilities {
    DiagnosticServerCapabilities::Options(DiagnosticOptions {
        identifier: Some("nth".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        work_done_progress_options: WorkDoneProgressOptions::default(),
    })
}

/// An id by which the client can say what it has: the same for the same diagnostics, whenever and by whatever server
/// they were found.
fn id_of(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    for diagnostic in diagnostics {
        // Everything in it, in the order in which it is written.
        serde_json::to_string(diagnostic)
            .unwrap_or_default()
            .hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The answer for a document.
pub fn document_report(
    diagnostics: Vec<Diagnostic>,
    previous: Option<&str>,
) -> DocumentDiagnosticReportResult {
    let id = id_of(&diagnostics);
    DocumentDiagnosticReportResult::Report(if previous == Some(id.as_str()) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                result_id: id,
            },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport {
                result_id: Some(id),
                items: diagnostics,
            },
        })
    })
}

/// The answer for all files. One that the client has something of, and in which nothing is wrong any more, is empty.
pub fn workspace_report(
    found: BTreeMap<Url, Told>,
    mut previous: HashMap<Url, String>,
) -> WorkspaceDiagnosticReportResult {
    let mut items = Vec::new();
    for (uri, told) in found {
        let id = id_of(&told.diagnostics);
        let version = told.version.map(i64::from);
        items.push(if previous.remove(&uri).as_ref() == Some(&id) {
            WorkspaceDocumentDiagnosticReport::Unchanged(
                WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                        result_id: id,
                    },
                },
            )
        } else {
            WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                uri,
                version,
                full_document_diagnostic_report: FullDocumentDiagnosticReport {
                    result_id: Some(id),
                    items: told.diagnostics,
                },
            })
        });
    }
    let mut gone: Vec<Url> = previous.into_keys().collect();
    gone.sort();
    items.extend(gone.into_iter().map(|uri| {
        WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
            uri,
            version: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport {
                result_id: None,
                items: Vec::new(),
            },
        })
    }));
    WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items })
}
