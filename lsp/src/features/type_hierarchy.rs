//! Type hierarchy: bases of blocks and templates, and what is based on them.

use nth_ide::features::definition::Cursor;
use nth_ide::features::type_hierarchy::{self, Type, TypeSort};
use tower_lsp::lsp_types::{
    Registration, SymbolKind, TextDocumentIdentifier, TextDocumentPositionParams,
    TypeHierarchyItem, TypeHierarchyPrepareParams, TypeHierarchySubtypesParams,
    TypeHierarchySupertypesParams,
};

use crate::settings::Settings;
use crate::view::View;

/// Registers the type hierarchy dynamically, if the client supports that: the library's type for capabilities has no
/// field for it.
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
    let at = view.cursor(&params.text_document_position_params)?;
    Some(vec![item(view, &at, type_hierarchy::type_at(&at)?)?])
}

/// The bases.
pub fn supertypes(
    view: &View,
    params: &TypeHierarchySupertypesParams,
) -> Option<Vec<TypeHierarchyItem>> {
    let at = resolve(view, &params.item)?;
    let found = type_hierarchy::supertypes(&at)?.into_iter();
    Some(found.filter_map(|found| item(view, &at, found)).collect())
}

/// The templates and blocks based on it.
pub fn subtypes(
    view: &View,
    params: &TypeHierarchySubtypesParams,
) -> Option<Vec<TypeHierarchyItem>> {
    let at = resolve(view, &params.item)?;
    let found = type_hierarchy::subtypes(&at)?.into_iter();
    Some(found.filter_map(|found| item(view, &at, found)).collect())
}

/// The cursor at the name of the type in an earlier answer.
fn resolve<'a>(view: &'a View, item: &TypeHierarchyItem) -> Option<Cursor<'a>> {
    view.cursor(&TextDocumentPositionParams {
        text_document: TextDocumentIdentifier::new(item.uri.clone()),
        position: item.selection_range.start,
    })
}

fn item(view: &View, at: &Cursor<'_>, found: Type) -> Option<TypeHierarchyItem> {
    Some(TypeHierarchyItem {
        name: found.name,
        kind: match found.sort {
            TypeSort::Template => SymbolKind::CONSTRUCTOR,
            TypeSort::Block => SymbolKind::CLASS,
            TypeSort::Kind => SymbolKind::STRUCT,
        },
        tags: None,
        detail: Some(found.detail),
        uri: view.address(at.project, found.file)?,
        range: view.range(at.project, found.file, found.range),
        selection_range: view.range(at.project, found.file, found.selection),
        data: None,
    })
}
