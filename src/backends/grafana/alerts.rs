//! The row of the alerts: those of the service that fire now.

use std::collections::BTreeMap;

use nth_model::panel::Visualization;
use nth_promql::build;

use super::board::Board;
use super::document::{Organize, Transformation};
use super::layout::{Draft, Section, WIDTH};
use super::view::{BAD, VALUE, View};

/// The columns of the table, with their titles.
const COLUMNS: [(&str, &str); 4] = [
    ("alertname", "Alert"),
    ("slo", "SLO"),
    ("severity", "Severity"),
    (VALUE, "Instances"),
];

impl Board<'_> {
    /// A table of the alerts that fire; empty for a service without alerts.
    pub fn alerts_section(&self) -> Section {
        let service = self.service;
        let has_alerts = !service.alerts.is_empty() || !service.slos.is_empty();
        Section {
            key: "alerts".into(),
            title: "Alerts".into(),
            panels: if has_alerts {
                vec![self.firing()]
            } else {
                Vec::new()
            },
            is_collapsed: false,
        }
    }

    fn firing(&self) -> Draft {
        let alerts = self.of_service("ALERTS", &[("alertstate", "firing")]);
        let labels = build::by_labels(&["alertname", "severity", "slo"]);
        let mut draft = View::new("firing", Visualization::Table, "short", (WIDTH, 6))
            .titled(
                "Firing alerts",
                "The alerts of the service that fire now. \"No data\" means that none fires.",
            )
            .steps([(None, BAD)])
            .add_query(
                build::aggregate("count", Some(labels), alerts),
                "{{alertname}} {{slo}}",
            )
            .build();
        draft.panel.transformations = vec![Transformation {
            id: "organize",
            options: Organize {
                exclude_by_name: BTreeMap::from([("Time", true)]),
                index_by_name: COLUMNS
                    .iter()
                    .enumerate()
                    .map(|(index, (column, _))| (*column, index))
                    .collect(),
                rename_by_name: BTreeMap::from(COLUMNS),
            },
        }];
        draft
    }
}
