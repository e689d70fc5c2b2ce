//! What commands need that run rules over the history of a server.

use std::path::Path;

use nth_simulate::Replay;
use smol_str::SmolStr;

use super::console::Console;
use super::exit::Failure;
use super::options::{self, Format};
use super::progress::Progress;
use super::prometheus_client::Client;
use super::report::Findings;
use super::select::{self, Selected};
use crate::backtest::{self, Cache, CacheError, FetchError, Request};
use crate::ir::{Project, Service, Settings};
use crate::project::{Loaded, paths};
use crate::session::Session;

/// A project without errors, in one environment.
pub struct Compiled {
    /// The sources.
    pub session: Session,
    /// The settings of the project, with the environment.
    pub settings: Settings,
}

impl Compiled {
    /// Compiles a project; `None` if it has errors, which are reported.
    ///
    /// # Errors
    ///
    /// If the environment is unknown or ambiguous.
    pub fn new(
        loaded: Loaded,
        env: Option<&str>,
        format: Format,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let selected = Selected::whole(loaded);
        let session = selected.session();
        let compilation = select::require_environment(env, session.check(env))?;
        let mut findings = Findings::default();
        let own = selected.loaded.diagnostics.iter().cloned();
        findings.add(&selected.loaded.sources, own);
        findings.add(&compilation.sources, compilation.diagnostics);
        if findings.has_errors() {
            // Standard output is reserved for the report.
            let shown = match format {
                Format::Human => Format::Human,
                _ => Format::Short,
            };
            findings.show(shown, console)?;
            return Ok(None);
        }
        let environment: Option<SmolStr> = match compilation.environments.as_slice() {
            [] => None,
            [only] => Some(only.as_str().into()),
            several => {
                let help = format!("choose one with `--env`: `{}`", several.join("`, `"));
                let failure = Failure::usage("the project has several environments");
                return Err(failure.help(help));
            }
        };
        let settings = Settings {
            environment,
            ..selected.loaded.project.settings.clone()
        };
        Ok(Some(Self { session, settings }))
    }

    /// Calls `see` with the model.
    pub fn with_project<T>(&self, see: impl FnOnce(View<'_>) -> T) -> T {
        self.session
            .with_project(&self.settings.environment, |project, _| {
                see(View {
                    project,
                    settings: &self.settings,
                })
            })
    }
}

/// The model of a project.
#[derive(Clone, Copy)]
pub struct View<'p> {
    /// The services and teams.
    pub project: &'p Project<'p>,
    /// The settings.
    pub settings: &'p Settings,
}

impl<'p> View<'p> {
    /// Returns all services, by name.
    pub fn services(self) -> Vec<&'p Service> {
        self.project.services().collect()
    }

    /// Returns the rules of the services with these names, or of all.
    ///
    /// # Errors
    ///
    /// If a rule cannot be evaluated over history.
    pub fn replay(self, names: &[String]) -> Result<Replay<'p>, Failure> {
        let is_chosen = |service: &&'p Service| {
            names.is_empty() || names.iter().any(|name| service.name == name)
        };
        let services: Vec<&Service> = self.project.services().filter(is_chosen).collect();
        Replay::new(&services, self.settings).map_err(|error| rule_failure(&error))
    }
}

/// Returns the failure for a rule that cannot be evaluated over history.
pub fn rule_failure(error: &nth_simulate::Error) -> Failure {
    Failure::usage(format!("cannot backtest: {error}"))
        .help("change the query, or name the other services on the command line")
}

/// The history of a server.
pub struct History<'r> {
    /// The server.
    pub client: &'r Client,
    /// Where answers are kept.
    pub options: &'r options::History,
    /// The time of the run, in milliseconds since 1970.
    pub now: i64,
    /// The working directory, absolute.
    pub cwd: &'r Path,
}

impl History<'_> {
    /// Asks for the results of requests, and shows the progress on a terminal.
    ///
    /// # Errors
    ///
    /// If Prometheus gives no valid answer, or the cache cannot be used.
    pub fn fetch(
        &self,
        requests: &[Request],
        console: &mut Console,
    ) -> Result<backtest::Fetched, Failure> {
        let cache = self.cache()?;
        let total = backtest::total(requests, self.now);
        let progress = Progress::steps(
            "querying history",
            u64::try_from(total).unwrap_or(u64::MAX),
            console.is_interactive,
        );
        let fetched = backtest::fetch(self.client, cache.as_ref(), requests, self.now, &|| {
            progress.advance()
        });
        drop(progress);
        fetched.map_err(|error| match error {
            FetchError::Server(failure) => failure,
            FetchError::TooMuch(query) => Failure::io(format!(
                "the history is too large: `{query}` and the other queries have more than 40 million samples"
            ))
            .help("name fewer services, or use a shorter `--since`"),
        })
    }

    fn cache(&self) -> Result<Option<Cache>, Failure> {
        if self.options.no_cache {
            return Ok(None);
        }
        let variable = |name: &str| std::env::var(name).ok();
        let folder = match &self.options.cache {
            Some(folder) => Some(paths::absolute(folder, self.cwd)),
            None => Cache::default_folder(&variable),
        };
        let Some(folder) = folder else {
            return Ok(None);
        };
        let opened = Cache::open(&folder, &self.client.identity(), self.now);
        opened.map(Some).map_err(|CacheError { message, help }| {
            let failure = Failure::io(message);
            match help {
                Some(help) => failure.help(help),
                None => failure,
            }
        })
    }
}

/// Returns the queries of rules for a range of time, in their order.
pub fn requests_of(replay: &Replay<'_>, from: i64, to: i64) -> Vec<Request> {
    let queries = replay.queries().iter();
    queries
        .map(|query| Request {
            query: query.text.clone(),
            step: query.interval,
            from: from.saturating_sub(query.before),
            to,
            what: format!("the history of rule {} of {}", query.rule, query.service),
        })
        .collect()
}
