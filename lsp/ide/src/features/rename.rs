//! New names, in all files of all projects that know the name.

use std::path::PathBuf;

use super::definition::Cursor;
use super::references::homes;
use crate::position::TextEdit;
use crate::view::View;

/// The edits that give the name at a cursor another text, each with its file.
///
/// # Errors
/// Where that would change what something means, with the reason for the person.
pub fn rename(
    view: &View,
    at: &Cursor<'_>,
    new_name: &str,
) -> Result<Vec<(PathBuf, TextEdit)>, String> {
    let prepared = at.names.prepare_rename(at.file, at.offset)?;
    let written = at.names.name_at(at.file, at.offset);
    let anchor = written
        .and_then(|written| at.names.declared(&written.name.meaning))
        // An alias is known in its own file alone.
        .filter(|declared| at.names.called(*declared) == prepared.name)
        .unwrap_or(prepared.span);
    let mut edits: Vec<(PathBuf, TextEdit)> = Vec::new();
    for (project, names, file, offset) in homes(view, at.project, &at.names, anchor) {
        view.stop_if_cancelled();
        let is_own = std::ptr::eq(project, at.project);
        // To whoever imports it, it is another package's: what they have to change is found all the same.
        let found = match is_own {
            true => names.rename(at.file, at.offset, new_name),
            false => names.rename_imported(file, offset, new_name),
        };
        for edit in found? {
            let Some(path) = project.files.path(edit.file) else {
                return Err("a file that would change is not on disk".to_owned());
            };
            let edit = (
                path.to_path_buf(),
                TextEdit {
                    range: view.range(project, edit.file, edit.range),
                    new_text: edit.text,
                },
            );
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    Ok(edits)
}
