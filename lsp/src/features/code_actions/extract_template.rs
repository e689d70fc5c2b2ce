//! Makes a template of a block, or of some of its statements, and has the block use it. What is built stays the same.

use std::collections::{BTreeMap, HashSet};

use nthc::db::Span;
use nthc::eval::notes::{Meaning, NamedPlace};
use nthc::schema::Ty;
use nthc::syntax::comments::comments;
use nthc::syntax::structure::PartKind;
use nthc::syntax::tree::{Block, Body, Expr, ExprNode, Statement, StringPart, TextRange};
use smol_str::SmolStr;
use tower_lsp::lsp_types::CodeActionKind;

use super::super::formatting::diff::{Change, apply};
use super::super::formatting::layout::whole_lines;
use super::environments::innermost_body;
use super::place::{ItemAt, Offer, Place, identifier, insertion, replacement};
use crate::nodes::{Node, statement_range};

/// A parameter of the template, and what the block gives for it.
#[derive(Debug, Clone, PartialEq)]
struct Parameter {
    name: String,
    ty: String,
    argument: String,
}

/// What goes into the template.
struct Extract<'a> {
    at: ItemAt<'a>,
    block: &'a Block,
    /// The statements, by the bytes of the item; nothing where all of the block's go.
    statements: Option<TextRange>,
}

/// Offers a template of the block whose head the cursor is on, or of the selected statements.
pub fn extract<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some((at, within, path)) = place.path() else {
        return;
    };
    let blocks: Vec<&Block> = path
        .iter()
        .filter_map(|node| match node {
            Node::Block(block) => Some(*block),
            _ => None,
        })
        .collect();
    let Some(block) = blocks.last().copied() else {
        return;
    };
    let is_on_head = within.end <= block.head.end || within == block.range;
    let kind = CodeActionKind::REFACTOR_EXTRACT;
    let (title, extract) = if is_on_head {
        let extract = Extract {
            at,
            block,
            statements: None,
        };
        (
            format!("Extract a template of this {}", block.kind.text),
            extract,
        )
    } else {
        // In a loop, a condition or an environment a statement is not always the block's.
        let is_its_own =
            innermost_body(&path, within).is_some_and(|body| body.range == block.body.range);
        let chosen = chosen(block, within);
        let (Some(statements), true, false) = (chosen, is_its_own, within.is_empty()) else {
            return;
        };
        let extract = Extract {
            at,
            block,
            statements: Some(statements),
        };
        ("Extract the statements into a template".to_owned(), extract)
    };
    if !at.item.errors.is_empty() || !place.schema().kinds.contains_key(&block.kind.text) {
        return;
    }
    if block.body.statements.is_empty() && block.base.is_none() {
        return;
    }
    match plan(place, &extract) {
        Err(reason) => offers.push(Offer::refused(kind, title, reason)),
        Ok(parameters) => offers.push(Offer::new(kind, title, move || {
            changes(place, &extract, &parameters)
        })),
    }
}

/// From the first to the last of the block's own statements that are selected whole.
fn chosen(block: &Block, within: TextRange) -> Option<TextRange> {
    let own = block.body.statements.iter().map(statement_range);
    own.filter(|range| within.start <= range.start && range.end <= within.end)
        .reduce(TextRange::to)
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

/// The parameters that the template needs, or why there can be none.
fn plan(place: &Place<'_>, extract: &Extract<'_>) -> Result<Vec<Parameter>, String> {
    if let Some(statements) = extract.statements {
        stays_in_order(extract.block, statements)?;
    }
    let at = extract.at;
    let notes = place.notes(at.key);
    let mut parameters = Vec::new();
    for named in notes
        .names
        .iter()
        .filter(|named| extract.holds(named.range))
    {
        let text = place.slice(named.range.shifted(at.start));
        match &named.meaning {
            Meaning::Local(Span { item, range }) if *item == at.key && !extract.holds(*range) => {
                let of_body = extract.statements.is_some()
                    && extract.block.body.range.start <= range.start
                    && range.end <= extract.block.body.range.end;
                if of_body {
                    return Err(format!("`{text}` is declared in what stays"));
                }
                let parameter = Parameter {
                    name: text.to_owned(),
                    ty: type_of(place, at, named)
                        .ok_or_else(|| format!("the type of `{text}` is not known"))?,
                    argument: text.to_owned(),
                };
                if !parameters.contains(&parameter) {
                    parameters.push(parameter);
                }
            }
            Meaning::Block(block)
                if block.item == at.key && !block.path.is_empty() && !named.declares =>
            {
                // A name whose place wants its kind is looked up where the template is used.
                let is_wanted = notes
                    .values
                    .iter()
                    .any(|value| value.range == named.range && is_reference(&value.expected));
                let is_inside = notes.names.iter().any(|other| {
                    other.declares && other.meaning == named.meaning && extract.holds(other.range)
                });
                if !is_wanted && !is_inside {
                    return Err(format!("`{text}` stays behind"));
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
                && matches!(&named.meaning, Meaning::Local(span)
                    if span.item == at.key && declared_here(span.range))
        });
        if let Some(named) = is_left {
            let text = place.slice(named.range.shifted(at.start));
            return Err(format!("`{text}` is used in what stays"));
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

/// The texts that tell this block from another of its kind: the values of its selector, and its own name where a
/// template is given it.
fn literals(place: &Place<'_>, extract: &Extract<'_>) -> Vec<(TextRange, Parameter)> {
    let at = extract.at;
    let own_name = extract.block.name.as_ref().map(|name| name.text.as_str());
    let mut found: Vec<(TextRange, Parameter)> = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |expr: &Expr, text: &str, wanted: &str| {
        // A label's name is no string.
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
            && field.name.text == "selector"
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

/// The text of a string without holes, on one line.
fn plain(expr: &Expr) -> Option<&str> {
    match &expr.node {
        ExprNode::String(string) if !string.multiline => match string.parts.as_slice() {
            [StringPart::Text(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// What a statement says something of: a field, or a block by its kind and name. A block whose name has holes may be any.
type Key = (SmolStr, Option<SmolStr>);

fn keys(statement: &Statement, found: &mut Vec<Key>) {
    let of_body = |body: &Body, found: &mut Vec<Key>| {
        body.statements
            .iter()
            .for_each(|statement| keys(statement, found));
    };
    match statement {
        Statement::Field(field) => found.push((field.name.text.clone(), Some(SmolStr::default()))),
        Statement::Block(block) => found.push((block.kind.text.clone(), name_of(block))),
        Statement::Without(without) => {
            let name = without.name.as_ref().map(|name| name.text.clone());
            found.push((without.kind.text.clone(), name));
        }
        Statement::For(repeat) => of_body(&repeat.body, found),
        Statement::If(choice) => {
            of_body(&choice.then, found);
            if let Some(otherwise) = &choice.otherwise {
                of_body(otherwise, found);
            }
        }
        Statement::In(inner) => of_body(&inner.body, found),
        Statement::Let(_) | Statement::Require(_) => {}
    }
}

fn name_of(block: &Block) -> Option<SmolStr> {
    if block.name_parts.is_some() && block.name.is_none() {
        return None;
    }
    Some(
        block
            .name
            .as_ref()
            .map(|name| name.text.clone())
            .unwrap_or_default(),
    )
}

/// A base comes first: what stays must not stand before what goes, nor speak of the same.
fn stays_in_order(block: &Block, chosen: TextRange) -> Result<(), String> {
    let is_chosen = |statement: &&Statement| {
        let range = statement_range(statement);
        chosen.start <= range.start && range.end <= chosen.end
    };
    let of = |statements: &[&Statement]| {
        let mut found = Vec::new();
        statements
            .iter()
            .for_each(|statement| keys(statement, &mut found));
        found
    };
    let all = &block.body.statements;
    let inside: Vec<&Statement> = all.iter().filter(is_chosen).collect();
    let before: Vec<&Statement> = all
        .iter()
        .filter(|statement| statement_range(statement).end <= chosen.start)
        .collect();
    let rest: Vec<&Statement> = all
        .iter()
        .filter(|statement| !is_chosen(statement))
        .collect();
    let (inside, before, rest) = (of(&inside), of(&before), of(&rest));
    let is_block = |key: &&Key| key.1.as_ref().is_none_or(|name| !name.is_empty());
    for key in &inside {
        let is_same = |other: &&Key| {
            other.0 == key.0 && (other.1 == key.1 || other.1.is_none() || key.1.is_none())
        };
        if rest.iter().any(|other| is_same(&other)) {
            return Err(format!("what stays speaks of `{}` too", shown(key)));
        }
        if is_block(&key) && before.iter().filter(is_block).any(|other| other.0 == key.0) {
            return Err(format!(
                "`{}` would come before the `{}` blocks above it",
                shown(key),
                key.0
            ));
        }
    }
    Ok(())
}

fn shown(key: &Key) -> String {
    match &key.1 {
        Some(name) if !name.is_empty() => format!("{} {name}", key.0),
        _ => key.0.to_string(),
    }
}

/// The edits.
fn changes(
    place: &Place<'_>,
    extract: &Extract<'_>,
    parameters: &[Parameter],
) -> Option<Vec<Change>> {
    let (at, block) = (extract.at, extract.block);
    let own = block
        .name
        .as_ref()
        .map_or(&block.kind.text, |name| &name.text);
    let name = place.fresh(&format!("{}-template", identifier(own)));
    let literals = literals(place, extract);
    let text_of = |range: TextRange| {
        let absolute = range.shifted(at.start);
        let inside: Vec<Change> = literals
            .iter()
            .filter(|(literal, _)| range.start <= literal.start && literal.end <= range.end)
            .map(|(literal, parameter)| Change {
                range: TextRange {
                    start: literal.start - range.start,
                    end: literal.end - range.start,
                },
                text: parameter.name.clone(),
            })
            .collect();
        apply(place.slice(absolute), &inside)
    };
    let params: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, parameter.ty))
        .collect();
    let params = if params.is_empty() {
        String::new()
    } else {
        format!("({})", params.join(", "))
    };
    let base = match &block.base {
        Some(base) => format!(" : {}", text_of(base.range)?),
        None => String::new(),
    };
    let moved = extract
        .statements
        .map(|statements| with_comments(place, at, statements));
    let body = match moved {
        Some(moved) => {
            let relative = TextRange {
                start: moved.start - at.start,
                end: moved.end - at.start,
            };
            let indent = place.indent_at(at.start + block.range.start);
            let text = text_of(relative)?;
            dedented(
                &format!("{{\n{}\n{indent}}}", text.trim_end_matches(['\r', '\n'])),
                indent,
            )
        }
        None if block.body.range.is_empty() => "{}".to_owned(),
        None => dedented(
            &text_of(block.body.range)?,
            place.indent_at(at.start + block.range.start),
        ),
    };
    let template = format!(
        "template {} {name}{params}{base} {body}\n\n",
        block.kind.text
    );
    let arguments: Vec<String> = parameters
        .iter()
        .enumerate()
        .map(|(number, parameter)| match number {
            0 => parameter.argument.clone(),
            _ => format!("{}: {}", parameter.name, parameter.argument),
        })
        .collect();
    let used = if arguments.is_empty() {
        name
    } else {
        format!("{name}({})", arguments.join(", "))
    };
    let top = place.with_comments_above(at.start);
    let mut changes = vec![insertion(top, template)];
    let head_end = block
        .name
        .as_ref()
        .map_or(block.kind.range.end, |name| name.range.end);
    // A name with holes has no other place than between the kind and what follows it.
    let head_end = match (&block.name_parts, &block.base) {
        (Some(_), Some(base)) => {
            let head = place.slice(block.head.shifted(at.start));
            let until = (base.range.start - block.head.start) as usize;
            let before = head.get(..until)?.trim_end().strip_suffix(':')?.trim_end();
            block.head.start + before.len() as u32
        }
        (Some(_), None) => block.head.end,
        _ => head_end,
    };
    match moved {
        None => {
            let range = TextRange {
                start: at.start + head_end,
                end: at.start + block.range.end,
            };
            changes.push(replacement(range, format!(" : {used}")));
        }
        Some(moved) => {
            let end = block.base.as_ref().map_or(head_end, |base| base.range.end);
            let range = TextRange {
                start: at.start + head_end,
                end: at.start + end,
            };
            changes.push(replacement(range, format!(" : {used}")));
            changes.push(replacement(without_second_blank(place, moved), ""));
        }
    }
    Some(changes)
}

/// Statements with their doc comments and the comments above them and at the end of the last line: whole lines, where
/// nothing else is on them.
fn with_comments(place: &Place<'_>, at: ItemAt<'_>, statements: TextRange) -> TextRange {
    let statements = statements.shifted(at.start);
    let start = place
        .parts()
        .iter()
        .filter(|part| part.kind == PartKind::Unit)
        .map(|part| part.range)
        .filter(|unit| unit.start <= statements.start && statements.start < unit.end)
        .filter(|unit| {
            let before = TextRange {
                start: unit.start,
                end: statements.start,
            };
            let mut lines = place.slice(before).lines().map(str::trim);
            lines.all(|line| line.is_empty() || line.starts_with("//"))
        })
        .map(|unit| unit.start)
        .min()
        .unwrap_or(statements.start);
    let above = place.with_comments_above(start) as u32;
    let lines = whole_lines(place.text, statements);
    let before = TextRange {
        start: lines.start,
        end: statements.start,
    };
    let after = TextRange {
        start: statements.end,
        end: lines.end,
    };
    let rest = place.slice(after).trim();
    let is_comment = comments(place.text, |_| true)
        .iter()
        .any(|comment| comment.range.start >= after.start && comment.range.end <= after.end);
    let blank_before = place.slice(before).trim().is_empty();
    match (
        blank_before,
        rest.is_empty() || is_comment && rest.starts_with("//"),
    ) {
        (true, true) => TextRange {
            start: above.min(lines.start),
            end: lines.end,
        },
        _ => statements,
    }
}

/// The range with the blank lines after it, where blank lines or a brace stand before it too.
fn without_second_blank(place: &Place<'_>, mut range: TextRange) -> TextRange {
    let above = place.text.get(..range.start as usize).unwrap_or_default();
    let below = place.text.get(range.end as usize..).unwrap_or_default();
    let first = below.split_inclusive('\n').next().unwrap_or_default();
    let begins = above.trim_end().ends_with('{');
    let is_blank_above = above.replace('\r', "").ends_with("\n\n");
    if above.ends_with('\n')
        && first.ends_with('\n')
        && first.trim().is_empty()
        && (begins || is_blank_above)
    {
        range.end += first.len() as u32;
    }
    range
}

/// A block's text with less indent, as far as all of its lines have that. Long strings lose it together.
fn dedented(text: &str, indent: &str) -> String {
    let is_indented = |line: &str| line.trim().is_empty() || line.starts_with(indent);
    if indent.is_empty() || !text.lines().skip(1).all(is_indented) {
        return text.to_owned();
    }
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |made, line| {
        made + line.strip_prefix(indent).unwrap_or(line)
    })
}
