//! Errors: what cannot be simulated, and what to write instead.

use std::fmt::{self, Display, Formatter};

use nth_engine::rules::Failure;
use nth_model::detection::NotSimulated;
use smol_str::SmolStr;

/// The reason that a test cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No series are known that give a query the required values.
    Query(Box<QueryError>),
    /// A test names a service that is not simulated.
    UnknownService(SmolStr),
    /// A test names an SLO that a service does not have.
    UnknownSlo {
        /// The service.
        service: SmolStr,
        /// The SLO.
        slo: SmolStr,
    },
    /// A test names a dependency that a service does not have.
    UnknownDependency {
        /// The service.
        service: SmolStr,
        /// The dependency.
        dependency: SmolStr,
    },
    /// An event does not apply to an SLO or a service.
    Inapplicable {
        /// The service, or the SLO as `checkout.latency`.
        subject: String,
        /// The reason, without a full stop.
        reason: String,
    },
    /// A hand-written series cannot be parsed.
    Series {
        /// The series as written.
        series: String,
        /// The reason, without a full stop.
        reason: String,
    },
    /// A generated rule cannot be read.
    Rule {
        /// The name of the metric or of the alert.
        name: String,
        /// The reason, without a full stop.
        reason: String,
    },
    /// A rule failed.
    Evaluation(Box<Failure>),
}

/// A query for which no series could be generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The SLO as `checkout.latency`, or the alert as `checkout.queue-backlog`.
    pub subject: String,
    /// The query.
    pub query: String,
    /// What the generated series do not give, without a full stop.
    pub problem: String,
}

impl Error {
    pub(crate) fn query(
        subject: impl Into<String>,
        query: impl Display,
        problem: impl Into<String>,
    ) -> Self {
        Self::Query(Box::new(QueryError {
            subject: subject.into(),
            query: query.to_string(),
            problem: problem.into(),
        }))
    }

    pub(crate) fn inapplicable(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Inapplicable {
            subject: subject.into(),
            reason: reason.into(),
        }
    }

    /// Returns what to write instead, as the help of a diagnostic.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Query(_) => Some(
                "write its series by hand: `given x : series { series = \"…\"  values = \"…\" }`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl From<&Error> for NotSimulated {
    /// An SLO that is simulated without a test.
    fn from(error: &Error) -> Self {
        Self {
            message: error.to_string(),
            help: "write a `test` of the SLO with its series by hand: `given x : series { series = \"…\"  values = \"…\" }`".to_owned(),
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(error) => write!(
                f,
                "cannot generate series for the query `{}` of `{}`: {}",
                error.query, error.subject, error.problem
            ),
            Self::UnknownService(service) => write!(f, "unknown service `{service}`"),
            Self::UnknownSlo { service, slo } => {
                write!(f, "unknown SLO `{slo}` of service `{service}`")
            }
            Self::UnknownDependency {
                service,
                dependency,
            } => {
                write!(
                    f,
                    "unknown dependency `{dependency}` of service `{service}`"
                )
            }
            Self::Inapplicable { subject, reason } => {
                write!(f, "cannot simulate `{subject}`: {reason}")
            }
            Self::Series { series, reason } => write!(f, "invalid series `{series}`: {reason}"),
            Self::Rule { name, reason } => write!(f, "cannot evaluate the rule `{name}`: {reason}"),
            Self::Evaluation(failure) => write!(f, "{failure}"),
        }
    }
}

impl std::error::Error for Error {}
