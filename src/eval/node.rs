//! Blocks while they are being put together: layers of bodies, from the base outwards, and what they set.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::scope::{Context, Scope};
use super::value::{BlockRef, FieldValue, Instance, Value};
use super::{Evaluator, Mode};
use crate::db::{Diag, ItemClass, ItemKey, Span};
use crate::diagnostics::{codes, suggest};
use crate::resolve::{Want, did_you_mean, resolve_path};
use crate::schema::{self, Ty};
use crate::syntax::tree::{
    Base, Block, Body, Expr, ExprNode, ItemNode, Name, Statement, Template, TextRange,
};

/// A block in an evaluator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(usize);

/// A block: bodies in layers, the base's first.
pub struct Node<'db> {
    pub kind: SmolStr,
    pub variant: Option<SmolStr>,
    pub name: SmolStr,
    pub parent: Option<NodeId>,
    pub children: Vec<NodeId>,
    doc: Option<SmolStr>,
    head: Span,
    trail: Rc<Vec<Span>>,
    /// Whether part of its text could not be read, which was reported: what is missing may be there.
    damaged: bool,
    /// Whether its base could not be found, which was reported: what is missing may be in the base.
    baseless: bool,
    /// The kinds of nested blocks that were reported and left out.
    unknown_kinds: Vec<SmolStr>,
    layers: Vec<(&'db Body, Rc<Scope<'db>>)>,
    state: State,
    setters: IndexMap<SmolStr, Vec<Setter<'db>>>,
    values: HashMap<SmolStr, FieldState>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Collecting,
    Done,
}

#[derive(Clone)]
struct Setter<'db> {
    expr: &'db Expr,
    context: Context<'db>,
    name: &'db Name,
    /// Layer, whether in an environment, and the order of the text: the greatest wins.
    order: (usize, bool, usize),
}

enum FieldState {
    Running,
    Done(Value),
}

impl<'db> Evaluator<'db> {
    pub(crate) fn node(&self, id: NodeId) -> &Node<'db> {
        &self.nodes[id.0]
    }

    /// The kind whose fields a block has: its variant, or else its kind.
    pub(crate) fn schema_kind(&self, id: NodeId) -> SmolStr {
        let node = self.node(id);
        node.variant.clone().unwrap_or_else(|| node.kind.clone())
    }

    fn add_node(&mut self, node: Node<'db>) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    fn empty_node(kind: &Name, name: SmolStr, parent: Option<NodeId>, head: Span) -> Node<'db> {
        Node {
            kind: kind.text.clone(),
            variant: None,
            name,
            parent,
            children: Vec::new(),
            doc: None,
            head,
            trail: Rc::default(),
            damaged: false,
            baseless: false,
            unknown_kinds: Vec::new(),
            layers: Vec::new(),
            state: State::Waiting,
            setters: IndexMap::new(),
            values: HashMap::new(),
        }
    }

    /// Starts with a top-level block.
    pub fn root_block(&mut self, key: ItemKey) -> Option<NodeId> {
        if let Some((root, node)) = self.root
            && root == key
        {
            return Some(node);
        }
        let ItemNode::Block(block) = self.tree(key)? else {
            return None;
        };
        self.schema.kinds.get(&block.kind.text)?;
        let scope = Scope::of_item(key, Rc::default());
        let name = block
            .name
            .as_ref()
            .map(|name| name.text.clone())
            .unwrap_or_default();
        let head = Span {
            item: key,
            range: block.head,
        };
        let mut node = Self::empty_node(&block.kind, name, None, head);
        node.doc = block.doc.clone();
        let id = self.add_node(node);
        self.root = Some((key, id));
        self.add_layers(id, block.base.as_ref(), &block.body, block.head, &scope);
        Some(id)
    }

    /// Starts with a template, whose parameters are unknown.
    pub fn root_template(&mut self, key: ItemKey) -> Option<NodeId> {
        let ItemNode::Template(template) = self.tree(key)? else {
            return None;
        };
        self.schema.kinds.get(&template.kind.text)?;
        let scope = Scope::of_item(key, Rc::default());
        let mut ignored = Vec::new();
        for (name, ty, _) in schema::params(self.schema, &template.params, key, &mut ignored) {
            scope.bind(name, Value::Unknown(ty));
        }
        let head = Span {
            item: key,
            range: template.head,
        };
        let node = Self::empty_node(&template.kind, template.name.text.clone(), None, head);
        let id = self.add_node(node);
        self.root = Some((key, id));
        self.add_layers(
            id,
            template.base.as_ref(),
            &template.body,
            template.head,
            &scope,
        );
        Some(id)
    }

    /// Whether the evaluator started with that item, and where.
    pub(crate) fn root_of(&self, key: ItemKey) -> Option<NodeId> {
        self.root
            .filter(|(root, _)| *root == key)
            .map(|(_, node)| node)
    }

    fn add_layers(
        &mut self,
        id: NodeId,
        base: Option<&'db Base>,
        body: &'db Body,
        head: TextRange,
        scope: &Rc<Scope<'db>>,
    ) {
        self.note_damage(id, scope.item, head, body);
        if let Some(base) = base {
            let context = Context {
                scope: scope.clone(),
                node: Some(id),
            };
            self.add_base(id, base, &context, &mut Vec::new());
        }
        let inner = self.body_scope(body, scope, id);
        self.nodes[id.0].layers.push((body, inner));
    }

    /// A block whose text is damaged may lack what its author wrote.
    fn note_damage(&mut self, id: NodeId, item: ItemKey, head: TextRange, body: &Body) {
        let Some(tree) = crate::db::item(self.db, item) else {
            return;
        };
        let whole = head.to(body.range);
        let nested = |range: TextRange| {
            body.statements.iter().any(|statement| {
                matches!(statement, Statement::Block(block)
                    if block.range.start <= range.start && range.end <= block.range.end)
            })
        };
        if tree.errors.iter().any(|error| {
            error.range.start <= whole.end && whole.start <= error.range.end && !nested(error.range)
        }) {
            self.nodes[id.0].damaged = true;
        }
    }

    /// Whether the base of a block, or of one around it, could not be found.
    fn is_baseless(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.baseless || node.parent.is_some_and(|parent| self.is_baseless(parent))
    }

    /// The names of the fields that a block sets and does not have.
    fn unknown_fields(&self, id: NodeId) -> Vec<SmolStr> {
        let kind = self.schema_kind(id);
        let known = |name: &SmolStr| {
            self.schema
                .field(&kind, name)
                .is_some_and(|field| !matches!(field.ty, Ty::One(..)))
        };
        self.node(id)
            .setters
            .keys()
            .filter(|name| !known(name))
            .cloned()
            .collect()
    }

    /// Whether what is missing is what the author wrote under a name that was reported already.
    fn is_misspelt(&self, id: NodeId, field: &schema::FieldSchema) -> bool {
        let near = |name: &SmolStr| {
            *name == field.name || suggest::nearest(name, [field.name.as_str()]).is_some()
        };
        let variant = |name: &SmolStr| {
            matches!(&field.ty, Ty::One(child, _)
                if self.schema.variants(child).any(|variant| variant.name == *name))
        };
        self.unknown_fields(id).iter().any(near)
            || self
                .node(id)
                .unknown_kinds
                .iter()
                .any(|name| near(name) || variant(name))
    }

    /// Whether a block needs to say which variant of its kind it is, and does not.
    fn lacks_variant(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.variant.is_none() && self.schema.variants(&node.kind).next().is_some()
    }

    /// A body's own scope, with its `let`s.
    fn body_scope(&self, body: &'db Body, outer: &Rc<Scope<'db>>, node: NodeId) -> Rc<Scope<'db>> {
        let scope = Scope::inside(outer);
        for statement in &body.statements {
            if let Statement::Let(decl) = statement {
                let context = Context {
                    scope: scope.clone(),
                    node: Some(node),
                };
                scope.bind_lazy(decl.name.text.clone(), &decl.value, context, None);
            }
        }
        scope
    }

    fn add_base(
        &mut self,
        id: NodeId,
        base: &'db Base,
        context: &Context<'db>,
        seen: &mut Vec<ItemKey>,
    ) {
        let kind = self.node(id).kind.clone();
        let path: Vec<SmolStr> = base
            .path
            .segments
            .iter()
            .map(|name| name.text.clone())
            .collect();
        let span = self.span(context, base.path.range);
        if let [name] = path.as_slice()
            && self
                .schema
                .kinds
                .get(name)
                .is_some_and(|variant| variant.base.as_ref() == Some(&kind))
        {
            self.nodes[id.0].variant = Some(name.clone());
            if let Some(args) = base.args.as_ref().filter(|args| !args.is_empty()) {
                let range = args
                    .iter()
                    .map(|arg| arg.range)
                    .reduce(TextRange::to)
                    .unwrap_or(base.range);
                let diagnostic = Diag::new(
                    &codes::UNKNOWN_PARAMETER,
                    format!("the kind `{name}` takes no arguments"),
                    self.span(context, range),
                )
                .help("set its fields between braces");
                self.report(context, diagnostic);
            }
            return;
        }
        let file = context.scope.item.file;
        let find = |class| {
            resolve_path(
                self.db,
                self.workspace,
                file,
                &path,
                Want { class, kind: &kind },
            )
        };
        let Some(key) = find(ItemClass::Template).or_else(|| find(ItemClass::Block)) else {
            self.nodes[id.0].baseless = true;
            self.report_unknown_base(&kind, base, span, context);
            return;
        };
        if seen.contains(&key) || self.root_of(key) == Some(id) {
            self.nodes[id.0].baseless = true;
            if self.root_of(key) == Some(id) {
                self.report_base_cycle(id, key, seen);
            }
            return;
        }
        seen.push(key);
        let mut trail = (*context.scope.trail).clone();
        trail.push(self.span(context, base.range));
        let scope = Scope::of_item(key, Rc::new(trail));
        match self.tree(key) {
            Some(ItemNode::Template(template)) => {
                self.bind_arguments(template, key, base, context, &scope, id);
                let inner = Context {
                    scope: scope.clone(),
                    node: Some(id),
                };
                if let Some(base) = &template.base {
                    self.add_base(id, base, &inner, seen);
                }
                self.note_damage(id, key, template.head, &template.body);
                let body_scope = self.body_scope(&template.body, &scope, id);
                self.nodes[id.0].layers.push((&template.body, body_scope));
            }
            Some(ItemNode::Block(block)) => {
                if let Some(args) = base.args.as_ref().filter(|args| !args.is_empty()) {
                    let range = args
                        .iter()
                        .map(|arg| arg.range)
                        .reduce(TextRange::to)
                        .unwrap_or(base.range);
                    let diagnostic = Diag::new(
                        &codes::UNKNOWN_PARAMETER,
                        format!("the block `{}` takes no arguments", path.join(".")),
                        self.span(context, range),
                    )
                    .help("only a template has parameters");
                    self.report(context, diagnostic);
                }
                let inner = Context {
                    scope: scope.clone(),
                    node: Some(id),
                };
                if let Some(base) = &block.base {
                    self.add_base(id, base, &inner, seen);
                }
                self.note_damage(id, key, block.head, &block.body);
                let body_scope = self.body_scope(&block.body, &scope, id);
                self.nodes[id.0].layers.push((&block.body, body_scope));
            }
            _ => {}
        }
        seen.pop();
    }

    /// A circle is told once, at the first of its members.
    fn report_base_cycle(&mut self, id: NodeId, root: ItemKey, seen: &[ItemKey]) {
        let place = |key: &ItemKey| {
            (
                key.file.module(self.db).clone(),
                crate::db::item_start(self.db, *key),
            )
        };
        if self.mode != Mode::Check || seen.iter().any(|key| place(key) < place(&root)) {
            return;
        }
        let base = match self.tree(root) {
            Some(ItemNode::Template(template)) => &template.base,
            Some(ItemNode::Block(block)) => &block.base,
            _ => return,
        };
        let Some(base) = base else { return };
        let path: Vec<SmolStr> = [&root]
            .into_iter()
            .chain(seen)
            .chain([&root])
            .map(|key| crate::db::item_name(self.db, *key))
            .collect();
        let context = Context {
            scope: Scope::of_item(root, Rc::default()),
            node: Some(id),
        };
        let mut diagnostic = Diag::new(
            &codes::BASE_CYCLE,
            format!("`{}` is based on itself", path[0]),
            self.span(&context, base.path.range),
        );
        if !seen.is_empty() {
            diagnostic = diagnostic.help(format!("the path is {}", path.join(" → ")));
        }
        self.diagnostics.push(diagnostic);
    }

    fn report_unknown_base(
        &mut self,
        kind: &SmolStr,
        base: &'db Base,
        span: Span,
        context: &Context<'db>,
    ) {
        let (Some(first), Some(last)) = (base.path.segments.first(), base.path.segments.last())
        else {
            return;
        };
        // `http.`: the syntax error says it all.
        if base.path.range.end > last.range.end {
            return;
        }
        let file = context.scope.item.file;
        if crate::resolve::is_of_failed_import(self.db, self.workspace, file, &first.text) {
            return;
        }
        if let [module, _] = base.path.segments.as_slice()
            && crate::resolve::module_named(self.db, self.workspace, file, &module.text).is_none()
        {
            self.report_unknown_module(module, context);
            return;
        }
        let path = base
            .path
            .segments
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_BASE,
            format!("there is no template, variant or block of kind `{kind}` called `{path}`"),
            span,
        )
        .label("not found");
        let last_span = self.span(context, last.range);
        let known = self.known_bases(kind, base, context);
        if let Some(other) = self.base_of_other_kind(base, context) {
            diagnostic = diagnostic.help(other);
        } else if let Some(near) = suggest::nearest(&last.text, known.iter().map(SmolStr::as_str)) {
            diagnostic = did_you_mean(diagnostic, last_span, near);
        } else if base.path.segments.len() == 1 {
            diagnostic.unknown_name = Some(crate::diagnostics::UnknownName {
                kind: kind.to_string(),
                name: last.text.to_string(),
            });
        }
        self.report(context, diagnostic);
    }

    /// Says so where the name is that of a template or block of another kind.
    fn base_of_other_kind(&self, base: &Base, context: &Context<'db>) -> Option<String> {
        let path: Vec<SmolStr> = base
            .path
            .segments
            .iter()
            .map(|name| name.text.clone())
            .collect();
        let file = context.scope.item.file;
        [ItemClass::Template, ItemClass::Block]
            .into_iter()
            .find_map(|class| {
                self.schema.kinds.keys().find_map(|kind| {
                    resolve_path(self.db, self.workspace, file, &path, Want { class, kind })?;
                    let what = if class == ItemClass::Template {
                        "template of kind"
                    } else {
                        "block of kind"
                    };
                    Some(format!("`{}` is a {what} `{kind}`", path.join(".")))
                })
            })
    }

    fn known_bases(&self, kind: &SmolStr, base: &Base, context: &Context<'db>) -> Vec<SmolStr> {
        let file = context.scope.item.file;
        let names_of = |file| {
            crate::db::file_names(self.db, file)
                .items
                .iter()
                .filter(|entry| {
                    matches!(entry.class, ItemClass::Template | ItemClass::Block)
                        && entry.kind == *kind
                })
                .map(|entry| entry.name.clone())
                .collect::<Vec<_>>()
        };
        match base.path.segments.as_slice() {
            [_] => {
                let mut known = names_of(file);
                known.extend(names_of(self.workspace.prelude(self.db)));
                known.extend(
                    self.schema
                        .variants(kind)
                        .map(|variant| variant.name.clone()),
                );
                known
            }
            [module, _] => {
                crate::resolve::module_named(self.db, self.workspace, file, &module.text)
                    .map(names_of)
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn bind_arguments(
        &mut self,
        template: &'db Template,
        key: ItemKey,
        base: &'db Base,
        context: &Context<'db>,
        scope: &Rc<Scope<'db>>,
        node: NodeId,
    ) {
        let mut ignored = Vec::new();
        let params = schema::params(self.schema, &template.params, key, &mut ignored);
        let args = base.args.as_deref().unwrap_or_default();
        let mut used = vec![false; params.len()];
        let mut unnamed = false;
        let mut unknown: Vec<SmolStr> = Vec::new();
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                None if position == 0 => (!params.is_empty()).then_some(0),
                None => {
                    unnamed = true;
                    if self.is_near_damage(self.span(context, arg.range)) {
                        continue;
                    }
                    let diagnostic = Diag::new(
                        &codes::UNNAMED_ARGUMENT,
                        "only the first argument may be without a name",
                        self.span(context, arg.range),
                    )
                    .help(format!(
                        "`{}` takes {}",
                        template.name.text,
                        crate::eval::show::parameters(&params)
                    ));
                    self.report(context, diagnostic);
                    continue;
                }
                Some(name) => params.iter().position(|(known, ..)| *known == name.text),
            };
            let Some(index) = index else {
                let (range, text) = match &arg.name {
                    Some(name) => (name.range, name.text.clone()),
                    None => (arg.range, SmolStr::default()),
                };
                let span = self.span(context, range);
                unknown.push(text.clone());
                let message = if params.is_empty() {
                    format!("the template `{}` has no parameters", template.name.text)
                } else {
                    format!(
                        "the template `{}` has no parameter `{text}`",
                        template.name.text
                    )
                };
                let mut diagnostic = Diag::new(&codes::UNKNOWN_PARAMETER, message, span).because(
                    Span {
                        item: key,
                        range: template.head,
                    },
                    "the template",
                );
                let known = params.iter().map(|(name, ..)| name.as_str());
                if let Some(near) = suggest::nearest(&text, known) {
                    diagnostic = did_you_mean(diagnostic, span, near);
                }
                self.report(context, diagnostic);
                continue;
            };
            if std::mem::replace(&mut used[index], true) {
                let diagnostic = Diag::new(
                    &codes::DUPLICATE_FIELD,
                    format!("the argument `{}` is given twice", params[index].0),
                    self.span(context, arg.range),
                );
                self.report(context, diagnostic);
                continue;
            }
            let (name, ty, _) = &params[index];
            scope.bind_lazy(name.clone(), &arg.value, context.clone(), Some(ty.clone()));
            if self.mode == Mode::Check {
                self.force(scope, name);
            }
        }
        for ((index, (name, ty, default)), param) in params.iter().enumerate().zip(&template.params)
        {
            if used[index] {
                continue;
            }
            match (&param.default, default) {
                (Some(expr), _) => {
                    let inner = Context {
                        scope: scope.clone(),
                        node: Some(node),
                    };
                    scope.bind_lazy(name.clone(), expr, inner, Some(ty.clone()));
                }
                _ if ty.is_optional() => scope.bind(name.clone(), Value::None),
                _ => {
                    scope.bind(name.clone(), Value::Error);
                    // It is there, under a wrong name or none.
                    if unnamed
                        || unknown
                            .iter()
                            .any(|wrong| suggest::nearest(wrong, [name.as_str()]).is_some())
                    {
                        continue;
                    }
                    let diagnostic = Diag::new(
                        &codes::MISSING_ARGUMENT,
                        format!(
                            "`{}` needs the argument `{name}`, {}",
                            template.name.text,
                            ty.phrase()
                        ),
                        self.span(context, base.range),
                    )
                    .because(
                        Span {
                            item: key,
                            range: param.range,
                        },
                        "the parameter has no default",
                    );
                    self.report(context, diagnostic);
                }
            }
        }
    }

    /// Gathers what the layers set and which blocks they hold.
    pub(crate) fn collect(&mut self, id: NodeId) {
        if self.node(id).state != State::Waiting {
            return;
        }
        self.nodes[id.0].state = State::Collecting;
        let layers = self.node(id).layers.clone();
        for (layer, (body, scope)) in layers.iter().enumerate() {
            self.collect_fields(id, body, scope, layer, false);
        }
        for (layer, (body, scope)) in layers.iter().enumerate() {
            self.collect_blocks(id, body, scope, layer, false);
        }
        self.nodes[id.0].state = State::Done;
    }

    fn applies(&self, environment: &Name) -> bool {
        self.mode == Mode::Check || self.environment.as_ref() == Some(&environment.text)
    }

    fn collect_fields(
        &mut self,
        id: NodeId,
        body: &'db Body,
        scope: &Rc<Scope<'db>>,
        layer: usize,
        within: bool,
    ) {
        for statement in &body.statements {
            match statement {
                Statement::Field(field) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    let setters = self.nodes[id.0]
                        .setters
                        .entry(field.name.text.clone())
                        .or_default();
                    let order = (layer, within, setters.len());
                    setters.push(Setter {
                        expr: &field.value,
                        context,
                        name: &field.name,
                        order,
                    });
                }
                Statement::In(inner) if self.applies(&inner.environment) => {
                    let inner_scope = self.body_scope(&inner.body, scope, id);
                    self.collect_fields(id, &inner.body, &inner_scope, layer, true);
                }
                _ => {}
            }
        }
    }

    fn collect_blocks(
        &mut self,
        id: NodeId,
        body: &'db Body,
        scope: &Rc<Scope<'db>>,
        layer: usize,
        within: bool,
    ) {
        for statement in &body.statements {
            match statement {
                Statement::Block(block) => self.add_child(id, block, scope),
                Statement::In(inner) if self.applies(&inner.environment) => {
                    let inner_scope = self.body_scope(&inner.body, scope, id);
                    self.collect_blocks(id, &inner.body, &inner_scope, layer, true);
                }
                Statement::Without(without) => {
                    let name = without
                        .name
                        .as_ref()
                        .map(|name| name.text.clone())
                        .unwrap_or_default();
                    let found = self.child(id, &without.kind.text, &name);
                    match found {
                        // A check visits every branch, so what one removes another may still name.
                        Some(child) if self.mode == Mode::Instantiate => {
                            self.nodes[id.0].children.retain(|known| *known != child);
                        }
                        Some(_) => {}
                        None => self.report_nothing_to_remove(id, without, &name, scope),
                    }
                }
                Statement::If(choice) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    let condition = self.condition(&choice.condition, &context);
                    let mut branches = Vec::new();
                    if self.mode == Mode::Check || condition == Some(true) {
                        branches.push(&choice.then);
                    }
                    if (self.mode == Mode::Check || condition == Some(false))
                        && let Some(otherwise) = &choice.otherwise
                    {
                        branches.push(otherwise);
                    }
                    for branch in branches {
                        let inner = self.body_scope(branch, scope, id);
                        self.collect_fields(id, branch, &inner, layer, within);
                        self.collect_blocks(id, branch, &inner, layer, within);
                    }
                }
                Statement::For(repeat) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    for element in self.elements(&repeat.list, &context) {
                        let outer = Scope::inside(scope);
                        outer.bind(repeat.variable.text.clone(), element);
                        if let Some(condition) = &repeat.condition {
                            let context = Context {
                                scope: outer.clone(),
                                node: Some(id),
                            };
                            let taken = self.condition(condition, &context);
                            if self.mode == Mode::Instantiate && taken != Some(true) {
                                continue;
                            }
                        }
                        let inner = self.body_scope(&repeat.body, &outer, id);
                        self.collect_fields(id, &repeat.body, &inner, layer, within);
                        self.collect_blocks(id, &repeat.body, &inner, layer, within);
                    }
                }
                _ => {}
            }
        }
    }

    fn report_nothing_to_remove(
        &mut self,
        id: NodeId,
        without: &'db crate::syntax::tree::Without,
        name: &SmolStr,
        scope: &Rc<Scope<'db>>,
    ) {
        let context = Context {
            scope: scope.clone(),
            node: Some(id),
        };
        // `without`: the syntax error says it all.
        if without.kind.text.is_empty() {
            return;
        }
        let span = self.span(&context, without.range);
        let label = if name.is_empty() {
            without.kind.text.to_string()
        } else {
            format!("{} {name}", without.kind.text)
        };
        let mut diagnostic = Diag::new(
            &codes::NOTHING_TO_REMOVE,
            format!("there is no `{label}` here to remove"),
            span,
        );
        let known: Vec<SmolStr> = self
            .node(id)
            .children
            .iter()
            .map(|child| self.node(*child))
            .filter(|child| child.kind == without.kind.text)
            .map(|child| child.name.clone())
            .collect();
        if let Some(written) = &without.name
            && let Some(near) = suggest::nearest(name, known.iter().map(SmolStr::as_str))
        {
            let span = self.span(&context, written.range);
            diagnostic = did_you_mean(diagnostic, span, near);
        } else if !known.is_empty() {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            diagnostic = diagnostic.help(format!("there is {}", known.join(", ")));
        } else if !self.schema.kinds.contains_key(&without.kind.text)
            && let Some(near) = suggest::nearest(
                &without.kind.text,
                self.schema.kinds.keys().map(SmolStr::as_str),
            )
        {
            let span = self.span(&context, without.kind.range);
            diagnostic = did_you_mean(diagnostic, span, near);
        }
        self.report(&context, diagnostic);
    }

    /// A nested block by kind and name.
    pub(crate) fn child(&self, id: NodeId, kind: &str, name: &str) -> Option<NodeId> {
        self.node(id)
            .children
            .iter()
            .copied()
            .find(|child| self.node(*child).kind == kind && self.node(*child).name == name)
    }

    fn add_child(&mut self, parent: NodeId, block: &'db Block, scope: &Rc<Scope<'db>>) {
        let context = Context {
            scope: scope.clone(),
            node: Some(parent),
        };
        let kind = &block.kind;
        if self.is_field_with_colon(parent, block) {
            self.report_colon(parent, block, &context);
            return;
        }
        let Some(known) = self
            .schema
            .kinds
            .get(&kind.text)
            .filter(|kind| kind.base.is_none())
        else {
            self.report_unknown_kind(parent, kind, &context);
            return;
        };
        let parent_kind = self.node(parent).kind.clone();
        let as_one = self
            .schema
            .fields(&self.schema_kind(parent))
            .iter()
            .any(|field| matches!(&field.ty, Ty::One(child, _) if *child == kind.text));
        // A block that stands too deep because a brace is missing is told as that.
        let too_deep = || {
            self.node(parent).damaged
                && std::iter::successors(self.node(parent).parent, |node| self.node(*node).parent)
                    .any(|node| known.parents.contains(&self.node(node).kind))
        };
        if !known.parents.contains(&parent_kind) && !as_one && too_deep() {
            return;
        }
        if !known.parents.contains(&parent_kind) && !as_one {
            let diagnostic = Diag::new(
                &codes::MISPLACED_BLOCK,
                format!(
                    "{} `{}` cannot stand in {} `{parent_kind}`",
                    schema::article(&kind.text),
                    kind.text,
                    schema::article(&parent_kind)
                ),
                self.span(&context, kind.range),
            )
            .help(crate::check::where_it_belongs(known));
            self.report(&context, diagnostic);
            return;
        }
        let Some(name) = self.block_name(block, &context) else {
            self.nodes[parent.0].unknown_kinds.push(kind.text.clone());
            return;
        };
        let head = self.span(&context, block.head);
        let id = match self.child(parent, &kind.text, &name) {
            Some(existing) => {
                if block.base.is_some() {
                    let node = &mut self.nodes[existing.0];
                    node.layers.clear();
                    node.variant = None;
                }
                existing
            }
            None => {
                let mut node = Self::empty_node(kind, name, Some(parent), head);
                node.trail = scope.trail.clone();
                let id = self.add_node(node);
                self.nodes[parent.0].children.push(id);
                id
            }
        };
        if block.doc.is_some() {
            self.nodes[id.0].doc = block.doc.clone();
        }
        // What the author of the service wrote is what a message should point at, not what a template has.
        if scope.trail.len() < self.node(id).trail.len() {
            self.nodes[id.0].head = head;
            self.nodes[id.0].trail = scope.trail.clone();
        }
        self.add_layers(id, block.base.as_ref(), &block.body, block.head, scope);
    }

    /// `tier: critical`, as other languages set a field: a block without a name and without a body.
    fn is_field_with_colon(&self, parent: NodeId, block: &Block) -> bool {
        let kind = self.schema_kind(parent);
        let field = self.schema.field(&kind, &block.kind.text);
        block.name.is_none()
            && block.body.range.is_empty()
            && block.base.as_ref().is_some_and(|base| base.args.is_none())
            && field.is_some_and(|field| !matches!(field.ty, Ty::One(..)))
    }

    fn report_colon(&mut self, parent: NodeId, block: &'db Block, context: &Context<'db>) {
        let Some(base) = &block.base else { return };
        self.nodes[parent.0]
            .unknown_kinds
            .push(block.kind.text.clone());
        let between = TextRange {
            start: block.kind.range.end,
            end: base.path.range.start,
        };
        let path = base
            .path
            .segments
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        let diagnostic = Diag::new(
            &codes::MISPLACED_BLOCK,
            format!(
                "`{}` is a field, and a field is set with `=`",
                block.kind.text
            ),
            self.span(context, block.kind.range.to(base.path.range)),
        )
        .help(format!("write `{} = {path}`", block.kind.text))
        .fix(
            "Replace `:` with `=`",
            self.span(context, between),
            " = ",
            crate::diagnostics::Applicability::Always,
        );
        self.report(context, diagnostic);
    }

    /// A nested block's name, with its holes filled.
    fn block_name(&mut self, block: &'db Block, context: &Context<'db>) -> Option<SmolStr> {
        let single = self.schema.is_single(&block.kind.text);
        let given = block
            .name
            .as_ref()
            .filter(|name| !name.text.is_empty() || block.name_parts.is_some());
        match (given, single) {
            (None, true) => Some(SmolStr::default()),
            (Some(name), true) => {
                let diagnostic = Diag::new(
                    &codes::UNEXPECTED_NAME,
                    format!(
                        "{} `{}` has no name: there can be only one here",
                        schema::article(&block.kind.text),
                        block.kind.text
                    ),
                    self.span(context, name.range),
                );
                self.report(context, diagnostic);
                None
            }
            (None, false) => {
                let diagnostic = Diag::new(
                    &codes::MISSING_BLOCK_NAME,
                    format!("this `{}` needs a name", block.kind.text),
                    self.span(context, block.kind.range),
                )
                .help(format!("write `{} name {{ … }}`", block.kind.text));
                self.report(context, diagnostic);
                None
            }
            (Some(name), false) => match &block.name_parts {
                None => Some(name.text.clone()),
                Some(parts) => match self.string(parts, context) {
                    Value::String(text) if text.trim().is_empty() => {
                        let diagnostic = Diag::new(
                            &codes::MISSING_BLOCK_NAME,
                            format!("the name of this `{}` is empty", block.kind.text),
                            self.span(context, name.range),
                        );
                        self.report(context, diagnostic);
                        None
                    }
                    Value::String(text) => Some(text.into()),
                    Value::Unknown(_) => Some(name.text.clone()),
                    // What is wrong with the name was said; a check goes on with the rest of the block.
                    _ => (self.mode == Mode::Check).then(|| name.text.clone()),
                },
            },
        }
    }

    fn report_unknown_kind(&mut self, parent: NodeId, kind: &Name, context: &Context<'db>) {
        self.nodes[parent.0].unknown_kinds.push(kind.text.clone());
        let span = self.span(context, kind.range);
        let parent_kind = self.node(parent).kind.clone();
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_KIND,
            format!("there is no kind `{}`", kind.text),
            span,
        );
        if self
            .schema
            .kinds
            .get(&kind.text)
            .is_some_and(|kind| kind.base.is_some())
        {
            diagnostic = diagnostic.help(format!(
                "`{}` is a variant: write it after a colon, as in `sli : {} {{ … }}`",
                kind.text, kind.text
            ));
        }
        let known = self
            .schema
            .children(&parent_kind)
            .map(|child| child.name.as_str());
        if let Some(near) = suggest::nearest(&kind.text, known) {
            diagnostic = did_you_mean(diagnostic, span, near);
        }
        self.report(context, diagnostic);
    }

    /// A field's value.
    pub fn field(&mut self, id: NodeId, name: &str) -> Value {
        self.collect(id);
        match self.node(id).values.get(name) {
            Some(FieldState::Done(value)) => return value.clone(),
            Some(FieldState::Running) => {
                let span = self
                    .node(id)
                    .setters
                    .get(name)
                    .and_then(|setters| setters.last())
                    .map(|setter| self.span(&setter.context, setter.expr.range));
                if let Some(span) = span {
                    self.diagnostics.push(Diag::new(
                        &codes::VALUE_CYCLE,
                        format!("the value of `{name}` depends on itself"),
                        span,
                    ));
                }
                return Value::Error;
            }
            None => {}
        }
        let kind = self.schema_kind(id);
        let Some(field) = self.schema.field(&kind, name) else {
            return Value::Error;
        };
        self.nodes[id.0]
            .values
            .insert(name.into(), FieldState::Running);
        let mut setters = self.node(id).setters.get(name).cloned().unwrap_or_default();
        setters.sort_by_key(|setter| setter.order);
        let value = match field.ty.required() {
            Ty::Labels | Ty::Annotations if !setters.is_empty() => {
                let mut merged = std::collections::BTreeMap::new();
                let mut wrong = None;
                for setter in &setters {
                    match self.set(field, setter) {
                        Value::Labels(labels) => merged.extend(labels),
                        Value::None => {}
                        other => wrong = Some(other),
                    }
                }
                wrong.unwrap_or(Value::Labels(merged))
            }
            _ => match setters.last() {
                Some(setter) => self.set(field, setter),
                None => self.default(id, field),
            },
        };
        let value = self.scoped(value, id);
        self.nodes[id.0]
            .values
            .insert(name.into(), FieldState::Done(value.clone()));
        value
    }

    fn set(&mut self, field: &'db schema::FieldSchema, setter: &Setter<'db>) -> Value {
        let value = self.eval(setter.expr, &setter.context, &field.ty);
        if self.mode == Mode::Check && *field.ty.required() == Ty::Text {
            self.warn_of_template(setter.expr, &setter.context);
        }
        let span = self.span(&setter.context, setter.expr.range);
        let value = self.coerce(value, &field.ty, span, &setter.context);
        self.refine(value, field, span, &setter.context)
    }

    fn default(&mut self, id: NodeId, field: &'db schema::FieldSchema) -> Value {
        let Some(default) = &field.default else {
            return Value::None;
        };
        let scope = Scope::of_item(field.span.item, Rc::default());
        let context = Context {
            scope,
            node: Some(id),
        };
        let value = self.eval(default, &context, &field.ty);
        let span = Span {
            item: field.span.item,
            range: default.range,
        };
        self.coerce(value, &field.ty, span, &context)
    }

    fn refine(
        &mut self,
        value: Value,
        field: &'db schema::FieldSchema,
        span: Span,
        context: &Context<'db>,
    ) -> Value {
        let Some(refinement) = &field.refinement else {
            return value;
        };
        if value.is_opaque() || value == Value::None {
            return value;
        }
        let scope = Scope::of_item(field.span.item, Rc::default());
        scope.bind("it".into(), value.clone());
        let inner = Context { scope, node: None };
        if self.condition(refinement, &inner) == Some(false) {
            let shown = value.show().unwrap_or_default();
            let message = match value {
                Value::List(ref items) if items.is_empty() => {
                    format!("`{}` cannot be empty", field.name)
                }
                _ => format!(
                    "`{}` cannot be {shown}: it must be {}",
                    field.name,
                    super::show::refinement(refinement)
                ),
            };
            let diagnostic = Diag::new(&codes::OUT_OF_BOUNDS, message, span)
                .because(field.span, "declared here");
            self.report(context, diagnostic);
            return Value::Error;
        }
        value
    }

    /// A reference to a node.
    pub(crate) fn reference(&self, id: NodeId) -> Option<BlockRef> {
        let (item, root) = self.root?;
        let mut path = Vec::new();
        let mut at = id;
        while at != root {
            let node = self.node(at);
            path.push((node.kind.clone(), node.name.clone()));
            at = node.parent?;
        }
        path.reverse();
        let node = self.node(id);
        Some(BlockRef {
            item,
            path,
            kind: node.kind.clone(),
            name: node.name.clone(),
        })
    }

    /// The node at the end of a path.
    pub fn find_node(&mut self, from: NodeId, path: &[(SmolStr, SmolStr)]) -> Option<NodeId> {
        let mut at = from;
        for (kind, name) in path {
            self.collect(at);
            at = self.child(at, kind, name)?;
        }
        Some(at)
    }

    /// References to the nested blocks of a kind.
    pub fn children_refs(&mut self, id: NodeId, kind: &str) -> Vec<BlockRef> {
        self.collect(id);
        self.node(id)
            .children
            .clone()
            .into_iter()
            .filter(|child| self.node(*child).kind == kind)
            .filter_map(|child| self.reference(child))
            .collect()
    }

    /// Gives every field its value.
    pub fn freeze(&mut self, id: NodeId) -> Instance {
        self.collect(id);
        let kind = self.schema_kind(id);
        let mut fields = IndexMap::new();
        for field in self.schema.fields(&kind) {
            if let Ty::One(child, required) = &field.ty {
                let count = self.children_refs(id, child).len();
                if count == 0 && *required {
                    self.report_missing(
                        id,
                        &codes::MISSING_BLOCK,
                        format!("needs {} `{child}` block", schema::article(child)),
                        field,
                    );
                }
                continue;
            }
            let value = self.field(id, &field.name);
            // A type that does not exist is reported where it is declared.
            let known = field.ty != Ty::Any;
            if value == Value::None && known && !field.ty.is_optional() && field.default.is_none() {
                let what = format!("needs `{}`, {}", field.name, field.ty.phrase());
                self.report_missing(id, &codes::MISSING_FIELD, what, field);
            }
            let setters = self.node(id).setters.get(&field.name);
            let setter =
                setters.and_then(|setters| setters.iter().max_by_key(|setter| setter.order));
            let span = setter.map_or(field.span, |setter| {
                self.span(&setter.context, setter.expr.range)
            });
            let explicit = setter.is_some();
            fields.insert(
                field.name.clone(),
                FieldValue {
                    value,
                    span,
                    explicit,
                    extension: field.extension,
                },
            );
        }
        let children = self.node(id).children.clone();
        let children = children
            .into_iter()
            .map(|child| self.freeze(child))
            .collect();
        let incomplete = self.node(id).damaged
            || self.is_baseless(id)
            || !self.lacks_variant(id) && !self.unknown_fields(id).is_empty();
        let node = self.node(id);
        Instance {
            incomplete,
            kind: node.kind.clone(),
            variant: node.variant.clone(),
            name: node.name.clone(),
            doc: node.doc.clone(),
            head: node.head,
            trail: node.trail.iter().rev().copied().collect(),
            fields,
            children,
        }
    }

    fn report_missing(
        &mut self,
        id: NodeId,
        code: &'static crate::diagnostics::Code,
        what: String,
        field: &schema::FieldSchema,
    ) {
        if self.node(id).damaged || self.is_baseless(id) || self.is_misspelt(id, field) {
            return;
        }
        let node = self.node(id);
        let label = if node.name.is_empty() {
            format!("this `{}`", node.kind)
        } else {
            format!("the {} `{}`", node.kind, node.name)
        };
        let (head, trail) = (node.head, node.trail.clone());
        let mut diagnostic = Diag::new(code, format!("{label} {what}"), head);
        if field.extension {
            diagnostic = diagnostic.because(field.span, "the project asks for it here");
        }
        if let Some(doc) = &field.doc {
            diagnostic = diagnostic.help(format!("`{}`: {}", field.name, doc.trim()));
        }
        self.report_at(&trail, diagnostic);
    }

    /// Checks every statement of the item that the evaluator started with, whatever the conditions say.
    pub fn check(&mut self, id: NodeId) {
        self.collect(id);
        let Some((root, _)) = self.root else { return };
        let kind = self.schema_kind(id);
        let setters: Vec<(SmolStr, Vec<Setter<'db>>)> = self
            .node(id)
            .setters
            .iter()
            .map(|(name, setters)| (name.clone(), setters.clone()))
            .collect();
        for (name, setters) in setters {
            let own = setters
                .into_iter()
                .filter(|setter| setter.context.scope.item == root);
            match self.schema.field(&kind, &name) {
                Some(field) if !matches!(field.ty, Ty::One(..)) => {
                    for setter in own {
                        let value = self.set(field, &setter);
                        self.scoped(value, id);
                    }
                }
                // Which fields a block has depends on its variant, of which enough is said elsewhere.
                _ if self.lacks_variant(id) => {}
                _ => {
                    for setter in own {
                        self.report_unknown_field(id, &kind, &setter);
                        self.eval_unknown_field(&kind, &setter);
                    }
                }
            }
        }
        let layers = self.node(id).layers.clone();
        for (body, scope) in layers {
            if scope.item == root {
                self.check_body(body, &scope);
            }
        }
        for child in self.node(id).children.clone() {
            self.check(child);
        }
    }

    /// Looks at the value of a field that does not exist. What a bare name in it means nobody knows, unless the
    /// field is a misspelt one.
    fn eval_unknown_field(&mut self, kind: &SmolStr, setter: &Setter<'db>) {
        let fields = self.schema.fields(kind);
        let near = suggest::nearest(
            &setter.name.text,
            fields.iter().map(|field| field.name.as_str()),
        );
        let meant = near.and_then(|near| self.schema.field(kind, near));
        let bare = matches!(
            setter.expr.node,
            ExprNode::Name(_) | ExprNode::Member(..) | ExprNode::List(_)
        );
        match meant {
            Some(field) => {
                self.eval(setter.expr, &setter.context, &field.ty);
            }
            None if !bare => {
                self.eval(setter.expr, &setter.context, &Ty::Any);
            }
            None => {}
        }
    }

    fn report_unknown_field(&mut self, id: NodeId, kind: &SmolStr, setter: &Setter<'db>) {
        let span = self.span(&setter.context, setter.name.range);
        // A field that is being typed is told as that.
        if matches!(setter.expr.node, ExprNode::Error) && self.is_near_damage(span) {
            return;
        }
        let name = &setter.name.text;
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!("{} `{kind}` has no field `{name}`", schema::article(kind)),
            span,
        );
        if self
            .schema
            .children(&self.node(id).kind)
            .any(|child| child.name == *name)
            || matches!(
                self.schema.field(kind, name).map(|field| &field.ty),
                Some(Ty::One(..))
            )
        {
            let named = if self.schema.is_single(name) {
                ""
            } else {
                "name "
            };
            let help = format!("`{name}` is a block: write `{name} {named}{{ … }}` without `=`");
            self.report(&setter.context, diagnostic.help(help));
            return;
        }
        let fields = self.schema.fields(kind);
        let known = fields.iter().map(|field| field.name.as_str());
        if let Some(near) = suggest::nearest(name, known) {
            diagnostic = did_you_mean(diagnostic, span, near);
        } else if fields.is_empty() && self.node(id).variant.is_none() {
            let variants: Vec<_> = self
                .schema
                .variants(kind)
                .map(|variant| format!("`{kind} : {}`", variant.name))
                .collect();
            if !variants.is_empty() {
                diagnostic =
                    diagnostic.help(format!("say which variant it is: {}", variants.join(", ")));
            }
        } else {
            let known: Vec<_> = fields
                .iter()
                .map(|field| format!("`{}`", field.name))
                .collect();
            diagnostic = diagnostic.help(format!("its fields are {}", known.join(", ")));
        }
        self.report(&setter.context, diagnostic);
    }
}
