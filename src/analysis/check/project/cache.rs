//! Project-wide results that are kept from one check to the next.

use std::collections::{BTreeSet, HashMap, HashSet};
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
    /// The indices of the files with diagnostics: most have none, so an edit does not look at all files.
    reported: BTreeSet<usize>,
    /// The indices of the files with comments that allow warnings.
    directed: BTreeSet<usize>,
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

    /// Returns the cached findings of each file, in the order of files.
    pub fn files(&self) -> &[Arc<FileFindings>] {
        &self.files
    }

    /// Iterates over the cached findings of the files with diagnostics, in the order of files.
    pub(super) fn reported(&self) -> impl Iterator<Item = &Arc<FileFindings>> {
        self.reported
            .iter()
            .filter_map(|place| self.files.get(*place))
    }

    /// The indices of the files with comments that allow warnings.
    pub fn directed(&self) -> &BTreeSet<usize> {
        &self.directed
    }

    /// The cached findings of rules, one list for each environment.
    pub(super) fn rule_findings(&self) -> &[Vec<Diag>] {
        &self.rule_findings
    }

    /// Stores new findings of rules, one list for each environment.
    pub fn set_rule_findings(&mut self, rule_findings: Vec<Vec<Diag>>) {
        self.rule_findings = rule_findings;
    }

    /// Sets the number of environments without changing the findings of rules.
    pub fn resize_rule_findings(&mut self, environments: usize) {
        self.rule_findings.resize(environments, Vec::new());
    }

    /// Stores new findings of all files, and drops the results that depend on what has changed.
    pub fn set_files(&mut self, files: Vec<Arc<FileFindings>>) {
        self.resize(files.len());
        for (place, now) in files.into_iter().enumerate() {
            self.set_file(place, now);
        }
    }

    /// Drops all findings if the number of files has changed.
    pub fn resize(&mut self, count: usize) {
        if self.files.len() == count {
            return;
        }
        *self = Self {
            rule_findings: std::mem::take(&mut self.rule_findings),
            names_revision: self.names_revision,
            ..Self::default()
        };
        self.files.resize(count, Arc::default());
    }

    /// Stores new findings of the file with this index, and drops the results that depend on what has changed.
    pub fn set_file(&mut self, place: usize, now: Arc<FileFindings>) {
        let Some(known) = self.files.get_mut(place) else {
            return;
        };
        if Arc::ptr_eq(known, &now) {
            return;
        }
        let before = std::mem::replace(known, Arc::clone(&now));
        for (is_listed, list) in [
            (now.has_diagnostics(), &mut self.reported),
            (now.has_directives, &mut self.directed),
        ] {
            if is_listed {
                list.insert(place);
            } else {
                list.remove(&place);
            }
        }
        self.drop_changed(&before, &now);
    }

    /// Drops the results that depend on what has changed in a file.
    fn drop_changed(&mut self, before: &FileFindings, now: &FileFindings) {
        if before.globals != now.globals {
            self.duplicates = None;
        }
        if before.environments.len() != now.environments.len() {
            self.cycles = None;
            self.shared = None;
            self.exclusions = None;
            self.origins = None;
        }
        // Where nothing is reported, places do not matter.
        let is_empty = |found: &Option<Arc<Vec<Vec<Diag>>>>| {
            let found = found.as_ref();
            found.is_some_and(|found| found.iter().all(Vec::is_empty))
        };
        let (no_cycles, no_shared) = (is_empty(&self.cycles), is_empty(&self.shared));
        for (before, now) in before.environments.iter().zip(&now.environments) {
            if before == now {
                continue;
            }
            let (before, now) = (|| before.iter(), || now.iter());
            if !all_same(
                before().flat_map(|found| &found.needs),
                now().flat_map(|found| &found.needs),
                |left, right| left == right || no_cycles && left.is_same_graph(right),
            ) {
                self.cycles = None;
            }
            if !all_same(
                before().flat_map(|found| &found.measured),
                now().flat_map(|found| &found.measured),
                |left, right| left == right || no_shared && left.is_same_series(right),
            ) {
                self.shared = None;
            }
            let has_exclusions = before()
                .flat_map(|found| &found.exclusions)
                .eq(now().flat_map(|found| &found.exclusions))
                && before()
                    .flat_map(|found| &found.covered)
                    .eq(now().flat_map(|found| &found.covered));
            if !has_exclusions {
                self.exclusions = None;
            }
            let has_origins = before()
                .map(|found| &found.origins)
                .eq(now().map(|found| &found.origins));
            if !has_origins {
                self.origins = None;
            }
        }
    }

    /// Drops the results that depend on names if a name has changed.
    pub(super) fn set_names_revision(&mut self, names_revision: u64) {
        if self.names_revision != names_revision {
            self.index = None;
            self.resolved.clear();
        }
        self.names_revision = names_revision;
    }

    pub(super) fn duplicates(
        &mut self,
        make: impl FnOnce(&[Arc<FileFindings>]) -> Vec<Diag>,
    ) -> Arc<Vec<Diag>> {
        let files = &self.files;
        Arc::clone(self.duplicates.get_or_insert_with(|| Arc::new(make(files))))
    }

    pub(super) fn cycles(
        &mut self,
        make: impl FnOnce(&[Arc<FileFindings>]) -> Vec<Vec<Diag>>,
    ) -> Arc<Vec<Vec<Diag>>> {
        let files = &self.files;
        Arc::clone(self.cycles.get_or_insert_with(|| Arc::new(make(files))))
    }

    pub(super) fn shared(
        &mut self,
        make: impl FnOnce(&[Arc<FileFindings>]) -> Vec<Vec<Diag>>,
    ) -> Arc<Vec<Vec<Diag>>> {
        let files = &self.files;
        Arc::clone(self.shared.get_or_insert_with(|| Arc::new(make(files))))
    }

    pub(super) fn exclusions(
        &mut self,
        make: impl FnOnce(&[Arc<FileFindings>]) -> Vec<Diag>,
    ) -> Arc<Vec<Diag>> {
        let files = &self.files;
        Arc::clone(self.exclusions.get_or_insert_with(|| Arc::new(make(files))))
    }

    pub(super) fn origins(
        &mut self,
        make: impl FnOnce(&[Arc<FileFindings>]) -> Vec<Diag>,
    ) -> Arc<Vec<Diag>> {
        let files = &self.files;
        Arc::clone(self.origins.get_or_insert_with(|| Arc::new(make(files))))
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
