//! The modules of a crate and their uses of each other, read from the sources: `use` declarations, paths in code and paths
//! in macros. Code that is compiled only for tests is skipped, as a test may use anything; [`Modules::read_with_tests`]
//! reads it too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The index of a module in [`Modules::all`].
type Id = usize;

/// The using and the used module.
type Edge = (Id, Id);

/// A module with its items and the paths in it.
#[derive(Default)]
struct Module {
    /// Its path, `crate::eval::names`.
    path: String,
    parent: Option<Id>,
    children: BTreeMap<String, Id>,
    /// The names that `use` declarations introduce, with their paths.
    uses: BTreeMap<String, Vec<String>>,
    /// The paths before `::*`.
    globs: Vec<Vec<String>>,
    /// The items that it declares.
    items: BTreeSet<String>,
    /// Every path in it.
    written: BTreeSet<Vec<String>>,
}

/// The target of a path.
#[derive(Clone, Copy, PartialEq)]
enum PathTarget {
    Module(Id),
    /// An item in a module.
    In(Id),
}

impl PathTarget {
    fn module(self) -> Id {
        match self {
            Self::Module(id) | Self::In(id) => id,
        }
    }
}

/// Modules with the same parent, each of which reaches all others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Circle {
    /// The path of the parent, for example `crate`.
    pub parent: String,
    /// The names of its modules, sorted.
    pub modules: Vec<String>,
    /// The uses between these modules, for the error message: `eval::labels → check::series`.
    pub edges: Vec<String>,
}

/// All modules of a crate, the root first.
pub struct Modules {
    all: Vec<Module>,
    files: Vec<PathBuf>,
    /// The folder of the current file.
    here: Option<PathBuf>,
    with_tests: bool,
}

impl Modules {
    /// Reads a crate from the file of its root module.
    pub fn read(root: &Path) -> Self {
        Self::read_all(root, false)
    }

    /// Reads a crate including the code that is compiled only for tests.
    pub fn read_with_tests(root: &Path) -> Self {
        Self::read_all(root, true)
    }

    fn read_all(root: &Path, with_tests: bool) -> Self {
        let mut modules = Self {
            all: vec![Module {
                path: "crate".to_owned(),
                ..Module::default()
            }],
            files: Vec::new(),
            here: None,
            with_tests,
        };
        let folder = root.parent().expect("a file is in a folder");
        modules.read_file(0, root, folder);
        modules
    }

    /// Returns the number of modules.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns the files of the modules.
    pub fn into_files(self) -> Vec<PathBuf> {
        self.files
    }

    /// Returns the first segment of every path in the modules: if it is neither a module nor an item, it is a crate.
    pub fn first_names(&self) -> BTreeSet<String> {
        let written = self.all.iter().flat_map(|module| &module.written);
        written.filter_map(|path| path.first().cloned()).collect()
    }

    /// Reads the file of a module; the files of its child modules are in `folder`.
    fn read_file(&mut self, id: Id, file: &Path, folder: &Path) {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.files.push(file.to_owned());
        let outer = self
            .here
            .replace(file.parent().expect("a file is in a folder").to_owned());
        self.read_items(id, &parsed.items, folder);
        self.here = outer;
    }

    fn read_items(&mut self, id: Id, items: &[syn::Item], folder: &Path) {
        for item in items {
            if !self.with_tests && attributes(item).is_some_and(is_test_only) {
                continue;
            }
            match item {
                syn::Item::Mod(module) => self.read_module(id, module, folder),
                syn::Item::Use(item) => {
                    let mut leaves = Vec::new();
                    flatten(&item.tree, &mut Vec::new(), &mut leaves);
                    let module = &mut self.all[id];
                    for (name, path) in leaves {
                        module.written.insert(path.clone());
                        match name {
                            Some(name) => drop(module.uses.insert(name, path)),
                            None => module.globs.push(path),
                        }
                    }
                }
                _ => {
                    self.all[id].items.extend(item_name(item));
                    let mut paths = Paths::default();
                    paths.visit_item(item);
                    self.all[id].written.extend(paths.written);
                }
            }
        }
    }

    fn read_module(&mut self, parent: Id, module: &syn::ItemMod, folder: &Path) {
        let name = module.ident.to_string();
        let id = self.all.len();
        self.all.push(Module {
            path: format!("{}::{name}", self.all[parent].path),
            parent: Some(parent),
            ..Module::default()
        });
        self.all[parent].children.insert(name.clone(), id);
        let below = folder.join(&name);
        if let Some((_, items)) = &module.content {
            self.read_items(id, items, &below);
            return;
        }
        if let (Some(path), Some(here)) = (path_attribute(&module.attrs), &self.here) {
            let file = here.join(path);
            let folder = file.parent().expect("a file is in a folder").to_owned();
            return self.read_file(id, &file, &folder);
        }
        let files: [PathBuf; 2] = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
        let file = files.iter().find(|file| file.exists());
        let file = file.unwrap_or_else(|| panic!("no file of {}", self.all[id].path));
        self.read_file(id, file, &below);
    }

    /// Returns the target of a path in a module; `None` outside of the crate.
    fn resolve(
        &self,
        from: Id,
        path: &[String],
        open: &mut Vec<(Id, String)>,
    ) -> Option<PathTarget> {
        let mut found: Option<PathTarget> = None;
        for segment in path {
            let here = found.map_or(from, PathTarget::module);
            found = Some(match (segment.as_str(), found) {
                // The rest of a path after an item: a variant or an associated function.
                (_, Some(PathTarget::In(id))) => return Some(PathTarget::In(id)),
                ("crate", _) => PathTarget::Module(0),
                ("self", _) => PathTarget::Module(here),
                ("super", _) => PathTarget::Module(self.all[here].parent?),
                (name, None) => self.look_up(here, name, open)?,
                // Items that macros declare are not visible here: they count as items of the module in the path.
                (name, Some(_)) => self
                    .look_up(here, name, open)
                    .unwrap_or(PathTarget::In(here)),
            });
        }
        found
    }

    /// Returns the target of a name in a module.
    fn look_up(&self, id: Id, name: &str, open: &mut Vec<(Id, String)>) -> Option<PathTarget> {
        let module = &self.all[id];
        if let Some(child) = module.children.get(name) {
            return Some(PathTarget::Module(*child));
        }
        if module.items.contains(name) {
            return Some(PathTarget::In(id));
        }
        let key = (id, name.to_owned());
        if open.contains(&key) {
            return None;
        }
        open.push(key);
        let found = match module.uses.get(name) {
            Some(path) => self.resolve(id, path, open),
            None => module
                .globs
                .iter()
                .find_map(|path| match self.resolve(id, path, open)? {
                    PathTarget::Module(other) => self.look_up(other, name, open),
                    PathTarget::In(_) => None,
                }),
        };
        open.pop();
        found
    }

    /// Returns which modules use which others.
    fn edges(&self) -> BTreeSet<(Id, Id)> {
        let mut edges = BTreeSet::new();
        for (id, module) in self.all.iter().enumerate() {
            for path in &module.written {
                if let Some(found) = self.resolve(id, path, &mut Vec::new())
                    && found.module() != id
                {
                    edges.insert((id, found.module()));
                }
            }
        }
        edges
    }

    /// Returns the modules from the root to a module, including both.
    fn ancestry(&self, id: Id) -> Vec<Id> {
        let mut all: Vec<Id> = std::iter::successors(Some(id), |id| self.all[*id].parent).collect();
        all.reverse();
        all
    }

    /// Returns all circles among modules with the same parent, including their descendants. A module and its parent may use
    /// each other.
    pub fn circles(&self) -> Vec<Circle> {
        // By parent: the uses between its children, with the uses between their descendants that cause them.
        let mut levels: BTreeMap<Id, BTreeMap<Edge, Vec<Edge>>> = BTreeMap::new();
        for (from, to) in self.edges() {
            let (left, right) = (self.ancestry(from), self.ancestry(to));
            let parting = left
                .iter()
                .zip(&right)
                .take_while(|(left, right)| left == right)
                .count();
            let (Some(here), Some(there)) = (left.get(parting), right.get(parting)) else {
                // One module contains the other.
                continue;
            };
            let level = levels.entry(left[parting - 1]).or_default();
            level.entry((*here, *there)).or_default().push((from, to));
        }
        let mut circles = Vec::new();
        for (parent, edges) in levels {
            let pairs: BTreeSet<(Id, Id)> = edges.keys().copied().collect();
            for members in components(&pairs) {
                let within = edges
                    .iter()
                    .filter(|((from, to), _)| members.contains(from) && members.contains(to));
                let short = |id: Id| self.all[id].path.trim_start_matches("crate::").to_owned();
                circles.push(Circle {
                    parent: self.all[parent].path.clone(),
                    modules: members
                        .iter()
                        .map(|id| {
                            self.all[*id]
                                .path
                                .rsplit("::")
                                .next()
                                .unwrap_or_default()
                                .to_owned()
                        })
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .collect(),
                    edges: within
                        .flat_map(|(_, written)| written)
                        .map(|(from, to)| format!("{} → {}", short(*from), short(*to)))
                        .collect(),
                });
            }
        }
        circles.sort();
        circles
    }
}

/// Returns the strongly connected components with more than one module.
fn components(edges: &BTreeSet<(Id, Id)>) -> Vec<BTreeSet<Id>> {
    let reached = |start: Id| {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![start];
        while let Some(next) = waiting.pop() {
            let beyond = edges.range((next, 0)..=(next, Id::MAX)).map(|(_, to)| *to);
            waiting.extend(beyond.filter(|to| reached.insert(*to)));
        }
        reached
    };
    let all: BTreeMap<Id, BTreeSet<Id>> = edges
        .iter()
        .map(|(from, _)| (*from, reached(*from)))
        .collect();
    let mut found: BTreeSet<BTreeSet<Id>> = BTreeSet::new();
    for (id, beyond) in &all {
        let with: BTreeSet<Id> = beyond
            .iter()
            .copied()
            .filter(|other| all.get(other).is_some_and(|back| back.contains(id)))
            .collect();
        if with.len() > 1 {
            found.insert(with);
        }
    }
    found.into_iter().collect()
}

/// Collects the paths of a `use` declaration, each with the name it introduces; `None` for a glob.
fn flatten(
    tree: &syn::UseTree,
    before: &mut Vec<String>,
    leaves: &mut Vec<(Option<String>, Vec<String>)>,
) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, leaves);
            before.pop();
        }
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, leaves);
            }
        }
        syn::UseTree::Glob(_) => leaves.push((None, before.clone())),
        syn::UseTree::Name(name) if name.ident == "self" => {
            leaves.push((before.last().cloned(), before.clone()))
        }
        syn::UseTree::Rename(rename) if rename.ident == "self" => {
            leaves.push((Some(rename.rename.to_string()), before.clone()));
        }
        syn::UseTree::Name(syn::UseName { ident }) => {
            let path = before.iter().cloned().chain([ident.to_string()]).collect();
            leaves.push((Some(ident.to_string()), path));
        }
        syn::UseTree::Rename(syn::UseRename { ident, rename, .. }) => {
            let path = before.iter().cloned().chain([ident.to_string()]).collect();
            leaves.push((Some(rename.to_string()), path));
        }
    }
}

/// Collects the paths in an item at any depth, including `use` declarations in bodies.
#[derive(Default)]
struct Paths {
    written: BTreeSet<Vec<String>>,
}

impl<'s> Visit<'s> for Paths {
    fn visit_path(&mut self, path: &'s syn::Path) {
        let segments = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        self.written.insert(segments.collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'s syn::ItemUse) {
        let mut leaves = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut leaves);
        self.written
            .extend(leaves.into_iter().map(|(_, path)| path));
    }

    fn visit_attribute(&mut self, attribute: &'s syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_macro(&mut self, call: &'s syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_impl_item_fn(&mut self, function: &'s syn::ImplItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

impl Paths {
    /// Collects names joined by `::` in the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.keep(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.keep(&mut path);
                    colons = 0;
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.keep(&mut path);
                    colons = 0;
                }
            }
        }
        self.keep(&mut path);
    }

    fn keep(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.written.insert(path);
        }
    }
}

/// Returns the name of an item that paths can refer to.
fn item_name(item: &syn::Item) -> Option<String> {
    Some(match item {
        syn::Item::Const(item) => item.ident.to_string(),
        syn::Item::Enum(item) => item.ident.to_string(),
        syn::Item::Fn(item) => item.sig.ident.to_string(),
        syn::Item::Macro(item) => item.ident.as_ref()?.to_string(),
        syn::Item::Static(item) => item.ident.to_string(),
        syn::Item::Struct(item) => item.ident.to_string(),
        syn::Item::Trait(item) => item.ident.to_string(),
        syn::Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// Returns the file in `#[path = "…"]`, relative to the folder of the current file.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(syn::MetaNameValue {
                path,
                value:
                    syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Str(file),
                        ..
                    }),
                ..
            }) if path.is_ident("path") => Some(file.value()),
            _ => None,
        })
}

fn attributes(item: &syn::Item) -> Option<&[syn::Attribute]> {
    Some(match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => return None,
    })
}

/// Returns true for code that is compiled only for tests: `#[cfg(test)]` or `#[test]`.
fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|condition| condition == "test")
    })
}
