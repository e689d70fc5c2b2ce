//! Alerts that fired.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::database::Database;
use super::value::{Row, Value, to_json};
use super::{Change, Store};
use crate::{AlertEpisode, Interval, LedgerError};

const COLUMNS: [&str; 7] = [
    "identity",
    "opened",
    "seq",
    "withdrawn",
    "project",
    "from_time",
    "until_time",
];

/// All of an episode but its times.
#[derive(Serialize, Deserialize)]
struct Identity {
    project: String,
    environment: Option<String>,
    service: String,
    slo: Option<String>,
    alert: String,
    severity: String,
    labels: BTreeMap<String, String>,
}

impl Identity {
    fn read(episode: &AlertEpisode) -> Self {
        Self {
            project: episode.project.clone(),
            environment: episode.environment.clone(),
            service: episode.service.clone(),
            slo: episode.slo.clone(),
            alert: episode.alert.clone(),
            severity: episode.severity.clone(),
            labels: episode.labels.clone(),
        }
    }
}

/// The times of a stored episode. `opened` is when it fired as first recorded, and identifies it.
#[derive(Clone, PartialEq)]
struct Stored {
    opened: i64,
    seq: i64,
    from: i64,
    until: Option<i64>,
}

impl Stored {
    /// Whether it and an episode have a moment in common, or one starts when the other one ends.
    fn touches(&self, from: i64, until: Option<i64>) -> bool {
        until.is_none_or(|until| self.from <= until) && self.until.is_none_or(|end| from <= end)
    }

    fn row(&self, identity: &str, project: &str, is_withdrawn: bool) -> Vec<Value> {
        vec![
            identity.into(),
            self.opened.into(),
            self.seq.into(),
            i64::from(is_withdrawn).into(),
            project.into(),
            self.from.into(),
            Value::from(&self.until),
        ]
    }
}

fn times(row: &Row) -> Result<Stored, LedgerError> {
    Ok(Stored {
        opened: row.integer(1, "alert_episodes.opened")?,
        seq: row.integer(2, "alert_episodes.seq")?,
        from: row.integer(5, "alert_episodes.from_time")?,
        until: row.optional_integer(6, "alert_episodes.until_time")?,
    })
}

/// The newest versions of the episodes of an alert, in order.
fn stored(database: &mut dyn Database, identity: &str) -> Result<Vec<Stored>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM alert_episodes e WHERE identity = ?1 AND withdrawn = 0 AND NOT EXISTS \
         (SELECT 1 FROM alert_episodes n WHERE n.identity = e.identity AND n.opened = e.opened \
         AND n.seq > e.seq) ORDER BY opened",
        COLUMNS.join(", ")
    );
    let rows = database.query(&sql, &[identity.into()])?;
    rows.iter().map(times).collect()
}

/// The next number of an episode that was opened at a moment, also of a withdrawn one.
fn next_seq(database: &mut dyn Database, identity: &str, opened: i64) -> Result<i64, LedgerError> {
    let rows = database.query(
        "SELECT seq FROM alert_episodes WHERE identity = ?1 AND opened = ?2 ORDER BY seq DESC LIMIT 1",
        &[identity.into(), opened.into()],
    )?;
    let newest = rows.first().map(|row| row.integer(0, "alert_episodes.seq"));
    Ok(newest.transpose()?.map_or(0, |seq| seq + 1))
}

impl Store {
    /// Records an alert that fired. An episode that overlaps one of the same alert with the same labels extends it: a part of an
    /// episode that was read earlier, or before it ended, is not a second one.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] if it ends before it starts, and errors of access.
    pub fn record_episode(&mut self, episode: &AlertEpisode) -> Result<Change, LedgerError> {
        if episode.until.is_some_and(|until| until < episode.from) {
            let why = format!(
                "an episode of alert {:?} ends before it starts",
                episode.alert
            );
            return Err(LedgerError::invalid(why));
        }
        let identity = to_json(&Identity::read(episode))?;
        self.write(|database| {
            let mut touched: Vec<Stored> = stored(database, &identity)?;
            touched.retain(|stored| stored.touches(episode.from, episode.until));
            let Some(first) = touched.first().cloned() else {
                let new = Stored {
                    opened: episode.from,
                    seq: next_seq(database, &identity, episode.from)?,
                    from: episode.from,
                    until: episode.until,
                };
                let row = new.row(&identity, &episode.project, false);
                database.insert("alert_episodes", &COLUMNS, &[row])?;
                return Ok(Change::New);
            };
            // The end that is known last is right: `None` is that of an alert which fires.
            let known = touched.iter().filter_map(|stored| stored.until);
            let until = episode.until.map(|until| known.fold(until, i64::max));
            let starts = touched.iter().map(|stored| stored.from);
            let merged = Stored {
                from: starts.fold(episode.from, i64::min),
                until,
                ..first.clone()
            };
            if merged == first && touched.len() == 1 {
                return Ok(Change::Unchanged);
            }
            let mut rows = Vec::new();
            for (number, part) in touched.iter().enumerate() {
                let times = if number == 0 { &merged } else { part };
                let next = Stored {
                    seq: part.seq + 1,
                    ..times.clone()
                };
                rows.push(next.row(&identity, &episode.project, number > 0));
            }
            database.insert("alert_episodes", &COLUMNS, &rows)?;
            Ok(Change::Corrected)
        })
    }

    /// The episodes that overlap an interval, in the order of their starts. One that has not ended overlaps everything after its
    /// start.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn episodes(&mut self, within: Interval) -> Result<Vec<AlertEpisode>, LedgerError> {
        self.read(|database| {
            let sql = format!(
                "SELECT {} FROM alert_episodes e WHERE withdrawn = 0 AND from_time < ?1 \
                 AND (until_time IS NULL OR until_time > ?2) AND NOT EXISTS \
                 (SELECT 1 FROM alert_episodes n WHERE n.identity = e.identity \
                 AND n.opened = e.opened AND n.seq > e.seq)",
                COLUMNS.join(", ")
            );
            let rows = database.query(&sql, &[within.until.into(), within.from.into()])?;
            let mut found = Vec::new();
            for row in &rows {
                let identity: Identity = row.json(0, "alert_episodes.identity")?;
                let times = times(row)?;
                found.push(AlertEpisode {
                    project: identity.project,
                    environment: identity.environment,
                    service: identity.service,
                    slo: identity.slo,
                    alert: identity.alert,
                    severity: identity.severity,
                    from: times.from,
                    until: times.until,
                    labels: identity.labels,
                });
            }
            found.sort_by(|a: &AlertEpisode, b: &AlertEpisode| {
                (
                    a.from,
                    &a.project,
                    &a.environment,
                    &a.service,
                    &a.alert,
                    &a.labels,
                )
                    .cmp(&(
                        b.from,
                        &b.project,
                        &b.environment,
                        &b.service,
                        &b.alert,
                        &b.labels,
                    ))
            });
            Ok(found)
        })
    }
}
