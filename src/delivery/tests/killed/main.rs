//! Processes that apply a plan to a real Cortex are killed while each of their requests waits for its answer: each time what is live
//! is safe, and the same plan continues at once. Without libtest, as this program is also the one that is killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../cortex/proxy.rs"]
#[allow(dead_code, reason = "the other tests need the rest")]
mod proxy;
#[path = "../cortex/server.rs"]
#[allow(dead_code, reason = "the other tests need the rest")]
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use nth_delivery::destinations::ruler::RulerApi;
use nth_delivery::{Clock as _, DesiredObject, Destination as _, Plan, Survey, SystemClock};

use proxy::Trouble;
use server::{Server, Tenant, ruler};
use support::laws::{Dump, assert_resumes, assert_safe};
use support::world::{Run, World, desired, folder, look, plan_of, seed};

/// A ruler in another process, which nobody looks into.
struct Elsewhere(nth_delivery::destinations::ruler::Ruler);

impl World for Elsewhere {
    fn destination(&self) -> &dyn nth_delivery::Destination {
        &self.0
    }

    fn put(
        &self,
        _: &nth_delivery::ObjectKey,
        _: Option<&nth_delivery::Owner>,
        _: &serde_json::Value,
    ) {
    }

    fn remove(&self, _: &nth_delivery::ObjectKey) {}

    fn dump(&self) -> Dump {
        Dump::new()
    }

    fn writes(&self) -> Option<usize> {
        None
    }
}

/// The process that is killed: applies the plan in a file.
fn apply(url: &str, tenant: &str, folder: &Path) {
    let world = Elsewhere(ruler(url, RulerApi::Cortex, Some(tenant)));
    let text = std::fs::read_to_string(folder.join("plan.json")).unwrap();
    let plan = Plan::from_json(&text).unwrap();
    let wanted: Vec<DesiredObject> = desired()
        .into_iter()
        .map(|object| world.0.normalize(object).unwrap())
        .collect();
    let journal = folder.join("journal");
    let (end, _) = Run::new(&world, &SystemClock, &journal).apply(&plan, &wanted);
    assert!(end.is_done(), "{}", end.words());
}

fn spawn(tenant: &Tenant, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["apply", tenant.proxy.url.as_str(), tenant.name.as_str()])
        .arg(folder)
        .spawn()
        .unwrap()
}

/// Kills a process while the request `at` waits for its answer; returns how far the plan got.
fn kill(server: &Server, planned: &Dump, at: usize) -> String {
    let tenant = server.tenant();
    let before = seeded(&tenant);
    let (plan, survey, folder) = prepare(&tenant);
    tenant.proxy.arm(at, Trouble::Slow);
    let mut process = spawn(&tenant, folder.path());
    // The server has done what it was asked for, and the proxy keeps the answer.
    while !tenant.proxy.keeps_answer() {
        assert!(process.try_wait().unwrap().is_none(), "ended before {at}");
        std::thread::sleep(Duration::from_millis(2));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let what = format!("killed in request {at}");
    let far = assert_safe(&before, &tenant.dump(), planned, &what);
    let journal = folder.path().join("journal");
    let again = (&plan, &survey);
    assert_resumes(&tenant, &SystemClock, &journal, again, planned, &what);
    far
}

fn seeded(tenant: &Tenant) -> Dump {
    seed(tenant);
    tenant.dump()
}

/// Plans, and writes the plan into a folder for the other process.
fn prepare(tenant: &Tenant) -> (Plan, Survey, tempfile::TempDir) {
    let survey = look(tenant, desired());
    let plan = plan_of(&survey, SystemClock.now());
    let folder = folder();
    let text = plan.to_json().unwrap();
    std::fs::write(folder.path().join("plan.json"), text).unwrap();
    (plan, survey, folder)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, url, tenant, folder] = arguments.as_slice()
        && command == "apply"
    {
        return apply(url, tenant, Path::new(folder));
    }
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    seeded(&tenant);
    let (_, _, folder) = prepare(&tenant);
    // At no request: this only counts.
    tenant.proxy.arm(usize::MAX, Trouble::Slow);
    assert!(spawn(&tenant, folder.path()).wait().unwrap().success());
    let (planned, requests) = (tenant.dump(), tenant.proxy.requests());
    let reached: Vec<String> = (0..requests.len())
        .map(|at| kill(&server, &planned, at))
        .collect();
    for (request, far) in requests.iter().zip(&reached) {
        println!("{far} {request}");
    }
    let mut stages = reached.clone();
    stages.dedup();
    assert_eq!(stages, ["----", "+---", "++--", "+++-", "++++"]);
    println!("test result: ok");
}
