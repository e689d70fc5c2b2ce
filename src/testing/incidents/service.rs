//! Incidents of a whole service.

use nth_model::{Response, Service};

use super::alert::of_alert;
use super::given::Incident;
use super::scope::Scope;
use super::slo::burning;

/// What pages and what opens a ticket, of any part of a service.
pub fn of_service(service: &Service, scope: &Scope) -> Vec<Incident> {
    let name = &service.name;
    let mut found: Vec<Incident> = Vec::new();
    let of_slos = service.slos.iter().take(2).flat_map(|slo| {
        let of = |response| {
            let mut pairs = slo.burn_rate_pairs.iter();
            let pair = pairs.find(move |pair| pair.severity.response() == response);
            pair.map(|pair| burning(name, slo, pair))
        };
        Response::ALL.map(of).into_iter().flatten()
    });
    found.extend(of_slos);
    for response in Response::ALL {
        let mut alerts = service.alerts.iter();
        if let Some(alert) = alerts.find(|alert| alert.severity.response() == response) {
            let of_alert = of_alert(service, alert, None, scope);
            found.extend(of_alert.into_iter().take(8));
        }
    }
    found
}
