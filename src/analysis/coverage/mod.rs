//! Coverage: which of a project's metrics exist in Prometheus. Includes each signal, and each other metric of objectives, alerts,
//! recording rules and panels. `nthc metrics coverage --format json` outputs these types; `docs/metrics.md` describes them.

mod errors;
mod selectors;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};
use smol_str::SmolStr;

pub use errors::required_errors;
pub use selectors::{RequiredSelectors, required_selectors};

use errors::errors_of;

use crate::db::ItemKey;
use crate::eval::metrics::{
    MetricIndex, MetricPresence, block_labels, environment_labels, named_selectors,
};
use crate::eval::{Instance, Query, Value, instance};
use crate::lower::service_model;
use crate::schema::names::{field, kind};
use crate::session::Session;
use nth_metrics::{Initialized, Scope, name_of, section_of, selector_of};
use nth_model::{Resolution, Role, Rule, Service, Signal, SkippedRule, Tally};
use nth_promql::{LabelMatchers, MetricName, Node, Selector};

/// The coverage of a project.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    /// The version of this format.
    pub version: u32,
    /// The project's name.
    pub project: String,
    /// True if the project has a catalog.
    pub catalogue: bool,
    /// All signals, in all environments.
    pub signals: Share,
    /// The signals of dependencies by technology, those without one last.
    pub technologies: Vec<TechnologyCoverage>,
    /// The environments; a single one without a name if none is declared.
    pub environments: Vec<EnvironmentCoverage>,
}

/// A count of signals or metrics, and of those that were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share(pub Tally);

/// The signals of the dependencies of one technology.
#[derive(Debug, Clone, Serialize)]
pub struct TechnologyCoverage {
    /// The technology; `None` for dependencies without one.
    pub technology: Option<String>,
    /// Their signals.
    pub signals: Share,
}

/// The coverage in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentCoverage {
    /// Its name.
    pub environment: Option<SmolStr>,
    /// All signals in it.
    pub signals: Share,
    /// The services, in source order.
    pub services: Vec<ServiceCoverage>,
}

/// The coverage of a service.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceCoverage {
    /// Its name.
    pub service: SmolStr,
    /// Its signals and those of its dependencies.
    pub signals: Share,
    /// The service and its dependencies, if they have signals.
    pub blocks: Vec<BlockCoverage>,
    /// The other metrics that it uses, by name and selector.
    pub metrics: Vec<MetricCoverage>,
    /// The error series of its ratios, if they were pulled.
    pub errors: Vec<ErrorCoverage>,
    /// The rules that are not generated because of missing signals.
    pub left_out: Vec<LeftOutCoverage>,
}

/// The error series of a ratio, and whether they exist before the first error.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorCoverage {
    /// The objective's name.
    pub slo: SmolStr,
    /// The selector of bad events.
    pub bad: String,
    /// The selector of all events.
    pub total: String,
    /// The series of all events that also exist for bad events.
    pub initialized: Initialized,
}

/// The signals of a service itself, or of a dependency.
#[derive(Debug, Clone, Serialize)]
pub struct BlockCoverage {
    /// The dependency's name; `None` for the service itself.
    pub dependency: Option<SmolStr>,
    /// The dependency's technology.
    pub technology: Option<String>,
    /// The labels of its queries, in the form of the lock file's keys.
    pub selector: String,
    /// Its signals.
    pub signals: Vec<SignalCoverage>,
}

/// A signal.
#[derive(Debug, Clone, Serialize)]
pub struct SignalCoverage {
    /// Its name.
    pub signal: SmolStr,
    /// Its state.
    pub state: SignalState,
    /// The first candidate found in the catalog, without the block's labels; `None` if there is none.
    pub metric: Option<String>,
    /// All of its candidates, without the block's labels.
    pub candidates: Vec<String>,
    /// The author's hint on how to expose it.
    pub hint: Option<String>,
}

/// The state of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalState {
    /// A metric provides it.
    Found,
    /// No metric provides it.
    Missing,
    /// There is no catalog, or the selector was not pulled.
    Unclaimed,
}

/// A metric that is used and does not belong to a signal.
#[derive(Debug, Clone, Serialize)]
pub struct MetricCoverage {
    /// Its name.
    pub metric: String,
    /// The selector that it is looked up with.
    pub selector: String,
    /// Its state.
    pub state: MetricState,
    /// The blocks that use it, such as `alert queue-backlog`.
    pub used_by: BTreeSet<String>,
}

/// The state of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricState {
    /// It exists.
    Present,
    /// The selector was pulled, and it does not exist.
    Absent,
    /// There is no catalog, or the selector was not pulled.
    Unclaimed,
}

/// A rule that is not generated.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOutCoverage {
    /// `alert` or `recording`.
    pub rule: &'static str,
    /// Its name.
    pub name: SmolStr,
    /// Its missing signals.
    pub missing: Vec<SmolStr>,
}

impl Share {
    /// The share that was found, in percent with one decimal, rounded down so that 100 means all. `None` if there are none.
    pub fn percent(self) -> Option<Decimal> {
        let total = Decimal::from(self.0.total());
        let found = Decimal::from(self.0.found) * Decimal::ONE_HUNDRED;
        let share = found.checked_div(total)?;
        Some(share.round_dp_with_strategy(1, RoundingStrategy::ToZero))
    }

    /// True if less than `percent` were found. An empty share counts as 100%.
    pub fn is_under(self, percent: Decimal) -> bool {
        let found = Decimal::from(self.0.found) * Decimal::ONE_HUNDRED;
        found < percent * Decimal::from(self.0.total())
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Counts {
            found: usize,
            missing: usize,
            unclaimed: usize,
            total: usize,
            percent: Option<String>,
        }
        let Tally {
            found,
            missing,
            unknown: unclaimed,
        } = self.0;
        Counts {
            found,
            missing,
            unclaimed,
            total: self.0.total(),
            percent: self.percent().map(|percent| format!("{percent:.1}")),
        }
        .serialize(serializer)
    }
}

/// Computes the coverage of a project in some environments, of the services named in `only`, or of all if it is empty.
pub fn coverage(
    session: &Session,
    project: &str,
    environments: &[Option<SmolStr>],
    only: &BTreeSet<String>,
) -> Coverage {
    let mut all = Tally::default();
    let mut by_technology: BTreeMap<(bool, Option<String>), Tally> = BTreeMap::new();
    let environments = environments
        .iter()
        .map(|environment| {
            let shared = environment_labels(&session.db, session.workspace, environment.as_deref());
            let mut in_environment = Tally::default();
            let mut services = Vec::new();
            for key in session.services() {
                let model = service_model(&session.db, session.workspace, key, environment.clone());
                let is_chosen = |name: &str| only.is_empty() || only.contains(name);
                if !model.service.iter().any(|model| is_chosen(&model.name)) {
                    continue;
                }
                let Some(model) = &model.service else {
                    continue;
                };
                let Some(block) = &owner(session, key, model, environment) else {
                    continue;
                };
                for signal in model
                    .signals
                    .iter()
                    .filter(|signal| signal.dependency.is_some() || signal.technology.is_some())
                {
                    let technology = signal.technology.clone();
                    by_technology
                        .entry((technology.is_none(), technology))
                        .or_default()
                        .add(signal.resolution);
                }
                let metric_index = MetricIndex {
                    db: &session.db,
                    workspace: session.workspace,
                    environment: environment.as_ref(),
                };
                let signals = Tally::of(&model.signals);
                in_environment.merge(signals);
                services.push(ServiceCoverage {
                    service: model.name.clone(),
                    signals: Share(signals),
                    blocks: blocks(&model.signals),
                    metrics: Metrics::collect(metric_index, block, &shared, &model.signals),
                    errors: errors(metric_index, block, &shared),
                    left_out: model.skipped_rules.iter().map(left_out).collect(),
                });
            }
            all.merge(in_environment);
            EnvironmentCoverage {
                environment: environment.clone(),
                signals: Share(in_environment),
                services,
            }
        })
        .collect();
    Coverage {
        version: 1,
        project: project.to_owned(),
        catalogue: session.workspace.catalogue(&session.db).is_some(),
        signals: Share(all),
        technologies: by_technology
            .into_iter()
            .map(|((_, technology), signals)| TechnologyCoverage {
                technology,
                signals: Share(signals),
            })
            .collect(),
        environments,
    }
}

/// Returns the pulled error series of a service's ratios.
fn errors(
    metric_index: MetricIndex<'_>,
    service: &Instance,
    shared: &LabelMatchers,
) -> Vec<ErrorCoverage> {
    let Some(lock) = metric_index.workspace.catalogue(metric_index.db).as_ref() else {
        return Vec::new();
    };
    let environment = metric_index.environment.map(SmolStr::as_str);
    errors_of(service, shared)
        .into_iter()
        .filter_map(|(slo, section, errors)| {
            let section = lock.section(environment, &section)?;
            let found = section
                .errors
                .iter()
                .find(|found| found.bad == errors.bad && found.total == errors.total)?;
            Some(ErrorCoverage {
                slo,
                bad: errors.bad,
                total: errors.total,
                initialized: found.initialized,
            })
        })
        .collect()
}

/// Iterates over the evaluated blocks of the project's services in an environment. Services that do not exist there are
/// skipped.
fn service_instances<'s>(
    session: &'s Session,
    environment: Option<&str>,
) -> impl Iterator<Item = &'s Instance> {
    let environment = environment.map(SmolStr::from);
    let evaluate = move |key| {
        let environment = environment.clone();
        instance(&session.db, session.workspace, key, environment)
            .instance
            .as_ref()
    };
    let rules = session.outside_rules().iter().copied();
    session
        .services()
        .into_iter()
        .chain(rules)
        .filter_map(evaluate)
}

/// The evaluated block of a model, with all queries in it: the rules of a team outside of any service are added to the team's block.
/// `None` if it does not exist in the environment.
fn owner(
    session: &Session,
    key: ItemKey,
    model: &Service,
    environment: &Option<SmolStr>,
) -> Option<Instance> {
    let evaluate = |key| {
        instance(&session.db, session.workspace, key, environment.clone())
            .instance
            .clone()
    };
    let mut block = evaluate(key)?;
    if model.role == Role::Team {
        let rules = session.outside_rules().iter();
        let rules = rules.filter_map(|key| evaluate(*key));
        let is_own = |rule: &Instance| match rule.get(field::TEAM) {
            Value::Block(team) => team.item == key,
            _ => false,
        };
        block.children.extend(rules.filter(is_own));
    }
    Some(block)
}

fn left_out(left_out: &SkippedRule) -> LeftOutCoverage {
    LeftOutCoverage {
        rule: Rule::word(left_out.rule),
        name: left_out.name.clone(),
        missing: left_out.missing.clone(),
    }
}

/// Groups the signals by block. Those of a block are adjacent.
fn blocks(signals: &[Signal]) -> Vec<BlockCoverage> {
    let mut blocks: Vec<BlockCoverage> = Vec::new();
    for signal in signals {
        let coverage = SignalCoverage {
            signal: signal.name.clone(),
            state: match signal.resolution {
                Resolution::Found(_) => SignalState::Found,
                Resolution::Missing => SignalState::Missing,
                Resolution::Unknown(_) => SignalState::Unclaimed,
            },
            metric: match signal.resolution {
                Resolution::Found(number) => signal.candidate_texts().nth(number),
                _ => None,
            },
            candidates: signal.candidate_texts().collect(),
            hint: signal.hint.clone(),
        };
        match blocks.last_mut() {
            Some(block) if block.dependency == signal.dependency => block.signals.push(coverage),
            _ => blocks.push(BlockCoverage {
                dependency: signal.dependency.clone(),
                technology: signal.technology.clone(),
                selector: selector_of(&signal.scope),
                signals: vec![coverage],
            }),
        }
    }
    blocks
}

/// Collects the metrics that a service uses and that do not belong to signals.
struct Metrics<'a> {
    metric_index: MetricIndex<'a>,
    shared: &'a LabelMatchers,
    /// The names and selectors of metrics that could provide a signal.
    signals: HashSet<(String, String)>,
    found: BTreeMap<(String, String), MetricCoverage>,
}

impl<'a> Metrics<'a> {
    fn collect(
        metric_index: MetricIndex<'a>,
        service: &Instance,
        shared: &'a LabelMatchers,
        signals: &[Signal],
    ) -> Vec<MetricCoverage> {
        let mut signals_of = HashSet::new();
        for signal in signals {
            let scope = Scope {
                labels: signal.scope.clone(),
                recordings: Vec::new(),
            };
            for candidate in &signal.candidates {
                if let Node::Selector(selector) = &candidate.unparenthesised().node
                    && let Some(name) = name_of(selector)
                {
                    signals_of.insert((name.to_owned(), section_of(selector, &scope)));
                }
            }
        }
        let mut metrics = Metrics {
            metric_index,
            shared,
            signals: signals_of,
            found: BTreeMap::new(),
        };
        let scope = Scope {
            labels: shared.clone(),
            recordings: service
                .children_of(kind::RECORDING)
                .map(|recording| recording.name.clone())
                .collect(),
        };
        metrics.gather(service, &scope, "", "service");
        metrics.found.into_values().collect()
    }

    /// Collects the metrics of a block and its children. `within` is the enclosing dependency, empty if there is none. `user` is the
    /// block to list as the user.
    fn gather(&mut self, block: &Instance, above: &Scope, within: &str, user: &str) {
        if block.kind == kind::SIGNAL {
            return;
        }
        let own = block_labels(block);
        let narrowed;
        let scope = if own.is_empty() {
            above
        } else {
            let mut labels = self.shared.clone();
            labels.replace(own);
            narrowed = Scope {
                labels,
                recordings: above.recordings.clone(),
            };
            &narrowed
        };
        let is_latency = block.variant.as_deref() == Some(kind::LATENCY);
        for (field, value) in &block.fields {
            let histogram = is_latency && field == field::HISTOGRAM;
            match &value.value {
                Value::Query(query) => self.query(query, scope, user, histogram),
                Value::List(items) => {
                    for item in items {
                        if let Value::Query(query) = item {
                            self.query(query, scope, user, false);
                        }
                    }
                }
                _ => {}
            }
        }
        for child in &block.children {
            let dependency = match child.kind.as_str() {
                kind::DEPENDENCY => child.name.as_str(),
                _ => within,
            };
            let user = match (child.kind.as_str(), within, child.name.as_str()) {
                // An SLI is listed as its objective.
                (_, _, "") => user.to_owned(),
                (kind, "", name) => format!("{kind} {name}"),
                // The name in the rules.
                ("alert", dependency, name) => format!("alert {dependency}-{name}"),
                (kind, dependency, name) => format!("{kind} {dependency}.{name}"),
            };
            self.gather(child, scope, dependency, &user);
        }
    }

    fn query(&mut self, query: &Query, scope: &Scope, user: &str, histogram: bool) {
        for (name, selector) in named_selectors(query) {
            if scope.records(name) {
                continue;
            }
            let section = section_of(selector, scope);
            if self.signals.contains(&(name.to_owned(), section.clone())) {
                continue;
            }
            // An SLI may name its histogram by any of its series.
            let bare = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .filter(|_| histogram)
                .unwrap_or(name);
            let found = self
                .found
                .entry((bare.to_owned(), section))
                .or_insert_with_key(|(name, section)| {
                    let presence = self.metric_index.presence_by_name(
                        &renamed(selector, bare),
                        scope,
                        histogram,
                    );
                    MetricCoverage {
                        metric: name.clone(),
                        selector: section.clone(),
                        state: match presence {
                            MetricPresence::Found => MetricState::Present,
                            MetricPresence::Absent => MetricState::Absent,
                            MetricPresence::Unknown => MetricState::Unclaimed,
                        },
                        used_by: BTreeSet::new(),
                    }
                });
            found.used_by.insert(user.to_owned());
        }
    }
}

fn renamed(selector: &Selector, name: &str) -> Selector {
    let mut selector = selector.clone();
    selector.metric = Some(MetricName {
        text: name.into(),
        span: Default::default(),
    });
    selector
}
