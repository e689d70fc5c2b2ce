//! References to items of other modules, and the imports that they require.

use std::collections::BTreeMap;

use nthc::db::{
    FileNames, ImportEntry, ItemClass, ItemEntry, SourceFile, file_names, find_module, item,
    item_start, parsed,
};
use nthc::syntax::tree::{ItemNode, TextRange};
use smol_str::SmolStr;

use super::bodies::{is_plain, name_text};
use super::{MOST, Offer, Offers, What, matches_typed};
use crate::cursor::read::Cursor;
use crate::features::docs::Subject;

/// A reference to an item of another module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The text: `payments`, `http.availability`.
    pub written: String,
    /// The required import: range to replace, and text.
    pub import: Option<(TextRange, String)>,
}

/// The imports of a file.
pub struct Imports<'db> {
    db: &'db dyn salsa::Database,
    file: SourceFile,
    names: &'db FileNames,
}

impl<'db> Imports<'db> {
    /// Reads the imports of a file.
    pub fn new(db: &'db dyn salsa::Database, file: SourceFile) -> Self {
        Self {
            db,
            file,
            names: file_names(db, file),
        }
    }

    /// The modules that are imported as a whole, with their names here.
    pub fn modules(&self) -> impl Iterator<Item = (&'db SmolStr, &'db ImportEntry)> {
        let imports = self.names.imports.iter();
        imports
            .filter(|import| import.names.is_none())
            .map(|import| (&import.alias, import))
    }

    /// True if an item of a module is imported by name.
    pub fn knows(&self, module: &str, name: &str) -> bool {
        self.names.imports.iter().any(|import| {
            import.module == module
                && match &import.names {
                    Some(names) => names.iter().any(|known| known == name),
                    None => import.alias == name,
                }
        })
    }

    /// Returns how to refer to an item of a module; `None` if its name is taken.
    pub fn way(&self, module: &SmolStr, name: &SmolStr) -> Option<Way> {
        let last = module.rsplit('.').next().unwrap_or_default();
        let here = |written: String| {
            Some(Way {
                written,
                import: None,
            })
        };
        if self.knows(module, name) {
            return here(name_text(name));
        }
        let mut of_module = self
            .names
            .imports
            .iter()
            .filter(|import| import.module == *module);
        if let Some(import) = of_module.clone().find(|import| import.names.is_none()) {
            return here(format!("{}.{}", import.alias, name_text(name)));
        }
        let braces = of_module.find(|import| import.names.is_some());
        let qualified = last != name && module.starts_with("std.");
        let needed = if qualified { last } else { name.as_str() };
        if self.is_taken(needed) {
            return None;
        }
        let written = if qualified {
            format!("{last}.{}", name_text(name))
        } else {
            name_text(name)
        };
        let import = match braces {
            Some(import) if !qualified => self.in_braces(import, name)?,
            _ if qualified || last == name => self.line(&format!("import {module}")),
            _ => self.line(&format!("import {module}.{{{}}}", name_text(name))),
        };
        Some(Way {
            written,
            import: Some(import),
        })
    }

    /// The import of a module by its last name; `None` if that is taken.
    pub fn whole_module(&self, module: &str) -> Option<(TextRange, String)> {
        let last = module.rsplit('.').next().unwrap_or_default();
        (!self.is_taken(last)).then(|| self.line(&format!("import {module}")))
    }

    /// True if a name has a meaning in the file.
    fn is_taken(&self, name: &str) -> bool {
        let imported = self.names.imports.iter().any(|import| match &import.names {
            Some(names) => names.iter().any(|known| known == name),
            None => import.alias == name,
        });
        imported
            || self.names.items.iter().any(|entry| {
                matches!(
                    entry.class,
                    ItemClass::Block | ItemClass::Template | ItemClass::Let
                ) && entry.name == name
            })
    }

    /// Adds a name to the braces of an import, in alphabetical order.
    fn in_braces(&self, import: &ImportEntry, name: &SmolStr) -> Option<(TextRange, String)> {
        let tree = item(self.db, import.key).as_ref()?;
        let ItemNode::Import(written) = &tree.node else {
            return None;
        };
        let names = written.names.as_ref()?;
        let start = item_start(self.db, import.key);
        let before = names.iter().find(|known| known.text > *name);
        Some(match (before, names.last()) {
            (Some(next), _) => {
                let at = start + next.range.start;
                (TextRange { start: at, end: at }, format!("{name}, "))
            }
            (None, Some(last)) => {
                let at = start + last.range.end;
                (TextRange { start: at, end: at }, format!(", {name}"))
            }
            (None, None) => {
                let text = self.file.text(self.db).get(start as usize..)?;
                let at = start + u32::try_from(text.find('{')?).ok()? + 1;
                (TextRange { start: at, end: at }, name.to_string())
            }
        })
    }

    /// An import on a line of its own, in alphabetical order.
    fn line(&self, import: &str) -> (TextRange, String) {
        let text = self.file.text(self.db);
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let at = |offset: u32| TextRange {
            start: offset,
            end: offset,
        };
        let module = |written: &str| {
            let path = written.trim_start_matches("import ").trim();
            path.split(".{").next().unwrap_or(path).to_owned()
        };
        let wanted = module(import);
        let imports = &self.names.imports;
        if let Some(next) = imports.iter().find(|known| *known.module > *wanted) {
            return (at(item_start(self.db, next.key)), format!("{import}{end}"));
        }
        if let Some(last) = imports.last() {
            let length = item(self.db, last.key).as_ref().map_or(0, |tree| tree.len);
            let start = item_start(self.db, last.key) as usize;
            // A comment after it stays there.
            let line = text.get(start + length as usize..).unwrap_or_default();
            let rest = line.find(['\n', '\r']).unwrap_or(line.len());
            let offset = start + length as usize + rest;
            return (at(offset as u32), format!("{end}{import}"));
        }
        let first = parsed(self.db, self.file).items.first();
        let first = first.map_or(text.len(), |(start, _)| *start as usize);
        let above = text.get(..first).unwrap_or_default();
        // The documentation of the file stays at its top.
        let doc = above.rfind("//!").map(|doc| {
            let line = above.get(doc..).unwrap_or_default();
            doc + line.find(['\n', '\r']).unwrap_or(line.len())
        });
        match doc {
            Some(offset) => (at(offset as u32), format!("{end}{end}{import}")),
            None => {
                let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
                (at(mark), format!("{import}{end}{end}"))
            }
        }
    }
}

/// Offers modules whose names continue after some parts.
pub fn modules(cursor: &Cursor<'_>, path: &[String], offers: &mut Offers) {
    let (db, workspace) = (cursor.scope.lookup.db, cursor.scope.lookup.workspace);
    let own = cursor.scope.file.module(db);
    let above = path.join(".");
    let mut seen: BTreeMap<&str, Option<&SmolStr>> = BTreeMap::new();
    for module in workspace.modules(db).keys() {
        if module == own || module == "std.prelude" {
            continue;
        }
        let rest = match above.is_empty() {
            true => Some(module.as_str()),
            false => module
                .strip_prefix(above.as_str())
                .and_then(|rest| rest.strip_prefix('.')),
        };
        let Some(rest) = rest.filter(|rest| matches_typed(cursor.prefix(), rest)) else {
            continue;
        };
        // Whole names first, and the prefix if several follow.
        seen.insert(rest, Some(module));
        if let Some((folder, _)) = rest.split_once('.') {
            seen.entry(folder).or_default();
        }
    }
    let imported = &file_names(db, cursor.scope.file).imports;
    for (name, module) in seen {
        let rank = match module {
            Some(module) if imported.iter().any(|import| import.module == *module) => 50,
            Some(module) if module.starts_with("std.") => 30,
            Some(_) => 10,
            None => 20,
        };
        let offer = Offer::new(name, What::Module, rank);
        offers.add(match module {
            Some(module) => offer.about(Subject::Module(module.clone())),
            None => offer.detail("folder"),
        });
        if offers.all.len() >= MOST {
            offers.is_incomplete = true;
            break;
        }
    }
}

/// Offers the names of a module, in the braces of its import.
pub fn names(cursor: &Cursor<'_>, module: &str, given: &[String], offers: &mut Offers) {
    let (db, workspace) = (cursor.scope.lookup.db, cursor.scope.lookup.workspace);
    let Some(file) = find_module(db, workspace, module.into()) else {
        return;
    };
    for entry in &file_names(db, file).items {
        let is_named = matches!(
            entry.class,
            ItemClass::Block | ItemClass::Template | ItemClass::Let
        );
        let is_given = given.iter().any(|known| *known == entry.name);
        if !is_named || is_given || !is_sayable(entry) {
            continue;
        }
        offers.add(item_offer(file.module(db), entry, 10));
    }
}

/// True if an item can be referred to: all can except a `let` with a quoted name.
pub fn is_sayable(entry: &ItemEntry) -> bool {
    !entry.name.is_empty() && (entry.class != ItemClass::Let || is_plain(&entry.name))
}

/// Creates an offer of an item by its name.
pub fn item_offer(module: &SmolStr, entry: &ItemEntry, rank: u16) -> Offer {
    let (what, detail) = match entry.class {
        ItemClass::Template => (What::Template, format!("template {}", entry.kind)),
        ItemClass::Let => (What::Let, "let".to_owned()),
        _ => (What::Block, entry.kind.to_string()),
    };
    Offer::new(entry.name.as_str(), what, rank)
        .types(&name_text(&entry.name))
        .detail(detail)
        .about(Subject::item(module, entry))
}
