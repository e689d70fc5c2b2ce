//! Who is told, and when: teams, their schedules, escalations and receivers.

use std::borrow::Cow;

use jiff::civil::Date;
use smol_str::SmolStr;

use super::channel::{Channel, Mail, PagerDuty, Slack};
use super::{Duration, Severity};

/// A team that owns services.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Team {
    /// Its name, unique in the project.
    pub name: SmolStr,
    /// What it does, from its doc comment or `description`.
    pub description: Option<String>,
    /// Its channel in Slack, `#payments`.
    pub slack: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// The addresses of those in it that neither a schedule nor an escalation names.
    pub members: Vec<String>,
    /// The addresses of those who manage it.
    pub managers: Vec<String>,
    /// The support hours of its services that have none of their own.
    pub support_hours: Option<SupportHours>,
    /// Its schedules, in the order of the source.
    pub schedules: Vec<Schedule>,
    /// Its escalations, in the order of the source.
    pub escalations: Vec<Escalation>,
    /// Where it is told, as it is written; none where the team leaves that to the defaults.
    pub receivers: Vec<Receiver>,
}

/// A time of a day, in some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// A day of the week and a time of it, in some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfWeek {
    /// 0 is Monday, 6 is Sunday.
    pub day: u8,
    /// The time.
    pub time: TimeOfDay,
}

/// The hours in which somebody is at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SupportHours {
    /// The zone of the IANA database.
    pub zone: String,
    /// The days of work in rising order, 0 for Monday.
    pub days: Vec<u8>,
    /// When work begins.
    pub from: TimeOfDay,
    /// When it ends.
    pub to: TimeOfDay,
}

/// Who is on call when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Its name, unique in its team.
    pub name: SmolStr,
    /// What it is for.
    pub description: Option<String>,
    /// The zone of the IANA database that all its times are in.
    pub zone: String,
    /// Its layers: its own members first, and each further one before those that came before it.
    pub layers: Vec<Layer>,
}

/// People who take turns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layer {
    /// Its name; that of the schedule for the schedule's own members.
    pub name: SmolStr,
    /// How long a turn lasts.
    pub turn: Duration,
    /// When one turn ends and the next begins; only the time counts where turns are not whole weeks.
    pub handoff: TimeOfWeek,
    /// The first turn begins at the first hand-off on or after this day.
    pub start: Date,
    /// The addresses of those who take turns, in order.
    pub members: Vec<String>,
    /// The only hours in which they are on call; all of them where there are none.
    pub hours: Vec<Hours>,
}

/// Hours that come again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hours {
    /// Every day.
    Daily {
        /// When they begin.
        from: TimeOfDay,
        /// When they end; on the day after, where that is not later.
        to: TimeOfDay,
    },
    /// Once a week.
    Weekly {
        /// When they begin.
        from: TimeOfWeek,
        /// When they end; in the week after, where that is not later.
        to: TimeOfWeek,
    },
}

/// Who is told, and who next if nobody answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Escalation {
    /// Its name, unique in its team.
    pub name: SmolStr,
    /// What it is for.
    pub description: Option<String>,
    /// How often its steps are gone through again; as the service's tier has it where absent.
    pub loops: Option<u8>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// A step of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// Its name, unique in its escalation.
    pub name: SmolStr,
    /// Who is told, at the same time.
    pub notify: Vec<Target>,
    /// How long after the start of the escalation; as the service's tier has it where absent.
    pub after: Option<Duration>,
}

/// Whom a step tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// Whoever is on call.
    Schedule {
        /// The schedule's team.
        team: SmolStr,
        /// The schedule.
        name: SmolStr,
    },
    /// The person of that address.
    Person(String),
}

/// How an escalation goes for a service of some tier, where it does not say itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pace {
    /// How long each step has to acknowledge an incident; further ones have as long as the last. Never empty.
    pub waits: Vec<Duration>,
    /// How often the steps are gone through again.
    pub loops: u8,
}

impl Pace {
    /// How long the step of that number, from 0, has.
    pub fn wait(&self, step: usize) -> Duration {
        let last = self.waits.last().copied().unwrap_or(Duration::minutes(30));
        self.waits.get(step).copied().unwrap_or(last)
    }
}

impl Escalation {
    /// How long each step has before the next is told, and how long the last has before the first is told again, at a pace.
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

    /// Whether it tells anybody.
    pub fn tells(&self) -> bool {
        self.steps.iter().any(|step| !step.notify.is_empty())
    }

    /// How often its steps are gone through again, at a pace.
    pub fn loops(&self, pace: &Pace) -> u8 {
        self.loops.unwrap_or(pace.loops)
    }
}

/// The name of the escalation that a team has which says only who is on call.
pub const IMPLIED_ESCALATION: &str = "default";

impl Team {
    /// The receivers that notify the team: its own, or the defaults of a team that declares none.
    ///
    /// By default pages go to PagerDuty if somebody is on call, everything to the Slack channel, and to the email address
    /// what nothing else receives.
    pub fn effective_receivers(&self) -> Cow<'_, [Receiver]> {
        if self.receivers.is_empty() {
            Cow::Owned(self.default_receivers())
        } else {
            Cow::Borrowed(&self.receivers)
        }
    }

    fn default_receivers(&self) -> Vec<Receiver> {
        let receiver = |name: &str, on: Vec<Severity>, channel| Receiver {
            name: name.into(),
            on,
            resolved: true,
            channel,
        };
        let mut all = Vec::new();
        if self.is_on_call() {
            let channel = Channel::PagerDuty(PagerDuty {
                routing_key_file: None,
            });
            all.push(receiver("pagerduty", vec![Severity::Page], channel));
        }
        if let Some(channel) = self.slack.clone() {
            let channel = Channel::Slack(Slack {
                channel,
                url_file: None,
            });
            let on = vec![Severity::Page, Severity::Ticket];
            all.push(receiver("slack", on, channel));
        }
        if let Some(to) = self.email.clone() {
            let mut on = vec![Severity::Page, Severity::Ticket];
            on.retain(|severity| !all.iter().any(|other| other.on.contains(severity)));
            if !on.is_empty() {
                all.push(receiver("email", on, Channel::Mail(Mail { to })));
            }
        }
        all
    }

    /// Whether somebody is called when something of the team's fails.
    pub fn is_on_call(&self) -> bool {
        self.escalations.iter().any(Escalation::tells) || self.implied_escalation().is_some()
    }

    /// The escalation of a team that says who is on call, and not in which order they are told: its schedules, in the order
    /// of the source.
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
        })
    }
}

/// An escalation of a team.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EscalationRef {
    /// The team.
    pub team: SmolStr,
    /// The escalation.
    pub name: SmolStr,
}

/// Where a team is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receiver {
    /// Its name, unique in its team.
    pub name: SmolStr,
    /// What it is told of, in rising order. Never empty.
    pub on: Vec<Severity>,
    /// Whether it is told too when an alert is over.
    pub resolved: bool,
    /// What it is.
    pub channel: Channel,
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
