//! Plots of the numbers of an SLO.

use maud::{Markup, html};

use crate::document::Reach;
use crate::render::words::clip;

/// Draws the error budget before and now as bars. Nothing is drawn if both are unknown.
pub fn budget(minutes: [Option<f64>; 2]) -> Markup {
    let known =
        |minutes: Option<f64>| minutes.filter(|minutes| minutes.is_finite() && *minutes >= 0.0);
    let [before, after] = minutes.map(known);
    let largest = before.into_iter().chain(after).fold(0.0, f64::max);
    if largest <= 0.0 {
        return html! {};
    }
    let value = |minutes: Option<f64>| minutes.map_or_else(|| "none".to_owned(), duration);
    let label = format!(
        "Error budget in full downtime: {} before, {} now",
        value(before),
        value(after)
    );
    const WIDTH: f64 = 250.0;
    html! {
        svg.plot viewBox="0 0 380 96" role="img" aria-label=(label) {
            title { (label) }
            text.heading x="0" y="14" { "Error budget, as full downtime" }
            @for (y, word, class, minutes) in [(28, "before", "before", before), (60, "now", "after", after)] {
                @let length = minutes.unwrap_or_default() / largest * WIDTH;
                text x="44" y=(y + 16) text-anchor="end" { (word) }
                rect .(class) x="52" y=(y) width=(format!("{:.1}", length.max(1.5))) height="24" rx="2" {}
                text.value x=(format!("{:.1}", 58.0 + length)) y=(y + 16) { (value(minutes)) }
            }
        }
    }
}

/// Minutes as a duration with at most two units: `43m12s`, `3h36m`.
fn duration(minutes: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Not negative; saturates.
    let mut seconds = (minutes * 60.0).round() as u64;
    let mut out = String::new();
    let mut units = 0;
    for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        let number = seconds / length;
        seconds %= length;
        if number > 0 && units < 2 {
            out.push_str(&format!("{number}{unit}"));
        }
        units += usize::from(number > 0 || units > 0);
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// An axis of logarithms.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    fn has(&self, value: f64) -> bool {
        value >= self.low * 0.999 && value <= self.high * 1.001
    }
}

/// Draws from which error ratio on each burn-rate alert fires, over its long window, before and now.
pub fn reach(reach: &[Vec<Reach>; 2]) -> Markup {
    let is_drawn = |reach: &&Reach| {
        [reach.threshold, reach.long_seconds]
            .iter()
            .all(|value| value.is_finite() && *value > 0.0)
    };
    let [before, after] = reach.each_ref().map(|all| {
        let mut drawn: Vec<&Reach> = all.iter().filter(is_drawn).collect();
        drawn.sort_by(|one, other| one.long_seconds.total_cmp(&other.long_seconds));
        drawn
    });
    if before.is_empty() && after.is_empty() {
        return html! {};
    }
    let all = || before.iter().chain(&after);
    let (x, y) = axes(
        all().map(|reach| reach.long_seconds),
        all().map(|reach| reach.threshold),
    );
    let label = format!(
        "Error ratio at which burn-rate alerts fire. Before: {}. Now: {}.",
        described(&before),
        described(&after)
    );
    html! {
        svg.plot viewBox="0 0 380 236" role="img" aria-label=(label) {
            title { (label) }
            text.heading x="0" y="14" { "Error ratio at which burn-rate alerts fire" }
            text x="372" y="14" text-anchor="end" {
                @let all: Vec<&Reach> = all().copied().collect();
                @for severity in severities(&all) {
                    tspan .(color(severity)) { " ● " } (clip(severity, 20))
                }
            }
            @for (value, name) in RATIOS {
                @if y.has(*value) {
                    line.grid x1="52" x2="372" y1=(pixel(y.place(*value))) y2=(pixel(y.place(*value))) {}
                    text x="46" y=(pixel(y.place(*value) + 4.0)) text-anchor="end" { (name) }
                }
            }
            @for (value, name) in WINDOWS {
                @if x.has(*value) {
                    line.grid x1=(pixel(x.place(*value))) x2=(pixel(x.place(*value))) y1="28" y2="196" {}
                    text x=(pixel(x.place(*value))) y="211" text-anchor="middle" { (name) }
                }
            }
            text x="212" y="229" text-anchor="middle" { "long window · dashed: before · solid: now" }
            @for (class, points) in [("before", &before), ("after", &after)] {
                @for severity in severities(points) {
                    @let points: Vec<&Reach> = points.iter().copied().filter(|reach| reach.severity == severity).collect();
                    polyline .(class) .(color(severity)) points=(path(&points, &x, &y)) {}
                    @for point in points {
                        circle .(class) .(color(severity)) cx=(pixel(x.place(point.long_seconds))) cy=(pixel(y.place(point.threshold))) r="4" {
                            title {
                                (if class == "before" { "before" } else { "now" }) ": "
                                (described(&[point]))
                            }
                        }
                    }
                }
            }
        }
    }
}

const RATIOS: &[(f64, &str)] = &[
    (1e-6, "0.0001%"),
    (1e-5, "0.001%"),
    (1e-4, "0.01%"),
    (1e-3, "0.1%"),
    (1e-2, "1%"),
    (1e-1, "10%"),
    (1.0, "100%"),
];

const WINDOWS: &[(f64, &str)] = &[
    (300.0, "5m"),
    (1800.0, "30m"),
    (3600.0, "1h"),
    (21_600.0, "6h"),
    (86_400.0, "1d"),
    (259_200.0, "3d"),
    (604_800.0, "7d"),
    (2_592_000.0, "30d"),
];

/// Axes that have all values and at least one label.
fn axes(windows: impl Iterator<Item = f64>, ratios: impl Iterator<Item = f64>) -> (Axis, Axis) {
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (short, long) = bounds(&mut { windows });
    let (few, many) = bounds(&mut { ratios });
    let decade = |value: f64, up: bool| {
        let exponent = value.log10();
        10f64.powf(if up {
            exponent.ceil()
        } else {
            exponent.floor()
        })
    };
    let (low, mut high) = (decade(few, false), decade(many, true));
    if high <= low {
        high = low * 10.0;
    }
    (
        Axis {
            low: short / 1.6,
            high: long * 1.6,
            from: 52.0,
            to: 372.0,
        },
        Axis {
            low,
            high,
            from: 196.0,
            to: 28.0,
        },
    )
}

fn severities<'r>(points: &[&'r Reach]) -> Vec<&'r str> {
    let mut severities: Vec<&str> = points.iter().map(|reach| reach.severity.as_str()).collect();
    severities.sort_unstable();
    severities.dedup();
    severities
}

fn color(severity: &str) -> &'static str {
    match severity {
        "page" => "page",
        "ticket" => "ticket",
        _ => "alert",
    }
}

fn described(points: &[&Reach]) -> String {
    if points.is_empty() {
        return "none".to_owned();
    }
    let points: Vec<String> = points
        .iter()
        .map(|reach| {
            format!(
                "{} {}/{} above {}",
                clip(&reach.severity, 20),
                clip(&reach.long, 20),
                clip(&reach.short, 20),
                percent(reach.threshold)
            )
        })
        .collect();
    points.join(", ")
}

/// A ratio with three significant digits: `1.44%`.
fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    let mut digits = 2;
    let mut scale = percent;
    while scale > 0.0 && scale < 1.0 && digits < 6 {
        scale *= 10.0;
        digits += 1;
    }
    let text = format!("{percent:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

fn path(points: &[&Reach], x: &Axis, y: &Axis) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|reach| {
            format!(
                "{},{}",
                pixel(x.place(reach.long_seconds)),
                pixel(y.place(reach.threshold))
            )
        })
        .collect();
    points.join(" ")
}

fn pixel(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_ratios_three_digits() {
        let durations = [0.0, 0.5, 43.2, 216.0, 60.0, 1441.0].map(duration);
        assert_eq!(durations, ["0s", "30s", "43m12s", "3h36m", "1h", "1d"]);
        let ratios = [0.0144, 0.072, 1.0, 0.000_144].map(percent);
        assert_eq!(ratios, ["1.44%", "7.2%", "100%", "0.0144%"]);
    }

    #[test]
    fn values_that_no_axis_has_are_not_drawn() {
        let at = |threshold: f64| Reach {
            severity: "page".to_owned(),
            long: "1h".to_owned(),
            short: "5m".to_owned(),
            threshold,
            long_seconds: 3600.0,
        };
        for threshold in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let drawn = reach(&[vec![at(threshold)], Vec::new()]).into_string();
            assert_eq!(drawn, "", "{threshold}");
        }
        let drawn = reach(&[vec![at(0.01)], Vec::new()]).into_string();
        assert!(
            !drawn.contains("NaN") && drawn.contains("Now: none"),
            "{drawn}"
        );
        assert!(budget([None, Some(f64::NAN)]).into_string().is_empty());
    }
}
