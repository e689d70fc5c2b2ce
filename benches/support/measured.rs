//! What a process takes, from its start to its end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// From its start to its end, in seconds.
    pub wall: f64,
    /// On all cores, in seconds.
    pub cpu: f64,
    /// The most memory, in MiB.
    pub memory: f64,
}

/// A command in a folder.
pub struct Step<'a> {
    pub program: &'a Path,
    pub arguments: &'a [&'a str],
    pub folder: &'a Path,
    /// The folder of caches.
    pub caches: &'a Path,
    /// The expected exit code.
    pub code: i32,
}

/// Returns how often a step is measured with this many services: often if it is short.
pub fn runs(services: usize) -> usize {
    match services {
        0..=10 => 21,
        11..=200 => 7,
        _ => 3,
    }
}

/// Returns the median times of a step, and its highest memory. `before` is done before each run, and is not measured.
pub fn cost(step: &Step<'_>, runs: usize, before: impl Fn(usize)) -> Cost {
    let mut costs: Vec<Cost> = (0..runs)
        .map(|number| {
            before(number);
            run(step)
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

/// Runs a command. Its times are those of the shell, its memory is what the system has counted until it ends.
fn run(step: &Step<'_>) -> Cost {
    let mut child = Command::new("bash")
        // The command's own messages are only shown if it fails.
        .args([
            "-c",
            "exec 3>&2 2>/dev/null; TIMEFORMAT='%3R %3U %3S'; { time \"$@\" >/dev/null 2>/dev/null; } 2>&3",
            "bash",
        ])
        .arg(step.program)
        .args(step.arguments)
        .current_dir(step.folder)
        .env("LC_ALL", "C")
        .env("XDG_CACHE_HOME", step.caches)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", child.id()));
    let start = Instant::now();
    let mut memory: f64 = 0.0;
    let status = loop {
        let running = fs::read_to_string(&children).unwrap_or_default();
        for process in running.split_whitespace() {
            memory = memory.max(peak(process));
        }
        if let Some(status) = child.try_wait().expect("the command ends") {
            break status;
        }
        // Seldom enough to take no time from what is measured, often enough to miss little at its end.
        let pause = (start.elapsed() / 50).clamp(Duration::from_micros(200), MOST_PAUSE);
        thread::sleep(pause);
    };
    let mut said = String::new();
    if let Some(stream) = &mut child.stderr {
        io::Read::read_to_string(stream, &mut said).expect("the times");
    }
    assert_eq!(
        status.code(),
        Some(step.code),
        "{} {:?} in {}",
        step.program.display(),
        step.arguments,
        step.folder.display()
    );
    let mut numbers = said
        .split_whitespace()
        .map(|number| number.parse::<f64>().expect("a time in seconds"));
    let mut next = || numbers.next().expect("three times");
    Cost {
        wall: next(),
        cpu: next() + next(),
        memory,
    }
}

/// The longest time between two looks at the memory.
const MOST_PAUSE: Duration = Duration::from_millis(10);

/// The most memory that a process has had so far, in MiB.
fn peak(process: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}
