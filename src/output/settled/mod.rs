//! What a build read and left, kept in the user's cache folder, so that the next build of the same notices that nothing changed: it
//! neither compiles nor reads the output again. If only sources changed, it says what the files were made of that did not.
//!
//! Nothing depends on it. It is used only if it is whole, if [the input](fingerprint) is byte for byte what it was, but for sources,
//! and if the file system says of every file of the output that it is the one that the build left.

mod findings;
mod inputs;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::record::RECORD;
use super::stamp::Stamp;
use super::{Applied, apply, lock};
use crate::diagnostics::{Diagnostic, FileSpan};
use crate::hash::Hash;
use crate::ir::Tally;
use crate::parts::Parts;
use crate::user_cache;
use findings::Kept;
pub use inputs::{Inputs, fingerprint};

/// The version of the format.
const VERSION: u32 = 2;

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
    /// The fingerprint of what was read besides sources.
    surroundings: Hash,
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
    pub inputs: &'a Inputs,
    /// The output folder.
    pub folder: &'a Path,
    /// When it began to compare the folder with the output.
    pub began: SystemTime,
    /// What it did to the folder.
    pub applied: &'a Applied,
    /// Its result.
    pub shown: &'a Shown,
    /// What it was made of, if that is known.
    pub parts: Option<&'a Parts>,
    /// The build whose files it left as they were, if it generated only a part.
    pub older: Option<&'a Older>,
}

/// An earlier build of other sources, whose output is as it left it.
#[derive(Debug)]
pub struct Older {
    /// Its result.
    pub shown: Shown,
    /// What it was made of.
    pub parts: Parts,
    left: BTreeMap<String, Stamp>,
}

impl Older {
    /// Returns whether no other build has written to the output since.
    pub fn is_last(&self, folder: &Path) -> bool {
        let found = Stamp::read(&folder.join(RECORD)).ok().flatten();
        found.is_some() && found.as_ref() == self.left.get(RECORD)
    }
}

/// What is known of earlier builds of a project in a folder.
#[derive(Debug)]
pub enum Recalled {
    /// The last one was of the same input: another one would change nothing.
    Same(Shown),
    /// The last one was of other sources.
    Older(Box<Older>),
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
        parts,
        older,
    } = ended;
    let stamps: Vec<io::Result<Option<(String, Stamp)>>> = applied
        .record
        .files
        .par_iter()
        .map(|(name, _)| {
            let written = applied.written.get(name);
            // If somebody has changed it since, the next build notices.
            let known = older.and_then(|older| older.left.get(name));
            if let (None, Some(known)) = (written, known) {
                return Ok(Some((name.clone(), *known)));
            }
            let stamp = Stamp::read(&folder.join(name))?.filter(|stamp| match written {
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
        inputs: inputs.all.clone(),
        surroundings: inputs.surroundings.clone(),
        left,
        diagnostics: diagnostics.iter().map(Kept::new).collect(),
        environments: environments.clone(),
        signals: signals.map(|tally| [tally.found, tally.missing, tally.unknown]),
        files: *files,
    };
    let mut body = serde_json::to_vec(&settled)?;
    if let Some(parts) = parts {
        // In a line of its own, which is read only if it is needed.
        body.push(b'\n');
        serde_json::to_writer(&mut body, parts)?;
    }
    // It need not survive a crash of the system: a damaged file is not used.
    let mut file = user_cache::new_file(place)?;
    file.write_all(Hash::new(&body).as_str().as_bytes())?;
    file.write_all(b"\n")?;
    file.write_all(&body)?;
    file.persist(place)?;
    Ok(true)
}

/// Returns what is kept in `place`, if it is of a build whose files are all in `folder` as it left them, and of this input but for
/// sources. `None` if that is not certain.
pub fn recall(place: &Path, inputs: &Inputs, folder: &Path) -> Option<Recalled> {
    let bytes = read(place)?;
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let settled: Settled = serde_json::from_slice(lines.next()?).ok()?;
    if settled.version != VERSION
        || settled.surroundings != inputs.surroundings
        || !is_as_left(&settled, folder)
    {
        return None;
    }
    let diagnostics = settled.diagnostics.into_iter().map(Kept::restore);
    let shown = Shown {
        diagnostics: diagnostics.collect::<Option<_>>()?,
        environments: settled.environments,
        signals: settled.signals.map(|[found, missing, unknown]| Tally {
            found,
            missing,
            unknown,
        }),
        files: settled.files,
    };
    if settled.inputs == inputs.all {
        return Some(Recalled::Same(shown));
    }
    Some(Recalled::Older(Box::new(Older {
        shown,
        parts: serde_json::from_slice(lines.next()?).ok()?,
        left: settled.left,
    })))
}

/// Reads a file whose first line is the hash of the rest, and returns the rest.
fn read(place: &Path) -> Option<Vec<u8>> {
    let file = fs::File::open(place).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    let body = bytes.split_off(at + 1);
    (bytes.get(..at)? == Hash::new(&body).as_str().as_bytes()).then_some(body)
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
