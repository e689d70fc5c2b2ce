//! Each fault at each call: what was live after, and that the same plan is applied again.

use std::fmt::Write as _;

use nth_delivery::Clock as _;

use crate::memory::Memory;
use crate::support::clock::TestClock;
use crate::support::faulty::Fault;
use crate::support::laws::{FAULTS, with_fault, without_fault};
use crate::support::world::{Run, World as _, desired, folder, look, plan_of, seed};

/// The faults after which the same run goes on.
const REPEATED: [Fault; 4] = [
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Unavailable,
    Fault::RateLimited,
];

#[test]
fn a_fault_at_each_call_changes_nothing_else_and_is_resumed() {
    let (planned, calls) = without_fault(&Memory::new());
    let mut table = String::new();
    for fault in FAULTS {
        let mut lines = Vec::new();
        for at in 0..calls.len() {
            let outcome = with_fault(&Memory::new(), &planned, at, fault);
            if REPEATED.contains(&fault) {
                assert!(outcome.end.starts_with("done: "), "{}", outcome.end);
                assert_eq!(outcome.far, "++++");
            }
            let journal = match outcome.journal {
                Some((done, open)) => format!("{done} done, {open} open"),
                None => "finished".to_owned(),
            };
            let line = format!(
                "{} | {journal:<14} | {} | again: {}",
                outcome.far, outcome.end, outcome.resumed
            );
            lines.push((outcome.call, line));
        }
        let _ = writeln!(table, "{fault:?}");
        let is_one = lines.iter().all(|(_, line)| *line == lines[0].1);
        let shown = if is_one {
            &mut lines[..1]
        } else {
            &mut lines[..]
        };
        if is_one {
            shown[0].0 = "(each call)".to_owned();
        }
        for (call, line) in shown {
            let _ = writeln!(table, "  {call:<14} {line}");
        }
    }
    insta::assert_snapshot!("matrix", table);
}

#[test]
fn a_process_is_killed_at_each_call_with_leases_in_one_step() {
    let (planned, calls) = without_fault(&Memory::with_leases(true));
    for fault in [Fault::LostAfter, Fault::KilledBefore, Fault::KilledAfter] {
        for at in 0..calls.len() {
            let outcome = with_fault(&Memory::with_leases(true), &planned, at, fault);
            let is_done = outcome.end.starts_with("done: ");
            assert_eq!(is_done, fault == Fault::LostAfter, "{}", outcome.end);
        }
    }
}

#[test]
fn a_server_that_asks_to_wait_is_not_asked_before() {
    let (_, calls) = without_fault(&Memory::new());
    let write = calls
        .iter()
        .position(|call| call == "write created")
        .unwrap();
    let (planned, _) = without_fault(&Memory::new());
    let memory = Memory::new();
    seed(&memory);
    let clock = TestClock::new();
    let start = clock.now();
    let survey = look(&memory, desired());
    let plan = plan_of(&survey, start);
    let folder = folder();
    let journal = folder.path().join("journal");
    let (end, _) = Run::new(&memory, &clock, &journal)
        .fault(write, Fault::RateLimited)
        .apply(&plan, &survey.desired);
    assert!(end.is_done());
    assert_eq!(memory.dump(), planned);
    assert!(clock.now().duration_since(start).as_secs() >= 7);
}
