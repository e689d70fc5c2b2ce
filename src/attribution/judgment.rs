//! What the caller gets.

/// How well a judgment is founded.
#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    /// The new version was compared with the old one at the same moment, and is worse: it *burned* the budget.
    Compared,
    /// Errors began inside the roll-out, as they hardly do at other times of this service: it *likely* burned the budget.
    Onset,
    /// Neither; the deployment is only listed.
    Coincides,
    /// There is no judgment.
    NotJudged {
        /// The reason.
        reason: Reason,
    },
}

/// Why there is no judgment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// The service was not observed for long enough before the deployment.
    TooLittleHistory {
        /// The days that were seen.
        have: f64,
        /// The days that are needed.
        need: f64,
    },
    /// Errors began in the roll-out, but the history has too few times like it without a deployment to compare with: the service is deployed
    /// very often, or the roll-out is a long one.
    TooFewPlacebos {
        /// The least p that is possible, which is not below the required one.
        least_p: f64,
    },
    /// There is no data around the roll-out.
    Unseen,
    /// The data ends before the slice after the start of the roll-out.
    TooEarly,
    /// The times are impossible: it ends before it begins, or in a distant future.
    BadTimes,
}

/// An estimate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The best estimate.
    pub mid: f64,
    /// The upper bound.
    pub high: f64,
}

impl Interval {
    /// The interval multiplied by a factor, for example 1 divided by the bad events that the budget allows.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            mid: self.mid * factor,
            high: self.high * factor,
        }
    }

    /// Whether a value is inside.
    pub fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// What ends the time for which a deployment is accountable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntilBecause {
    /// The errors ended by themselves.
    Recovery,
    /// It was rolled back.
    Rollback,
    /// The next deployment began.
    NextDeployment,
    /// The data ends, and the errors have not.
    End,
}

/// The judgment about a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgment {
    /// The key of the deployment.
    pub deployment: String,
    /// The level.
    pub level: Level,
    /// How often a harmless deployment looks at least like this one, from 0 to 1. [`Level::Compared`]: valid however often it is
    /// computed. [`Level::Onset`]: the share of the service's own history. 1 if nothing was found.
    pub p: f64,
    /// The bad events beyond the service's profile. `None` unless the level is [`Level::Compared`] or [`Level::Onset`].
    pub amount: Option<Interval>,
    /// The share of the time from `from` to `until` that was seen, from 0 to 1. What was not seen is not part of the amount.
    pub coverage: f64,
    /// When the errors begin, in seconds since 1970; the start of the roll-out if there are none.
    pub from: i64,
    /// Until when they count, in seconds since 1970; the end of the roll-out if there are none.
    pub until: i64,
    /// What ends this time.
    pub until_because: UntilBecause,
    /// The keys of other deployments that were rolled out when the errors began. The amount is that of all of them together.
    pub shared_with: Vec<String>,
    /// The dependency whose own errors began first. It is the candidate then, and the level [`Level::Coincides`].
    pub candidate_dependency: Option<String>,
}

impl Judgment {
    /// The share of [`Self::amount`] that this deployment stands for, so that amounts can be added up: 1 unless it is shared.
    pub fn share(&self) -> f64 {
        let sharing = u32::try_from(self.shared_with.len()).unwrap_or(u32::MAX);
        1.0 / (1.0 + f64::from(sharing))
    }

    /// Whether it is blamed: [`Level::Compared`] or [`Level::Onset`].
    pub fn is_blamed(&self) -> bool {
        matches!(self.level, Level::Compared | Level::Onset)
    }
}
