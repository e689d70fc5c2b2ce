//! Builds what an edit can reach, with the last build for the rest.

use super::{Generated, Setup, writing};
use crate::console::Console;
use crate::exit::Failure;
use nthc::backends::Artifact;
use nthc::compile::Compilation;
use nthc::output::Others;
use nthc::parts::{Before, compile_part};

impl Setup<'_> {
    /// Generates the files that an edit since the last build can reach. `None` if that is not known, or if there is anything to report:
    /// the project must be compiled as a whole.
    ///
    /// # Errors
    ///
    /// If the output cannot be locked or a file cannot be written.
    pub(super) fn generate_part(
        &self,
        console: &mut Console,
    ) -> Result<Option<Generated>, Failure> {
        let Some(older) = self.older else {
            return Ok(None);
        };
        let input = self.selected.loaded.project.input(None);
        let folder = self.output(None, &[], Others::Unedited);
        let spool = writing::spool(&folder, None, self.patience(console));
        let take = |artifact: Artifact| spool.take(artifact.path, artifact.contents.as_bytes());
        let before = Before {
            parts: &older.parts,
            diagnostics: &older.shown.diagnostics,
            signals: older.shown.signals,
        };
        let Some(part) = compile_part(&input, before, &take) else {
            return Ok(None);
        };
        let compilation = Compilation {
            sources: input.sources(),
            diagnostics: older.shown.diagnostics.clone(),
            artifacts: Vec::new(),
            environments: older.shown.environments.clone(),
            signals: part.signals,
        };
        Ok(Some(Generated {
            compilation,
            partial: None,
            taken: spool.finish(),
            parts: Some(part.parts),
            is_part: true,
        }))
    }
}
