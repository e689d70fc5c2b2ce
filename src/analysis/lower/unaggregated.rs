//! Lints of panels without aggregation, which draw one line per instance.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::read::report;
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Query, Value};
use crate::schema::names::{field, kind};
use nth_diagnostics::{Applicability, Edit, Fix};
use nth_promql::{Selector, Unaggregated, is_recorded, unaggregated};

/// The recording rules of a service, and whether their results are aggregated, so that panels need not do it.
pub(super) struct Recordings<'a> {
    /// By name: true if its query does not aggregate.
    by_name: BTreeMap<&'a SmolStr, bool>,
}

impl<'a> Recordings<'a> {
    /// Classifies the recording rules of a service.
    pub(super) fn new(service: &'a Instance) -> Self {
        let queries: Vec<(&SmolStr, &Query)> = service
            .children_of(kind::RECORDING)
            .filter_map(|recording| match recording.get(field::QUERY) {
                Value::Query(query) => Some((&recording.name, query)),
                _ => None,
            })
            .collect();
        let mut recordings = Self {
            by_name: queries.iter().map(|(name, _)| (*name, false)).collect(),
        };
        // A rule that records another one is aggregated if that one is.
        loop {
            let bare: BTreeSet<&SmolStr> = queries
                .iter()
                .filter(|(name, _)| recordings.by_name.get(name) == Some(&false))
                .filter(|(_, query)| {
                    let is_one = |selector: &Selector| recordings.has(selector);
                    !unaggregated(&query.expr, false, &is_one).is_empty()
                })
                .map(|(name, _)| *name)
                .collect();
            if bare.is_empty() {
                return recordings;
            }
            recordings
                .by_name
                .extend(bare.into_iter().map(|name| (name, true)));
        }
    }

    /// True if the series was aggregated when recorded; by the colon in its name if the rule is not this service's.
    fn has(&self, selector: &Selector) -> bool {
        let name = selector.metric.as_ref().map(|metric| &metric.text);
        match name.and_then(|name| self.by_name.get(name)) {
            Some(is_bare) => !is_bare,
            None => is_recorded(selector),
        }
    }
}

/// Reports a panel whose query does not aggregate.
pub(super) fn check_panel(
    panel: &Instance,
    recordings: &Recordings<'_>,
    diagnostics: &mut Vec<Diag>,
) {
    let Value::Query(query) = panel.get(field::QUERY) else {
        return;
    };
    let buckets =
        matches!(panel.get(field::VISUALIZATION), Value::Enum(_, member) if member == "heatmap");
    let is_one = |selector: &Selector| recordings.has(selector);
    let found = unaggregated(&query.expr, buckets, &is_one);
    let Some(first) = found.first() else {
        return;
    };
    // Fix only the panel's own text, not that of a `let` or an argument, which others may use too.
    let written = panel.span_of(field::QUERY);
    let is_own = query.span.item == written.item
        && written.range.start <= query.span.range.start
        && query.span.range.end <= written.range.end;
    let place = |expr: &Unaggregated<'_>| place(query, expr).filter(|_| is_own);
    let mut diagnostic = Diag::new(
        &codes::PANEL_WITHOUT_AGGREGATION,
        format!("panel `{}` does not aggregate", panel.name),
        place(first).unwrap_or(written),
    )
    .label("one line for every scraped series");
    diagnostic = match first.wants {
        Some("sum by (le)") => diagnostic.help(
            "sum the buckets of all instances, `sum by (le) (…)`, or of each `x`, `sum by (le, x) (…)`",
        ),
        Some("count") => diagnostic.help("count the series: `count(…)`, or `count by (x) (…)` for each \
            `x`"),
        Some(_) => diagnostic.help(
            "aggregate to one line, `sum(…)`, or to one for each `x`, `sum by (x) (…)`; use `max` or \
            `avg` for values that cannot be added",
        ),
        None => diagnostic.help(
            "aggregate each side by the labels it needs, as in `sum by (x) (…)`, or the whole query",
        ),
    };
    if let Some(fix) = fix(&found, place) {
        diagnostic.fixes.push(fix);
    }
    report(panel, diagnostics, diagnostic);
}

/// Returns the place of a vector in the item.
fn place(query: &Query, found: &Unaggregated<'_>) -> Option<Span> {
    let span = found.expr.span;
    if span.start == span.end {
        return None;
    }
    let start = query.span.range.start;
    let mut place = query.span;
    place.range.start = start + span.start;
    place.range.end = start + span.end;
    (place.range.end <= query.span.range.end).then_some(place)
}

/// Builds a fix that adds the aggregations. It may not be the intended function.
fn fix(
    found: &[Unaggregated<'_>],
    place: impl Fn(&Unaggregated<'_>) -> Option<Span>,
) -> Option<Fix<Span>> {
    let mut edits: Vec<Edit<Span>> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for one in found {
        let (wants, place) = (one.wants?, place(one)?);
        let space = if wants.ends_with(')') { " " } else { "" };
        let [mut before, mut after] = [place, place];
        before.range.end = place.range.start;
        after.range.start = place.range.end;
        // The parts of one interpolation share one place.
        if edits.iter().any(|edit| edit.span == before) {
            return None;
        }
        edits.push(Edit {
            span: before,
            replacement: format!("{wants}{space}("),
        });
        edits.push(Edit {
            span: after,
            replacement: ")".to_owned(),
        });
        if !names.contains(&wants) {
            names.push(wants);
        }
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(Fix {
        title: format!("Aggregate with {}", names.join(" and ")),
        edits,
        applicability: Applicability::Maybe,
    })
}
