//! References, in all files of all projects that contain the declaration.

use nth_ide::features::references;
use tower_lsp::lsp_types::{Location, OneOf, ReferenceParams, ServerCapabilities};

use crate::settings::Settings;
use crate::view::View;

/// Announces references.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.references_provider = Some(OneOf::Left(true));
}

/// The references to the name at a cursor.
pub fn references(view: &View, params: &ReferenceParams) -> Option<Vec<Location>> {
    let at = view.cursor(&params.text_document_position)?;
    let with_declaration = params.context.include_declaration;
    let found = references::references(&view.ide, &at, with_declaration)?;
    Some(view.locations(&found).into_iter().flatten().collect())
}
