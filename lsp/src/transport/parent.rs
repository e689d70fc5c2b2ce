//! Watches the client's process.

use std::time::Duration;

use serde_json::Value;

/// The interval of the checks.
const EVERY: Duration = Duration::from_secs(1);

/// A process, distinguished from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    number: u32,
    /// Its start time, on systems that report it.
    began: Option<u64>,
}

impl Process {
    /// The client's process, from the parameters of `initialize`.
    pub fn from_params(params: Option<&Value>) -> Option<Self> {
        let number = params?.get("processId")?.as_u64()?;
        Self::find(u32::try_from(number).ok()?)
    }

    /// The process with an id. `None` if there is none: the client may run in another container, whose ids mean
    /// nothing here.
    pub fn find(number: u32) -> Option<Self> {
        let began = match probe(number) {
            Probe::There(began) => began,
            Probe::Gone => return None,
        };
        Some(Self { number, began })
    }

    /// True if it has ended, or is a zombie.
    pub fn is_gone(self) -> bool {
        match probe(self.number) {
            Probe::Gone => true,
            Probe::There(began) => began != self.began,
        }
    }

    /// Waits until it has ended.
    pub async fn wait_until_gone(self) {
        while !self.is_gone() {
            tokio::time::sleep(EVERY).await;
        }
    }
}

enum Probe {
    Gone,
    /// It exists, with its start time on systems that report it.
    There(Option<u64>),
}

#[cfg(unix)]
fn probe(number: u32) -> Probe {
    let number = i32::try_from(number).ok().filter(|number| *number > 0);
    let Some(id) = number.and_then(rustix::process::Pid::from_raw) else {
        return Probe::Gone;
    };
    match rustix::process::test_kill_process(id) {
        // It belongs to another user.
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(_) => return Probe::Gone,
    }
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero()));
    match stat.ok().as_deref().and_then(read_stat) {
        // It has ended, and its parent has not waited for it.
        Some(('Z' | 'X', _)) => Probe::Gone,
        Some((_, began)) => Probe::There(Some(began)),
        None => Probe::There(None),
    }
}

/// On other systems only the end of standard input is detected.
#[cfg(not(unix))]
fn probe(_: u32) -> Probe {
    Probe::There(None)
}

/// The state of a process and its start time, from `/proc/<id>/stat`. The name before them may contain anything.
#[cfg(unix)]
fn read_stat(stat: &str) -> Option<(char, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // The state is field 3, and this is field 22.
    let began = fields.nth(18)?.parse().ok()?;
    Some((state, began))
}

#[cfg(all(test, unix))]
#[allow(clippy::expect_used)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_is_there_until_it_ends() {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        let process = Process::find(child.id()).expect("it is there");
        assert!(!process.is_gone());
        drop(child.stdin.take());
        // Before it is waited for, on systems that report zombies.
        if cfg!(target_os = "linux") {
            while !process.is_gone() {
                std::thread::yield_now();
            }
        }
        child.wait().expect("it ends");
        assert!(process.is_gone());
        assert_eq!(Process::find(child.id()), None);
    }

    #[test]
    fn a_later_process_of_the_same_number_is_another() {
        let own = Process::find(std::process::id()).expect("it is there");
        assert!(!own.is_gone());
        if own.began.is_some() {
            let began = Some(0);
            assert!(Process { began, ..own }.is_gone());
        }
    }

    #[test]
    fn what_is_no_number_of_a_process_is_none() {
        for number in [0, u32::MAX, i32::MAX as u32 + 1] {
            assert_eq!(Process::find(number), None, "{number}");
        }
    }

    #[test]
    fn names_with_brackets_are_passed_over() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 77 20";
        assert_eq!(
            read_stat(&format!("12 (a) Z (b)) {fields}")),
            Some(('S', 77))
        );
        assert_eq!(read_stat("12 (a"), None);
    }
}
