//! A project whose rule groups are applied, beside groups of others.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use nth_delivery::journal::{self, Journal};
use nth_delivery::{
    Applied, ApplyFailure, ApplyOptions, Clock, DesiredObject, Destination, ObjectKey, ObjectKind,
    Owner, Phase, Plan, RetryPolicy, SourceState, Survey, SurveyOptions, Target, apply, survey,
};
use serde_json::{Value, json};

use super::clock::TestClock;
use super::faulty::{AtCall, Fault, Faulty, Killed};

/// A server with other people's objects.
pub trait World {
    fn destination(&self) -> &dyn Destination;

    /// Writes an object as another program would.
    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value);

    /// Deletes an object as another program would.
    fn remove(&self, key: &ObjectKey);

    /// All objects but leases as the server has them, with their marks.
    fn dump(&self) -> BTreeMap<String, String>;

    /// How often the destination wrote or deleted anything but leases; `None` if nobody counts.
    fn writes(&self) -> Option<usize>;
}

pub fn key(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::RuleGroup, "shop", name)
}

pub fn owner() -> Owner {
    Owner {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
    }
}

pub fn other_environment() -> Owner {
    Owner {
        environment: Some("staging".to_owned()),
        ..owner()
    }
}

pub fn other_project() -> Owner {
    Owner {
        project: "bank".to_owned(),
        environment: None,
    }
}

/// A group whose series no other one records.
pub fn group(expr: &str) -> Value {
    let rule = json!({"record": "shop:thing:ratio", "expr": expr, "labels": {"part": expr}});
    json!({"interval": "1s", "rules": [rule]})
}

/// An alert and a recording, a new one of each, a changed one and one that is not desired any more.
pub fn desired() -> Vec<DesiredObject> {
    let object = |name: &str, phase, content: Value| DesiredObject {
        key: key(name),
        phase,
        content,
        services: vec!["checkout".to_owned()],
    };
    let alert = json!({"interval": "1s", "rules": [
        {"alert": "Slow", "expr": "vector(1) > 2", "for": "60s", "labels": {"severity": "page"}},
    ]});
    vec![
        object("alerts", Phase::Alerts, alert),
        object("changed", Phase::Recordings, group("vector(2)")),
        object("created", Phase::Recordings, group("vector(3)")),
        object("same", Phase::Recordings, group("vector(4)")),
    ]
}

/// What is there before: ours of another version, and objects of others.
pub fn seed(world: &dyn World) {
    let own = owner();
    for (name, expr) in [
        ("changed", "vector(1)"),
        ("gone", "vector(1)"),
        ("same", "vector(4)"),
    ] {
        world.put(&key(name), Some(&own), &group(expr));
    }
    world.put(&key("by-hand"), None, &group("vector(10)"));
    world.put(
        &key("of-staging"),
        Some(&other_environment()),
        &group("vector(11)"),
    );
    world.put(
        &key("of-bank"),
        Some(&other_project()),
        &group("vector(12)"),
    );
}

/// The names of the objects of others.
pub const FOREIGN: [&str; 3] = ["by-hand", "of-bank", "of-staging"];
/// The names of the objects that are written and deleted, in this order.
pub const STEPS: [&str; 4] = ["changed", "created", "alerts", "gone"];

/// Surveys with a retry policy that tests need no time for.
pub fn look(world: &dyn World, wanted: Vec<DesiredObject>) -> Survey {
    look_with(world, wanted, SourceState::Complete, &BTreeSet::new())
}

pub fn look_with(
    world: &dyn World,
    wanted: Vec<DesiredObject>,
    source: SourceState,
    adopt: &BTreeSet<ObjectKey>,
) -> Survey {
    let options = SurveyOptions {
        source,
        adopt,
        applied: None,
        retry: RetryPolicy::default(),
        clock: &TestClock::new(),
        cancel: &AtomicBool::new(false),
    };
    survey(world.destination(), &owner(), wanted, &options).unwrap()
}

pub fn plan_of(survey: &Survey, now: Timestamp) -> Plan {
    let plan = Plan {
        version: nth_delivery::PLAN_VERSION,
        owner: owner(),
        revision: Some("4f2a91c".to_owned()),
        is_partial: false,
        compiler: "0.1.0".to_owned(),
        created: now,
        expires: now + 24.hours(),
        destinations: vec![survey.plan.clone()],
        silenced: Vec::new(),
    };
    // As it is read from the file that was reviewed.
    Plan::from_json(&plan.to_json().unwrap()).unwrap()
}

/// The end of an apply.
#[derive(Debug)]
pub enum End {
    Done(Applied),
    Failed(Box<ApplyFailure>),
    Killed,
}

impl End {
    pub fn words(&self) -> String {
        match self {
            Self::Done(applied) => format!(
                "done: {} written, {} before",
                applied.written, applied.done_before
            ),
            Self::Failed(failure) => format!("{}, {} left", failure.error, failure.left),
            Self::Killed => "killed".to_owned(),
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// How a plan is applied in a test.
pub struct Run<'a> {
    pub world: &'a dyn World,
    pub clock: &'a dyn Clock,
    pub holder: &'a str,
    pub journal: &'a Path,
    pub fault: Option<(usize, Fault)>,
    pub at_call: Option<AtCall<'a>>,
    pub health: Duration,
    pub max_deletes: Option<usize>,
    pub retry: RetryPolicy,
    pub settle: Duration,
}

impl<'a> Run<'a> {
    pub fn new(world: &'a dyn World, clock: &'a dyn Clock, journal: &'a Path) -> Self {
        Self {
            world,
            clock,
            holder: "ana@ci",
            journal,
            fault: None,
            at_call: None,
            health: Duration::ZERO,
            max_deletes: None,
            retry: RetryPolicy::default(),
            settle: Duration::from_millis(300),
        }
    }

    pub fn fault(mut self, at: usize, fault: Fault) -> Self {
        self.fault = Some((at, fault));
        self
    }

    /// Applies a plan; returns the end and the calls.
    pub fn apply(self, plan: &Plan, wanted: &[DesiredObject]) -> (End, Vec<String>) {
        let cancel = AtomicBool::new(false);
        let at_call = self.at_call;
        let cancel_at = self
            .fault
            .filter(|(_, fault)| *fault == Fault::Cancelled)
            .map(|(at, _)| at);
        let mut faulty = Faulty::new(self.world.destination(), self.fault);
        faulty.at_call = Box::new(|number, name| {
            if cancel_at == Some(number) {
                cancel.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            if let Some(at_call) = &at_call {
                at_call(number, name);
            }
        });
        let targets = [Target {
            destination: &faulty,
            desired: wanted,
        }];
        let options = ApplyOptions {
            holder: self.holder,
            max_deletes: self.max_deletes,
            lease: Duration::from_secs(60),
            settle: self.settle,
            retry: self.retry,
            health: self.health,
            poll: Duration::from_millis(200),
            clock: self.clock,
            cancel: &cancel,
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut journal = Journal::open(self.journal).unwrap();
            apply(
                plan,
                &owner(),
                &targets,
                &options,
                &mut journal,
                &mut |_| {},
            )
        }));
        let end = match result {
            Ok(Ok(applied)) => End::Done(applied),
            Ok(Err(failure)) => End::Failed(failure),
            Err(cause) if cause.is::<Killed>() => End::Killed,
            Err(cause) => std::panic::resume_unwind(cause),
        };
        let calls = faulty.calls();
        (end, calls)
    }
}

/// What the journal says is not finished: done and open.
pub fn left_in(journal: &Path) -> Option<(usize, usize)> {
    let entries = journal::read_journal(journal).unwrap();
    let left = journal::unfinished(&entries)?;
    Some((left.done.len(), left.open.len()))
}

/// A folder for a journal: in memory where the system has such, as each line waits for the disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = tempfile::Builder::new().prefix("nth").tempdir_in(memory);
    folder.or_else(|_| tempfile::tempdir()).unwrap()
}
