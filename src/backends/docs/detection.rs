//! How soon the alerts of SLOs fire, if that was simulated.

use nth_model::detection::{COLUMNS, LEGEND};
use nth_model::test::SloRef;
use nth_model::{Project, Service};

use super::page::Page;
use super::text;

/// A cell as Markdown. A dash alone needs no escape.
fn shown(cell: String) -> String {
    match cell.as_str() {
        "-" => cell,
        cell => text::inline(cell),
    }
}

/// Adds a table for each SLO of a service.
pub fn tables(page: &mut Page, service: &Service, project: &Project<'_>) {
    let mut is_explained = false;
    for slo in &service.slos {
        let name = SloRef {
            service: service.name.clone(),
            slo: slo.name.clone(),
            group: std::collections::BTreeMap::new(),
        };
        let Some(reaction) = project.detection(&name) else {
            continue;
        };
        let name = text::inline(&slo.name);
        match reaction {
            Ok(table) => {
                page.paragraph(format!("Detection times of **{name}**, simulated:"));
                let rows = table.rows().into_iter();
                page.table(COLUMNS, rows.map(|row| row.map(shown)).collect());
                is_explained = true;
            }
            Err(problem) => page.paragraph(format!(
                "Detection times of **{name}** are unknown: {}.",
                text::inline(&problem.message)
            )),
        }
    }
    if is_explained {
        page.paragraph(LEGEND);
    }
}
