//! Code lenses: their places come from names alone, their titles are computed on demand.

use nth_ide::features::code_lens::{About, Words, lenses, words};
use nth_ide::features::source::Source;
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::{
    CodeLens, CodeLensOptions, CodeLensParams, Command, ServerCapabilities, Url,
};

use super::generated::{self, SHOW};
use crate::settings::Settings;
use crate::view::View;

/// Announces code lenses with resolution.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.code_lens_provider = Some(CodeLensOptions {
        resolve_provider: Some(true),
    });
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Data {
    uri: Url,
    #[serde(flatten)]
    about: About,
}

/// The lenses of a document, without titles.
pub fn code_lens(view: &View, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let lines = view.lines(project.text(file));
    let lenses = lenses(&Source::new(project, file)).into_iter();
    let lenses = lenses.map(|lens| CodeLens {
        range: lines.range(lens.range),
        command: None,
        data: serde_json::to_value(Data {
            uri: uri.clone(),
            about: lens.about,
        })
        .ok(),
    });
    Some(lenses.collect())
}

/// Adds the title of a lens. If its block is gone, the lens cannot be clicked.
pub fn resolve(view: &View, mut lens: CodeLens) -> CodeLens {
    let data = lens.data.clone();
    let data = data.and_then(|data| serde_json::from_value::<Data>(data).ok());
    let command = data.and_then(|data| command(view, &data));
    lens.command = Some(command.unwrap_or_else(|| Command {
        title: "gone".to_owned(),
        ..Command::default()
    }));
    lens
}

/// The title of a lens, and the command that shows its file.
fn command(view: &View, data: &Data) -> Option<Command> {
    let (project, file) = view.file(&data.uri)?;
    let Words { title, shows } = words(&view.ide, project, file, &data.about)?;
    let uri = shows.and_then(|path| generated::file_uri(view, project, &path));
    // A title without a file has no command.
    Some(Command {
        title,
        command: uri.as_ref().map(|_| SHOW.to_owned()).unwrap_or_default(),
        arguments: uri.map(|uri| vec![uri.as_str().into()]),
    })
}
