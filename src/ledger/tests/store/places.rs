//! Where ledgers of tests are: files, and databases of a server.

use nth_ledger::{Location, Store, StoreOptions};
use tempfile::TempDir;

use crate::support::server::{self, Session};

/// A place for one ledger.
pub trait Place: Sync {
    /// Its location.
    fn location(&self) -> Location;

    /// Runs SQL beside the store, with the placeholders of the schema replaced. The tables of the ledger need no
    /// prefix.
    fn run(&self, sql: &str);

    /// The only integer that a query returns.
    fn number(&self, sql: &str) -> i64;

    /// Starts a transaction that writes, and returns what ends it.
    fn lock(&self) -> Box<dyn FnOnce()>;

    /// Creates or opens the ledger.
    fn store(&self) -> Store {
        Store::open_or_create(&self.location(), &StoreOptions::default()).unwrap()
    }
}

/// A file in a temporary folder.
pub struct File {
    folder: TempDir,
}

impl File {
    /// A file that does not exist.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Its path.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("ledger.db")
    }

    fn connect(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

impl Place for File {
    fn location(&self) -> Location {
        Location::parse(self.path().to_str().unwrap()).unwrap()
    }

    fn run(&self, sql: &str) {
        let sql = sql
            .replace("{identity}", "INTEGER PRIMARY KEY")
            .replace("{clustered}", " WITHOUT ROWID")
            .replace("{count}", "NUMERIC");
        self.connect().execute_batch(&sql).unwrap();
    }

    fn number(&self, sql: &str) -> i64 {
        self.connect().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn lock(&self) -> Box<dyn FnOnce()> {
        let connection = self.connect();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Box::new(move || connection.execute_batch("ROLLBACK").unwrap())
    }
}

/// A database of a server that the tests share.
pub struct Database {
    session: Session,
}

impl Database {
    /// An empty database; `None` if PostgreSQL is not installed.
    pub fn new() -> Option<Self> {
        Some(Self {
            session: server::database()?,
        })
    }

    /// The database with its server.
    pub fn session(&self) -> &Session {
        &self.session
    }

    fn connect(&self) -> postgres::Client {
        let mut client = self.session.connect();
        client
            .batch_execute("SET search_path = nth_ledger")
            .unwrap();
        client
    }
}

impl Place for Database {
    fn location(&self) -> Location {
        Location::parse(&self.session.url()).unwrap()
    }

    fn run(&self, sql: &str) {
        let sql = sql
            .replace(
                "{identity}",
                "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            )
            .replace("{clustered}", "")
            .replace("{count}", "DOUBLE PRECISION");
        let mut client = self.connect();
        client
            .batch_execute("CREATE SCHEMA IF NOT EXISTS nth_ledger")
            .unwrap();
        client.batch_execute(&sql).unwrap();
    }

    fn number(&self, sql: &str) -> i64 {
        self.connect().query_one(sql, &[]).unwrap().get(0)
    }

    fn lock(&self) -> Box<dyn FnOnce()> {
        let mut client = self.connect();
        client
            .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(x'6e74686c65646772'::bigint)")
            .unwrap();
        Box::new(move || client.batch_execute("ROLLBACK").unwrap())
    }
}
