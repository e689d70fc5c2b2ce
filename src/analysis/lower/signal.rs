//! Lowers signals, and reports those without a metric: alerts and recording rules that are not generated, and objectives
//! without data.

use std::collections::{BTreeMap, HashMap, VecDeque};

use smol_str::SmolStr;

use super::read::{member, query, text};
use crate::codes;
use crate::db::{Diag, Span, item_name};
use crate::eval::metrics::named_selectors;
use crate::eval::{BlockRef, Instance, Query, Value};
use crate::schema::names::{field, kind};
use nth_diagnostics::text::list;
use nth_metrics::selector_of;
use nth_model::{Resolution, Rule, Signal, SkippedRule};
use nth_promql::MatchOp;

/// The maximum number of signals in one message.
const MOST_SIGNALS: usize = 5;

/// Lowers the signals of a service and its dependencies.
pub(super) fn lower(service: &Instance) -> Vec<Signal> {
    let own = service
        .children_of(kind::SIGNAL)
        .map(|signal| (signal, None));
    let of_shared = (service.kind == kind::DEPENDENCY)
        .then(|| text(service.get(field::TECHNOLOGY)))
        .flatten();
    let dependencies = service.children_of(kind::DEPENDENCY);
    let within = dependencies.flat_map(|dependency| {
        let signals = dependency.children_of(kind::SIGNAL);
        signals.map(move |signal| (signal, Some(dependency)))
    });
    own.chain(within)
        .filter_map(|(signal, dependency)| lower_signal(signal, dependency))
        .map(|signal| Signal {
            technology: signal.technology.or_else(|| of_shared.clone()),
            ..signal
        })
        .collect()
}

fn lower_signal(signal: &Instance, dependency: Option<&Instance>) -> Option<Signal> {
    let resolved = signal.resolved.as_deref()?;
    let Value::List(candidates) = signal.get(field::ANY_OF) else {
        return None;
    };
    Some(Signal {
        name: signal.name.clone(),
        dependency: dependency.map(|dependency| dependency.name.clone()),
        technology: dependency.and_then(|dependency| text(dependency.get(field::TECHNOLOGY))),
        description: signal.doc.as_ref().map(|doc| doc.trim().to_owned()),
        unit: member(signal.get(field::UNIT))?,
        metric_type: member(signal.get(field::TYPE))?,
        candidates: candidates.iter().filter_map(query).collect(),
        scope: resolved.scope.clone(),
        hint: text(signal.get(field::HINT)).filter(|hint| !hint.is_empty()),
        resolution: resolved.resolution,
    })
}

/// The signals without a metric that affect the queries of a service.
pub(super) struct Absences<'a> {
    db: &'a dyn salsa::Database,
    service: &'a Instance,
    /// The recording rules that are not generated, with the missing signals of each.
    recordings: BTreeMap<SmolStr, Vec<BlockRef>>,
}

impl<'a> Absences<'a> {
    /// Finds the missing signals of a service.
    pub(super) fn new(db: &'a dyn salsa::Database, service: &'a Instance) -> Self {
        let queries: Vec<(&SmolStr, &Query)> = service
            .children_of(kind::RECORDING)
            .filter_map(|recording| match recording.get(field::QUERY) {
                Value::Query(query) => Some((&recording.name, query)),
                _ => None,
            })
            .collect();
        let mut absences = Self {
            db,
            service,
            recordings: queries
                .iter()
                .filter(|(_, query)| !query.missing.is_empty())
                .map(|(name, query)| ((*name).clone(), query.missing.to_vec()))
                .collect(),
        };
        if absences.recordings.is_empty() {
            return absences;
        }
        // A query of a recording rule that is not generated has no series either.
        let mut readers: HashMap<SmolStr, Vec<&SmolStr>> = HashMap::new();
        for (name, query) in &queries {
            for read in absences.recorded(query) {
                readers.entry(read.into()).or_default().push(name);
            }
        }
        let mut waiting: VecDeque<SmolStr> = absences.recordings.keys().cloned().collect();
        while let Some(left_out) = waiting.pop_front() {
            let missing = absences.recordings.get(&left_out).cloned();
            for reader in readers.get(&left_out).into_iter().flatten() {
                if !absences.recordings.contains_key(*reader) {
                    let missing = missing.clone().unwrap_or_default();
                    absences.recordings.insert((*reader).clone(), missing);
                    waiting.push_back((*reader).clone());
                }
            }
        }
        absences
    }

    /// The names of the metrics that a query selects with the label of the service's own rules.
    fn recorded<'q>(&self, query: &'q Query) -> impl Iterator<Item = &'q str> {
        let service = self.service.name.clone();
        named_selectors(query)
            .filter(move |(_, selector)| {
                selector.matchers.iter().any(|matcher| {
                    matcher.label == "service"
                        && matcher.op == MatchOp::Equal
                        && matcher.value.text() == Some(service.as_str())
                })
            })
            .map(|(name, _)| name)
    }

    /// Returns the missing signals of a query, without duplicates: its own, and those of the recording rules that it uses.
    pub(super) fn in_query(&self, value: &Value) -> Vec<BlockRef> {
        let Value::Query(query) = value else {
            return Vec::new();
        };
        let mut missing = query.missing.to_vec();
        if !self.recordings.is_empty() {
            let read = self.recorded(query);
            for signal in read.filter_map(|name| self.recordings.get(name)).flatten() {
                if !missing.contains(signal) {
                    missing.push(signal.clone());
                }
            }
        }
        missing
    }

    fn is_own(&self, signal: &BlockRef) -> bool {
        signal.item == self.service.head.item
    }

    /// The name of a signal as seen from this service: `depth`, `orders-db.locks`, `payments.depth`.
    fn name(&self, signal: &BlockRef) -> SmolStr {
        let service = (!self.is_own(signal)).then(|| item_name(self.db, signal.item));
        let path = signal.path.iter().map(|(_, name)| name.clone());
        let parts: Vec<SmolStr> = service.into_iter().chain(path).collect();
        parts.join(".").into()
    }
}

/// An alert or recording rule that is not generated, and the place to report it.
pub(super) struct Omission {
    /// The entry in the model.
    pub(super) left_out: SkippedRule,
    missing: Vec<BlockRef>,
    place: Span,
}

impl Omission {
    /// Creates the omission of a block.
    pub(super) fn new(
        rule: Rule,
        name: SmolStr,
        block: &Instance,
        missing: Vec<BlockRef>,
        absences: &Absences<'_>,
    ) -> Self {
        let names = missing.iter().map(|signal| absences.name(signal)).collect();
        Self {
            left_out: SkippedRule {
                rule,
                name,
                missing: names,
            },
            missing,
            place: absences.service.place_of(block, block.head),
        }
    }
}

/// Reports the missing signals of a service.
pub(super) struct MissingSignals<'a> {
    /// The service.
    pub(super) service: &'a Instance,
    /// The environment; `None` if the project declares none.
    pub(super) environment: Option<&'a SmolStr>,
    /// Its signals and those of its dependencies.
    pub(super) signals: &'a [Signal],
    /// Its rules that are not generated.
    pub(super) left_out: &'a [Omission],
    /// The signals without a metric.
    pub(super) absences: &'a Absences<'a>,
}

impl MissingSignals<'_> {
    /// Warns about each block with missing signals, and about the objectives that depend on them.
    pub(super) fn report(&self, diagnostics: &mut Vec<Diag>) {
        let mut by_block: BTreeMap<Option<&SmolStr>, Vec<&Signal>> = BTreeMap::new();
        for signal in self.signals {
            let block = by_block.entry(signal.dependency.as_ref()).or_default();
            block.push(signal);
        }
        for (dependency, signals) in by_block {
            let missing: Vec<&Signal> = signals
                .iter()
                .copied()
                .filter(|signal| signal.resolution == Resolution::Missing)
                .collect();
            if !missing.is_empty() {
                diagnostics.push(self.missing_in(dependency, &missing, signals.len()));
            }
        }
        for omission in self.left_out {
            diagnostics.extend(self.elsewhere(omission));
        }
        for slo in self.service.children_of(kind::SLO) {
            diagnostics.extend(self.objective(slo));
        }
    }

    /// Names the catalog, for messages.
    fn catalogue(&self) -> String {
        match self.environment {
            Some(environment) => format!("the catalog of `{environment}`"),
            None => "nth.metrics.lock".to_owned(),
        }
    }

    fn missing_in(&self, dependency: Option<&SmolStr>, missing: &[&Signal], all: usize) -> Diag {
        let block = match dependency {
            Some(name) => {
                let mut dependencies = self.service.children_of(kind::DEPENDENCY);
                dependencies.find(|dependency| dependency.name == *name)
            }
            None => None,
        }
        .unwrap_or(self.service);
        let names: Vec<&str> = missing.iter().map(|signal| signal.name.as_str()).collect();
        let message = if all == 1 {
            format!(
                "signal `{}` of `{}` matches no metric in {}",
                names.concat(),
                block.name,
                self.catalogue()
            )
        } else {
            format!(
                "{} of {all} signals of `{}` {} no metric in {}: {}",
                missing.len(),
                block.name,
                if missing.len() == 1 {
                    "matches"
                } else {
                    "match"
                },
                self.catalogue(),
                shortened(&names)
            )
        };
        let place = self.service.place_of(block, block.head);
        let mut diagnostic = Diag::new(&codes::SIGNALS_MISSING, message, place);
        if let Some(signal) = missing.first() {
            diagnostic = diagnostic.label(format!(
                "searched with selector {}",
                selector_of(&signal.scope)
            ));
        }
        for signal in missing.iter().take(MOST_SIGNALS) {
            diagnostic = diagnostic.help(looked_for(signal));
        }
        if missing.len() > MOST_SIGNALS {
            diagnostic = diagnostic.help(format!(
                "run `nthc metrics coverage {}` for details",
                self.service.name
            ));
        }
        let of_block = |signal: &BlockRef| {
            self.absences.is_own(signal)
                && match (dependency, signal.path.as_slice()) {
                    (None, [_]) => true,
                    (Some(name), [(_, first), _]) => first == name,
                    _ => false,
                }
        };
        let left_out: Vec<&Omission> = self
            .left_out
            .iter()
            .filter(|omission| omission.missing.iter().any(of_block))
            .collect();
        if left_out.is_empty() {
            return diagnostic;
        }
        let of_rule = |rule: Rule| {
            let of_rule = left_out.iter().map(|omission| &omission.left_out);
            let names: Vec<String> = of_rule
                .filter(|omission| omission.rule == rule)
                .map(|omission| format!("`{}`", omission.name))
                .collect();
            let plural = if names.len() == 1 { "" } else { "s" };
            (!names.is_empty())
                .then(|| format!("the {}{plural} {}", rule.word(), list(&names, "and")))
        };
        let rules: Vec<String> = [Rule::Alert, Rule::Recording]
            .into_iter()
            .filter_map(of_rule)
            .collect();
        diagnostic.note(format!("not generated: {}", rules.join("; ")))
    }

    /// Diagnostic about a rule that is not generated because of another service's signal, which is not reported in this service.
    fn elsewhere(&self, omission: &Omission) -> Option<Diag> {
        let foreign: Vec<String> = omission
            .missing
            .iter()
            .filter(|signal| !self.absences.is_own(signal))
            .map(|signal| format!("`{}`", self.absences.name(signal)))
            .collect();
        if foreign.is_empty() {
            return None;
        }
        Some(
            Diag::new(
                &codes::LEFT_OUT,
                format!(
                    "{} `{}` of `{}` is not generated: no metric in {} for {}",
                    omission.left_out.rule.word(),
                    omission.left_out.name,
                    self.service.name,
                    self.catalogue(),
                    list(&foreign, "and")
                ),
                omission.place,
            )
            .help("run `nthc metrics coverage` for what was looked for and how to expose it"),
        )
    }

    /// Diagnostic about an objective whose SLI uses a missing signal.
    fn objective(&self, slo: &Instance) -> Option<Diag> {
        let sli = slo.children_of(kind::SLI).next()?;
        let mut missing: Vec<BlockRef> = Vec::new();
        let mut place = None;
        for (name, field) in &sli.fields {
            for signal in self.absences.in_query(&field.value) {
                place = place.or_else(|| Some(self.service.place_of(sli, sli.span_of(name))));
                if !missing.contains(&signal) {
                    missing.push(signal);
                }
            }
        }
        let place = place?;
        let names: Vec<String> = missing
            .iter()
            .map(|signal| format!("`{}`", self.absences.name(signal)))
            .collect();
        Some(
            Diag::new(
                &codes::OBJECTIVE_WITHOUT_DATA,
                format!(
                    "SLO `{}` of `{}` has no data: no metric in {} for {}",
                    slo.name,
                    self.service.name,
                    self.catalogue(),
                    list(&names, "and")
                ),
                place,
            )
            .note("the rules use the first candidate and start working once it is exposed")
            .note("the missing-data alert fires until then"),
        )
    }
}

fn looked_for(signal: &Signal) -> String {
    let candidates: Vec<String> = signal
        .candidate_texts()
        .map(|candidate| format!("`{candidate}`"))
        .collect();
    let looked_for = list(&candidates, "or");
    match &signal.hint {
        Some(hint) => {
            let hint = hint.trim_end_matches('.');
            format!("expose `{}` as {looked_for}: {hint}", signal.name)
        }
        None => format!("expose `{}` as {looked_for}", signal.name),
    }
}

/// Joins the first names of a list, and the number of further ones.
fn shortened(names: &[&str]) -> String {
    let (shown, rest) = names.split_at(names.len().min(MOST_SIGNALS));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
