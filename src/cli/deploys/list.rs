//! `nthc deploys`: the list of deployments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nth_ledger::{Deployment, Interval, Store};
use serde::Serialize;

use super::services::unknown_service;
use crate::Context;
use crate::compiled::CompiledProject;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::ledger::{evidence, open};
use crate::options::{DeploysList, Format};
use crate::report::count;
use crate::select::{self, Selected};
use nthc::project::Loaded;

/// The time of everything.
pub const EVER: Interval = Interval {
    from: i64::MIN,
    until: i64::MAX,
};

/// The longest text in a column, in characters.
const LONGEST: usize = 40;

/// The number of digits of a hash that are shown.
const DIGITS: usize = 12;

/// The output of `nthc deploys --format json`.
#[derive(Serialize)]
struct List {
    project: String,
    deployments: Vec<Document>,
}

/// A deployment as JSON.
#[derive(Serialize)]
pub struct Document {
    key: String,
    environment: Option<String>,
    service: String,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    version: Option<String>,
    previous: Option<String>,
    source: String,
    url: Option<String>,
    by: Option<String>,
    rolled_back: Option<Timestamp>,
    /// What it did to budgets, in words; `null` if nothing is found.
    judgment: Option<String>,
}

impl Document {
    /// Creates the JSON of a deployment.
    pub fn new(deployment: &Deployment) -> Self {
        let time = |seconds: Option<i64>| Timestamp::from_second(seconds?).ok();
        Self {
            key: deployment.key.clone(),
            environment: deployment.environment.clone(),
            service: deployment.service.clone(),
            started: time(Some(deployment.started)),
            finished: time(deployment.finished),
            version: deployment.version.clone(),
            previous: deployment.previous.clone(),
            source: deployment.source.clone(),
            url: deployment.url.clone(),
            by: deployment.by.clone(),
            rolled_back: time(deployment.rolled_back),
            judgment: None,
        }
    }
}

/// What a deployment is found to have done, by its key: the text of a column of its own, which is shown if any has one.
pub type Judgments = BTreeMap<String, String>;

/// The layout of a list.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Whether each deployment is a line without a table.
    pub is_short: bool,
    /// Whether environments are shown.
    pub has_environments: bool,
}

/// Prints the deployments in the ledger.
///
/// # Errors
///
/// If there is no project or no ledger, or a service is unknown.
pub fn run(
    context: &Context,
    options: &DeploysList,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let loaded = select::project(context)?;
    let root = loaded.project.root.clone();
    let project_files = loaded.clone();
    let project = loaded.project.settings.project.clone();
    let mut store = open::open(context, &root, &options.place)?;
    let since = Timestamp::now()
        .checked_sub(options.since)
        .map_err(|_| Failure::usage("`--since` reaches back too far").help("use `--since 30d`"))?;
    let mut all = store
        .deployments(EVER)
        .map_err(|error| open::unusable(context, &store, &error))?;
    all.retain(|deployment| deployment.project == project);
    let recorded: BTreeSet<&str> = all.iter().map(|one| one.service.as_str()).collect();
    let is_unknown = |name: &&String| !recorded.contains(name.as_str());
    if let Some(unknown) = options.services.iter().find(is_unknown) {
        // A service without deployments is none that is unknown.
        let mut names = project_services(Selected::whole(loaded), options.env.as_deref())?;
        if !names.contains(unknown) {
            names.extend(recorded.into_iter().map(str::to_owned));
            return Err(unknown_service(unknown, &names));
        }
    }
    let within = Interval {
        from: since.as_second(),
        ..EVER
    };
    let is_listed = |deployment: &&Deployment| {
        let services = &options.services;
        let is_of = services.is_empty() || services.contains(&deployment.service);
        let environment = deployment.environment.as_deref();
        let is_in = options.env.is_none() || environment == options.env.as_deref();
        is_of && is_in && deployment.started >= within.from
    };
    let listed: Vec<&Deployment> = all.iter().rev().filter(is_listed).collect();
    let environments: BTreeSet<Option<&str>> = { listed.iter() }
        .map(|one| one.environment.as_deref())
        .collect();
    let judgments = judgments(
        context,
        &project_files,
        &mut store,
        environments,
        within,
        console,
    )?;
    if context.global.format == Format::Json {
        let deployments = { listed.into_iter() }
            .map(|one| Document {
                judgment: judgments.get(&one.key).cloned(),
                ..Document::new(one)
            })
            .collect();
        let list = List {
            project,
            deployments,
        };
        console.out.json("the deployments", &list)?;
        return Ok(Exit::Ok);
    }
    let layout = Layout {
        is_short: context.global.format == Format::Short,
        has_environments: listed.iter().any(|one| one.environment.is_some()),
    };
    if !listed.is_empty() {
        show(&listed, &judgments, layout, console);
    }
    let since = Timestamp::from_second(within.from).unwrap_or(since);
    console.err.line(format_args!(
        "{} since {since}",
        count(listed.len(), "deployment")
    ));
    Ok(Exit::Ok)
}

/// What the deployments since a time did to the budgets of their services, as far as the ledger has their SLOs.
fn judgments(
    context: &Context,
    loaded: &Loaded,
    store: &mut Store,
    environments: BTreeSet<Option<&str>>,
    within: Interval,
    console: &mut Console,
) -> Result<Judgments, Failure> {
    let mut found = Judgments::new();
    let has_slos = !open::with(context, store, Store::slos)?.is_empty();
    for environment in environments.into_iter().filter(|_| has_slos) {
        let format = context.global.format;
        let compiled = CompiledProject::of(loaded.clone(), environment, format, console)?;
        let Some(compiled) = compiled else {
            console
                .err
                .line("note: the project has errors: deployments are not judged");
            continue;
        };
        let until = Interval {
            until: Timestamp::now().as_second(),
            ..within
        };
        let evidence = evidence::collect(context, store, &compiled, until)?;
        found.extend(evidence::verdicts(&evidence));
    }
    Ok(found)
}

/// The names of the services in an environment, or in all.
fn project_services(selected: Selected, environment: Option<&str>) -> Result<Vec<String>, Failure> {
    let session = selected.session();
    let compilation = select::require_environment(environment, session.check(environment))?;
    let environments: Vec<Option<String>> = match compilation.environments.as_slice() {
        [] => vec![None],
        several => several.iter().map(|name| Some(name.to_string())).collect(),
    };
    let mut names = BTreeSet::new();
    for environment in &environments {
        for lowered in session.models(environment.as_deref()).iter() {
            names.extend(
                lowered
                    .service
                    .as_ref()
                    .map(|service| service.name.to_string()),
            );
        }
    }
    Ok(names.into_iter().collect())
}

/// Prints deployments in their order, a line each. `judgments` have what is known about each one, by its key.
pub fn show(
    deployments: &[&Deployment],
    judgments: &Judgments,
    layout: Layout,
    console: &mut Console,
) {
    let rows: Vec<Vec<String>> = deployments
        .iter()
        .map(|deployment| row(deployment, judgments))
        .collect();
    if layout.is_short {
        for row in rows {
            let filled = row.into_iter().enumerate();
            let filled = filled.filter(|(_, cell)| !cell.is_empty());
            let cells: Vec<String> = filled
                .map(|(column, cell)| match column {
                    BY => format!("by {cell}"),
                    ROLLED_BACK => format!("rolled back {cell}"),
                    _ => cell,
                })
                .collect();
            console.out.line(cells.join(" "));
        }
        return;
    }
    let head = [
        "started",
        "environment",
        "service",
        "version",
        "source",
        "by",
        "rolled back",
        "budget",
    ];
    let head: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
    let mut table = vec![head];
    table.extend(rows);
    // Columns that nothing fills are not shown.
    let is_shown = |column: usize| {
        let is_required = !matches!(column, ENVIRONMENT | JUDGMENT);
        let is_filled = table
            .iter()
            .skip(1)
            .any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()));
        is_required || (is_filled && (column != ENVIRONMENT || layout.has_environments))
    };
    let columns: Vec<usize> = (0..COLUMNS).filter(|column| is_shown(*column)).collect();
    let cell = |row: &[String], column: usize| match row.get(column).map(String::as_str) {
        None | Some("") => "-".to_owned(),
        Some(text) => text.to_owned(),
    };
    let width = |column: usize| {
        let widths = table.iter().map(|row| cell(row, column).chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = columns.iter().map(|column| width(*column)).collect();
    for row in &table {
        let mut line = String::new();
        for (column, width) in columns.iter().zip(&widths) {
            let text = cell(row, *column);
            line.push_str(&text);
            line.extend(std::iter::repeat_n(' ', width - text.chars().count() + 2));
        }
        console.out.line(line.trim_end());
    }
}

const COLUMNS: usize = 8;
const ENVIRONMENT: usize = 1;
const BY: usize = 5;
const ROLLED_BACK: usize = 6;
const JUDGMENT: usize = 7;

fn row(deployment: &Deployment, judgments: &Judgments) -> Vec<String> {
    let time = |seconds: i64| match Timestamp::from_second(seconds) {
        Ok(time) => time.to_string(),
        Err(_) => seconds.to_string(),
    };
    let version = match (&deployment.version, &deployment.previous) {
        (None, _) => String::new(),
        (Some(version), None) => short(version),
        (Some(version), Some(previous)) => format!("{} (from {})", short(version), short(previous)),
    };
    vec![
        time(deployment.started),
        short(deployment.environment.as_deref().unwrap_or_default()),
        short(&deployment.service),
        version,
        short(&deployment.source),
        short(deployment.by.as_deref().unwrap_or_default()),
        deployment.rolled_back.map(time).unwrap_or_default(),
        judgments.get(&deployment.key).cloned().unwrap_or_default(),
    ]
}

/// A text on one line, with hashes shortened and its end cut off if it is long.
pub fn short(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_hexdigit() {
            word.push(letter);
            continue;
        }
        // Git's hashes have 40 digits, those of images 64.
        match matches!(word.len(), 40 | 64) {
            true => out.extend(word.chars().take(DIGITS)),
            false => out.push_str(&word),
        }
        word.clear();
        out.push(if letter.is_control() { ' ' } else { letter });
    }
    let line = out.trim_end();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_short() {
        let hash = "3b7e1c0f5a2d4e6f8091a2b3c4d5e6f708192a3b";
        assert_eq!(short(hash), "3b7e1c0f5a2d");
        assert_eq!(
            short(&format!("main@sha1:{hash}")),
            "main@sha1:3b7e1c0f5a2d"
        );
        assert_eq!(short(&"ab".repeat(32)), "abababababab");
        assert_eq!(short("v1.4"), "v1.4");
        assert_eq!(short("a\u{1b}[2J\nb"), "a [2J b");
        assert_eq!(short(&"x".repeat(99)).chars().count(), 41);
        assert_eq!(short(""), "");
    }
}
