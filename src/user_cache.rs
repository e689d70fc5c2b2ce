//! Folders of the user in which things are kept that can be made again.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::project::io_cause;

/// How long files are kept after they were written.
pub const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// The reason why the folder cannot be used, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheError {
    /// The reason.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Returns the folder `name` of this program below that of the user's caches; `None` if the environment names none.
pub fn folder(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(variable(name)?);
        path.is_absolute().then_some(path)
    };
    let caches = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("nthc").join(name))
}

/// Opens a folder, creates it if it is missing, and removes its files with this extension that are older than 30 days.
///
/// # Errors
///
/// If it cannot be created, is not a folder, or others may write to it.
pub fn open(folder: &Path, extension: &str) -> Result<(), CacheError> {
    let failed = |cause: &io::Error| CacheError {
        message: format!(
            "cannot use the cache {}: {}",
            folder.display(),
            io_cause(cause)
        ),
        help: Some("choose another folder with `--cache`, or use `--no-cache`".to_owned()),
    };
    create(folder).map_err(|cause| failed(&cause))?;
    let found = fs::symlink_metadata(folder).map_err(|cause| failed(&cause))?;
    if !found.is_dir() {
        return Err(failed(&io::Error::from(io::ErrorKind::NotADirectory)));
    }
    // A new file belongs to this user.
    let probe = new_file(&folder.join("probe").with_extension(extension))
        .map_err(|cause| failed(&cause))?;
    let own = probe.as_file().metadata().map_err(|cause| failed(&cause))?;
    if is_shared(&found, &own) {
        return Err(CacheError {
            message: format!("other users can write to the cache {}", folder.display()),
            help: Some(format!(
                "remove their permission: `chmod go-w {}`",
                folder.display()
            )),
        });
    }
    remove_old(folder, extension);
    Ok(())
}

/// Creates a file beside `place`, with the same extension, that is removed unless it gets a name. If the program is killed, it is
/// removed as an old file.
///
/// # Errors
///
/// If the file system fails.
pub fn new_file(place: &Path) -> io::Result<NamedTempFile> {
    let extension = place.extension().unwrap_or_default().to_string_lossy();
    let ending = format!(".{extension}");
    let folder = place.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new().suffix(&ending).tempfile_in(folder)
}

fn remove_old(folder: &Path, extension: &str) {
    let now = SystemTime::now();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_own = path.extension().is_some_and(|ending| ending == extension);
        let age = entry.metadata().and_then(|found| found.modified());
        let age = age
            .ok()
            .and_then(|written| now.duration_since(written).ok());
        if is_own && age.is_some_and(|age| age > KEPT) {
            // It is tried again next time.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Creates a folder and its parents, which only the user can read.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// True if other users can write to the folder. `own` is a file of this user.
#[cfg(unix)]
fn is_shared(found: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    found.mode() & 0o022 != 0 || found.uid() != own.uid()
}

/// True if other users can write to the folder, which is not known here.
#[cfg(not(unix))]
fn is_shared(_: &Metadata, _: &Metadata) -> bool {
    false
}
