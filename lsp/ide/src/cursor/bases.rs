//! The contents that the blocks around the cursor inherit from their bases: the bodies of templates and blocks, as
//! written.

use nthc::db::{ItemClass, ItemKey, SourceFile, Workspace, item};
use nthc::resolve::{Want, resolve_path};
use nthc::schema::Schema;
use nthc::syntax::tree::{Base, Block, Body, Field, ItemNode, Statement};
use smol_str::SmolStr;

/// Maximum length of a chain of bases. A cycle is an error, and the walk ends here.
const MOST_BASES: usize = 16;

/// A body of a base, with the file in which its names are resolved.
#[derive(Clone, Copy)]
pub struct Layer<'db> {
    /// The body.
    pub body: &'db Body,
    /// Its file.
    pub file: SourceFile,
}

/// The contents that a block inherits from its bases.
#[derive(Clone, Default)]
pub struct Bases<'db> {
    /// The bodies, outermost base first.
    pub layers: Vec<Layer<'db>>,
    /// The variant of the block's kind; `None` if the bases do not choose one.
    pub variant: Option<SmolStr>,
}

/// Looks up items and bases.
#[derive(Clone, Copy)]
pub struct Lookup<'db> {
    /// The database.
    pub db: &'db dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The schema.
    pub schema: &'db Schema,
}

impl<'db> Lookup<'db> {
    /// The syntax tree of an item.
    pub fn node(self, key: ItemKey) -> Option<&'db ItemNode> {
        item(self.db, key).as_ref().map(|tree| &tree.node)
    }

    /// The template or block that the base of a block of a kind means in a file.
    pub fn base_item(self, kind: &str, path: &[SmolStr], file: SourceFile) -> Option<ItemKey> {
        [ItemClass::Template, ItemClass::Block]
            .into_iter()
            .find_map(|class| {
                resolve_path(self.db, self.workspace, file, path, Want { class, kind })
            })
    }

    /// The contents that a base brings.
    pub fn path_bases(self, kind: &str, path: &[SmolStr], file: SourceFile) -> Bases<'db> {
        let mut bases = Bases::default();
        self.add_path(kind, path, file, MOST_BASES, &mut bases);
        bases
    }

    /// The contents of a top-level block, its own body included.
    pub fn item_bases(self, key: ItemKey) -> Bases<'db> {
        let mut bases = Bases::default();
        self.add_item(key, MOST_BASES, &mut bases);
        bases
    }

    fn add_item(self, key: ItemKey, left: usize, bases: &mut Bases<'db>) {
        let (kind, base, body) = match self.node(key) {
            Some(ItemNode::Template(template)) => (&template.kind, &template.base, &template.body),
            Some(ItemNode::Block(block)) => (&block.kind, &block.base, &block.body),
            _ => return,
        };
        self.add_layer(&kind.text, base.as_ref(), body, key.file, left, bases);
    }

    fn add_layer(
        self,
        kind: &str,
        base: Option<&'db Base>,
        body: &'db Body,
        file: SourceFile,
        left: usize,
        bases: &mut Bases<'db>,
    ) {
        if let Some(base) = base {
            let path: Vec<SmolStr> = base
                .path
                .segments
                .iter()
                .map(|name| name.text.clone())
                .collect();
            self.add_path(kind, &path, file, left, bases);
        }
        bases.layers.push(Layer { body, file });
    }

    fn add_path(
        self,
        kind: &str,
        path: &[SmolStr],
        file: SourceFile,
        left: usize,
        bases: &mut Bases<'db>,
    ) {
        let Some(left) = left.checked_sub(1) else {
            return;
        };
        if let [name] = path
            && self.is_variant(kind, name)
        {
            bases.variant = Some(name.clone());
        } else if let Some(key) = self.base_item(kind, path, file) {
            self.add_item(key, left, bases);
        }
    }

    /// True if `variant` is a variant of `kind`.
    pub fn is_variant(self, kind: &str, variant: &str) -> bool {
        let known = self.schema.kinds.get(variant);
        known.is_some_and(|known| known.base.as_deref() == Some(kind))
    }

    /// The contents that a nested block inherits from the bases of the block around it.
    pub fn nested_bases(self, outer: &Bases<'db>, kind: &str, name: &str) -> Bases<'db> {
        let mut bases = Bases::default();
        for layer in &outer.layers {
            for block in blocks(layer.body) {
                let block_name = block.name.as_ref().map_or("", |name| name.text.as_str());
                if block.kind.text == kind && block_name == name {
                    let base = block.base.as_ref();
                    if base.is_some() {
                        bases = Bases::default();
                    }
                    self.add_layer(kind, base, &block.body, layer.file, MOST_BASES, &mut bases);
                }
            }
        }
        bases
    }
}

impl<'db> Bases<'db> {
    /// The fields that are set, each with its last setting.
    pub fn fields(&self) -> impl Iterator<Item = &'db Field> {
        self.layers
            .iter()
            .rev()
            .flat_map(|layer| layer.body.statements.iter())
            .filter_map(|statement| match statement {
                Statement::Field(field) => Some(field),
                _ => None,
            })
    }

    /// The setting of a field.
    pub fn field(&self, name: &str) -> Option<&'db Field> {
        self.fields().find(|field| field.name.text == name)
    }

    /// The blocks, without those that a `without` removes.
    pub fn children(&self) -> Vec<&'db Block> {
        let mut found: Vec<&'db Block> = Vec::new();
        for layer in &self.layers {
            for block in blocks(layer.body) {
                let is_it = |known: &&'db Block| is_same_block(known, block);
                match found.iter().position(is_it) {
                    Some(place) if block.base.is_some() => {
                        if let Some(slot) = found.get_mut(place) {
                            *slot = block;
                        }
                    }
                    Some(_) => {}
                    None => found.push(block),
                }
            }
            for statement in &layer.body.statements {
                if let Statement::Without(without) = statement {
                    found.retain(|block| {
                        let name = |name: &Option<nthc::syntax::tree::Name>| {
                            name.as_ref().map(|name| name.text.clone())
                        };
                        block.kind.text != without.kind.text
                            || name(&block.name) != name(&without.name)
                    });
                }
            }
        }
        found
    }
}

fn is_same_block(one: &Block, other: &Block) -> bool {
    let name = |block: &Block| block.name.as_ref().map(|name| name.text.clone());
    one.kind.text == other.kind.text && name(one) == name(other)
}

/// The blocks in a body, also in its `if`, `for` and `in` statements.
fn blocks(body: &Body) -> Vec<&Block> {
    let mut found = Vec::new();
    for statement in &body.statements {
        match statement {
            Statement::Block(block) => found.push(block),
            Statement::If(choice) => {
                found.extend(blocks(&choice.then));
                found.extend(choice.otherwise.as_ref().map(blocks).unwrap_or_default());
            }
            Statement::For(repeat) => found.extend(blocks(&repeat.body)),
            Statement::In(inner) => found.extend(blocks(&inner.body)),
            _ => {}
        }
    }
    found
}
