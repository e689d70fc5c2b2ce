//! Functions that set labels.

use nth_promql::{Call, Expr, MatchOp, Node, Selector, Span, StringPart};
use regex::{Captures, Regex};

use super::arguments::Arguments;
use super::vector::unite;
use crate::error::Error;
use crate::labels::{Labels, METRIC_NAME};
use crate::names::is_metadata;
use crate::value::Series;

/// `label_replace`
pub(super) fn replace(args: &mut Arguments<'_>, span: Span) -> Result<Vec<Series>, Error> {
    let mut all = args.vector()?;
    let target = args.text()?;
    let replacement = args.text()?;
    let source = args.text()?;
    let pattern = args.text()?;
    let regex = nth_promql::regex_for_rust(&pattern)
        .and_then(|pattern| Regex::new(&format!("^(?s:{pattern})$")).ok());
    let Some(regex) = regex else {
        let message = format!("invalid regular expression in label_replace(): {pattern}");
        return Err(Error::new(message, span));
    };
    valid_name(&target, "destination", "label_replace", span)?;
    let template = Template::parse(&replacement);
    for series in &mut all {
        if let Some(captures) = regex.captures(series.labels.get(&source)) {
            set(series, &target, &template.expand(&captures));
        }
    }
    unite(all, span)
}

/// `label_join`
pub(super) fn join(args: &mut Arguments<'_>, span: Span) -> Result<Vec<Series>, Error> {
    let mut all = args.vector()?;
    let target = args.text()?;
    let separator = args.text()?;
    let sources = args.texts()?;
    for source in &sources {
        valid_name(source, "source", "label_join", span)?;
    }
    valid_name(&target, "destination", "label_join", span)?;
    for series in &mut all {
        let values: Vec<&str> = sources
            .iter()
            .map(|source| series.labels.get(source))
            .collect();
        let value = values.join(&separator);
        set(series, &target, &value);
    }
    unite(all, span)
}

/// Checks the label names among the arguments of a call that are not valid UTF-8, which cannot be evaluated.
pub(crate) fn check_label_names(call: &Call) -> Result<(), Error> {
    let function = call.function.as_str();
    let sources = match function {
        "label_replace" => call.args.len(),
        "label_join" => 3,
        _ => return Ok(()),
    };
    let destination = call.args.iter().skip(1).take(1);
    let names = destination.map(|name| ("destination", name));
    let sources = call.args.iter().skip(sources).map(|name| ("source", name));
    for (role, name) in sources.chain(names) {
        let name = name.unparenthesised();
        if let Node::String(string) = &name.node
            && string
                .parts
                .iter()
                .any(|part| matches!(part, StringPart::Byte(_)))
        {
            let name_lossy: String = string.parts.iter().map(lossy).collect();
            let message = format!("invalid {role} label name in {function}(): {name_lossy}");
            return Err(Error::new(message, name.span));
        }
    }
    Ok(())
}

fn lossy(part: &StringPart) -> &str {
    match part {
        StringPart::Text(text) => text,
        StringPart::Byte(_) | StringPart::Hole(_) => "\u{fffd}",
    }
}

/// Sets a label. A metric's name that is set stays.
fn set(series: &mut Series, target: &str, value: &str) {
    series.labels = series.labels.with(target, value);
    series.drops_name &= target != METRIC_NAME;
}

fn valid_name(name: &str, role: &str, function: &str, span: Span) -> Result<(), Error> {
    if name.is_empty() {
        let message = format!("invalid {role} label name in {function}(): {name}");
        return Err(Error::new(message, span));
    }
    Ok(())
}

/// The labels of `absent`: those that the selector gives exactly one value, by an equality.
pub(super) fn of_absent(argument: &Expr) -> Labels {
    let argument = argument.unparenthesised();
    let selector = match &argument.node {
        Node::Selector(selector) => selector,
        Node::Range(inner, _) => match &inner.node {
            Node::Selector(selector) => selector,
            _ => return Labels::default(),
        },
        _ => return Labels::default(),
    };
    of_selector(selector)
}

fn of_selector(selector: &Selector) -> Labels {
    let mut known: Vec<(&str, &str)> = Vec::new();
    for matcher in &selector.matchers {
        let name = matcher.label.as_str();
        if is_metadata(name) {
            continue;
        }
        let seen = known.iter_mut().find(|(known, _)| *known == name);
        match (seen, matcher.op, matcher.value.text()) {
            (None, MatchOp::Equal, Some(value)) => known.push((name, value)),
            // A label that has been seen stays so, even if its value is deleted.
            (Some((_, value)), ..) => *value = "",
            (None, ..) => {}
        }
    }
    known.into_iter().collect()
}

/// A replacement with references to groups: `$1`, `$name`, `${1}x`; `$$` is a dollar sign. A malformed reference is text.
#[derive(Debug)]
struct Template<'t>(Vec<Part<'t>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    Number(usize),
    Name(&'t str),
}

impl<'t> Template<'t> {
    fn parse(mut rest: &'t str) -> Self {
        let mut parts = Vec::new();
        while let Some((before, after)) = rest.split_once('$') {
            parts.push(Part::Text(before));
            if let Some(after) = after.strip_prefix('$') {
                parts.push(Part::Text("$"));
                rest = after;
            } else if let Some((name, after)) = reference(after) {
                parts.push(name.parse().map_or(Part::Name(name), Part::Number));
                rest = after;
            } else {
                parts.push(Part::Text("$"));
                rest = after;
            }
        }
        parts.push(Part::Text(rest));
        Self(parts)
    }

    fn expand(&self, captures: &Captures<'_>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            let group = match *part {
                Part::Text(part) => {
                    text.push_str(part);
                    continue;
                }
                Part::Number(number) => captures.get(number),
                Part::Name(name) => captures.name(name),
            };
            text.push_str(group.map_or("", |group| group.as_str()));
        }
        text
    }
}

/// Splits the name of a group, with or without braces, from what follows; `None` if there is none.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (braced, inner) = match text.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let end = inner
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    let rest = if braced {
        rest.strip_prefix('}')?
    } else {
        rest
    };
    Some((name, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn templates() {
        let regex = Regex::new("^(?<first>a+)(b)?$").unwrap();
        let captures = regex.captures("aa").unwrap();
        for (template, expected) in [
            ("x-$1-$2", "x-aa-"),
            ("${1}x", "aax"),
            ("$1x", ""),
            ("$first$$", "aa$"),
            ("${first", "${first"),
            ("$ ${} $9", "$ ${} "),
            ("", ""),
        ] {
            assert_eq!(
                Template::parse(template).expand(&captures),
                expected,
                "{template}"
            );
        }
    }

    #[test]
    fn labels_of_absent() {
        for (query, expected) in [
            (r#"x{a="1",b=~"2"}"#, r#"{a="1"}"#),
            (r#"x{a="1",a="2",b="3"}"#, r#"{b="3"}"#),
            (r#"x{a!="1",a="2"}"#, r#"{a="2"}"#),
            (r#"(x{a="1"})"#, r#"{a="1"}"#),
            ("sum(x)", "{}"),
        ] {
            let expr = nth_promql::parse(query).unwrap();
            assert_eq!(of_absent(&expr).to_string(), expected, "{query}");
        }
    }
}
