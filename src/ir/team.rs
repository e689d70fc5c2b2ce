//! Teams, their schedules, escalations and receivers.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use smol_str::SmolStr;

use super::channel::{Channel, Mail, PagerDuty, Slack};
use super::support_hours::{SupportHours, TimeOfDay};
use super::{Contact, Duration, Origin, Severities, Severity, TimeInterval};

/// A team that owns services.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Team {
    /// The name, unique in the project.
    pub name: SmolStr,
    /// The purpose of the team, from its doc comment or `description`.
    pub description: Option<String>,
    /// The Slack channel, `#payments`.
    pub slack: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The email addresses of the members whom neither a schedule nor an escalation names.
    pub members: Vec<String>,
    /// The email addresses of the managers.
    pub managers: Vec<String>,
    /// The support hours of the team's services that have none of their own.
    pub support_hours: Option<SupportHours>,
    /// The schedules, in the order of the source.
    pub schedules: Vec<Schedule>,
    /// The escalations, in the order of the source.
    pub escalations: Vec<Escalation>,
    /// The receivers in the source; empty if the team uses the defaults.
    pub receivers: Vec<Receiver>,
    /// How to reach its people besides by email, in the order of the source.
    pub contacts: Vec<Contact>,
    /// What it was in PagerDuty before.
    pub origin: Origin,
    /// False in an environment that does not page: nothing is sent to PagerDuty there.
    pub is_paged: bool,
    /// The severities of the project, which its default receivers get.
    pub severities: Severities,
}

/// A day of the week and a time on it, in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfWeek {
    /// 0 is Monday, 6 is Sunday.
    pub day: u8,
    /// The time.
    pub time: TimeOfDay,
}

/// An on-call schedule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The name, unique in the team.
    pub name: SmolStr,
    /// The purpose of the schedule.
    pub description: Option<String>,
    /// The time zone of all its times, a name of the IANA database; empty if the schedule is managed elsewhere.
    pub zone: String,
    /// The layers: the schedule's own members first; each further layer takes precedence over those before it. Empty if the
    /// schedule is managed elsewhere.
    pub layers: Vec<Layer>,
    /// The times in which one person is on call, in the order of their beginning. They do not overlap, and take precedence
    /// over all layers.
    pub overrides: Vec<ScheduleOverride>,
    /// What it was in PagerDuty before.
    pub origin: Origin,
}

/// A time in which one person is on call, whoever else would be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScheduleOverride {
    /// The name, unique in the schedule.
    pub name: SmolStr,
    /// The email address of the person.
    pub member: String,
    /// The local time in the schedule's zone at which it begins.
    pub from: DateTime,
    /// The local time in the schedule's zone at which it ends.
    pub to: DateTime,
}

impl ScheduleOverride {
    /// The times as written: `from 2026-12-24 18:00 to 2026-12-27 09:00`.
    pub fn times(&self) -> String {
        let at = |time: DateTime| time.strftime("%Y-%m-%d %H:%M").to_string();
        format!("from {} to {}", at(self.from), at(self.to))
    }
}

/// A rotation of people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layer {
    /// The name; the schedule's name for the schedule's own members.
    pub name: SmolStr,
    /// The length of a shift.
    pub shift: Duration,
    /// The time at which one shift ends and the next begins; only the time of day counts if shifts are not whole weeks.
    pub handoff: TimeOfWeek,
    /// The first shift begins at the first hand-off on or after this day.
    pub start: Date,
    /// The email addresses of those in the rotation, in order.
    pub members: Vec<String>,
    /// The only hours in which they are on call; empty for all hours.
    pub hours: Vec<Hours>,
}

/// Recurring hours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hours {
    /// Hours of every day.
    Daily {
        /// The time at which they begin.
        from: TimeOfDay,
        /// The time at which they end; on the next day, if it is not later.
        to: TimeOfDay,
    },
    /// Hours of every week.
    Weekly {
        /// The time at which they begin.
        from: TimeOfWeek,
        /// The time at which they end; in the next week, if it is not later.
        to: TimeOfWeek,
    },
}

/// An escalation: the order in which people are notified until one of them responds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Escalation {
    /// The name, unique in the team.
    pub name: SmolStr,
    /// The purpose of the escalation.
    pub description: Option<String>,
    /// The number of times that the steps are repeated; `None` for the default of the service's tier.
    pub loops: Option<u8>,
    /// The steps, in order. Empty if the escalation policy is managed elsewhere.
    pub steps: Vec<Step>,
    /// What it was in PagerDuty before.
    pub origin: Origin,
}

/// A step of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// The name, unique in the escalation.
    pub name: SmolStr,
    /// The targets that the step notifies at the same time.
    pub notify: Vec<Target>,
    /// The delay after the start of the escalation; `None` for the default of the service's tier.
    pub after: Option<Duration>,
}

/// A target that a step notifies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The person on call.
    Schedule {
        /// The name of the schedule's team.
        team: SmolStr,
        /// The name of the schedule.
        name: SmolStr,
    },
    /// The person of this email address.
    Person(String),
}

/// The default timing of an escalation, from the tier of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pace {
    /// The time that each step has to acknowledge an incident; further steps have as long as the last. Never empty.
    pub waits: Vec<Duration>,
    /// The number of times that the steps are repeated.
    pub loops: u8,
}

impl Pace {
    /// The time that the step of this index, counted from 0, has.
    pub fn wait(&self, step: usize) -> Duration {
        let last = self.waits.last().copied().unwrap_or(Duration::minutes(30));
        self.waits.get(step).copied().unwrap_or(last)
    }
}

impl Escalation {
    /// The time from each step to the next, and from the last step to the first when the steps are repeated.
    pub fn waits(&self, pace: &Pace) -> Vec<Duration> {
        let mut starts: Vec<u64> = Vec::with_capacity(self.steps.len());
        for (number, step) in self.steps.iter().enumerate() {
            let earliest = match number {
                0 => 0,
                _ => {
                    let before = starts.last().copied().unwrap_or_default();
                    before.saturating_add(pace.wait(number - 1).0)
                }
            };
            starts.push(step.after.map_or(earliest, |after| after.0));
        }
        let between = starts.windows(2).map(|pair| match pair {
            [this, next] => Duration(next.saturating_sub(*this)),
            _ => Duration(0),
        });
        let last = self.steps.len().checked_sub(1);
        between
            .chain(last.map(|number| pace.wait(number)))
            .collect()
    }

    /// Returns whether the escalation notifies anyone. An escalation policy that is managed elsewhere counts as one that does.
    pub fn notifies_anyone(&self) -> bool {
        self.origin.pagerduty_id.is_some() || self.steps.iter().any(|step| !step.notify.is_empty())
    }

    /// The number of times that the steps are repeated, with the default of `pace`.
    pub fn loops(&self, pace: &Pace) -> u8 {
        self.loops.unwrap_or(pace.loops)
    }
}

/// The name of the escalation implied for a team that only sets schedules.
pub const IMPLIED_ESCALATION: &str = "default";

impl Team {
    /// The receivers that notify the team: its own, or the defaults of a team that declares none.
    ///
    /// By default, pages go to PagerDuty if anyone is on call, everything goes to the Slack channel, and everything
    /// that no other receiver gets goes to the email address. A team that is not paged has no receiver of PagerDuty.
    pub fn effective_receivers(&self) -> Cow<'_, [Receiver]> {
        if self.receivers.is_empty() {
            return Cow::Owned(self.default_receivers());
        }
        if self.is_paged {
            return Cow::Borrowed(&self.receivers);
        }
        let mut receivers = self.receivers.clone();
        receivers.retain(|receiver| !matches!(receiver.channel, Channel::PagerDuty(_)));
        Cow::Owned(receivers)
    }

    fn default_receivers(&self) -> Vec<Receiver> {
        let receiver = |name: &str, on: Vec<Severity>, channel| Receiver {
            name: name.into(),
            on,
            resolved: true,
            active: Vec::new(),
            mute: Vec::new(),
            mutes_pages: false,
            channel,
        };
        let mut all = Vec::new();
        if self.is_paged && self.is_on_call() {
            let channel = Channel::PagerDuty(PagerDuty {
                routing_key_file: None,
            });
            let on: Vec<Severity> = self.severities.paging().cloned().collect();
            all.push(receiver("pagerduty", on, channel));
        }
        if let Some(channel) = self.slack.clone() {
            let channel = Channel::Slack(Slack {
                channel,
                url_file: None,
                token_file: None,
            });
            let on = self.severities.all().to_vec();
            all.push(receiver("slack", on, channel));
        }
        if let Some(to) = self.email.clone() {
            let mut on = self.severities.all().to_vec();
            on.retain(|severity| !all.iter().any(|other| other.on.contains(severity)));
            if !on.is_empty() {
                all.push(receiver("email", on, Channel::Mail(Mail { to })));
            }
        }
        all
    }

    /// Returns whether anyone is notified when something of the team's fails.
    pub fn is_on_call(&self) -> bool {
        self.escalations.iter().any(Escalation::notifies_anyone)
            || self.implied_escalation().is_some()
    }

    /// The escalation of a team that has schedules but no escalation: its schedules, in the order of the source.
    pub fn implied_escalation(&self) -> Option<Escalation> {
        if !self.escalations.is_empty() || self.schedules.is_empty() {
            return None;
        }
        let steps = self.schedules.iter().map(|schedule| Step {
            name: schedule.name.clone(),
            notify: vec![Target::Schedule {
                team: self.name.clone(),
                name: schedule.name.clone(),
            }],
            after: None,
        });
        Some(Escalation {
            name: IMPLIED_ESCALATION.into(),
            description: None,
            loops: None,
            steps: steps.collect(),
            origin: Origin::default(),
        })
    }
}

/// A reference to an escalation of a team.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EscalationRef {
    /// The name of the team.
    pub team: SmolStr,
    /// The name of the escalation.
    pub name: SmolStr,
}

/// A receiver of a team's notifications.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receiver {
    /// The name, unique in the team.
    pub name: SmolStr,
    /// The severities that it receives, in rising order. Never empty.
    pub on: Vec<Severity>,
    /// True if it is also notified when an alert is resolved.
    pub resolved: bool,
    /// The only times at which it is notified of alerts that do not page; empty for all times.
    pub active: Vec<TimeInterval>,
    /// The times at which it is not notified of alerts that do not page.
    pub mute: Vec<TimeInterval>,
    /// True if both also apply to alerts that page.
    pub mutes_pages: bool,
    /// The channel of the notifications.
    pub channel: Channel,
}

impl Receiver {
    /// Returns whether its times apply to alerts of a severity.
    pub fn is_timed(&self, severity: &Severity) -> bool {
        let has_times = !self.active.is_empty() || !self.mute.is_empty();
        has_times && (self.mutes_pages || !severity.pages())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(after: Option<u64>) -> Step {
        Step {
            name: "step".into(),
            notify: vec![Target::Person("ana@example.com".to_owned())],
            after: after.map(Duration::minutes),
        }
    }

    fn waits(steps: &[Option<u64>], pace: &[u64]) -> Vec<u64> {
        let escalation = Escalation {
            name: "default".into(),
            description: None,
            loops: None,
            steps: steps.iter().copied().map(step).collect(),
            origin: Origin::default(),
        };
        let pace = Pace {
            waits: pace.iter().copied().map(Duration::minutes).collect(),
            loops: 1,
        };
        let waits = escalation.waits(&pace);
        waits.iter().map(|wait| wait.0 / 60_000).collect()
    }

    #[test]
    fn the_tier_gives_what_steps_leave_open() {
        assert_eq!(waits(&[None, None, None], &[5, 15, 30]), [5, 15, 30]);
        assert_eq!(waits(&[None, None, None], &[30]), [30, 30, 30]);
        assert_eq!(waits(&[None], &[5, 15, 30]), [5]);
        assert_eq!(waits(&[], &[5]), [0; 0]);
    }

    #[test]
    fn times_are_counted_from_the_start() {
        assert_eq!(
            waits(&[None, Some(10), Some(25)], &[5, 15, 30]),
            [10, 15, 30]
        );
        assert_eq!(waits(&[None, Some(10), None], &[5, 15, 30]), [10, 15, 30]);
    }
}
