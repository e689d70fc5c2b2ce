//! Scopes: the names that have a value at an expression.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use smol_str::SmolStr;

use super::value::Value;
use crate::db::{ItemKey, Span};
use crate::maps::NameMap;
use crate::schema::Ty;
use nth_syntax::tree::Expr;

/// The ID of a block in an evaluator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) usize);

/// Names and their values, in a chain from the innermost body outwards.
pub struct Scope<'db> {
    /// The item that contains the expressions, which determines spans and imports.
    pub item: ItemKey,
    /// The places that instantiate it, outermost first; empty outside of templates.
    pub trail: Rc<Vec<Span>>,
    /// True inside of `in`: what is set here is for one environment.
    pub is_amending: bool,
    parent: Option<Rc<Scope<'db>>>,
    bindings: RefCell<NameMap<Rc<Binding<'db>>>>,
}

/// A name's value, computed on first use.
pub struct Binding<'db> {
    /// The value, if it has been computed.
    pub state: RefCell<BindingState>,
    /// The expression with its context.
    lazy: Option<(&'db Expr, Home<'db>)>,
    /// The type that the value must have.
    pub ty: Option<Ty>,
    /// The place of the declaration; `None` if it has none in the sources.
    pub declared: Option<Span>,
}

/// The context of a binding's expression.
enum Home<'db> {
    /// The scope of the binding itself. Weak, because the scope owns the binding.
    Own(Weak<Scope<'db>>, Option<NodeId>),
    /// Another context.
    Other(Context<'db>),
}

/// The state of a binding.
pub enum BindingState {
    /// Not computed yet.
    Waiting,
    /// Being computed. A use in this state is a cycle.
    Running,
    /// Computed.
    Done(Value),
}

/// The context of an expression.
#[derive(Clone)]
pub struct Context<'db> {
    /// The names.
    pub scope: Rc<Scope<'db>>,
    /// The block whose body contains it; `None` outside of blocks.
    pub node: Option<NodeId>,
}

impl<'db> Binding<'db> {
    /// Returns the expression with its context. `None` if it has none or its scope was dropped.
    pub fn lazy(&self) -> Option<(&'db Expr, Context<'db>)> {
        let (expr, home) = self.lazy.as_ref()?;
        let context = match home {
            Home::Own(scope, node) => Context {
                scope: scope.upgrade()?,
                node: *node,
            },
            Home::Other(context) => context.clone(),
        };
        Some((expr, context))
    }
}

impl<'db> Scope<'db> {
    /// Creates the outermost scope of an item.
    pub fn of_item(item: ItemKey, trail: Rc<Vec<Span>>) -> Rc<Self> {
        #[cfg(test)]
        alive::born();
        Rc::new(Self {
            item,
            trail,
            is_amending: false,
            parent: None,
            bindings: RefCell::default(),
        })
    }

    /// Creates the outermost scope of a base that is used in a scope.
    pub fn of_base(item: ItemKey, trail: Rc<Vec<Span>>, user: &Self) -> Rc<Self> {
        #[cfg(test)]
        alive::born();
        Rc::new(Self {
            item,
            trail,
            is_amending: user.is_amending,
            parent: None,
            bindings: RefCell::default(),
        })
    }

    /// Creates a scope inside another.
    pub fn inside(parent: &Rc<Self>) -> Rc<Self> {
        Self::nested(parent, parent.is_amending)
    }

    /// Creates the scope of an `in` inside another.
    pub fn amending(parent: &Rc<Self>) -> Rc<Self> {
        Self::nested(parent, true)
    }

    fn nested(parent: &Rc<Self>, is_amending: bool) -> Rc<Self> {
        #[cfg(test)]
        alive::born();
        Rc::new(Self {
            item: parent.item,
            trail: parent.trail.clone(),
            is_amending,
            parent: Some(parent.clone()),
            bindings: RefCell::default(),
        })
    }

    /// Binds a name to a value. `declared` is the place of the name, if it is in the sources.
    pub fn bind(&self, name: SmolStr, value: Value, declared: Option<Span>) {
        let binding = Binding {
            state: RefCell::new(BindingState::Done(value)),
            lazy: None,
            ty: None,
            declared,
        };
        self.bindings.borrow_mut().insert(name, Rc::new(binding));
    }

    /// Binds a name to an expression that is evaluated on first use. `context` must be this scope, or one that does not own it.
    pub fn bind_lazy(
        self: &Rc<Self>,
        name: SmolStr,
        expr: &'db Expr,
        context: Context<'db>,
        ty: Option<Ty>,
        declared: Span,
    ) {
        let home = if Rc::ptr_eq(self, &context.scope) {
            Home::Own(Rc::downgrade(self), context.node)
        } else {
            Home::Other(context)
        };
        let binding = Binding {
            state: RefCell::new(BindingState::Waiting),
            lazy: Some((expr, home)),
            ty,
            declared: Some(declared),
        };
        self.bindings.borrow_mut().insert(name, Rc::new(binding));
    }

    /// Returns the innermost binding of a name.
    pub fn find(&self, name: &str) -> Option<Rc<Binding<'db>>> {
        let own = self.bindings.borrow().get(name).cloned();
        own.or_else(|| self.parent.as_ref()?.find(name))
    }

    /// Returns all bound names.
    pub fn names(&self) -> Vec<SmolStr> {
        let mut names: Vec<_> = self.bindings.borrow().keys().cloned().collect();
        if let Some(parent) = &self.parent {
            names.extend(parent.names());
        }
        names
    }
}

#[cfg(test)]
mod alive {
    use std::cell::Cell;

    use super::Scope;

    thread_local! {
        static ALIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts the live scopes of this thread.
    pub fn count() -> usize {
        ALIVE.get()
    }

    pub fn born() {
        ALIVE.set(ALIVE.get() + 1);
    }

    impl Drop for Scope<'_> {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::sync::Arc;

    use super::alive;
    use crate::check::{check_item, item_index, rules};
    use crate::db::{Database, ItemClass, file_names};
    use crate::eval::instance;
    use crate::lower::service_model;
    use crate::session::{Session, SourceInput};
    use nth_diagnostics::Severity;

    /// `let`s in all places, arguments, and parameters with defaults that depend on each other.
    const TEXT: &str = r#"
import std.http

let most = 3

template service online(job: string, under: duration = 300ms, above: number = most) {
  let deep = above + 1
  selector = { job = job }
  slo latency : http.latency(under: under) { let share = 99%  objective = share }
  alert deep { let text = "deep"  when = `max(depth) > ${deep}`  summary = text }
}

template service regulated(job: string) : online(job, above: most) { tier = high }

team platform { }

service checkout : regulated("checkout") {
  let mine = platform
  team = mine
  for part in ["one", "two"] {
    let named = "${part}-${part}"
    alert "part-${part}" { when = `max(parts{part="${part}"}) > 1`  summary = named }
  }
  in production { let quiet = low  tier = quiet }
}

environment production { }

rule named {
  let none = ""
  for s in services {
    let own = s.name
    require own != none else "a service needs a name"
  }
}
"#;

    #[test]
    fn no_scope_outlives_its_evaluation() {
        let input = SourceInput {
            module: "all".to_owned(),
            path: "all.nth".to_owned(),
            text: Arc::from(TEXT),
            package: false,
        };
        let session = Session::new(Database::default(), &[input]);
        let mut found = session.check(None).diagnostics;
        found.retain(|found| found.severity == Severity::Error);
        assert!(found.is_empty(), "{found:#?}");

        let (db, workspace) = (&session.db, session.workspace);
        // Use another environment, so that results of the check are not reused.
        let environment = Some("nowhere".into());
        let file = *session.files().first().expect("it has one");
        let before = alive::count();
        for entry in &file_names(db, file).items {
            check_item(db, workspace, entry.key);
            item_index(db, workspace, entry.key);
            instance(db, workspace, entry.key, environment.clone());
            match (entry.class, entry.kind.as_str()) {
                (ItemClass::Rule, _) => {
                    rules::rule_findings(db, workspace, entry.key, environment.clone());
                }
                (_, "service") => {
                    service_model(db, workspace, entry.key, environment.clone());
                }
                _ => {}
            }
        }
        assert_eq!(alive::count(), before);
    }
}
