//! Sample data of dashboards: their own queries, evaluated over a simulated month and day of their services.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::alerts::{Alert, alerts};
use super::values::{Panels, substituted};
use crate::ir::{Service, Settings};
use crate::promql::{Expr, parse, seconds};
use nth_engine::{Point, Steps};
use nth_simulate::{COARSE, DAY, END, Sample};

/// The time between two points of a panel over a day, in milliseconds.
const FINE: i64 = 6 * 60_000;

/// The number of points of a panel over a longer time.
const POINTS: i64 = 260;

/// The samples of an environment, made when somebody asks for them and kept while their services stay the same.
#[derive(Debug, Default)]
pub struct Samples {
    kept: Mutex<BTreeMap<String, Kept>>,
}

/// A sample with what it was made of.
#[derive(Debug, Clone)]
struct Kept {
    services: Vec<Service>,
    settings: Settings,
    queries: Vec<String>,
    sample: Arc<Sample>,
}

/// The values of a dashboard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DashboardValues {
    /// The panels by their ids.
    pub panels: BTreeMap<u64, PanelValues>,
    /// The alerts of the service; empty for the overview.
    pub alerts: Vec<Alert>,
    /// The end of the sample, in seconds since 1970.
    pub end: i64,
}

/// The values of a panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelValues {
    /// True if a query of it reads what no SLO and no alert does, so that its values are guessed.
    pub guessed: bool,
    /// The first time, in seconds since 1970.
    pub from: i64,
    /// The last time.
    pub to: i64,
    /// The series of each query, by its letter.
    pub targets: BTreeMap<String, Vec<Line>>,
}

/// A series of a panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Timestamps in seconds since 1970, and values; `null` for NaN and infinities.
    pub points: Vec<(i64, f64)>,
}

impl Samples {
    /// Creates samples that are taken from `before` where nothing has changed.
    pub fn following(before: Option<&Self>) -> Self {
        let kept = before.map(|before| before.with(|kept| kept.clone()));
        Self {
            kept: Mutex::new(kept.unwrap_or_default()),
        }
    }

    /// Returns the values of a service's dashboard and the states of its alerts; `None` if there is no such service.
    pub fn service(
        &self,
        services: &[&Service],
        name: &str,
        dashboard: Option<&Value>,
        settings: &Settings,
    ) -> Option<DashboardValues> {
        let service = services.iter().find(|service| service.name == name)?;
        let sample = self.sample(services, service, dashboard, settings);
        let mut found = alerts(service, settings);
        for alert in &mut found {
            alert.read_sample(&sample);
        }
        Some(DashboardValues {
            panels: dashboard.map_or_else(BTreeMap::new, |found| values(&sample, found, name)),
            alerts: found,
            end: END / 1000,
        })
    }

    /// Returns the values of the dashboard of all services. `dashboards` are those of the services, by name.
    pub fn overview(
        &self,
        services: &[&Service],
        overview: &Value,
        dashboards: &BTreeMap<&str, &Value>,
        settings: &Settings,
    ) -> DashboardValues {
        let samples: Vec<Arc<Sample>> = services
            .par_iter()
            .filter(|service| !service.slos.is_empty())
            .map(|service| {
                let dashboard = dashboards.get(service.name.as_str()).copied();
                self.sample(services, service, dashboard, settings)
            })
            .collect();
        let queries: Vec<Expr> = queries(overview, super::values::OVERVIEW)
            .iter()
            .filter_map(|query| parse(query).ok())
            .collect();
        let joined = Sample::joined(samples.iter().map(Arc::as_ref), &queries);
        DashboardValues {
            panels: values(&joined, overview, super::values::OVERVIEW),
            alerts: Vec::new(),
            end: END / 1000,
        }
    }

    fn sample(
        &self,
        services: &[&Service],
        service: &Service,
        dashboard: Option<&Value>,
        settings: &Settings,
    ) -> Arc<Sample> {
        let set = with_parts(services, service);
        let queries = dashboard.map_or_else(Vec::new, |found| queries(found, &service.name));
        let known = self.with(|kept| kept.get(service.name.as_str()).cloned());
        if let Some(known) = known
            && known.queries == queries
            && known.settings == *settings
            && known.services.iter().eq(set.iter().copied())
        {
            return known.sample;
        }
        let parsed: Vec<Expr> = queries
            .iter()
            .filter_map(|query| parse(query).ok())
            .collect();
        let sample = Arc::new(Sample::new(&set, settings, &parsed));
        let entry = Kept {
            services: set.into_iter().cloned().collect(),
            settings: settings.clone(),
            queries,
            sample: Arc::clone(&sample),
        };
        self.with(|kept| kept.insert(service.name.to_string(), entry));
        sample
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Kept>) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns a service with those whose SLOs its own SLOs combine.
fn with_parts<'s>(services: &[&'s Service], service: &'s Service) -> Vec<&'s Service> {
    let mut names: BTreeSet<&str> = BTreeSet::from([service.name.as_str()]);
    let mut waiting = vec![service];
    while let Some(next) = waiting.pop() {
        for part in next.slos.iter().flat_map(|slo| &slo.parts) {
            let name = part.slo.service.as_str();
            if let Some(found) = services.iter().find(|one| one.name == name)
                && names.insert(found.name.as_str())
            {
                waiting.push(found);
            }
        }
    }
    let all = services
        .iter()
        .filter(|one| names.contains(one.name.as_str()));
    all.copied().collect()
}

/// Returns the queries of a dashboard.
fn queries(dashboard: &Value, name: &str) -> Vec<String> {
    let panels = Panels::new(dashboard);
    let targets = panels.all().into_iter().flat_map(|panel| targets(panel));
    targets
        .map(|(_, query, _)| substituted(query, name, DAY / 1000))
        .collect()
}

/// Returns the letter of each query of a panel, the query, and whether it is evaluated at one time only.
fn targets(panel: &Value) -> Vec<(&str, &str, bool)> {
    let all = panel.get("targets").and_then(Value::as_array);
    let all = all.into_iter().flatten().filter_map(|target| {
        let text = |key: &str| target.get(key).and_then(Value::as_str);
        let instant = target.get("instant").and_then(Value::as_bool);
        Some((text("refId")?, text("expr")?, instant.unwrap_or(false)))
    });
    all.collect()
}

/// Evaluates all queries of a dashboard.
fn values(sample: &Sample, dashboard: &Value, name: &str) -> BTreeMap<u64, PanelValues> {
    let range = dashboard.pointer("/time/from").and_then(Value::as_str);
    let range = range
        .and_then(|from| from.strip_prefix("now-"))
        .and_then(millis);
    // Raw series last for a day.
    let range = range.unwrap_or(DAY).clamp(FINE, DAY);
    let panels = Panels::new(dashboard);
    let panels: Vec<&Value> = panels.all();
    let of_panel = |panel: &&Value| {
        let id = panel.get("id").and_then(Value::as_u64)?;
        let own = panel
            .get("timeFrom")
            .and_then(Value::as_str)
            .and_then(millis);
        Some((id, panel_values(sample, panel, name, own.unwrap_or(range))))
    };
    panels.par_iter().filter_map(of_panel).collect()
}

fn millis(text: &str) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation)]
    seconds(text).map(|seconds| (seconds * 1000.0) as i64)
}

/// The times of a panel over so many milliseconds.
fn steps(range: i64) -> Steps {
    let step = match range <= 2 * DAY {
        true => (range / POINTS / FINE + 1) * FINE,
        false => (range / POINTS / COARSE + 1) * COARSE,
    };
    Steps {
        start: END - range / step * step,
        end: END,
        step,
    }
}

fn panel_values(sample: &Sample, panel: &Value, name: &str, range: i64) -> PanelValues {
    let unit = panel
        .pointer("/fieldConfig/defaults/unit")
        .and_then(Value::as_str);
    let over = steps(range);
    let mut found = PanelValues {
        guessed: false,
        from: over.start / 1000,
        to: over.end / 1000,
        targets: BTreeMap::new(),
    };
    for (letter, query, instant) in targets(panel) {
        let steps = if instant { Steps::instant(END) } else { over };
        let query = substituted(query, name, range / 1000);
        let values = parse(&query)
            .ok()
            .and_then(|query| sample.evaluate(&query, steps));
        let Some(values) = values else {
            found.guessed = true;
            continue;
        };
        found.guessed |= values.is_guessed;
        let lines = values.series.into_iter().map(|series| Line {
            labels: series
                .labels
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            points: { steps.times().zip(series.points) }
                .filter_map(|(at, point)| match point {
                    Point::Float(value) => Some((at / 1000, rounded(value))),
                    _ => None,
                })
                .collect(),
        });
        let mut lines: Vec<Line> = lines.filter(|line| !line.points.is_empty()).collect();
        if values.is_guessed {
            within_unit(&mut lines, unit.unwrap_or_default());
        }
        found.targets.insert(letter.to_owned(), lines);
    }
    found
}

/// Rounds to as many digits as anybody sees, so that answers are short.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[allow(clippy::cast_possible_truncation)]
    let scale = 10_f64.powi(7 - value.abs().log10().floor() as i32);
    let scaled = (value * scale).round() / scale;
    if scaled.is_finite() { scaled } else { value }
}

/// Scales guessed values that their unit does not allow: no share is more than all.
fn within_unit(lines: &mut [Line], unit: &str) {
    let most = match unit {
        "percentunit" => 1.0,
        "percent" => 100.0,
        _ => return,
    };
    let values = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(_, value)| *value);
    let greatest = values.fold(0.0, f64::max);
    let points = lines.iter_mut().flat_map(|line| &mut line.points);
    for (_, value) in points {
        if greatest > most {
            *value *= 0.6 * most / greatest;
        }
        *value = value.max(0.0);
    }
}
