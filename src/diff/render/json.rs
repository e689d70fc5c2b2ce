//! The document as JSON, and its schema.

mod schema;

pub use schema::schema;

use serde::ser::Error as _;

use crate::document::{Document, Figure};

/// Returns the document as JSON, indented, with a line end.
///
/// # Errors
///
/// If a number is not finite: JSON cannot express it, and the document could not be read again.
pub fn json(document: &Document) -> Result<String, serde_json::Error> {
    let figures = document.services.iter().flat_map(|service| &service.slos);
    let is_finite = |figure: &Figure| {
        let reach = figure.reach.iter().flatten();
        let mut numbers = reach.flat_map(|reach| [reach.threshold, reach.long_seconds]);
        let mut budgets = figure.budget_minutes.iter().flatten();
        numbers.all(f64::is_finite) && budgets.all(|budget| budget.is_finite())
    };
    if let Some(figure) = figures.into_iter().find(|figure| !is_finite(figure)) {
        return Err(serde_json::Error::custom(format!(
            "a number of the SLO `{}` is not finite",
            figure.slo
        )));
    }
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}
