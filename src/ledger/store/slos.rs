//! The SLOs of a ledger.

use super::database::Database;
use super::value::{Row, Value, to_json};
use super::{Change, Store};
use crate::{LedgerError, SloKey};

/// The columns of `slos` that make a key, as [`key`] reads them.
pub(super) const COLUMNS: &str =
    "slos.project, slos.environment, slos.service, slos.slo, slos.labels";

/// The key of an SLO in a row, from a column on.
pub(super) fn key(row: &Row, first: usize) -> Result<SloKey, LedgerError> {
    Ok(SloKey {
        project: row.text(first, "slos.project")?,
        environment: row.optional_text(first + 1, "slos.environment")?,
        service: row.text(first + 2, "slos.service")?,
        slo: row.text(first + 3, "slos.slo")?,
        group: row.json(first + 4, "slos.labels")?,
    })
}

/// The number of an SLO; `None` if it is not in the ledger.
pub(super) fn find(database: &mut dyn Database, slo: &SloKey) -> Result<Option<i64>, LedgerError> {
    let rows = database.query(
        "SELECT id FROM slos WHERE identity = ?1",
        &[Value::Text(to_json(slo)?)],
    )?;
    rows.first()
        .map(|row| row.integer(0, "slos.id"))
        .transpose()
}

/// The number of an SLO, which is added if it is not in the ledger.
pub(super) fn register(
    database: &mut dyn Database,
    slo: &SloKey,
) -> Result<(i64, Change), LedgerError> {
    if let Some(id) = find(database, slo)? {
        return Ok((id, Change::Unchanged));
    }
    let row = vec![
        Value::Text(to_json(slo)?),
        Value::from(&slo.project),
        Value::from(&slo.environment),
        Value::from(&slo.service),
        Value::from(&slo.slo),
        Value::Text(to_json(&slo.group)?),
    ];
    let columns = [
        "identity",
        "project",
        "environment",
        "service",
        "slo",
        "labels",
    ];
    database.insert("slos", &columns, &[row])?;
    let id = find(database, slo)?;
    let id = id.ok_or_else(|| LedgerError::damaged("slos.id", "a row disappeared"))?;
    Ok((id, Change::New))
}

impl Store {
    /// Adds an SLO, if it is not in the ledger. Recording anything of an SLO adds it too.
    ///
    /// # Errors
    ///
    /// Errors of access.
    pub fn register(&mut self, slo: &SloKey) -> Result<Change, LedgerError> {
        self.write(|database| Ok(register(database, slo)?.1))
    }

    /// All SLOs, in the order of their keys.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn slos(&mut self) -> Result<Vec<SloKey>, LedgerError> {
        let mut slos = self.read(|database| {
            let rows = database.query(&format!("SELECT {COLUMNS} FROM slos"), &[])?;
            rows.iter()
                .map(|row| key(row, 0))
                .collect::<Result<Vec<_>, _>>()
        })?;
        slos.sort();
        Ok(slos)
    }
}
