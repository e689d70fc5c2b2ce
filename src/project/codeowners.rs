//! `CODEOWNERS` files in GitHub's syntax: a pattern and its owners on each line; the last line that matches a file decides.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A `CODEOWNERS` file.
pub(super) struct CodeOwners {
    root: PathBuf,
    rules: Vec<Rule>,
}

/// A line of it.
struct Rule {
    pattern: Gitignore,
    /// True if only files right in the folder of the pattern match, as of `docs/*`.
    is_flat: bool,
    owners: Vec<String>,
    line: usize,
}

impl CodeOwners {
    /// Reads a file. `root` is the folder that patterns are relative to. Lines that GitHub ignores are ignored: those with `!` or `[`,
    /// which includes the sections of GitLab.
    pub fn read(text: &str, root: &Path) -> Self {
        let mut rules = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.starts_with(['#', '!', '[', '^']) {
                continue;
            }
            let mut words = words(line).into_iter();
            let Some(pattern) = words.next().filter(|pattern| !pattern.contains('[')) else {
                continue;
            };
            let mut builder = GitignoreBuilder::new(root);
            let is_read = builder.add_line(None, &pattern).is_ok();
            let Ok(matcher) = builder.build() else {
                continue;
            };
            if is_read {
                rules.push(Rule {
                    is_flat: pattern.ends_with("/*"),
                    pattern: matcher,
                    owners: words.collect(),
                    line: number + 1,
                });
            }
        }
        Self {
            root: root.to_path_buf(),
            rules,
        }
    }

    /// The owners of a file and the line that says so; `None` if no line matches it.
    pub fn owners(&self, path: &Path) -> Option<(&[String], usize)> {
        if !path.starts_with(&self.root) {
            return None;
        }
        let matches = |rule: &&Rule| {
            let found = match rule.is_flat {
                true => rule.pattern.matched(path, false),
                false => rule.pattern.matched_path_or_any_parents(path, false),
            };
            found.is_ignore()
        };
        let rule = self.rules.iter().rev().find(matches)?;
        Some((&rule.owners, rule.line))
    }
}

/// The words of a line; a backslash keeps the space that follows it in its word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                word.push(c);
                word.extend(characters.next());
            }
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of GitHub's documentation.
    const TEXT: &str = "# Everything.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
**/logs @octocat
/apps/ @octocat
/apps/github
[Section] @nobody
!/x @nobody
";

    fn owners(path: &str) -> Vec<String> {
        let root = Path::new("/repo");
        let read = CodeOwners::read(TEXT, root);
        let found = read.owners(&root.join(path));
        found.map(|(owners, _)| owners.to_vec()).unwrap_or_default()
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        for (path, expected) in [
            ("x.nth", "@global-owner1 @global-owner2"),
            ("src/x.js", "@js-owner"),
            ("a.go", "docs@example.com"),
            ("lib/a.txt", "@octo-org/octocats"),
            ("build/logs/today/x.nth", "@octocat"),
            ("docs/x.nth", "@doctocat"),
            ("docs/deep/x.nth", "@doctocat"),
            ("other/docs/x.nth", "@global-owner1 @global-owner2"),
            ("lib/apps/x.nth", "@octocat"),
            ("deeply/nested/logs/x.nth", "@octocat"),
            ("apps/x.nth", "@octocat"),
            ("apps/github/x.nth", ""),
        ] {
            assert_eq!(owners(path).join(" "), expected, "{path}");
        }
    }

    #[test]
    fn a_star_does_not_lead_into_folders() {
        let root = Path::new("/repo");
        let read = CodeOwners::read("docs/* @docs\nmy\\ files/ @files\n", root);
        let of = |path: &str| {
            read.owners(&root.join(path))
                .map(|(owners, _)| owners.join(" "))
        };
        assert_eq!(of("docs/a.nth").as_deref(), Some("@docs"));
        assert_eq!(of("docs/deep/a.nth"), None);
        assert_eq!(of("my files/a.nth").as_deref(), Some("@files"));
        assert_eq!(read.owners(Path::new("/elsewhere/docs/a.nth")), None);
    }
}
