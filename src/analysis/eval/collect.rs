//! Collects the fields and child blocks of a block from its bodies.

use std::collections::VecDeque;
use std::rc::Rc;

use smol_str::SmolStr;

use super::index::Definition;
use super::node::{NodeId, Setter, State};
use super::scope::{Context, Scope};
use super::value::Value;
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::Diag;
use crate::resolve::{did_you_mean, did_you_mean_block};
use crate::schema::names::kind;
use crate::schema::{self, Ty};
use nth_diagnostics::suggest;
use nth_syntax::tree::{Block, Body, Name, Statement, StringLit, TextRange};

/// The bodies of `in` blocks that apply, with their scopes.
type Amendments<'db> = VecDeque<(&'db Body, Rc<Scope<'db>>)>;

impl<'db> Evaluator<'db> {
    /// Collects the fields and child blocks from all layers of a block.
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
            let mut amendments = Amendments::new();
            self.collect_blocks(id, (body, scope), layer, false, &mut amendments);
            // They amend all other statements of the layer, wherever they are in it.
            while let Some((body, scope)) = amendments.pop_front() {
                self.collect_blocks(id, (body, &scope), layer, true, &mut amendments);
            }
        }
        self.add_defaults(id);
        self.drop_replaced(id);
        self.nodes[id.0].state = State::Done;
        self.remove_absent(id);
    }

    pub(super) fn applies(&self, environment: &Name) -> bool {
        self.mode == Mode::Check || self.environment.as_ref() == Some(&environment.text)
    }

    pub(super) fn collect_fields(
        &mut self,
        id: NodeId,
        body: &'db Body,
        scope: &Rc<Scope<'db>>,
        layer: usize,
        within: bool,
    ) {
        for statement in &body.statements {
            if self.is_over() {
                return;
            }
            match statement {
                Statement::Field(field) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    self.spend(1, field.range, &context);
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
                    let inner_scope = self.body_scope(&inner.body, &Scope::amending(scope), id);
                    self.collect_fields(id, &inner.body, &inner_scope, layer, true);
                }
                _ => {}
            }
        }
    }

    fn collect_blocks(
        &mut self,
        id: NodeId,
        (body, scope): (&'db Body, &Rc<Scope<'db>>),
        layer: usize,
        within: bool,
        amendments: &mut Amendments<'db>,
    ) {
        for statement in &body.statements {
            if self.is_over() {
                return;
            }
            match statement {
                Statement::In(inner) if self.applies(&inner.environment) => {
                    let inner_scope = self.body_scope(&inner.body, &Scope::amending(scope), id);
                    amendments.push_back((&inner.body, inner_scope));
                }
                Statement::Block(block) => self.add_child(id, block, scope),
                Statement::Without(without) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    let name = match &without.name {
                        None => SmolStr::default(),
                        Some(name) => {
                            let parts = without.name_parts.as_ref();
                            match self.evaluate_name(&without.kind, name, parts, &context) {
                                Some(name) => name,
                                None => continue,
                            }
                        }
                    };
                    let found = self.child(id, &without.kind.text, &name);
                    if let (Some(child), Some(written)) = (found, &without.name) {
                        self.record_written(&context, written.range, child);
                        self.record(&context, written.range, |evaluator| {
                            evaluator.reference(child).map(Definition::Block)
                        });
                    }
                    match found {
                        // A check visits every branch, so a block that one branch removes may be used in another.
                        Some(child) if self.mode == Mode::Instantiate => {
                            self.remove_child(id, child);
                        }
                        Some(child) => self.nodes[child.0].dropped = true,
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
                        self.collect_blocks(id, (branch, &inner), layer, within, amendments);
                    }
                }
                Statement::For(repeat) => {
                    let context = Context {
                        scope: scope.clone(),
                        node: Some(id),
                    };
                    let elements = self.elements(&repeat.list, &context);
                    self.enter_loop(repeat.list.range, &context);
                    for element in elements {
                        // The cost of an iteration: its scopes, and each statement of the body.
                        let turn = 32 + 4 * repeat.body.statements.len() as u64;
                        if !self.spend(turn, repeat.list.range, &context) {
                            break;
                        }
                        let outer = Scope::inside(scope);
                        let declared = self.span(&context, repeat.variable.range);
                        outer.bind(repeat.variable.text.clone(), element, Some(declared));
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
                        self.collect_blocks(id, (&repeat.body, &inner), layer, within, amendments);
                    }
                    self.leave_loop();
                }
                _ => {}
            }
        }
    }

    pub(super) fn report_nothing_to_remove(
        &mut self,
        id: NodeId,
        without: &'db nth_syntax::tree::Without,
        name: &SmolStr,
        scope: &Rc<Scope<'db>>,
    ) {
        let context = Context {
            scope: scope.clone(),
            node: Some(id),
        };
        // `without`: the syntax error is enough.
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
            format!("nothing to remove: no inherited `{label}`"),
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
            diagnostic = did_you_mean_block(diagnostic, span, near);
        } else if !known.is_empty() {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            diagnostic = diagnostic.help(format!("remove {} instead", known.join(", ")));
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

    pub(super) fn add_child(&mut self, parent: NodeId, block: &'db Block, scope: &Rc<Scope<'db>>) {
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
        if parent_kind == kind::DEFAULTS {
            self.report_block_in_defaults(block, &context);
            return;
        }
        let as_one = self.schema.is_single(&kind.text)
            && self
                .schema
                .fields(&self.schema_kind(parent))
                .iter()
                .any(|field| matches!(&field.ty, Ty::One(child, _) if *child == kind.text));
        // A block that is nested too deep because of a missing brace is reported as such.
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
                    "`{}` is not allowed in {} `{parent_kind}`",
                    kind.text,
                    schema::article(&parent_kind)
                ),
                self.span(&context, kind.range),
            )
            .help(crate::schema::where_it_belongs(known));
            self.report(&context, diagnostic);
            return;
        }
        let Some(name) = self.block_name(block, &context) else {
            self.nodes[parent.0].unknown_kinds.push(kind.text.clone());
            return;
        };
        if kind.text == kind::DEFAULTS && !self.is_kind_with_defaults(block, &name, &context) {
            return;
        }
        let head = self.span(&context, block.head);
        let there = self.child(parent, &kind.text, &name);
        let is_there = there.is_some();
        let id = match there {
            Some(existing) => existing,
            None => {
                if !self.count_block(block.head, &context) {
                    return;
                }
                let mut node = Self::empty_node(kind, name, Some(parent), head);
                node.trail = scope.trail.clone();
                let id = self.add_node(node);
                let key = (kind.text.clone(), self.node(id).name.clone());
                if kind.text == kind::RECORDING {
                    Rc::make_mut(&mut self.nodes[parent.0].recordings).push(key.1.clone());
                }
                self.nodes[parent.0].named.insert(key, id);
                self.nodes[parent.0].children.push(id);
                id
            }
        };
        if block.doc.is_some() {
            self.nodes[id.0].doc = block.doc.clone();
        }
        // Messages should refer to the service's text, not the template's.
        if scope.trail.len() < self.node(id).trail.len() {
            self.nodes[id.0].head = head;
            self.nodes[id.0].trail = scope.trail.clone();
        }
        if let Some(written) = &block.name {
            self.record_written(&context, written.range, id);
            self.record_declaration(&context, written.range, id);
        }
        if is_there && block.base.is_some() {
            self.rebase(id, block, scope);
        } else {
            self.add_layers(id, block.base.as_ref(), &block.body, block.head, scope);
        }
    }

    /// True for `tier: critical`, a field in the syntax of other languages, which parses as a block without name and body.
    pub(super) fn is_field_with_colon(&self, parent: NodeId, block: &Block) -> bool {
        let kind = self.schema_kind(parent);
        let field = self.schema.field(&kind, &block.kind.text);
        block.name.is_none()
            && block.body.range.is_empty()
            && block.base.as_ref().is_some_and(|base| base.args.is_none())
            && field.is_some_and(|field| !matches!(field.ty, Ty::One(..)))
    }

    pub(super) fn report_colon(
        &mut self,
        parent: NodeId,
        block: &'db Block,
        context: &Context<'db>,
    ) {
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
            .map(|name| match name.quoted {
                true => format!("\"{}\"", name.text),
                false => name.text.to_string(),
            })
            .collect::<Vec<_>>()
            .join(".");
        let diagnostic = Diag::new(
            &codes::MISPLACED_BLOCK,
            format!("`{}` is a field: expected `=`, found `:`", block.kind.text),
            self.span(context, block.kind.range.cover(base.path.range)),
        )
        .help(format!("write `{} = {path}`", block.kind.text))
        .fix(
            "Replace `:` with `=`",
            self.span(context, between),
            " = ",
            nth_diagnostics::Applicability::Always,
        );
        self.report(context, diagnostic);
    }

    /// Evaluates a nested block's name.
    pub(super) fn block_name(
        &mut self,
        block: &'db Block,
        context: &Context<'db>,
    ) -> Option<SmolStr> {
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
                        "unexpected name `{}`: {} `{}` block is unnamed",
                        name.text,
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
                    format!("missing name of `{}`", block.kind.text),
                    self.span(context, block.kind.range),
                )
                .help(format!("write `{} name {{ … }}`", block.kind.text));
                self.report(context, diagnostic);
                None
            }
            (Some(name), false) => {
                self.evaluate_name(&block.kind, name, block.name_parts.as_ref(), context)
            }
        }
    }

    /// Evaluates a name with interpolations.
    fn evaluate_name(
        &mut self,
        kind: &Name,
        name: &Name,
        parts: Option<&'db StringLit>,
        context: &Context<'db>,
    ) -> Option<SmolStr> {
        let Some(parts) = parts else {
            return Some(name.text.clone());
        };
        match self.string(parts, name.range, context) {
            Value::String(text) if text.trim().is_empty() => {
                let diagnostic = Diag::new(
                    &codes::MISSING_BLOCK_NAME,
                    format!("empty name of `{}`", kind.text),
                    self.span(context, name.range),
                );
                self.report(context, diagnostic);
                None
            }
            Value::String(text) => Some(text.into()),
            Value::Unknown(_) => Some(name.text.clone()),
            // The name's error was reported. A check continues with the rest of the block.
            _ => (self.mode == Mode::Check).then(|| name.text.clone()),
        }
    }

    pub(super) fn report_unknown_kind(
        &mut self,
        parent: NodeId,
        kind: &Name,
        context: &Context<'db>,
    ) {
        self.nodes[parent.0].unknown_kinds.push(kind.text.clone());
        let span = self.span(context, kind.range);
        let parent_kind = self.node(parent).kind.clone();
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_KIND,
            format!("unknown block kind `{}`", kind.text),
            span,
        );
        if let Some(help) = help_for_foreign_name(&parent_kind, &kind.text) {
            self.report(context, diagnostic.help(help));
            return;
        }
        let base = self.schema.kinds.get(&kind.text);
        let base = base.and_then(|kind| kind.base.as_ref());
        let fits = |base: &&SmolStr| {
            self.schema
                .children(&parent_kind)
                .any(|child| child.name == **base)
                || matches!(
                    self.schema
                        .field(&self.schema_kind(parent), base)
                        .map(|field| &field.ty),
                    Some(Ty::One(..))
                )
        };
        if let Some(base) = base.filter(fits) {
            let name = if self.schema.is_single(base) {
                ""
            } else {
                " name"
            };
            diagnostic = diagnostic.help(format!(
                "write the variant after a colon: `{}` is one, as in `{base}{name} : {} {{ … }}`",
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
}

/// Returns help for a block name that comes from another tool.
fn help_for_foreign_name(parent: &str, kind: &str) -> Option<&'static str> {
    Some(match (parent, kind.replace('-', "_").as_str()) {
        (kind::SLO, "page_alert" | "page_alerts" | "page") => {
            "write `burn_rate_pages = false` to disable the burn-rate alerts that page"
        }
        (kind::SLO, "ticket_alert" | "ticket_alerts" | "ticket") => {
            "write `burn_rate_tickets = false` to disable the burn-rate alerts that open tickets"
        }
        (kind::SLO, "alerting" | "alerts") => {
            "select alerts with `burn_rate_alerts`, `burn_rate_pages` and `burn_rate_tickets`, and \
            their labels with `labels`"
        }
        _ => return None,
    })
}
