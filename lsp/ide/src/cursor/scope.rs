//! The scope at the cursor: the blocks around it, and the names that are visible there.

use nthc::db::SourceFile;
use nthc::schema::Ty;
use nthc::schema::names::kind;
use smol_str::SmolStr;

use super::bases::{Bases, Lookup};
use super::statement::Unit;
use super::tokens::{Delim, Tokens};

/// A block around the cursor.
#[derive(Clone)]
pub struct BlockAt<'db> {
    /// Its kind.
    pub kind: SmolStr,
    /// Its name; empty if it has none.
    pub name: SmolStr,
    /// The contents of its bases.
    pub bases: Bases<'db>,
    /// The token of its opening brace.
    pub open: usize,
}

impl BlockAt<'_> {
    /// The kind whose fields it can set: its variant, if that is known, and for `defaults` the kind that it names.
    pub fn fields_of(&self) -> SmolStr {
        if self.kind == kind::DEFAULTS {
            return self.name.clone();
        }
        self.bases
            .variant
            .clone()
            .unwrap_or_else(|| self.kind.clone())
    }
}

/// A local name of a body or template.
#[derive(Clone)]
pub struct Local {
    /// The name.
    pub name: String,
    /// Parameter, `let` or loop variable.
    pub what: LocalKind,
    /// Its type, if one is written.
    pub ty: Option<Ty>,
    /// Its value, or the list of the loop.
    pub units: Vec<Unit>,
    /// True for a loop variable: `units` is the list.
    pub is_element: bool,
}

/// The sort of a local name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalKind {
    /// A template's parameter.
    Param,
    /// A `let` of a body.
    Let,
    /// A loop's variable.
    Loop,
}

/// The scope at the cursor.
pub struct Scope<'db> {
    /// Looks up items.
    pub lookup: Lookup<'db>,
    /// The file.
    pub file: SourceFile,
    /// The tokens of the item.
    pub tokens: &'db Tokens<'db>,
    /// The blocks, outermost first.
    pub blocks: Vec<BlockAt<'db>>,
    /// The local names, outermost first.
    pub locals: Vec<Local>,
    /// The first word of the item: `template`, `rule`, `let`, or a kind.
    pub root: SmolStr,
    /// True if the item is a template.
    pub is_template: bool,
    /// True in an interpolation of a text that is filled in when an alert fires.
    pub in_alert_text: bool,
}

impl<'db> Scope<'db> {
    /// Adds the `let`s of the body that starts at a token.
    pub fn add_lets(&mut self, open: usize) {
        let units = self.tokens.units(open + 1, self.tokens.partner(open));
        for statement in self.tokens.statements(&units) {
            if let [first, name, equals, value @ ..] = statement.as_slice()
                && self.tokens.word(*first) == Some("let")
                && self.tokens.sign(*equals) == Some("=")
                && let Some(name) = self.tokens.word(*name)
            {
                self.locals.push(Local {
                    name: name.to_owned(),
                    what: LocalKind::Let,
                    ty: None,
                    units: value.to_vec(),
                    is_element: false,
                });
            }
        }
    }

    /// Adds the parameters that a template declares in parentheses.
    pub fn add_params(&mut self, group: Unit) {
        let units = self.tokens.inner(group);
        for param in self.tokens.elements(&units) {
            let [name, colon, rest @ ..] = param.as_slice() else {
                continue;
            };
            let (Some(name), Some(":")) = (self.tokens.word(*name), self.tokens.sign(*colon))
            else {
                continue;
            };
            let ends = rest
                .iter()
                .position(|unit| self.tokens.sign(*unit) == Some("="))
                .unwrap_or(rest.len());
            self.locals.push(Local {
                name: name.to_owned(),
                what: LocalKind::Param,
                ty: Some(self.written_type(rest.get(..ends).unwrap_or_default())),
                units: Vec::new(),
                is_element: false,
            });
        }
    }

    /// The type that is written in these units.
    pub fn written_type(&self, units: &[Unit]) -> Ty {
        let members: Vec<Ty> = units
            .split(|unit| self.tokens.sign(*unit) == Some("|"))
            .map(|member| self.type_member(member))
            .collect();
        match <[Ty; 1]>::try_from(members) {
            Ok([member]) => member,
            Err(members) => Ty::Union(members),
        }
    }

    fn type_member(&self, units: &[Unit]) -> Ty {
        match units {
            [] => Ty::Any,
            [inner @ .., last] if self.tokens.sign(*last) == Some("?") => {
                Ty::Optional(Box::new(self.type_member(inner)))
            }
            [group] if self.tokens.delim(*group) == Some(Delim::Paren) => {
                self.written_type(&self.tokens.inner(*group))
            }
            [list, open, inner @ .., close]
                if self.tokens.word(*list) == Some("list")
                    && self.tokens.sign(*open) == Some("<")
                    && self.tokens.sign(*close) == Some(">") =>
            {
                Ty::List(Box::new(self.written_type(inner)))
            }
            [name] => {
                let name = self.tokens.word(*name).unwrap_or_default();
                let schema = self.lookup.schema;
                if schema.enums.contains_key(name) {
                    Ty::Enum(name.into())
                } else if let Some(ty) = Ty::builtin(name) {
                    ty
                } else if schema.kinds.contains_key(name) {
                    Ty::Ref(name.into())
                } else {
                    Ty::Any
                }
            }
            _ => Ty::Any,
        }
    }

    /// The kinds and names of the blocks in a block around the cursor, those of its bases last.
    pub fn children(&self, place: usize) -> Vec<(SmolStr, SmolStr)> {
        let Some(block) = self.blocks.get(place) else {
            return Vec::new();
        };
        let mut found = self.own_children(block.open);
        for child in block.bases.children() {
            let name = child.name.as_ref().map(|name| name.text.clone());
            let child = (child.kind.text.clone(), name.unwrap_or_default());
            if !found.contains(&child) {
                found.push(child);
            }
        }
        found
    }

    /// The kinds and names of the blocks in the body that starts at a token.
    pub fn own_children(&self, open: usize) -> Vec<(SmolStr, SmolStr)> {
        let units = self.tokens.units(open + 1, self.tokens.partner(open));
        self.tokens
            .statements(&units)
            .iter()
            .filter_map(|statement| {
                let (kind, rest) = statement.split_first()?;
                let kind = self.tokens.word(*kind)?;
                if !self.lookup.schema.kinds.contains_key(kind) {
                    return None;
                }
                let name = rest.first().and_then(|unit| self.tokens.name(*unit));
                let is_block = rest.iter().any(|unit| {
                    self.tokens.sign(*unit) == Some(":")
                        || self.tokens.delim(*unit) == Some(Delim::Brace)
                });
                let sets = rest.first().and_then(|unit| self.tokens.sign(*unit)) == Some("=");
                (is_block && !sets)
                    .then(|| (SmolStr::from(kind), SmolStr::from(name.unwrap_or_default())))
            })
            .collect()
    }

    /// The fields set in the body that starts at a token, except in the statement that starts at `except`.
    pub fn own_fields(&self, open: usize, except: usize) -> Vec<&'db str> {
        let units = self.tokens.units(open + 1, self.tokens.partner(open));
        self.tokens
            .statements(&units)
            .iter()
            .filter_map(|statement| match statement.as_slice() {
                [name, equals, ..] if self.tokens.sign(*equals) == Some("=") => {
                    let token = self.tokens.all.get(name.first())?;
                    (token.start != except).then(|| self.tokens.word(*name))?
                }
                _ => None,
            })
            .collect()
    }
}
