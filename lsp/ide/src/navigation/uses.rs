//! Where a name is used. Only items are looked at whose text contains it, in parallel.

use std::collections::HashSet;

use nthc::db::{ItemKey, SourceFile, Span};
use nthc::eval::BlockRef;
use nthc::eval::index::Definition;
use rayon::prelude::*;

use super::Names;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The texts that it may be written as; an item without any of them has no use of it.
    pub texts: Vec<String>,
    /// What it is.
    pub what: What,
}

/// What a name has to mean to be a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This.
    Meaning(Definition),
    /// A block in another, whose name is written in these places: bases, what amends them and what removes from them are
    /// one, for a change of one name alone would part them.
    Nested(HashSet<Span>),
}

/// A place where a name is written that means what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Use {
    /// Where it stands.
    pub span: Span,
    /// Whether it gets its name there, or says it anew.
    pub declares: bool,
}

impl Names<'_> {
    /// What to look for to find all uses of what a name means. `files` are those to look into.
    pub fn target(&self, meaning: &Definition, files: &[SourceFile]) -> Target {
        let texts = match meaning {
            Definition::Block(block) | Definition::Enclosing(block) => {
                if let Some(target) = self.nested(block, files) {
                    return target;
                }
                let what = What::Meaning(Definition::Block(block.clone()));
                let texts = vec![searched(&block.name)];
                return Target { texts, what };
            }
            // A module is imported by its path, and known elsewhere by its alias.
            Definition::Module(file) => {
                let module = file.module(self.db);
                let last = module.rsplit('.').next().unwrap_or(module).to_owned();
                let mut texts = vec![last];
                texts.extend(self.aliases(*file, files));
                texts
            }
            Definition::Item(key) => {
                let mut texts = vec![searched(&nthc::db::item_name(self.db, *key))];
                texts.extend(self.aliases(key.file, files));
                texts
            }
            Definition::Local(span) => vec![searched(&self.called(*span))],
            // The plural stands for all blocks of a kind: of `policy` it is `policies`.
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
            what: What::Meaning(meaning.clone()),
        }
    }

    /// What imports call a module, or an item of it, where they give it another name.
    fn aliases(&self, module: SourceFile, files: &[SourceFile]) -> Vec<String> {
        let mut aliases = Vec::new();
        let name = module.module(self.db);
        let last = name.rsplit('.').next().unwrap_or(name);
        for file in files {
            // Whoever does not say `as` has no other name for anything.
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

    /// A named block in another, with all that is one with it.
    fn nested(&self, block: &BlockRef, files: &[SourceFile]) -> Option<Target> {
        let own = self.notes(block.item).occurrences(block);
        if own.is_empty() {
            return None;
        }
        let mut places: HashSet<Span> = own.iter().copied().collect();
        let mut texts = vec![searched(&block.name)];
        loop {
            for place in &places {
                let text = searched(&self.called(*place));
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            let before = (places.len(), texts.len());
            let found = self.in_items(files, &texts, |names, item| {
                let blocks = names.notes(item).blocks.iter();
                blocks
                    .filter(|known| known.places.iter().any(|place| places.contains(place)))
                    .map(|known| (known.places.clone(), searched(&known.block.name)))
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

    /// Asks something of every item whose text contains one of these; the answers come in the order of the files.
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

    /// Whether a name means what is looked for.
    pub fn is_use(&self, target: &Target, meaning: &Definition) -> bool {
        match (&target.what, meaning) {
            (What::Meaning(wanted), meaning) => wanted == meaning,
            (What::Nested(places), Definition::Block(block)) => self
                .notes(block.item)
                .occurrences(block)
                .iter()
                .any(|place| places.contains(place)),
            (What::Nested(_), _) => false,
        }
    }

    /// All uses in these files, in the order of the files and their texts.
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

    /// Whether a place gives what it names a value: a declaration, or a field or an argument that is set.
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

/// How a name is found in a text: one that is written with escapes has its longest part without.
fn searched(name: &str) -> String {
    let part = name
        .split(['"', '\\', '$'])
        .max_by_key(|part| part.len())
        .unwrap_or(name);
    part.to_owned()
}
