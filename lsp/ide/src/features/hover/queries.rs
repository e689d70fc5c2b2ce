//! Hover in queries: the word at the cursor, and the whole query as in the generated rules.

use nthc::backends::prometheus::layout;
use nthc::catalogue::{Lookup, Metric, MetricType, Scope, metrics_under, section_of, selector_of};
use nthc::db::{ItemClass, ItemKey, Span, item_entry};
use nthc::eval::{BlockRef, Instance, Query, Value, query_scope};
use nthc::promql::classify::metrics;
use nthc::promql::functions::{aggregation, function};
use nthc::promql::{LabelMatchers, MetricName, Modifiers, Selector, Span as Place};
use nthc::syntax::tree::{Expr, ExprNode, QueryLit, TextRange};
use smol_str::SmolStr;

use crate::features::markup::{Line, Markup};
use crate::features::semantic_tokens::promql::{Lexeme, Word, lexemes};
use crate::features::source::{Placed, Source};
use crate::nodes::{Node, walk_item};

use super::rules;

/// Maximum number of other places shown.
const MOST: usize = 8;
/// Maximum number of other places searched.
const MOST_READERS: usize = 100;

/// The hover at a byte of a query.
pub fn query_hover(
    source: &Source<'_>,
    placed: &Placed<'_>,
    expr: &Expr,
    query: &QueryLit,
    offset: u32,
) -> Option<(TextRange, Markup)> {
    let local = offset.checked_sub(query.text_range.start)?;
    let masked = query.masked();
    let words = lexemes(&masked);
    // A byte between two words belongs to the second one.
    let lexeme = words
        .iter()
        .rfind(|found| found.range.start <= local && local <= found.range.end);
    let block = source
        .notes(placed.key)
        .body_at(expr.range.start)
        .and_then(|body| body.block.clone());
    let here = Here {
        source,
        key: placed.key,
        expr,
        block: block.as_ref(),
    };
    let whole = here.whole_query();
    let Some(lexeme) = lexeme else {
        return Some((query.text_range, whole));
    };
    let text = masked.get(lexeme.range.start as usize..lexeme.range.end as usize)?;
    let range = lexeme.range.shifted(query.text_range.start);
    let shown = here.word(text, lexeme, &words, &masked);
    Some(match shown {
        Some(shown) => (range, shown.then(whole)),
        None => (query.text_range, whole),
    })
}

/// A query in its item.
struct Here<'a, 's> {
    source: &'a Source<'s>,
    key: ItemKey,
    expr: &'a Expr,
    block: Option<&'a BlockRef>,
}

impl Here<'_, '_> {
    /// The query in an environment, with the labels of its block.
    fn generated(&self, environment: &Option<SmolStr>) -> Option<Query> {
        let span = Span {
            item: self.key,
            range: self.expr.range,
        };
        let root = self.block.map(|block| BlockRef {
            path: Vec::new(),
            ..block.clone()
        });
        let of_instance = root
            .and_then(|root| self.source.instance(&root, environment))
            .and_then(|root| written_at(root, span));
        of_instance.or_else(|| {
            let values = &self.source.notes(self.key).values;
            let place = values.iter().find(|place| place.range == self.expr.range)?;
            match &place.value {
                Value::Query(query) => Some(query.clone()),
                _ => None,
            }
        })
    }

    /// The whole query, as in the generated rules.
    fn whole_query(&self) -> Markup {
        let class = item_entry(self.source.db, self.key).map(|entry| entry.class);
        if class == Some(ItemClass::Template) {
            return Markup::default().line(Line::default().text(
                "Labels are added, and interpolations filled in, where the template is used.",
            ));
        }
        let found = self.source.everywhere(|environment| {
            let query = self.generated(environment)?;
            Some(layout(&query.expr))
        });
        let mut markup = Markup::default();
        for (environments, text) in found {
            let line = Line::default().text("With labels added");
            let line = match environments.as_slice() {
                [] => line.text(":"),
                names => line.text(", in ").codes(names.to_vec()).text(":"),
            };
            markup = markup.line(line).query(text);
        }
        markup
    }

    fn word(&self, text: &str, lexeme: &Lexeme, words: &[Lexeme], masked: &str) -> Option<Markup> {
        match lexeme.word {
            Word::Function => {
                let known = function(text)?;
                let markup = Markup::default()
                    .query(known.signature())
                    .doc(Some(known.doc));
                Some(if known.experimental {
                    markup.line(
                        Line::default()
                            .text("Experimental: requires a feature flag in Prometheus."),
                    )
                } else {
                    markup
                })
            }
            Word::Aggregation => {
                let known = aggregation(text)?;
                let param = if known.param.is_some() {
                    "parameter, "
                } else {
                    ""
                };
                let signature = format!("{} by (labels) ({param}vector)", known.name);
                Some(Markup::default().query(signature).doc(Some(known.doc)))
            }
            Word::Metric => Some(self.metric(text, lexeme)),
            Word::Label => Some(self.label(text, lexeme, words, masked)),
            Word::Window => Some(self.window()),
            Word::Keyword => keyword(text).map(|doc| Markup::default().query(text).doc(Some(doc))),
            Word::Number | Word::Text | Word::Operator | Word::Comment => None,
        }
    }

    /// The values of `$window` in the generated rules.
    fn window(&self) -> Markup {
        let markup = Markup::default().query("$window").doc(Some(
            "A window that the compiler substitutes. SLOs are evaluated over several.",
        ));
        let windows = self
            .block
            .map(|block| rules::windows(self.source, block))
            .unwrap_or_default();
        if windows.is_empty() {
            markup
        } else {
            markup.line(Line::default().text("Value: ").codes(windows))
        }
    }

    fn scope(&self, environment: &Option<SmolStr>) -> Scope {
        self.block
            .map(|block| {
                query_scope(
                    self.source.db,
                    self.source.workspace,
                    block,
                    environment.clone(),
                )
            })
            .unwrap_or_default()
    }

    /// The selector of a metric, with its labels in an environment.
    fn selector(&self, name: &str, lexeme: &Lexeme, environment: &Option<SmolStr>) -> Selector {
        let at = Place {
            start: lexeme.range.start,
            end: lexeme.range.end,
        };
        let is_it = |selector: &&Selector| {
            let metric = selector.metric.as_ref();
            metric.is_some_and(|metric| metric.text == name && metric.span == at)
        };
        self.generated(environment)
            .and_then(|query| metrics(&query.expr).find(is_it).cloned())
            .unwrap_or_else(|| Selector {
                metric: Some(MetricName {
                    text: name.into(),
                    span: at,
                }),
                matchers: Vec::new(),
                modifiers: Modifiers::default(),
            })
    }

    /// A metric: its catalogue entry, and the other queries with it.
    fn metric(&self, name: &str, lexeme: &Lexeme) -> Markup {
        let found = self.source.everywhere(|environment| {
            let scope = self.scope(environment);
            if scope.records(name) {
                return Some(Known::Recorded);
            }
            let selector = self.selector(name, lexeme, environment);
            let section = section_of(&selector, &scope);
            let known = metrics_under(
                self.source.db,
                self.source.workspace,
                environment.clone(),
                section.clone(),
            );
            Some(match known.metric(name) {
                Lookup::Found(part) => Known::Found {
                    metric: part.metric.clone(),
                    declared: known
                        .section
                        .as_ref()
                        .is_none_or(|section| !section.metrics.contains_key(part.name)),
                    section,
                },
                Lookup::Absent => Known::Absent(section),
                Lookup::Unknown => {
                    let has_catalogue = self.source.workspace.catalogue(self.source.db).is_some();
                    Known::Unclaimed(has_catalogue.then_some(section))
                }
            })
        });
        let mut markup = Markup::default().query(name);
        for (environments, known) in found {
            if !environments.is_empty() {
                markup = markup.line(Line::default().text("In ").codes(environments).text(":"));
            }
            markup = markup.then(self.catalogue_entry(&known));
        }
        let readers = self.readers(name);
        if readers.is_empty() {
            markup
        } else {
            let more = readers.len().saturating_sub(MOST);
            let line = Line::default()
                .text("Also used by ")
                .codes(readers.into_iter().take(MOST));
            markup.line(match more {
                0 => line,
                more if more + MOST >= MOST_READERS => line.text(" and many more"),
                more => line.text(format!(" and {more} more")),
            })
        }
    }

    fn catalogue_entry(&self, known: &Known) -> Markup {
        let under = |line: Line, section: &str| match section {
            "{}" => line,
            section => line.text(" under ").code(section.to_owned()),
        };
        match known {
            Known::Recorded => {
                Markup::default().line(Line::default().text("Recorded by the service's own rules."))
            }
            Known::Found {
                metric,
                declared,
                section,
            } => {
                let line = Line::default().strong(type_name(metric.metric_type));
                let line = match declared {
                    true => line.text(", declared by the project"),
                    false => under(line.text(", in the metric catalog"), section),
                };
                let mut markup = Markup::default().line(line);
                if let Some(help) = &metric.help {
                    let words: Vec<&str> = help.split_whitespace().collect();
                    markup = markup.line(Line::default().text(words.join(" ")));
                }
                let mut lines = Vec::new();
                if !metric.labels.is_empty() {
                    let labels = metric.labels.iter().cloned();
                    lines.push(Line::default().text("Labels: ").codes(labels));
                }
                if !metric.buckets.is_empty() {
                    let buckets = metric.buckets.iter().cloned();
                    lines.push(Line::default().text("Buckets: ").codes(buckets));
                }
                if let Some(unit) = &metric.unit {
                    lines.push(Line::default().text("Unit: ").code(unit.clone()));
                }
                if metric.native {
                    lines.push(Line::default().text("Stored as a native histogram"));
                }
                markup.list(lines)
            }
            Known::Absent(section) => Markup::default()
                .line(under(Line::default().text("Not in the metric catalog"), section).text(".")),
            Known::Unclaimed(section) => Markup::default().line(match section {
                Some(section) => Line::default()
                    .text("Not checked: nothing was pulled for selector ")
                    .code(section.clone())
                    .text("."),
                None => Line::default()
                    .text("Not checked: there is no metric catalog, and no ")
                    .code("metric")
                    .text(" block declares it."),
            }),
        }
    }

    /// The project's other items whose queries contain the metric, such as `service checkout`.
    fn readers(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for file in self.source.all_files() {
            let other = self.source.with_file(file);
            if found.len() >= MOST_READERS {
                break;
            }
            if nthc::schema::is_standard(other.db, file) || !other.text().contains(name) {
                continue;
            }
            for placed in other.items().filter(|placed| placed.key != self.key) {
                let mut reads = false;
                walk_item(&placed.item.node, &mut |node| {
                    if let Node::Expr(expr) = node
                        && let ExprNode::Query(query) = &expr.node
                        && query.text.contains(name)
                    {
                        let masked = query.masked();
                        reads |= lexemes(&masked).iter().any(|lexeme| {
                            let range = lexeme.range.start as usize..lexeme.range.end as usize;
                            lexeme.word == Word::Metric && masked.get(range) == Some(name)
                        });
                    }
                });
                if reads && let Some(entry) = item_entry(other.db, placed.key) {
                    let kind = match entry.class {
                        ItemClass::Template => "template",
                        ItemClass::Let => "let",
                        _ => entry.kind.as_str(),
                    };
                    found.push(format!("{kind} {}", entry.name).trim().to_owned());
                }
            }
        }
        found
    }

    /// A label: whether the block sets it, and its known values.
    fn label(&self, name: &str, lexeme: &Lexeme, words: &[Lexeme], masked: &str) -> Markup {
        let mut markup = Markup::default().line(Line::default().text("Label ").code(name));
        let metric = words
            .iter()
            .rfind(|word| word.range.start < lexeme.range.start && word.word == Word::Metric);
        let metric_name = metric
            .and_then(|metric| masked.get(metric.range.start as usize..metric.range.end as usize));
        let found = self.source.everywhere(|environment| {
            let scope = self.scope(environment);
            let set = scope.labels.contains(name).then(|| {
                let mut set = LabelMatchers::default();
                set.copy(name, &scope.labels);
                set
            });
            let values = metric.zip(metric_name).and_then(|(lexeme, metric)| {
                let selector = self.selector(metric, lexeme, environment);
                let known = metrics_under(
                    self.source.db,
                    self.source.workspace,
                    environment.clone(),
                    section_of(&selector, &scope),
                );
                match known.metric(metric) {
                    Lookup::Found(part) => part.metric.values.get(name).cloned(),
                    _ => None,
                }
            });
            let mut line = Line::default();
            match (&set, &values) {
                (None, None) => return None,
                (Some(value), _) => {
                    line = line
                        .text("From the block's ")
                        .code("selector")
                        .text(": ")
                        .code(selector_of(value));
                }
                (None, Some(values)) => {
                    line = line
                        .text("Values in the metric catalog: ")
                        .codes(values.iter().cloned());
                }
            }
            Some(line)
        });
        markup = markup.then(super::blocks::differing(found));
        markup
    }
}

/// The catalogue's information about a metric in an environment.
#[derive(PartialEq)]
enum Known {
    Recorded,
    Found {
        metric: Metric,
        declared: bool,
        section: String,
    },
    Absent(String),
    /// The selector was not pulled; `None` if there is no catalogue.
    Unclaimed(Option<String>),
}

/// The query of a block, or of a nested block, written at a range.
fn written_at(instance: &Instance, span: Span) -> Option<Query> {
    let own = instance.fields.values().find_map(|field| {
        let queries: Vec<&Query> = match &field.value {
            Value::Query(query) => vec![query],
            Value::List(items) => items
                .iter()
                .filter_map(|item| match item {
                    Value::Query(query) => Some(query),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        // A query's own range is between its backticks.
        let inside = TextRange {
            start: span.range.start + 1,
            end: span.range.end.saturating_sub(1),
        };
        queries
            .into_iter()
            .find(|query| query.span.item == span.item && query.span.range == inside)
            .cloned()
    });
    own.or_else(|| {
        instance
            .children
            .iter()
            .find_map(|child| written_at(child, span))
    })
}

fn type_name(of: MetricType) -> &'static str {
    match of {
        MetricType::Counter => "Counter",
        MetricType::Gauge => "Gauge",
        MetricType::Histogram => "Histogram",
        MetricType::GaugeHistogram => "Gauge histogram",
        MetricType::Summary => "Summary",
        MetricType::Info => "Info",
        MetricType::StateSet => "State set",
        MetricType::Unknown => "Metric of unknown type",
    }
}

/// The description of a PromQL keyword.
fn keyword(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "by" => "Aggregates by these labels.",
        "without" => "Aggregates by all labels except these.",
        "on" => "Matches series of the two sides on these labels.",
        "ignoring" => "Matches series of the two sides on all labels except these.",
        "group_left" => {
            "Many-to-one matching: several series of the left side can match one of the right, and get \
            its labels in parentheses."
        }
        "group_right" => {
            "One-to-many matching: several series of the right side can match one of the left, and get \
            its labels in parentheses."
        }
        "offset" => "Shifts the evaluation time back.",
        "bool" => "Returns 1 if the comparison is true and 0 if not, instead of filtering.",
        "and" => "Keeps the series of the left side that have a match on the right.",
        "or" => "All series of the left side, and those of the right without a match on the left.",
        "unless" => "Keeps the series of the left side that have no match on the right.",
        "atan2" => "The angle of the point given by both sides, in radians.",
        "start" => "The start of the query's range.",
        "end" => "The end of the query's range.",
        "anchored" => "Experimental: the last sample before the range counts as its start.",
        "smoothed" => "Experimental: the values at both edges of the range are interpolated.",
        "fill" | "fill_left" | "fill_right" => {
            "Experimental: the value for a series that is missing on one side."
        }
        _ => return None,
    })
}
