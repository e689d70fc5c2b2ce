//! Go to declaration, definition, type definition and implementation.

use nth_ide::features::definition::{self, Cursor, Targets};
use tower_lsp::lsp_types::{
    DeclarationCapability, GotoDefinitionParams, GotoDefinitionResponse,
    ImplementationProviderCapability, Location, LocationLink, OneOf, ServerCapabilities,
    TypeDefinitionProviderCapability,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces all four.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.definition_provider = Some(OneOf::Left(true));
    capabilities.declaration_provider = Some(DeclarationCapability::Simple(true));
    capabilities.type_definition_provider = Some(TypeDefinitionProviderCapability::Simple(true));
    capabilities.implementation_provider = Some(ImplementationProviderCapability::Simple(true));
}

/// The declaration of the name at a cursor; for a module, its file.
pub fn definition(view: &View, params: &GotoDefinitionParams) -> Option<GotoDefinitionResponse> {
    let at = view.cursor(&params.text_document_position_params)?;
    answer(view, &at, definition::definition(&at)?)
}

/// The type of the name or value at a cursor.
pub fn type_definition(
    view: &View,
    params: &GotoDefinitionParams,
) -> Option<GotoDefinitionResponse> {
    let at = view.cursor(&params.text_document_position_params)?;
    answer(view, &at, definition::type_definition(&at))
}

/// The blocks and templates based on the name at a cursor.
pub fn implementation(
    view: &View,
    params: &GotoDefinitionParams,
) -> Option<GotoDefinitionResponse> {
    let at = view.cursor(&params.text_document_position_params)?;
    answer(view, &at, definition::implementation(&at)?)
}

fn answer(view: &View, at: &Cursor<'_>, targets: Targets) -> Option<GotoDefinitionResponse> {
    let text_document = view.settings.client.text_document.as_ref();
    let knows_links = text_document
        .and_then(|known| known.definition.as_ref()?.link_support)
        .unwrap_or_default();
    let origin = view.range(at.project, at.file, targets.origin);
    let found = targets.all.into_iter().filter_map(|target| {
        let uri = view.address(at.project, target.file)?;
        Some(LocationLink {
            origin_selection_range: Some(origin),
            target_uri: uri,
            target_range: view.range(at.project, target.file, target.whole),
            target_selection_range: view.range(at.project, target.file, target.name),
        })
    });
    let found: Vec<LocationLink> = found.collect();
    if found.is_empty() {
        return None;
    }
    if knows_links {
        return Some(GotoDefinitionResponse::Link(found));
    }
    let locations = found
        .into_iter()
        .map(|link| Location::new(link.target_uri, link.target_selection_range));
    Some(GotoDefinitionResponse::Array(locations.collect()))
}
