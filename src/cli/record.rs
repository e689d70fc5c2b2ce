//! `nthc record`: turns an incident of the history into a test.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use nth_engine::{METRIC_NAME, MemoryStore};
use nth_simulate::{HistorySeries, Plan, Replay};
use smol_str::SmolStr;

use super::Context;
use super::backtest_report::time;
use super::compiled::CompiledProject;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::history::{History, View, requests_of, rule_failure};
use super::options;
use super::prometheus_client::Client;
use super::select;
use nthc::backends::alertmanager::notify::Routing;
use nthc::backends::prometheus::BudgetStatus;
use nthc::backends::series_names::{BUDGET_REMAINING, TOTAL_EVENTS};
use nthc::backtest::record::{Level, Measured, Piece, Recording, pieces, text};
use nthc::backtest::{Change, Episode, Request, changes, episodes, known_slo};
use nthc::db::ItemClass;
use nthc::diagnostics;
use nthc::ir::burn_rate::SLICE;
use nthc::ir::{Duration, RuleLabel, Service, Sli, Slo};
use nthc::project::{Loaded, SourceFile, io_cause, paths};
use nthc::schema::names::kind;
use nthc::syntax;
use nthc::testing::{self, Outcome, Selection};

const MINUTE: i64 = 60_000;

/// What a test shows before and after the incident, in milliseconds.
const BEFORE: i64 = 10 * MINUTE;
const AFTER: i64 = 60 * MINUTE;

/// How finely the incident is described: if a test differs from the history, the next is tried.
const FINENESS: [f64; 3] = [1.0, 0.4, 0.1];

/// Writes a test that reproduces an incident of the history.
///
/// # Errors
///
/// If there is no project or SLO, the range is empty, the file exists, or Prometheus gives no valid answer.
pub fn run(
    context: &Context,
    options: &options::Record,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if format.is_for_programs() {
        return Err(Failure::usage("unsupported format for a recorded test")
            .help("use `--format human` or `--format short`"));
    }
    let now = Timestamp::now();
    if options.to > now {
        return Err(Failure::usage("`--to` is in the future"));
    }
    if options.from >= options.to {
        return Err(
            Failure::usage("the range of time is empty").help("`--from` must be before `--to`")
        );
    }
    let out = options
        .out
        .as_deref()
        .map(|out| paths::absolute(out, &context.cwd));
    if let Some(out) = &out {
        require_free(out, context)?;
    }
    let loaded = select::project(context)?;
    let asked = &options.history;
    let env = asked.env.as_deref();
    let Some(compiled) = CompiledProject::of(loaded.clone(), env, format, console)? else {
        return Ok(Exit::Findings);
    };
    let client = Client::new(
        &options.prometheus,
        asked.answers.timeout,
        &asked.answers.connection,
    )?;
    let history = History {
        client: &client,
        answers: &asked.answers,
        now: now.as_millisecond(),
        cwd: &context.cwd,
    };
    let recorded = compiled.with_project(|view| {
        let recorder = Recorder::new(&compiled, view, loaded, options)?;
        recorder.record(&history, console)
    })?;
    match &out {
        None => console.out.text(&recorded.text),
        Some(out) => write_new(out, &recorded.text, context)?,
    }
    for difference in &recorded.differences {
        console
            .err
            .line(format_args!("differs from the history: {difference}"));
    }
    Ok(if recorded.differences.is_empty() {
        Exit::Ok
    } else {
        Exit::Findings
    })
}

fn exists(out: &Path, context: &Context) -> Failure {
    let shown = paths::display(out, &context.cwd);
    Failure::usage(format!("{shown} already exists")).help("choose another file with `--out`")
}

fn require_free(out: &Path, context: &Context) -> Result<(), Failure> {
    match out.symlink_metadata() {
        Ok(_) => Err(exists(out, context)),
        Err(_) => Ok(()),
    }
}

/// Writes a new file; an existing one is never changed.
fn write_new(out: &Path, text: &str, context: &Context) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(out);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => exists(out, context),
        _ => {
            let shown = paths::display(out, &context.cwd);
            Failure::io(format!("cannot write {shown}: {}", io_cause(&cause)))
        }
    })
}

/// A test, and how it differs from the history.
struct Recorded {
    text: String,
    differences: Vec<String>,
}

struct Recorder<'r> {
    compiled: &'r CompiledProject,
    view: View<'r>,
    loaded: Loaded,
    options: &'r options::Record,
    service: &'r Service,
    slo: &'r Slo,
    replay: Replay<'r>,
    /// The range of the test, in milliseconds since 1970.
    begin: i64,
    end: i64,
    name: String,
}

impl<'r> Recorder<'r> {
    fn new(
        compiled: &'r CompiledProject,
        view: View<'r>,
        loaded: Loaded,
        options: &'r options::Record,
    ) -> Result<Self, Failure> {
        let (service, slo) =
            known_slo(&options.slo, &view.services()).map_err(|(message, help)| Failure {
                help,
                ..Failure::usage(message)
            })?;
        if let Some(grouping) = &slo.grouping {
            return Err(Failure::usage(format!(
                "the events of `{}` are counted by {}, and a test is recorded of one series of them",
                options.slo,
                grouping.by.join(", ")
            ))
            .help("record an SLO without groups"));
        }
        let replay = view.replay(&[service.name.to_string()])?;
        let step = replay.step().max(1);
        let step = if step % MINUTE == 0 {
            step
        } else {
            step.saturating_mul(MINUTE)
        };
        let aligned = |at: i64| at.div_euclid(step).saturating_mul(step);
        let begin = aligned(options.from.as_millisecond().saturating_sub(BEFORE));
        let end = aligned(options.to.as_millisecond().saturating_add(AFTER));
        let day = Timestamp::from_millisecond(begin).map_or_else(
            |_| String::new(),
            |begin| begin.to_string().chars().take(10).collect(),
        );
        let name = options.name.clone();
        let name = name.unwrap_or_else(|| format!("{} on {day}", options.slo));
        if compiled
            .session
            .entries(ItemClass::Block)
            .any(|entry| entry.kind == kind::TEST && entry.name == name)
        {
            return Err(
                Failure::usage(format!("the project has a test `{name}` already"))
                    .help("choose another name with `--name`"),
            );
        }
        Ok(Self {
            compiled,
            view,
            loaded,
            options,
            service,
            slo,
            replay,
            begin,
            end,
            name,
        })
    }

    fn record(&self, history: &History<'_>, console: &mut Console) -> Result<Recorded, Failure> {
        let end = self
            .end
            .min(history.now.div_euclid(MINUTE).saturating_mul(MINUTE));
        let mut requests = requests_of(&self.replay, self.begin, end);
        let replayed = requests.len();
        requests.extend(self.measurements(end)?);
        let mut results = history.fetch(&requests, console)?.results;
        let measured = self.measured(&results.split_off(replayed), end);
        if measured.levels.iter().all(|level| *level == Level::NoData) {
            return Err(Failure::usage(format!(
                "there is no data of `{}` in this time",
                self.options.slo
            ))
            .help("check `--from` and `--to`, and that Prometheus keeps data for so long"));
        }
        let replayed = self.replay.run(self.begin..=end, results);
        let replayed = replayed.map_err(|error| rule_failure(&error))?;
        let routing = Routing::new(self.view.project, self.view.settings);
        let happened = self.own(episodes(
            &replayed.alerts,
            routing.as_ref(),
            self.begin,
            end,
        ));
        let mut best: Option<Recorded> = None;
        for fineness in FINENESS {
            let pieces = pieces(&measured, fineness);
            let recording = self.recording(pieces, &happened, &replayed.store, end);
            let tried = self.verified(&text(&recording), &happened, routing.as_ref())?;
            let is_better = |known: &Recorded| tried.differences.len() < known.differences.len();
            if best.as_ref().is_none_or(is_better) {
                best = Some(tried);
            }
            if best
                .as_ref()
                .is_some_and(|best| best.differences.is_empty())
            {
                break;
            }
        }
        best.ok_or_else(|| Failure::io("no test was recorded"))
    }

    /// The queries of the bad share in each minute, and of whether there is data, which has no bad share without events.
    fn measurements(&self, end: i64) -> Result<Vec<Request>, Failure> {
        let scrape = self.view.settings.prometheus.scrape_interval;
        // A rate needs two samples.
        let window = Duration((2 * scrape.0).div_ceil(60_000).max(1) * 60_000);
        let status = BudgetStatus::new(self.service, self.slo, self.view.settings);
        let query = status.measured_error_ratio(window).ok_or_else(|| {
            Failure::usage(format!(
                "the bad share of `{}` cannot be measured",
                self.options.slo
            ))
            .help("record an SLO that counts events; the SLI of this one is recorded by its rules")
        })?;
        let request = |query: String| Request {
            query,
            step: MINUTE,
            from: self.begin + MINUTE,
            to: end,
            what: format!("the bad share of {}", self.options.slo),
        };
        let queries = [query].into_iter().chain(status.measured_presence(window));
        Ok(queries.map(request).collect())
    }

    /// Reads the results of the [`measurements`](Self::measurements).
    fn measured(&self, results: &[Vec<HistorySeries>], end: i64) -> Measured {
        let minutes = usize::try_from((end - self.begin) / MINUTE).unwrap_or(0);
        let mut levels = vec![Level::NoData; minutes];
        let mut set = |series: &[HistorySeries], level: &dyn Fn(f64) -> Level| {
            for sample in series.iter().flat_map(|series| &series.samples) {
                let minute = usize::try_from((sample.at - self.begin) / MINUTE - 1);
                if let Some(place) = minute.ok().and_then(|minute| levels.get_mut(minute))
                    && !sample.value.is_nan()
                {
                    *place = level(sample.value);
                }
            }
        };
        if let [shares, presence @ ..] = results {
            for series in presence {
                set(series, &|_| Level::NoEvents);
            }
            set(shares, &|share| Level::Bad(share.clamp(0.0, 1.0)));
        }
        Measured {
            levels,
            budget: as_float(self.slo.error_budget()),
        }
    }

    /// Keeps what concerns the SLO.
    fn own(&self, mut all: Vec<Episode>) -> Vec<Episode> {
        all.retain(|episode| {
            episode.service == self.service.name && episode.slo.as_ref() == Some(&self.slo.name)
        });
        all
    }

    fn recording<'t>(
        &'t self,
        pieces: Vec<Piece>,
        happened: &[Episode],
        store: &MemoryStore,
        end: i64,
    ) -> Recording<'t> {
        let team = self.service.team.as_deref();
        let services = self.import(kind::SERVICE, &self.service.name);
        let notified = happened.iter().any(|episode| episode.counts_at().is_some());
        let teams = team
            .filter(|_| notified)
            .and_then(|team| self.import(kind::TEAM, team));
        let mut imports: Vec<String> = services.into_iter().chain(teams).collect();
        imports.sort();
        imports.dedup();
        Recording {
            name: &self.name,
            imports,
            environment: self.view.settings.environment.as_deref(),
            service: &self.service.name,
            slo: &self.slo.name,
            team,
            begin: self.begin,
            end,
            rate: self.rate(store),
            budget_left: self.budget_left(store),
            pieces,
            episodes: happened.to_vec(),
            tolerance: self.tolerance(),
        }
    }

    /// How much an alert may be earlier or later than in the history: two intervals of the slowest rules.
    fn tolerance(&self) -> i64 {
        self.replay.step().saturating_mul(2)
    }

    /// Returns the import of a block: `services.checkout`, or `shop.{checkout}` if its module has another name.
    fn import(&self, kind: &str, name: &str) -> Option<String> {
        let session = &self.compiled.session;
        let mut entries = session.entries(ItemClass::Block);
        let entry = entries.find(|entry| entry.kind == kind && entry.name == name)?;
        let module = entry.key.file.module(&session.db);
        let last = module.rsplit('.').next();
        Some(match last == Some(name) {
            true => module.to_string(),
            false => format!("{module}.{{{name}}}"),
        })
    }

    /// The samples of a recorded series of the SLO.
    fn recorded(&self, store: &MemoryStore, metric: &str) -> Vec<(i64, f64)> {
        let is_own = |labels: &nth_engine::Labels| {
            labels.get(METRIC_NAME) == metric
                && labels.get(RuleLabel::Slo.name()) == self.slo.name
                && labels.get(RuleLabel::Service.name()) == self.service.name
        };
        let series = store.iter().filter(|series| is_own(&series.labels));
        let samples = series.flat_map(|series| series.floats.to_vec());
        samples
            .filter(|sample| sample.value.is_finite())
            .map(|sample| (sample.at, sample.value))
            .collect()
    }

    /// The median of events a second; `None` if the SLO counts none.
    fn rate(&self, store: &MemoryStore) -> Option<f64> {
        if matches!(
            self.slo.sli,
            Sli::TimeSlices { .. } | Sli::ErrorRatio { total: None, .. }
        ) {
            return None;
        }
        let slices = self.recorded(store, TOTAL_EVENTS);
        let during = slices.iter().filter(|(at, _)| *at >= self.begin);
        let mut rates: Vec<f64> = during.map(|(_, events)| events / SLICE_SECONDS).collect();
        rates.retain(|rate| *rate > 0.0);
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }

    /// The share of the error budget that is left at the beginning, if at least a hundredth is consumed.
    fn budget_left(&self, store: &MemoryStore) -> Option<f64> {
        let left = self.recorded(store, BUDGET_REMAINING);
        let (_, left) = left.iter().rfind(|(at, _)| *at <= self.begin)?;
        (*left < 0.99).then_some(*left)
    }

    /// Compiles and runs a test, and compares its alerts with those of the history.
    fn verified(
        &self,
        text: &str,
        happened: &[Episode],
        routing: Option<&Routing<'_>>,
    ) -> Result<Recorded, Failure> {
        let text = syntax::format(text)
            .ok_or_else(|| Failure::io(format!("cannot format the recorded test:\n{text}")))?;
        let mut loaded = self.loaded.clone();
        loaded.project.files.push(SourceFile {
            package: None,
            // No file has a module of this name.
            module: "recorded-test".to_owned(),
            path: loaded.project.root.join("recorded-test.nth"),
            shown: "the recorded test".to_owned(),
            text: Arc::from(text.as_str()),
        });
        let environment = self.view.settings.environment.clone();
        let session = nthc::compile::session(&loaded.project.input(None));
        let error = session
            .findings()
            .into_iter()
            .find(|found| found.severity == diagnostics::Severity::Error);
        if let Some(error) = error {
            return Err(Failure::io(format!(
                "the recorded test is not valid: {}",
                error.message
            )));
        }
        let mut differences = self.failures(&session, &environment);
        let simulated = self.simulated(&session, &environment, routing)?;
        let tolerance = self.tolerance();
        for change in changes(happened, &simulated) {
            differences.extend(difference(&change, tolerance));
        }
        Ok(Recorded { text, differences })
    }

    /// Runs the test as `nthc test` does; what fails is a difference.
    fn failures(
        &self,
        session: &nthc::session::Session,
        environment: &Option<SmolStr>,
    ) -> Vec<String> {
        let selection = Selection {
            environments: std::slice::from_ref(environment),
            names: std::slice::from_ref(&self.name),
        };
        let results = testing::run(session, self.view.settings, selection);
        let own = results
            .into_iter()
            .filter(|result| result.name == self.name);
        own.flat_map(|result| match result.outcome {
            Outcome::Passed => Vec::new(),
            Outcome::Error { message, .. } => vec![message],
            Outcome::Failed { failures, .. } => failures
                .into_iter()
                .map(|failure| format!("expected {}; {}", failure.expected, failure.happened))
                .collect(),
        })
        .collect()
    }

    fn simulated(
        &self,
        session: &nthc::session::Session,
        environment: &Option<SmolStr>,
        routing: Option<&Routing<'_>>,
    ) -> Result<Vec<Episode>, Failure> {
        let failed = |error: nth_simulate::Error| {
            let failure = Failure::usage(format!("cannot simulate the incident: {error}"));
            match error.help() {
                Some(help) => failure.help(help),
                None => failure,
            }
        };
        let lowered = session.tests(environment.as_deref());
        let mut tests = lowered.iter().filter_map(|lowered| lowered.test.as_ref());
        let Some(test) = tests.find(|test| test.name == self.name) else {
            return Err(Failure::io("the recorded test is not in the environment"));
        };
        let plan = Plan::new(&[self.service], self.view.settings, &[]).map_err(failed)?;
        let simulation = nth_simulate::simulate(&plan, test).map_err(failed)?;
        let (begin, end) = (simulation.begin, simulation.end);
        Ok(self.own(episodes(&simulation.alerts, routing, begin, end)))
    }
}

/// The length of a slice.
const SLICE_SECONDS: f64 = SLICE.0 as f64 / 1000.0;

fn as_float(decimal: rust_decimal::Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive as _;
    decimal.to_f64().unwrap_or(0.0)
}

/// Describes a difference of more than a tolerance; `None` if it is smaller.
fn difference(change: &Change<'_>, tolerance: i64) -> Option<String> {
    match change {
        Change::OnlyBase(episode) => Some(format!(
            "{} fired at {}, and does not in the test",
            episode.name(),
            time(episode.start)
        )),
        Change::OnlyHead(episode) => Some(format!(
            "{} fires at {} in the test only",
            episode.name(),
            time(episode.start)
        )),
        Change::Differs { base, head } => {
            let later = head.start - base.start;
            (later.abs() > tolerance).then(|| {
                format!(
                    "{} fired at {}, and fires at {} in the test",
                    head.name(),
                    time(base.start),
                    time(head.start)
                )
            })
        }
    }
}
