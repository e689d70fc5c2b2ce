//! Links between values and types, and between templates and the blocks based on them.

use nthc::db::{ItemClass, ItemKey, SourceFile, Span, item, item_entry};
use nthc::eval::index::Definition;
use nthc::eval::{BlockRef, Value};
use nthc::schema::{Ty, schema};
use nthc::syntax::tree::{Base, ItemNode};

use super::uses::What;
use super::{Names, Occurrence};

impl Names<'_> {
    /// The type of the name or value at a byte of a file: an enum, a kind, a template.
    pub fn type_definitions(&self, file: SourceFile, offset: u32) -> Vec<Span> {
        let Some((key, range)) = self.item_at(file, offset) else {
            return Vec::new();
        };
        let mut found = match self.name_at(file, offset) {
            Some(written) => self.types_of_name(&written),
            None => Vec::new(),
        };
        if found.is_empty()
            && let Some(value) = self.notes(key).value_at(offset - range.start)
        {
            found = self.types_of_value(&value.value);
            if found.is_empty() {
                found = self.declared_types(&value.expected);
            }
        }
        found.dedup();
        found
    }

    fn types_of_name(&self, written: &Occurrence) -> Vec<Span> {
        match &written.name.meaning {
            Definition::Block(block) | Definition::Enclosing(block) => self.types_of_block(block),
            Definition::Item(key) => self.types_of_item(*key),
            Definition::Member(name, _) => self
                .declaration(&Definition::Enum(name.clone()))
                .into_iter()
                .collect(),
            Definition::Field(kind, field) => {
                let schema = schema(self.db, self.workspace);
                let field = schema.field(kind, field);
                field.map_or_else(Vec::new, |field| self.declared_types(&field.ty))
            }
            Definition::FunctionParam(function, param) => {
                let schema = schema(self.db, self.workspace);
                let function = schema.functions.get(function);
                let param = function
                    .and_then(|function| function.params.iter().find(|(name, ..)| name == param));
                param.map_or_else(Vec::new, |(_, ty, _)| self.declared_types(ty))
            }
            Definition::Function(name) => {
                let schema = schema(self.db, self.workspace);
                let function = schema.functions.get(name);
                function.map_or_else(Vec::new, |function| self.declared_types(&function.result))
            }
            Definition::Local(span) => self.types_of_local(*span, written),
            Definition::Kind(_)
            | Definition::Enum(_)
            | Definition::Module(_)
            | Definition::CompileTime(_)
            | Definition::Type(_) => Vec::new(),
        }
    }

    /// The written type of a parameter, or the type of another local name's value.
    fn types_of_local(&self, declared: Span, written: &Occurrence) -> Vec<Span> {
        let tree = item(self.db, declared.item).as_ref().map(|tree| &tree.node);
        if let Some(ItemNode::Template(template)) = tree
            && let Some(param) = template
                .params
                .iter()
                .find(|param| param.name.range == declared.range)
        {
            let within = |range: nthc::syntax::tree::TextRange| {
                param.ty.range.start <= range.start && range.end <= param.ty.range.end
            };
            let names = self.notes(declared.item).names.iter();
            return names
                .filter(|name| within(name.range))
                .filter_map(|name| self.declaration(&name.meaning))
                .collect();
        }
        let values = self.notes(written.item).values.iter();
        let own = values.filter(|value| value.range == written.name.range);
        own.flat_map(|value| self.types_of_value(&value.value))
            .collect()
    }

    fn types_of_value(&self, value: &Value) -> Vec<Span> {
        match value {
            Value::Block(block) => self.types_of_block(block),
            Value::List(items) => {
                let mut found: Vec<Span> = Vec::new();
                for span in items.iter().flat_map(|item| self.types_of_value(item)) {
                    if !found.contains(&span) {
                        found.push(span);
                    }
                }
                found
            }
            Value::None | Value::Error => Vec::new(),
            other => self.declared_types(&other.ty()),
        }
    }

    /// The template or block that a block is based on, or else its variant or kind.
    fn types_of_block(&self, block: &BlockRef) -> Vec<Span> {
        let places = match block.path.is_empty() {
            true => self
                .declaration(&Definition::Block(block.clone()))
                .into_iter()
                .collect(),
            false => self.notes(block.item).occurrences(block).to_vec(),
        };
        let based = places.iter().rev().filter_map(|place| {
            let sites = self.sites(place.item).into_iter();
            let mut own =
                sites.filter(|site| site.name.is_some_and(|name| name.range == place.range));
            self.base_meaning(place.item, own.next()?.base?)
        });
        let mut based = based.filter_map(|meaning| self.declaration(&meaning));
        if let Some(span) = based.next() {
            return vec![span];
        }
        let kind = Definition::Kind(block.kind.clone());
        self.declaration(&kind).into_iter().collect()
    }

    fn types_of_item(&self, key: ItemKey) -> Vec<Span> {
        let Some(entry) = item_entry(self.db, key) else {
            return Vec::new();
        };
        match entry.class {
            ItemClass::Template => {
                let sites = self.sites(key);
                let base = sites.first().and_then(|site| site.base);
                let meaning = base
                    .and_then(|base| self.base_meaning(key, base))
                    .unwrap_or(Definition::Kind(entry.kind));
                self.declaration(&meaning).into_iter().collect()
            }
            ItemClass::Let => {
                let value = nthc::eval::let_value(self.db, self.workspace, key, None);
                value.map_or_else(Vec::new, |value| self.types_of_value(&value))
            }
            _ => Vec::new(),
        }
    }

    /// The enums and kinds that a type refers to.
    fn declared_types(&self, ty: &Ty) -> Vec<Span> {
        let meaning = match ty {
            Ty::Enum(name) => Definition::Enum(name.clone()),
            Ty::Ref(kind) | Ty::One(kind, _) => Definition::Kind(kind.clone()),
            Ty::Optional(inner) | Ty::List(inner) => return self.declared_types(inner),
            Ty::Union(members) => {
                return members
                    .iter()
                    .flat_map(|member| self.declared_types(member))
                    .collect();
            }
            _ => return Vec::new(),
        };
        self.declaration(&meaning).into_iter().collect()
    }

    /// The meaning of a block's base.
    pub fn base_meaning(&self, key: ItemKey, base: &Base) -> Option<Definition> {
        let last = base.path.segments.last()?.range;
        let names = &self.notes(key).names;
        let found = names.iter().find(|name| name.range == last)?;
        Some(found.meaning.clone())
    }

    /// The blocks and templates based on the declaration; the blocks of a kind; the overrides of a nested block.
    pub fn implementations(&self, meaning: &Definition) -> Vec<Span> {
        let files = self.all_files();
        let target = self.target(meaning, &files);
        if let (What::Nested(_), Definition::Block(block)) = (&target.what, meaning) {
            let origin = self.declaration(&Definition::Block(block.clone()));
            let uses = self.uses(&target, &files).into_iter();
            let amending: Vec<Span> = uses
                .filter(|found| found.declares && Some(found.span) != origin)
                .map(|found| found.span)
                .collect();
            return amending;
        }
        self.based_on(meaning)
            .into_iter()
            .map(|(key, site)| Span {
                item: key,
                range: site,
            })
            .collect()
    }

    /// The names of the blocks and templates with this base, or of this kind if they have no base.
    pub fn based_on(&self, meaning: &Definition) -> Vec<(ItemKey, nthc::syntax::tree::TextRange)> {
        let files = self.all_files();
        let target = self.target(meaning, &files);
        let is_kind = matches!(meaning, Definition::Kind(_));
        self.in_items(&files, &target.texts, |names, key| {
            let notes = names.notes(key);
            let means = |range| {
                let found = notes.names.iter().find(|name| name.range == range);
                found.is_some_and(|name| names.is_use(&target, &name.meaning))
            };
            names
                .sites(key)
                .into_iter()
                .filter(|site| {
                    let last = site.base.and_then(|base| base.path.segments.last());
                    let is_based = last.is_some_and(|last| means(last.range));
                    is_based || is_kind && site.base.is_none() && means(site.kind.range)
                })
                .map(|site| (key, site.selection()))
                .collect()
        })
    }
}
