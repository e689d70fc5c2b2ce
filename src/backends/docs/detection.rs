//! How soon the alerts of SLOs fire, if that was simulated.

use nth_model::detection::{COLUMNS, LEGEND};
use nth_model::test::SloRef;
use nth_model::{Project, Service};

use super::page::Page;
use super::text;

/// Adds a table for each SLO of a service.
pub fn tables(page: &mut Page, service: &Service, project: &Project<'_>) {
    let mut is_explained = false;
    for slo in &service.slos {
        let name = SloRef {
            service: service.name.clone(),
            slo: slo.name.clone(),
        };
        let Some(reaction) = project.detection(&name) else {
            continue;
        };
        let name = text::inline(&slo.name);
        match reaction {
            Ok(table) => {
                page.paragraph(format!("Detection times of **{name}**, simulated:"));
                let rows = table.rows().into_iter();
                let cells = rows.map(|row| row.map(|cell| text::inline(&cell)));
                page.table(COLUMNS, cells.collect());
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
