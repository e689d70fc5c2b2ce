//! Generates SLOs of `.nth` from SLOs, their SLIs and their objectives.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::kept;
use super::latency::{Latency, latency};
use super::model::{Goal, Measure, Metadata, Metric, Policy, Shorthand, Slo, Window};
use super::query;
use super::reader::{Findings, report_skipped};
use super::write::{block_name, comment, labels, string};
use crate::diagnostics::{FileSpan, codes};
use crate::ir::{Duration, burn_rate, number::decimal_text, number::percent_text};
use crate::project::Located;
use crate::promql::{self, BinaryOp, Expr, LabelMatchers, build};
use crate::schema::names::{field, kind};

/// A generated SLO, with its queries as trees.
pub struct Objective {
    name: String,
    comments: Vec<String>,
    description: Option<String>,
    target: Decimal,
    window: Duration,
    /// The name of the calendar window, and its time zone.
    calendar: Option<(&'static str, String)>,
    alerts: bool,
    labels: BTreeMap<String, String>,
    /// Lines for fields that the document keeps in annotations.
    kept: Vec<String>,
    variant: &'static str,
    /// The query fields of the SLI, by name.
    pub queries: Vec<(&'static str, Expr)>,
    /// The other fields of the SLI, as lines.
    fields: Vec<String>,
    /// The span of the objective.
    pub span: FileSpan,
}

/// A generated SLI: its variant and its fields.
struct SliBlock {
    variant: &'static str,
    queries: Vec<(&'static str, Expr)>,
    fields: Vec<String>,
}

impl SliBlock {
    fn new(variant: &'static str, queries: Vec<(&'static str, Expr)>) -> Self {
        Self {
            variant,
            queries,
            fields: Vec::new(),
        }
    }

    fn from_latency(latency: Latency) -> Self {
        let mut fields = vec![format!("{} = {}", field::UNDER, latency.under)];
        if latency.native {
            fields.push(format!("{} = true", field::NATIVE));
        }
        Self {
            variant: kind::LATENCY,
            queries: vec![(field::HISTOGRAM, latency.histogram)],
            fields,
        }
    }
}

/// The parts of an SLO that its objectives share.
pub struct SloContext<'a> {
    /// The document's metadata.
    pub metadata: &'a Metadata,
    /// The document.
    pub slo: &'a Slo,
    /// The name within the service.
    pub name: &'a str,
    /// True if an annotation says that the SLI is a ratio that is computed elsewhere.
    pub is_error_ratio: bool,
    /// The labels that the service does not have.
    pub labels: BTreeMap<String, String>,
    /// The description of the SLI, used if the SLO has none.
    pub description: Option<&'a String>,
    /// The alert policies with their conditions.
    pub policies: Vec<(FileSpan, &'a Policy, &'a super::model::Condition)>,
}

impl SloContext<'_> {
    /// Generates the SLO of one objective. `number` is `None` if it is the only one. `None` if it cannot be expressed, which
    /// is reported.
    pub fn objective(
        &self,
        number: Option<usize>,
        goal: &Goal,
        measure: &Measure,
        findings: &mut Findings,
    ) -> Option<Objective> {
        let mut comments = Vec::new();
        if goal.target.value <= Decimal::ZERO {
            report_inexpressible(
                findings,
                goal.target.span,
                "an objective of 0% has no error budget",
                "must be above 0",
            );
            return None;
        }
        let calendar = calendar(&self.slo.window);
        let window = window(&self.slo.window, calendar.is_some(), findings)?;
        let SliBlock {
            variant,
            queries,
            fields,
        } = self.sli_block(goal, measure, &mut comments, findings)?;
        let name = match number {
            Some(number) => format!("{}-{number}", self.name),
            None => self.name.to_owned(),
        };
        self.alerts(window, &mut comments, findings);
        // This display name adds nothing to the name and the objective.
        let implied = format!("{} {name}", percent_text(goal.target.value));
        let display = goal.display.as_ref().or(self.metadata.display.as_ref());
        let display = display.filter(|text| **text != implied);
        let description = self
            .slo
            .description
            .as_ref()
            .or(self.description)
            .or(display)
            .cloned();
        let more = |text: &&String| Some(*text) != description.as_ref();
        if let Some(display) = display.filter(more) {
            comments.push(display.clone());
        }
        Some(Objective {
            name,
            comments,
            description,
            target: goal.target.value,
            window,
            calendar,
            alerts: kept::has_burn_rate_alerts(self.metadata)
                .unwrap_or(!self.slo.policies.is_empty()),
            labels: self.labels.clone(),
            kept: kept::slo_fields(self.metadata, findings),
            variant,
            queries,
            fields,
            span: goal.span,
        })
    }

    /// Generates the SLI. `None` if it cannot be expressed, which is reported.
    fn sli_block(
        &self,
        goal: &Goal,
        measure: &Measure,
        comments: &mut Vec<String>,
        findings: &mut Findings,
    ) -> Option<SliBlock> {
        let slices = self.slo.budgeting.value == "Timeslices";
        let refused = |reason: &str, metric: &Metric, findings: &mut Findings| {
            let span = metric
                .query
                .as_ref()
                .map_or(metric.span, |query| query.span);
            report_inexpressible(
                findings,
                span,
                "this query cannot be evaluated over the windows of the rules",
                reason,
            );
        };
        match measure {
            Measure::Threshold(metric) => {
                let query = query::tree(metric, findings)?;
                let (op, value) = (goal.op.as_ref()?, goal.value.as_ref()?);
                if goal.slice.is_some() {
                    comments.push(slice_comment(goal));
                    if goal
                        .slice_target
                        .as_ref()
                        .is_some_and(|share| share.value < Decimal::ONE)
                    {
                        report_skipped(
                            findings,
                            goal.span,
                            "time slices are not supported",
                            "each rule evaluation is a slice",
                        );
                    }
                }
                let condition = match bool_condition(&query) {
                    Some(condition) if op.value == "gte" && value.value == Decimal::ONE => {
                        condition
                    }
                    _ => compare(query, operator(op.value), value.value),
                };
                Some(SliBlock::new(
                    kind::TIME_SLICES,
                    vec![(field::GOOD, condition)],
                ))
            }
            Measure::Events {
                counter,
                good,
                part,
                total,
            } => {
                let part_query = query::tree(part, findings);
                let total_query = query::tree(total, findings);
                let rates = query::events(part_query?, total_query?, *counter);
                let (numerator, denominator) = match rates {
                    Ok(rates) => rates,
                    Err(reason) => {
                        refused(reason, part, findings);
                        return None;
                    }
                };
                let field = if *good { field::GOOD } else { field::BAD };
                if self.slo.budgeting.value == "Occurrences" {
                    if let Some(latency) = latency(&numerator, &denominator).filter(|_| *good) {
                        return Some(SliBlock::from_latency(latency));
                    }
                    if let Some(ratio) = self
                        .is_error_ratio
                        .then(|| ratio_factor(&numerator, &denominator))
                        .flatten()
                    {
                        let queries = vec![(field::RATIO, ratio), (field::TOTAL, denominator)];
                        return Some(SliBlock::new(kind::ERROR_RATIO, queries));
                    }
                    let queries = vec![(field, numerator), (field::TOTAL, denominator)];
                    return Some(SliBlock::new(kind::RATIO, queries));
                }
                let share = build::binary(BinaryOp::Divide, rate(numerator), rate(denominator));
                if !slices {
                    let bad = if *good { complement(share) } else { share };
                    return Some(SliBlock::new(kind::ERROR_RATIO, vec![(field::RATIO, bad)]));
                }
                time_slices(goal, share, *good, comments)
            }
            Measure::Raw { success, ratio } => {
                let query = query::tree(ratio, findings)?;
                let share = match query::ratio(query) {
                    Ok(share) => share,
                    Err(reason) => {
                        refused(reason, ratio, findings);
                        return None;
                    }
                };
                if slices {
                    return time_slices(goal, share, *success, comments);
                }
                let bad = if *success { complement(share) } else { share };
                Some(SliBlock::new(kind::ERROR_RATIO, vec![(field::RATIO, bad)]))
            }
        }
    }

    /// Compares the alert policies with the generated burn-rate alerts. Other policies are reported, as they cannot be
    /// expressed.
    fn alerts(&self, window: Duration, comments: &mut Vec<String>, findings: &mut Findings) {
        if self.policies.is_empty() {
            let is_kept = kept::has_burn_rate_alerts(self.metadata).is_some();
            if self.slo.policies.is_empty() && !is_kept {
                comments.push("No alert policy was named.".to_owned());
            }
            return;
        }
        let pairs = burn_rate::pairs(window, Duration::MINUTE);
        let mut kept = 0;
        for (span, _, condition) in &self.policies {
            let lookback = to_duration(condition.lookback.value);
            let factor = condition.threshold.value;
            let is_usual = pairs
                .iter()
                .any(|pair| Some(pair.long) == lookback && pair.factor == factor);
            let is_kept = lookback.is_some_and(|lookback| {
                kept::has_burn_rate(self.metadata, &lookback.to_string(), factor)
            });
            let same = (is_usual || is_kept) && ["gt", "gte"].contains(&condition.op.value);
            if same {
                kept += 1;
            } else {
                report_skipped(
                    findings,
                    *span,
                    "not one of the SLO's generated alerts",
                    "the four burn-rate alerts replace it",
                );
            }
        }
        if kept > 0 {
            comments.push(format!(
                "{kept} of its alert policies match generated burn-rate alerts."
            ));
        }
    }
}

impl Objective {
    /// Returns the text, with the labels of the service's selector removed from the queries.
    pub fn text(&self, common: &LabelMatchers, findings: &mut Findings) -> String {
        let mut out: String = self.comments.iter().map(|text| comment(text)).collect();
        out += &format!("{} {} {{\n", kind::SLO, block_name(&self.name));
        if let Some(description) = &self.description {
            out += &format!("{} = {}\n", field::DESCRIPTION, string(description));
        }
        out += &format!("{} = {}\n", field::OBJECTIVE, percent_text(self.target));
        match &self.calendar {
            Some((unit, zone)) => {
                out += &format!("{} = {unit}\n", field::CALENDAR);
                out += &format!("{} = {}\n", field::ZONE, string(zone));
            }
            None => out += &format!("{} = {}\n", field::WINDOW, self.window),
        }
        if !self.alerts {
            out += &format!("{} = false\n", field::BURN_RATE_ALERTS);
        }
        for line in &self.kept {
            out += line;
            out.push('\n');
        }
        if !self.labels.is_empty() {
            out += &format!("{} = {}\n", field::LABELS, labels(&self.labels));
        }
        out += &format!("\n{} : {} {{\n", kind::SLI, self.variant);
        for (field, query) in &self.queries {
            let written = if query::fits(query, common) {
                query::to_literal(&query::without(query.clone(), common))
            } else {
                // The selector would add labels that the query does not have.
                query::to_literal(query).map(|text| format!("unscoped({text})"))
            };
            match written {
                Ok(text) => out += &format!("{field} = {text}\n"),
                Err(reason) => report_inexpressible(
                    findings,
                    self.span,
                    "this query cannot be written in `.nth`",
                    reason,
                ),
            }
        }
        for line in &self.fields {
            out += line;
            out.push('\n');
        }
        out + "}\n}\n"
    }
}

/// Generates time slices that are good if a share of their events is good.
fn time_slices(
    goal: &Goal,
    share: Expr,
    good: bool,
    comments: &mut Vec<String>,
) -> Option<SliBlock> {
    comments.push(slice_comment(goal));
    let range = to_duration(goal.slice.as_ref()?.value)?;
    let share = query::with_range(share, &promql::Duration::literal(range.to_string()));
    let target = goal.slice_target.as_ref()?.value;
    let condition = if good {
        compare(share, BinaryOp::GreaterOrEqual, target)
    } else {
        compare(share, BinaryOp::LessOrEqual, Decimal::ONE - target)
    };
    Some(SliBlock::new(
        kind::TIME_SLICES,
        vec![(field::GOOD, condition)],
    ))
}

/// Returns `ratio` of `ratio * total`.
fn ratio_factor(part: &Expr, total: &Expr) -> Option<Expr> {
    let promql::Node::Binary(product) = &part.unparenthesised().node else {
        return None;
    };
    let is_product = product.op == BinaryOp::Multiply && product.matching.is_none();
    let is_of_total = product.right.to_string() == rate(total.clone()).to_string();
    (is_product && is_of_total).then(|| product.left.unparenthesised().clone())
}

fn slice_comment(goal: &Goal) -> String {
    let slice = goal.slice.as_ref().map_or_else(String::new, |slice| {
        format!("{}{}", slice.value.count, slice.value.unit)
    });
    format!("Its slices were {slice} long. In .nth, each rule evaluation is a slice.")
}

/// Returns the condition of a query that is 1 or 0 for true or false, over all series: `x == 1` for `min(x == bool 1)`.
fn bool_condition(query: &Expr) -> Option<Expr> {
    match &query.unparenthesised().node {
        promql::Node::Binary(both) if both.op == BinaryOp::Multiply && both.matching.is_none() => {
            return Some(build::binary(
                BinaryOp::And,
                bool_condition(&both.left)?,
                bool_condition(&both.right)?,
            ));
        }
        promql::Node::Call(call) if call.function == "clamp_max" => {
            let [sum, one] = call.args.as_slice() else {
                return None;
            };
            let promql::Node::Binary(either) = &sum.unparenthesised().node else {
                return None;
            };
            let is_or = either.op == BinaryOp::Add && either.matching.is_none();
            return (is_or && one.to_string() == "1")
                .then(|| {
                    Some(build::binary(
                        BinaryOp::Or,
                        bool_condition(&either.left)?,
                        bool_condition(&either.right)?,
                    ))
                })
                .flatten();
        }
        _ => {}
    }
    let mut expr = query.unparenthesised();
    if let promql::Node::Aggregate(min) = &expr.node
        && min.op == "min"
        && min.grouping.is_none()
    {
        expr = min.expr.unparenthesised();
    }
    match &expr.node {
        promql::Node::Binary(comparison) if comparison.return_bool => {
            let mut condition = comparison.clone();
            condition.return_bool = false;
            Some(Expr::new(promql::Node::Binary(condition)))
        }
        _ => None,
    }
}

fn operator(op: &str) -> BinaryOp {
    match op {
        "lte" => BinaryOp::LessOrEqual,
        "gte" => BinaryOp::GreaterOrEqual,
        "lt" => BinaryOp::Less,
        _ => BinaryOp::Greater,
    }
}

fn compare(expr: Expr, op: BinaryOp, with: Decimal) -> Expr {
    build::binary(op, expr, build::number(decimal_text(with)))
}

/// Returns `1 - share`.
fn complement(share: Expr) -> Expr {
    build::binary(BinaryOp::Subtract, build::number("1"), share)
}

fn rate(events: Expr) -> Expr {
    if promql::classify::is_selector(&events) {
        promql::rewrite::as_rate(events)
    } else {
        events
    }
}

/// Returns the duration; `None` for months and longer units, whose length varies.
fn to_duration(shorthand: Shorthand) -> Option<Duration> {
    let unit = match shorthand.unit {
        'm' => Duration::MINUTE,
        'h' => Duration::HOUR,
        'd' => Duration::DAY,
        'w' => Duration::days(7),
        _ => return None,
    };
    unit.0.checked_mul(shorthand.count.into()).map(Duration)
}

/// Returns the name of the calendar window, and its time zone, if it is a week, a month or a quarter that begins with its first day.
fn calendar(window: &Window) -> Option<(&'static str, String)> {
    let calendar = window.calendar.as_ref()?;
    let (start, zone) = (calendar.start?, calendar.zone.clone()?);
    let is_midnight = start.time() == jiff::civil::Time::midnight();
    let is_first = start.day() == 1;
    let Shorthand { count, unit } = window.duration.value;
    let unit = match (count, unit) {
        (1, 'w') | (7, 'd') if start.weekday() == jiff::civil::Weekday::Monday => "week",
        (1, 'M') if is_first => "month",
        (1, 'Q') | (3, 'M') if is_first && start.month() % 3 == 1 => "quarter",
        _ => return None,
    };
    is_midnight.then_some((unit, zone))
}

/// Returns the SLO window, which must be between a day and 90 days; of a calendar window its usual length.
fn window(window: &Window, is_calendar: bool, findings: &mut Findings) -> Option<Duration> {
    let Located { value, span } = &window.duration;
    let rough = match value.unit {
        'M' => Some(30),
        'Q' => Some(90),
        'Y' => Some(365),
        _ => None,
    };
    let length = match rough {
        Some(days) => Duration::DAY
            .0
            .checked_mul(days * u64::from(value.count))
            .map(Duration),
        None => to_duration(*value),
    };
    let length = length.filter(|length| (Duration::DAY..=Duration::days(90)).contains(length));
    let Some(length) = length else {
        report_inexpressible(
            findings,
            *span,
            "an SLO window must be 1 to 90 days long",
            format!("found {}{}", value.count, value.unit),
        );
        return None;
    };
    if is_calendar {
        return Some(length);
    }
    if let Some(calendar) = &window.calendar {
        report_skipped(
            findings,
            calendar.span,
            "this calendar-aligned window is not supported",
            format!("replaced by a rolling window: the last {length}"),
        );
    } else if rough.is_some() {
        report_skipped(
            findings,
            *span,
            "months differ in length",
            format!("replaced by {length}"),
        );
    }
    Some(length)
}

/// Reports something that `.nth` cannot express.
pub fn report_inexpressible(
    findings: &mut Findings,
    span: FileSpan,
    message: impl Into<String>,
    label: impl Into<String>,
) {
    findings.report(&codes::OPENSLO_NOT_EXPRESSIBLE, span, message, label);
}
