//! Services and teams of an environment that does not page.

use crate::{Service, Severity, Team};

impl Service {
    /// Gives all alerts that page another severity. They fire under the same conditions and after the same time as before.
    pub fn without_pages(&mut self, instead: &Severity) {
        let replace = |severity: &mut Severity| {
            if severity.pages() {
                *severity = instead.clone();
            }
        };
        for slo in &mut self.slos {
            for pair in &mut slo.burn_rate_pairs {
                replace(&mut pair.severity);
            }
            for alert in &mut slo.budget_alerts {
                replace(&mut alert.severity);
            }
            let promised = slo.contracts.iter_mut();
            for alert in promised.flat_map(|contract| &mut contract.alerts) {
                replace(&mut alert.severity);
            }
            for alert in &mut slo.missing_data_alerts {
                replace(&mut alert.severity);
            }
        }
        for alert in &mut self.alerts {
            alert.hold = Some(alert.hold());
            replace(&mut alert.severity);
        }
        for alert in &mut self.log_alerts {
            alert.hold = Some(alert.hold());
            replace(&mut alert.severity);
        }
    }
}

impl Team {
    /// Removes PagerDuty from what notifies the team.
    pub fn without_pages(&mut self) {
        self.is_paged = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Escalation, Origin, Severities, Step, Target};

    fn team() -> Team {
        Team {
            name: "payments".into(),
            description: None,
            slack: None,
            email: Some("payments@example.com".into()),
            members: Vec::new(),
            managers: Vec::new(),
            support_hours: None,
            schedules: Vec::new(),
            escalations: vec![Escalation {
                name: "default".into(),
                description: None,
                loops: None,
                steps: vec![Step {
                    name: "first".into(),
                    notify: vec![Target::Person("ana@example.com".to_owned())],
                    after: None,
                }],
                origin: Origin::default(),
            }],
            receivers: Vec::new(),
            contacts: Vec::new(),
            origin: Origin::default(),
            is_paged: true,
            severities: Severities::default(),
        }
    }

    fn kinds(team: &Team) -> Vec<(&'static str, Vec<Severity>)> {
        let receivers = team.effective_receivers();
        let kinds = receivers.iter().map(|receiver| {
            let kind = match receiver.channel {
                Channel::PagerDuty(_) => "pagerduty",
                Channel::Mail(_) => "mail",
                _ => "other",
            };
            (kind, receiver.on.clone())
        });
        kinds.collect()
    }

    #[test]
    fn what_pagerduty_would_get_goes_to_the_other_defaults() {
        let mut team = team();
        assert_eq!(
            kinds(&team),
            [
                ("pagerduty", vec![Severity::page()]),
                ("mail", vec![Severity::ticket()])
            ]
        );
        team.without_pages();
        assert_eq!(
            kinds(&team),
            [("mail", vec![Severity::page(), Severity::ticket()])]
        );
    }

    #[test]
    fn a_declared_receiver_of_pagerduty_is_gone_too() {
        let mut team = team();
        team.receivers = team.effective_receivers().into_owned();
        team.without_pages();
        assert_eq!(kinds(&team), [("mail", vec![Severity::ticket()])]);
        // The defaults do not return when the only receiver is gone.
        team.receivers
            .retain(|receiver| matches!(receiver.channel, Channel::PagerDuty(_)));
        assert_eq!(kinds(&team), []);
    }
}
