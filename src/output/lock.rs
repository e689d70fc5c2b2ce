//! The lock of the output folder: one build at a time. It records its holder and the start time.
//!
//! It is a lock of the operating system on a file, so it ends with its process, even if that is killed. The file is removed
//! before the lock is released; the file of a killed build is not locked and does not block others.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use same_file::Handle;
use serde::{Deserialize, Serialize};

use crate::regular;

/// The name of the lock file in the output folder.
pub const LOCK: &str = ".nthc-lock";

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// The limits of reading a lock file, in bytes, and of showing a text from it, in characters.
const MOST_BYTES: u64 = 16 * 1024;
const MOST_SHOWN: usize = 200;

/// The holder of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The host name.
    pub host: String,
    /// The command line.
    pub command: String,
    /// The time when it was acquired.
    pub since: Timestamp,
}

impl Holder {
    /// Returns the holder for this process.
    fn current() -> Self {
        let words: Vec<String> = std::env::args_os()
            .enumerate()
            .map(|(number, word)| match number {
                0 => Path::new(&word)
                    .file_name()
                    .unwrap_or(&word)
                    .to_string_lossy()
                    .into_owned(),
                _ => word.to_string_lossy().into_owned(),
            })
            .collect();
        Self {
            pid: std::process::id(),
            host: host(),
            command: words.join(" "),
            since: Timestamp::now(),
        }
    }

    /// Reads a lock file; `None` if it is empty or invalid.
    fn read(file: &mut File) -> Option<Self> {
        let mut bytes = Vec::new();
        file.rewind().ok()?;
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        let holder: Self = serde_json::from_slice(&bytes).ok()?;
        Some(Self {
            host: printable(&holder.host),
            command: printable(&holder.command),
            ..holder
        })
    }

    /// Returns the time since it was acquired, `1m12s`.
    fn age(&self) -> String {
        let seconds = Timestamp::now().as_second() - self.since.as_second();
        let seconds = u64::try_from(seconds).unwrap_or_default();
        match seconds {
            0 => "0s".to_owned(),
            _ => crate::ir::Duration(seconds.saturating_mul(1000)).to_string(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "process {} on {} (`{}`), for {}",
            self.pid,
            self.host,
            self.command,
            self.age()
        )
    }
}

/// Makes a text of another process safe to print.
fn printable(text: &str) -> String {
    let letters = text.chars().filter(|letter| !letter.is_control());
    letters.take(MOST_SHOWN).collect()
}

fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this machine".to_owned());
    name
}

/// The exclusive right to write to an output folder, released on drop.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// True if this build wrote the file and must remove it.
    is_own: bool,
    /// The locked file; `None` if the file system has no locks.
    file: Option<File>,
}

impl Lock {
    /// Returns false if the file system has no locks, so that other builds are not excluded.
    pub fn is_effective(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file is removed before the lock is released, so that a waiting build notices that it locked a removed file. In
        // a read-only folder the file is kept, without a lock.
        if self.is_own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The reason why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Another build held it for longer than the timeout.
    Busy(Option<Holder>),
    /// The file system failed.
    Io(io::Error),
}

/// Returns true if there is a lock file, possibly of a build that was killed.
pub fn is_marked(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(LOCK)).is_ok()
}

/// Waits for the lock of an output folder for at most `patience`. Calls `notify` with the holder whenever it changes. With
/// `creates`, creates the folder and the lock file; without, writes nothing, and returns `None` if there is no lock file.
///
/// # Errors
///
/// If another build holds the lock for longer, or the file system fails.
pub fn lock(
    folder: &Path,
    creates: bool,
    patience: Duration,
    notify: &mut dyn FnMut(Option<&Holder>),
) -> Result<Option<Lock>, LockError> {
    if creates {
        fs::create_dir_all(folder).map_err(LockError::Io)?;
    }
    let path = folder.join(LOCK);
    let start = Instant::now();
    let mut reported: Option<Option<Holder>> = None;
    let mut is_first = true;
    loop {
        let holder = match attempt(&path, creates).map_err(LockError::Io)? {
            Attempt::Absent => return Ok(None),
            Attempt::Taken(file) => {
                let is_own = creates;
                return Ok(Some(Lock { path, is_own, file }));
            }
            // The holder has just released it.
            Attempt::Gone => continue,
            Attempt::Held(holder) => holder,
        };
        if start.elapsed() >= patience {
            return Err(LockError::Busy(holder));
        }
        // A holder writes its name right after it acquires the lock.
        let is_known = holder.is_some() || !is_first;
        if is_known && reported.as_ref() != Some(&holder) {
            notify(holder.as_ref());
            reported = Some(holder);
        }
        is_first = false;
        thread::sleep(PAUSE.min(patience.saturating_sub(start.elapsed())));
    }
}

enum Attempt {
    Absent,
    Taken(Option<File>),
    Gone,
    Held(Option<Holder>),
}

fn attempt(path: &Path, creates: bool) -> io::Result<Attempt> {
    let mut options = OpenOptions::new();
    options.read(true).write(creates).create(creates);
    let mut is_writable = creates;
    let mut file = match regular::open(path, &mut options) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && !creates => {
            return Ok(Attempt::Absent);
        }
        Err(cause) if is_forbidden(&cause) => {
            // A file of another user can be locked without writing to it.
            is_writable = false;
            match regular::open(path, OpenOptions::new().read(true)) {
                Ok(file) => file,
                Err(_) => return Err(cause),
            }
        }
        Err(cause) => return Err(cause),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(Holder::read(&mut file))),
        Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => {
            return Ok(Attempt::Taken(None));
        }
        Err(TryLockError::Error(cause)) => return Err(cause),
    }
    // The holder may have removed the file between opening and locking; others then see another file.
    let is_current = match Handle::from_path(path) {
        Ok(seen) => seen == Handle::from_file(file.try_clone()?)?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => false,
        Err(cause) => return Err(cause),
    };
    if !is_current {
        return Ok(Attempt::Gone);
    }
    if is_writable {
        let mut text = serde_json::to_vec(&Holder::current())?;
        text.push(b'\n');
        file.set_len(0)?;
        file.rewind()?;
        // On a full disk, the lock works without the name of its holder.
        let _ = file.write_all(&text);
    }
    Ok(Attempt::Taken(Some(file)))
}

fn is_forbidden(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}
