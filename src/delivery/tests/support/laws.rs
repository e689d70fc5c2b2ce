//! What holds after every fault.

use std::collections::BTreeMap;

use nth_delivery::{Clock, Plan, Survey};

use super::clock::TestClock;
use super::faulty::Fault;
use super::world::{
    End, FOREIGN, Run, STEPS, World, desired, folder, left_in, look, plan_of, seed,
};

pub type Dump = BTreeMap<String, String>;

/// All faults that happen at a call.
pub const FAULTS: [Fault; 11] = [
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::KilledBefore,
    Fault::KilledAfter,
    Fault::Unavailable,
    Fault::RateLimited,
    Fault::RateLimitedForLong,
    Fault::Unauthorized,
    Fault::Html,
    Fault::Rejected,
    Fault::Cancelled,
];

/// Asserts that nobody else's object was touched, that each of ours is as it was before or as it was reviewed, and that they were
/// written in order. Returns how far the plan got: a letter for each step, `-` before and `+` after it.
pub fn assert_safe(before: &Dump, after: &Dump, planned: &Dump, what: &str) -> String {
    let state = |dump: &Dump, name: &str| {
        let found = dump
            .iter()
            .find(|(key, _)| key.ends_with(&format!("/{name}")));
        found.map(|(_, object)| object.clone())
    };
    for name in FOREIGN.iter().chain(["same"].iter()) {
        assert!(state(before, name).is_some(), "{name}");
        assert_eq!(state(before, name), state(after, name), "{what}: {name}");
    }
    let mut far = String::new();
    for name in STEPS {
        let now = state(after, name);
        if now == state(planned, name) {
            far.push('+');
        } else {
            assert_eq!(now, state(before, name), "{what}: {name}");
            far.push('-');
        }
    }
    assert!(!far.contains("-+"), "{what}: out of order: {far}");
    let known = before.keys().chain(planned.keys());
    let known: Vec<_> = known.collect();
    assert!(after.keys().all(|key| known.contains(&key)), "{what}");
    far
}

/// The outcome of a fault at a call.
pub struct Outcome {
    pub call: String,
    pub end: String,
    /// How far the plan got.
    pub far: String,
    /// What the journal says: done, and started without an end.
    pub journal: Option<(usize, usize)>,
    /// The end of the next apply of the same plan.
    pub resumed: String,
}

/// What a plan leaves behind without a fault, and the calls that it needs.
pub fn without_fault(world: &dyn World) -> (Dump, Vec<String>) {
    seed(world);
    let clock = TestClock::new();
    let survey = look(world, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let (end, calls) = Run::new(world, &clock, &journal).apply(&plan, &survey.desired);
    assert_eq!(end.words(), "done: 4 written, 0 before");
    assert_eq!(left_in(&journal), None);
    (world.dump(), calls)
}

/// Applies a plan with a fault, then again without: the second time all is as planned, and a third time nothing is written.
pub fn with_fault(world: &dyn World, planned: &Dump, at: usize, fault: Fault) -> Outcome {
    let what = format!("{fault:?}");
    with_faults(world, planned, &what, Some((at, fault)), &|| {})
}

/// As [`with_fault`], or with what `arm` prepares right before the apply.
pub fn with_faults(
    world: &dyn World,
    planned: &Dump,
    what: &str,
    fault: Option<(usize, Fault)>,
    arm: &dyn Fn(),
) -> Outcome {
    seed(world);
    let clock = TestClock::new();
    let before = world.dump();
    let survey = look(world, desired());
    assert_eq!(world.dump(), before, "a survey changes nothing");
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    arm();
    let mut run = Run::new(world, &clock, &journal);
    run.fault = fault;
    let (end, calls) = run.apply(&plan, &survey.desired);
    let call = fault.and_then(|(at, _)| calls.get(at)).cloned();
    let call = call.unwrap_or_default();
    let what = format!("{what} {fault:?} ({call}): {}", end.words());
    let far = assert_safe(&before, &world.dump(), planned, &what);
    let left = left_in(&journal);
    if let (Some((done, open)), End::Killed) = (left, &end) {
        let live = far.matches('+').count();
        assert!(done <= live && live <= done + open, "{what}: {left:?}");
    }
    let resumed = assert_resumes(world, &clock, &journal, (&plan, &survey), planned, &what);
    Outcome {
        call,
        end: end.words(),
        far,
        journal: left,
        resumed,
    }
}

/// Applies a plan again: all is as planned, and a third time nothing is written.
pub fn assert_resumes(
    world: &dyn World,
    clock: &dyn Clock,
    journal: &std::path::Path,
    (plan, survey): (&Plan, &Survey),
    planned: &Dump,
    what: &str,
) -> String {
    let (end, _) = Run::new(world, clock, journal).apply(plan, &survey.desired);
    assert!(end.is_done(), "{what}, then {}", end.words());
    assert_eq!(&world.dump(), planned, "{what}");
    let writes = world.writes();
    let again = look(world, desired());
    assert!(again.plan.operations.is_empty(), "{what}: {again:?}");
    assert_eq!(again.plan.unchanged, 4, "{what}");
    let nothing = plan_of(&again, clock.now());
    let (third, calls) = Run::new(world, clock, journal).apply(&nothing, &again.desired);
    assert_eq!(third.words(), "done: 0 written, 0 before", "{what}");
    assert!(calls.is_empty(), "{what}: {calls:?}");
    assert_eq!(world.writes(), writes, "{what}");
    end.words()
}
