//! One plan for several destinations.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::ToSpan as _;
use nth_delivery::journal::Journal;
use nth_delivery::{
    ApplyError, ApplyFailure, ApplyOptions, Clock as _, DesiredObject, Lease, LeaseStore as _,
    Phase, Plan, RetryPolicy, Survey, Target, apply,
};

use crate::memory::Memory;
use crate::support::clock::TestClock;
use crate::support::faulty::Faulty;
use crate::support::world::{World as _, desired, folder, group, key, look, owner, plan_of, seed};

/// Routes in another tenant, one of which is not desired any more.
fn routes() -> (Memory, Survey) {
    let mut memory = Memory::new();
    memory.tenant = "routes".to_owned();
    memory.put(&key("old-route"), Some(&owner()), &group("vector(1)"));
    let wanted = DesiredObject {
        key: key("route"),
        phase: Phase::Routes,
        content: group("vector(1)"),
        services: Vec::new(),
    };
    let survey = look(&memory, vec![wanted]);
    (memory, survey)
}

fn run(
    rules: (&Memory, &Survey),
    routes: (&Memory, &Survey),
    plan: &Plan,
    clock: &TestClock,
) -> (Result<usize, Box<ApplyFailure>>, Vec<String>) {
    let changes = Mutex::new(Vec::new());
    let watch = |memory| {
        let mut faulty = Faulty::new(memory, None);
        faulty.at_call = Box::new(|_, call| {
            let is_change = ["write", "delete", "finish"].iter();
            if is_change.clone().any(|word| call.starts_with(word)) {
                changes.lock().unwrap().push(call.to_owned());
            }
        });
        faulty
    };
    let (first, second) = (watch(routes.0), watch(rules.0));
    let targets = [
        Target {
            destination: &first,
            desired: &routes.1.desired,
        },
        Target {
            destination: &second,
            desired: &rules.1.desired,
        },
    ];
    let options = ApplyOptions {
        holder: "ana@ci",
        max_deletes: None,
        lease: Duration::from_secs(60),
        settle: Duration::from_millis(1),
        retry: RetryPolicy::default(),
        health: Duration::ZERO,
        poll: Duration::from_secs(1),
        clock,
        cancel: &AtomicBool::new(false),
    };
    let folder = folder();
    let mut journal = Journal::open(&folder.path().join("journal")).unwrap();
    let result = apply(
        plan,
        &owner(),
        &targets,
        &options,
        &mut journal,
        &mut |_| {},
    );
    drop((first, second));
    let changes = changes.into_inner().unwrap();
    (result.map(|applied| applied.written), changes)
}

/// The rules, the routes, and a plan for both.
fn planned(clock: &TestClock) -> ((Memory, Survey), (Memory, Survey), Plan) {
    let rules = Memory::new();
    seed(&rules);
    let rule_survey = look(&rules, desired());
    let (routes, route_survey) = routes();
    let mut plan = plan_of(&rule_survey, clock.now());
    plan.destinations.push(route_survey.plan.clone());
    ((rules, rule_survey), (routes, route_survey), plan)
}

#[test]
fn what_reads_is_written_after_what_it_reads_and_deletions_come_last() {
    let clock = TestClock::new();
    let ((rules, rule_survey), (routes, route_survey), plan) = planned(&clock);
    let (result, changes) = run(
        (&rules, &rule_survey),
        (&routes, &route_survey),
        &plan,
        &clock,
    );
    assert_eq!(result.unwrap(), 6);
    assert_eq!(
        changes,
        [
            "write changed",
            "write created",
            "finish",
            "write alerts",
            "finish",
            "write route",
            "finish",
            "delete old-route",
            "finish",
            "delete gone",
            "finish",
        ]
    );
}

#[test]
fn two_destinations_are_two_places() {
    let clock = TestClock::new();
    let ((rules, survey), _, plan) = planned(&clock);
    let before = rules.dump();
    let (result, changes) = run((&rules, &survey), (&rules, &survey), &plan, &clock);
    assert_eq!(
        result.unwrap_err().error.to_string(),
        "two destinations are ruler https://mimir.example.com (shop)"
    );
    assert!(changes.is_empty());
    assert_eq!(rules.dump(), before);
}

#[test]
fn nothing_is_written_until_all_leases_are_taken() {
    let clock = TestClock::new();
    let ((rules, rule_survey), (routes, route_survey), plan) = planned(&clock);
    let before = (rules.dump(), routes.dump());
    let other = Lease {
        owner: owner(),
        holder: "ben@laptop".to_owned(),
        token: "other".to_owned(),
        expires: clock.now() + 1.minute(),
    };
    rules.replace_lease(&owner(), None, Some(&other)).unwrap();
    let (result, changes) = run(
        (&rules, &rule_survey),
        (&routes, &route_survey),
        &plan,
        &clock,
    );
    let failure = result.unwrap_err();
    assert!(matches!(failure.error, ApplyError::Delivery { .. }));
    assert_eq!(failure.left, 6);
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!((rules.dump(), routes.dump()), before);
    // The lease that was taken before is given back.
    assert_eq!(routes.read_lease(&owner()).unwrap(), None);
    assert_eq!(rules.read_lease(&owner()).unwrap(), Some(other));
}

#[test]
fn a_lease_is_extended_while_it_is_needed() {
    for has_atomic_leases in [false, true] {
        let memory = Memory::with_leases(has_atomic_leases);
        seed(&memory);
        let clock = TestClock::new();
        let survey = look(&memory, desired());
        let plan = plan_of(&survey, clock.now());
        let folder = folder();
        let journal = folder.path().join("journal");
        let mut run = crate::support::world::Run::new(&memory, &clock, &journal);
        run.at_call = Some(Box::new(|_, call| {
            // Each operation takes two thirds of the lease.
            if call.starts_with("write") {
                clock.advance(Duration::from_secs(40));
            }
        }));
        let (end, calls) = run.apply(&plan, &survey.desired);
        assert_eq!(end.words(), "done: 4 written, 0 before");
        let taken = calls.iter().filter(|call| *call == "take lease");
        assert_eq!(taken.count(), 4);
        assert_eq!(memory.read_lease(&owner()).unwrap(), None);
    }
}
