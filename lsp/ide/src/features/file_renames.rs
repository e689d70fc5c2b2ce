//! Updates imports when files and folders are renamed: a module's name is its file's path. The names by which files
//! refer to the module stay, so that only imports change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nthc::db::{ImportEntry, ItemKey, SourceFile, file_names, find_module, item, item_start};
use nthc::eval::index::Definition;
use nthc::project::{EXTENSION, module_name};
use nthc::syntax::tree::{Import, ItemNode, TextRange};

use crate::navigation::Names;
use crate::position::TextEdit;
use crate::view::{ProjectView, View};

/// Returns the edits of imports for renamed files and folders, given as old and new paths.
pub fn file_renames(view: &View, renamed: &[(PathBuf, PathBuf)]) -> Vec<(PathBuf, TextEdit)> {
    let mut edits: Vec<(PathBuf, TextEdit)> = Vec::new();
    for project in &view.projects {
        let moved = moved_modules(project, renamed);
        if moved.is_empty() {
            continue;
        }
        let names = Names::new(&project.session);
        for file in project.sources() {
            view.stop_if_cancelled();
            let Some(path) = project.files.path(*file) else {
                continue;
            };
            for (range, new_text) in file_edits(names, *file, &moved) {
                let range = view.range(project, *file, range);
                let edit = (path.to_path_buf(), TextEdit { range, new_text });
                // A package that is also open as a project is searched twice.
                if !edits.contains(&edit) {
                    edits.push(edit);
                }
            }
        }
    }
    edits
}

/// The project's own modules that are renamed, with their new names.
fn moved_modules(
    project: &ProjectView,
    renamed: &[(PathBuf, PathBuf)],
) -> BTreeMap<String, (SourceFile, String)> {
    let own = project.sources().iter();
    own.filter(|file| !file.package(project.db()))
        .filter_map(|file| {
            let path = project.files.path(*file)?;
            let new = renamed.iter().find_map(|(old, new)| {
                let below = path.strip_prefix(old).ok()?;
                // Joining an empty path would append a separator.
                Some(match below.as_os_str().is_empty() {
                    true => new.clone(),
                    false => new.join(below),
                })
            })?;
            let module = file.module(project.db());
            let below = new.strip_prefix(root_of(path, module)?).ok()?;
            let is_source = below.extension().is_some_and(|found| found == EXTENSION);
            let name = module_name(below).ok().filter(|_| is_source)?;
            (name != *module).then(|| (module.to_string(), (*file, name)))
        })
        .collect()
}

/// The folder that module names are relative to: for `services/ledger.nth`, the one that contains `services`.
fn root_of<'a>(path: &'a Path, module: &str) -> Option<&'a Path> {
    let mut root = path;
    for part in module.rsplit('.') {
        if root.file_stem()? != part {
            return None;
        }
        root = root.parent()?;
    }
    Some(root)
}

/// The edits of one file's imports, in bytes.
fn file_edits(
    names: Names<'_>,
    file: SourceFile,
    moved: &BTreeMap<String, (SourceFile, String)>,
) -> Vec<(TextRange, String)> {
    let mut edits = Vec::new();
    for entry in &file_names(names.db, file).imports {
        let Some(ItemNode::Import(import)) = item(names.db, entry.key).as_ref().map(|it| &it.node)
        else {
            continue;
        };
        let Some((_, (module, new))) = moved.iter().find(|(old, (module, _))| {
            let is_meant = find_module(names.db, names.workspace, entry.module.clone())
                .or_else(|| {
                    let (above, _) = entry.module.rsplit_once('.')?;
                    find_module(names.db, names.workspace, above.into())
                })
                .is_some_and(|meant| meant == *module);
            is_meant && split_import(&entry.module, old).is_some()
        }) else {
            continue;
        };
        let start = item_start(names.db, entry.key);
        if let Some((range, text)) = rewrite_import(names, file, entry, import, (*module, new)) {
            edits.push((range.shifted(start), text));
        }
    }
    edits
}

/// The parts of an import before and after the module's name: the project's name, and an item.
fn split_import<'a>(written: &'a str, module: &str) -> Option<(&'a str, &'a str)> {
    let ends = |rest: &str| rest.is_empty() || (rest.starts_with('.') && !rest[1..].contains('.'));
    if let Some(rest) = written.strip_prefix(module).filter(|rest| ends(rest)) {
        return Some(("", rest));
    }
    let (first, rest) = written.split_once('.')?;
    let after = rest.strip_prefix(module).filter(|rest| ends(rest))?;
    Some((&written[..first.len() + 1], after))
}

/// The import with the module's new name.
fn rewrite_import(
    names: Names<'_>,
    file: SourceFile,
    entry: &ImportEntry,
    import: &Import,
    (module, new): (SourceFile, &str),
) -> Option<(TextRange, String)> {
    let old = module.module(names.db);
    let (before, after) = split_import(&entry.module, old)?;
    let path = format!("{before}{new}{after}");
    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
    let keeps_its_name = last(old) == last(new);
    let is_whole_module = after.is_empty() && entry.names.is_none();
    if !is_whole_module || keeps_its_name {
        return Some((import.path.range, path));
    }
    let uses = uses(names, file, entry, module);
    let alias = &entry.alias;
    let item = last(old)?;
    let with_item = match import.alias {
        None => format!("{path}.{{{item}}}"),
        Some(_) => format!("{path}.{item} as {alias}"),
    };
    let text = match (uses.of_module, uses.of_namesake) {
        (_, false) if import.alias.is_some() => return Some((import.path.range, path)),
        (true, false) => format!("{path} as {alias}"),
        (true, true) => {
            let end = match names.text(file).contains("\r\n") {
                true => "\r\n",
                false => "\n",
            };
            format!("{path} as {alias}{end}import {with_item}")
        }
        (false, true) => with_item,
        (false, false) => path,
    };
    let end = import
        .alias
        .as_ref()
        .map_or(import.path.range.end, |alias| alias.range.end);
    let range = TextRange {
        start: import.path.range.start,
        end,
    };
    Some((range, text))
}

/// The uses of an imported name in a file.
struct Uses {
    /// True if the module is used.
    of_module: bool,
    /// True if the module's item of the same name is used.
    of_namesake: bool,
}

fn uses(names: Names<'_>, file: SourceFile, entry: &ImportEntry, module: SourceFile) -> Uses {
    let mut found = Uses {
        of_module: false,
        of_namesake: false,
    };
    let is_of_module = |key: ItemKey| key.file == module;
    for (key, _) in names.items(file).filter(|(key, _)| *key != entry.key) {
        for name in &names.notes(key).names {
            let written = || {
                names.bare_name(nthc::db::Span {
                    item: key,
                    range: name.range,
                })
            };
            match &name.meaning {
                Definition::Module(meant) if *meant == module => {
                    found.of_module |= written() == entry.alias.as_str();
                }
                Definition::Item(item) if is_of_module(*item) => {
                    found.of_namesake |= written() == entry.alias.as_str();
                }
                Definition::Block(block) if is_of_module(block.item) && block.path.is_empty() => {
                    found.of_namesake |= written() == entry.alias.as_str();
                }
                _ => {}
            }
        }
    }
    found
}
