//! Incidents of custom alerts: series with values on both sides of a condition.

use nth_model::test::Event;
use nth_model::{Alert, Duration, Service};
use nth_promql::{Expr, Node, classify};

use super::given::{Happening, Incident};
use super::number::{constant, rounded};
use super::scope::{Scope, selectors};

/// The beginning of tests that say nothing else, in seconds since 1970: Monday, 5 January 2026, at noon.
const BEGIN: f64 = 1_767_614_400.0;

/// The values of a series at each scrape.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Values {
    Constant(f64),
    /// A counter with so much more every second.
    Slope(f64),
}

/// Returns incidents in which the condition of an alert holds, or only that of the mutated one.
pub fn of_alert(
    service: &Service,
    alert: &Alert,
    mutated: Option<&Alert>,
    scope: &Scope,
) -> Vec<Incident> {
    let scrape_interval = scope.scrape_interval;
    let selectors = selectors(&alert.when);
    let Some(first) = selectors.first() else {
        return Vec::new();
    };
    let hold = alert.hold();
    let other_hold = mutated.map_or(hold, Alert::hold);
    let limits: Vec<f64> = limits(&alert.when);
    let other_limits: Vec<f64> = mutated.map_or_else(Vec::new, |alert| self::limits(&alert.when));
    let measures = values(&alert.when, &limits, &other_limits);
    // First the duration that only one of them takes, then one that both take.
    let long = Duration(hold.0.saturating_mul(2).saturating_add(20 * 60_000));
    let mut lengths = Vec::new();
    if other_hold < hold {
        lengths.push(Duration((hold.0 + other_hold.0) / 2));
    }
    lengths.push(long);
    let label_sets = scope.label_sets(first, mutated);
    let mut found = Vec::new();
    for length in lengths {
        let count = length.0 / scrape_interval.0.max(1);
        let event = |labels: &str, values: Values| {
            #[allow(clippy::cast_precision_loss)]
            let step = scrape_interval.0 as f64 / 1000.0;
            let shown = match values {
                Values::Constant(value) => format!("{}x{count}", rounded(value)),
                Values::Slope(rate) => format!("0+{}x{count}", rounded(rate * step)),
            };
            let event = Event::Series {
                series: labels.to_owned(),
                values: shown,
            };
            Happening::new(event, None)
        };
        for measure in &measures {
            for labels in &label_sets {
                for others in [1.0, 100.0, 0.0] {
                    let mut given = vec![event(labels, *measure)];
                    let rest = selectors.iter().skip(1);
                    let of_rest = |value| match measure {
                        Values::Constant(_) => Values::Constant(value),
                        Values::Slope(_) => Values::Slope(value),
                    };
                    given.extend(
                        rest.map(|other| event(&scope.series(other, None), of_rest(others))),
                    );
                    found.push(Incident::new(&service.name, given, Some(length)));
                    if selectors.len() < 2 {
                        break;
                    }
                }
            }
            // Two targets: what a sum, an average, a maximum and a minimum of them is differs.
            if let (Values::Constant(value), [_]) = (measure, selectors.as_slice()) {
                let two = [("a", value * 0.7), ("b", value * 0.7)];
                let apart = [("a", value * 1.5), ("b", value * 0.1)];
                for pair in [two, apart] {
                    let given = pair.map(|(instance, value)| {
                        let labels = scope.series(first, Some(("instance", instance)));
                        event(&labels, Values::Constant(value))
                    });
                    found.push(Incident::new(&service.name, given.to_vec(), Some(length)));
                }
            }
        }
    }
    found
}

/// The numbers that parts of a condition are compared with.
pub fn limits(expr: &Expr) -> Vec<f64> {
    let mut found = Vec::new();
    for part in classify::exprs(expr) {
        if let Node::Binary(binary) = &part.node
            && binary.op.is_comparison()
        {
            let sides = [&binary.left, &binary.right];
            found.extend(sides.into_iter().filter_map(constant));
        }
    }
    found
}

/// Values near the limits, those between the original and the mutated ones first.
fn values(expr: &Expr, limits: &[f64], others: &[f64]) -> Vec<Values> {
    let mut numbers: Vec<f64> = Vec::new();
    for limit in limits {
        for other in others.iter().filter(|other| *other != limit) {
            let middle = match *limit > 0.0 && *other > 0.0 {
                true => (limit * other).sqrt(),
                false => (limit + other) / 2.0,
            };
            numbers.push(middle);
        }
    }
    for limit in limits {
        numbers.extend([
            limit * 2.0 + 1.0,
            limit * 1.2,
            limit * 0.8,
            limit - 1.0,
            *limit,
        ]);
    }
    if numbers.is_empty() {
        numbers.extend([1.0, 0.0]);
    }
    let text = expr.to_string();
    let short = |value: f64| format!("{value:.3e}").parse::<f64>().unwrap_or(value);
    let mut found: Vec<Values> = Vec::new();
    for number in numbers
        .into_iter()
        .map(short)
        .filter(|number| number.is_finite())
    {
        let value = match (
            text.contains("rate(") || text.contains("increase("),
            text.contains("time()"),
        ) {
            (true, _) => Values::Slope(number.max(0.0)),
            (_, true) => Values::Constant((BEGIN + 600.0 - number).round()),
            _ => Values::Constant(number),
        };
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}
