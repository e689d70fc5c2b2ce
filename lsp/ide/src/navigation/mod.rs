//! Definitions, references and renames.
//!
//! Everything comes from the compiler's index of names (`nthc::eval::index`); nothing here resolves a name itself.
//! References are searched only in items whose text contains the name.

pub mod calls;
pub mod declared;
pub mod edit;
pub mod links;
pub mod outline;
pub mod rename;
pub mod sites;
mod spelling;
pub mod symbols;
mod trial_rename;
pub mod type_links;
pub mod uses;

use std::borrow::Cow;
use std::sync::Arc;

use nthc::check::item_index;
use nthc::db::{Database, ItemKey, SourceFile, Span, Workspace, item_start, items_of_text};
use nthc::eval::index::{ItemIndex, NamedPlace};
use nthc::session::Session;
use nthc::syntax::tree::TextRange;

/// Answers questions about the names of a project.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The database.
    pub db: &'a Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The files of the project and its packages.
    pub files: &'a [SourceFile],
    /// The files of the standard library.
    pub standard: &'a [SourceFile],
    /// The default team in the manifest.
    pub default_team: Option<&'a str>,
}

/// An occurrence of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The item.
    pub item: ItemKey,
    /// The name and its meaning; the range counts from the start of the item.
    pub name: NamedPlace,
}

impl Occurrence {
    /// The range of the name.
    pub fn span(&self) -> Span {
        Span {
            item: self.item,
            range: self.name.range,
        }
    }
}

impl<'a> Names<'a> {
    /// Creates the names of a session's project.
    pub fn new(session: &'a Session) -> Self {
        Self {
            db: &session.db,
            workspace: session.workspace,
            files: session.files(),
            standard: session.standard_library(),
            default_team: session.default_team(),
        }
    }

    /// The text of a file.
    pub fn text(&self, file: SourceFile) -> &'a Arc<str> {
        file.text(self.db)
    }

    /// The compiler's notes about an item.
    pub fn notes(&self, item: ItemKey) -> &'a ItemIndex {
        item_index(self.db, self.workspace, item)
    }

    /// True if a file belongs to the standard library.
    pub fn is_standard(&self, file: SourceFile) -> bool {
        self.standard.contains(&file)
    }

    /// The items of a file with their ranges in it.
    pub fn items(&self, file: SourceFile) -> impl Iterator<Item = (ItemKey, TextRange)> + 'a {
        items_of_text(self.db, file).map(|(entry, found)| {
            let range = TextRange {
                start: found.start,
                end: found.start + found.item.len,
            };
            (entry.key, range)
        })
    }

    /// The item that contains a byte of a file, or that ends there.
    pub fn item_at(&self, file: SourceFile, offset: u32) -> Option<(ItemKey, TextRange)> {
        self.items(file)
            .filter(|(_, range)| range.start <= offset && offset <= range.end)
            .last()
    }

    /// The name at a byte of a file.
    pub fn name_at(&self, file: SourceFile, offset: u32) -> Option<Occurrence> {
        let (item, range) = self.item_at(file, offset)?;
        let name = self.notes(item).name_at(offset - range.start)?.clone();
        Some(Occurrence { item, name })
    }

    /// Converts a range in an item to bytes of its file.
    pub fn absolute(&self, span: Span) -> TextRange {
        span.range.shifted(item_start(self.db, span.item))
    }

    /// The source text of a range.
    pub fn source_text(&self, span: Span) -> &'a str {
        let range = self.absolute(span);
        let text = self.text(span.item.file);
        text.get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// The name at a range, without quotes.
    pub fn bare_name(&self, span: Span) -> Cow<'a, str> {
        unquoted(self.source_text(span))
    }
}

/// Removes the quotes of a name.
pub fn unquoted(written: &str) -> Cow<'_, str> {
    let inner = written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(written),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => {
            let mut text = String::with_capacity(inner.len());
            let mut letters = inner.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '\\' => text.extend(letters.next()),
                    _ => text.push(letter),
                }
            }
            Cow::Owned(text)
        }
    }
}
