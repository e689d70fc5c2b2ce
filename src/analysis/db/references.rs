//! References between items. A value with a too long chain of references is reported instead of evaluated, so the stack depth of
//! evaluation and of invalidation does not grow with the size of a file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::codes;
use crate::db::{
    Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, find_module, item,
};
use crate::limits;
use nth_syntax::tree::{
    Arg, Base, Block, Body, Expr, ExprNode, ItemNode, Statement, StringLit, StringPart, TextRange,
};

/// The items that each item of a file refers to: its bases, the `let`s that it names, the blocks whose fields it reads. Each
/// with the place of the first reference.
pub type FileReferences = Vec<(ItemKey, Vec<(ItemKey, TextRange)>)>;

/// True if the same items refer to the same others, wherever that is written.
pub fn has_same_targets(left: &FileReferences, right: &FileReferences) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|((left, left_targets), (right, right_targets))| {
                let keys = |targets: &[(ItemKey, TextRange)]| {
                    targets.iter().map(|(key, _)| *key).collect::<Vec<_>>()
                };
                left == right && keys(left_targets) == keys(right_targets)
            })
}

/// The items of the project whose chains of references are too long or circular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    /// Items with a chain longer than [`limits::REFERENCES`], or in a cycle larger than that.
    too_deep: HashSet<ItemKey>,
    /// Items that refer to themselves, directly or through others.
    circular: HashSet<ItemKey>,
    /// Diagnostics at the places where a chain becomes too long.
    diagnostics: Vec<Diag>,
}

impl References {
    /// True if an item is not evaluated because its chain of references is too long.
    pub fn is_too_deep(&self, key: ItemKey) -> bool {
        self.too_deep.contains(&key)
    }

    /// True if an item may refer to itself.
    pub fn is_circular(&self, key: ItemKey) -> bool {
        self.circular.contains(&key)
    }

    /// Returns diagnostics about chains that are too long, one for each.
    pub fn diagnostics(&self) -> &[Diag] {
        &self.diagnostics
    }

    /// True if there is no circle, and no chain that is too long.
    pub fn is_empty(&self) -> bool {
        self.too_deep.is_empty() && self.circular.is_empty() && self.diagnostics.is_empty()
    }

    /// Follows all chains, without recursion: Tarjan's strongly connected components, each after those that it refers to. Returns the
    /// length of the longest chain from each item, too.
    pub fn new<'a>(files: impl IntoIterator<Item = &'a FileReferences>) -> (Self, ChainLengths) {
        let all: Vec<(ItemKey, &[(ItemKey, TextRange)])> = files
            .into_iter()
            .flatten()
            .map(|(key, targets)| (*key, targets.as_slice()))
            .collect();
        let numbers: FxHashMap<ItemKey, usize> = all
            .iter()
            .enumerate()
            .map(|(number, (key, _))| (*key, number))
            .collect();
        let edges: Vec<Vec<usize>> = all
            .iter()
            .map(|(_, targets)| {
                targets
                    .iter()
                    .filter_map(|(target, _)| numbers.get(target).copied())
                    .collect()
            })
            .collect();
        let mut references = Self::default();
        let mut depths = vec![0_usize; all.len()];
        // The last allowed items of chains for which a diagnostic was already reported.
        let mut reported = HashSet::new();
        for component in components(&edges) {
            let is_within = |target: &usize| component.binary_search(target).is_ok();
            let is_circle =
                component.len() > 1 || component.iter().any(|node| edges[*node].contains(node));
            let below = component
                .iter()
                .flat_map(|node| &edges[*node])
                .filter(|target| !is_within(target))
                .map(|target| depths[*target] + 1)
                .max()
                .unwrap_or(0);
            let depth = below + component.len() - 1;
            for node in &component {
                depths[*node] = depth;
                if is_circle {
                    references.circular.insert(all[*node].0);
                }
                if depth > limits::REFERENCES {
                    references.too_deep.insert(all[*node].0);
                }
            }
            // An item that only refers to one that is too deep is not reported again.
            if depth > limits::REFERENCES
                && below <= limits::REFERENCES
                && let Some(first) = component.first()
            {
                let (key, targets) = all[*first];
                references
                    .diagnostics
                    .push(too_long(key, targets, is_circle));
            } else if below > limits::REFERENCES && below - 1 <= limits::REFERENCES {
                let end = component.iter().find_map(|node| {
                    let target = edges[*node]
                        .iter()
                        .find(|target| !is_within(target) && depths[**target] + 1 == below)?;
                    Some((*node, *target))
                });
                if let Some((node, target)) = end
                    && reported.insert(target)
                {
                    let (key, targets) = all[node];
                    references.diagnostics.push(too_long(key, targets, false));
                }
            }
        }
        let longest = all.iter().map(|(key, _)| *key).zip(depths).collect();
        (references, ChainLengths { longest })
    }
}

/// An upper bound for the length of the longest chain of references from each item that has any. As long as each is greater than
/// those of the items that it refers to, there is no circle, and no chain has become longer.
#[derive(Debug, Clone, Default)]
pub struct ChainLengths {
    longest: FxHashMap<ItemKey, usize>,
}

impl ChainLengths {
    /// True if the bounds also hold with these references of a file, whatever it referred to before.
    pub fn still_hold(&self, now: &FileReferences) -> bool {
        now.iter().all(|(key, targets)| {
            let Some(own) = self.longest.get(key) else {
                // What refers to it was counted as if it referred to nothing.
                return false;
            };
            let mut others = targets
                .iter()
                .filter_map(|(target, _)| self.longest.get(target));
            others.all(|other| other < own)
        })
    }
}

fn too_long(key: ItemKey, targets: &[(ItemKey, TextRange)], is_circle: bool) -> Diag {
    let range = targets.first().map(|(_, range)| *range).unwrap_or_default();
    let message = if is_circle {
        format!(
            "more than {} values, bases or fields form a cycle",
            limits::REFERENCES
        )
    } else {
        format!(
            "more than {} other values, bases or fields are referenced from this one",
            limits::REFERENCES
        )
    };
    Diag::new(
        &codes::REFERENCES_TOO_DEEP,
        message,
        Span { item: key, range },
    )
    .help("shorten the chain of references between this name and a literal")
}

/// Returns the strongly connected components, each sorted and after those that it refers to.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut lowest = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut count = 0;
    for start in 0..edges.len() {
        if order[start] != UNSEEN {
            continue;
        }
        let mut waiting = vec![(start, 0)];
        while let Some((node, next)) = waiting.pop() {
            if next == 0 {
                order[node] = count;
                lowest[node] = count;
                count += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(target) = edges[node].get(next).copied() {
                waiting.push((node, next + 1));
                if order[target] == UNSEEN {
                    waiting.push((target, 0));
                } else if on_stack[target] {
                    lowest[node] = lowest[node].min(order[target]);
                }
                continue;
            }
            if let Some((above, _)) = waiting.last() {
                lowest[*above] = lowest[*above].min(lowest[node]);
            }
            if lowest[node] == order[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                found.push(component);
            }
        }
    }
    found
}

/// Returns the references of a file's items. Changes only if one of the references changes.
#[salsa::tracked(returns(clone))]
pub fn file_references(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
) -> Arc<FileReferences> {
    let mut names = Names::new(db, workspace, file);
    let mut references = FileReferences::new();
    for entry in &file_names(db, file).items {
        if matches!(
            entry.class,
            ItemClass::Import | ItemClass::Loop | ItemClass::Error
        ) {
            continue;
        }
        let Some(tree) = item(db, entry.key) else {
            continue;
        };
        names.found.clear();
        names.seen.clear();
        names.item(&tree.node);
        if !names.found.is_empty() {
            references.push((entry.key, names.found.clone()));
        }
    }
    Arc::new(references)
}

/// The `let`s, blocks and templates that a file can name, of any kind.
struct Names<'db> {
    db: &'db dyn salsa::Database,
    own: Known,
    /// The items that imports name.
    imported: Known,
    /// Modules by their names in this file.
    modules: HashMap<SmolStr, SourceFile>,
    /// The items of the modules that were looked up so far.
    known: HashMap<SourceFile, Known>,
    seen: HashSet<ItemKey>,
    found: Vec<(ItemKey, TextRange)>,
}

type Known = HashMap<SmolStr, Vec<(ItemClass, ItemKey)>>;

fn importable_names(db: &dyn salsa::Database, file: SourceFile) -> Known {
    let mut known = Known::new();
    for entry in &file_names(db, file).items {
        let counts = matches!(
            entry.class,
            ItemClass::Let | ItemClass::Block | ItemClass::Template
        );
        if counts && !entry.name.is_empty() {
            known
                .entry(entry.name.clone())
                .or_default()
                .push((entry.class, entry.key));
        }
    }
    known
}

impl<'db> Names<'db> {
    fn new(db: &'db dyn salsa::Database, workspace: Workspace, file: SourceFile) -> Self {
        let mut modules = HashMap::new();
        let mut imported = Known::new();
        let mut asked: HashMap<SourceFile, Known> = HashMap::new();
        for import in &file_names(db, file).imports {
            let Some(module) = find_module(db, workspace, import.module.clone()) else {
                continue;
            };
            let Some(listed) = &import.names else {
                modules.entry(import.alias.clone()).or_insert(module);
                modules.entry(import.module.clone()).or_insert(module);
                continue;
            };
            let of_module = asked
                .entry(module)
                .or_insert_with(|| importable_names(db, module));
            for name in listed {
                if let Some(items) = of_module.get(name) {
                    imported.entry(name.clone()).or_insert(items.clone());
                }
            }
        }
        Self {
            db,
            own: importable_names(db, file),
            imported,
            modules,
            known: asked,
            seen: HashSet::new(),
            found: Vec::new(),
        }
    }

    fn add(&mut self, module: Option<&str>, name: &str, range: TextRange, is_let: Option<bool>) {
        let items = match module {
            None => self.own.get(name).or_else(|| self.imported.get(name)),
            Some(module) => {
                let Some(file) = self.modules.get(module) else {
                    return;
                };
                let db = self.db;
                self.known
                    .entry(*file)
                    .or_insert_with(|| importable_names(db, *file))
                    .get(name)
            }
        };
        for (class, key) in items.into_iter().flatten() {
            let counts = is_let.is_none_or(|is_let| is_let == (*class == ItemClass::Let));
            if counts && self.seen.insert(*key) {
                self.found.push((*key, range));
            }
        }
    }

    fn item(&mut self, node: &ItemNode) {
        match node {
            ItemNode::Block(block) => self.block(block),
            ItemNode::Template(template) => {
                for param in &template.params {
                    self.exprs(&param.default);
                }
                self.base(&template.base);
                self.body(&template.body);
            }
            ItemNode::Let(decl) => self.expr(&decl.value),
            ItemNode::Rule(rule) => self.body(&rule.body),
            _ => {}
        }
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn args(&mut self, args: &[Arg]) {
        self.exprs(args.iter().map(|arg| &arg.value));
    }

    fn string(&mut self, string: &StringLit) {
        self.exprs(string.parts.iter().filter_map(|part| match part {
            StringPart::Hole(hole) => Some(hole),
            StringPart::Text(_) => None,
        }));
    }

    fn block(&mut self, block: &Block) {
        if let Some(parts) = &block.name_parts {
            self.string(parts);
        }
        self.base(&block.base);
        self.body(&block.body);
    }

    fn base(&mut self, base: &Option<Base>) {
        let Some(base) = base else { return };
        let range = base.path.range;
        match base.path.segments.as_slice() {
            [] => {}
            [name] => {
                self.add(None, &name.text, range, Some(false));
                // After `import std.postgresql`, `postgresql` is the item of that name in the module.
                self.add(Some(&name.text), &name.text, range, Some(false));
            }
            [modules @ .., name] => {
                let module = modules.iter().map(|part| part.text.as_str());
                let module = module.collect::<Vec<_>>().join(".");
                self.add(Some(&module), &name.text, range, Some(false));
            }
        }
        if let Some(args) = &base.args {
            self.args(args);
        }
    }

    fn body(&mut self, body: &Body) {
        for statement in &body.statements {
            match statement {
                Statement::Field(field) => self.expr(&field.value),
                Statement::Block(block) => self.block(block),
                Statement::Let(decl) => self.expr(&decl.value),
                Statement::For(repeat) => {
                    self.expr(&repeat.list);
                    self.exprs(&repeat.condition);
                    self.body(&repeat.body);
                }
                Statement::If(choice) => {
                    self.expr(&choice.condition);
                    self.body(&choice.then);
                    if let Some(otherwise) = &choice.otherwise {
                        self.body(otherwise);
                    }
                }
                Statement::In(inner) => self.body(&inner.body),
                Statement::Without(without) => {
                    if let Some(parts) = &without.name_parts {
                        self.string(parts);
                    }
                }
                Statement::Require(require) => {
                    self.expr(&require.condition);
                    self.exprs(&require.message);
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.node {
            ExprNode::Name(name) => self.add(None, &name.text, expr.range, Some(true)),
            ExprNode::Member(object, name) => match &object.node {
                ExprNode::Name(first) => {
                    self.add(None, &first.text, expr.range, None);
                    self.add(Some(&first.text), &name.text, expr.range, None);
                }
                _ => self.expr(object),
            },
            // The names of functions are none of these.
            ExprNode::Call(_, args) => self.args(args),
            _ => expr.each_part(&mut |part| self.expr(part)),
        }
    }
}
