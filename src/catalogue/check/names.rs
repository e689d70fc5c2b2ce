//! N0901: unknown metrics.

use super::{Case, Finding, Read, Under};
use crate::codes;
use nth_diagnostics::suggest;
use nth_promql::{Error, Expr, Selector};

/// Checks a selector's name. `whole` is true if the query is this selector and nothing else.
pub(super) fn check(
    case: &Case<'_>,
    expr: &Expr,
    selector: &Selector,
    whole: bool,
    found: &mut Vec<Finding>,
) {
    if !whole {
        check_classic(case, expr, selector, found);
    }
    if case.is_judged(expr) || !case.absence {
        return;
    }
    let Read::Absent(under) = case.read(selector) else {
        return;
    };
    let Some(name) = &selector.metric else { return };
    let mut error = Error::new(
        &codes::UNKNOWN_METRIC,
        format!(
            "unknown metric `{}` for selector `{}`",
            name.text, under.selector
        ),
        name.span,
    )
    .label("not in nth.metrics.lock");
    let series = under.known.series();
    if let Some(near) = suggest::nearest(&name.text, series.iter().map(String::as_str)) {
        error = error.help(format!("did you mean `{near}`?"));
        if !case.is_filled(name.span) {
            error = error.suggest(name.span, near);
        }
    }
    found.push(Finding {
        error: error.help(help_text(&name.text)),
        unknown: Some(name.text.to_string()),
    });
}

/// The help for an unknown metric.
fn help_text(name: &str) -> String {
    let histogram = name.strip_suffix("_bucket").filter(|base| !base.is_empty());
    let (metric, metric_type) = match histogram {
        Some(base) => (base, "histogram"),
        None if name.ends_with("_total") => (name, "counter"),
        None if name.ends_with("_duration_seconds") => (name, "histogram"),
        None => (name, "gauge"),
    };
    format!(
        "run `nthc metrics pull` again if it is new; declare it if nothing exposes it yet: `metric \
        {metric} {{ type = {metric_type} }}`"
    )
}

/// Checks whether a selector in a query names a classic histogram, which is not a series.
pub(super) fn check_classic(
    case: &Case<'_>,
    expr: &Expr,
    selector: &Selector,
    found: &mut Vec<Finding>,
) {
    let Read::Classic(series) = case.read(selector) else {
        return;
    };
    let name = series.part.name;
    let span = selector
        .metric
        .as_ref()
        .map_or(expr.span, |metric| metric.span);
    let error = Error::new(
        &codes::UNKNOWN_METRIC,
        format!("`{name}` is a classic histogram: no series has its bare name"),
        span,
    )
    .label("no series")
    .help(format!(
        "use `{name}_bucket` in `histogram_quantile`, or `{name}_count` and `{name}_sum`"
    ));
    found.push(error.into());
}

impl Under<'_> {
    /// The place of the lookup, for the end of a sentence.
    pub(super) fn place(&self) -> String {
        match self.known.section {
            Some(_) => format!(" for selector `{}`", self.selector),
            None => String::new(),
        }
    }
}
