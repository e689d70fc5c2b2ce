//! Document links.

use nthc::db::{SourceFile, parsed};
use nthc::syntax::tree::TextRange;

use crate::navigation::Names;
use crate::navigation::links::Destination;
use crate::view::ProjectView;

/// A link.
pub struct DocumentLink {
    /// Its range, in bytes.
    pub range: TextRange,
    /// The destination.
    pub to: Destination,
    /// A short description.
    pub about: Option<String>,
}

/// The links of a document: imports link to their modules, addresses to their pages.
pub fn document_links(project: &ProjectView, file: SourceFile) -> Vec<DocumentLink> {
    let names = Names::new(&project.session);
    let links = names.links(file).into_iter().map(|link| {
        let about = match &link.to {
            Destination::Page(_) => None,
            Destination::Module(module) => {
                let doc = parsed(project.db(), *module).doc.as_ref();
                doc.and_then(|doc| doc.lines().next().map(str::to_owned))
            }
        };
        DocumentLink {
            range: link.range,
            to: link.to,
            about,
        }
    });
    links.collect()
}
