//! Project-wide results that are kept from one check to the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::FileFindings;
use crate::check::names::{NameIndex, import_edit};
use crate::db::{Database, Diag, SourceFile, Span, Workspace, item_start};
use crate::limits;
use nth_diagnostics::Edit;

/// From a diagnostic about an unknown name, with the place of a new import, to that diagnostic with its suggestions.
type Resolved = HashMap<(Diag, Option<Edit<Span>>), Diag>;

/// Project-wide results. Each is kept until its inputs change.
#[derive(Default)]
pub struct ProjectCache {
    files: Vec<Arc<FileFindings>>,
    names_revision: u64,
    rule_findings: Vec<Vec<Diag>>,
    duplicates: Option<Arc<Vec<Diag>>>,
    cycles: Option<Arc<Vec<Vec<Diag>>>>,
    shared: Option<Arc<Vec<Vec<Diag>>>>,
    exclusions: Option<Arc<Vec<Diag>>>,
    origins: Option<Arc<Vec<Diag>>>,
    index: Option<NameIndex>,
    resolved: Resolved,
}

impl ProjectCache {
    /// True if no check has filled the cache yet.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the cached findings of each file, or empty findings for `count` files if their number has changed.
    pub fn file_findings(&self, count: usize) -> Vec<Arc<FileFindings>> {
        let mut files = self.files.clone();
        if files.len() != count {
            files.clear();
            files.resize(count, Arc::default());
        }
        files
    }

    /// Returns the cached findings of rules, one list for each of `environments`.
    pub fn rule_findings(&self, environments: usize) -> Vec<Vec<Diag>> {
        let mut rule_findings = self.rule_findings.clone();
        rule_findings.resize(environments, Vec::new());
        rule_findings
    }

    /// Stores new findings, and drops the results that depend on findings or names that have changed.
    pub(super) fn update(
        &mut self,
        files: &[Arc<FileFindings>],
        names_revision: u64,
        rule_findings: &[Vec<Diag>],
    ) {
        self.rule_findings = rule_findings.to_vec();
        let is_as_long = self.files.len() == files.len();
        let mut has_globals = is_as_long;
        let mut has_needs = is_as_long;
        let mut has_measured = is_as_long;
        let mut has_exclusions = is_as_long;
        let mut has_origins = is_as_long;
        // Where nothing is reported, places do not matter.
        let is_empty = |found: &Option<Arc<Vec<Vec<Diag>>>>| {
            let found = found.as_ref();
            found.is_some_and(|found| found.iter().all(Vec::is_empty))
        };
        let (no_cycles, no_shared) = (is_empty(&self.cycles), is_empty(&self.shared));
        for (before, now) in self.files.iter().zip(files) {
            if Arc::ptr_eq(before, now) {
                continue;
            }
            has_globals &= before.globals == now.globals;
            if before.environments.len() != now.environments.len() {
                has_needs = false;
                has_measured = false;
                has_exclusions = false;
                has_origins = false;
            }
            for (before, now) in before.environments.iter().zip(&now.environments) {
                if before == now {
                    continue;
                }
                let (before, now) = (|| before.iter(), || now.iter());
                has_needs &= all_same(
                    before().flat_map(|found| &found.needs),
                    now().flat_map(|found| &found.needs),
                    |left, right| left == right || no_cycles && left.is_same_graph(right),
                );
                has_measured &= all_same(
                    before().flat_map(|found| &found.measured),
                    now().flat_map(|found| &found.measured),
                    |left, right| left == right || no_shared && left.is_same_series(right),
                );
                has_exclusions &= before()
                    .flat_map(|found| &found.exclusions)
                    .eq(now().flat_map(|found| &found.exclusions))
                    && before()
                        .flat_map(|found| &found.covered)
                        .eq(now().flat_map(|found| &found.covered));
                has_origins &= before()
                    .map(|found| &found.origins)
                    .eq(now().map(|found| &found.origins));
            }
        }
        if !has_globals {
            self.duplicates = None;
        }
        if !has_needs {
            self.cycles = None;
        }
        if !has_measured {
            self.shared = None;
        }
        if !has_exclusions {
            self.exclusions = None;
        }
        if !has_origins {
            self.origins = None;
        }
        if self.names_revision != names_revision || !is_as_long {
            self.index = None;
            self.resolved.clear();
        }
        self.names_revision = names_revision;
        self.files = files.to_vec();
    }

    pub(super) fn duplicates(&mut self, make: impl FnOnce() -> Vec<Diag>) -> Arc<Vec<Diag>> {
        Arc::clone(self.duplicates.get_or_insert_with(|| Arc::new(make())))
    }

    pub(super) fn cycles(&mut self, make: impl FnOnce() -> Vec<Vec<Diag>>) -> Arc<Vec<Vec<Diag>>> {
        Arc::clone(self.cycles.get_or_insert_with(|| Arc::new(make())))
    }

    pub(super) fn shared(&mut self, make: impl FnOnce() -> Vec<Vec<Diag>>) -> Arc<Vec<Vec<Diag>>> {
        Arc::clone(self.shared.get_or_insert_with(|| Arc::new(make())))
    }

    pub(super) fn exclusions(&mut self, make: impl FnOnce() -> Vec<Diag>) -> Arc<Vec<Diag>> {
        Arc::clone(self.exclusions.get_or_insert_with(|| Arc::new(make())))
    }

    pub(super) fn origins(&mut self, make: impl FnOnce() -> Vec<Diag>) -> Arc<Vec<Diag>> {
        Arc::clone(self.origins.get_or_insert_with(|| Arc::new(make())))
    }

    /// Adds suggestions, such as imports, to the diagnostics about unknown names.
    pub(super) fn resolve_unknown_names(
        &mut self,
        db: &Database,
        workspace: Workspace,
        found: Vec<Diag>,
    ) -> Vec<Diag> {
        if found.iter().all(|found| found.unknown_name.is_none()) {
            self.resolved.clear();
            return found;
        }
        let index = self
            .index
            .get_or_insert_with(|| NameIndex::new(db, workspace));
        let mut resolved = Resolved::new();
        let shown = first_unknown_names(db, &found);
        let diagnostics = found.into_iter().enumerate().map(|(number, mut found)| {
            if found.unknown_name.is_none() {
                return found;
            }
            if !shown.contains(&number) {
                found.unknown_name = None;
                return found;
            }
            let place = import_edit(db, found.primary.span.item.file, "");
            let key = (found, place);
            let with_imports = match self.resolved.get(&key) {
                Some(with_imports) => with_imports.clone(),
                None => index.resolve_unknown_name(db, key.0.clone()),
            };
            resolved.insert(key, with_imports.clone());
            with_imports
        });
        let diagnostics = diagnostics.collect();
        self.resolved = resolved;
        diagnostics
    }
}

/// True if both have equally many elements, which are the same by `same`.
fn all_same<'a, T: 'a>(
    mut left: impl Iterator<Item = &'a T>,
    mut right: impl Iterator<Item = &'a T>,
    same: impl Fn(&T, &T) -> bool,
) -> bool {
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if same(left, right) => {}
            _ => return false,
        }
    }
}

/// Indices of the diagnostics about unknown names that can be shown: the first [`limits::DIAGNOSTICS`] of each file. The
/// others need no suggestions.
fn first_unknown_names(db: &Database, found: &[Diag]) -> HashSet<usize> {
    let mut by_file: HashMap<SourceFile, Vec<(u32, usize)>> = HashMap::new();
    let unknown = found.iter().enumerate();
    for (number, found) in unknown.filter(|(_, found)| found.unknown_name.is_some()) {
        let span = found.primary.span;
        let place = item_start(db, span.item) + span.range.start;
        by_file
            .entry(span.item.file)
            .or_default()
            .push((place, number));
    }
    let firsts = by_file.into_values().flat_map(|mut of_file| {
        of_file.sort_unstable();
        of_file.into_iter().take(limits::DIAGNOSTICS)
    });
    firsts.map(|(_, number)| number).collect()
}
