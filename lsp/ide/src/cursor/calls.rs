//! Parameters of templates and functions.

use nthc::eval::expression;
use nthc::schema::{self, COMPILE_TIME, Ty};
use nthc::syntax::tree::{ItemNode, Template};
use smol_str::SmolStr;

use super::place::Callee;
use super::scope::Scope;
use super::statement::Unit;

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name.
    pub name: SmolStr,
    /// The type.
    pub ty: Ty,
    /// The default value, as written; `None` if an argument is required.
    pub default: Option<String>,
    /// The doc comment.
    pub doc: Option<SmolStr>,
}

impl Param {
    /// True if an argument is required.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.ty.is_optional()
    }

    /// The declaration, such as `under: duration = 1s`.
    pub fn declaration(&self) -> String {
        match &self.default {
            Some(default) => format!("{}: {} = {default}", self.name, self.ty),
            None => format!("{}: {}", self.name, self.ty),
        }
    }
}

/// The parameters of a compile-time function.
fn compile_time(name: &str) -> Vec<(&'static str, Ty)> {
    match name {
        "unscoped" => vec![("query", Ty::Vector)],
        "matching" | "not-matching" => vec![
            ("selector", Ty::Selector),
            ("label", Ty::LabelName),
            ("regex", Ty::String),
        ],
        "length" => vec![("list", Ty::List(Box::new(Ty::Any)))],
        "join" => vec![
            ("list", Ty::List(Box::new(Ty::String))),
            ("separator", Ty::String),
        ],
        _ => Vec::new(),
    }
}

impl<'db> Scope<'db> {
    /// The template that a call names.
    pub fn template(&self, kind: &str, path: &[SmolStr]) -> Option<&'db Template> {
        let key = self.lookup.base_item(kind, path, self.file)?;
        match self.lookup.node(key)? {
            ItemNode::Template(template) => Some(template),
            _ => None,
        }
    }

    /// The parameters of a template or function.
    pub fn params(&self, callee: &Callee) -> Vec<Param> {
        let schema = self.lookup.schema;
        let typed = |name: SmolStr, ty: Ty, default: Option<String>| Param {
            name,
            ty,
            default,
            doc: None,
        };
        match callee {
            Callee::Base(kind, path) => {
                let Some(key) = self.lookup.base_item(kind, path, self.file) else {
                    return Vec::new();
                };
                let Some(ItemNode::Template(template)) = self.lookup.node(key) else {
                    return Vec::new();
                };
                let mut ignored = Vec::new();
                let types = schema::params(schema, &template.params, key, &mut ignored);
                let docs = template.params.iter().map(|param| param.doc.clone());
                types
                    .into_iter()
                    .zip(docs)
                    .map(|((name, ty, default), doc)| Param {
                        doc,
                        ..typed(name, ty, default.as_deref().map(expression))
                    })
                    .collect()
            }
            Callee::Function(name) => match schema.functions.get(name.as_str()) {
                Some(function) => function
                    .params
                    .iter()
                    .map(|(name, ty, default)| {
                        typed(name.clone(), ty.clone(), default.as_deref().map(expression))
                    })
                    .collect(),
                None => compile_time(name)
                    .into_iter()
                    .map(|(name, ty)| typed(name.into(), ty, None))
                    .collect(),
            },
        }
    }

    /// True if all arguments can be positional, not only the first.
    pub fn is_positional(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Base(..) => false,
            Callee::Function(name) => {
                !self.lookup.schema.functions.contains_key(name.as_str())
                    && COMPILE_TIME.iter().any(|known| known.name == name)
            }
        }
    }

    /// The expected type of the next operand after these units, in an expression of type `ty`.
    pub fn operand(&self, ty: &Ty, value: &[Unit]) -> Ty {
        let tokens = self.tokens;
        // For `service.` and for a complete operand, the operator is before it.
        let operand = self.last_operand(value).len();
        let value = value.get(..value.len() - operand).unwrap_or_default();
        let Some((last, before)) = value.split_last() else {
            return ty.clone();
        };
        let left = || self.type_of(&self.last_operand(before)).required().clone();
        match tokens.sign(*last).or_else(|| tokens.word(*last)) {
            Some("==" | "!=" | "<" | ">" | "<=" | ">=") => left(),
            Some("in") => Ty::List(Box::new(left())),
            Some("+" | "-") => match left() {
                Ty::Any => ty.clone(),
                known => known,
            },
            Some("*" | "/") => Ty::Number,
            Some("and" | "or" | "not") => match ty.required() {
                Ty::GateCondition => Ty::GateCondition,
                _ => Ty::Bool,
            },
            Some("if") => Ty::Bool,
            _ => ty.clone(),
        }
    }

    /// The units of the last operand.
    pub fn last_operand(&self, units: &[Unit]) -> Vec<Unit> {
        let tokens = self.tokens;
        let is_part =
            |unit: &&Unit| tokens.ends_operand(**unit) || tokens.sign(**unit) == Some(".");
        let taken = units.iter().rev().take_while(is_part).count();
        units
            .get(units.len() - taken..)
            .unwrap_or_default()
            .to_vec()
    }
}
