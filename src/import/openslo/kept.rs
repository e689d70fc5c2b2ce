//! The annotations with which exported documents keep what the format has no field for.

mod contracts;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::model::Metadata;
use super::query;
use super::reader::{Findings, report_skipped};
use super::write::string;
use crate::ir::number::{decimal_text, percent_text};
use crate::project::{is_identifier, is_url};
use crate::promql::{LabelMatchers, MatchOp};
use crate::schema::names::{field, kind};

/// The name of an annotation without `nthc.`, and the conversion of its value to a line of `.nth`; `None` if it is invalid.
type KeptField<'n> = (&'n str, fn(&str) -> Option<String>);

/// The annotation that describes what the documents do not contain.
const NOT_KEPT: &str = "nthc.not-kept";

/// The value for an empty list.
const NONE: &str = "none";

/// Returns the fields in the annotations of an SLO as lines of `.nth`. Invalid values are reported.
pub fn slo_fields(metadata: &Metadata, findings: &mut Findings) -> Vec<String> {
    let fields: [KeptField; 17] = [
        ("budget-pages", |text| {
            Some(format!(
                "{} = [{}]",
                field::BUDGET_PAGES,
                percentages(text)?
            ))
        }),
        ("budget-tickets", |text| {
            Some(format!(
                "{} = [{}]",
                field::BUDGET_TICKETS,
                percentages(text)?
            ))
        }),
        ("burn-rates", |text| {
            let blocks = burn_rates(text)?.into_iter().map(|kept| kept.block());
            Some(blocks.collect::<Vec<_>>().join("\n"))
        }),
        ("absence", |text| {
            is_severity(text).then(|| format!("{} = {text}", field::ABSENCE))
        }),
        ("page-severity", |text| {
            is_severity(text).then(|| format!("{} = {text}", field::PAGE_SEVERITY))
        }),
        ("ticket-severity", |text| {
            is_severity(text).then(|| format!("{} = {text}", field::TICKET_SEVERITY))
        }),
        ("absence-alerts", |text| {
            let is_valid = ["true", "false"].contains(&text);
            is_valid.then(|| format!("{} = {text}", field::ABSENCE_ALERTS))
        }),
        ("absent-after", |text| {
            is_duration(text).then(|| format!("{} = {text}", field::ABSENT_AFTER))
        }),
        ("min-events", |text| {
            Some(format!("{} = {}", field::MIN_EVENTS, count(text)?))
        }),
        ("min-bad-events", |text| {
            Some(format!("{} = {}", field::MIN_BAD_EVENTS, count(text)?))
        }),
        ("breakdown", |text| {
            let labels: Vec<&str> = text.split(", ").collect();
            labels
                .iter()
                .all(|label| query::is_plain(label))
                .then(|| format!("{} = [{}]", field::BREAKDOWN, labels.join(", ")))
        }),
        ("by", |text| {
            let labels: Vec<&str> = text.split(", ").collect();
            labels
                .iter()
                .all(|label| query::is_plain(label))
                .then(|| format!("{} = [{}]", field::BY, labels.join(", ")))
        }),
        ("group-limit", |text| {
            Some(format!("{} = {}", field::GROUP_LIMIT, count(text)?))
        }),
        ("interval", |text| {
            is_duration(text).then(|| format!("{} = {text}", field::INTERVAL))
        }),
        ("query-offset", |text| {
            is_duration(text).then(|| format!("{} = {text}", field::QUERY_OFFSET))
        }),
        ("contracts", contracts::blocks),
        ("runbook-url", url_field(field::RUNBOOK_URL)),
    ];
    lines(metadata, &fields, findings)
}

/// True for the name of a severity.
pub fn is_severity(text: &str) -> bool {
    is_identifier(text) && !text.contains('-')
}

/// A severity in an annotation.
#[derive(Deserialize)]
struct KeptSeverity {
    name: String,
    pages: bool,
    urgency: String,
    r#for: String,
    label: String,
}

impl KeptSeverity {
    /// Returns it as a block of `.nth`; `None` if it is invalid.
    fn block(&self) -> Option<String> {
        let is_valid = is_severity(&self.name)
            && ["high", "low"].contains(&self.urgency.as_str())
            && is_duration(&self.r#for);
        is_valid.then(|| {
            format!(
                "{} {} {{ {} = {}  {} = {}  {} = {}  {} = {} }}\n\n",
                kind::SEVERITY,
                self.name,
                field::PAGES,
                self.pages,
                field::URGENCY,
                self.urgency,
                field::FOR,
                self.r#for,
                field::LABEL,
                string(&self.label),
            )
        })
    }
}

/// Returns the severities in the annotations of an SLO as blocks, by name. Invalid ones are reported.
pub fn severities(metadata: &Metadata, findings: &mut Findings) -> BTreeMap<String, String> {
    let annotation = "nthc.severities";
    let Some(text) = metadata.annotations.get(annotation) else {
        return BTreeMap::new();
    };
    let read: Option<Vec<KeptSeverity>> = serde_json::from_str(text).ok();
    let blocks = read.and_then(|all| {
        let blocks = all
            .into_iter()
            .map(|kept| Some((kept.name.clone(), kept.block()?)));
        blocks.collect::<Option<BTreeMap<String, String>>>()
    });
    blocks.unwrap_or_else(|| {
        report_skipped(
            findings,
            metadata.name.span,
            format!("invalid value of annotation `{annotation}`"),
            format!("found {text:?}"),
        );
        BTreeMap::new()
    })
}

/// Returns the fields in the annotations of a service as lines of `.nth`. Invalid values are reported.
pub fn service_fields(metadata: &Metadata, findings: &mut Findings) -> Vec<String> {
    let fields = [
        ("runbook-url", url_field(field::RUNBOOK_URL)),
        ("dashboard-url", url_field(field::DASHBOARD_URL)),
        ("logs-url", url_field(field::LOGS_URL)),
    ];
    lines(metadata, &fields, findings)
}

/// Returns true if the exported SLO has burn-rate alerts; `None` without the annotation.
pub fn has_burn_rate_alerts(metadata: &Metadata) -> Option<bool> {
    metadata
        .annotations
        .get("nthc.burn-rate-alerts")?
        .parse()
        .ok()
}

/// A burn-rate alert in an annotation.
struct KeptBurnRate<'t> {
    severity: &'t str,
    long: &'t str,
    short: &'t str,
    factor: Decimal,
    hold: &'t str,
}

impl KeptBurnRate<'_> {
    /// Returns it as a block of `.nth`.
    fn block(&self) -> String {
        let Self {
            severity,
            long,
            short,
            factor,
            hold,
        } = self;
        format!(
            "{} {severity}-{long} {{ {} = {long}  {} = {short}  {} = {}  {} = {severity}  {} = {hold} }}",
            kind::BURN_RATE,
            field::LONG,
            field::SHORT,
            field::FACTOR,
            decimal_text(*factor),
            field::SEVERITY,
            field::FOR,
        )
    }
}

/// Reads burn-rate alerts: `page 1h/5m at 14.4x for 2m, …`.
fn burn_rates(text: &str) -> Option<Vec<KeptBurnRate<'_>>> {
    let read = text.split(", ").map(|one| {
        let (severity, rest) = one.split_once(' ')?;
        let (windows, rest) = rest.split_once(" at ")?;
        let (long, short) = windows.split_once('/')?;
        let (factor, hold) = rest.split_once("x for ")?;
        let is_valid = is_severity(severity) && [long, short, hold].into_iter().all(is_duration);
        let factor: Decimal = factor.parse().ok()?;
        (is_valid && factor > Decimal::ZERO).then_some(KeptBurnRate {
            severity,
            long,
            short,
            factor,
            hold,
        })
    });
    read.collect()
}

/// Returns true if the exported SLO has a burn-rate alert of its own with this long window and factor.
pub fn has_burn_rate(metadata: &Metadata, long: &str, factor: Decimal) -> bool {
    let kept = metadata.annotations.get("nthc.burn-rates");
    let kept = kept.and_then(|text| burn_rates(text)).unwrap_or_default();
    { kept.iter() }.any(|kept| kept.long == long && kept.factor == factor)
}

/// Returns the environment of exported documents; `None` without the annotation.
pub fn environment(metadata: &Metadata) -> Option<&str> {
    let name = metadata.annotations.get("nthc.environment")?;
    crate::project::is_identifier(name).then_some(name.as_str())
}

/// The matchers of a label in an annotation: the value, or a list of operators with their values, `["=~web-.*"]`.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum KeptMatchers {
    Value(String),
    Matchers(Vec<String>),
}

/// Returns the selector of an exported service; `None` without the annotation.
pub fn selector(metadata: &Metadata) -> Option<LabelMatchers> {
    let text = metadata.annotations.get("nthc.selector")?;
    let labels: BTreeMap<String, KeptMatchers> = serde_json::from_str(text).ok()?;
    let mut matchers = LabelMatchers::default();
    for (label, kept) in labels {
        if !query::is_plain(&label) {
            return None;
        }
        match kept {
            KeptMatchers::Value(value) => matchers.add(label, MatchOp::Equal, value),
            KeptMatchers::Matchers(all) => {
                for one in all {
                    let (op, value) = operator(&one)?;
                    matchers.add(label.as_str(), op, value);
                }
            }
        }
    }
    Some(matchers)
}

/// Returns the operator that a text begins with, and the rest.
fn operator(text: &str) -> Option<(MatchOp, &str)> {
    // `=` last: `=~` begins with it.
    [
        MatchOp::Matches,
        MatchOp::NotMatches,
        MatchOp::NotEqual,
        MatchOp::Equal,
    ]
    .into_iter()
    .find_map(|op| Some((op, text.strip_prefix(op.as_str())?)))
}

/// Returns the description of what the documents do not contain.
pub fn not_kept(metadata: &Metadata) -> Option<&str> {
    metadata.annotations.get(NOT_KEPT).map(String::as_str)
}

fn lines(metadata: &Metadata, fields: &[KeptField], findings: &mut Findings) -> Vec<String> {
    let mut out = Vec::new();
    for (annotation, read) in fields {
        let annotation = format!("nthc.{annotation}");
        let Some(text) = metadata.annotations.get(&annotation) else {
            continue;
        };
        match read(text) {
            Some(line) => out.push(line),
            None => report_skipped(
                findings,
                metadata.name.span,
                format!("invalid value of annotation `{annotation}`"),
                format!("found {text:?}"),
            ),
        }
    }
    out
}

fn url_field(field: &'static str) -> fn(&str) -> Option<String> {
    match field {
        field::DASHBOARD_URL => {
            |text| is_url(text).then(|| format!("{} = {}", field::DASHBOARD_URL, string(text)))
        }
        field::LOGS_URL => {
            |text| is_url(text).then(|| format!("{} = {}", field::LOGS_URL, string(text)))
        }
        _ => |text| is_url(text).then(|| format!("{} = {}", field::RUNBOOK_URL, string(text))),
    }
}

/// Converts percentages: `75%, 85%`.
fn percentages(text: &str) -> Option<String> {
    if text == NONE {
        return Some(String::new());
    }
    let shares = text.split(", ").map(|share| {
        let percent: Decimal = share.strip_suffix('%')?.parse().ok()?;
        (percent > Decimal::ZERO).then(|| percent_text(percent / Decimal::ONE_HUNDRED))
    });
    Some(shares.collect::<Option<Vec<_>>>()?.join(", "))
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count >= 1)
}

/// Returns true for a duration such as `1h30m`.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=12).contains(&digits) {
            return false;
        }
        let after = rest.get(digits..).unwrap_or_default();
        let Some(unit) = ["ms", "s", "m", "h", "d"]
            .into_iter()
            .find(|unit| after.starts_with(unit))
        else {
            return false;
        };
        rest = after.get(unit.len()..).unwrap_or_default();
    }
    !text.is_empty()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_language() {
        for text in ["10m", "1h30m", "500ms", "2d"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "m", "10", "10x", "-1m", "1.5h", "10m }"] {
            assert!(!is_duration(text), "{text}");
        }
    }

    #[test]
    fn burn_rates_are_blocks() {
        let kept = burn_rates("page 1h/5m at 14.40x for 2m, ticket 3d/6h at 1x for 15m").unwrap();
        let blocks: Vec<String> = kept.iter().map(KeptBurnRate::block).collect();
        assert_eq!(
            blocks,
            [
                "burn-rate page-1h { long = 1h  short = 5m  factor = 14.4  severity = page  for = 2m }",
                "burn-rate ticket-3d { long = 3d  short = 6h  factor = 1  severity = ticket  for = 15m }",
            ]
        );
        for text in [
            "",
            "page",
            "page 1h at 14.4x for 2m",
            "ca}ll 1h/5m at 14.4x for 2m",
            "page 1h/5m at 0x for 2m",
            "page 1h/5m } at 1x for 2m",
            "page 1h/5m at 1x for 2m }",
        ] {
            assert!(burn_rates(text).is_none(), "{text}");
        }
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!(percentages("75%, 85.50%").as_deref(), Some("75%, 85.5%"));
        assert_eq!(percentages("none").as_deref(), Some(""));
        for text in ["", "75", "-1%", "1%] }", "0%"] {
            assert_eq!(percentages(text), None, "{text}");
        }
    }
}
