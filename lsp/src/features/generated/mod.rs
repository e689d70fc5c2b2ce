//! Virtual documents: the files that a project's services generate from the current texts, and the modules of the
//! standard library.
//!
//! | address | shows |
//! |---|---|
//! | `nth-generated:///shop/production/prometheus/checkout.yaml` | a file as a build would write it below the output folder |
//! | `nth-generated:///shop/production/index/checkout.md` | the list of a service's files |
//! | `nth-generated:///shop/index.md` | the list of services |
//! | `nth-std:///std/http.nth` | a module of the standard library |
//!
//! A project without environments has no environment in its addresses.

mod address;
mod command;

use nth_ide::features::generated;
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::{ExecuteCommandOptions, ServerCapabilities, Url};

pub use address::{Address, file_uri};
pub use command::execute;

use crate::settings::Settings;
use crate::view::View;

/// The command that shows a virtual document; its argument is the URI.
pub const SHOW: &str = "nth.showGenerated";

/// The URI scheme of generated files.
pub const SCHEME: &str = "nth-generated";

/// Announces the command to clients without virtual documents. Others have a command of that name themselves, and
/// would fail on a second one.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    if settings.virtual_documents {
        return;
    }
    let provider = capabilities
        .execute_command_provider
        .get_or_insert_with(ExecuteCommandOptions::default);
    provider.commands.push(SHOW.to_owned());
}

/// The common prefix of the URIs of a project's generated files.
pub fn folder(targets: &nthc::ir::Settings) -> String {
    address::folder(&targets.project)
}

/// The parameters of `nth/virtualDocument`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualDocumentParams {
    /// The document's URI.
    pub uri: Url,
}

/// The result of `nth/virtualDocument`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualDocument {
    /// The text.
    pub text: String,
    /// The language identifier in editors.
    pub language_id: String,
}

/// The generated file at a URI; `None` if there is no such file.
fn document(view: &View, uri: &Url) -> Option<VirtualDocument> {
    let Address { project, path } = Address::read(view, uri)?;
    let address = |path: &str| file_uri(view, project, path).map(String::from);
    let found = generated::document(&view.ide, project, &path, &address)?;
    Some(VirtualDocument {
        text: found.text,
        language_id: found.language.to_owned(),
    })
}

/// The virtual document at a URI; `None` if there is no such document.
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
