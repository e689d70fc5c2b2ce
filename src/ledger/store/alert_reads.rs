//! Which times alerts were read of.

use super::database::Database;
use super::value::{Value, to_json};
use super::{Change, Store};
use crate::{Interval, LedgerError};

/// The times of which the alerts of a project were read. In each list, intervals are in order and touch none of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertReads {
    /// The server was asked about them.
    pub asked: Vec<Interval>,
    /// The server had evaluated the project's rules then: no alert means that none fired. At all other times, that is unknown.
    pub known: Vec<Interval>,
}

/// The numbers of both lists in the table.
const ASKED: i64 = 0;
const KNOWN: i64 = 1;

const COLUMNS: [&str; 4] = ["identity", "kind", "since", "until"];

/// Adds an interval to those of a list, and merges those that touch.
fn merged(mut all: Vec<Interval>, more: &[Interval]) -> Vec<Interval> {
    all.extend(more.iter().filter(|one| one.from < one.until));
    all.sort_by_key(|one| one.from);
    let mut found: Vec<Interval> = Vec::with_capacity(all.len());
    for one in all {
        match found.last_mut() {
            Some(last) if one.from <= last.until => last.until = last.until.max(one.until),
            _ => found.push(one),
        }
    }
    found
}

fn stored(database: &mut dyn Database, identity: &str) -> Result<AlertReads, LedgerError> {
    let rows = database.query(
        "SELECT kind, since, until FROM alert_reads WHERE identity = ?1 ORDER BY kind, since",
        &[identity.into()],
    )?;
    let mut reads = AlertReads::default();
    for row in &rows {
        let interval = Interval {
            from: row.integer(1, "alert_reads.since")?,
            until: row.integer(2, "alert_reads.until")?,
        };
        match row.integer(0, "alert_reads.kind")? {
            ASKED => reads.asked.push(interval),
            KNOWN => reads.known.push(interval),
            other => {
                let why = format!("unknown kind {other}");
                return Err(LedgerError::damaged("alert_reads.kind", why));
            }
        }
    }
    Ok(reads)
}

impl Store {
    /// Records that the alerts of a project and an environment were read in `asked`, and of which times it is known what fired.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn record_alert_reads(
        &mut self,
        project: &str,
        environment: Option<&str>,
        asked: Interval,
        known: &[Interval],
    ) -> Result<Change, LedgerError> {
        let identity = to_json(&(project, environment))?;
        self.write(|database| {
            let before = stored(database, &identity)?;
            let after = AlertReads {
                asked: merged(before.asked.clone(), &[asked]),
                known: merged(before.known.clone(), known),
            };
            if after == before {
                return Ok(Change::Unchanged);
            }
            database.query(
                "DELETE FROM alert_reads WHERE identity = ?1",
                &[Value::from(&identity)],
            )?;
            let rows = |kind: i64, all: &[Interval]| -> Vec<Vec<Value>> {
                let row = |one: &Interval| {
                    vec![
                        Value::from(&identity),
                        kind.into(),
                        one.from.into(),
                        one.until.into(),
                    ]
                };
                all.iter().map(row).collect()
            };
            let mut all = rows(ASKED, &after.asked);
            all.extend(rows(KNOWN, &after.known));
            database.insert("alert_reads", &COLUMNS, &all)?;
            Ok(match before == AlertReads::default() {
                true => Change::New,
                false => Change::Corrected,
            })
        })
    }

    /// The times of which the alerts of a project and an environment were read.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn alert_reads(
        &mut self,
        project: &str,
        environment: Option<&str>,
    ) -> Result<AlertReads, LedgerError> {
        let identity = to_json(&(project, environment))?;
        self.read(|database| stored(database, &identity))
    }
}
