//! Paths as a person reads them, and paths that cannot climb.

use std::path::{Component, Path, PathBuf};

/// `path` without `.` and with each `..` taken back, by its text alone: links are not followed.
pub fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}

/// `path` below the working directory `cwd`, normalized; an absolute path stays what it is.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    normalize(&cwd.join(path))
}

/// `path` with all links followed, as far as it exists; what does not exist yet stays as it is written.
pub fn real(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let Ok(real) = std::fs::canonicalize(ancestor) {
            return match path.strip_prefix(ancestor) {
                Ok(rest) if rest.as_os_str().is_empty() => real,
                Ok(rest) => real.join(rest),
                Err(_) => real,
            };
        }
    }
    path.to_path_buf()
}

/// `path` as shown in messages: relative to `cwd` where both are absolute and share a root, with `/`.
pub fn shown(path: &Path, cwd: &Path) -> String {
    let path = normalize(path);
    let cwd = normalize(cwd);
    let shared = path
        .components()
        .zip(cwd.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared == 0 || (!cwd.starts_with("/") && !cwd.is_absolute()) {
        return slashes(&path);
    }
    let up = cwd.components().count() - shared;
    // A path that shares nothing but the root with the working directory is easier to read whole.
    if shared == 1 && up > 0 {
        return slashes(&path);
    }
    let mut out = PathBuf::new();
    for _ in 0..up {
        out.push("..");
    }
    for component in path.components().skip(shared) {
        out.push(component);
    }
    if out.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        slashes(&out)
    }
}

/// `path` as text with `/`, whatever the platform. What is no UTF-8 in it is shown as U+FFFD.
pub fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_paths_from_where_the_reader_stands() {
        let cwd = Path::new("/home/ana/shop");
        assert_eq!(
            shown(Path::new("/home/ana/shop/teams/payments.nth"), cwd),
            "teams/payments.nth"
        );
        assert_eq!(
            shown(Path::new("/home/ana/platform/nth.toml"), cwd),
            "../platform/nth.toml"
        );
        assert_eq!(shown(Path::new("/home/ana/shop"), cwd), ".");
        assert_eq!(
            shown(Path::new("/srv/rules/a.yaml"), cwd),
            "/srv/rules/a.yaml"
        );
    }

    #[test]
    fn takes_dots_back() {
        assert_eq!(normalize(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(normalize(Path::new("/../a")), Path::new("/a"));
        assert_eq!(normalize(Path::new("../a/..")), Path::new(".."));
        assert_eq!(
            absolute(Path::new("../x"), Path::new("/a/b")),
            Path::new("/a/x")
        );
    }
}
