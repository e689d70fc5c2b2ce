//! Adds required fields and arguments.

use std::collections::BTreeMap;

use nthc::db::{ItemKey, item, item_entry};
use nthc::eval::index::{BodyPlace, Definition};
use nthc::schema::names::kind;
use nthc::schema::{Ty, params};
use nthc::syntax::tree::{Arg, Base, Block, Expr, ExprNode, ItemNode, Statement, TextRange};

use super::super::formatting::diff::Change;
use super::place::{ActionKind, ItemAt, Offer, Place, insertion};
use super::values::{missing, placeholder};
use crate::nodes::Node;

/// Offers to add the missing fields of the innermost block.
pub fn fields<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, _, path)) = place.path() else {
        return;
    };
    // A template leaves missing fields to its users.
    if !matches!(at.item.node, ItemNode::Block(_)) {
        return;
    }
    let blocks = path.iter().rev().filter_map(|node| match node {
        Node::Block(block) => Some(*block),
        _ => None,
    });
    for block in blocks {
        let lacking = missing_statements(place, at, block);
        if lacking.is_empty() {
            continue;
        }
        let names: Vec<String> = lacking
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let title = match names.as_slice() {
            [name] => format!("Add missing field {name}"),
            names => format!("Add missing fields {}", names.join(", ")),
        };
        let edits = move || Some(insert_statements(place, at, block, &lacking));
        offers.push(Offer {
            is_preferred: true,
            ..Offer::new(ActionKind::QuickFix, title, edits)
        });
        return;
    }
}

/// The missing fields and blocks: names and statements. Empty if the block overrides one of a base.
fn missing_statements(place: &Place<'_>, at: ItemAt<'_>, block: &Block) -> Vec<(String, String)> {
    let bodies = &place.notes(at.key).bodies;
    let is_it = |body: &&BodyPlace| match block.body.range.is_empty() {
        false => body.range == block.body.range,
        true => body.range.is_empty() && body.range.end == block.body.range.end,
    };
    let Some(body) = bodies.iter().find(is_it) else {
        return Vec::new();
    };
    // The fields of a variant are unknown before the variant is.
    let is_partial = body.kind == kind::DEFAULTS;
    let needs_variant =
        body.variant == body.kind && place.schema().variants(&body.kind).next().is_some();
    if needs_variant || is_partial {
        return Vec::new();
    }
    let name = body.block.as_ref().map(|block| block.name.to_string());
    let has = |field: &str| {
        body.set.iter().any(|set| set == field)
            || body.children.iter().any(|(kind, _)| kind == field)
    };
    let parent = body.block.as_ref().and_then(|block| {
        let (_, above) = block.path.split_last()?;
        match above.last() {
            Some((kind, _)) => Some(kind.clone()),
            None => Some(item_entry(place.db(), block.item)?.kind),
        }
    });
    missing(
        place,
        &body.variant,
        &name.unwrap_or_default(),
        parent.as_deref(),
        &has,
    )
}

/// Returns the edits that add each missing field in the prelude's order.
fn insert_statements(
    place: &Place<'_>,
    at: ItemAt<'_>,
    block: &Block,
    lacking: &[(String, String)],
) -> Vec<Change> {
    let indent = place.indent_at(at.start + block.range.start);
    let inner = format!("{indent}  ");
    if block.body.range.is_empty() {
        let lines: Vec<String> = lacking
            .iter()
            .map(|(_, statement)| format!("{inner}{statement}"))
            .collect();
        let text = format!(" {{\n{}\n{indent}}}", lines.join("\n"));
        return vec![insertion((at.start + block.range.end) as usize, text)];
    }
    let kind = match &block.base {
        Some(base) => base.path.segments.last().map(|name| &name.text),
        None => None,
    };
    let schema = place.schema();
    let kind = kind
        .filter(|name| schema.kinds.contains_key(*name))
        .unwrap_or(&block.kind.text);
    let order: Vec<&str> = schema
        .fields(kind)
        .into_iter()
        .map(|field| field.name.as_str())
        .collect();
    let rank = |name: &str| order.iter().position(|known| *known == name);
    let mut places: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (name, statement) in lacking {
        let before = block.body.statements.iter().filter_map(|statement| {
            let (known, range) = match statement {
                Statement::Field(field) => (&field.name.text, field.range),
                Statement::Block(block) => (&block.kind.text, block.range),
                _ => return None,
            };
            (rank(known)? < rank(name)?).then_some(range.end)
        });
        let end = before.max().unwrap_or(block.body.range.start + 1);
        places.entry(end).or_default().push(statement);
    }
    places
        .into_iter()
        .map(|(end, statements)| place.lines_after(at.start + end, &inner, &statements))
        .collect()
}

/// Offers to add the missing arguments of a call of a template or function.
pub fn arguments<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, _, path)) = place.path() else {
        return;
    };
    for node in path.iter().rev() {
        let call = match node {
            Node::Base(base) => base_call(place, at, base),
            Node::Expr(expr) => function_call(place, at, expr),
            Node::Body(_) => None,
            _ => continue,
        };
        // In the body of a block its base is not meant, but on its head it is.
        let call = match (call, node) {
            (None, Node::Body(_)) => return,
            (call, _) => call,
        };
        let Some((lacking, end, given)) = call else {
            continue;
        };
        offer(place, offers, lacking, end, given);
        return;
    }
    if let Some(Node::Block(block)) = path.last()
        && let Some(base) = &block.base
        && let Some((lacking, end, given)) = base_call(place, at, base)
    {
        offer(place, offers, lacking, end, given);
    }
}

/// The parameters without an argument, the end of the call, and whether it has parentheses.
type Call = (Vec<(String, Ty)>, u32, bool);

fn offer<'a>(
    place: &'a Place<'a>,
    offers: &mut Vec<Offer<'a>>,
    lacking: Vec<(String, Ty)>,
    end: u32,
    has_parentheses: bool,
) {
    let names: Vec<String> = lacking
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let title = match names.as_slice() {
        [name] => format!("Add missing argument {name}"),
        names => format!("Add missing arguments {}", names.join(", ")),
    };
    let edits = move || {
        let values: Vec<String> = lacking
            .iter()
            .map(|(name, ty)| format!("{name}: {}", placeholder(place, ty, name, "")))
            .collect();
        let values = values.join(", ");
        if !has_parentheses {
            return Some(vec![insertion(end as usize, format!("({values})"))]);
        }
        let before = place.text.get(..end as usize)?.strip_suffix(')')?;
        let trimmed = before.trim_end();
        let text = match trimmed.chars().next_back()? {
            '(' => values,
            ',' => format!(" {values}"),
            _ => format!(", {values}"),
        };
        Some(vec![insertion(trimmed.len(), text)])
    };
    offers.push(Offer {
        is_preferred: true,
        ..Offer::new(ActionKind::QuickFix, title, edits)
    });
}

fn base_call(place: &Place<'_>, at: ItemAt<'_>, base: &Base) -> Option<Call> {
    let last = base.path.segments.last()?;
    let Definition::Item(template) = meaning(place, at, last.range)? else {
        return None;
    };
    let lacking = lacking_arguments(
        template_params(place, template)?,
        base.args.as_deref().unwrap_or_default(),
    );
    let end = at.start + base.range.end;
    (!lacking.is_empty()).then_some((lacking, end, base.args.is_some()))
}

fn function_call(place: &Place<'_>, at: ItemAt<'_>, expr: &Expr) -> Option<Call> {
    let ExprNode::Call(function, args) = &expr.node else {
        return None;
    };
    // A call with missing arguments has no value, so its name may not be in the notes.
    let name = match (meaning(place, at, function.range), &function.node) {
        (Some(Definition::Function(name)), _) => name,
        (None, ExprNode::Name(name)) => name.text.clone(),
        _ => return None,
    };
    let known = place.schema().functions.get(&name)?;
    let params = known.params.iter().map(|(name, ty, default)| {
        let is_needed = default.is_none() && !ty.is_optional();
        (name.to_string(), ty.clone(), is_needed)
    });
    let lacking = lacking_arguments(params.collect(), args);
    (!lacking.is_empty()).then_some((lacking, at.start + expr.range.end, true))
}

fn meaning(place: &Place<'_>, at: ItemAt<'_>, range: TextRange) -> Option<Definition> {
    let names = &place.notes(at.key).names;
    let named = names.iter().find(|name| name.range == range)?;
    Some(named.meaning.clone())
}

/// The parameters of a template: name, type, and whether an argument is required.
pub fn template_params(place: &Place<'_>, template: ItemKey) -> Option<Vec<(String, Ty, bool)>> {
    let tree = item(place.db(), template).as_ref()?;
    let ItemNode::Template(tree) = &tree.node else {
        return None;
    };
    let params = params(place.schema(), &tree.params, template, &mut Vec::new());
    let params = params.into_iter().map(|(name, ty, default)| {
        let is_needed = default.is_none() && !ty.is_optional();
        (name.to_string(), ty, is_needed)
    });
    Some(params.collect())
}

fn lacking_arguments(params: Vec<(String, Ty, bool)>, args: &[Arg]) -> Vec<(String, Ty)> {
    let positional = args.iter().filter(|arg| arg.name.is_none()).count();
    let is_given = |name: &str| {
        let mut names = args.iter().filter_map(|arg| arg.name.as_ref());
        names.any(|given| given.text == name)
    };
    params
        .into_iter()
        .enumerate()
        .filter(|(position, (name, _, is_needed))| {
            *is_needed && *position >= positional && !is_given(name)
        })
        .map(|(_, (name, ty, _))| (name, ty))
        .collect()
}
