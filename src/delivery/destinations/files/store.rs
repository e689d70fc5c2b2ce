//! Reads and writes the files of one folder: whole or not at all, and never over what was not read before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::error::DeliveryError;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A file as it is.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its text; invalid UTF-8 is replaced.
    pub text: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub version: String,
    /// When it was written.
    pub written: Option<SystemTime>,
    /// True for a symbolic link or another special file, which is never replaced.
    pub is_special: bool,
}

/// A file as it was before the first write since the last reload.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its bytes; `None` if it did not exist.
    before: Option<Vec<u8>>,
    /// What was written; `None` if it was removed.
    after: Option<Vec<u8>>,
}

/// The files of one folder.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    /// What was changed since the last reload, by name.
    changed: Mutex<BTreeMap<String, Kept>>,
}

impl FileStore {
    /// Creates it for a folder.
    ///
    /// # Errors
    ///
    /// If the folder does not exist.
    pub fn new(folder: &Path) -> Result<Self, DeliveryError> {
        let folder = fs::canonicalize(folder).map_err(|cause| io_error(folder, &cause))?;
        if !folder.is_dir() {
            return Err(DeliveryError::Invalid {
                why: format!(
                    "not a folder: {}",
                    folder.display().to_string().escape_debug()
                ),
            });
        }
        Ok(Self {
            folder,
            changed: Mutex::default(),
        })
    }

    /// The absolute path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn changed(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        match self.changed.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Returns true for the name of a file right in the folder that a pattern such as `*.yml` finds.
    pub fn is_name(name: &str) -> bool {
        Path::new(name).file_name().is_some_and(|last| last == name) && !name.starts_with('.')
    }

    /// The names of all files, sorted.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, DeliveryError> {
        let error = |cause| io_error(&self.folder, &cause);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(error)? {
            let entry = entry.map_err(error)?;
            let is_file = entry.file_type().map_err(error)?.is_file();
            if let (true, Ok(name)) = (is_file, entry.file_name().into_string()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads a file; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is too large.
    pub fn read(&self, name: &str) -> Result<Option<Found>, DeliveryError> {
        let path = self.folder.join(name);
        let error = |cause: io::Error| io_error(&path, &cause);
        let is_special = match fs::symlink_metadata(&path) {
            Ok(metadata) => !metadata.is_file(),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(error(cause)),
        };
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(error(io::Error::other("not a file")));
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            // A link that leads nowhere is something, and not ours.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !is_special => {
                return Ok(None);
            }
            Err(cause) => return Err(error(cause)),
        };
        let written = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(error)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
            return Err(error(io::Error::other("larger than 64 MiB")));
        }
        Ok(Some(Found {
            version: version(&bytes),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            written,
            is_special,
        }))
    }

    /// Writes a file. `before` is the version that was read, and `None` if there was no file.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Conflict`] if the file is another now.
    pub fn write(&self, name: &str, before: Option<&str>, text: &str) -> Result<(), DeliveryError> {
        let old = self.old(name, before)?;
        if old.as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        self.put(name, old.is_none(), text.as_bytes())?;
        self.keep(name, old, Some(text.as_bytes().to_vec()));
        Ok(())
    }

    /// Removes a file that had this version.
    ///
    /// # Errors
    ///
    /// As of [`write`](Self::write). That it does not exist any more is no error.
    pub fn remove(&self, name: &str, before: &str) -> Result<(), DeliveryError> {
        let path = self.folder.join(name);
        if matches!(fs::symlink_metadata(&path), Err(cause) if cause.kind() == io::ErrorKind::NotFound)
        {
            return Ok(());
        }
        let old = self.old(name, Some(before))?;
        fs::remove_file(&path).map_err(|cause| io_error(&path, &cause))?;
        self.sync()?;
        self.keep(name, old, None);
        Ok(())
    }

    /// The bytes of a file, which must have the version `before`.
    fn old(&self, name: &str, before: Option<&str>) -> Result<Option<Vec<u8>>, DeliveryError> {
        let path = self.folder.join(name);
        let conflict = |what: &str| DeliveryError::Conflict {
            cause: format!("{} {what}", path.display().to_string().escape_debug()),
        };
        let found = match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(conflict(
                    "is a link or a special file, which is not replaced",
                ));
            }
            Ok(_) => Some(fs::read(&path).map_err(|cause| io_error(&path, &cause))?),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(io_error(&path, &cause)),
        };
        match (&found, before) {
            (None, None) => {}
            (Some(bytes), Some(before)) if version(bytes) == before => {}
            (Some(_), None) => return Err(conflict("exists")),
            (None, Some(_)) => return Err(conflict("was removed")),
            (Some(_), Some(_)) => return Err(conflict("was edited")),
        }
        Ok(found)
    }

    /// Replaces a file at once. `is_new`: it must not exist.
    fn put(&self, name: &str, is_new: bool, bytes: &[u8]) -> Result<(), DeliveryError> {
        let path = self.folder.join(name);
        let scratch = self.scratch(name);
        let written = write_synced(&scratch, bytes, &path).and_then(|()| {
            if is_new {
                // Unlike a rename it fails if someone has created the file in the meantime.
                fs::hard_link(&scratch, &path)
            } else {
                fs::rename(&scratch, &path)
            }
        });
        // After a rename it does not exist any more.
        let _ = fs::remove_file(&scratch);
        written.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => DeliveryError::Conflict {
                cause: format!("{} exists", path.display().to_string().escape_debug()),
            },
            _ => io_error(&path, &cause),
        })?;
        self.sync()
    }

    /// A hidden name that no pattern finds and no other run uses.
    pub(super) fn scratch(&self, name: &str) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        self.folder.join(format!(".{name}.{pid}-{number}.new"))
    }

    /// Makes the names of the folder durable, where the system can.
    pub(super) fn sync(&self) -> Result<(), DeliveryError> {
        #[cfg(unix)]
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| io_error(&self.folder, &cause))?;
        Ok(())
    }

    /// Remembers what a file was before its first change.
    fn keep(&self, name: &str, before: Option<Vec<u8>>, after: Option<Vec<u8>>) {
        let mut changed = self.changed();
        match changed.get_mut(name) {
            Some(kept) => kept.after = after,
            None => {
                changed.insert(name.to_owned(), Kept { before, after });
            }
        }
    }

    /// The names of what was changed since the last reload.
    pub fn changed_names(&self) -> Vec<String> {
        self.changed().keys().cloned().collect()
    }

    /// Forgets what was changed: it is loaded.
    pub fn accept(&self) {
        self.changed().clear();
    }

    /// Puts the files back that were changed since the last reload, except what someone else has changed since. Returns the names
    /// of these.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn put_back(&self) -> Result<Vec<String>, DeliveryError> {
        let mut changed = self.changed();
        let mut left = Vec::new();
        for (name, kept) in changed.iter() {
            let path = self.folder.join(name);
            let now = match fs::read(&path) {
                Ok(bytes) => Some(bytes),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
                Err(cause) => return Err(io_error(&path, &cause)),
            };
            if now != kept.after {
                left.push(name.clone());
                continue;
            }
            match &kept.before {
                Some(bytes) => self.put(name, now.is_none(), bytes)?,
                None if now.is_some() => {
                    fs::remove_file(&path).map_err(|cause| io_error(&path, &cause))?;
                    self.sync()?;
                }
                None => {}
            }
        }
        changed.clear();
        Ok(left)
    }
}

/// Writes a new file to the disk, with the permissions of the file that it replaces.
fn write_synced(scratch: &Path, bytes: &[u8], replaced: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(scratch)?;
    if let Ok(metadata) = fs::metadata(replaced) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// The version of a file with these bytes.
fn version(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The error of a file.
pub(super) fn io_error(path: &Path, cause: &io::Error) -> DeliveryError {
    DeliveryError::Io {
        path: path.display().to_string(),
        cause: cause.to_string(),
    }
}
