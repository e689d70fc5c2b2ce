//! Reading a destination, and comparing it with what should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use crate::clock::Clock;
use crate::destination::Destination;
use crate::error::DeliveryError;
use crate::object::{ContentHash, DesiredObject, LiveObject, ObjectKey, Owner};
use crate::plan::{Comparison, DestinationPlan, SourceState, compare};
use crate::retry::{Retries, RetryPolicy};

/// What a survey needs to know.
#[derive(Clone, Copy)]
pub struct SurveyOptions<'a> {
    /// Whether the desired objects are all.
    pub source: SourceState,
    /// Objects without a mark that are adopted.
    pub adopt: &'a BTreeSet<ObjectKey>,
    /// The hashes of what was applied last, if that is known.
    pub applied: Option<&'a BTreeMap<ObjectKey, ContentHash>>,
    /// When requests are repeated.
    pub retry: RetryPolicy,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Set to end the survey.
    pub cancel: &'a AtomicBool,
}

/// What a destination has, what it should have, and what would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// What should be, as the destination would return it.
    pub desired: Vec<DesiredObject>,
    /// What is live of this owner, of its project's other environments, and at the keys of what is desired or was applied last.
    pub live: Vec<LiveObject>,
    /// What would change.
    pub plan: DestinationPlan,
}

/// Reads a destination and compares it with what should be. It changes nothing.
///
/// # Errors
///
/// If the destination cannot be read, or cannot hold an object.
pub fn survey(
    destination: &dyn Destination,
    owner: &Owner,
    desired: Vec<DesiredObject>,
    options: &SurveyOptions<'_>,
) -> Result<Survey, DeliveryError> {
    let retries = Retries {
        policy: options.retry,
        clock: options.clock,
        cancel: options.cancel,
    };
    let desired: Vec<DesiredObject> = desired
        .into_iter()
        .map(|object| destination.normalize(object))
        .collect::<Result<_, _>>()?;
    let mut keys = BTreeSet::new();
    if let Some(twice) = desired.iter().find(|object| !keys.insert(&object.key)) {
        return Err(DeliveryError::Unsupported {
            key: twice.key.clone(),
            why: "two objects have this name".to_owned(),
        });
    }
    keys.extend(options.applied.into_iter().flat_map(BTreeMap::keys));
    let keys: Vec<ObjectKey> = keys.into_iter().cloned().collect();
    let live = retries.repeat(|| destination.read(owner, &keys))?;
    let excesses = retries.repeat(|| destination.limits(&desired))?;
    let comparison = Comparison {
        owner,
        desired: &desired,
        live: &live,
        source: options.source,
        adopt: options.adopt,
        applied: options.applied,
    };
    let mut plan = compare(destination.identity(), &comparison);
    // Whoever changes nothing exceeds nothing new.
    if !plan.operations.is_empty() {
        plan.excesses = excesses;
    }
    Ok(Survey {
        desired,
        live,
        plan,
    })
}
