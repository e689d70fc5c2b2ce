//! How long it takes to deliver the rules of many services to a ruler with Cortex's API, with how many requests and how much
//! memory; and that applying them again writes nothing.
//!
//! ```text
//! cargo run --release -p nth-delivery --example rules_at_scale -- FOLDER COPIES URL TENANT
//! ```
//!
//! `FOLDER` has files of rules, such as `build/production/prometheus`; each is delivered `COPIES` times, to namespaces of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use nth_delivery::destinations::ruler::{Ruler, RulerApi, RulerSettings};
use nth_delivery::journal::Journal;
use nth_delivery::{
    ApplyOptions, DeliveryError, DesiredObject, Destination, DestinationIdentity, Excess,
    LeaseStore, LiveObject, ObjectHealth, ObjectKey, ObjectKind, Owner, PLAN_VERSION, Phase, Plan,
    RetryPolicy, SourceState, Survey, SurveyOptions, SystemClock, Target, apply, survey,
};
use serde_json::Value;

/// Counts the calls of a ruler, each of which is a request but for `limits` and `health`, which are up to three.
struct Counted {
    ruler: Ruler,
    calls: Mutex<BTreeMap<&'static str, usize>>,
}

impl Counted {
    fn count(&self, name: &'static str) {
        if let Ok(mut calls) = self.calls.lock() {
            *calls.entry(name).or_default() += 1;
        }
    }

    /// The calls since the last time.
    fn take(&self) -> BTreeMap<&'static str, usize> {
        let calls = self.calls.lock();
        calls.map_or_else(|_| BTreeMap::new(), |mut calls| std::mem::take(&mut *calls))
    }
}

impl Destination for Counted {
    fn identity(&self) -> DestinationIdentity {
        self.ruler.identity()
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        self.ruler.normalize(object)
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        self.count("read all");
        self.ruler.read(owner, wanted)
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        self.count("read");
        self.ruler.read_one(key)
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        self.count("limits");
        self.ruler.limits(desired)
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        self.count("write");
        self.ruler.write(object, owner, before)
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        self.count("delete");
        self.ruler.delete(object)
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        self.ruler.finish()
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        self.count("health");
        self.ruler.health(keys)
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        self.ruler.lease_store()
    }
}

/// Reads the groups of all files in a folder, and copies them.
fn objects(folder: &Path, copies: usize) -> Result<Vec<DesiredObject>, Box<dyn Error>> {
    let mut objects = Vec::new();
    let mut rules = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_yaml = path.extension().is_some_and(|ending| ending == "yaml");
        let Some(service) = path.file_stem().filter(|_| is_yaml) else {
            continue;
        };
        let service = service.to_string_lossy();
        let document: Value = yaml_serde::from_str(&std::fs::read_to_string(&path)?)?;
        let groups = document.get("groups").and_then(Value::as_array);
        for group in groups.into_iter().flatten() {
            let name = group.get("name").and_then(Value::as_str);
            let all = group.get("rules").and_then(Value::as_array);
            let has_recording = all
                .into_iter()
                .flatten()
                .any(|rule| rule.get("record").is_some());
            rules += all.map_or(0, Vec::len) * copies;
            for copy in 0..copies {
                let namespace = format!("{service}-{copy}");
                let kind = ObjectKind::RuleGroup;
                objects.push(DesiredObject {
                    key: ObjectKey::new(kind, namespace.as_str(), name.unwrap_or_default()),
                    phase: if has_recording {
                        Phase::Recordings
                    } else {
                        Phase::Alerts
                    },
                    content: group.clone(),
                    services: vec![namespace],
                });
            }
        }
    }
    println!("{} groups with {rules} rules", objects.len());
    Ok(objects)
}

/// The most memory that the process ever had, as Linux counts it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, copies, url, tenant] = arguments.as_slice() else {
        return Err("expected FOLDER COPIES URL TENANT".into());
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(120)))
        .http_status_as_error(false)
        .build()
        .into();
    let settings = RulerSettings {
        api: RulerApi::Cortex,
        tenant: Some(tenant.clone()),
        protected: Vec::new(),
    };
    let counted = Counted {
        ruler: Ruler::new(agent, url, &[], Vec::new(), settings)?,
        calls: Mutex::default(),
    };
    let owner = Owner {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
    };
    let cancel = AtomicBool::new(false);
    let state = tempfile::tempdir()?;
    let mut journal = Journal::open(&state.path().join("journal"))?;
    for round in ["first", "second"] {
        let wanted = objects(Path::new(folder), copies.parse()?)?;
        let start = Instant::now();
        let options = SurveyOptions {
            source: SourceState::Complete,
            adopt: &BTreeSet::new(),
            applied: None,
            retry: RetryPolicy::default(),
            clock: &SystemClock,
            cancel: &cancel,
        };
        let Survey { desired, plan, .. } = survey(&counted, &owner, wanted, &options)?;
        println!(
            "{round} plan: {} operations in {:.1} s, {:?}, {}",
            plan.operations.len(),
            start.elapsed().as_secs_f64(),
            counted.take(),
            memory()
        );
        let now = Timestamp::now();
        let plan = Plan {
            version: PLAN_VERSION,
            owner: owner.clone(),
            revision: None,
            is_partial: false,
            compiler: env!("CARGO_PKG_VERSION").to_owned(),
            created: now,
            expires: now + 1.hour(),
            destinations: vec![plan],
            silenced: Vec::new(),
        };
        let start = Instant::now();
        let options = ApplyOptions {
            holder: "rules_at_scale",
            max_deletes: None,
            lease: Duration::from_secs(60),
            settle: Duration::from_millis(500),
            retry: RetryPolicy::default(),
            health: Duration::ZERO,
            poll: Duration::from_secs(1),
            clock: &SystemClock,
            cancel: &cancel,
        };
        let targets = [Target {
            destination: &counted,
            desired: &desired,
        }];
        let applied = apply(&plan, &owner, &targets, &options, &mut journal, &mut |_| {});
        let applied = applied.map_err(|failure| failure.error)?;
        println!(
            "{round} apply: {} written in {:.1} s, {:?}, {}",
            applied.written,
            start.elapsed().as_secs_f64(),
            counted.take(),
            memory()
        );
    }
    Ok(())
}
