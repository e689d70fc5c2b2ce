//! `nthc gate check` and `nthc gate facts`.

use std::path::Path;

use jiff::Timestamp;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Format, Gate, GateCommand, GateQuery};
use super::prometheus_client::Client;
use super::report::{self, Findings};
use super::select::{self, Selected};
use super::{Context, gate_ledger, gate_table};
use nthc::backends::policy::{Dependents, policy};
use nthc::diagnostics::suggest;
use nthc::ir;
use nthc::limits;
use nthc::policy::{self, Decision, Facts, Measured, MeasuredValue, NotFinite, Policy, Verdict};
use nthc::project::{Loaded, io_cause, paths, read_file_at_most};
use nthc::session::Session;

/// Runs `gate check` or `gate facts`. Any failure means that there is no decision; invalid usage has its own exit code.
pub fn run(context: &Context, options: &Gate, console: &mut Console) -> Exit {
    let done = match &options.command {
        GateCommand::Check(check) => decide(context, &check.query, console).and_then(|decision| {
            write_decision(context, &decision, console)?;
            Ok(match decision.verdict {
                Verdict::Allow => Exit::Ok,
                Verdict::Warn if check.allow_warnings => Exit::Ok,
                Verdict::Warn => Exit::Warned,
                Verdict::Deny => Exit::Denied,
            })
        }),
        GateCommand::Facts(facts) => measure(context, &facts.query, console).and_then(|measured| {
            let facts = measured.facts()?;
            console.out.json("the gate input", &facts)?;
            for remark in &measured.remarks {
                console.err.line(format_args!("note: {remark}"));
            }
            Ok(Exit::Ok)
        }),
    };
    done.unwrap_or_else(|failure| match report::show_failure(&failure, console) {
        Exit::Usage => Exit::Misused,
        _ => Exit::Io,
    })
}

/// A policy with the measured facts of one gate.
struct MeasuredGate {
    policy: Policy,
    /// The index of the gate in the policy.
    gate: usize,
    measured: Measured,
    /// Warnings in Prometheus's answers, a sentence each.
    remarks: Vec<String>,
    at: Timestamp,
}

impl MeasuredGate {
    fn gate(&self) -> Result<&policy::Gate, Failure> {
        self.policy
            .gates
            .get(self.gate)
            .ok_or_else(|| Failure::io("no such gate"))
    }

    fn facts(&self) -> Result<Facts, Failure> {
        policy::facts(&self.policy, self.gate()?, &self.measured, self.at)
            .map_err(|problem| Failure::io(problem.to_string()))
    }
}

fn decide(
    context: &Context,
    query: &GateQuery,
    console: &mut Console,
) -> Result<Decision, Failure> {
    let gate = measure(context, query, console)?;
    let mut decision = policy::decide(&gate.policy, gate.gate()?, &gate.measured, gate.at)
        .map_err(|problem| Failure::io(problem.to_string()))?;
    decision.notes.extend(gate.remarks);
    Ok(decision)
}

/// Queries Prometheus for all facts of the gate's conditions.
fn measure(
    context: &Context,
    query: &GateQuery,
    console: &mut Console,
) -> Result<MeasuredGate, Failure> {
    if matches!(context.global.format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a gate decision")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let (policy, project) = match &query.policy {
        Some(file) => {
            let path = paths::absolute(file, &context.cwd);
            let shown = paths::display(&path, &context.cwd);
            let text = read_policy(&path, &shown)?;
            let policy = policy::read(&text)
                .map_err(|problem| Failure::io(format!("cannot read {shown}: {problem}")))?;
            if let Some(service) = &query.service
                && *service != policy.service
            {
                return Err(Failure::usage(format!(
                    "{shown} is the policy of service `{}`, not of `{service}`",
                    policy.service
                )));
            }
            (policy, None)
        }
        None => {
            let loaded = select::project(context)?;
            let root = loaded.project.root.clone();
            let (policy, compiled) = project_policy(context, loaded, query, console)?;
            (policy, Some((root, compiled)))
        }
    };
    let gate = find_gate(&policy, query.gate.as_deref())?;
    let at = evaluation_time(query.at);
    let client = Client::new(&query.prometheus, query.timeout, &query.connection)?;
    let mut measured = ask(&client, &policy, gate, at)?;
    let mut remarks = client.remarks();
    if let (Some(location), Some((root, compiled))) = (&query.ledger, &project) {
        let name = policy.gates.get(gate).map(|gate| gate.name.as_str());
        let asked = gate_ledger::Asked {
            service: &policy.service,
            gate: name.unwrap_or_default(),
            at: at.as_second(),
        };
        let known = gate_ledger::consult(context, root, location, compiled, asked, &mut measured)?;
        remarks.extend(known);
    }
    Ok(MeasuredGate {
        policy,
        gate,
        measured,
        remarks,
        at,
    })
}

/// Decides a gate of a policy; `None` if there is none of this name.
///
/// # Errors
///
/// If Prometheus gives no valid answer, or the policy cannot be evaluated.
pub fn decide_now(
    client: &Client,
    policy: &Policy,
    name: &str,
    at: Timestamp,
) -> Result<Option<Decision>, Failure> {
    let Some(index) = policy.gates.iter().position(|gate| gate.name == name) else {
        return Ok(None);
    };
    let measured = ask(client, policy, index, at)?;
    let Some(gate) = policy.gates.get(index) else {
        return Ok(None);
    };
    policy::decide(policy, gate, &measured, at)
        .map(Some)
        .map_err(|problem| Failure::io(problem.to_string()))
}

/// Queries Prometheus for all facts of a gate's conditions.
fn ask(client: &Client, policy: &Policy, gate: usize, at: Timestamp) -> Result<Measured, Failure> {
    let mut measured = Measured::new();
    // The queries of facts drop NaN and infinities.
    let ask = |query: &str, what: &str| client.instant(query, at, what, NotFinite::NoAnswer);
    let names = policy.gates.get(gate).map(policy::Gate::facts);
    for name in names.into_iter().flatten() {
        let Some(fact) = policy.facts.get(name) else {
            return Err(Failure::io(format!("no query for {name}")));
        };
        let value = ask(&fact.query, name)?;
        // Without a value for the window, its coverage does not matter.
        let coverage = match &fact.coverage {
            Some(of) if value.is_some() => {
                let what = format!("the coverage of {} for {name}", of.window);
                ask(&of.query, &what)?
            }
            _ => None,
        };
        measured.insert(name.to_owned(), MeasuredValue { value, coverage });
    }
    Ok(measured)
}

/// Reads the text of a policy file.
fn read_policy(path: &Path, shown: &str) -> Result<String, Failure> {
    let unreadable = |cause: &str| Failure::io(format!("cannot read {shown}: {cause}"));
    let bytes = read_file_at_most(path, limits::DOCUMENT_BYTES)
        .map_err(|cause| unreadable(&io_cause(&cause)))?;
    String::from_utf8(bytes).map_err(|_| unreadable("not valid UTF-8"))
}

/// Returns the requested time, or now, in whole seconds: queries and calendar rules use the same time.
pub fn evaluation_time(requested: Option<Timestamp>) -> Timestamp {
    let time = requested.unwrap_or_else(Timestamp::now);
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Returns the index of the gate with this name, or of the only one.
fn find_gate(policy: &Policy, requested: Option<&str>) -> Result<usize, Failure> {
    let names: Vec<&str> = policy.gates.iter().map(|gate| gate.name.as_str()).collect();
    let service = &policy.service;
    match (requested, names.as_slice()) {
        (_, []) => Err(Failure::usage(format!("service `{service}` has no gate"))
            .help("declare one: `gate production { … }`, or set `gate_denies_below` on its tier")),
        (None, [_]) => Ok(0),
        (None, several) => {
            Err(
                Failure::usage(format!("service `{service}` has {} gates", several.len())).help(
                    format!("choose one with `--gate`: `{}`", several.join("`, `")),
                ),
            )
        }
        (Some(name), known) => known.iter().position(|gate| *gate == name).ok_or_else(|| {
            let failure = Failure::usage(format!("unknown gate `{name}` of service `{service}`"));
            match suggest::nearest(name, known.iter().copied()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("use one of `{}`", known.join("`, `"))),
            }
        }),
    }
}

/// The services of a project in one environment.
pub struct CompiledProject {
    /// The sources.
    pub session: Session,
    /// The settings of the project, with the environment.
    pub settings: ir::Settings,
}

impl CompiledProject {
    /// Compiles the project of the working directory. `None` if it has errors, which are reported.
    ///
    /// # Errors
    ///
    /// If there is no project, or the environment is ambiguous.
    pub fn new(
        context: &Context,
        env: Option<&str>,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let loaded = select::project(context)?;
        Self::of(loaded, env, context.global.format, console)
    }

    /// Compiles a project. `None` if it has errors, which are reported.
    ///
    /// # Errors
    ///
    /// If the environment is unknown or ambiguous.
    pub fn of(
        loaded: Loaded,
        env: Option<&str>,
        format: Format,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let selected = Selected::whole(loaded);
        let session = selected.session();
        let compilation = select::require_environment(env, session.check(env))?;
        let mut findings = Findings::default();
        let own = selected.loaded.diagnostics.iter().cloned();
        findings.add(&selected.loaded.sources, own);
        findings.add(&compilation.sources, compilation.diagnostics);
        if findings.has_errors() {
            // Standard output is reserved for the requested document.
            let shown = match format {
                Format::Human => Format::Human,
                _ => Format::Short,
            };
            findings.show(shown, console)?;
            return Ok(None);
        }
        let environment =
            match compilation.environments.as_slice() {
                [] => None,
                [only] => Some(only.as_str().into()),
                several => {
                    return Err(Failure::usage("the project has several environments").help(
                        format!("choose one with `--env`: `{}`", several.join("`, `")),
                    ));
                }
            };
        let settings = ir::Settings {
            environment,
            ..selected.loaded.project.settings.clone()
        };
        Ok(Some(Self { session, settings }))
    }

    /// Calls `see` with all services.
    pub fn with_services<T>(&self, see: impl FnOnce(&[&ir::Service]) -> T) -> T {
        let models = self.session.models(self.settings.environment.as_deref());
        let services: Vec<&ir::Service> = models
            .iter()
            .filter_map(|lowered| lowered.service.as_ref())
            .collect();
        see(&services)
    }
}

/// Returns the failure for a project that has no service of this name.
pub fn unknown_service(name: &str, services: &[&ir::Service]) -> Failure {
    let failure = Failure::usage(format!("unknown service `{name}`"));
    let known = services.iter().map(|service| service.name.as_str());
    match suggest::nearest(name, known) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// Generates the policy of a service from the current sources.
fn project_policy(
    context: &Context,
    loaded: Loaded,
    query: &GateQuery,
    console: &mut Console,
) -> Result<(Policy, CompiledProject), Failure> {
    let format = context.global.format;
    let Some(built) = CompiledProject::of(loaded, query.env.as_deref(), format, console)? else {
        return Err(Failure::io(
            "the project has errors, so its gates cannot be evaluated",
        ));
    };
    let name = query.service.as_deref().unwrap_or_default();
    let policy = built.with_services(|services| {
        let service = services
            .iter()
            .find(|service| service.name == name)
            .ok_or_else(|| unknown_service(name, services))?;
        Ok::<_, Failure>(policy(service, &Dependents::new(services), &built.settings))
    })?;
    Ok((policy, built))
}

/// Prints the decision.
fn write_decision(
    context: &Context,
    decision: &Decision,
    console: &mut Console,
) -> Result<(), Failure> {
    match context.global.format {
        Format::Json => {
            console.out.json("the decision", decision)?;
        }
        Format::Short => {
            let gate = format!("{}.{}", decision.service, decision.gate);
            console
                .out
                .line(format_args!("{gate}: {}", decision.verdict.name()));
            for reason in &decision.reasons {
                console.out.line(format_args!("{gate}: {reason}"));
            }
            for note in &decision.notes {
                console.out.line(format_args!("{gate}: note: {note}"));
            }
        }
        _ => gate_table::show(decision, console),
    }
    Ok(())
}
