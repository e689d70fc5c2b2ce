//! Series of all services are generated and verified.

use nth_simulate::Plan;

use crate::support::shop;

#[test]
fn every_service_has_series() {
    let shop = shop();
    for service in &shop.services {
        let started = std::time::Instant::now();
        match Plan::new(&[service], &shop.settings, &[]) {
            Ok(plan) => {
                println!("{} {:?}", service.name, started.elapsed());
                for labels in plan.series() {
                    println!("  {labels}");
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn all_services_have_series_together() {
    let shop = shop();
    let services: Vec<_> = shop.services.iter().collect();
    if let Err(error) = Plan::new(&services, &shop.settings, &[]) {
        panic!("{error}");
    }
}
