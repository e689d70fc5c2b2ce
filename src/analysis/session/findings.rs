//! Diagnostics of a workspace, computed in parallel.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, MutexGuard, PoisonError};

use nth_diagnostics::{Diagnostic, FileSpan, Severity, SourceMap};
use nth_model::{Artifact, Tally};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::{Compilation, Session};
use crate::check::project::{
    Allowance, FileFindings, ProjectCache, check_file, evaluation_steps, file_findings,
    syntax_errors,
};
use crate::check::{check_item, project, rules};
use crate::db::{Diag, ItemKey, SourceFile, item_entry};
use crate::environment::alert_namespace;
use crate::suppressions::{self, Annotated, directives};

impl Session {
    /// Checks the given environment, or all of them, without generating output.
    pub fn check(&self, environment: Option<&str>) -> Compilation {
        let (diagnostics, environments) = self.diagnostics(environment);
        conclude(self.sources(), diagnostics, environments, Vec::new(), None)
    }

    /// Returns all diagnostics, sorted by file and place. [`Session::file`] returns the files that they refer to.
    pub fn findings(&self) -> Vec<Diagnostic<FileSpan>> {
        let (mut diagnostics, _) = self.diagnostics(None);
        sort(&mut diagnostics);
        diagnostics
    }

    /// Computes the findings of files from index `from` on, until `most` of them differ from the last check. Returns the index of
    /// the first file that was not computed. [`Session::evict_stale`] frees the intermediate results, so a project need not be in
    /// memory with all of them at once.
    pub fn compute_findings(&self, from: usize, most: usize) -> usize {
        let (mut place, mut changed, mut at_once) = (from, 0, most);
        let is_first = self.cache().is_empty();
        let environments = is_first.then(|| self.environments(None).unwrap_or_default());
        while changed < most
            && let Some(files) = self.files.get(place..self.files.len().min(place + at_once))
            && !files.is_empty()
        {
            if let Some(environments) = &environments {
                self.prefetch_long_files(place..place + files.len(), environments);
            }
            let found: Vec<Arc<FileFindings>> = files
                .par_iter()
                .map_with(self.db.clone(), |db, file| file_findings(db, *file))
                .collect();
            let others = {
                let cache = self.cache();
                let known = cache.files();
                let is_known = known.len() == self.files.len();
                let known = is_known.then(|| known.get(place..)).flatten();
                let same = found
                    .iter()
                    .zip(known.unwrap_or_default())
                    .filter(|(now, before)| Arc::ptr_eq(now, before))
                    .count();
                found.len() - same
            };
            changed += others;
            place += files.len();
            // Unchanged files are cheap, so take more at a time; but the changed ones may begin anywhere.
            at_once = if others == 0 {
                (at_once * 2).min(most * MANY_PARTS)
            } else {
                most
            };
        }
        place
    }

    /// Computes the findings of these files, like [`compute_findings`](Self::compute_findings).
    pub fn compute_findings_of(&self, files: &[SourceFile]) {
        files.par_iter().for_each_with(self.db.clone(), |db, file| {
            file_findings(db, *file);
        });
    }

    /// Returns diagnostics with only these files recomputed. Those of other files are from the last check, except for items that
    /// no longer exist. [`Session::findings`] returns the exact ones.
    pub fn first_findings(&self, files: &[SourceFile]) -> Vec<Diagnostic<FileSpan>> {
        let environments: Vec<Option<SmolStr>> = self.environments(None).unwrap_or_default();
        let now: Vec<(usize, Arc<FileFindings>)> = files
            .iter()
            .filter_map(|file| {
                let place = self.file_indices.get(file).copied()?;
                Some((place, file_findings(&self.db, *file)))
            })
            .collect();
        let project = self.project(&environments);
        let (mut found, directed) = {
            let mut cache = self.cache();
            cache.resize(self.files.len());
            for (place, findings) in now {
                cache.set_file(place, findings);
            }
            cache.resize_rule_findings(environments.len());
            (project.findings(&mut cache), cache.directed().clone())
        };
        found.retain(|found| {
            found
                .spans()
                .all(|span| item_entry(&self.db, span.item).is_some())
        });
        let mut found = self.apply_suppressions(found, &environments, &directed);
        sort(&mut found);
        found
    }

    fn cache(&self) -> MutexGuard<'_, ProjectCache> {
        // A panic cannot leave the cache inconsistent: queries only unwind between its updates.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn project(&self, environments: &[Option<SmolStr>]) -> project::Project<'_> {
        project::Project {
            db: &self.db,
            workspace: self.workspace,
            names_revision: self.names_revision,
            settings_findings: self
                .unknown_default_team()
                .into_iter()
                .chain(self.missing_base_files(environments))
                .collect(),
            sends_mail: self.configuration.sends_mail,
            is_for_operator: self.configuration.is_for_operator,
            now: self.now,
            alert_namespaces: environments
                .iter()
                .map(|environment| {
                    let project = self.configuration.alert_namespace.as_ref();
                    alert_namespace(&self.db, self.workspace, project, environment)
                })
                .collect(),
        }
    }

    /// Returns the diagnostics of the given environment, or of all, and the names of the checked environments.
    pub fn diagnostics(
        &self,
        environment: Option<&str>,
    ) -> (Vec<Diagnostic<FileSpan>>, Vec<Option<SmolStr>>) {
        match self.environments(environment) {
            Ok(environments) => (
                self.compute_diagnostics(environment, &environments),
                environments,
            ),
            Err(unknown) => (
                self.apply_suppressions(vec![*unknown], &[], &BTreeSet::new()),
                Vec::new(),
            ),
        }
    }

    /// Returns the diagnostics in `environments`, which are all of them if `asked` is `None`.
    fn compute_diagnostics(
        &self,
        asked: Option<&str>,
        environments: &[Option<SmolStr>],
    ) -> Vec<Diagnostic<FileSpan>> {
        let workspace = self.workspace;
        if asked.is_none() && self.cache().is_empty() {
            self.prefetch_long_files(0..self.files.len(), environments);
        }
        let files: Vec<Arc<FileFindings>> = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| match asked {
                None => file_findings(db, *file),
                Some(_) => Arc::new(check_file(db, workspace, *file, environments)),
            })
            .collect();
        let rule_findings = environments.iter().map(|environment| {
            let found = self.par_query(&self.rules, |db, key| {
                rules::rule_findings(db, workspace, key, environment.clone()).clone()
            });
            found.into_iter().flatten().collect()
        });
        let rule_findings = rule_findings.collect();
        let project = self.project(environments);
        let conclude = |cache: &mut ProjectCache| {
            cache.set_files(files);
            cache.set_rule_findings(rule_findings);
            (project.findings(cache), cache.directed().clone())
        };
        let (found, directed) = match asked {
            None => conclude(&mut self.cache()),
            Some(_) => conclude(&mut ProjectCache::default()),
        };
        self.apply_suppressions(found, environments, &directed)
    }

    /// Computes the items of those of these files that are long in parallel: the findings of a file are otherwise computed one item
    /// after another.
    fn prefetch_long_files(&self, files: Range<usize>, environments: &[Option<SmolStr>]) {
        let workspace = self.workspace;
        let long = self
            .file_names
            .iter()
            .zip(self.files.iter())
            .take(files.end)
            .skip(files.start)
            .filter(|(names, file)| {
                names.items.len() > LONG_FILE && !syntax_errors(&self.db, **file).is_too_many()
            })
            .map(|(names, _)| names);
        for names in long {
            // Stop where the check of the file stops.
            let mut allowance = Allowance::default();
            for entries in names.items.chunks(PREFETCHED_ITEMS) {
                let keys: Vec<ItemKey> = entries.iter().map(|entry| entry.key).collect();
                let steps = self.par_query(&keys, |db, key| {
                    let checked = check_item(db, workspace, key);
                    let instances = environments.iter().filter(|_| !checked.is_over);
                    let instance_steps = instances.map(|environment| {
                        evaluation_steps(db, workspace, key, environment.clone())
                    });
                    checked.steps.saturating_add(instance_steps.sum())
                });
                let each = environments.len().max(1) as u64;
                if !steps.into_iter().all(|steps| allowance.take(steps / each)) {
                    break;
                }
            }
        }
    }

    /// Applies comments, which are in the files with the indices `directed`, and levels to the diagnostics found in `environments`.
    fn apply_suppressions(
        &self,
        found: Vec<Diag>,
        environments: &[Option<SmolStr>],
        directed: &BTreeSet<usize>,
    ) -> Vec<Diagnostic<FileSpan>> {
        // An error, or an environment that was not checked, may hide a warning.
        let is_whole = environments.len() >= self.workspace.environments(&self.db).len()
            && found
                .iter()
                .all(|found| found.code.severity != Severity::Error);
        let has_catalogue = self.workspace.catalogue(&self.db).is_some();
        let annotated: Vec<Annotated<'_>> = directed
            .iter()
            .filter_map(|number| Some((*number, *self.files.get(*number)?)))
            .map(|(number, file)| Annotated {
                file: number,
                directives: directives(&self.db, file),
                is_own: !file.package(&self.db),
            })
            .collect();
        let located = self.locate(found);
        suppressions::apply(located, &annotated, &self.configuration.levels, |code| {
            is_whole && (has_catalogue || !code.needs_catalogue())
        })
    }
}

/// Number of items of a long file that are computed at a time.
const PREFETCHED_ITEMS: usize = 8;

/// Maximum growth of a part in [`Session::compute_findings`] while nothing has changed.
const MANY_PARTS: usize = 8;

/// A file with more items than this counts as long.
const LONG_FILE: usize = 16;

fn sort(diagnostics: &mut [Diagnostic<FileSpan>]) {
    diagnostics.sort_by(|left, right| {
        let key = |found: &Diagnostic<FileSpan>| (found.primary.span, found.code.id);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.message.cmp(&right.message))
    });
}

/// Builds a [`Compilation`] with its diagnostics sorted by file and place.
pub fn conclude(
    sources: SourceMap,
    mut diagnostics: Vec<Diagnostic<FileSpan>>,
    environments: Vec<Option<SmolStr>>,
    artifacts: Vec<Artifact>,
    signals: Option<Tally>,
) -> Compilation {
    sort(&mut diagnostics);
    let environments = environments.into_iter().flatten();
    Compilation {
        sources,
        diagnostics,
        artifacts,
        environments: environments.map(|name| name.to_string()).collect(),
        signals,
    }
}
