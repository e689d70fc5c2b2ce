//! The parameters of what is called around the cursor: templates, functions, and PromQL's functions between backticks.

use nthc::promql::functions::{Function, aggregation, function};
use nthc::schema::COMPILE_TIME;
use smol_str::SmolStr;
use tower_lsp::lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel,
    ServerCapabilities, SignatureHelp, SignatureHelpOptions, SignatureHelpParams,
    SignatureInformation,
};

use crate::cursor::calls::Param;
use crate::cursor::place::{CallAt, Callee, Cursor, Part, Place};
use crate::features::docs::{Subject, plain};
use crate::features::promql::place::{At, Call};
use crate::settings::Settings;
use crate::view::View;

/// Parameters can be shown.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.signature_help_provider = Some(SignatureHelpOptions {
        trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
        retrigger_characters: Some(vec![":".to_owned(), ")".to_owned()]),
        ..SignatureHelpOptions::default()
    });
}

/// A signature in this crate's words.
struct Signature {
    name: String,
    params: Vec<(String, Option<String>)>,
    result: Option<String>,
    active: Option<usize>,
    doc: Option<String>,
}

/// The signature of the innermost call around a position.
pub fn signature(view: &View, params: &SignatureHelpParams) -> Option<SignatureHelp> {
    let document = &params.text_document_position_params;
    let (project, file) = view.file(&document.text_document.uri)?;
    let offset = view.offset(project, file, document.position);
    let (db, workspace) = (project.db(), project.workspace());
    let part = Part::at(db, file, offset);
    let tokens = part.tokens();
    let cursor = Cursor::read(db, workspace, file, &part, &tokens)?;
    let found = match &cursor.place {
        Place::Query(open, _) => of_query(&cursor, *open),
        _ => None,
    };
    let found = found.or_else(|| of_call(&cursor, cursor.calls.last()?))?;
    Some(help(view, found))
}

fn of_call(cursor: &Cursor<'_>, call: &CallAt) -> Option<Signature> {
    let scope = &cursor.scope;
    let params = scope.params(&call.callee);
    let active = active(&call.callee, cursor, call, &params);
    let (db, workspace) = (scope.lookup.db, scope.lookup.workspace);
    let (name, result, doc) = match &call.callee {
        Callee::Base(kind, path) => {
            let template = scope.template(kind, path)?;
            (
                path.join("."),
                Some(kind.to_string()),
                template.doc.as_ref().map(ToString::to_string),
            )
        }
        Callee::Function(name) => {
            let known = scope.lookup.schema.functions.get(name.as_str());
            let computed = COMPILE_TIME.iter().find(|known| known.name == name);
            let result = match (known, computed) {
                (Some(known), _) => Some(known.result.to_string()),
                (None, Some(known)) => known
                    .signature
                    .split_once(" -> ")
                    .map(|(_, result)| result.to_owned()),
                (None, None) => return None,
            };
            let doc = Subject::Function(name.as_str().into()).text(db, workspace);
            (name.clone(), result, doc)
        }
    };
    Some(Signature {
        name,
        params: params
            .iter()
            .map(|param| {
                let doc = param.doc.as_ref().map(|doc| doc.trim().to_owned());
                (param.shown(), doc)
            })
            .collect(),
        result,
        active,
        doc,
    })
}

/// The parameter that the cursor is at: by its name, or by its place where it has none.
fn active(callee: &Callee, cursor: &Cursor<'_>, call: &CallAt, params: &[Param]) -> Option<usize> {
    let place = call.arguments.len().checked_sub(1)?;
    let by_name = |name: &str| params.iter().position(|param| param.name == name);
    match call.arguments.last()? {
        Some(name) => by_name(name),
        None if place == 0 || cursor.scope.is_positional(callee) => Some(place),
        // Where only the first may go without a name, the next one that is not given is next.
        None => {
            let given = |param: &Param| call.named.iter().any(|name| *name == param.name);
            let first = call.arguments.first().is_some_and(Option::is_none);
            params
                .iter()
                .enumerate()
                .position(|(place, param)| !(given(param) || first && place == 0))
        }
    }
    .filter(|place| *place < params.len())
}

fn of_query(cursor: &Cursor<'_>, open: usize) -> Option<Signature> {
    let tokens = cursor.scope.tokens;
    let start = tokens.all.get(open)?.end;
    let end = tokens.all.get(tokens.partner(open))?.start;
    let text = tokens.text.get(start..end.max(cursor.offset))?;
    let Call { name, argument } = At::read(text, cursor.offset.checked_sub(start)?).call?;
    let lookup = cursor.scope.lookup;
    let doc = Subject::Promql(SmolStr::from(name.to_ascii_lowercase()));
    let doc = doc.text(lookup.db, lookup.workspace);
    if let Some(known) = function(&name) {
        let params = parameters(known);
        let last = params.len().checked_sub(1);
        return Some(Signature {
            active: last.map(|last| argument.min(last)),
            params: params.into_iter().map(|param| (param, None)).collect(),
            result: Some(known.result.to_string()),
            name,
            doc,
        });
    }
    let known = aggregation(&name)?;
    let mut params: Vec<(String, Option<String>)> = Vec::new();
    params.extend(known.param.map(|param| (param.to_string(), None)));
    params.push(("instant vector".to_owned(), None));
    Some(Signature {
        active: Some(argument.min(params.len() - 1)),
        params,
        result: Some("instant vector".to_owned()),
        name,
        doc,
    })
}

/// The types of a function's parameters, those that may be left out with a question mark.
fn parameters(function: &Function) -> Vec<String> {
    let signature = function.signature();
    let inner = signature
        .split_once('(')
        .and_then(|(_, inner)| inner.strip_suffix(')'))
        .unwrap_or_default();
    match inner.is_empty() {
        true => Vec::new(),
        false => inner.split(", ").map(str::to_owned).collect(),
    }
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
    let markdown = known
        .and_then(|known| known.documentation_format.as_ref()?.first())
        .is_some_and(|format| *format == MarkupKind::Markdown);
    let documentation = |text: String| {
        Documentation::MarkupContent(MarkupContent {
            kind: match markdown {
                true => MarkupKind::Markdown,
                false => MarkupKind::PlainText,
            },
            value: if markdown { text } else { plain(&text) },
        })
    };
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
