//! An incident that a test describes.

use std::collections::BTreeSet;

use jiff::civil::Date;
use nth_model::Duration;
use nth_model::test::Event;
use smol_str::SmolStr;

/// Something that happens for a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Happening {
    /// What happens.
    pub event: Event,
    /// When it begins.
    pub from: Duration,
    /// How long it lasts; `None` until the end, and for what happens at one time.
    pub length: Option<Duration>,
}

impl Happening {
    /// Something that happens from [`FROM`] on, for a time.
    pub fn new(event: Event, length: Option<Duration>) -> Self {
        Self {
            event,
            from: FROM,
            length,
        }
    }

    /// Something that is so from the beginning to the end.
    pub fn always(event: Event) -> Self {
        Self {
            event,
            from: Duration(0),
            length: None,
        }
    }
}

/// The time of day or of the week at which an incident begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beginning {
    /// Minutes since midnight.
    Day(u16),
    /// Minutes since Monday 00:00.
    Week(u16),
}

/// When an incident is, and how long it is watched, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct When {
    /// The time at which it begins.
    pub at: Option<Beginning>,
    /// The day.
    pub date: Option<Date>,
    /// The zone of both.
    pub zone: Option<String>,
    /// How long it is watched.
    pub length: Option<Duration>,
}

/// What happens, in the terms of tests. The series of its events are without the labels of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Incident {
    /// The events, in order.
    pub given: Vec<Happening>,
    /// When it is.
    pub when: When,
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
    /// An event of a service from [`FROM`], for a time.
    pub fn new(service: &SmolStr, given: Vec<Happening>, length: Option<Duration>) -> Self {
        Self {
            given,
            when: When::default(),
            services: BTreeSet::from([service.clone()]),
            from: FROM,
            until: length.map(|length| Duration(FROM.0.saturating_add(length.0))),
        }
    }

    /// Sets how long it is watched.
    #[must_use]
    pub fn lasting(mut self, length: Duration) -> Self {
        self.when.length = Some(length);
        self
    }

    /// Moves the main event to the beginning of the test.
    #[must_use]
    pub fn at_the_beginning(mut self) -> Self {
        self.from = Duration(0);
        self
    }
}
