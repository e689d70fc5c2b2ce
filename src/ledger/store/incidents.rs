//! Incidents that were named by hand.

use super::database::Database;
use super::value::{Row, Value, to_json};
use super::{Change, Store};
use crate::{Interval, LedgerError, NamedIncident};

const COLUMNS: [&str; 11] = [
    "project",
    "id",
    "seq",
    "withdrawn",
    "environment",
    "services",
    "title",
    "from_time",
    "until_time",
    "url",
    "by_whom",
];

/// A version of an incident.
struct Version {
    seq: i64,
    is_withdrawn: bool,
    incident: NamedIncident,
}

fn version(row: &Row) -> Result<Version, LedgerError> {
    let incident = NamedIncident {
        project: row.text(0, "incidents.project")?,
        id: row.text(1, "incidents.id")?,
        environment: row.optional_text(4, "incidents.environment")?,
        services: row.json(5, "incidents.services")?,
        title: row.text(6, "incidents.title")?,
        from: row.integer(7, "incidents.from_time")?,
        until: row.optional_integer(8, "incidents.until_time")?,
        url: row.optional_text(9, "incidents.url")?,
        by: row.optional_text(10, "incidents.by_whom")?,
    };
    Ok(Version {
        seq: row.integer(2, "incidents.seq")?,
        is_withdrawn: row.integer(3, "incidents.withdrawn")? != 0,
        incident,
    })
}

fn insert(
    database: &mut dyn Database,
    incident: &NamedIncident,
    seq: i64,
    is_withdrawn: bool,
) -> Result<(), LedgerError> {
    let row = vec![
        Value::from(&incident.project),
        Value::from(&incident.id),
        seq.into(),
        i64::from(is_withdrawn).into(),
        Value::from(&incident.environment),
        Value::Text(to_json(&incident.services)?),
        Value::from(&incident.title),
        incident.from.into(),
        Value::from(&incident.until),
        Value::from(&incident.url),
        Value::from(&incident.by),
    ];
    database.insert("incidents", &COLUMNS, &[row])
}

fn newest(
    database: &mut dyn Database,
    project: &str,
    id: &str,
) -> Result<Option<Version>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM incidents WHERE project = ?1 AND id = ?2 ORDER BY seq DESC LIMIT 1",
        COLUMNS.join(", ")
    );
    let rows = database.query(&sql, &[project.into(), id.into()])?;
    rows.first().map(version).transpose()
}

impl Store {
    /// Records an incident. One with the same id in the same project replaces it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] if the id is empty or the incident ends before it starts, and errors of access.
    pub fn record_incident(&mut self, incident: &NamedIncident) -> Result<Change, LedgerError> {
        if incident.id.is_empty() {
            return Err(LedgerError::invalid("an incident has no id"));
        }
        if incident.until.is_some_and(|until| until < incident.from) {
            let why = format!("incident {:?} ends before it starts", incident.id);
            return Err(LedgerError::invalid(why));
        }
        self.write(|database| {
            let (seq, change) = match newest(database, &incident.project, &incident.id)? {
                None => (0, Change::New),
                Some(version) if !version.is_withdrawn && version.incident == *incident => {
                    return Ok(Change::Unchanged);
                }
                Some(version) => (version.seq + 1, Change::Corrected),
            };
            insert(database, incident, seq, false)?;
            Ok(change)
        })
    }

    /// Withdraws an incident, which stays in the ledger as an earlier version. Returns `Unchanged` if there is none.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn withdraw_incident(&mut self, project: &str, id: &str) -> Result<Change, LedgerError> {
        self.write(|database| match newest(database, project, id)? {
            Some(version) if !version.is_withdrawn => {
                insert(database, &version.incident, version.seq + 1, true)?;
                Ok(Change::Corrected)
            }
            _ => Ok(Change::Unchanged),
        })
    }

    /// The incidents that overlap an interval, in the order of their starts. One that has not ended overlaps everything after
    /// its start.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn incidents(&mut self, within: Interval) -> Result<Vec<NamedIncident>, LedgerError> {
        self.read(|database| {
            let sql = format!(
                "SELECT {} FROM incidents i WHERE withdrawn = 0 AND from_time < ?1 \
                 AND (until_time IS NULL OR until_time > ?2) AND NOT EXISTS \
                 (SELECT 1 FROM incidents n WHERE n.project = i.project AND n.id = i.id AND n.seq > i.seq)",
                COLUMNS.join(", ")
            );
            let rows = database.query(&sql, &[within.until.into(), within.from.into()])?;
            let mut found = rows
                .iter()
                .map(|row| Ok(version(row)?.incident))
                .collect::<Result<Vec<_>, LedgerError>>()?;
            found.sort_by(|a, b| (a.from, &a.project, &a.id).cmp(&(b.from, &b.project, &b.id)));
            Ok(found)
        })
    }
}
