//! `nthc apply`.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use nth_delivery::destinations::terraform;
use nth_delivery::journal::{Event, Journal, unfinished};
use nth_delivery::{
    Applied, ApplyFailure, ApplyOptions, Health, ObjectKey, ObjectKind, Plan, Progress as Step,
    SystemClock,
};

use super::silenced::{labels_of_alerts, silenced};
use super::{
    Parts, Purpose, Surveyed, cancelled_by_signal, failure, plan, plan_of, prepare, retries,
    revisions, words,
};
use crate::Context;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{self, Allowed, Format};
use crate::progress::Progress;
use crate::report::count;
use nthc::limits;
use nthc::project::{io_cause, paths, read_file_at_most};

/// How long a lease is taken.
const LEASE: Duration = Duration::from_secs(120);

/// How long to wait where a lease cannot be taken in one step, before it is read again.
const SETTLE: Duration = Duration::from_secs(2);

/// The time between two looks at the health.
const POLL: Duration = Duration::from_secs(2);

/// The most that a message lists of what is silenced.
const LISTED: usize = 10;

/// Brings the destinations to what the sources say.
///
/// # Errors
///
/// If there is no project or destination, if nobody can be asked, or if a destination refuses a change.
pub fn run(
    context: &Context,
    options: &options::Apply,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let reviewed = options
        .plan
        .as_deref()
        .map(|file| read(context, file))
        .transpose()?;
    if reviewed.is_none() && !console.can_ask() {
        return Err(Failure::usage("nobody can be asked whether to apply")
            .help("write a plan with `nthc plan --out plan.json`, review it, and run `nthc apply plan.json --auto-approve`"));
    }
    let purpose = match reviewed {
        Some(_) => Purpose::ApplyReviewed,
        None => Purpose::Plan,
    };
    let Some(prepared) = prepare(context, &options.delivery, purpose, console)? else {
        return Ok(Exit::Findings);
    };
    let cancel = cancelled_by_signal()?;
    let total = u64::try_from(prepared.targets.len()).unwrap_or_default();
    let is_shown = console.is_interactive && context.global.format == Format::Human;
    let progress = Progress::steps("reading destinations", total, is_shown);
    let none = BTreeSet::new();
    let (surveyed, parts) = prepared.survey(&none, options.allow_empty, &cancel, &progress)?;
    drop(progress);
    let planned = match reviewed {
        Some(reviewed) => {
            say_unfinished(&parts, &reviewed, console);
            reviewed
        }
        None => {
            let meaning = plan::meaning(context, &options.delivery, None, &parts, console);
            let planned = plan_of(&surveyed, &parts, meaning.as_ref());
            say_unfinished(&parts, &planned, console);
            if !plan::show(context, &surveyed, &planned, meaning.as_ref(), console)? {
                return Ok(Exit::Findings);
            }
            planned
        }
    };
    if planned.is_empty() {
        note_revision(&parts, &planned)?;
        console.err.line("nothing to apply: everything is in sync");
        return Ok(Exit::Ok);
    }
    let may_silence = options.allow.contains(&Allowed::Silenced);
    let lost = all_silenced(&surveyed, &planned);
    if options.auto_approve {
        if !lost.is_empty() && !may_silence {
            return Err(refused_silence(&lost));
        }
    } else if !confirm(&planned, &lost, console)? {
        console.err.line("not applied: it was declined");
        return Ok(Exit::Findings);
    }
    refuse_deletions(options, &surveyed, &planned)?;
    let applied = execute(options, &surveyed, &parts, &planned, &cancel, is_shown);
    match applied {
        Ok(applied) => {
            report(&planned, &applied, console);
            Ok(Exit::Ok)
        }
        Err(failed) => Err(*failed),
    }
}

/// Notes in the journal that a revision is live, of which nothing had to be applied.
fn note_revision(parts: &Parts, planned: &Plan) -> Result<(), Failure> {
    let is_known = planned.revision.as_deref() == revisions::last_applied(&parts.entries)
        && unfinished(&parts.entries).is_none();
    if planned.revision.is_none() || planned.is_partial || is_known {
        return Ok(());
    }
    let mut journal = open_journal(parts)?;
    let begun = Event::Begun {
        plan: planned.id(),
        owner: parts.owner.clone(),
        revision: planned.revision.clone(),
        operations: 0,
    };
    for event in [begun, Event::Ended { error: None }] {
        journal
            .append(jiff::Timestamp::now(), event)
            .map_err(|error| failure(&error))?;
    }
    Ok(())
}

fn open_journal(parts: &Parts) -> Result<Journal, Failure> {
    if let Some(folder) = parts.journal.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| {
            let shown = folder.display();
            Failure::io(format!("cannot create {shown}: {}", io_cause(&cause)))
        })?;
    }
    Journal::open(&parts.journal).map_err(|error| failure(&error))
}

/// Reads a plan.
fn read(context: &Context, file: &Path) -> Result<Plan, Failure> {
    let path = paths::absolute(file, &context.cwd);
    let shown = paths::display(&path, &context.cwd);
    let bytes = read_file_at_most(&path, limits::DOCUMENT_BYTES)
        .map_err(|cause| Failure::io(format!("cannot read {shown}: {}", io_cause(&cause))))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{shown} is not a plan: not valid UTF-8")))?;
    Plan::from_json(&text)
        .map_err(|error| Failure::usage(format!("{shown}: {error}")).help(error.help()))
}

/// Says that the last run was interrupted.
fn say_unfinished(parts: &Parts, planned: &Plan, console: &mut Console) {
    let Some(last) = unfinished(&parts.entries) else {
        return;
    };
    let what = match last.plan == planned.id() {
        true => "it goes on now",
        false => "what is live may be a part of it",
    };
    console.err.line(format_args!(
        "note: the apply of {} was interrupted after {} of {}: {what}",
        last.begun,
        last.done.len(),
        count(last.operations, "operation")
    ));
}

/// What a plan silences: as it says itself, and by what is live now.
fn all_silenced(surveyed: &[Surveyed], planned: &Plan) -> BTreeSet<String> {
    let alerts = labels_of_alerts(surveyed);
    let mut found: BTreeSet<String> = planned.silenced.iter().cloned().collect();
    for one in surveyed {
        let of_target = planned.destinations.iter();
        let operations = of_target
            .filter(|plan| plan.target == one.survey.plan.target)
            .flat_map(|plan| plan.operations.iter().cloned());
        let operations: Vec<_> = operations.collect();
        found.extend(silenced(one, &operations, &alerts));
    }
    found
}

/// The most deletions that are allowed; `None` for any number.
fn most_deletions(options: &options::Apply) -> Option<usize> {
    match (options.max_deletes, options.auto_approve) {
        (Some(most), _) => Some(most),
        (None, true) => Some(0),
        (None, false) => None,
    }
}

/// Counts what Terraform would delete, too: for the plan, that is one operation.
fn refuse_deletions(
    options: &options::Apply,
    surveyed: &[Surveyed],
    planned: &Plan,
) -> Result<(), Failure> {
    let is_planned = |key: &ObjectKey| {
        let mut operations = planned
            .destinations
            .iter()
            .flat_map(|plan| &plan.operations);
        operations.any(|one| one.key == *key)
    };
    let roots = { surveyed.iter() }
        .flat_map(|one| &one.survey.live)
        .filter(|live| live.key.kind == ObjectKind::TerraformRoot && is_planned(&live.key));
    let of_terraform: usize = roots
        .map(|root| terraform::planned_deletions(&root.content))
        .sum();
    let all = planned.deletions() + of_terraform;
    match most_deletions(options) {
        Some(most) if of_terraform > 0 && all > most => Err(Failure::io(format!(
            "the plan has {}, {of_terraform} of them by Terraform, and {most} are allowed; nothing was changed",
            count(all, "deletion")
        ))
        .help("check what is deleted, then allow so many with `--max-deletes`")),
        _ => Ok(()),
    }
}

fn refused_silence(lost: &BTreeSet<String>) -> Failure {
    let mut listed = { lost.iter() }
        .take(LISTED)
        .map(|what| nthc::diagnostics::render::one_line(what))
        .collect::<Vec<_>>()
        .join("; ");
    if lost.len() > LISTED {
        listed.push_str(&format!("; and {} more", lost.len() - LISTED));
    }
    let failure = Failure::usage(format!("not applied, as it silences: {listed}"));
    Failure {
        exit: Exit::Findings,
        ..failure.help("pass `--allow silenced` if that is intended")
    }
}

/// Asks on the terminal. Only `yes` applies.
fn confirm(
    planned: &Plan,
    lost: &BTreeSet<String>,
    console: &mut Console,
) -> Result<bool, Failure> {
    for what in lost {
        let what = nthc::diagnostics::render::one_line(what);
        console.err.line(format_args!("this silences: {what}"));
    }
    let deletions = planned.deletions();
    if deletions > 0 {
        console.err.line(format_args!(
            "{} will be deleted",
            count(deletions, "object")
        ));
    }
    console.err.text(&format!(
        "Apply {} to {}? Only `yes` applies: ",
        count(planned.operations(), "operation"),
        planned.owner
    ));
    // The stream keeps an error until [`Console::finish`].
    let _ = console.out.flush().and(console.err.flush());
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|cause| Failure::io(format!("cannot read the reply: {}", io_cause(&cause))))?;
    Ok(answer.trim() == "yes")
}

fn execute(
    options: &options::Apply,
    surveyed: &[Surveyed],
    parts: &Parts,
    planned: &Plan,
    cancel: &std::sync::atomic::AtomicBool,
    is_shown: bool,
) -> Result<Applied, Box<Failure>> {
    let targets: Vec<nth_delivery::Target<'_>> = surveyed
        .iter()
        .map(|one| nth_delivery::Target {
            destination: &**one
                .target
                .written
                .as_ref()
                .unwrap_or(&one.target.destination),
            desired: &one.survey.desired,
        })
        .collect();
    let mut journal = open_journal(parts).map_err(Box::new)?;
    let holder = holder();
    let settings = ApplyOptions {
        holder: &holder,
        max_deletes: most_deletions(options),
        lease: LEASE,
        settle: SETTLE,
        retry: retries(),
        health: options.wait,
        poll: POLL,
        clock: &SystemClock,
        cancel,
    };
    let total = u64::try_from(planned.operations()).unwrap_or_default();
    let bar = Progress::steps("applying", total, is_shown);
    let mut see = |step: Step<'_>| {
        if let Step::Operation { done, .. } = step
            && done > 0
        {
            bar.advance();
        }
    };
    nth_delivery::apply(
        planned,
        &parts.owner,
        &targets,
        &settings,
        &mut journal,
        &mut see,
    )
    .map_err(|failed| Box::new(failed_apply(planned, &failed)))
}

fn failed_apply(planned: &Plan, failed: &ApplyFailure) -> Failure {
    let done = planned.operations().saturating_sub(failed.left);
    let state = match done {
        0 => "nothing was changed".to_owned(),
        done => format!(
            "{done} of {} done",
            count(planned.operations(), "operation")
        ),
    };
    let failure = Failure::io(format!("{}; {state}", failed.error));
    match failed.error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

fn report(planned: &Plan, applied: &Applied, console: &mut Console) {
    let plans: Vec<_> = planned.destinations.iter().collect();
    let before = match applied.done_before {
        0 => String::new(),
        before => format!(", {before} of them before"),
    };
    console.err.line(format_args!(
        "applied to {}: {}{before}",
        planned.owner,
        words::summary(&plans)
    ));
    let number =
        |is: fn(&Health) -> bool| applied.health.iter().filter(|one| is(&one.health)).count();
    let healthy = number(|health| matches!(health, Health::Healthy));
    let without = number(|health| matches!(health, Health::NoData));
    if healthy + without > 0 {
        let without = match without {
            0 => String::new(),
            without => format!(", {without} without data"),
        };
        console.err.line(format_args!(
            "{} evaluated and healthy{without}",
            count(healthy, "object")
        ));
    }
}

/// Who applies: a job of a pipeline, or a user and a machine.
fn holder() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if let (Some(server), Some(run)) = (variable("GITHUB_REPOSITORY"), variable("GITHUB_RUN_ID")) {
        return format!("{server} run {run}");
    }
    if let Some(job) = variable("CI_JOB_URL") {
        return job;
    }
    let user = variable("USER").or_else(|| variable("USERNAME"));
    let host = variable("HOSTNAME").or_else(|| variable("COMPUTERNAME"));
    let process = std::process::id();
    match (user, host) {
        (Some(user), Some(host)) => format!("{user}@{host}, process {process}"),
        (Some(user), None) => format!("{user}, process {process}"),
        _ => format!("process {process}"),
    }
}
