//! What in a document leads elsewhere.

use nthc::db::parsed;
use tower_lsp::lsp_types::{
    DocumentLink, DocumentLinkOptions, DocumentLinkParams, ServerCapabilities, Url,
};

use crate::navigation::Names;
use crate::navigation::links::Destination;
use crate::settings::Settings;
use crate::view::View;

/// Imports and addresses are links.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_link_provider = Some(DocumentLinkOptions {
        resolve_provider: Some(false),
        work_done_progress_options: Default::default(),
    });
}

/// The links of a document: imports lead to their modules, and addresses to their pages.
pub fn document_links(view: &View, params: &DocumentLinkParams) -> Option<Vec<DocumentLink>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let names = Names::of(&project.session);
    let text_document = view.settings.client.text_document.as_ref();
    let shows_tooltips = text_document
        .and_then(|known| known.document_link.as_ref()?.tooltip_support)
        .unwrap_or_default();
    let lines = view.lines(project.text(file));
    let links = names.links(file).into_iter().filter_map(|link| {
        let (target, tooltip) = match link.to {
            Destination::Page(address) => (Url::parse(&address).ok()?, None),
            Destination::Module(module) => {
                let doc = parsed(project.db(), module).doc.as_ref();
                let first = doc.and_then(|doc| doc.lines().next().map(str::to_owned));
                (view.address(project, module)?, first)
            }
        };
        Some(DocumentLink {
            range: lines.range(link.range.start as usize, link.range.end as usize),
            target: Some(target),
            tooltip: tooltip.filter(|_| shows_tooltips),
            data: None,
        })
    });
    Some(links.collect())
}
