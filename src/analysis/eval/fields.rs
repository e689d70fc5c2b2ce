//! Evaluation of fields and complete blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use super::node::{FieldState, NodeId, Setter};
use super::scope::{Context, Scope};
use super::value::{FieldValue, Instance, Matchers, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span};
use crate::maps::NameMap;
use crate::schema::names::kind;
use crate::schema::{self, Ty};
use nth_diagnostics::suggest;
use nth_syntax::tree::ExprNode;

impl<'db> Evaluator<'db> {
    /// Evaluates a field.
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
            // The matchers of a label replace all of its matchers in a base.
            Ty::Matchers if !setters.is_empty() => {
                let mut merged = Matchers::default();
                let mut wrong = None;
                for setter in &setters {
                    match self.set(field, setter) {
                        Value::Matchers(matchers) => merged.replace(matchers),
                        Value::None => {}
                        other => wrong = Some(other),
                    }
                }
                wrong.unwrap_or(Value::Matchers(merged))
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

    pub(super) fn set(&mut self, field: &'db schema::FieldSchema, setter: &Setter<'db>) -> Value {
        let value = self.eval_field(setter.expr, &setter.context, field);
        if self.mode == Mode::Check && *field.ty.required() == Ty::Text {
            self.warn_of_template(setter.expr, &setter.context);
        }
        let span = self.span(&setter.context, setter.expr.range);
        let value = self.coerce(value, &field.ty, span, &setter.context);
        self.check_vector_metrics(&value, field, &setter.context);
        self.refine(value, field, span, &setter.context)
    }

    pub(super) fn default(&mut self, id: NodeId, field: &'db schema::FieldSchema) -> Value {
        let Some(default) = &field.default else {
            return self.team_of_owner(id, field);
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

    pub(super) fn refine(
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
        scope.bind("it".into(), value.clone(), None);
        let inner = Context { scope, node: None };
        if self.condition(refinement, &inner) == Some(false) {
            let shown = value.show().unwrap_or_default();
            let message = match value {
                Value::List(ref items) if items.is_empty() => {
                    format!("`{}` must not be empty", field.name)
                }
                _ => format!(
                    "`{}` cannot be {shown}: it must be {}",
                    field.name,
                    super::show::refinement(refinement)
                ),
            };
            let mut diagnostic = Diag::new(&codes::OUT_OF_BOUNDS, message, span)
                .because(field.span, "declared here");
            if let Some(doc) = &field.doc {
                diagnostic = diagnostic.note(format!("`{}`: {}", field.name, clause(doc)));
            }
            self.report(context, diagnostic);
            return Value::Error;
        }
        value
    }

    /// Evaluates all fields of a block and its children.
    pub fn freeze(&mut self, id: NodeId) -> Instance {
        self.collect(id);
        let kind = self.schema_kind(id);
        let mut fields = Vec::new();
        // A kind has many fields, and a block sets few: of the others, a name is enough.
        let mut unset = Vec::new();
        let is_partial = self.node(id).kind == kind::DEFAULTS;
        for field in self.schema.fields(&kind) {
            if is_partial && !self.node(id).setters.contains_key(&field.name)
                || !self.has_field(id, field)
            {
                continue;
            }
            if let Ty::One(child, required) = &field.ty {
                let count = self.children_refs(id, child).len();
                if count == 0 && *required {
                    self.report_missing(
                        id,
                        &codes::MISSING_BLOCK,
                        format!("missing `{child}` block"),
                        field,
                    );
                }
                continue;
            }
            let value = self.field(id, &field.name);
            // An unknown type is reported at its declaration.
            let known = field.ty != Ty::Any;
            if value == Value::None && known && !field.ty.is_optional() && field.default.is_none() {
                let what = format!("missing field `{}`", field.name);
                self.report_missing(id, &codes::MISSING_FIELD, what, field);
            }
            let setters = self.node(id).setters.get(&field.name);
            let setter =
                setters.and_then(|setters| setters.iter().max_by_key(|setter| setter.order));
            let span = setter.map_or(field.span, |setter| {
                self.span(&setter.context, setter.expr.range)
            });
            let explicit = setter.is_some();
            let is_optional = field.ty.is_optional() && field.default.is_none();
            if value == Value::None && !explicit && is_optional && !field.extension {
                unset.push(field.name.clone());
                continue;
            }
            let value = FieldValue {
                value,
                span,
                explicit,
                extension: field.extension,
                places: self.places_of_labels(id, &field.name),
            };
            fields.push((field.name.clone(), value));
        }
        // Their number is known now, so the map is not larger than it must be.
        let fields = NameMap::from_iter(fields);
        self.report_missing_variant(id);
        self.warn_of_absent(id, &fields);
        self.check_block_metrics(id, &fields);
        let children = self.node(id).children.clone();
        let children = children
            .into_iter()
            .map(|child| self.freeze(child))
            .collect();
        let incomplete = self.node(id).damaged
            || self.is_baseless(id)
            || !self.node(id).unknown_kinds.is_empty()
            || !self.lacks_variant(id) && !self.unknown_fields(id).is_empty();
        let resolved = self.resolved(id);
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
            unset: unset.into(),
            children,
            resolved,
        }
    }

    /// Returns the place of each label of a field. A label that comes from a name has the place of that name.
    fn places_of_labels(&self, id: NodeId, field: &str) -> Option<Arc<BTreeMap<SmolStr, Span>>> {
        let node = self.node(id);
        let (Some(setters), Some(FieldState::Done(value))) =
            (node.setters.get(field), node.values.get(field))
        else {
            return None;
        };
        let labels: BTreeSet<&SmolStr> = match value {
            Value::Labels(labels) => labels.keys().collect(),
            Value::Matchers(matchers) => matchers.labels().collect(),
            _ => return None,
        };
        let mut setters: Vec<&Setter<'_>> = setters.iter().collect();
        setters.sort_by_key(|setter| setter.order);
        let mut places = BTreeMap::new();
        for setter in setters {
            match &setter.expr.node {
                ExprNode::Labels(entries) => {
                    places.extend(entries.iter().map(|entry| {
                        let span = self.span(&setter.context, entry.name.range);
                        (entry.name.text.clone(), span)
                    }));
                }
                _ => {
                    let span = self.span(&setter.context, setter.expr.range);
                    for label in &labels {
                        places.entry((*label).clone()).or_insert(span);
                    }
                }
            }
        }
        places.retain(|label, _| labels.contains(label));
        Some(Arc::new(places))
    }

    pub(super) fn report_missing(
        &mut self,
        id: NodeId,
        code: &'static nth_diagnostics::Code,
        what: String,
        field: &schema::FieldSchema,
    ) {
        if self.node(id).damaged || self.is_baseless(id) || self.is_misspelt(id, field) {
            return;
        }
        let node = self.node(id);
        let label = if node.name.is_empty() {
            format!("`{}`", node.kind)
        } else {
            format!("{} `{}`", node.kind, node.name)
        };
        let (head, trail) = (node.head, node.trail.clone());
        let mut diagnostic = Diag::new(code, format!("{what} in {label}"), head);
        if !matches!(field.ty, Ty::One(..)) {
            diagnostic = diagnostic.label(format!("expected {}", field.ty.phrase()));
        }
        if field.extension {
            diagnostic = diagnostic.because(field.span, "required by the project here");
        }
        if let Some(doc) = &field.doc {
            diagnostic = diagnostic.note(format!("`{}`: {}", field.name, clause(doc)));
        }
        let diagnostic = self.help_with_owner(diagnostic, id, field);
        self.report_at(&trail, diagnostic);
    }

    /// True if the base of a block or of an enclosing one is unknown.
    pub(super) fn is_baseless(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.baseless || node.parent.is_some_and(|parent| self.is_baseless(parent))
    }

    /// Returns the unknown fields that a block sets.
    pub(super) fn unknown_fields(&self, id: NodeId) -> Vec<SmolStr> {
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

    /// True if a missing field is probably set under a misspelled name, which was reported.
    pub(super) fn is_misspelt(&self, id: NodeId, field: &schema::FieldSchema) -> bool {
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

    /// Reports a block without the variant that its kind needs.
    fn report_missing_variant(&mut self, id: NodeId) {
        let node = self.node(id);
        let may_be_there = node.damaged || !node.unknown_kinds.is_empty() || self.is_baseless(id);
        if may_be_there || !self.lacks_variant(id) {
            return;
        }
        let variants: Vec<String> = self
            .schema
            .variants(&node.kind)
            .map(|variant| format!("`{} : {}`", node.kind, variant.name))
            .collect();
        let Some((last, others)) = variants.split_last() else {
            return;
        };
        let (head, trail) = (node.head, node.trail.clone());
        let diagnostic = Diag::new(
            &codes::MISSING_FIELD,
            format!("missing variant of `{}`", node.kind),
            head,
        )
        .help(format!("write {} or {last}", others.join(", ")));
        self.report_at(&trail, diagnostic);
    }

    /// True if a block's kind has variants and the block names none.
    pub(super) fn lacks_variant(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.variant.is_none() && self.schema.variants(&node.kind).next().is_some()
    }
}

/// Converts a doc comment to a note: a single sentence becomes a clause, several stay unchanged.
fn clause(doc: &str) -> String {
    let doc = doc.trim();
    let Some(sentence) = doc.strip_suffix('.').filter(|text| !text.contains(". ")) else {
        return doc.to_owned();
    };
    let mut characters = sentence.chars();
    let first = characters.next();
    match (first, characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => sentence.to_owned(),
    }
}
