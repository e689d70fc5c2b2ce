//! `nthc backtest`.

use std::path::Path;

use jiff::Timestamp;
use nth_simulate::Replay;

use super::Context;
use super::backtest_report::{self, Report};
use super::compiled::{CompiledProject, unknown_service};
use super::console::Console;
use super::exit::{Exit, Failure};
use super::history::{History, View};
use super::options::{self, Format};
use super::prometheus_client::Client;
use super::revision::Revision;
use super::select;
use nthc::backtest::{self, Incidents, explain, probes, shortages};
use nthc::limits;
use nthc::project::{self, io_cause, paths, read_file_at_most};

/// Runs the rules of the project over the history of a server.
///
/// # Errors
///
/// If there is no project, service, environment or revision of a name, a file cannot be read, or Prometheus gives no valid answer.
pub fn run(
    context: &Context,
    options: &options::Backtest,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a backtest")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let now = Timestamp::now();
    let window = Window::new(options, now)?;
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let Some(head) = CompiledProject::of(loaded, options.history.env.as_deref(), format, console)?
    else {
        return Ok(Exit::Findings);
    };
    let revision = options.base.as_deref();
    let revision = revision.map(|name| Revision::check_out(&root, name));
    let revision = revision.transpose()?;
    let base = match &revision {
        None => None,
        Some(revision) => {
            let name = options.base.as_deref().unwrap_or_default();
            // Messages show the paths of the repository, not of the temporary folder.
            let loaded = project::load(&revision.root, &revision.top)?;
            let env = head.settings.environment.as_deref();
            let base =
                CompiledProject::of(loaded, env, format, console).map_err(|failure| Failure {
                    message: format!("{} at revision `{name}`", failure.message),
                    ..failure
                })?;
            let Some(base) = base else {
                let error = format!("the project at revision `{name}` has errors");
                console.err.line(error);
                return Ok(Exit::Findings);
            };
            Some(base)
        }
    };
    let asked = &options.history;
    let client = Client::new(
        &options.prometheus,
        asked.answers.timeout,
        &asked.answers.connection,
    )?;
    let run = Run {
        context,
        options,
        window,
        history: History {
            client: &client,
            answers: &asked.answers,
            now: now.as_millisecond(),
            cwd: &context.cwd,
        },
        commit: revision.as_ref().map(|revision| revision.commit.as_str()),
    };
    head.with_project(|head| match &base {
        None => run.backtest(head, None, console),
        Some(base) => base.with_project(|base| run.backtest(head, Some(base), console)),
    })
}

/// The time in question, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: i64,
    to: i64,
}

impl Window {
    fn new(options: &options::Backtest, now: Timestamp) -> Result<Self, Failure> {
        let to = options.to.unwrap_or(now);
        if to > now {
            return Err(Failure::usage("`--to` is in the future"));
        }
        let from = match options.from {
            Some(from) => from,
            None => to.checked_sub(options.since).map_err(|_| {
                Failure::usage("`--since` reaches back too far").help("use `--since 30d`")
            })?,
        };
        if from >= to {
            return Err(
                Failure::usage("the range of time is empty").help("`--from` must be before `--to`")
            );
        }
        Ok(Self {
            from: from.as_millisecond(),
            to: to.as_millisecond(),
        })
    }

    /// Aligns the times to multiples of a step.
    fn aligned(self, step: i64) -> Self {
        let align = |at: i64| at.div_euclid(step.max(1)).saturating_mul(step.max(1));
        Self {
            from: align(self.from),
            to: align(self.to),
        }
    }
}

struct Run<'r> {
    context: &'r Context,
    options: &'r options::Backtest,
    window: Window,
    history: History<'r>,
    commit: Option<&'r str>,
}

impl Run<'_> {
    fn backtest(
        &self,
        head: View<'_>,
        base: Option<View<'_>>,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        self.require_services(head, base)?;
        let incidents = match &self.options.incidents {
            Some(file) => Some(self.incidents(file, head)?),
            None => None,
        };
        let mut views = vec![head];
        views.extend(base);
        let replays = views.iter().map(|view| view.replay(&self.options.services));
        let replays: Vec<Replay<'_>> = replays.collect::<Result<_, _>>()?;
        let window = self.window.aligned(Replay::common_step(&replays));
        if window.from >= window.to {
            return Err(Failure::usage("the range of time is empty")
                .help("it must be longer than the evaluation interval of the rules"));
        }
        let rules: Vec<(View<'_>, &Replay<'_>)> = views.iter().copied().zip(&replays).collect();
        let probes = probes(&replays, window.from, window.to);
        let replayed = self
            .history
            .replay(&rules, probes, window.from, window.to, console)?;
        let mut shortages = replays
            .iter()
            .map(|replay| shortages(replay, &replayed.begins, window.from));
        let (shortages, mut base_shortages) = (
            shortages.next().unwrap_or_default(),
            shortages.next().unwrap_or_default(),
        );
        base_shortages.retain(|of_base| !shortages.contains(of_base));
        let mut sides = replayed.sides.into_iter();
        let head_side = sides.next().unwrap_or_default();
        let explained = incidents
            .as_ref()
            .map(|incidents| explain(&incidents.all, &head_side, window.from, window.to));
        let report = Report {
            project: &head.settings.project,
            environment: head.settings.environment.as_deref(),
            from: window.from,
            to: window.to,
            head: head_side,
            base: sides.next(),
            revision: self.options.base.as_deref().zip(self.commit),
            incidents: incidents.map(|incidents| incidents.all).unwrap_or_default(),
            explained,
            shortages,
            base_shortages,
            sent: replayed.sent,
            kept: replayed.kept,
        };
        backtest_report::show(&report, self.context.global.format, console)?;
        let is_clean = report
            .explained
            .as_ref()
            .is_none_or(backtest::Explained::is_clean);
        Ok(if is_clean { Exit::Ok } else { Exit::Findings })
    }

    /// Requires that each named service exists now or at the base.
    fn require_services(&self, head: View<'_>, base: Option<View<'_>>) -> Result<(), Failure> {
        for name in &self.options.services {
            let has = |view: View<'_>| view.project.service(name).is_some();
            if !has(head) && !base.is_some_and(has) {
                return Err(unknown_service(name, &head.services()));
            }
        }
        Ok(())
    }

    /// Reads the incidents of a file, without those of services that are not run.
    fn incidents(&self, file: &Path, head: View<'_>) -> Result<Incidents, Failure> {
        let path = paths::absolute(file, &self.context.cwd);
        let shown = paths::display(&path, &self.context.cwd);
        let unreadable = |cause: &str| Failure::io(format!("cannot read {shown}: {cause}"));
        let bytes = read_file_at_most(&path, limits::DOCUMENT_BYTES)
            .map_err(|cause| unreadable(&io_cause(&cause)))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("not valid UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut incidents = Incidents::read(text, &head.services()).map_err(|error| {
            let message = format!("{shown}:{}: {}", error.line, error.message);
            Failure {
                help: error.help,
                ..Failure::usage(message)
            }
        })?;
        let names = &self.options.services;
        if !names.is_empty() {
            incidents
                .all
                .retain(|incident| names.contains(&incident.service));
        }
        Ok(incidents)
    }
}
