//! Instantiation: from blocks, bases, templates, `for`, `if` and `in` to blocks in which every field has its value.
//!
//! One evaluator serves two passes. [`Mode::Check`] looks at an item by itself: every statement of it is visited,
//! whatever the conditions say, and what a template's parameters will be is [`Value::Unknown`]; mistakes of the
//! item's own text come from there, once. [`Mode::Instantiate`] computes a top-level block in one environment;
//! what goes wrong only with certain values comes from there, with the place that made the instance.

mod absent;
mod amend;
mod base;
mod budget;
mod calls;
mod coerce;
mod collect;
mod expr;
mod fields;
mod judge;
mod known;
mod known_sli;
mod labels;
mod members;
pub mod metrics;
mod names;
mod node;
pub mod notes;
mod ops;
mod query;
mod scope;
mod show;
mod signal;
mod text;
mod unknown;
pub mod value;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::db::{Diag, ItemKey, Span, Workspace, item};
use crate::schema::{Schema, schema};
use nth_syntax::tree::{ItemNode, TextRange};

pub use labels::query_scope;
pub use node::NodeId;
pub use scope::{Context, Scope};
pub use show::{expression, refinement};
pub use value::{
    BlockRef, Call, CallArg, FieldValue, Instance, Query, Resolved, Runtime, Shape, Value,
    show_duration,
};

/// Which pass it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// An item by itself.
    Check,
    /// A block in an environment.
    Instantiate,
}

/// The state of one evaluation.
pub struct Evaluator<'db> {
    /// The database.
    pub db: &'db dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The schema.
    pub schema: &'db Schema,
    /// The environment, where the project declares any.
    pub environment: Option<SmolStr>,
    /// Which pass it is.
    pub mode: Mode,
    /// What went wrong so far.
    pub diagnostics: Vec<Diag>,
    /// All blocks of a kind, for rules; empty elsewhere.
    pub all: BTreeMap<SmolStr, Vec<BlockRef>>,
    /// How queries are compared with what is known of metrics.
    claims: known::Claims,
    /// What an editor asks of the item, where it does.
    noting: Option<Box<notes::Noting>>,
    budget: budget::Budget,
    root: Option<(ItemKey, NodeId)>,
    /// Arguments of bases that a check has to look at once all bodies are known.
    unforced: Vec<(Rc<Scope<'db>>, SmolStr)>,
    nodes: Vec<node::Node<'db>>,
}

impl<'db> Evaluator<'db> {
    /// An evaluator that has not looked at anything yet.
    pub fn new(
        db: &'db dyn salsa::Database,
        workspace: Workspace,
        environment: Option<SmolStr>,
        mode: Mode,
    ) -> Self {
        Self {
            db,
            workspace,
            schema: schema(db, workspace),
            environment,
            mode,
            diagnostics: Vec::new(),
            all: BTreeMap::new(),
            claims: known::Claims::None,
            noting: None,
            budget: budget::Budget::default(),
            root: None,
            unforced: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The tree of an item.
    pub fn tree(&self, key: ItemKey) -> Option<&'db ItemNode> {
        item(self.db, key).as_ref().map(|tree| &tree.node)
    }

    /// A place in the item that a context stands in.
    pub fn span(&self, context: &Context<'db>, range: TextRange) -> Span {
        Span {
            item: context.scope.item,
            range,
        }
    }

    /// Adds a diagnostic, with the place that made the instance where there is one.
    pub fn report(&mut self, context: &Context<'db>, diagnostic: Diag) {
        let trail = context.scope.trail.clone();
        self.report_at(&trail, diagnostic);
    }

    pub(crate) fn report_at(&mut self, trail: &[Span], mut diagnostic: Diag) {
        if let Some(use_site) = trail.first()
            && use_site.item != diagnostic.primary.span.item
        {
            diagnostic = diagnostic.because(*use_site, "in what this makes");
        }
        self.diagnostics.push(diagnostic);
    }
}

/// What a top-level block is in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluated {
    /// The block; `None` if it is no block of a known kind.
    pub instance: Option<Instance>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diag>,
    /// How many steps its evaluation took.
    pub steps: u64,
}

/// A top-level block with all of its values in an environment. It is most of what a service takes, and whoever asks makes
/// something of it that is kept: after the next edit only the last ones are still there, the others are computed anew
/// where what is made of them changes.
#[salsa::tracked(returns(ref), lru = 64)]
pub fn instance(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<Evaluated> {
    if workspace.references(db).is_too_deep(key) {
        return Arc::default();
    }
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    // What stands at the top of a file and cannot stand there is reported by its check.
    let stands = match evaluator.tree(key) {
        Some(ItemNode::Block(block)) => {
            evaluator
                .schema
                .top_level()
                .any(|kind| kind.name == block.kind.text)
                && block
                    .name
                    .as_ref()
                    .is_some_and(|name| !name.text.is_empty())
        }
        _ => false,
    };
    let root = evaluator.root_block(key).filter(|_| stands);
    let root = root.filter(|root| !evaluator.is_absent(*root));
    if let Some(root) = root {
        evaluator.compare_with_known(root);
    }
    let instance = root.map(|node| evaluator.freeze(node));
    Arc::new(Evaluated {
        instance: instance.filter(|_| !evaluator.is_over()),
        steps: evaluator.steps(),
        diagnostics: evaluator.into_diagnostics(),
    })
}

/// One field of a block of another item: services refer to one another in a circle, their values may not.
#[salsa::tracked(returns(clone), cycle_result = block_field_in_a_circle)]
pub fn block_field(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: BlockRef,
    field: SmolStr,
    environment: Option<SmolStr>,
) -> Option<Value> {
    if workspace.references(db).is_too_deep(block.item) {
        return Some(Value::Error);
    }
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    let root = evaluator.root_block(block.item)?;
    let node = evaluator.find_node(root, &block.path)?;
    let value = evaluator.field(node, &field);
    // What is too large is reported by the block itself.
    Some(if evaluator.is_over() {
        Value::Error
    } else {
        value
    })
}

fn block_field_in_a_circle(
    _db: &dyn salsa::Database,
    _id: salsa::Id,
    _workspace: Workspace,
    _block: BlockRef,
    _field: SmolStr,
    _environment: Option<SmolStr>,
) -> Option<Value> {
    None
}

/// The blocks of a kind that stand directly in a block of another item.
#[salsa::tracked(returns(clone), cycle_result = block_children_in_a_circle)]
pub fn block_children(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: BlockRef,
    kind: SmolStr,
    environment: Option<SmolStr>,
) -> Vec<BlockRef> {
    if workspace.references(db).is_too_deep(block.item) {
        return Vec::new();
    }
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    let Some(root) = evaluator.root_block(block.item) else {
        return Vec::new();
    };
    if evaluator.is_absent(root) {
        return Vec::new();
    }
    let Some(node) = evaluator.find_node(root, &block.path) else {
        return Vec::new();
    };
    let children = evaluator.children_refs(node, &kind);
    if evaluator.is_over() {
        return Vec::new();
    }
    children
}

fn block_children_in_a_circle(
    _db: &dyn salsa::Database,
    _id: salsa::Id,
    _workspace: Workspace,
    _block: BlockRef,
    _kind: SmolStr,
    _environment: Option<SmolStr>,
) -> Vec<BlockRef> {
    Vec::new()
}

/// The value of a top-level `let`.
#[salsa::tracked(returns(clone), cycle_result = let_in_a_circle)]
pub fn let_value(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Option<Value> {
    if workspace.references(db).is_too_deep(key) {
        return Some(Value::Error);
    }
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    let ItemNode::Let(decl) = evaluator.tree(key)? else {
        return None;
    };
    let scope = Scope::of_item(key, Rc::default());
    Some(evaluator.eval(
        &decl.value,
        &Context { scope, node: None },
        &crate::schema::Ty::Any,
    ))
}

fn let_in_a_circle(
    _db: &dyn salsa::Database,
    _id: salsa::Id,
    _workspace: Workspace,
    _key: ItemKey,
    _environment: Option<SmolStr>,
) -> Option<Value> {
    None
}
