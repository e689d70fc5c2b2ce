//! How the programs reach people: the action and its siblings, hooks, the container, and the files of a release.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;
use serde_json::{Value, json};
use support::programs::find;

const SCRIPTS: [&str; 4] = [
    ".ci/run",
    ".ci/pull-request",
    ".ci/install-release",
    ".ci/release",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str, text: &str) -> Value {
    yaml_serde::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(output(command).stdout).unwrap()
}

/// The steps of an action or a job.
fn steps(value: &Value) -> Vec<&Value> {
    let mut all = Vec::new();
    match value {
        Value::Object(fields) => {
            all.extend(
                fields
                    .get("steps")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
            for (name, field) in fields {
                if name != "steps" {
                    all.extend(steps(field));
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| all.extend(steps(value))),
        _ => {}
    }
    all
}

/// Complains of steps that put an expression into a script, or that run one without saying by which shell.
fn judge_steps(place: &str, value: &Value) -> usize {
    let versioned = Regex::new(r"^[\w.-]+(/[\w.-]+)+@v?\w").unwrap();
    let steps = steps(value);
    for step in &steps {
        if let Some(script) = step["run"].as_str() {
            assert!(
                !script.contains("${{"),
                "{place}: an expression in a script: {script}"
            );
            check_syntax(place, script);
        }
        if let Some(action) = step["uses"].as_str() {
            assert!(
                action == "./" || versioned.is_match(action),
                "{place}: {action} has no version"
            );
        }
    }
    steps.len()
}

fn check_syntax(place: &str, script: &str) {
    let checked = Command::new("bash")
        .args(["-n", "-c", script])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{place}: {checked:?}");
}

#[test]
fn the_action_is_composite_and_puts_nothing_into_scripts() {
    let action = yaml("action.yml", &text("action.yml"));
    assert_eq!(action["runs"]["using"], "composite");
    assert!(judge_steps("action.yml", &action) >= 5);
    for step in steps(&action) {
        if step["run"].is_string() {
            assert_eq!(step["shell"], "bash", "{step}");
        }
    }
    // Every input is described and used, and every used one exists.
    let inputs: BTreeSet<&str> = action["inputs"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(
            input["description"].is_string() && input["default"].is_string(),
            "{name}"
        );
    }
    let source = text("action.yml");
    let used: BTreeSet<&str> = Regex::new(r"inputs\.([a-z0-9-]+)")
        .unwrap()
        .captures_iter(&source)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(used, inputs);
    // The half that may write checks nothing out.
    assert!(!source.contains("actions/checkout"));
}

#[test]
fn scripts_are_valid_and_stop_at_errors() {
    for path in SCRIPTS {
        let script = text(path);
        assert!(script.starts_with("#!/usr/bin/env bash\n"), "{path}");
        assert!(script.contains("\nset -euo pipefail\n"), "{path}");
        output(Command::new("bash").arg("-n").arg(root().join(path)));
        let mode = fs::metadata(root().join(path)).unwrap();
        assert_ne!(
            std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o111,
            0,
            "{path}"
        );
    }
    // Not part of what CI needs.
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&paths).any(|folder| folder.join("shellcheck").is_file()) {
        output(Command::new("shellcheck").args(SCRIPTS).current_dir(root()));
    }
}

#[test]
fn the_job_of_gitlab_runs_for_merge_requests() {
    let path = ".ci/gitlab.yml";
    let job = &yaml(path, &text(path))["nthc"];
    assert_eq!(job["script"], json!(["pull-request"]));
    assert!(
        job["rules"][0]["if"]
            .as_str()
            .unwrap()
            .contains("merge_request_event")
    );
    assert_eq!(job["image"], "$NTH_IMAGE");
}

#[test]
fn hooks_run_commands_that_exist() {
    let path = ".pre-commit-hooks.yaml";
    let hooks = yaml(path, &text(path));
    let mut ids = BTreeSet::new();
    for hook in hooks.as_array().unwrap() {
        ids.insert(hook["id"].as_str().unwrap());
        assert!(
            hook["name"].is_string() && hook["description"].is_string(),
            "{hook}"
        );
        assert_eq!(hook["language"], "system", "{hook}");
        let files = Regex::new(hook["files"].as_str().unwrap()).unwrap();
        assert!(
            files.is_match("services/checkout.nth") && !files.is_match("README.md"),
            "{hook}"
        );
        let entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        assert_eq!(entry[0], "nthc");
        let help = Command::new(env!("CARGO_BIN_EXE_nthc"))
            .args(&entry[1..])
            .arg("--help")
            .output()
            .unwrap();
        assert!(help.status.success(), "{help:?}");
    }
    assert_eq!(
        ids,
        BTreeSet::from(["nthc-build-check", "nthc-check", "nthc-fmt"])
    );
}

#[test]
fn the_images_are_pinned_and_do_not_run_as_root() {
    let dockerfile = text("Dockerfile");
    let pinned =
        Regex::new(r"^[a-z/]+(:\d+\.\d+\.\d+(-[a-z]+\d+\.\d+)?|@sha256:[0-9a-f]{64})$").unwrap();
    let mut arguments = BTreeMap::new();
    let mut stages: Vec<(String, Vec<String>)> = Vec::new();
    for line in dockerfile.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("ARG"), Some(set)) => {
                let (name, value) = set.split_once('=').unwrap();
                assert!(pinned.is_match(value), "{value}");
                arguments.insert(format!("${{{name}}}"), value);
            }
            (Some("FROM"), Some(base)) => {
                assert!(base == "scratch" || arguments.contains_key(base), "{base}");
                stages.push((base.to_owned(), Vec::new()));
            }
            _ => {
                if let Some((_, lines)) = stages.last_mut() {
                    lines.push(line.to_owned());
                }
            }
        }
    }
    assert_eq!(stages.len(), 3);
    let (last, lines) = stages.last().unwrap();
    assert_eq!(last, "scratch");
    // Nothing is executed to make it, so it needs no shell.
    assert!(!lines.iter().any(|line| line.starts_with("RUN")));
    assert!(lines.contains(&r#"ENTRYPOINT ["/usr/local/bin/nthc"]"#.to_owned()));
    // A job of Argo CD runs the command `nthc`, which is searched for in PATH.
    assert!(lines.contains(&"ENV PATH=/usr/local/bin".to_owned()));
    for (base, lines) in &stages[1..] {
        let users: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("USER "))
            .collect();
        assert_eq!(users, ["USER 65532:65532"], "{base}");
    }
    // The base compiles what the workspace needs.
    let version = text("Cargo.toml");
    let version = Regex::new(r#"rust-version = "(\d+\.\d+)""#)
        .unwrap()
        .captures(&version)
        .unwrap()[1]
        .to_owned();
    assert!(
        arguments["${RUST}"].starts_with(&format!("rust:{version}.")),
        "{version}"
    );
}

#[test]
fn binstall_finds_the_archives_of_the_release_script() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let package = manifest["package"].as_table().unwrap();
    let binstall = &package["metadata"]["binstall"];
    let fill = |template: &str| {
        template
            .replace("{ repo }", "https://example.com/nthc")
            .replace("{ name }", "nthc")
            .replace("{ version }", "0.1.0")
            .replace("{ target }", "x86_64-unknown-linux-musl")
            .replace("{ bin }", "nth-lsp")
            .replace("{ binary-ext }", "")
    };
    assert_eq!(
        fill(binstall["pkg-url"].as_str().unwrap()),
        "https://example.com/nthc/releases/download/v0.1.0/nthc-0.1.0-x86_64-unknown-linux-musl.tar.gz"
    );
    assert_eq!(
        fill(binstall["bin-dir"].as_str().unwrap()),
        "nthc-0.1.0-x86_64-unknown-linux-musl/nth-lsp"
    );
}

/// A folder with stand-ins of the programs.
fn binaries(folder: &Path, ending: &str) -> PathBuf {
    let binaries = folder.join("binaries");
    fs::create_dir_all(&binaries).unwrap();
    for name in ["nthc", "nth-lsp"] {
        let path = binaries.join(format!("{name}{ending}"));
        fs::write(&path, format!("#!/bin/sh\necho {name} 0.1.0\n")).unwrap();
    }
    binaries
}

fn release(folder: &Path, out: &str, target: &str, ending: &str) -> PathBuf {
    let out = folder.join(out);
    output(
        Command::new("bash")
            .arg(root().join(".ci/release"))
            .arg(&out)
            .env("NTHC_RELEASE_BINARIES", binaries(folder, ending))
            .env("NTHC_RELEASE_TARGET", target)
            .env("CARGO_NET_OFFLINE", "true")
            .env("SOURCE_DATE_EPOCH", "1700000000"),
    );
    out
}

/// The platform of this machine: the packages of others may not have been downloaded.
fn host() -> String {
    let version = stdout(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

#[test]
fn a_release_has_archives_with_checksums_and_names_what_it_is_built_from() {
    if find(&["jq"]).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = host();
    let out = release(folder.path(), "out", &target, "");
    let name = format!("nthc-{}-{target}", env!("CARGO_PKG_VERSION"));
    // The same input makes the same files.
    let again = release(folder.path(), "again", &target, "");
    let sums = fs::read_to_string(out.join("SHA256SUMS")).unwrap();
    assert_eq!(sums, fs::read_to_string(again.join("SHA256SUMS")).unwrap());
    let listed: BTreeSet<&str> = sums
        .lines()
        .map(|line| line.split("  ").nth(1).unwrap())
        .collect();
    let (archive, list) = (format!("{name}.tar.gz"), format!("{name}.cdx.json"));
    assert_eq!(listed, BTreeSet::from([archive.as_str(), list.as_str()]));
    output(
        Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(&out),
    );
    let members = stdout(Command::new("tar").arg("-tzf").arg(out.join(&archive)));
    for member in [
        "nthc",
        "nth-lsp",
        "README.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "uPlot.LICENSE",
        "sbom.cdx.json",
    ] {
        assert!(
            members.contains(&format!("{name}/{member}\n")),
            "{member}: {members}"
        );
    }
    judge_sbom(&fs::read_to_string(out.join(&list)).unwrap(), &target);
    install(folder.path(), &out, &archive, &target);
}

/// The document is a CycloneDX one, and has every package that the programs are built from.
fn judge_sbom(text: &str, target: &str) {
    let sbom: Value = serde_json::from_str(text).unwrap();
    assert_eq!(sbom["bomFormat"], "CycloneDX");
    assert_eq!(sbom["specVersion"], "1.5");
    assert_eq!(sbom["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    let program = &sbom["metadata"]["component"];
    assert_eq!(
        (&program["type"], &program["name"]),
        (&json!("application"), &json!("nthc"))
    );
    let components = sbom["components"].as_array().unwrap();
    let mut refs = BTreeSet::from([program["bom-ref"].as_str().unwrap()]);
    let hash = Regex::new("^[0-9a-f]{64}$").unwrap();
    for component in components {
        let reference = component["bom-ref"].as_str().unwrap();
        assert!(refs.insert(reference), "{reference} twice");
        assert_eq!(component["type"], "library");
        let (name, version) = (
            component["name"].as_str().unwrap(),
            component["version"].as_str().unwrap(),
        );
        let kind = if name == "uplot" { "npm" } else { "cargo" };
        assert_eq!(component["purl"], format!("pkg:{kind}/{name}@{version}"));
        assert!(
            component["licenses"][0]["expression"].is_string(),
            "{component}"
        );
        // Members of the workspace have none.
        if let Some(content) = component.pointer("/hashes/0/content") {
            assert!(hash.is_match(content.as_str().unwrap()), "{component}");
        } else {
            assert!(name.starts_with("nth"), "{component}");
        }
    }
    let graph = sbom["dependencies"].as_array().unwrap();
    assert_eq!(graph.len(), refs.len());
    for node in graph {
        assert!(refs.contains(node["ref"].as_str().unwrap()), "{node}");
        for used in node["dependsOn"].as_array().unwrap() {
            assert!(refs.contains(used.as_str().unwrap()), "{node}");
        }
    }
    let page = graph.iter().find(|node| {
        let mut used = node["dependsOn"].as_array().unwrap().iter();
        used.any(|used| used.as_str().unwrap().starts_with("uplot@"))
    });
    let page = page.unwrap()["ref"].as_str().unwrap();
    assert!(page.starts_with("nthc-compiler@"), "{page}");
    // What cargo itself says, in another way.
    let tree = stdout(
        Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--offline",
                "--package",
                "nthc",
                "--target",
                target,
            ])
            .args([
                "--edges",
                "normal,build",
                "--prefix",
                "none",
                "--format",
                "{p}",
            ])
            .current_dir(root()),
    );
    let expected: BTreeSet<String> = tree
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split(' ');
            let (name, version) = (words.next().unwrap(), words.next().unwrap());
            format!("{name}@{}", version.trim_start_matches('v'))
        })
        .collect();
    assert!(expected.len() > 100, "{}", expected.len());
    let missing: Vec<&String> = expected
        .iter()
        .filter(|name| !refs.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Only tests use these.
    for name in ["insta@", "headless_chrome@", "proptest@"] {
        assert!(
            !refs.iter().any(|reference| reference.starts_with(name)),
            "{name}"
        );
    }
}

/// The archive is installed if its checksum is right, and nothing of it otherwise.
fn install(folder: &Path, out: &Path, archive: &str, target: &str) {
    let installed = folder.join("installed");
    let command = |environment: &[(&str, &str)]| {
        let mut command = Command::new("bash");
        command
            .arg(root().join(".ci/install-release"))
            .arg(&installed)
            .env("NTH_RELEASES", format!("file://{}", out.display()))
            .env("NTH_VERSION", env!("CARGO_PKG_VERSION"))
            .env("NTH_TARGET", target)
            .env_remove("NTH_SHA256")
            .envs(environment.iter().copied());
        command
    };
    let fails = |environment: &[(&str, &str)], why: &str| {
        let output = command(environment).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
        assert!(!installed.exists());
    };
    let wrong = "0".repeat(64);
    fails(&[("NTH_SHA256", &wrong)], "differs: nothing is installed");
    fails(&[("NTH_SHA256", "0")], "is not a SHA-256");
    fails(&[("NTH_VERSION", "9.9.9")], "cannot download");
    fails(&[("NTH_VERSION", "../../0.1.0")], "invalid version");
    fails(&[("NTH_TARGET", "a/b")], "invalid platform");
    fails(
        &[("NTH_RELEASES", "http://example.com")],
        "must start with https://",
    );
    let whole = fs::read(out.join(archive)).unwrap();
    fs::write(out.join(archive), [&whole[..], b"x"].concat()).unwrap();
    fails(&[], "differs: nothing is installed");
    fs::write(out.join(archive), whole).unwrap();
    output(&mut command(&[]));
    for name in ["nthc", "nth-lsp"] {
        assert!(installed.join(name).is_file(), "{name}");
    }
}

/// The code blocks of a language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current: Option<String> = None;
    for line in document.lines() {
        match &mut current {
            Some(block) if line == "```" => {
                found.push(std::mem::take(block));
                current = None;
            }
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line == format!("```{language}") => current = Some(String::new()),
            None => {}
        }
    }
    assert!(current.is_none(), "a block without an end");
    found
}

#[test]
fn the_examples_of_the_documentation_are_valid_and_safe_for_forks() {
    let action = yaml("action.yml", &text("action.yml"));
    let inputs = action["inputs"].as_object().unwrap();
    let document = text("docs/pull-requests.md");
    let mut workflows = 0;
    for block in blocks(&document, "yaml") {
        let place = "docs/pull-requests.md";
        let value = yaml(place, &block);
        judge_steps(place, &value);
        for step in steps(&value) {
            if step["uses"]
                .as_str()
                .is_some_and(|uses| uses.starts_with("example/nthc@"))
            {
                for name in step["with"].as_object().unwrap().keys() {
                    assert!(inputs.contains_key(name), "unknown input {name}");
                }
            }
        }
        if !value["jobs"].is_object() {
            continue;
        }
        workflows += 1;
        // A workflow with a token that writes never runs what a fork wrote.
        assert!(!block.contains("pull_request_target"), "{block}");
        if block.contains("workflow_run") {
            assert!(!block.contains("actions/checkout"), "{block}");
            assert!(block.contains("mode: post"), "{block}");
        }
        assert!(value["permissions"].is_object(), "{block}");
    }
    assert!(workflows >= 3, "{workflows}");
    for block in blocks(&document, "sh") {
        check_syntax("docs/pull-requests.md", &block);
    }
    for block in blocks(&text("docs/install.md"), "sh") {
        check_syntax("docs/install.md", &block);
    }
    for block in blocks(&text("docs/install.md"), "yaml") {
        yaml("docs/install.md", &block);
    }
}
