//! Options of `deploys`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::backtest::days;
use super::connection::{Connection, connection_help_exit};
use super::{LedgerPlace, concat_exit, duration, timestamp};

/// Options of `deploys`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = concat_exit("\
Lists the deployments in the ledger, newest first: new artifacts of a service. A restart,
scaling and replaced pods are none. With --format json, prints one JSON document.

Examples:
  nthc deploys
  nthc deploys --service checkout --since 90d
  nthc deploys record --service checkout --version v1.4
  nthc deploys pull --prometheus http://localhost:9090
  nthc deploys import argo-cd applications.json"))]
pub struct Deploys {
    /// The subcommand; the list without one.
    #[command(subcommand)]
    pub command: Option<DeploysCommand>,
    /// What is listed.
    #[command(flatten)]
    pub list: DeploysList,
}

/// The subcommands of `deploys`.
#[derive(Debug, Subcommand)]
pub enum DeploysCommand {
    /// Record a deployment, from a pipeline
    Record(Box<DeploysRecord>),
    /// Read deployments from Prometheus (kube-state-metrics, `deployed` queries) and Argo CD
    Pull(Box<DeploysPull>),
    /// Read deployments from JSON documents of other systems
    Import(DeploysImport),
}

/// What `deploys` lists.
#[derive(Debug, Args)]
pub struct DeploysList {
    /// List deployments of this service only (repeatable) [default: all]
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
    /// How far to look back
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = days)]
    pub since: Duration,
    /// List deployments in this environment only [default: all]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Options of `deploys record`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
Records a deployment in the ledger, which is created if there is none. The same report
twice is one deployment, and a later one adds to it: its end, a roll-back, a page. The same
version again is no deployment. A return to an earlier version rolls back those after it.

Examples:
  nthc deploys record --service checkout --version v1.4
  nthc deploys record --service checkout --version v1.4 --finished 2026-12-24T12:05:00Z
  nthc deploys record --service checkout --version v1.4 --env production \\
    --started 2026-12-24T12:00:00Z --by \"$USER\" --url https://ci.example.com/jobs/7
  nthc deploys record --service checkout --version v1.4 --rolled-back 2026-12-24T12:30:00Z"))]
pub struct DeploysRecord {
    /// The service
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// The version that is deployed
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub version: String,
    /// The version before [default: the last one in the ledger]
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub previous: Option<String>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The start, RFC 3339: 2026-12-24T12:00:00Z [default: that in the ledger, or now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub started: Option<Timestamp>,
    /// The end, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub finished: Option<Timestamp>,
    /// When it was rolled back, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub rolled_back: Option<Timestamp>,
    /// What identifies the deployment, such as the id of a job [default: service, version and start]
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub key: Option<String>,
    /// A page about it
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Who or what started it
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub by: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// Options of `deploys pull`.
#[derive(Debug, Args)]
#[command(after_help = connection_help_exit("\
Reads the ReplicaSets and images of the Deployments and Rollouts that have the names of
services, from series of kube-state-metrics; and the `deployed` queries of services. With
--argo-cd, also reads the history of its applications, of which it keeps ten entries each.
Pulling again records nothing twice: run it at least once a day.

Environment of Argo CD:
  NTH_ARGOCD_TOKEN               a bearer token, or NTH_ARGOCD_TOKEN_FILE a file with it

Examples:
  nthc deploys pull --prometheus http://localhost:9090
  nthc deploys pull --prometheus http://localhost:9090 --map shop/web=checkout
  nthc deploys pull --prometheus http://localhost:9090 --kube-selector '{cluster=\"eu\"}'
  nthc deploys pull --argo-cd https://argocd.example.com --env production"))]
pub struct DeploysPull {
    /// Base URL of Prometheus or a Prometheus-compatible API, without /api/v1
    #[arg(long, value_name = "URL", required_unless_present = "argo_cd")]
    pub prometheus: Option<String>,
    /// Base URL of Argo CD, without /api/v1
    #[arg(long, value_name = "URL")]
    pub argo_cd: Option<String>,
    /// File with the token for Argo CD
    #[arg(long, value_name = "FILE", requires = "argo_cd")]
    pub argo_cd_token_file: Option<PathBuf>,
    /// Pull deployments of this service only (repeatable) [default: all]
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
    /// A name in Kubernetes or Argo CD, or namespace/name, of a service with another name (repeatable)
    #[arg(long = "map", value_name = "NAME=SERVICE")]
    pub maps: Vec<String>,
    /// Read only series of kube-state-metrics with these labels: {cluster="eu"}
    #[arg(long, value_name = "SELECTOR", requires = "prometheus")]
    pub kube_selector: Option<String>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// How much of the past is read from Prometheus
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = days)]
    pub since: Duration,
    /// Read from Prometheus until this time, RFC 3339: 2026-12-24T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub until: Option<Timestamp>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// Timeout per request
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub timeout: Duration,
    /// The connection.
    #[command(flatten)]
    pub connection: Connection,
}

/// Options of `deploys import`.
#[derive(Debug, Args)]
#[command(after_help = concat_exit("\
Reads JSON documents: one object, a list, or several after one another. Importing again
records nothing twice. Applications that belong to no service are reported.

  argo-cd        applications: argocd app list -o json, or its API
  argo-rollouts  kubectl get rollouts,replicasets -A -o json
  flux           kubectl get kustomizations,helmreleases -A -o json
  github         deployments and their statuses, of its API or its webhooks
  gitlab         deployments of its API
  cdevents       dev.cdevents.service.deployed, upgraded and rolledback

Examples:
  nthc deploys import argo-cd applications.json
  nthc deploys import github deployments.json statuses.json --map example/web=checkout
  kubectl get kustomizations -A -o json | nthc deploys import flux - --env production"))]
pub struct DeploysImport {
    /// The format
    #[arg(value_enum, value_name = "FORMAT")]
    pub documents: DeploysFormat,
    /// Files, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The name of an application, a project or a repository of a service with another name (repeatable)
    #[arg(long = "map", value_name = "NAME=SERVICE")]
    pub maps: Vec<String>,
    /// The service of all deployments in the files [default: the one with their name]
    #[arg(long, value_name = "NAME", conflicts_with = "maps")]
    pub service: Option<String>,
    /// The environment [default: the project's only one]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Its name in documents that name environments [default: the same]
    #[arg(long, value_name = "NAME")]
    pub from_env: Option<String>,
    /// Where the ledger is.
    #[command(flatten)]
    pub place: LedgerPlace,
}

/// The formats of `deploys import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeploysFormat {
    /// Application objects of Argo CD
    ArgoCd,
    /// Rollout and ReplicaSet objects of Argo Rollouts
    ArgoRollouts,
    /// Kustomization and HelmRelease objects of Flux
    Flux,
    /// Deployments and their statuses of GitHub
    Github,
    /// Deployments of GitLab
    Gitlab,
    /// Events about services
    Cdevents,
}

/// Parses a text on one line that is not empty.
fn text(text: &str) -> Result<String, super::Expected> {
    let is_line = !text.trim().is_empty() && !text.chars().any(char::is_control);
    match is_line && text.len() <= 1_000 {
        true => Ok(text.to_owned()),
        false => Err(super::Expected("a text of one line, e.g. `v1.4`")),
    }
}
