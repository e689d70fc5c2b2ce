//! Lints of durations that are shown in another unit than the query's: a panel's `unit`, and `${duration(value)}` in an
//! alert's texts.

use super::read::{member, report};
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;
use nth_model::{self as ir, DurationUnit, TextPart, ValueFormat};
use nth_promql::{Expr, buckets_unit, time_unit};

/// Reports a panel whose `unit` differs from the query's unit of time.
pub(super) fn check_panel(panel: &Instance, query: &Expr, diagnostics: &mut Vec<Diag>) {
    let shown = member(panel.get(field::UNIT)).and_then(|unit| DurationUnit::from_name(&unit));
    // The unit of a heatmap is that of its bucket bounds.
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

/// Reports an alert whose text shows a value in another unit than seconds as a duration.
pub(super) fn check_alert(block: &Instance, alert: &ir::Alert, diagnostics: &mut Vec<Diag>) {
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
