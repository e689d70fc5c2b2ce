//! Hover over names: declaration and doc comment.

use nthc::db::{ItemClass, ItemKey, SourceFile, Span, file_names, parsed};
use nthc::eval::index::{Definition, NamedPlace};
use nthc::eval::{BlockRef, expression, let_value, refinement};
use nthc::schema::{BUILTIN, COMPILE_TIME, FieldSchema, IN_TEXTS, article, is_standard};
use nthc::syntax::tree::{ItemNode, Param, Statement, Template};
use smol_str::SmolStr;

use crate::features::markup::{Line, Markup};
use crate::features::source::{Placed, Source};

use super::{blocks, values};

/// Maximum width of a signature on one line, in characters.
const WIDTH: usize = 80;
/// Maximum number of a module's names shown.
const MOST: usize = 16;

/// The hover of a name.
pub fn name_hover(source: &Source<'_>, placed: &Placed<'_>, named: &NamedPlace) -> Option<Markup> {
    Some(match &named.meaning {
        Definition::Module(file) => module(source, *file),
        Definition::Item(key) => item(source, *key)?,
        Definition::Block(block) | Definition::Enclosing(block) => blocks::card(source, block),
        Definition::Local(declared) => local(source, placed, named, *declared)?,
        Definition::Kind(name) => kind(source, name)?,
        Definition::Field(kind, name) => {
            let field = source.schema().field(kind, name)?;
            let shown = self::field(field);
            match block_of(source, placed, named) {
                Some(block) => shown.then(values::effective(source, &block, kind, name)),
                None => shown,
            }
        }
        Definition::Enum(name) => enumeration(source, name)?,
        Definition::Member(name, member) => {
            let known = source.schema().enums.get(name)?;
            Markup::default()
                .source(format!("{name}.{member}"))
                .doc(known.members.get(member)?.as_deref())
        }
        Definition::Function(name) => function(source, name)?,
        Definition::FunctionParam(function, name) => {
            let known = source.schema().functions.get(function)?;
            let (name, ty, default) = known.params.iter().find(|(param, ..)| param == name)?;
            let default = default.as_ref().map_or(String::new(), |default| {
                format!(" = {}", expression(default))
            });
            Markup::default()
                .source(format!("{name}: {ty}{default}"))
                .line(Line::default().text("Parameter of ").code(function.clone()))
        }
        Definition::CompileTime(name) => {
            let known = COMPILE_TIME.iter().chain(IN_TEXTS);
            let known = known.into_iter().find(|known| known.name == name)?;
            Markup::default()
                .source(known.signature)
                .doc(Some(known.doc))
        }
        Definition::Type(name) => {
            let (name, _, doc) = BUILTIN.iter().find(|(known, ..)| known == name)?;
            Markup::default().source(*name).doc(Some(doc))
        }
    })
}

/// The block whose field a name sets. For a name after a dot, the block before the dot.
fn block_of(source: &Source<'_>, placed: &Placed<'_>, named: &NamedPlace) -> Option<BlockRef> {
    let is_set = sets_field(&placed.item.node, named);
    let notes = source.notes(placed.key);
    if is_set {
        return notes.body_at(named.range.start)?.block.clone();
    }
    let before = notes
        .names
        .iter()
        .rev()
        .find(|other| other.range.end + 1 == named.range.start)?;
    match &before.meaning {
        Definition::Block(block) | Definition::Enclosing(block) => Some(block.clone()),
        // `service.tier.availability`: the value before the dot is a block too.
        Definition::Field(..) | Definition::Local(_) => {
            let value = notes
                .values
                .iter()
                .find(|value| value.range.end == before.range.end)?;
            match &value.value {
                nthc::eval::Value::Block(block) => Some(block.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

fn sets_field(node: &ItemNode, named: &NamedPlace) -> bool {
    let mut found = false;
    each_statement(node, &mut |statement| {
        if let Statement::Field(field) = statement {
            found |= field.name.range == named.range;
        }
    });
    found
}

/// Calls `visit` with every statement of an item.
fn each_statement<'t>(node: &'t ItemNode, visit: &mut impl FnMut(&'t Statement)) {
    fn walk<'t>(body: &'t nthc::syntax::tree::Body, visit: &mut impl FnMut(&'t Statement)) {
        for statement in &body.statements {
            visit(statement);
            match statement {
                Statement::Block(block) => walk(&block.body, visit),
                Statement::For(repeat) => walk(&repeat.body, visit),
                Statement::If(choice) => {
                    walk(&choice.then, visit);
                    if let Some(otherwise) = &choice.otherwise {
                        walk(otherwise, visit);
                    }
                }
                Statement::In(inner) => walk(&inner.body, visit),
                _ => {}
            }
        }
    }
    match node {
        ItemNode::Block(block) => walk(&block.body, visit),
        ItemNode::Template(template) => walk(&template.body, visit),
        ItemNode::Rule(rule) => walk(&rule.body, visit),
        _ => {}
    }
}

/// A kind: where it is allowed, and the fields of its blocks.
fn kind(source: &Source<'_>, name: &str) -> Option<Markup> {
    let schema = source.schema();
    let known = schema.kinds.get(name)?;
    let place = match (&known.base, known.parents.as_slice()) {
        (Some(base), _) => format!(" : {base}"),
        (None, []) => String::new(),
        (None, parents) => format!(" in {}", parents.join(", ")),
    };
    let fields = schema.fields(name);
    let is_needed = |field: &&FieldSchema| field.default.is_none() && !field.ty.is_optional();
    let names = |fields: Vec<&FieldSchema>| -> Vec<SmolStr> {
        fields.into_iter().map(|field| field.name.clone()).collect()
    };
    let (needed, others): (Vec<&FieldSchema>, Vec<&FieldSchema>) =
        fields.into_iter().partition(is_needed);
    let children: Vec<SmolStr> = schema
        .children(name)
        .map(|kind| kind.name.clone())
        .collect();
    let variants: Vec<SmolStr> = schema
        .variants(name)
        .map(|kind| kind.name.clone())
        .collect();
    let mut lines = Vec::new();
    for (what, names) in [
        ("Required: ", names(needed)),
        ("Optional: ", names(others)),
        ("Blocks: ", children),
        ("Variants: ", variants),
    ] {
        if !names.is_empty() {
            lines.push(Line::default().text(what).codes(names));
        }
    }
    Some(
        Markup::default()
            .source(format!("kind {name}{place}"))
            .doc(known.doc.as_deref())
            .list(lines),
    )
}

/// A field as its kind declares it.
fn field(field: &FieldSchema) -> Markup {
    let mut written = format!("{}: {}", field.name, field.ty);
    if let Some(bound) = &field.refinement {
        written.push_str(&format!(" where {}", expression(bound)));
    }
    if let Some(default) = &field.default {
        written.push_str(&format!(" = {}", expression(default)));
    }
    let markup = Markup::default().source(written).doc(field.doc.as_deref());
    match &field.refinement {
        Some(bound) => markup.line(Line::prose(&format!(
            "Allowed values: {}.",
            refinement(bound)
        ))),
        None => markup,
    }
}

fn enumeration(source: &Source<'_>, name: &str) -> Option<Markup> {
    let known = source.schema().enums.get(name)?;
    let members: Vec<&str> = known.members.keys().map(SmolStr::as_str).collect();
    let docs = known.members.iter().map(|(member, doc)| {
        let line = Line::default().code(member.clone());
        match doc {
            Some(doc) => line.text(": ").then(Line::prose(doc.trim())),
            None => line,
        }
    });
    Some(
        Markup::default()
            .source(format!("enum {name} {{ {} }}", members.join(", ")))
            .doc(known.doc.as_deref())
            .list(docs.collect()),
    )
}

fn function(source: &Source<'_>, name: &str) -> Option<Markup> {
    let known = source.schema().functions.get(name)?;
    let params = known
        .params
        .iter()
        .map(|(name, ty, default)| match default {
            Some(default) => format!("{name}: {ty} = {}", expression(default)),
            None => format!("{name}: {ty}"),
        });
    let signature = signature(&format!("function {name}"), params.collect());
    Some(
        Markup::default()
            .source(format!("{signature} -> {}", known.result))
            .doc(known.doc.as_deref())
            .line(Line::default().text("Computed when the gate runs.")),
    )
}

/// A head with its parameters, each on a line of its own if one line would be too long.
fn signature(head: &str, params: Vec<String>) -> String {
    let line = format!("{head}({})", params.join(", "));
    if line.len() <= WIDTH || params.is_empty() {
        return line;
    }
    let lines: Vec<String> = params.iter().map(|param| format!("  {param},\n")).collect();
    format!("{head}(\n{})", lines.concat())
}

/// A module with its items.
fn module(source: &Source<'_>, file: SourceFile) -> Markup {
    let names = file_names(source.db, file);
    let of = |class: ItemClass| -> Vec<SmolStr> {
        let named = names.of_class(class).filter(|entry| !entry.name.is_empty());
        named.map(|entry| entry.name.clone()).collect()
    };
    let mut lines = Vec::new();
    for (what, mut names) in [
        ("Templates: ", of(ItemClass::Template)),
        ("Blocks: ", of(ItemClass::Block)),
        ("Values: ", of(ItemClass::Let)),
        ("Enums: ", of(ItemClass::Enum)),
        ("Rules: ", of(ItemClass::Rule)),
    ] {
        // The prelude's names need no import, and are many.
        if names.is_empty() || file == source.workspace.prelude(source.db) {
            continue;
        }
        let more = names.len().saturating_sub(MOST);
        names.truncate(MOST);
        let line = Line::default().text(what).codes(names);
        lines.push(if more > 0 {
            line.text(format!(" and {more} more"))
        } else {
            line
        });
    }
    let whose = if is_standard(source.db, file) {
        "Part of the standard library."
    } else if file.package(source.db) {
        "Part of a package."
    } else {
        ""
    };
    let markup = Markup::default()
        .source(format!("module {}", file.module(source.db)))
        .doc(parsed(source.db, file).doc.as_deref())
        .list(lines);
    if whose.is_empty() {
        markup
    } else {
        markup.line(Line::default().text(whose))
    }
}

/// A top-level template, `let` or rule.
fn item(source: &Source<'_>, key: ItemKey) -> Option<Markup> {
    let tree = source.tree(key)?;
    match &tree.node {
        ItemNode::Template(template) => Some(self::template(source, key, template)),
        ItemNode::Let(decl) => {
            let markup = Markup::default()
                .source(format!(
                    "let {} = {}",
                    decl.name.text,
                    expression(&decl.value)
                ))
                .doc(decl.doc.as_deref());
            let found = source.everywhere(|environment| {
                let value = let_value(source.db, source.workspace, key, environment.clone())?;
                let written = super::source_text::source_text(&value)?;
                let line = Line::default()
                    .code(value.ty().to_string())
                    .text(": ")
                    .code(written);
                Some(match values::in_other_units(&value) {
                    Some(units) => line.text(" (").then(units).text(")"),
                    None => line,
                })
            });
            Some(markup.then(blocks::differing(found)))
        }
        ItemNode::Rule(rule) => Some(
            Markup::default()
                .source(format!("rule {}", rule.name.text))
                .doc(rule.doc.as_deref()),
        ),
        ItemNode::Enum(decl) => enumeration(source, &decl.name.text),
        ItemNode::Function(decl) => function(source, &decl.name.text),
        ItemNode::Kind(decl) => kind(source, &decl.name.text),
        _ => None,
    }
}

/// A template: its parameters and contents.
fn template(source: &Source<'_>, key: ItemKey, template: &Template) -> Markup {
    let params = template
        .params
        .iter()
        .map(|param| param_text(source, key, param));
    let head = format!("template {} {}", template.kind.text, template.name.text);
    let mut head = if template.params.is_empty() {
        head
    } else {
        signature(&head, params.collect())
    };
    if let Some(base) = &template.base
        && let Some(text) = source.text_of(key, base.range)
    {
        head.push_str(&format!(" : {text}"));
    }
    let docs = template.params.iter().filter_map(|param| {
        let doc = param.doc.as_ref()?;
        let line = Line::default().code(param.name.text.clone()).text(": ");
        Some(line.then(Line::prose(doc.trim())))
    });
    let markup = Markup::default()
        .source(head)
        .doc(template.doc.as_deref())
        .list(docs.collect());
    // The outermost body lists the contents of the whole, including those of its bases.
    let Some(body) = source.notes(key).bodies.first() else {
        return markup;
    };
    let made: Vec<String> = body
        .children
        .iter()
        .map(|(kind, name)| format!("{kind} {name}").trim_end().to_owned())
        .collect();
    if made.is_empty() {
        return markup;
    }
    let more = made.len().saturating_sub(MOST);
    let line = Line::default()
        .text(format!(
            "Generates {} {} with ",
            article(&template.kind.text),
            template.kind.text
        ))
        .codes(made.into_iter().take(MOST));
    markup.line(if more > 0 {
        line.text(format!(" and {more} more"))
    } else {
        line
    })
}

/// A parameter as written.
fn param_text(source: &Source<'_>, key: ItemKey, param: &Param) -> String {
    let ty = source.text_of(key, param.ty.range).unwrap_or_default();
    match &param.default {
        Some(default) => format!("{}: {ty} = {}", param.name.text, expression(default)),
        None => format!("{}: {ty}", param.name.text),
    }
}

/// A parameter, a `let` of a body, or a loop variable.
fn local(
    source: &Source<'_>,
    placed: &Placed<'_>,
    named: &NamedPlace,
    declared: Span,
) -> Option<Markup> {
    let tree = source.tree(declared.item)?;
    if let ItemNode::Template(template) = &tree.node
        && let Some(param) = template
            .params
            .iter()
            .find(|param| param.name.range == declared.range)
    {
        return Some(
            Markup::default()
                .source(param_text(source, declared.item, param))
                .doc(param.doc.as_deref())
                .line(
                    Line::default()
                        .text("Parameter of template ")
                        .code(template.name.text.clone()),
                ),
        );
    }
    let mut head = None;
    let mut value_range = named.range;
    let mut doc = None;
    each_statement(&tree.node, &mut |statement| match statement {
        Statement::Let(decl) if decl.name.range == declared.range => {
            head = Some(format!(
                "let {} = {}",
                decl.name.text,
                expression(&decl.value)
            ));
            doc = decl.doc.clone();
            if named.declares {
                value_range = decl.value.range;
            }
        }
        Statement::For(repeat) if repeat.variable.range == declared.range => {
            head = Some(format!(
                "for {} in {}",
                repeat.variable.text,
                expression(&repeat.list)
            ));
        }
        _ => {}
    });
    let markup = Markup::default().source(head?).doc(doc.as_deref());
    let values = &source.notes(placed.key).values;
    let place = values.iter().find(|value| value.range == value_range);
    Some(
        match place.and_then(|place| values::computed(source, place)) {
            Some(value) => markup.then(value),
            None => markup,
        },
    )
}
