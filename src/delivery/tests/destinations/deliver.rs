//! What the command does with a destination: survey, plan, apply.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nth_delivery::journal::Journal;
use nth_delivery::{
    Applied, ApplyFailure, ApplyOptions, DesiredObject, Destination, ObjectKey, PLAN_VERSION, Plan,
    RetryPolicy, SourceState, Survey, SurveyOptions, SystemClock, Target, apply, survey,
};

use crate::owner;

static NEVER: AtomicBool = AtomicBool::new(false);

/// What would change.
pub fn plan(destination: &dyn Destination, desired: &[DesiredObject]) -> Survey {
    plan_adopting(destination, desired, &BTreeSet::new())
}

pub fn plan_adopting(
    destination: &dyn Destination,
    desired: &[DesiredObject],
    adopt: &BTreeSet<ObjectKey>,
) -> Survey {
    let options = SurveyOptions {
        source: SourceState::Complete,
        adopt,
        applied: None,
        retry: quick(),
        clock: &SystemClock,
        cancel: &NEVER,
    };
    survey(destination, &owner(), desired.to_vec(), &options).unwrap()
}

fn quick() -> RetryPolicy {
    RetryPolicy {
        repeats: 1,
        first: Duration::from_millis(1),
        most: Duration::from_millis(10),
    }
}

/// Applies what was surveyed.
pub fn carry_out(
    destination: &dyn Destination,
    survey: &Survey,
) -> Result<Applied, Box<ApplyFailure>> {
    let now = Timestamp::now();
    let plan = Plan {
        version: PLAN_VERSION,
        owner: owner(),
        revision: None,
        is_partial: false,
        compiler: "0.1.0".to_owned(),
        created: now,
        expires: now + SignedDuration::from_hours(1),
        destinations: vec![survey.plan.clone()],
        silenced: Vec::new(),
    };
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(&folder.path().join("journal")).unwrap();
    let options = ApplyOptions {
        holder: "a test",
        max_deletes: None,
        lease: Duration::from_secs(60),
        settle: Duration::from_millis(1),
        retry: quick(),
        health: Duration::from_secs(20),
        poll: Duration::from_millis(100),
        clock: &SystemClock,
        cancel: &NEVER,
    };
    let target = Target {
        destination,
        desired: &survey.desired,
    };
    apply(
        &plan,
        &owner(),
        &[target],
        &options,
        &mut journal,
        &mut |_| {},
    )
}

/// Plans and applies.
pub fn deliver(destination: &dyn Destination, desired: &[DesiredObject]) -> Applied {
    let survey = plan(destination, desired);
    carry_out(destination, &survey).unwrap()
}
