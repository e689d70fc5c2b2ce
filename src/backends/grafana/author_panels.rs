//! Custom rows of a service's author and of the templates of its dependencies.

use rust_decimal::Decimal;

use nth_model::panel::{Dependency, MissingSignal, Panel};

use super::board::Board;
use super::layout::{Draft, Section};
use super::text;
use super::view::{BAD, GOOD, View, WARN, grouping, panel_query, text_panel, unit};

impl Board<'_> {
    /// A row for each dependency with panels.
    pub fn dependency_sections(&self) -> impl Iterator<Item = Section> {
        self.service
            .panels
            .dependencies
            .iter()
            .map(|dependency| Section {
                key: format!("dependency\0{}", dependency.name),
                title: dependency_title(dependency),
                panels: drafts(&dependency.panels),
                is_collapsed: true,
            })
    }

    /// The service's own panels, and then its rows.
    pub fn own_sections(&self) -> impl Iterator<Item = Section> {
        let panels = &self.service.panels;
        let own = Section {
            key: "own".into(),
            title: text::literal(&self.service.name),
            panels: drafts(&panels.own),
            is_collapsed: false,
        };
        let rows = panels.rows.iter().map(|row| Section {
            key: format!("row\0{}", row.name),
            title: text::literal(&row.title),
            panels: drafts(&row.panels),
            is_collapsed: false,
        });
        std::iter::once(own).chain(rows)
    }
}

/// `PostgreSQL: orders`
fn dependency_title(dependency: &Dependency) -> String {
    match &dependency.technology {
        Some(technology) => text::literal(&format!("{technology}: {}", dependency.name)),
        None => text::literal(&format!("Dependency: {}", dependency.name)),
    }
}

fn drafts(panels: &[Panel]) -> Vec<Draft> {
    panels.iter().map(draft).collect()
}

fn draft(panel: &Panel) -> Draft {
    let title = text::literal(&panel.title);
    let size = (panel.width, panel.height);
    if !panel.missing.is_empty() {
        return text_panel(
            panel.name.as_str(),
            size,
            title,
            description(panel),
            guidance(&panel.missing),
        );
    }
    let query = panel_query(&panel.query);
    let legend = legend(panel);
    View::new(
        panel.name.as_str(),
        panel.visualization,
        unit(panel.unit),
        size,
    )
    .titled(title, description(panel))
    .bounds(panel.min, panel.max)
    .steps(steps(&panel.thresholds, panel.low_is_bad))
    .add_query(query, legend)
    .build()
}

fn description(panel: &Panel) -> String {
    match &panel.description {
        Some(description) => text::markdown(description),
        None => {
            // Grafana chooses the window.
            let query = panel.query.to_string().replace("$window", "…");
            format!("The result of {}.", text::code(&query))
        }
    }
}

fn legend(panel: &Panel) -> String {
    if let Some(legend) = &panel.legend {
        return text::legend(legend);
    }
    match grouping(&panel.query) {
        Some(labels) if labels.is_empty() => text::literal(&panel.title),
        Some(labels) => {
            let names: Vec<_> = labels.into_iter().map(text::label_reference).collect();
            names.join(" ")
        }
        // Grafana names each series by the labels in which it differs.
        None => "__auto".to_owned(),
    }
}

/// The colors: green, then orange and red; reversed if low values are bad.
fn steps(thresholds: &[Decimal], low_is_bad: bool) -> Vec<(Option<Decimal>, &'static str)> {
    match (thresholds, low_is_bad) {
        ([one], false) => vec![(None, GOOD), (Some(*one), BAD)],
        ([one], true) => vec![(None, BAD), (Some(*one), GOOD)],
        ([one, two], false) => vec![(None, GOOD), (Some(*one), WARN), (Some(*two), BAD)],
        ([one, two], true) => vec![(None, BAD), (Some(*one), WARN), (Some(*two), GOOD)],
        _ => Vec::new(),
    }
}

/// The candidates of missing signals, and hints on how to provide them.
fn guidance(missing: &[MissingSignal]) -> String {
    let mut lines = Vec::new();
    for signal in missing {
        lines.push(format!(
            "**No metric found for {}.**",
            text::code(&signal.name)
        ));
        lines.push(String::new());
        if !signal.candidates.is_empty() {
            lines.push("Not in the metric catalog:".to_owned());
            lines.push(String::new());
            lines.extend(
                signal
                    .candidates
                    .iter()
                    .map(|candidate| format!("- {}", text::code(candidate))),
            );
            lines.push(String::new());
        }
        if let Some(hint) = &signal.hint {
            lines.push(text::markdown(hint));
            lines.push(String::new());
        }
    }
    lines.push(format!(
        "Once it is exposed, run {} and build again.",
        text::code("nthc metrics pull")
    ));
    lines.join("\n")
}
