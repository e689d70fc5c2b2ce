//! Document symbols and workspace symbols.

use nth_ide::features::symbols;
use nth_ide::navigation::outline::{Sort, Symbol, outline};
use tower_lsp::lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, OneOf, ServerCapabilities,
    SymbolInformation, SymbolKind, Url, WorkspaceSymbolParams,
};

use crate::lines::Lines;
use crate::settings::Settings;
use crate::view::View;

/// Announces both.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_symbol_provider = Some(OneOf::Left(true));
    capabilities.workspace_symbol_provider = Some(OneOf::Left(true));
}

/// The symbols of a document: as a tree, or as a list for clients without support for trees.
pub fn document_symbols(
    view: &View,
    params: &DocumentSymbolParams,
) -> Option<DocumentSymbolResponse> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let lines = view.lines(project.text(file));
    let symbols = outline(project.db(), file);
    let text_document = view.settings.client.text_document.as_ref();
    let knows_trees = text_document
        .and_then(|known| {
            known
                .document_symbol
                .as_ref()?
                .hierarchical_document_symbol_support
        })
        .unwrap_or_default();
    if knows_trees {
        let tree = symbols.iter().map(|symbol| nested_symbol(symbol, &lines));
        return Some(DocumentSymbolResponse::Nested(tree.collect()));
    }
    let mut list = Vec::new();
    for symbol in symbols {
        flat(symbol, None, uri, &lines, &mut list);
    }
    Some(DocumentSymbolResponse::Flat(list))
}

/// The protocol's kind of a symbol.
pub fn kind(sort: Sort) -> SymbolKind {
    match sort {
        Sort::Block => SymbolKind::CLASS,
        Sort::Nested => SymbolKind::OBJECT,
        Sort::Alert => SymbolKind::EVENT,
        Sort::Environment => SymbolKind::NAMESPACE,
        Sort::Template => SymbolKind::CONSTRUCTOR,
        Sort::Kind => SymbolKind::STRUCT,
        Sort::Field => SymbolKind::FIELD,
        Sort::Parameter => SymbolKind::VARIABLE,
        Sort::Enum => SymbolKind::ENUM,
        Sort::Member => SymbolKind::ENUM_MEMBER,
        Sort::Function => SymbolKind::FUNCTION,
        Sort::Let => SymbolKind::CONSTANT,
        Sort::Rule => SymbolKind::INTERFACE,
    }
}

// The protocol has a deprecated field that has to be set.
#[allow(deprecated)]
fn nested_symbol(symbol: &Symbol, lines: &Lines<'_>) -> DocumentSymbol {
    let children: Vec<DocumentSymbol> = symbol
        .children
        .iter()
        .map(|child| nested_symbol(child, lines))
        .collect();
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
        kind: kind(symbol.sort),
        tags: None,
        deprecated: None,
        range: lines.range(symbol.range),
        selection_range: lines.range(symbol.selection),
        children: (!children.is_empty()).then_some(children),
    }
}

#[allow(deprecated)]
fn flat(
    symbol: &Symbol,
    container: Option<&str>,
    uri: &Url,
    lines: &Lines<'_>,
    list: &mut Vec<SymbolInformation>,
) {
    list.push(SymbolInformation {
        name: symbol.name.clone(),
        kind: kind(symbol.sort),
        tags: None,
        deprecated: None,
        location: tower_lsp::lsp_types::Location::new(uri.clone(), lines.range(symbol.range)),
        container_name: container.map(str::to_owned),
    });
    for child in &symbol.children {
        flat(child, Some(&symbol.name), uri, lines, list);
    }
}

/// The symbols in all projects that match a query.
#[allow(deprecated)]
pub fn workspace_symbols(
    view: &View,
    params: &WorkspaceSymbolParams,
) -> Option<Vec<SymbolInformation>> {
    let found = symbols::workspace_symbols(&view.ide, &params.query);
    let locations = view.locations(found.iter().map(|symbol| &symbol.place));
    let found = found.into_iter().zip(locations);
    let found = found.filter_map(|(symbol, location)| {
        Some(SymbolInformation {
            name: symbol.name,
            kind: kind(symbol.sort),
            tags: None,
            deprecated: None,
            location: location?,
            container_name: Some(symbol.container),
        })
    });
    Some(found.collect())
}
