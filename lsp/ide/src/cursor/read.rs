//! Reading the context of a cursor.

use std::ops::Range;

use nthc::db::{ItemKey, SourceFile, Workspace, file_names, item_start, parsed};
use nthc::schema::schema;
use smol_str::SmolStr;

use super::bases::Lookup;
use super::place::{CallAt, Place};
use super::scope::Scope;
use super::tokens::{Kind, Tokens};
use super::walk::Walk;

/// The context of a cursor.
pub struct Cursor<'db> {
    /// The scope around it.
    pub scope: Scope<'db>,
    /// The expected kind of text.
    pub place: Place,
    /// The calls around it, outermost first.
    pub calls: Vec<CallAt>,
    /// The word at the cursor, from the start of the item.
    pub word: Range<usize>,
    /// The cursor, from the start of the item.
    pub offset: usize,
    /// The start of the item in its file.
    pub start: usize,
}

/// The part of a file around the cursor: an item, and the text up to the next one.
pub struct Part<'db> {
    /// The text.
    pub text: &'db str,
    /// Its start in the file.
    pub start: usize,
    /// The cursor, from the start of the part.
    pub offset: usize,
}

impl<'db> Part<'db> {
    /// The part that contains a byte of a file.
    pub fn at_offset(db: &'db dyn salsa::Database, file: SourceFile, offset: usize) -> Self {
        let text: &'db str = file.text(db);
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let items = &parsed(db, file).items;
        let next = items.partition_point(|(start, _)| (*start as usize) <= offset);
        // A comment above the first item, and a file without items, start at the beginning.
        let start = next
            .checked_sub(1)
            .and_then(|place| items.get(place))
            .map_or(0, |(start, _)| *start as usize);
        let end = items
            .get(next)
            .map_or(text.len(), |(start, _)| *start as usize);
        Self {
            text: text.get(start..end.max(offset)).unwrap_or_default(),
            start,
            offset: offset.saturating_sub(start),
        }
    }

    /// Tokenizes the part.
    pub fn tokens(&self) -> Tokens<'db> {
        Tokens::read(self.text, self.offset)
    }
}

impl<'db> Cursor<'db> {
    /// Reads the context of the cursor in a part of a file. `None` in comments.
    pub fn read(
        db: &'db dyn salsa::Database,
        workspace: Workspace,
        file: SourceFile,
        part: &Part<'db>,
        tokens: &'db Tokens<'db>,
    ) -> Option<Self> {
        let offset = part.offset;
        let mut word = offset..offset;
        let mut number = None;
        for (place, token) in tokens.all.iter().enumerate() {
            let touches = token.start < offset && offset <= token.end;
            match token.kind {
                Kind::Comment if touches => return None,
                Kind::Word if touches => word = token.start..token.end,
                Kind::Number if touches => {
                    word = token.start..token.end;
                    number = Some(place);
                }
                _ => {}
            }
        }
        let lookup = Lookup {
            db,
            workspace,
            schema: schema(db, workspace),
        };
        let scope = Scope {
            lookup,
            file,
            tokens,
            blocks: Vec::new(),
            locals: Vec::new(),
            root: SmolStr::default(),
            is_template: false,
            in_alert_text: false,
        };
        let mut walk = Walk::new(scope);
        let mut place = walk.go(&tokens.levels(word.start));
        if number.is_some() {
            place = match place {
                Place::Value(ty) | Place::Argument(_, _, Some(ty)) => Place::Unit(ty),
                _ => Place::Nothing,
            };
        }
        let inside_text = tokens.open_at(offset).last().is_some_and(
            |open| matches!(tokens.kind(*open), Some(Kind::Open(delim)) if delim.is_text()),
        );
        if inside_text && !matches!(place, Place::Query(..) | Place::Text(_)) {
            place = Place::Nothing;
        }
        Some(Self {
            scope: walk.scope,
            place,
            calls: walk.calls,
            word,
            offset,
            start: part.start,
        })
    }

    /// The part of the word before the cursor.
    pub fn prefix(&self) -> &'db str {
        self.scope
            .tokens
            .text
            .get(self.word.start..self.offset)
            .unwrap_or_default()
    }

    /// The rest of the line after the cursor.
    pub fn rest_of_line(&self) -> &'db str {
        let rest = self.scope.tokens.text.get(self.word.end..);
        let rest = rest.unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// The item around the cursor; `None` if it has no key.
    pub fn item(&self) -> Option<ItemKey> {
        let db = self.scope.lookup.db;
        let items = &file_names(db, self.scope.file).items;
        items
            .iter()
            .map(|entry| entry.key)
            .find(|key| item_start(db, *key) as usize == self.start)
    }
}
