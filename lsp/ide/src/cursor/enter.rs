//! Entering a bracket or a text in a statement: its role, such as body, labels, arguments, text.

use nthc::schema::Ty;
use smol_str::SmolStr;

use super::place::{CallAt, Callee, Place};
use super::scope::{BlockAt, Local, LocalKind, Scope};
use super::statement::Unit;
use super::tokens::{Delim, Kind};
use super::walk::{Role, State, Walk};

/// The head of a statement, as far as its body depends on it.
struct Head {
    kind: SmolStr,
    name: SmolStr,
    base: Vec<SmolStr>,
}

impl Walk<'_> {
    /// The role of a bracket or text that opens after these units.
    pub(super) fn enter(&mut self, role: &Role, state: State, units: &[Unit], open: usize) -> Role {
        let tokens = self.scope.tokens;
        let Some(Kind::Open(delim)) = tokens.kind(open) else {
            return Role::Unknown;
        };
        match (delim, role, state) {
            (Delim::Hole, Role::Text(ty), _) => {
                let texts = matches!(ty.required(), Ty::Text | Ty::Annotations);
                self.scope.in_alert_text = texts;
                Role::Values(Ty::Any)
            }
            (Delim::Hole, ..) => Role::Values(Ty::Any),
            (Delim::Str | Delim::Long, Role::Labels, State::Value(..)) => Role::Text(Ty::String),
            (Delim::Str | Delim::Long, _, state) => Role::Text(self.expected(state)),
            (Delim::Query, _, state) => Role::Query(self.expected(state)),
            (Delim::Paren, _, State::Base(kind, path)) => {
                let (path, _) = tokens.path_before(&path);
                let path = path.iter().map(|word| SmolStr::from(*word)).collect();
                self.call(Callee::Base(kind, path), open)
            }
            (Delim::Paren, _, State::Head) => Role::Params,
            (Delim::Paren, _, State::Is(Place::Argument(_, _, ty))) => {
                Role::Values(ty.unwrap_or(Ty::Any))
            }
            (Delim::Paren, _, State::Value(ty, value)) => {
                match value.last().and_then(|unit| tokens.word(*unit)) {
                    Some(name) if !tokens.wants_operand(&value) => {
                        self.call(Callee::Function(name.to_owned()), open)
                    }
                    _ => Role::Values(self.expected(State::Value(ty, value))),
                }
            }
            (Delim::Bracket, _, state) => Role::Values(self.element(state)),
            (Delim::Brace, Role::Top, state) => self.enter_item(state, units, open),
            (Delim::Brace, Role::Body, state) => self.enter_body(state, units, open),
            (Delim::Brace, _, State::Value(ty, value)) if is_arm(&self.scope, &value) => {
                Role::Values(ty)
            }
            (Delim::Brace, _, State::Value(..) | State::Is(Place::Argument(..))) => Role::Labels,
            _ => Role::Unknown,
        }
    }

    fn call(&mut self, callee: Callee, open: usize) -> Role {
        let tokens = self.scope.tokens;
        let all = tokens.units(open + 1, tokens.partner(open));
        let name = |element: &Vec<Unit>| match element.as_slice() {
            [name, colon, ..] if tokens.sign(*colon) == Some(":") => {
                tokens.word(*name).map(str::to_owned)
            }
            _ => None,
        };
        let named = tokens.elements(&all).iter().filter_map(name).collect();
        self.calls.push(CallAt {
            callee: callee.clone(),
            arguments: Vec::new(),
            named,
        });
        Role::Args(callee)
    }

    /// The expected type in a state.
    fn expected(&self, state: State) -> Ty {
        match state {
            State::Value(ty, value) => self.scope.operand(&ty, &value),
            State::Is(Place::Argument(_, _, Some(ty))) => ty,
            _ => Ty::Any,
        }
    }

    fn element(&self, state: State) -> Ty {
        match self.expected(state).required().list() {
            Some(Ty::List(element)) => (**element).clone(),
            _ => Ty::Any,
        }
    }

    fn enter_item(&mut self, state: State, units: &[Unit], open: usize) -> Role {
        let tokens = self.scope.tokens;
        let statement = tokens.last_statement(units);
        let first = statement.first().and_then(|unit| tokens.word(*unit));
        match first {
            Some("import") => {
                let path = statement.get(1..).unwrap_or_default();
                let path = tokens.incomplete_path(path).unwrap_or_default();
                Role::ImportNames(path.join("."))
            }
            Some("kind" | "extend") => Role::KindBody,
            Some("enum" | "function") => Role::Unknown,
            Some("rule") => {
                self.scope.add_lets(open);
                Role::Body
            }
            Some("let") => match state {
                State::Value(ty, value) if is_arm(&self.scope, &value) => Role::Values(ty),
                _ => Role::Labels,
            },
            Some("template") => {
                let head = self.head(statement.get(1..).unwrap_or_default());
                for unit in &statement {
                    if tokens.delim(*unit) == Some(Delim::Paren) {
                        self.scope.add_params(*unit);
                        break;
                    }
                }
                self.push_block(head, open)
            }
            Some(_) => {
                let head = self.head(&statement);
                self.push_block(head, open)
            }
            None => Role::Unknown,
        }
    }

    fn enter_body(&mut self, state: State, units: &[Unit], open: usize) -> Role {
        let tokens = self.scope.tokens;
        let statement = tokens.last_statement(units);
        let Some(first) = statement.first() else {
            return Role::Unknown;
        };
        match (tokens.word(*first), state) {
            (Some("if" | "for" | "in"), State::Value(_, value))
                if !tokens.wants_operand(&value) || tokens.word(*first) == Some("for") =>
            {
                self.enter_loop(&statement);
                self.scope.add_lets(open);
                Role::Body
            }
            (Some("if" | "in"), State::Is(_) | State::Head) => {
                self.scope.add_lets(open);
                Role::Body
            }
            (_, State::Value(ty, value)) if is_arm(&self.scope, &value) => Role::Values(ty),
            (_, State::Value(..)) => Role::Labels,
            (Some(_), _) => {
                let head = self.head(&statement);
                self.push_block(head, open)
            }
            (None, _) => Role::Unknown,
        }
    }

    pub(super) fn enter_loop(&mut self, statement: &[Unit]) {
        let tokens = self.scope.tokens;
        let [word, name, within, list @ ..] = statement else {
            return;
        };
        if tokens.word(*word) != Some("for") || tokens.word(*within) != Some("in") {
            return;
        }
        let ends = list
            .iter()
            .position(|unit| tokens.word(*unit) == Some("where"));
        let list = list.get(..ends.unwrap_or(list.len())).unwrap_or_default();
        self.scope.locals.push(Local {
            name: tokens.word(*name).unwrap_or_default().to_owned(),
            what: LocalKind::Loop,
            ty: None,
            units: list.to_vec(),
            is_element: true,
        });
    }

    fn head(&self, units: &[Unit]) -> Head {
        let tokens = self.scope.tokens;
        let word = |place: usize| units.get(place).and_then(|unit| tokens.name(*unit));
        let colon = units
            .iter()
            .position(|unit| tokens.sign(*unit) == Some(":"));
        let base = colon
            .and_then(|colon| units.get(colon + 1..))
            .unwrap_or_default();
        let path_units: Vec<Unit> = base
            .iter()
            .copied()
            .take_while(|unit| tokens.delim(*unit).is_none())
            .collect();
        let (path, _) = tokens.path_before(&path_units);
        Head {
            kind: word(0).unwrap_or_default().into(),
            name: word(1).unwrap_or_default().into(),
            base: path.iter().map(|word| SmolStr::from(*word)).collect(),
        }
    }

    fn push_block(&mut self, head: Head, open: usize) -> Role {
        let lookup = self.scope.lookup;
        let outer = self.scope.blocks.last();
        let inherited =
            outer.map(|outer| lookup.nested_bases(&outer.bases, &head.kind, &head.name));
        let bases = if head.base.is_empty() {
            inherited.unwrap_or_default()
        } else {
            lookup.path_bases(&head.kind, &head.base, self.scope.file)
        };
        self.scope.blocks.push(BlockAt {
            kind: head.kind,
            name: head.name,
            bases,
            open,
        });
        self.scope.add_lets(open);
        Role::Body
    }
}

/// True if braces after these units are a branch of an `if`, and not labels.
fn is_arm(scope: &Scope<'_>, value: &[Unit]) -> bool {
    let tokens = scope.tokens;
    let word = |unit: &Unit| tokens.word(*unit);
    value.iter().any(|unit| word(unit) == Some("if"))
        && (!tokens.wants_operand(value) || value.last().and_then(word) == Some("else"))
}
