//! The removal of metrics' names.

use nth_promql::Span;

use crate::error::Error;
use crate::functions::unite;
use crate::names::without_metadata;
use crate::value::Series;

/// Removes the names of a result that were to be removed at the end.
pub(super) fn finished(mut all: Vec<Series>, span: Span) -> Result<Vec<Series>, Error> {
    let mut any = false;
    for series in &mut all {
        if std::mem::take(&mut series.drops_name) {
            series.labels = without_metadata(&series.labels);
            any = true;
        }
    }
    if any { unite(all, span) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::eval::{Options, evaluate};
    use crate::labels::METRIC_NAME;
    use crate::names::NameRemoval;
    use crate::store::MemoryStore;
    use crate::value::{Evaluated, FloatSample, Steps};

    #[test]
    fn names_are_removed_at_once_or_at_the_end() {
        let mut store = MemoryStore::new();
        for name in ["a_total", "b_total"] {
            let labels = [(METRIC_NAME, name), ("job", "x")].into_iter().collect();
            store.add_float(&labels, FloatSample { at: 0, value: 1.0 });
        }
        let run = |query: &str, name_removal| {
            let options = Options {
                name_removal,
                ..Options::default()
            };
            let expr = nth_promql::parse(query).unwrap();
            match evaluate(&expr, &store, Steps::instant(0), &options) {
                Ok((Evaluated::Vector(series), _)) => {
                    assert!(series.iter().all(|series| !series.drops_name));
                    let labels = series.iter().map(|series| series.labels.to_string());
                    labels.collect::<Vec<_>>().join(" ")
                }
                other => format!("{:?}", other.map_err(|error| error.message)),
            }
        };
        let duplicate = r#"Err("vector cannot contain metrics with the same labelset")"#;
        let copied = r#"label_replace(-{job="x"}, "name", "$1", "__name__", "(.*)_total")"#;
        for (query, at_once, at_end) in [
            (r#"-{job="x"}"#, duplicate, duplicate),
            (
                copied,
                duplicate,
                r#"{job="x", name="a"} {job="x", name="b"}"#,
            ),
            (r#"sum by (job) (-{job="x"})"#, duplicate, r#"{job="x"}"#),
            ("sum by (__name__) (-a_total)", "{}", "{}"),
            ("-a_total", r#"{job="x"}"#, r#"{job="x"}"#),
        ] {
            assert_eq!(run(query, NameRemoval::AtOnce), at_once, "{query}");
            assert_eq!(run(query, NameRemoval::AtEnd), at_end, "{query}");
        }
    }
}
