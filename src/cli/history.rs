//! What commands need that run rules over the history of a server.

use std::collections::BTreeMap;
use std::path::Path;

use nth_simulate::{HistorySeries, Replay};

use super::compiled::CompiledProject;
use super::console::Console;
use super::exit::Failure;
use super::options;
use super::progress::Progress;
use super::prometheus_client::Client;
use nthc::backends::alertmanager::notify::Routing;
use nthc::backtest::{self, Cache, Episode, FetchError, Matrix, Request};
use nthc::ir::{Project, Service, Settings};
use nthc::project::{io_cause, paths};
use nthc::user_cache::CacheError;

impl CompiledProject {
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
        .help("change the query, or backtest the other services by name")
}

/// The history of a server.
pub struct History<'r> {
    /// The server.
    pub client: &'r Client,
    /// Where answers are kept.
    pub answers: &'r options::Answers,
    /// The time of the run, in milliseconds since 1970.
    pub now: i64,
    /// The working directory, absolute.
    pub cwd: &'r Path,
}

/// What rules did over history.
pub struct Replayed {
    /// What fired with each set of rules.
    pub sides: Vec<Vec<Episode>>,
    /// The answers to [`probes`](backtest::probes), by selector.
    pub begins: BTreeMap<String, Matrix>,
    /// The number of queries that were sent.
    pub sent: usize,
    /// The number of answers that were kept from an earlier run.
    pub kept: usize,
}

impl History<'_> {
    /// Runs some sets of rules over a range of time, which begins at a multiple of their common step.
    ///
    /// # Errors
    ///
    /// If Prometheus gives no valid answer, the cache cannot be used, or a rule cannot be evaluated.
    pub fn replay(
        &self,
        rules: &[(View<'_>, &Replay<'_>)],
        probed: BTreeMap<String, Request>,
        from: i64,
        to: i64,
        console: &mut Console,
    ) -> Result<Replayed, Failure> {
        let mut requests = Vec::new();
        for (_, replay) in rules {
            requests.extend(requests_of(replay, from, to));
        }
        requests.extend(probed.values().cloned());
        let fetched = self.fetch(&requests, console)?;
        let mut results = fetched.results.into_iter();
        let mut sides = Vec::new();
        for (view, replay) in rules {
            let history: Vec<Vec<HistorySeries>> =
                results.by_ref().take(replay.queries().len()).collect();
            let replayed = replay
                .run(from..=to, history)
                .map_err(|error| rule_failure(&error))?;
            let routing = Routing::new(view.project, view.settings);
            sides.push(backtest::episodes(
                &replayed.alerts,
                routing.as_ref(),
                from,
                to,
            ));
        }
        Ok(Replayed {
            sides,
            begins: probed.into_keys().zip(results).collect(),
            sent: fetched.sent,
            kept: fetched.kept,
        })
    }

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
        let cache = self.cache(console)?;
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
        let fetched = fetched.map_err(|error| match error {
            FetchError::Server(failure) => failure,
            FetchError::TooMuch(query) => Failure::io(format!(
                "the history is too large: `{query}` and the other queries have more than 40 million samples"
            ))
            .help("name fewer services, or use a shorter `--since`"),
        })?;
        if let Some(cause) = &fetched.unkept {
            let cause = io_cause(cause);
            console.err.line(format_args!(
                "note: some answers are not kept for the next run: {cause}"
            ));
        }
        Ok(fetched)
    }

    fn cache(&self, console: &mut Console) -> Result<Option<Cache>, Failure> {
        if self.answers.no_cache {
            return Ok(None);
        }
        let variable = |name: &str| std::env::var(name).ok();
        let folder = match &self.answers.cache {
            Some(folder) => Some(paths::absolute(folder, self.cwd)),
            None => Cache::default_folder(&variable),
        };
        let Some(folder) = folder else {
            console.err.line(
                "note: no answers are kept for the next run: choose a folder with `--cache`, or set HOME",
            );
            return Ok(None);
        };
        let opened = Cache::open(&folder, &self.client.identity(), self.now);
        opened
            .map(Some)
            .map_err(|CacheError { message, help }| Failure {
                help,
                ..Failure::io(message)
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
