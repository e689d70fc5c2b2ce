//! Overriding of nested blocks: with the same base and arguments, a block extends the existing one; with another base, it
//! replaces it.

use std::rc::Rc;

use smol_str::SmolStr;

use super::node::NodeId;
use super::scope::{BindingState, Context, Scope};
use super::value::Value;
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, ItemKey, Span, item_name};
use crate::schema::Ty;
use nth_diagnostics::text;
use nth_syntax::tree::{Block, Body, Statement};

/// The last base of a block.
#[derive(Clone)]
pub(super) struct BaseUse<'db> {
    /// The kind of base.
    kind: BaseKind,
    /// The scope of its arguments, and the names of its parameters.
    arguments: Option<(Rc<Scope<'db>>, Vec<SmolStr>)>,
}

/// The kind of a base.
#[derive(Clone, PartialEq, Eq)]
enum BaseKind {
    /// A variant of the block's kind.
    Variant(SmolStr),
    /// A template or a block.
    Item(ItemKey),
}

impl<'db> BaseUse<'db> {
    /// Creates a variant.
    pub(super) fn variant(name: SmolStr) -> Self {
        Self {
            kind: BaseKind::Variant(name),
            arguments: None,
        }
    }

    /// Creates a template with its arguments, or a block.
    pub(super) fn item(key: ItemKey, scope: Rc<Scope<'db>>, params: Vec<SmolStr>) -> Self {
        Self {
            kind: BaseKind::Item(key),
            arguments: Some((scope, params)),
        }
    }
}

impl<'db> Evaluator<'db> {
    /// Overrides an existing nested block with another body and base.
    pub(super) fn rebase(&mut self, id: NodeId, block: &'db Block, scope: &Rc<Scope<'db>>) {
        let node = &mut self.nodes[id.0];
        let layers = std::mem::take(&mut node.layers);
        let variant = node.variant.take();
        let last_base = node.last_base.take();
        let of_base = std::mem::take(&mut node.of_base);
        let dropped = std::mem::take(&mut node.dropped);
        self.add_layers(id, block.base.as_ref(), &block.body, block.head, scope);
        if dropped {
            return;
        }
        if self.is_same_base(last_base.as_ref(), id) {
            let node = &mut self.nodes[id.0];
            let own = node.layers.pop();
            node.layers = layers;
            node.layers.extend(own);
            node.variant = variant;
            node.of_base = of_base;
            return;
        }
        let amendments: Vec<(&'db Body, Rc<Scope<'db>>)> =
            layers.into_iter().skip(of_base).collect();
        self.report_dropped(id, block, &amendments, scope);
    }

    fn is_same_base(&mut self, before: Option<&BaseUse<'db>>, id: NodeId) -> bool {
        let (Some(before), Some(now)) = (before.cloned(), self.node(id).last_base.clone()) else {
            return false;
        };
        if before.kind != now.kind {
            return false;
        }
        let (Some((old, params)), Some((new, _))) = (before.arguments, now.arguments) else {
            return true;
        };
        params.iter().all(|name| {
            let (first, second) = (self.peek(&old, name), self.peek(&new, name));
            match (first, second) {
                (Some(first), Some(second)) => is_same(&first, &second),
                (first, second) => first.is_none() && second.is_none(),
            }
        })
    }

    /// Evaluates a binding without storing its value, because its dependencies may not be complete yet.
    fn peek(&mut self, scope: &Scope<'db>, name: &SmolStr) -> Option<Value> {
        let binding = scope.find(name)?;
        if let BindingState::Done(value) = &*binding.state.borrow() {
            return Some(value.clone());
        }
        let (expr, context) = binding.lazy()?;
        let expected = binding.ty.clone().unwrap_or(Ty::Any);
        let reported = self.diagnostics.len();
        let value = self.eval(expr, &context, &expected);
        let span = self.span(&context, expr.range);
        let value = self.coerce(value, &expected, span, &context);
        self.diagnostics.truncate(reported);
        Some(value)
    }

    /// Reports statements about the block that are lost because its base is replaced.
    fn report_dropped(
        &mut self,
        id: NodeId,
        block: &'db Block,
        amendments: &[(&'db Body, Rc<Scope<'db>>)],
        scope: &Rc<Scope<'db>>,
    ) {
        // A check visits both branches of an `if`.
        if self.mode != Mode::Instantiate {
            return;
        }
        let mut lost: Vec<String> = Vec::new();
        for (body, _) in amendments {
            lost.extend(body.statements.iter().filter_map(words));
        }
        lost.dedup();
        let (Some((body, from)), Some(base)) = (amendments.first(), &block.base) else {
            return;
        };
        if lost.is_empty() {
            return;
        }
        let node = self.node(id);
        let label = match node.name.as_str() {
            "" => node.kind.to_string(),
            name => format!("{} {}", node.kind, crate::resolve::quote_name(name)),
        };
        let context = Context {
            scope: scope.clone(),
            node: Some(id),
        };
        let origin = match from.item == scope.item {
            true => "above it".to_owned(),
            false => format!("of `{}`", item_name(self.db, from.item)),
        };
        let span = self.span(&context, base.range);
        let diagnostic = Diag::new(
            &codes::AMENDMENTS_DROPPED,
            format!(
                "changing the base of `{label}` drops settings of the block {origin}: {}",
                text::list(&lost, "and")
            ),
            span,
        )
        .label("not the base it had before")
        .because(
            Span {
                item: from.item,
                range: body.range,
            },
            "dropped",
        )
        .help(format!("remove the base to keep them: `{label} {{ … }}`"))
        .help(format!("write `without {label}` before it to start over"));
        self.report(&context, diagnostic);
    }
}

/// True if two arguments have the same value, regardless of their places.
fn is_same(first: &Value, second: &Value) -> bool {
    match (first, second) {
        (Value::Query(first), Value::Query(second)) => {
            first.scoped == second.scoped && first.expr.to_string() == second.expr.to_string()
        }
        (Value::List(first), Value::List(second)) => {
            first.len() == second.len() && first.iter().zip(second).all(|(a, b)| is_same(a, b))
        }
        (Value::Text(first, _), Value::Text(second, _)) => first == second,
        _ => first == second,
    }
}

/// Describes a statement, for messages.
fn words(statement: &Statement) -> Option<String> {
    Some(match statement {
        Statement::Field(field) => format!("`{}`", field.name.text),
        Statement::Block(block) => match &block.name {
            Some(name) => format!("`{} {}`", block.kind.text, name.text),
            None => format!("`{}`", block.kind.text),
        },
        Statement::In(inner) => format!("`in {}`", inner.environment.text),
        Statement::If(_) => "`if`".to_owned(),
        Statement::For(_) => "`for`".to_owned(),
        Statement::Without(without) => format!("`without {}`", without.kind.text),
        Statement::Let(_) | Statement::Require(_) => return None,
    })
}
