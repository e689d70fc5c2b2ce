//! Paths for messages, and normalized paths.

use std::path::{Component, Path, PathBuf};

/// Returns `path` with `.` and `..` resolved by text alone: links are not followed.
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

/// Returns `path` relative to the working directory `cwd`, normalized; an absolute path is only normalized.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    normalize(&cwd.join(path))
}

/// Returns `path` with all links resolved in the part that exists; the rest is unchanged.
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

/// Formats `path` for messages: relative to `cwd` if both are absolute and share a root, with `/`.
pub fn display(path: &Path, cwd: &Path) -> String {
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
    // A path that shares only the root with the working directory is easier to read as an absolute path.
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

/// Formats `path` with `/` on all platforms. Bytes that are not UTF-8 are shown as U+FFFD.
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
            display(Path::new("/home/ana/shop/teams/payments.nth"), cwd),
            "teams/payments.nth"
        );
        assert_eq!(
            display(Path::new("/home/ana/platform/nth.toml"), cwd),
            "../platform/nth.toml"
        );
        assert_eq!(display(Path::new("/home/ana/shop"), cwd), ".");
        assert_eq!(
            display(Path::new("/srv/rules/a.yaml"), cwd),
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
