//! From a name to where it is declared, and from a value to what it is a case of.

use nthc::db::{SourceFile, Span};
use nthc::eval::notes::Meaning;
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    DeclarationCapability, GotoDefinitionParams, GotoDefinitionResponse,
    ImplementationProviderCapability, Location, LocationLink, OneOf, Range, ServerCapabilities,
    TextDocumentPositionParams, TypeDefinitionProviderCapability,
};

use crate::navigation::Names;
use crate::settings::Settings;
use crate::view::{ProjectView, View};

/// All four ways to go somewhere.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.definition_provider = Some(OneOf::Left(true));
    capabilities.declaration_provider = Some(DeclarationCapability::Simple(true));
    capabilities.type_definition_provider = Some(TypeDefinitionProviderCapability::Simple(true));
    capabilities.implementation_provider = Some(ImplementationProviderCapability::Simple(true));
}

/// A cursor in a project.
pub struct Cursor<'a> {
    /// The project.
    pub project: &'a ProjectView,
    /// Its names.
    pub names: Names<'a>,
    /// The file.
    pub file: SourceFile,
    /// The byte.
    pub offset: u32,
}

/// Where a client's cursor is.
pub fn cursor<'a>(view: &'a View, params: &TextDocumentPositionParams) -> Option<Cursor<'a>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let offset = view.offset(project, file, params.position);
    Some(Cursor {
        project,
        names: Names::of(&project.session),
        file,
        offset: u32::try_from(offset).ok()?,
    })
}

/// Where the name at a cursor is declared; of a module, its file.
pub fn definition(view: &View, params: &GotoDefinitionParams) -> Option<GotoDefinitionResponse> {
    let at = cursor(view, &params.text_document_position_params)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let origin = view.range_of(at.project, written.span());
    if let Meaning::Module(module) = written.name.meaning {
        let target = Target {
            file: module,
            whole: TextRange::default(),
            name: TextRange::default(),
        };
        return answer(view, at.project, origin, vec![target]);
    }
    let declared = at.names.declared(&written.name.meaning)?;
    let targets = vec![target(&at.names, declared)];
    answer(view, at.project, origin, targets)
}

/// What the name or value at a cursor is a case of.
pub fn type_definition(
    view: &View,
    params: &GotoDefinitionParams,
) -> Option<GotoDefinitionResponse> {
    let at = cursor(view, &params.text_document_position_params)?;
    let found = at.names.type_definitions(at.file, at.offset);
    spans(view, &at, found)
}

/// What is based on the name at a cursor.
pub fn implementation(
    view: &View,
    params: &GotoDefinitionParams,
) -> Option<GotoDefinitionResponse> {
    let at = cursor(view, &params.text_document_position_params)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let found = at.names.implementations(&written.name.meaning);
    spans(view, &at, found)
}

fn spans(view: &View, at: &Cursor<'_>, found: Vec<Span>) -> Option<GotoDefinitionResponse> {
    let origin = match at.names.name_at(at.file, at.offset) {
        Some(written) => view.range_of(at.project, written.span()),
        None => {
            let here = TextRange {
                start: at.offset,
                end: at.offset,
            };
            view.range(at.project, at.file, here)
        }
    };
    let targets = found.into_iter().map(|span| target(&at.names, span));
    answer(view, at.project, origin, targets.collect())
}

/// A place to go to, in bytes of its file.
struct Target {
    file: SourceFile,
    whole: TextRange,
    name: TextRange,
}

/// The innermost block around a name that it is the name of, or else the name alone.
fn target(names: &Names<'_>, span: Span) -> Target {
    let mut sites = names.sites(span.item).into_iter();
    let own = sites.rfind(|site| site.selection() == span.range);
    let whole = own.map_or(span.range, |site| site.range);
    let name = names.absolute(span);
    Target {
        file: span.item.file,
        whole: names.absolute(Span {
            range: whole,
            ..span
        }),
        name,
    }
}

fn answer(
    view: &View,
    project: &ProjectView,
    origin: Range,
    targets: Vec<Target>,
) -> Option<GotoDefinitionResponse> {
    let text_document = view.settings.client.text_document.as_ref();
    let knows_links = text_document
        .and_then(|known| known.definition.as_ref()?.link_support)
        .unwrap_or_default();
    let found = targets.into_iter().filter_map(|target| {
        let uri = view.address(project, target.file)?;
        Some(LocationLink {
            origin_selection_range: Some(origin),
            target_uri: uri,
            target_range: view.range(project, target.file, target.whole),
            target_selection_range: view.range(project, target.file, target.name),
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
