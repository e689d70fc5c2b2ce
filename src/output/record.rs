//! The record of what builds wrote, kept in the output folder: by it a build knows its own files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::regular;

/// The record's file name.
pub const RECORD: &str = ".nthc-manifest.json";

/// The version that this compiler reads and writes.
const VERSION: u32 = 1;

/// What builds of one project wrote into an output folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Tells a reader what this file is.
    about: String,
    /// The version of the format.
    version: u32,
    /// The project's name.
    pub project: String,
    /// The files that stand there, by path below the output folder with `/`, with their hashes.
    pub files: BTreeMap<String, Hash>,
    /// The files that a build was about to write. Empty but where a build was cut off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Hash>,
}

/// A SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// The hash of a file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

/// Why a record cannot be used.
#[derive(Debug)]
pub enum Unreadable {
    /// The file could not be read.
    Io(io::Error),
    /// It is no regular file, but this.
    Irregular(&'static str),
    /// It is no record, or one of a later version; with a few words on why.
    Malformed(String),
}

impl Record {
    /// The record of a project that has not been built.
    pub fn new(project: &str) -> Self {
        Self {
            about: "The files that nthc wrote here. It replaces and removes no others.".to_owned(),
            version: VERSION,
            project: project.to_owned(),
            files: BTreeMap::new(),
            pending: BTreeMap::new(),
        }
    }

    /// The record in `folder`, if there is one. What stands there and is no regular file is not read.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what a build writes.
    pub fn read(folder: &Path) -> Result<Option<Self>, Unreadable> {
        let path = folder.join(RECORD);
        let what = fs::symlink_metadata(&path).ok();
        if let Some(what) = what.as_ref().and_then(regular::irregular) {
            return Err(Unreadable::Irregular(what));
        }
        let bytes = match regular::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Unreadable::Io(error)),
        };
        Self::parse(&bytes).map(Some)
    }

    /// The record that these bytes are.
    ///
    /// # Errors
    /// Where they are none, or name a path that no build writes; in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        // The version is looked at first: a later one may hold what this one does not know.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let malformed = |error: serde_json::Error| Unreadable::Malformed(error.to_string());
        let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
        if version.version != VERSION {
            return Err(Unreadable::Malformed(format!(
                "it has version {}, and this nthc knows version {VERSION}",
                version.version
            )));
        }
        let record: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        // What a record names may be removed, so a path in it is trusted no more than one from a name.
        if let Some(path) = record
            .paths()
            .find(|path| super::plan::path_problem(path).is_some())
        {
            return Err(Unreadable::Malformed(format!(
                "it names {path:?}, which no build writes"
            )));
        }
        Ok(record)
    }

    /// As bytes of the file.
    ///
    /// # Errors
    /// None that can happen with these types; the serialiser's signature has one.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// All paths in it.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files
            .keys()
            .chain(self.pending.keys())
            .map(String::as_str)
    }

    /// Whether a build wrote, or was about to write, a file at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.pending.contains_key(path)
    }

    /// Whether `bytes` are what a build wrote, or was about to write, at `path`.
    pub fn wrote(&self, path: &str, bytes: &[u8]) -> bool {
        let hash = Hash::of(bytes);
        self.files.get(path) == Some(&hash) || self.pending.get(path) == Some(&hash)
    }
}
