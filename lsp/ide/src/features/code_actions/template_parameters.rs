//! The contents and the parameters of an extracted template.

use std::collections::{BTreeMap, HashSet};

use nthc::db::Span;
use nthc::eval::index::{Definition, NamedPlace};
use nthc::schema::Ty;
use nthc::schema::names::field;
use nthc::syntax::tree::{Block, Expr, ExprNode, Statement, StringPart, TextRange};

use super::place::{ItemAt, Place, identifier};
use super::template_error::ExtractError;
use super::template_order::{amends, stays_in_order};

/// A parameter of the template, with the argument of the block.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: String,
    /// The argument, as written.
    pub argument: String,
}

/// The contents of the template.
pub struct Extract<'a> {
    /// The item with the block.
    pub at: ItemAt<'a>,
    /// The block.
    pub block: &'a Block,
    /// The range of the statements, from the start of the item; `None` to extract all statements of the block.
    pub statements: Option<TextRange>,
}

impl Extract<'_> {
    fn holds(&self, range: TextRange) -> bool {
        let holds = |outer: TextRange| outer.start <= range.start && range.end <= outer.end;
        let base = self.block.base.as_ref().map(|base| base.range);
        match self.statements {
            Some(statements) => holds(statements) || base.is_some_and(holds),
            None => holds(self.block.body.range) || base.is_some_and(holds),
        }
    }
}

/// Returns the parameters of the template.
///
/// # Errors
/// If the contents cannot be extracted; with the reason.
pub fn plan(place: &Place<'_>, extract: &Extract<'_>) -> Result<Vec<Parameter>, ExtractError> {
    if let Some(statements) = extract.statements {
        stays_in_order(extract.block, statements)?;
    }
    let at = extract.at;
    let notes = place.notes(at.key);
    if extract.block.base.is_none() && amends(extract.block, &notes.bodies) {
        return Err(ExtractError::Overrides);
    }
    let mut parameters = Vec::new();
    for named in notes
        .names
        .iter()
        .filter(|named| extract.holds(named.range))
    {
        let text = place.slice(named.range.shifted(at.start));
        match &named.meaning {
            Definition::Local(Span { item, range })
                if *item == at.key && !extract.holds(*range) =>
            {
                let of_body = extract.statements.is_some()
                    && extract.block.body.range.start <= range.start
                    && range.end <= extract.block.body.range.end;
                if of_body {
                    return Err(ExtractError::DeclaredOutside(text.to_owned()));
                }
                let parameter = Parameter {
                    name: text.to_owned(),
                    ty: type_of(place, at, named)
                        .ok_or_else(|| ExtractError::UnknownType(text.to_owned()))?,
                    argument: text.to_owned(),
                };
                if !parameters.contains(&parameter) {
                    parameters.push(parameter);
                }
            }
            Definition::Block(block)
                if block.item == at.key && !block.path.is_empty() && !named.declares =>
            {
                // A name whose expected type is a reference is resolved where the template is used.
                let is_wanted = notes
                    .values
                    .iter()
                    .any(|value| value.range == named.range && is_reference(&value.expected));
                let is_inside = notes.names.iter().any(|other| {
                    other.declares && other.meaning == named.meaning && extract.holds(other.range)
                });
                if !is_wanted && !is_inside {
                    return Err(ExtractError::RemainsOutside(text.to_owned()));
                }
            }
            _ => {}
        }
    }
    if let Some(statements) = extract.statements {
        let declared_here =
            |range: TextRange| statements.start <= range.start && range.end <= statements.end;
        let is_left = notes.names.iter().find(|named| {
            !extract.holds(named.range)
                && matches!(&named.meaning, Definition::Local(span)
                    if span.item == at.key && declared_here(span.range))
        });
        if let Some(named) = is_left {
            let text = place.slice(named.range.shifted(at.start));
            return Err(ExtractError::UsedOutside(text.to_owned()));
        }
    }
    let taken: HashSet<String> = parameters.iter().map(|known| known.name.clone()).collect();
    let literals = literals(place, extract).into_iter();
    let mut all: Vec<Parameter> = Vec::new();
    for (_, parameter) in literals {
        if !taken.contains(&parameter.name) && !all.contains(&parameter) {
            all.push(parameter);
        }
    }
    all.extend(parameters);
    Ok(all)
}

fn is_reference(ty: &Ty) -> bool {
    match ty {
        Ty::Ref(_) => true,
        Ty::Optional(inner) | Ty::List(inner) => is_reference(inner),
        Ty::Union(members) => members.iter().any(is_reference),
        _ => false,
    }
}

fn type_of(place: &Place<'_>, at: ItemAt<'_>, named: &NamedPlace) -> Option<String> {
    let values = &place.notes(at.key).values;
    let value = values.iter().find(|value| value.range == named.range)?;
    let is_whole = |ty: &Ty| match ty {
        Ty::Any => false,
        Ty::List(inner) => **inner != Ty::Any,
        _ => true,
    };
    let ty = value.value.ty();
    is_whole(&ty).then(|| ty.to_string())
}

/// The texts that distinguish this block from others of its kind: the values in its selector, and its own name if it
/// is passed to a template.
pub fn literals(place: &Place<'_>, extract: &Extract<'_>) -> Vec<(TextRange, Parameter)> {
    let at = extract.at;
    let own_name = extract.block.name.as_ref().map(|name| name.text.as_str());
    let mut found: Vec<(TextRange, Parameter)> = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |expr: &Expr, text: &str, wanted: &str| {
        // A label name is not a string.
        let values = &place.notes(at.key).values;
        let value = values.iter().find(|value| value.range == expr.range);
        if value.is_some_and(|value| *value.expected.required() == Ty::LabelName) {
            return;
        }
        let wanted = identifier(wanted);
        let is_taken = |name: &str| names.values().any(|known| known == name);
        let name = names.get(text).cloned().unwrap_or_else(|| {
            let numbered = (2..).map(|number| format!("{wanted}_{number}"));
            let mut all = std::iter::once(wanted.clone()).chain(numbered);
            all.find(|name| !is_taken(name)).unwrap_or_default()
        });
        names.insert(text.to_owned(), name.clone());
        let argument = place.slice(expr.range.shifted(at.start)).to_owned();
        let ty = "string".to_owned();
        found.push((expr.range, Parameter { name, ty, argument }));
    };
    for arg in extract
        .block
        .base
        .iter()
        .flat_map(|base| base.args.iter().flatten())
    {
        if let Some(text) = plain(&arg.value)
            && own_name == Some(text)
        {
            add(
                &arg.value,
                text,
                arg.name.as_ref().map_or("name", |name| &name.text),
            );
        }
    }
    for statement in &extract.block.body.statements {
        if let Statement::Field(field) = statement
            && field.name.text == field::SELECTOR
            && extract.holds(field.range)
            && let ExprNode::Labels(labels) = &field.value.node
        {
            for label in labels {
                if let Some(text) = plain(&label.value) {
                    add(&label.value, text, &label.name.text);
                }
            }
        }
    }
    found
}

/// The text of a string on one line, without interpolations.
fn plain(expr: &Expr) -> Option<&str> {
    match &expr.node {
        ExprNode::String(string) if !string.multiline => match string.parts.as_slice() {
            [StringPart::Text(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}
