//! How long alerts of the shop take.

use nth_model::Duration;
use nth_model::Severity::{Page, Ticket};
use nth_simulate::{Plan, STRENGTHS, Situation, detection, incident};

use crate::support::{shop, slo};

fn plan(name: &str) -> Plan<'static> {
    let shop = shop();
    let service = shop.service(&slo(name).service);
    Plan::new(&[service], &shop.settings, &[]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_stronger_an_incident_the_sooner_it_is_detected() {
    let name = "checkout.availability";
    let table = detection(&plan(name), &slo(name)).unwrap_or_else(|error| panic!("{error}"));
    let mut rows = Vec::new();
    for incident in &table.incidents {
        for (severity, detected) in [(Page, &incident.page), (Ticket, &incident.ticket)] {
            if let Some(detected) = detected {
                let threshold = detected.alert.threshold.as_deref().unwrap_or_default();
                let resolved = detected
                    .resolved
                    .map_or("never".to_owned(), Duration::to_human);
                let after = detected.alert.after.to_human();
                rows.push(format!(
                    "{severity:?} {threshold} after {after}, resolved after {resolved}"
                ));
            }
        }
    }
    assert_eq!(
        rows,
        [
            "Page 1h after 4m, resolved after 30m",
            "Ticket 1d after 27m, resolved after 6h3m",
            "Page 1h after 19m30s, resolved after 27m",
            "Ticket 1d after 1h45m, resolved after 5h54m",
            "Ticket 3d after 1d12h18m, resolved after 3h3m",
            "Ticket 3d after 2d23h36m, resolved after 6m",
        ]
    );
    assert_eq!(table.situations.len(), Situation::ALL.len());
    for (situation, fired) in &table.situations {
        assert_eq!(*fired, Ok(Vec::new()), "{situation:?}");
    }
}

#[test]
fn full_downtime_is_detected_in_every_kind_of_sli() {
    for name in [
        "search.latency",
        "orders-db.available",
        "payment-gateway.authorisation",
    ] {
        let found = incident(&plan(name), &slo(name), STRENGTHS[0]);
        let incident = found.unwrap_or_else(|error| panic!("{error}")).unwrap();
        let page = incident.page.unwrap_or_else(|| panic!("{name}: no page"));
        assert!(page.alert.after < Duration::hours(1), "{name}: {page:?}");
        assert!(page.resolved.is_some(), "{name}: {page:?}");
    }
}
