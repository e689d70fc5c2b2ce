//! Checks SLIs against known metrics: the type of metrics in rates, and histogram buckets.

use super::Evaluator;
use super::labels::ScopeLabels;
use super::node::{NodeId, Setter};
use super::scope::Context;
use super::value::{FieldValue, Query, Value, show_duration};
use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::metrics::plain_selector;
use crate::maps::NameMap;
use crate::schema::names::{field, kind};
use nth_diagnostics::Applicability;
use nth_metrics::check::{self, Bound, Bounds, Kind};
use nth_metrics::unit::histogram_unit;
use nth_metrics::{Errors, Initialized, Lookup, Metric, MetricType, base_name, name_of};
use nth_model::{Duration, DurationUnit};
use nth_promql::{Node, Selector};
use nth_syntax::tree::{Expr, ExprNode};

impl<'db> Evaluator<'db> {
    /// Checks the fields of a block together.
    pub(super) fn check_block_metrics(&mut self, id: NodeId, fields: &NameMap<FieldValue>) {
        if !self.checks_metrics() {
            return;
        }
        self.check_matches(id);
        match self.schema_kind(id).as_str() {
            kind::RATIO => {
                self.check_rates(id, fields, &[field::TOTAL, field::BAD, field::GOOD]);
                self.check_errors(id, fields);
            }
            kind::ERROR_RATIO => self.check_rates(id, fields, &[field::TOTAL]),
            kind::LATENCY => self.check_latency(id, fields),
            _ => {}
        }
    }

    /// Checks that a plain selector of events, which the compiler wraps in `rate()`, is a counter.
    fn check_rates(&mut self, id: NodeId, fields: &NameMap<FieldValue>, names: &[&str]) {
        let labels = self.scope_labels(id);
        // One argument of a template may be used in several fields.
        let mut reported: Vec<Span> = Vec::new();
        for name in names {
            let Some((query, selector)) = fields.get(*name).and_then(selected) else {
                continue;
            };
            if reported.contains(&query.span) {
                continue;
            }
            let Some((known, _)) = self.known_metrics(&labels, selector) else {
                continue;
            };
            let Some(metric) = &selector.metric else {
                continue;
            };
            let Lookup::Found(part) = known.metric(&metric.text) else {
                continue;
            };
            let kind = Kind::from_part(&part);
            if !kind.is_measured() {
                continue;
            }
            reported.push(query.span);
            let mut diagnostic = Diag::new(
                &codes::WRONG_RANGE_FUNCTION,
                format!(
                    "cannot take a rate of events from {}: `{name}`",
                    kind.phrase(&part)
                ),
                query.span,
            )
            .label("expected a counter")
            .help("use `sli : time-slices` for the state of a gauge");
            let Some(setter) = self.setter(id, name) else {
                continue;
            };
            let set = self.span(&setter.context, setter.expr.range);
            if set.item != query.span.item {
                diagnostic = diagnostic.because(set, "its rate is taken here");
            }
            self.report_metric_finding(&setter.context.scope.trail, diagnostic);
        }
    }

    /// Reports error series that do not exist before the first error, if the pulled metrics prove it.
    fn check_errors(&mut self, id: NodeId, fields: &NameMap<FieldValue>) {
        let query = |name: &str| match fields.get(name).map(|field| &field.value) {
            Some(Value::Query(query)) => Some((query, plain_selector(query)?)),
            _ => None,
        };
        let (Some((written, bad)), Some((_, total))) = (query(field::BAD), query(field::TOTAL))
        else {
            return;
        };
        let labels = self.scope_labels(id);
        let Some((known, text)) = self.known_metrics(&labels, bad) else {
            return;
        };
        let Some(section) = &known.section else {
            return;
        };
        let wanted = Errors::new(bad, total);
        let found = section
            .errors
            .iter()
            .find(|errors| errors.bad == wanted.bad && errors.total == wanted.total);
        let which = match found.map(|errors| errors.initialized) {
            Some(Initialized::None) => "no target",
            Some(Initialized::Targets) => "not every target",
            Some(Initialized::Labels | Initialized::All) | None => return,
        };
        let Some(setter) = self.setter(id, field::BAD) else {
            return;
        };
        let metric = name_of(bad).unwrap_or_default();
        let diagnostic = Diag::new(
            &codes::UNINITIALIZED_ERRORS,
            format!("{which} under `{text}` exposes the series of `bad` before the first error"),
            written.span,
        )
        .label("the error that creates the series is not counted")
        .help(format!(
            "initialize the label sets of `{metric}` when the process starts, as client_golang's \
            `WithLabelValues` does"
        ))
        .help(
            "or start Prometheus with `--enable-feature=created-timestamp-zero-ingestion`, and expose \
            created timestamps",
        );
        self.report_metric_finding(&setter.context.scope.trail, diagnostic);
    }

    fn check_latency(&mut self, id: NodeId, fields: &NameMap<FieldValue>) {
        let Some((query, selector)) = fields.get(field::HISTOGRAM).and_then(selected) else {
            return;
        };
        let labels = self.scope_labels(id);
        let Some((metric, place)) = self.histogram(&labels, selector) else {
            return;
        };
        let (name, metric) = metric;
        let is_native =
            fields.get(field::NATIVE).map(|field| &field.value) == Some(&Value::Bool(true));
        let is_histogram = matches!(
            metric.metric_type,
            MetricType::Histogram | MetricType::GaugeHistogram
        );
        let Some(of_histogram) = self.setter(id, field::HISTOGRAM) else {
            return;
        };
        let trail = of_histogram.context.scope.trail.clone();
        if !is_histogram {
            if metric.metric_type != MetricType::Unknown {
                let diagnostic = Diag::new(
                    &codes::NOT_A_BUCKET,
                    format!("`{name}` is not a histogram{place}: it has no buckets"),
                    query.span,
                )
                .label(format!("a {}", shown_type(metric.metric_type)))
                .help("use a histogram of durations");
                self.report_metric_finding(&trail, diagnostic);
            }
            return;
        }
        if is_native {
            if !metric.native
                && let Some(setter) = self.setter(id, field::NATIVE)
            {
                let (expr, context) = self.origin(setter.expr, &setter.context);
                let diagnostic = Diag::new(
                    &codes::NOT_A_BUCKET,
                    format!("`{name}` is not a native histogram{place}"),
                    self.span(&context, expr.range),
                )
                .help("remove `native`: it has classic buckets");
                self.report_metric_finding(&context.scope.trail, diagnostic);
            }
            return;
        }
        let bounds = Bounds::new(metric);
        if bounds.is_empty() {
            if metric.native {
                let diagnostic = Diag::new(
                    &codes::NOT_A_BUCKET,
                    format!("`{name}` is a native histogram{place} and has no classic buckets"),
                    query.span,
                )
                .help("set `native = true`");
                self.report_metric_finding(&trail, diagnostic);
            }
            return;
        }
        let (Some(Value::Duration(under)), Some(setter)) = (
            fields.get(field::UNDER).map(|field| &field.value),
            self.setter(id, field::UNDER),
        ) else {
            return;
        };
        let field = match fields.get(field::UNIT).map(|field| &field.value) {
            Some(Value::Enum(_, member)) => DurationUnit::from_name(member),
            _ => None,
        };
        let known = self
            .known_metrics(&labels, selector)
            .map(|(known, _)| known);
        let unit = histogram_unit(known, name, field).unit;
        let limit = unit.count(Duration(*under));
        if bounds.texts(limit).is_empty() {
            self.report_no_bucket(name, &place, (*under, unit), &bounds, &setter);
        }
    }

    fn report_no_bucket(
        &mut self,
        name: &str,
        place: &str,
        (under, unit): (u64, DurationUnit),
        bounds: &Bounds<'_>,
        setter: &Setter<'db>,
    ) {
        let limit = unit.count(Duration(under));
        let (expr, context) = self.origin(setter.expr, &setter.context);
        let (below, above) = bounds.neighbors(limit);
        let near: Vec<String> = [below, above]
            .into_iter()
            .flatten()
            .map(|bound| shown_bound(bound, unit))
            .collect();
        let span = self.span(&context, expr.range);
        let mut diagnostic = Diag::new(
            &codes::NOT_A_BUCKET,
            format!("`{name}`{place} has no bucket at {}", show_duration(under)),
            span,
        )
        .label("not a bucket boundary")
        .help(format!(
            "use the nearest bucket, {}, or add one at {} to the histogram",
            near.join(" or "),
            show_duration(under)
        ));
        let nearest = bounds
            .nearest(limit)
            .and_then(|bound| unit.duration(bound.value))
            .map(|bound| show_duration(bound.0));
        if let Some(nearest) = nearest {
            // Suggest the nearest bucket only if there are buckets on both sides.
            let is_between = below.is_some() && above.is_some();
            if is_between && matches!(expr.node, ExprNode::Duration(_)) {
                diagnostic = diagnostic.fix(
                    format!("Replace with `{nearest}`"),
                    span,
                    nearest,
                    Applicability::Maybe,
                );
            } else if is_tier_field(expr) {
                diagnostic = diagnostic.help(format!(
                    "set `under` here: the value comes from the service's tier, as in `(under: \
                    {nearest})`"
                ));
            }
        }
        self.report_metric_finding(&context.scope.trail, diagnostic);
    }

    /// Returns the histogram of a latency SLI, and a phrase that names where it was looked up.
    fn histogram(
        &self,
        labels: &ScopeLabels,
        selector: &Selector,
    ) -> Option<((&'db str, &'db Metric), String)> {
        let (known, text) = self.known_metrics(labels, selector)?;
        let written = &selector.metric.as_ref()?.text;
        let named = |name| check::family(known, name);
        let (name, metric, pulled) = named(written).or_else(|| named(base_name(written)))?;
        let place = if pulled {
            format!(" (selector `{text}`)")
        } else {
            String::new()
        };
        Some(((name, metric), place))
    }

    /// Returns the expression that sets a field.
    fn setter(&self, id: NodeId, field: &str) -> Option<Setter<'db>> {
        let setters = self.node(id).setters.get(field)?;
        setters.iter().max_by_key(|setter| setter.order).cloned()
    }

    /// Follows names of parameters and local `let`s to the expression that they stand for.
    fn origin(&self, expr: &'db Expr, context: &Context<'db>) -> (&'db Expr, Context<'db>) {
        let (mut expr, mut context) = (expr, context.clone());
        // Cyclic names were reported.
        for _ in 0..MOST_NAMES {
            let next = match &expr.node {
                ExprNode::Paren(inner) => Some((inner.as_ref(), context.clone())),
                ExprNode::Name(name) => context
                    .scope
                    .find(&name.text)
                    .and_then(|binding| binding.lazy()),
                _ => None,
            };
            match next {
                Some(next) => (expr, context) = next,
                None => break,
            }
        }
        (expr, context)
    }
}

/// The maximum number of names that are followed.
const MOST_NAMES: usize = 32;

/// Returns a field's query, if it is a single selector.
fn selected(field: &FieldValue) -> Option<(&Query, &Selector)> {
    let Value::Query(query) = &field.value else {
        return None;
    };
    if !query.missing.is_empty() {
        return None;
    }
    match &query.expr.unparenthesised().node {
        Node::Selector(selector) if selector.modifiers.is_empty() => Some((query, selector)),
        _ => None,
    }
}

/// True for a field of a tier, such as `service.tier.latency`.
fn is_tier_field(expr: &Expr) -> bool {
    matches!(&expr.node, ExprNode::Member(object, _)
        if matches!(&object.node, ExprNode::Member(_, name) if name.text == field::TIER))
}

fn shown_bound(bound: Bound<'_>, unit: DurationUnit) -> String {
    match unit.duration(bound.value) {
        Some(duration) => format!("`{}`", show_duration(duration.0)),
        None => format!("{} {}", bound.text, unit.name()),
    }
}

fn shown_type(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Counter => "counter",
        MetricType::Gauge => "gauge",
        MetricType::Summary => "summary",
        MetricType::Info => "info metric",
        MetricType::StateSet => "state set",
        MetricType::Histogram | MetricType::GaugeHistogram | MetricType::Unknown => "histogram",
    }
}
