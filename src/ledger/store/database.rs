//! What a database has to offer, so that everything above it is the same for SQLite and PostgreSQL.

use std::time::Duration;

use super::value::{Row, Value};
use crate::LedgerError;

/// How a ledger is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long to wait for another process that writes. Default: 30 s.
    pub wait: Duration,
    /// The maximum size of a SQLite file in bytes; `None` for no limit. It has no effect on PostgreSQL. Default: `None`.
    pub max_bytes: Option<u64>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(30),
            max_bytes: None,
        }
    }
}

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads one state of the database.
    Read,
    /// Writes. Only one process at a time has such a transaction.
    Write,
}

/// What a database contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    /// Nothing, or it does not exist.
    Nothing,
    /// A ledger.
    Ledger,
    /// Something else.
    Other,
}

/// The differences between the two databases in the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// The type of an identity column with its constraints.
    pub(super) identity: &'static str,
    /// What follows the closing parenthesis of a table that is stored in the order of its primary key.
    pub(super) clustered: &'static str,
    /// The type of a number of events.
    pub(super) count: &'static str,
}

/// A connection to a database. SQL is the common subset of both, with `?1` for the first parameter.
pub(super) trait Database: Send {
    /// The differences in the schema.
    fn dialect(&self) -> Dialect;

    /// What it contains.
    fn contents(&mut self) -> Result<Contents, LedgerError>;

    /// Prepares an empty database for the schema, within a transaction.
    fn prepare(&mut self) -> Result<(), LedgerError>;

    /// Starts a transaction.
    fn begin(&mut self, access: Access) -> Result<(), LedgerError>;

    /// Ends the transaction. If it fails, nothing is written.
    fn commit(&mut self) -> Result<(), LedgerError>;

    /// Undoes the transaction, as far as the connection still exists.
    fn rollback(&mut self);

    /// Connects anew after the connection was lost.
    fn reconnect(&mut self) -> Result<(), LedgerError>;

    /// Runs several statements without parameters.
    fn script(&mut self, sql: &str) -> Result<(), LedgerError>;

    /// Returns the rows of a query.
    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, LedgerError>;

    /// Inserts rows into a table.
    fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> Result<(), LedgerError>;
}
