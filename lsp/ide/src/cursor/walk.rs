//! The walk from the item inwards: the role of each level of nesting around the cursor, and what is expected in it.

use nthc::schema::Ty;
use smol_str::SmolStr;

use super::place::{CallAt, Callee, Kinds, Place};
use super::scope::{Local, LocalKind, Scope};
use super::statement::{Level, Unit};
use super::tokens::{Delim, Kind};

/// The role of a level of nesting.
#[derive(Debug, Clone)]
pub(super) enum Role {
    Top,
    Body,
    KindBody,
    ImportNames(String),
    Labels,
    Params,
    Args(Callee),
    /// Values of this type: in parentheses, in a branch of an `if`, in an interpolation, or as elements of a list.
    Values(Ty),
    Text(Ty),
    Query(Ty),
    Unknown,
}

/// The continuation of a statement.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// The start of a statement.
    Start,
    /// An expression of this type, with its units so far.
    Value(Ty, Vec<Unit>),
    /// A base: the kind of the block, and the units after the colon.
    Base(SmolStr, Vec<Unit>),
    /// After a head: parentheses with parameters, or braces.
    Head,
    /// Known already.
    Is(Place),
}

/// The walk.
pub struct Walk<'db> {
    /// The scope, collected on the way.
    pub scope: Scope<'db>,
    /// The calls, collected on the way.
    pub calls: Vec<CallAt>,
}

impl<'db> Walk<'db> {
    /// Creates a walk that has not begun.
    pub fn new(scope: Scope<'db>) -> Self {
        Self {
            scope,
            calls: Vec::new(),
        }
    }

    /// Walks through the levels. Returns what is expected in the last one.
    pub fn go(&mut self, levels: &[Level]) -> Place {
        let mut role = Role::Top;
        for (place, level) in levels.iter().enumerate() {
            let state = self.state(&role, &level.units);
            match levels.get(place + 1).and_then(|next| next.open) {
                Some(open) => role = self.enter(&role, state, &level.units, open),
                None => return self.place(&role, state, level.open),
            }
        }
        Place::Nothing
    }

    fn state(&mut self, role: &Role, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        match role {
            Role::Top => self.top_state(&tokens.last_statement(units)),
            Role::Body => self.body_state(&tokens.last_statement(units)),
            Role::KindBody => self.field_state(units),
            Role::ImportNames(module) => {
                let given = units.iter().filter_map(|unit| tokens.word(*unit));
                let given = given.map(str::to_owned).collect();
                State::Is(Place::ImportNames(module.clone(), given))
            }
            Role::Labels => match tokens.last_statement(units).as_slice() {
                [] => State::Start,
                [_, op, value @ ..]
                    if matches!(tokens.sign(*op), Some("=" | "!=" | "=~" | "!~")) =>
                {
                    State::Value(Ty::String, value.to_vec())
                }
                _ => State::Is(Place::Nothing),
            },
            Role::Params => {
                let param = tokens.elements(units).pop().unwrap_or_default();
                self.declaration_state(&param)
            }
            Role::Args(callee) => {
                let name = |units: &Vec<Unit>| match units.as_slice() {
                    [name, colon, ..] if tokens.sign(*colon) == Some(":") => {
                        tokens.word(*name).map(str::to_owned)
                    }
                    _ => None,
                };
                let arguments = tokens.elements(units).iter().map(name).collect();
                if let Some(call) = self.calls.last_mut() {
                    call.arguments = arguments;
                }
                self.argument(callee, units)
            }
            Role::Values(ty) => {
                let value = tokens.elements(units).pop().unwrap_or_default();
                State::Value(ty.clone(), value)
            }
            Role::Text(_) | Role::Query(_) | Role::Unknown => State::Start,
        }
    }

    fn top_state(&mut self, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let Some((first, rest)) = units.split_first() else {
            return State::Start;
        };
        let Some(word) = tokens.word(*first) else {
            return State::Is(Place::Nothing);
        };
        self.scope.root = word.into();
        match word {
            "import" => match tokens.incomplete_path(rest) {
                Some(path) => {
                    let path = path.into_iter().map(str::to_owned).collect();
                    State::Is(Place::ImportPath(path))
                }
                None if tokens.path_before(rest).1 == rest.len() => {
                    State::Is(Place::Keywords(&["as"]))
                }
                None => State::Is(Place::Nothing),
            },
            "template" => match rest {
                [] => State::Is(Place::Kinds(Kinds::All)),
                [kind, rest @ ..] => {
                    self.scope.is_template = true;
                    self.head_state(*kind, rest)
                }
            },
            "kind" => {
                let last = rest.last();
                let after = |words: &[&str]| {
                    last.and_then(|unit| tokens.sign(*unit).or_else(|| tokens.word(*unit)))
                        .is_some_and(|last| words.contains(&last))
                };
                match rest {
                    [] => State::Is(Place::Nothing),
                    [_] => State::Is(Place::Keywords(&["in"])),
                    _ if after(&["in", ",", ":"]) => State::Is(Place::Kinds(Kinds::All)),
                    _ => State::Head,
                }
            }
            "extend" => match rest {
                [] => State::Is(Place::Keywords(&["kind"])),
                [_] => State::Is(Place::Kinds(Kinds::Variants)),
                _ => State::Head,
            },
            "enum" | "rule" => State::Head,
            "function" => match rest.last().and_then(|unit| tokens.sign(*unit)) {
                Some("->" | "|" | "<") => State::Is(Place::Type),
                _ => State::Head,
            },
            "let" => self.let_state(rest),
            _ => match rest {
                [equals, ..] if tokens.sign(*equals) == Some("=") => State::Is(Place::Nothing),
                _ => self.head_state(*first, rest),
            },
        }
    }

    fn let_state(&self, rest: &[Unit]) -> State {
        match rest {
            [_, equals, value @ ..] if self.scope.tokens.sign(*equals) == Some("=") => {
                State::Value(Ty::Any, value.to_vec())
            }
            _ => State::Is(Place::Nothing),
        }
    }

    /// After a kind: a name, a colon, a base.
    fn head_state(&self, kind: Unit, rest: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let kind: SmolStr = tokens.word(kind).unwrap_or_default().into();
        let colon = rest.iter().position(|unit| tokens.sign(*unit) == Some(":"));
        match colon {
            Some(colon) => {
                let base = rest.get(colon + 1..).unwrap_or_default();
                State::Base(kind, base.to_vec())
            }
            None if rest.is_empty() && !self.scope.is_template && !self.scope.blocks.is_empty() => {
                State::Is(Place::BlockName(kind))
            }
            None => State::Head,
        }
    }

    fn body_state(&mut self, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let Some((first, rest)) = units.split_first() else {
            return State::Start;
        };
        if let [equals, value @ ..] = rest
            && tokens.sign(*equals) == Some("=")
        {
            let name = tokens.name(*first).unwrap_or_default();
            let ty = self.scope.blocks.last().map_or(Ty::Any, |block| {
                let field = self.scope.lookup.schema.field(&block.fields_of(), name);
                field.map_or(Ty::Any, |field| field.ty.clone())
            });
            return State::Value(ty, value.to_vec());
        }
        let position = |word: &str| {
            let at = rest
                .iter()
                .rposition(|unit| tokens.word(*unit) == Some(word));
            at.map(|at| rest.get(at + 1..).unwrap_or_default().to_vec())
        };
        match tokens.word(*first) {
            Some("let") => self.let_state(rest),
            Some("for") => match (position("where"), position("in"), rest) {
                (Some(condition), _, _) => {
                    self.enter_loop(units);
                    State::Value(Ty::Bool, condition)
                }
                (None, Some(list), _) => State::Value(Ty::List(Box::new(Ty::Any)), list),
                (None, None, [_]) => State::Is(Place::Keywords(&["in"])),
                _ => State::Is(Place::Nothing),
            },
            Some("if") => {
                let condition = position("if").unwrap_or_else(|| rest.to_vec());
                match condition
                    .iter()
                    .position(|unit| tokens.delim(*unit) == Some(Delim::Brace))
                {
                    Some(_)
                        if condition.last().and_then(|unit| tokens.word(*unit)) == Some("else") =>
                    {
                        State::Is(Place::Keywords(&["if"]))
                    }
                    Some(_) => State::Is(Place::Body),
                    None => State::Value(Ty::Bool, condition),
                }
            }
            Some("in") => match rest {
                [] => State::Is(Place::Environment),
                _ => State::Head,
            },
            Some("without") => match rest {
                [] => State::Is(Place::RemovedKind),
                [kind] => State::Is(Place::RemovedName(
                    tokens.word(*kind).unwrap_or_default().into(),
                )),
                _ => State::Is(Place::Body),
            },
            Some("require") => match position("else") {
                Some(message) => State::Value(Ty::String, message),
                None => State::Value(Ty::Bool, rest.to_vec()),
            },
            Some(_) => self.head_state(*first, rest),
            None => State::Is(Place::Nothing),
        }
    }

    /// In the body of a kind: the type, bound or default of a field.
    fn field_state(&mut self, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let is_end = |unit: &Unit| {
            tokens.sign(*unit) == Some(",")
                || matches!(unit, Unit::Token(token) if tokens.kind(*token) == Some(Kind::Newline))
        };
        let field = units.rsplit(is_end).next().unwrap_or_default();
        let condition = field
            .iter()
            .position(|unit| tokens.word(*unit) == Some("where"));
        if let Some(place) = condition
            && !field.iter().any(|unit| tokens.sign(*unit) == Some("="))
        {
            let ty = self
                .scope
                .written_type(field.get(2..place).unwrap_or_default());
            self.scope.locals.push(Local {
                name: "it".to_owned(),
                what: LocalKind::Param,
                ty: Some(ty),
                units: Vec::new(),
                is_element: false,
            });
            return State::Value(
                Ty::Bool,
                field.get(place + 1..).unwrap_or_default().to_vec(),
            );
        }
        self.declaration_state(field)
    }

    /// After a declared name: its type and default.
    fn declaration_state(&self, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let [_, colon, rest @ ..] = units else {
            return State::Is(Place::Nothing);
        };
        if tokens.sign(*colon) != Some(":") {
            return State::Is(Place::Nothing);
        }
        let ends =
            |unit: &Unit| tokens.sign(*unit) == Some("=") || tokens.word(*unit) == Some("where");
        let written = rest.iter().position(ends).unwrap_or(rest.len());
        let ty = self
            .scope
            .written_type(rest.get(..written).unwrap_or_default());
        match rest.iter().position(|unit| tokens.sign(*unit) == Some("=")) {
            Some(equals) => State::Value(ty, rest.get(equals + 1..).unwrap_or_default().to_vec()),
            None => match rest.last() {
                None => State::Is(Place::Type),
                Some(last) if matches!(tokens.sign(*last), Some("|" | "<")) => {
                    State::Is(Place::Type)
                }
                Some(last) if tokens.word(*last) == Some("one") => {
                    State::Is(Place::Kinds(Kinds::All))
                }
                Some(_) => State::Is(Place::Keywords(&["where"])),
            },
        }
    }

    fn argument(&self, callee: &Callee, units: &[Unit]) -> State {
        let tokens = self.scope.tokens;
        let elements = tokens.elements(units);
        let Some((current, before)) = elements.split_last() else {
            return State::Is(Place::Nothing);
        };
        let params = self.scope.params(callee);
        if let [name, colon, value @ ..] = current.as_slice()
            && tokens.sign(*colon) == Some(":")
        {
            let name = tokens.word(*name).unwrap_or_default();
            let param = params.iter().find(|param| param.name == name);
            let ty = param.map_or(Ty::Any, |param| param.ty.clone());
            return State::Value(ty, value.to_vec());
        }
        let takes_value = before.is_empty() || self.scope.is_positional(callee);
        let ty = params
            .get(before.len())
            .filter(|_| takes_value)
            .map(|param| param.ty.clone());
        if !current.is_empty() {
            return State::Value(ty.unwrap_or(Ty::Any), current.clone());
        }
        let named = self.calls.last().map(|call| call.named.clone());
        State::Is(Place::Argument(
            callee.clone(),
            named.unwrap_or_default(),
            ty,
        ))
    }

    /// Returns what is expected in the innermost level.
    fn place(&mut self, role: &Role, state: State, open: Option<usize>) -> Place {
        let tokens = self.scope.tokens;
        match (role, state) {
            (Role::Text(ty), _) => Place::Text(ty.clone()),
            (Role::Query(ty), _) => {
                open.map_or(Place::Nothing, |open| Place::Query(open, ty.clone()))
            }
            (Role::Top, State::Start) => Place::Top,
            (Role::Body, State::Start) => Place::Body,
            (Role::Labels, State::Start) => {
                let open = open.unwrap_or_default();
                let given = self.scope.own_fields(open, usize::MAX);
                Place::LabelKey(given.into_iter().map(str::to_owned).collect())
            }
            (_, State::Is(place)) => place,
            (_, State::Base(kind, units)) => match tokens.incomplete_path(&units) {
                Some(path) => Place::Base(kind, path.into_iter().map(SmolStr::from).collect()),
                None => Place::Nothing,
            },
            (role, State::Value(ty, value)) => self.value_place(role, ty, value),
            _ => Place::Nothing,
        }
    }

    fn value_place(&self, role: &Role, ty: Ty, value: Vec<Unit>) -> Place {
        let tokens = self.scope.tokens;
        if value.last().and_then(|unit| tokens.sign(*unit)) == Some(".") {
            let object = value.get(..value.len() - 1).unwrap_or_default();
            let operand = self.scope.last_operand(object);
            let expected = self.scope.operand(&ty, &value);
            return Place::Member(operand, expected);
        }
        if tokens.wants_operand(&value) {
            return Place::Value(self.scope.operand(&ty, &value));
        }
        match role {
            Role::Body => match ty {
                Ty::List(element) if *element == Ty::Any => Place::Keywords(&["where"]),
                _ => Place::Body,
            },
            Role::Labels => Place::LabelKey(Vec::new()),
            _ => Place::Keywords(&["and", "or", "in", "else"]),
        }
    }
}
