//! Counts of two versions that run at the same moment.

use std::collections::BTreeMap;

use super::database::Database;
use super::value::{Row, Value};
use super::{Store, slices::Recorded, slos};
use crate::{LedgerError, SloKey, Version, VersionCounts};

const COLUMNS: [&str; 7] = [
    "slo",
    "deployment",
    "stratum",
    "version",
    "seq",
    "bad",
    "total",
];

fn version_number(version: Version) -> i64 {
    match version {
        Version::Old => 0,
        Version::New => 1,
    }
}

/// The newest counts of a deployment by minute and version.
type Newest = BTreeMap<(i64, Version), (i64, f64, f64)>;

fn newest(database: &mut dyn Database, slo: i64, deployment: &str) -> Result<Newest, LedgerError> {
    let rows = database.query(
        "SELECT stratum, version, seq, bad, total FROM version_counts \
         WHERE slo = ?1 AND deployment = ?2 ORDER BY stratum, version, seq",
        &[slo.into(), deployment.into()],
    )?;
    let read = |row: &Row| {
        let version = match row.integer(1, "version_counts.version")? {
            0 => Version::Old,
            1 => Version::New,
            other => {
                let why = format!("unknown version {other}");
                return Err(LedgerError::damaged("version_counts.version", why));
            }
        };
        let counts = (
            row.integer(2, "version_counts.seq")?,
            row.number(3, "version_counts.bad")?,
            row.number(4, "version_counts.total")?,
        );
        Ok(((row.integer(0, "version_counts.stratum")?, version), counts))
    };
    rows.iter().map(read).collect()
}

impl Store {
    /// Records counts of versions, all in one transaction. Counts of fewer events than those in the ledger do not replace them:
    /// retention has removed samples.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] if a count is negative or not finite, and errors of access.
    pub fn record_version_counts(
        &mut self,
        counts: &[VersionCounts],
    ) -> Result<Recorded, LedgerError> {
        let mut parts: BTreeMap<(&SloKey, &str), Vec<&VersionCounts>> = BTreeMap::new();
        for count in counts {
            let is_count = |value: f64| value.is_finite() && value >= 0.0;
            if !is_count(count.bad) || !is_count(count.total) {
                let why = format!(
                    "a count of deployment {:?} is negative or not finite",
                    count.deployment
                );
                return Err(LedgerError::invalid(why));
            }
            parts
                .entry((&count.slo, &count.deployment))
                .or_default()
                .push(count);
        }
        self.write(|database| {
            let mut recorded = Recorded::default();
            let mut rows = Vec::new();
            for ((slo, deployment), counts) in &parts {
                let (id, _) = slos::register(database, slo)?;
                let mut existing = newest(database, id, deployment)?;
                for count in counts {
                    let key = (count.stratum, count.version);
                    let seq = match existing.get(&key) {
                        Some((_, bad, total)) if (*bad, *total) == (count.bad, count.total) => {
                            recorded.unchanged += 1;
                            continue;
                        }
                        Some((_, _, total)) if *total > count.total => {
                            recorded.kept += 1;
                            continue;
                        }
                        Some((seq, _, _)) => {
                            recorded.corrected += 1;
                            seq + 1
                        }
                        None => {
                            recorded.new += 1;
                            0
                        }
                    };
                    existing.insert(key, (seq, count.bad, count.total));
                    rows.push(vec![
                        id.into(),
                        Value::from(*deployment),
                        count.stratum.into(),
                        version_number(count.version).into(),
                        seq.into(),
                        count.bad.into(),
                        count.total.into(),
                    ]);
                }
            }
            database.insert("version_counts", &COLUMNS, &rows)?;
            Ok(recorded)
        })
    }

    /// The counts of the versions of a deployment, in the order of minutes.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn version_counts(
        &mut self,
        slo: &SloKey,
        deployment: &str,
    ) -> Result<Vec<VersionCounts>, LedgerError> {
        self.read(|database| {
            let Some(id) = slos::find(database, slo)? else {
                return Ok(Vec::new());
            };
            let counts = newest(database, id, deployment)?.into_iter();
            let counts = counts.map(|((stratum, version), (_, bad, total))| VersionCounts {
                slo: slo.clone(),
                deployment: deployment.to_owned(),
                stratum,
                version,
                bad,
                total,
            });
            Ok(counts.collect())
        })
    }
}
