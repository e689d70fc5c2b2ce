//! The dependencies of the packages: all of them are used, and none needs a newer Rust than the workspace declares.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::metadata;
use crate::modules::Modules;

/// Dependencies that are declared for their features or for macro expansions: package, dependency, and the reason.
const UNNAMED: &[(&str, &str, &str)] = &[
    (
        "nth-delivery",
        "k8s_openapi",
        "`kube` needs one version of the API to be chosen by a feature of it",
    ),
    ("nthc", "ahash", SAME_FEATURES),
    ("nthc", "getrandom", SAME_FEATURES),
    ("nthc", "proc_macro2", SAME_FEATURES),
    ("nthc", "syn", SAME_FEATURES),
];

/// Why the program names libraries of its tests.
const SAME_FEATURES: &str = "its features are those that the libraries of the tests turn on, so that nothing is built twice";

/// A dependency with its name in code.
struct Dependency {
    name: String,
    is_for_tests: bool,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn dependencies(package: &Value) -> Vec<Dependency> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.map(|dependency| Dependency {
        name: dependency["rename"]
            .as_str()
            .unwrap_or_else(|| library_name(&dependency["name"]))
            .replace('-', "_"),
        is_for_tests: dependency["kind"] == "dev",
    })
    .collect()
}

/// Returns the name of a package's library in code, which may differ from that of the package.
fn library_name(package: &Value) -> &str {
    match text(package) {
        "nthc-compiler" => "nthc",
        name => name,
    }
}

/// Returns the files of tests, benchmarks and examples: all files in their folders, including modules.
fn files_of_tests(targets: &[Value]) -> BTreeSet<PathBuf> {
    targets
        .iter()
        .filter(|target| {
            let kind = text(&target["kind"][0]);
            ["test", "bench", "example"].contains(&kind)
        })
        .flat_map(|target| {
            let folder = Path::new(text(&target["src_path"])).parent().unwrap();
            ignore::Walk::new(folder)
        })
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .collect()
}

/// Returns the dependencies of a package that its code does not use.
fn unused_dependencies(package: &Value) -> Vec<String> {
    let targets = package["targets"].as_array().unwrap();
    let (mut named, mut files_with_tests) = (BTreeSet::new(), BTreeSet::new());
    for target in targets {
        let root = Path::new(text(&target["src_path"]));
        if ["lib", "bin", "custom-build", "proc-macro"].contains(&text(&target["kind"][0])) {
            named.extend(Modules::read(root).first_names());
            files_with_tests.extend(Modules::read_with_tests(root).into_files());
        }
    }
    files_with_tests.extend(files_of_tests(targets));
    let tests: String = files_with_tests
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let is_excused = |name: &str| {
        UNNAMED
            .iter()
            .any(|(owner, excused, _)| *owner == package["name"] && *excused == name)
    };
    dependencies(package)
        .into_iter()
        .filter(|dependency| !is_excused(&dependency.name))
        .filter(|dependency| {
            if !dependency.is_for_tests {
                return !named.contains(&dependency.name);
            }
            let path = format!(r"\b(use {0}\b|{0}::)", regex::escape(&dependency.name));
            !Regex::new(&path).unwrap().is_match(&tests)
        })
        .map(|dependency| dependency.name)
        .collect()
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata(&["--no-deps"]);
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for name in unused_dependencies(package) {
            wrong.push(format!("{} does not use {name}", text(&package["name"])));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_unused_dependency_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let source = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let library = source(
        "src/lib.rs",
        "mod deep;\n#[derive(derived::Thing)]\nstruct S;\n#[cfg(test)]\nmod tests { use tested::X; }\n",
    );
    source(
        "src/deep.rs",
        "fn f() { called_macro::go!(in_macro::X); }\n// comment::only\n",
    );
    let test = source("tests/a/main.rs", "mod b;\n");
    source("tests/a/b.rs", "use of_test::{X, Y};\n");
    let dependency = |name: &str, kind: Option<&str>| serde_json::json!({"name": name, "rename": null, "kind": kind});
    let package = serde_json::json!({
        "name": "p",
        "targets": [
            {"kind": ["lib"], "src_path": library},
            {"kind": ["test"], "src_path": test},
        ],
        "dependencies": [
            dependency("derived", None),
            dependency("called-macro", None),
            dependency("in-macro", None),
            dependency("comment", None),
            // Only tests use it, so it should be a dev-dependency.
            dependency("tested", None),
            dependency("tested", Some("dev")),
            dependency("of-test", Some("dev")),
            dependency("of-nothing", Some("dev")),
        ],
    });
    assert_eq!(
        unused_dependencies(&package),
        ["comment", "tested", "of_nothing"]
    );
}

/// Parses `1.90` or `1.90.0`.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text
        .split(['.', '-'])
        .map_while(|number| number.parse().ok())
        .collect();
    numbers.resize(3, 0);
    numbers
}

/// Returns the packages that are compiled for the libraries and programs of the workspace, without those for tests only.
fn compiled_packages(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let members = metadata["workspace_members"].as_array().unwrap();
    let mut waiting: Vec<&str> = members.iter().map(text).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !found.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let mut kinds = dependency["dep_kinds"].as_array().unwrap().iter();
            if kinds.any(|kind| kind["kind"] != "dev") {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    found
}

#[test]
fn no_dependency_needs_a_newer_rust() {
    // The packages of other systems may not have been downloaded.
    let compiler = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let compiler = String::from_utf8(compiler).unwrap();
    let host = compiler
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    let arguments: &[&str] = if is_ci {
        &[]
    } else {
        &["--filter-platform", host.unwrap()]
    };
    let metadata = metadata(arguments);
    let compiled = compiled_packages(&metadata);
    let packages = metadata["packages"].as_array().unwrap();
    let own = packages
        .iter()
        .find(|package| package["name"] == "nthc")
        .unwrap();
    let promised = text(&own["rust_version"]);
    let mut newer = Vec::new();
    let mut known = 0;
    for package in packages {
        let Some(needed) = package["rust_version"].as_str() else {
            continue;
        };
        known += 1;
        if compiled.contains(text(&package["id"])) && version(needed) > version(promised) {
            newer.push(format!(
                "{} {} needs {needed}",
                package["name"], package["version"]
            ));
        }
    }
    assert!(known > 100, "{known} packages say which Rust they need");
    assert!(
        newer.is_empty(),
        "rust-version is {promised}, but {}",
        newer.join(", ")
    );
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("(Rust {promised} or later)")),
        "README.md says another version"
    );
}
