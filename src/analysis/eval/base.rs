//! Bases: the variant, template or block after a block's colon, and its arguments.

use std::rc::Rc;

use smol_str::SmolStr;

use super::index::Definition;
use super::node::NodeId;
use super::overrides::BaseUse;
use super::scope::{Context, Scope};
use super::value::Value;
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, ItemClass, ItemKey, Span};
use crate::resolve::{Want, did_you_mean, did_you_mean_block, quote_name, resolve_path};
use crate::schema::{self, names};
use nth_diagnostics::{Applicability, suggest};
use nth_syntax::tree::{Base, ItemNode, Template, TextRange};

/// Receivers by other names, or of services that are not supported, and what to use.
const RECEIVERS: [(&str, &str); 8] = [
    (
        "opsgenie",
        "Opsgenie ends in April 2027: use `jira` for Jira Service Management, or `webhook`",
    ),
    (
        "victorops",
        "VictorOps is not supported: use `webhook` with the URL of its Alertmanager integration",
    ),
    ("teams", "use `msteams`"),
    ("email", "use `mail`"),
    ("incident-io", "use `incidentio`"),
    ("oncall", "use `grafana-irm` for Grafana OnCall"),
    ("irm", "use `grafana-irm`"),
    ("jsm", "use `jira`"),
];

impl<'db> Evaluator<'db> {
    pub(super) fn add_base(
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
            if seen.is_empty() {
                self.nodes[id.0].last_base = Some(BaseUse::variant(name.clone()));
            }
            self.record_base(context, base, Definition::Kind(name.clone()));
            let what = format!("the kind `{name}`");
            self.refuse_arguments(base, context, &what, "set its fields in braces");
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
        let found = find(ItemClass::Template).or_else(|| find(ItemClass::Block));
        // A chain that is too long is reported elsewhere.
        if found.is_some_and(|key| self.workspace.references(self.db).is_too_deep(key)) {
            self.nodes[id.0].baseless = true;
            return;
        }
        let Some(key) = found else {
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
        let meaning = self
            .top_level(key)
            .map_or(Definition::Item(key), |value| match value {
                Value::Block(block) => Definition::Block(block),
                _ => Definition::Item(key),
            });
        self.record_base(context, base, meaning);
        seen.push(key);
        let mut trail = (*context.scope.trail).clone();
        trail.push(self.span(context, base.range));
        let scope = Scope::of_base(key, Rc::new(trail), &context.scope);
        if seen.len() == 1 {
            let params = match self.tree(key) {
                Some(ItemNode::Template(template)) => &*template.params,
                _ => &[],
            };
            let params = params.iter().map(|param| param.name.text.clone());
            self.nodes[id.0].last_base = Some(BaseUse::item(key, scope.clone(), params.collect()));
        }
        let (head, own_base, body) = match self.tree(key) {
            Some(ItemNode::Template(template)) => {
                self.bind_arguments(template, key, base, context, &scope, id);
                (template.head, &template.base, &template.body)
            }
            Some(ItemNode::Block(block)) => {
                let what = format!("the block `{}`", path.join("."));
                self.refuse_arguments(base, context, &what, "only templates have parameters");
                (block.head, &block.base, &block.body)
            }
            _ => return,
        };
        if let Some(own_base) = own_base {
            let inner = Context {
                scope: scope.clone(),
                node: Some(id),
            };
            crate::stack::with_room(|| self.add_base(id, own_base, &inner, seen));
        }
        self.mark_damaged(id, key, head, body);
        let body_scope = self.body_scope(body, &scope, id);
        self.nodes[id.0].layers.push((body, body_scope));
        seen.pop();
    }

    /// Reports arguments to a base without parameters.
    fn refuse_arguments(
        &mut self,
        base: &'db Base,
        context: &Context<'db>,
        what: &str,
        help: &str,
    ) {
        let args = base.args.iter().flatten().map(|arg| arg.range);
        let Some(range) = args.reduce(TextRange::cover) else {
            return;
        };
        let diagnostic = Diag::new(
            &codes::UNKNOWN_PARAMETER,
            format!("{what} takes no arguments"),
            self.span(context, range),
        )
        .help(help);
        self.report(context, diagnostic);
    }

    /// Reports a cycle of bases once, at its first member.
    pub(super) fn report_base_cycle(&mut self, id: NodeId, root: ItemKey, seen: &[ItemKey]) {
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
            format!("`{}` inherits from itself", path[0]),
            self.span(&context, base.path.range),
        );
        if !seen.is_empty() {
            diagnostic = diagnostic.note(format!("cycle: {}", path.join(" → ")));
        }
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn report_unknown_base(
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
        // `http.`: the syntax error is enough.
        if base.path.range.end > last.range.end {
            return;
        }
        let file = context.scope.item.file;
        let dotted = base.path.segments.iter().map(|name| name.text.as_str());
        let dotted = SmolStr::from(dotted.collect::<Vec<_>>().join("."));
        if base.path.segments.len() > 1 && self.is_block_or_template(&dotted, kind, context) {
            let quoted = quote_name(&dotted);
            let diagnostic = Diag::new(
                &codes::UNKNOWN_BASE,
                format!("a name with a dot must be quoted: {quoted}"),
                span,
            )
            .fix(
                format!("Write {quoted}"),
                span,
                quoted,
                Applicability::Always,
            );
            self.report(context, diagnostic);
            return;
        }
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
            .map(|name| crate::resolve::quote_name(&name.text))
            .collect::<Vec<_>>()
            .join(".");
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_BASE,
            format!("unknown base `{path}` for `{kind}`"),
            span,
        )
        .label("not a template, variant or block of that kind");
        let last_span = self.span(context, last.range);
        let known = self.known_bases(kind, base, context);
        let is_receiver = kind == names::kind::RECEIVER && base.path.segments.len() == 1;
        if let Some((_, known)) = RECEIVERS
            .iter()
            .find(|(other, _)| is_receiver && *other == last.text)
        {
            diagnostic = diagnostic.help(*known);
        } else if let Some(other) = self.base_of_other_kind(base, context) {
            diagnostic = diagnostic.help(other);
        } else if let Some(near) = suggest::nearest(&last.text, known.iter().map(SmolStr::as_str)) {
            diagnostic = did_you_mean_block(diagnostic, last_span, near);
        } else if base.path.segments.len() == 1 {
            diagnostic.unknown_name = Some(nth_diagnostics::UnknownName {
                kind: kind.to_string(),
                name: last.text.to_string(),
            });
        }
        self.report(context, diagnostic);
    }

    fn is_block_or_template(&self, name: &SmolStr, kind: &str, context: &Context<'db>) -> bool {
        let file = context.scope.item.file;
        [ItemClass::Template, ItemClass::Block]
            .into_iter()
            .any(|class| {
                let path = std::slice::from_ref(name);
                resolve_path(self.db, self.workspace, file, path, Want { class, kind }).is_some()
            })
    }

    /// Describes the base, if it is a template or block of another kind.
    pub(super) fn base_of_other_kind(&self, base: &Base, context: &Context<'db>) -> Option<String> {
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

    pub(super) fn known_bases(
        &self,
        kind: &SmolStr,
        base: &Base,
        context: &Context<'db>,
    ) -> Vec<SmolStr> {
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

    pub(super) fn bind_arguments(
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
                        "only the first argument can be positional",
                        self.span(context, arg.range),
                    )
                    .note(format!(
                        "arguments of `{}`: {}",
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
                        "unknown parameter `{text}` of template `{}`",
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
                    format!("duplicate argument `{}`", params[index].0),
                    self.span(context, arg.range),
                );
                self.report(context, diagnostic);
                continue;
            }
            let (name, ty, _) = &params[index];
            let declared = Span {
                item: key,
                range: template.params[index].name.range,
            };
            if let Some(written) = &arg.name {
                self.record(context, written.range, |_| {
                    Some(Definition::Local(declared))
                });
            }
            scope.bind_lazy(
                name.clone(),
                &arg.value,
                context.clone(),
                Some(ty.clone()),
                declared,
            );
            // Evaluate it later: it may depend on fields of bodies that are not collected yet.
            if self.mode == Mode::Check {
                self.unforced.push((scope.clone(), name.clone()));
            }
        }
        for ((index, (name, ty, default)), param) in params.iter().enumerate().zip(&template.params)
        {
            if used[index] {
                continue;
            }
            let declared = Span {
                item: key,
                range: param.name.range,
            };
            match (&param.default, default) {
                (Some(expr), _) => {
                    let inner = Context {
                        scope: scope.clone(),
                        node: Some(node),
                    };
                    scope.bind_lazy(name.clone(), expr, inner, Some(ty.clone()), declared);
                }
                _ if ty.is_optional() => scope.bind(name.clone(), Value::None, Some(declared)),
                _ => {
                    scope.bind(name.clone(), Value::Error, Some(declared));
                    // It is given, under a wrong name or none.
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
                            "missing argument `{name}` ({}) of `{}`",
                            ty.phrase(),
                            template.name.text
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
}
