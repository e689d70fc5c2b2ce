//! Changing the text of a file, and the references between items that follow from it.

use std::sync::Arc;

use rayon::prelude::*;
use salsa::{Durability, Setter};

use super::Session;
use crate::db::references::{References, file_references, has_same_targets};
use crate::db::{SourceFile, TextBefore, file_names};

impl Session {
    /// Changes a file's text. The file is from now on treated as one that changes often: queries that read no such file need no
    /// revalidation after the next edit.
    pub fn edit(&mut self, file: SourceFile, text: Arc<str>) {
        let before = TextBefore::of(&self.db, file);
        if before.is_some() || file.before(&self.db).is_some() {
            file.set_before(&mut self.db)
                .with_durability(Durability::LOW)
                .to(before);
        }
        file.set_text(&mut self.db)
            .with_durability(Durability::LOW)
            .to(text);
        let names = file_names(&self.db, file);
        let place = self.file_indices.get(&file).copied();
        let known = place.and_then(|place| self.file_names.get(place));
        if let (Some(place), Some(known)) = (place, known)
            && **known != *names
        {
            let names = Arc::new(names.clone());
            if let Some(known) = Arc::make_mut(&mut self.file_names).get_mut(place) {
                *known = names;
            }
            self.names_revision += 1;
            self.update_workspace();
            self.recompute_references();
        } else if let Some(place) = place {
            let now = file_references(&self.db, self.workspace, file);
            let before = self.references.get(place).cloned();
            if let Some(before) = before.filter(|before| *before != now) {
                let is_same_graph = has_same_targets(&before, &now);
                if let Some(before) = Arc::make_mut(&mut self.references).get_mut(place) {
                    *before = Arc::clone(&now);
                }
                // Places only matter where something is reported.
                let references = self.workspace.references(&self.db);
                let is_same = match references.is_empty() {
                    true => is_same_graph || self.chain_lengths.still_hold(&now),
                    false => is_same_graph && references.diagnostics().is_empty(),
                };
                if !is_same {
                    self.set_references();
                }
            }
        }
    }

    /// Recomputes the references between items of all files.
    pub(super) fn recompute_references(&mut self) {
        let workspace = self.workspace;
        let references = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                file_references(db, workspace, *file)
            })
            .collect();
        self.references = Arc::new(references);
        self.set_references();
    }

    fn set_references(&mut self) {
        let files = self.references.iter().map(|file| &**file);
        let (references, chain_lengths) = References::new(files);
        self.chain_lengths = Arc::new(chain_lengths);
        if **self.workspace.references(&self.db) != references {
            self.workspace
                .set_references(&mut self.db)
                .to(Arc::new(references));
        }
    }
}
