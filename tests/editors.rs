//! What `editors/` has for editors: that their files are what these take, that the grammar highlights what it should, and that
//! the extension for Visual Studio Code can be built and packaged.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{folders, programs};
use tempfile::TempDir;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn editors() -> PathBuf {
    repository().join("editors")
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(unix)]
use std::os::unix::fs::symlink as link;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as link;

/// A copy of the extension, with the packages that `tests/tools/install` has put below `target`.
struct Extension(TempDir);

impl Extension {
    /// Nothing where Node.js or the packages are missing; the test has then said that it is skipped.
    fn new() -> Option<Self> {
        programs::find(&["node"])?;
        let packages = programs::install_folder().join("vscode/node_modules");
        if !packages.is_dir() {
            programs::report_uninstalled("the packages of editors/vscode");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        folders::copy(&editors().join("vscode"), folder.path());
        link(&packages, folder.path().join("node_modules")).unwrap();
        Some(Self(folder))
    }

    /// Runs a program on the extension, without asking the network for anything.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let ran = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .env("npm_config_offline", "true")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
        assert!(ran.status.success(), "{program} {arguments:?}: {said}");
        said
    }
}

#[test]
fn the_grammar_highlights_its_fixtures() {
    let Some(extension) = Extension::new() else {
        return;
    };
    let said = extension.run("npm", &["test", "--silent"]);
    let fixtures = fs::read_dir(extension.0.path().join("tests"))
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with(".test.nth")
        })
        .count();
    assert_eq!(said.matches("run successfuly").count(), fixtures, "{said}");
}

#[test]
fn the_grammar_leaves_nothing_open() {
    let Some(extension) = Extension::new() else {
        return;
    };
    let folders = ["examples", "stdlib"].map(|name| repository().join(name).display().to_string());
    extension.run("node", &["tests/corpus.mjs", &folders[0], &folders[1]]);
}

#[test]
fn lines_are_indented_and_comments_go_on() {
    if let Some(extension) = Extension::new() {
        extension.run("node", &["tests/configuration.mjs"]);
    }
}

#[test]
fn the_extension_finds_its_server() {
    if let Some(extension) = Extension::new() {
        extension.run("node", &["tests/command.mjs"]);
    }
}

#[test]
fn the_extension_is_checked_bundled_and_packaged() {
    let Some(extension) = Extension::new() else {
        return;
    };
    // Before it packages it checks the types and bundles.
    extension.run("npm", &["run", "--silent", "package"]);
    let version = read_json(&extension.0.path().join("package.json"))["version"].clone();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let file = format!("nth-{}.vsix", env!("CARGO_PKG_VERSION"));
    let package = fs::read(extension.0.path().join(file)).unwrap();
    // The names of the files in a ZIP archive stand in it as they are.
    let holds = |name: &str| {
        package
            .windows(name.len())
            .any(|window| window == name.as_bytes())
    };
    for wanted in [
        "dist/extension.js",
        "dist/NOTICES.txt",
        "images/icon.png",
        "language-configuration.json",
        "promql-language-configuration.json",
        "snippets/nth.json",
        "syntaxes/nth.tmLanguage.json",
        "LICENSE.md",
        "README.md",
    ] {
        assert!(holds(&format!("extension/{wanted}")), "{wanted}");
    }
    for unwanted in ["src/", "tests/", "node_modules/", "build.mjs"] {
        assert!(!holds(&format!("extension/{unwanted}")), "{unwanted}");
    }
}

#[test]
fn what_the_extension_declares_is_there() {
    let folder = editors().join("vscode");
    let manifest = read_json(&folder.join("package.json"));
    let contributes = &manifest["contributes"];
    let sources: String = fs::read_dir(folder.join("src"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for command in contributes["commands"].as_array().unwrap() {
        let name = command["command"].as_str().unwrap();
        assert!(
            sources.contains(&format!("registerCommand(\"{name}\"")),
            "{name}"
        );
    }
    let mut files = vec![manifest["icon"].as_str().unwrap()];
    for language in contributes["languages"].as_array().unwrap() {
        files.push(language["configuration"].as_str().unwrap());
        files.extend(
            language["icon"]
                .as_object()
                .into_iter()
                .flat_map(|icons| icons.values().map(|icon| icon.as_str().unwrap())),
        );
    }
    for list in ["grammars", "snippets"] {
        let list = contributes[list].as_array().unwrap();
        files.extend(list.iter().map(|entry| entry["path"].as_str().unwrap()));
    }
    for file in files {
        assert!(folder.join(file).is_file(), "{file}");
    }
}

/// A snippet's text as the editor puts it in, where nothing is typed over what it proposes.
fn expanded(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body;
    // Whether each placeholder that is open ends with a brace, or with a bar and a brace.
    let mut open = Vec::new();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let digits = after.strip_prefix('{').unwrap_or(after);
        let number = digits.len()
            - digits
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        match first {
            '\\' => {
                let escaped = after.chars().next().expect("something is escaped");
                text.push(escaped);
                rest = &after[escaped.len_utf8()..];
            }
            '$' if number > 0 && !after.starts_with('{') => rest = &after[number..],
            '$' if number > 0 => {
                rest = &digits[number..];
                if let Some(choices) = rest.strip_prefix('|') {
                    let end = choices.find("|}").expect("choices end");
                    text.push_str(choices[..end].split(',').next().unwrap());
                    rest = &choices[end + 2..];
                } else {
                    rest = rest.strip_prefix(':').expect("a text is proposed");
                    open.push(());
                }
            }
            '}' if open.pop().is_some() => rest = after,
            _ => {
                text.push(first);
                rest = after;
            }
        }
    }
    text
}

#[test]
fn snippets_are_well_formed_and_laid_out() {
    let snippets = read_json(&editors().join("vscode/snippets/nth.json"));
    let mut prefixes = BTreeSet::new();
    for (name, snippet) in snippets.as_object().unwrap() {
        let prefix = snippet["prefix"].as_str().unwrap();
        assert!(prefixes.insert(prefix), "{prefix} is twice there");
        assert!(!snippet["description"].as_str().unwrap().is_empty());
        let lines = snippet["body"].as_array().unwrap();
        // Where one goes on to write stands a comment, for the formatter takes empty lines away.
        let body: Vec<String> = lines
            .iter()
            .map(|line| line.as_str().unwrap().replace("  $0", "  // here"))
            .collect();
        let text = format!("{}\n", expanded(&body.join("\n")));
        let laid_out = nthc::syntax::format(&text);
        assert_eq!(laid_out.as_deref(), Some(text.as_str()), "{name}");
    }
    for kind in [
        "service",
        "slo",
        "alert",
        "recording",
        "signal",
        "metric",
        "panel",
        "row",
        "dependency",
        "team",
        "schedule",
        "layer",
        "escalation",
        "gate",
        "deny",
        "warn",
        "override",
        "test",
        "given",
        "expect",
        "exclude",
        "runbook",
        "section",
        "environment",
        "tier",
        "template",
        "rule",
        "kind",
        "enum",
        "import",
    ] {
        assert!(prefixes.contains(kind), "{kind} has no snippet");
    }
}

#[test]
fn helix_can_read_its_configuration() {
    let text = fs::read_to_string(editors().join("helix/languages.toml")).unwrap();
    let configuration: toml::Table = text.parse().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_nth-lsp"))
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let languages = configuration["language"].as_array().unwrap();
    let language = languages[0].as_table().unwrap();
    assert_eq!(language["name"].as_str(), Some("nth"));
    let strings = |list: &toml::Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|entry| entry.as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(strings(&language["file-types"]), ["nth"]);
    assert_eq!(strings(&language["roots"]), [nthc::project::MANIFEST]);
    let server = &strings(&language["language-servers"])[0];
    let servers = configuration["language-server"].as_table().unwrap();
    assert_eq!(servers[server]["command"].as_str(), Some(program.as_str()));
}
