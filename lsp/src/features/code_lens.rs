//! Code lenses: what they are about is known from names alone; what they say is counted for those that are looked at.

use nth_ide::features::code_lens::{About, Words, lenses, words};
use nth_ide::features::source::Source;
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::{
    CodeLens, CodeLensOptions, CodeLensParams, Command, ServerCapabilities, Url,
};

use super::generated::{self, SHOW};
use crate::settings::Settings;
use crate::view::View;

/// Lenses are given, and count when they are looked at.
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

/// The lenses of a document, which say nothing yet.
pub fn code_lens(view: &View, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    let uri = &params.text_document.uri;
    let (project, file) = view.file(uri)?;
    let lines = view.lines(project.text(file));
    let lenses = lenses(&Source::of(project, file)).into_iter();
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

/// A lens with what it says. One whose block is gone says nothing that can be clicked.
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

/// What a lens says, and what shows the file that it is about.
fn command(view: &View, data: &Data) -> Option<Command> {
    let (project, file) = view.file(&data.uri)?;
    let Words { title, shows } = words(&view.ide, project, file, &data.about)?;
    let uri = shows.and_then(|path| generated::of_file(view, project, &path));
    // Words that show nothing do nothing when they are clicked.
    Some(Command {
        title,
        command: uri.as_ref().map(|_| SHOW.to_owned()).unwrap_or_default(),
        arguments: uri.map(|uri| vec![uri.as_str().into()]),
    })
}
