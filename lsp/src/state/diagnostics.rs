//! Publishing diagnostics, and answering requests for them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use nth_ide::project::Project;
use tower_lsp::jsonrpc::Error;
use tower_lsp::lsp_types::{Diagnostic, Url};

use super::ServerState;
use crate::buffers::{address, path_of};
use crate::events::Checked;
use crate::outgoing::Outgoing;
use crate::published::DocumentDiagnostics;
use crate::pulls::{Pull, document_report, workspace_report};

impl ServerState {
    /// Queues a request for diagnostics.
    pub fn pull(&mut self, pull: Pull) {
        if matches!(pull, Pull::Workspace { .. }) && !self.pulls_all {
            // From now on nothing is published: it would be shown twice.
            self.pulls_all = true;
        }
        self.pulls.push(pull);
        self.must_publish = true;
    }

    /// Publishes the diagnostics of the open documents of a large project.
    pub fn checked_first(&mut self, checked: Checked) {
        let project = self.projects.get(&checked.project);
        if !project.is_some_and(|project| project.is_at(checked.revision)) || self.settings.pulls {
            return;
        }
        let converter = self.converter();
        let mut now: HashMap<Url, DocumentDiagnostics> = HashMap::new();
        for (path, buffer) in self.buffers.iter() {
            // Documents in several projects wait until all are checked.
            let mut owners = self
                .projects
                .iter()
                .filter(|(_, project)| project.contains(path));
            if owners.next().map(|(key, _)| key) != Some(&checked.project)
                || owners.next().is_some()
            {
                continue;
            }
            let own = checked
                .findings
                .iter()
                .filter(|finding| finding.file.path() == Some(path));
            let current = DocumentDiagnostics {
                version: Some(buffer.version),
                diagnostics: own.map(|finding| converter.diagnostic(finding)).collect(),
            };
            now.insert(buffer.uri.clone(), current);
        }
        for found in self.published.update(now, |_| true) {
            self.send(Outgoing::Diagnostics(found));
        }
    }

    /// True if all projects with a file are checked.
    fn is_checked(&self, path: &Path) -> bool {
        let mut projects = self.projects.values();
        projects.all(|project| project.findings().is_some() || !project.contains(path))
    }

    fn is_all_checked(&self) -> bool {
        let mut projects = self.projects.values();
        projects.all(|project| project.findings().is_some())
    }

    /// The diagnostics of each document, as far as they are known. Open documents without diagnostics are included.
    fn diagnostics(&self) -> BTreeMap<Url, DocumentDiagnostics> {
        let open = self.buffers.keys();
        let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> = open
            .filter(|path| self.is_checked(path))
            .map(|path| (path.clone(), Vec::new()))
            .collect();
        let converter = self.converter();
        let mut known: HashMap<PathBuf, bool> = HashMap::new();
        let all = self.projects.values().filter_map(Project::findings);
        for finding in all.flat_map(|found| found.iter()) {
            let Some(path) = converter.path(&finding.file) else {
                continue;
            };
            let is_known = match known.get(&path) {
                Some(known) => *known,
                None => {
                    let is_known = self.is_checked(&path);
                    known.insert(path.clone(), is_known);
                    is_known
                }
            };
            if !is_known {
                continue;
            }
            let own = found.entry(path).or_default();
            let diagnostic = converter.diagnostic(finding);
            // A package that is also open as a project is checked twice.
            if !own.contains(&diagnostic) {
                own.push(diagnostic);
            }
        }
        let current = found.into_iter().filter_map(|(path, diagnostics)| {
            let version = self.buffers.get(&path).map(|buffer| buffer.version);
            let current = DocumentDiagnostics {
                version,
                diagnostics,
            };
            Some((address(&self.buffers, &path)?, current))
        });
        current.collect()
    }

    /// Publishes what has changed. Documents that have no diagnostics any more are cleared. Documents that are not
    /// checked yet are skipped, and so are those that the client pulls.
    pub(super) fn publish(&mut self) {
        let found = self.diagnostics();
        self.answer_pulls(&found);
        let mut published = std::mem::take(&mut self.published);
        let is_pulled = |uri: &Url| {
            self.pulls_all || self.settings.pulls && self.buffers.contains_key(&path_of(uri))
        };
        let now = found.into_iter().filter(|(uri, _)| !is_pulled(uri));
        let kept = |uri: &Url| !is_pulled(uri) && !self.is_checked(&path_of(uri));
        let changes = published.update(now.collect(), kept);
        self.published = published;
        for found in changes {
            self.send(Outgoing::Diagnostics(found));
        }
        if self.is_all_checked()
            && std::mem::take(&mut self.is_changed_elsewhere)
            && self.settings.refreshes
        {
            self.send(Outgoing::Refresh);
        }
    }

    /// Answers the requests for diagnostics that can be answered by now.
    fn answer_pulls(&mut self, found: &BTreeMap<Url, DocumentDiagnostics>) {
        let waiting = std::mem::take(&mut self.pulls);
        let is_done = !self.folders.is_searching() && self.is_all_checked();
        for pull in waiting {
            match pull {
                _ if pull.is_cancelled() => {}
                Pull::Document {
                    path,
                    previous,
                    reply,
                } if self.is_checked(&path) => {
                    let uri = address(&self.buffers, &path);
                    let current = uri.and_then(|uri| found.get(&uri));
                    let diagnostics = current.map(|current| current.diagnostics.clone());
                    let report =
                        document_report(diagnostics.unwrap_or_default(), previous.as_deref());
                    // The receiver is gone if the client cancelled the request.
                    let _ = reply.send(Ok(report));
                }
                Pull::Workspace { previous, reply } if is_done => {
                    let _ = reply.send(Ok(workspace_report(found.clone(), previous)));
                }
                // No check is running or due, because it has failed.
                failed
                    if self.checking.is_none()
                        && self.next_check().is_none()
                        && !self.folders.is_searching() =>
                {
                    failed.refuse(Error::internal_error());
                }
                unknown => self.pulls.push(unknown),
            }
        }
    }
}
