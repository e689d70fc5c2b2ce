//! Fields that replace one another: a rolling and a calendar window. The one that is set last applies, as for a single field: a
//! service that sets `window` has it, whatever calendar its template has.

use super::node::{NodeId, Setter};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::Diag;
use crate::schema::names::{field, kind};

/// Two sets of fields of which one applies.
struct Alternatives {
    /// The kind of block.
    kind: &'static str,
    /// The field whose values are the one alternative.
    one: &'static str,
    /// The field that decides for the other, and fields that belong to it.
    other: &'static str,
    belonging: &'static [&'static str],
}

/// All of them.
const ALTERNATIVES: &[Alternatives] = &[windows_of(kind::SLO), windows_of(kind::CONTRACT)];

/// A rolling window, and a calendar window with its zone.
const fn windows_of(kind: &'static str) -> Alternatives {
    Alternatives {
        kind,
        one: field::WINDOW,
        other: field::CALENDAR,
        belonging: &[field::ZONE],
    }
}

/// How far from a block's base a field is set: in which layer, whether in `in`, and whether by the environment. The greatest
/// applies.
type Strength = (usize, bool, bool);

impl<'db> Evaluator<'db> {
    /// Drops what sets a field if another one that replaces it is set later: in a block that extends the first, in an `in` block, or
    /// by the environment. Reports both in one block.
    pub(super) fn drop_replaced(&mut self, id: NodeId) {
        if self.mode != Mode::Instantiate {
            return;
        }
        for alternatives in ALTERNATIVES {
            if self.node(id).kind == alternatives.kind {
                self.choose(id, alternatives);
            }
        }
    }

    fn choose(&mut self, id: NodeId, alternatives: &Alternatives) {
        let (Some((one, first)), Some((other, second))) = (
            self.last_setter(id, alternatives.one),
            self.last_setter(id, alternatives.other),
        ) else {
            return;
        };
        if one == other {
            let (rolls, fixed) = (alternatives.one, alternatives.other);
            let place = self.span(&first.context, first.name.range);
            let found = Diag::new(
                &codes::TWO_WINDOWS,
                format!("`{rolls}` has no effect: `{fixed}` is set as well"),
                place,
            )
            .because(
                self.span(&second.context, second.name.range),
                "replaces the rolling window",
            )
            .help(format!("remove one of `{rolls}` and `{fixed}`"));
            self.report(&first.context, found);
        } else if one > other {
            let fields = std::iter::once(&alternatives.other).chain(alternatives.belonging);
            for name in fields {
                if self.last_setter(id, name).is_some_and(|(at, _)| at < one) {
                    self.nodes[id.0].setters.shift_remove(*name);
                }
            }
        } else {
            self.nodes[id.0].setters.shift_remove(alternatives.one);
        }
    }

    /// What sets a field in the end, and how far from the base.
    fn last_setter(&self, id: NodeId, name: &str) -> Option<(Strength, Setter<'db>)> {
        let node = self.node(id);
        let setters = node.setters.get(name)?;
        let last = setters.iter().max_by_key(|setter| setter.order)?;
        let (layer, is_amending, place) = last.order;
        let by_environment = place == usize::MAX;
        let layer = match by_environment {
            true => node.layers.len().saturating_sub(1),
            false => layer,
        };
        Some(((layer, is_amending, by_environment), last.clone()))
    }
}
