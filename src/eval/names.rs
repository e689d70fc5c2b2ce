//! What a name, a member and a call mean in an expression.

use smol_str::SmolStr;

use super::node::NodeId;
use super::scope::Context;
use super::value::{BlockRef, Query, Runtime, Shape, Value};
use super::{Evaluator, Mode};
use crate::db::{Diag, ItemClass, ItemKey, SourceFile, file_names, find_item, item_entry};
use crate::diagnostics::{Applicability, UnknownName, codes, suggest};
use crate::promql;
use crate::resolve::{Want, did_you_mean, module_named, resolve_path};
use crate::schema::{COMPILE_TIME, Function, Ty};
use crate::syntax::tree::{Arg, Expr, ExprNode, ItemNode, Name, TextRange};

/// The kinds that a type may refer to.
fn referred(ty: &Ty) -> Vec<SmolStr> {
    match ty {
        Ty::Ref(kind) => vec![kind.clone()],
        Ty::Optional(inner) => referred(inner),
        Ty::Union(members) => members.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}

/// The enum, if the type is one.
fn enum_of(ty: &Ty) -> Option<&SmolStr> {
    match ty {
        Ty::Enum(name) => Some(name),
        Ty::Optional(inner) => enum_of(inner),
        Ty::Union(members) => members.iter().find_map(enum_of),
        _ => None,
    }
}

/// The arguments in the order of the parameters; `None` unless each is given once, by its name or in its place.
fn arguments<'a, const N: usize>(args: &'a [Arg], params: [&str; N]) -> Option<[&'a Arg; N]> {
    let mut found = [None; N];
    for (position, arg) in args.iter().enumerate() {
        let place = match &arg.name {
            Some(name) => params.iter().position(|param| *param == name.text)?,
            None => position,
        };
        if found.get_mut(place)?.replace(arg).is_some() {
            return None;
        }
    }
    let found: Vec<&Arg> = found.into_iter().collect::<Option<_>>()?;
    found.try_into().ok()
}

impl<'db> Evaluator<'db> {
    pub(crate) fn name(
        &mut self,
        name: &'db Name,
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        if let Some(value) = self.force(&context.scope, &name.text) {
            return value;
        }
        if *expected.required() == Ty::LabelName {
            return Value::String(name.text.to_string());
        }
        if let Some(enumeration) = enum_of(expected) {
            if self
                .schema
                .enums
                .get(enumeration)
                .is_some_and(|known| known.members.contains_key(&name.text))
            {
                return Value::Enum(enumeration.clone(), name.text.clone());
            }
            if referred(expected).is_empty() {
                if let Some(value) = self.let_named(&name.text, context) {
                    return value;
                }
                return self.unknown_member(enumeration, name, context);
            }
        }
        let kinds = referred(expected);
        for kind in &kinds {
            if let Some(value) = self.block_named(kind, &name.text, context) {
                return value;
            }
        }
        if let Some(value) = self.enclosing(&name.text, context) {
            return value;
        }
        if let Some(value) = self.let_named(&name.text, context) {
            return value;
        }
        if kinds.is_empty()
            && let Some(value) = self.any_block_named(&name.text, context)
        {
            return value;
        }
        if let Some(blocks) = self.all_of(&name.text, context) {
            return blocks;
        }
        if self.may_come_later(&kinds, context) {
            return Value::Unknown(expected.clone());
        }
        if *expected == Ty::Any
            && let Some(value) = self.sole_member(&name.text)
        {
            return value;
        }
        self.report_unknown_name(name, range, &kinds, context, expected);
        Value::Error
    }

    /// The value of a top-level `let` that is known in the file.
    fn let_named(&mut self, name: &SmolStr, context: &Context<'db>) -> Option<Value> {
        let want = Want {
            class: ItemClass::Let,
            kind: "",
        };
        let file = context.scope.item.file;
        let key = resolve_path(
            self.db,
            self.workspace,
            file,
            std::slice::from_ref(name),
            want,
        )?;
        Some(self.let_item(key))
    }

    /// The enum's member of that name, where one enum alone has it: `let usual = ticket`.
    fn sole_member(&self, name: &SmolStr) -> Option<Value> {
        let mut having = self
            .schema
            .enums
            .iter()
            .filter(|(_, known)| known.members.contains_key(name));
        let (enumeration, _) = having.next()?;
        having
            .next()
            .is_none()
            .then(|| Value::Enum(enumeration.clone(), name.clone()))
    }

    /// In the body of a template, a block that the service may have.
    fn may_come_later(&self, kinds: &[SmolStr], context: &Context<'db>) -> bool {
        let Some(mut node) = context.node else {
            return false;
        };
        while let Some(parent) = self.node(node).parent {
            node = parent;
        }
        let nested = kinds.iter().any(|kind| {
            self.schema
                .kinds
                .get(kind)
                .is_some_and(|kind| !kind.parents.is_empty())
        });
        self.mode == Mode::Check
            && nested
            && matches!(self.tree(context.scope.item), Some(ItemNode::Template(_)))
    }

    fn unknown_member(
        &mut self,
        enumeration: &SmolStr,
        name: &'db Name,
        context: &Context<'db>,
    ) -> Value {
        let span = self.span(context, name.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_MEMBER,
            format!("`{}` is no `{enumeration}`", name.text),
            span,
        );
        if let Some(known) = self.schema.enums.get(enumeration) {
            let members = known.members.keys().map(SmolStr::as_str);
            if let Some(near) = suggest::nearest(&name.text, members) {
                diagnostic = did_you_mean(diagnostic, span, near);
            } else {
                let members: Vec<_> = known
                    .members
                    .keys()
                    .map(|member| format!("`{member}`"))
                    .collect();
                diagnostic = diagnostic.help(format!("it is one of {}", members.join(", ")));
            }
        }
        self.report(context, diagnostic);
        Value::Error
    }

    /// A block of a kind: one that stands in an enclosing block, or a top-level one.
    fn block_named(
        &mut self,
        kind: &SmolStr,
        name: &SmolStr,
        context: &Context<'db>,
    ) -> Option<Value> {
        let mut at = context.node;
        while let Some(node) = at {
            if let Some(child) = self.child(node, kind, name) {
                return self.reference(child).map(Value::Block);
            }
            at = self.node(node).parent;
        }
        let file = context.scope.item.file;
        let want = Want {
            class: ItemClass::Block,
            kind,
        };
        let key = resolve_path(
            self.db,
            self.workspace,
            file,
            std::slice::from_ref(name),
            want,
        )?;
        self.top_level(key)
    }

    /// A top-level block. Its body is not read: who names a block does not depend on what it says.
    fn top_level(&self, key: ItemKey) -> Option<Value> {
        let entry = item_entry(self.db, key)?;
        (entry.class == ItemClass::Block).then(|| {
            Value::Block(BlockRef {
                item: key,
                path: Vec::new(),
                kind: entry.kind,
                name: entry.name,
            })
        })
    }

    /// The enclosing block of the kind that a name names: `service`, `slo`.
    fn enclosing(&mut self, kind: &SmolStr, context: &Context<'db>) -> Option<Value> {
        let mut at = context.node;
        let mut outermost = None;
        while let Some(node) = at {
            if self.node(node).kind == *kind {
                return match self.mode {
                    // A template's own root is not the block that it will be.
                    Mode::Check if self.is_template_root(node) => {
                        Some(Value::Unknown(Ty::Ref(kind.clone())))
                    }
                    _ => self.reference(node).map(Value::Block),
                };
            }
            outermost = Some(node);
            at = self.node(node).parent;
        }
        let outermost = outermost?;
        let might_enclose = self.mode == Mode::Check
            && self.is_template_root(outermost)
            && self.is_ancestor(kind, &self.node(outermost).kind.clone());
        might_enclose.then(|| Value::Unknown(Ty::Ref(kind.clone())))
    }

    fn is_template_root(&self, node: NodeId) -> bool {
        self.node(node).parent.is_none()
            && self
                .reference(node)
                .is_some_and(|block| matches!(self.tree(block.item), Some(ItemNode::Template(_))))
    }

    fn is_ancestor(&self, kind: &str, of: &str) -> bool {
        let Some(of) = self.schema.kinds.get(of) else {
            return false;
        };
        of.parents
            .iter()
            .any(|parent| parent == kind || self.is_ancestor(kind, parent))
    }

    /// A block of whatever kind: nested ones from the inside out, then the file's own and imported ones.
    fn any_block_named(&mut self, name: &SmolStr, context: &Context<'db>) -> Option<Value> {
        let mut at = context.node;
        while let Some(node) = at {
            let children = self.node(node).children.clone();
            if let Some(child) = children
                .into_iter()
                .find(|child| self.node(*child).name == *name)
            {
                return self.reference(child).map(Value::Block);
            }
            at = self.node(node).parent;
        }
        let file = context.scope.item.file;
        self.schema.top_level().find_map(|kind| {
            let want = Want {
                class: ItemClass::Block,
                kind: &kind.name,
            };
            let key = resolve_path(
                self.db,
                self.workspace,
                file,
                std::slice::from_ref(name),
                want,
            )?;
            self.top_level(key)
        })
    }

    /// `services`, in a rule: every block of that kind.
    fn all_of(&self, plural: &str, context: &Context<'db>) -> Option<Value> {
        let kind = plural.strip_suffix('s')?;
        if !matches!(self.tree(context.scope.item), Some(ItemNode::Rule(_))) {
            return None;
        }
        match self.all.get(kind) {
            Some(blocks) => Some(Value::List(
                blocks.iter().cloned().map(Value::Block).collect(),
            )),
            None if self.mode == Mode::Check
                && self.schema.top_level().any(|known| known.name == kind) =>
            {
                Some(Value::Unknown(Ty::List(Box::new(Ty::Ref(kind.into())))))
            }
            None => None,
        }
    }

    /// The nearest enclosing block that has a field of that name: `tier` is meant as `service.tier`.
    fn enclosing_with_field(&self, field: &str, context: &Context<'db>) -> Option<SmolStr> {
        let mut at = context.node;
        while let Some(node) = at {
            let kind = self.schema_kind(node);
            if self
                .schema
                .field(&kind, field)
                .is_some_and(|field| !matches!(field.ty, Ty::One(..)))
            {
                return Some(self.node(node).kind.clone());
            }
            at = self.node(node).parent;
        }
        None
    }

    fn report_unknown_name(
        &mut self,
        name: &Name,
        range: TextRange,
        kinds: &[SmolStr],
        context: &Context<'db>,
        expected: &Ty,
    ) {
        let file = context.scope.item.file;
        if crate::resolve::is_of_failed_import(self.db, self.workspace, file, &name.text) {
            return;
        }
        let span = self.span(context, range);
        let what = match kinds {
            [kind] => format!("there is no {kind} `{}` here", name.text),
            [] => format!("nothing here is called `{}`", name.text),
            kinds => format!("there is no {} `{}` here", kinds.join(" or "), name.text),
        };
        let code = if kinds.is_empty() {
            &codes::UNKNOWN_NAME
        } else {
            &codes::UNKNOWN_BLOCK
        };
        let mut diagnostic = Diag::new(code, what, span).label("not found");
        let known = self.known_names(kinds, context);
        let of_alert = matches!(name.text.as_str(), "value" | "labels");
        let other = match self.any_block_named(&name.text, context) {
            Some(Value::Block(block)) if !kinds.is_empty() => Some(block.kind),
            _ => None,
        };
        if let Some(kind) = other {
            let article = crate::schema::article(&kind);
            diagnostic = diagnostic.help(format!("`{}` is {article} {kind}", name.text));
        } else if let Some(block) = self
            .enclosing_with_field(&name.text, context)
            .filter(|_| !of_alert)
        {
            diagnostic = did_you_mean(diagnostic, span, &format!("{block}.{}", name.text));
        } else if let Some(near) = suggest::nearest(&name.text, known.iter().map(SmolStr::as_str)) {
            diagnostic = did_you_mean(diagnostic, span, near);
        } else if matches!(name.text.as_str(), "value" | "labels")
            && *expected.required() == Ty::Text
        {
            diagnostic = diagnostic.help(format!(
                "in a text it stands in a hole: `\"${{{}}}\"`",
                name.text
            ));
        } else if matches!(
            expected.required(),
            Ty::String | Ty::Text | Ty::Markdown | Ty::Email | Ty::Url
        ) {
            diagnostic = diagnostic.help("text stands between double quotes");
        } else if matches!(name.text.as_str(), "value" | "labels") {
            diagnostic = diagnostic.help(format!(
                "`${{{}}}` is known only in the summary, description and annotations of an alert",
                name.text
            ));
        } else {
            diagnostic.unknown_name = Some(UnknownName {
                kind: kinds.first().map(ToString::to_string).unwrap_or_default(),
                name: name.text.to_string(),
            });
        }
        self.report(context, diagnostic);
    }

    /// The names that could stand where a name of those kinds (any, if there are none) is wanted.
    fn known_names(&self, kinds: &[SmolStr], context: &Context<'db>) -> Vec<SmolStr> {
        let mut known = context.scope.names();
        if matches!(self.tree(context.scope.item), Some(ItemNode::Rule(_))) {
            known.extend(
                self.schema
                    .top_level()
                    .map(|kind| SmolStr::from(format!("{}s", kind.name))),
            );
        }
        let wanted = |kind: &SmolStr| kinds.is_empty() || kinds.contains(kind);
        let mut at = context.node;
        while let Some(node) = at {
            let node = self.node(node);
            let children = node.children.iter().map(|child| self.node(*child));
            known.extend(
                children
                    .filter(|child| wanted(&child.kind))
                    .map(|child| child.name.clone()),
            );
            if kinds.is_empty() {
                known.push(node.kind.clone());
                if node.kind == "alert" {
                    known.extend(["value".into(), "labels".into()]);
                }
            }
            at = node.parent;
        }
        let file = context.scope.item.file;
        let mut of_file = |file: SourceFile| {
            for entry in &file_names(self.db, file).items {
                let fits = match entry.class {
                    ItemClass::Block => wanted(&entry.kind),
                    ItemClass::Let => kinds.is_empty(),
                    _ => false,
                };
                if fits && !entry.name.is_empty() {
                    known.push(entry.name.clone());
                }
            }
        };
        of_file(file);
        of_file(self.workspace.prelude(self.db));
        for import in &file_names(self.db, file).imports {
            match &import.names {
                Some(names) => known.extend(names.iter().cloned()),
                None => known.push(import.alias.clone()),
            }
        }
        known
    }

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
        let value = self.eval(object, context, &Ty::Any);
        match value {
            Value::Block(block) => self.block_member(&block, name, range, context),
            Value::Unknown(Ty::Ref(kind)) => match self.member_type(&kind, &name.text) {
                Some(ty) => Value::Unknown(ty),
                None => self.report_unknown_member(&kind, name, context),
            },
            Value::Unknown(Ty::Optional(inner)) if matches!(*inner, Ty::Ref(_)) => {
                let Ty::Ref(kind) = *inner else {
                    return Value::Error;
                };
                match self.member_type(&kind, &name.text) {
                    Some(ty) => Value::Unknown(ty),
                    None => self.report_unknown_member(&kind, name, context),
                }
            }
            Value::Labels(labels) => match labels.get(&name.text) {
                Some(value) => value.clone(),
                None => {
                    let span = self.span(context, name.range);
                    let mut diagnostic = Diag::new(
                        &codes::UNKNOWN_FIELD,
                        format!("there is no label `{}`", name.text),
                        span,
                    );
                    if let Some(near) =
                        suggest::nearest(&name.text, labels.keys().map(SmolStr::as_str))
                    {
                        diagnostic = did_you_mean(diagnostic, span, near);
                    }
                    self.report(context, diagnostic);
                    Value::Error
                }
            },
            Value::Unknown(Ty::Labels) => Value::Unknown(Ty::String),
            value if value.is_error() => Value::Error,
            Value::None => {
                let diagnostic = Diag::new(
                    &codes::TYPE_MISMATCH,
                    format!("`{}` has no value here", super::show::expression(object)),
                    self.span(context, object.range),
                )
                .help("it is optional; ask `!= none`-like with `if`: an optional value that is left out is false");
                self.report(context, diagnostic);
                Value::Error
            }
            other => {
                let diagnostic = Diag::new(
                    &codes::UNKNOWN_FIELD,
                    format!("a {} has no field `{}`", other.ty(), name.text),
                    self.span(context, name.range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
        }
    }

    /// A name before a dot that is no module here.
    pub(crate) fn report_unknown_module(&mut self, module: &Name, context: &Context<'db>) {
        let span = self.span(context, module.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_MODULE,
            format!("no module is imported as `{}`", module.text),
            span,
        )
        .label("not imported");
        let imports = &file_names(self.db, context.scope.item.file).imports;
        let known = imports
            .iter()
            .filter(|import| import.names.is_none())
            .map(|import| import.alias.as_str());
        match suggest::nearest(&module.text, known) {
            Some(near) => diagnostic = did_you_mean(diagnostic, span, near),
            None => {
                diagnostic.unknown_name = Some(UnknownName {
                    kind: "module".to_owned(),
                    name: module.text.to_string(),
                });
            }
        }
        self.report(context, diagnostic);
    }

    /// `module.name`
    fn in_module(&mut self, file: SourceFile, name: &Name, expected: &Ty) -> Option<Value> {
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

    fn member_type(&self, kind: &str, name: &str) -> Option<Ty> {
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

    /// The kind of nested blocks that `service.alerts` asks for.
    fn child_kind(&self, kind: &str, plural: &str) -> Option<SmolStr> {
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

    fn block_member(
        &mut self,
        block: &BlockRef,
        name: &'db Name,
        _range: TextRange,
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
                            // A circle is told once: where it goes on to a later block.
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
            // In a check a value may come from an environment or a branch that is not the one taken.
            return match (self.mode, value) {
                (Mode::Check, Value::None | Value::Error) => Value::Unknown(field.ty.clone()),
                (_, value) => value,
            };
        }
        if let Some(child) = self.child_kind(&block.kind, &name.text) {
            let children = match node {
                Some(node) => self.children_refs(node, &child),
                None => super::block_children(
                    self.db,
                    self.workspace,
                    block.clone(),
                    child,
                    environment,
                ),
            };
            return Value::List(children.into_iter().map(Value::Block).collect());
        }
        self.report_unknown_member(&kind, name, context)
    }

    /// `teams.payments` where the import makes `payments` known.
    fn report_module(&mut self, path: &str, range: TextRange, context: &Context<'db>) -> Value {
        let span = self.span(context, range);
        let names = &file_names(self.db, context.scope.item.file).imports;
        let mut diagnostic = Diag::new(&codes::UNKNOWN_NAME, format!("`{path}` is a module"), span);
        if let Some(import) = names
            .iter()
            .find(|import| import.module == path && import.names.is_none())
        {
            diagnostic = diagnostic
                .help(format!("the import makes it known as `{}`", import.alias))
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

    fn report_unknown_member(&mut self, kind: &str, name: &Name, context: &Context<'db>) -> Value {
        let span = self.span(context, name.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!(
                "{} `{kind}` has no field `{}`",
                crate::schema::article(kind),
                name.text
            ),
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

    pub(crate) fn call(
        &mut self,
        callee: &'db Expr,
        args: &'db [Arg],
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let ExprNode::Name(name) = &callee.node else {
            let diagnostic = Diag::new(
                &codes::UNKNOWN_FUNCTION,
                format!("`{}` is no function", super::show::expression(callee)),
                self.span(context, callee.range),
            );
            self.report(context, diagnostic);
            return Value::Error;
        };
        if matches!(name.text.as_str(), "matching" | "not-matching")
            && let Some([selector, label, regex]) = arguments(args, ["selector", "label", "regex"])
        {
            return self.matching(name.text == "not-matching", selector, label, regex, context);
        }
        match (name.text.as_str(), args) {
            ("unscoped", [arg]) => match self.eval(&arg.value, context, expected) {
                Value::Query(query) => Value::Query(Query {
                    scoped: true,
                    ..self.unscope(query, &arg.value, context)
                }),
                value if value.is_opaque() => value,
                other => {
                    self.report_mismatch(&other, &Ty::Vector, arg.value.range, context);
                    Value::Error
                }
            },
            ("length", [arg]) => match self.eval(&arg.value, context, &Ty::List(Box::new(Ty::Any)))
            {
                Value::List(items) => Value::Number(items.len().into()),
                Value::Unknown(_) => Value::Unknown(Ty::Number),
                Value::Error => Value::Error,
                other => {
                    self.report_mismatch(
                        &other,
                        &Ty::List(Box::new(Ty::Any)),
                        arg.value.range,
                        context,
                    );
                    Value::Error
                }
            },
            ("join", [list, separator]) => {
                let items = self.eval(&list.value, context, &Ty::List(Box::new(Ty::String)));
                let separator = self.eval(&separator.value, context, &Ty::String);
                match (&items, &separator) {
                    (Value::List(items), Value::String(separator)) => {
                        match items.iter().map(Value::show).collect::<Option<Vec<_>>>() {
                            Some(items) => Value::String(items.join(separator)),
                            None => Value::Unknown(Ty::String),
                        }
                    }
                    (Value::Unknown(_), _) | (_, Value::Unknown(_)) => Value::Unknown(Ty::String),
                    _ => Value::Error,
                }
            }
            ("unscoped" | "length" | "join" | "matching" | "not-matching", _) => {
                let wanted = match name.text.as_str() {
                    "join" => "a list and a separator",
                    "matching" | "not-matching" => "a selector, a `label` and a `regex`",
                    _ => "one argument",
                };
                let diagnostic = Diag::new(
                    &codes::MISSING_ARGUMENT,
                    format!("`{}` takes {wanted}", name.text),
                    self.span(context, range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
            _ => match self.schema.functions.get(&name.text) {
                Some(function) => self.runtime_call(&name.text, function, args, range, context),
                None => {
                    let span = self.span(context, name.range);
                    let mut diagnostic = Diag::new(
                        &codes::UNKNOWN_FUNCTION,
                        format!("there is no function `{}`", name.text),
                        span,
                    );
                    let known = self.schema.functions.keys().map(SmolStr::as_str);
                    let known = known.chain(COMPILE_TIME.iter().map(|function| function.name));
                    let of_promql = promql::functions::function(&name.text).is_some()
                        || promql::functions::aggregation(&name.text).is_some();
                    if of_promql {
                        diagnostic = diagnostic.help(format!(
                            "`{}` is PromQL's: a query stands between backticks",
                            name.text
                        ));
                    } else if let Some(near) = suggest::nearest(&name.text, known) {
                        diagnostic = did_you_mean(diagnostic, span, near);
                    }
                    self.report(context, diagnostic);
                    Value::Error
                }
            },
        }
    }

    /// A selector with one more matcher: a template does not know what the label is called.
    fn matching(
        &mut self,
        negated: bool,
        selector: &'db Arg,
        label: &'db Arg,
        argument: &'db Arg,
        context: &Context<'db>,
    ) -> Value {
        let value = self.typed(selector, &Ty::Selector, context);
        let label_value = self.typed(label, &Ty::LabelName, context);
        let regex_value = self.typed(argument, &Ty::String, context);
        match (value, label_value, regex_value) {
            (Value::Query(mut query), Value::String(label), Value::String(regex)) => {
                // A regular expression that matches only itself is compared for equality.
                let plain = promql::escape_regex(&regex) == regex;
                let op = match (negated, plain) {
                    (false, false) => promql::MatchOp::Matches,
                    (true, false) => promql::MatchOp::NotMatches,
                    (false, true) => promql::MatchOp::Equal,
                    (true, true) => promql::MatchOp::NotEqual,
                };
                if let promql::Node::Selector(selector) = &mut query.expr.node {
                    selector
                        .matchers
                        .push(promql::build::matcher(label, op, regex));
                }
                if let (_, errors) = promql::infer(&query.expr, &[])
                    && let Some(error) = errors.into_iter().next()
                {
                    let span = self.span(context, argument.value.range);
                    self.report(
                        context,
                        Diag::new(error.code, error.message, span).label(error.label),
                    );
                    return Value::Error;
                }
                Value::Query(query)
            }
            (value, label, regex) if value.is_error() || label.is_error() || regex.is_error() => {
                Value::Error
            }
            _ => Value::Unknown(Ty::Selector),
        }
    }

    fn typed(&mut self, arg: &'db Arg, ty: &Ty, context: &Context<'db>) -> Value {
        let value = self.eval(&arg.value, context, ty);
        let span = self.span(context, arg.value.range);
        self.coerce(value, ty, span, context)
    }

    /// The query of `unscoped(…)`: as written, without the labels that its block would have added.
    fn unscope(&mut self, query: Query, literal: &'db Expr, context: &Context<'db>) -> Query {
        let ExprNode::Query(written) = &literal.node else {
            return query;
        };
        let outside = Context {
            scope: context.scope.clone(),
            node: None,
        };
        let before = self.diagnostics.len();
        let value = self.query(written, &outside);
        // The same text was evaluated, and what is wrong with it reported, once already.
        self.diagnostics.truncate(before);
        match value {
            Value::Query(unscoped) => unscoped,
            _ => query,
        }
    }

    fn runtime_call(
        &mut self,
        name: &SmolStr,
        function: &'db Function,
        args: &'db [Arg],
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        let mut values: Vec<Option<Value>> = vec![None; function.params.len()];
        let mut wrong = false;
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                None if position == 0 && !function.params.is_empty() => Some(0),
                None => None,
                Some(name) => function
                    .params
                    .iter()
                    .position(|(known, ..)| *known == name.text),
            };
            let Some(index) = index else {
                let (span, message) = match &arg.name {
                    Some(written) => (
                        self.span(context, written.range),
                        format!("`{name}` has no parameter `{}`", written.text),
                    ),
                    None => (
                        self.span(context, arg.range),
                        "only the first argument may be without a name".to_owned(),
                    ),
                };
                let code = if arg.name.is_some() {
                    &codes::UNKNOWN_PARAMETER
                } else {
                    &codes::UNNAMED_ARGUMENT
                };
                let mut diagnostic = Diag::new(code, message, span);
                let known = function.params.iter().map(|(known, ..)| known.as_str());
                match arg
                    .name
                    .as_ref()
                    .and_then(|written| suggest::nearest(&written.text, known))
                {
                    Some(near) => diagnostic = did_you_mean(diagnostic, span, near),
                    None => {
                        diagnostic = diagnostic.help(format!(
                            "`{name}` takes {}",
                            super::show::parameters(&function.params)
                        ));
                    }
                }
                self.report(context, diagnostic);
                wrong = true;
                continue;
            };
            let (_, ty, _) = &function.params[index];
            let value = self.eval(&arg.value, context, ty);
            let span = self.span(context, arg.value.range);
            values[index] = Some(self.coerce(value, ty, span, context));
        }
        let mut result = Vec::new();
        for ((param, ty, default), value) in function.params.iter().zip(values) {
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) => {
                    let scope = super::Scope::of_item(function.span.item, std::rc::Rc::default());
                    self.eval(default, &Context { scope, node: None }, ty)
                }
                (None, None) => {
                    if !wrong {
                        let diagnostic = Diag::new(
                            &codes::MISSING_ARGUMENT,
                            format!("`{name}` needs the argument `{param}`, {}", ty.phrase()),
                            self.span(context, range),
                        );
                        self.report(context, diagnostic);
                    }
                    return Value::Error;
                }
            };
            if value.is_error() {
                wrong = true;
            }
            result.push((param.clone(), value));
        }
        if wrong {
            return Value::Error;
        }
        Value::Runtime(Runtime::Call(name.clone(), result), function.result.clone())
    }

    /// A block where a query is wanted: a signal stands for its metric.
    pub(crate) fn signal_query(&mut self, block: &BlockRef) -> Option<Value> {
        if block.kind != "signal" {
            return None;
        }
        let candidates = match self.root_of(block.item) {
            Some(root) => {
                let node = self.find_node(root, &block.path)?;
                self.field(node, "any_of")
            }
            None => super::block_field(
                self.db,
                self.workspace,
                block.clone(),
                "any_of".into(),
                self.environment.clone(),
            )?,
        };
        match candidates {
            Value::List(items) => items.into_iter().next(),
            _ => None,
        }
    }

    /// A query that stands for one that is not known.
    pub(crate) fn unknown_query(shape: Shape) -> Value {
        Value::Unknown(match shape {
            Shape::Selector => Ty::Selector,
            Shape::Windowed => Ty::Windowed,
            Shape::Condition => Ty::Condition,
            Shape::Vector => Ty::Vector,
            Shape::Scalar => Ty::Number,
            Shape::Unknown => Ty::Any,
        })
    }
}
