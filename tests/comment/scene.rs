//! A scratch repository with a project and a change, and the script of the action in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::forges::{Server, TOKEN};
use crate::place::{Place, Ran, run};

/// `nthc` as the script calls it: `diff` prints a document that a test writes, the rest is the real program.
const STUB: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$STUB_LOG"
case " $* " in
  *" diff "*)
    case "$*" in
      *"--format json"*) cat "$STUB_DOCUMENT"; exit "$STUB_CODE" ;;
      *"--format sarif"*) echo '{"version":"2.1.0","runs":[]}' ;;
      *"--format markdown"*) cat "$STUB_SUMMARY" ;;
      *"--format github"*) echo '::notice title=nthc::changed' ;;
    esac
    exit "$STUB_CODE"
    ;;
  *" comment "*) exec "$STUB_REAL" "$@" ;;
esac
if [[ "${STUB_FULL:-}" == true ]]; then
  exec "$STUB_REAL" "$@"
fi
"#;

/// A scratch repository.
pub struct Scene {
    pub place: Place,
}

/// A run of CI.
pub struct Run<'s> {
    pub server: &'s Server,
    pub number: u64,
    pub head: String,
    pub environment: Vec<(String, String)>,
    pub arguments: Vec<String>,
    /// The folder in which the script runs.
    pub folder: &'static str,
}

impl Scene {
    pub fn new() -> Self {
        let place = Place::project();
        let scene = Self { place };
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene.git(&["add", "."]);
        scene.git(&["commit", "--quiet", "-m", "base"]);
        scene.place.write("notes.md", "changed\n");
        scene.git(&["add", "."]);
        scene.git(&["commit", "--quiet", "-m", "head"]);
        scene.place.write(".stub/nthc", STUB);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(scene.place.path(".stub/nthc"), mode).unwrap();
        scene.place.write(".stub/summary.md", "# Changes\n");
        scene.document(&document("shop", &["objective-lowered"]));
        scene
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=ana", "-c", "user.email=ana@example.com"])
            .args(arguments)
            .current_dir(self.place.path("."))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Sets what `nthc diff --format json` prints.
    pub fn document(&self, document: &Value) {
        self.place.write(".stub/diff.json", document.to_string());
    }

    /// A run for the pull request of a server, at its commit.
    pub fn ci<'s>(&self, server: &'s Server, number: u64) -> Run<'s> {
        Run {
            server,
            number,
            head: server.state().head.clone(),
            environment: Vec::new(),
            arguments: Vec::new(),
            folder: ".",
        }
    }

    /// What the script called.
    pub fn calls(&self) -> String {
        self.place.read(".stub/log")
    }

    fn path(&self, path: &str) -> String {
        self.place.path(path).display().to_string()
    }
}

impl Run<'_> {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Runs the script as GitHub does, for the event of a pull request.
    pub fn go(self, scene: &Scene) -> Ran {
        let event = json!({"pull_request": {"number": 7, "head": {"sha": self.head}}});
        self.go_for(scene, &event)
    }

    /// Runs the script as GitHub does, for an event. No output has the token.
    pub fn go_for(self, scene: &Scene, event: &Value) -> Ran {
        scene.place.write(".stub/event.json", event.to_string());
        let mut command = Command::new("bash");
        command
            .arg(root().join(".ci/pull-request"))
            .args(&self.arguments)
            .current_dir(scene.place.path(self.folder))
            .env_clear();
        for name in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", scene.path("."))
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("NTHC", scene.path(".stub/nthc"))
            .env("NTH_BASE", "HEAD^")
            .env("NTH_REPORT", scene.path(".stub/report"))
            .env("STUB_REAL", env!("CARGO_BIN_EXE_nthc"))
            .env("STUB_LOG", scene.path(".stub/log"))
            .env("STUB_DOCUMENT", scene.path(".stub/diff.json"))
            .env("STUB_SUMMARY", scene.path(".stub/summary.md"))
            .env("STUB_CODE", "2")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_REPOSITORY", "example/shop")
            .env("GITHUB_API_URL", self.server.url())
            .env("GITHUB_EVENT_PATH", scene.path(".stub/event.json"))
            .env("GITHUB_RUN_NUMBER", self.number.to_string())
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_TOKEN", TOKEN)
            .envs(self.environment);
        let ran = run(&mut command);
        assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
        ran
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A document with a change for each id.
pub fn document(project: &str, ids: &[&str]) -> Value {
    let changes: Vec<Value> = ids
        .iter()
        .map(|id| {
            json!({
                "id": id,
                "class": "loosened",
                "subject": {"service": "checkout", "kind": "slo", "name": "checkout.availability"},
                "before": "99.9%",
                "after": "99.5%",
                "because": "the error budget is 5 times as large",
                "fingerprint": "0123456789abcdef",
            })
        })
        .collect();
    json!({
        "version": 1,
        "project": project,
        "base": {"name": "main"},
        "head": {"name": "working tree"},
        "complete": true,
        "errored": [],
        "changes": changes,
        "causes": [],
        "figures": {"numbers": []},
        "services": [],
        "accepted": [],
    })
}
