//! Call hierarchy: dependencies between services. A service calls those that it depends on.

use nth_ide::features::call_hierarchy::{self, Dependencies, Service};
use nth_ide::features::definition::Cursor;
use nth_ide::view::ProjectView;
use tower_lsp::lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    CallHierarchyServerCapability, Range, ServerCapabilities, SymbolKind, TextDocumentIdentifier,
    TextDocumentPositionParams,
};

use crate::settings::Settings;
use crate::view::View;

/// Announces the call hierarchy.
pub fn offer(capabilities: &mut ServerCapabilities, _: &Settings) {
    capabilities.call_hierarchy_provider = Some(CallHierarchyServerCapability::Simple(true));
}

/// The service that the name at a cursor means: the one declared there, or the one that a dependency refers to.
pub fn prepare(view: &View, params: &CallHierarchyPrepareParams) -> Option<Vec<CallHierarchyItem>> {
    let at = view.cursor(&params.text_document_position_params)?;
    let service = call_hierarchy::service(&at)?;
    Some(vec![item(view, at.project, service)?])
}

/// The services that depend on a service.
pub fn incoming(
    view: &View,
    params: &CallHierarchyIncomingCallsParams,
) -> Option<Vec<CallHierarchyIncomingCall>> {
    let at = resolve(view, &params.item)?;
    let calls = call_hierarchy::incoming(&at)?.into_iter();
    let calls = calls.filter_map(|call| {
        Some(CallHierarchyIncomingCall {
            from_ranges: ranges(view, &call),
            from: item(view, at.project, call.service)?,
        })
    });
    Some(calls.collect())
}

/// The services that a service depends on.
pub fn outgoing(
    view: &View,
    params: &CallHierarchyOutgoingCallsParams,
) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let at = resolve(view, &params.item)?;
    let calls = call_hierarchy::outgoing(&at)?.into_iter();
    let calls = calls.filter_map(|call| {
        Some(CallHierarchyOutgoingCall {
            from_ranges: ranges(view, &call),
            to: item(view, at.project, call.service)?,
        })
    });
    Some(calls.collect())
}

fn ranges(view: &View, call: &Dependencies<'_>) -> Vec<Range> {
    let places = call.places.iter();
    places
        .map(|place| view.range(place.project, place.file, place.range))
        .collect()
}

/// The cursor at the name of the service in an earlier answer.
fn resolve<'a>(view: &'a View, item: &CallHierarchyItem) -> Option<Cursor<'a>> {
    view.cursor(&TextDocumentPositionParams {
        text_document: TextDocumentIdentifier::new(item.uri.clone()),
        position: item.selection_range.start,
    })
}

fn item(view: &View, project: &ProjectView, service: Service) -> Option<CallHierarchyItem> {
    Some(CallHierarchyItem {
        name: service.name,
        kind: SymbolKind::CLASS,
        tags: None,
        detail: Some(service.module),
        uri: view.address(project, service.file)?,
        range: view.range(project, service.file, service.range),
        selection_range: view.range(project, service.file, service.selection),
        data: None,
    })
}
