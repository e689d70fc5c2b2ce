//! Which pull request is commented on, from options and the variables of CI.

use std::fs::File;

use serde_json::Value;
use ureq::http::Uri;

use crate::exit::Failure;
use crate::http::base_url;
use crate::options::{Comment, ForgeName};
use nthc::project::{io_cause, read_at_most};

/// The maximum size of the file with the event of GitHub Actions, in bytes.
const MOST_EVENT_BYTES: u64 = 64 << 20;

/// The place of a pull request.
#[derive(Debug, Clone)]
pub struct Place {
    /// The server.
    pub forge: ForgeName,
    /// The URL of the API that paths are appended to.
    pub api: String,
    /// The same, parsed.
    pub uri: Uri,
    /// The parts of the name of the repository; one number or path for GitLab.
    pub repository: Vec<String>,
    /// The pull request.
    pub target: Target,
    /// The commit that the document is about; `None` if it is not known.
    pub head: Option<String>,
    /// The number of the run; `None` outside of CI.
    pub run: Option<u64>,
}

/// What is known without a server.
#[derive(Debug, Clone)]
pub struct Known {
    /// The server.
    pub forge: Option<ForgeName>,
    /// The commit that the document is about.
    pub head: Option<String>,
    /// The number of the run.
    pub run: Option<u64>,
}

/// A pull request, or how it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The one with this number.
    Number(u64),
    /// The open one from a branch, possibly of a fork.
    Branch {
        /// The owner of the repository with the branch.
        owner: String,
        /// The id of that repository.
        repository: Option<u64>,
        /// The branch.
        branch: String,
    },
    /// None: the run was not for a pull request.
    None,
}

/// The variables of CI.
struct Variables<'v> {
    all: &'v dyn Fn(&str) -> Option<String>,
    /// The event of GitHub Actions, or `null`.
    event: Value,
}

impl Variables<'_> {
    /// Returns the first of these variables that is set and not empty.
    fn first(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| (self.all)(name).filter(|value| !value.is_empty()))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.first(&[name])?.parse().ok()
    }

    /// Returns a text in the event.
    fn event(&self, pointer: &str) -> Option<String> {
        let text = self.event.pointer(pointer)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn event_number(&self, pointer: &str) -> Option<u64> {
        self.event.pointer(pointer)?.as_u64()
    }
}

impl Place {
    /// Finds the place by options, or else by the variables of CI.
    ///
    /// # Errors
    ///
    /// If something is missing or invalid.
    pub fn new(
        options: &Comment,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let forge = forge_name(options, variable).ok_or_else(|| {
            Failure::usage("unknown forge: not in GitHub Actions, GitLab CI or Bitbucket Pipelines").help(
                "pass `--forge github`, `--forge gitlab` or `--forge bitbucket`, with `--repository` and `--pull-request`",
            )
        })?;
        let variables = Variables {
            all: variable,
            event: event(forge, variable)?,
        };
        let (api_names, public): (&[&str], _) = match forge {
            ForgeName::Github => (&["GITHUB_API_URL"], "https://api.github.com"),
            ForgeName::Gitlab => (&["CI_API_V4_URL"], "https://gitlab.com/api/v4"),
            ForgeName::Bitbucket => (&[], "https://api.bitbucket.org/2.0"),
        };
        let api = options.api.clone().or_else(|| variables.first(api_names));
        let instead = "pass a token in an environment variable or with `--token-file`";
        let (api, uri) = base_url(api.as_deref().unwrap_or(public), "--api", public, instead)?;
        Ok(Self {
            forge,
            api,
            uri,
            repository: repository(forge, options, &variables)?,
            target: target(forge, options, &variables)?,
            head: head(forge, options, &variables),
            run: run(forge, options, &variables),
        })
    }
}

impl Known {
    /// Finds what options and variables name.
    ///
    /// # Errors
    ///
    /// If the event of GitHub Actions cannot be read.
    pub fn new(
        options: &Comment,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let Some(forge) = forge_name(options, variable) else {
            return Ok(Self {
                forge: None,
                head: options.head.clone(),
                run: options.run,
            });
        };
        let variables = Variables {
            all: variable,
            event: event(forge, variable)?,
        };
        Ok(Self {
            forge: Some(forge),
            head: head(forge, options, &variables),
            run: run(forge, options, &variables),
        })
    }
}

fn forge_name(options: &Comment, variable: &dyn Fn(&str) -> Option<String>) -> Option<ForgeName> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    options.forge.or(match () {
        () if is_set("GITHUB_REPOSITORY") => Some(ForgeName::Github),
        () if is_set("CI_API_V4_URL") => Some(ForgeName::Gitlab),
        () if is_set("BITBUCKET_BUILD_NUMBER") => Some(ForgeName::Bitbucket),
        () => None,
    })
}

/// Reads the event of GitHub Actions.
fn event(forge: ForgeName, variable: &dyn Fn(&str) -> Option<String>) -> Result<Value, Failure> {
    let path = variable("GITHUB_EVENT_PATH").filter(|path| !path.is_empty());
    let (ForgeName::Github, Some(path)) = (forge, path) else {
        return Ok(Value::Null);
    };
    let bad = |why: &str| Failure::io(format!("cannot read {path} of GITHUB_EVENT_PATH: {why}"));
    let bytes = File::open(&path)
        .and_then(|file| read_at_most(file, MOST_EVENT_BYTES))
        .map_err(|cause| bad(&io_cause(&cause)))?
        .ok_or_else(|| bad("it is too large"))?;
    serde_json::from_slice(&bytes).map_err(|_| bad("it is not valid JSON"))
}

fn repository(
    forge: ForgeName,
    options: &Comment,
    variables: &Variables<'_>,
) -> Result<Vec<String>, Failure> {
    let names: &[&str] = match forge {
        ForgeName::Github => &["GITHUB_REPOSITORY"],
        // In the pipeline of a fork, the project of the merge request is not the project of the pipeline.
        ForgeName::Gitlab => &["CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID"],
        ForgeName::Bitbucket => &["BITBUCKET_REPO_FULL_NAME"],
    };
    let example = match forge {
        ForgeName::Gitlab => "`--repository example/shop`, or with the number of the project",
        _ => "`--repository example/shop`",
    };
    let help = format!("pass it with {example}");
    let given = options
        .repository
        .clone()
        .or_else(|| variables.first(names))
        .ok_or_else(|| Failure::usage("missing repository").help(&help))?;
    let parts: Vec<&str> = given.split('/').collect();
    let is_shaped = parts.len() == 2 || forge == ForgeName::Gitlab;
    let is_safe = parts
        .iter()
        .all(|part| !matches!(*part, "" | "." | "..") && !part.chars().any(char::is_control));
    if !is_shaped || !is_safe {
        return Err(Failure::usage(format!("invalid repository `{given}`")).help(help));
    }
    Ok(match forge {
        ForgeName::Gitlab => vec![given],
        _ => parts.into_iter().map(str::to_owned).collect(),
    })
}

fn target(
    forge: ForgeName,
    options: &Comment,
    variables: &Variables<'_>,
) -> Result<Target, Failure> {
    let by_variable = || match forge {
        ForgeName::Github => variables.event_number("/pull_request/number"),
        ForgeName::Gitlab => variables.number("CI_MERGE_REQUEST_IID"),
        ForgeName::Bitbucket => variables.number("BITBUCKET_PR_ID"),
    };
    if let Some(number) = options.pull_request.or_else(by_variable) {
        return Ok(Target::Number(number));
    }
    if let Some(kind) = variables.event("/workflow_run/event") {
        if !kind.starts_with("pull_request") {
            return Ok(Target::None);
        }
        let owner = variables.event("/workflow_run/head_repository/owner/login");
        let branch = variables.event("/workflow_run/head_branch");
        if let (Some(owner), Some(branch)) = (owner, branch) {
            return Ok(Target::Branch {
                owner,
                repository: variables.event_number("/workflow_run/head_repository/id"),
                branch,
            });
        }
    }
    Err(Failure::usage("missing number of the pull request")
        .help("pass it with `--pull-request 7`, or run on pull requests only"))
}

fn head(forge: ForgeName, options: &Comment, variables: &Variables<'_>) -> Option<String> {
    options.head.clone().or_else(|| match forge {
        ForgeName::Github => variables
            .event("/workflow_run/head_sha")
            .or_else(|| variables.event("/pull_request/head/sha")),
        ForgeName::Gitlab => {
            variables.first(&["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"])
        }
        ForgeName::Bitbucket => variables.first(&["BITBUCKET_COMMIT"]),
    })
}

fn run(forge: ForgeName, options: &Comment, variables: &Variables<'_>) -> Option<u64> {
    options.run.or_else(|| match forge {
        // The run that wrote the document, not the one that posts it.
        ForgeName::Github => variables
            .event_number("/workflow_run/run_number")
            .or_else(|| variables.number("GITHUB_RUN_NUMBER")),
        ForgeName::Gitlab => variables.number("CI_PIPELINE_ID"),
        ForgeName::Bitbucket => variables.number("BITBUCKET_BUILD_NUMBER"),
    })
}
