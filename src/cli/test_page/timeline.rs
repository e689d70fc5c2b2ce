//! A test over time: rows on one time axis for events, SLOs, alerts and notifications.
//!
//! Shapes are placed in percent of the width, so that texts keep their size on every screen and on paper.

use maud::{Markup, html};

use super::marked;
use nthc::diagnostics::render::one_line;
use nthc::testing::{
    AlertRow, Curve, Detail, EventRow, Failure, Happened, Notice, fires, largest, rough_share,
    round_step, time, word,
};

/// Draws a test. Nothing is drawn for one without a length.
pub fn timeline(detail: &Detail, failures: &[Failure]) -> Markup {
    let axis = Axis {
        length: detail.length,
        failures,
        deadlines: detail
            .expectations
            .iter()
            .filter_map(|row| row.until)
            .collect(),
    };
    if axis.length <= 0 {
        return html! {};
    }
    html! {
        div.timeline {
            (axis.labels())
            @for event in &detail.events { (event_row(&axis, event)) }
            @if let Some(happened) = &detail.happened { (consequences(&axis, happened)) }
        }
    }
}

fn consequences(axis: &Axis<'_>, happened: &Happened) -> Markup {
    html! {
        @for curve in &happened.curves { (curve_rows(axis, curve)) }
        @for alert in &happened.alerts { (alert_row(axis, alert)) }
        @if !happened.notifications.is_empty() {
            (row(&html! { "notifications" }, 18, &notices(axis, &happened.notifications), axis))
        }
    }
}

/// The sign for what a notification is about.
pub fn sign(about: &str) -> &'static str {
    match about {
        "fires" => "▲",
        "resolved" => "▼",
        _ => "◆",
    }
}

/// The time axis of a test.
struct Axis<'f> {
    /// The end, in milliseconds.
    length: i64,
    failures: &'f [Failure],
    /// The times until which something is expected, in milliseconds.
    deadlines: Vec<i64>,
}

impl Axis<'_> {
    /// The place of a time, `12.5%`.
    #[allow(clippy::cast_precision_loss)]
    fn place(&self, at: i64) -> String {
        let at = at.clamp(0, self.length);
        percent(at as f64 / self.length as f64)
    }

    /// The length of a time on the axis, at least as wide as can be seen.
    #[allow(clippy::cast_precision_loss)]
    fn extent(&self, from: i64, to: i64) -> String {
        let (from, to) = (from.clamp(0, self.length), to.clamp(0, self.length));
        percent(((to - from) as f64 / self.length as f64).max(0.002))
    }

    /// The times of the labels: the beginning, and at most five round ones.
    fn ticks(&self) -> Vec<i64> {
        const MOST: i64 = 5;
        let step = round_step(self.length, MOST);
        (0..=self.length / step).map(|tick| tick * step).collect()
    }

    fn labels(&self) -> Markup {
        html! {
            svg.axis width="100%" height="16" aria-hidden="true" {
                @for at in self.ticks() {
                    @let anchor = match at {
                        0 => "start",
                        _ if at * 20 > self.length * 19 => "end",
                        _ => "middle",
                    };
                    text x=(self.place(at)) y="12" text-anchor=(anchor) { (time(at)) }
                }
            }
        }
    }

    /// The lines behind a row: the labels' times, deadlines and failures.
    fn lines(&self) -> Markup {
        html! {
            @for at in self.ticks() { (self.line("grid", at)) }
            @for at in &self.deadlines { (self.line("deadline", *at)) }
            @for at in self.failures.iter().filter_map(|failure| failure.at) {
                (self.line("unmet", at))
            }
        }
    }

    fn line(&self, class: &str, at: i64) -> Markup {
        let place = self.place(at);
        html! { line .(class) x1=(place) x2=(place) y1="0" y2="100%" {} }
    }
}

fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

/// A row: its heading, and shapes over the time axis.
fn row(heading: &Markup, height: u32, shapes: &Markup, axis: &Axis<'_>) -> Markup {
    html! {
        div.row {
            div.heading { (heading) }
            svg width="100%" height=(height) role="presentation" { (axis.lines()) (shapes) }
        }
    }
}

fn bar(axis: &Axis<'_>, class: &str, (from, to): (i64, i64), title: &str) -> Markup {
    html! {
        rect .(class) x=(axis.place(from)) width=(axis.extent(from, to)) y="2" height="10" rx="2" {
            title { (one_line(title)) }
        }
    }
}

fn event_row(axis: &Axis<'_>, event: &EventRow) -> Markup {
    let when = match event.to {
        None => format!("at {}", time(event.from)),
        Some(to) if to >= axis.length && event.from == 0 => "all the time".to_owned(),
        Some(to) if to >= axis.length => format!("from {}", time(event.from)),
        Some(to) => format!("{} to {}", time(event.from), time(to)),
    };
    let shapes = match event.to {
        Some(to) => bar(axis, "event", (event.from, to), &when),
        None => html! {
            rect.event x=(axis.place(event.from)) width="4" y="0" height="14" { title { (when) } }
        },
    };
    let heading = html! {
        code { (one_line(&event.name)) } " " (marked(&event.what)) " " span.faint { (when) }
    };
    row(&heading, 14, &shapes, axis)
}

fn alert_row(axis: &Axis<'_>, alert: &AlertRow) -> Markup {
    let word = word(alert.severity.as_ref());
    // Several windows can be active at the same time: firing is drawn above pending.
    let shapes = html! {
        @for period in &alert.periods {
            @let until = period.firing.or(period.ended).unwrap_or(axis.length);
            @if until > period.pending.max(0) {
                (bar(axis, "pending", (period.pending, until), &format!("pending from {}", time(period.pending))))
            }
        }
        @for period in &alert.periods {
            @if let Some(fires) = period.firing {
                @let end = period.ended.unwrap_or(axis.length);
                @let until = period.ended.map_or("the end".to_owned(), time);
                (bar(axis, word, (fires, end), &format!("fires {} to {until}", time(fires))))
            }
        }
    };
    let heading = html! {
        b { (one_line(&alert.name)) } " " span.badge .(word) { (word) } " "
        span.faint { (fires(alert)) }
    };
    row(&heading, 14, &shapes, axis)
}

fn notices(axis: &Axis<'_>, notices: &[Notice]) -> Markup {
    html! {
        @for notice in notices {
            @let row = &notice.row;
            @let title = format!(
                "{} {} ({}), {}: {}",
                time(row.at), row.receiver, row.channel, row.about, row.alerts.join(", ")
            );
            text.notice .resolved[row.about == "resolved"] x=(axis.place(row.at)) y="14" text-anchor="middle" {
                (sign(row.about))
                title { (one_line(&title)) }
            }
        }
    }
}

/// The bad share and the rest of the error budget of an SLO, a row each.
fn curve_rows(axis: &Axis<'_>, curve: &Curve) -> Markup {
    let largest = largest(&curve.shares);
    let bad = html! {
        b { (one_line(&curve.name)) } " bad "
        span.faint {
            @match largest {
                Some(largest) => { "at most " (rough_share(largest)) }
                None => { "no data" }
            }
            ", objective " (curve.objective)
        }
    };
    let lowest = curve.left.iter().flatten().copied().reduce(f64::min);
    let last = curve.left.iter().rev().flatten().next();
    let left = html! {
        b { (one_line(&curve.name)) } " error budget left "
        span.faint {
            @if let (Some(lowest), Some(last)) = (lowest.map(rough_share), last) {
                (rough_share(*last)) " at the end"
                @if lowest != rough_share(*last) { ", lowest " (lowest) }
            } @else { "not recorded" }
        }
    };
    // A budget can be overspent.
    let bottom = lowest.unwrap_or_default().min(0.0);
    html! {
        (row(&bad, 48, &plot("bad", &curve.shares, (0.0, largest.unwrap_or_default())), axis))
        @if curve.left.iter().any(Option::is_some) {
            (row(&left, 32, &plot("left", &curve.left, (bottom, 1.0)), axis))
        }
    }
}

/// Draws values at evenly spaced times as an area above the lowest value; times without data stay empty.
fn plot(class: &str, values: &[Option<f64>], (lowest, highest): (f64, f64)) -> Markup {
    let highest = if highest > lowest {
        highest
    } else {
        lowest + 1.0
    };
    let mut areas: Vec<String> = Vec::new();
    let mut run: Vec<(usize, f64)> = Vec::new();
    for (place, value) in values.iter().enumerate() {
        match value {
            Some(value) => {
                let height = ((value - lowest) / (highest - lowest)).clamp(0.0, 1.0);
                run.push((place, (1.0 - height) * 100.0));
            }
            None => areas.extend(area(&std::mem::take(&mut run))),
        }
    }
    areas.extend(area(&run));
    let view = format!("0 0 {} 100", values.len().max(1));
    html! {
        svg.plot width="100%" height="100%" viewBox=(view) preserveAspectRatio="none" {
            @for points in areas { polygon .(class) points=(points) {} }
        }
    }
}

/// The corners of an area; `None` if it is empty. Values that do not change have two corners.
fn area(run: &[(usize, f64)]) -> Option<String> {
    let (first, last) = (run.first()?, run.last()?);
    let mut points = format!("{},100", first.0);
    for (index, (place, height)) in run.iter().enumerate() {
        let same = |other: Option<&(usize, f64)>| other.is_some_and(|(_, of)| of == height);
        let before = index.checked_sub(1).and_then(|before| run.get(before));
        if !same(before) {
            points += &format!(" {place},{height:.1}");
        }
        if !same(run.get(index + 1)) {
            points += &format!(" {},{height:.1}", place + 1);
        }
    }
    Some(points + &format!(" {},100", last.0 + 1))
}
