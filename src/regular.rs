//! Reading and writing regular files, and nothing else: no link is followed, and what is no file (a named pipe, a
//! device, a folder) is neither opened nor replaced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// What stands at a path, where it is no regular file: `a symbolic link`, `a folder`.
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

/// The same as an error, with its name where it leads somewhere.
fn refused(what: &str) -> io::Error {
    io::Error::other(format!("it is {what}, not a regular file"))
}

/// Fails where something that is no regular file stands at the path. Nothing standing there is fine.
///
/// # Errors
/// Where it is no regular file, with what it is, or where it cannot be looked at.
pub fn check(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => match irregular(&meta) {
            Some(what) => Err(refused(what)),
            None => Ok(Some(meta)),
        },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Opens with `options` what stands at the path, or is created there. A link or a pipe that comes into its place in
/// the meantime is not followed, and is not waited for.
///
/// # Errors
/// Where it is no regular file, or the system does not open it.
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
        Some(what) => Err(refused(what)),
        None => Ok(file),
    }
}

/// The bytes of a regular file.
///
/// # Errors
/// Where it is no regular file, or cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces the regular file at `path`, or creates it, as a whole: a reader sees the old text or the new one, also after
/// the machine went down. A file that is there keeps its permissions. A link is not followed: whoever means what it
/// leads to names that.
///
/// # Errors
/// Where something that is no regular file stands there, or the file system fails; what stood there is then as it was.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
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
        // As any new file: the user's mask takes away from it. A temporary file is private otherwise.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(meta) = before {
        file.as_file().set_permissions(meta.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Writes a new file and its bytes to the disk.
///
/// # Errors
/// Where it exists, or the file system fails.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes to the disk which files a folder holds.
///
/// # Errors
/// Where the file system fails. Where folders cannot be written out by themselves, as on Windows, nothing is done.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder)?.sync_all() {
        // Some network file systems do not know it for folders.
        Err(cause) if cause.kind() == io::ErrorKind::InvalidInput => {}
        result => result?,
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
