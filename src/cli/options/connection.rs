//! Options of every command that queries Prometheus.

use std::path::PathBuf;

use clap::Args;

use super::concat_exit;

/// The connection to Prometheus with its credentials, for every command that queries it. Environment variables replace
/// options that are not given.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection to Prometheus")]
pub struct Connection {
    /// Trust the root certificates in this PEM file, besides the system's
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub ca: Option<PathBuf>,
    /// Client certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub cert: Option<PathBuf>,
    /// The certificate's private key, a PEM file [default: the file of --cert]
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub key: Option<PathBuf>,
    /// Bearer token file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_file"], requires = "prometheus")]
    pub token_file: Option<PathBuf>,
    /// User for basic authentication, with a password
    #[arg(long, value_name = "NAME", requires = "prometheus")]
    pub user: Option<String>,
    /// Password file
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub password_file: Option<PathBuf>,
}

/// The environment variables of a connection, as `--help` shows them.
const ENVIRONMENT: &str = "\
Environment:
  NTH_PROMETHEUS_TOKEN           a bearer token, or NTH_PROMETHEUS_TOKEN_FILE a file with it
  NTH_PROMETHEUS_USER            a user
  NTH_PROMETHEUS_PASSWORD        its password, or NTH_PROMETHEUS_PASSWORD_FILE a file with it
  NTH_PROMETHEUS_TENANT          a tenant, sent as X-Scope-OrgID
  NTH_PROMETHEUS_CA              root certificates, as --ca
  NTH_PROMETHEUS_CERT            a client certificate, as --cert
  NTH_PROMETHEUS_KEY             its private key, as --key
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
                                 proxies";

/// Appends the environment variables and then the examples to the help text of a command that queries Prometheus.
pub(super) fn connection_help(text: &str) -> String {
    match text.split_once("Examples:\n") {
        Some((before, examples)) => format!("{before}{ENVIRONMENT}\n\nExamples:\n{examples}"),
        None => format!("{text}\n\n{ENVIRONMENT}"),
    }
}

/// The same with the exit codes below it.
pub(super) fn connection_help_exit(text: &str) -> String {
    concat_exit(&connection_help(text))
}
