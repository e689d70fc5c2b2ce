//! Evaluates `object.member`: a field, nested blocks, or an item of a module.

use smol_str::SmolStr;

use super::index::Definition;
use super::names::referred;
use super::scope::Context;
use super::value::{BlockRef, Value};
use super::{Evaluator, Mode, NodeId};
use crate::codes;
use crate::db::{Diag, ItemClass, ItemKey, SourceFile, file_names, find_item};
use crate::resolve::{did_you_mean, did_you_mean_block, module_named, quote_name};
use crate::schema::Ty;
use crate::schema::names::{field, kind};
use nth_diagnostics::{Applicability, suggest};
use nth_syntax::tree::{Expr, ExprNode, Name, StringPart, TextRange};

impl<'db> Evaluator<'db> {
    pub(crate) fn member(
        &mut self,
        object: &'db Expr,
        name: &'db Name,
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        if let ExprNode::Name(module) = &object.node
            && context.scope.find(&module.text).is_none()
            && self.enclosing(&module.text, context).is_none()
            && let Some(file) = module_named(
                self.db,
                self.workspace,
                context.scope.item.file,
                &module.text,
            )
            && let Some(value) = self.in_module(file, name, expected)
        {
            self.record_modules(context, std::slice::from_ref(module));
            let path = [module.text.clone(), name.text.clone()];
            match &value {
                Value::Block(_) if self.let_definition(&path, context).is_none() => {
                    self.record_block(name, &value, context);
                }
                _ => self.record(context, name.range, |evaluator| {
                    evaluator.let_definition(&path, context)
                }),
            }
            return value;
        }
        if let ExprNode::Name(first) = &object.node
            && context.scope.find(&first.text).is_none()
            && let path = format!("{}.{}", first.text, name.text)
            && file_names(self.db, context.scope.item.file)
                .imports
                .iter()
                .any(|import| import.module == path)
        {
            return self.report_module(&path, range, context);
        }
        if let Some(near) = self.dotted_block(object, name, context, expected) {
            let span = self.span(context, range);
            let quoted = quote_name(&near);
            let path = &quoted[1..quoted.len() - 1];
            let diagnostic = Diag::new(
                &codes::UNKNOWN_NAME,
                format!("a name with a dot must be quoted: {quoted}"),
                span,
            )
            .label(format!(
                "read as a member of `{}`",
                path.split('.').next().unwrap_or(path)
            ))
            .fix(
                format!("Write {quoted}"),
                span,
                quoted.clone(),
                Applicability::Always,
            );
            self.report(context, diagnostic);
            return Value::Error;
        }
        let value = match self.quoted_object(object, context) {
            Some(block) => block,
            None => {
                let enclosing = self.enclosing_kinds(object, expected);
                self.eval(object, context, &enclosing)
            }
        };
        match value {
            Value::Block(block) => self
                .nested_in(&block, name, expected, context)
                .or_else(|| self.nested_anywhere(&block, name, expected, context))
                .unwrap_or_else(|| self.block_member(&block, name, context)),
            // It may be a nested block of the expected kind.
            Value::Unknown(Ty::Ref(kind))
                if self.schema.field(&kind, &name.text).is_none()
                    && self.nested_kind(&kind, expected).is_some() =>
            {
                Value::Unknown(expected.clone())
            }
            Value::Unknown(Ty::Ref(kind)) => match self.member_type(&kind, &name.text) {
                Some(ty) => {
                    self.record_member(&kind, name, context);
                    Value::Unknown(ty)
                }
                None => self.report_unknown_member(&kind, name, context),
            },
            Value::Unknown(Ty::Optional(inner)) if matches!(*inner, Ty::Ref(_)) => {
                let Ty::Ref(kind) = *inner else {
                    return Value::Error;
                };
                match self.member_type(&kind, &name.text) {
                    Some(ty) => {
                        self.record_member(&kind, name, context);
                        Value::Unknown(ty)
                    }
                    None => self.report_unknown_member(&kind, name, context),
                }
            }
            Value::Labels(labels) => match labels.get(&name.text) {
                Some(value) => value.clone(),
                None => self.report_unknown_label(name, labels.keys(), context),
            },
            Value::Matchers(matchers) => match matchers.value(&name.text) {
                Some(value) => value.clone(),
                None => self.report_open_label(name, &matchers, context),
            },
            Value::Unknown(Ty::Labels | Ty::Matchers) => Value::Unknown(Ty::String),
            value if value.is_error() => Value::Error,
            Value::None => {
                let diagnostic = Diag::new(
                    &codes::TYPE_MISMATCH,
                    format!("`{}` has no value", super::show::expression(object)),
                    self.span(context, object.range),
                )
                .help("test it with `if` first: an unset optional value is false");
                self.report(context, diagnostic);
                Value::Error
            }
            other => {
                let diagnostic = Diag::new(
                    &codes::UNKNOWN_FIELD,
                    format!("unknown field `{}` of {}", name.text, other.ty().phrase()),
                    self.span(context, name.range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
        }
    }

    /// Returns the block that a string before a dot names: `"Legacy.Service".availability`.
    fn quoted_object(&mut self, object: &'db Expr, context: &Context<'db>) -> Option<Value> {
        let ExprNode::String(string) = &object.node else {
            return None;
        };
        let [StringPart::Text(text)] = string.parts.as_slice() else {
            return None;
        };
        let block = self.any_block_named(&SmolStr::from(text.as_str()), context)?;
        self.record(context, object.range, |_| match &block {
            Value::Block(block) => Some(Definition::Block(block.clone())),
            _ => None,
        });
        Some(block)
    }

    /// Returns the name `Legacy.Service` if a block has this whole name and nothing is named `Legacy`.
    fn dotted_block(
        &mut self,
        object: &Expr,
        name: &Name,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Option<SmolStr> {
        let mut words = vec![name.text.as_str()];
        let mut at = object;
        let first = loop {
            match &at.node {
                ExprNode::Member(object, name) => {
                    words.push(&name.text);
                    at = object;
                }
                ExprNode::Name(name) => break name,
                _ => return None,
            }
        };
        let is_known = context.scope.find(&first.text).is_some()
            || self.enclosing(&first.text, context).is_some()
            || self.let_named(&first.text, context).is_some()
            || self.any_block_named(&first.text, context).is_some();
        if is_known {
            return None;
        }
        words.push(&first.text);
        words.reverse();
        let whole = SmolStr::from(words.join("."));
        let kinds = referred(expected);
        let found = match kinds.is_empty() {
            true => self.any_block_named(&whole, context),
            false => self.block_of_text(&whole, &kinds, context),
        };
        found.map(|_| whole)
    }

    /// Returns a nested block of the expected kind by name: `ledger.availability` where an objective is expected. For a dependency
    /// that is a service, looks in that service.
    fn nested_in(
        &mut self,
        block: &BlockRef,
        name: &Name,
        expected: &Ty,
        context: &Context<'db>,
    ) -> Option<Value> {
        let block = match self.depended_on(block) {
            Some(service) => service,
            None => block.clone(),
        };
        let kind = self.nested_kind(&block.kind, expected)?;
        if self.schema.field(&block.kind, &name.text).is_some() {
            return None;
        }
        let root = self.root_of(block.item);
        let node = root.and_then(|root| self.find_node(root, &block.path));
        let children = self.nested(&block, node, &kind);
        if let Some(child) = children.iter().find(|child| child.name == name.text) {
            let found = Value::Block(child.clone());
            self.record_block(name, &found, context);
            return Some(found);
        }
        if self.mode == Mode::Check {
            // It may exist in some environment.
            return Some(Value::Unknown(Ty::Ref(kind)));
        }
        let span = self.span(context, name.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_BLOCK,
            format!(
                "unknown {kind} `{}` in {} `{}`",
                name.text, block.kind, block.name
            ),
            span,
        )
        .label("not found");
        let known: Vec<&str> = children.iter().map(|child| child.name.as_str()).collect();
        if let Some(absent) = self.explain_absent_service(&diagnostic, &block) {
            self.report(context, absent);
            return Some(Value::Error);
        }
        diagnostic = match suggest::nearest(&name.text, known.iter().copied()) {
            Some(near) => did_you_mean_block(diagnostic, span, near),
            None if known.is_empty() => diagnostic.note(format!("there is no {kind} in it")),
            None => diagnostic.help(format!("use one of its blocks: `{}`", known.join("`, `"))),
        };
        self.report(context, diagnostic);
        Some(Value::Error)
    }

    /// Returns a nested block of any kind by name, where nothing is expected: `for slo in [ledger.availability]`.
    fn nested_anywhere(
        &mut self,
        block: &BlockRef,
        name: &Name,
        expected: &Ty,
        context: &Context<'db>,
    ) -> Option<Value> {
        let is_member = name.text == "name"
            || self.schema.field(&block.kind, &name.text).is_some()
            || self.child_kind(&block.kind, &name.text).is_some();
        if *expected.required() != Ty::Any || is_member {
            return None;
        }
        let root = self.root_of(block.item);
        let node = root.and_then(|root| self.find_node(root, &block.path));
        let schema = self.schema;
        let found = schema.children(&block.kind).find_map(|kind| {
            let children = self.nested(block, node, &kind.name);
            children.into_iter().find(|child| child.name == name.text)
        });
        let found = Value::Block(found?);
        self.record_block(name, &found, context);
        Some(found)
    }

    /// Returns the kind of the expected blocks, if blocks of `kind` contain such.
    fn nested_kind(&self, kind: &SmolStr, expected: &Ty) -> Option<SmolStr> {
        referred(expected).into_iter().find(|nested| {
            let known = self.schema.kinds.get(nested);
            known.is_some_and(|known| known.parents.contains(kind))
        })
    }

    /// Returns the type of the object of a member, which is a path of its own: `checkout.sessions` where an alert is expected, as
    /// in `checkout.sessions.down`, is a block that alerts are nested in.
    fn enclosing_kinds(&self, object: &Expr, expected: &Ty) -> Ty {
        if !matches!(object.node, ExprNode::Member(..)) {
            return Ty::Any;
        }
        let parents = referred(expected).into_iter().flat_map(|kind| {
            let known = self.schema.kinds.get(&kind);
            known.map(|known| known.parents.clone()).unwrap_or_default()
        });
        let parents: Vec<Ty> = parents.map(Ty::Ref).collect();
        match parents.as_slice() {
            [] => Ty::Any,
            [only] => only.clone(),
            _ => Ty::Union(parents),
        }
    }

    /// Returns the service of a dependency.
    fn depended_on(&mut self, block: &BlockRef) -> Option<BlockRef> {
        if block.kind != kind::DEPENDENCY {
            return None;
        }
        let root = self.root_of(block.item)?;
        let node = self.find_node(root, &block.path)?;
        [field::SHARED, field::SERVICE]
            .into_iter()
            .find_map(|name| match self.field(node, name) {
                Value::Block(of) => Some(of),
                _ => None,
            })
    }

    /// Evaluates `module.name`.
    pub(super) fn in_module(
        &mut self,
        file: SourceFile,
        name: &Name,
        expected: &Ty,
    ) -> Option<Value> {
        let find =
            |class, kind: &str| find_item(self.db, file, class, kind.into(), name.text.clone());
        if let Some(key) = find(ItemClass::Let, "") {
            return Some(self.let_item(key));
        }
        let mut kinds = referred(expected);
        if kinds.is_empty() {
            kinds = self
                .schema
                .top_level()
                .map(|kind| kind.name.clone())
                .collect();
        }
        let key = kinds.iter().find_map(|kind| find(ItemClass::Block, kind))?;
        self.top_level(key)
    }

    pub(super) fn member_type(&self, kind: &str, name: &str) -> Option<Ty> {
        if name == "name" {
            return Some(Ty::String);
        }
        if let Some(field) = self
            .schema
            .field(kind, name)
            .filter(|field| !matches!(field.ty, Ty::One(..)))
        {
            return Some(field.ty.clone());
        }
        self.child_kind(kind, name)
            .map(|child| Ty::List(Box::new(Ty::Ref(child))))
    }

    /// Returns the kind of the nested blocks in an expression such as `service.alerts`.
    pub(super) fn child_kind(&self, kind: &str, plural: &str) -> Option<SmolStr> {
        let children = |child: &SmolStr| {
            self.schema
                .kinds
                .get(child)
                .is_some_and(|known| known.parents.iter().any(|parent| parent == kind))
                || matches!(
                    self.schema.field(kind, child).map(|field| &field.ty),
                    Some(Ty::One(..))
                )
        };
        let singular: SmolStr = match plural.strip_suffix("ies") {
            Some(stem) => format!("{stem}y").into(),
            None => plural.strip_suffix('s').unwrap_or(plural).into(),
        };
        [singular, SmolStr::from(plural)].into_iter().find(children)
    }

    pub(super) fn block_member(
        &mut self,
        block: &BlockRef,
        name: &'db Name,
        context: &Context<'db>,
    ) -> Value {
        if name.text == "name" {
            return Value::String(block.name.to_string());
        }
        let local = self.root_of(block.item);
        let environment = self.environment.clone();
        let node = local.and_then(|root| self.find_node(root, &block.path));
        let kind = match node {
            Some(node) => self.schema_kind(node),
            None => block.kind.clone(),
        };
        self.record_member(&kind, name, context);
        if let Some(field) = self
            .schema
            .field(&kind, &name.text)
            .filter(|field| !matches!(field.ty, Ty::One(..)))
        {
            let value = match node {
                Some(node) => self.field(node, &name.text),
                None => {
                    let found = super::block_field(
                        self.db,
                        self.workspace,
                        block.clone(),
                        name.text.clone(),
                        environment,
                    );
                    match found {
                        Some(value) => value,
                        None => {
                            // Report a cycle once: at the reference to a later block.
                            let place = |key: ItemKey| {
                                (
                                    key.file.module(self.db).clone(),
                                    crate::db::item_name(self.db, key),
                                )
                            };
                            if place(context.scope.item) > place(block.item) {
                                return Value::Error;
                            }
                            let diagnostic = Diag::new(
                                &codes::VALUE_CYCLE,
                                format!(
                                    "the value of `{}.{}` depends on itself",
                                    block.name, name.text
                                ),
                                self.span(context, name.range),
                            );
                            self.report(context, diagnostic);
                            return Value::Error;
                        }
                    }
                }
            };
            // In a check, a value may come from another environment or branch.
            return match (self.mode, value) {
                (Mode::Check, Value::None | Value::Error) => Value::Unknown(field.ty.clone()),
                (_, value) => value,
            };
        }
        if let Some(child) = self.child_kind(&block.kind, &name.text) {
            let children = self.nested(block, node, &child);
            return Value::List(children.into_iter().map(Value::Block).collect());
        }
        self.report_unknown_member(&kind, name, context)
    }

    /// Returns the child blocks of a kind. `node` is the block's node, if it belongs to this evaluator.
    fn nested(&mut self, block: &BlockRef, node: Option<NodeId>, kind: &SmolStr) -> Vec<BlockRef> {
        match node {
            Some(node) => self.children_refs(node, kind),
            None => super::block_children(
                self.db,
                self.workspace,
                block.clone(),
                kind.clone(),
                self.environment.clone(),
            ),
        }
    }

    /// Reports `teams.payments` if the import makes it available as `payments`.
    pub(super) fn report_module(
        &mut self,
        path: &str,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        let span = self.span(context, range);
        let names = &file_names(self.db, context.scope.item.file).imports;
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_NAME,
            format!("`{path}` is a module, not a value"),
            span,
        );
        if let Some(import) = names
            .iter()
            .find(|import| import.module == path && import.names.is_none())
        {
            diagnostic = diagnostic
                .help(format!("use its imported name `{}`", import.alias))
                .fix(
                    format!("Replace with `{}`", import.alias),
                    span,
                    import.alias.clone(),
                    Applicability::Maybe,
                );
        }
        self.report(context, diagnostic);
        Value::Error
    }

    pub(super) fn report_unknown_member(
        &mut self,
        kind: &str,
        name: &Name,
        context: &Context<'db>,
    ) -> Value {
        let span = self.span(context, name.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!("unknown field `{}` in `{kind}`", name.text),
            span,
        );
        let fields = self.schema.fields(kind);
        if let Some(near) =
            suggest::nearest(&name.text, fields.iter().map(|field| field.name.as_str()))
        {
            diagnostic = did_you_mean(diagnostic, span, near);
        }
        self.report(context, diagnostic);
        Value::Error
    }
}
