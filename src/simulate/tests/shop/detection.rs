//! How long alerts of the shop take.

use nth_simulate::{Plan, detection};

use crate::support::{shop, slo};

#[test]
fn the_stronger_an_incident_the_sooner_it_is_detected() {
    let shop = shop();
    for name in [
        "checkout.availability",
        "search.latency",
        "orders-db.available",
    ] {
        let slo = slo(name);
        let service = shop.service(&slo.service);
        let plan =
            Plan::new(&[service], &shop.settings, &[]).unwrap_or_else(|error| panic!("{error}"));
        let started = std::time::Instant::now();
        let table = detection(&plan, &slo).unwrap_or_else(|error| panic!("{error}"));
        println!("{name} {:?}\n{table:#?}", started.elapsed());
        let tickets: Vec<u64> = table
            .incidents
            .iter()
            .filter_map(|incident| Some(incident.ticket.as_ref()?.alert.after.0))
            .collect();
        assert!(tickets.is_sorted(), "{tickets:?}");
    }
}
