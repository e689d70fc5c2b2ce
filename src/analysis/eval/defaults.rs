//! What an environment sets in all blocks of a kind: `environment staging { defaults slo { objective = 99% } }`.
//!
//! For each field, the value of the environment replaces what the block and its bases set for all environments, and what they
//! set in `in` replaces the environment's.

use std::iter::successors;
use std::rc::Rc;

use smol_str::SmolStr;

use super::node::{NodeId, Setter};
use super::scope::{Context, Scope};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span};
use crate::resolve::did_you_mean;
use crate::schema::DEFAULT_ROOTS;
use crate::schema::names::{field, kind};
use nth_diagnostics::suggest;
use nth_syntax::tree::{Block, ItemNode};

impl<'db> Evaluator<'db> {
    /// Adds what the environment sets in blocks of this kind.
    pub(super) fn add_defaults(&mut self, id: NodeId) {
        if self.mode != Mode::Instantiate {
            return;
        }
        let top = successors(Some(id), |at| self.node(*at).parent).last();
        if top.is_none_or(|top| !DEFAULT_ROOTS.contains(&self.node(top).kind.as_str())) {
            return;
        }
        let Some(environment) = self.environment_block() else {
            return;
        };
        let node = self.node(id);
        for name in std::iter::once(node.kind.clone()).chain(node.variant.clone()) {
            if let Some(defaults) = self.child(environment, kind::DEFAULTS, &name) {
                self.add_setters(id, defaults);
            }
        }
    }

    /// Adds the fields of `defaults` to a block, after all that is not in `in`.
    fn add_setters(&mut self, id: NodeId, defaults: NodeId) {
        self.collect(defaults);
        let chosen = self.node(defaults).setters.iter();
        let chosen: Vec<(SmolStr, Setter<'db>)> = chosen
            .filter_map(|(name, setters)| {
                let last = setters.iter().max_by_key(|setter| setter.order)?;
                Some((name.clone(), last.clone()))
            })
            .collect();
        for (name, setter) in chosen {
            let setters = self.nodes[id.0].setters.entry(name).or_default();
            let general = setters
                .iter()
                .filter(|known| !known.context.scope.is_amending);
            let last = general.map(|known| known.order).max();
            let added = Setter {
                context: Context {
                    scope: setter.context.scope,
                    node: Some(id),
                },
                // After everything in its layer, but for `in`.
                order: (last.map_or(0, |(layer, ..)| layer), false, usize::MAX),
                ..setter
            };
            // Of equal ones, the last wins.
            setters.insert(0, added);
        }
    }

    /// Returns the block of the environment that is evaluated.
    fn environment_block(&mut self) -> Option<NodeId> {
        if let Some(known) = self.environment_block {
            return known;
        }
        // It has no defaults itself, and its errors are its own.
        self.environment_block = Some(None);
        let name = self.environment.clone()?;
        let key = *self.workspace.environments(self.db).get(&name)?;
        let ItemNode::Block(block) = self.tree(key)? else {
            return None;
        };
        let head = Span {
            item: key,
            range: block.head,
        };
        let reported = self.diagnostics.len();
        let id = self.add_node(Self::empty_node(&block.kind, name, None, head));
        let scope = Scope::of_item(key, Rc::default());
        self.add_layers(id, block.base.as_ref(), &block.body, block.head, &scope);
        self.collect(id);
        self.diagnostics.truncate(reported);
        self.environment_block = Some(Some(id));
        Some(id)
    }

    /// Returns whether blocks of the kind that `defaults` names have defaults. Reports it otherwise.
    pub(super) fn is_kind_with_defaults(
        &mut self,
        block: &'db Block,
        name: &SmolStr,
        context: &Context<'db>,
    ) -> bool {
        if self.schema.has_defaults(name) {
            return true;
        }
        let range = block.name.as_ref().map_or(block.head, |name| name.range);
        let span = self.span(context, range);
        let is_kind = self.schema.kinds.contains_key(name);
        let mut found = Diag::new(
            &codes::UNKNOWN_KIND,
            match is_kind {
                true => format!("blocks of kind `{name}` have no defaults"),
                false => format!("unknown block kind `{name}`"),
            },
            span,
        );
        let known = self
            .schema
            .kinds
            .keys()
            .filter(|kind| self.schema.has_defaults(kind));
        if is_kind {
            found = found.help("name `service`, `team` or a kind of block in them, such as `slo`");
        } else if let Some(near) = suggest::nearest(name, known.map(SmolStr::as_str)) {
            found = did_you_mean(found, span, near);
        }
        self.report(context, found);
        false
    }

    /// Reports `only_in` in `defaults`: which blocks exist is decided before what they are.
    pub(super) fn report_only_in_of_defaults(&mut self, setter: &Setter<'db>) {
        let found = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!("`{}` is not allowed in `defaults`", field::ONLY_IN),
            self.span(&setter.context, setter.name.range),
        )
        .help("set it on the blocks themselves, or on their service");
        self.report(&setter.context, found);
    }

    /// Reports a block in `defaults`.
    pub(super) fn report_block_in_defaults(&mut self, block: &'db Block, context: &Context<'db>) {
        let name = &block.kind.text;
        let found = Diag::new(
            &codes::MISPLACED_BLOCK,
            format!("`{name}` is not allowed in `defaults`"),
            self.span(context, block.kind.range),
        )
        .help(format!(
            "only fields have defaults: give blocks of kind `{name}` their own, as in `defaults {name} {{ … }}`"
        ));
        self.report(context, found);
    }
}
