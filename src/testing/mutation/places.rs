//! Where the project's own files say something about a part of a service.

use nth_model::Alert;

use crate::db::Span;
use crate::eval::Instance;
use crate::schema::names::kind;
use crate::session::Session;

/// The places of a top-level block.
#[derive(Clone, Copy)]
pub struct Places<'s> {
    session: &'s Session,
    /// The block.
    pub root: &'s Instance,
}

impl<'s> Places<'s> {
    /// The places of a block.
    pub fn new(session: &'s Session, root: &'s Instance) -> Self {
        Self { session, root }
    }

    /// True if a place is in the project's own files: neither in a package nor in the standard library.
    pub fn is_own(&self, span: Span) -> bool {
        let file = span.item.file;
        self.session.files().contains(&file) && !file.package(&self.session.db)
    }

    /// The place in the project's own files that is nearest to a place of a block: itself, or else the block's head, or what
    /// makes the block of a template, or the top-level block.
    pub fn nearest(&self, block: &Instance, wanted: Span) -> Span {
        [wanted, block.head]
            .into_iter()
            .chain(block.trail.iter().copied())
            .find(|span| self.is_own(*span))
            .unwrap_or(self.root.head)
    }

    /// The place of a field, or else of what makes its block.
    pub fn field(&self, block: &Instance, field: &str) -> Span {
        self.nearest(block, block.span_of(field))
    }

    /// The place of a field that the project's own files set.
    pub fn own_field(&self, block: &Instance, field: &str) -> Option<Span> {
        let field = block.fields.get(field).filter(|field| field.explicit)?;
        self.is_own(field.span).then_some(field.span)
    }

    /// The block of a custom alert.
    pub fn alert(&self, alert: &Alert) -> Option<&'s Instance> {
        match &alert.dependency {
            None => self.child(kind::ALERT, &alert.name),
            Some(dependency) => {
                let of = self.child(kind::DEPENDENCY, dependency)?;
                let name = alert.name.strip_prefix(dependency.as_str())?;
                let name = name.strip_prefix('-')?;
                of.children_of(kind::ALERT).find(|block| block.name == name)
            }
        }
    }

    /// The child block of a kind and name.
    pub fn child(&self, kind: &str, name: &str) -> Option<&'s Instance> {
        self.root.children_of(kind).find(|block| block.name == name)
    }
}
