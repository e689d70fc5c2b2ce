//! Finds parts of a test that contradict each other.

use super::Lowering;
use super::events::{Happening, counts_events};
use crate::codes;
use crate::db::Diag;
use crate::eval::Instance;
use crate::schema::names::{field, kind};
use nth_model::test::{Event, Expectation, History, Outcome, SloRef, Subject};

impl<'a> Lowering<'a> {
    /// Reports events that cannot happen at the same time, or before this test.
    pub(super) fn check_contradictions(&mut self, happenings: &[&Happening<'a>]) {
        for (number, second) in happenings.iter().enumerate() {
            let mut before = happenings.iter().take(number);
            let first = before
                .find(|first| first.overlaps_or_precedes(second) && self.contradict(first, second));
            if let Some(first) = first {
                self.report_contradiction(first, second);
            }
        }
        if super::history(self.test) != Some(History::None) {
            return;
        }
        let consumed = happenings
            .iter()
            .find(|happening| matches!(happening.given.event, Event::BudgetLeft { .. }));
        if let Some(consumed) = consumed {
            let found = Diag::new(
                &codes::TEST_CONTRADICTION,
                format!(
                    "event `{}` needs a past, but the test has none",
                    consumed.given.name
                ),
                consumed.block.head,
            )
            .because(self.test.span_of(field::HISTORY), "no past")
            .help("remove `history = none`");
            self.wrong(consumed.block, found);
        }
    }

    fn report_contradiction(&mut self, first: &Happening<'a>, second: &Happening<'a>) {
        let mut found = Diag::new(
            &codes::TEST_CONTRADICTION,
            format!(
                "events `{}` and `{}` contradict each other",
                first.given.name, second.given.name
            ),
            self.test.place_of(second.block, second.block.head),
        )
        .because(
            self.test.place_of(first.block, first.block.head),
            "the other event",
        );
        found = match (&first.given.event, &second.given.event) {
            (Event::BudgetLeft { .. }, _) => found
                .label("the error budget of the same SLO")
                .help("remove one of them"),
            (Event::Series { .. }, _) => found
                .label("the same series at the same time")
                .help("write all of its values in one of them"),
            (Event::Traffic { rate, .. }, Event::Errors { .. } | Event::Latency { .. })
            | (Event::Errors { .. } | Event::Latency { .. }, Event::Traffic { rate, .. })
                if rate.is_zero() =>
            {
                found
                    .label("at the same time: without traffic, no event is bad")
                    .help("end one before the other begins, with `for` and `from`")
            }
            _ => found
                .label("at the same time")
                .help("end one before the other begins, with `for` and `from`"),
        };
        self.wrong(second.block, found);
    }

    /// True if two events that overlap determine the same thing.
    fn contradict(&self, first: &Happening<'_>, second: &Happening<'_>) -> bool {
        let (one, other) = (&first.given.event, &second.given.event);
        match (one, other) {
            (Event::Traffic { service: left, .. }, Event::Traffic { service: right, .. })
            | (
                Event::NoData { service: left } | Event::TargetDown { service: left },
                Event::NoData { service: right } | Event::TargetDown { service: right },
            ) => left == right,
            (Event::BudgetLeft { slo: left, .. }, Event::BudgetLeft { slo: right, .. }) => {
                left == right
            }
            (Event::Series { series: left, .. }, Event::Series { series: right, .. }) => {
                left == right
            }
            (Event::Traffic { service, rate }, _) if rate.is_zero() => {
                self.needs_traffic(second, service)
            }
            (_, Event::Traffic { service, rate }) if rate.is_zero() => {
                self.needs_traffic(first, service)
            }
            _ => match (bad_slo(one), bad_slo(other)) {
                (Some(left), Some(right)) => left == right,
                (Some(slo), None) => breaks(second, slo),
                (None, Some(slo)) => breaks(first, slo),
                (None, None) => false,
            },
        }
    }

    /// True if an event makes events of a service bad, which do not exist without traffic.
    fn needs_traffic(&self, happening: &Happening<'_>, service: &str) -> bool {
        let Some(slo) = bad_slo(&happening.given.event) else {
            return false;
        };
        if slo.service != service {
            return false;
        }
        let crate::eval::Value::Block(named) = happening.block.get(field::SLO) else {
            return false;
        };
        let environment = self.environment.cloned();
        let lowered = super::service_model(self.db, self.workspace, named.item, environment);
        let slos = lowered.service.iter().flat_map(|service| &service.slos);
        slos.filter(|known| known.name == slo.slo)
            .any(counts_events)
    }

    /// Reports an alert that must fire and must not.
    pub(super) fn check_contradicting_expectations(&mut self, expect: &[Option<Expectation>]) {
        let blocks: Vec<&Instance> = self.test.children_of(kind::EXPECT).collect();
        let known: Vec<(&Instance, &Outcome)> = blocks
            .into_iter()
            .zip(expect)
            .filter_map(|(block, expected)| Some((block, &expected.as_ref()?.outcome)))
            .collect();
        for (silent, outcome) in &known {
            let Outcome::Silent { subject } = outcome else {
                continue;
            };
            let fires = known.iter().find(|(_, other)| match other {
                Outcome::Fires { subject: other, .. }
                | Outcome::Resolved { subject: other, .. } => covers(subject, other),
                _ => false,
            });
            if let Some((fires, _)) = fires {
                let found = Diag::new(
                    &codes::TEST_CONTRADICTION,
                    format!(
                        "expectations `{}` and `{}` contradict each other",
                        fires.name, silent.name
                    ),
                    self.test.place_of(silent, silent.head),
                )
                .label("none of these alerts fires")
                .because(self.test.place_of(fires, fires.head), "one of them fires")
                .help("remove one of them: `silent` is for the whole test");
                self.wrong(silent, found);
            }
        }
    }
}

impl Happening<'_> {
    /// True if both happen at one time. What was before the test has no time.
    fn overlaps_or_precedes(&self, other: &Self) -> bool {
        matches!(self.given.event, Event::BudgetLeft { .. }) || self.overlaps(other)
    }
}

/// The SLO whose events an event makes bad.
fn bad_slo(event: &Event) -> Option<&SloRef> {
    match event {
        Event::Errors { slo, .. } | Event::Latency { slo, .. } => Some(slo),
        _ => None,
    }
}

/// True if an event makes all events of an SLO bad.
fn breaks(happening: &Happening<'_>, slo: &SloRef) -> bool {
    matches!(happening.given.event, Event::DependencyDown { .. })
        && happening.services.contains(&slo.service)
}

/// True if all alerts of the second subject are among those of the first.
fn covers(all: &Subject, some: &Subject) -> bool {
    match (all, some) {
        (Subject::Service(service), Subject::Slo(slo)) => *service == slo.service,
        (Subject::Service(service), Subject::Alert { service: other, .. }) => service == other,
        _ => all == some,
    }
}
