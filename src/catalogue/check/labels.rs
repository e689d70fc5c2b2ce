//! N0902 and N0903: labels that no series has, and values that no label has; N0906 for a literal `le`.

use std::collections::BTreeSet;

use super::{Bounds, Case, Finding, Read, Series, buckets};
use crate::MetricType;
use crate::codes;
use nth_diagnostics::suggest;
use nth_promql::classify::{exprs, metrics};
use nth_promql::{
    Aggregate, Binary, Error, Expr, Grouping, Label, LabelMatchers, MatchOp, Matcher, Node,
    Selector, Span, StringLit, escape_regex, matches_any,
};

/// Labels that a scrape adds to every series, so that declarations do not list them.
const TARGET_LABELS: [&str; 11] = [
    "cluster",
    "container",
    "endpoint",
    "env",
    "environment",
    "instance",
    "job",
    "namespace",
    "region",
    "service",
    "zone",
];

/// The matchers of `measured` as set by a selector, for the key in the lock file. `None` if the selector has other matchers
/// for a label than one `=`: the metrics that it reads were not pulled.
pub fn read_under(measured: &LabelMatchers, selector: &Selector) -> Option<LabelMatchers> {
    let mut read = LabelMatchers::default();
    for label in measured.labels() {
        if measured.has_all(label, selector) {
            read.copy(label, measured);
            continue;
        }
        let mut setting = selector
            .matchers
            .iter()
            .filter(|matcher| matcher.label == *label);
        match (setting.next(), setting.next()) {
            (Some(matcher), None) if matcher.op == MatchOp::Equal => {
                read.add(label.clone(), MatchOp::Equal, matcher.value.text()?);
            }
            _ => return None,
        }
    }
    Some(read)
}

impl Series<'_> {
    /// Returns whether its series may have a label: one that was pulled, is declared, or is added by a scrape. `None`
    /// if that is not known.
    fn has_label(&self, case: &Case<'_>, label: &str) -> Option<bool> {
        let listed = |labels: &BTreeSet<String>| labels.contains(label);
        let metric = self.part.metric;
        let known = (case.fixed)(label)
            || label == "__name__"
            || (label == "le" && self.part.suffix == "_bucket")
            || (label == "quantile" && metric.metric_type == MetricType::Summary)
            || listed(&metric.labels)
            || self.declared.is_some_and(|metric| listed(&metric.labels));
        if known || self.pulled {
            return Some(known);
        }
        let is_of_target = TARGET_LABELS.contains(&label) || crate::CHURNING.contains(&label);
        if is_of_target {
            return Some(true);
        }
        // A declaration without labels does not restrict them.
        (!metric.labels.is_empty()).then_some(false)
    }

    fn labels(&self) -> impl Iterator<Item = &str> {
        let declared = self.declared.iter().flat_map(|metric| &metric.labels);
        self.part
            .metric
            .labels
            .iter()
            .chain(declared)
            .map(String::as_str)
    }

    fn name(&self) -> String {
        format!("{}{}", self.part.name, self.part.suffix)
    }
}

pub(super) fn check_matchers(
    case: &Case<'_>,
    expr: &Expr,
    selector: &Selector,
    found: &mut Vec<Finding>,
) {
    if case.is_judged(expr) {
        return;
    }
    let (Read::Series(series) | Read::Classic(series)) = case.read(selector) else {
        return;
    };
    // Matchers that the compiler added are not in the source.
    let written = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.label_span.start < matcher.label_span.end);
    for matcher in written {
        let label = matcher.label.as_str();
        if label == "le" && series.part.suffix == "_bucket" {
            found.extend(check_bound(case, matcher, &series).map(Finding::from));
            continue;
        }
        match series.has_label(case, label) {
            Some(true) => found.extend(check_value(case, matcher, &series).map(Finding::from)),
            // `x{pod=""}` matches series without the label.
            Some(false) if !case.absence => {}
            Some(false) if !(matcher.op == MatchOp::Equal && matcher.value.text() == Some("")) => {
                let mut error =
                    unknown_label(case, matcher.label.as_str(), matcher.label_span, &[series]);
                let effect = match matcher.op {
                    MatchOp::Equal | MatchOp::Matches => "matches no series",
                    MatchOp::NotEqual | MatchOp::NotMatches => "excludes nothing",
                };
                error.label = effect.to_owned();
                found.push(error.into());
            }
            _ => {}
        }
    }
}

/// The finding about a label that none of some metrics has.
fn unknown_label(case: &Case<'_>, label: &str, span: Span, series: &[Series<'_>]) -> Error {
    let names: BTreeSet<String> = series
        .iter()
        .map(|series| format!("`{}`", series.name()))
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let place = series
        .first()
        .map(|series| series.under.place())
        .unwrap_or_default();
    let mut error = Error::new(
        &codes::UNKNOWN_LABEL,
        format!("unknown label `{label}` on {}{place}", names.join(" or ")),
        span,
    );
    let known: BTreeSet<&str> = series.iter().flat_map(Series::labels).collect();
    if let Some(near) = suggest::nearest(label, known.iter().copied()) {
        error = error.help(format!("did you mean `{near}`?"));
        if !case.is_filled(span) {
            error = error.suggest(span, quote_label(near));
        }
    } else if known.is_empty() {
        error = error.note("it has no labels besides those of the selector");
    } else {
        let shown: Vec<String> = known
            .iter()
            .take(12)
            .map(|label| format!("`{label}`"))
            .collect();
        let more = if known.len() > 12 { ", …" } else { "" };
        error = error.note(format!("its labels: {}{more}", shown.join(", ")));
    }
    error
}

/// The name of a label as PromQL writes it.
fn quote_label(label: &str) -> String {
    let plain = label
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !label.starts_with(|first: char| first.is_ascii_digit());
    if plain {
        label.to_owned()
    } else {
        StringLit::new(label).to_string()
    }
}

fn check_value(case: &Case<'_>, matcher: &Matcher, series: &Series<'_>) -> Option<Error> {
    let is_regex = match matcher.op {
        MatchOp::Equal => false,
        MatchOp::Matches => true,
        MatchOp::NotEqual | MatchOp::NotMatches => return None,
    };
    let label = matcher.label.as_str();
    let wanted = matcher.value.text()?;
    let declared = |metric: &crate::Metric| metric.labels.contains(label);
    if !series.pulled || wanted.is_empty() || series.declared.is_some_and(declared) {
        return None;
    }
    let listed = series.part.metric.values.get(label)?;
    let matched = if is_regex {
        matches_any(wanted, listed.iter().map(String::as_str))?
    } else {
        listed.contains(wanted)
    };
    // A matcher that matches the empty string matches series without the label.
    if matched
        || listed.is_empty()
        || (is_regex && matches_any(wanted, [""])?)
        || may_come(wanted, is_regex, listed)
    {
        return None;
    }
    let values: Vec<String> = listed
        .iter()
        .take(8)
        .map(|value| format!("`{value}`"))
        .collect();
    let more = if listed.len() > 8 { ", …" } else { "" };
    let mut error = Error::new(
        &codes::UNKNOWN_LABEL_VALUE,
        format!(
            "no series of `{}`{} matches `{label}{}{}`",
            series.name(),
            series.under.place(),
            matcher.op.as_str(),
            StringLit::new(wanted),
        ),
        matcher.value.span,
    )
    .label("no match when the catalog was pulled");
    let is_plain = !is_regex || escape_regex(wanted) == wanted;
    let near = suggest::nearest(wanted, listed.iter().map(String::as_str));
    match near.filter(|_| is_plain) {
        Some(near) => {
            error = error.help(format!("did you mean `{near}`?"));
            let text = if is_regex {
                escape_regex(near)
            } else {
                near.to_owned()
            };
            error = offer_value(case, error, matcher, &text);
        }
        None => error = error.note(format!("known values: {}{more}", values.join(", "))),
    }
    let base = series.part.name;
    Some(error.help(format!(
        "pull with a longer `--since` if it has not happened yet, or declare the label: `metric {base} \
        {{ type = {}  labels = [{label}] }}`",
        type_name(series),
    )))
}

fn type_name(series: &Series<'_>) -> &'static str {
    match series.part.metric.metric_type {
        MetricType::Counter => "counter",
        MetricType::Histogram | MetricType::GaugeHistogram => "histogram",
        MetricType::Summary => "summary",
        _ => "gauge",
    }
}

/// Returns whether a value is a number among others that were listed, and so may appear later: a status of 500 before
/// the first one.
fn may_come(wanted: &str, is_regex: bool, listed: &BTreeSet<String>) -> bool {
    let shape = |text: &str| -> String {
        text.chars()
            .map(|character| {
                if character.is_ascii_digit() {
                    '0'
                } else {
                    character
                }
            })
            .collect()
    };
    let has_digit = wanted.contains(|character: char| character.is_ascii_digit());
    let numbers = listed
        .iter()
        .any(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
    if is_regex {
        // `5..`, `[45]\d\d`, `(500|503)`: no letters except those of classes of digits.
        let without_classes = wanted.replace("\\d", "");
        let of_digits = (has_digit || without_classes.len() < wanted.len())
            && !without_classes.contains(char::is_alphabetic);
        return of_digits && numbers;
    }
    has_digit
        && (numbers && wanted.bytes().all(|byte| byte.is_ascii_digit())
            || listed.iter().any(|value| shape(value) == shape(wanted)))
}

/// Checks `le="0.3"`, which must have exactly the text of a bound.
fn check_bound(case: &Case<'_>, matcher: &Matcher, series: &Series<'_>) -> Option<Error> {
    let wanted = matcher.value.text()?;
    let metric = series.part.metric;
    let bounds = Bounds::new(metric);
    if bounds.is_empty() || wanted.is_empty() {
        return None;
    }
    let value = buckets::decimal(wanted);
    let place = series.under.place();
    let name = series.name();
    let message = format!(
        "`{name}`{place} has no bucket with `le={}`",
        StringLit::new(wanted)
    );
    match matcher.op {
        MatchOp::Matches => {
            let texts = metric.buckets.iter().map(String::as_str);
            (!matches_any(wanted, texts)?).then(|| {
                let shown: Vec<String> = metric
                    .buckets
                    .iter()
                    .map(|text| format!("`{text}`"))
                    .collect();
                Error::new(
                    &codes::NOT_A_BUCKET,
                    format!(
                        "`{name}`{place} has no bucket with `le=~{}`",
                        StringLit::new(wanted)
                    ),
                    matcher.value.span,
                )
                .note(format!("its bucket boundaries: {}", shown.join(", ")))
            })
        }
        MatchOp::Equal if metric.buckets.iter().any(|text| text == wanted) => None,
        MatchOp::Equal => {
            let mut error = Error::new(&codes::NOT_A_BUCKET, message, matcher.value.span);
            let same = value.map(|value| bounds.texts(value)).unwrap_or_default();
            if let Some(text) = same.first() {
                // A declaration gives numbers; the target decides how they are formatted.
                if !series.pulled {
                    return None;
                }
                error = error.help(format!("write the bound as `{text}`"));
                return Some(offer_value(case, error, matcher, text));
            }
            let Some(value) = value else {
                return Some(error.help("write `le` as a number in quotes"));
            };
            let (below, above) = bounds.neighbors(value);
            let near: Vec<String> = [below, above]
                .into_iter()
                .flatten()
                .map(|bound| format!("`{}`", bound.text))
                .collect();
            error = error.help(format!("use the nearest bucket, {}", near.join(" or ")));
            Some(match bounds.nearest(value) {
                Some(bound) => offer_value(case, error, matcher, bound.text),
                None => error,
            })
        }
        MatchOp::NotEqual | MatchOp::NotMatches => None,
    }
}

/// Offers another value for a matcher: between the existing quotes, unless it needs other ones.
fn offer_value(case: &Case<'_>, error: Error, matcher: &Matcher, text: &str) -> Error {
    let written = matcher.value.span;
    let is_computed = case.is_filled(written) || case.computed.contains(&written);
    if is_computed || written.end < written.start + 2 {
        return error;
    }
    let is_plain = !text.contains(['"', '\'', '\\', '`', '$']) && !text.contains(char::is_control);
    if is_plain {
        let inner = Span {
            start: written.start + 1,
            end: written.end - 1,
        };
        return error.suggest(inner, text);
    }
    error.suggest(written, StringLit::new(text).to_string())
}

pub(super) fn check_grouping(case: &Case<'_>, found: &mut Vec<Finding>) {
    for expr in exprs(case.expr) {
        match &expr.node {
            Node::Aggregate(aggregate) => check_aggregate(case, aggregate, found),
            Node::Binary(binary) => check_matching(case, binary, found),
            _ => {}
        }
    }
}

/// All series that an expression reads, if all are known and no function sets a label.
fn all_series<'a>(case: &Case<'a>, expr: &Expr) -> Option<Vec<Series<'a>>> {
    let sets_labels = exprs(expr).any(|expr| match &expr.node {
        Node::Call(call) => matches!(
            call.function.as_str(),
            "label_replace" | "label_join" | "info" | "histogram_quantiles"
        ),
        Node::Aggregate(aggregate) => aggregate.op == "count_values",
        Node::Hole(_) => true,
        _ => false,
    });
    if sets_labels {
        return None;
    }
    let series: Vec<Series<'a>> = metrics(expr)
        .map(|selector| match case.read(selector) {
            Read::Series(series) => Some(series),
            _ => None,
        })
        .collect::<Option<_>>()?;
    (!series.is_empty()).then_some(series)
}

/// Reports the labels that none of the series has.
fn report_unknown(
    case: &Case<'_>,
    labels: &[Label],
    series: &[Series<'_>],
    effect: &str,
    found: &mut Vec<Finding>,
) {
    for label in labels {
        let lacking = |series: &Series<'_>| series.has_label(case, &label.name) == Some(false);
        if series.iter().all(lacking) {
            let error = unknown_label(case, &label.name, label.span, series).label(effect);
            found.push(error.into());
        }
    }
}

fn check_aggregate(case: &Case<'_>, aggregate: &Aggregate, found: &mut Vec<Finding>) {
    let Some(Grouping { without, labels }) = &aggregate.grouping else {
        return;
    };
    if let Some(series) = all_series(case, &aggregate.expr) {
        // Grouping in the library fits several exporters, and grouping by a missing label aggregates everything.
        if case.is_library && !without {
            return;
        }
        let effect = if *without {
            "nothing to exclude"
        } else {
            "has no effect"
        };
        report_unknown(case, labels, &series, effect, found);
    }
}

fn check_matching(case: &Case<'_>, binary: &Binary, found: &mut Vec<Finding>) {
    let Some(matching) = &binary.matching else {
        return;
    };
    let left = all_series(case, &binary.left);
    let right = all_series(case, &binary.right);
    if matching.on {
        for series in [&left, &right].into_iter().flatten() {
            report_unknown(case, &matching.labels, series, "nothing to exclude", found);
        }
    } else if let (Some(left), Some(right)) = (&left, &right) {
        let both: Vec<Series<'_>> = left.iter().chain(right).copied().collect();
        report_unknown(case, &matching.labels, &both, "has no effect", found);
    }
    if let Some(group) = &matching.group {
        let one = if group.left { &right } else { &left };
        if let Some(series) = one {
            report_unknown(case, &group.labels, series, "nothing to take over", found);
        }
    }
}
