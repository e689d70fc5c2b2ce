//! Document links.

use nth_ide::features::document_links;
use nth_ide::navigation::links::Destination;
use tower_lsp::lsp_types::{
    DocumentLink, DocumentLinkOptions, DocumentLinkParams, ServerCapabilities, Url,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces document links.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.document_link_provider = Some(DocumentLinkOptions {
        resolve_provider: Some(false),
        work_done_progress_options: Default::default(),
    });
}

/// The links of a document: imports link to their modules, addresses to their pages.
pub fn document_links(view: &View, params: &DocumentLinkParams) -> Option<Vec<DocumentLink>> {
    let (project, file) = view.file(&params.text_document.uri)?;
    let text_document = view.settings.client.text_document.as_ref();
    let shows_tooltips = text_document
        .and_then(|known| known.document_link.as_ref()?.tooltip_support)
        .unwrap_or_default();
    let lines = view.lines(project.text(file));
    let links = document_links::document_links(project, file);
    let links = links.into_iter().filter_map(|link| {
        let target = match link.to {
            Destination::Page(address) => Url::parse(&address).ok()?,
            Destination::Module(module) => view.address(project, module)?,
        };
        Some(DocumentLink {
            range: lines.range(link.range),
            target: Some(target),
            tooltip: link.about.filter(|_| shows_tooltips),
            data: None,
        })
    });
    Some(links.collect())
}
