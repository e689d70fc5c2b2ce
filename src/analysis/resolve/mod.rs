//! Names: what a path means in a file.

use smol_str::SmolStr;

use crate::db::{
    Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, find_item, find_module,
};
use nth_diagnostics::{Applicability, suggest};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want<'a> {
    /// The class.
    pub class: ItemClass,
    /// The kind, for blocks and templates.
    pub kind: &'a str,
}

/// What a file means by a name before a dot: a module.
pub fn module_named(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    alias: &str,
) -> Option<SourceFile> {
    file_names(db, file)
        .imports
        .iter()
        .filter(|import| import.names.is_none() && import.alias == alias)
        .find_map(|import| find_module(db, workspace, import.module.clone()))
}

/// The item that a path means in a file: one of its own, one that it imports by name, a module's namesake
/// (`import std.postgresql` makes `postgresql` mean the template `postgresql` of that module), or the prelude's.
pub fn resolve_path(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    path: &[SmolStr],
    want: Want<'_>,
) -> Option<ItemKey> {
    match path {
        [] => None,
        [name] => resolve_name(db, workspace, file, name, want),
        [modules @ .., name] => {
            let module = match modules {
                [alias] => module_named(db, workspace, file, alias),
                _ => None,
            }
            .or_else(|| find_imported_module(db, workspace, file, &modules.join(".")))?;
            find_in_module(db, module, name, want)
        }
    }
}

/// The module of a full dotted name, if the file imports it.
fn find_imported_module(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    module: &str,
) -> Option<SourceFile> {
    file_names(db, file)
        .imports
        .iter()
        .any(|import| import.module == module)
        .then(|| find_module(db, workspace, module.into()))
        .flatten()
}

fn find_in_module(
    db: &dyn salsa::Database,
    module: SourceFile,
    name: &SmolStr,
    want: Want<'_>,
) -> Option<ItemKey> {
    find_item(db, module, want.class, want.kind.into(), name.clone())
}

fn resolve_name(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    name: &SmolStr,
    want: Want<'_>,
) -> Option<ItemKey> {
    if let Some(own) = find_in_module(db, file, name, want) {
        return Some(own);
    }
    for import in &file_names(db, file).imports {
        let found = match &import.names {
            Some(names) if names.contains(name) => {
                find_module(db, workspace, import.module.clone())
                    .and_then(|module| find_in_module(db, module, name, want))
            }
            None if import.alias == *name => imported_namesake(db, workspace, &import.module, want),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    find_in_module(db, workspace.prelude(db), name, want)
}

/// What an import of a whole module gives under the module's own name: the module's item of that name, or, where
/// there is no such module, the item of that name in the module above (`import a.b` with `b` in `a.nth`).
fn imported_namesake(
    db: &dyn salsa::Database,
    workspace: Workspace,
    module: &SmolStr,
    want: Want<'_>,
) -> Option<ItemKey> {
    let (above, last) = match module.rsplit_once('.') {
        Some((above, last)) => (Some(above), SmolStr::from(last)),
        None => (None, module.clone()),
    };
    if let Some(file) = find_module(db, workspace, module.clone()) {
        return find_in_module(db, file, &last, want);
    }
    find_in_module(db, find_module(db, workspace, above?.into())?, &last, want)
}

/// Words that mean something else where an expression begins.
const KEYWORDS: [&str; 9] = [
    "and", "or", "in", "not", "if", "else", "where", "true", "false",
];

/// Whether a name can be written without quotes wherever it can be written at all.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !name.ends_with('-')
        && !KEYWORDS.contains(&name)
}

/// A block's name as it is written in the source: in quotes where it is no identifier.
pub fn quote_name(name: &str) -> String {
    if is_identifier(name) {
        return name.to_owned();
    }
    let mut text = String::from("\"");
    for letter in name.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            _ if letter.is_control() => text.push_str(&format!("\\u{{{:x}}}", letter as u32)),
            _ => text.push(letter),
        }
    }
    text.replace("${", "\\${") + "\""
}

/// Offers a near name of a block as it is written in the source.
pub fn did_you_mean_block(diagnostic: Diag, span: Span, near: &str) -> Diag {
    did_you_mean(diagnostic, span, &quote_name(near))
}

/// Offers a near name, as text and as an edit.
pub fn did_you_mean(diagnostic: Diag, span: Span, near: &str) -> Diag {
    diagnostic.help(format!("did you mean `{near}`?")).fix(
        format!("Replace with `{near}`"),
        span,
        near,
        Applicability::Maybe,
    )
}

/// Whether a name is what an import of the file would give, had that import not failed: enough is said there.
pub fn is_of_failed_import(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    name: &str,
) -> bool {
    let meant = |written: &str, known: &[SmolStr]| {
        written == name
            || suggest::nearest(written, known.iter().map(SmolStr::as_str))
                .is_some_and(|near| near.rsplit('.').next() == Some(name))
    };
    file_names(db, file).imports.iter().any(|import| {
        match (
            find_module(db, workspace, import.module.clone()),
            &import.names,
        ) {
            (Some(module), Some(names)) => {
                let known: Vec<SmolStr> = file_names(db, module)
                    .items
                    .iter()
                    .map(|entry| entry.name.clone())
                    .collect();
                names
                    .iter()
                    .any(|wanted| !known.contains(wanted) && meant(wanted, &known))
            }
            (Some(_), None) => false,
            (None, Some(names)) => names.iter().any(|wanted| wanted == name),
            (None, None) if import.alias == name => {
                !import_names_item(db, workspace, &import.module)
            }
            (None, None) => {
                let known: Vec<SmolStr> = workspace.modules(db).keys().cloned().collect();
                !import_names_item(db, workspace, &import.module) && meant(&import.module, &known)
            }
        }
    })
}

/// Whether `import a.b` names the item `b` of the module `a`.
pub fn import_names_item(db: &dyn salsa::Database, workspace: Workspace, name: &str) -> bool {
    let Some((above, last)) = name.rsplit_once('.') else {
        return false;
    };
    find_module(db, workspace, above.into()).is_some_and(|module| {
        file_names(db, module)
            .items
            .iter()
            .any(|entry| entry.name == last)
    })
}
