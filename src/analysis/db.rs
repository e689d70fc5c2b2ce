//! The salsa database, its inputs, and the queries of syntax and names.
//!
//! Each file is a [`SourceFile`]. Workspace-wide data, such as the modules, the extensions of kinds and the environments, is
//! collected outside of queries and set on [`Workspace`] only if it changed, so no query reads every file.

// The methods that salsa generates for inputs have no doc comments. The fields are documented instead.
#![allow(missing_docs)]

pub mod loops;
pub mod references;
mod settings;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use smol_str::SmolStr;

use nth_diagnostics::Diagnostic;
use nth_syntax::tree::{Item, ItemNode, ParsedFile, TextRange};

use loops::{Expanded, ExpandedFile};
use references::References;

use crate::standard_library;

pub use settings::AnalysisSettings;

/// A file of the project, of a package, or of the standard library.
#[salsa::input(debug)]
pub struct SourceFile {
    /// The module's name, `teams.payments`.
    #[returns(ref)]
    pub module: SmolStr,
    /// The path to show in diagnostics.
    #[returns(ref)]
    pub path: String,
    /// The text.
    #[returns(ref)]
    pub text: Arc<str>,
    /// A text that it had before, if the file is long: what an edit did not change is not parsed again.
    #[default]
    #[returns(ref)]
    pub(crate) before: Option<Arc<TextBefore>>,
    /// True if it belongs to a package, whose services are not built here.
    #[returns(copy)]
    pub package: bool,
}

/// A text with its tree.
#[derive(Debug)]
pub struct TextBefore {
    text: Arc<str>,
    tree: ParsedFile,
}

impl TextBefore {
    /// Returns the text of a file, before it is edited; `None` for a short one, which is parsed as quickly as it is compared.
    pub(crate) fn of(db: &dyn salsa::Database, file: SourceFile) -> Option<Arc<Self>> {
        let text = file.text(db);
        (text.len() > LONG_TEXT).then(|| {
            Arc::new(Self {
                text: Arc::clone(text),
                tree: parsed(db, file).clone(),
            })
        })
    }
}

/// A text with more bytes than this is long.
const LONG_TEXT: usize = 16 * 1024;

/// Workspace-wide data.
#[salsa::input(singleton, debug)]
pub struct Workspace {
    /// Every module by name.
    #[returns(ref)]
    pub modules: Arc<BTreeMap<SmolStr, SourceFile>>,
    /// The prelude, whose names need no import.
    #[returns(copy)]
    pub prelude: SourceFile,
    /// The `extend kind` and `extend enum` items of the project.
    #[returns(ref)]
    pub extensions: Arc<Vec<ItemKey>>,
    /// The environments by name.
    #[returns(ref)]
    pub environments: Arc<BTreeMap<SmolStr, ItemKey>>,
    /// The severities that the project and its packages declare, by name.
    #[returns(ref)]
    pub declared_severities: Arc<BTreeMap<SmolStr, ItemKey>>,
    /// The settings that queries read. Each setting has its own tracked getter.
    #[returns(ref)]
    pub(crate) settings: Arc<AnalysisSettings>,
    /// The `metric` blocks of the project and its packages, by name.
    #[returns(ref)]
    pub metrics: Arc<BTreeMap<SmolStr, ItemKey>>,
    /// The `exclude` blocks of the project, in the order of files and their text.
    #[returns(ref)]
    pub exclusions: Arc<Vec<ItemKey>>,
    /// The `alert` and `recording` blocks of the project at the top level of its files, in the order of files and their text.
    #[returns(ref)]
    pub outside_rules: Arc<Vec<ItemKey>>,
    /// The names of the recording rules among them.
    #[returns(ref)]
    pub outside_recordings: Arc<BTreeSet<SmolStr>>,
    /// The items whose chains of references are circular or too long.
    #[returns(ref)]
    pub references: Arc<References>,
    /// All blocks by kind; empty if the project has no rules.
    #[returns(ref)]
    pub blocks: Arc<BTreeMap<SmolStr, Vec<BlockRef>>>,
    /// The names that each file of the project and its packages declares. Changes if a name does: for queries over all names, which
    /// need not check every file after an edit.
    #[default]
    #[returns(ref)]
    pub declared_names: Arc<Vec<Arc<FileNames>>>,
}

/// A top-level item, identified by name instead of position: an edit elsewhere in the file does not change the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemKey {
    /// The file.
    pub file: SourceFile,
    /// A hash of class, kind, name and number among items of the same name.
    pub local: u64,
}

/// A place in an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The item.
    pub item: ItemKey,
    /// The byte range, relative to the start of the item.
    pub range: TextRange,
}

/// A block, by its path from the top-level item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockRef {
    /// The top-level block.
    pub item: ItemKey,
    /// The kinds and names of the nested blocks on the path, the block itself last; empty for a top-level block.
    pub path: Vec<(SmolStr, SmolStr)>,
    /// The block's kind.
    pub kind: SmolStr,
    /// The block's name.
    pub name: SmolStr,
}

/// A diagnostic as returned by queries, with places relative to items.
pub type Diag = Diagnostic<Span>;

/// The class of an item.
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
    /// An `extend kind` or `extend enum`.
    Extension,
    /// An enum.
    Enum,
    /// A run-time function.
    Function,
    /// A `let`.
    Let,
    /// A rule.
    Rule,
    /// A `for` over blocks. The blocks that it generates have entries of their own.
    Loop,
    /// Text that is not a valid item.
    Error,
}

/// The [`ItemEntry::kind`] of an `extend enum`.
pub const EXTENDED_ENUM: &str = "enum";

/// An item's name and class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemEntry {
    /// Its key.
    pub key: ItemKey,
    /// Its class.
    pub class: ItemClass,
    /// The kind of a block or template, and [`EXTENDED_ENUM`] for an `extend enum`; empty for others.
    pub kind: SmolStr,
    /// Its name; empty if it has none.
    pub name: SmolStr,
    /// The number among items of the same class, kind and name; 0 unless it is a duplicate.
    pub duplicate: u32,
    /// The iteration of the loops that generate it, counted from 0. All iterations have one text.
    pub turn: u32,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportEntry {
    /// The import's item.
    pub key: ItemKey,
    /// The dotted module name.
    pub module: SmolStr,
    /// The names in braces; `None` for an import of the module itself.
    pub names: Option<Vec<SmolStr>>,
    /// The name of the module in this file.
    pub alias: SmolStr,
}

/// The names that a file declares and imports, without positions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileNames {
    /// All items, in text order.
    pub items: Vec<ItemEntry>,
    /// The imports, in text order.
    pub imports: Vec<ImportEntry>,
    index: HashMap<(ItemClass, SmolStr, SmolStr), ItemKey>,
    positions: HashMap<u64, usize>,
}

impl FileNames {
    /// Returns the first item of a class, kind and name.
    pub fn get(&self, class: ItemClass, kind: &str, name: &str) -> Option<ItemKey> {
        self.index.get(&(class, kind.into(), name.into())).copied()
    }

    /// Iterates over the items of a class.
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
        ItemNode::Enum(decl) if decl.extend => (
            ItemClass::Extension,
            SmolStr::new_static(EXTENDED_ENUM),
            decl.name.text.clone(),
        ),
        ItemNode::Enum(decl) => (ItemClass::Enum, none, decl.name.text.clone()),
        ItemNode::Function(decl) => (ItemClass::Function, none, decl.name.text.clone()),
        ItemNode::Let(decl) => (ItemClass::Let, none, decl.name.text.clone()),
        ItemNode::Rule(rule) => (ItemClass::Rule, none, rule.name.text.clone()),
        ItemNode::For(_) => (ItemClass::Loop, none.clone(), none),
        ItemNode::Error => (ItemClass::Error, none.clone(), none),
    }
}

/// Parses a file. The tree depends on the text alone; the text before an edit only saves work, and so do the embedded trees of the
/// standard library.
#[salsa::tracked(returns(ref))]
pub fn parsed(db: &dyn salsa::Database, file: SourceFile) -> ParsedFile {
    match file.before(db) {
        Some(before) => nth_syntax::reparse(&before.text, &before.tree, file.text(db)),
        None => standard_library::tree(file.module(db), file.text(db))
            .unwrap_or_else(|| nth_syntax::parse(file.text(db))),
    }
}

/// Returns the items of a file, with the blocks that its loops generate.
#[salsa::tracked(returns(ref))]
pub fn expanded(db: &dyn salsa::Database, file: SourceFile) -> ExpandedFile {
    loops::expand(file.text(db), parsed(db, file))
}

/// Iterates over the items of a file in text order, each with its entry. Of a block that a loop generates, only the first: the others
/// have the same text.
pub fn items_of_text(
    db: &dyn salsa::Database,
    file: SourceFile,
) -> impl Iterator<Item = (&ItemEntry, &Expanded)> {
    let entries = file_names(db, file).items.iter();
    let items = expanded(db, file).items.iter();
    entries.zip(items).filter(|(_, item)| item.turn == 0)
}

/// Returns the names of a file. Changes only if a name changes.
#[salsa::tracked(returns(ref))]
pub fn file_names(db: &dyn salsa::Database, file: SourceFile) -> FileNames {
    let mut names = FileNames::default();
    let mut seen: HashMap<(ItemClass, SmolStr, SmolStr), u32> = HashMap::new();
    for (position, expanded) in expanded(db, file).items.iter().enumerate() {
        let item = &expanded.item;
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
            turn: expanded.turn,
        });
    }
    names
}

/// Returns an item's syntax tree; `None` if the item is gone. Changes only if the item's own text changes.
pub fn item(db: &dyn salsa::Database, key: ItemKey) -> &Option<Arc<Item>> {
    item_tree(db, key.file, key.local)
}

#[salsa::tracked(returns(ref))]
fn item_tree(db: &dyn salsa::Database, file: SourceFile, local: u64) -> Option<Arc<Item>> {
    let position = *file_names(db, file).positions.get(&local)?;
    let found = expanded(db, file).items.get(position);
    found.map(|found| found.item.clone())
}

/// Returns an item's class, kind and name. Does not change with the item's body.
#[salsa::tracked(returns(clone))]
fn entry(db: &dyn salsa::Database, file: SourceFile, local: u64) -> Option<ItemEntry> {
    let names = file_names(db, file);
    names.items.get(*names.positions.get(&local)?).cloned()
}

/// Returns an item's class, kind and name; `None` if the item is gone.
pub fn item_entry(db: &dyn salsa::Database, key: ItemKey) -> Option<ItemEntry> {
    entry(db, key.file, key.local)
}

/// Returns an item's name; empty if it has none.
pub fn item_name(db: &dyn salsa::Database, key: ItemKey) -> SmolStr {
    item_entry(db, key)
        .map(|entry| entry.name)
        .unwrap_or_default()
}

/// Returns the place of an item's name, or of the whole item if it has none.
pub fn name_span(db: &dyn salsa::Database, key: ItemKey) -> Span {
    let range = match item(db, key).as_ref().map(|tree| &tree.node) {
        Some(ItemNode::Block(block)) => block.name.as_ref().map_or(block.head, |name| name.range),
        Some(ItemNode::Template(template)) => template.name.range,
        Some(ItemNode::Kind(decl)) => decl.name.range,
        Some(ItemNode::Enum(decl)) => decl.name.range,
        Some(ItemNode::Function(decl)) => decl.name.range,
        Some(ItemNode::Let(decl)) => decl.name.range,
        Some(ItemNode::Rule(rule)) => rule.name.range,
        _ => item_span(db, key).range,
    };
    Span { item: key, range }
}

/// Returns the place of a whole item.
pub fn item_span(db: &dyn salsa::Database, key: ItemKey) -> Span {
    let length = item(db, key).as_ref().map_or(0, |tree| tree.len);
    let range = match item(db, key).as_ref().map(|tree| &tree.node) {
        Some(ItemNode::Import(import)) => import.range,
        _ => TextRange {
            start: 0,
            end: length,
        },
    };
    Span { item: key, range }
}

/// Returns the byte offset of an item in its file. For output only: a query that reads it is recomputed after most edits.
pub fn item_start(db: &dyn salsa::Database, key: ItemKey) -> u32 {
    let position = file_names(db, key.file).positions.get(&key.local).copied();
    position
        .and_then(|position| expanded(db, key.file).items.get(position))
        .map_or(0, |found| found.start)
}

/// Returns the item of a class, kind and name in a file. Does not change with other names of the file.
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

/// Returns the module of a name. The name may start with the project's own: the modules of a package import each other as other
/// projects import them. Does not change with other modules.
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
    /// Creates a database that calls `listen` for every event, for tests that observe queries.
    pub fn with_listener(listen: impl Fn(salsa::Event) + Send + Sync + 'static) -> Self {
        Self {
            storage: salsa::Storage::new(Some(Box::new(listen))),
        }
    }

    /// Measures the stored results, including stale ones. Waits until no other handle is left.
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

/// The size of a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StorageSize {
    /// The number of query results, including those whose value was evicted.
    pub answers: usize,
    /// The number of inputs and query keys.
    pub keys: usize,
    /// The size of both in bytes, without heap allocations.
    pub bytes: usize,
}

#[salsa::db]
impl salsa::Database for Database {}
