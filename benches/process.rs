//! Measures the command as people run it, from the start of the process to its end, on projects as people write them:
//! `cargo bench --bench process`, with numbers of services as arguments after `--` (default: 1, 100 and 1000).
//!
//! Times are medians; CPU is the time of all cores; memory is the highest of all runs. Beside it, in the same run: copying the
//! output with `cp -r`, and the same SLOs by Sloth if it is installed. Compare only results of one run.

#![allow(clippy::expect_used)]

#[path = "support/project.rs"]
mod project;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often each step is measured: often if it is short.
const RUNS: [(usize, usize); 3] = [(10, 21), (200, 7), (usize::MAX, 3)];

/// What a process took.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    /// From its start to its end, in seconds.
    wall: f64,
    /// On all cores, in seconds.
    cpu: f64,
    /// The most memory, in MiB.
    memory: f64,
}

/// A step of the benchmark.
struct Step<'a> {
    name: &'a str,
    /// What is done before each run, which is not measured.
    before: Box<dyn Fn(usize) + 'a>,
    /// The command, run in a folder.
    command: Vec<String>,
    folder: PathBuf,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut sizes: Vec<usize> = arguments
        .iter()
        .filter_map(|size| size.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![1, 100, 1000];
    }
    println!("| services | step | time | CPU | memory | time per service, growth |");
    println!("|---:|---|---:|---:|---:|---:|");
    let mut first: Vec<(String, f64)> = Vec::new();
    for services in sizes {
        for (name, cost) in measure(services) {
            let each = cost.wall / services as f64;
            let known = first.iter().find(|(known, _)| *known == name);
            let growth = match known {
                Some((_, first)) => format!("{:.2}", each / first),
                None => {
                    first.push((name.clone(), each));
                    "1".to_owned()
                }
            };
            println!(
                "| {services} | {name} | {} | {} | {:.0} MiB | {growth} |",
                seconds(cost.wall),
                seconds(cost.cpu),
                cost.memory,
            );
        }
    }
}

fn measure(services: usize) -> Vec<(String, Cost)> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let shop = project::write(place.path(), services).expect("the project is written");
    let caches = place.path().join("caches");
    let nthc = env!("CARGO_BIN_EXE_nthc").to_owned();
    let with = |arguments: &[&str]| {
        let arguments = arguments.iter().map(|word| (*word).to_owned());
        [nthc.clone()].into_iter().chain(arguments).collect()
    };
    let edited = project::service_path(&shop, services / 2);
    let edit = |path: PathBuf, from: &'static str| {
        move |run: usize| {
            let text = fs::read_to_string(&path).expect("the source");
            let at = text.find(from).expect("the place of the edit") + from.len();
            let (head, tail) = text.split_at(at);
            let rest = tail.trim_start_matches(|letter: char| letter.is_ascii_digit());
            fs::write(&path, format!("{head}{}{rest}", 200 + run)).expect("the source is edited");
        }
    };
    let output = shop.join("build");
    let remove = |path: PathBuf| {
        move |_: usize| {
            let _ = fs::remove_dir_all(&path);
        }
    };
    let copy = place.path().join("copy");
    let steps = [
        step("start", |_| {}, with(&["--version"]), &shop),
        step("check", |_| {}, with(&["check"]), &shop),
        step("format", |_| {}, with(&["fmt", "--check"]), &shop),
        step(
            "build, nothing there",
            remove(output.clone()),
            with(&["build"]),
            &shop,
        ),
        step("build, nothing changed", |_| {}, with(&["build"]), &shop),
        step(
            "build, nothing changed, no cache",
            |_| {},
            with(&["build", "--no-cache"]),
            &shop,
        ),
        step(
            "build, a service edited",
            edit(edited, "let deep = "),
            with(&["build"]),
            &shop,
        ),
        step(
            "build, a template edited",
            edit(project::templates_path(&shop), "min_events = "),
            with(&["build"]),
            &shop,
        ),
        step(
            "build, a tier edited",
            edit(project::tiers_path(&shop), "latency        = "),
            with(&["build"]),
            &shop,
        ),
        step(
            "copy of the output",
            remove(copy.clone()),
            vec![
                "cp".to_owned(),
                "-r".to_owned(),
                output.to_string_lossy().into_owned(),
                copy.to_string_lossy().into_owned(),
            ],
            &shop,
        ),
    ];
    let mut costs = Vec::new();
    for step in &steps {
        costs.push((step.name.to_owned(), cost(step, &caches, services)));
    }
    let (files, bytes) = size(&output).expect("the output");
    costs.push((
        format!("output: {files} files, {} KiB", bytes / 1024),
        Cost::default(),
    ));
    costs.extend(beside_sloth(place.path(), services, &caches));
    costs
}

fn step<'a>(
    name: &'a str,
    before: impl Fn(usize) + 'a,
    command: Vec<String>,
    folder: &Path,
) -> Step<'a> {
    Step {
        name,
        before: Box::new(before),
        command,
        folder: folder.to_path_buf(),
    }
}

/// Measures the same SLO for each service by both programs: rules for Prometheus and nothing else.
fn beside_sloth(place: &Path, services: usize, caches: &Path) -> Vec<(String, Cost)> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join("sloth"))
            .find(|program| program.is_file())
    });
    let Some(sloth) = found else {
        eprintln!("skipped, sloth not installed");
        return Vec::new();
    };
    let rules = place.join("rules");
    let specs = place.join("specs");
    for folder in [&rules, &specs] {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(
        rules.join("nth.toml"),
        "[project]\nname = \"rules\"\ntargets = [\"prometheus\"]\n",
    )
    .expect("the manifest");
    for number in 0..services {
        let name = project::name(number);
        let source = format!(
            "team team-{number} {{}}\n\nservice {name} {{\n  team     = team-{number}\n  tier     = high\n  selector = {{ job = \"{name}\" }}\n\n  \
             slo availability {{\n    objective      = 99.9%\n    budget_tickets = []\n    absence_alerts = false\n\n    \
             sli : ratio {{\n      bad   = `requests_total{{code=~\"5..\"}}`\n      total = `requests_total`\n    }}\n  }}\n}}\n"
        );
        fs::write(rules.join(format!("{name}.nth")), source).expect("a source");
        let spec = format!(
            "version: prometheus/v1\nservice: {name}\nslos:\n- name: availability\n  objective: 99.9\n  sli:\n    events:\n      \
             error_query: sum(rate(requests_total{{job=\"{name}\",code=~\"5..\"}}[{{{{.window}}}}]))\n      \
             total_query: sum(rate(requests_total{{job=\"{name}\"}}[{{{{.window}}}}]))\n  alerting:\n    name: Burn\n    \
             page_alert: {{labels: {{severity: page}}}}\n    ticket_alert: {{labels: {{severity: ticket}}}}\n"
        );
        fs::write(specs.join(format!("{name}.yaml")), spec).expect("a specification");
    }
    let (ours, theirs) = (rules.join("build"), place.join("generated"));
    let remove = |path: PathBuf| {
        move |_: usize| {
            let _ = fs::remove_dir_all(&path);
            let _ = fs::create_dir_all(&path);
        }
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let steps = [
        step(
            "rules of one SLO each",
            remove(ours),
            words(&[env!("CARGO_BIN_EXE_nthc"), "build", "--no-cache"]),
            &rules,
        ),
        step(
            "rules of one SLO each, Sloth",
            remove(theirs.clone()),
            words(&[
                &text(&sloth),
                "generate",
                "-i",
                &text(&specs),
                "-o",
                &text(&theirs),
            ]),
            place,
        ),
    ];
    steps
        .iter()
        .map(|step| (step.name.to_owned(), cost(step, caches, services)))
        .collect()
}

/// Returns the median times of a step, and its highest memory.
fn cost(step: &Step<'_>, caches: &Path, services: usize) -> Cost {
    let (_, runs) = RUNS
        .into_iter()
        .find(|(most, _)| services <= *most)
        .unwrap_or((0, 3));
    let mut costs: Vec<Cost> = (0..runs)
        .map(|number| {
            (step.before)(number);
            run(step, caches)
        })
        .collect();
    let memory = costs.iter().map(|cost| cost.memory).fold(0.0, f64::max);
    let mut median = |part: fn(&Cost) -> f64| {
        costs.sort_by(|left, right| part(left).total_cmp(&part(right)));
        costs.get(costs.len() / 2).map_or(0.0, part)
    };
    Cost {
        wall: median(|cost| cost.wall),
        cpu: median(|cost| cost.cpu),
        memory,
    }
}

/// Runs a command. Its times are those of the shell, its memory is what the system remembers until it ends.
fn run(step: &Step<'_>, caches: &Path) -> Cost {
    let mut child = Command::new("bash")
        .args([
            "-c",
            "TIMEFORMAT='%R %U %S'; time \"$@\" >/dev/null 2>&1",
            "bash",
        ])
        .args(&step.command)
        .current_dir(&step.folder)
        .env("XDG_CACHE_HOME", caches)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", child.id()));
    let mut memory: f64 = 0.0;
    let status = loop {
        let running = fs::read_to_string(&children).unwrap_or_default();
        for process in running.split_whitespace() {
            memory = memory.max(peak(process));
        }
        if let Some(status) = child.try_wait().expect("the command ends") {
            break status;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let mut said = String::new();
    if let Some(stream) = &mut child.stderr {
        io::Read::read_to_string(stream, &mut said).expect("the times");
    }
    assert!(status.success(), "{:?}: {status}", step.command);
    let mut numbers = said.split_whitespace().map(|number| {
        let number = number.replace(',', ".");
        number.parse::<f64>().expect("a time in seconds")
    });
    let mut next = || numbers.next().expect("three times");
    Cost {
        wall: next(),
        cpu: next() + next(),
        memory,
    }
}

/// The most memory that a process has had so far, in MiB.
fn peak(process: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

/// The number and the bytes of all files below a folder.
fn size(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let below = size(&entry.path())?;
            files += below.0;
            bytes += below.1;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}

fn seconds(time: f64) -> String {
    match time {
        time if time < 1.0 => format!("{:.0} ms", time * 1e3),
        time => format!("{time:.2} s"),
    }
}
