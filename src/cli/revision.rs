//! The project at another git revision, in a temporary folder.
//!
//! The user's git reads the revision into an index of its own and writes its files from there: neither the working tree nor the index
//! nor any reference of the repository changes, and no hook runs.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::exit::{Exit, Failure};
use nthc::project::{ACCEPTED, EXTENSION, IGNORES, LOCK, MANIFEST, io_cause};

/// The files of a revision.
pub struct Revision {
    /// The temporary folder that they are in, which is removed when this is dropped.
    pub folder: TempDir,
    /// The folder of the project.
    pub root: PathBuf,
    /// The folder of the repository, above or the same.
    pub top: PathBuf,
    /// The full hash of the commit.
    pub commit: String,
}

impl Revision {
    /// Writes the repository of the project in `root`, as it is at a revision, into a temporary folder.
    ///
    /// # Errors
    ///
    /// If there is no git, no repository, no such revision, or no project in it.
    pub fn check_out(root: &Path, revision: &str) -> Result<Self, Failure> {
        if revision.is_empty() || revision.starts_with('-') {
            return Err(unknown(revision));
        }
        let folder = tempfile::Builder::new()
            .prefix("nthc-base-")
            .tempdir()
            .map_err(|cause| {
                let cause = io_cause(&cause);
                Failure::io(format!("cannot create a temporary folder: {cause}"))
            })?;
        let git = Git::new(folder.path());
        let top =
            git.line(root, &["rev-parse", "--show-toplevel"])
                .map_err(
                    |failure| match failure.message.contains("not a git repository") {
                        true => {
                            Failure::usage("a git revision requires a project in a git repository")
                                .help("run this in a clone of the project's repository")
                        }
                        false => failure,
                    },
                )?;
        let prefix = git.line(root, &["rev-parse", "--show-prefix"])?;
        let named = format!("{revision}^{{commit}}");
        let commit = git
            .line(root, &["rev-parse", "--verify", "--quiet", &named])
            .map_err(|failure| match failure.exit {
                Exit::Io => failure,
                _ => unknown(revision),
            })?;
        let top = PathBuf::from(top);
        let tree = folder.path().join("tree");
        git.line(&top, &["read-tree", &commit])?;
        let target = format!("--prefix={}/", tree.display());
        let entries = git.output(&top, &["ls-files", "-z", "--stage"], Vec::new())?;
        let read = files_that_are_read(&entries);
        git.output(
            &top,
            &["checkout-index", "-z", "--stdin", "--quiet", &target],
            read,
        )?;
        let root = tree.join(&prefix);
        if !root.join(MANIFEST).is_file() {
            let place = match prefix.as_str() {
                "" => "the top folder",
                prefix => prefix.trim_end_matches('/'),
            };
            return Err(Failure::usage(format!(
                "revision `{revision}` has no {MANIFEST} in {place}"
            ))
            .help("pass a revision in which the project is in the same folder as now"));
        }
        Ok(Self {
            root,
            top: tree,
            commit,
            folder,
        })
    }
}

/// Returns the paths of the files that a project is read from, of the entries that `git ls-files -z --stage` prints. A large
/// repository has many others. Paths end with a zero byte.
fn files_that_are_read(entries: &[u8]) -> Vec<u8> {
    const NAMES: [&str; 4] = [MANIFEST, LOCK, IGNORES, ACCEPTED];
    const SYMBOLIC_LINK: &[u8] = b"120000";
    const SUBMODULE: &[u8] = b"160000";
    let suffix = [b".", EXTENSION.as_bytes()].concat();
    let entries = entries.split(|byte| *byte == 0).filter_map(|entry| {
        let tab = entry.iter().position(|byte| *byte == b'\t')?;
        let (mode, path) = (entry.get(..tab)?, entry.get(tab + 1..)?);
        (!mode.starts_with(SUBMODULE)).then_some((mode.starts_with(SYMBOLIC_LINK), path))
    });
    // A source that is a link may lead to a file of any name.
    let is_any_read = { entries.clone() }.any(|(is_link, path)| is_link && path.ends_with(&suffix));
    let mut paths = Vec::new();
    for (is_link, path) in entries {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let is_known = NAMES.iter().any(|known| name == known.as_bytes());
        if is_any_read || is_link || is_known || name.ends_with(&suffix) {
            paths.extend_from_slice(path);
            paths.push(0);
        }
    }
    paths
}

fn unknown(revision: &str) -> Failure {
    Failure::usage(format!("unknown git revision `{revision}`"))
        .help("pass a branch, a tag or a commit; `git fetch` gets those of the remote repository")
}

/// Returns the top folder of the repository of a folder; `None` without git or a repository.
pub fn top(folder: &Path) -> Option<PathBuf> {
    let git = Git::new(Path::new(""));
    let top = git.line(folder, &["rev-parse", "--show-toplevel"]).ok()?;
    Some(PathBuf::from(top))
}

/// Returns the hash of the commit that is checked out; `None` without git, a repository, or a commit.
pub fn head(folder: &Path) -> Option<String> {
    let git = Git::new(Path::new(""));
    git.line(folder, &["rev-parse", "--verify", "--quiet", "HEAD"])
        .ok()
}

/// Returns whether a repository has a revision of a name.
pub fn exists(folder: &Path, revision: &str) -> bool {
    let named = format!("{revision}^{{commit}}");
    let git = Git::new(Path::new(""));
    !revision.starts_with('-')
        && !revision.is_empty()
        && git
            .line(folder, &["rev-parse", "--verify", "--quiet", &named])
            .is_ok()
}

/// Returns the hash of the commit at which a revision left another one.
///
/// # Errors
///
/// If one of them does not exist, or they have no commit in common.
pub fn merge_base(folder: &Path, base: &str, head: &str) -> Result<String, Failure> {
    for revision in [base, head] {
        if !exists(folder, revision) {
            return Err(unknown(revision));
        }
    }
    let git = Git::new(Path::new(""));
    git.line(folder, &["merge-base", base, head]).map_err(|_| {
        Failure::usage(format!("`{base}` and `{head}` have no commit in common")).help(
            "in CI, fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout",
        )
    })
}

struct Git {
    /// The index to use instead of the user's.
    index: PathBuf,
    /// A folder that does not exist.
    hooks: PathBuf,
}

impl Git {
    /// Git with its own files in a folder.
    fn new(folder: &Path) -> Self {
        Self {
            index: folder.join("index"),
            hooks: folder.join("no-hooks"),
        }
    }

    /// Runs git in a folder, and returns the first line of its output.
    fn line(&self, folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.output(folder, arguments, Vec::new())?;
        let text = String::from_utf8_lossy(&output);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Runs git in a folder with an input, and returns its output. The failure has the exit code for I/O if git could not be
    /// started.
    fn output(
        &self,
        folder: &Path,
        arguments: &[&str],
        input: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let cannot_run = |cause: io::Error| {
            let cause = io_cause(&cause);
            Failure::io(format!("cannot run git: {cause}")).help("a git revision requires git")
        };
        let mut child = Command::new("git")
            .arg("-c")
            .arg(format!("core.hooksPath={}", self.hooks.display()))
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.sparseCheckout=false",
            ])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_INDEX_FILE", &self.index)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            // Inside of a hook, these name the repository of the hook.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_PREFIX")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot_run)?;
        let stdin = child.stdin.take();
        // Git may print before it has read everything.
        let writer = std::thread::spawn(move || {
            // If git ends early, its exit code and message say why.
            stdin.map(|mut stdin| stdin.write_all(&input))
        });
        let output = child.wait_with_output().map_err(cannot_run)?;
        let _ = writer.join();
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().next().unwrap_or_default();
        let failure = Failure::usage(format!(
            "git failed: {}",
            line.trim_start_matches("fatal: ")
        ));
        // For example, to trust a repository of another user.
        let advice = said.lines().map(str::trim);
        Err(match advice.skip(1).find(|line| line.starts_with("git ")) {
            Some(command) => failure.help(format!("run `{command}`")),
            None => failure,
        })
    }
}
