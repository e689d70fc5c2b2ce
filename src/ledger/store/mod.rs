//! The ledger's storage: one schema in SQLite or PostgreSQL.
//!
//! Every function is one transaction: it is done as a whole or not at all. Recording is idempotent, so that a function can be
//! repeated after an error, and several processes may record the same.

mod alert_reads;
mod database;
mod deployments;
mod episodes;
mod incidents;
mod location;
mod objectives;
mod postgres;
mod schema;
mod server;
mod slices;
mod slos;
mod sqlite;
mod value;
mod version_counts;

use std::fmt;
use std::thread;
use std::time::Duration;

pub use alert_reads::AlertReads;
pub use database::StoreOptions;
pub use location::Location;
pub use schema::SCHEMA_VERSION;
pub use slices::{Pull, Recorded, Replace, SliceVersion, Sums};

use self::database::{Access, Contents, Database};
use self::location::Place;
use self::postgres::Postgres;
use self::sqlite::Sqlite;
use crate::LedgerError;

/// The pauses before a transaction is repeated because the connection was lost.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_000),
];

/// What recording something has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not in the ledger.
    New,
    /// It was in the ledger with other values, which stay there as an earlier version.
    Corrected,
    /// It is in the ledger already, and nothing was written.
    Unchanged,
}

/// An open ledger.
pub struct Store {
    database: Box<dyn Database>,
    location: Location,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.location)
    }
}

impl Store {
    /// Opens a ledger that exists. A ledger of an earlier version is migrated, in one transaction.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotFound`] if there is no ledger, [`LedgerError::NotALedger`] if there is something else,
    /// [`LedgerError::NewerVersion`] if a newer version has written it, and errors of access.
    pub fn open(location: &Location, options: &StoreOptions) -> Result<Self, LedgerError> {
        Self::connect(location, options, false)
    }

    /// Opens a ledger, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], without [`LedgerError::NotFound`].
    pub fn open_or_create(
        location: &Location,
        options: &StoreOptions,
    ) -> Result<Self, LedgerError> {
        Self::connect(location, options, true)
    }

    fn connect(
        location: &Location,
        options: &StoreOptions,
        is_created: bool,
    ) -> Result<Self, LedgerError> {
        let database: Box<dyn Database> = match &location.0 {
            Place::File(path) => Box::new(Sqlite::open(path, options, is_created)?),
            Place::Server(server) => Box::new(Postgres::connect(server, options)?),
        };
        let mut store = Self {
            database,
            location: location.clone(),
        };
        store.prepare(is_created)?;
        Ok(store)
    }

    /// Creates or migrates the tables.
    fn prepare(&mut self, is_created: bool) -> Result<(), LedgerError> {
        let found = self.read(|database| match database.contents()? {
            Contents::Nothing => Ok(0),
            Contents::Ledger => schema::version(database),
            Contents::Other => Err(LedgerError::NotALedger),
        })?;
        if found == SCHEMA_VERSION {
            return Ok(());
        }
        if found == 0 && !is_created {
            return Err(LedgerError::NotFound);
        }
        self.write(|database| {
            // Another process may have been faster.
            match database.contents()? {
                Contents::Nothing => {
                    database.prepare()?;
                    schema::migrate(database, 0)
                }
                Contents::Other => Err(LedgerError::NotALedger),
                Contents::Ledger => {
                    let found = schema::version(database)?;
                    if found < SCHEMA_VERSION {
                        schema::migrate(database, found)?;
                    }
                    Ok(())
                }
            }
        })
    }

    /// Where the ledger is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Reads in one transaction, so that everything is of the same moment.
    fn read<T>(
        &mut self,
        work: impl FnMut(&mut dyn Database) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.transact(Access::Read, work)
    }

    /// Writes in one transaction.
    fn write<T>(
        &mut self,
        work: impl FnMut(&mut dyn Database) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.transact(Access::Write, work)
    }

    /// Runs a transaction, and repeats it if the connection is lost. If that happens while it is committed, it is unknown
    /// whether it was: since recording is idempotent, repeating it is right in both cases.
    fn transact<T>(
        &mut self,
        access: Access,
        mut work: impl FnMut(&mut dyn Database) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut result = self.attempt(access, &mut work);
        for pause in PAUSES {
            if !matches!(result, Err(LedgerError::ConnectionLost { .. })) {
                break;
            }
            thread::sleep(pause);
            result = match self.database.reconnect() {
                Ok(()) => self.attempt(access, &mut work),
                // The server may start in the meantime.
                Err(LedgerError::CannotConnect { cause }) => {
                    Err(LedgerError::ConnectionLost { cause })
                }
                Err(error) => Err(error),
            };
        }
        result
    }

    fn attempt<T>(
        &mut self,
        access: Access,
        work: &mut impl FnMut(&mut dyn Database) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let database = self.database.as_mut();
        let result = database
            .begin(access)
            .and_then(|()| work(database))
            .and_then(|result| database.commit().map(|()| result));
        if result.is_err() {
            database.rollback();
        }
        result
    }
}
