//! Faults over a real Cortex: the process is killed at each call, and each request meets each trouble.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::proxy::Trouble;
use crate::server::{Server, Tenant};
use crate::support::faulty::Fault;
use crate::support::laws::{with_fault, with_faults, without_fault};

/// The number of cases at a time, which mostly wait.
const THREADS: usize = 6;

/// Runs cases on several threads.
fn in_parallel(cases: usize, run: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
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

/// A tenant of a server that publishes no limits, as reading them takes long.
fn tenant(server: &Server) -> Tenant {
    let tenant = server.hasty_tenant();
    tenant.proxy.always("/config", Trouble::NotThere);
    tenant
}

#[test]
fn a_process_that_is_killed_at_each_call_is_resumed() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let (planned, calls) = without_fault(&tenant(&server));
    let faults = [Fault::KilledBefore, Fault::KilledAfter, Fault::Cancelled];
    in_parallel(faults.len() * calls.len(), &|case| {
        let (fault, at) = (faults[case / calls.len()], case % calls.len());
        with_fault(&tenant(&server), &planned, at, fault);
    });
}

#[test]
fn each_trouble_with_each_request_is_survived() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let first = tenant(&server);
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
    let fatal = [
        Trouble::Unauthorized,
        Trouble::LoginPage,
        Trouble::NotThere,
        Trouble::Redirect,
    ];
    let mut cases = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        let is_write = !request.starts_with("GET ");
        // The client waits for what is slow; whatever is fatal ends the run in the same way at each request.
        let here = repeated
            .iter()
            .filter(|one| is_write || **one != Trouble::Slow);
        cases.extend(here.map(|trouble| (at, *trouble)));
        cases.push((at, fatal[at % fatal.len()]));
    }
    in_parallel(cases.len(), &|case| {
        let (at, trouble) = cases[case];
        let tenant = tenant(&server);
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
