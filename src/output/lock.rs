//! One build at a time: a lock on the output folder, which says who holds it and since when.
//!
//! The lock is the system's own on a file, so it ends with its process, however that ends. The file is removed before
//! the lock is given back; one that a killed build left behind is locked by nobody and is no obstacle.

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

/// The lock's file name, in the output folder.
pub const LOCK: &str = ".nthc-lock";

/// How long is slept before another attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// The most that is read of a lock's file, in bytes, and shown of a text in it, in characters.
const MOST_BYTES: u64 = 16 * 1024;
const MOST_SHOWN: usize = 200;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process's number.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// The command, as it was given.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process.
    fn own() -> Self {
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

    /// What a lock's file says; `None` where it says nothing yet, or something else.
    fn read(file: &mut File) -> Option<Self> {
        let mut bytes = Vec::new();
        file.rewind().ok()?;
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        let holder: Self = serde_json::from_slice(&bytes).ok()?;
        Some(Self {
            host: shown(&holder.host),
            command: shown(&holder.command),
            ..holder
        })
    }

    /// How long it has held the lock, `1m12s`.
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

/// A text of another process, fit for a terminal.
fn shown(text: &str) -> String {
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

/// The right to write to an output folder. It is given back when this is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Whether the file is this build's to write and remove.
    is_own: bool,
    /// Where the file system has locks, the locked file.
    file: Option<File>,
}

impl Lock {
    /// Whether the file system has locks at all. Where it has none, nothing keeps another build away.
    pub fn is_effective(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // First the name, then the lock: whoever waits for it sees that the file is another one. It stays in a folder
        // that cannot be written, where it is locked by nobody.
        if self.is_own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Why there is no lock.
#[derive(Debug)]
pub enum Locked {
    /// Another build held it for longer than was waited.
    Busy(Option<Holder>),
    /// The file system failed.
    Io(io::Error),
}

/// Whether a lock's file is there, be it of a dead build.
pub fn is_marked(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(LOCK)).is_ok()
}

/// Waits for the lock on an output folder, at most as long as `patience`. `tell` is told who holds it, whenever that is
/// another one. With `creates`, the folder and the lock's file are made; without, nothing is written, and there is no lock
/// where no file is.
///
/// # Errors
/// Where another build holds it for longer, or the file system fails.
pub fn lock(
    folder: &Path,
    creates: bool,
    patience: Duration,
    tell: &mut dyn FnMut(Option<&Holder>),
) -> Result<Option<Lock>, Locked> {
    if creates {
        fs::create_dir_all(folder).map_err(Locked::Io)?;
    }
    let path = folder.join(LOCK);
    let start = Instant::now();
    let mut told: Option<Option<Holder>> = None;
    let mut is_first = true;
    loop {
        let holder = match attempt(&path, creates).map_err(Locked::Io)? {
            Attempt::Absent => return Ok(None),
            Attempt::Taken(file) => {
                let is_own = creates;
                return Ok(Some(Lock { path, is_own, file }));
            }
            // Whoever held it has just given it back.
            Attempt::Gone => continue,
            Attempt::Held(holder) => holder,
        };
        if start.elapsed() >= patience {
            return Err(Locked::Busy(holder));
        }
        // Its holder writes its name right after it has the lock.
        let is_known = holder.is_some() || !is_first;
        if is_known && told.as_ref() != Some(&holder) {
            tell(holder.as_ref());
            told = Some(holder);
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
            // Another user's may be locked without being written.
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
    // Between opening and locking, its holder may have removed it; then this one is no longer what others see.
    let is_current = match Handle::from_path(path) {
        Ok(seen) => seen == Handle::from_file(file.try_clone()?)?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => false,
        Err(cause) => return Err(cause),
    };
    if !is_current {
        return Ok(Attempt::Gone);
    }
    if is_writable {
        let mut text = serde_json::to_vec(&Holder::own())?;
        text.push(b'\n');
        file.set_len(0)?;
        file.rewind()?;
        // On a full disk, the lock holds without a name.
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
