//! Lowers panels, rows and dependencies: the parts of a dashboard that an author declares.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smol_str::SmolStr;

use super::read::{alert_text, member, query, report, text};
use super::time_units;
use super::unaggregated::{self, Recordings};
use crate::codes;
use crate::db::Diag;
use crate::eval::{BlockRef, Instance, Value};
use crate::schema::names::{field, kind};
use nth_model::panel::{Dependency, MissingSignal, Panel, Panels, Row, Unit, Visualization};
use nth_model::{Text, TextPart};

/// Lowers the panels of a service, including those of its rows and dependencies.
pub(super) fn lower(service: &Instance, diagnostics: &mut Vec<Diag>) -> Panels {
    let recordings = Recordings::new(service);
    let mut panels = |of: &Instance| -> Vec<Panel> {
        of.children_of(kind::PANEL)
            .filter_map(|panel| {
                unaggregated::check_panel(panel, &recordings, diagnostics);
                if let Value::Query(query) = panel.get(field::QUERY) {
                    time_units::check_panel(panel, &query.expr, diagnostics);
                }
                lower_panel(service, panel, diagnostics)
            })
            .collect()
    };
    Panels {
        own: panels(service),
        rows: service
            .children_of(kind::ROW)
            .map(|row| Row {
                name: row.name.clone(),
                title: text(row.get(field::TITLE)).unwrap_or_else(|| row.name.to_string()),
                panels: panels(row),
            })
            .collect(),
        dependencies: service
            .children_of(kind::DEPENDENCY)
            .map(|dependency| Dependency {
                name: dependency.name.clone(),
                service: dependency
                    .depended_on()
                    .map(|(_, block)| block.name.clone()),
                technology: text(dependency.get(field::TECHNOLOGY)),
                panels: panels(dependency),
            })
            .collect(),
    }
}

fn lower_panel(service: &Instance, panel: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Panel> {
    let Value::Query(found) = panel.get(field::QUERY) else {
        return None;
    };
    let number = |field: &str| match panel.get(field) {
        Value::Number(number) => Some(number.normalize()),
        _ => None,
    };
    let steps = |field: &str, least: u8, default: u8| {
        let steps = number(field).and_then(|number| number.round().to_u8());
        steps.unwrap_or(default).clamp(least, 24)
    };
    Some(Panel {
        name: panel.name.clone(),
        title: text(panel.get(field::TITLE))?,
        description: text(panel.get(field::DESCRIPTION))
            .or_else(|| panel.doc.as_ref().map(|doc| doc.trim().to_owned())),
        query: (*found.expr).clone(),
        unit: unit(member(panel.get(field::UNIT))?.as_str())?,
        visualization: visualization(member(panel.get(field::VISUALIZATION))?.as_str())?,
        legend: legend(panel, diagnostics),
        thresholds: thresholds(panel, diagnostics),
        low_is_bad: *panel.get(field::LOW_IS_BAD) == Value::Bool(true),
        min: number(field::MIN),
        max: number(field::MAX),
        width: steps(field::WIDTH, 1, 12),
        height: steps(field::HEIGHT, 2, 8),
        missing: found
            .missing
            .iter()
            .map(|signal| missing(service, signal))
            .collect(),
    })
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "count" => Unit::Count,
        "bytes" => Unit::Bytes,
        "seconds" => Unit::Seconds,
        "milliseconds" => Unit::Milliseconds,
        "microseconds" => Unit::Microseconds,
        "nanoseconds" => Unit::Nanoseconds,
        "ratio" => Unit::Ratio,
        "percent" => Unit::Percent,
        "per-second" => Unit::PerSecond,
        "requests-per-second" => Unit::RequestsPerSecond,
        "bytes-per-second" => Unit::BytesPerSecond,
        _ => return None,
    })
}

fn visualization(name: &str) -> Option<Visualization> {
    Some(match name {
        "timeseries" => Visualization::Timeseries,
        "stat" => Visualization::Stat,
        "gauge" => Visualization::Gauge,
        "bargauge" => Visualization::BarGauge,
        "table" => Visualization::Table,
        "heatmap" => Visualization::Heatmap,
        _ => return None,
    })
}

/// Lowers a panel's legend, which can show labels but not a value.
fn legend(panel: &Instance, diagnostics: &mut Vec<Diag>) -> Option<Text> {
    let legend = alert_text(panel.get(field::LEGEND))?;
    let wrong = legend.parts.iter().find_map(|part| match part {
        TextPart::Value(_) => Some("a legend cannot contain `${value}`: a series has many values"),
        TextPart::External(_) => Some(
            "a legend cannot contain `${external.x}`: Grafana reads series without external labels",
        ),
        _ => None,
    });
    if let Some(wrong) = wrong {
        let diagnostic = Diag::new(&codes::BAD_TEXT, wrong, panel.span_of(field::LEGEND))
            .help("use `${labels.x}`, the value of a label");
        report(panel, diagnostics, diagnostic);
        return None;
    }
    Some(legend)
}

fn thresholds(panel: &Instance, diagnostics: &mut Vec<Diag>) -> Vec<Decimal> {
    let Value::List(items) = panel.get(field::THRESHOLDS) else {
        return Vec::new();
    };
    let found: Vec<Decimal> = items
        .iter()
        .filter_map(|item| match item {
            Value::Number(number) => Some(number.normalize()),
            _ => None,
        })
        .collect();
    if !found.is_sorted_by(|left, right| left < right) {
        let diagnostic = Diag::new(
            &codes::OUT_OF_BOUNDS,
            "thresholds are not in ascending order",
            panel.span_of(field::THRESHOLDS),
        )
        .help("write the lower one first; with `low_is_bad = true` it is the red one");
        report(panel, diagnostics, diagnostic);
    }
    found
}

/// Describes a missing signal, with the service's hint for it.
fn missing(service: &Instance, signal: &BlockRef) -> MissingSignal {
    let found = signal
        .path
        .iter()
        .try_fold(service, |block, (kind, name): &(SmolStr, SmolStr)| {
            block.children_of(kind).find(|child| child.name == *name)
        })
        .filter(|found| found.kind == kind::SIGNAL);
    let candidates = match found.map(|found| found.get(field::ANY_OF)) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| query(item).map(|query| query.to_string()))
            .collect(),
        _ => Vec::new(),
    };
    MissingSignal {
        name: signal.name.clone(),
        candidates,
        hint: found.and_then(|found| text(found.get(field::HINT))),
    }
}
