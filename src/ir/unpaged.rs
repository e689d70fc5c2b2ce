//! Services and teams of an environment that does not page.

use crate::{Service, Severity, Team};

impl Service {
    /// Makes tickets of all alerts that page. They fire under the same conditions and after the same time as before.
    pub fn without_pages(&mut self) {
        for slo in &mut self.slos {
            for pair in &mut slo.burn_rate_pairs {
                pair.severity = Severity::Ticket;
            }
            for alert in &mut slo.budget_alerts {
                alert.severity = Severity::Ticket;
            }
            for alert in &mut slo.missing_data_alerts {
                alert.severity = Severity::Ticket;
            }
        }
        for alert in &mut self.alerts {
            alert.hold = Some(alert.hold());
            alert.severity = Severity::Ticket;
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
    use crate::{Channel, Escalation, Step, Target};

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
            }],
            receivers: Vec::new(),
            is_paged: true,
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
                ("pagerduty", vec![Severity::Page]),
                ("mail", vec![Severity::Ticket])
            ]
        );
        team.without_pages();
        assert_eq!(
            kinds(&team),
            [("mail", vec![Severity::Page, Severity::Ticket])]
        );
    }

    #[test]
    fn a_declared_receiver_of_pagerduty_is_gone_too() {
        let mut team = team();
        team.receivers = team.effective_receivers().into_owned();
        team.without_pages();
        assert_eq!(kinds(&team), [("mail", vec![Severity::Ticket])]);
        // The defaults do not return when the only receiver is gone.
        team.receivers
            .retain(|receiver| matches!(receiver.channel, Channel::PagerDuty(_)));
        assert_eq!(kinds(&team), []);
    }
}
