//! Counting the instructions of a process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools;

/// The programs that count.
pub struct Callgrind {
    valgrind: PathBuf,
    taskset: PathBuf,
    /// The processor that all counted programs run on: how many they see decides over the sizes of tables.
    processor: String,
}

impl Callgrind {
    /// Finds the programs. Without them the test is skipped with a message, and fails in CI.
    pub fn find() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .expect("the processors");
        let is_other = |letter: char| !letter.is_ascii_digit();
        Some(Self {
            valgrind: tools::find_any(&["valgrind"])?,
            taskset: tools::find_any(&["taskset"])?,
            processor: allowed
                .trim()
                .split(is_other)
                .next()
                .unwrap_or("0")
                .to_owned(),
        })
    }

    /// Runs a program in a folder, and returns how many of its own instructions it needed. The environment is the same for
    /// everyone who runs the test, except for `variables`.
    pub fn count(
        &self,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        variables: &[(&str, &str)],
    ) -> u64 {
        let out = program.with_extension("callgrind");
        let home = program.parent().expect("the program is in a folder");
        let output = Command::new(&self.taskset)
            .args(["-c", &self.processor])
            .arg(&self.valgrind)
            .args(["--quiet", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", home)
            .env("LC_ALL", "C")
            // Memory is given back after some time, which depends on the machine's speed.
            .env("MIMALLOC_PURGE_DELAY", "-1")
            .env("PATH", "/usr/bin:/bin")
            .env("RAYON_NUM_THREADS", "1")
            .env("TZ", "UTC")
            .env("XDG_CACHE_HOME", home.join("caches"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let profile = fs::read_to_string(&out).expect("the counts");
        own_instructions(&profile, program)
    }
}

/// Returns the sum of all counts of a program's own code in a profile of Callgrind, without those of libraries.
fn own_instructions(profile: &str, program: &Path) -> u64 {
    let program = program.to_string_lossy();
    let mut own = None;
    let (mut is_own, mut is_call, mut sum) = (false, false, 0);
    for line in profile.lines() {
        // `ob=(2) /usr/bin/program` names an object and begins its part; later, `ob=(2)` does. A call may name it first.
        let named = line
            .strip_prefix("ob=")
            .or_else(|| line.strip_prefix("cob="));
        if let Some(object) = named {
            let (number, name) = object.split_once(' ').unwrap_or((object, ""));
            if name == program {
                own = Some(number.to_owned());
            }
            if line.starts_with("ob=") {
                is_own = own.as_deref() == Some(number);
            }
        } else if line.starts_with("calls=") {
            // The next line has the costs of the call, which are counted where they arise.
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            if is_own && !is_call {
                let cost = line.split(' ').nth(1).expect("a cost");
                sum += cost.parse::<u64>().expect("a number");
            }
            is_call = false;
        }
    }
    assert!(sum > 0, "nothing was counted in {program}");
    sum
}

#[test]
fn calls_and_libraries_do_not_count() {
    let profile = "events: Ir\n\nob=(1) /lib/libc.so\nfl=(1) ???\nfn=(1) copy\n0 7\n\nob=(2) /bin/nthc\nfn=(2) main\n3 10\n\
                   cob=(1)\ncfn=(1)\ncalls=2 0\n4 700\n+1 5\n* 1\n\nob=(1)\nfn=(1)\n0 9\n";
    assert_eq!(own_instructions(profile, Path::new("/bin/nthc")), 16);
}
