//! Options of every command that runs rules over the history of Prometheus.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::connection::Connection;
use super::duration;

/// The environment, where answers are kept, and the connection. It comes last, as its last options have a heading of their own.
#[derive(Debug, Args)]
pub struct History {
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Where answers come from and are kept.
    #[command(flatten)]
    pub answers: Answers,
}

/// Where answers are kept, and the connection.
#[derive(Debug, Args)]
pub struct Answers {
    /// Folder in which answers are kept [default: nthc/backtest in the user's cache folder]
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "no_cache",
        requires = "prometheus"
    )]
    pub cache: Option<PathBuf>,
    /// Keep no answers, and use none from before
    #[arg(long, requires = "prometheus")]
    pub no_cache: bool,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration, requires = "prometheus")]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}
