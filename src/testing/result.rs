//! The result of a test.

use std::time::Duration as Elapsed;

use serde::Serialize;
use smol_str::SmolStr;

use super::detail::Detail;
use super::story::Story;

/// The result of a test in an environment.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// The name of the test.
    pub name: SmolStr,
    /// The environment; `None` if the project declares none.
    pub environment: Option<SmolStr>,
    /// The file, as it is shown.
    pub file: String,
    /// The line of the test's name, from 1.
    pub line: usize,
    /// The beginning, in seconds since 1970.
    pub begin: i64,
    /// What it resulted in.
    pub outcome: Outcome,
    /// What happens and what follows; `None` unless the tests were run in detail.
    pub detail: Option<Box<Detail>>,
    /// How long it took, without the preparation that it shares with other tests and without the detail.
    pub took: Elapsed,
}

/// What a test resulted in.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// All that is expected happened, and no other page.
    Passed,
    /// Something did not happen as expected.
    Failed {
        /// At least one failure, in the order of the expectations.
        failures: Vec<Failure>,
        /// What happened.
        story: Box<Story>,
    },
    /// The test could not run.
    Error {
        /// The reason, without a full stop.
        message: String,
        /// What to write instead.
        help: Option<String>,
    },
}

impl TestResult {
    /// True if the test passed.
    pub fn is_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }
}

/// Something that did not happen as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What differs.
    pub kind: FailureKind,
    /// The name of the expectation; `None` for an unexpected page.
    pub expectation: Option<SmolStr>,
    /// The line of the expectation, or of the test, from 1.
    pub line: usize,
    /// What is expected, without a full stop.
    pub expected: String,
    /// What happened, without a full stop.
    pub happened: String,
    /// When it happened, in milliseconds since the beginning of the test; `None` if it did not.
    pub at: Option<i64>,
    /// What to do about it.
    pub help: Option<String>,
}

/// How something differs from what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// A page that no expectation expects.
    UnexpectedPage,
    /// No alert fired.
    NotFired,
    /// An alert fired before its cause.
    TooEarly,
    /// An alert fired, but no notification was sent.
    NotNotified,
    /// The notification was sent too late.
    TooLate,
    /// An alert did not fire for long enough.
    TooShort,
    /// The notification was sent to other teams.
    OtherTeam,
    /// The notification does not contain a text.
    OtherText,
    /// An alert was not resolved, or too late.
    NotResolved,
    /// An alert fired that must not.
    NotSilent,
    /// A gate decided otherwise.
    OtherVerdict,
    /// The error budget is outside its bounds.
    OtherBudget,
}
