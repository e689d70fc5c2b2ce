//! The journal: what was started and done, for resuming after a crash, and for what was applied last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::destination::DestinationIdentity;
use crate::error::DeliveryError;
use crate::object::{ContentHash, ObjectKey, Owner};
use crate::plan::Action;

/// How long a journal may be open elsewhere before that is an error, and the time between two looks.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// An apply begins.
    Begun {
        /// [`Plan::id`](crate::Plan::id).
        plan: ContentHash,
        /// Whose objects.
        owner: Owner,
        /// The revision of the sources; `None` if they are those of none.
        revision: Option<String>,
        /// The number of operations.
        operations: usize,
    },
    /// An object is about to be written or deleted.
    Started {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        key: ObjectKey,
        /// What is done with it.
        action: Action,
    },
    /// An object is as planned.
    Done {
        /// Where.
        target: DestinationIdentity,
        /// Which object.
        key: ObjectKey,
        /// What was done with it.
        action: Action,
        /// The hash of its content; `None` if it is deleted.
        hash: Option<ContentHash>,
    },
    /// The apply ends.
    Ended {
        /// Why it ended early; `None` if all is done.
        error: Option<String>,
    },
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// The run: the token of its lease.
    pub run: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// An apply that has not done all of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The run.
    pub run: String,
    /// The plan.
    pub plan: ContentHash,
    /// When it began.
    pub begun: Timestamp,
    /// The number of its operations.
    pub operations: usize,
    /// What it did.
    pub done: Vec<(DestinationIdentity, ObjectKey)>,
    /// What it started and has not recorded as done: it may or may not be live.
    pub open: Vec<(DestinationIdentity, ObjectKey)>,
    /// Why it ended early; `None` if it was killed.
    pub error: Option<String>,
}

/// A journal that this process writes. No other process can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
    run: String,
}

impl Journal {
    /// Opens a journal, or creates it in a folder that exists.
    ///
    /// # Errors
    ///
    /// If another process has it open, it cannot be accessed, or contains something else. A last line that is cut off, as after a
    /// crash, is no error.
    pub fn open(path: &Path) -> Result<Self, DeliveryError> {
        let failed = |error: &std::io::Error| io(path, &error.to_string());
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| failed(&error))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // A process that is being started holds the files of its parent for a moment.
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(io(path, "another process applies with this journal"));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| failed(&error))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |end| end + 1);
        if whole < bytes.len() {
            let whole = u64::try_from(whole).unwrap_or(u64::MAX);
            file.set_len(whole).map_err(|error| failed(&error))?;
            file.seek(SeekFrom::End(0))
                .map_err(|error| failed(&error))?;
        }
        let lines = bytes.get(..whole).unwrap_or_default();
        let entries = read_lines(path, lines)?;
        // Only this process can have the file open, so an unfinished run is dead, and its lease may be taken over.
        let run = unfinished(&entries).map_or_else(token, |unfinished| unfinished.run);
        Ok(Self {
            path: path.to_owned(),
            file,
            entries,
            run,
        })
    }

    /// All entries, the oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The run, which is the token of its leases: that of the last run if it did not finish.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Appends an event and waits until it is on disk.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn append(&mut self, time: Timestamp, event: Event) -> Result<(), DeliveryError> {
        let entry = Entry {
            time,
            run: self.run.clone(),
            event,
        };
        let line = serde_json::to_string(&entry);
        let mut line = line.map_err(|error| io(&self.path, &error.to_string()))?;
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(|error| io(&self.path, &error.to_string()))?;
        self.entries.push(entry);
        Ok(())
    }
}

/// Reads a journal that another process may be writing. A file that does not exist is an empty journal.
///
/// # Errors
///
/// If it cannot be read or contains something else.
pub fn read_journal(path: &Path) -> Result<Vec<Entry>, DeliveryError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(path, &error.to_string())),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    read_lines(
        path,
        bytes
            .get(..whole.map_or(0, |end| end + 1))
            .unwrap_or_default(),
    )
}

/// Reads whole lines.
fn read_lines(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>, DeliveryError> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            serde_json::from_slice(line)
                .map_err(|_| io(path, &format!("line {} is not of a journal", number + 1)))
        })
        .collect()
}

/// The last run, if it has not done all of its plan.
pub fn unfinished(entries: &[Entry]) -> Option<Unfinished> {
    let start = entries
        .iter()
        .rposition(|entry| matches!(entry.event, Event::Begun { .. }))?;
    let run = entries.get(start..)?;
    let (first, rest) = run.split_first()?;
    let Event::Begun {
        plan, operations, ..
    } = &first.event
    else {
        return None;
    };
    let mut found = Unfinished {
        run: first.run.clone(),
        plan: plan.clone(),
        begun: first.time,
        operations: *operations,
        done: Vec::new(),
        open: Vec::new(),
        error: None,
    };
    let mut started = BTreeSet::new();
    for entry in rest {
        match &entry.event {
            Event::Begun { .. } => {}
            Event::Started { target, key, .. } => {
                started.insert((target.clone(), key.clone()));
            }
            Event::Done { target, key, .. } => {
                let one = (target.clone(), key.clone());
                started.remove(&one);
                found.done.push(one);
            }
            Event::Ended { error: None } => return None,
            Event::Ended { error } => found.error.clone_from(error),
        }
    }
    found.open = started.into_iter().collect();
    Some(found)
}

/// The hashes of what was applied last to a destination, for an owner.
pub fn applied(
    entries: &[Entry],
    owner: &Owner,
    target: &DestinationIdentity,
) -> BTreeMap<ObjectKey, ContentHash> {
    let mut hashes = BTreeMap::new();
    let mut is_ours = false;
    for entry in entries {
        match &entry.event {
            Event::Begun { owner: begun, .. } => is_ours = begun == owner,
            Event::Done {
                target: at,
                key,
                hash,
                ..
            } if is_ours && at == target => match hash {
                Some(hash) => {
                    hashes.insert(key.clone(), hash.clone());
                }
                None => {
                    hashes.remove(key);
                }
            },
            _ => {}
        }
    }
    hashes
}

fn io(path: &Path, cause: &str) -> DeliveryError {
    DeliveryError::Io {
        path: path.display().to_string(),
        cause: cause.to_owned(),
    }
}

/// A text that no other run has: 128 bits by chance.
fn token() -> String {
    // Each `RandomState` has keys of its own, the first of a process by the system.
    let part = || RandomState::new().hash_one(Timestamp::now());
    format!("{:016x}{:016x}", part(), part())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::destination::DestinationKind;
    use crate::object::ObjectKind;

    fn owner() -> Owner {
        Owner {
            project: "shop".to_owned(),
            environment: None,
        }
    }

    fn target() -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Ruler,
            url: "https://mimir.example.com".to_owned(),
            scope: Some("shop".to_owned()),
        }
    }

    fn key(name: &str) -> ObjectKey {
        ObjectKey::new(ObjectKind::RuleGroup, "checkout", name)
    }

    fn hash(text: &str) -> ContentHash {
        ContentHash::compute(&text.into())
    }

    fn begun() -> Event {
        Event::Begun {
            plan: hash("plan"),
            owner: owner(),
            revision: Some("abc".to_owned()),
            operations: 2,
        }
    }

    fn started(name: &str) -> Event {
        Event::Started {
            target: target(),
            key: key(name),
            action: Action::Create,
        }
    }

    fn done(name: &str, content: Option<&str>) -> Event {
        Event::Done {
            target: target(),
            key: key(name),
            action: Action::Change,
            hash: content.map(hash),
        }
    }

    #[test]
    fn a_killed_run_is_resumed_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        let run = journal.run().to_owned();
        for event in [begun(), started("a"), done("a", Some("1")), started("b")] {
            journal.append(Timestamp::UNIX_EPOCH, event).unwrap();
        }
        let busy = Journal::open(&path).unwrap_err();
        assert!(busy.to_string().contains("another process"), "{busy}");
        drop(journal);
        // A crash while a line was written.
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"time\":\"2026-").unwrap();
        drop(file);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.run(), run);
        let found = unfinished(journal.entries()).unwrap();
        assert_eq!(found.done, [(target(), key("a"))]);
        assert_eq!(found.open, [(target(), key("b"))]);
        let ended = Event::Ended { error: None };
        journal.append(Timestamp::UNIX_EPOCH, ended).unwrap();
        drop(journal);
        assert_eq!(unfinished(&read_journal(&path).unwrap()), None);
        assert_ne!(Journal::open(&path).unwrap().run(), run);
    }

    #[test]
    fn what_was_applied_last_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("j")).unwrap();
        for event in [
            begun(),
            done("a", Some("1")),
            done("b", Some("1")),
            Event::Ended { error: None },
            begun(),
            done("a", Some("2")),
            done("b", None),
        ] {
            journal.append(Timestamp::UNIX_EPOCH, event).unwrap();
        }
        let hashes = applied(journal.entries(), &owner(), &target());
        assert_eq!(hashes, BTreeMap::from([(key("a"), hash("2"))]));
        let other = Owner {
            project: "other".to_owned(),
            environment: None,
        };
        assert!(applied(journal.entries(), &other, &target()).is_empty());
    }

    #[test]
    fn another_file_is_no_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.yaml");
        std::fs::write(&path, "groups: []\n").unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert!(error.to_string().contains("line 1 is not of a journal"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "groups: []\n");
        assert!(
            read_journal(&folder.path().join("none"))
                .unwrap()
                .is_empty()
        );
    }
}
