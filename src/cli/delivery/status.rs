//! `nthc status`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nth_delivery::{ContentHash, DesiredObject, Health, LiveObject, ObjectKey, Owner, journal};
use serde::Serialize;

use super::difference::difference;
use super::keep::keeping;
use super::{DIFFERENT, Parts, Purpose, Surveyed, cancelled_by_signal, failure_at, prepare};
use crate::Context;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::gate_table::table;
use crate::options::{self, Format};
use crate::progress::Progress;
use crate::report::count;

/// How an object is compared with the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It is as the sources say.
    InSync,
    /// The sources have changed since it was applied.
    Pending,
    /// Someone changed it since it was applied.
    Drifted,
    /// It is not ours.
    Foreign,
}

impl State {
    fn text(self) -> &'static str {
        match self {
            Self::InSync => "in sync",
            Self::Pending => "pending",
            Self::Drifted => "drifted",
            Self::Foreign => "not ours",
        }
    }
}

/// An object with its state.
#[derive(Serialize)]
struct Object {
    destination: String,
    object: String,
    services: Vec<String>,
    state: State,
    health: Health,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    #[serde(skip)]
    difference: Vec<String>,
    /// What to write in the sources to keep it, if it is drift that they can say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keep: Vec<String>,
}

impl Object {
    fn is_failing(&self) -> bool {
        matches!(self.health, Health::Failing { .. })
    }
}

#[derive(Serialize)]
struct Report {
    owner: Owner,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    objects: Vec<Object>,
}

/// Compares the sources with what runs.
///
/// # Errors
///
/// If there is no project or destination, or one cannot be read.
pub fn run(
    context: &Context,
    options: &options::Status,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let cancel = cancelled_by_signal()?;
    loop {
        let began = Instant::now();
        let exit = once(context, options, &cancel, console)?;
        let Some(every) = options.watch else {
            return Ok(exit);
        };
        // The streams keep their errors.
        let _ = console.out.flush().and(console.err.flush());
        while began.elapsed() < every {
            if cancel.load(Ordering::Relaxed) {
                return Ok(exit);
            }
            std::thread::sleep(Duration::from_millis(100).min(every));
        }
        if console.out.is_closed() {
            return Ok(exit);
        }
        console.out.line("");
    }
}

fn once(
    context: &Context,
    options: &options::Status,
    cancel: &AtomicBool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let Some(prepared) = prepare(context, &options.delivery, Purpose::Look, console)? else {
        return Ok(Exit::Findings);
    };
    let total = u64::try_from(prepared.targets.len()).unwrap_or_default();
    let is_shown = console.is_interactive && context.global.format == Format::Human;
    let progress = Progress::steps("reading destinations", total, is_shown);
    let (surveyed, parts) = prepared.survey(&BTreeSet::new(), false, cancel, &progress)?;
    drop(progress);
    let mut objects = Vec::new();
    for one in &surveyed {
        objects.extend(of_destination(one, &parts)?);
    }
    let is_well = objects
        .iter()
        .all(|object| object.state == State::InSync && !object.is_failing());
    let report = Report {
        owner: parts.owner,
        revision: parts.revision,
        objects,
    };
    match context.global.format {
        Format::Json => console.out.json("the status", &report)?,
        _ => show(&report, console),
    }
    Ok(if is_well { Exit::Ok } else { DIFFERENT })
}

fn of_destination(surveyed: &Surveyed, parts: &Parts) -> Result<Vec<Object>, Failure> {
    let survey = &surveyed.survey;
    let destination = &surveyed.target.destination;
    let applied = journal::applied(&parts.entries, &parts.owner, &destination.identity());
    let desired: BTreeMap<&ObjectKey, &DesiredObject> = { survey.desired.iter() }
        .map(|one| (&one.key, one))
        .collect();
    let live: BTreeMap<&ObjectKey, &LiveObject> =
        { survey.live.iter() }.map(|one| (&one.key, one)).collect();
    let ours = { live.values() }.filter(|one| one.is_owned_by(&parts.owner));
    let mut keys: BTreeSet<&ObjectKey> = desired.keys().copied().collect();
    keys.extend(ours.map(|one| &one.key));
    let there: Vec<ObjectKey> = { keys.iter() }
        .filter(|key| {
            live.get(*key)
                .is_some_and(|one| one.is_owned_by(&parts.owner))
        })
        .map(|key| (*key).clone())
        .collect();
    let health = destination
        .health(&there)
        .map_err(|error| failure_at(&surveyed.target.name, &error))?;
    let health: BTreeMap<&ObjectKey, &Health> = { health.iter() }
        .map(|one| (&one.key, &one.health))
        .collect();
    let mut found = Vec::new();
    for key in keys {
        let (desired, live) = (desired.get(key).copied(), live.get(key).copied());
        let last = applied.get(key).or_else(|| live?.applied.as_ref());
        let state = state(desired, live, last, &parts.owner);
        let operation = survey.plan.operations.iter().find(|one| one.key == *key);
        let by = live.and_then(|live| live.changed_by.as_ref());
        found.push(Object {
            destination: surveyed.target.name.clone(),
            object: key.to_string(),
            services: desired.map(|one| one.services.clone()).unwrap_or_default(),
            health: health
                .get(key)
                .map_or(Health::Unknown, |health| (*health).clone()),
            changed_by: by
                .filter(|_| state == State::Drifted)
                .and_then(|by| by.who.clone().or_else(|| by.with.clone())),
            difference: match operation {
                Some(operation) if state == State::Drifted => difference(surveyed, operation),
                _ => Vec::new(),
            },
            keep: match operation {
                Some(operation) if state == State::Drifted => {
                    keeping(surveyed, operation, &parts.alerts)
                }
                _ => Vec::new(),
            },
            state,
        });
    }
    Ok(found)
}

/// Compares what the sources say, what is live, and what was applied last.
fn state(
    desired: Option<&DesiredObject>,
    live: Option<&LiveObject>,
    applied: Option<&ContentHash>,
    owner: &Owner,
) -> State {
    let Some(live) = live else {
        return match (desired, applied) {
            (Some(_), Some(_)) => State::Drifted,
            _ => State::Pending,
        };
    };
    if !live.is_owned_by(owner) {
        return match applied {
            // The mark is gone.
            Some(_) if live.owner.is_none() => State::Drifted,
            _ => State::Foreign,
        };
    }
    if desired.is_some_and(|desired| desired.hash() == live.hash) {
        return State::InSync;
    }
    match applied {
        Some(applied) if *applied != live.hash => State::Drifted,
        _ => State::Pending,
    }
}

fn show(report: &Report, console: &mut Console) {
    let mut rows: BTreeMap<(String, String), Vec<&Object>> = BTreeMap::new();
    for object in &report.objects {
        let service = match object.services.as_slice() {
            [] => "-".to_owned(),
            services => services.join(", "),
        };
        rows.entry((service, object.destination.clone()))
            .or_default()
            .push(object);
    }
    let mut lines =
        vec![["service", "destination", "state", "health", "objects"].map(str::to_owned)];
    for ((service, destination), objects) in &rows {
        let worst = { objects.iter() }.map(|object| object.state).max();
        lines.push([
            service.clone(),
            destination.clone(),
            worst.map_or_else(String::new, |worst| worst.text().to_owned()),
            health_text(objects),
            objects.len().to_string(),
        ]);
    }
    table(&lines, console);
    for object in &report.objects {
        if object.state == State::InSync && !object.is_failing() {
            continue;
        }
        let by = { object.changed_by.as_deref() }.map_or_else(String::new, |by| {
            format!(" by {}", nthc::diagnostics::render::one_line(by))
        });
        console.out.line(format_args!(
            "{}: {} is {}{by}",
            object.destination,
            object.object,
            object.state.text()
        ));
        if let Health::Failing { error } = &object.health {
            console.out.line(format_args!("  it fails: {error}"));
        }
        for line in &object.difference {
            console.out.line(format_args!("    {line}"));
        }
        for line in &object.keep {
            console.out.line(format_args!("  to keep it, write {line}"));
        }
    }
    let number = |state: State| {
        { report.objects.iter() }
            .filter(|object| object.state == state)
            .count()
    };
    let parts: Vec<String> = [
        State::InSync,
        State::Pending,
        State::Drifted,
        State::Foreign,
    ]
    .into_iter()
    .map(|state| (state, number(state)))
    .filter(|(_, number)| *number > 0)
    .map(|(state, number)| format!("{number} {}", state.text()))
    .collect();
    console.err.line(format_args!(
        "{}: {}",
        report.owner,
        match parts.as_slice() {
            [] => count(0, "object"),
            parts => parts.join(", "),
        }
    ));
}

/// The worst health.
fn health_text(objects: &[&Object]) -> String {
    let has = |is: fn(&Health) -> bool| objects.iter().any(|object| is(&object.health));
    let text = if has(|health| matches!(health, Health::Failing { .. })) {
        "failing"
    } else if has(|health| matches!(health, Health::Pending)) {
        "not evaluated yet"
    } else if has(|health| matches!(health, Health::NoData)) {
        "no data"
    } else if has(|health| matches!(health, Health::Healthy)) {
        "healthy"
    } else {
        "-"
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use nth_delivery::{ObjectKind, Phase};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_sources_say_what_is_live_and_what_was_applied() {
        let owner = Owner {
            project: "shop".to_owned(),
            environment: None,
        };
        let key = ObjectKey::new(ObjectKind::RuleGroup, "shop", "a");
        let desired = |value: i64| DesiredObject {
            key: key.clone(),
            phase: Phase::Recordings,
            content: json!(value),
            services: Vec::new(),
        };
        let live = |owner: Option<&Owner>, value: i64| {
            LiveObject::new(key.clone(), owner.cloned(), json!(value))
        };
        let hash = |value: i64| ContentHash::compute(&json!(value));
        let ours = |value: i64| live(Some(&owner), value);
        let state =
            |desired: Option<&DesiredObject>, live: Option<&LiveObject>, applied: Option<i64>| {
                super::state(desired, live, applied.map(hash).as_ref(), &owner)
            };
        let (one, two) = (desired(1), desired(2));
        assert_eq!(state(Some(&one), Some(&ours(1)), None), State::InSync);
        assert_eq!(state(Some(&one), Some(&ours(1)), Some(3)), State::InSync);
        assert_eq!(state(Some(&two), Some(&ours(1)), Some(1)), State::Pending);
        assert_eq!(state(Some(&two), Some(&ours(1)), None), State::Pending);
        assert_eq!(state(Some(&one), Some(&ours(2)), Some(1)), State::Drifted);
        assert_eq!(state(Some(&one), None, Some(1)), State::Drifted);
        assert_eq!(state(Some(&one), None, None), State::Pending);
        assert_eq!(state(None, Some(&ours(1)), Some(1)), State::Pending);
        assert_eq!(
            state(Some(&one), Some(&live(None, 1)), Some(1)),
            State::Drifted
        );
        assert_eq!(
            state(Some(&one), Some(&live(None, 1)), None),
            State::Foreign
        );
        let other = Owner {
            project: "other".to_owned(),
            environment: None,
        };
        assert_eq!(
            state(Some(&one), Some(&live(Some(&other), 1)), Some(1)),
            State::Foreign
        );
    }
}
