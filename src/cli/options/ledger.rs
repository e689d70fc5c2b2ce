//! Options of commands that use the ledger.

use clap::Args;

/// Where the ledger is.
#[derive(Debug, Clone, Default, Args)]
pub struct LedgerPlace {
    /// The ledger: a file of SQLite, or postgres://user@host/database [default: NTH_LEDGER, or nth.ledger.db beside nth.toml]
    #[arg(long, value_name = "LOCATION")]
    pub ledger: Option<String>,
}
