//! Scopes: which names have a value where an expression stands.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::node::NodeId;
use super::value::Value;
use crate::db::{ItemKey, Span};
use crate::schema::Ty;
use crate::syntax::tree::Expr;

/// Names and their values, in a chain from the innermost body outwards.
pub struct Scope<'db> {
    /// The item in which the expression is written: spans and imports are its.
    pub item: ItemKey,
    /// The places that made this instance of it, outermost first: empty outside of templates.
    pub trail: Rc<Vec<Span>>,
    parent: Option<Rc<Scope<'db>>>,
    bindings: RefCell<IndexMap<SmolStr, Rc<Binding<'db>>>>,
}

/// A name's value, computed when it is first asked for.
pub struct Binding<'db> {
    /// The value, if it has been computed.
    pub state: RefCell<BindingState>,
    /// The expression, with where it stands.
    pub lazy: Option<(&'db Expr, Context<'db>)>,
    /// The type that the value must have.
    pub ty: Option<Ty>,
    /// Where the name is declared.
    pub declared: Option<Span>,
}

/// How far a binding is computed.
pub enum BindingState {
    /// Not at all.
    Waiting,
    /// It is being computed: who asks for it now goes in a circle.
    Running,
    /// It has this value.
    Done(Value),
}

/// Where an expression stands.
#[derive(Clone)]
pub struct Context<'db> {
    /// The names.
    pub scope: Rc<Scope<'db>>,
    /// The block in whose body it stands.
    pub node: Option<NodeId>,
}

impl<'db> Scope<'db> {
    /// The outermost scope of an item.
    pub fn of_item(item: ItemKey, trail: Rc<Vec<Span>>) -> Rc<Self> {
        Rc::new(Self {
            item,
            trail,
            parent: None,
            bindings: RefCell::default(),
        })
    }

    /// A scope inside another.
    pub fn inside(parent: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self {
            item: parent.item,
            trail: parent.trail.clone(),
            parent: Some(parent.clone()),
            bindings: RefCell::default(),
        })
    }

    /// Gives a name a value. `declared` is where the name stands that is given it, if it stands in a source.
    pub fn bind(&self, name: SmolStr, value: Value, declared: Option<Span>) {
        let binding = Binding {
            state: RefCell::new(BindingState::Done(value)),
            lazy: None,
            ty: None,
            declared,
        };
        self.bindings.borrow_mut().insert(name, Rc::new(binding));
    }

    /// Gives a name an expression's value.
    pub fn bind_lazy(
        &self,
        name: SmolStr,
        expr: &'db Expr,
        context: Context<'db>,
        ty: Option<Ty>,
        declared: Span,
    ) {
        let binding = Binding {
            state: RefCell::new(BindingState::Waiting),
            lazy: Some((expr, context)),
            ty,
            declared: Some(declared),
        };
        self.bindings.borrow_mut().insert(name, Rc::new(binding));
    }

    /// The innermost binding of a name.
    pub fn find(&self, name: &str) -> Option<Rc<Binding<'db>>> {
        let own = self.bindings.borrow().get(name).cloned();
        own.or_else(|| self.parent.as_ref()?.find(name))
    }

    /// All names that have a binding.
    pub fn names(&self) -> Vec<SmolStr> {
        let mut names: Vec<_> = self.bindings.borrow().keys().cloned().collect();
        if let Some(parent) = &self.parent {
            names.extend(parent.names());
        }
        names
    }
}
