//! Series of all services are generated and verified.

use nth_model::Sli;
use nth_simulate::{Error, Plan};

use crate::support::shop;

/// The labels of the generated series of a service.
fn series(service: &str) -> Vec<String> {
    let shop = shop();
    let plan = Plan::new(&[shop.service(service)], &shop.settings, &[]);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    plan.series().map(ToString::to_string).collect()
}

#[test]
fn series_satisfy_the_selectors_of_the_queries() {
    assert_eq!(
        series("ledger")[..4],
        [
            r#"grpc_server_handled_total{env="production", grpc_code="DataLoss", job="ledger"}"#,
            r#"grpc_server_handled_total{env="production", grpc_code="ok", job="ledger"}"#,
            r#"grpc_server_handling_seconds_bucket{env="production", grpc_type="unary", job="ledger", le="0.1"}"#,
            r#"grpc_server_handling_seconds_count{env="production", grpc_type="unary", job="ledger"}"#,
        ]
    );
    assert_eq!(
        series("orders-db")[..3],
        [
            r#"pg_up{cluster="orders", env="production"}"#,
            r#"pg_replication_is_replica{cluster="orders", env="production"}"#,
            r#"pg_replication_lag_seconds{cluster="orders", env="production"}"#,
        ]
    );
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
