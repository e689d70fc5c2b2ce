//! Faults over a real Cortex: the process is killed at each call, and each request meets each trouble.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::proxy::Trouble;
use crate::server::Server;
use crate::support::faulty::Fault;
use crate::support::laws::{with_fault, with_faults, without_fault};

/// Runs cases on as many threads as there are processors.
fn in_parallel(cases: usize, run: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= cases {
                        break;
                    }
                    run(case);
                }
            });
        }
    });
}

#[test]
fn a_process_that_is_killed_at_each_call_is_resumed() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let (planned, calls) = without_fault(&server.tenant());
    let faults = [Fault::KilledBefore, Fault::KilledAfter, Fault::Cancelled];
    in_parallel(faults.len() * calls.len(), &|case| {
        let (fault, at) = (faults[case / calls.len()], case % calls.len());
        with_fault(&server.tenant(), &planned, at, fault);
    });
}

#[test]
fn each_trouble_with_each_request_is_survived() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let first = server.tenant();
    let (planned, _) = without_fault(&first);
    // The requests of an apply, from the first of the lease.
    let requests = first.proxy.requests();
    let lease = requests
        .iter()
        .position(|request| request.contains("/nthc-lease/"))
        .unwrap();
    let requests = &requests[lease..];
    assert!(requests.len() > 12, "{requests:?}");
    let repeated = [
        Trouble::LostBefore,
        Trouble::LostAfter,
        Trouble::Error500,
        Trouble::TooMany,
        Trouble::Slow,
    ];
    let fatal = [Trouble::Unauthorized, Trouble::LoginPage, Trouble::NotThere];
    let troubles: Vec<Trouble> = repeated.into_iter().chain(fatal).collect();
    in_parallel(troubles.len() * requests.len(), &|case| {
        let (trouble, at) = (troubles[case / requests.len()], case % requests.len());
        let tenant = server.tenant();
        let what = format!("{trouble:?} at {}", requests[at]);
        let arm = || tenant.proxy.arm(at, trouble);
        let outcome = with_faults(&tenant, &planned, &what, None, &arm);
        if repeated.contains(&trouble) {
            assert!(outcome.end.starts_with("done: "), "{what}: {}", outcome.end);
            assert_eq!(outcome.far, "++++", "{what}");
        } else {
            assert!(
                !outcome.end.starts_with("done: "),
                "{what}: {}",
                outcome.end
            );
        }
    });
}
