//! Renames. A refusal comes before any change: the edits are first applied to a copy of the project, in which every
//! name must keep its meaning.

use nthc::db::{ItemClass, ItemKey, SourceFile, Span, file_names, item, item_entry};
use nthc::eval::index::Definition;
use nthc::schema::names::kind;
use nthc::syntax::tree::{ItemNode, TextRange};

use super::edit::{Edit, Refusal};
use super::spelling::{Spelling, is_identifier, spelling};
use super::uses::{Target, Use, What};
use super::{Names, Occurrence, trial_rename};

/// The start of a rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The range of the name, from the start of its item.
    pub span: Span,
    /// The name, without quotes.
    pub name: String,
}

/// The owner of the file in which a rename starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The project: its own files may be changed.
    Own,
    /// A package: its files may be changed too, because they are open as a project of their own.
    Imported,
}

/// A name that can be changed, with all its uses.
struct Subject {
    name: String,
    uses: Vec<Use>,
}

impl Names<'_> {
    /// Returns the name at a byte of a file if it can be renamed.
    ///
    /// # Errors
    /// If it cannot; with the reason.
    pub fn prepare_rename(&self, file: SourceFile, offset: u32) -> Result<Prepared, Refusal> {
        let written = self.renameable(file, offset, Whose::Own)?;
        // A declaration that must be renamed with it may be in a file that cannot be changed.
        self.subject(&written, Whose::Own)?;
        Ok(Prepared {
            span: written.span(),
            name: self.bare_name(written.span()).into_owned(),
        })
    }

    /// Returns the edits that rename the name at a byte of a file everywhere.
    ///
    /// # Errors
    /// If the meaning of a name would change, or if this name cannot be renamed; with the reason.
    pub fn rename(&self, file: SourceFile, offset: u32, new: &str) -> Result<Vec<Edit>, Refusal> {
        self.rename_for(file, offset, new, Whose::Own)
    }

    /// Like [`Names::rename`], in a project that imports the file: the renamed declaration belongs to another
    /// project.
    ///
    /// # Errors
    /// If the meaning of a name in this project would change; with the reason.
    pub fn rename_imported(
        &self,
        file: SourceFile,
        offset: u32,
        new: &str,
    ) -> Result<Vec<Edit>, Refusal> {
        self.rename_for(file, offset, new, Whose::Imported)
    }

    fn rename_for(
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
            return Err(Refusal::EmptyName);
        }
        if new.contains(['\n', '\r']) || new.contains("${") {
            return Err(Refusal::InvalidName {
                name: new.to_owned(),
            });
        }
        let keeps_name = |found: &&Use| self.bare_name(found.span) == subject.name;
        let mut edits = Vec::new();
        for found in subject.uses.iter().filter(keeps_name) {
            edits.extend(self.edit(&written, &subject.name, found, new)?);
        }
        // A use through an alias keeps the alias, unless the alias is the module's name and equal to the item's name.
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

    /// The name at a byte if it belongs to the project.
    fn renameable(
        &self,
        file: SourceFile,
        offset: u32,
        whose: Whose,
    ) -> Result<Occurrence, Refusal> {
        let Some(written) = self.name_at(file, offset) else {
            return Err(Refusal::NoName);
        };
        let text = self.bare_name(written.span());
        let name = text.as_ref();
        if self.is_standard(file) {
            return Err(Refusal::StandardLibrary);
        }
        match &written.name.meaning {
            Definition::Module(_) if self.alias_at(&written).is_some() => return Ok(written),
            Definition::Module(module) => {
                return Err(Refusal::Module {
                    path: module.path(self.db).to_string(),
                });
            }
            Definition::Enclosing(block) => {
                return Err(Refusal::Enclosing {
                    name: name.to_owned(),
                    kind: block.kind.to_string(),
                });
            }
            Definition::CompileTime(_) | Definition::Type(_) => {
                return Err(Refusal::Keyword {
                    name: name.to_owned(),
                });
            }
            Definition::Block(block) if block.kind == kind::METRIC => {
                return Err(Refusal::Metric {
                    name: name.to_owned(),
                });
            }
            Definition::Block(block)
                if block.path.is_empty()
                    && item(self.db, block.item)
                        .as_ref()
                        .is_some_and(|item| !item.turns.is_empty()) =>
            {
                return Err(Refusal::Generated {
                    name: name.to_owned(),
                });
            }
            Definition::Block(block)
                if block.kind == kind::TEAM && self.default_team == Some(block.name.as_str()) =>
            {
                return Err(Refusal::DefaultTeam {
                    name: name.to_owned(),
                });
            }
            _ => {}
        }
        if self.alias_at(&written).is_some() {
            return Ok(written);
        }
        let Some(declared) = self.declaration(&written.name.meaning) else {
            return Err(Refusal::UnknownDeclaration {
                name: name.to_owned(),
            });
        };
        self.refuse_foreign(name, declared, whose)?;
        Ok(written)
    }

    /// Refuses to change a declaration in the standard library or in another package.
    fn refuse_foreign(&self, name: &str, declared: Span, whose: Whose) -> Result<(), Refusal> {
        let file = declared.item.file;
        if self.is_standard(file) {
            return Err(Refusal::DeclaredInStandardLibrary {
                name: name.to_owned(),
                module: file.module(self.db).to_string(),
            });
        }
        if file.package(self.db) && whose == Whose::Own {
            return Err(Refusal::DeclaredInPackage {
                name: name.to_owned(),
                path: file.path(self.db).to_string(),
            });
        }
        Ok(())
    }

    /// The alias (after `as`) that a name is or refers to. Aliases are local to their file.
    fn alias_at(&self, written: &Occurrence) -> Option<String> {
        let file = written.item.file;
        let text = self.bare_name(written.span());
        let imports = file_names(self.db, file).imports.iter();
        let is_alias = imports
            .filter(|import| import.alias == *text)
            .any(|import| {
                let tree = item(self.db, import.key).as_ref().map(|tree| &tree.node);
                matches!(tree, Some(ItemNode::Import(import)) if import.alias.is_some())
            });
        // A range in another import is not the alias, even if it has the same name.
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

    /// The renamed subject with its uses.
    fn subject(&self, written: &Occurrence, whose: Whose) -> Result<Subject, Refusal> {
        if let Some(alias) = self.alias_at(written) {
            let file = written.item.file;
            let target = Target {
                texts: vec![alias.clone()],
                what: What::Definition(written.name.meaning.clone()),
            };
            let uses = self.uses(&target, &[file]).into_iter();
            let uses = uses.filter(|found| {
                self.alias_at(&Occurrence {
                    item: found.span.item,
                    name: nthc::eval::index::NamedPlace {
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
        let name = self.bare_name(written.span()).into_owned();
        if let What::Nested(places) = &target.what {
            let mut places: Vec<&Span> = places.iter().collect();
            places.sort_by_key(|place| {
                let file = place.item.file;
                (file.module(self.db).clone(), self.absolute(**place).start)
            });
            for place in places {
                let called = self.bare_name(*place);
                if self.source_text(*place).contains("${") {
                    return Err(Refusal::ComputedName {
                        computed: called.into_owned(),
                        name,
                    });
                }
                self.refuse_foreign(&called, *place, whose)?;
            }
        }
        let uses = self.uses(&target, self.files);
        // The declared name: the cursor may be on an alias of it.
        let declared = self.declaration(&written.name.meaning);
        let name = declared.map_or(name, |span| self.bare_name(span).into_owned());
        for found in &uses {
            if self.bare_name(found.span) == name {
                self.refuse_foreign(&name, found.span, whose)?;
            }
        }
        Ok(Subject { name, uses })
    }

    /// Returns the edit of one use.
    fn edit(
        &self,
        written: &Occurrence,
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
                return Err(Refusal::NotAllowed {
                    name: new.to_owned(),
                    path: file.path(self.db).to_string(),
                    line: self.line(found.span),
                });
            }
        };
        // `ledger.books`, renamed to its module's name, no longer needs the qualifier.
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

    /// `import services.ledger` makes `ledger` mean the module's item of that name. With another name, the use is
    /// qualified with the module's name.
    fn qualify(&self, meaning: &Definition, name: &str, found: &Use, new: &str) -> Option<Edit> {
        let file = found.span.item.file;
        let entry = item_entry(self.db, found.span.item)?;
        if entry.class == ItemClass::Import || self.follows_dot(found.span) {
            return None;
        }
        let alias = self.bare_name(found.span);
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

    /// True if a file knows an item, called `name`, only through the alias of its module.
    fn is_namesake(&self, meaning: &Definition, file: SourceFile, alias: &str, name: &str) -> bool {
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

    /// Refuses if a text with syntax errors may contain the name.
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
            Some(span) => Err(Refusal::SyntaxErrors {
                path: span.item.file.path(self.db).to_string(),
                line: self.line(*span),
                name: subject.name.clone(),
            }),
        }
    }

    /// The line on which a range begins, from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        let start = self.absolute(span).start as usize;
        let before = self.text(span.item.file).get(..start).unwrap_or_default();
        before.matches('\n').count() + 1
    }
}

/// The item that a name means, if it is at the top of a file and can be imported.
fn top_level(meaning: &Definition) -> Option<ItemKey> {
    match meaning {
        Definition::Item(key) => Some(*key),
        Definition::Block(block) if block.path.is_empty() => Some(block.item),
        _ => None,
    }
}
