//! All examples of the Markdown files of a folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use nthc::diagnostics::Code;
use rayon::prelude::*;

use super::example::{Compiler, Kind, check, examples, report};
use super::markdown;

/// What a person asked of this run.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// Write what the compiler says into the files.
    pub bless: bool,
    /// Only examples whose file or title contains this.
    pub filter: Option<String>,
}

impl Options {
    /// From `NTH_BLESS` and `NTH_FILTER`.
    pub fn from_environment() -> Self {
        Self {
            bless: std::env::var_os("NTH_BLESS").is_some(),
            filter: std::env::var("NTH_FILTER").ok(),
        }
    }
}

/// Every Markdown file below a folder but the `README.md`s, in order.
pub fn markdown_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = ignore::WalkBuilder::new(folder)
        .build()
        .filter_map(Result::ok)
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_name().is_some_and(|name| name != "README.md"))
        .collect();
    files.sort();
    files
}

/// Runs all files; gives what is wrong, empty where nothing is. `code_of` gives the code of a page by the
/// file's name without its ending.
pub fn run(
    root: &Path,
    files: &[PathBuf],
    kind: Kind,
    compiler: &dyn Compiler,
    code_of: &(dyn Fn(&str) -> Option<&'static Code> + Sync),
    options: &Options,
) -> String {
    files
        .par_iter()
        .map(|path| run_file(root, path, kind, compiler, code_of, options))
        .collect::<Vec<_>>()
        .concat()
}

fn run_file(
    root: &Path,
    path: &Path,
    kind: Kind,
    compiler: &dyn Compiler,
    code_of: &(dyn Fn(&str) -> Option<&'static Code> + Sync),
    options: &Options,
) -> String {
    let shown = path
        .strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
        .replace('\\', "/");
    let text = std::fs::read_to_string(path).expect(&shown);
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let code = match kind {
        Kind::Suite => None,
        Kind::Page => match code_of(name) {
            Some(code) => Some(code),
            None => return format!("{shown}: the page of no code\n"),
        },
    };
    let all = match examples(&text, kind) {
        Ok(all) => all,
        Err(error) => return format!("{shown}:{}: {}\n", error.line, error.what),
    };
    let mut told = String::new();
    let mut bodies = Vec::new();
    for example in all.iter().filter(|example| {
        options
            .filter
            .as_ref()
            .is_none_or(|filter| shown.contains(filter) || example.title.contains(filter))
    }) {
        let mut mismatches = check(example, compiler, code);
        if options.bless {
            mismatches.retain_mut(|mismatch| {
                let blessed = mismatch.bless.take();
                let remains = blessed.is_none();
                bodies.extend(blessed);
                remains
            });
        }
        let _ = write!(told, "{}", report(&shown, &example.title, &mismatches));
    }
    if !bodies.is_empty() {
        std::fs::write(path, markdown::replace(&text, bodies)).expect(&shown);
    }
    told
}
