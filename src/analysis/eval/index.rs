//! Builds the [`ItemIndex`] of an item for the editor: the definition of each name, the expected type and the value of each
//! expression, and the fields and children of each body. The check of the item records it, with the same code that resolves
//! names for the compiler, so the two cannot disagree.

mod item_index;

use std::collections::HashSet;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::Evaluator;
use super::node::NodeId;
use super::scope::Context;
use super::value::{BlockRef, Value};
use crate::db::{EXTENDED_ENUM, ItemClass, ItemKey, SourceFile, Span, file_names, find_module};
use crate::resolve::{Want, module_named, resolve_path};
use crate::schema::names::kind;
use crate::schema::{BUILTIN, Schema, Ty};
use nth_promql::{self as promql, classify};
use nth_syntax::tree::{
    Base, Block, Body, Expr, ItemNode, Name, Param, QueryLit, Statement, TextRange, TypeExpr,
    TypeNode,
};

pub use item_index::{BlockNames, BodyPlace, Definition, ItemIndex, NamedPlace, TypedPlace};

/// Collects an [`ItemIndex`] while an item is checked.
pub(super) struct IndexBuilder {
    item: ItemKey,
    names: HashSet<NamedPlace>,
    seen: HashSet<(u32, u32)>,
    written: IndexMap<NodeId, Vec<Span>>,
    index: ItemIndex,
}

impl<'db> Evaluator<'db> {
    /// Starts recording the index of the item `key`.
    pub(crate) fn start_indexing(&mut self, key: ItemKey) {
        self.index = Some(Box::new(IndexBuilder {
            item: key,
            names: HashSet::new(),
            seen: HashSet::new(),
            written: IndexMap::new(),
            index: ItemIndex::default(),
        }));
    }

    /// Returns the index recorded since [`start_indexing`](Self::start_indexing), sorted by position in the item's text.
    pub(crate) fn finish_index(mut self, key: ItemKey, node: &'db ItemNode) -> ItemIndex {
        self.record_item(key, node);
        self.record_blocks();
        let Some(builder) = self.index.take() else {
            return ItemIndex::default();
        };
        let mut index = builder.index;
        let outer_first = |range: TextRange| (range.start, std::cmp::Reverse(range.end));
        index.names = builder.names.into_iter().collect();
        index
            .names
            .sort_by_key(|name| (name.range.start, name.range.end, !name.declares));
        // Iterations of a loop may define one name differently. Keep any one definition.
        index
            .names
            .dedup_by_key(|name| (name.range.start, name.range.end));
        index.values.sort_by_key(|value| outer_first(value.range));
        index.bodies.sort_by_key(|body| outer_first(body.range));
        index.bodies.dedup_by_key(|body| body.range);
        index
    }

    /// True if the expressions of `context` belong to the item that is being indexed.
    fn is_indexing(&self, context: &Context<'db>) -> bool {
        self.index
            .as_ref()
            .is_some_and(|builder| builder.item == context.scope.item)
    }

    fn record_name(&mut self, range: TextRange, meaning: Definition, declares: bool) {
        if let Some(builder) = &mut self.index
            && !range.is_empty()
        {
            builder.names.insert(NamedPlace {
                range,
                meaning,
                declares,
            });
        }
    }

    /// Records the definition of the name at `range`.
    pub(super) fn record(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        meaning: impl FnOnce(&Self) -> Option<Definition>,
    ) {
        if self.is_indexing(context)
            && let Some(meaning) = meaning(self)
        {
            self.record_name(range, meaning, false);
        }
    }

    /// Records the value of an expression and the type that its place expects.
    pub(super) fn record_value(
        &mut self,
        context: &Context<'db>,
        expr: &Expr,
        expected: &Ty,
        value: &Value,
    ) {
        if !self.is_indexing(context) {
            return;
        }
        if let Some(builder) = &mut self.index
            && builder.seen.insert((expr.range.start, expr.range.end))
        {
            builder.index.values.push(TypedPlace {
                range: expr.range,
                expected: expected.clone(),
                value: value.clone(),
            });
        }
    }

    /// Records the name of a field of a block of kind `kind`.
    pub(super) fn record_field(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        kind: &str,
        name: &SmolStr,
    ) {
        self.record(context, range, |evaluator| {
            field_definition(evaluator.schema, kind, name)
        });
    }

    /// Records the fields and children of the block `id` for each of its bodies in the item. Call it after all bodies are collected.
    pub(super) fn record_bodies(&mut self, id: NodeId) {
        let Some(builder) = &self.index else { return };
        let item = builder.item;
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
        if let Some(builder) = &mut self.index {
            builder.index.bodies.extend(places);
        }
    }

    /// Records the names of an item that are not part of an expression: kinds, types, imports and declarations.
    fn record_item(&mut self, key: ItemKey, node: &'db ItemNode) {
        match node {
            ItemNode::Import(import) => self.record_import(import),
            ItemNode::Block(block) => {
                self.record_kind(&block.kind);
                if let Some(name) = &block.name {
                    let declared = Definition::Block(BlockRef {
                        item: key,
                        path: Vec::new(),
                        kind: block.kind.text.clone(),
                        name: name.text.clone(),
                    });
                    self.record_name(name.range, declared, true);
                }
                self.record_body(key, &block.body);
            }
            ItemNode::Template(template) => {
                self.record_kind(&template.kind);
                self.record_name(template.name.range, Definition::Item(key), true);
                self.record_params(key, &template.params);
                self.record_body(key, &template.body);
            }
            ItemNode::Kind(decl) => {
                self.record_name(
                    decl.name.range,
                    Definition::Kind(decl.name.text.clone()),
                    !decl.extend,
                );
                for kind in decl.parents.iter().chain(&decl.base) {
                    self.record_kind(kind);
                }
                for field in &decl.fields {
                    let declared =
                        Definition::Field(decl.name.text.clone(), field.name.text.clone());
                    self.record_name(field.name.range, declared, true);
                    self.record_type(&field.ty);
                }
            }
            ItemNode::Enum(decl) => {
                self.record_name(
                    decl.name.range,
                    Definition::Enum(decl.name.text.clone()),
                    !decl.extend,
                );
                for (member, _) in &decl.members {
                    let declared = Definition::Member(decl.name.text.clone(), member.text.clone());
                    self.record_name(member.range, declared, true);
                }
            }
            ItemNode::Function(decl) => {
                let name = decl.name.text.clone();
                self.record_name(decl.name.range, Definition::Function(name.clone()), true);
                for param in &decl.params {
                    let declared = Definition::FunctionParam(name.clone(), param.name.text.clone());
                    self.record_name(param.name.range, declared, true);
                    self.record_type(&param.ty);
                }
                self.record_type(&decl.result);
            }
            ItemNode::Let(decl) => self.record_name(decl.name.range, Definition::Item(key), true),
            ItemNode::Rule(rule) => {
                self.record_name(rule.name.range, Definition::Item(key), true);
                self.record_body(key, &rule.body);
            }
            ItemNode::For(_) | ItemNode::Error => {}
        }
    }

    fn record_import(&mut self, import: &nth_syntax::tree::Import) {
        let Some(builder) = &self.index else { return };
        let file = builder.item.file;
        let Some(entry) = file_names(self.db, file)
            .imports
            .iter()
            .find(|entry| Some(entry.key) == self.index.as_ref().map(|builder| builder.item))
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
                let whole = first.range.cover(last.range);
                self.record_name(whole, Definition::Module(module), false);
                if let Some(alias) = &import.alias {
                    self.record_name(alias.range, Definition::Module(module), false);
                }
                for name in import.names.iter().flatten() {
                    if let Some(meaning) = self.item_definition(module, &name.text) {
                        self.record_name(name.range, meaning, false);
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
                    let range = first.range.cover(before.range);
                    self.record_name(range, Definition::Module(module), false);
                }
                if let Some(meaning) = self.item_definition(module, name) {
                    self.record_name(last.range, meaning.clone(), false);
                    if let Some(alias) = &import.alias {
                        self.record_name(alias.range, meaning, false);
                    }
                }
            }
        }
    }

    /// Returns the definition of `name` in `module`, of any class.
    fn item_definition(&self, module: SourceFile, name: &str) -> Option<Definition> {
        let names = file_names(self.db, module);
        let entry = names.items.iter().find(|entry| entry.name == name)?;
        Some(match entry.class {
            ItemClass::Block => Definition::Block(BlockRef {
                item: entry.key,
                path: Vec::new(),
                kind: entry.kind.clone(),
                name: entry.name.clone(),
            }),
            ItemClass::Extension if entry.kind == EXTENDED_ENUM => {
                Definition::Enum(entry.name.clone())
            }
            ItemClass::Kind | ItemClass::Extension => Definition::Kind(entry.name.clone()),
            ItemClass::Enum => Definition::Enum(entry.name.clone()),
            ItemClass::Function => Definition::Function(entry.name.clone()),
            ItemClass::Template | ItemClass::Let | ItemClass::Rule => Definition::Item(entry.key),
            ItemClass::Import | ItemClass::Loop | ItemClass::Error => return None,
        })
    }

    fn record_params(&mut self, key: ItemKey, params: &[Param]) {
        for param in params {
            let declared = Definition::Local(Span {
                item: key,
                range: param.name.range,
            });
            self.record_name(param.name.range, declared, true);
            self.record_type(&param.ty);
        }
    }

    fn record_kind(&mut self, name: &Name) {
        if self.schema.kinds.contains_key(&name.text) {
            self.record_name(name.range, Definition::Kind(name.text.clone()), false);
        }
    }

    fn record_type(&mut self, ty: &TypeExpr) {
        match &ty.node {
            TypeNode::Name(name) => {
                let text = &name.text;
                let meaning = if self.schema.enums.contains_key(text) {
                    Definition::Enum(text.clone())
                } else if BUILTIN.iter().any(|(known, ..)| *known == text) {
                    Definition::Type(text.clone())
                } else if self.schema.kinds.contains_key(text) {
                    Definition::Kind(text.clone())
                } else {
                    return;
                };
                self.record_name(name.range, meaning, false);
            }
            TypeNode::Optional(inner) | TypeNode::List(inner) => self.record_type(inner),
            TypeNode::Union(members) => {
                for member in members {
                    self.record_type(member);
                }
            }
            TypeNode::One(name) => self.record_kind(name),
            TypeNode::Error => {}
        }
    }

    fn record_body(&mut self, key: ItemKey, body: &'db Body) {
        for statement in &body.statements {
            match statement {
                Statement::Block(Block { kind, body, .. }) => {
                    self.record_kind(kind);
                    self.record_body(key, body);
                }
                Statement::Let(decl) => self.record_local(key, &decl.name),
                Statement::For(repeat) => {
                    self.record_local(key, &repeat.variable);
                    self.record_body(key, &repeat.body);
                }
                Statement::If(choice) => {
                    self.record_body(key, &choice.then);
                    if let Some(otherwise) = &choice.otherwise {
                        self.record_body(key, otherwise);
                    }
                }
                Statement::In(inner) => {
                    let environment = self.workspace.environments(self.db);
                    if let Some(found) = environment.get(&inner.environment.text) {
                        let block = BlockRef {
                            item: *found,
                            path: Vec::new(),
                            kind: kind::ENVIRONMENT.into(),
                            name: inner.environment.text.clone(),
                        };
                        self.record_name(inner.environment.range, Definition::Block(block), false);
                    }
                    self.record_body(key, &inner.body);
                }
                Statement::Without(without) => self.record_kind(&without.kind),
                Statement::Field(_) | Statement::Require(_) => {}
            }
        }
    }

    fn record_local(&mut self, key: ItemKey, name: &Name) {
        let declared = Definition::Local(Span {
            item: key,
            range: name.range,
        });
        self.record_name(name.range, declared, true);
    }

    /// Records the names in the path of a base: modules, and the template, block or variant at its end.
    pub(super) fn record_base(&mut self, context: &Context<'db>, base: &'db Base, end: Definition) {
        if !self.is_indexing(context) {
            return;
        }
        let Some((last, before)) = base.path.segments.split_last() else {
            return;
        };
        self.record_name(last.range, end, false);
        self.record_modules(context, before);
    }

    /// Records the module that a path names, if it names one.
    pub(super) fn record_modules(&mut self, context: &Context<'db>, path: &[Name]) {
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
            self.record(context, first.range.cover(last.range), |_| {
                Some(Definition::Module(module))
            });
        }
    }

    /// Records the name of a nested block as its declaration.
    pub(super) fn record_declaration(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        block: NodeId,
    ) {
        if self.is_indexing(context)
            && let Some(block) = self.reference(block)
        {
            self.record_name(range, Definition::Block(block), true);
        }
    }

    /// Records an occurrence of a nested block's name, in this item or another one.
    pub(super) fn record_written(
        &mut self,
        context: &Context<'db>,
        range: TextRange,
        block: NodeId,
    ) {
        let span = self.span(context, range);
        if let Some(builder) = &mut self.index {
            let places = builder.written.entry(block).or_default();
            if !places.contains(&span) {
                places.push(span);
            }
        }
    }

    /// Turns the recorded occurrences of nested blocks into [`BlockNames`].
    fn record_blocks(&mut self) {
        let Some(builder) = &mut self.index else {
            return;
        };
        let written = std::mem::take(&mut builder.written);
        let mut blocks = Vec::new();
        for (id, places) in &written {
            let mut places = places.clone();
            // An `override` has no name of its own: it is named after the `deny` that it overrides.
            if self.node(*id).kind == kind::OVERRIDE
                && let Some(gate) = self.node(*id).parent
                && let Some(passed) = self.child(gate, kind::DENY, &self.node(*id).name)
            {
                let of_passed = written.get(&passed).into_iter().flatten().copied();
                places.splice(0..0, of_passed);
            }
            if let Some(block) = self.reference(*id) {
                blocks.push(BlockNames { block, places });
            }
        }
        if let Some(builder) = &mut self.index {
            builder.index.blocks = blocks;
        }
    }

    /// Records the metric names of a query that are declared as blocks: recording rules of the service, and `metric` blocks.
    pub(super) fn record_metrics(
        &mut self,
        tree: &promql::Expr,
        literal: &QueryLit,
        context: &Context<'db>,
    ) {
        if !self.is_indexing(context) {
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
                self.record_name(range, Definition::Block(block), false);
            }
        }
    }

    fn metric_block(&self, metric: &SmolStr, context: &Context<'db>) -> Option<BlockRef> {
        let outermost = std::iter::successors(context.node, |node| self.node(*node).parent).last();
        if let Some(outermost) = outermost {
            let own = self.child(outermost, kind::RECORDING, metric);
            let mut slos = self.node(outermost).children.iter();
            let of_slo = || {
                slos.find_map(|slo| match self.node(*slo).kind == kind::SLO {
                    true => self.child(*slo, kind::RECORDING, metric),
                    false => None,
                })
            };
            if let Some(recording) = own.or_else(of_slo) {
                return self.reference(recording);
            }
        }
        let declared = *self.workspace.metrics(self.db).get(metric)?;
        match self.top_level(declared)? {
            Value::Block(block) => Some(block),
            _ => None,
        }
    }

    /// Records a name if its value is a block.
    pub(super) fn record_block(&mut self, name: &Name, value: &Value, context: &Context<'db>) {
        self.record(context, name.range, |_| match value {
            Value::Block(block) => Some(Definition::Block(block.clone())),
            _ => None,
        });
    }

    /// Records a name that refers to a top-level `let`.
    pub(super) fn record_let(&mut self, name: &Name, context: &Context<'db>) {
        self.record(context, name.range, |evaluator| {
            evaluator.let_definition(std::slice::from_ref(&name.text), context)
        });
    }

    /// Records a member of a block of kind `kind`: a field, or a kind of child block.
    pub(super) fn record_member(&mut self, kind: &str, name: &Name, context: &Context<'db>) {
        self.record(context, name.range, |evaluator| {
            field_definition(evaluator.schema, kind, &name.text)
                .or_else(|| evaluator.child_kind(kind, &name.text).map(Definition::Kind))
        });
    }

    /// Returns the definition of the top-level `let` that `path` names in the file of `context`.
    pub(super) fn let_definition(
        &self,
        path: &[SmolStr],
        context: &Context<'db>,
    ) -> Option<Definition> {
        let want = Want {
            class: ItemClass::Let,
            kind: "",
        };
        let file = context.scope.item.file;
        resolve_path(self.db, self.workspace, file, path, want).map(Definition::Item)
    }
}

/// Returns the field `name` of blocks of kind `kind`, with the kind or base kind that declares it.
pub fn field_definition(schema: &Schema, kind: &str, name: &SmolStr) -> Option<Definition> {
    let known = schema.kinds.get(kind)?;
    if known.fields.contains_key(name) {
        return Some(Definition::Field(known.name.clone(), name.clone()));
    }
    field_definition(schema, known.base.as_deref()?, name)
}
