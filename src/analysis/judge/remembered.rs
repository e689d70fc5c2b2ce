//! What was put together of a whole project, for the next time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::FileFindings;
use crate::check::project::{NameIndex, insertion};
use crate::db::{Database, Diag, SourceFile, Span, Workspace, item_start};
use crate::limits;
use nth_diagnostics::Edit;

/// Diagnostics as they were found, each with where an import would be added; and what is said of them.
type Explained = HashMap<(Diag, Option<Edit<Span>>), Diag>;

/// What was put together of a whole project. Each part is kept until what it was made of changes.
#[derive(Default)]
pub struct Remembered {
    files: Vec<Arc<FileFindings>>,
    names: u64,
    of_rules: Vec<Vec<Diag>>,
    duplicates: Option<Arc<Vec<Diag>>>,
    cycles: Option<Arc<Vec<Vec<Diag>>>>,
    shared: Option<Arc<Vec<Vec<Diag>>>>,
    index: Option<NameIndex>,
    explained: Explained,
}

impl Remembered {
    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What was found in so many files; nothing where it was in another number of them.
    pub fn files_of(&self, count: usize) -> Vec<Arc<FileFindings>> {
        let mut files = self.files.clone();
        if files.len() != count {
            files.clear();
            files.resize(count, Arc::default());
        }
        files
    }

    /// What rules found in so many environments.
    pub fn of_rules(&self, environments: usize) -> Vec<Vec<Diag>> {
        let mut of_rules = self.of_rules.clone();
        of_rules.resize(environments, Vec::new());
        of_rules
    }

    /// Takes what was found in the files now, and forgets what was made of anything else.
    pub(super) fn take(&mut self, files: &[Arc<FileFindings>], names: u64, of_rules: &[Vec<Diag>]) {
        self.of_rules = of_rules.to_vec();
        let is_as_long = self.files.len() == files.len();
        let mut has_globals = is_as_long;
        let mut has_needs = is_as_long;
        let mut has_measured = is_as_long;
        for (before, now) in self.files.iter().zip(files) {
            if Arc::ptr_eq(before, now) {
                continue;
            }
            has_globals &= before.globals == now.globals;
            has_needs &= before.made.len() == now.made.len()
                && before
                    .made
                    .iter()
                    .zip(&now.made)
                    .all(|(before, now)| before.needs == now.needs);
            has_measured &= before.made.len() == now.made.len()
                && before
                    .made
                    .iter()
                    .zip(&now.made)
                    .all(|(before, now)| before.measured == now.measured);
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
        if self.names != names || !is_as_long {
            self.index = None;
            self.explained.clear();
        }
        self.names = names;
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

    /// Says of each name that was looked up in vain where it could come from.
    pub(super) fn explain(
        &mut self,
        db: &Database,
        workspace: Workspace,
        found: Vec<Diag>,
    ) -> Vec<Diag> {
        if found.iter().all(|found| found.unknown_name.is_none()) {
            self.explained.clear();
            return found;
        }
        let index = self
            .index
            .get_or_insert_with(|| NameIndex::new(db, workspace));
        let mut explained = Explained::new();
        let shown = shown_unknown(db, &found);
        let told = found.into_iter().enumerate().map(|(number, mut found)| {
            if found.unknown_name.is_none() {
                return found;
            }
            if !shown.contains(&number) {
                found.unknown_name = None;
                return found;
            }
            let place = insertion(db, found.primary.span.item.file, "");
            let key = (found, place);
            let said = match self.explained.get(&key) {
                Some(said) => said.clone(),
                None => index.explain(db, key.0.clone()),
            };
            explained.insert(key, said.clone());
            said
        });
        let told = told.collect();
        self.explained = explained;
        told
    }
}

/// Which of the names that were looked up in vain can be shown: of each file the first ones, for it shows no more
/// diagnostics. Where the others could come from need not be looked for.
fn shown_unknown(db: &Database, found: &[Diag]) -> HashSet<usize> {
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
