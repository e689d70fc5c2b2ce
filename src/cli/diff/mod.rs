//! `nthc diff`.

mod accepted;
mod document;
mod hunks;
mod measured;
mod output;
mod version;

use jiff::Timestamp;
use nth_diff::{Change, Class, Document, Level, Problem, SCHEMA_VERSION, Side, Version};
use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::page_file::PageFile;
use super::progress::Progress;
use super::report::Findings;
use nthc::comparison::witness::{self, Versions};
use nthc::comparison::{self, Compared, Environments, Source};
use nthc::compile;
use nthc::diagnostics::position::Positions;
use nthc::diagnostics::{Severity, render};
use nthc::project::{ACCEPTED, ChangeLevels, paths};
use nthc::session::Session;
use version::VersionFiles;

pub use document::read as read_document;

/// Compares two versions of the project. The exit codes are those of [`options::Diff`].
pub fn run(context: &Context, options: &options::Diff, console: &mut Console) -> Exit {
    match compare(context, options, console) {
        Ok(exit) => exit,
        Err(failure) => {
            let exit = super::report::show_failure(&failure, console);
            match exit {
                Exit::Usage => Exit::Misused,
                other => other,
            }
        }
    }
}

/// Compares two versions, and prints nothing but the errors of a version that has some.
///
/// # Errors
///
/// If a version cannot be read.
pub fn document(
    context: &Context,
    options: &options::Diff,
    console: &mut Console,
) -> Result<Document, Failure> {
    Ok(differing(context, options, console)?.document)
}

/// Prints what is known of a change.
///
/// # Errors
///
/// If it cannot be written.
pub fn print(document: &Document, format: Format, console: &mut Console) -> Result<(), Failure> {
    output::print(document, format, false, console)
}

fn compare(
    context: &Context,
    options: &options::Diff,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let page = options.html.as_ref();
    let page = page
        .map(|path| PageFile::new(path, nth_diff::render::page::GENERATOR, context))
        .transpose()?;
    if let Some(path) = &options.from {
        let document = document::read(context, path)?;
        output::print(&document, context.global.format, options.all, console)?;
        if let Some(page) = page {
            page.write(&nth_diff::render::page::page(&document))?;
        }
        return Ok(verdict(&document, &options.fail_on));
    }
    let Differing {
        base,
        head,
        document,
        exit,
    } = differing(context, options, console)?;
    // People have seen the errors.
    if document.complete || context.global.format != Format::Human {
        output::print(&document, context.global.format, options.all, console)?;
    }
    if options.text && context.global.format == Format::Human {
        hunks::print(&base, &head, console);
    }
    if let Some(page) = page {
        page.write(&nth_diff::render::page::page(&document))?;
    }
    Ok(exit)
}

/// Two versions with what differs.
struct Differing {
    base: VersionFiles,
    head: VersionFiles,
    document: Document,
    exit: Exit,
}

fn differing(
    context: &Context,
    options: &options::Diff,
    console: &mut Console,
) -> Result<Differing, Failure> {
    let environments: Vec<SmolStr> = options.env.iter().map(SmolStr::from).collect();
    let chosen = match environments.as_slice() {
        [] => Environments::Same(Vec::new()),
        [one] => Environments::Same(vec![one.clone()]),
        [one, other] if one == other => {
            return Err(Failure::usage(format!("`--env {one}` is given twice"))
                .help("pass two environments to compare them"));
        }
        [one, other] => Environments::Two(one.clone(), other.clone()),
        _ => {
            return Err(Failure::usage("more than two environments")
                .help("pass one to compare only that, or two to compare them with each other"));
        }
    };
    let is_two = matches!(chosen, Environments::Two(..));
    let [mut base, mut head] = match options.against_build {
        true if is_two => {
            return Err(
                Failure::usage("`--against-build` compares each environment with itself")
                    .help("pass `--env` once, or not at all"),
            );
        }
        true => version::read_against_build(context, environments.first())?,
        false => version::read(
            context,
            options.base.as_deref(),
            options.head.as_deref(),
            options.merge_base,
            is_two,
        )?,
    };
    let entries = accepted_entries(context, options, &head)?;
    if let Environments::Two(one, other) = &chosen {
        base.named.environment = Some(one.clone());
        head.named.environment = Some(other.clone());
    }
    let (old, new) = rayon::join(|| Checked::new(&base), || Checked::new(&head));
    require_environments(&chosen, &old, &new)?;
    let mut document = Document {
        version: SCHEMA_VERSION,
        project: head.loaded.project.settings.project.clone(),
        base: base.named.clone(),
        head: head.named.clone(),
        environments: Vec::new(),
        complete: true,
        errored: Vec::new(),
        changes: Vec::new(),
        causes: Vec::new(),
        figures: Default::default(),
        services: Vec::new(),
        accepted: Vec::new(),
    };
    let mut exit = Exit::Ok;
    for (side, checked, named) in [
        (Side::Base, &old, &base.named),
        (Side::Head, &new, &head.named),
    ] {
        if !checked.findings.has_errors() {
            continue;
        }
        document.complete = false;
        document.errored.extend(problems(side, &checked.findings));
        if context.global.format == Format::Human {
            checked.findings.show(Format::Human, console)?;
            console
                .err
                .line(format_args!("cannot compare: {} has errors", named.name));
        }
        exit = match (side, exit) {
            (Side::Head, _) => Exit::Findings,
            (Side::Base, _) => Exit::Io,
        };
    }
    if document.complete {
        let found = differences(&old, &new, &chosen, options, console);
        let Compared {
            changes,
            causes,
            figures,
            services,
            environments,
            pairs,
        } = found;
        document.changes = changes;
        document.causes = causes;
        document.figures = figures;
        document.services = services;
        document.environments = environments;
        if let Some(url) = &options.prometheus {
            let versions = [old.source(), new.source()];
            measured::add(
                context,
                (url, options),
                versions,
                &pairs,
                &mut document,
                console,
            )?;
        }
        let levels = &head.loaded.project.change_levels;
        set_levels(&mut document.changes, levels);
        document.accepted = accepted::apply(entries, &mut document.changes);
        exit = verdict(&document, &options.fail_on);
    }
    drop((old, new));
    Ok(Differing {
        base,
        head,
        document,
        exit,
    })
}

/// Reads the accepted changes of the new version.
fn accepted_entries(
    context: &Context,
    options: &options::Diff,
    head: &VersionFiles,
) -> Result<Vec<nth_diff::Accepted>, Failure> {
    let path = match &options.accepted {
        Some(path) => paths::absolute(path, &context.cwd),
        None => head.loaded.project.root.join(ACCEPTED),
    };
    let shown = match &options.accepted {
        Some(_) => paths::display(&path, &context.cwd),
        None => ACCEPTED.to_owned(),
    };
    let today = jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date();
    accepted::read(&path, &shown, options.accepted.is_some(), today)
}

/// A version that was checked.
struct Checked<'v> {
    files: &'v VersionFiles,
    session: Session,
    findings: Findings,
    manifest_path: String,
}

impl<'v> Checked<'v> {
    fn new(files: &'v VersionFiles) -> Self {
        let input = files.loaded.project.input(None);
        let session = compile::session(&input);
        let compilation = session.check(None);
        let mut findings = Findings::default();
        findings.add(
            &files.loaded.sources,
            files.loaded.diagnostics.iter().cloned(),
        );
        findings.add(&compilation.sources, compilation.diagnostics);
        // Warnings are those of `nthc check`.
        findings
            .diagnostics
            .retain(|diagnostic| diagnostic.severity == Severity::Error);
        Self {
            files,
            session,
            findings,
            manifest_path: files.manifest_path(),
        }
    }

    fn environments(&self) -> Vec<SmolStr> {
        let declared = self.session.workspace.environments(&self.session.db);
        declared.keys().cloned().collect()
    }

    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            settings: &self.files.loaded.project.settings,
            manifest: (self.files.manifest(), &self.manifest_path),
            metrics: self.files.loaded.project.catalogue.as_deref(),
        }
    }
}

/// Requires that an environment exists in a version that is asked for it.
fn require_environments(
    chosen: &Environments,
    base: &Checked<'_>,
    head: &Checked<'_>,
) -> Result<(), Failure> {
    let unknown = |name: &SmolStr, known: Vec<SmolStr>| {
        let failure = Failure::usage(format!("unknown environment `{name}`"));
        let near = nthc::diagnostics::suggest::nearest(name, known.iter().map(SmolStr::as_str));
        match (near, known.len()) {
            (Some(near), _) => failure.help(format!("did you mean `{near}`?")),
            (None, 0) => failure.help("the project declares no environments"),
            (None, _) => failure.help(format!("choose one of `{}`", known.join("`, `"))),
        }
    };
    let (old, new) = (base.environments(), head.environments());
    match chosen {
        Environments::Same(names) => {
            for name in names {
                if !old.contains(name) && !new.contains(name) {
                    return Err(unknown(name, new));
                }
            }
        }
        Environments::Two(one, other) => {
            if !old.contains(one) {
                return Err(unknown(one, old));
            }
            if !new.contains(other) {
                return Err(unknown(other, new));
            }
        }
    }
    Ok(())
}

/// Compares two versions without errors.
fn differences(
    base: &Checked<'_>,
    head: &Checked<'_>,
    chosen: &Environments,
    options: &options::Diff,
    console: &Console,
) -> Compared {
    let is_shown = console.is_interactive;
    let mut search =
        |old: Option<Version<'_>>, new: Option<Version<'_>>, changes: &mut [Change]| {
            if options.no_incidents {
                return;
            }
            let total = changes.iter().filter(|change| change.class.has_witness());
            let message = "searching incidents that show the changes";
            let progress = Progress::steps(message, total.count() as u64, is_shown);
            let advance = |searched| (0..searched).for_each(|_| progress.advance());
            let versions = Versions {
                base: old,
                head: new,
            };
            witness::witnesses(versions, changes, &witness::Options::default(), &advance);
        };
    let is_simulated = !options.no_incidents;
    comparison::compare(
        base.source(),
        head.source(),
        chosen,
        is_simulated,
        &mut search,
    )
}

/// Errors as what could not be compared.
fn problems(side: Side, findings: &Findings) -> Vec<Problem> {
    let positions = Positions::new(&findings.sources);
    render::in_order(&findings.diagnostics, &findings.sources)
        .into_iter()
        .map(|diagnostic| {
            let span = diagnostic.primary.span;
            Problem {
                side,
                environment: None,
                message: diagnostic.message.clone(),
                file: Some(positions.path(span.file).to_owned()).filter(|path| !path.is_empty()),
                line: Some(positions.range(span).0.line),
            }
        })
        .collect()
}

fn set_levels(changes: &mut [Change], levels: &ChangeLevels) {
    for change in changes {
        change.level = levels.get(&change.id).copied().unwrap_or_default();
    }
}

/// The exit code of a document; of one that is not complete, that of the version with errors.
fn verdict(document: &Document, fail_on: &[Class]) -> Exit {
    let fails = |change: &Change| {
        !change.accepted && (change.level == Level::Error || fail_on.contains(&change.class))
    };
    match document.changes.is_empty() {
        true if document.errored.iter().any(|one| one.side == Side::Head) => Exit::Findings,
        true if !document.complete => Exit::Io,
        true => Exit::Ok,
        false if document.changes.iter().any(fails) => Exit::FailOn,
        false => Exit::Changed,
    }
}
