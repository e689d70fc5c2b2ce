//! Options of `nthc plan`, `nthc apply` and `nthc status`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{concat_exit, duration, duration_or_zero};

/// The environment variables of destinations, as `--help` shows them.
const ENVIRONMENT: &str = "\
Environment, for a destination `mimir`:
  NTH_MIMIR_TOKEN                a bearer token, or NTH_MIMIR_TOKEN_FILE a file with it
  NTH_MIMIR_USER                 a user
  NTH_MIMIR_PASSWORD             its password, or NTH_MIMIR_PASSWORD_FILE a file with it
  NTH_MIMIR_CA                   root certificates, a PEM file
  NTH_MIMIR_CERT, NTH_MIMIR_KEY  a client certificate and its key, PEM files
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
                                 proxies";

/// What every command about destinations has.
#[derive(Debug, Args)]
pub struct DeliveryOptions {
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A destination in nth.toml (repeatable) [default: all of the environment]
    #[arg(long = "destination", value_name = "NAME")]
    pub destinations: Vec<String>,
    /// Use the sources of this git revision; the destinations stay those of the working tree
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}

/// Options of `plan`.
#[derive(Debug, Args)]
#[command(after_help = help("\
Reads what is live of this project and environment, and changes nothing. What bears no mark
of nthc is never changed: it can be adopted by its name. The plan file has names and hashes,
no content and no secret; it expires after a day.

Examples:
  nthc plan --env production
  nthc plan --env production --out plan.json
  nthc plan --adopt 'rule group shop--checkout/slo_availability'
  nthc plan --check              exit 1 if anything would change"))]
pub struct Plan {
    /// What every command has.
    #[command(flatten)]
    pub delivery: DeliveryOptions,
    /// Write the plan to this file, for `nthc apply FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Take over an object without a mark of nthc, by its name as the plan shows it (repeatable)
    #[arg(long, value_name = "OBJECT")]
    pub adopt: Vec<String>,
    /// Say what the change since this git revision means [default: the revision that was applied last from here]
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// Delete what is live of this project even if nothing is built for a destination
    #[arg(long)]
    pub allow_empty: bool,
    /// Exit 1 if anything would change
    #[arg(long)]
    pub check: bool,
}

/// Options of `apply`.
#[derive(Debug, Args)]
#[command(after_help = help("\
Without a plan file, plans, shows the plan, and asks. With one, does exactly what is in it:
each object is read again right before it is written, and if it is not the one that was
planned for, nothing more is done. The same plan can be applied again after any failure.
Then waits until all rules are evaluated and healthy.

Examples:
  nthc apply --env production
  nthc apply --env production plan.json --auto-approve --max-deletes 3
  nthc apply plan.json --auto-approve --allow silenced"))]
pub struct Apply {
    /// What every command has.
    #[command(flatten)]
    pub delivery: DeliveryOptions,
    /// A plan that `nthc plan --out` wrote
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Do not ask; needs a plan file
    #[arg(long, requires = "plan")]
    pub auto_approve: bool,
    /// The most objects that are deleted [default: any number if asked, otherwise none]
    #[arg(long, value_name = "NUMBER")]
    pub max_deletes: Option<usize>,
    /// Apply although the plan silences something
    #[arg(long, value_enum, value_name = "CLASS")]
    pub allow: Vec<Allowed>,
    /// Delete what is live of this project even if nothing is built for a destination
    #[arg(long, conflicts_with = "plan")]
    pub allow_empty: bool,
    /// How long to wait until all is evaluated and healthy; 0s to not wait
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration_or_zero)]
    pub wait: Duration,
}

/// Options of `rollback`.
#[derive(Debug, Args)]
#[command(after_help = help("\
Plans from the sources of an earlier revision, shows the plan, asks, and applies it: an apply
like any other. In a pipeline, plan and apply with the same --revision instead.

Examples:
  nthc rollback --env production                     to what was applied before the last time
  nthc rollback --env production --revision 1a2b3c4
  nthc plan  --revision 1a2b3c4 --out plan.json
  nthc apply --revision 1a2b3c4 plan.json --auto-approve"))]
pub struct Rollback {
    /// What `apply` has.
    #[command(flatten)]
    pub apply: Apply,
}

/// A class of changes that has to be allowed by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Allowed {
    /// Alerts that are no longer evaluated, or of which nobody is notified, and what `nthc diff` calls silenced
    Silenced,
}

/// Options of `status`.
#[derive(Debug, Args)]
#[command(after_help = help("\
Compares the sources, what was applied last, and what is live, for each service. Exits 1
unless everything is in sync and healthy.

Examples:
  nthc status --env production
  nthc status --watch 30s
  nthc status --format json"))]
pub struct Status {
    /// What every command has.
    #[command(flatten)]
    pub delivery: DeliveryOptions,
    /// Look again and again, until ended by a signal
    #[arg(long, value_name = "EVERY", num_args = 0..=1, default_missing_value = "30s", value_parser = duration)]
    pub watch: Option<Duration>,
}

fn help(text: &str) -> String {
    let text = match text.split_once("Examples:\n") {
        Some((before, examples)) => format!("{before}{ENVIRONMENT}\n\nExamples:\n{examples}"),
        None => text.to_owned(),
    };
    concat_exit(&text)
}
