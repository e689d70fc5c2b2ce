//! Resolution of names in expressions.

use smol_str::SmolStr;

use super::index::Definition;
use super::node::NodeId;
use super::scope::Context;
use super::value::{BlockRef, Shape, Value};
use super::{Evaluator, Mode};
use crate::db::{ItemClass, ItemKey, Span, item_entry};
use crate::resolve::{Want, resolve_path};
use crate::schema::Ty;
use crate::schema::names::kind;
use nth_syntax::tree::{ItemNode, Name, StringLit, StringPart, TextRange};

/// Returns the kinds that a type may refer to.
pub(super) fn referred(ty: &Ty) -> Vec<SmolStr> {
    match ty {
        Ty::Ref(kind) => vec![kind.clone()],
        Ty::Optional(inner) => referred(inner),
        Ty::Union(members) => members.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}

/// True if a string can also be a value of the type: an email address in a union with a schedule.
pub(super) fn takes_text(ty: &Ty) -> bool {
    match ty {
        Ty::Optional(inner) => takes_text(inner),
        Ty::Union(members) => members.iter().any(takes_text),
        Ty::Ref(_) | Ty::List(_) => false,
        _ => true,
    }
}

/// Returns the enum, if the type is one.
pub(super) fn enum_of(ty: &Ty) -> Option<&SmolStr> {
    match ty {
        Ty::Enum(name) => Some(name),
        Ty::Optional(inner) => enum_of(inner),
        Ty::Union(members) => members.iter().find_map(enum_of),
        _ => None,
    }
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
            self.record(context, range, |_| {
                let binding = context.scope.find(&name.text)?;
                binding.declared.map(Definition::Local)
            });
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
                self.record(context, range, |_| {
                    Some(Definition::Member(enumeration.clone(), name.text.clone()))
                });
                return Value::Enum(enumeration.clone(), name.text.clone());
            }
            if referred(expected).is_empty() {
                if let Some(value) = self.let_named(&name.text, context) {
                    self.record_let(name, context);
                    return value;
                }
                return self.unknown_member(enumeration, name, context);
            }
        }
        let kinds = referred(expected);
        for kind in &kinds {
            if let Some(value) = self.block_named(kind, &name.text, context) {
                self.record_block(name, &value, context);
                return value;
            }
        }
        if let Some(value) = self.enclosing(&name.text, context) {
            self.record(context, range, |_| {
                Some(match &value {
                    Value::Block(block) => Definition::Enclosing(block.clone()),
                    _ => Definition::Kind(name.text.clone()),
                })
            });
            return value;
        }
        if let Some(value) = self.let_named(&name.text, context) {
            self.record_let(name, context);
            return value;
        }
        if kinds.is_empty()
            && let Some(value) = self.any_block_named(&name.text, context)
        {
            self.record_block(name, &value, context);
            return value;
        }
        if let Some(blocks) = self.all_of(&name.text, context) {
            self.record(context, range, |_| {
                name.text
                    .strip_suffix('s')
                    .map(|kind| Definition::Kind(kind.into()))
            });
            return blocks;
        }
        if self.may_come_later(&kinds, context) {
            return Value::Unknown(expected.clone());
        }
        if *expected == Ty::Any
            && let Some(value) = self.sole_member(&name.text)
        {
            if let Value::Enum(enumeration, member) = &value {
                self.record(context, range, |_| {
                    Some(Definition::Member(enumeration.clone(), member.clone()))
                });
            }
            return value;
        }
        let span = self.span(context, range);
        self.report_unknown_name(&name.text, span, &kinds, context, expected);
        Value::Error
    }

    /// Evaluates a string where a block is expected to the block of that name.
    pub(super) fn quoted_block(
        &mut self,
        string: &'db StringLit,
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let kinds = referred(expected);
        let value = self.string(string, range, context);
        let Value::String(text) = &value else {
            return match value {
                Value::Unknown(_) if !takes_text(expected) => Value::Unknown(expected.clone()),
                value => value,
            };
        };
        if let Some(block) = self.block_of_text(text, &kinds, context) {
            let is_plain = matches!(string.parts.as_slice(), [StringPart::Text(_)]);
            if is_plain && !string.multiline {
                self.record(context, range, |_| match &block {
                    Value::Block(block) => Some(Definition::Block(block.clone())),
                    _ => None,
                });
            }
            return block;
        }
        if takes_text(expected) {
            return value;
        }
        let (name, span) = (SmolStr::from(text.as_str()), self.span(context, range));
        self.unknown_text(&name, span, &kinds, context, expected)
    }

    /// Returns the block of one of these kinds that a string names.
    pub(super) fn block_of_text(
        &mut self,
        text: &str,
        kinds: &[SmolStr],
        context: &Context<'db>,
    ) -> Option<Value> {
        let name = SmolStr::from(text);
        kinds
            .iter()
            .find_map(|kind| self.block_named(kind, &name, context))
    }

    /// Reports a string that does not name a block where only a block is allowed.
    pub(super) fn unknown_text(
        &mut self,
        name: &SmolStr,
        span: Span,
        kinds: &[SmolStr],
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        if self.may_come_later(kinds, context) {
            return Value::Unknown(expected.clone());
        }
        if self.is_near_damage(span) {
            return Value::Error;
        }
        self.report_unknown_name(name, span, kinds, context, expected);
        Value::Error
    }

    /// Evaluates a top-level `let` that is visible in the file.
    pub(super) fn let_named(&mut self, name: &SmolStr, context: &Context<'db>) -> Option<Value> {
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

    /// Returns the enum member of this name, if exactly one enum has it: `let usual = ticket`.
    pub(super) fn sole_member(&self, name: &SmolStr) -> Option<Value> {
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

    /// True in the body of a template if the service that uses it may declare such a block.
    pub(super) fn may_come_later(&self, kinds: &[SmolStr], context: &Context<'db>) -> bool {
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

    /// Returns a block by kind and name: one in an enclosing block, or a top-level one.
    pub(super) fn block_named(
        &mut self,
        kind: &SmolStr,
        name: &SmolStr,
        context: &Context<'db>,
    ) -> Option<Value> {
        let mut at = context.node;
        while let Some(node) = at {
            // `dependency orders-db { shared = orders-db }` is not the block itself.
            let own = context.node.filter(|_| kind == kind::DEPENDENCY);
            if let Some(child) = self.child(node, kind, name)
                && Some(child) != own
            {
                return self.reference(child).map(Value::Block);
            }
            at = self.node(node).parent;
        }
        if kind == kind::ENVIRONMENT {
            return self.environment_named(name);
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

    /// Returns a reference to a top-level block without reading its body, so the caller does not depend on it.
    pub(super) fn top_level(&self, key: ItemKey) -> Option<Value> {
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

    /// Returns the enclosing block of a kind, for names such as `service` and `slo`.
    pub(super) fn enclosing(&mut self, kind: &SmolStr, context: &Context<'db>) -> Option<Value> {
        let mut at = context.node;
        let mut outermost = None;
        while let Some(node) = at {
            if self.node(node).kind == *kind {
                return match self.mode {
                    // The root of a template is not the final block.
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

    pub(super) fn is_template_root(&self, node: NodeId) -> bool {
        self.node(node).parent.is_none()
            && self
                .reference(node)
                .is_some_and(|block| matches!(self.tree(block.item), Some(ItemNode::Template(_))))
    }

    pub(super) fn is_ancestor(&self, kind: &str, of: &str) -> bool {
        let Some(of) = self.schema.kinds.get(of) else {
            return false;
        };
        of.parents
            .iter()
            .any(|parent| parent == kind || self.is_ancestor(kind, parent))
    }

    /// Returns a block of any kind by name: nested ones from the inside out, then the file's own and imported ones.
    pub(super) fn any_block_named(
        &mut self,
        name: &SmolStr,
        context: &Context<'db>,
    ) -> Option<Value> {
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

    /// Evaluates a name such as `services` in a rule to all blocks of that kind.
    pub(super) fn all_of(&self, plural: &str, context: &Context<'db>) -> Option<Value> {
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

    /// Creates a placeholder for an unknown query.
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
