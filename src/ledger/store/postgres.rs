//! A ledger in PostgreSQL, in the schema `nth_ledger` of a database.
//!
//! Every transaction that writes holds an advisory lock, so that only one process writes at a time and reads what the one
//! before it has written.

use std::collections::HashMap;
use std::error::Error as _;

use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use super::database::{Access, Contents, Database, Dialect, StoreOptions};
use super::server::Server;
use super::value::{Row, Value, check_texts, printable};
use crate::LedgerError;

/// The number of the advisory lock: `nthledgr` in ASCII.
const LOCK: i64 = 0x6e74_686c_6564_6772;

/// The parameters of a statement that inserts several rows. PostgreSQL allows 65,535.
const MOST_PARAMETERS: usize = 7_000;

/// A connection to a server.
pub(super) struct Postgres {
    client: Client,
    statements: HashMap<String, Statement>,
    server: Server,
    options: StoreOptions,
}

impl Postgres {
    /// Connects to a server.
    pub(super) fn connect(server: &Server, options: &StoreOptions) -> Result<Self, LedgerError> {
        Ok(Self {
            client: connect(server, options)?,
            statements: HashMap::new(),
            server: server.clone(),
            options: options.clone(),
        })
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, LedgerError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self
            .client
            .prepare(&sql.replace('?', "$"))
            .map_err(|error| convert(&error))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn connect(server: &Server, options: &StoreOptions) -> Result<Client, LedgerError> {
    let mut client =
        server
            .config
            .connect(server.tls()?)
            .map_err(|error| match convert(&error) {
                LedgerError::ConnectionLost { cause } | LedgerError::Storage { cause } => {
                    LedgerError::CannotConnect { cause }
                }
                other => other,
            })?;
    let wait = options.wait.as_millis().clamp(1, 1 << 30);
    client
        .batch_execute(&format!(
            "SET lock_timeout = {wait}; SET search_path = nth_ledger; SET synchronous_commit = on"
        ))
        .map_err(|error| convert(&error))?;
    Ok(client)
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) if *kind == Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
            Self::Integer(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Integer(value) => value.to_sql(kind, out),
            Self::Real(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT2, Type::INT4, Type::INT8, Type::FLOAT8, Type::TEXT].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(if *kind == Type::INT2 {
            Self::Integer(i16::from_sql(kind, raw)?.into())
        } else if *kind == Type::INT4 {
            Self::Integer(i32::from_sql(kind, raw)?.into())
        } else if *kind == Type::INT8 {
            Self::Integer(i64::from_sql(kind, raw)?)
        } else if *kind == Type::FLOAT8 {
            Self::Real(f64::from_sql(kind, raw)?)
        } else {
            Self::Text(String::from_sql(kind, raw)?)
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        <Self as ToSql>::accepts(kind) || *kind == Type::VARCHAR || *kind == Type::NAME
    }
}

fn convert(error: &postgres::Error) -> LedgerError {
    let Some(reported) = error.as_db_error() else {
        // Without a report of the server, the text is that of the layer below.
        let cause = match error.source() {
            Some(source) => printable(&format!("{error}: {source}")),
            None => printable(&error.to_string()),
        };
        let is_lost = error.is_closed()
            || error
                .source()
                .is_some_and(|source| source.is::<std::io::Error>());
        return if is_lost {
            LedgerError::ConnectionLost { cause }
        } else {
            LedgerError::Storage { cause }
        };
    };
    let cause = printable(reported.message());
    let code = reported.code();
    if *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::T_R_DEADLOCK_DETECTED
    {
        return LedgerError::Locked;
    }
    if *code == SqlState::DISK_FULL {
        return LedgerError::DiskFull;
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE
        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || code.code().starts_with("28")
    {
        return LedgerError::Permission { cause };
    }
    if *code == SqlState::INVALID_CATALOG_NAME || *code == SqlState::TOO_MANY_CONNECTIONS {
        return LedgerError::CannotConnect { cause };
    }
    // Connection exceptions; the server stops, crashed or starts.
    if code.code().starts_with("08") || code.code().starts_with("57P0") {
        return LedgerError::ConnectionLost { cause };
    }
    LedgerError::Storage { cause }
}

impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect {
            identity: "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            clustered: "",
            count: "DOUBLE PRECISION",
        }
    }

    fn contents(&mut self) -> Result<Contents, LedgerError> {
        let tables = self.query(
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
             ON n.oid = c.relnamespace WHERE n.nspname = 'nth_ledger'",
            &[],
        )?;
        if tables.is_empty() {
            return Ok(Contents::Nothing);
        }
        for table in tables {
            if table.text(0, "pg_class.relname")? == "meta" {
                return Ok(Contents::Ledger);
            }
        }
        Ok(Contents::Other)
    }

    fn prepare(&mut self) -> Result<(), LedgerError> {
        let exists = self.query(
            "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = 'nth_ledger'",
            &[],
        )?;
        // `IF NOT EXISTS` requires the permission to create schemas even if the schema exists.
        if exists.is_empty() {
            self.script("CREATE SCHEMA nth_ledger")?;
        }
        Ok(())
    }

    fn begin(&mut self, access: Access) -> Result<(), LedgerError> {
        match access {
            Access::Read => self.script("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
            Access::Write => {
                self.script("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE")?;
                self.script(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            }
        }
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        if !self.client.is_closed() {
            let _ = self.script("ROLLBACK");
        }
    }

    fn reconnect(&mut self) -> Result<(), LedgerError> {
        self.statements.clear();
        self.client = connect(&self.server, &self.options)?;
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), LedgerError> {
        self.client
            .batch_execute(sql)
            .map_err(|error| convert(&error))
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, LedgerError> {
        check_texts(parameters)?;
        let statement = self.prepared(sql)?;
        let fails = |error: postgres::Error| convert(&error);
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = self.client.query(&statement, &parameters).map_err(fails)?;
        let read = |row: &postgres::Row| {
            let values =
                (0..row.len()).map(|column| row.try_get::<_, Value>(column).map_err(fails));
            values.collect::<Result<_, _>>().map(Row)
        };
        rows.iter().map(read).collect()
    }

    fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), LedgerError> {
        let width = columns.len().max(1);
        // Full parts have the same text, so that it is prepared once.
        for part in rows.chunks((MOST_PARAMETERS / width).max(1)) {
            let tuples: Vec<String> = (0..part.len())
                .map(|row| {
                    let holes = (1..=width).map(|column| format!("?{}", row * width + column));
                    format!("({})", holes.collect::<Vec<_>>().join(", "))
                })
                .collect();
            let sql = format!(
                "INSERT INTO {table} ({}) VALUES {}",
                columns.join(", "),
                tuples.join(", ")
            );
            let values: Vec<Value> = part.iter().flatten().cloned().collect();
            self.query(&sql, &values)?;
        }
        Ok(())
    }
}
