//! Blocks under evaluation: layers of bodies, from the base outwards, and the fields that they set.

use std::rc::Rc;

use smol_str::SmolStr;

use super::Evaluator;
use super::absent::Absent;
use super::overrides::BaseUse;
pub use super::scope::NodeId;
use super::scope::{Context, Scope};
use super::value::{BlockRef, Value};
use crate::db::{ItemKey, Span};
use crate::maps::{NameMap, UnorderedBlockMap, UnorderedNameMap};
use crate::schema::names::kind;
use crate::schema::{self};
use nth_promql::LabelMatchers;
use nth_syntax::tree::{Base, Body, Expr, ItemNode, Name, Statement, TextRange};

/// A block: layers of bodies, the base's first.
pub struct Node<'db> {
    pub kind: SmolStr,
    pub variant: Option<SmolStr>,
    pub name: SmolStr,
    pub parent: Option<NodeId>,
    pub children: Vec<NodeId>,
    /// The names of the recording rules among them, shared because every query needs them.
    pub(super) recordings: Rc<Vec<SmolStr>>,
    /// The children by kind and name.
    pub(super) named: UnorderedBlockMap<NodeId>,
    pub(super) doc: Option<SmolStr>,
    pub(super) head: Span,
    pub(super) trail: Rc<Vec<Span>>,
    /// True if its text has a reported syntax error, so that missing parts may be there.
    pub(super) damaged: bool,
    /// True if its base is unknown, which was reported, so that missing parts may be in the base.
    pub(super) baseless: bool,
    /// The unknown kinds of nested blocks that were reported and skipped.
    pub(super) unknown_kinds: Vec<SmolStr>,
    pub(super) layers: Vec<(&'db Body, Rc<Scope<'db>>)>,
    /// The number of layers that come from the base.
    pub(super) of_base: usize,
    /// The base.
    pub(super) last_base: Option<BaseUse<'db>>,
    /// The nested blocks that do not exist in the environment.
    pub(super) absent: Vec<Absent>,
    /// True if a `without` removed it in a check. It is kept, because other branches may refer to it.
    pub(super) dropped: bool,
    pub(super) state: State,
    /// The labels of its queries, once they are known.
    pub(super) labels: Option<BlockLabels>,
    pub(super) setters: NameMap<Vec<Setter<'db>>>,
    pub(super) values: UnorderedNameMap<FieldState>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Collecting,
    Done,
}

#[derive(Clone)]
pub(super) struct Setter<'db> {
    pub(super) expr: &'db Expr,
    pub(super) context: Context<'db>,
    pub(super) name: &'db Name,
    /// Layer, whether in an `in` block, and text order. The greatest wins.
    pub(super) order: (usize, bool, usize),
}

/// The labels that are added to all queries of a block.
#[derive(Clone)]
pub(super) struct BlockLabels {
    /// To metrics of targets.
    pub(super) measured: Rc<LabelMatchers>,
    /// To series that the service's rules record.
    pub(super) recorded: Rc<LabelMatchers>,
}

pub(super) enum FieldState {
    Running,
    Done(Value),
}

impl Node<'_> {
    /// True if the block is collected, and this field is not being evaluated.
    pub(super) fn is_settled(&self, field: &str) -> bool {
        self.state == State::Done && !matches!(self.values.get(field), Some(FieldState::Running))
    }
}

impl<'db> Evaluator<'db> {
    pub(crate) fn node(&self, id: NodeId) -> &Node<'db> {
        &self.nodes[id.0]
    }

    /// Returns the kind that defines a block's fields: its variant, or else its kind. Those of `defaults` are of the kind that it
    /// names.
    pub(crate) fn schema_kind(&self, id: NodeId) -> SmolStr {
        let node = self.node(id);
        if node.kind == kind::DEFAULTS {
            return node.name.clone();
        }
        node.variant.clone().unwrap_or_else(|| node.kind.clone())
    }

    pub(super) fn add_node(&mut self, node: Node<'db>) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    /// Removes a nested block.
    pub(super) fn remove_child(&mut self, parent: NodeId, child: NodeId) {
        let (kind, name) = (self.node(child).kind.clone(), self.node(child).name.clone());
        let node = &mut self.nodes[parent.0];
        node.children.retain(|known| *known != child);
        if kind == kind::RECORDING {
            Rc::make_mut(&mut node.recordings).retain(|known| *known != name);
        }
        node.named.remove(&(kind, name));
    }

    pub(super) fn empty_node(
        kind: &Name,
        name: SmolStr,
        parent: Option<NodeId>,
        head: Span,
    ) -> Node<'db> {
        Node {
            kind: kind.text.clone(),
            variant: None,
            name,
            parent,
            children: Vec::new(),
            named: UnorderedBlockMap::default(),
            recordings: Rc::default(),
            doc: None,
            head,
            trail: Rc::default(),
            damaged: false,
            baseless: false,
            unknown_kinds: Vec::new(),
            layers: Vec::new(),
            of_base: 0,
            last_base: None,
            absent: Vec::new(),
            dropped: false,
            state: State::Waiting,
            labels: None,
            setters: NameMap::default(),
            values: UnorderedNameMap::default(),
        }
    }

    /// Makes a top-level block the root of the evaluation.
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
        let scope = self.scope_of_item(key);
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

    /// Creates the outermost scope of a block, with the variables of the loops that generate it.
    fn scope_of_item(&self, key: ItemKey) -> Rc<Scope<'db>> {
        let scope = Scope::of_item(key, Rc::default());
        let turns = crate::db::item(self.db, key).as_ref();
        for turn in turns.into_iter().flat_map(|item| &item.turns) {
            let context = Context {
                scope: scope.clone(),
                node: None,
            };
            let declared = Span {
                item: key,
                range: TextRange { start: 0, end: 0 },
            };
            let name = turn.variable.text.clone();
            scope.bind_lazy(name, &turn.value, context, None, declared);
        }
        scope
    }

    /// Makes a template with unknown arguments the root of the evaluation.
    pub fn root_template(&mut self, key: ItemKey) -> Option<NodeId> {
        let ItemNode::Template(template) = self.tree(key)? else {
            return None;
        };
        self.schema.kinds.get(&template.kind.text)?;
        let scope = Scope::of_item(key, Rc::default());
        let mut ignored = Vec::new();
        let types = schema::params(self.schema, &template.params, key, &mut ignored);
        for (param, (name, ty, _)) in template.params.iter().zip(types) {
            let declared = Span {
                item: key,
                range: param.name.range,
            };
            scope.bind(name, Value::Unknown(ty), Some(declared));
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

    /// Returns the root node if the evaluation started with this item.
    pub(crate) fn root_of(&self, key: ItemKey) -> Option<NodeId> {
        self.root
            .filter(|(root, _)| *root == key)
            .map(|(_, node)| node)
    }

    pub(super) fn add_layers(
        &mut self,
        id: NodeId,
        base: Option<&'db Base>,
        body: &'db Body,
        head: TextRange,
        scope: &Rc<Scope<'db>>,
    ) {
        self.mark_damaged(id, scope.item, head, body);
        if let Some(base) = base {
            let context = Context {
                scope: scope.clone(),
                node: Some(id),
            };
            self.add_base(id, base, &context, &mut Vec::new());
            self.nodes[id.0].of_base = self.nodes[id.0].layers.len();
        }
        let inner = self.body_scope(body, scope, id);
        self.nodes[id.0].layers.push((body, inner));
    }

    /// Marks a block as damaged if its text has syntax errors.
    pub(super) fn mark_damaged(&mut self, id: NodeId, item: ItemKey, head: TextRange, body: &Body) {
        let Some(tree) = crate::db::item(self.db, item) else {
            return;
        };
        let whole = head.cover(body.range);
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

    /// Creates the scope of a body, with its `let`s.
    pub(super) fn body_scope(
        &self,
        body: &'db Body,
        outer: &Rc<Scope<'db>>,
        node: NodeId,
    ) -> Rc<Scope<'db>> {
        let scope = Scope::inside(outer);
        for statement in &body.statements {
            if let Statement::Let(decl) = statement {
                let context = Context {
                    scope: scope.clone(),
                    node: Some(node),
                };
                let declared = self.span(&context, decl.name.range);
                let name = decl.name.text.clone();
                scope.bind_lazy(name, &decl.value, context, None, declared);
            }
        }
        scope
    }

    /// Returns a nested block by kind and name.
    pub(crate) fn child(&self, id: NodeId, kind: &str, name: &str) -> Option<NodeId> {
        self.node(id)
            .named
            .get(&(kind.into(), name.into()))
            .copied()
    }

    /// Returns a reference to a node.
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

    /// Returns the node at the end of a path.
    pub fn find_node(&mut self, from: NodeId, path: &[(SmolStr, SmolStr)]) -> Option<NodeId> {
        let mut at = from;
        for (kind, name) in path {
            self.collect(at);
            at = self.child(at, kind, name)?;
        }
        Some(at)
    }

    /// Returns references to the nested blocks.
    pub(super) fn all_children_refs(&mut self, id: NodeId) -> Vec<BlockRef> {
        self.collect(id);
        let children = self.node(id).children.iter();
        children
            .filter_map(|child| self.reference(*child))
            .collect()
    }

    /// Returns references to the nested blocks of a kind.
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
}
