//! Pulled diagnostics: those that the client requests.

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

use crate::published::DocumentDiagnostics;
use crate::reply::Reply;

/// A request for diagnostics. It is answered when the current texts were checked.
#[derive(Debug)]
pub enum Pull {
    /// A request for the diagnostics of a document.
    Document {
        /// The document's path.
        path: PathBuf,
        /// The result id of the client's current diagnostics.
        previous: Option<String>,
        /// The receiver of the answer.
        reply: Reply<DocumentDiagnosticReportResult>,
    },
    /// A request for the diagnostics of all files.
    Workspace {
        /// The result ids of the client's current diagnostics.
        previous: HashMap<Url, String>,
        /// The receiver of the answer.
        reply: Reply<WorkspaceDiagnosticReportResult>,
    },
}

impl Pull {
    /// True if the client cancelled the request.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Document { reply, .. } => reply.is_closed(),
            Self::Workspace { reply, .. } => reply.is_closed(),
        }
    }

    /// Answers with an error. The client may have cancelled the request.
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

/// The capability.
pub fn offer() -> DiagnosticServerCapabilities {
    DiagnosticServerCapabilities::Options(DiagnosticOptions {
        identifier: Some("nth".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        work_done_progress_options: WorkDoneProgressOptions::default(),
    })
}

/// The result id of some diagnostics: equal for equal diagnostics, also across servers.
fn id_of(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    for diagnostic in diagnostics {
        // All of its contents, in a fixed order.
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

/// The answer for all files. Files that the client has diagnostics of, and that have none any more, get an empty
/// report.
pub fn workspace_report(
    reports: BTreeMap<Url, DocumentDiagnostics>,
    mut previous: HashMap<Url, String>,
) -> WorkspaceDiagnosticReportResult {
    let mut items = Vec::new();
    for (uri, report) in reports {
        let id = id_of(&report.diagnostics);
        let version = report.version.map(i64::from);
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
                    items: report.diagnostics,
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
