//! Reads the comparisons and durations of SLOs and alert conditions.

use super::model::Shorthand;
use super::reader::{Fields, Findings};
use crate::project::Located;

/// The comparison operators.
pub const OPERATORS: [&str; 4] = ["lte", "gte", "lt", "gt"];

/// Takes a duration out: `[1-9][0-9]*[mhdwMQY]`.
pub fn shorthand(
    fields: &mut Fields<'_>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Located<Shorthand>> {
    let path = fields.path(key);
    let found = fields.text(key, findings)?;
    let unit = found.value.chars().next_back();
    let digits = unit.map_or("", |unit| {
        &found.value[..found.value.len() - unit.len_utf8()]
    });
    let count: Option<u32> = Some(digits)
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'))
        .and_then(|digits| digits.parse().ok());
    match (count, unit) {
        (Some(count), Some(unit)) if "mhdwMQY".contains(unit) => Some(Located {
            value: Shorthand { count, unit },
            span: found.span,
        }),
        _ => {
            findings.report_invalid(
                found.span,
                format!("`{path}` must be a number and a unit: `30d`"),
                "the units are m, h, d, w, M, Q and Y",
            );
            None
        }
    }
}
