//! An incident that a test describes.

use std::collections::BTreeSet;

use nth_model::Duration;
use smol_str::SmolStr;

/// What happens, in the language of tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incident {
    /// The events, `errors { … }`, in order.
    pub given: Vec<String>,
    /// Fields of the test: `at = 16:30`.
    pub fields: Vec<String>,
    /// The services that the events and expectations name.
    pub services: BTreeSet<SmolStr>,
    /// When the main event begins.
    pub from: Duration,
    /// When it ends; `None` if nothing ends.
    pub until: Option<Duration>,
}

/// When events begin.
pub const FROM: Duration = Duration::minutes(10);

impl Incident {
    /// An event of a service from 10m, for a time.
    pub fn new(service: &SmolStr, given: Vec<String>, length: Option<Duration>) -> Self {
        Self {
            given,
            fields: Vec::new(),
            services: BTreeSet::from([service.clone()]),
            from: FROM,
            until: length.map(|length| Duration(FROM.0.saturating_add(length.0))),
        }
    }

    /// Adds a field of the test.
    pub fn with_field(mut self, field: String) -> Self {
        self.fields.push(field);
        self
    }

    /// Moves the main event to the beginning of the test.
    pub fn at_the_beginning(mut self) -> Self {
        self.from = Duration(0);
        self
    }
}
