//! Options of `test --detection`.

use std::path::PathBuf;

use clap::Args;

/// Options of `test --detection`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Detection times")]
pub struct Detection {
    /// Show how soon the alerts of each SLO fire instead of running tests; each NAME selects SLOs
    #[arg(long, conflicts_with_all = ["html", "watch"])]
    pub detection: bool,
    /// Write the detection times to a Markdown file
    #[arg(
        long,
        value_name = "FILE",
        requires = "detection",
        conflicts_with_all = ["check", "html", "watch", "mutate", "coverage", "export"]
    )]
    pub write: Option<PathBuf>,
    /// Overwrite a file that `--write` did not write
    #[arg(long, requires = "write")]
    pub force: bool,
    /// Fail if the detection times are not those in the file
    // `requires` alone does not hold if the other option is not possible.
    #[arg(
        long,
        value_name = "FILE",
        requires = "detection",
        conflicts_with_all = ["html", "watch", "mutate", "coverage", "export"]
    )]
    pub check: Option<PathBuf>,
}
