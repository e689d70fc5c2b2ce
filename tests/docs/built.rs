//! What is built of the examples, of the hostile project, and of large ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A built project.
pub struct Built {
    /// What it is called in messages.
    pub name: &'static str,
    folder: TempDir,
}

impl Built {
    /// Where it was built.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its pages by their paths.
    pub fn pages(&self) -> BTreeMap<String, String> {
        fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else if path.extension().is_some_and(|extension| extension == "md") {
                    let name = path.strip_prefix(root).unwrap().to_string_lossy();
                    found.insert(name.replace('\\', "/"), fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(self.folder.path(), self.folder.path(), &mut found);
        assert!(!found.is_empty(), "{}", self.name);
        found
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn build(name: &'static str, arguments: &[&str]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .current_dir(root())
        .args(["build", "--deny-warnings", "--output"])
        .arg(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Built { name, folder }
}

/// The examples, in every environment.
pub fn examples() -> Vec<Built> {
    vec![
        build("shop", &["--project", "examples/shop"]),
        build("checkout", &["examples/checkout.nth"]),
    ]
}

/// The project whose every text is hostile.
pub fn hostile() -> Built {
    build("hostile", &["--project", "tests/hostile"])
}

/// Services in a row, each of which needs the next three, spread over teams.
pub fn large(services: usize, teams: usize) -> Built {
    let mut source = String::new();
    for team in 0..teams {
        let _ = writeln!(source, "team team{team} {{ slack = \"#t\" }}");
    }
    for service in 0..services {
        let _ = writeln!(
            source,
            "service s{service} {{\n  team = team{}\n  tier = low\n  selector = {{ job = \"s{service}\" }}",
            service % teams
        );
        for needed in (service + 1..services).take(3) {
            let _ = writeln!(
                source,
                "  dependency s{needed} {{ service = s{needed}  criticality = soft }}"
            );
        }
        source.push_str("}\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.nth");
    fs::write(&file, source).unwrap();
    build("large", &[file.to_str().unwrap()])
}
