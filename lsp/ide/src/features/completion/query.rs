//! Completion in queries: metrics, labels and their values, functions, durations.

use nthc::promql::Type;
use nthc::promql::functions::{AGGREGATIONS, FUNCTIONS, Function};
use nthc::schema::Ty;
use nthc::schema::names::kind;
use nthc::syntax::tree::TextRange;

use super::metrics::{self, Metrics};
use super::offer::escape_snippet;
use super::{Offer, Offers, What};
use crate::cursor::read::Cursor;
use crate::features::docs::Subject;
use crate::features::promql::place::{At, Place};

/// Words between two expressions, with their descriptions.
const BETWEEN: [(&str, &str); 9] = [
    ("and", "series of the left side with a match on the right"),
    (
        "or",
        "all series of the left side, and those of the right without a match",
    ),
    (
        "unless",
        "series of the left side without a match on the right",
    ),
    ("on", "match on these labels only"),
    ("ignoring", "match on all labels except these"),
    (
        "group_left",
        "many-to-one: several series on the left for each on the right",
    ),
    (
        "group_right",
        "one-to-many: several series on the right for each on the left",
    ),
    ("offset", "shift the evaluation time back"),
    ("bool", "return 0 or 1 instead of filtering"),
];

/// Common durations in ranges.
const DURATIONS: [&str; 6] = ["5m", "1m", "10m", "30m", "1h", "1d"];

/// Offers completions in the query that starts at a token.
pub fn query(cursor: &Cursor<'_>, open: usize, ty: &Ty, offers: &mut Offers) {
    let Some(edge) = edge(cursor, open) else {
        return;
    };
    let at = At::read(edge.text, edge.offset);
    let start = cursor.start + edge.start;
    offers.word = Some(TextRange::new(start + at.word.start, start + at.word.end));
    let typed = edge
        .text
        .get(at.word.start..edge.offset)
        .unwrap_or_default();
    let next = edge.text.get(at.word.end..).unwrap_or_default();
    match &at.place {
        Place::Nothing => {}
        Place::Operand => {
            operands(cursor, typed, next, ty, offers);
        }
        Place::AfterOperand { aggregation } => {
            for word in ["by", "without"] {
                let rank = if *aggregation { 5 } else { 20 };
                let detail = match word {
                    "by" => "group by these labels",
                    _ => "group by all labels except these",
                };
                offers.add(word_offer(word, detail, rank, next, "($0)"));
            }
            if !*aggregation {
                for (word, detail) in BETWEEN {
                    let call = match word {
                        "on" | "ignoring" | "group_left" | "group_right" => "($0)",
                        _ => "",
                    };
                    offers.add(word_offer(word, detail, 10, next, call));
                }
            }
        }
        Place::Label { metric, given } => {
            let known = Metrics::new(cursor);
            for (label, rank) in known.labels(metric.as_deref()) {
                if given.contains(&label) {
                    continue;
                }
                let detail = known.values_shown(metric.as_deref(), &label);
                let mut offer = Offer::new(label.as_str(), What::Label, rank);
                offer.detail = detail;
                offers.add(if next.trim_start().starts_with(['=', '!']) {
                    offer
                } else {
                    offer
                        .snippet(format!("{label}=\"$0\""))
                        .plain(format!("{label}="))
                });
            }
        }
        Place::Grouping { metrics, given } => {
            let known = Metrics::new(cursor);
            let mut seen: Vec<String> = given.clone();
            let of_metrics = metrics.iter().map(|name| Some(name.as_str()));
            for metric in of_metrics.chain([None]) {
                for (label, rank) in known.labels(metric) {
                    if !seen.contains(&label) {
                        seen.push(label.clone());
                        let rank = if metric.is_some() { rank } else { rank + 20 };
                        offers.add(Offer::new(label, What::Label, rank));
                    }
                }
            }
        }
        Place::Value {
            metric,
            label,
            is_regex,
        } => {
            let known = Metrics::new(cursor);
            for (value, rank) in known.values(metric.as_deref(), label) {
                let written = match is_regex {
                    true => nthc::promql::escape_regex(&value).replace('\\', "\\\\"),
                    false => value.replace('\\', "\\\\").replace('"', "\\\""),
                };
                offers.add(Offer::new(value.as_str(), What::Text, rank).types(&written));
            }
        }
        Place::Duration => durations(ty, offers),
    }
}

/// The query around the cursor.
struct Edge<'a> {
    text: &'a str,
    /// Its start, from the start of the item.
    start: usize,
    /// The cursor, from the start of the query.
    offset: usize,
}

fn edge<'a>(cursor: &Cursor<'a>, open: usize) -> Option<Edge<'a>> {
    let tokens = cursor.scope.tokens;
    let start = tokens.all.get(open)?.end;
    let end = tokens.all.get(tokens.partner(open))?.start;
    Some(Edge {
        text: tokens.text.get(start..end.max(cursor.offset))?,
        start,
        offset: cursor.offset.checked_sub(start)?,
    })
}

fn word_offer(word: &str, detail: &str, rank: u16, next: &str, call: &str) -> Offer {
    let offer = Offer::new(word, What::Keyword, rank).detail(detail);
    if call.is_empty() || next.starts_with('(') {
        offer.types(word)
    } else {
        let space = if matches!(word, "by" | "without" | "on" | "ignoring") {
            " "
        } else {
            ""
        };
        offer
            .snippet(format!("{word}{space}{call}"))
            .plain(format!("{word}{space}("))
    }
}

fn operands(cursor: &Cursor<'_>, typed: &str, next: &str, ty: &Ty, offers: &mut Offers) {
    let is_call = next.starts_with('(');
    let known = Metrics::new(cursor);
    offers.is_incomplete |= known.series(typed, &mut |series| offers.all.push(series));
    holes(cursor, offers);
    // A selector has no functions.
    if only_selector(ty) {
        return;
    }
    for known in AGGREGATIONS {
        let offer = Offer::new(known.name, What::Function, 40)
            .detail(match known.param {
                Some(param) => format!("{}({param}, instant vector)", known.name),
                None => format!("{}(instant vector)", known.name),
            })
            .about(Subject::Promql(known.name.into()));
        let places = match known.param {
            Some(Type::String) => "(\"$1\", $0)",
            Some(_) => "($1, $0)",
            None => "($0)",
        };
        offers.add(if is_call {
            offer
        } else {
            offer
                .snippet(format!("{}{places}", known.name))
                .plain(format!("{}(", known.name))
        });
    }
    for known in FUNCTIONS {
        let rank = if known.experimental { 60 } else { 50 };
        let offer = Offer::new(known.name, What::Function, rank)
            .detail(format!("{} -> {}", known.signature(), known.result))
            .about(Subject::Promql(known.name.into()));
        offers.add(if is_call {
            offer
        } else {
            offer
                .snippet(format!("{}{}", known.name, places(known, ty)))
                .plain(format!("{}(", known.name))
        });
    }
}

/// True if only a selector is allowed.
fn only_selector(ty: &Ty) -> bool {
    match ty.required() {
        Ty::Selector => true,
        Ty::Union(members) => members.iter().all(only_selector),
        _ => false,
    }
}

/// The arguments of a call: a range selector if one is expected.
fn places(function: &Function, ty: &Ty) -> String {
    let window = match takes_window(ty) {
        true => "\\$window",
        false => "5m",
    };
    let places: Vec<String> = function
        .args
        .iter()
        .take(function.min_args)
        .zip(1..)
        .map(|(of, place)| match of {
            Type::RangeVector => format!("${place}[${{{}:{window}}}]", place + 10),
            Type::String => format!("\"${place}\""),
            _ => format!("${place}"),
        })
        .collect();
    format!("({})", places.join(", "))
}

fn takes_window(ty: &Ty) -> bool {
    match ty.required() {
        Ty::Windowed => true,
        Ty::Union(members) => members.iter().any(takes_window),
        _ => false,
    }
}

/// Offers values in scope, to be interpolated into the query.
fn holes(cursor: &Cursor<'_>, offers: &mut Offers) {
    let scope = &cursor.scope;
    let mut add = |name: &str, detail: String, rank: u16| {
        let text = format!("${{{name}}}");
        let mut offer = Offer::new(text.as_str(), What::Let, rank)
            .detail(detail)
            .types(&text);
        offer.filter = Some(name.to_owned());
        offers.all.push(offer);
    };
    for place in (0..scope.blocks.len()).rev() {
        for (kind, name) in scope.children(place) {
            if kind == kind::SIGNAL {
                add(&super::bodies::name_text(&name), "signal".to_owned(), 5);
            }
        }
    }
    for local in &scope.locals {
        let ty = scope
            .path(&[&local.name], 8)
            .map_or(Ty::Any, |thing| thing.ty(scope));
        add(&local.name, ty.to_string(), 30);
    }
    for (name, detail) in metrics::lets(cursor) {
        add(&name, detail, 35);
    }
}

fn durations(ty: &Ty, offers: &mut Offers) {
    let rank = if takes_window(ty) { 5 } else { 30 };
    offers.add(
        Offer::new("$window", What::Literal, rank)
            .detail("the window that the compiler substitutes")
            .snippet(escape_snippet("$window")),
    );
    for (place, text) in DURATIONS.iter().enumerate() {
        let rank = 10 + u16::try_from(place).unwrap_or_default();
        offers.add(Offer::new(*text, What::Literal, rank).detail("duration"));
    }
}
