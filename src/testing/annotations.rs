//! The annotations of an alert, expanded as Prometheus does it.
//!
//! Interprets the actions that the Prometheus target generates. Anything else is an error.

use std::collections::BTreeMap;

use nth_engine::eval::{self, Options};
use nth_engine::rules::{Alerting, Observation};
use nth_engine::{Evaluated, Labels, Steps, Store, Timestamp};
use nth_promql::Expr;

use super::humanize;

/// Expands the annotations of a rule for the last sample of its query, at the time of an evaluation.
///
/// # Errors
///
/// If an annotation contains an action that is not interpreted, or a query that fails.
pub fn expand(
    rule: &Alerting,
    sample: &Observation,
    store: &dyn Store,
    at: Timestamp,
) -> Result<BTreeMap<String, String>, String> {
    let renderer = Renderer { sample, store, at };
    let texts = rule.annotations.iter().map(|(name, template)| {
        let pieces = pieces(template)?;
        let mut out = String::new();
        let end = renderer.block(&pieces, 0, &Dot::Nothing, Some(&mut out))?;
        match end.1 {
            Stop::File => Ok((name.to_string(), out)),
            _ => Err("unexpected end of a block".to_owned()),
        }
    });
    texts.collect()
}

/// Returns the queries in the annotations of a rule.
///
/// # Errors
///
/// If one cannot be read.
pub fn queries(rule: &Alerting) -> Result<Vec<Expr>, String> {
    let mut found = Vec::new();
    for template in rule.annotations.values() {
        for piece in pieces(template)? {
            if let Piece::Action(action) = piece
                && let Some((_, of)) = opened(action)
            {
                if let Some(query) = of.strip_prefix("query ") {
                    found.push(parsed(&unquoted(query)?)?);
                } else if let Some(query) = GroupQuery::read(of)? {
                    found.push(query.of_all_groups()?);
                }
            }
        }
    }
    Ok(found)
}

/// A query about the group of an alert: a format, with labels in the place of `%[1]q` and so on.
struct GroupQuery<'t> {
    format: String,
    labels: Vec<&'t str>,
}

/// Stands for the value of a label that is not known.
const ANY_VALUE: &str = "\u{F8FF}";

impl<'t> GroupQuery<'t> {
    /// Reads `printf "…" ($labels.x) | query`; `None` if it is something else.
    fn read(action: &'t str) -> Result<Option<Self>, String> {
        let inner = action
            .strip_prefix("printf ")
            .and_then(|rest| rest.strip_suffix(" | query"));
        let Some(inner) = inner else {
            return Ok(None);
        };
        let (format, rest) = split_string(inner).ok_or_else(|| unknown(action))?;
        Ok(Some(Self {
            format: unquoted(format)?,
            labels: arguments(rest).ok_or_else(|| unknown(action))?,
        }))
    }

    /// The query with these values of its labels, in their order.
    fn with(&self, values: &[String]) -> String {
        let mut query = self.format.clone();
        for (index, value) in values.iter().enumerate() {
            let value = nth_promql::StringLit::new(value.as_str()).to_string();
            query = query.replace(&format!("%[{}]q", index + 1), &value);
        }
        query.replace("%%", "%")
    }

    /// The query about the group of any alert.
    fn of_all_groups(&self) -> Result<Expr, String> {
        let any = vec![ANY_VALUE.to_owned(); self.labels.len()];
        let mut query = parsed(&self.with(&any))?;
        nth_promql::rewrite::each_expr(&mut query, &mut |expr| {
            if let nth_promql::Node::Selector(selector) = &mut expr.node {
                let is_known =
                    |matcher: &nth_promql::Matcher| matcher.value.text() != Some(ANY_VALUE);
                selector.matchers.retain(is_known);
            }
        });
        Ok(query)
    }
}

/// Splits a string literal from what follows it.
fn split_string(text: &str) -> Option<(&str, &str)> {
    let mut characters = text.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '"' => return text.split_at_checked(place + 1),
            _ => {}
        }
    }
    None
}

/// Returns arguments in parentheses, without these.
fn arguments(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let inner = rest.strip_prefix('(')?;
        let end = end_of_argument(inner)?;
        found.push(inner.get(..end)?);
        rest = inner.get(end + 1..)?.trim_start();
    }
    Some(found)
}

/// Returns the place of the parenthesis that ends an argument; those in strings do not.
fn end_of_argument(text: &str) -> Option<usize> {
    let (mut is_in_string, mut depth) = (false, 0);
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' if is_in_string => {
                characters.next();
            }
            '"' => is_in_string = !is_in_string,
            '(' if !is_in_string => depth += 1,
            ')' if !is_in_string && depth == 0 => return Some(place),
            ')' if !is_in_string => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Action(&'t str),
}

/// Splits a template into text and actions.
fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        if !before.is_empty() {
            all.push(Piece::Text(before));
        }
        let end = end_of_action(after).ok_or("an action does not end")?;
        let (action, after) = after.split_at(end);
        all.push(Piece::Action(action.trim()));
        rest = after.strip_prefix("}}").unwrap_or(after);
    }
    if !rest.is_empty() {
        all.push(Piece::Text(rest));
    }
    Ok(all)
}

/// Returns the place of the braces that end an action; those in strings do not.
fn end_of_action(text: &str) -> Option<usize> {
    let mut is_in_string = false;
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' if is_in_string => {
                characters.next();
            }
            '"' => is_in_string = !is_in_string,
            '}' if !is_in_string && text.get(place..)?.starts_with("}}") => return Some(place),
            _ => {}
        }
    }
    None
}

/// Returns the keyword of an action that begins a block, and what it is about.
fn opened(action: &str) -> Option<(&str, &str)> {
    let mut keywords = ["if ", "with ", "range "].into_iter();
    keywords.find_map(|keyword| Some((keyword, action.strip_prefix(keyword)?)))
}

/// The value of `.`.
#[derive(Debug, Clone)]
enum Dot {
    Nothing,
    Samples(Vec<Sample>),
    Sample(Sample),
    Text(String),
}

/// A sample that a query in a template returned.
#[derive(Debug, Clone)]
struct Sample {
    labels: Labels,
    value: f64,
}

/// What ended a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    File,
    Else,
    End,
}

struct Renderer<'r> {
    sample: &'r Observation,
    store: &'r dyn Store,
    at: Timestamp,
}

impl Renderer<'_> {
    /// Renders from a piece to the end of its block; without `out`, only looks for the end. Returns the place after it.
    fn block(
        &self,
        pieces: &[Piece<'_>],
        from: usize,
        dot: &Dot,
        mut out: Option<&mut String>,
    ) -> Result<(usize, Stop), String> {
        let mut place = from;
        while let Some(piece) = pieces.get(place) {
            place += 1;
            let action = match *piece {
                Piece::Text(text) => {
                    if let Some(out) = &mut out {
                        out.push_str(text);
                    }
                    continue;
                }
                Piece::Action(action) => action,
            };
            if action == "end" {
                return Ok((place, Stop::End));
            }
            if action == "else" {
                return Ok((place, Stop::Else));
            }
            match (opened(action), &mut out) {
                (None, None) => {}
                (None, Some(out)) => out.push_str(&self.print(action, dot)?),
                (Some(_), None) => {
                    place = self.branches(pieces, place, &[], &Dot::Nothing, None)?
                }
                (Some((keyword, of)), Some(out)) => {
                    let (dots, is_true) = self.condition(keyword, of, dot)?;
                    let dots = if is_true { dots } else { Vec::new() };
                    place = self.branches(pieces, place, &dots, dot, Some(out))?;
                }
            }
        }
        Ok((place, Stop::File))
    }

    /// Renders the first branch once with each dot, or the second one if there is none. Returns the place after both.
    fn branches(
        &self,
        pieces: &[Piece<'_>],
        from: usize,
        dots: &[Dot],
        outer: &Dot,
        mut out: Option<&mut String>,
    ) -> Result<usize, String> {
        let (mut place, mut stop) = self.block(pieces, from, &Dot::Nothing, None)?;
        for dot in dots {
            self.block(pieces, from, dot, out.as_deref_mut())?;
        }
        if stop == Stop::Else {
            let out = if dots.is_empty() { out } else { None };
            (place, stop) = self.block(pieces, place, outer, out)?;
        }
        match stop {
            Stop::End => Ok(place),
            _ => Err("a block does not end".to_owned()),
        }
    }

    /// Evaluates the condition of a block: the dots of its first branch, and whether that is rendered.
    fn condition(&self, keyword: &str, of: &str, dot: &Dot) -> Result<(Vec<Dot>, bool), String> {
        if let Some(limit) = of.strip_prefix("ge $value ") {
            let limit: f64 = limit.parse().map_err(|_| unknown(of))?;
            return Ok((vec![dot.clone()], self.value()? >= limit));
        }
        if let Some(conditions) = of.strip_prefix("and ") {
            let conditions = arguments(conditions).ok_or_else(|| unknown(of))?;
            let mut is_true = true;
            for condition in conditions {
                is_true &= self.is_equal(condition, dot)?;
            }
            return Ok((vec![dot.clone()], is_true));
        }
        let query = match (of.strip_prefix("query "), GroupQuery::read(of)?) {
            (Some(query), _) => Some(unquoted(query)?),
            (None, Some(query)) => {
                let labels = query.labels.iter();
                let values = labels.map(|label| self.text(label, dot));
                Some(query.with(&values.collect::<Result<Vec<_>, _>>()?))
            }
            (None, None) => None,
        };
        if let Some(query) = query {
            let samples = self.query(&query)?;
            let is_true = !samples.is_empty();
            let dots = match keyword {
                "range " => samples.into_iter().map(Dot::Sample).collect(),
                _ => vec![Dot::Samples(samples)],
            };
            return Ok((dots, is_true));
        }
        let text = self.text(of, dot)?;
        let is_true = !text.is_empty();
        Ok((vec![Dot::Text(text)], is_true))
    }

    /// Evaluates `eq ($labels.x) "…"`.
    fn is_equal(&self, condition: &str, dot: &Dot) -> Result<bool, String> {
        let parts = condition
            .strip_prefix("eq (")
            .and_then(|rest| rest.split_at_checked(end_of_argument(rest)?));
        let (label, value) = parts.ok_or_else(|| unknown(condition))?;
        let value = value.strip_prefix(") ").ok_or_else(|| unknown(condition))?;
        Ok(self.text(label, dot)? == unquoted(value)?)
    }

    /// Renders an action that prints something.
    fn print(&self, action: &str, dot: &Dot) -> Result<String, String> {
        if action.starts_with('"') {
            return unquoted(action);
        }
        let Some((of, function)) = action.rsplit_once(" | ") else {
            return self.text(action, dot);
        };
        let value = match (of, dot) {
            ("$value", _) => self.value()?,
            (". | first | value", Dot::Samples(samples)) => {
                samples.first().ok_or_else(|| unknown(action))?.value
            }
            (".Value", Dot::Sample(sample)) => sample.value,
            _ => return Err(unknown(action)),
        };
        humanize::apply(function, value).ok_or_else(|| unknown(action))
    }

    /// Returns a label, or the text of the dot.
    fn text(&self, action: &str, dot: &Dot) -> Result<String, String> {
        if let (".", Dot::Text(text)) = (action, dot) {
            return Ok(text.clone());
        }
        let (of, label) = match action.strip_prefix("index ") {
            Some(rest) => {
                let (of, label) = rest.split_once(' ').ok_or_else(|| unknown(action))?;
                (of, unquoted(label)?)
            }
            None => {
                let (of, label) = action.rsplit_once('.').ok_or_else(|| unknown(action))?;
                (of, label.to_owned())
            }
        };
        match (of, dot) {
            ("$labels", _) => Ok(self.sample.labels.get(&label).to_owned()),
            // A test has no Prometheus that would add them.
            ("$externalLabels", _) => Ok(String::new()),
            (".Labels", Dot::Sample(sample)) => Ok(sample.labels.get(&label).to_owned()),
            _ => Err(unknown(action)),
        }
    }

    fn value(&self) -> Result<f64, String> {
        let value = self.sample.value.float();
        value.ok_or_else(|| "the value is a histogram".to_owned())
    }

    fn query(&self, text: &str) -> Result<Vec<Sample>, String> {
        samples(text, self.store, self.at)
    }
}

fn unknown(action: &str) -> String {
    format!("cannot interpret `{{{{ {action} }}}}`")
}

/// Reverses [`quote`](crate::backends::go_template::quote).
fn unquoted(text: &str) -> Result<String, String> {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let inner = inner.ok_or_else(|| unknown(text))?;
    let mut out = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        out.push(match characters.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                u32::from_str_radix(&digits, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .ok_or_else(|| unknown(text))?
            }
            Some(other) => other,
            None => return Err(unknown(text)),
        });
    }
    Ok(out)
}

fn parsed(query: &str) -> Result<Expr, String> {
    nth_promql::parse(query).map_err(|errors| {
        let first = errors.first().map(|error| error.message.clone());
        format!("invalid query: {}", first.unwrap_or_default())
    })
}

/// Returns the samples of a query at a time, with floats only.
fn samples(text: &str, store: &dyn Store, at: Timestamp) -> Result<Vec<Sample>, String> {
    let expr = parsed(text)?;
    let evaluated = eval::evaluate(&expr, store, Steps::instant(at), &Options::default())
        .map_err(|error| error.message)?;
    Ok(match evaluated.0 {
        Evaluated::Vector(series) => series
            .into_iter()
            .filter_map(|series| {
                let value = series.points.first()?.float()?;
                Some(Sample {
                    labels: series.labels,
                    value,
                })
            })
            .collect(),
        Evaluated::Scalar(values) => values
            .into_iter()
            .map(|value| Sample {
                labels: Labels::default(),
                value,
            })
            .collect(),
        Evaluated::String(_) => Vec::new(),
    })
}

/// Returns the value of a query that returns at most one series.
///
/// # Errors
///
/// If the query fails.
pub fn single(text: &str, store: &dyn Store, at: Timestamp) -> Result<Option<f64>, String> {
    let found = samples(text, store, at)?;
    Ok(found.first().map(|sample| sample.value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use nth_engine::{FloatSample, MemoryStore, Point};
    use nth_promql::parse;

    use super::*;

    /// Expands a template for a sample with the label `job` and the value 1234.
    fn expanded(template: &str) -> Result<String, String> {
        let labels = |of: &[(&str, &str)]| -> Labels {
            of.iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect()
        };
        let mut store = MemoryStore::new();
        for (code, value) in [("500", 0.75), ("", 0.25)] {
            let of = labels(&[("__name__", "bad"), ("code", code)]);
            store.add_float(&of, FloatSample { at: 0, value });
        }
        let rule = Alerting {
            alert: "A".into(),
            expr: parse("x").unwrap(),
            hold: 0,
            keep_firing: 0,
            labels: BTreeMap::new(),
            annotations: [("summary".into(), template.into())].into(),
        };
        let sample = Observation {
            at: 0,
            labels: labels(&[("job", "checkout"), ("k8s.pod", "a-1")]),
            value: Point::Float(1234.0),
        };
        let mut texts = expand(&rule, &sample, &store, 0)?;
        Ok(texts.remove("summary").unwrap())
    }

    #[test]
    fn what_the_target_generates_is_expanded() {
        for (template, text) in [
            ("plain", "plain"),
            (
                "{{ $value | humanize }} of {{ $labels.job }}",
                "1.234k of checkout",
            ),
            (r#"{{ index $labels "k8s.pod" }}{{ "{{" }} }}"#, "a-1{{ }}"),
            ("{{ $labels.gone }}|{{ $externalLabels.region }}", "|"),
            (
                r#"{{ with query "sum(bad{code=\"500\"})" }}{{ . | first | value | humanizePercentage }}{{ else }}none{{ end }}"#,
                "75%",
            ),
            (
                r#"{{ with query "gone" }}{{ . | first | value | humanize }}{{ else }}none{{ end }}"#,
                "none",
            ),
            ("{{ if ge $value 1.0 }}all{{ else }}some{{ end }}.", "all."),
            (
                "{{ if ge $value 2000 }}all{{ else }}some{{ end }}.",
                "some.",
            ),
            (
                r#"{{ range query "sort_desc(bad)" }}- {{ with .Labels.code }}{{ . }}{{ else }}no code{{ end }}: {{ .Value | humanizePercentage }};{{ else }} none{{ end }}"#,
                "- 500: 75%;- no code: 25%;",
            ),
            (
                r#"{{ range query "gone" }}x{{ else }}none{{ end }}"#,
                "none",
            ),
            (
                r#"{{ with printf "sum(bad{code=%[1]q}) * 100 %% 3" ($labels.code) | query }}{{ . | first | value | humanize }}{{ end }}"#,
                "1",
            ),
            (
                r#"{{ if and (eq ($labels.job) "checkout") (eq (index $labels "k8s.pod") "b)") }}b{{ else }}{{ if and (eq ($labels.job) "checkout") }}a{{ else }}c{{ end }}{{ end }}"#,
                "a",
            ),
        ] {
            assert_eq!(expanded(template).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        for template in [
            "{{ $value",
            "{{ $value | title }}",
            "{{ template \"x\" }}",
            "{{ end }}",
            "{{ if ge $value 1.0 }}",
            "{{ with query \"sum(\" }}{{ end }}",
            "{{ $other.job }}",
        ] {
            assert!(expanded(template).is_err(), "{template}");
        }
    }
}
