//! Diagnostics about unknown names.

use smol_str::SmolStr;

use super::Evaluator;
use super::names::{enum_of, referred};
use super::scope::Context;
use super::value::Value;
use crate::codes;
use crate::db::{Diag, ItemClass, SourceFile, Span, file_names};
use crate::resolve::{did_you_mean, did_you_mean_block};
use crate::schema::Ty;
use crate::schema::names::kind;
use nth_diagnostics::{UnknownName, suggest};
use nth_syntax::tree::{ItemNode, Name};

impl<'db> Evaluator<'db> {
    pub(super) fn unknown_member(
        &mut self,
        enumeration: &SmolStr,
        name: &'db Name,
        context: &Context<'db>,
    ) -> Value {
        let span = self.span(context, name.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_MEMBER,
            format!("unknown {enumeration} `{}`", name.text),
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
                diagnostic = diagnostic.help(format!("use one of {}", members.join(", ")));
            }
        }
        self.report(context, diagnostic);
        Value::Error
    }

    /// Returns the kind of the nearest enclosing block with a field of this name: `tier` should be `service.tier`. If a block of some
    /// kinds is expected, the field must refer to one.
    pub(super) fn enclosing_with_field(
        &self,
        field: &str,
        kinds: &[SmolStr],
        context: &Context<'db>,
    ) -> Option<SmolStr> {
        let mut at = context.node;
        while let Some(node) = at {
            let kind = self.schema_kind(node);
            if self
                .schema
                .field(&kind, field)
                .filter(|field| !matches!(field.ty, Ty::One(..)))
                .is_some_and(|field| {
                    let to = referred(&field.ty);
                    kinds.is_empty() || kinds.iter().any(|kind| to.contains(kind))
                })
            {
                return Some(self.node(node).kind.clone());
            }
            at = self.node(node).parent;
        }
        None
    }

    pub(super) fn report_unknown_name(
        &mut self,
        name: &SmolStr,
        span: Span,
        kinds: &[SmolStr],
        context: &Context<'db>,
        expected: &Ty,
    ) {
        let file = context.scope.item.file;
        if crate::resolve::is_of_failed_import(self.db, self.workspace, file, name) {
            return;
        }
        let what = match kinds {
            [kind] => format!("unknown {kind} `{}`", name),
            [] => format!("unknown name `{}`", name),
            kinds => format!("unknown {} `{}`", kinds.join(" or "), name),
        };
        let code = if kinds.is_empty() {
            &codes::UNKNOWN_NAME
        } else {
            &codes::UNKNOWN_BLOCK
        };
        let mut diagnostic = Diag::new(code, what, span).label("not found");
        let mut known = self.known_names(kinds, context);
        // A word of the language may be meant: `support-hours` beside names of time intervals.
        let words = enum_of(expected).and_then(|name| self.schema.enums.get(name));
        known.extend(
            words
                .into_iter()
                .flat_map(|words| words.members.keys().cloned()),
        );
        // The suggestion compares the name with each of them.
        self.spend(known.len() as u64, span.range, context);
        let of_alert = matches!(name.as_str(), "value" | "labels" | "external");
        let other = match self.any_block_named(name, context) {
            Some(Value::Block(block)) if !kinds.is_empty() => Some(block.kind),
            _ => None,
        };
        if let Some(kind) = other {
            let article = crate::schema::article(&kind);
            diagnostic = diagnostic.note(format!("`{}` is {article} {kind}", name));
        } else if let is_absent = self.explain_absent(diagnostic.clone(), name, kinds, context.node)
            && is_absent.help.len() > diagnostic.help.len()
        {
            diagnostic = is_absent;
        } else if let Some(block) = self
            .enclosing_with_field(name, kinds, context)
            .filter(|_| !of_alert)
        {
            diagnostic = did_you_mean(diagnostic, span, &format!("{block}.{}", name));
        } else if let Some(near) = suggest::nearest(name, known.iter().map(SmolStr::as_str)) {
            diagnostic = did_you_mean_block(diagnostic, span, near);
        } else if matches!(name.as_str(), "value" | "labels" | "external")
            && *expected.required() == Ty::Text
        {
            diagnostic = diagnostic.help(format!("interpolate it in text: `\"${{{}}}\"`", name));
        } else if matches!(
            expected.required(),
            Ty::String | Ty::Text | Ty::Markdown | Ty::Email | Ty::Url
        ) {
            diagnostic = diagnostic.help("write text in double quotes");
        } else if matches!(name.as_str(), "value" | "labels" | "external") {
            diagnostic = diagnostic.help(format!(
                "use `${{{}}}` only in the summary, description and annotations of an alert",
                name
            ));
        } else if let [kind] = kinds
            && let Some(owner) = self.owner_elsewhere(kind, context)
        {
            diagnostic = diagnostic.help(format!(
                "write it with its {owner} and a dot: `<{owner}>.{}`",
                crate::resolve::quote_name(name)
            ));
        } else {
            diagnostic.unknown_name = Some(UnknownName {
                kind: kinds.first().map(ToString::to_string).unwrap_or_default(),
                name: name.to_string(),
            });
        }
        self.report(context, diagnostic);
    }

    /// Returns the kind that blocks of a nested kind belong to, outside of any block of it.
    fn owner_elsewhere(&self, kind: &str, context: &Context<'db>) -> Option<&SmolStr> {
        let parents = &self.schema.kinds.get(kind)?.parents;
        let mut at = Some(context.node?);
        while let Some(node) = at {
            let node = self.node(node);
            if parents.contains(&node.kind) {
                return None;
            }
            at = node.parent;
        }
        parents.first()
    }

    /// Returns the names of all visible blocks of these kinds, or of any kind if `kinds` is empty.
    pub(super) fn known_names(&self, kinds: &[SmolStr], context: &Context<'db>) -> Vec<SmolStr> {
        let mut known = context.scope.names();
        if matches!(self.tree(context.scope.item), Some(ItemNode::Rule(_))) {
            known.extend(
                self.schema
                    .top_level()
                    .map(|kind| SmolStr::from(format!("{}s", kind.name))),
            );
        }
        if kinds.iter().any(|kind| kind == kind::ENVIRONMENT) {
            known.extend(self.workspace.environments(self.db).keys().cloned());
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
                if node.kind == kind::ALERT {
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

    /// Reports a name before a dot that is not a module.
    pub(crate) fn report_unknown_module(&mut self, module: &Name, context: &Context<'db>) {
        let span = self.span(context, module.range);
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_MODULE,
            format!("unknown module `{}`", module.text),
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
}
