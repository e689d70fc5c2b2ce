//! Scopes: which names have a value where an expression stands.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::value::Value;
use crate::db::{ItemKey, Span};
use crate::schema::Ty;
use nth_syntax::tree::Expr;

/// A block in an evaluator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) usize);

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
    lazy: Option<(&'db Expr, Home<'db>)>,
    /// The type that the value must have.
    pub ty: Option<Ty>,
    /// Where the name is declared.
    pub declared: Option<Span>,
}

/// Where the expression of a binding stands.
enum Home<'db> {
    /// In the scope that has the binding. It keeps the binding, which must not keep it in turn: neither would ever go.
    Own(Weak<Scope<'db>>, Option<NodeId>),
    /// In another.
    Other(Context<'db>),
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

impl<'db> Binding<'db> {
    /// The expression, with where it stands; nothing where it has none, or its scope is gone.
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
    /// The outermost scope of an item.
    pub fn of_item(item: ItemKey, trail: Rc<Vec<Span>>) -> Rc<Self> {
        #[cfg(test)]
        alive::born();
        Rc::new(Self {
            item,
            trail,
            parent: None,
            bindings: RefCell::default(),
        })
    }

    /// A scope inside another.
    pub fn inside(parent: &Rc<Self>) -> Rc<Self> {
        #[cfg(test)]
        alive::born();
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

    /// Gives a name an expression's value. The expression stands in this scope itself, or in one that knows nothing of
    /// it.
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

#[cfg(test)]
mod alive {
    use std::cell::Cell;

    use super::Scope;

    thread_local! {
        static ALIVE: Cell<usize> = const { Cell::new(0) };
    }

    /// How many scopes of this thread there are.
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

    /// `let`s at each place that has some, arguments and parameters with a value of their own, one of which needs another.
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
        // What the check has computed elsewhere is known, so these are asked in an environment that is none.
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
