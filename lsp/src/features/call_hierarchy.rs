//! Which service depends on which, as a hierarchy of calls: who depends on a service calls it.

use nthc::check::project::name_span;
use nthc::db::{ItemKey, item_entry, item_start, parsed};
use tower_lsp::lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    CallHierarchyServerCapability, Range, ServerCapabilities, SymbolKind, TextDocumentIdentifier,
    TextDocumentPositionParams,
};

use crate::features::definition::{Cursor, cursor};
use crate::navigation::calls::Call;
use crate::settings::Settings;
use crate::view::{ProjectView, View};

/// Dependencies can be followed in both directions.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.call_hierarchy_provider = Some(CallHierarchyServerCapability::Simple(true));
}

/// The service that the name at a cursor means: its own, or the one that a dependency is.
pub fn prepare(view: &View, params: &CallHierarchyPrepareParams) -> Option<Vec<CallHierarchyItem>> {
    let at = cursor(view, &params.text_document_position_params)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let service = at.names.service_of(&written.name.meaning)?;
    Some(vec![item(view, at.project, service)?])
}

/// The services that depend on one.
pub fn incoming(
    view: &View,
    params: &CallHierarchyIncomingCallsParams,
) -> Option<Vec<CallHierarchyIncomingCall>> {
    let (at, service) = resolve(view, &params.item)?;
    let calls = at.names.incoming(service).into_iter().filter_map(|call| {
        Some(CallHierarchyIncomingCall {
            from: item(view, at.project, call.service)?,
            from_ranges: ranges(view, at.project, &call),
        })
    });
    Some(calls.collect())
}

/// The services that one depends on.
pub fn outgoing(
    view: &View,
    params: &CallHierarchyOutgoingCallsParams,
) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let (at, service) = resolve(view, &params.item)?;
    let calls = at.names.outgoing(service).into_iter().filter_map(|call| {
        Some(CallHierarchyOutgoingCall {
            to: item(view, at.project, call.service)?,
            from_ranges: ranges(view, at.project, &call),
        })
    });
    Some(calls.collect())
}

fn ranges(view: &View, project: &ProjectView, call: &Call) -> Vec<Range> {
    let places = call.places.iter();
    places.map(|place| view.range_of(project, *place)).collect()
}

/// The service that an item of an earlier answer stands for, by where its name is.
fn resolve<'a>(view: &'a View, item: &CallHierarchyItem) -> Option<(Cursor<'a>, ItemKey)> {
    let place = TextDocumentPositionParams {
        text_document: TextDocumentIdentifier::new(item.uri.clone()),
        position: item.selection_range.start,
    };
    let at = cursor(view, &place)?;
    let written = at.names.name_at(at.file, at.offset)?;
    let service = at.names.service_of(&written.name.meaning)?;
    Some((at, service))
}

fn item(view: &View, project: &ProjectView, service: ItemKey) -> Option<CallHierarchyItem> {
    let entry = item_entry(project.db(), service)?;
    let start = item_start(project.db(), service);
    let items = &parsed(project.db(), service.file).items;
    let tree = items.iter().find(|(at, _)| *at == start)?;
    let whole = nthc::syntax::tree::TextRange {
        start,
        end: start + tree.1.len,
    };
    Some(CallHierarchyItem {
        name: entry.name.to_string(),
        kind: SymbolKind::CLASS,
        tags: None,
        detail: Some(service.file.module(project.db()).to_string()),
        uri: view.address(project, service.file)?,
        range: view.range(project, service.file, whole),
        selection_range: view.range_of(project, name_span(project.db(), service)),
        data: None,
    })
}
