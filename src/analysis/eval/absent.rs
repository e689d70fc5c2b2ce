//! Blocks that exist only in some environments: `only_in = [production]`.

use smol_str::SmolStr;

use super::node::NodeId;
use super::value::{BlockRef, FieldValue, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span};
use crate::maps::NameMap;
use crate::schema::names::{field, kind};

/// The field with the environments.
const ONLY_IN: &str = field::ONLY_IN;

/// A nested block that does not exist in an environment, and the place of its `only_in`.
#[derive(Debug, Clone)]
pub struct Absent {
    pub(super) kind: SmolStr,
    pub(super) name: SmolStr,
    pub(super) only_in: Option<Span>,
}

impl Evaluator<'_> {
    /// True if a block does not exist in the environment.
    pub(crate) fn is_absent(&mut self, id: NodeId) -> bool {
        if self.mode != Mode::Instantiate || self.environment.is_none() {
            return false;
        }
        let kind = self.schema_kind(id);
        let Some(field) = self.schema.field(&kind, ONLY_IN) else {
            return false;
        };
        self.collect(id);
        if field.default.is_none() && !self.node(id).setters.contains_key(ONLY_IN) {
            return false;
        }
        let value = self.field(id, ONLY_IN);
        self.is_elsewhere(&value)
    }

    fn is_elsewhere(&self, value: &Value) -> bool {
        let Value::List(items) = value else {
            return false;
        };
        let here = self.environment.as_ref();
        !items.iter().any(|item| {
            matches!(item, Value::Block(block) if Some(&block.name) == here) || item.is_error()
        })
    }

    /// Removes the nested blocks that do not exist in the environment.
    pub(super) fn remove_absent(&mut self, id: NodeId) {
        if self.mode != Mode::Instantiate || self.environment.is_none() {
            return;
        }
        for child in self.node(id).children.clone() {
            if !self.is_absent(child) {
                continue;
            }
            let node = self.node(child);
            let setters = node.setters.get(ONLY_IN);
            let only_in = setters.and_then(|setters| setters.last());
            let only_in = only_in.map(|setter| self.span(&setter.context, setter.expr.range));
            let absent = Absent {
                kind: node.kind.clone(),
                name: node.name.clone(),
                only_in,
            };
            self.remove_child(id, child);
            self.nodes[id.0].absent.push(absent);
        }
    }

    /// Adds a note to a diagnostic about an unknown name if a block of this name does not exist in the environment.
    pub(super) fn explain_absent(
        &self,
        diagnostic: Diag,
        name: &str,
        kinds: &[SmolStr],
        node: Option<NodeId>,
    ) -> Diag {
        let Some(environment) = &self.environment else {
            return diagnostic;
        };
        let mut at = node;
        while let Some(node) = at {
            let node = self.node(node);
            let mut absent = node.absent.iter();
            if let Some(absent) =
                absent.find(|absent| absent.name == name && kinds.contains(&absent.kind))
            {
                let diagnostic = diagnostic.help(format!(
                    "move the reference into `in … {{ }}` of the environments that have it: {} `{name}` \
                    is not in `{environment}`",
                    absent.kind
                ));
                return match absent.only_in {
                    Some(only_in) => diagnostic.because(only_in, "environments that have it"),
                    None => diagnostic,
                };
            }
            at = node.parent;
        }
        diagnostic
    }

    /// Warns about a dependency on a service that does not exist in the environment.
    pub(super) fn warn_of_absent(&mut self, id: NodeId, fields: &NameMap<FieldValue>) {
        let node = self.node(id);
        let Some(environment) = self.environment.clone() else {
            return;
        };
        let named = [field::SHARED, field::SERVICE].into_iter();
        let named = named.filter_map(|name| fields.get(name));
        let Some((field, service)) = named
            .filter_map(|field| match &field.value {
                Value::Block(service) => Some((field, service)),
                _ => None,
            })
            .next()
        else {
            return;
        };
        if node.kind != kind::DEPENDENCY || !self.is_service_absent(service) {
            return;
        }
        let name = crate::resolve::quote_name(&node.name);
        let trail = node.trail.clone();
        let diagnostic = Diag::new(
            &codes::ABSENT_DEPENDENCY,
            match service.kind.as_str() {
                kind::DEPENDENCY => format!(
                    "the shared dependency `{}` is not in `{environment}`",
                    service.name
                ),
                _ => format!(
                    "the dependency `{}` is the service `{}`, which is not in `{environment}`",
                    node.name, service.name
                ),
            },
            field.span,
        )
        .help(format!(
            "give `dependency {name}` the `only_in` of the {kind}, or let the {kind} be in `{environment}`",
            kind = service.kind
        ));
        self.report_at(&trail, diagnostic);
    }

    /// Adds a note to a diagnostic about an unknown block of a service that does not exist in the environment. `None` if it does.
    pub(super) fn explain_absent_service(
        &self,
        diagnostic: &Diag,
        service: &BlockRef,
    ) -> Option<Diag> {
        let environment = self.environment.clone()?;
        let is_top = matches!(service.kind.as_str(), kind::SERVICE | kind::DEPENDENCY);
        if !is_top || !service.path.is_empty() || !self.is_service_absent(service) {
            return None;
        }
        let root = self.root.map(|(_, root)| self.node(root).kind.clone());
        let is_own = root
            .as_ref()
            .and_then(|root| self.schema.field(root, ONLY_IN));
        let mut help = format!(
            "move the reference into `in … {{ }}` of the environments that have {} `{}`: it is not in `{environment}`",
            service.kind, service.name
        );
        if let (Some(root), Some(_)) = (root, is_own)
            && root != kind::SERVICE
        {
            help = format!(
                "set `only_in` of the {root} to environments that have {} `{}`: it is not in `{environment}`",
                service.kind, service.name
            );
        }
        Some(diagnostic.clone().help(help))
    }

    fn is_service_absent(&self, service: &BlockRef) -> bool {
        if self.mode != Mode::Instantiate {
            return false;
        }
        let environment = self.environment.clone();
        let field = SmolStr::new_static(ONLY_IN);
        super::block_field(self.db, self.workspace, service.clone(), field, environment)
            .is_some_and(|value| self.is_elsewhere(&value))
    }
}
