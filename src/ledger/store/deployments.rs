//! Deployments.

use super::database::Database;
use super::value::{Row, Value};
use super::{Change, Store};
use crate::{Deployment, Interval, LedgerError};

const COLUMNS: [&str; 13] = [
    "key",
    "seq",
    "project",
    "environment",
    "service",
    "started",
    "finished",
    "version",
    "previous",
    "source",
    "url",
    "by_whom",
    "rolled_back",
];

fn deployment(row: &Row) -> Result<(i64, Deployment), LedgerError> {
    let deployment = Deployment {
        key: row.text(0, "deployments.key")?,
        project: row.text(2, "deployments.project")?,
        environment: row.optional_text(3, "deployments.environment")?,
        service: row.text(4, "deployments.service")?,
        started: row.integer(5, "deployments.started")?,
        finished: row.optional_integer(6, "deployments.finished")?,
        version: row.optional_text(7, "deployments.version")?,
        previous: row.optional_text(8, "deployments.previous")?,
        source: row.text(9, "deployments.source")?,
        url: row.optional_text(10, "deployments.url")?,
        by: row.optional_text(11, "deployments.by_whom")?,
        rolled_back: row.optional_integer(12, "deployments.rolled_back")?,
    };
    Ok((row.integer(1, "deployments.seq")?, deployment))
}

fn row(deployment: &Deployment, seq: i64) -> Vec<Value> {
    vec![
        Value::from(&deployment.key),
        seq.into(),
        Value::from(&deployment.project),
        Value::from(&deployment.environment),
        Value::from(&deployment.service),
        deployment.started.into(),
        Value::from(&deployment.finished),
        Value::from(&deployment.version),
        Value::from(&deployment.previous),
        Value::from(&deployment.source),
        Value::from(&deployment.url),
        Value::from(&deployment.by),
        Value::from(&deployment.rolled_back),
    ]
}

/// The deployment of a later report. What the report does not contain stays. Another source only adds what is missing:
/// otherwise, two sources that disagree would correct each other forever.
fn merge(existing: &Deployment, report: &Deployment) -> Deployment {
    fn choose<T: Clone>(existing: &Option<T>, report: &Option<T>, is_first: bool) -> Option<T> {
        let (first, second) = if is_first {
            (report, existing)
        } else {
            (existing, report)
        };
        first.clone().or_else(|| second.clone())
    }
    let is_same = existing.source == report.source;
    let base = if is_same { report } else { existing };
    Deployment {
        finished: choose(&existing.finished, &report.finished, is_same),
        version: choose(&existing.version, &report.version, is_same),
        previous: choose(&existing.previous, &report.previous, is_same),
        url: choose(&existing.url, &report.url, is_same),
        by: choose(&existing.by, &report.by, is_same),
        rolled_back: choose(&existing.rolled_back, &report.rolled_back, is_same),
        ..base.clone()
    }
}

fn newest(
    database: &mut dyn Database,
    key: &str,
) -> Result<Option<(i64, Deployment)>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM deployments WHERE key = ?1 ORDER BY seq DESC LIMIT 1",
        COLUMNS.join(", ")
    );
    let rows = database.query(&sql, &[key.into()])?;
    rows.first().map(deployment).transpose()
}

impl Store {
    /// Records a report of a deployment. Reports with the same key are one deployment: a later one may add the end, a
    /// roll-back, and other values that were missing. A later report of the same source also corrects values.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] if the key or the service is empty or the deployment ends before it starts, and errors of
    /// access.
    pub fn record_deployment(&mut self, report: &Deployment) -> Result<Change, LedgerError> {
        if report.key.is_empty() || report.service.is_empty() {
            return Err(LedgerError::invalid(
                "a deployment has no key or no service",
            ));
        }
        let ends = [report.finished, report.rolled_back];
        if ends.into_iter().flatten().any(|end| end < report.started) {
            let why = format!("deployment {:?} ends before it starts", report.key);
            return Err(LedgerError::invalid(why));
        }
        self.write(|database| {
            let (seq, deployment, change) = match newest(database, &report.key)? {
                None => (0, report.clone(), Change::New),
                Some((seq, existing)) => {
                    let merged = merge(&existing, report);
                    if merged == existing {
                        return Ok(Change::Unchanged);
                    }
                    (seq + 1, merged, Change::Corrected)
                }
            };
            database.insert("deployments", &COLUMNS, &[row(&deployment, seq)])?;
            Ok(change)
        })
    }

    /// The deployments of all services that start in an interval, in the order of their starts.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn deployments(&mut self, within: Interval) -> Result<Vec<Deployment>, LedgerError> {
        self.read(|database| {
            // The newest version decides when it started.
            let sql = format!(
                "SELECT {} FROM deployments d WHERE started >= ?1 AND started < ?2 AND NOT EXISTS \
                 (SELECT 1 FROM deployments n WHERE n.key = d.key AND n.seq > d.seq)",
                COLUMNS.join(", ")
            );
            let rows = database.query(&sql, &[within.from.into(), within.until.into()])?;
            let mut found = rows
                .iter()
                .map(|row| Ok(deployment(row)?.1))
                .collect::<Result<Vec<_>, LedgerError>>()?;
            found.sort_by(|a, b| (a.started, &a.key).cmp(&(b.started, &b.key)));
            Ok(found)
        })
    }

    /// The deployment with a key; `None` if it is not in the ledger.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn deployment(&mut self, key: &str) -> Result<Option<Deployment>, LedgerError> {
        self.read(|database| Ok(newest(database, key)?.map(|(_, deployment)| deployment)))
    }
}
