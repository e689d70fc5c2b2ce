//! Slices, and until when they were read.

use std::collections::BTreeMap;

use super::database::Database;
use super::value::Row;
use super::{Store, slos};
use crate::{Interval, LedgerError, SLICE_SECONDS, Slice, SliceSource, SloKey};

const COLUMNS: [&str; 7] = ["slo", "start", "seq", "bad", "total", "seen", "source"];

/// The most corrections of a slice.
const MOST_VERSIONS: i64 = 30_000;

/// Which slices replace those in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Those that are not worse: a slice of which less was seen never replaces one of which more was seen, and of slices that
    /// were seen equally, an estimate never replaces exact counts. Retention that has removed samples changes nothing.
    NotWorse,
    /// All.
    Always,
}

/// The slices of an SLO that were read at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Pull {
    /// The SLO.
    pub slo: SloKey,
    /// The slices, each start once.
    pub slices: Vec<Slice>,
    /// What was read, in seconds since 1970. Within it, no slice means that nothing was seen.
    pub read: Interval,
}

/// How many slices were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Slices that were not in the ledger.
    pub new: usize,
    /// Slices that replace others, which stay in the ledger as earlier versions.
    pub corrected: usize,
    /// Slices that are in the ledger already, and those in which nothing was seen.
    pub unchanged: usize,
    /// Slices that are worse than those in the ledger, and were not recorded.
    pub kept: usize,
}

/// A version of a slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceVersion {
    /// The number of the correction; 0 for the slice that was recorded first.
    pub seq: i64,
    /// The slice.
    pub slice: Slice,
}

/// Sums over the newest version of several slices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
    /// The seconds with data.
    pub seen: i64,
    /// The seconds of which the counts are estimates; they are part of `seen`.
    pub estimated: i64,
    /// The number of slices.
    pub slices: i64,
}

fn source_number(source: SliceSource) -> i64 {
    match source {
        SliceSource::Raw => 0,
        SliceSource::TimeSlices => 1,
        SliceSource::Recorded => 2,
    }
}

/// The slice in a row, from the column of its start on.
fn slice(row: &Row, first: usize) -> Result<Slice, LedgerError> {
    let seen = row.integer(first + 3, "slices.seen")?;
    let seen = u16::try_from(seen)
        .ok()
        .filter(|seen| i64::from(*seen) <= SLICE_SECONDS);
    let source = match row.integer(first + 4, "slices.source")? {
        0 => SliceSource::Raw,
        1 => SliceSource::TimeSlices,
        2 => SliceSource::Recorded,
        other => {
            let why = format!("unknown source {other}");
            return Err(LedgerError::damaged("slices.source", why));
        }
    };
    Ok(Slice {
        start: row.integer(first, "slices.start")?,
        bad: row.number(first + 1, "slices.bad")?,
        total: row.number(first + 2, "slices.total")?,
        seen: seen.ok_or_else(|| LedgerError::damaged("slices.seen", "it is not in 0 to 300"))?,
        source,
    })
}

/// Sums over the newest slices of an SLO that start in an interval.
fn sums_of(database: &mut dyn Database, slo: i64, within: Interval) -> Result<Sums, LedgerError> {
    let rows = database.query(
        &format!("SELECT {SUMS} FROM newest_slices WHERE slo = ?1 AND start >= ?2 AND start < ?3"),
        &[slo.into(), within.from.into(), within.until.into()],
    )?;
    let sums = |row: &Row| {
        Ok(Sums {
            bad: row.number(0, "slices.bad")?,
            total: row.number(1, "slices.total")?,
            seen: row.integer(2, "slices.seen")?,
            estimated: row.integer(3, "slices.seen")?,
            slices: row.integer(4, "slices")?,
        })
    };
    rows.first().map_or(Ok(Sums::default()), sums)
}

const SUMS: &str = "COALESCE(SUM(CAST(bad AS DOUBLE PRECISION)), 0.0), \
     COALESCE(SUM(CAST(total AS DOUBLE PRECISION)), 0.0), \
     CAST(COALESCE(SUM(seen), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN source = 2 THEN seen ELSE 0 END), 0) AS BIGINT), COUNT(*)";

fn check(pull: &Pull) -> Result<(), LedgerError> {
    let mut starts = BTreeMap::new();
    for slice in &pull.slices {
        let wrong = |what: &str| {
            let why = format!("the slice at {} of {} {what}", slice.start, pull.slo);
            Err(LedgerError::invalid(why))
        };
        if slice.start.rem_euclid(SLICE_SECONDS) != 0 {
            return wrong("does not start at a multiple of 300 s");
        }
        if i64::from(slice.seen) > SLICE_SECONDS {
            return wrong("has more than 300 s");
        }
        let is_count = |value: f64| value.is_finite() && value >= 0.0;
        if !is_count(slice.bad) || !is_count(slice.total) {
            return wrong("has a count that is negative or not finite");
        }
        if slice.start < pull.read.from || slice.end() > pull.read.until {
            return wrong("is outside of what was read");
        }
        if starts.insert(slice.start, ()).is_some() {
            return wrong("occurs twice");
        }
    }
    Ok(())
}

/// The newest version of each slice from `from` to `until`, both starts.
fn newest(
    database: &mut dyn Database,
    slo: i64,
    from: i64,
    until: i64,
) -> Result<BTreeMap<i64, SliceVersion>, LedgerError> {
    let rows = database.query(
        "SELECT seq, start, bad, total, seen, source FROM slices \
         WHERE slo = ?1 AND start >= ?2 AND start <= ?3 ORDER BY start, seq",
        &[slo.into(), from.into(), until.into()],
    )?;
    let mut found = BTreeMap::new();
    for row in rows {
        let seq = row.integer(0, "slices.seq")?;
        let slice = slice(&row, 1)?;
        found.insert(slice.start, SliceVersion { seq, slice });
    }
    Ok(found)
}

/// Whether a slice is worse than the one in the ledger.
fn is_worse(slice: &Slice, existing: &Slice) -> bool {
    slice.seen < existing.seen
        || (slice.seen == existing.seen
            && slice.source.is_estimate()
            && !existing.source.is_estimate())
}

fn record(
    database: &mut dyn Database,
    pull: &Pull,
    replace: Replace,
    recorded: &mut Recorded,
) -> Result<(), LedgerError> {
    let (slo, _) = slos::register(database, &pull.slo)?;
    let starts = || pull.slices.iter().map(|slice| slice.start);
    let existing = match (starts().min(), starts().max()) {
        (Some(first), Some(last)) => newest(database, slo, first, last)?,
        _ => BTreeMap::new(),
    };
    let mut rows = Vec::new();
    for slice in &pull.slices {
        let seq = match existing.get(&slice.start) {
            Some(version) if version.slice == *slice => {
                recorded.unchanged += 1;
                continue;
            }
            Some(version) if replace == Replace::NotWorse && is_worse(slice, &version.slice) => {
                recorded.kept += 1;
                continue;
            }
            Some(version) if version.seq >= MOST_VERSIONS => {
                let why = format!("the slice at {} has too many corrections", slice.start);
                return Err(LedgerError::invalid(why));
            }
            Some(version) => {
                recorded.corrected += 1;
                version.seq + 1
            }
            None if slice.seen == 0 && slice.bad == 0.0 && slice.total == 0.0 => {
                recorded.unchanged += 1;
                continue;
            }
            None => {
                recorded.new += 1;
                0
            }
        };
        rows.push(vec![
            slo.into(),
            slice.start.into(),
            seq.into(),
            slice.bad.into(),
            slice.total.into(),
            i64::from(slice.seen).into(),
            source_number(slice.source).into(),
        ]);
    }
    database.insert("slices", &COLUMNS, &rows)?;
    if pull.read.is_empty() {
        return Ok(());
    }
    database.query(
        "INSERT INTO pulls (slo, since, until) VALUES (?1, ?2, ?3) ON CONFLICT (slo) DO UPDATE SET \
         since = CASE WHEN excluded.since < pulls.since THEN excluded.since ELSE pulls.since END, \
         until = CASE WHEN excluded.until > pulls.until THEN excluded.until ELSE pulls.until END",
        &[slo.into(), pull.read.from.into(), pull.read.until.into()],
    )?;
    Ok(())
}

impl Store {
    /// Records slices that were read up to `until`, in seconds since 1970, together with the watermark of the SLO. Slices that are
    /// in the ledger already change nothing. The read interval starts with the first slice.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidValue`] for a slice that is none, and errors of access. Then nothing is recorded.
    pub fn record(
        &mut self,
        slo: &SloKey,
        slices: &[Slice],
        until: i64,
    ) -> Result<Recorded, LedgerError> {
        let from = slices
            .iter()
            .map(|slice| slice.start)
            .min()
            .unwrap_or(until);
        let pull = Pull {
            slo: slo.clone(),
            slices: slices.to_vec(),
            read: Interval { from, until },
        };
        self.record_all(&[pull], Replace::NotWorse)
    }

    /// Records the slices of several SLOs in one transaction, together with their watermarks.
    ///
    /// # Errors
    ///
    /// As [`Store::record`].
    pub fn record_all(
        &mut self,
        pulls: &[Pull],
        replace: Replace,
    ) -> Result<Recorded, LedgerError> {
        pulls.iter().try_for_each(check)?;
        self.write(|database| {
            let mut recorded = Recorded::default();
            for pull in pulls {
                record(database, pull, replace, &mut recorded)?;
            }
            Ok(recorded)
        })
    }

    /// Until when an SLO was read, in seconds since 1970; `None` if it never was.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn watermark(&mut self, slo: &SloKey) -> Result<Option<i64>, LedgerError> {
        Ok(self.read_interval(slo)?.map(|read| read.until))
    }

    /// From when until when an SLO was read; `None` if it never was.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn read_interval(&mut self, slo: &SloKey) -> Result<Option<Interval>, LedgerError> {
        self.read(|database| {
            let Some(id) = slos::find(database, slo)? else {
                return Ok(None);
            };
            let rows = database.query(
                "SELECT since, until FROM pulls WHERE slo = ?1",
                &[id.into()],
            )?;
            let interval = |row: &Row| {
                Ok(Interval {
                    from: row.integer(0, "pulls.since")?,
                    until: row.integer(1, "pulls.until")?,
                })
            };
            rows.first().map(interval).transpose()
        })
    }

    /// The newest version of each slice of an SLO that starts in an interval, in order.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn slices(&mut self, slo: &SloKey, within: Interval) -> Result<Vec<Slice>, LedgerError> {
        if within.is_empty() {
            return Ok(Vec::new());
        }
        self.read(|database| {
            let Some(id) = slos::find(database, slo)? else {
                return Ok(Vec::new());
            };
            let found = newest(database, id, within.from, within.until - 1)?;
            Ok(found.into_values().map(|version| version.slice).collect())
        })
    }

    /// All versions of the slices of an SLO that start in an interval, in the order of their starts, then of their numbers.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn slice_versions(
        &mut self,
        slo: &SloKey,
        within: Interval,
    ) -> Result<Vec<SliceVersion>, LedgerError> {
        self.read(|database| {
            let Some(id) = slos::find(database, slo)? else {
                return Ok(Vec::new());
            };
            let rows = database.query(
                "SELECT seq, start, bad, total, seen, source FROM slices \
                 WHERE slo = ?1 AND start >= ?2 AND start < ?3 ORDER BY start, seq",
                &[id.into(), within.from.into(), within.until.into()],
            )?;
            let version = |row: &Row| {
                Ok(SliceVersion {
                    seq: row.integer(0, "slices.seq")?,
                    slice: slice(row, 1)?,
                })
            };
            rows.iter().map(version).collect()
        })
    }

    /// Sums over the slices of an SLO that start in an interval.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn sums(&mut self, slo: &SloKey, within: Interval) -> Result<Sums, LedgerError> {
        self.read(|database| {
            let Some(id) = slos::find(database, slo)? else {
                return Ok(Sums::default());
            };
            sums_of(database, id, within)
        })
    }

    /// Sums over the slices of each SLO that start in an interval, in the order of the keys. SLOs without slices are missing.
    ///
    /// # Errors
    ///
    /// Errors of access, and [`LedgerError::Damaged`].
    pub fn sums_by_slo(&mut self, within: Interval) -> Result<Vec<(SloKey, Sums)>, LedgerError> {
        let mut all = self.read(|database| {
            let columns = slos::COLUMNS;
            let slos = database.query(&format!("SELECT {columns}, id FROM slos"), &[])?;
            let mut all = Vec::new();
            // One by one, because the rows of an SLO are next to each other and those of a time are not.
            for row in &slos {
                let sums = sums_of(database, row.integer(5, "slos.id")?, within)?;
                if sums.slices > 0 {
                    all.push((slos::key(row, 0)?, sums));
                }
            }
            Ok(all)
        })?;
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }
}
