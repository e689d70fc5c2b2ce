//! What an editor asks of an item: what each name in its text means, which type each expression's place wants and what
//! stands there, and what the block of each body has. It is noted while the item is checked, by the code that gives names
//! their meaning, so that no second opinion about names exists.

mod kept;

use std::collections::HashSet;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::Evaluator;
use super::node::NodeId;
use super::scope::Context;
use super::value::{BlockRef, Value};
use crate::db::{ItemClass, ItemKey, SourceFile, Span, file_names, find_module};
use crate::resolve::{Want, module_named, resolve_path};
use crate::schema::{BUILTIN, Schema, Ty};
use nth_promql::{self as promql, classify};
use nth_syntax::tree::{
    Base, Block, Body, Expr, ItemNode, Name, Param, QueryLit, Statement, TextRange, TypeExpr,
    TypeNode,
};

pub use kept::{BlockNames, BodyPlace, Meaning, NamedPlace, Notes, TypedPlace};

/// Where notes go while an item is checked.
pub(super) struct Noting {
    item: ItemKey,
    names: HashSet<NamedPlace>,
    seen: HashSet<(u32, u32)>,
    written: IndexMap<NodeId, Vec<Span>>,
    notes: Notes,
}

impl<'db> Evaluator<'db> {
    /// From here on, what is found out of an item's text is noted.
    pub(crate) fn start_noting(&mut self, key: ItemKey) {
        self.noting = Some(Box::new(Noting {
            item: key,
            names: HashSet::new(),
            seen: HashSet::new(),
            written: IndexMap::new(),
            notes: Notes::default(),
        }));
    }

    /// What was noted of an item since [`start_noting`](Self::start_noting), in the order of its text.
    pub(crate) fn take_notes(mut self, key: ItemKey, node: &'db ItemNode) -> Notes {
        self.note_item(key, node);
        self.note_blocks();
        let Some(noting) = self.noting.take() else {
            return Notes::default();
        };
        let mut notes = noting.notes;
        let outer_first = |range: TextRange| (range.start, std::cmp::Reverse(range.end));
        notes.names = noting.names.into_iter().collect();
        notes
            .names
            .sort_by_key(|name| (name.range.start, name.range.end, !name.declares));
        // A loop's rounds say of one name what differs; the first is as good as any.
        notes
            .names
            .dedup_by_key(|name| (name.range.start, name.range.end));
        notes.values.sort_by_key(|value| outer_first(value.range));
        notes.bodies.sort_by_key(|body| outer_first(body.range));
        notes.bodies.dedup_by_key(|body| body.range);
        notes
    }

    /// Whether what stands in a context is to be noted.
    fn notes_of(&self, context: &Context<'db>) -> bool {
        self.noting
            .as_ref()
            .is_some_and(|noting| noting.item == context.scope.item)
    }

    fn note_name(&mut self, range: TextRange, meaning: Meaning, declares: bool) {
        if let Some(noting) = &mut self.noting
            && !range.is_empty()
        {
            noting.names.insert(NamedPlace {
                range,
                meaning,
                declares,
            });
        }
    }

    /// Notes what a name means.
    pub(super) fn note(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        meaning: impl FnOnce(&Self) -> Option<Meaning>,
    ) {
        if self.notes_of(context)
            && let Some(meaning) = meaning(self)
        {
            self.note_name(range, meaning, false);
        }
    }

    /// Notes what an expression is, and what its place wants.
    pub(super) fn note_value(
        &mut self,
        context: &Context<'db>,
        expr: &Expr,
        expected: &Ty,
        value: &Value,
    ) {
        if !self.notes_of(context) {
            return;
        }
        if let Some(noting) = &mut self.noting
            && noting.seen.insert((expr.range.start, expr.range.end))
        {
            noting.notes.values.push(TypedPlace {
                range: expr.range,
                expected: expected.clone(),
                value: value.clone(),
            });
        }
    }

    /// Notes the name of a field that a block of that kind has.
    pub(super) fn note_field(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        kind: &str,
        name: &SmolStr,
    ) {
        self.note(context, range, |evaluator| {
            field_meaning(evaluator.schema, kind, name)
        });
    }

    /// Notes what the blocks of an item have once all of their bodies are gathered.
    pub(super) fn note_bodies(&mut self, id: NodeId) {
        let Some(noting) = &self.noting else { return };
        let item = noting.item;
        let variant = self.schema_kind(id);
        let block = self.reference(id);
        let node = self.node(id);
        let children: Vec<(SmolStr, SmolStr)> = node
            .children
            .iter()
            .map(|child| self.node(*child))
            .map(|child| (child.kind.clone(), child.name.clone()))
            .collect();
        let places: Vec<BodyPlace> = node
            .layers
            .iter()
            .filter(|(_, scope)| scope.item == item)
            .map(|(body, _)| BodyPlace {
                range: body.range,
                block: block.clone(),
                kind: node.kind.clone(),
                variant: variant.clone(),
                set: node.setters.keys().cloned().collect(),
                children: children.clone(),
            })
            .collect();
        if let Some(noting) = &mut self.noting {
            noting.notes.bodies.extend(places);
        }
    }

    /// Notes the words of an item that no value depends on: kinds, types, imports, and what declares a name.
    fn note_item(&mut self, key: ItemKey, node: &'db ItemNode) {
        match node {
            ItemNode::Import(import) => self.note_import(import),
            ItemNode::Block(block) => {
                self.note_kind(&block.kind);
                if let Some(name) = &block.name {
                    let declared = Meaning::Block(BlockRef {
                        item: key,
                        path: Vec::new(),
                        kind: block.kind.text.clone(),
                        name: name.text.clone(),
                    });
                    self.note_name(name.range, declared, true);
                }
                self.note_body(key, &block.body);
            }
            ItemNode::Template(template) => {
                self.note_kind(&template.kind);
                self.note_name(template.name.range, Meaning::Item(key), true);
                self.note_params(key, &template.params);
                self.note_body(key, &template.body);
            }
            ItemNode::Kind(decl) => {
                self.note_name(
                    decl.name.range,
                    Meaning::Kind(decl.name.text.clone()),
                    !decl.extend,
                );
                for kind in decl.parents.iter().chain(&decl.base) {
                    self.note_kind(kind);
                }
                for field in &decl.fields {
                    let declared = Meaning::Field(decl.name.text.clone(), field.name.text.clone());
                    self.note_name(field.name.range, declared, true);
                    self.note_type(&field.ty);
                }
            }
            ItemNode::Enum(decl) => {
                self.note_name(decl.name.range, Meaning::Enum(decl.name.text.clone()), true);
                for (member, _) in &decl.members {
                    let declared = Meaning::Member(decl.name.text.clone(), member.text.clone());
                    self.note_name(member.range, declared, true);
                }
            }
            ItemNode::Function(decl) => {
                let name = decl.name.text.clone();
                self.note_name(decl.name.range, Meaning::Function(name.clone()), true);
                for param in &decl.params {
                    let declared = Meaning::FunctionParam(name.clone(), param.name.text.clone());
                    self.note_name(param.name.range, declared, true);
                    self.note_type(&param.ty);
                }
                self.note_type(&decl.result);
            }
            ItemNode::Let(decl) => self.note_name(decl.name.range, Meaning::Item(key), true),
            ItemNode::Rule(rule) => {
                self.note_name(rule.name.range, Meaning::Item(key), true);
                self.note_body(key, &rule.body);
            }
            ItemNode::Error => {}
        }
    }

    fn note_import(&mut self, import: &nth_syntax::tree::Import) {
        let Some(noting) = &self.noting else { return };
        let file = noting.item.file;
        let Some(entry) = file_names(self.db, file)
            .imports
            .iter()
            .find(|entry| Some(entry.key) == self.noting.as_ref().map(|noting| noting.item))
        else {
            return;
        };
        let module = find_module(self.db, self.workspace, entry.module.clone());
        let segments = &import.path.segments;
        let (Some(last), Some(first)) = (segments.last(), segments.first()) else {
            return;
        };
        match module {
            Some(module) => {
                let whole = first.range.to(last.range);
                self.note_name(whole, Meaning::Module(module), false);
                if let Some(alias) = &import.alias {
                    self.note_name(alias.range, Meaning::Module(module), false);
                }
                for name in import.names.iter().flatten() {
                    if let Some(meaning) = self.item_meaning(module, &name.text) {
                        self.note_name(name.range, meaning, false);
                    }
                }
            }
            // `import a.b` for the item `b` of the module `a`.
            None => {
                let Some((above, name)) = entry.module.rsplit_once('.') else {
                    return;
                };
                let Some(module) = find_module(self.db, self.workspace, above.into()) else {
                    return;
                };
                if let [first, .., before, _] | [first @ before, _] = segments.as_slice() {
                    let range = first.range.to(before.range);
                    self.note_name(range, Meaning::Module(module), false);
                }
                if let Some(meaning) = self.item_meaning(module, name) {
                    self.note_name(last.range, meaning.clone(), false);
                    if let Some(alias) = &import.alias {
                        self.note_name(alias.range, meaning, false);
                    }
                }
            }
        }
    }

    /// What a module calls by a name, whatever it is.
    fn item_meaning(&self, module: SourceFile, name: &str) -> Option<Meaning> {
        let names = file_names(self.db, module);
        let entry = names.items.iter().find(|entry| entry.name == name)?;
        Some(match entry.class {
            ItemClass::Block => Meaning::Block(BlockRef {
                item: entry.key,
                path: Vec::new(),
                kind: entry.kind.clone(),
                name: entry.name.clone(),
            }),
            ItemClass::Kind | ItemClass::Extension => Meaning::Kind(entry.name.clone()),
            ItemClass::Enum => Meaning::Enum(entry.name.clone()),
            ItemClass::Function => Meaning::Function(entry.name.clone()),
            ItemClass::Template | ItemClass::Let | ItemClass::Rule => Meaning::Item(entry.key),
            ItemClass::Import | ItemClass::Error => return None,
        })
    }

    fn note_params(&mut self, key: ItemKey, params: &[Param]) {
        for param in params {
            let declared = Meaning::Local(Span {
                item: key,
                range: param.name.range,
            });
            self.note_name(param.name.range, declared, true);
            self.note_type(&param.ty);
        }
    }

    fn note_kind(&mut self, name: &Name) {
        if self.schema.kinds.contains_key(&name.text) {
            self.note_name(name.range, Meaning::Kind(name.text.clone()), false);
        }
    }

    fn note_type(&mut self, ty: &TypeExpr) {
        match &ty.node {
            TypeNode::Name(name) => {
                let text = &name.text;
                let meaning = if self.schema.enums.contains_key(text) {
                    Meaning::Enum(text.clone())
                } else if BUILTIN.iter().any(|(known, ..)| *known == text) {
                    Meaning::Type(text.clone())
                } else if self.schema.kinds.contains_key(text) {
                    Meaning::Kind(text.clone())
                } else {
                    return;
                };
                self.note_name(name.range, meaning, false);
            }
            TypeNode::Optional(inner) | TypeNode::List(inner) => self.note_type(inner),
            TypeNode::Union(members) => {
                for member in members {
                    self.note_type(member);
                }
            }
            TypeNode::One(name) => self.note_kind(name),
            TypeNode::Error => {}
        }
    }

    fn note_body(&mut self, key: ItemKey, body: &'db Body) {
        for statement in &body.statements {
            match statement {
                Statement::Block(Block { kind, body, .. }) => {
                    self.note_kind(kind);
                    self.note_body(key, body);
                }
                Statement::Let(decl) => self.note_local(key, &decl.name),
                Statement::For(repeat) => {
                    self.note_local(key, &repeat.variable);
                    self.note_body(key, &repeat.body);
                }
                Statement::If(choice) => {
                    self.note_body(key, &choice.then);
                    if let Some(otherwise) = &choice.otherwise {
                        self.note_body(key, otherwise);
                    }
                }
                Statement::In(inner) => {
                    let environment = self.workspace.environments(self.db);
                    if let Some(found) = environment.get(&inner.environment.text) {
                        let block = BlockRef {
                            item: *found,
                            path: Vec::new(),
                            kind: "environment".into(),
                            name: inner.environment.text.clone(),
                        };
                        self.note_name(inner.environment.range, Meaning::Block(block), false);
                    }
                    self.note_body(key, &inner.body);
                }
                Statement::Without(without) => self.note_kind(&without.kind),
                Statement::Field(_) | Statement::Require(_) => {}
            }
        }
    }

    fn note_local(&mut self, key: ItemKey, name: &Name) {
        let declared = Meaning::Local(Span {
            item: key,
            range: name.range,
        });
        self.note_name(name.range, declared, true);
    }

    /// Notes what the words of a base mean: modules, and the template, block or variant at its end.
    pub(super) fn note_base(&mut self, context: &Context<'db>, base: &'db Base, end: Meaning) {
        if !self.notes_of(context) {
            return;
        }
        let Some((last, before)) = base.path.segments.split_last() else {
            return;
        };
        self.note_name(last.range, end, false);
        self.note_modules(context, before);
    }

    /// Notes the module that the first words of a path name.
    pub(super) fn note_modules(&mut self, context: &Context<'db>, path: &[Name]) {
        let file = context.scope.item.file;
        let module = match path {
            [] => return,
            [alias] => module_named(self.db, self.workspace, file, &alias.text),
            _ => None,
        };
        let words = || {
            let words: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
            words.join(".").into()
        };
        let module = module.or_else(|| find_module(self.db, self.workspace, words()));
        if let (Some(module), Some(first), Some(last)) = (module, path.first(), path.last()) {
            self.note(context, first.range.to(last.range), |_| {
                Some(Meaning::Module(module))
            });
        }
    }

    /// Notes the name of a block that is declared in another.
    pub(super) fn note_declaration(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        block: NodeId,
    ) {
        if self.notes_of(context)
            && let Some(block) = self.reference(block)
        {
            self.note_name(range, Meaning::Block(block), true);
        }
    }

    /// Notes that a nested block's name is written somewhere, be it in another item.
    pub(super) fn note_written(&mut self, context: &Context<'db>, range: TextRange, block: NodeId) {
        let span = self.span(context, range);
        if let Some(noting) = &mut self.noting {
            let places = noting.written.entry(block).or_default();
            if !places.contains(&span) {
                places.push(span);
            }
        }
    }

    /// Notes where the names of nested blocks are written, once all are gathered.
    fn note_blocks(&mut self) {
        let Some(noting) = &mut self.noting else {
            return;
        };
        let written = std::mem::take(&mut noting.written);
        let mut blocks = Vec::new();
        for (id, places) in &written {
            let mut places = places.clone();
            // An `override` has no name of its own: it is called like what it lets pass.
            if self.node(*id).kind == "override"
                && let Some(gate) = self.node(*id).parent
                && let Some(passed) = self.child(gate, "deny", &self.node(*id).name)
            {
                let of_passed = written.get(&passed).into_iter().flatten().copied();
                places.splice(0..0, of_passed);
            }
            if let Some(block) = self.reference(*id) {
                blocks.push(BlockNames { block, places });
            }
        }
        if let Some(noting) = &mut self.noting {
            noting.notes.blocks = blocks;
        }
    }

    /// Notes the metrics of a query that blocks stand for: recordings of the service, and `metric` blocks.
    pub(super) fn note_metrics(
        &mut self,
        tree: &promql::Expr,
        literal: &QueryLit,
        context: &Context<'db>,
    ) {
        if !self.notes_of(context) {
            return;
        }
        for expr in classify::exprs(tree) {
            let promql::Node::Selector(selector) = &expr.node else {
                continue;
            };
            let Some(metric) = &selector.metric else {
                continue;
            };
            let range = TextRange {
                start: metric.span.start,
                end: metric.span.end,
            };
            if let Some(block) = self.metric_block(&metric.text, context) {
                let range = range.shifted(literal.text_range.start);
                self.note_name(range, Meaning::Block(block), false);
            }
        }
    }

    fn metric_block(&self, metric: &SmolStr, context: &Context<'db>) -> Option<BlockRef> {
        let outermost = std::iter::successors(context.node, |node| self.node(*node).parent).last();
        if let Some(outermost) = outermost
            && let Some(recording) = self.child(outermost, "recording", metric)
        {
            return self.reference(recording);
        }
        let declared = *self.workspace.metrics(self.db).get(metric)?;
        match self.top_level(declared)? {
            Value::Block(block) => Some(block),
            _ => None,
        }
    }

    /// Notes a name that means a block.
    pub(super) fn note_block(&mut self, name: &Name, value: &Value, context: &Context<'db>) {
        self.note(context, name.range, |_| match value {
            Value::Block(block) => Some(Meaning::Block(block.clone())),
            _ => None,
        });
    }

    /// Notes a name that means a top-level `let`.
    pub(super) fn note_let(&mut self, name: &Name, context: &Context<'db>) {
        self.note(context, name.range, |evaluator| {
            evaluator.let_meaning(std::slice::from_ref(&name.text), context)
        });
    }

    /// Notes what a block of a kind is asked for: a field, or the blocks of a kind.
    pub(super) fn note_member(&mut self, kind: &str, name: &Name, context: &Context<'db>) {
        self.note(context, name.range, |evaluator| {
            field_meaning(evaluator.schema, kind, &name.text)
                .or_else(|| evaluator.child_kind(kind, &name.text).map(Meaning::Kind))
        });
    }

    /// What the top-level `let` of a name in a file is.
    pub(super) fn let_meaning(&self, path: &[SmolStr], context: &Context<'db>) -> Option<Meaning> {
        let want = Want {
            class: ItemClass::Let,
            kind: "",
        };
        let file = context.scope.item.file;
        resolve_path(self.db, self.workspace, file, path, want).map(Meaning::Item)
    }
}

/// The field that a block of a kind has, with the kind that declares it.
pub fn field_meaning(schema: &Schema, kind: &str, name: &SmolStr) -> Option<Meaning> {
    let known = schema.kinds.get(kind)?;
    if known.fields.contains_key(name) {
        return Some(Meaning::Field(known.name.clone(), name.clone()));
    }
    field_meaning(schema, known.base.as_deref()?, name)
}
