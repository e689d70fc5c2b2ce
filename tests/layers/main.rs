//! The architecture: which crates each crate may use, no cycles among the modules of a crate, no unused dependencies, and
//! none that needs a newer Rust than the workspace declares.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dependencies;
mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use modules::Modules;

/// The floors from bottom to top: each crate with the crates that it may use, all of which are above it in this table, so
/// there can be no cycle. `ARCHITECTURE.md` has the same table.
const FLOORS: &[(&str, &[&str])] = &[
    ("nth-units", &[]),
    ("nth-attribution", &[]),
    ("nth-delivery", &["nth-units"]),
    ("nth-diagnostics", &["nth-units"]),
    ("nth-render", &["nth-diagnostics"]),
    ("nth-syntax", &["nth-diagnostics"]),
    ("nth-promql", &["nth-diagnostics", "nth-units"]),
    ("nth-engine", &["nth-promql"]),
    ("nth-model", &["nth-promql", "nth-units"]),
    (
        "nth-metrics",
        &["nth-promql", "nth-diagnostics", "nth-units"],
    ),
    ("nth-ledger", &[]),
    (
        "nth-deployments",
        &["nth-ledger", "nth-metrics", "nth-promql"],
    ),
    ("nth-policy", &["nth-metrics", "nth-model", "nth-units"]),
    ("nth-targets", &["nth-policy", "nth-model", "nth-promql"]),
    (
        "nth-analysis",
        &[
            "nth-policy",
            "nth-metrics",
            "nth-model",
            "nth-promql",
            "nth-syntax",
            "nth-diagnostics",
        ],
    ),
    (
        "nth-simulate",
        &[
            "nth-analysis",
            "nth-targets",
            "nth-model",
            "nth-engine",
            "nth-promql",
        ],
    ),
    ("nth-diff", &["nth-render", "nth-model", "nth-promql"]),
    (
        "nthc-compiler",
        &[
            "nth-diff",
            "nth-simulate",
            "nth-engine",
            "nth-analysis",
            "nth-targets",
            "nth-policy",
            "nth-metrics",
            "nth-model",
            "nth-promql",
            "nth-syntax",
            "nth-render",
            "nth-diagnostics",
        ],
    ),
    (
        "nth-book",
        &[
            "nth-diff",
            "nth-ledger",
            "nth-attribution",
            "nth-targets",
            "nth-metrics",
            "nth-model",
            "nth-promql",
            "nth-render",
        ],
    ),
    (
        "nth-cli",
        &[
            "nthc-compiler",
            "nth-book",
            "nth-delivery",
            "nth-deployments",
            "nth-attribution",
            "nth-ledger",
            "nth-diff",
            "nth-simulate",
            "nth-engine",
            "nth-model",
            "nth-promql",
        ],
    ),
    ("nth-ide", &["nthc-compiler"]),
    ("nth-lsp", &["nth-ide", "nthc-compiler"]),
    ("nth-laws", &["nth-lsp", "nthc-compiler"]),
    (
        "nthc",
        &[
            "nth-cli",
            "nth-ledger",
            "nth-laws",
            "nth-lsp",
            "nthc-compiler",
        ],
    ),
];

struct Package {
    name: String,
    /// The packages of the workspace that it uses, including those of its tests.
    uses: BTreeSet<String>,
    /// The root module of its library.
    library: Option<PathBuf>,
}

/// Returns the output of `cargo metadata` for the workspace.
fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the packages of the workspace.
fn packages() -> Vec<Package> {
    let metadata = metadata(&["--no-deps"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            uses: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                // Dependencies with a path are packages of the workspace.
                .filter(|dependency| dependency["path"].is_string())
                .map(|dependency| text(&dependency["name"]))
                .collect(),
            library: package["targets"]
                .as_array()
                .unwrap()
                .iter()
                .find(|target| target["kind"][0] == "lib")
                .map(|target| text(&target["src_path"]).into()),
        })
        .collect()
}

#[test]
fn no_edge_leads_up() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (name, may_use) in FLOORS {
        for used in *may_use {
            assert!(below.contains(used), "{used} is not below {name}");
        }
        assert!(below.insert(name), "{name} stands there twice");
    }
    let floors: BTreeMap<&str, &[&str]> = FLOORS.iter().copied().collect();
    let packages = packages();
    for package in &packages {
        let name = package.name.as_str();
        let may_use = floors
            .get(name)
            .unwrap_or_else(|| panic!("{name} stands on no floor"));
        for used in &package.uses {
            assert!(
                may_use.contains(&used.as_str()),
                "{name} may not use {used}"
            );
        }
        for used in *may_use {
            assert!(
                package.uses.contains(*used),
                "{name} may use {used} and does not: take it off the table"
            );
        }
    }
    let known: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    for name in floors.keys() {
        assert!(known.contains(name), "{name} is no crate");
    }
}

#[test]
fn the_architecture_shows_the_floors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<(String, String)> = text
        .lines()
        .skip_while(|line| !line.starts_with("| crate |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells[cells.len() - 1].to_owned())
        })
        .collect();
    let expected: Vec<(String, String)> = FLOORS
        .iter()
        .map(|(name, may_use)| {
            let quoted: Vec<String> = may_use.iter().map(|name| format!("`{name}`")).collect();
            (
                format!("`{name}`"),
                if quoted.is_empty() {
                    "–".to_owned()
                } else {
                    quoted.join(", ")
                },
            )
        })
        .collect();
    assert_eq!(
        rows, expected,
        "ARCHITECTURE.md has other floors than tests/layers/main.rs"
    );
}

#[test]
fn no_modules_go_in_a_circle() {
    let mut explained = String::new();
    for package in packages() {
        let Some(library) = &package.library else {
            continue;
        };
        for circle in Modules::read(library).circles() {
            explained.push_str(&format!(
                "\nin {} below {}, {}:\n  {}\n",
                package.name,
                circle.parent,
                circle.modules.join(", "),
                circle.edges.join("\n  ")
            ));
        }
    }
    assert!(explained.is_empty(), "modules go in circles:{explained}");
}

/// The most lines of a source file: one that is longer has more than one subject.
const MOST_LINES: usize = 600;

#[test]
fn no_source_is_longer_than_one_subject() {
    let mut read = 0;
    let mut folders: Vec<PathBuf> = packages()
        .iter()
        .filter_map(|package| Some(package.library.as_ref()?.parent()?.to_owned()))
        .collect();
    let mut long = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                read += 1;
                let lines = fs::read_to_string(&path).unwrap().lines().count();
                if lines > MOST_LINES {
                    long.insert(path, lines);
                }
            }
        }
    }
    assert!(read > 400, "{read} sources");
    assert_eq!(long, BTreeMap::new(), "divide them by subject");
}

/// Returns the circles in a temporary crate with these files.
fn circles_of(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let modules = Modules::read(&folder.path().join("lib.rs"));
    assert_eq!(modules.len(), files.len());
    let circles = modules.circles();
    circles
        .into_iter()
        .map(|circle| (circle.parent, circle.modules))
        .collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let root = ("lib.rs", "mod a;\nmod b;\npub use b::Thing;\n");
    let thing = |more: &str| format!("pub struct Thing;\n{more}\n");
    let both = vec![("crate".to_owned(), vec!["a".to_owned(), "b".to_owned()])];
    let back = "fn back() { crate::a::go() }";
    for a in [
        "use crate::b::Thing;\npub fn go() {}",
        "use super::b;\npub fn go() {}",
        "pub fn go() { let _ = crate::b::Thing; }",
        // Through a re-export of the root.
        "use crate::Thing;\npub fn go() {}",
        "use super::*;\npub fn go(_: &Thing) {}",
        "pub fn go() { println!(\"{}\", size_of::<crate::b::Thing>()) }",
        "pub fn go() { use crate::b::Thing; }",
        "use crate::{b as other};\npub fn go() {}",
    ] {
        assert_eq!(
            circles_of(&[root, ("a.rs", a), ("b.rs", &thing(back))]),
            both,
            "{a}"
        );
        assert_eq!(
            circles_of(&[root, ("a.rs", a), ("b.rs", &thing(""))]),
            [],
            "{a}"
        );
        let only_tested = format!("#[cfg(test)]\nmod tests {{ {back} }}");
        assert_eq!(
            circles_of(&[root, ("a.rs", a), ("b.rs", &thing(&only_tested))]),
            [],
            "{a}"
        );
    }
}

#[test]
fn a_circle_is_one_of_neighbors() {
    // A parent and its children may use each other; two children may not, even through a grandchild.
    let files = [
        ("lib.rs", "mod p;"),
        ("p/mod.rs", "mod x;\nmod y;\npub use x::X;\npub struct P;"),
        ("p/x.rs", "mod deep;\nuse super::P;\npub struct X;"),
        ("p/x/deep.rs", "use crate::p::y::Y;"),
        ("p/y.rs", "use super::P;\npub struct Y;"),
    ];
    assert_eq!(circles_of(&files), []);
    let mut with = files;
    with[4].1 = "use super::{P, X};\npub struct Y;";
    let circle = ("crate::p".to_owned(), vec!["x".to_owned(), "y".to_owned()]);
    assert_eq!(circles_of(&with), [circle]);
}
