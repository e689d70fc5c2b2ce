//! The metrics, labels and values in the queries of a file. One database query per file, so that an edit recomputes
//! only that file.

use std::collections::{BTreeMap, BTreeSet};

use nthc::db::SourceFile;
use nthc::promql::functions::{aggregation, function};
use smol_str::SmolStr;

use super::lex::{Kind, OPERATORS, tokens};
use crate::cursor::lines::query_end;

/// The names in queries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Used {
    /// The metrics, sorted by name, each with the labels that have matchers.
    pub metrics: Vec<(SmolStr, Vec<SmolStr>)>,
    /// The labels, each with the values in its matchers.
    pub labels: Vec<(SmolStr, Vec<SmolStr>)>,
}

impl Used {
    /// The metrics with a prefix.
    pub fn starting_with<'u>(
        &'u self,
        prefix: &'u str,
    ) -> impl Iterator<Item = &'u (SmolStr, Vec<SmolStr>)> {
        let from = self
            .metrics
            .partition_point(|(name, _)| name.as_str() < prefix);
        let rest = self.metrics.get(from..).unwrap_or_default().iter();
        rest.take_while(move |(name, _)| name.starts_with(prefix))
    }
}

/// The names in the queries of a file.
#[salsa::tracked(returns(ref))]
pub fn names_in_queries(db: &dyn salsa::Database, file: SourceFile) -> Used {
    read(file.text(db))
}

/// The names in the queries of a text.
pub fn read(text: &str) -> Used {
    let mut metrics: BTreeMap<SmolStr, BTreeSet<SmolStr>> = BTreeMap::new();
    let mut labels: BTreeMap<SmolStr, BTreeSet<SmolStr>> = BTreeMap::new();
    for query in queries(text) {
        gather(query, &mut metrics, &mut labels);
    }
    let lists = |map: BTreeMap<SmolStr, BTreeSet<SmolStr>>| {
        map.into_iter()
            .map(|(name, of)| (name, of.into_iter().collect()))
            .collect()
    };
    Used {
        metrics: lists(metrics),
        labels: lists(labels),
    }
}

/// The metrics in a query.
pub fn metrics_of(query: &str) -> Vec<String> {
    let mut metrics = BTreeMap::new();
    gather(query, &mut metrics, &mut BTreeMap::new());
    metrics
        .into_keys()
        .map(|name: SmolStr| name.to_string())
        .collect()
}

/// The texts between backticks, outside comments and strings.
fn queries(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let skip = |from: usize, until: &[u8]| {
        let rest = bytes.get(from..).unwrap_or_default();
        let end = rest.iter().position(|byte| until.contains(byte));
        from + end.unwrap_or(rest.len())
    };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = skip(at, b"\n"),
            b'"' if bytes.get(at..at + 3) == Some(b"\"\"\"") => {
                let rest = text.get(at + 3..).unwrap_or_default();
                at += 3 + rest.find("\"\"\"").map_or(rest.len(), |end| end + 3);
            }
            b'"' => at = skip(at + 1, b"\"\n") + 1,
            b'`' => {
                let end = at + 1 + query_end(text.get(at + 1..).unwrap_or_default());
                found.extend(text.get(at + 1..end));
                at = end + 1;
            }
            _ => at += 1,
        }
    }
    found
}

fn gather(
    query: &str,
    metrics: &mut BTreeMap<SmolStr, BTreeSet<SmolStr>>,
    labels: &mut BTreeMap<SmolStr, BTreeSet<SmolStr>>,
) {
    let (all, _) = tokens(query);
    let word = |at: usize| {
        all.get(at)
            .and_then(|token| query.get(token.start..token.end))
            .unwrap_or_default()
    };
    let kind = |at: usize| all.get(at).map(|token| token.kind);
    let mut metric: Option<SmolStr> = None;
    let mut open: Vec<char> = Vec::new();
    let mut grouping = false;
    for at in 0..all.len() {
        match kind(at) {
            Some(Kind::Open(letter)) => {
                let before = at.checked_sub(1).map(word).unwrap_or_default();
                grouping = letter == '('
                    && [
                        "by",
                        "without",
                        "on",
                        "ignoring",
                        "group_left",
                        "group_right",
                    ]
                    .iter()
                    .any(|name| before.eq_ignore_ascii_case(name));
                open.push(letter);
            }
            Some(Kind::Close(_)) => {
                grouping = false;
                open.pop();
            }
            Some(Kind::Word) if grouping => {
                labels.entry(word(at).into()).or_default();
            }
            Some(Kind::Word) if open.last() == Some(&'{') => {
                let label = SmolStr::from(word(at));
                let values = labels.entry(label.clone()).or_default();
                // A regular expression is not a value.
                if matches!(word(at + 1), "=" | "!=") && kind(at + 2) == Some(Kind::Text) {
                    let value = word(at + 2).trim_matches(['"', '\'']);
                    if !value.is_empty() && !value.contains("${") {
                        values.insert(value.into());
                    }
                }
                if let Some(metric) = &metric {
                    metrics.entry(metric.clone()).or_default().insert(label);
                }
            }
            Some(Kind::Word) if open.last() != Some(&'[') => {
                let name = word(at);
                let is_metric = kind(at + 1) != Some(Kind::Open('('))
                    && !name.starts_with('$')
                    && !OPERATORS
                        .iter()
                        .any(|known| name.eq_ignore_ascii_case(known))
                    && !["inf", "nan", "start", "end"]
                        .iter()
                        .any(|known| name.eq_ignore_ascii_case(known))
                    && aggregation(name).is_none()
                    && function(name).is_none();
                if is_metric {
                    metrics.entry(name.into()).or_default();
                    metric = Some(name.into());
                }
                continue;
            }
            _ => {}
        }
        if open.is_empty() {
            metric = None;
        }
    }
}
