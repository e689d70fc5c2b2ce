//! Whatever a file says, a build and the formatter end, within half a gigabyte, with an answer or with a diagnostic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "faults/list.rs"]
mod list;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use list::{Bomb, Expected, bombs};

/// The most memory that a command may have had, in KiB.
const MEMORY: u64 = 512 * 1024;

/// What the system lets it have at most, in KiB of addresses: stacks and arenas are set aside and not used.
const ADDRESSES: u64 = 3 * 1024 * 1024;

/// How a command ended.
struct Ran {
    code: Option<i32>,
    said: String,
    memory: u64,
    took: Duration,
}

fn binary() -> PathBuf {
    std::env::var_os("NTH_BOMBS_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_nthc")), PathBuf::from)
}

/// Runs the binary where it can't take the machine's memory, and looks at how much it has.
fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let started = Instant::now();
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {ADDRESSES}; exec \"$0\" \"$@\""))
        .arg(binary())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let reader = thread::spawn(move || {
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        said
    });
    let other = thread::spawn(move || {
        let mut said = String::new();
        err.read_to_string(&mut said).unwrap();
        said
    });
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut memory = 0;
    let exit = loop {
        memory = memory.max(peak(&status));
        if let Some(exit) = child.try_wait().unwrap() {
            break exit;
        }
        thread::sleep(Duration::from_millis(2));
    };
    Ran {
        code: exit.code(),
        said: reader.join().unwrap() + &other.join().unwrap(),
        memory,
        took: started.elapsed(),
    }
}

/// The most memory that a process has had so far, in KiB: the system remembers it while the process is there.
fn peak(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn project(bomb: &Bomb) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("nth.toml"),
        "[project]\nname = \"bomb\"\nsource = \"src\"\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/a.nth"), (bomb.text)()).unwrap();
    folder
}

/// What is wrong with how it ended, if anything is.
fn wrong(bomb: &Bomb, ran: &Ran) -> Option<String> {
    let said: String = ran.said.chars().take(2_000).collect();
    if ran.memory > MEMORY {
        return Some(format!("{} KiB of memory", ran.memory));
    }
    match bomb.expected {
        Expected::Fine if ran.code != Some(0) => Some(format!("{:?}: {said}", ran.code)),
        Expected::Code(code) if ran.code != Some(1) || !ran.said.contains(&format!("[{code}]")) => {
            Some(format!("{:?} instead of {code}: {said}", ran.code))
        }
        Expected::Warned(code)
            if ran.code != Some(0) || !ran.said.contains(&format!("[{code}]")) =>
        {
            Some(format!("{:?} instead of {code}: {said}", ran.code))
        }
        _ => None,
    }
}

/// All bombs in the two commands, and what is wrong with how each ended.
fn all(arguments: &[&str], judge: impl Fn(&Bomb, &Ran) -> Option<String>) {
    let only = std::env::var("NTH_BOMB").unwrap_or_default();
    let mut failed = Vec::new();
    for bomb in bombs().into_iter().filter(|bomb| bomb.name.contains(&only)) {
        let folder = project(&bomb);
        let ran = run(folder.path(), arguments);
        println!(
            "{:45} {:?} {:6} ms {:4} MiB",
            bomb.name,
            ran.code,
            ran.took.as_millis(),
            ran.memory / 1024
        );
        if let Some(wrong) = judge(&bomb, &ran) {
            failed.push(format!("{}: {wrong}", bomb.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn bomb(name: &str) -> Bomb {
    let mut all = bombs().into_iter();
    all.find(|bomb| bomb.name == name).expect(name)
}

#[test]
fn nothing_depends_on_the_number_of_threads() {
    for name in [
        "nested loops of 300 by 300 alerts",
        "chain of 1,900 constants, last first",
        "chain of 1,900 templates",
        "circle of 1,900 constants",
        "2,000 names of which half are unknown",
    ] {
        let folder = project(&bomb(name));
        let said = ["1", "4"].map(|threads| {
            let output = Command::new(binary())
                .args(["check", "--format", "json"])
                .env("RAYON_NUM_THREADS", threads)
                .current_dir(folder.path())
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        });
        assert!(said[0].contains("\"N0"), "{name}");
        assert_eq!(said[0], said[1], "{name}");
    }
}

#[test]
fn a_chain_is_told_once() {
    for name in [
        "chain of 1,900 constants",
        "chain of 1,900 constants, last first",
        "chain of 1,900 templates",
        "chain of 1,000 fields",
        "circle of 1,900 constants",
        "nested loops of 300 by 300 alerts",
    ] {
        let folder = project(&bomb(name));
        let ran = run(folder.path(), &["check", "--format", "short"]);
        let errors = ran.said.lines().filter(|line| line.contains(": error["));
        assert_eq!(errors.count(), 1, "{name}: {}", ran.said);
    }
}

#[test]
fn no_line_of_an_answer_is_longer_than_a_person_reads() {
    for name in ["an identifier of a megabyte", "a line of a megabyte"] {
        let folder = project(&bomb(name));
        for format in ["human", "short", "github", "json", "sarif"] {
            let ran = run(folder.path(), &["check", "--format", format]);
            assert!(ran.said.contains("N0101"), "{name} as {format}");
            let longest = ran.said.lines().map(|line| line.chars().count()).max();
            // A JSON object is one line with several texts in it.
            assert!(
                longest.is_some_and(|longest| longest < 2_000),
                "{name} as {format}: {longest:?} characters"
            );
        }
    }
}

#[test]
fn a_file_tells_a_thousand_and_how_many_more() {
    let folder = project(&bomb("40,000 broken statements"));
    for format in ["human", "short", "github", "json", "sarif"] {
        let ran = run(folder.path(), &["check", "--format", format]);
        assert!(
            ran.said
                .contains("39000 more diagnostics in this file not shown"),
            "{format}"
        );
    }
    let ran = run(folder.path(), &["check", "--format", "short"]);
    let told = ran.said.lines().filter(|line| line.contains(": error["));
    assert_eq!(told.count(), 1_001);
}

#[test]
fn documents_of_other_formats_may_be_as_deep_as_they_like() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let laughs = (0..40).fold("a: &a0 [x, x]\n".to_owned(), |text, number| {
        text + &format!("b{number}: &a{} [*a{number}, *a{number}]\n", number + 1)
    });
    let steps = (0..3_000).fold(String::new(), |text, depth| {
        text + &format!("{}a:\n", " ".repeat(depth))
    });
    let manifest = "[project]\nname = \"p\"\n";
    for (file, text, arguments, code) in [
        (
            "deep.yaml",
            deep.clone(),
            &["import", "openslo", "deep.yaml"][..],
            "N0640",
        ),
        (
            "steps.yaml",
            steps,
            &["import", "openslo", "steps.yaml"],
            "N0640",
        ),
        (
            "laughs.yaml",
            laughs,
            &["import", "openslo", "laughs.yaml"],
            "N0640",
        ),
        ("nth.metrics.lock", deep.clone(), &["build"], "N0611"),
        (
            "build/.nthc-manifest.json",
            deep.clone(),
            &["build"],
            "N0621",
        ),
        (
            "nth.toml",
            format!("{manifest}x = {deep}\n"),
            &["build"],
            "N0601",
        ),
        (
            "nth.toml",
            format!("{manifest}[{}b]\n", "a.".repeat(20_000)),
            &["build"],
            "N0601",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("nth.toml"), manifest).unwrap();
        fs::write(folder.path().join("a.nth"), "team payments {}\n").unwrap();
        fs::create_dir(folder.path().join("build")).unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        let ran = run(folder.path(), arguments);
        assert!(ran.memory <= MEMORY, "{file}: {} KiB", ran.memory);
        assert_eq!(ran.code, Some(1), "{file}: {:.2000}", ran.said);
        assert!(ran.said.contains(code), "{file}: {:.2000}", ran.said);
    }
}

#[test]
fn files_that_are_no_sources_are_read_up_to_a_bound() {
    let manifest = "[project]\nname = \"p\"\n";
    for (file, first, bytes, arguments, said) in [
        (
            "nth.toml",
            manifest,
            1 << 20,
            &["check"][..],
            "larger than 1 MiB",
        ),
        (
            "slo.yaml",
            "# nothing\n",
            16 << 20,
            &["import", "openslo", "slo.yaml"],
            "larger than 16 MiB",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("nth.toml"), manifest).unwrap();
        fs::write(folder.path().join("a.nth"), "team payments {}\n").unwrap();
        let write = |more: usize| {
            let text = format!("{first}#{}", "x".repeat(bytes - first.len() - 1 + more));
            fs::write(folder.path().join(file), text).unwrap();
        };
        write(0);
        let ran = run(folder.path(), arguments);
        assert!(
            !ran.said.contains("larger than"),
            "{file}: {:.2000}",
            ran.said
        );
        write(1);
        let ran = run(folder.path(), arguments);
        assert_eq!(ran.code, Some(3), "{file}: {:.2000}", ran.said);
        assert!(ran.said.contains(said), "{file}: {:.2000}", ran.said);
    }
}

/// What the bounds are measured by: services as people write them.
#[test]
fn services_of_the_example_take_a_fraction_of_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let loaded = nthc::project::load(&root, &root).unwrap();
    let input = loaded.project.input(None);
    let session = nthc::session::Session::new(nthc::db::Database::default(), &input.files);
    let services = session.services();
    assert!(services.len() > 3);
    for key in services {
        let steps = nthc::eval::instance(&session.db, session.workspace, key, None).steps;
        let checked = nthc::check::check_item(&session.db, session.workspace, key).steps;
        println!("{} + {steps} steps", checked);
        assert!(checked + steps < nthc::limits::STEPS_OF_ITEM);
    }
}

#[test]
fn every_build_ends() {
    all(&["build", "--format", "short"], wrong);
}

#[test]
fn every_run_of_the_formatter_ends() {
    all(&["fmt", "--check", "--format", "short"], |_, ran| {
        let ended = matches!(ran.code, Some(0 | 1)) && ran.memory <= MEMORY;
        (!ended).then(|| format!("{:?}, {} KiB: {:.2000}", ran.code, ran.memory, ran.said))
    });
}
