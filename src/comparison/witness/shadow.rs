//! What the new version of a service reads besides the old one: its SLOs and alerts under another name, for which series are
//! generated, too.

use std::collections::BTreeMap;

use nth_model::test::{Event, Given, SloRef, Test};
use nth_model::{Alert, Service, Severity, Slo};
use smol_str::SmolStr;

/// Services under other names, by the name of the original.
pub type Shadows = BTreeMap<SmolStr, Service>;

/// Returns what a version of a service reads that the other one does not; `None` if both read the same.
pub fn shadow(service: &Service, other: &Service) -> Option<Service> {
    let known = |slo: &Slo| other.slos.iter().find(|known| known.name == slo.name);
    let is_other = |slo: &Slo| {
        known(slo).is_none_or(|known| known.sli != slo.sli || known.histogram != slo.histogram)
    };
    let slos: Vec<Slo> = { service.slos.iter() }
        .filter(|slo| is_other(slo))
        .cloned()
        .collect();
    let is_new = |alert: &Alert| !other.alerts.iter().any(|known| known.when == alert.when);
    let mut alerts: Vec<Alert> = { service.alerts.iter() }
        .filter(|alert| is_new(alert))
        .cloned()
        .collect();
    // The targets whose absence is told from that of their series.
    for slo in service.slos.iter().filter(|slo| !is_other(slo)) {
        let before = known(slo).map(|known| &known.missing_data_alerts);
        let new = slo.missing_data_alerts.iter().filter(|alert| {
            before.is_none_or(|before| !before.iter().any(|known| known.up == alert.up))
        });
        alerts.extend(new.filter_map(|alert| Some(up_alert(alert.up.clone()?))));
    }
    let deployed = (service.deployed != other.deployed)
        .then(|| service.deployed.clone())
        .flatten();
    if slos.is_empty() && alerts.is_empty() && deployed.is_none() {
        return None;
    }
    Some(Service {
        name: smol_str::format_smolstr!("{} of the other version", service.name),
        slos,
        alerts,
        recordings: Vec::new(),
        log_alerts: Vec::new(),
        gates: Vec::new(),
        deployed,
        ..service.clone()
    })
}

/// An alert that only reads a query.
fn up_alert(when: nth_promql::Expr) -> Alert {
    Alert {
        name: "up".into(),
        when,
        hold: None,
        keep_firing: None,
        limit: None,
        severity: Severity::ticket(),
        summary: None,
        description: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        runbook_url: None,
        dependency: None,
        impact: None,
        steps: None,
    }
}

/// Lets what happens to services happen to their shadows, too.
pub fn with_shadows(test: &Test, shadows: &Shadows) -> Test {
    let mut all = test.clone();
    for given in &test.given {
        if let Some(event) = shadowed(&given.event, shadows) {
            all.given.push(Given {
                event,
                ..given.clone()
            });
        }
    }
    all
}

fn shadowed(event: &Event, shadows: &Shadows) -> Option<Event> {
    let of_slo = |slo: &SloRef| {
        let shadow = shadows.get(&slo.service)?;
        let is_known = shadow.slos.iter().any(|known| known.name == slo.slo);
        is_known.then(|| SloRef {
            service: shadow.name.clone(),
            slo: slo.slo.clone(),
            group: slo.group.clone(),
        })
    };
    let of_service = |service: &SmolStr| Some(shadows.get(service)?.name.clone());
    Some(match event {
        Event::Traffic { service, rate } => Event::Traffic {
            service: of_service(service)?,
            rate: *rate,
        },
        Event::Errors { slo, share } => Event::Errors {
            slo: of_slo(slo)?,
            share: *share,
        },
        Event::Latency { slo, is } => Event::Latency {
            slo: of_slo(slo)?,
            is: *is,
        },
        Event::NoData { service } => Event::NoData {
            service: of_service(service)?,
        },
        Event::TargetDown { service } => Event::TargetDown {
            service: of_service(service)?,
        },
        Event::CounterReset { service } => Event::CounterReset {
            service: of_service(service)?,
        },
        Event::BudgetLeft { slo, left } => Event::BudgetLeft {
            slo: of_slo(slo)?,
            left: *left,
        },
        Event::Deployment { service } => {
            let shadow = shadows.get(service)?;
            shadow.deployed.as_ref()?;
            Event::Deployment {
                service: shadow.name.clone(),
            }
        }
        Event::DependencyDown { .. } | Event::Series { .. } => return None,
    })
}
