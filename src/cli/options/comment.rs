//! Options of `comment`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration;

/// Options of `comment`.
#[derive(Debug, Args)]
#[command(after_help = "\
Posts one comment on a pull request and edits it afterwards. Nothing is posted if there is
no change and no earlier comment, and an older run never replaces a newer one. Defaults
come from the variables of GitHub Actions, GitLab CI and Bitbucket Pipelines.

Environment:
  GITHUB_TOKEN                   a token for GitHub
  GITLAB_TOKEN, CI_JOB_TOKEN     a token for GitLab
  BITBUCKET_TOKEN                a token for Bitbucket
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
                                 proxies

Examples:
  nthc diff origin/main --format json > diff.json; nthc comment --from diff.json
  nthc comment --from diff.json --dry-run
  nthc comment --from diff.json --forge github --repository example/shop --pull-request 7

Exit codes:
  0  posted, or nothing to post: the line on standard output says which
  2  invalid usage: a missing token, repository or number
  3  the document cannot be read, or the server refused or did not answer")]
pub struct Comment {
    /// JSON document of `nthc diff --format json`, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// Where the pull request is [default: by the variables of CI]
    #[arg(long, value_enum, value_name = "NAME")]
    pub forge: Option<ForgeName>,
    /// Base URL of the API, e.g. `https://github.example.com/api/v3` [default: that of CI, or the public one]
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
    /// Repository: OWNER/NAME, or the number of a GitLab project [default: that of CI]
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// Number of the pull request or merge request [default: that of CI]
    #[arg(long, value_name = "NUMBER")]
    pub pull_request: Option<u64>,
    /// Commit that the document is about; nothing is posted if the pull request is at another one [default: that of CI]
    #[arg(long, value_name = "COMMIT")]
    pub head: Option<String>,
    /// Number of the run; a comment of a later run is not replaced [default: that of CI]
    #[arg(long, value_name = "NUMBER")]
    pub run: Option<u64>,
    /// User who posts: login, or UUID on Bitbucket [default: the user of the token]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Token file
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the root certificates in this PEM file, besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Time limit of everything, including pauses that the server requests
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,
    /// Print the comment, post nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A place of pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ForgeName {
    /// GitHub, or a GitHub Enterprise Server
    Github,
    /// GitLab
    Gitlab,
    /// Bitbucket Cloud
    Bitbucket,
}
