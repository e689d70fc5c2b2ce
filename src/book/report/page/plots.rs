//! Plots: what consumed the budget, and how it ran down over the days.

use maud::{Markup, html};

use crate::report::apportion::as_float;
use crate::report::document::{Account, Cause, SloReport};
use crate::report::words::{self, Clock};

/// The class of a cause in the style sheet.
pub(super) fn class(cause: Cause) -> &'static str {
    match cause {
        Cause::Compared => "compared",
        Cause::Onset => "onset",
        Cause::Incident => "incident",
        Cause::Unexplained => "unexplained",
    }
}

fn pixel(place: f64) -> String {
    format!("{place:.1}")
}

/// A small bar of the consumed share of the budget: full at 100%, with a mark of what is beyond.
pub(super) fn bar(slo: &SloReport) -> Markup {
    let Some(consumed) = slo.consumed() else {
        return html! {};
    };
    let label = format!("{} of the budget consumed", words::share(consumed));
    let width = consumed.clamp(0.0, 1.0) * 100.0;
    html! {
        svg.bar viewBox="0 0 112 12" role="img" aria-label=(label) {
            title { (label) }
            rect.back x="0" y="1" width="100" height="10" rx="2" {}
            rect .consumed .over[consumed > 1.0] x="0" y="1" width=(pixel(width)) height="10" rx="2" {}
            @if consumed > 1.0 { path.over d="M104 1 L111 6 L104 11 Z" {} }
        }
    }
}

/// The budget as a bar of its causes and what is left, or what is too much.
pub(super) fn causes(account: &Account) -> Markup {
    let whole = account.budget_ms.max(account.spent_ms);
    if whole <= 0 {
        return html! {};
    }
    const WIDTH: f64 = 372.0;
    let scale = |ms: i64| as_float(ms) / as_float(whole) * WIDTH;
    let label = {
        let causes = Cause::ALL.iter().map(|cause| {
            format!(
                "{} {}",
                words::cause(*cause),
                words::ms(account.spent_by(*cause))
            )
        });
        let causes: Vec<String> = causes.collect();
        format!(
            "Budget {}: {}; left {}",
            words::ms(account.budget_ms),
            causes.join(", "),
            words::ms(account.left_ms)
        )
    };
    let mut parts: Vec<(Cause, i64, f64)> = Vec::new();
    let mut from = 0.0;
    for cause in Cause::ALL {
        let ms = account.spent_by(cause);
        parts.push((cause, ms, from));
        from += scale(ms);
    }
    html! {
        svg.plot viewBox="0 0 380 88" role="img" aria-label=(label) {
            title { (label) }
            text.heading x="0" y="14" { "What consumed the budget" }
            rect.back x="4" y="28" width=(pixel(scale(account.budget_ms))) height="26" {}
            @for (cause, ms, from) in &parts {
                @if *ms > 0 {
                    rect .(class(*cause)) x=(pixel(4.0 + from)) y="28" width=(pixel(scale(*ms))) height="26" {
                        title { (words::cause(*cause)) ": " (words::ms(*ms)) }
                    }
                }
            }
            @let edge = 4.0 + scale(account.budget_ms);
            line.limit x1=(pixel(edge)) x2=(pixel(edge)) y1="22" y2="60" {}
            text x=(pixel(edge.clamp(60.0, 372.0))) y="74" text-anchor="end" { "budget " (words::ms(account.budget_ms)) }
        }
    }
}

/// What is left of the budget at the end of each day, with what each day consumed, what was not seen and what is excluded.
pub(super) fn month(slo: &SloReport, account: &Account, clock: &Clock) -> Markup {
    let days = &slo.days;
    if days.is_empty() || account.budget_ms <= 0 {
        return html! {};
    }
    const LEFT: f64 = 44.0;
    const WIDTH: f64 = 328.0;
    const TOP: f64 = 28.0;
    const HEIGHT: f64 = 140.0;
    let count = as_float(i64::try_from(days.len()).unwrap_or(i64::MAX));
    let lowest = as_float(account.left_ms.min(0)) / as_float(account.budget_ms);
    let y = |share: f64| TOP + (1.0 - share) / (1.0 - lowest) * HEIGHT;
    let step = WIDTH / count;
    let day_x = |number: usize| LEFT + as_float(i64::try_from(number).unwrap_or(0)) * step;
    let share = |ms: i64| as_float(ms) / as_float(account.budget_ms);
    let mut line = format!("{},{}", pixel(LEFT), pixel(y(1.0)));
    for (number, day) in days.iter().enumerate() {
        line += &format!(
            " {},{}",
            pixel(day_x(number + 1)),
            pixel(y(share(day.left_ms)))
        );
    }
    let (first, last) = (days.first(), days.last());
    let span = |at: i64| -> Option<f64> {
        // Days may be an hour longer or shorter: close enough for a mark.
        let date = clock.day(at);
        let number = days.iter().position(|day| day.date == date)?;
        Some(day_x(number) + step / 2.0)
    };
    let label = format!(
        "Budget left: {} at the end of {}",
        words::ms(account.left_ms),
        last.map_or("", |day| day.date.as_str())
    );
    html! {
        svg.plot viewBox="0 0 380 204" role="img" aria-label=(label) {
            title { (label) }
            text.heading x="0" y="14" { "Budget left over the days" }
            @for (value, name) in [(1.0, "100%"), (0.5, "50%"), (0.0, "0%")] {
                line.grid x1=(pixel(LEFT)) x2=(pixel(LEFT + WIDTH)) y1=(pixel(y(value))) y2=(pixel(y(value))) {}
                text x="38" y=(pixel(y(value) + 4.0)) text-anchor="end" { (name) }
            }
            @for (number, day) in days.iter().enumerate() {
                @if day.unseen > 0 || day.excluded > 0 {
                    rect .(if day.excluded > 0 { "excluded" } else { "unseen" })
                        x=(pixel(day_x(number))) y=(pixel(TOP)) width=(pixel(step)) height=(pixel(HEIGHT)) {
                        title {
                            (day.date) ": "
                            @if day.unseen > 0 { (words::seconds(day.unseen)) " without data " }
                            @if day.excluded > 0 { (words::seconds(day.excluded)) " excluded" }
                        }
                    }
                }
                @if day.spent_ms > 0 {
                    @let height = (share(day.spent_ms) / (1.0 - lowest) * HEIGHT).min(HEIGHT);
                    rect.day x=(pixel(day_x(number) + step * 0.15)) y=(pixel(TOP + HEIGHT - height))
                        width=(pixel(step * 0.7)) height=(pixel(height)) {
                        title { (day.date) ": " (words::ms(day.spent_ms)) " consumed" }
                    }
                }
            }
            @for change in &slo.objective_changes {
                @if let Some(x) = span(change.at) {
                    line.change x1=(pixel(x)) x2=(pixel(x)) y1=(pixel(TOP)) y2=(pixel(TOP + HEIGHT)) {
                        title { "the objective changed" }
                    }
                }
            }
            polyline.left points=(line) {}
            @for row in &slo.deployments {
                @if let (Some(consumed), Some(x)) = (row.consumed, span(row.deployment.started)) {
                    circle .(match row.level { crate::report::input::Level::Compared => "compared", _ => "onset" })
                        cx=(pixel(x)) cy=(pixel(TOP + HEIGHT + 6.0)) r="3.5" {
                        title { (nth_render::one_line(&words::version(row))) ": " (words::ms(consumed.ms)) }
                    }
                }
            }
            @if let (Some(first), Some(last)) = (first, last) {
                text x=(pixel(LEFT)) y="192" { (first.date) }
                text x=(pixel(LEFT + WIDTH)) y="192" text-anchor="end" { (last.date) }
            }
        }
    }
}
