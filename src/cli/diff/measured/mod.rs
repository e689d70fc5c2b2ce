//! What a server says about the changes: how often alerts would have notified somebody, and what gates decide.

mod decisions;
mod history;

use jiff::Timestamp;
use nth_diff::{Change, ChangeId, Document};
use smol_str::SmolStr;

use crate::Context;
use crate::console::Console;
use crate::exit::Failure;
use crate::history::{History, View};
use crate::options;
use crate::prometheus_client::Client;
use nthc::comparison::Source;

/// What is asked of a server.
pub struct Asked<'a> {
    /// The client, and where its answers are kept.
    pub history: History<'a>,
    /// The end of the history, and the time of gates.
    pub at: Timestamp,
    /// The time as it was given; `None` if it is now.
    pub given: Option<Timestamp>,
    /// The length of the history.
    pub since: options::Since,
}

/// Adds what a server says about the changes of a document.
///
/// # Errors
///
/// If an option is invalid, or the server gives no valid answer.
pub fn add(
    context: &Context,
    (url, options): (&str, &options::Diff),
    [base, head]: [Source<'_>; 2],
    pairs: &[[Option<SmolStr>; 2]],
    document: &mut Document,
    console: &mut Console,
) -> Result<(), Failure> {
    let now = Timestamp::now();
    if options.at.is_some_and(|at| at > now) {
        return Err(Failure::usage("`--at` is in the future"));
    }
    let answers = &options.answers;
    let client = Client::new(url, answers.timeout, &answers.connection)?;
    let asked = Asked {
        history: History {
            client: &client,
            answers,
            now: now.as_millisecond(),
            cwd: &context.cwd,
        },
        at: crate::gate::evaluation_time(options.at),
        given: options.at,
        since: options.since.clone().unwrap_or_default(),
    };
    let is_of_two = document.base.environment.is_some();
    let mut found = history::Found::default();
    for [old, new] in pairs {
        let environment = new.as_ref().filter(|_| !is_of_two);
        base.session.with_project(old, |old_project, _| {
            head.session.with_project(new, |new_project, _| {
                let (old_settings, new_settings) = (
                    base.session.settings_in(base.settings, old),
                    head.session.settings_in(head.settings, new),
                );
                let versions = [
                    View {
                        project: old_project,
                        settings: &old_settings,
                    },
                    View {
                        project: new_project,
                        settings: &new_settings,
                    },
                ];
                found.add(&asked, versions, environment, document, console)?;
                decisions::add(&asked, versions, environment, document)
            })
        })?;
    }
    found.write(&asked, document, console);
    for remark in client.remarks() {
        console.err.line(format_args!("note: {remark}"));
    }
    Ok(())
}

/// True if a change is in an environment.
pub fn is_in(change: &Change, environment: Option<&SmolStr>) -> bool {
    change.environments.is_empty()
        || environment.is_some_and(|environment| change.environments.contains(environment))
}

/// The last part of the name of a subject: `availability` of `checkout.availability`.
pub fn local_name(change: &Change) -> Option<&str> {
    let service = change.subject.service.as_deref()?;
    let name = change.subject.name.as_str();
    match change.subject.kind.as_str() {
        "service" => Some(name),
        _ => name.strip_prefix(service)?.strip_prefix('.'),
    }
}

/// The names that the service and the part of a change have in the old version.
pub fn old_names<'d>(change: &'d Change, all: &'d [Change]) -> Option<(&'d str, &'d str)> {
    let service = change.subject.service.as_deref()?;
    let part = local_name(change)?;
    let renamed = |id: ChangeId, name: &str| {
        let found = all.iter().find(|other| {
            other.id == id
                && other.subject.service.as_deref() == Some(service)
                && other.after.as_deref() == Some(name)
        });
        found.and_then(|change| change.before.as_deref())
    };
    let old_service = renamed(ChangeId::ServiceRenamed, service).unwrap_or(service);
    let id = match change.subject.kind.as_str() {
        "service" => return Some((old_service, old_service)),
        "slo" => ChangeId::SloRenamed,
        "alert" => ChangeId::AlertRenamed,
        "gate" => ChangeId::GateRenamed,
        _ => return Some((old_service, part)),
    };
    Some((old_service, renamed(id, part).unwrap_or(part)))
}
