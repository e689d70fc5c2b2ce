//! What others do between a plan and its apply, and during it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use nth_delivery::{Clock as _, SourceState};

use crate::memory::Memory;
use crate::support::clock::TestClock;
use crate::support::laws::without_fault;
use crate::support::world::{
    End, Run, World, desired, folder, group, key, look, look_with, other_project, owner, plan_of,
    seed,
};

/// Seeds a world, plans, lets someone do something, and applies. Returns the world and the end.
fn after_plan(meanwhile: impl Fn(&Memory)) -> (Memory, String) {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    meanwhile(&memory);
    let folder = folder();
    let journal = folder.path().join("journal");
    let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
    (memory, end.words())
}

const AT: &str = "of ruler https://mimir.example.com (shop) has changed since the plan";

#[test]
fn an_object_that_was_edited_since_the_plan_is_kept() {
    let edited = group("vector(99)");
    for (name, left) in [("changed", 4), ("gone", 1)] {
        let (memory, end) = after_plan(|memory| memory.put(&key(name), Some(&owner()), &edited));
        assert_eq!(end, format!("rule group shop/{name} {AT}, {left} left"));
        let live = &memory.dump()[&format!("rule group shop/{name}")];
        assert!(live.contains("vector(99)"), "{live}");
    }
}

#[test]
fn an_object_that_someone_else_took_is_kept() {
    for other in [None, Some(other_project())] {
        for (name, left) in [("changed", 4), ("created", 3), ("gone", 1)] {
            // With the content that the plan expects, or wants: only the mark is another one.
            for content in [group("vector(1)"), group("vector(3)")] {
                let put = |memory: &Memory| memory.put(&key(name), other.as_ref(), &content);
                let (memory, end) = after_plan(put);
                assert_eq!(end, format!("rule group shop/{name} {AT}, {left} left"));
                let expected = Memory::new();
                put(&expected);
                let place = format!("rule group shop/{name}");
                assert_eq!(memory.dump()[&place], expected.dump()[&place]);
            }
        }
    }
}

#[test]
fn an_object_that_was_deleted_since_the_plan_is_planned_again() {
    let (memory, end) = after_plan(|memory| memory.remove(&key("changed")));
    assert_eq!(end, format!("rule group shop/changed {AT}, 4 left"));
    assert!(!memory.dump().contains_key("rule group shop/changed"));
    // What the plan deletes may be gone.
    let (_, end) = after_plan(|memory| memory.remove(&key("gone")));
    assert_eq!(end, "done: 3 written, 1 before");
}

#[test]
fn an_edit_at_the_moment_of_the_write_is_a_conflict() {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let mut run = Run::new(&memory, &clock, &journal);
    run.at_call = Some(Box::new(|_, call| {
        if call == "write changed" {
            memory.put(&key("changed"), Some(&owner()), &group("vector(99)"));
        }
    }));
    let (end, _) = run.apply(&plan, &survey.desired);
    assert_eq!(end.words(), format!("rule group shop/changed {AT}, 4 left"));
    assert!(memory.dump()["rule group shop/changed"].contains("vector(99)"));
}

#[test]
fn an_edit_during_the_apply_is_found_at_its_end() {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let mut run = Run::new(&memory, &clock, &journal);
    run.at_call = Some(Box::new(|_, call| {
        if call == "read gone" {
            memory.put(&key("changed"), Some(&owner()), &group("vector(99)"));
        }
    }));
    let (end, _) = run.apply(&plan, &survey.desired);
    assert_eq!(
        end.words(),
        "rule group shop/changed of ruler https://mimir.example.com (shop) was written, and is another one now, 0 left"
    );
}

#[test]
fn two_applies_do_not_meet() {
    for has_atomic_leases in [false, true] {
        let memory = Memory::with_leases(has_atomic_leases);
        let (planned, calls) = without_fault(&Memory::new());
        let last = calls
            .iter()
            .rposition(|call| call == "return lease")
            .unwrap();
        seed(&memory);
        let clock = TestClock::new();
        let survey = look(&memory, desired());
        let plan = plan_of(&survey, clock.now());
        let folder = folder();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        let ends = Mutex::new(Vec::new());
        let mut run = Run::new(&memory, &clock, &ours);
        run.at_call = Some(Box::new(|number, _| {
            // After the lease is taken and read again.
            if number > 2 && number < last {
                let mut other = Run::new(&memory, &clock, &theirs);
                other.holder = "ben@laptop";
                let (end, calls) = other.apply(&plan, &survey.desired);
                assert_eq!(calls, ["read lease"]);
                ends.lock().unwrap().push(end.words());
            }
        }));
        let (end, _) = run.apply(&plan, &survey.desired);
        assert_eq!(end.words(), "done: 4 written, 0 before");
        assert_eq!(memory.dump(), planned);
        let ends = ends.into_inner().unwrap();
        assert!(ends.len() > 10);
        for end in ends {
            let expected = "ruler https://mimir.example.com (shop): ana@ci applies at this moment, until 2026-03-01T10:01:00.";
            assert!(
                end.starts_with(expected) || end.contains("10:01:00Z"),
                "{end}"
            );
        }
    }
}

#[test]
fn who_lost_the_lease_writes_nothing_more() {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let their_end = Mutex::new(String::new());
    let mut run = Run::new(&memory, &clock, &ours);
    run.at_call = Some(Box::new(|_, call| {
        // A machine that slept for longer than the lease.
        if call == "write changed" && their_end.lock().unwrap().is_empty() {
            clock.advance(Duration::from_secs(120));
            let mut other = Run::new(&memory, &clock, &theirs);
            other.holder = "ben@laptop";
            let (end, _) = other.apply(&plan, &survey.desired);
            *their_end.lock().unwrap() = end.words();
        }
    }));
    let (end, calls) = run.apply(&plan, &survey.desired);
    assert_eq!(*their_end.lock().unwrap(), "done: 4 written, 0 before");
    assert!(end.words().contains("the lease is lost"), "{}", end.words());
    let writes = calls.iter().filter(|call| call.starts_with("write"));
    assert_eq!(writes.count(), 1);
}

#[test]
fn a_lease_of_a_dead_run_expires() {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let (end, _) = Run::new(&memory, &clock, &ours)
        .fault(5, crate::support::faulty::Fault::KilledAfter)
        .apply(&plan, &survey.desired);
    assert!(matches!(end, End::Killed));
    let (end, _) = Run::new(&memory, &clock, &theirs).apply(&plan, &survey.desired);
    assert!(
        end.words().contains("applies at this moment"),
        "{}",
        end.words()
    );
    clock.advance(Duration::from_secs(61));
    let (end, _) = Run::new(&memory, &clock, &theirs).apply(&plan, &survey.desired);
    assert!(end.is_done(), "{}", end.words());
}

#[test]
fn an_edit_since_the_last_apply_is_drift() {
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let path = folder.path().join("journal");
    let (end, _) = Run::new(&memory, &clock, &path).apply(&plan, &survey.desired);
    assert!(end.is_done());
    memory.put(&key("created"), Some(&owner()), &group("vector(99)"));
    memory.remove(&key("alerts"));
    let entries = nth_delivery::journal::read_journal(&path).unwrap();
    let target = survey.plan.target.clone();
    let applied = nth_delivery::journal::applied(&entries, &owner(), &target);
    let options = nth_delivery::SurveyOptions {
        source: SourceState::Complete,
        adopt: &BTreeSet::new(),
        applied: Some(&applied),
        retry: nth_delivery::RetryPolicy::default(),
        clock: &clock,
        cancel: &std::sync::atomic::AtomicBool::new(false),
    };
    let found = nth_delivery::survey(&memory, &owner(), desired(), &options).unwrap();
    let drift: Vec<_> = found
        .plan
        .drift
        .iter()
        .map(|drift| (drift.key.name.as_str(), drift.live.is_some()))
        .collect();
    assert_eq!(drift, [("alerts", false), ("created", true)]);
    let adopted = look_with(&memory, desired(), SourceState::Complete, &BTreeSet::new());
    assert_eq!(adopted.plan.operations, found.plan.operations);
}
