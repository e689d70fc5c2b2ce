//! The check of a block: every statement in it, regardless of conditions.

use smol_str::SmolStr;

use super::Evaluator;
use super::node::{NodeId, Setter};
use crate::codes;
use crate::db::Diag;
use crate::resolve::did_you_mean;
use crate::schema::names::{field, kind};
use crate::schema::{FieldSchema, Ty, article, where_field_belongs};
use nth_diagnostics::suggest;
use nth_syntax::tree::ExprNode;

impl<'db> Evaluator<'db> {
    /// Checks every statement of the block that belongs to the evaluator's root item, regardless of conditions.
    pub fn check(&mut self, id: NodeId) {
        self.collect(id);
        for (scope, argument) in std::mem::take(&mut self.unforced) {
            self.force(&scope, &argument);
        }
        let Some((root, _)) = self.root else { return };
        let kind = self.schema_kind(id);
        let setters: Vec<(SmolStr, Vec<Setter<'db>>)> = self
            .node(id)
            .setters
            .iter()
            .map(|(name, setters)| (name.clone(), setters.clone()))
            .collect();
        for (name, setters) in setters {
            for setter in &setters {
                self.record_field(&setter.context, setter.name.range, &kind, &name);
            }
            let own = setters
                .into_iter()
                .filter(|setter| setter.context.scope.item == root);
            match self.schema.field(&kind, &name) {
                Some(_) if name == field::ONLY_IN && self.node(id).kind == kind::DEFAULTS => {
                    for setter in own {
                        self.report_only_in_of_defaults(&setter);
                    }
                }
                Some(field) if !self.has_field(id, field) => {
                    for setter in own {
                        self.report_misplaced_field(id, field, &setter);
                    }
                }
                Some(field) if !matches!(field.ty, Ty::One(..)) => {
                    for setter in own {
                        let value = self.set(field, &setter);
                        self.scoped(value, id);
                    }
                }
                // The fields depend on the variant, which is missing and already reported.
                _ if self.lacks_variant(id) => {}
                _ => {
                    for setter in own {
                        self.report_unknown_field(id, &kind, &setter);
                        self.eval_unknown_field(&kind, &setter);
                    }
                }
            }
        }
        self.record_bodies(id);
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

    /// Checks the value of an unknown field. If the field is a misspelled one, its type is used. Otherwise bare names are skipped,
    /// because what they refer to depends on the type.
    pub(super) fn eval_unknown_field(&mut self, kind: &SmolStr, setter: &Setter<'db>) {
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

    /// True if the block has a field where it is: some fields belong to the blocks of a kind in some places only. A template may be
    /// used in all of them, and `defaults` are for all.
    pub(crate) fn has_field(&self, id: NodeId, field: &FieldSchema) -> bool {
        let node = self.node(id);
        node.kind == kind::DEFAULTS
            || self.is_template_root(id)
            || field.is_in(node.parent.map(|parent| self.node(parent).kind.as_str()))
    }

    fn report_misplaced_field(&mut self, id: NodeId, field: &FieldSchema, setter: &Setter<'db>) {
        let node = self.node(id);
        let place = match node.parent.map(|parent| &self.node(parent).kind) {
            Some(parent) => format!("in {} `{parent}`", article(parent)),
            None => "at the top level of a file".to_owned(),
        };
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!(
                "`{}` is not a field of {} `{}` {place}",
                field.name,
                article(&node.kind),
                node.kind
            ),
            self.span(&setter.context, setter.name.range),
        );
        if let Some(help) = where_field_belongs(field) {
            diagnostic = diagnostic.help(help);
        }
        self.report(&setter.context, diagnostic);
    }

    pub(super) fn report_unknown_field(
        &mut self,
        id: NodeId,
        kind: &SmolStr,
        setter: &Setter<'db>,
    ) {
        let span = self.span(&setter.context, setter.name.range);
        // An incomplete field is already reported as a syntax error.
        if matches!(setter.expr.node, ExprNode::Error) && self.is_near_damage(span) {
            return;
        }
        let name = &setter.name.text;
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!("unknown field `{name}` in `{kind}`"),
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
            let help = format!("write it as a block, without `=`: `{name} {named}{{ … }}`");
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
                diagnostic = diagnostic.help(format!("choose a variant: {}", variants.join(", ")));
            }
        } else {
            let known: Vec<_> = fields
                .iter()
                .map(|field| format!("`{}`", field.name))
                .collect();
            diagnostic = diagnostic.help(format!("use one of its fields: {}", known.join(", ")));
        }
        self.report(&setter.context, diagnostic);
    }
}
