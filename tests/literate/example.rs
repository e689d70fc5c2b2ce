//! Examples out of a section's fences, and what an example expects of the compiler.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use nthc::diagnostics::fix;
use nthc::diagnostics::render::{Format, render};
use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Severity, SourceMap};
use similar::TextDiff;

use super::markdown::{self, Error, Fence, Section};

/// The manifest of an example that has none.
pub const DEFAULT_MANIFEST: &str = "[project]\nname = \"test\"\n";

/// The file of a fence without `file=`.
const MAIN: &str = "main.nth";

/// The manifest; one in another folder is a package's.
const MANIFEST: &str = "nth.toml";

/// Fences that are there for the reader.
const PROSE: [&str; 3] = ["text", "sh", "promql"];

/// Fences that are files of other programs, if they have a `file=`.
const OTHERS: [&str; 2] = ["yaml", "text"];

/// What another suite imports: `tests/openslo/pages.rs` tries the pages of the importer's diagnostics.
const IMPORTED: &str = "yaml";

/// A project as a person would have it on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub manifest: String,
    /// Texts by path, `teams/payments.nth`.
    pub files: BTreeMap<String, String>,
}

/// What the compiler makes of a project.
pub struct Outcome {
    pub sources: SourceMap,
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// Contents by path below the output folder.
    pub artifacts: BTreeMap<String, String>,
}

/// The narrow door to the compiler.
pub trait Compiler: Sync {
    fn compile(&self, project: &Project, environment: Option<&str>) -> Outcome;
    fn format(&self, text: &str) -> String;
}

/// A project and what is expected of it.
#[derive(Debug)]
pub struct Example {
    pub title: String,
    pub line: usize,
    pub project: Project,
    /// On a diagnostic's page: whether it must give the page's code.
    pub fails: bool,
    expectations: Vec<Fence>,
    /// Where a new expectation could be written: behind the last of the project's fences.
    end: usize,
}

/// Where an example is not as the compiler has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub line: usize,
    pub what: String,
    /// The text to put in place, where that is what would mend the test.
    pub bless: Option<(Range<usize>, String)>,
}

/// How the sections of a file become examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A section is one example.
    Suite,
    /// A section is one example, or several where a file is given again.
    Page,
}

/// The examples of a Markdown file.
pub fn examples(text: &str, kind: Kind) -> Result<Vec<Example>, Error> {
    let mut examples = Vec::new();
    for section in markdown::parse(text)? {
        from_section(text, &section, kind, &mut examples)?;
    }
    Ok(examples)
}

fn from_section(
    text: &str,
    section: &Section,
    kind: Kind,
    examples: &mut Vec<Example>,
) -> Result<(), Error> {
    let mut current: Option<Example> = None;
    let mut has_manifest = false;
    for fence in &section.fences {
        let error = |what: String| Error {
            line: fence.line,
            what,
        };
        let is_source = fence.language == "nth" && !fence.has("fixed");
        let is_toml = fence.language == "toml";
        let is_named = fence.key("file").is_some();
        let is_other = is_named && OTHERS.contains(&fence.language.as_str());
        let is_manifest = is_toml && fence.key("file") == Some(MANIFEST);
        if is_source || is_toml || is_other {
            let path = match fence.key("file") {
                Some(path) => path.to_owned(),
                None if is_source => MAIN.to_owned(),
                None => return Err(error("`toml` needs `file=nth.toml`".to_owned())),
            };
            check_words(fence, &["file"], &["fails"]).map_err(error)?;
            let again = current.as_ref().is_some_and(|example| {
                if is_manifest {
                    has_manifest
                } else {
                    example.project.files.contains_key(&path)
                }
            });
            if again && kind == Kind::Suite {
                return Err(error(format!(
                    "`{path}` is given twice; begin a new section"
                )));
            }
            if again {
                examples.extend(current.take());
            }
            if current.is_none() {
                has_manifest = false;
            }
            let example = current.get_or_insert_with(|| Example {
                title: section.title.clone(),
                line: fence.line,
                project: Project {
                    manifest: DEFAULT_MANIFEST.to_owned(),
                    files: BTreeMap::new(),
                },
                fails: false,
                expectations: Vec::new(),
                end: 0,
            });
            example.end = after(text, fence);
            example.fails |= fence.has("fails");
            if is_manifest {
                has_manifest = true;
                example.project.manifest.clone_from(&fence.body);
            } else {
                example.project.files.insert(path, fence.body.clone());
            }
        } else if kind == Kind::Page && fence.language == IMPORTED {
            check_words(fence, &[], &["fails"]).map_err(error)?;
        } else if PROSE.contains(&fence.language.as_str()) {
            check_words(fence, &[], &[]).map_err(error)?;
        } else {
            let (keys, flags): (&[&str], &[&str]) = match fence.language.as_str() {
                "diagnostics" | "human" | "json" => (&["env"], &[]),
                "rules" => (&["env", "service"], &["contains", "absent"]),
                "output" => (&["env", "file"], &["contains", "absent"]),
                "nth" => (&["file"], &["fixed"]),
                "formatted" => (&["file"], &[]),
                other => {
                    return Err(error(format!(
                        "`{other}` is no fence that these tests know"
                    )));
                }
            };
            check_words(fence, keys, flags).map_err(error)?;
            if let Some(key) = ["service", "file"].into_iter().find(|key| {
                matches!(
                    (fence.language.as_str(), *key),
                    ("rules", "service") | ("output", "file")
                ) && fence.key(key).is_none()
            }) {
                return Err(error(format!("`{}` needs `{key}=`", fence.language)));
            }
            match &mut current {
                Some(example) => example.expectations.push(fence.clone()),
                None => return Err(error("an expectation needs a project above it".to_owned())),
            }
        }
    }
    examples.extend(current);
    Ok(())
}

/// A misspelt word would make a test that tests nothing.
fn check_words(fence: &Fence, keys: &[&str], flags: &[&str]) -> Result<(), String> {
    let key = fence.keys.keys().find(|key| !keys.contains(&key.as_str()));
    let flag = fence
        .flags
        .iter()
        .find(|flag| !flags.contains(&flag.as_str()));
    match key.or(flag) {
        Some(word) => Err(format!("`{}` fences have no `{word}`", fence.language)),
        None => Ok(()),
    }
}

/// The first byte behind a fence.
fn after(text: &str, fence: &Fence) -> usize {
    text[fence.range.end..]
        .find('\n')
        .map_or(text.len(), |at| fence.range.end + at + 1)
}

/// Compares an example with what the compiler does. `code` is that of the page the example is on.
pub fn check(example: &Example, compiler: &dyn Compiler, code: Option<&Code>) -> Vec<Mismatch> {
    let mut outcomes: BTreeMap<Option<&str>, Outcome> = BTreeMap::new();
    let mut mismatches = Vec::new();
    outcomes.insert(None, compiler.compile(&example.project, None));
    for fence in &example.expectations {
        let environment = fence.key("env");
        let outcome = outcomes
            .entry(environment)
            .or_insert_with(|| compiler.compile(&example.project, environment));
        mismatches.extend(compare(example, fence, outcome, compiler));
    }
    let outcome = &outcomes[&None];
    match code {
        Some(code) => mismatches.extend(check_page(example, outcome, code)),
        None => {
            let asked = example
                .expectations
                .iter()
                .any(|fence| fence.language == "diagnostics" && fence.key("env").is_none());
            let shown = shown(outcome, Format::Short);
            if !asked && !shown.is_empty() {
                mismatches.push(Mismatch {
                    line: example.line,
                    what: format!("there are diagnostics, and no `diagnostics` fence:\n{shown}"),
                    bless: Some((
                        example.end..example.end,
                        format!("\n```diagnostics\n{shown}```\n"),
                    )),
                });
            }
        }
    }
    mismatches
}

fn check_page(example: &Example, outcome: &Outcome, code: &Code) -> Option<Mismatch> {
    let has_code = outcome
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == code);
    let other_errors = outcome
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code != code && diagnostic.severity == Severity::Error);
    let id = code.id;
    let what = match (example.fails, has_code, other_errors) {
        (true, false, _) => format!("the example must give {id} and does not"),
        (true, true, true) => format!("the example must give {id} and no other error"),
        (false, true, _) => format!("the example must not give {id}"),
        (false, false, true) => "the example must give no error".to_owned(),
        (true, true, false) | (false, false, false) => return None,
    };
    let shown = shown(outcome, Format::Short);
    Some(Mismatch {
        line: example.line,
        what: format!("{what}:\n{shown}"),
        bless: None,
    })
}

fn compare(
    example: &Example,
    fence: &Fence,
    outcome: &Outcome,
    compiler: &dyn Compiler,
) -> Option<Mismatch> {
    let mismatch = |what: String| {
        Some(Mismatch {
            line: fence.line,
            what,
            bless: None,
        })
    };
    let file = fence.key("file").unwrap_or(MAIN);
    let source = || example.project.files.get(file);
    let actual = match fence.language.as_str() {
        "diagnostics" => shown(outcome, Format::Short),
        "human" => shown(outcome, Format::Human),
        "json" => shown(outcome, Format::Json),
        "nth" => match source() {
            Some(text) => fixed(outcome, file).unwrap_or_else(|| text.clone()),
            None => return mismatch(format!("the example has no file `{file}`")),
        },
        "formatted" => match source() {
            Some(text) => compiler.format(text),
            None => return mismatch(format!("the example has no file `{file}`")),
        },
        _ => {
            let path = match fence.key("service") {
                Some(service) => {
                    // An environment has an output folder of its own.
                    let folder = fence
                        .key("env")
                        .map_or(String::new(), |name| format!("{name}/"));
                    format!("{folder}prometheus/{service}.yaml")
                }
                None => file.to_owned(),
            };
            match (outcome.artifacts.get(&path), fence.has("absent")) {
                (None, true) => return None,
                (Some(_), true) => return mismatch(format!("`{path}` is built, and must not be")),
                (None, false) => {
                    let built: Vec<_> = outcome.artifacts.keys().map(String::as_str).collect();
                    let shown = shown(outcome, Format::Short);
                    return mismatch(format!(
                        "`{path}` is not built, only: {}\n{shown}",
                        built.join(", ")
                    ));
                }
                (Some(contents), false) if fence.has("contains") => {
                    let missing = missing_line(&fence.body, contents)?;
                    return mismatch(format!(
                        "`{path}` has no line `{missing}` there:\n{contents}"
                    ));
                }
                (Some(contents), false) => contents.clone(),
            }
        }
    };
    if fence.body.trim_end_matches('\n') == actual.trim_end_matches('\n') {
        return None;
    }
    let diff = TextDiff::from_lines(fence.body.as_str(), actual.as_str());
    let what = format!(
        "{}",
        diff.unified_diff()
            .context_radius(3)
            .header("expected", "actual")
    );
    // A body that closed its own fence would end the example.
    let bless = (!actual.contains("```")).then(|| {
        let lines = actual.trim_end_matches('\n');
        let body = if lines.is_empty() {
            String::new()
        } else {
            format!("{lines}\n")
        };
        (fence.range.clone(), body)
    });
    Some(Mismatch {
        line: fence.line,
        what,
        bless,
    })
}

/// The first expected line that does not follow those before it.
fn missing_line<'a>(expected: &'a str, contents: &str) -> Option<&'a str> {
    let mut lines = contents.lines().map(str::trim);
    expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .find(|line| !lines.any(|each| each == *line))
}

fn fixed(outcome: &Outcome, path: &str) -> Option<String> {
    fix::apply(
        &outcome.diagnostics,
        &outcome.sources,
        Applicability::Always,
    )
    .into_iter()
    .find(|fixed| {
        outcome
            .sources
            .file(fixed.file)
            .is_some_and(|file| file.path == path)
    })
    .map(|fixed| fixed.text)
}

/// The diagnostics in a format, without colors.
pub fn shown(outcome: &Outcome, format: Format) -> String {
    let mut out = Vec::new();
    render(
        &outcome.diagnostics,
        &outcome.sources,
        format,
        false,
        &mut out,
    )
    .expect("writing to memory does not fail");
    String::from_utf8(out).expect("diagnostics are UTF-8")
}

/// A file's mismatches as a person reads them.
pub fn report(path: &str, title: &str, mismatches: &[Mismatch]) -> String {
    let mut report = String::new();
    for mismatch in mismatches {
        let _ = writeln!(
            report,
            "{path}:{}: {title}\n{}",
            mismatch.line, mismatch.what
        );
    }
    report
}
