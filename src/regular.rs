//! Reads and writes regular files only: links are not followed, and other entries (a named pipe, a device, a folder) are
//! neither opened nor replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// Describes an entry that is not a regular file, with an article: `a symbolic link`, `a directory`. `None` for a regular
/// file.
pub fn irregular(meta: &fs::Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_symlink() {
        return Some("a symbolic link");
    }
    if kind.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("a device");
        }
    }
    Some("not a regular file")
}

/// Returns the error for an entry that is not a regular file.
fn not_regular(what: &str) -> io::Error {
    io::Error::other(format!("it is {what}, not a regular file"))
}

/// Returns the metadata of the regular file at `path`; `None` if nothing is there.
///
/// # Errors
///
/// If it is not a regular file, with a description, or its metadata cannot be read.
pub fn check(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => match irregular(&meta) {
            Some(what) => Err(not_regular(what)),
            None => Ok(Some(meta)),
        },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Opens or creates the file at `path` with `options`. A link or a pipe that replaces it in the meantime is not followed,
/// and does not block.
///
/// # Errors
///
/// If it is not a regular file, or cannot be opened.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    check(path)?;
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    match irregular(&file.metadata()?) {
        Some(what) => Err(not_regular(what)),
        None => Ok(file),
    }
}

/// Reads a regular file.
///
/// # Errors
///
/// If it is not a regular file, or cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces or creates the regular file at `path` atomically: a reader sees the old text or the new one, even after a system
/// crash. An existing file keeps its permissions. Links are not followed: pass the path of the target instead.
///
/// # Errors
///
/// If another kind of entry is at `path`, or the file system fails. The entry is then unchanged.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_file_with(path, |file| file.write_all(bytes))
}

/// As [`replace_file`], with contents that `write` writes piece by piece.
///
/// # Errors
///
/// If another kind of entry is at `path`, the file system fails, or `write` does. The entry is then unchanged.
pub fn replace_file_with<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let before = check(path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nthc-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private. A new file gets the usual permissions, reduced by the umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    let written = write(file.as_file_mut())?;
    if let Some(meta) = before {
        file.as_file().set_permissions(meta.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)?;
    Ok(written)
}

/// Creates a file, which [`sync_files`] syncs.
///
/// # Errors
///
/// If it exists, or the file system fails.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

/// From this number of files on, syncing the whole file system is faster than syncing each file: that takes a turn of the disk.
const MANY: usize = 64;

/// Syncs files of one folder.
///
/// # Errors
///
/// If the file system fails.
pub(super) fn sync_files(folder: &Path, files: &[PathBuf]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if files.len() >= MANY {
        return Ok(rustix::fs::syncfs(File::open(folder)?)?);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (folder, MANY);
    // In parallel, so that the system flushes several files at once. Windows syncs only what is opened for writing.
    files.par_iter().try_for_each(|path| {
        let mut options = OpenOptions::new();
        options.read(true).write(cfg!(windows));
        options.open(path)?.sync_all()
    })
}

/// Syncs the entries of a folder.
///
/// # Errors
///
/// If the file system fails. Does nothing on systems that cannot sync folders, such as Windows.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder)?.sync_all() {
        // Some network file systems do not support it for folders.
        Err(cause) if cause.kind() == io::ErrorKind::InvalidInput => {}
        result => result?,
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
