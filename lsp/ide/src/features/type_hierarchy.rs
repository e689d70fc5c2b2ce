//! Type hierarchy: bases of blocks and templates, and what is based on them.

use nthc::db::{ItemClass, SourceFile, Span, item_entry};
use nthc::eval::index::Definition;
use nthc::syntax::tree::TextRange;

use super::definition::Cursor;

/// The sort of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeSort {
    /// A template.
    Template,
    /// A block.
    Block,
    /// A kind.
    Kind,
}

/// A kind, template or block, as a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// Its sort.
    pub sort: TypeSort,
    /// Its kind and module, in a few words.
    pub detail: String,
    /// Its file.
    pub file: SourceFile,
    /// The range of the declaration, in bytes.
    pub range: TextRange,
    /// The range of its name, in bytes.
    pub selection: TextRange,
}

/// The kind, template or block that the name at a cursor means.
pub fn type_at(at: &Cursor<'_>) -> Option<Type> {
    let written = at.names.name_at(at.file, at.offset)?;
    let declared = match &written.name.meaning {
        Definition::Kind(_) | Definition::Block(_) | Definition::Enclosing(_) => {
            at.names.declaration(&written.name.meaning)?
        }
        Definition::Item(key) if item_entry(at.names.db, *key)?.class == ItemClass::Template => {
            at.names.declaration(&written.name.meaning)?
        }
        _ => return None,
    };
    describe(at, declared)
}

/// The bases.
pub fn supertypes(at: &Cursor<'_>) -> Option<Vec<Type>> {
    let written = at.names.name_at(at.file, at.offset)?;
    let range = at.names.absolute(written.span());
    let found = match &written.name.meaning {
        // The base of a variant is its kind.
        Definition::Kind(kind) => {
            let schema = nthc::schema::schema(at.names.db, at.names.workspace);
            let base = schema.kinds.get(kind)?.base.clone();
            base.and_then(|base| at.names.declaration(&Definition::Kind(base)))
                .into_iter()
                .collect()
        }
        _ => at.names.type_definitions(at.file, range.start),
    };
    let types = found.into_iter().filter_map(|span| describe(at, span));
    Some(types.collect())
}

/// The templates and blocks based on it.
pub fn subtypes(at: &Cursor<'_>) -> Option<Vec<Type>> {
    let written = at.names.name_at(at.file, at.offset)?;
    let mut found: Vec<Span> = Vec::new();
    if let Definition::Kind(kind) = &written.name.meaning {
        let schema = nthc::schema::schema(at.names.db, at.names.workspace);
        let variants = schema.variants(kind);
        found.extend(variants.filter_map(|variant| {
            at.names
                .declaration(&Definition::Kind(variant.name.clone()))
        }));
    }
    let based = at.names.based_on(&written.name.meaning).into_iter();
    found.extend(based.map(|(item, range)| Span { item, range }));
    let types = found.into_iter().filter_map(|span| describe(at, span));
    Some(types.collect())
}

fn describe(at: &Cursor<'_>, span: Span) -> Option<Type> {
    let entry = item_entry(at.names.db, span.item)?;
    let mut sites = at.names.sites(span.item).into_iter();
    let site = sites.rfind(|site| site.selection() == span.range);
    let (sort, what) = match (&site, entry.class) {
        (Some(site), ItemClass::Template) if is_own(at, span) => {
            (TypeSort::Template, format!("template {}", site.kind.text))
        }
        (Some(site), _) => (TypeSort::Block, site.kind.text.to_string()),
        (None, _) => (TypeSort::Kind, "kind".to_owned()),
    };
    let whole = Span {
        item: span.item,
        range: site.map_or(span.range, |site| site.range),
    };
    let module = span.item.file.module(at.names.db);
    let around = match is_own(at, span) {
        true => module.to_string(),
        false => format!("{module}.{}", entry.name),
    };
    Some(Type {
        name: at.names.bare_name(span).into_owned(),
        sort,
        detail: format!("{what} in {around}"),
        file: span.item.file,
        range: at.project.absolute(whole),
        selection: at.project.absolute(span),
    })
}

/// True if a range is the name of its item.
fn is_own(at: &Cursor<'_>, span: Span) -> bool {
    nthc::db::name_span(at.names.db, span.item) == span
}
