//! Series of all services are generated and verified.

use nth_model::Sli;
use nth_simulate::{Error, Plan};

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

#[test]
fn a_query_without_known_series_is_an_error_that_names_it() {
    let shop = shop();
    let mut service = shop.service("payment-gateway").clone();
    for slo in &mut service.slos {
        if let Sli::ErrorRatio { ratio, .. } = &mut slo.sli {
            *ratio = nth_promql::parse("stddev(deriv(provider_state[$window])) * 0.3").unwrap();
        }
    }
    let error = Plan::new(&[&service], &shop.settings, &[]).unwrap_err();
    let Error::Query(query) = &error else {
        panic!("{error}");
    };
    assert_eq!(query.subject, "payment-gateway.authorisation");
    assert!(
        query.query.contains("stddev(deriv(provider_state[5m]))"),
        "{error}"
    );
    assert!(error.help().unwrap().contains("given x : series"));
    // A series that is written by hand is not questioned.
    let by_hand = [("__name__", "provider_state")].into_iter().collect();
    service
        .slos
        .retain(|slo| matches!(slo.sli, Sli::ErrorRatio { .. }));
    for slo in &mut service.slos {
        if let Sli::ErrorRatio { ratio, .. } = &mut slo.sli {
            *ratio = nth_promql::parse("stddev(deriv(provider_state[$window]))").unwrap();
        }
    }
    assert!(Plan::new(&[&service], &shop.settings, &[by_hand]).is_ok());
}
