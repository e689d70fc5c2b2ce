//! Reads SLOs and SLIs.

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use super::alerts::policies;
use super::metadata::metadata;
use super::model::{Calendar, Goal, Measure, Metric, RefOr, Sli, Slo, Window};
use super::reader::{Fields, Findings, head};
use super::terms::{OPERATORS, shorthand};
use crate::project::Located;
use crate::yaml::Value;

/// The budgeting methods.
const METHODS: [&str; 3] = ["Occurrences", "Timeslices", "RatioTimeslices"];

/// Reads an SLO.
pub fn slo(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Slo> {
    let description = fields.description(findings);
    let service = fields.required_text("service", findings);
    let indicator = indicator(&mut fields, findings);
    let before = findings.diagnostics.len();
    let budgeting = fields.one_of("budgetingMethod", &METHODS, findings);
    if budgeting.is_none() && findings.diagnostics.len() == before {
        fields.report_missing("budgetingMethod", findings);
    }
    let window = window(&mut fields, findings);
    let before = findings.diagnostics.len();
    let goals: Vec<Option<Goal>> = list(&mut fields, "objectives", findings)
        .into_iter()
        .map(|fields| goal(fields, findings))
        .collect();
    if goals.is_empty() && findings.diagnostics.len() == before {
        fields.report_missing("objectives", findings);
        return None;
    }
    let policies = policies(&mut fields, findings);
    let head = findings.span(&fields.head);
    fields.finish(findings);
    let slo = Slo {
        description,
        service: service?,
        indicator,
        budgeting: budgeting?,
        window: window?,
        goals: goals.into_iter().collect::<Option<_>>()?,
        policies,
    };
    let own = slo
        .goals
        .iter()
        .filter(|goal| goal.indicator.is_some())
        .count();
    match (&slo.indicator, own) {
        (None, 0) => findings.report_invalid(
            head,
            "missing `indicator` or `indicatorRef` in an objective",
            "neither on the objective nor on its goals",
        ),
        (Some(_), 1..) => findings.report_invalid(
            head,
            "the indicator is on both the objective and its goals",
            "",
        ),
        (None, own) if own < slo.goals.len() => {
            findings.report_invalid(head, "some goals have no indicator", "");
        }
        _ => {}
    }
    check_budgeting(&slo, findings);
    Some(slo)
}

/// Checks the fields that depend on the budgeting method, and objectives against an inline SLI.
fn check_budgeting(slo: &Slo, findings: &mut Findings) {
    for goal in &slo.goals {
        let mut need = |has: bool, what: &str| {
            if !has {
                findings.report_invalid(
                    goal.span,
                    format!("missing `{what}` with `{}`", slo.budgeting.value),
                    "required by `budgetingMethod`",
                );
            }
        };
        match slo.budgeting.value {
            "Timeslices" => {
                need(goal.slice_target.is_some(), "timeSliceTarget");
                need(goal.slice.is_some(), "timeSliceWindow");
            }
            "RatioTimeslices" => need(goal.slice.is_some(), "timeSliceWindow"),
            _ => {}
        }
        let Some(RefOr::Inline(sli)) = slo.indicator.as_ref().or(goal.indicator.as_ref()) else {
            continue;
        };
        check_threshold(goal, &sli.measure, findings);
    }
}

/// Checks that a threshold has a comparison and a value, and a ratio has neither. Returns true if so.
pub fn check_threshold(goal: &Goal, measure: &Measure, findings: &mut Findings) -> bool {
    let before = findings.diagnostics.len();
    if matches!(measure, Measure::Threshold(_)) {
        if goal.op.is_none() {
            findings.report_invalid(
                goal.span,
                "missing `op` of a threshold",
                "required for a threshold",
            );
        }
        if goal.value.is_none() {
            findings.report_invalid(
                goal.span,
                "missing `value` of a threshold",
                "required for a threshold",
            );
        }
    } else {
        let given = [
            goal.op.as_ref().map(|op| ("op", op.span)),
            goal.value.as_ref().map(|value| ("value", value.span)),
        ];
        for (what, span) in given.into_iter().flatten() {
            findings.report_invalid(
                span,
                format!("`{what}` is not allowed for a ratio"),
                "only thresholds are compared",
            );
        }
    }
    findings.diagnostics.len() == before
}

fn list<'n>(
    fields: &mut Fields<'n>,
    key: &'static str,
    findings: &mut Findings,
) -> Vec<Fields<'n>> {
    let path = fields.path(key);
    let items = fields.list(key, findings);
    items
        .iter()
        .enumerate()
        .filter_map(|(index, node)| {
            Fields::new(node, format!("{path}[{index}]"), head(node), findings)
        })
        .collect()
}

fn goal(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Goal> {
    let span = findings.span(&fields.head);
    let display = fields.text("displayName", findings);
    let op = fields.one_of("op", &OPERATORS, findings);
    let value = fields.number("value", findings);
    let before = findings.diagnostics.len();
    let target = fields.number("target", findings);
    let percent = fields.number("targetPercent", findings);
    let target = match (target, percent) {
        (Some(_), Some(percent)) => {
            findings.report_invalid(
                percent.span,
                "both `target` and `targetPercent` are set",
                "",
            );
            None
        }
        (Some(target), None) => within(target, Decimal::ONE, findings),
        (None, Some(percent)) => {
            within(percent, Decimal::ONE_HUNDRED, findings).map(|percent| Located {
                value: percent.value / Decimal::ONE_HUNDRED,
                span: percent.span,
            })
        }
        (None, None) => {
            if findings.diagnostics.len() == before {
                fields.report_missing("target", findings);
            }
            None
        }
    };
    let slice_target = fields.number("timeSliceTarget", findings);
    if let Some(share) = &slice_target
        && !(share.value > Decimal::ZERO && share.value <= Decimal::ONE)
    {
        findings.report_invalid(
            share.span,
            "`timeSliceTarget` must be above 0 and at most 1",
            "",
        );
    }
    let slice = shorthand(&mut fields, "timeSliceWindow", findings);
    let indicator = indicator(&mut fields, findings);
    if let Some(weight) = fields.number("compositeWeight", findings)
        && weight.value <= Decimal::ZERO
    {
        findings.report_invalid(weight.span, "`compositeWeight` must be above 0", "");
    }
    fields.finish(findings);
    Some(Goal {
        span,
        display: display.map(|display| display.value),
        op,
        value,
        target: target?,
        slice_target,
        slice,
        indicator,
    })
}

/// Checks that a share is at least 0 and below `most`.
fn within(
    share: Located<Decimal>,
    most: Decimal,
    findings: &mut Findings,
) -> Option<Located<Decimal>> {
    if share.value >= Decimal::ZERO && share.value < most {
        return Some(share);
    }
    findings.report_invalid(
        share.span,
        format!("a target must be at least 0 and below {most}"),
        "",
    );
    None
}

fn indicator(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<RefOr<Sli>> {
    let inline = fields.fields("indicator", findings);
    let reference = fields.reference("indicatorRef", findings);
    match (inline, reference) {
        (Some(_), Some(reference)) => {
            findings.report_invalid(
                reference.span,
                "both `indicator` and `indicatorRef` are set",
                "",
            );
            None
        }
        (Some(mut inline), None) => {
            metadata(&mut inline, findings);
            let spec = inline.required_fields("spec", findings);
            inline.finish(findings);
            Some(RefOr::Inline(Box::new(sli(spec?, findings)?)))
        }
        (None, reference) => reference.map(RefOr::Ref),
    }
}

fn window(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Window> {
    let before = findings.diagnostics.len();
    let mut windows = list(fields, "timeWindow", findings);
    if windows.len() != 1 {
        if findings.diagnostics.len() == before {
            let span = findings.span(&fields.head);
            findings.report_invalid(
                span,
                "an objective must have exactly one `timeWindow`",
                format!("it has {}", windows.len()),
            );
        }
        return None;
    }
    let mut fields = windows.pop()?;
    let before = findings.diagnostics.len();
    let duration = shorthand(&mut fields, "duration", findings);
    if duration.is_none() && findings.diagnostics.len() == before {
        fields.report_missing("duration", findings);
    }
    let rolls = fields.boolean("isRolling", findings).unwrap_or(false);
    let head = findings.span(&fields.head);
    let calendar = fields.fields("calendar", findings);
    let calendar = calendar.map(|mut calendar| {
        let span = findings.span(&calendar.head);
        let start = calendar.required_text("startTime", findings);
        let moment = start.as_ref().and_then(|start| date_time(&start.value));
        if let (Some(start), None) = (start, moment) {
            findings.report_invalid(
                start.span,
                "`startTime` must be a date and time: `2026-01-31 12:00:00`",
                "",
            );
        }
        // Go accepts `Local` as a zone, which is a different one on each machine.
        let zone = calendar.required_text("timeZone", findings);
        let is_known = |zone: &str| jiff::tz::TimeZone::get(zone).is_ok();
        if let Some(zone) = zone.as_ref().filter(|zone| !is_known(&zone.value)) {
            findings.report_invalid(zone.span, format!("unknown time zone {:?}", zone.value), "");
        }
        calendar.finish(findings);
        Calendar {
            span,
            start: moment,
            zone: zone.map(|zone| zone.value).filter(|zone| is_known(zone)),
        }
    });
    fields.finish(findings);
    match (rolls, &calendar) {
        (true, Some(calendar)) => {
            findings.report_invalid(calendar.span, "a rolling window has no calendar", "");
        }
        (false, None) => findings.report_invalid(
            head,
            "missing `calendar` of a window that does not roll",
            "required for a calendar-aligned window",
        ),
        _ => {}
    }
    Some(Window {
        duration: duration?,
        calendar,
    })
}

fn date_time(text: &str) -> Option<DateTime> {
    let is_whole = text.len() == 19 && text.as_bytes().get(10) == Some(&b' ');
    is_whole.then(|| text.parse().ok()).flatten()
}

/// Reads an SLI.
pub fn sli(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Sli> {
    let description = fields.description(findings);
    let before = findings.diagnostics.len();
    let threshold = fields.fields("thresholdMetric", findings);
    let ratio = fields.fields("ratioMetric", findings);
    let head = findings.span(&fields.head);
    let fine = findings.diagnostics.len() == before;
    fields.finish(findings);
    let measure = match (threshold, ratio) {
        (Some(_), Some(ratio)) => {
            let span = findings.span(&ratio.head);
            findings.report_invalid(span, "both `thresholdMetric` and `ratioMetric` are set", "");
            None
        }
        (Some(threshold), None) => metric(threshold, findings).map(Measure::Threshold),
        (None, Some(ratio)) => self::ratio(ratio, findings),
        (None, None) => {
            if fine {
                findings.report_invalid(
                    head,
                    "missing `thresholdMetric` or `ratioMetric` in an indicator",
                    "",
                );
            }
            None
        }
    };
    Some(Sli {
        description,
        measure: measure?,
    })
}

fn ratio(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Measure> {
    let counter = fields.boolean("counter", findings).unwrap_or(false);
    let mut part = |key| fields.fields(key, findings);
    let (good, bad, total, raw) = (part("good"), part("bad"), part("total"), part("raw"));
    let before = findings.diagnostics.len();
    let raw_type = fields.one_of("rawType", &["success", "failure"], findings);
    let head = findings.span(&fields.head);
    let wrong_type = findings.diagnostics.len() > before;
    if raw.is_some() && raw_type.is_none() && !wrong_type {
        fields.report_missing("rawType", findings);
    }
    fields.finish(findings);
    let span = |fields: &Fields<'_>, findings: &Findings| findings.span(&fields.head);
    match (good, bad, total, raw) {
        (None, None, None, Some(raw)) => {
            let ratio = metric(raw, findings)?;
            Some(Measure::Raw {
                success: raw_type?.value == "success",
                ratio,
            })
        }
        (_, _, _, Some(raw)) => {
            let span = span(&raw, findings);
            findings.report_invalid(
                span,
                "a ratio is either `raw` or counted by `good`, `bad` and `total`",
                "",
            );
            None
        }
        (Some(_), Some(bad), _, None) => {
            let span = span(&bad, findings);
            findings.report_invalid(
                span,
                "both `good` and `bad` are set in a ratio",
                "one follows from the other",
            );
            None
        }
        (None, None, _, None) => {
            findings.report_invalid(head, "missing `good`, `bad` or `raw` in a ratio", "");
            None
        }
        (_, _, None, None) => {
            findings.report_invalid(head, "missing `total` in a ratio", "");
            None
        }
        (good, bad, Some(total), None) => {
            let is_good = good.is_some();
            let part = metric(good.or(bad)?, findings);
            let total = metric(total, findings);
            Some(Measure::Events {
                counter,
                good: is_good,
                part: part?,
                total: total?,
            })
        }
    }
}

fn metric(mut fields: Fields<'_>, findings: &mut Findings) -> Option<Metric> {
    let source = fields.required_fields("metricSource", findings);
    fields.finish(findings);
    let mut fields = source?;
    let span = findings.span(&fields.head);
    let source = fields
        .reference("metricSourceRef", findings)
        .filter(|source| !source.value.is_empty());
    let source_type = fields.text("type", findings);
    let path = fields.path("spec");
    let spec = fields.take("spec");
    if spec.is_none() {
        fields.report_missing("spec", findings);
    }
    fields.finish(findings);
    let (key, node) = spec?;
    let mut spec = Fields::new(node, path.clone(), key.span.clone(), findings)?;
    let query = spec.take("query");
    let mut rest = spec.drain();
    if query.is_none() && rest.is_empty() {
        let span = findings.span(&key.span);
        findings.report_invalid(span, format!("empty `{path}`"), "");
        return None;
    }
    rest.clear();
    let query = query.and_then(|(_, node)| match &node.value {
        Value::Scalar { text, .. } => Some(Located {
            value: text.clone(),
            span: findings.span(&node.span),
        }),
        _ => None,
    });
    Some(Metric {
        span,
        source,
        source_type: source_type.filter(|name| !name.value.is_empty()),
        query,
    })
}
