//! Name resolution: the item that a path in a file refers to.

use smol_str::SmolStr;

use crate::db::{
    Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, find_item, find_module,
};
use nth_diagnostics::{Applicability, suggest};

/// The class and kind of the item to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want<'a> {
    /// The class.
    pub class: ItemClass,
    /// The kind, for blocks and templates.
    pub kind: &'a str,
}

/// Returns the module that a file's imports call `alias`, for a name before a dot.
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

/// Returns the item that a path in a file refers to: one of the file's own, one imported by name, the item named like an
/// imported module (after `import std.postgresql`, `postgresql` is the template of that name in the module), or one of the
/// prelude.
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

/// Returns the files that a file imports, also if it imports only an item of them.
pub fn imported_files(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
) -> Vec<SourceFile> {
    let module = |name: &str| find_module(db, workspace, name.into());
    let imports = file_names(db, file).imports.iter();
    imports
        .filter_map(|import| {
            module(&import.module).or_else(|| module(import.module.rsplit_once('.')?.0))
        })
        .collect()
}

/// Returns the module of a full dotted name, if the file imports it.
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

/// Returns the item that an import of a whole module makes available under the module's last name: the module's item of that
/// name or, if there is no such module, the one in the parent module (`import a.b` with `b` in `a.nth`).
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

/// Words with another meaning at the start of an expression.
const KEYWORDS: [&str; 9] = [
    "and", "or", "in", "not", "if", "else", "where", "true", "false",
];

/// True if a name can always be written without quotes.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !name.ends_with('-')
        && !KEYWORDS.contains(&name)
}

/// Returns a block's name as in source text: quoted unless it is an identifier.
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

/// Suggests a similar name of a block, quoted if necessary.
pub fn did_you_mean_block(diagnostic: Diag, span: Span, near: &str) -> Diag {
    did_you_mean(diagnostic, span, &quote_name(near))
}

/// Suggests a similar name, as help and as a fix.
pub fn did_you_mean(diagnostic: Diag, span: Span, near: &str) -> Diag {
    diagnostic.help(format!("did you mean `{near}`?")).fix(
        format!("Replace with `{near}`"),
        span,
        near,
        Applicability::Maybe,
    )
}

/// True if a name would come from an import of the file that cannot be resolved and is already reported.
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

/// Returns whether `import a.b` names the item `b` of the module `a`.
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
