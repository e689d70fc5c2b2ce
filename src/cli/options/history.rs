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
    /// Folder in which answers are kept [default: nthc/backtest in the user's cache folder]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub cache: Option<PathBuf>,
    /// Keep no answers, and use none from before
    #[arg(long)]
    pub no_cache: bool,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}
