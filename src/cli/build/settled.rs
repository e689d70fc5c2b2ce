//! Notices that nothing changed since the last build.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::options::Build;
use crate::select::Selected;
use nthc::compile::Input;
use nthc::output::settled::{self, Ended, Inputs, Older, Recalled, Shown, fingerprint};
use nthc::output::{Applied, Hash};
use nthc::parts::Parts;
use nthc::user_cache;

/// The extension of the files in the cache folder.
const EXTENSION: &str = "nthc-build";

/// What is kept of a build of this input in this folder, from this build to the next.
pub struct Memory {
    /// The file in the cache folder.
    place: PathBuf,
    /// What is compiled.
    pub input: Input,
    /// Its fingerprint.
    pub inputs: Inputs,
    /// When the build began.
    began: SystemTime,
}

impl Memory {
    /// Returns where a build is kept. `None` if it is not kept: it was asked not to be, is of a standalone file or of a part of a
    /// project, or the user has no folder for it that others cannot write to.
    pub fn new(selected: &Selected, folder: &Path, options: &Build) -> Option<Self> {
        let is_part = !options.targets.is_empty() || options.file.is_some();
        if options.no_cache || options.keep_going || is_part {
            return None;
        }
        let began = SystemTime::now();
        let input = selected.loaded.project.input(options.env.as_deref());
        let inputs = fingerprint(&input, &selected.loaded.sources)?;
        let variable = |name: &str| std::env::var(name).ok();
        let cache = user_cache::folder("build", &variable)?;
        user_cache::open(&cache, EXTENSION).ok()?;
        let root = selected.loaded.project.root.to_str()?;
        let key = serde_json::json!([root, folder.to_str()?, options.env]).to_string();
        let name = Hash::new(key.as_bytes());
        Some(Self {
            place: cache.join(name.as_str()).with_extension(EXTENSION),
            input,
            inputs,
            began,
        })
    }

    /// Returns what is known of the last build.
    pub fn recall(&self, folder: &Path) -> Option<Recalled> {
        settled::recall(&self.place, &self.inputs, folder)
    }

    /// Keeps a build. If that fails, the next one compiles again.
    pub fn keep(
        &self,
        folder: &Path,
        applied: &Applied,
        shown: &Shown,
        parts: Option<&Parts>,
        older: Option<&Older>,
    ) {
        let ended = Ended {
            inputs: &self.inputs,
            folder,
            began: self.began,
            applied,
            shown,
            parts,
            older,
        };
        let _ = settled::keep(&self.place, &ended);
    }
}
