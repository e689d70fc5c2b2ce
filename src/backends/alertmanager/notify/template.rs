//! The Go templates of messages, as far as [`crate::receivers::message`] uses that language. Everything else is an error.

mod parser;
mod render;
mod tokens;

use std::collections::BTreeMap;

pub use render::{Alert, Data};

use super::RenderError;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Node>);

/// The templates that others include, by name.
pub type Definitions = BTreeMap<String, Template>;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Print(Expr),
    /// `{{ $name := value }}`
    Declare(String, Expr),
    /// `{{ $name = value }}`
    Assign(String, Expr),
    /// `{{ template "name" value }}`
    Include(String, Expr),
    If {
        condition: Expr,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    With {
        value: Expr,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Range {
        /// The variables of the index and the element.
        variables: Option<(String, String)>,
        list: Expr,
        body: Vec<Node>,
    },
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expr {
    Text(String),
    Number(i64),
    /// The dot, and fields of it.
    Dot(Vec<String>),
    /// A variable, and fields of it.
    Variable(String, Vec<String>),
    Call(String, Vec<Expr>),
}

impl Template {
    /// Parses a template without definitions.
    pub fn parse(text: &str) -> Result<Self, RenderError> {
        let (template, definitions) = parser::parse(text)?;
        match definitions.keys().next() {
            None => Ok(template),
            Some(name) => Err(RenderError::new(format!("unexpected definition `{name}`"))),
        }
    }

    /// Parses a file of definitions.
    pub fn definitions(text: &str) -> Result<Definitions, RenderError> {
        Ok(parser::parse(text)?.1)
    }
}
