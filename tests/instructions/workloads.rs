//! The work that is counted: on the project of all benchmarks, with one thread.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mimalloc::MiMalloc;
use nthc::compile;

use crate::callgrind::Callgrind;
use crate::{loaded, project};

/// That of the command, for [`edit`].
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Number of services that are checked.
const CHECKED: usize = 20;

/// Number of services that are built, and edited.
const SERVICES: usize = 5;

/// Number of services whose tests are run.
const TESTED: usize = 1;

/// Number of edits.
const EDITS: usize = 20;

/// The variables that tell [`edit`] what to do.
const FOLDER: &str = "NTH_EDITS_FOLDER";
const COUNT: &str = "NTH_EDITS_COUNT";

/// Counts the instructions of all workloads.
pub fn count(callgrind: &Callgrind) -> BTreeMap<String, u64> {
    // The paths of all files have the same length everywhere.
    let place = tempfile::Builder::new()
        .prefix("nthc")
        .rand_bytes(8)
        .tempdir_in("/tmp")
        .unwrap();
    let programs = place.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let put = |program: &Path, name: &str| -> PathBuf {
        let path = programs.join(name);
        fs::copy(program, &path).unwrap();
        path
    };
    let nthc = put(Path::new(env!("CARGO_BIN_EXE_nthc")), "nthc");
    let this = put(&std::env::current_exe().unwrap(), "this");
    let written =
        |name: &str, services: usize| project::write(&place.path().join(name), services).unwrap();
    let checked = written("checked", CHECKED);
    let shop = written("project", SERVICES);
    let tested = written("tested", TESTED);
    let run = |arguments: &[&str], folder: &Path| callgrind.count(&nthc, arguments, folder, &[]);
    let edits = |count: usize| {
        let folder = shop.to_string_lossy();
        callgrind.count(
            &this,
            &["edits", "--exact", "--ignored", "--test-threads=1"],
            &shop,
            &[(FOLDER, &folder), (COUNT, &count.to_string())],
        )
    };
    let mut counts = BTreeMap::new();
    let mut add = |name: String, count: u64| counts.insert(name, count);
    add(
        format!("check of {CHECKED} services"),
        run(&["check"], &checked),
    );
    add(
        format!("build of {SERVICES} services"),
        run(&["build"], &shop),
    );
    add(
        format!("tests of {TESTED} service"),
        run(&["test"], &tested),
    );
    // Without what comes before the first edit.
    add(format!("{EDITS} edits"), edits(EDITS) - edits(0));
    counts
}

/// Edits services one after another, and between them a template; checks the project after each edit.
pub fn edit() {
    let folder = std::env::var_os(FOLDER).expect("started by the test");
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let input = loaded::read(Path::new(&folder));
    let mut session = compile::session(&input);
    assert!(session.check(None).diagnostics.is_empty());
    for number in 0..count {
        let (module, from) = match number % 10 {
            9 => ("platform.services".to_owned(), "min_events = "),
            _ => (
                format!("services.{}", project::name(number % SERVICES)),
                "let deep = ",
            ),
        };
        let file = loaded::file(&session, &module);
        let text = project::with_number(file.text(&session.db), from, 200 + number);
        session.edit(file, Arc::from(text));
        assert!(session.check(None).diagnostics.is_empty());
    }
}
