//! Applying a plan: exactly what was reviewed, resumable at any point.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::clock::{Clock, after};
use crate::destination::{Destination, Health};
use crate::document::Plan;
use crate::error::DeliveryError;
use crate::journal::{Event, Journal};
use crate::lease::{HeldLease, LeaseTerms};
use crate::object::{DesiredObject, ObjectKey, Owner};
use crate::outcome::{Applied, ApplyError, ApplyFailure};
use crate::plan::{Action, Operation};
use crate::retry::{Retries, RetryPolicy};

/// A destination with what should be there.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The destination.
    pub destination: &'a dyn Destination,
    /// What should be there, normalized by the destination.
    pub desired: &'a [DesiredObject],
}

/// How a plan is applied.
#[derive(Clone, Copy)]
pub struct ApplyOptions<'a> {
    /// Who applies, for people: a user and a machine, or a job of a pipeline.
    pub holder: &'a str,
    /// The most deletions that are done; `None` is no limit.
    pub max_deletes: Option<usize>,
    /// For how long a lease is taken.
    pub lease: Duration,
    /// How long to wait, where a lease cannot be taken in one step, before reading it again.
    pub settle: Duration,
    /// When requests are repeated.
    pub retry: RetryPolicy,
    /// How long to wait until all objects are healthy. Zero: not at all.
    pub health: Duration,
    /// The time between two looks at the health.
    pub poll: Duration,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Set to end the run before the next operation.
    pub cancel: &'a AtomicBool,
}

/// What happens during an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// An operation begins.
    Operation {
        /// Which object.
        key: &'a ObjectKey,
        /// What is done with it.
        action: Action,
        /// The number of operations before it.
        done: usize,
        /// The number of all operations.
        total: usize,
    },
    /// All operations are done, and the objects are not healthy yet.
    Waiting {
        /// The number of objects that are not.
        pending: usize,
    },
}

/// A planned operation with its destination and content.
struct Step<'a> {
    operation: &'a Operation,
    /// The index of the destination.
    at: usize,
    /// `None` for a deletion.
    content: Option<&'a DesiredObject>,
}

/// The state of a run.
struct Run<'a> {
    owner: &'a Owner,
    targets: &'a [Target<'a>],
    options: &'a ApplyOptions<'a>,
    retries: Retries<'a>,
    journal: &'a mut Journal,
    leases: Vec<(usize, HeldLease<'a>)>,
    applied: Applied,
}

/// Applies a plan. Each object is read right before it is written: if it is not what the plan was made from, the run ends, and if
/// it is what the plan wants, it is done. So the same plan can be applied again after any failure.
///
/// # Errors
///
/// If the plan is not for this, cannot be applied, or any part of it fails. What was done is in the journal and in the failure.
pub fn apply(
    plan: &Plan,
    owner: &Owner,
    targets: &[Target<'_>],
    options: &ApplyOptions<'_>,
    journal: &mut Journal,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Applied, Box<ApplyFailure>> {
    let early = |error: Box<ApplyError>| {
        Box::new(ApplyFailure {
            error: *error,
            applied: Applied::default(),
            left: plan.operations(),
        })
    };
    let steps = steps(plan, owner, targets, options).map_err(early)?;
    if steps.is_empty() {
        return Ok(Applied::default());
    }
    let terms = LeaseTerms {
        holder: options.holder.to_owned(),
        token: journal.run().to_owned(),
        duration: options.lease,
        settle: options.settle,
        trust: (options.lease / 6).min(Duration::from_secs(5)),
    };
    let mut run = Run {
        owner,
        targets,
        options,
        retries: Retries {
            policy: options.retry,
            clock: options.clock,
            cancel: options.cancel,
        },
        journal,
        leases: Vec::new(),
        applied: Applied::default(),
    };
    let result = run.all(plan, &steps, &terms, progress);
    let done = run.applied.written + run.applied.done_before;
    let result = run.end(result);
    match result {
        Ok(()) => Ok(run.applied),
        Err(error) => Err(Box::new(ApplyFailure {
            error: *error,
            left: steps.len() - done.min(steps.len()),
            applied: run.applied,
        })),
    }
}

/// Checks a plan before anything is done, and returns its operations in the order in which they are done.
fn steps<'a>(
    plan: &'a Plan,
    owner: &Owner,
    targets: &'a [Target<'a>],
    options: &ApplyOptions<'_>,
) -> Result<Vec<Step<'a>>, Box<ApplyError>> {
    let identities: Vec<_> = targets
        .iter()
        .map(|target| target.destination.identity())
        .collect();
    plan.check(owner, &identities, options.clock.now())
        .map_err(|error| Box::new(ApplyError::Plan(error)))?;
    let mut steps = Vec::new();
    for planned in &plan.destinations {
        let target = &planned.target;
        if let Some(foreign) = planned.foreign.first() {
            return Err(Box::new(ApplyError::Foreign {
                target: target.clone(),
                foreign: foreign.clone(),
            }));
        }
        if let Some(excess) = planned.excesses.first() {
            return Err(Box::new(ApplyError::LimitExceeded {
                target: target.clone(),
                excess: excess.clone(),
            }));
        }
        let found = identities.iter().position(|known| known == target);
        let Some((at, desired)) = found.and_then(|at| Some((at, targets.get(at)?.desired))) else {
            continue;
        };
        let contents: BTreeMap<&ObjectKey, &DesiredObject> =
            desired.iter().map(|object| (&object.key, object)).collect();
        for operation in &planned.operations {
            let content = contents.get(&operation.key).copied();
            let hash = content.map(DesiredObject::hash);
            let phase = content.map(|object| object.phase);
            let is_deletion = operation.action == Action::Delete;
            if hash != operation.wanted
                || phase != operation.phase
                || is_deletion != operation.wanted.is_none()
            {
                return Err(Box::new(ApplyError::SourceChanged {
                    key: operation.key.clone(),
                }));
            }
            steps.push(Step {
                operation,
                at,
                content,
            });
        }
    }
    let planned = plan.deletions();
    match options.max_deletes {
        Some(allowed) if planned > allowed => {
            return Err(Box::new(ApplyError::TooManyDeletions { planned, allowed }));
        }
        _ => {}
    }
    steps.sort_by_key(|step| {
        let phase = step.operation.phase.map_or(u8::MAX, |phase| phase as u8);
        (phase, step.at, step.operation.order())
    });
    Ok(steps)
}

impl<'a> Run<'a> {
    /// Does all steps, and waits until the objects are healthy.
    fn all(
        &mut self,
        plan: &Plan,
        steps: &[Step<'_>],
        terms: &'a LeaseTerms,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Box<ApplyError>> {
        let begun = Event::Begun {
            plan: plan.id(),
            owner: self.owner.clone(),
            // Of a part of the environment, the revision is not live.
            revision: plan.revision.clone().filter(|_| !plan.is_partial),
            operations: steps.len(),
        };
        // Before the leases: whoever finds this run killed may take them over.
        self.note(begun)?;
        let used: BTreeSet<usize> = steps.iter().map(|step| step.at).collect();
        for at in &used {
            self.stop_if_cancelled()?;
            self.lease(*at, terms)?;
        }
        let mut rest = steps;
        let mut done = 0;
        while let Some(first) = rest.first() {
            // A series is the operations of a destination in a phase: it ends with a reload.
            let is_same = |step: &&Step<'_>| {
                step.at == first.at && step.operation.phase == first.operation.phase
            };
            let length = rest.iter().take_while(is_same).count();
            let (series, after) = rest.split_at(length);
            for step in series {
                self.stop_if_cancelled()?;
                progress(Progress::Operation {
                    key: &step.operation.key,
                    action: step.operation.action,
                    done,
                    total: steps.len(),
                });
                self.step(step)?;
                done += 1;
            }
            let destination = self.destination(first.at)?;
            self.retries
                .repeat(|| destination.finish())
                .map_err(|error| self.failed(first.at, None, error))?;
            rest = after;
        }
        for at in used {
            self.verify(at, steps)?;
            self.wait_until_healthy(at, steps, progress)?;
        }
        Ok(())
    }

    /// Gives the leases back, and records the end. A failure of either is only the result if nothing else failed.
    fn end(&mut self, result: Result<(), Box<ApplyError>>) -> Result<(), Box<ApplyError>> {
        let mut released = Ok(());
        // Also if the run is cancelled: another run should not have to wait.
        let never = AtomicBool::new(false);
        for (at, lease) in std::mem::take(&mut self.leases) {
            let retries = Retries {
                cancel: &never,
                ..self.retries
            };
            let one = lease.release(&retries);
            released = released.and(one.map_err(|error| self.failed(at, None, error)));
        }
        let result = result.and(released);
        let error = result.as_ref().err().map(ToString::to_string);
        let noted = self.note(Event::Ended { error });
        result.and(noted)
    }

    fn lease(&mut self, at: usize, terms: &'a LeaseTerms) -> Result<(), Box<ApplyError>> {
        let Some(target) = self.targets.get(at) else {
            return Ok(());
        };
        let Some(store) = target.destination.lease_store() else {
            return Ok(());
        };
        let lease = HeldLease::acquire(store, self.owner, terms, &self.retries)
            .map_err(|error| self.failed(at, None, error))?;
        self.leases.push((at, lease));
        Ok(())
    }

    /// Does one operation.
    fn step(&mut self, step: &Step<'_>) -> Result<(), Box<ApplyError>> {
        let operation = step.operation;
        let destination = self.destination(step.at)?;
        let target = destination.identity();
        self.keep_lease(step.at)?;
        let mut failures = 0;
        loop {
            let live = self
                .retries
                .repeat(|| destination.read_one(&operation.key))
                .map_err(|error| self.failed(step.at, Some(&operation.key), error))?;
            let live = live.as_ref();
            if operation.is_done(live, self.owner) {
                if failures == 0 {
                    self.applied.done_before += 1;
                } else {
                    self.applied.written += 1;
                }
                break;
            }
            if !operation.is_expected(live, self.owner) {
                return Err(Box::new(ApplyError::Changed {
                    target,
                    key: operation.key.clone(),
                    changed_by: live.and_then(|live| live.changed_by.clone()),
                }));
            }
            if failures == 0 {
                self.note(Event::Started {
                    target: target.clone(),
                    key: operation.key.clone(),
                    action: operation.action,
                })?;
            }
            let result = match (step.content, live) {
                (Some(content), live) => destination.write(content, self.owner, live),
                (None, Some(live)) => destination.delete(live),
                (None, None) => Ok(()),
            };
            let error = match result {
                Ok(()) => {
                    self.applied.written += 1;
                    break;
                }
                Err(error) => error,
            };
            failures += 1;
            // After a lost answer or a conflict, what is live tells whether it was written.
            let is_first_conflict =
                failures == 1 && matches!(error, DeliveryError::Conflict { .. });
            if is_first_conflict {
                continue;
            }
            let Some(pause) = self.retries.policy.pause(&error, failures) else {
                return Err(self.failed(step.at, Some(&operation.key), error));
            };
            self.retries.wait(pause);
            if self.retries.is_cancelled() {
                return Err(self.failed(step.at, Some(&operation.key), error));
            }
            self.keep_lease(step.at)?;
        }
        self.note(Event::Done {
            target,
            key: operation.key.clone(),
            action: operation.action,
            hash: operation.wanted.clone(),
        })
    }

    /// Reads all again: what is live is what was planned.
    fn verify(&mut self, at: usize, steps: &[Step<'_>]) -> Result<(), Box<ApplyError>> {
        let destination = self.destination(at)?;
        let here: Vec<&Operation> = steps
            .iter()
            .filter(|step| step.at == at)
            .map(|step| step.operation)
            .collect();
        let keys: Vec<ObjectKey> = here.iter().map(|one| one.key.clone()).collect();
        let live = self
            .retries
            .repeat(|| destination.read(self.owner, &keys))
            .map_err(|error| self.failed(at, None, error))?;
        let live: BTreeMap<_, _> = live.iter().map(|object| (&object.key, object)).collect();
        let undone = here
            .iter()
            .find(|one| !one.is_done(live.get(&one.key).copied(), self.owner));
        match undone {
            Some(undone) => Err(Box::new(ApplyError::NotApplied {
                target: destination.identity(),
                key: undone.key.clone(),
            })),
            None => Ok(()),
        }
    }

    /// Waits until no object is pending. An object that fails twice in a row fails the run.
    fn wait_until_healthy(
        &mut self,
        at: usize,
        steps: &[Step<'_>],
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Box<ApplyError>> {
        let keys: Vec<ObjectKey> = steps
            .iter()
            .filter(|step| step.at == at && step.content.is_some())
            .map(|step| step.operation.key.clone())
            .collect();
        if self.options.health.is_zero() || keys.is_empty() {
            return Ok(());
        }
        let destination = self.destination(at)?;
        let until = after(self.options.clock.now(), self.options.health);
        let mut failing_before = BTreeSet::new();
        loop {
            self.stop_if_cancelled()?;
            let health = self
                .retries
                .repeat(|| destination.health(&keys))
                .map_err(|error| self.failed(at, None, error))?;
            let mut waiting = Vec::new();
            let mut failing = BTreeSet::new();
            for one in &health {
                match &one.health {
                    Health::Pending => waiting.push(one.key.clone()),
                    Health::Failing { error } if failing_before.contains(&one.key) => {
                        return Err(Box::new(ApplyError::Failing {
                            target: destination.identity(),
                            key: one.key.clone(),
                            error: error.clone(),
                        }));
                    }
                    Health::Failing { .. } => {
                        waiting.push(one.key.clone());
                        failing.insert(one.key.clone());
                    }
                    Health::Healthy | Health::NoData | Health::Unknown => {}
                }
            }
            if waiting.is_empty() {
                self.applied.health.extend(health);
                return Ok(());
            }
            if self.options.clock.now() >= until {
                return Err(Box::new(ApplyError::NotHealthyInTime {
                    target: destination.identity(),
                    waiting,
                }));
            }
            failing_before = failing;
            progress(Progress::Waiting {
                pending: waiting.len(),
            });
            self.retries.wait(self.options.poll);
            self.keep_lease(at)?;
        }
    }

    fn keep_lease(&mut self, at: usize) -> Result<(), Box<ApplyError>> {
        for (of, lease) in &mut self.leases {
            if *of == at {
                let kept = lease.keep(&self.retries);
                return kept.map_err(|error| failed(self.targets, at, None, error));
            }
        }
        Ok(())
    }

    fn stop_if_cancelled(&self) -> Result<(), Box<ApplyError>> {
        if self.retries.is_cancelled() {
            return Err(Box::new(ApplyError::Cancelled));
        }
        Ok(())
    }

    fn note(&mut self, event: Event) -> Result<(), Box<ApplyError>> {
        let now = self.options.clock.now();
        self.journal
            .append(now, event)
            .map_err(|error| Box::new(ApplyError::Journal { error }))
    }

    fn destination(&self, at: usize) -> Result<&'a dyn Destination, Box<ApplyError>> {
        // Steps have only indices of targets.
        let target = self
            .targets
            .get(at)
            .ok_or_else(|| Box::new(ApplyError::Cancelled))?;
        Ok(target.destination)
    }

    fn failed(&self, at: usize, key: Option<&ObjectKey>, error: DeliveryError) -> Box<ApplyError> {
        failed(self.targets, at, key, error)
    }
}

fn failed(
    targets: &[Target<'_>],
    at: usize,
    key: Option<&ObjectKey>,
    error: DeliveryError,
) -> Box<ApplyError> {
    Box::new(ApplyError::Delivery {
        target: targets.get(at).map(|target| target.destination.identity()),
        key: key.cloned(),
        error,
    })
}
