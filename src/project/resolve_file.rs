//! Resolves paths to regular files within the project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::paths;
use crate::regular::irregular;

/// Returns the regular file at `path`. A link is followed if its target is within the project in `root`; without a project,
/// links are not followed.
///
/// # Errors
///
/// If it is not a regular file, is a link that is broken or leads out of the project, or cannot be read. The error has a
/// message for the user.
pub fn resolve_file(path: &Path, root: Option<&Path>) -> io::Result<PathBuf> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_symlink() {
        return match irregular(&meta) {
            None => Ok(path.to_path_buf()),
            Some(what) => Err(not_regular(what)),
        };
    }
    let target =
        fs::canonicalize(path).map_err(|_| io::Error::other("it is a dangling symbolic link"))?;
    if !root.is_some_and(|root| target.starts_with(paths::real(root))) {
        let target = target.display();
        return Err(io::Error::other(match root {
            Some(_) => format!("it is a symbolic link out of the project, to {target}"),
            None => format!("it is a symbolic link, to {target}"),
        }));
    }
    match irregular(&fs::symlink_metadata(&target)?) {
        None => Ok(target),
        Some(what) => Err(not_regular(what)),
    }
}

fn not_regular(what: &str) -> io::Error {
    io::Error::other(format!("it is {what}, not a regular file"))
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_within_a_project_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("project");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("a.nth"), "").unwrap();
        fs::write(folder.path().join("b.nth"), "").unwrap();
        symlink("a.nth", root.join("in.nth")).unwrap();
        symlink("../b.nth", root.join("out.nth")).unwrap();
        symlink("nowhere", root.join("gone.nth")).unwrap();
        let place = |name: &str, root_of: Option<&Path>| {
            let found = resolve_file(&root.join(name), root_of);
            found.map_err(|cause| cause.to_string())
        };
        let real = fs::canonicalize(&root).unwrap();
        assert_eq!(place("a.nth", None).unwrap(), root.join("a.nth"));
        assert_eq!(place("in.nth", Some(&root)).unwrap(), real.join("a.nth"));
        assert!(place("in.nth", None).unwrap_err().contains("symbolic link"));
        let out = place("out.nth", Some(&root)).unwrap_err();
        assert!(out.contains("out of the project"), "{out}");
        let gone = place("gone.nth", Some(&root)).unwrap_err();
        assert!(gone.contains("a dangling symbolic link"), "{gone}");
        let itself = resolve_file(&root, Some(&root)).unwrap_err().to_string();
        assert!(itself.contains("a directory"), "{itself}");
    }
}
