//! What a build read and left, kept in the user's cache folder, so that the next build of the same notices that nothing changed: it
//! neither compiles nor reads the output again.
//!
//! Nothing depends on it. It is used only if it is whole, if [the input](fingerprint) is byte for byte what it was, and if the
//! file system says of every file of the output that it is the one that the build left.

mod findings;
mod inputs;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::{Hash, RECORD};
use super::stamp::Stamp;
use super::{Applied, apply, lock};
use crate::diagnostics::{Diagnostic, FileSpan};
use crate::ir::Tally;
use crate::user_cache;
use findings::Kept;
pub use inputs::fingerprint;

/// The version of the format.
const VERSION: u32 = 1;

/// The largest file that is read, in bytes: ten thousand services have about 20 MB.
const MOST_BYTES: u64 = 256 << 20;

/// The result of a build that can be shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The diagnostics of the compilation.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The environments that were built.
    pub environments: Vec<String>,
    /// The signals with and without a metric.
    pub signals: Option<Tally>,
    /// The number of files that the build generates.
    pub files: usize,
}

/// What a build read and left.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settled {
    version: u32,
    /// The fingerprint of what was read.
    inputs: Hash,
    /// The files that were left, by path below the output folder.
    left: BTreeMap<String, Stamp>,
    diagnostics: Vec<Kept>,
    environments: Vec<String>,
    /// The numbers of signals that are found, missing and unknown.
    signals: Option<[usize; 3]>,
    files: usize,
}

/// A build that has ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// The fingerprint of its input.
    pub inputs: &'a Hash,
    /// The output folder.
    pub folder: &'a Path,
    /// When it began to compare the folder with the output.
    pub began: SystemTime,
    /// What it did to the folder.
    pub applied: &'a Applied,
    /// Its result.
    pub shown: &'a Shown,
}

/// Keeps in `place` what a build has read and left. Returns false if that is not certain: a file may have been changed by somebody
/// else since the build read or wrote it, or the file system does not say when files change.
///
/// # Errors
///
/// If the file system fails.
pub fn keep(place: &Path, ended: &Ended<'_>) -> io::Result<bool> {
    let Ended {
        inputs,
        folder,
        began,
        applied,
        shown,
    } = ended;
    let stamps: Vec<io::Result<Option<(String, Stamp)>>> = applied
        .record
        .files
        .par_iter()
        .map(|(name, _)| {
            let stamp =
                Stamp::read(&folder.join(name))?.filter(|stamp| match applied.written.get(name) {
                    Some(written) => stamp.is_renamed(written),
                    None => stamp.is_before(*began),
                });
            Ok(stamp.map(|stamp| (name.clone(), stamp)))
        })
        .collect();
    let mut left = BTreeMap::new();
    for stamp in stamps {
        match stamp? {
            Some((name, stamp)) => left.insert(name, stamp),
            None => return Ok(false),
        };
    }
    let Some(record) = Stamp::read(&folder.join(RECORD))? else {
        return Ok(false);
    };
    left.insert(RECORD.to_owned(), record);
    let Shown {
        diagnostics,
        environments,
        signals,
        files,
    } = shown;
    let settled = Settled {
        version: VERSION,
        inputs: (*inputs).clone(),
        left,
        diagnostics: diagnostics.iter().map(Kept::new).collect(),
        environments: environments.clone(),
        signals: signals.map(|tally| [tally.found, tally.missing, tally.unknown]),
        files: *files,
    };
    let body = serde_json::to_vec(&settled)?;
    // It need not survive a crash of the system: a damaged file is not used.
    let mut file = user_cache::new_file(place)?;
    file.write_all(Hash::new(&body).as_str().as_bytes())?;
    file.write_all(b"\n")?;
    file.write_all(&body)?;
    file.persist(place)?;
    Ok(true)
}

/// Returns the result that is kept in `place`, if a build of these `inputs` would neither write nor remove anything in `folder`.
/// `None` if something changed, or if that is not certain.
pub fn recall(place: &Path, inputs: &Hash, folder: &Path) -> Option<Shown> {
    let settled = read(place)?;
    if settled.inputs != *inputs || !is_as_left(&settled, folder) {
        return None;
    }
    let diagnostics = settled.diagnostics.into_iter().map(Kept::restore);
    Some(Shown {
        diagnostics: diagnostics.collect::<Option<_>>()?,
        environments: settled.environments,
        signals: settled.signals.map(|[found, missing, unknown]| Tally {
            found,
            missing,
            unknown,
        }),
        files: settled.files,
    })
}

/// Reads a file whose first line is the hash of the rest.
fn read(place: &Path) -> Option<Settled> {
    let file = fs::File::open(place).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    let (hash, body) = (bytes.get(..at)?, bytes.get(at + 1..)?);
    if hash != Hash::new(body).as_str().as_bytes() {
        return None;
    }
    let settled: Settled = serde_json::from_slice(body).ok()?;
    (settled.version == VERSION).then_some(settled)
}

/// Returns whether all files are those that the build left, no build is under way, and none was killed.
fn is_as_left(settled: &Settled, folder: &Path) -> bool {
    !lock::is_marked(folder)
        && apply::leftovers(folder, None).is_empty()
        && settled.left.par_iter().all(|(name, stamp)| {
            let found = Stamp::read(&folder.join(name));
            found.is_ok_and(|found| found.as_ref() == Some(stamp))
        })
}
