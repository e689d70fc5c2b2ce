//! Signature help.

use nth_ide::features::signature::{self, Signature};
use tower_lsp::lsp_types::{
    Documentation, ParameterInformation, ParameterLabel, ServerCapabilities, SignatureHelp,
    SignatureHelpOptions, SignatureHelpParams, SignatureInformation,
};

use super::documentation::{markup, prefers_markdown};
use crate::settings::Settings;
use crate::view::View;

/// Announces signature help.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.signature_help_provider = Some(SignatureHelpOptions {
        trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
        retrigger_characters: Some(vec![":".to_owned(), ")".to_owned()]),
        ..SignatureHelpOptions::default()
    });
}

/// The signature of the innermost call around a position.
pub fn signature(view: &View, params: &SignatureHelpParams) -> Option<SignatureHelp> {
    let document = &params.text_document_position_params;
    let (project, file) = view.file(&document.text_document.uri)?;
    let offset = view.offset(project, file, document.position);
    Some(help(view, signature::signature(project, file, offset)?))
}

fn help(view: &View, found: Signature) -> SignatureHelp {
    let known = view
        .settings
        .client
        .text_document
        .as_ref()
        .and_then(|known| {
            known
                .signature_help
                .as_ref()?
                .signature_information
                .as_ref()
        });
    let offsets = known
        .and_then(|known| known.parameter_information.as_ref()?.label_offset_support)
        .unwrap_or_default();
    let as_markdown = prefers_markdown(known.and_then(|known| known.documentation_format.as_ref()));
    let documentation = |text: String| Documentation::MarkupContent(markup(&text, as_markdown));
    let mut label = format!("{}(", found.name);
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let mut parameters = Vec::new();
    for (place, (shown, doc)) in found.params.into_iter().enumerate() {
        if place > 0 {
            label.push_str(", ");
        }
        let start = units(&label);
        label.push_str(&shown);
        parameters.push(ParameterInformation {
            label: match offsets {
                true => ParameterLabel::LabelOffsets([start, units(&label)]),
                false => ParameterLabel::Simple(shown),
            },
            documentation: doc.map(documentation),
        });
    }
    label.push(')');
    if let Some(result) = found.result {
        label.push_str(" -> ");
        label.push_str(&result);
    }
    let active = found.active.and_then(|place| u32::try_from(place).ok());
    SignatureHelp {
        signatures: vec![SignatureInformation {
            label,
            documentation: found.doc.map(documentation),
            parameters: Some(parameters),
            active_parameter: active,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }
}
