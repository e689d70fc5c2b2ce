//! What is shown as time in another unit than the query gives it in: a panel's `unit`, and `${duration(value)}` in the
//! texts of an alert.

use super::read::{member, report};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;
use nth_model::{self as ir, DurationUnit, TextPart, ValueFormat};
use nth_promql::{Expr, buckets_unit, time_unit};

/// A panel whose `unit` is one of time, and whose query gives time in another.
pub(super) fn of_panel(panel: &Instance, query: &Expr, diagnostics: &mut Vec<Diag>) {
    let shown = member(panel.get(field::UNIT)).and_then(|unit| DurationUnit::named(&unit));
    // A heatmap's unit is that of the bounds.
    let is_heatmap = member(panel.get(field::VISUALIZATION)).as_deref() == Some("heatmap");
    let given = if is_heatmap {
        buckets_unit(query, &|_| None)
    } else {
        time_unit(query, &|_| None)
    };
    let (Some(shown), Some(given)) = (shown, given) else {
        return;
    };
    if shown == given {
        return;
    }
    let diagnostic = Diag::new(
        &codes::PANEL_IN_OTHER_UNIT,
        format!(
            "panel `{}` shows {} as {}",
            panel.name,
            given.name(),
            shown.name()
        ),
        panel.span_of(field::UNIT),
    )
    .label(format!("the query returns {}", given.name()))
    .help(format!("set `unit = {}`", given.name()));
    report(panel, diagnostics, diagnostic);
}

/// An alert whose text shows the value as a duration, which Prometheus takes for seconds.
pub(super) fn of_alert(block: &Instance, alert: &ir::Alert, diagnostics: &mut Vec<Diag>) {
    let Some(given) =
        time_unit(&alert.when, &|_| None).filter(|unit| *unit != DurationUnit::Seconds)
    else {
        return;
    };
    for field in [field::SUMMARY, field::DESCRIPTION] {
        let Value::Text(text, _) = block.get(field) else {
            continue;
        };
        let is_duration = |part: &TextPart| matches!(part, TextPart::Value(ValueFormat::Duration));
        if !text.parts.iter().any(is_duration) {
            continue;
        }
        let diagnostic = Diag::new(
            &codes::DURATION_IN_OTHER_UNIT,
            format!("`${{duration(value)}}` shows {} as seconds", given.name()),
            block.span_of(field),
        )
        .label(format!("the condition returns {}", given.name()))
        .help(format!(
            "divide both sides of the comparison by {}, or write `${{value}}` with its unit",
            ir::number::decimal_text(given.count(ir::Duration(1000)))
        ));
        report(block, diagnostics, diagnostic);
    }
}
