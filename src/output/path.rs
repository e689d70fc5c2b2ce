//! Validation of paths below an output folder.

/// Returns the reason why `path` is not a safe path below an output folder; `None` if it is safe.
pub(super) fn path_problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    for part in path.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            return Some("it contains `.` or `..`");
        }
        // Other systems use a backslash or a colon as separators.
        if part
            .chars()
            .any(|c| c == '\\' || c == ':' || c.is_control())
        {
            return Some("it contains a path separator or a control character");
        }
        if part.starts_with(".nthc-") {
            return Some("the name is reserved for the compiler");
        }
    }
    None
}
