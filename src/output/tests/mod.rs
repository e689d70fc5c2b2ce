//! Builds into real folders.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod spool;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn temp() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("nth").tempdir().unwrap()
}

fn folder(path: &Path) -> Folder<'_> {
    Folder {
        path,
        shown: "build",
        project: "shop",
        only: None,
        targets: None,
        environments: &[],
        others: Others::Removed,
    }
}

fn files<'a>(list: &'a [(&'a str, &'a str)]) -> Vec<File<'a>> {
    list.iter()
        .map(|(path, text)| File::new(path, text.as_bytes()))
        .collect()
}

fn build(path: &Path, list: &[(&str, &str)]) -> String {
    build_in(&folder(path), list)
}

fn build_in(folder: &Folder<'_>, list: &[(&str, &str)]) -> String {
    match plan(folder, files(list)) {
        Ok(plan) => {
            let lock = locked(folder.path).unwrap();
            // The lock file exists now.
            assert!(!plan.is_settled());
            let outcome = apply(plan, &lock);
            drop(lock);
            assert!(!lock::is_marked(folder.path));
            outcome
        }
        Err(refusal) => describe(refusal),
    }
}

/// Builds with a spool, as the command does, from two threads.
fn build_spooled(folder: &Folder<'_>, list: &[(&str, &str)]) -> String {
    let spool = Spool::new(folder, || match is_usable(folder) {
        true => locked(folder.path).map(Some),
        false => Ok(None),
    });
    let shared = &spool;
    std::thread::scope(|scope| {
        for part in list.chunks(list.len().div_ceil(2).max(1)) {
            scope.spawn(move || {
                for (path, text) in part {
                    shared.take((*path).to_owned(), text.as_bytes());
                }
            });
        }
    });
    let mut taken = match spool.finish() {
        Ok(taken) => taken,
        Err(error) => return error.to_string(),
    };
    let lock = taken.lock.take().map_or_else(|| locked(folder.path), Ok);
    let outcome = match plan_taken(folder, &taken) {
        Ok(plan) => apply(plan, &lock.unwrap()),
        Err(refusal) => describe(refusal),
    };
    drop(taken);
    assert_eq!(apply::leftovers(folder.path, None), [] as [PathBuf; 0]);
    outcome
}

fn locked(path: &Path) -> Result<lock::Lock, Error> {
    let lock = lock::lock(path, true, Duration::ZERO, &mut |_| {});
    Ok(lock.unwrap().unwrap())
}

fn apply(plan: Plan<'_>, lock: &lock::Lock) -> String {
    let warnings = plan.warnings.iter();
    let mut out: Vec<String> = warnings
        .map(|found| format!("{}: {}", found.code.id, found.message))
        .collect();
    out.push(plan.apply(lock).unwrap().report.to_string());
    out.join("\n")
}

fn describe(refusal: Refusal) -> String {
    match refusal {
        Refusal::Problems {
            sources,
            diagnostics,
        } => {
            let outcome = diagnostics.iter().map(|diagnostic| {
                let place = &sources.file(diagnostic.primary.span.file).unwrap().path;
                format!("{} {place}: {}", diagnostic.code.id, diagnostic.message)
            });
            outcome.collect::<Vec<_>>().join("\n")
        }
        Refusal::Io(error) => error.to_string(),
        Refusal::Overtaken => "overtaken".to_owned(),
    }
}

/// Returns the text of every file below a folder except for the record.
fn listing(root: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
                continue;
            }
            let name = crate::project::paths::slashes(path.strip_prefix(root).unwrap());
            if name != RECORD {
                out.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    if root.exists() {
        walk(root, root, &mut out);
    }
    out
}

#[test]
fn a_second_build_of_the_same_writes_nothing() {
    let temp = temp();
    let out = temp.path().join("deep/build");
    let list = [("prometheus/a.yaml", "a"), ("prometheus/b.yaml", "b")];
    assert_eq!(build(&out, &list), "2 written, 0 removed, 0 unchanged");
    let record = fs::metadata(out.join(RECORD)).unwrap().modified().unwrap();
    assert_eq!(build(&out, &list), "0 written, 0 removed, 2 unchanged");
    assert_eq!(
        fs::metadata(out.join(RECORD)).unwrap().modified().unwrap(),
        record
    );
    assert_eq!(
        build(&out, &[("prometheus/a.yaml", "A")]),
        "1 written, 1 removed, 0 unchanged"
    );
    assert_eq!(
        listing(&out),
        BTreeMap::from([("prometheus/a.yaml".to_owned(), "A".to_owned())])
    );
}

#[test]
fn folders_that_became_empty_go_and_others_stay() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a/b/x", "x"), ("c/y", "y"), ("d/z", "z")]);
    fs::write(out.join("c/note.txt"), "mine").unwrap();
    assert_eq!(
        build(out, &[("d/z", "z")]),
        "0 written, 2 removed, 1 unchanged"
    );
    assert!(!out.join("a").exists());
    assert_eq!(fs::read_to_string(out.join("c/note.txt")).unwrap(), "mine");
}

#[test]
fn a_file_that_no_build_wrote_stops_everything() {
    let temp = temp();
    let out = temp.path();
    fs::create_dir(out.join("prometheus")).unwrap();
    fs::write(out.join("prometheus/b.yaml"), "mine").unwrap();
    let list = [("prometheus/a.yaml", "a"), ("prometheus/b.yaml", "b")];
    assert_eq!(
        build(out, &list),
        "N0620 build/prometheus/b.yaml: build/prometheus/b.yaml was not written by a build of this project"
    );
    assert_eq!(
        listing(out),
        BTreeMap::from([("prometheus/b.yaml".to_owned(), "mine".to_owned())])
    );
    assert!(!out.join(RECORD).exists());
}

#[test]
fn a_file_that_is_what_would_be_written_is_taken_over() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1")]);
    fs::remove_file(out.join(RECORD)).unwrap();
    assert_eq!(
        build(out, &[("a", "1")]),
        "0 written, 0 removed, 1 unchanged"
    );
    assert_eq!(build(out, &[]), "0 written, 1 removed, 0 unchanged");
}

#[test]
fn an_edit_by_hand_is_told_and_never_deleted() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1"), ("b", "1")]);
    fs::write(out.join("a"), "edited").unwrap();
    fs::write(out.join("b"), "edited").unwrap();
    assert_eq!(
        build(out, &[("a", "1")]),
        "N0625: build/b was edited by hand and is no longer generated\n\
         N0625: build/a was edited by hand\n\
         1 written, 0 removed, 0 unchanged"
    );
    assert_eq!(fs::read_to_string(out.join("b")).unwrap(), "edited");
    // Every build reports it until it is removed.
    assert_eq!(
        build(out, &[("a", "1")]),
        "N0625: build/b was edited by hand and is no longer generated\n\
         0 written, 0 removed, 1 unchanged"
    );
    fs::remove_file(out.join("b")).unwrap();
    assert_eq!(
        build(out, &[("a", "1")]),
        "0 written, 0 removed, 1 unchanged"
    );
}

#[test]
fn a_file_may_become_a_folder_and_back() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1")]);
    assert_eq!(
        build(out, &[("a/b", "2")]),
        "1 written, 1 removed, 0 unchanged"
    );
    assert_eq!(
        build(out, &[("a", "3")]),
        "1 written, 1 removed, 0 unchanged"
    );
    assert_eq!(
        listing(out),
        BTreeMap::from([("a".to_owned(), "3".to_owned())])
    );
}

#[test]
fn one_environment_leaves_the_others_alone() {
    let temp = temp();
    let out = temp.path();
    build(
        out,
        &[
            ("production/a", "1"),
            ("staging/a", "1"),
            ("staging/b", "1"),
        ],
    );
    let only = Folder {
        only: Some("staging"),
        ..folder(out)
    };
    assert_eq!(
        build_in(&only, &[("staging/a", "2")]),
        "1 written, 1 removed, 0 unchanged"
    );
    assert_eq!(listing(out).len(), 2);
    assert_eq!(
        build(out, &[("staging/a", "2")]),
        "0 written, 1 removed, 1 unchanged"
    );
}

#[test]
fn one_target_leaves_the_others_alone() {
    let temp = temp();
    let out = temp.path();
    let all = [
        ("docs/prometheus/a", "1"),
        ("eu/docs/a", "1"),
        ("eu/prometheus/a", "1"),
        ("eu/prometheus/b", "1"),
        ("grafana/docs/a", "1"),
        ("grafana/prometheus/a", "1"),
        // Of a time without environments, and of an environment that no longer exists.
        ("prometheus/a", "1"),
        ("us/prometheus/a", "1"),
        ("us/grafana/a", "1"),
    ];
    build(out, &all);
    let targets = BTreeSet::from([TargetName::Prometheus]);
    let environments = ["docs", "eu", "grafana"].map(str::to_owned);
    let some = Folder {
        targets: Some(&targets),
        environments: &environments,
        ..folder(out)
    };
    let generated = [
        ("docs/prometheus/a", "2"),
        ("eu/prometheus/a", "2"),
        ("grafana/prometheus/a", "1"),
    ];
    assert_eq!(
        build_in(&some, &generated),
        "2 written, 3 removed, 1 unchanged"
    );
    let left: Vec<String> = listing(out).into_keys().collect();
    assert_eq!(
        left,
        [
            "docs/prometheus/a",
            "eu/docs/a",
            "eu/prometheus/a",
            "grafana/docs/a",
            "grafana/prometheus/a",
            "us/grafana/a",
        ]
    );
    // The record still has the files of the other targets.
    assert_eq!(build(out, &generated), "0 written, 3 removed, 3 unchanged");
}

#[test]
fn no_path_leads_out() {
    let temp = temp();
    for path in [
        "../x",
        "/etc/x",
        "a/../../x",
        "a//b",
        "",
        ".",
        "a\\b",
        "c:x",
        "a\nb",
        RECORD,
        ".nthc-staging-1/x",
    ] {
        let outcome = build(&temp.path().join("out"), &[(path, "x")]);
        assert!(outcome.starts_with("N0622 "), "{path:?}: {outcome}");
    }
    assert_eq!(listing(temp.path()).len(), 0);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let temp = temp();
    let out = temp.path().join("out");
    let elsewhere = temp.path().join("elsewhere");
    build(&out, &[("a/x", "1")]);
    fs::rename(out.join("a"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, out.join("a")).unwrap();
    assert_eq!(
        build(&out, &[("a/x", "2")]),
        "N0622 build/a: build/a is a symbolic link"
    );
    assert_eq!(
        build(&out, &[("b", "2")]),
        "N0625: build/a is a symbolic link now, and the files below it are no longer generated\n\
         1 written, 0 removed, 0 unchanged"
    );
    assert_eq!(fs::read_to_string(elsewhere.join("x")).unwrap(), "1");

    // The output folder itself may be a link.
    let link = temp.path().join("link");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    assert_eq!(
        build(&link, &[("y", "1")]),
        "1 written, 0 removed, 0 unchanged"
    );
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    let temp = temp();
    assert_eq!(
        build(temp.path(), &[("p/Shop.yaml", "1"), ("p/shop.yaml", "2")]),
        "N0624 build/p/shop.yaml: p/Shop.yaml and p/shop.yaml would be one file on some systems"
    );
    assert_eq!(
        build(temp.path(), &[("p", "1"), ("p/x", "2")]),
        "N0624 build/p/x: p would be both a file and a directory"
    );
    assert_eq!(
        build(temp.path(), &[("p/shop.yaml", "1")]),
        "1 written, 0 removed, 0 unchanged"
    );
    assert_eq!(
        build(temp.path(), &[("p/Shop.yaml", "1")]),
        "1 written, 1 removed, 0 unchanged"
    );
}

#[test]
fn a_record_that_is_none_stops_everything() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1")]);
    let good = fs::read_to_string(out.join(RECORD)).unwrap();
    for bad in [
        "",
        "{",
        "[]",
        &good.replace("\"version\": 1", "\"version\": 2"),
        &good.replace("\"a\"", "\"../a\""),
        &good.replace("\"project\"", "\"projet\""),
    ] {
        fs::write(out.join(RECORD), bad).unwrap();
        let outcome = build(out, &[("a", "2")]);
        assert!(
            outcome.starts_with("N0621 build/.nthc-manifest.json: "),
            "{outcome}"
        );
        assert_eq!(fs::read_to_string(out.join("a")).unwrap(), "1");
    }
}

#[test]
fn another_projects_folder_is_left_alone() {
    let temp = temp();
    build(temp.path(), &[("a", "1")]);
    let other = Folder {
        project: "ledger",
        ..folder(temp.path())
    };
    assert_eq!(
        build_in(&other, &[("b", "1")]),
        "N0623 build/.nthc-manifest.json: build contains the output of project `shop`"
    );
    // An empty output folder of another project may be used.
    build(temp.path(), &[]);
    assert_eq!(
        build_in(&other, &[("b", "1")]),
        "1 written, 0 removed, 0 unchanged"
    );
}

#[test]
fn a_build_that_was_cut_off_is_taken_up_without_a_word() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1"), ("b", "1")]);
    let mut record = Record::read(out).unwrap().unwrap();
    record.pending = [("a", "2"), ("b", "2"), ("c", "2")]
        .map(|(path, text)| (path.to_owned(), Hash::new(text.as_bytes())))
        .into();
    fs::write(out.join(RECORD), record.to_bytes().unwrap()).unwrap();
    fs::write(out.join("a"), "2").unwrap();
    fs::write(out.join("c"), "2").unwrap();
    assert_eq!(
        build(out, &[("a", "3"), ("b", "3")]),
        "2 written, 1 removed, 0 unchanged"
    );
    assert!(Record::read(out).unwrap().unwrap().pending.is_empty());
}

#[test]
fn planning_writes_nothing() {
    let temp = temp();
    let out = temp.path().join("out");
    let list = [("a", "1")];
    let folder = folder(&out);
    let plan = plan(&folder, files(&list)).unwrap();
    assert_eq!(plan.changes(), [("a", Change::Create)]);
    assert!(!plan.is_current());
    assert!(!out.exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let temp = temp();
    fs::write(temp.path().join("file"), "").unwrap();
    assert!(
        build(&temp.path().join("file"), &[("a", "1")]).starts_with("N0620 build: build is a file")
    );
    let outcome = build(&temp.path().join("file/below"), &[("a", "1")]);
    assert!(
        outcome.contains("not a directory") || outcome.starts_with("N0620"),
        "{outcome}"
    );
}

#[cfg(unix)]
#[test]
fn files_are_replaced_and_links_are_not_followed() {
    let temp = temp();
    fs::write(temp.path().join("mine"), "mine").unwrap();
    std::os::unix::fs::symlink("mine", temp.path().join("link")).unwrap();
    for (name, what) in [("link", "a symbolic link"), ("", "a directory")] {
        let error = replace_file(&temp.path().join(name), b"2").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("it is {what}, not a regular file")
        );
    }
    assert_eq!(fs::read(temp.path().join("mine")).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = temp();
    let path = temp.path().join("x");
    replace_file(&path, b"1").unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o600,
        0o600
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    replace_file(&path, b"2").unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(fs::read(&path).unwrap(), b"2");
}

proptest! {
    // Each build waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For any sequence of builds beside any foreign files: after a build that is not refused, the folder contains exactly
    /// the foreign files and the output of that build; after a refusal, it is unchanged.
    #[test]
    fn a_folder_holds_what_was_built_and_what_was_there(
        foreign in prop::collection::btree_map("[ab]/[xyz]", "[12]", 0..3),
        builds in prop::collection::vec((prop::collection::btree_map("[abc]/[xyz]", "[12]", 0..5), any::<bool>()), 1..6),
    ) {
        let temp = temp();
        let out = temp.path();
        for (path, text) in &foreign {
            fs::create_dir_all(out.join(path).parent().unwrap()).unwrap();
            fs::write(out.join(path), text).unwrap();
        }
        let mut adopted: BTreeMap<String, String> = foreign.clone();
        for (files, is_spooled) in &builds {
            let before = listing(out);
            let list: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            let outcome = match is_spooled {
                true => build_spooled(&folder(out), &list),
                false => build(out, &list),
            };
            if outcome.starts_with("N0620") {
                prop_assert_eq!(listing(out), before);
                prop_assert!(files.iter().any(|(path, text)| adopted.get(path).is_some_and(|other| other != text)));
            } else {
                // A foreign file with exactly the generated text was adopted by the build.
                adopted.retain(|path, _| !files.contains_key(path));
                let mut expected = adopted.clone();
                expected.extend(files.clone());
                prop_assert_eq!(listing(out), expected);
            }
        }
    }
}
