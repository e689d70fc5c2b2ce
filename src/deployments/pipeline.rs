//! Reports of pipelines: one at a time, by `nthc deploys record`.

use std::fmt;

use nth_ledger::Deployment;

use crate::key::prefix;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{Reading, Scope};

/// The name of the source.
pub const SOURCE: &str = "pipeline";

/// What a pipeline reports about a deployment. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The service.
    pub service: String,
    /// The version that is deployed.
    pub version: String,
    /// The version before; `None` takes it from the ledger.
    pub previous: Option<String>,
    /// The start; `None` takes that of the deployment in the ledger, or `now`.
    pub started: Option<i64>,
    /// The end, if it has ended.
    pub finished: Option<i64>,
    /// When it was rolled back, if it was.
    pub rolled_back: Option<i64>,
    /// The key; `None` derives one from the service, the version and the start.
    pub key: Option<String>,
    /// A page about it.
    pub url: Option<String>,
    /// Who or what started it.
    pub by: Option<String>,
}

/// Why a report cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportError {
    /// The report has an end, and neither the report nor the ledger a start.
    NoStart,
    /// It ends before it starts.
    EndsBeforeStart,
    /// The key is that of a deployment of another service, version, project or environment.
    OtherDeployment {
        /// The key.
        key: String,
    },
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStart => f.write_str("the deployment has an end, and no start"),
            Self::EndsBeforeStart => f.write_str("the deployment ends before it starts"),
            Self::OtherDeployment { key } => {
                write!(f, "the key `{key}` belongs to another deployment")
            }
        }
    }
}

impl std::error::Error for ReportError {}

/// Reads a report. One about a deployment in the ledger adds to it: the deployment has the same key; or the same service and
/// version, and the same start if the report has one. Without a start, it is the last deployment of the service. The same
/// version again is no deployment, and a return to an earlier one rolls back those after it. `now` is the start of a new
/// deployment whose report has none.
///
/// # Errors
///
/// If the report contradicts itself or the ledger.
pub fn read(report: &Report, now: i64, scope: &Scope) -> Result<Reading, ReportError> {
    let ends = || [report.finished, report.rolled_back].into_iter().flatten();
    if let Some(existing) = existing(report, scope)? {
        return add_to(existing, report);
    }
    let started = match report.started {
        Some(started) => started,
        None if ends().next().is_some() => return Err(ReportError::NoStart),
        None => now,
    };
    if ends().any(|end| end < started) {
        return Err(ReportError::EndsBeforeStart);
    }
    let rollout = Rollout {
        revision: report.version.clone(),
        version: Some(report.version.clone()),
        artifact: Artifact::Text(report.version.clone()),
        started,
        finished: report.finished,
        rolled_back: report.rolled_back,
        url: report.url.clone(),
        by: report.by.clone(),
        kind: Kind::Deployed,
    };
    let parts = [report.service.as_str(), &report.version];
    let object = Object {
        source: SOURCE,
        parts: &parts[..1],
        service: &report.service,
        continues: Continues::Source,
    };
    let mut reading = Reading::default();
    sequence::add(&mut reading, scope, object, vec![rollout]);
    let own = prefix(scope, SOURCE, &parts);
    for deployment in &mut reading.deployments {
        let is_new = !scope.known.iter().any(|known| known.key == deployment.key);
        if is_new && deployment.key.starts_with(&own) {
            if let Some(key) = &report.key {
                deployment.key.clone_from(key);
            }
            if report.previous.is_some() {
                deployment.previous.clone_from(&report.previous);
            }
        }
    }
    Ok(reading)
}

/// The deployment in the ledger that a report is about.
fn existing<'s>(report: &Report, scope: &'s Scope) -> Result<Option<&'s Deployment>, ReportError> {
    let is_same = |known: &&Deployment| {
        known.service == report.service && known.version.as_deref() == Some(&report.version)
    };
    if let Some(key) = &report.key {
        let found = scope.known.iter().find(|known| known.key == *key);
        return match found {
            Some(found) if !is_same(&found) => {
                Err(ReportError::OtherDeployment { key: key.clone() })
            }
            found => Ok(found),
        };
    }
    let mut own = scope
        .known
        .iter()
        .rev()
        .filter(|known| known.service == report.service);
    Ok(match report.started {
        Some(started) => own.filter(is_same).find(|known| known.started == started),
        // The last one alone: an earlier one of the same version has ended, and this is a return to it.
        None => own
            .find(|known| known.source == SOURCE)
            .filter(is_same)
            .filter(|known| known.rolled_back.is_none() || report.rolled_back.is_some()),
    })
}

/// What a report adds to a deployment.
fn add_to(existing: &Deployment, report: &Report) -> Result<Reading, ReportError> {
    let started = report.started.unwrap_or(existing.started);
    // Without a start, another end is that of a roll-out of the same version again.
    let is_again = report.started.is_none()
        && report.key.is_none()
        && existing.finished.is_some()
        && report.finished.is_some()
        && existing.finished != report.finished;
    if is_again {
        let mut reading = Reading::default();
        reading.skip(crate::Skipped::SameArtifact, 1);
        return Ok(reading);
    }
    let deployment = Deployment {
        started,
        finished: report.finished.or(existing.finished),
        previous: report
            .previous
            .clone()
            .or_else(|| existing.previous.clone()),
        url: report.url.clone().or_else(|| existing.url.clone()),
        by: report.by.clone().or_else(|| existing.by.clone()),
        rolled_back: report.rolled_back.or(existing.rolled_back),
        source: SOURCE.to_owned(),
        ..existing.clone()
    };
    let ends = [deployment.finished, deployment.rolled_back];
    if ends.into_iter().flatten().any(|end| end < started) {
        return Err(ReportError::EndsBeforeStart);
    }
    Ok(Reading {
        deployments: vec![deployment],
        ..Reading::default()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Skipped;
    use crate::tests::{lines, scope};

    const NINE: i64 = 1_795_251_600;

    fn report(version: &str) -> Report {
        Report {
            service: "checkout".to_owned(),
            version: version.to_owned(),
            ..Report::default()
        }
    }

    /// Reads a report, and keeps it as the ledger does.
    fn record(scope: &mut Scope, report: &Report, now: i64) -> Reading {
        let reading = read(report, now, scope).unwrap();
        for found in &reading.deployments {
            scope.known.retain(|known| known.key != found.key);
            scope.known.push(found.clone());
        }
        scope.known.sort_by_key(|known| known.started);
        reading
    }

    #[test]
    fn a_report_twice_is_one_and_a_later_one_adds() {
        let mut scope = scope();
        record(&mut scope, &report("1.4"), NINE);
        record(&mut scope, &report("1.4"), NINE + 60);
        let finished = Report {
            finished: Some(NINE + 300),
            by: Some("ada".to_owned()),
            ..report("1.4")
        };
        let reading = record(&mut scope, &finished, NINE + 301);
        assert_eq!(scope.known.len(), 1);
        assert_eq!(
            lines(&reading),
            [
                "pipeline:shop:production:checkout:1.4:1795251600 checkout 1.4 from - 09:00:00 to 09:05:00 by ada"
            ]
        );
        // The job runs again.
        let again = Report {
            finished: Some(NINE + 9_000),
            ..report("1.4")
        };
        let reading = record(&mut scope, &again, NINE + 9_001);
        assert_eq!(reading.skipped, [(Skipped::SameArtifact, 1)].into());
        let started = Report {
            started: Some(NINE + 9_000),
            ..report("1.4")
        };
        let reading = record(&mut scope, &started, NINE + 9_001);
        assert_eq!(reading.skipped, [(Skipped::SameArtifact, 1)].into());
        assert_eq!(scope.known.len(), 1);
    }

    #[test]
    fn a_return_is_a_roll_back_and_a_new_one_continues() {
        let mut scope = scope();
        record(&mut scope, &report("1.4"), NINE);
        record(&mut scope, &report("1.5"), NINE + 3_600);
        let back = record(&mut scope, &report("1.4"), NINE + 7_200);
        assert_eq!(back.skipped, [(Skipped::RollBack, 1)].into());
        assert_eq!(
            lines(&back),
            [
                "pipeline:shop:production:checkout:1.5:1795255200 checkout 1.5 from 1.4 10:00:00, rolled back 11:00:00"
            ]
        );
        record(&mut scope, &report("1.5"), NINE + 9_000);
        let all = Reading {
            deployments: scope.known.clone(),
            ..Reading::default()
        };
        let all = lines(&all);
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(
            all[2].ends_with("checkout 1.5 from 1.4 11:30:00"),
            "{all:?}"
        );
    }

    #[test]
    fn a_key_is_the_identity() {
        let mut scope = scope();
        let keyed = Report {
            key: Some("job-7".to_owned()),
            previous: Some("1.3".to_owned()),
            ..report("1.4")
        };
        let reading = record(&mut scope, &keyed, NINE);
        assert_eq!(lines(&reading), ["job-7 checkout 1.4 from 1.3 09:00:00"]);
        let ended = Report {
            finished: Some(NINE + 60),
            rolled_back: Some(NINE + 120),
            ..keyed.clone()
        };
        let reading = record(&mut scope, &ended, NINE + 121);
        assert_eq!(
            lines(&reading),
            ["job-7 checkout 1.4 from 1.3 09:00:00 to 09:01:00, rolled back 09:02:00"]
        );
        let other = Report {
            version: "1.5".to_owned(),
            ..keyed
        };
        assert_eq!(
            read(&other, NINE, &scope).unwrap_err().to_string(),
            "the key `job-7` belongs to another deployment"
        );
        // What was rolled back can be deployed again.
        let again = record(&mut scope, &report("1.4"), NINE + 600);
        assert_eq!(again.deployments.len(), 1);
        assert_eq!(scope.known.len(), 2);
    }

    #[test]
    fn an_end_needs_a_start() {
        let ended = Report {
            finished: Some(NINE),
            ..report("1.4")
        };
        assert_eq!(read(&ended, NINE, &scope()), Err(ReportError::NoStart));
        let before = Report {
            started: Some(NINE + 1),
            ..ended
        };
        assert_eq!(
            read(&before, NINE, &scope()),
            Err(ReportError::EndsBeforeStart)
        );
    }
}
