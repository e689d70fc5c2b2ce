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
use crate::published::Told;
use crate::pulls::{Pull, document_report, workspace_report};

impl ServerState {
    /// Queues a request for diagnostics.
    pub fn pull(&mut self, pull: Pull) {
        if matches!(pull, Pull::Workspace { .. }) && !self.pulls_all {
            // From now on nothing is published: it would be shown twice.
            self.pulls_all = true;
        }
        self.pulls.push(pull);
        self.is_untold = true;
    }

    /// Publishes the diagnostics of the open documents of a large project.
    pub fn checked_first(&mut self, checked: Checked) {
        let project = self.projects.get(&checked.project);
        if !project.is_some_and(|project| project.is_at(checked.revision)) || self.settings.pulls {
            return;
        }
        let converter = self.converter();
        let mut now: HashMap<Url, Told> = HashMap::new();
        for (path, buffer) in self.buffers.iter() {
            // Documents in several projects wait until all are checked.
            let mut knowing = self
                .projects
                .iter()
                .filter(|(_, project)| project.knows(path));
            if knowing.next().map(|(key, _)| key) != Some(&checked.project)
                || knowing.next().is_some()
            {
                continue;
            }
            let of_file = checked
                .found
                .iter()
                .filter(|finding| finding.file.path() == Some(path));
            let told = Told {
                version: Some(buffer.version),
                diagnostics: of_file
                    .map(|finding| converter.diagnostic(finding))
                    .collect(),
            };
            now.insert(buffer.uri.clone(), told);
        }
        for found in self.published.news(now, |_| true) {
            self.tell(Outgoing::Diagnostics(found));
        }
    }

    /// True if all projects with a file are checked.
    fn is_known(&self, path: &Path) -> bool {
        let mut projects = self.projects.values();
        projects.all(|project| project.found().is_some() || !project.knows(path))
    }

    fn is_all_known(&self) -> bool {
        let mut projects = self.projects.values();
        projects.all(|project| project.found().is_some())
    }

    /// The diagnostics of each document, as far as they are known. Open documents without diagnostics are included.
    fn found(&self) -> BTreeMap<Url, Told> {
        let open = self.buffers.keys();
        let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> = open
            .filter(|path| self.is_known(path))
            .map(|path| (path.clone(), Vec::new()))
            .collect();
        let converter = self.converter();
        let mut known: HashMap<PathBuf, bool> = HashMap::new();
        let all = self.projects.values().filter_map(Project::found);
        for finding in all.flat_map(|found| found.iter()) {
            let Some(path) = converter.path(&finding.file) else {
                continue;
            };
            let is_known = match known.get(&path) {
                Some(known) => *known,
                None => {
                    let is_known = self.is_known(&path);
                    known.insert(path.clone(), is_known);
                    is_known
                }
            };
            if !is_known {
                continue;
            }
            let of_file = found.entry(path).or_default();
            let diagnostic = converter.diagnostic(finding);
            // A package that is also open as a project is checked twice.
            if !of_file.contains(&diagnostic) {
                of_file.push(diagnostic);
            }
        }
        let told = found.into_iter().filter_map(|(path, diagnostics)| {
            let version = self.buffers.get(&path).map(|buffer| buffer.version);
            let told = Told {
                version,
                diagnostics,
            };
            Some((address(&self.buffers, &path)?, told))
        });
        told.collect()
    }

    /// Publishes what has changed. Documents that have no diagnostics any more are cleared. Documents that are not
    /// checked yet are skipped, and so are those that the client pulls.
    pub(super) fn publish(&mut self) {
        let found = self.found();
        self.answer_pulls(&found);
        let mut published = std::mem::take(&mut self.published);
        let is_pulled = |uri: &Url| {
            self.pulls_all || self.settings.pulls && self.buffers.contains_key(&path_of(uri))
        };
        let now = found.into_iter().filter(|(uri, _)| !is_pulled(uri));
        let kept = |uri: &Url| !is_pulled(uri) && !self.is_known(&path_of(uri));
        let news = published.news(now.collect(), kept);
        self.published = published;
        for found in news {
            self.tell(Outgoing::Diagnostics(found));
        }
        if self.is_all_known()
            && std::mem::take(&mut self.is_changed_elsewhere)
            && self.settings.refreshes
        {
            self.tell(Outgoing::Refresh);
        }
    }

    /// Answers the requests for diagnostics that can be answered by now.
    fn answer_pulls(&mut self, found: &BTreeMap<Url, Told>) {
        let waiting = std::mem::take(&mut self.pulls);
        let is_done = !self.folders.is_looking() && self.is_all_known();
        for pull in waiting {
            match pull {
                _ if pull.is_cancelled() => {}
                Pull::Document {
                    path,
                    previous,
                    reply,
                } if self.is_known(&path) => {
                    let uri = address(&self.buffers, &path);
                    let told = uri.and_then(|uri| found.get(&uri));
                    let diagnostics = told.map(|told| told.diagnostics.clone());
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
                        && !self.folders.is_looking() =>
                {
                    failed.refuse(Error::internal_error());
                }
                unknown => self.pulls.push(unknown),
            }
        }
    }
}
