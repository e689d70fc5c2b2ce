//! New names. What is refused is refused before anything is changed: the edits are made on a copy of the project first,
//! and everything in it has to mean there what it means here.

use nthc::db::{ItemClass, ItemKey, SourceFile, Span, file_names, item, item_entry};
use nthc::eval::notes::Meaning;
use nthc::syntax::tree::{ItemNode, TextRange};

use super::edit::{Edit, Refusal};
use super::spelling::{Spelling, is_identifier, spelling};
use super::uses::{Target, Use, What};
use super::{Names, Written, trial_rename};

/// What a rename begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Where the name stands, from the start of its item.
    pub span: Span,
    /// The name, without quotes.
    pub name: String,
}

/// Who may change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The project's own files may be changed.
    Own,
    /// Those of its packages too: they are open as projects of their own.
    Imported,
}

/// A name that can be changed, with all of its uses.
struct Subject {
    name: String,
    uses: Vec<Use>,
}

impl Names<'_> {
    /// The name at a byte of a file, if it can be changed at all.
    ///
    /// # Errors
    /// Where it cannot, with the reason.
    pub fn prepare_rename(&self, file: SourceFile, offset: u32) -> Result<Prepared, Refusal> {
        let written = self.renameable(file, offset, Whose::Own)?;
        // What is one with it may be somebody else's.
        self.subject(&written, Whose::Own)?;
        Ok(Prepared {
            span: written.span(),
            name: self.called(written.span()).into_owned(),
        })
    }

    /// The edits that give the name at a byte of a file another text, everywhere.
    ///
    /// # Errors
    /// Where that would change what a name means, or what stands there cannot be renamed; with the reason.
    pub fn rename(&self, file: SourceFile, offset: u32, new: &str) -> Result<Vec<Edit>, Refusal> {
        self.renamed(file, offset, new, Whose::Own)
    }

    /// The same in a project that imports the file: the person who renames owns it, if not this project.
    ///
    /// # Errors
    /// Where that would change what a name means here, with the reason.
    pub fn rename_imported(
        &self,
        file: SourceFile,
        offset: u32,
        new: &str,
    ) -> Result<Vec<Edit>, Refusal> {
        self.renamed(file, offset, new, Whose::Imported)
    }

    fn renamed(
        &self,
        file: SourceFile,
        offset: u32,
        new: &str,
        whose: Whose,
    ) -> Result<Vec<Edit>, Refusal> {
        let written = self.renameable(file, offset, whose)?;
        let subject = self.subject(&written, whose)?;
        if subject.name == new {
            return Ok(Vec::new());
        }
        if new.trim().is_empty() {
            return Err("a name needs at least one letter".to_owned());
        }
        if new.contains(['\n', '\r']) || new.contains("${") {
            return Err(format!("`{}` is not a valid name", new.escape_debug()));
        }
        let keeps_name = |found: &&Use| self.called(found.span) == subject.name;
        let mut edits = Vec::new();
        for found in subject.uses.iter().filter(keeps_name) {
            edits.extend(self.edit(&written, &subject.name, found, new)?);
        }
        // What is called by an alias keeps it, unless the alias is the name of the module that the item is called like.
        let others = subject.uses.iter().filter(|found| !keeps_name(found));
        for found in others {
            edits.extend(self.qualify(&written.name.meaning, &subject.name, found, new));
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        edits.dedup();
        self.refuse_damage(&subject)?;
        trial_rename::check(*self, &edits, &[&subject.name, new])?;
        Ok(edits)
    }

    /// The name at a byte, if it is one of the project's own.
    fn renameable(&self, file: SourceFile, offset: u32, whose: Whose) -> Result<Written, Refusal> {
        let Some(written) = self.name_at(file, offset) else {
            return Err("no name at this position can be renamed".to_owned());
        };
        let text = self.called(written.span());
        let name = text.as_ref();
        if self.is_standard(file) {
            return Err("the standard library cannot be changed".to_owned());
        }
        match &written.name.meaning {
            Meaning::Module(_) if self.alias_at(&written).is_some() => return Ok(written),
            Meaning::Module(module) => {
                return Err(format!(
                    "a module is named after its file: rename the file `{}`",
                    module.path(self.db)
                ));
            }
            Meaning::Enclosing(block) => {
                return Err(format!(
                    "`{name}` is the enclosing {}: rename it at its own name",
                    block.kind
                ));
            }
            Meaning::CompileTime(_) | Meaning::Type(_) => {
                return Err(format!("`{name}` is a keyword"));
            }
            Meaning::Block(block) if block.kind == "metric" => {
                return Err(format!(
                    "`{name}` is a metric name of Prometheus: another name would be another metric"
                ));
            }
            Meaning::Block(block)
                if block.kind == "team" && self.default_team == Some(block.name.as_str()) =>
            {
                return Err(format!(
                    "`nth.toml` names `{name}` as the default team: change it there first"
                ));
            }
            _ => {}
        }
        if self.alias_at(&written).is_some() {
            return Ok(written);
        }
        let Some(declared) = self.declared(&written.name.meaning) else {
            return Err(format!("the declaration of `{name}` is unknown"));
        };
        self.refuse_foreign(name, declared, whose)?;
        Ok(written)
    }

    /// Refuses to change what others have written.
    fn refuse_foreign(&self, name: &str, declared: Span, whose: Whose) -> Result<(), Refusal> {
        let file = declared.item.file;
        if self.is_standard(file) {
            return Err(format!(
                "`{name}` is declared in the standard library's module `{}`",
                file.module(self.db)
            ));
        }
        if file.package(self.db) && whose == Whose::Own {
            return Err(format!(
                "`{name}` belongs to another package: it is declared in `{}`",
                file.path(self.db)
            ));
        }
        Ok(())
    }

    /// The name after `as` that a written name is, or stands for: only its own file knows it.
    fn alias_at(&self, written: &Written) -> Option<String> {
        let file = written.item.file;
        let text = self.called(written.span());
        let imports = file_names(self.db, file).imports.iter();
        let is_alias = imports
            .filter(|import| import.alias == *text)
            .any(|import| {
                let tree = item(self.db, import.key).as_ref().map(|tree| &tree.node);
                matches!(tree, Some(ItemNode::Import(import)) if import.alias.is_some())
            });
        // A place in another import is not the alias, whatever it is called.
        let stands_for_it = match item(self.db, written.item).as_ref().map(|tree| &tree.node) {
            Some(ItemNode::Import(import)) => import
                .alias
                .as_ref()
                .is_some_and(|alias| alias.range == written.name.range),
            _ => !self.follows_dot(written.span()),
        };
        (is_alias && stands_for_it).then(|| text.into_owned())
    }

    fn follows_dot(&self, span: Span) -> bool {
        let start = self.absolute(span).start as usize;
        let text = self.text(span.item.file);
        text.get(..start)
            .is_some_and(|before| before.ends_with('.'))
    }

    /// What is to be renamed, with its uses.
    fn subject(&self, written: &Written, whose: Whose) -> Result<Subject, Refusal> {
        if let Some(alias) = self.alias_at(written) {
            let file = written.item.file;
            let target = Target {
                texts: vec![alias.clone()],
                what: What::Meaning(written.name.meaning.clone()),
            };
            let uses = self.uses(&target, &[file]).into_iter();
            let uses = uses.filter(|found| {
                self.alias_at(&Written {
                    item: found.span.item,
                    name: nthc::eval::notes::NamedPlace {
                        range: found.span.range,
                        meaning: written.name.meaning.clone(),
                        declares: found.declares,
                    },
                })
                .is_some_and(|known| known == alias)
            });
            return Ok(Subject {
                uses: uses.collect(),
                name: alias,
            });
        }
        let target = self.target(&written.name.meaning, self.files);
        let name = self.called(written.span()).into_owned();
        if let What::Nested(places) = &target.what {
            let mut places: Vec<&Span> = places.iter().collect();
            places.sort_by_key(|place| {
                let file = place.item.file;
                (file.module(self.db).clone(), self.absolute(**place).start)
            });
            for place in places {
                let called = self.called(*place);
                if self.written(*place).contains("${") {
                    return Err(format!(
                        "the name `{called}` is computed from values, and includes `{name}`"
                    ));
                }
                self.refuse_foreign(&called, *place, whose)?;
            }
        }
        let uses = self.uses(&target, self.files);
        // The name that it was declared with: a cursor may be at an alias of it.
        let declared = self.declared(&written.name.meaning);
        let name = declared.map_or(name, |span| self.called(span).into_owned());
        for found in &uses {
            if self.called(found.span) == name {
                self.refuse_foreign(&name, found.span, whose)?;
            }
        }
        Ok(Subject { name, uses })
    }

    /// The edit of one use.
    fn edit(
        &self,
        written: &Written,
        name: &str,
        found: &Use,
        new: &str,
    ) -> Result<Option<Edit>, Refusal> {
        if let Some(edit) = self.qualify(&written.name.meaning, name, found, new) {
            return Ok(Some(edit));
        }
        let range = self.absolute(found.span);
        let file = found.span.item.file;
        let text = match spelling(self, found.span, new) {
            Spelling::Fits(text) => text,
            Spelling::Refused => {
                return Err(format!(
                    "`{new}` is not allowed in `{}`, line {}: use letters, digits and `_`, with `-` \
                    inside",
                    file.path(self.db),
                    self.line(found.span)
                ));
            }
        };
        // `ledger.books` that is to be called like its module needs it no more.
        if let Some(alias) = self.qualifier(found.span)
            && alias == new
            && self.is_namesake(&written.name.meaning, file, new, new)
        {
            let start = range.start - alias.len() as u32 - 1;
            return Ok(Some(Edit {
                file,
                range: TextRange {
                    start,
                    end: range.end,
                },
                text,
                before: 0,
            }));
        }
        Ok(Some(Edit {
            file,
            range,
            text,
            before: 0,
        }))
    }

    /// `import services.ledger` makes `ledger` mean the module's item of that name. With another name it is written after
    /// the module's.
    fn qualify(&self, meaning: &Meaning, name: &str, found: &Use, new: &str) -> Option<Edit> {
        let file = found.span.item.file;
        let entry = item_entry(self.db, found.span.item)?;
        if entry.class == ItemClass::Import || self.follows_dot(found.span) {
            return None;
        }
        let alias = self.called(found.span);
        if !self.is_namesake(meaning, file, &alias, name) || !is_identifier(new) {
            return None;
        }
        Some(Edit {
            file,
            range: self.absolute(found.span),
            text: format!("{alias}.{new}"),
            before: alias.len() as u32 + 1,
        })
    }

    /// Whether a file knows an item, called `name`, by nothing but the alias of its module.
    fn is_namesake(&self, meaning: &Meaning, file: SourceFile, alias: &str, name: &str) -> bool {
        let Some(key) = top_level(meaning) else {
            return false;
        };
        if key.file == file {
            return false;
        }
        let imports = &file_names(self.db, file).imports;
        let of_module = |module: &smol_str::SmolStr| {
            nthc::db::find_module(self.db, self.workspace, module.clone()) == Some(key.file)
        };
        let is_listed = imports.iter().any(|import| {
            import
                .names
                .as_ref()
                .is_some_and(|names| names.iter().any(|known| known == alias))
                && of_module(&import.module)
        });
        !is_listed
            && imports.iter().any(|import| {
                import.names.is_none()
                    && import.alias == alias
                    && import.module.rsplit('.').next() == Some(name)
                    && of_module(&import.module)
            })
    }

    /// The word before the dot before a name.
    fn qualifier(&self, span: Span) -> Option<String> {
        let start = self.absolute(span).start as usize;
        let before = self.text(span.item.file).get(..start)?.strip_suffix('.')?;
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let from = before
            .rfind(|letter| !is_part(letter))
            .map_or(0, |at| at + 1);
        let (rest, word) = before.split_at(from);
        (!word.is_empty() && !rest.ends_with('.')).then(|| word.to_owned())
    }

    /// Text that cannot be read may hold the name.
    fn refuse_damage(&self, subject: &Subject) -> Result<(), Refusal> {
        let texts = [subject.name.clone()];
        let damaged = self.in_items(self.files, &texts, |names, key| {
            let tree = item(names.db, key).as_ref();
            let error = tree.and_then(|tree| tree.errors.first());
            error
                .map(|error| Span {
                    item: key,
                    range: error.range,
                })
                .into_iter()
                .collect()
        });
        match damaged.first() {
            None => Ok(()),
            Some(span) => Err(format!(
                "`{}`, line {}, has syntax errors, and `{}` may be used there: fix them first",
                span.item.file.path(self.db),
                self.line(*span),
                subject.name
            )),
        }
    }

    /// The number of the line on which a place begins, from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        let start = self.absolute(span).start as usize;
        let before = self.text(span.item.file).get(..start).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

/// The item of what stands at the top of a file and can be imported.
fn top_level(meaning: &Meaning) -> Option<ItemKey> {
    match meaning {
        Meaning::Item(key) => Some(*key),
        Meaning::Block(block) if block.path.is_empty() => Some(block.item),
        _ => None,
    }
}
