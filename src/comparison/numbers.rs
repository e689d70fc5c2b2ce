//! The numbers that a reviewer wants of both versions.

use std::collections::{BTreeSet, HashMap};

use nth_diff::{Change, Class, Figure, Number, Reach, ServiceFigures, Version};
use nth_model::burn_rate::{Pair, budget_time};
use nth_model::detection::{Detection, Incident, STRENGTHS};
use nth_model::number::{decimal_text, percent_text};
use nth_model::{Criticality, Project, Response, Service, Severity, Slo, Tally};
use rayon::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use smol_str::SmolStr;

use super::Compared;
use crate::backends::grafana::panel_count;
use crate::backends::prometheus::{Group, Rule, rule_groups};
use crate::detection::reaction;
use crate::testing::word;

/// The most SLOs of which detection times are simulated.
const SIMULATED: usize = 8;

/// What is counted and simulated.
#[derive(Debug)]
pub struct Wanted {
    /// The services with changes that are not cosmetic.
    names: BTreeSet<SmolStr>,
    /// The SLOs of which detection times are simulated, as `service.slo`.
    simulated: BTreeSet<SmolStr>,
}

impl Wanted {
    /// What is wanted for changes; without detection times if nothing is simulated.
    pub fn new(changes: &[Change], is_simulated: bool) -> Self {
        let names = changes
            .iter()
            .filter(|change| change.class < Class::Cosmetic)
            .filter_map(|change| change.subject.service.clone())
            .collect();
        // The same change of many services, which one cause makes, is simulated once.
        let mut seen = BTreeSet::new();
        let simulated = changes
            .iter()
            .filter(|change| is_simulated && change.class.has_witness())
            .filter(|change| &*change.subject.kind == "slo")
            .filter(|change| {
                let slo = change.subject.name.rsplit('.').next();
                seen.insert((change.id, slo, &change.before, &change.after))
            })
            .map(|change| SmolStr::from(change.subject.name.as_str()))
            .take(SIMULATED)
            .collect();
        Self { names, simulated }
    }
}

/// Computes the numbers of services in an environment; `None` if the project declares none.
pub fn of_services(
    [base, head]: [Version<'_>; 2],
    wanted: &Wanted,
    environment: Option<&SmolStr>,
) -> Vec<ServiceFigures> {
    let names: Vec<&SmolStr> = wanted.names.iter().collect();
    names
        .par_iter()
        .filter_map(|name| {
            let services = [base, head].map(|version| version.project.service(name));
            service([base, head], services, name, environment, &wanted.simulated)
        })
        .collect()
}

/// Adds the numbers of services, and those of the whole project.
pub fn add(
    [base, head]: [Version<'_>; 2],
    found: Vec<ServiceFigures>,
    environment: Option<&SmolStr>,
    compared: &mut Compared,
) {
    let mut known: HashMap<SmolStr, Vec<usize>> = HashMap::new();
    for (index, figures) in compared.services.iter().enumerate() {
        known
            .entry(figures.service.clone())
            .or_default()
            .push(index);
    }
    for figures in found {
        let of_service = known.get(&figures.service).into_iter().flatten().copied();
        let is_equal = |index: &usize| {
            compared.services.get(*index).is_some_and(|known| {
                (&known.numbers, &known.slos) == (&figures.numbers, &figures.slos)
            })
        };
        let equal = of_service.into_iter().find(is_equal);
        match equal.and_then(|index| compared.services.get_mut(index)) {
            // The same in several environments.
            Some(known) => known.environment = None,
            None => compared.services.push(figures),
        }
    }
    compared.services.sort_by(|one, other| {
        (&one.service, &one.environment).cmp(&(&other.service, &other.environment))
    });
    totals(base, head, environment, compared);
}

/// The numbers of the whole project.
fn totals(
    base: Version<'_>,
    head: Version<'_>,
    environment: Option<&SmolStr>,
    compared: &mut Compared,
) {
    let count = |version: Version<'_>| {
        let services: Vec<&Service> = version.project.services().collect();
        let slos: usize = services.iter().map(|service| service.slos.len()).sum();
        let alerts: usize = services.iter().map(|service| alerts(service)).sum();
        [services.len(), slos, alerts]
    };
    let (old, new) = (count(base), count(head));
    let of = match environment {
        Some(environment) => format!(" in {environment}"),
        None => String::new(),
    };
    for (name, (before, after)) in ["services", "SLOs", "alerts"]
        .into_iter()
        .zip(old.into_iter().zip(new))
    {
        if before != after {
            compared.figures.numbers.push(Number {
                name: format!("{name}{of}"),
                before: Some(before.to_string()),
                after: Some(after.to_string()),
            });
        }
    }
}

fn alerts(service: &Service) -> usize {
    let of_slos: usize = service
        .slos
        .iter()
        .map(|slo| {
            let contracts = slo.contracts.iter();
            let promised: usize = contracts.map(|contract| contract.alerts.len()).sum();
            slo.burn_rate_pairs.len()
                + slo.budget_alerts.len()
                + slo.missing_data_alerts.len()
                + promised
        })
        .sum();
    of_slos + service.alerts.len()
}

/// A number before and after, if it differs.
fn differing(name: &str, [before, after]: [Option<String>; 2]) -> Option<Number> {
    (before != after).then(|| Number {
        name: name.to_owned(),
        before,
        after,
    })
}

fn service<'s>(
    versions: [Version<'_>; 2],
    services: [Option<&'s Service>; 2],
    name: &SmolStr,
    environment: Option<&SmolStr>,
    simulated: &BTreeSet<SmolStr>,
) -> Option<ServiceFigures> {
    let [base, head] = versions;
    let [old, new] = services;
    let of = |get: &dyn Fn(Version<'_>, &Service) -> Option<String>| {
        [
            old.and_then(|service| get(base, service)),
            new.and_then(|service| get(head, service)),
        ]
    };
    let shapes = [old, new].map(|service| service.map(Shape::new));
    let [one, other] = &shapes;
    // Rules and panels are counted only if their numbers can differ.
    let counts = (one != other).then(|| {
        [(base, old), (head, new)].map(|(version, service)| Some(Counts::new(version, service?)))
    });
    let count = |name: &str, get: &dyn Fn(&Counts) -> String| {
        let counts = counts.as_ref()?;
        differing(
            name,
            counts.each_ref().map(|counts| counts.as_ref().map(get)),
        )
    };
    let numbers = [
        count("rules", &|counts| counts.rules.to_string()),
        count("recorded series", &|counts| counts.recorded.to_string()),
        count("recorded samples per second", &|counts| {
            decimal_text(counts.samples)
        }),
        count("panels", &|counts| counts.panels.to_string()),
        differing(
            "signals with a metric",
            of(&|_, service| with_metric(service)),
        ),
        differing(
            "availability that hard dependencies allow",
            of(&|version, service| {
                ceiling(version.project, service).map(|share| at_most_digits(share, 5))
            }),
        ),
        differing(
            "is paged",
            of(&|version, service| Some(paged(version.project, service))),
        ),
    ];
    let mut slos: Vec<Figure> = Vec::new();
    let of_base = old.into_iter().flat_map(|service| &service.slos);
    let of_head = new.into_iter().flat_map(|service| &service.slos);
    let all: BTreeSet<&SmolStr> = of_base.chain(of_head).map(|slo| &slo.name).collect();
    for slo in all {
        let find = |service: Option<&'s Service>| {
            service.and_then(|service| {
                let slo = service.slos.iter().find(|one| one.name == *slo)?;
                Some((service, slo))
            })
        };
        let is_simulated = simulated.contains(format!("{name}.{slo}").as_str());
        slos.extend(figure(versions, [find(old), find(new)], slo, is_simulated));
    }
    let numbers: Vec<Number> = numbers.into_iter().flatten().collect();
    (!numbers.is_empty() || !slos.is_empty()).then(|| ServiceFigures {
        service: name.clone(),
        environment: environment.cloned(),
        numbers,
        slos,
    })
}

/// How many signals a known metric provides; `None` if nothing is known about any.
fn with_metric(service: &Service) -> Option<String> {
    let tally = Tally::of(&service.signals);
    let is_known = tally.found + tally.missing > 0;
    is_known.then(|| format!("{} of {}", tally.found, tally.total()))
}

/// What the numbers of rules and panels of a service depend on.
#[derive(PartialEq)]
struct Shape {
    slos: Vec<Slo>,
    alerts: usize,
    recordings: usize,
    gates: usize,
    dependencies: usize,
    signals: usize,
    panels: usize,
    is_deployed: bool,
}

impl Shape {
    fn new(service: &Service) -> Self {
        let panels = &service.panels;
        let rows = panels.rows.iter().map(|row| row.panels.len());
        let of_dependencies = panels.dependencies.iter().map(|one| one.panels.len());
        Self {
            slos: service
                .slos
                .iter()
                .map(|slo| {
                    let mut slo = slo.clone();
                    // The same rules with other numbers.
                    slo.objective = Decimal::ZERO;
                    slo.description = None;
                    slo.burn_rate_pairs
                        .iter_mut()
                        .for_each(|pair| pair.factor = Decimal::ZERO);
                    slo
                })
                .collect(),
            alerts: service.alerts.len(),
            recordings: service.recordings.len(),
            gates: service.gates.len(),
            dependencies: service.dependencies.len(),
            signals: service.signals.len(),
            panels: panels.own.len() + rows.chain(of_dependencies).sum::<usize>(),
            is_deployed: service.deployed.is_some(),
        }
    }
}

/// How much is generated for a service.
struct Counts {
    rules: usize,
    recorded: usize,
    /// Recorded samples per second.
    samples: Decimal,
    panels: usize,
}

impl Counts {
    fn new(version: Version<'_>, service: &Service) -> Self {
        let groups = rule_groups(service, version.settings);
        let recorded = |group: &Group| {
            let rules = group.rules.iter();
            rules
                .filter(|rule| matches!(rule, Rule::Recording(_)))
                .count()
        };
        let samples: Decimal = groups
            .iter()
            .map(|group| {
                let millis = nth_promql::milliseconds(&group.interval).unwrap_or(1000);
                Decimal::from(recorded(group)) * Decimal::ONE_THOUSAND
                    / Decimal::from(millis.max(1))
            })
            .sum();
        Self {
            rules: groups.iter().map(|group| group.rules.len()).sum(),
            recorded: groups.iter().map(recorded).sum(),
            samples: samples.round_dp(2),
            panels: panel_count(service, version.settings),
        }
    }
}

/// The numbers of an SLO; `None` if they are the same.
fn figure(
    [base, head]: [Version<'_>; 2],
    slos: [Option<(&Service, &Slo)>; 2],
    name: &SmolStr,
    is_simulated: bool,
) -> Option<Figure> {
    if let [Some((_, old)), Some((_, new))] = &slos
        && (
            old.objective,
            old.window,
            &old.burn_rate_pairs,
            &old.budget_alerts,
        ) == (
            new.objective,
            new.window,
            &new.burn_rate_pairs,
            &new.budget_alerts,
        )
        && (old.min_events, old.min_bad_events) == (new.min_events, new.min_bad_events)
    {
        return None;
    }
    let text = |get: &dyn Fn(&Slo) -> Option<String>| {
        slos.each_ref()
            .map(|slo| slo.as_ref().and_then(|(_, slo)| get(slo)))
    };
    let mut numbers: Vec<Number> = Vec::new();
    numbers.extend(differing(
        "objective",
        text(&|slo| Some(percent_text(slo.objective))),
    ));
    numbers.extend(differing(
        "SLO window",
        text(&|slo| Some(slo.window.to_string())),
    ));
    numbers.extend(differing(
        "error budget",
        text(&|slo| Some(budget_time(slo.objective, slo.window).to_human())),
    ));
    let mut pairs: Vec<(Severity, String)> = Vec::new();
    for (_, slo) in slos.iter().flatten() {
        for pair in &slo.burn_rate_pairs {
            let key = (
                pair.severity.clone(),
                format!("{}/{}", pair.long, pair.short),
            );
            if !pairs.contains(&key) {
                pairs.push(key);
            }
        }
    }
    for (severity, windows) in pairs {
        let find = |slo: &Slo| -> Option<Pair> {
            let mut all = slo.burn_rate_pairs.iter();
            let found = all.find(|pair| {
                pair.severity == severity && format!("{}/{}", pair.long, pair.short) == windows
            });
            found.cloned()
        };
        let name = format!("{} {windows} fires above", word(Some(&severity)));
        numbers.extend(differing(
            &name,
            text(&|slo| {
                let pair = find(slo)?;
                Some(format!(
                    "{} errors",
                    at_most_digits(pair.threshold(slo.objective), 4)
                ))
            }),
        ));
    }
    if is_simulated {
        numbers.extend(detection([base, head], &slos));
    }
    let minutes = slos.each_ref().map(|slo| {
        let (_, slo) = slo.as_ref()?;
        let budget = budget_time(slo.objective, slo.window);
        (budget.as_seconds() / Decimal::from(60)).to_f64()
    });
    let reach = slos.each_ref().map(|slo| {
        let pairs = slo.iter().flat_map(|(_, slo)| {
            slo.burn_rate_pairs.iter().map(|pair| Reach {
                severity: word(Some(&pair.severity)).to_owned(),
                long: pair.long.to_string(),
                short: pair.short.to_string(),
                threshold: pair.threshold(slo.objective).to_f64().unwrap_or_default(),
                long_seconds: pair.long.as_seconds().to_f64().unwrap_or_default(),
            })
        });
        pairs.collect()
    });
    (!numbers.is_empty()).then(|| Figure {
        slo: name.clone(),
        numbers,
        budget_minutes: minutes,
        reach,
    })
}

/// The simulated times until incidents page and open tickets, those that differ.
fn detection(versions: [Version<'_>; 2], slos: &[Option<(&Service, &Slo)>; 2]) -> Vec<Number> {
    let tables: Vec<_> = slos
        .par_iter()
        .zip(versions)
        .map(|(slo, version)| {
            let (service, slo) = slo.as_ref()?;
            reaction(service, slo, version.settings).ok()
        })
        .collect();
    let mut numbers = Vec::new();
    for strength in STRENGTHS {
        for response in Response::ALL {
            let time = |index: usize| -> Option<String> {
                let table = tables.get(index)?.as_ref()?;
                let mut incidents = table.incidents.iter();
                let incident = incidents.find(|incident| incident.strength == strength)?;
                Some(first(incident, response))
            };
            let name = format!("{}: {} after", strength.words(), response.word());
            numbers.extend(differing(&name, [time(0), time(1)]));
        }
    }
    numbers
}

fn first(incident: &Incident, response: Response) -> String {
    let found: &Option<Detection> = match response {
        Response::Page => &incident.page,
        Response::Ticket => &incident.ticket,
    };
    match found {
        Some(found) => found.alert.after.to_human(),
        None if incident.later.contains(&response) => {
            format!("more than {}", incident.length.to_human())
        }
        None => "never".to_owned(),
    }
}

/// A share as a percentage with a number of significant digits at most: 0.01439856 is `1.44%` with three.
fn at_most_digits(share: Decimal, digits: u32) -> String {
    let percent = (share * Decimal::ONE_HUNDRED).normalize();
    let rounded = percent.round_sf(digits).unwrap_or(percent);
    format!("{}%", decimal_text(rounded))
}

/// The best availability that a service can have: the product of what the dependencies that it cannot do without promise, or else of the
/// `availability` objectives of their services; `None` if none of these has one.
fn ceiling(project: &Project<'_>, service: &Service) -> Option<Decimal> {
    let mut seen = BTreeSet::from([service.name.clone()]);
    let mut waiting: Vec<&Service> = vec![service];
    let mut product = None;
    while let Some(service) = waiting.pop() {
        for dependency in &service.dependencies {
            if dependency.criticality != Criticality::Hard {
                continue;
            }
            let name = dependency.service.as_ref();
            if name.is_some_and(|name| !seen.insert(name.clone())) {
                continue;
            }
            if let Some(share) = dependency.availability {
                product = Some(product.unwrap_or(Decimal::ONE) * share);
                continue;
            }
            let Some(other) = name.and_then(|name| project.service(name)) else {
                continue;
            };
            let mut slos = other.slos.iter();
            match slos.find(|slo| slo.name == "availability") {
                // Its objective already covers what it depends on.
                Some(slo) => product = Some(product.unwrap_or(Decimal::ONE) * slo.objective),
                None => waiting.push(other),
            }
        }
    }
    product
}

/// Who is paged for a service: the escalation, or else the receivers of its team.
fn paged(project: &Project<'_>, service: &Service) -> String {
    if let Some(paged) = project.paged_for(service) {
        return paged;
    }
    let Some(team) = project.owner(service) else {
        return "the default team".to_owned();
    };
    let receivers = team.effective_receivers();
    let pages: Vec<String> = receivers
        .iter()
        .filter(|receiver| receiver.on.iter().any(Severity::pages))
        .map(|receiver| format!("{}.{}", team.name, receiver.name))
        .collect();
    match pages.len() {
        0 => "nobody".to_owned(),
        _ => pages.join(", "),
    }
}
