//! Signature help: parameters of templates and functions, and of PromQL functions in queries.

use nthc::promql::functions::{Function, aggregation, function};
use nthc::schema::COMPILE_TIME;
use smol_str::SmolStr;

use crate::cursor::calls::Param;
use crate::cursor::place::{CallAt, Callee, Place};
use crate::cursor::read::{Cursor, Part};
use crate::features::docs::Subject;
use crate::features::promql::place::{At, Call};
use crate::view::ProjectView;
use nthc::db::SourceFile;

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the template or function.
    pub name: String,
    /// The labels of the parameters, with their documentation.
    pub params: Vec<(String, Option<String>)>,
    /// The type of the result.
    pub result: Option<String>,
    /// The index of the parameter at the cursor.
    pub active: Option<usize>,
    /// The documentation, in Markdown.
    pub doc: Option<String>,
}

/// The signature of the innermost call around a byte of a file.
pub fn signature(project: &ProjectView, file: SourceFile, offset: usize) -> Option<Signature> {
    let (db, workspace) = (project.db(), project.workspace());
    let part = Part::at_offset(db, file, offset);
    let tokens = part.tokens();
    let cursor = Cursor::read(db, workspace, file, &part, &tokens)?;
    let found = match &cursor.place {
        Place::Query(open, _) => query_signature(&cursor, *open),
        _ => None,
    };
    found.or_else(|| call_signature(&cursor, cursor.calls.last()?))
}

fn call_signature(cursor: &Cursor<'_>, call: &CallAt) -> Option<Signature> {
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
                (param.declaration(), doc)
            })
            .collect(),
        result,
        active,
        doc,
    })
}

/// The index of the parameter at the cursor: by name, or by position.
fn active(callee: &Callee, cursor: &Cursor<'_>, call: &CallAt, params: &[Param]) -> Option<usize> {
    let place = call.arguments.len().checked_sub(1)?;
    let by_name = |name: &str| params.iter().position(|param| param.name == name);
    match call.arguments.last()? {
        Some(name) => by_name(name),
        None if place == 0 || cursor.scope.is_positional(callee) => Some(place),
        // If only the first may be positional, the first one that is not given is next.
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

fn query_signature(cursor: &Cursor<'_>, open: usize) -> Option<Signature> {
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

/// The types of a function's parameters; optional ones have a question mark.
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
