//! Builds what an edit can reach, with the last build for the rest, or the whole project for the next build.

use super::{Generated, Setup, writing};
use crate::console::Console;
use crate::exit::Failure;
use crate::select::require_environment;
use nthc::backends::Artifact;
use nthc::compile::{Compilation, Take};
use nthc::output::Others;
use nthc::parts::{Before, Parts, compile_part, compile_whole};

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
        let (Some(memory), Some(older)) = (self.memory, self.older) else {
            return Ok(None);
        };
        let folder = self.output(None, &[], Others::Unedited);
        let spool = writing::spool(&folder, None, self.patience(console));
        let take = |artifact: Artifact| spool.take(artifact.path, artifact.contents.as_bytes());
        let before = Before {
            parts: &older.parts,
            diagnostics: &older.shown.diagnostics,
        };
        let (input, hashes) = (&memory.input, &memory.inputs.files);
        let Some(part) = compile_part(input, hashes, before, &take) else {
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

    /// Compiles the project, and returns what it is made of if that is kept.
    ///
    /// # Errors
    ///
    /// If the project has no such environment.
    pub(super) fn compile(
        &self,
        environment: Option<&str>,
        take: Take<'_>,
    ) -> Result<(Compilation, Option<Parts>), Failure> {
        let Some(memory) = self.memory else {
            return Ok((self.selected.compile_into(environment, take)?, None));
        };
        let (compilation, parts) = compile_whole(&memory.input, &memory.inputs.files, take);
        Ok((require_environment(environment, compilation)?, parts))
    }
}
