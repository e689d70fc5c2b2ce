//! What the ledger says about the SLOs that a command is about.

use nth_ledger::{
    Detection, FoundIncident, Interval, ObjectiveVersion, Slice, SloKey, Store, Yardstick,
    find_incidents,
};
use rust_decimal::Decimal;

use super::super::Context;
use super::super::exit::Failure;
use super::{keys as slo_keys, open};

/// The SLOs that a command is about.
#[derive(Debug, Clone, Default)]
pub struct Selection<'s> {
    /// The project.
    pub project: &'s str,
    /// The environment; `None` for all.
    pub environment: Option<&'s str>,
    /// The services, SLOs as `service.slo`, or groups as `service.slo{label="value"}`; empty for all.
    pub names: &'s [String],
}

impl Selection<'_> {
    fn has(&self, key: &SloKey) -> bool {
        key.project == self.project
            && self
                .environment
                .is_none_or(|name| key.environment.as_deref() == Some(name))
            && (self.names.is_empty()
                || self.names.iter().any(|name| {
                    *name == key.service
                        || *name == format!("{}.{}", key.service, key.slo)
                        || *name == slo_keys::name(key)
                }))
    }
}

/// An SLO with its slices in an interval.
#[derive(Debug, Clone)]
pub struct BookSlo {
    /// The SLO.
    pub key: SloKey,
    /// The slices, in order.
    pub slices: Vec<Slice>,
    /// Its objectives, in the order of time; at least one.
    pub objectives: Vec<ObjectiveVersion>,
}

impl BookSlo {
    /// The objective and the SLO window in milliseconds that are in force now.
    pub fn current(&self) -> (Decimal, i64) {
        let last = self.objectives.last();
        last.map_or((Decimal::ZERO, 0), |last| (last.objective, last.window_ms))
    }

    /// Its incidents, judged by the objectives as they were.
    pub fn incidents(&self) -> Vec<FoundIncident> {
        let (_, window_ms) = self.current();
        let yardstick = Yardstick::AsItWas(&self.objectives);
        find_incidents(&self.slices, yardstick, window_ms, &Detection::default())
    }
}

/// Returns the SLOs of a selection, in order.
///
/// # Errors
///
/// If the ledger has none of a name or an environment, or cannot be read.
pub fn keys(
    context: &Context,
    store: &mut Store,
    selection: &Selection<'_>,
) -> Result<Vec<SloKey>, Failure> {
    let mut all = open::with(context, store, Store::slos)?;
    for name in selection.names {
        let alone = Selection {
            names: std::slice::from_ref(name),
            ..selection.clone()
        };
        if !all.iter().any(|key| alone.has(key)) {
            return Err(unknown(name, &all, selection));
        }
    }
    if let Some(environment) = selection.environment
        && !all
            .iter()
            .any(|key| key.environment.as_deref() == Some(environment))
    {
        return Err(Failure::usage(format!(
            "the ledger has nothing of environment `{environment}`"
        ))
        .help(format!("run `nthc ledger pull --env {environment}` first")));
    }
    all.retain(|key| selection.has(key));
    Ok(all)
}

/// Reads the SLOs of a selection.
///
/// # Errors
///
/// If the ledger has none of a name, or cannot be read.
pub fn read(
    context: &Context,
    store: &mut Store,
    selection: &Selection<'_>,
    within: Interval,
) -> Result<Vec<BookSlo>, Failure> {
    let mut found = Vec::new();
    for key in keys(context, store, selection)? {
        let slices = open::with(context, store, |store| store.slices(&key, within))?;
        let objectives = open::with(context, store, |store| store.objectives(&key))?;
        if !objectives.is_empty() {
            found.push(BookSlo {
                key,
                slices,
                objectives,
            });
        }
    }
    Ok(found)
}

fn unknown(name: &str, all: &[SloKey], selection: &Selection<'_>) -> Failure {
    let own = all.iter().filter(|key| key.project == selection.project);
    let names: Vec<String> = own
        .flat_map(|key| [key.service.clone(), slo_keys::name(key)])
        .collect();
    let near = nthc::diagnostics::suggest::nearest(name, names.iter().map(String::as_str));
    let failure = Failure::usage(format!("the ledger has no service or SLO `{name}`"));
    match near {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => {
            failure.help("run `nthc ledger pull` first, or `nthc ledger status` to see what it has")
        }
    }
}
