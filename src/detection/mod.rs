//! How the alerts of SLOs react to typical incidents: the one place where commands, runbooks, the preview and the editor
//! simulate it, so that all of them show the same numbers.

mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rayon::prelude::*;

use crate::ir::detection::Reaction;
use crate::ir::test::SloRef;
use crate::ir::{Project, Service, Settings, Slo, TargetName};
use crate::stack::STACK;

pub use words::{is_reason, parts, sentence};

/// Simulates an SLO in the environment of the settings.
pub fn reaction(service: &Service, slo: &Slo, settings: &Settings) -> Reaction {
    nth_simulate::detection_of(service, slo, settings).map_err(|error| (&error).into())
}

/// Returns the name of an SLO.
pub fn reference(service: &Service, slo: &Slo) -> SloRef {
    SloRef {
        service: service.name.clone(),
        slo: slo.name.clone(),
        group: BTreeMap::new(),
    }
}

/// Adds the reactions of these services to their project, if its runbooks show them.
pub(crate) fn with_reactions<'p>(
    project: &'p Project<'p>,
    services: &[&Service],
    settings: &Settings,
) -> Cow<'p, Project<'p>> {
    if !settings.docs.detection || !settings.targets.contains(&TargetName::Docs) {
        return Cow::Borrowed(project);
    }
    let slos = services.par_iter().flat_map_iter(|service| {
        let slos = service.slos.iter();
        slos.map(|slo| {
            let found = CACHE.reaction(service, slo, settings);
            (reference(service, slo), Reaction::clone(&found))
        })
    });
    let reactions: Vec<(SloRef, Reaction)> = slos.collect();
    let reactions: BTreeMap<SloRef, Reaction> = reactions.into_iter().collect();
    Cow::Owned(project.clone().with_detection(reactions))
}

/// The reactions of SLOs that were simulated last, for programs that show the same ones again.
static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// How many reactions are kept.
const MOST: usize = 512;

/// How many simulations may wait to be run in the background.
const MOST_WAITING: usize = 64;

/// What a reaction depends on: the service with this SLO alone, and the settings.
type Input = (Service, Settings);

/// Reactions by their inputs.
#[derive(Debug, Default)]
struct Cache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<Input, Arc<Reaction>>,
    /// The inputs of `known`, the oldest first.
    order: VecDeque<Input>,
    /// What is to be simulated in the background.
    waiting: VecDeque<Input>,
    is_running: bool,
}

/// Returns the reaction of an SLO if it was simulated before; otherwise `None`, and it is simulated in the background.
pub fn known_or_later(service: &Service, slo: &Slo, settings: &Settings) -> Option<Arc<Reaction>> {
    CACHE.known_or_later(input(service, slo, settings))
}

/// Returns the reaction of an SLO, which is only simulated if it is not known.
pub fn known_or_now(service: &Service, slo: &Slo, settings: &Settings) -> Arc<Reaction> {
    CACHE.reaction(service, slo, settings)
}

fn input(service: &Service, slo: &Slo, settings: &Settings) -> Input {
    (nth_simulate::alone(service, slo), settings.clone())
}

/// Simulates the SLO of a service that has no other.
fn simulate((service, settings): &Input) -> Option<Arc<Reaction>> {
    let slo = service.slos.first()?;
    Some(Arc::new(reaction(service, slo, settings)))
}

impl Cache {
    fn reaction(&self, service: &Service, slo: &Slo, settings: &Settings) -> Arc<Reaction> {
        let input = input(service, slo, settings);
        if let Some(known) = self.with(|state| state.known.get(&input).cloned()) {
            return known;
        }
        let found = Arc::new(reaction(service, slo, settings));
        self.with(|state| state.add(input, Arc::clone(&found)));
        found
    }

    fn known_or_later(&'static self, input: Input) -> Option<Arc<Reaction>> {
        self.with(|state| {
            if let Some(known) = state.known.get(&input) {
                return Some(Arc::clone(known));
            }
            if !state.waiting.contains(&input) {
                state.waiting.push_back(input);
                // What was asked for long ago is no longer shown.
                if state.waiting.len() > MOST_WAITING {
                    state.waiting.pop_front();
                }
            }
            if !state.is_running {
                let worker = std::thread::Builder::new().stack_size(STACK);
                state.is_running = worker.spawn(|| self.work()).is_ok();
            }
            None
        })
    }

    /// Simulates what waits, the last one first.
    fn work(&self) {
        loop {
            let next = self.with(|state| {
                let next = state.waiting.back().cloned();
                state.is_running = next.is_some();
                next
            });
            let Some(input) = next else {
                return;
            };
            // The next simulation runs even if this one panics.
            let found = catch_unwind(AssertUnwindSafe(|| simulate(&input)));
            let found = found.ok().flatten();
            self.with(|state| {
                state.waiting.retain(|waiting| *waiting != input);
                if let Some(found) = found {
                    state.add(input, found);
                }
            });
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn add(&mut self, input: Input, found: Arc<Reaction>) {
        if self.known.insert(input.clone(), found).is_none() {
            self.order.push_back(input);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}
