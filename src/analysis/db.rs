//! The salsa database, its inputs, and the queries nearest to the text.
//!
//! Files come in through [`SourceFile`]; what spans the workspace (which modules there are, which items extend
//! kinds, which environments exist) is gathered outside of any query and set on [`Workspace`] only where it
//! changed, so that no query reads every file.

// The methods that salsa makes for inputs have no doc comments; what they read is documented on the fields.
#![allow(missing_docs)]

pub mod references;
mod settings;

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use smol_str::SmolStr;

use nth_diagnostics::Diagnostic;
use nth_syntax::tree::{Item, ItemNode, ParsedFile, TextRange};

use references::References;

pub use settings::AnalysisSettings;

/// A file of the project, of a package, or of the standard library.
#[salsa::input(debug)]
pub struct SourceFile {
    /// The module's name, `teams.payments`.
    #[returns(ref)]
    pub module: SmolStr,
    /// The path to show.
    #[returns(ref)]
    pub path: String,
    /// The text.
    #[returns(ref)]
    pub text: Arc<str>,
    /// Whether it belongs to a package: its services are not this project's.
    #[returns(copy)]
    pub package: bool,
}

/// What is known of the workspace as a whole.
#[salsa::input(singleton, debug)]
pub struct Workspace {
    /// Every module by name.
    #[returns(ref)]
    pub modules: Arc<BTreeMap<SmolStr, SourceFile>>,
    /// The prelude, whose names need no import.
    #[returns(copy)]
    pub prelude: SourceFile,
    /// The `extend kind` items of the project.
    #[returns(ref)]
    pub extensions: Arc<Vec<ItemKey>>,
    /// The environments by name.
    #[returns(ref)]
    pub environments: Arc<BTreeMap<SmolStr, ItemKey>>,
    /// What queries read of the settings. They ask for one of them by its own getter, which is tracked.
    #[returns(ref)]
    pub(crate) settings: Arc<AnalysisSettings>,
    /// The `metric` blocks of the project and its packages, by name.
    #[returns(ref)]
    pub metrics: Arc<BTreeMap<SmolStr, ItemKey>>,
    /// How long the chains are in which items are made of one another.
    #[returns(ref)]
    pub references: Arc<References>,
    /// All blocks by kind, where the project has rules to look at them.
    #[returns(ref)]
    pub blocks: Arc<BTreeMap<SmolStr, Vec<BlockRef>>>,
}

/// A top-level item, by what it is called rather than by where it stands: an edit elsewhere in the file, or above
/// it, leaves its key as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemKey {
    /// The file.
    pub file: SourceFile,
    /// A hash of class, kind, name and, among namesakes, the number.
    pub local: u64,
}

/// A place in an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The item.
    pub item: ItemKey,
    /// The bytes, from the start of the item.
    pub range: TextRange,
}

/// A block by its path: the item, and from there the nested blocks' kinds and names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockRef {
    /// The top-level block.
    pub item: ItemKey,
    /// From there.
    pub path: Vec<(SmolStr, SmolStr)>,
    /// The block's kind.
    pub kind: SmolStr,
    /// The block's name.
    pub name: SmolStr,
}

/// A diagnostic as queries give it.
pub type Diag = Diagnostic<Span>;

/// What sort of item something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemClass {
    /// An import.
    Import,
    /// A block.
    Block,
    /// A template.
    Template,
    /// A kind.
    Kind,
    /// An `extend kind`.
    Extension,
    /// An enum.
    Enum,
    /// A run-time function.
    Function,
    /// A `let`.
    Let,
    /// A rule.
    Rule,
    /// Text that is no item.
    Error,
}

/// An item's name and class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemEntry {
    /// Its key.
    pub key: ItemKey,
    /// Its class.
    pub class: ItemClass,
    /// The kind of a block or template; empty for others.
    pub kind: SmolStr,
    /// Its name; empty where it has none.
    pub name: SmolStr,
    /// The number among items of the same class, kind and name; 0 but for a duplicate.
    pub duplicate: u32,
}

/// An import by its words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportEntry {
    /// The import's item.
    pub key: ItemKey,
    /// The dotted module name.
    pub module: SmolStr,
    /// The names in braces.
    pub names: Option<Vec<SmolStr>>,
    /// The name by which the module is known here.
    pub alias: SmolStr,
}

/// The names that a file has, without any position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileNames {
    /// All items in the order of the file.
    pub items: Vec<ItemEntry>,
    /// The imports in the order of the file.
    pub imports: Vec<ImportEntry>,
    index: HashMap<(ItemClass, SmolStr, SmolStr), ItemKey>,
    positions: HashMap<u64, usize>,
}

impl FileNames {
    /// The first item of that class, kind and name.
    pub fn get(&self, class: ItemClass, kind: &str, name: &str) -> Option<ItemKey> {
        self.index.get(&(class, kind.into(), name.into())).copied()
    }

    /// The items of a class.
    pub fn of_class(&self, class: ItemClass) -> impl Iterator<Item = &ItemEntry> {
        self.items.iter().filter(move |entry| entry.class == class)
    }
}

fn describe(node: &ItemNode) -> (ItemClass, SmolStr, SmolStr) {
    let none = SmolStr::default();
    match node {
        ItemNode::Import(import) => (
            ItemClass::Import,
            none,
            import
                .path
                .segments
                .iter()
                .map(|name| name.text.as_str())
                .collect::<Vec<_>>()
                .join(".")
                .into(),
        ),
        ItemNode::Block(block) => (
            ItemClass::Block,
            block.kind.text.clone(),
            block
                .name
                .as_ref()
                .map(|name| name.text.clone())
                .unwrap_or_default(),
        ),
        ItemNode::Template(template) => (
            ItemClass::Template,
            template.kind.text.clone(),
            template.name.text.clone(),
        ),
        ItemNode::Kind(kind) if kind.extend => (ItemClass::Extension, none, kind.name.text.clone()),
        ItemNode::Kind(kind) => (ItemClass::Kind, none, kind.name.text.clone()),
        ItemNode::Enum(decl) => (ItemClass::Enum, none, decl.name.text.clone()),
        ItemNode::Function(decl) => (ItemClass::Function, none, decl.name.text.clone()),
        ItemNode::Let(decl) => (ItemClass::Let, none, decl.name.text.clone()),
        ItemNode::Rule(rule) => (ItemClass::Rule, none, rule.name.text.clone()),
        ItemNode::Error => (ItemClass::Error, none.clone(), none),
    }
}

/// The syntax tree of a file.
#[salsa::tracked(returns(ref))]
pub fn parsed(db: &dyn salsa::Database, file: SourceFile) -> ParsedFile {
    nth_syntax::parse(file.text(db))
}

/// The names of a file. It changes only when a name does.
#[salsa::tracked(returns(ref))]
pub fn file_names(db: &dyn salsa::Database, file: SourceFile) -> FileNames {
    let mut names = FileNames::default();
    let mut seen: HashMap<(ItemClass, SmolStr, SmolStr), u32> = HashMap::new();
    for (position, (_, item)) in parsed(db, file).items.iter().enumerate() {
        let (class, kind, name) = describe(&item.node);
        let count = seen.entry((class, kind.clone(), name.clone())).or_default();
        let duplicate = *count;
        *count += 1;
        let mut salt = 0_u32;
        let local = loop {
            let mut hasher = DefaultHasher::new();
            (class, &kind, &name, duplicate, salt).hash(&mut hasher);
            let local = hasher.finish();
            if let std::collections::hash_map::Entry::Vacant(slot) = names.positions.entry(local) {
                slot.insert(position);
                break local;
            }
            salt += 1;
        };
        let key = ItemKey { file, local };
        names
            .index
            .entry((class, kind.clone(), name.clone()))
            .or_insert(key);
        if let ItemNode::Import(import) = &item.node {
            let last = import
                .path
                .segments
                .last()
                .map(|name| name.text.clone())
                .unwrap_or_default();
            names.imports.push(ImportEntry {
                key,
                module: name.clone(),
                names: import
                    .names
                    .as_ref()
                    .map(|list| list.iter().map(|name| name.text.clone()).collect()),
                alias: import
                    .alias
                    .as_ref()
                    .map_or(last, |alias| alias.text.clone()),
            });
        }
        names.items.push(ItemEntry {
            key,
            class,
            kind,
            name,
            duplicate,
        });
    }
    names
}

/// An item's tree. It changes only when the item's own text does.
pub fn item(db: &dyn salsa::Database, key: ItemKey) -> &Option<Arc<Item>> {
    item_tree(db, key.file, key.local)
}

#[salsa::tracked(returns(ref))]
fn item_tree(db: &dyn salsa::Database, file: SourceFile, local: u64) -> Option<Arc<Item>> {
    let position = *file_names(db, file).positions.get(&local)?;
    parsed(db, file)
        .items
        .get(position)
        .map(|(_, item)| item.clone())
}

/// An item's class, kind and name. It changes only when they do, not when the item's body does.
#[salsa::tracked(returns(clone))]
fn entry(db: &dyn salsa::Database, file: SourceFile, local: u64) -> Option<ItemEntry> {
    let names = file_names(db, file);
    names.items.get(*names.positions.get(&local)?).cloned()
}

/// An item's class, kind and name, without its body.
pub fn item_entry(db: &dyn salsa::Database, key: ItemKey) -> Option<ItemEntry> {
    entry(db, key.file, key.local)
}

/// An item's own name; empty where it has none.
pub fn item_name(db: &dyn salsa::Database, key: ItemKey) -> SmolStr {
    item_entry(db, key)
        .map(|entry| entry.name)
        .unwrap_or_default()
}

/// The byte of its file at which an item starts: read only to show something, never to compute.
pub fn item_start(db: &dyn salsa::Database, key: ItemKey) -> u32 {
    let position = file_names(db, key.file).positions.get(&key.local).copied();
    position
        .and_then(|position| parsed(db, key.file).items.get(position))
        .map_or(0, |(start, _)| *start)
}

/// The item of that class, kind and name in a file. A name added elsewhere in the file does not change it.
#[salsa::tracked(returns(copy))]
pub fn find_item(
    db: &dyn salsa::Database,
    file: SourceFile,
    class: ItemClass,
    kind: SmolStr,
    name: SmolStr,
) -> Option<ItemKey> {
    file_names(db, file).get(class, &kind, &name)
}

/// The module of that name, which may begin with the project's own: a package's modules import one another as others
/// import them. A module added elsewhere does not change it.
#[salsa::tracked(returns(copy))]
pub fn find_module(
    db: &dyn salsa::Database,
    workspace: Workspace,
    name: SmolStr,
) -> Option<SourceFile> {
    let modules = workspace.modules(db);
    modules.get(&name).copied().or_else(|| {
        let own = name
            .strip_prefix(workspace.project(db).as_str())?
            .strip_prefix('.')?;
        modules.get(own).copied()
    })
}

/// The database.
#[salsa::db]
#[derive(Default, Clone)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

impl Database {
    /// A database that tells `listen` about every event, for tests that ask which queries ran.
    pub fn with_listener(listen: impl Fn(salsa::Event) + Send + Sync + 'static) -> Self {
        Self {
            storage: salsa::Storage::new(Some(Box::new(listen))),
        }
    }

    /// What is held of the texts as they are and as they were. It waits until no other handle is left.
    pub fn storage_size(&mut self) -> StorageSize {
        let usage = <dyn salsa::Database>::memory_usage(self);
        let mut held = StorageSize::default();
        for query in usage.queries.values() {
            held.answers += query.count();
            held.bytes += query.size_of_metadata() + query.size_of_fields();
        }
        for ingredient in &usage.structs {
            held.keys += ingredient.count();
            held.bytes += ingredient.size_of_metadata() + ingredient.size_of_fields();
        }
        held
    }
}

/// What a database holds, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StorageSize {
    /// The answers of queries, with those that are only known to be what they were.
    pub answers: usize,
    /// The inputs, and what queries are asked about.
    pub keys: usize,
    /// The bytes of both, without what they point to.
    pub bytes: usize,
}

#[salsa::db]
impl salsa::Database for Database {}
