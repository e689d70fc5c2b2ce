//! Virtual documents: what a project's services generate, as the texts are now, and the standard library's modules.
//!
//! | address | shows |
//! |---|---|
//! | `nth-generated:///shop/production/prometheus/checkout.yaml` | a file as a build would write it below the output folder |
//! | `nth-generated:///shop/production/index/checkout.md` | which files a service has there |
//! | `nth-generated:///shop/index.md` | which services there are |
//! | `nth-std:///std/http.nth` | a module of the standard library |
//!
//! A project without environments has no environment in its addresses.

mod address;
mod command;

use nth_ide::features::generated;
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::{ExecuteCommandOptions, ServerCapabilities, Url};

pub use address::{Address, of_file};
pub use command::execute;

use crate::settings::Settings;
use crate::view::View;

/// The command that shows a virtual document; its argument is the address.
pub const SHOW: &str = "nth.showGenerated";

/// The scheme of what is generated.
pub const SCHEME: &str = "nth-generated";

/// The command is there for clients that cannot ask for a document's text themselves. One that can has a command of that
/// name of its own, and would not bear two.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    if settings.virtual_documents {
        return;
    }
    let provider = capabilities
        .execute_command_provider
        .get_or_insert_with(ExecuteCommandOptions::default);
    provider.commands.push(SHOW.to_owned());
}

/// The address that all documents of a project's begin with.
pub fn folder(targets: &nthc::ir::Settings) -> String {
    address::folder(&targets.project)
}

/// What `nth/virtualDocument` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualDocumentParams {
    /// The document's address.
    pub uri: Url,
}

/// What `nth/virtualDocument` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualDocument {
    /// The text.
    pub text: String,
    /// The language, by the name that editors know it by.
    pub language_id: String,
}

/// The text of an address of what is generated; nothing where there is no such file.
fn document(view: &View, uri: &Url) -> Option<VirtualDocument> {
    let Address { project, path } = Address::read(view, uri)?;
    let address = |path: &str| of_file(view, project, path).map(String::from);
    let found = generated::document(&view.ide, project, &path, &address)?;
    Some(VirtualDocument {
        text: found.text,
        language_id: found.language.to_owned(),
    })
}

/// The text of a virtual document; nothing where the address is of none.
pub fn virtual_document(view: &View, uri: &Url) -> Option<VirtualDocument> {
    if uri.scheme() == SCHEME {
        return document(view, uri);
    }
    if uri.scheme() != crate::convert::STANDARD_SCHEME {
        return None;
    }
    let path = uri.path().trim_start_matches('/');
    let module = path.strip_suffix(".nth")?.replace('/', ".");
    let is_it = |known: &str| known == module || known.strip_prefix("std.") == Some(&*module);
    let (_, text) = nthc::session::STANDARD_LIBRARY
        .iter()
        .find(|(known, _)| is_it(known))?;
    Some(VirtualDocument {
        text: (*text).to_owned(),
        language_id: "nth".to_owned(),
    })
}
