//! References to a name. Only items whose text contains it are searched, in parallel.

use std::collections::HashSet;

use nthc::db::{ItemKey, SourceFile, Span};
use nthc::eval::BlockRef;
use nthc::eval::index::Definition;
use rayon::prelude::*;

use super::Names;

/// A search for references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The possible source texts; an item without any of them has no reference.
    pub texts: Vec<String>,
    /// The meaning to look for.
    pub what: What,
}

/// The meaning of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This meaning.
    Definition(Definition),
    /// A nested block, whose name is declared at these ranges: in bases, overrides and removals. A rename has to
    /// change all of them.
    Nested(HashSet<Span>),
}

/// A reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Use {
    /// The range of the name.
    pub span: Span,
    /// True if the name is declared there, or declared again.
    pub declares: bool,
}

impl Names<'_> {
    /// Creates the search for all references to a meaning. `files` are the files to search.
    pub fn target(&self, meaning: &Definition, files: &[SourceFile]) -> Target {
        let texts = match meaning {
            Definition::Block(block) | Definition::Enclosing(block) => {
                if let Some(target) = self.nested_target(block, files) {
                    return target;
                }
                let what = What::Definition(Definition::Block(block.clone()));
                let texts = vec![search_text(&block.name)];
                return Target { texts, what };
            }
            // A module is imported by its path, and referred to elsewhere by its alias.
            Definition::Module(file) => {
                let module = file.module(self.db);
                let last = module.rsplit('.').next().unwrap_or(module).to_owned();
                let mut texts = vec![last];
                texts.extend(self.aliases(*file, files));
                texts
            }
            Definition::Item(key) => {
                let mut texts = vec![search_text(&nthc::db::item_name(self.db, *key))];
                texts.extend(self.aliases(key.file, files));
                texts
            }
            Definition::Local(span) => vec![search_text(&self.bare_name(*span))],
            // The plural refers to all blocks of a kind: `policies` for `policy`.
            Definition::Kind(name) => vec![name.strip_suffix('y').unwrap_or(name).to_owned()],
            Definition::Enum(name)
            | Definition::Function(name)
            | Definition::CompileTime(name)
            | Definition::Type(name)
            | Definition::Field(_, name)
            | Definition::Member(_, name)
            | Definition::FunctionParam(_, name) => vec![name.to_string()],
        };
        Target {
            texts,
            what: What::Definition(meaning.clone()),
        }
    }

    /// The aliases that imports give to a module or to one of its items.
    fn aliases(&self, module: SourceFile, files: &[SourceFile]) -> Vec<String> {
        let mut aliases = Vec::new();
        let name = module.module(self.db);
        let last = name.rsplit('.').next().unwrap_or(name);
        for file in files {
            // Without `as` there are no aliases.
            if !self.text(*file).contains(" as ") || !self.text(*file).contains(last) {
                continue;
            }
            for import in &nthc::db::file_names(self.db, *file).imports {
                let alias = import.alias.to_string();
                if import.module.rsplit('.').next() != Some(alias.as_str())
                    && !aliases.contains(&alias)
                {
                    aliases.push(alias);
                }
            }
        }
        aliases
    }

    /// The search for a named nested block and all that must be renamed with it.
    fn nested_target(&self, block: &BlockRef, files: &[SourceFile]) -> Option<Target> {
        let own = self.notes(block.item).occurrences(block);
        if own.is_empty() {
            return None;
        }
        let mut places: HashSet<Span> = own.iter().copied().collect();
        let mut texts = vec![search_text(&block.name)];
        loop {
            for place in &places {
                let text = search_text(&self.bare_name(*place));
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            let before = (places.len(), texts.len());
            let found = self.in_items(files, &texts, |names, item| {
                let blocks = names.notes(item).blocks.iter();
                blocks
                    .filter(|known| known.places.iter().any(|place| places.contains(place)))
                    .map(|known| (known.places.clone(), search_text(&known.block.name)))
                    .collect::<Vec<_>>()
            });
            for (more, text) in found {
                places.extend(more);
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            if (places.len(), texts.len()) == before {
                let what = What::Nested(places);
                return Some(Target { texts, what });
            }
        }
    }

    /// Calls `f` with every item whose text contains one of these, in parallel. The results are in the order of the
    /// files.
    pub fn in_items<T: Send>(
        &self,
        files: &[SourceFile],
        texts: &[String],
        ask: impl Fn(Names<'_>, ItemKey) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let (workspace, own, standard) = (self.workspace, self.files, self.standard);
        let default_team = self.default_team;
        let has = |text: &str| texts.iter().any(|wanted| text.contains(wanted.as_str()));
        files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                let db = &*db;
                let names = Names {
                    db,
                    workspace,
                    files: own,
                    standard,
                    default_team,
                };
                let text = names.text(*file);
                if !has(text) {
                    return Vec::new();
                }
                names
                    .items(*file)
                    .filter(|(_, range)| {
                        let own = text.get(range.start as usize..range.end as usize);
                        own.is_some_and(has)
                    })
                    .flat_map(|(item, _)| ask(names, item))
                    .collect()
            })
            .collect::<Vec<Vec<T>>>()
            .into_iter()
            .flatten()
            .collect()
    }

    /// True if a meaning is the one searched for.
    pub fn is_use(&self, target: &Target, meaning: &Definition) -> bool {
        match (&target.what, meaning) {
            (What::Definition(wanted), meaning) => wanted == meaning,
            (What::Nested(places), Definition::Block(block)) => self
                .notes(block.item)
                .occurrences(block)
                .iter()
                .any(|place| places.contains(place)),
            (What::Nested(_), _) => false,
        }
    }

    /// All references in these files, in source order.
    pub fn uses(&self, target: &Target, files: &[SourceFile]) -> Vec<Use> {
        self.in_items(files, &target.texts, |names, item| {
            let places = names.notes(item).names.iter();
            places
                .filter(|name| names.is_use(target, &name.meaning))
                .map(|name| Use {
                    span: Span {
                        item,
                        range: name.range,
                    },
                    declares: name.declares,
                })
                .collect()
        })
    }

    /// All files, the standard library's last.
    pub fn all_files(&self) -> Vec<SourceFile> {
        self.files.iter().chain(self.standard).copied().collect()
    }

    /// True if the reference sets a value: a declaration, or a field or an argument that is set.
    pub fn is_write(&self, found: &Use) -> bool {
        if found.declares {
            return true;
        }
        let end = self.absolute(found.span).end as usize;
        let text = self.text(found.span.item.file);
        let rest = text.get(end..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t']);
        rest.starts_with('=') && !rest.starts_with("==")
    }
}

/// The text to search for: of a name that is written with escapes, the longest part without one.
fn search_text(name: &str) -> String {
    let part = name
        .split(['"', '\\', '$'])
        .max_by_key(|part| part.len())
        .unwrap_or(name);
    part.to_owned()
}
