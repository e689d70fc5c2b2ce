//! The tables of the ledger, and how a ledger of an earlier version becomes one of this version.
//!
//! Nothing in the tables is updated or deleted but the watermarks in `pulls` and `alert_reads` and the version in `meta`. A
//! correction is a row with the next `seq`.

use super::database::{Database, Dialect};
use super::value::Value;
use crate::LedgerError;

/// The version of the schema that this program writes.
pub const SCHEMA_VERSION: i64 = 3;

/// The statements that create each version from the one before it, the first from nothing. `{identity}`, `{clustered}` and
/// `{count}` differ between the databases. A published entry never changes.
const MIGRATIONS: [&str; SCHEMA_VERSION as usize] = [
    // Types are those of PostgreSQL; SQLite derives integers, numbers and texts from their names.
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
     CREATE TABLE slos (
         id {identity},
         identity TEXT NOT NULL UNIQUE,
         project TEXT NOT NULL,
         environment TEXT,
         service TEXT NOT NULL,
         slo TEXT NOT NULL,
         labels TEXT NOT NULL
     );
     CREATE TABLE slices (
         slo INTEGER NOT NULL,
         start BIGINT NOT NULL,
         seq SMALLINT NOT NULL,
         bad {count} NOT NULL,
         total {count} NOT NULL,
         seen SMALLINT NOT NULL,
         source SMALLINT NOT NULL,
         PRIMARY KEY (slo, start, seq)
     ){clustered};
     CREATE VIEW newest_slices AS
         SELECT s.slo, s.start, s.seq, s.bad, s.total, s.seen, s.source FROM slices s
         WHERE NOT EXISTS (
             SELECT 1 FROM slices n WHERE n.slo = s.slo AND n.start = s.start AND n.seq > s.seq
         );
     CREATE TABLE pulls (slo INTEGER PRIMARY KEY, since BIGINT NOT NULL, until BIGINT NOT NULL);
     CREATE TABLE objective_versions (
         slo INTEGER NOT NULL,
         valid_from BIGINT NOT NULL,
         seq SMALLINT NOT NULL,
         objective TEXT NOT NULL,
         window_ms BIGINT NOT NULL,
         revision TEXT,
         PRIMARY KEY (slo, valid_from, seq)
     ){clustered};
     CREATE TABLE deployments (
         key TEXT NOT NULL,
         seq SMALLINT NOT NULL,
         project TEXT NOT NULL,
         environment TEXT,
         service TEXT NOT NULL,
         started BIGINT NOT NULL,
         finished BIGINT,
         version TEXT,
         previous TEXT,
         source TEXT NOT NULL,
         url TEXT,
         by_whom TEXT,
         rolled_back BIGINT,
         PRIMARY KEY (key, seq)
     ){clustered};
     CREATE TABLE incidents (
         project TEXT NOT NULL,
         id TEXT NOT NULL,
         seq SMALLINT NOT NULL,
         withdrawn SMALLINT NOT NULL,
         environment TEXT,
         services TEXT NOT NULL,
         title TEXT NOT NULL,
         from_time BIGINT NOT NULL,
         until_time BIGINT,
         url TEXT,
         by_whom TEXT,
         PRIMARY KEY (project, id, seq)
     ){clustered};",
    "CREATE TABLE alert_episodes (
         identity TEXT NOT NULL,
         opened BIGINT NOT NULL,
         seq SMALLINT NOT NULL,
         withdrawn SMALLINT NOT NULL,
         project TEXT NOT NULL,
         from_time BIGINT NOT NULL,
         until_time BIGINT,
         PRIMARY KEY (identity, opened, seq)
     ){clustered};
     CREATE TABLE version_counts (
         slo INTEGER NOT NULL,
         deployment TEXT NOT NULL,
         stratum BIGINT NOT NULL,
         version SMALLINT NOT NULL,
         seq SMALLINT NOT NULL,
         bad {count} NOT NULL,
         total {count} NOT NULL,
         PRIMARY KEY (slo, deployment, stratum, version, seq)
     ){clustered};",
    "CREATE TABLE alert_reads (
         identity TEXT NOT NULL,
         kind SMALLINT NOT NULL,
         since BIGINT NOT NULL,
         until BIGINT NOT NULL,
         PRIMARY KEY (identity, kind, since)
     ){clustered};",
];

/// The version of the schema of a ledger.
pub(super) fn version(database: &mut dyn Database) -> Result<i64, LedgerError> {
    let rows = database.query("SELECT name, value FROM meta", &[])?;
    let (mut is_ledger, mut version) = (false, None);
    for row in rows {
        match (
            row.text(0, "meta.name")?.as_str(),
            row.text(1, "meta.value")?,
        ) {
            ("format", value) => is_ledger = value == "nth-ledger",
            ("version", value) => version = Some(value),
            _ => {}
        }
    }
    if !is_ledger {
        return Err(LedgerError::NotALedger);
    }
    let version = version.and_then(|text| text.parse().ok());
    match version {
        Some(version) if version > SCHEMA_VERSION => Err(LedgerError::NewerVersion {
            found: version,
            supported: SCHEMA_VERSION,
        }),
        Some(version) if version >= 1 => Ok(version),
        _ => Err(LedgerError::damaged(
            "meta.value",
            "the version is not a number",
        )),
    }
}

/// Applies what a ledger of a version lacks; version 0 is an empty database. It runs within a transaction that writes.
pub(super) fn migrate(database: &mut dyn Database, from: i64) -> Result<(), LedgerError> {
    let dialect = database.dialect();
    for statements in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        database.script(&for_dialect(statements, dialect))?;
    }
    if from == 0 {
        let row = |name: &str, value: &str| vec![Value::from(name), Value::from(value)];
        let rows = [
            row("format", "nth-ledger"),
            row("version", &SCHEMA_VERSION.to_string()),
        ];
        return database.insert("meta", &["name", "value"], &rows);
    }
    database.query(
        "UPDATE meta SET value = ?1 WHERE name = 'version'",
        &[Value::Text(SCHEMA_VERSION.to_string())],
    )?;
    Ok(())
}

fn for_dialect(statements: &str, dialect: Dialect) -> String {
    statements
        .replace("{identity}", dialect.identity)
        .replace("{clustered}", dialect.clustered)
        .replace("{count}", dialect.count)
}
