//! Plans that must not be applied, and destinations that must not be changed.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::ToSpan as _;
use nth_delivery::{Action, Clock as _, Health, Plan, PlanError, SourceState};

use crate::memory::Memory;
use crate::support::clock::TestClock;
use crate::support::world::{
    Run, World, desired, folder, group, key, look, look_with, other_environment, other_project,
    plan_of, seed,
};

/// Plans in a seeded world, changes the plan or the world, and applies: nothing may be written. Returns the end.
fn refused(change: impl FnOnce(&mut Plan, &mut Memory)) -> String {
    let mut memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let mut plan = plan_of(&survey, clock.now());
    change(&mut plan, &mut memory);
    let before = memory.dump();
    let folder = folder();
    let journal = folder.path().join("journal");
    let (end, calls) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
    assert!(!end.is_done());
    assert_eq!(memory.dump(), before);
    assert_eq!(calls, [""; 0], "nothing is asked");
    end.words()
}

#[test]
fn a_plan_is_for_one_time_owner_and_place() {
    assert_eq!(
        refused(|plan, _| plan.expires = plan.created - 1.second()),
        "the plan expired at 2026-03-01T09:59:59Z, 4 left"
    );
    assert_eq!(
        refused(|plan, _| plan.owner = other_environment()),
        "the plan is for shop/staging, not for shop/production, 4 left"
    );
    assert_eq!(
        refused(|_, memory| memory.tenant = "bank".to_owned()),
        "the plan has ruler https://mimir.example.com (shop), and the settings do not, 4 left"
    );
    assert_eq!(
        refused(|plan, _| plan.destinations.clear()),
        "the settings have ruler https://mimir.example.com (shop), and the plan does not, 0 left"
    );
}

#[test]
fn a_change_that_was_not_reviewed_is_not_applied() {
    // The files have other contents than the plan.
    assert_eq!(
        refused(|plan, _| {
            let wanted = nth_delivery::ContentHash::compute(&group("vector(98)"));
            plan.destinations[0].operations[0].wanted = Some(wanted);
        }),
        "the files have changed since the plan: rule group shop/changed, 4 left"
    );
    // A deletion of what the files have.
    assert_eq!(
        refused(|plan, _| {
            plan.destinations[0].operations[0].action = Action::Delete;
        }),
        "the files have changed since the plan: rule group shop/changed, 4 left"
    );
}

#[test]
fn an_unknown_document_is_no_plan() {
    let memory = Memory::new();
    let plan = plan_of(&look(&memory, desired()), TestClock::new().now());
    let text = plan.to_json().unwrap();
    assert_eq!(Plan::from_json(&text), Ok(plan));
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    assert_eq!(
        Plan::from_json(&newer),
        Err(PlanError::Version { found: 2 })
    );
    let unknown = text.replace("\"compiler\"", "\"force\": true, \"compiler\"");
    for text in [unknown.as_str(), "{}", "[]", "", "groups: []", &text[..100]] {
        assert!(
            matches!(Plan::from_json(text), Err(PlanError::NotAPlan { .. })),
            "{text}"
        );
    }
    insta::assert_snapshot!("plan", text);
}

#[test]
fn a_foreign_object_of_the_same_name_is_not_touched() {
    for (other, words) in [
        (None, "is not managed by nthc"),
        (Some(other_project()), "belongs to bank"),
        (Some(other_environment()), "belongs to shop/staging"),
    ] {
        let memory = Memory::new();
        seed(&memory);
        memory.put(&key("created"), other.as_ref(), &group("vector(50)"));
        let before = memory.dump();
        let clock = TestClock::new();
        let survey = look(&memory, desired());
        assert_eq!(survey.plan.foreign.len(), 1);
        let plan = plan_of(&survey, clock.now());
        let folder = folder();
        let journal = folder.path().join("journal");
        let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
        assert_eq!(
            end.words(),
            format!(
                "rule group shop/created of ruler https://mimir.example.com (shop) {words}, 3 left"
            )
        );
        assert_eq!(memory.dump(), before);
        // By name, what bears no mark is adopted, and nothing else.
        let adopt = BTreeSet::from([key("created"), key("by-hand")]);
        let survey = look_with(&memory, desired(), SourceState::Complete, &adopt);
        let plan = plan_of(&survey, clock.now());
        let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
        assert_eq!(end.is_done(), other.is_none(), "{}", end.words());
        let by_hand = "rule group shop/by-hand";
        assert_eq!(memory.dump()[by_hand], before[by_hand]);
    }
}

#[test]
fn nothing_is_deleted_unless_the_source_is_complete() {
    let memory = Memory::new();
    seed(&memory);
    let look = |wanted, source| {
        let plan = look_with(&memory, wanted, source, &BTreeSet::new()).plan;
        let kept: Vec<String> = plan.kept.iter().map(|key| key.name.clone()).collect();
        (plan.deletions(), kept.join(" "))
    };
    let kept = |deletions, kept: &str| (deletions, kept.to_owned());
    assert_eq!(look(desired(), SourceState::Complete), kept(1, ""));
    assert_eq!(look(desired(), SourceState::Incomplete), kept(0, "gone"));
    assert_eq!(
        look(vec![], SourceState::Complete),
        kept(0, "changed gone same")
    );
    assert_eq!(
        look(vec![], SourceState::CompleteAndMayBeEmpty),
        kept(3, "")
    );
}

#[test]
fn so_many_deletions_must_be_allowed() {
    let memory = Memory::new();
    seed(&memory);
    let before = memory.dump();
    let clock = TestClock::new();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let mut run = Run::new(&memory, &clock, &journal);
    run.max_deletes = Some(0);
    let (end, _) = run.apply(&plan, &survey.desired);
    assert_eq!(
        end.words(),
        "the plan has 1 deletions, and 0 are allowed, 4 left"
    );
    assert_eq!(memory.dump(), before);
}

#[test]
fn a_limit_is_found_before_and_by_the_server() {
    let memory = Memory::new();
    seed(&memory);
    let before = memory.dump();
    let clock = TestClock::new();
    let folder = folder();
    let journal = folder.path().join("journal");
    memory.limits.lock().unwrap().0 = Some(3);
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
    assert_eq!(
        end.words(),
        "ruler https://mimir.example.com (shop) allows 3 for `max_objects`, and all together needs 4, 4 left"
    );
    assert_eq!(memory.dump(), before);
    // One that it does not publish.
    *memory.limits.lock().unwrap() = (None, Some(7));
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, clock.now());
    let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
    assert_eq!(
        end.words(),
        "rule group shop/alerts: ruler https://mimir.example.com (shop): a limit of the server is exceeded: too many objects, 2 left"
    );
    memory.limits.lock().unwrap().1 = None;
    let (end, _) = Run::new(&memory, &clock, &journal).apply(&plan, &survey.desired);
    assert_eq!(end.words(), "done: 2 written, 2 before");
}

#[test]
fn an_apply_ends_when_all_is_healthy() {
    let run = |health: Health| {
        let memory = Memory::new();
        seed(&memory);
        let clock = TestClock::new();
        let survey = look(&memory, desired());
        let plan = plan_of(&survey, clock.now());
        memory
            .health
            .lock()
            .unwrap()
            .insert("created".to_owned(), health);
        let folder = folder();
        let journal = folder.path().join("journal");
        let mut run = Run::new(&memory, &clock, &journal);
        run.health = Duration::from_secs(30);
        run.apply(&plan, &survey.desired).0.words()
    };
    let here = "of ruler https://mimir.example.com (shop)";
    assert_eq!(run(Health::Healthy), "done: 4 written, 0 before");
    assert_eq!(run(Health::NoData), "done: 4 written, 0 before");
    assert_eq!(run(Health::Unknown), "done: 4 written, 0 before");
    assert_eq!(
        run(Health::Pending),
        "applied to ruler https://mimir.example.com (shop), and not evaluated in time: rule group shop/created, 0 left"
    );
    let error = "shop:thing:ratio: vector contains metrics with the same labelset".to_owned();
    assert_eq!(
        run(Health::Failing {
            error: error.clone()
        }),
        format!("rule group shop/created {here} is applied and fails: {error}, 0 left")
    );
}
