//! A ledger in a file of SQLite.
//!
//! The journal is a write-ahead log, so that reading and writing do not wait for each other. `synchronous` is `FULL`: with
//! `NORMAL`, a power failure could undo the last transactions. A pull would read its slices again, but deployments and
//! incidents that were recorded by hand would be lost. A transaction of a pull contains many slices, so that the one `fsync`
//! that it costs is cheap.

use std::path::{Path, PathBuf};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

use super::database::{Access, Contents, Database, Dialect, StoreOptions};
use super::value::{Row, Value, check_texts, printable};
use crate::LedgerError;

/// A connection to a file.
pub(super) struct Sqlite {
    connection: Connection,
    path: PathBuf,
    options: StoreOptions,
}

impl Sqlite {
    /// Opens a file.
    pub(super) fn open(
        path: &Path,
        options: &StoreOptions,
        is_created: bool,
    ) -> Result<Self, LedgerError> {
        if !is_created && !path.exists() {
            return Err(LedgerError::NotFound);
        }
        // SQLite only reports that it cannot open the file.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let folder = printable(&folder.display().to_string());
            let why = format!("the folder `{folder}` does not exist");
            return Err(LedgerError::InvalidLocation { why });
        }
        if path.is_dir() {
            let why = "it is a folder".to_owned();
            return Err(LedgerError::InvalidLocation { why });
        }
        Ok(Self {
            connection: connect(path, options, is_created)?,
            path: path.to_owned(),
            options: options.clone(),
        })
    }
}

fn connect(
    path: &Path,
    options: &StoreOptions,
    is_created: bool,
) -> Result<Connection, LedgerError> {
    // A path is never a URI: SQLite would read options in it.
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if is_created {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = Connection::open_with_flags(path, flags).map_err(|error| convert(&error))?;
    let fails = |error: rusqlite::Error| convert(&error);
    connection.busy_timeout(options.wait).map_err(fails)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(fails)?;
    connection.set_prepared_statement_cache_capacity(64);
    if let Some(bytes) = options.max_bytes {
        let size: i64 = connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(fails)?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / size.max(1);
        connection
            .pragma_update(None, "max_page_count", pages.max(1))
            .map_err(fails)?;
    }
    Ok(connection)
}

/// Sets the journal of a file. It stays set, so that only the process that creates the file changes it.
fn use_wal(connection: &Connection) -> Result<(), LedgerError> {
    let fails = |error: rusqlite::Error| convert(&error);
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(fails)?;
    if !mode.eq_ignore_ascii_case("wal") {
        connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
            .map_err(fails)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Self::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
        })
    }
}

fn read(value: ValueRef<'_>) -> Result<Value, LedgerError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) => Value::Text(
            std::str::from_utf8(bytes)
                .map_err(|_| LedgerError::damaged("a text", "it is not UTF-8"))?
                .to_owned(),
        ),
        ValueRef::Blob(_) => return Err(LedgerError::damaged("a value", "it is a blob")),
    })
}

fn convert(error: &rusqlite::Error) -> LedgerError {
    let cause = printable(&error.to_string());
    let Some(code) = error.sqlite_error_code() else {
        return LedgerError::Storage { cause };
    };
    match code {
        ErrorCode::NotADatabase => LedgerError::NotALedger,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => LedgerError::Locked,
        ErrorCode::DiskFull => LedgerError::DiskFull,
        ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::AuthorizationForStatementDenied => LedgerError::Permission { cause },
        ErrorCode::CannotOpen => LedgerError::Permission { cause },
        ErrorCode::DatabaseCorrupt => LedgerError::damaged("the file", cause),
        _ => LedgerError::Storage { cause },
    }
}

impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect {
            identity: "INTEGER PRIMARY KEY",
            clustered: " WITHOUT ROWID",
            // Whole numbers take as many bytes as they need. As a floating-point number, each would take eight.
            count: "NUMERIC",
        }
    }

    fn contents(&mut self) -> Result<Contents, LedgerError> {
        let rows = self.query("SELECT name FROM sqlite_master", &[])?;
        if rows.is_empty() {
            return Ok(Contents::Nothing);
        }
        for row in rows {
            if row.text(0, "sqlite_master.name")? == "meta" {
                return Ok(Contents::Ledger);
            }
        }
        Ok(Contents::Other)
    }

    fn prepare(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    fn begin(&mut self, access: Access) -> Result<(), LedgerError> {
        match access {
            Access::Read => self.script("BEGIN"),
            Access::Write => {
                use_wal(&self.connection)?;
                self.script("BEGIN IMMEDIATE")
            }
        }
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        // SQLite has already undone the transaction after some errors.
        if !self.connection.is_autocommit() {
            let _ = self.script("ROLLBACK");
        }
    }

    fn reconnect(&mut self) -> Result<(), LedgerError> {
        self.connection = connect(&self.path, &self.options, false)?;
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), LedgerError> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| convert(&error))
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, LedgerError> {
        let fails = |error: rusqlite::Error| convert(&error);
        check_texts(parameters)?;
        let mut statement = self.connection.prepare_cached(sql).map_err(fails)?;
        let width = statement.column_count();
        let mut found = statement
            .query(params_from_iter(parameters))
            .map_err(fails)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(fails)? {
            let values = (0..width).map(|column| read(row.get_ref(column).map_err(fails)?));
            rows.push(Row(values.collect::<Result<_, _>>()?));
        }
        Ok(rows)
    }

    fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), LedgerError> {
        let fails = |error: rusqlite::Error| convert(&error);
        let holes: Vec<String> = (1..=columns.len())
            .map(|number| format!("?{number}"))
            .collect();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            columns.join(", "),
            holes.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(fails)?;
        for row in rows {
            check_texts(row)?;
            statement.execute(params_from_iter(row)).map_err(fails)?;
        }
        Ok(())
    }
}
