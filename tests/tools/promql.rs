//! Prometheus' own parser, as a second opinion on queries: `tests/tools/promql-tree`, one process for all that a test
//! program asks.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::tools::find;

/// A query that Prometheus accepts.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// What it evaluates to: `vector`, `matrix`, `scalar` or `string`.
    pub of: String,
    /// In the order in which the query has them.
    pub selectors: Vec<Selector>,
}

/// A selector where a query reads it.
#[derive(Debug, PartialEq)]
pub struct Selector {
    /// Empty where the metric has no name of its own.
    pub metric: String,
    pub matchers: Vec<Matcher>,
    /// The aggregations and functions around it, the outermost first.
    pub under: Vec<String>,
    pub is_aggregated: bool,
    pub range: Option<Duration>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct Matcher {
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub op: String,
    pub value: String,
}

#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    r#type: Option<String>,
    selectors: Option<Vec<Answered>>,
}

#[derive(Deserialize)]
struct Answered {
    metric: String,
    matchers: Vec<Matcher>,
    under: Vec<String>,
    aggregated: bool,
    /// In milliseconds.
    range: Option<u64>,
}

struct Asked {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Ends with its input, which is closed with this program.
    _child: Child,
}

/// What reads queries as Prometheus does.
pub struct Prometheus(Mutex<Asked>);

impl Prometheus {
    /// Nothing where the program is not installed, as with [`find`].
    pub fn find() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Prometheus>> = OnceLock::new();
        let program = find("promql-tree")?;
        FOUND
            .get_or_init(|| {
                let mut child = Command::new(program)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("promql-tree runs");
                Some(Self(Mutex::new(Asked {
                    questions: child.stdin.take().expect("it has an input"),
                    answers: BufReader::new(child.stdout.take().expect("it has an output")),
                    _child: child,
                })))
            })
            .as_ref()
    }

    /// The query as Prometheus reads it, or why it refuses it.
    pub fn parse(&self, query: &str) -> Result<Read, String> {
        let mut asked: MutexGuard<'_, Asked> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut question = serde_json::to_string(query).expect("a text is JSON");
        question.push('\n');
        asked
            .questions
            .write_all(question.as_bytes())
            .and_then(|()| asked.questions.flush())
            .expect("promql-tree listens");
        let mut line = String::new();
        asked
            .answers
            .read_line(&mut line)
            .expect("promql-tree answers");
        let answer: Answer = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("promql-tree answered {line:?} to {query:?}: {error}"));
        if let Some(error) = answer.error {
            return Err(error);
        }
        let selectors = answer
            .selectors
            .expect("what is accepted has selectors")
            .into_iter()
            .map(|selector| Selector {
                metric: selector.metric,
                matchers: selector.matchers,
                under: selector.under,
                is_aggregated: selector.aggregated,
                range: selector.range.map(Duration::from_millis),
            })
            .collect();
        Ok(Read {
            of: answer.r#type.expect("what is accepted has a type"),
            selectors,
        })
    }
}
