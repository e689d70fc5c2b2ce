//! Runs test scripts.

use std::fmt;

use nth_promql::{Expr, Type};

use super::script::{Command, CommandKind, Eval, Expected, Load};
use super::{compare, custom_buckets, script, variants};
use crate::annotations::Annotations;
use crate::eval::{NameRemoval, Options, evaluate, evaluate_range};
use crate::store::MemoryStore;
use crate::value::{Evaluated, Point, Series, Steps, Timestamp};

/// The settings of Prometheus's own test scripts.
const OPTIONS: Options = Options {
    lookback: 300_000,
    subquery_step: 60_000,
    name_removal: NameRemoval::AtEnd,
};

/// The outcomes of a script's evaluations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One per evaluation, in order, and one per command that is not valid.
    pub cases: Vec<Case>,
}

/// An evaluation of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The line in the script, counted from 1.
    pub line: usize,
    /// The query, or the command if it is not valid.
    pub query: String,
    /// True if the query uses nothing experimental.
    pub is_stable: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an evaluation of a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The result is as expected.
    Passed,
    /// The result is not as expected; the reason.
    Failed(String),
    /// It needs something that is not supported; the reason.
    Skipped(String),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: ", self.line, self.query)?;
        match &self.outcome {
            Outcome::Passed => f.write_str("passed"),
            Outcome::Failed(reason) => write!(f, "failed: {reason}"),
            Outcome::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

/// Runs a script in the language of Prometheus's `promqltest`.
///
/// Instant evaluations are also checked at the middle of a range, and with `@` at other times. The positions of expected
/// warnings and infos, such as `(1:7)`, are not compared, and start timestamps (`@st`) are not supported.
///
/// ```
/// use nth_engine::testing::{Outcome, run};
///
/// let report = run("load 1m\n  up 0 1\n\neval instant at 1m up > 5\n");
/// assert_eq!(report.cases[0].outcome, Outcome::Passed);
/// ```
pub fn run(script: &str) -> Report {
    let mut report = Report::default();
    let mut state = State::default();
    for Command { line, kind } in script::parse(script) {
        match kind {
            CommandKind::Clear => state = State::default(),
            CommandKind::Load(load) => {
                if let Err(reason) = state.load(&load) {
                    let query = "load".to_owned();
                    report.add(line, query, true, Outcome::Failed(reason));
                }
            }
            CommandKind::Eval(eval) => {
                let (is_stable, outcome) = state.run(&eval);
                report.add(line, eval.query, is_stable, outcome);
            }
            CommandKind::Invalid(text, reason) => {
                report.add(line, text, true, Outcome::Failed(reason));
            }
        }
    }
    report
}

impl Report {
    fn add(&mut self, line: usize, query: String, is_stable: bool, outcome: Outcome) {
        self.cases.push(Case {
            line,
            query,
            is_stable,
            outcome,
        });
    }
}

#[derive(Debug, Default)]
struct State {
    store: MemoryStore,
    has_start_timestamps: bool,
}

/// Why a case does not pass.
enum Problem {
    Wrong(String),
    Unsupported(String),
}

impl Problem {
    /// Returns the problem of an unexpected error.
    fn of(message: String) -> Self {
        if message.ends_with("is not supported") {
            return Self::Unsupported(message);
        }
        Self::Wrong(format!("error: {message}"))
    }
}

impl From<String> for Problem {
    fn from(reason: String) -> Self {
        Self::Wrong(reason)
    }
}

impl State {
    fn load(&mut self, load: &Load) -> Result<(), String> {
        self.has_start_timestamps |= load.has_start_timestamps;
        for sequence in &load.series {
            sequence.validate()?;
            sequence.load(&mut self.store, 0, load.interval);
        }
        if load.with_custom_buckets {
            custom_buckets::load(&load.series, &mut self.store, load.interval)?;
        }
        Ok(())
    }

    /// Returns whether the query is stable, and the outcome.
    fn run(&self, eval: &Eval) -> (bool, Outcome) {
        let query = match nth_promql::parse(&eval.query) {
            Ok(query) => query,
            Err(errors) => {
                let error = errors.into_iter().next();
                let reason = error.map_or("malformed".to_owned(), |error| error.message);
                return (true, Outcome::Failed(format!("parse error: {reason}")));
            }
        };
        let (kind, errors) = nth_promql::infer(&query, &[]);
        let experimental = nth_promql::codes::PROMQL_EXPERIMENTAL.id;
        let is_stable =
            !self.has_start_timestamps && errors.iter().all(|error| error.code.id != experimental);
        if self.has_start_timestamps {
            let reason = "start timestamps are not supported".to_owned();
            return (is_stable, Outcome::Skipped(reason));
        }
        let checked = match eval.range_vector {
            Some(steps) if kind == Some(Type::RangeVector) => {
                self.check_range_vector(eval, &query, steps)
            }
            _ => self.check(eval, &query),
        };
        let outcome = match checked {
            Ok(()) => Outcome::Passed,
            Err(Problem::Wrong(reason)) => Outcome::Failed(reason),
            Err(Problem::Unsupported(reason)) => Outcome::Skipped(reason),
        };
        (is_stable, outcome)
    }

    fn check(&self, eval: &Eval, query: &Expr) -> Result<(), Problem> {
        if eval.is_range {
            if let Some((result, _)) = self.evaluate(eval, query, eval.steps)? {
                compare::range(eval, &result)?;
            }
            return Ok(());
        }
        let at = eval.steps.start;
        self.check_instant(eval, query, at)?;
        if let Some((pinned, times)) = variants::pinned(query, at) {
            for time in times {
                let context = |problem| match problem {
                    Problem::Wrong(reason) => {
                        Problem::Wrong(format!("`{pinned}` at {time}ms: {reason}"))
                    }
                    other => other,
                };
                self.check_instant(eval, &pinned, time).map_err(context)?;
            }
        }
        Ok(())
    }

    /// Checks the samples of a range vector, which are at the given times.
    fn check_range_vector(&self, eval: &Eval, query: &Expr, steps: Steps) -> Result<(), Problem> {
        let found = evaluate_range(query, &self.store, eval.steps.start, &OPTIONS)
            .map_err(|error| Problem::of(error.message))?;
        let mut result = Vec::new();
        for samples in found.0 {
            let mut series = Series::new(samples.labels, vec![Point::Absent; steps.count()]);
            let floats = samples.floats.iter();
            let histograms = samples.histograms.iter();
            let points = floats
                .map(|sample| (sample.at, Point::Float(sample.value)))
                .chain(
                    histograms.map(|sample| (sample.at, Point::Histogram(sample.value.clone()))),
                );
            for (at, found) in points {
                let index = steps.times().position(|time| time == at);
                match index.and_then(|index| series.points.get_mut(index)) {
                    Some(point) => *point = found,
                    None => {
                        let labels = &series.labels;
                        return Err(format!("{labels}: unexpected sample at {at}ms").into());
                    }
                }
            }
            result.push(series);
        }
        Ok(compare::range(eval, &Evaluated::Vector(result))?)
    }

    fn check_instant(&self, eval: &Eval, query: &Expr, at: Timestamp) -> Result<(), Problem> {
        let Some((result, _)) = self.evaluate(eval, query, Steps::instant(at))? else {
            return Ok(());
        };
        compare::instant(eval, &result, 0)?;
        if eval.is_ordered || eval.string.is_some() || variants::depends_on_range(query) {
            return Ok(());
        }
        let steps = Steps {
            start: at - 60_000,
            end: at + 60_000,
            step: 60_000,
        };
        let context = |reason: String| format!("in the middle of a range: {reason}");
        match evaluate(query, &self.store, steps, &OPTIONS) {
            Ok((result, _)) => compare::instant(eval, &result, 1).map_err(context)?,
            Err(error) => return Err(Problem::Wrong(context(error.message))),
        }
        Ok(())
    }

    /// Evaluates a query and checks its annotations or expected error. Returns `None` if it has failed as expected.
    fn evaluate(
        &self,
        eval: &Eval,
        query: &Expr,
        steps: Steps,
    ) -> Result<Option<(Evaluated, Annotations)>, Problem> {
        match (evaluate(query, &self.store, steps, &OPTIONS), &eval.fail) {
            (Err(error), Some(expected)) => match Problem::of(error.message.clone()) {
                // What is not supported is not what is expected to fail.
                Problem::Wrong(_) if expected.matches(&error.message) => Ok(None),
                Problem::Wrong(reason) => Err(Problem::Wrong(format!(
                    "expected the error {expected}, found {reason}"
                ))),
                unsupported => Err(unsupported),
            },
            (Err(error), None) => Err(Problem::of(error.message)),
            (Ok(_), Some(expected)) => Err(Problem::Wrong(format!(
                "expected the error {expected}, found a result"
            ))),
            (Ok((result, annotations)), None) => {
                let warnings: Vec<&String> = annotations.warnings.iter().collect();
                check_messages("warning", &eval.warnings, &warnings)?;
                let infos: Vec<&String> = annotations.infos.iter().collect();
                check_messages("info", &eval.infos, &infos)?;
                Ok(Some((result, annotations)))
            }
        }
    }
}

fn check_messages(kind: &str, expected: &Expected, found: &[&String]) -> Result<(), String> {
    if expected.none {
        return match found.first() {
            None => Ok(()),
            Some(message) => Err(format!("unexpected {kind}: {message}")),
        };
    }
    for message in &expected.messages {
        if !found.iter().any(|text| message.matches(text)) {
            return Err(format!("missing {kind}: {message}, found: {found:?}"));
        }
    }
    let unexpected = found.iter().find(|text| {
        !expected
            .messages
            .iter()
            .any(|message| message.matches(text))
    });
    match unexpected {
        Some(text) if !expected.messages.is_empty() => Err(format!("unexpected {kind}: {text}")),
        _ => Ok(()),
    }
}
