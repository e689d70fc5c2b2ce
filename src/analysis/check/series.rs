//! Checks that an SLO only measures series of its service: not those of all services without a selector, nor those of another
//! service with the same selector.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::lower::report;
use crate::schema::names::field;
use nth_model::{Service, Sli, Slo};
use nth_promql::classify::{metrics, requires_label};
use nth_promql::{Expr, LabelMatchers, MatchOp, Matcher, Selector};

/// The series with which a service's SLOs count all events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The service.
    pub service: SmolStr,
    /// The place of its selector.
    pub place: Span,
    /// The selectors, as text.
    pub series: BTreeSet<String>,
}

impl Measured {
    /// Collects the series of a service; `None` if its selector does not restrict them to the service.
    pub fn new(instance: &Instance, service: &Service) -> Option<Self> {
        if wide_selector(instance).is_some() {
            return None;
        }
        let series: BTreeSet<String> = service
            .slos
            .iter()
            .flat_map(|slo| all_events(slo).into_iter().flat_map(metrics))
            .map(canonical)
            .collect();
        (!series.is_empty()).then(|| Self {
            service: service.name.clone(),
            place: instance.place_of(instance, instance.span_of(field::SELECTOR)),
            series,
        })
    }
}

impl Measured {
    /// What is compared across services, without places.
    pub fn facts(&self) -> String {
        let Self {
            service,
            place: _,
            series,
        } = self;
        format!("{service:?} {series:?}")
    }

    /// True if both are the same but for the place.
    pub fn is_same_series(&self, other: &Self) -> bool {
        self.service == other.service && self.series == other.series
    }
}

/// Returns the service's matchers if they select the series of every service: none, only negations, or expressions that match
/// every value.
fn wide_selector(instance: &Instance) -> Option<LabelMatchers> {
    let Value::Matchers(matchers) = instance.get(field::SELECTOR) else {
        return None;
    };
    // A value that is not a string was reported.
    let is_known = matchers
        .values()
        .all(|value| matches!(value, Value::String(_)));
    let matchers = matchers.resolved();
    (is_known && !matchers.is_restrictive()).then_some(matchers)
}

/// Returns the expressions that count all events of its own: a composite SLO reads those of its parts.
fn all_events(slo: &Slo) -> Vec<&Expr> {
    match &slo.sli {
        _ if !slo.parts.is_empty() => Vec::new(),
        Sli::Events { total, .. } => vec![total],
        Sli::TimeSlices { good } => vec![good],
        Sli::ErrorRatio { ratio, total } => vec![total.as_ref().unwrap_or(ratio)],
    }
}

/// Formats a selector with sorted matchers. All series of one histogram have the same result.
fn canonical(selector: &Selector) -> String {
    let mut matchers: Vec<String> = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.label != "le")
        .map(|matcher| format!("{}{}{}", matcher.label, matcher.op.as_str(), matcher.value))
        .collect();
    matchers.sort();
    let name = selector.metric.as_ref().map_or("", |metric| &metric.text);
    format!("{name}{{{}}}", matchers.join(","))
}

/// Diagnostic about a service with an empty selector whose SLOs use series without other restrictions. `given` are the labels
/// that the environment adds to every query.
pub fn unscoped_series(
    instance: &Instance,
    service: &Service,
    given: &BTreeSet<SmolStr>,
) -> Option<Diag> {
    let own_matchers = wide_selector(instance)?;
    let own = service
        .name
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let is_narrow = |selector: &Selector| {
        // Compare whole words: `s` does not own `http_requests_total`.
        let is_own = |metric: &str| {
            format!("_{metric}_")
                .replace(':', "_")
                .contains(&format!("_{own}_"))
        };
        selector
            .metric
            .as_ref()
            .is_some_and(|metric| is_own(&metric.text))
            || selector.matchers.iter().any(|matcher| {
                matcher.label != "le"
                    && !given.contains(&matcher.label)
                    && !own_matchers.has(matcher)
                    && requires_label(matcher)
            })
    };
    let (slo, wide) = service.slos.iter().find_map(|slo| {
        let expressions = all_events(slo);
        let wide = expressions
            .into_iter()
            .flat_map(metrics)
            .find(|selector| !is_narrow(selector))?;
        Some((slo, wide))
    })?;
    let name = &service.name;
    let metric = wide.metric.as_ref().map_or("", |metric| &metric.text);
    let (message, whose) = match own_matchers.is_empty() {
        true => (
            format!("the selector of service `{name}` is empty"),
            "every",
        ),
        false => (
            format!("the selector of service `{name}` does not select one service"),
            if own_matchers.matchers().any(|matcher| is_negation(&matcher)) {
                "every other"
            } else {
                "every"
            },
        ),
    };
    let diagnostic = Diag::new(
        &codes::EMPTY_SELECTOR,
        message,
        instance.span_of(field::SELECTOR),
    )
    .label(format!(
        "SLO `{}` counts `{metric}` of {whose} service",
        slo.name
    ))
    .help(format!(
        "set a label that only this service's series have: `selector = {{ job = \"{name}\" }}`"
    ));
    let mut found = Vec::new();
    report(instance, &mut found, diagnostic);
    found.pop()
}

fn is_negation(matcher: &Matcher) -> bool {
    matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotMatches)
}

/// Diagnostics about services that measure the same series, each at its own selector.
pub fn shared(services: &[&Measured]) -> Vec<Diag> {
    let mut by_series: BTreeMap<&str, Vec<&Measured>> = BTreeMap::new();
    for service in services {
        for series in &service.series {
            by_series.entry(series).or_default().push(service);
        }
    }
    let mut found = Vec::new();
    for service in services {
        let other = service.series.iter().find_map(|series| {
            let all = by_series.get(series.as_str())?;
            let other = all.iter().find(|other| other.service != service.service)?;
            Some((series, other))
        });
        if let Some((series, other)) = other {
            found.push(
                Diag::new(
                    &codes::SHARED_SERIES,
                    format!(
                        "services `{}` and `{}` measure the same series",
                        service.service, other.service
                    ),
                    service.place,
                )
                .label(format!("selects `{series}`"))
                .because(other.place, format!("`{}` selects it too", other.service))
                .help("give each service a selector for labels that only its own series have, or merge \
                    the services"),
            );
        }
    }
    found
}
