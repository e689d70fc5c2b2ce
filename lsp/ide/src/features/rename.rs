//! Renames, in all files of all projects that contain the declaration.

use std::collections::HashSet;
use std::path::PathBuf;

use super::definition::Cursor;
use super::references::homes;
use crate::navigation::edit::Refusal;
use crate::position::TextEdit;
use crate::view::View;

/// Returns the edits that rename the name at a cursor, each with the path of its file.
///
/// # Errors
/// If the meaning of a name would change; with the reason, to be shown to the user.
pub fn rename(
    view: &View,
    at: &Cursor<'_>,
    new_name: &str,
) -> Result<Vec<(PathBuf, TextEdit)>, Refusal> {
    let prepared = at.names.prepare_rename(at.file, at.offset)?;
    let written = at.names.name_at(at.file, at.offset);
    let anchor = written
        .and_then(|written| at.names.declaration(&written.name.meaning))
        // An alias is local to its file.
        .filter(|declared| at.names.bare_name(*declared) == prepared.name)
        .unwrap_or(prepared.span);
    let mut edits: Vec<(PathBuf, TextEdit)> = Vec::new();
    let mut known = HashSet::new();
    for (project, names, file, offset) in homes(view, at.project, &at.names, anchor) {
        view.stop_if_cancelled();
        let is_own = std::ptr::eq(project, at.project);
        // For projects that import it, the declaration belongs to a package; their references are changed all the
        // same.
        let found = match is_own {
            true => names.rename(at.file, at.offset, new_name),
            false => names.rename_imported(file, offset, new_name),
        };
        for edit in found? {
            let Some(path) = project.files.path(edit.file) else {
                return Err(Refusal::NotOnDisk);
            };
            let range = view.range(project, edit.file, edit.range);
            if known.insert((path, range, edit.text.clone())) {
                let new_text = edit.text;
                edits.push((path.to_path_buf(), TextEdit { range, new_text }));
            }
        }
    }
    Ok(edits)
}
