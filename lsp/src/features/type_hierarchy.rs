//! What a block or template is based on, and what is based on it, as a hierarchy of types.

use nthc::db::{ItemClass, Span, item_entry};
use nthc::eval::notes::Meaning;
use tower_lsp::lsp_types::{
    Registration, SymbolKind, TextDocumentIdentifier, TextDocumentPositionParams,
    TypeHierarchyItem, TypeHierarchyPrepareParams, TypeHierarchySubtypesParams,
    TypeHierarchySupertypesParams,
};

use crate::features::definition::{Cursor, cursor};
use crate::navigation::Written;
use crate::settings::Settings;
use crate::view::View;

/// The protocol's types have no place for it among the capabilities, so that clients are asked for it which can be asked.
pub fn registration(settings: &Settings) -> Option<Registration> {
    let text_document = settings.client.text_document.as_ref()?;
    let can_be_asked = text_document.type_hierarchy.as_ref()?.dynamic_registration;
    let documents = serde_json::json!({ "documentSelector": [{ "language": "nth" }] });
    can_be_asked.unwrap_or_default().then(|| Registration {
        id: "types".to_owned(),
        method: "textDocument/prepareTypeHierarchy".to_owned(),
        register_options: Some(documents),
    })
}

/// The kind, template or block that the name at a cursor means.
pub fn prepare(view: &View, params: &TypeHierarchyPrepareParams) -> Option<Vec<TypeHierarchyItem>> {
    let at = cursor(view, &params.text_document_position_params)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let declared = match &written.name.meaning {
        Meaning::Kind(_) | Meaning::Block(_) | Meaning::Enclosing(_) => {
            at.names.declared(&written.name.meaning)?
        }
        Meaning::Item(key) if item_entry(at.names.db, *key)?.class == ItemClass::Template => {
            at.names.declared(&written.name.meaning)?
        }
        _ => return None,
    };
    Some(vec![item(view, &at, declared)?])
}

/// What it is based on.
pub fn supertypes(
    view: &View,
    params: &TypeHierarchySupertypesParams,
) -> Option<Vec<TypeHierarchyItem>> {
    let (at, written) = resolve(view, &params.item)?;
    let range = at.names.absolute(written.span());
    let found = match &written.name.meaning {
        // A variant is a kind with a base.
        Meaning::Kind(kind) => {
            let schema = nthc::schema::schema(at.names.db, at.names.workspace);
            let base = schema.kinds.get(kind)?.base.clone();
            base.and_then(|base| at.names.declared(&Meaning::Kind(base)))
                .into_iter()
                .collect()
        }
        _ => at.names.type_definitions(at.file, range.start),
    };
    let items = found.into_iter().filter_map(|span| item(view, &at, span));
    Some(items.collect())
}

/// What is based on it.
pub fn subtypes(
    view: &View,
    params: &TypeHierarchySubtypesParams,
) -> Option<Vec<TypeHierarchyItem>> {
    let (at, written) = resolve(view, &params.item)?;
    let mut found: Vec<Span> = Vec::new();
    if let Meaning::Kind(kind) = &written.name.meaning {
        let schema = nthc::schema::schema(at.names.db, at.names.workspace);
        let variants = schema.variants(kind);
        found.extend(
            variants.filter_map(|variant| at.names.declared(&Meaning::Kind(variant.name.clone()))),
        );
    }
    let based = at.names.based_on(&written.name.meaning).into_iter();
    found.extend(based.map(|(item, range)| Span { item, range }));
    let items = found.into_iter().filter_map(|span| item(view, &at, span));
    Some(items.collect())
}

/// What an item of an earlier answer stands for, by where its name is.
fn resolve<'a>(view: &'a View, item: &TypeHierarchyItem) -> Option<(Cursor<'a>, Written)> {
    let place = TextDocumentPositionParams {
        text_document: TextDocumentIdentifier::new(item.uri.clone()),
        position: item.selection_range.start,
    };
    let at = cursor(view, &place)?;
    let written = at.names.name_at(at.file, at.offset)?;
    Some((at, written))
}

fn item(view: &View, at: &Cursor<'_>, span: Span) -> Option<TypeHierarchyItem> {
    let entry = item_entry(at.names.db, span.item)?;
    let mut sites = at.names.sites(span.item).into_iter();
    let site = sites.rfind(|site| site.selection() == span.range);
    let (kind, what) = match (&site, entry.class) {
        (Some(site), ItemClass::Template) if is_own(at, span) => (
            SymbolKind::CONSTRUCTOR,
            format!("template {}", site.kind.text),
        ),
        (Some(site), _) => (SymbolKind::CLASS, site.kind.text.to_string()),
        (None, _) => (SymbolKind::STRUCT, "kind".to_owned()),
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
    Some(TypeHierarchyItem {
        name: at.names.called(span).into_owned(),
        kind,
        tags: None,
        detail: Some(format!("{what} in {around}")),
        uri: view.address(at.project, span.item.file)?,
        range: view.range_of(at.project, whole),
        selection_range: view.range_of(at.project, span),
        data: None,
    })
}

/// Whether a place is the name of its item.
fn is_own(at: &Cursor<'_>, span: Span) -> bool {
    nthc::check::project::name_span(at.names.db, span.item) == span
}
