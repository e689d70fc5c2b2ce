//! Objectives as they were.

use rust_decimal::Decimal;

use super::database::Database;
use super::value::{Row, Value};
use super::{Change, Store, slos};
use crate::{LedgerError, ObjectiveVersion, SloKey};

fn objective(row: &Row) -> Result<(i64, ObjectiveVersion), LedgerError> {
    let text = row.text(2, "objective_versions.objective")?;
    let objective: Decimal = text
        .parse()
        .map_err(|_| LedgerError::damaged("objective_versions.objective", "it is not a number"))?;
    let version = ObjectiveVersion {
        valid_from: row.integer(1, "objective_versions.valid_from")?,
        objective,
        window_ms: row.integer(3, "objective_versions.window_ms")?,
        revision: row.optional_text(4, "objective_versions.revision")?,
    };
    Ok((row.integer(0, "objective_versions.seq")?, version))
}

/// The newest row of each moment, with its number, in the order of time.
fn versions(
    database: &mut dyn Database,
    slo: i64,
) -> Result<Vec<(i64, ObjectiveVersion)>, LedgerError> {
    let rows = database.query(
        "SELECT seq, valid_from, objective, window_ms, revision FROM objective_versions \
         WHERE slo = ?1 ORDER BY valid_from, seq",
        &[slo.into()],
    )?;
    let mut found: Vec<(i64, ObjectiveVersion)> = Vec::new();
    for row in &rows {
        let version = objective(row)?;
        if found
            .last()
            .is_some_and(|last| last.1.valid_from == version.1.valid_from)
        {
            found.pop();
        }
        found.push(version);
    }
    Ok(found)
}

impl Store {
    /// Records an objective that holds from a moment on. If the same objective and window hold then already, nothing is written,
    /// whatever the revision is: a revision that changes something else does not begin a version.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] if the objective is not between 0 and 1 or the window is not positive, and errors of access.
    pub fn record_objective(
        &mut self,
        slo: &SloKey,
        version: &ObjectiveVersion,
    ) -> Result<Change, LedgerError> {
        if version.objective < Decimal::ZERO || version.objective > Decimal::ONE {
            return Err(LedgerError::invalid("an objective is not between 0 and 1"));
        }
        if version.window_ms <= 0 {
            return Err(LedgerError::invalid("an SLO window is not positive"));
        }
        self.write(|database| {
            let (id, _) = slos::register(database, slo)?;
            let existing = versions(database, id)?;
            let in_force = existing
                .iter()
                .rev()
                .find(|(_, existing)| existing.valid_from <= version.valid_from);
            let mut seq = 0;
            if let Some((number, existing)) = in_force {
                if existing.objective == version.objective
                    && existing.window_ms == version.window_ms
                {
                    return Ok(Change::Unchanged);
                }
                if existing.valid_from == version.valid_from {
                    seq = number + 1;
                }
            }
            let row = vec![
                id.into(),
                version.valid_from.into(),
                seq.into(),
                Value::Text(version.objective.normalize().to_string()),
                version.window_ms.into(),
                Value::from(&version.revision),
            ];
            let columns = [
                "slo",
                "valid_from",
                "seq",
                "objective",
                "window_ms",
                "revision",
            ];
            database.insert("objective_versions", &columns, &[row])?;
            Ok(if seq == 0 {
                Change::New
            } else {
                Change::Corrected
            })
        })
    }

    /// The objectives of an SLO in the order of time. A version that equals the one before it, because of a correction, is
    /// omitted.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn objectives(&mut self, slo: &SloKey) -> Result<Vec<ObjectiveVersion>, LedgerError> {
        let found = self.read(|database| match slos::find(database, slo)? {
            Some(id) => versions(database, id),
            None => Ok(Vec::new()),
        })?;
        let mut versions: Vec<ObjectiveVersion> =
            found.into_iter().map(|(_, version)| version).collect();
        versions.dedup_by(|later, earlier| {
            later.objective == earlier.objective && later.window_ms == earlier.window_ms
        });
        Ok(versions)
    }
}
