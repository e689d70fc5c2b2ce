//! Writes tests as files of `promtool test rules`.
//!
//! promtool evaluates all groups of a file at one interval, starts without a past, and knows neither notifications nor gates. So
//! there is a file for the groups of each interval, with the series of recording rules that need more of the past, as the
//! simulation recorded them. Before a file is written, our engine evaluates exactly what it contains, and the alerts must be those
//! of the simulation.

mod document;
mod expect;
mod limits;
mod recorded;
mod seen;
mod unit;
mod values;
mod write;

use std::collections::BTreeMap;

use nth_model::test::{Outcome as Expected, SloRef, Test};
use nth_model::{Project, RuleLabel, Settings};
use nth_simulate::{Plan, Simulation};
use smol_str::SmolStr;

use crate::backends::series_names::BUDGET_REMAINING;
use recorded::Source;

/// A test in an environment, as files of promtool.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The name of the test.
    pub name: SmolStr,
    /// The environment; `None` if the project declares none.
    pub environment: Option<SmolStr>,
    /// The files, by path below the output folder.
    pub files: BTreeMap<String, String>,
    /// The number of expectations of alerts.
    pub alert_expectations: usize,
    /// The number of expectations of queries.
    pub query_expectations: usize,
    /// The recording rules whose series are given, as `slo:sli_coverage:ratio30d of checkout.availability`.
    pub given: Vec<String>,
    /// What the files do not express.
    pub not_exported: Vec<NotExported>,
}

/// Something that promtool cannot express.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotExported {
    /// The expectation or the alert, in backticks.
    pub subject: String,
    /// The line of the expectation, from 1; `None` for an alert.
    pub line: Option<usize>,
    /// The reason, without a full stop.
    pub reason: String,
}

/// The test to export, with its place.
#[derive(Debug, Clone)]
pub struct Exporting<'e> {
    /// The test.
    pub test: &'e Test,
    /// The lines of its expectations.
    pub lines: &'e [usize],
    /// The file, below the folder of the project.
    pub file: &'e str,
    /// The folder of the files, below the output folder.
    pub folder: String,
    /// The services.
    pub project: &'e Project<'e>,
    /// The settings, with the environment.
    pub settings: &'e Settings,
}

impl Exporting<'_> {
    /// Writes the test with all its alerts.
    ///
    /// # Errors
    ///
    /// The reason, without a full stop, if promtool cannot express it.
    pub fn export(&self, plan: &Plan<'_>) -> Result<Exported, String> {
        let simulation =
            nth_simulate::simulate(plan, self.test).map_err(|error| error.to_string())?;
        let source = Source::new(&simulation, self.project, self.settings)?;
        let mut settled = Vec::new();
        for unit in unit::units(&source) {
            settled.push(unit::settle(&source, unit)?);
        }
        let mut not_exported = self.not_expressed(&source, &settled);
        for (id, reason) in settled.iter().flat_map(|settled| &settled.omitted) {
            let service = simulation.rules.services.get(id.group);
            not_exported.push(NotExported {
                subject: match (source.rule(*id), service) {
                    (Some(rule), Some(service)) => {
                        format!("alert `{}` of `{service}`", rule.name())
                    }
                    _ => "an alert".to_owned(),
                },
                line: None,
                reason: reason.clone(),
            });
        }
        write::write(self, &source, &settled, not_exported)
    }

    /// Returns what the expectations of the test require besides alerts.
    fn not_expressed(&self, source: &Source<'_>, settled: &[unit::Settled]) -> Vec<NotExported> {
        let mut found = Vec::new();
        for (place, expectation) in self.test.expect.iter().enumerate() {
            let reason = match &expectation.outcome {
                Expected::Silent { .. } | Expected::Resolved { .. } => continue,
                Expected::Fires { team, text, .. } => {
                    let mut of = vec!["that and when its notification is sent"];
                    of.extend(team.is_some().then_some("its team"));
                    of.extend(text.is_some().then_some("its text"));
                    format!("{}: promtool has no Alertmanager", of.join(", "))
                }
                Expected::Gate { .. } => "the gate's verdict: promtool has no gates".to_owned(),
                Expected::Budget { slo, .. } => {
                    if is_budget_recorded(source, settled, slo) {
                        continue;
                    }
                    "the remaining budget: promtool has no past, so the series is given".to_owned()
                }
            };
            found.push(NotExported {
                subject: format!("`{}`", expectation.name),
                line: self.lines.get(place).copied(),
                reason,
            });
        }
        found
    }
}

/// True if promtool evaluates the rule of a remaining budget.
fn is_budget_recorded(source: &Source<'_>, settled: &[unit::Settled], slo: &SloRef) -> bool {
    source.series.iter().any(|series| {
        let labels = &series.samples.labels;
        labels.metric() == BUDGET_REMAINING
            && labels.get(RuleLabel::Service.name()) == slo.service
            && labels.get(RuleLabel::Slo.name()) == slo.slo
            && series
                .writer
                .is_some_and(|id| settled.iter().any(|settled| settled.runs(id)))
    })
}

/// The subject of a recording rule: its metric, service and SLO.
fn recording_name(simulation: &Simulation, id: nth_engine::rules::RuleId) -> Option<String> {
    let rule = simulation.rules.groups.get(id.group)?.rules.get(id.rule)?;
    let service = simulation.rules.services.get(id.group)?;
    Some(match rule.labels().get(RuleLabel::Slo.name()) {
        Some(slo) => format!("{} of {service}.{slo}", rule.name()),
        None => format!("{} of {service}", rule.name()),
    })
}
