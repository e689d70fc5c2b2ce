//! Prometheus's own parser, to verify queries: `tests/tools/promql-tree`, one process per test program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::tools::find;

/// A query that Prometheus accepts.
#[derive(Debug, PartialEq)]
pub struct ParsedQuery {
    /// The type of its result: `vector`, `matrix`, `scalar` or `string`.
    pub value_type: String,
    /// The selectors, in the order of the query.
    pub selectors: Vec<Selector>,
}

/// A selector in a query.
#[derive(Debug, PartialEq)]
pub struct Selector {
    /// Empty if the selector has no metric name.
    pub metric: String,
    pub matchers: Vec<Matcher>,
    /// The enclosing aggregations and functions, the outermost first.
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

/// The parser process with its pipes.
struct ParserProcess {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Exits when its input is closed, at the end of this program.
    _child: Child,
}

/// Prometheus's parser.
pub struct Prometheus(Mutex<ParserProcess>);

impl Prometheus {
    /// Returns the parser; `None` if it is not installed, as with [`find`].
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
                Some(Self(Mutex::new(ParserProcess {
                    questions: child.stdin.take().expect("it has an input"),
                    answers: BufReader::new(child.stdout.take().expect("it has an output")),
                    _child: child,
                })))
            })
            .as_ref()
    }

    /// Parses a query, or returns the error of Prometheus.
    pub fn parse(&self, query: &str) -> Result<ParsedQuery, String> {
        let mut process: MutexGuard<'_, ParserProcess> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut question = serde_json::to_string(query).expect("a text is JSON");
        question.push('\n');
        process
            .questions
            .write_all(question.as_bytes())
            .and_then(|()| process.questions.flush())
            .expect("promql-tree listens");
        let mut line = String::new();
        process
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
        Ok(ParsedQuery {
            value_type: answer.r#type.expect("what is accepted has a type"),
            selectors,
        })
    }
}
