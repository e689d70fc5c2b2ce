//! Types of half-typed expressions: names, members, calls and literals.

use nthc::db::{ItemClass, ItemKey, SourceFile};
use nthc::eval::let_value;
use nthc::resolve::{Want, module_named, resolve_path};
use nthc::schema::Ty;
use nthc::schema::names::kind;
use smol_str::SmolStr;

use super::scope::Scope;
use super::statement::Unit;
use super::tokens::{Delim, Kind};

/// Maximum length of a chain of names that refer to each other.
const DEEPEST: usize = 12;

/// The meaning of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing {
    /// A value of a type.
    Ty(Ty),
    /// A top-level block of a kind.
    Item(SmolStr, ItemKey),
    /// A block around the cursor, by its index in [`Scope::blocks`].
    Enclosing(usize),
    /// A block by kind and name, in the block around the cursor with this index.
    Nested(usize, SmolStr, SmolStr),
    /// A module.
    Module(SourceFile),
    /// The labels of a firing alert.
    AlertLabels,
}

impl Thing {
    /// The type; `Any` for anything that is no value.
    pub fn ty(&self, scope: &Scope<'_>) -> Ty {
        match self {
            Self::Ty(ty) => ty.clone(),
            Self::Item(kind, _) | Self::Nested(_, kind, _) => Ty::Ref(kind.clone()),
            Self::Enclosing(place) => scope
                .blocks
                .get(*place)
                .map_or(Ty::Any, |block| Ty::Ref(block.kind.clone())),
            Self::Module(_) | Self::AlertLabels => Ty::Any,
        }
    }
}

impl<'db> Scope<'db> {
    /// Infers the meaning of an expression; `None` if it is not known.
    pub fn infer(&self, units: &[Unit]) -> Option<Thing> {
        self.infer_within(units, DEEPEST)
    }

    /// Infers the type of an expression; `Any` if it is not known.
    pub fn type_of(&self, units: &[Unit]) -> Ty {
        self.infer(units).map_or(Ty::Any, |thing| thing.ty(self))
    }

    fn infer_within(&self, units: &[Unit], left: usize) -> Option<Thing> {
        let left = left.checked_sub(1)?;
        let tokens = self.tokens;
        let compares = |unit: &Unit| {
            tokens
                .sign(*unit)
                .is_some_and(|sign| matches!(sign, "==" | "!=" | "<" | ">" | "<=" | ">="))
                || tokens
                    .word(*unit)
                    .is_some_and(|word| matches!(word, "and" | "or" | "not" | "in"))
        };
        if units.iter().any(compares) {
            return Some(Thing::Ty(Ty::Bool));
        }
        // A sum has the type of its first operand; a leading sign does not matter.
        let is_sum = |unit: &Unit| {
            tokens
                .sign(*unit)
                .is_some_and(|sign| matches!(sign, "+" | "-" | "*" | "/"))
        };
        let skipped = units.iter().take_while(|unit| is_sum(unit)).count();
        let units = units.get(skipped..)?;
        let first = units.split(is_sum).next()?;
        let (last, before) = first.split_last()?;
        match *last {
            Unit::Group(open, _) => match tokens.delim(*last)? {
                Delim::Str | Delim::Long => Some(Thing::Ty(Ty::String)),
                Delim::Query => Some(Thing::Ty(Ty::Vector)),
                Delim::Brace => Some(Thing::Ty(Ty::Labels)),
                Delim::Bracket => {
                    let inner = tokens.inner(*last);
                    let elements = tokens.elements(&inner);
                    let element = elements.first().filter(|units| !units.is_empty());
                    let ty = element
                        .and_then(|units| self.infer_within(units, left))
                        .map_or(Ty::Any, |thing| thing.ty(self));
                    Some(Thing::Ty(Ty::List(Box::new(ty))))
                }
                Delim::Paren if before.is_empty() => {
                    self.infer_within(&tokens.inner(Unit::Group(open, tokens.partner(open))), left)
                }
                Delim::Paren => {
                    let name = tokens.word(*before.last()?)?;
                    self.result_of(name)
                }
                Delim::Hole => None,
            },
            Unit::Token(token) => match tokens.kind(token)? {
                Kind::Number => Some(Thing::Ty(number_type(tokens.text(token)))),
                Kind::Word => {
                    let (path, _) = tokens.path_before(first);
                    self.path(&path, left)
                }
                _ => None,
            },
        }
    }

    fn result_of(&self, function: &str) -> Option<Thing> {
        if let Some(known) = self.lookup.schema.functions.get(function) {
            return Some(Thing::Ty(known.result.clone()));
        }
        Some(Thing::Ty(match function {
            "unscoped" => Ty::Vector,
            "matching" | "not-matching" => Ty::Selector,
            "length" => Ty::Number,
            "join" => Ty::String,
            "environment" => Ty::Ref(kind::ENVIRONMENT.into()),
            _ => return None,
        }))
    }

    /// The meaning of a path of names.
    pub fn path(&self, path: &[&str], left: usize) -> Option<Thing> {
        let (first, rest) = path.split_first()?;
        let mut thing = self.name(first, rest.is_empty(), left)?;
        for member in rest {
            thing = self.member(&thing, member)?;
        }
        Some(thing)
    }

    fn name(&self, name: &str, alone: bool, left: usize) -> Option<Thing> {
        if let Some(local) = self.locals.iter().rev().find(|local| local.name == name) {
            return Some(match &local.ty {
                Some(ty) => Thing::Ty(ty.clone()),
                None => {
                    let thing = self.infer_within(&local.units, left)?;
                    match (local.is_element, thing) {
                        (false, thing) => thing,
                        (true, Thing::Ty(Ty::List(element))) => Thing::Ty(*element),
                        (true, _) => return None,
                    }
                }
            });
        }
        if matches!(name, "true" | "false") {
            return Some(Thing::Ty(Ty::Bool));
        }
        if self.in_alert_text && name == "labels" {
            return Some(Thing::AlertLabels);
        }
        if self.in_alert_text && name == "external" {
            return Some(Thing::Ty(Ty::Labels));
        }
        if self.in_alert_text && name == "value" {
            return Some(Thing::Ty(Ty::Number));
        }
        if let Some(place) = self.blocks.iter().rposition(|block| block.kind == name) {
            return Some(Thing::Enclosing(place));
        }
        if self.is_above(name) {
            return Some(Thing::Ty(Ty::Ref(name.into())));
        }
        let (db, workspace) = (self.lookup.db, self.lookup.workspace);
        if !alone && let Some(module) = module_named(db, workspace, self.file, name) {
            return Some(Thing::Module(module));
        }
        let path = [SmolStr::from(name)];
        let found =
            |class, kind: &str| resolve_path(db, workspace, self.file, &path, Want { class, kind });
        if let Some(key) = found(ItemClass::Let, "") {
            let value = let_value(db, workspace, key, None)?;
            return Some(match value {
                nthc::eval::Value::Block(block) if block.path.is_empty() => {
                    Thing::Item(block.kind, block.item)
                }
                value => Thing::Ty(value.ty()),
            });
        }
        for (place, block) in self.blocks.iter().enumerate().rev() {
            let child = self
                .children(place)
                .into_iter()
                .find(|child| child.1 == name);
            if let Some((kind, name)) = child {
                return Some(Thing::Nested(place, kind, name));
            }
            if block.kind == kind::SERVICE {
                break;
            }
        }
        for kind in self.lookup.schema.top_level() {
            if let Some(key) = found(ItemClass::Block, &kind.name) {
                return Some(Thing::Item(kind.name.clone(), key));
            }
        }
        if let Some(key) = workspace.environments(db).get(name) {
            return Some(Thing::Item(kind::ENVIRONMENT.into(), *key));
        }
        let plural = self
            .lookup
            .schema
            .top_level()
            .find(|kind| self.root == "rule" && plural(&kind.name) == name)?;
        Some(Thing::Ty(list_of(&plural.name)))
    }

    /// True if the block of the template around the cursor belongs in a block of this kind.
    pub fn is_above(&self, kind: &str) -> bool {
        let schema = self.lookup.schema;
        self.is_template
            && self.blocks.first().is_some_and(|block| {
                let mut kinds: Vec<&str> = vec![&block.kind];
                let mut seen = 0;
                while let Some(at) = kinds.get(seen) {
                    let parents = schema.kinds.get(*at).map(|known| known.parents.as_slice());
                    for parent in parents.unwrap_or_default() {
                        if parent == kind {
                            return true;
                        }
                        if !kinds.contains(&parent.as_str()) {
                            kinds.push(parent);
                        }
                    }
                    seen += 1;
                }
                false
            })
    }

    /// The meaning of a member.
    pub fn member(&self, thing: &Thing, name: &str) -> Option<Thing> {
        if let Thing::Module(file) = thing {
            return self.item_of(*file, name);
        }
        let kinds = match thing.ty(self) {
            Ty::Ref(kind) => kind,
            Ty::Optional(inner) => match *inner {
                Ty::Ref(kind) => kind,
                _ => return None,
            },
            Ty::Labels | Ty::Matchers | Ty::Annotations => return Some(Thing::Ty(Ty::String)),
            _ => return None,
        };
        let kind = match thing {
            Thing::Enclosing(place) => self.blocks.get(*place).map(|block| block.fields_of()),
            _ => None,
        }
        .unwrap_or(kinds);
        if name == "name" {
            return Some(Thing::Ty(Ty::String));
        }
        let schema = self.lookup.schema;
        if let Some(field) = schema.field(&kind, name)
            && !matches!(field.ty, Ty::One(..))
        {
            return Some(Thing::Ty(field.ty.required().clone()));
        }
        let child = self
            .child_kinds(&kind)
            .into_iter()
            .find(|child| plural(child) == name)?;
        Some(Thing::Ty(list_of(&child)))
    }

    /// The kinds of blocks that are allowed in a block of a kind.
    pub fn child_kinds(&self, kind: &str) -> Vec<SmolStr> {
        let children = self.lookup.schema.children(kind);
        children.map(|child| child.name.clone()).collect()
    }

    fn item_of(&self, file: SourceFile, name: &str) -> Option<Thing> {
        let (db, workspace) = (self.lookup.db, self.lookup.workspace);
        let names = nthc::db::file_names(db, file);
        if let Some(key) = names.get(ItemClass::Let, "", name) {
            return let_value(db, workspace, key, None).map(|value| Thing::Ty(value.ty()));
        }
        let entry = names
            .of_class(ItemClass::Block)
            .find(|entry| entry.name == name)?;
        Some(Thing::Item(entry.kind.clone(), entry.key))
    }
}

fn list_of(kind: &SmolStr) -> Ty {
    Ty::List(Box::new(Ty::Ref(kind.clone())))
}

/// The name for all blocks of a kind: `alerts`, `dependencies`.
pub fn plural(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => kind.to_owned(),
        None => format!("{kind}s"),
    }
}

/// The type of a number, by its unit.
pub fn number_type(text: &str) -> Ty {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    match unit {
        "" => Ty::Number,
        "%" => Ty::Percent,
        "/s" | "/m" | "/h" => Ty::Rate,
        unit if unit.starts_with(':') => Ty::TimeOfDay,
        unit if unit.ends_with('B') => Ty::Size,
        _ => Ty::Duration,
    }
}
