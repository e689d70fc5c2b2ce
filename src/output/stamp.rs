//! What the file system says about a file, by which a change to it is noticed without reading it.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The longest time that a file system may take to count as the next moment: a file that is written twice within it may have the
/// same times. Linux takes the time from a tick of at most 10 ms.
const TICK: Duration = Duration::from_millis(20);

/// A moment as seconds and nanoseconds since 1970.
type Moment = (i64, u32);

/// The size of a regular file, and when and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    size: u64,
    modified: Moment,
    /// When its contents, its name or its permissions last changed, which no program can set; as `modified` where the system
    /// does not know it.
    changed: Moment,
    /// The number of the file in its file system; 0 where the system does not know it.
    inode: u64,
}

impl Stamp {
    /// Returns the stamp of a file; `None` if it is missing, is not a regular file, or its file system counts in whole seconds, in
    /// which a file can change twice.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_file() => Ok(Self::new(&found)),
            Ok(_) => Ok(None),
            Err(cause) if is_missing(&cause) => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    #[cfg(unix)]
    fn new(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let moment =
            |seconds: i64, nanoseconds: i64| Some((seconds, u32::try_from(nanoseconds).ok()?));
        let stamp = Self {
            size: found.len(),
            modified: moment(found.mtime(), found.mtime_nsec())?,
            changed: moment(found.ctime(), found.ctime_nsec())?,
            inode: found.ino(),
        };
        (stamp.changed.1 != 0).then_some(stamp)
    }

    #[cfg(not(unix))]
    fn new(found: &Metadata) -> Option<Self> {
        let modified = moment(found.modified().ok()?)?;
        let stamp = Self {
            size: found.len(),
            modified,
            changed: modified,
            inode: 0,
        };
        (modified.1 != 0).then_some(stamp)
    }

    /// The length of the file, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether it is the stamp of the same file after that got another name, with nothing written to it since.
    pub(super) fn is_renamed(&self, before: &Self) -> bool {
        let parts = |stamp: &Self| (stamp.size, stamp.modified, stamp.inode);
        parts(self) == parts(before)
    }

    /// Returns whether the file last changed certainly before `moment`.
    pub(super) fn is_before(&self, moment: SystemTime) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let Ok(seconds) = u64::try_from(seconds) else {
            return false;
        };
        let changed = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        moment
            .duration_since(changed)
            .is_ok_and(|since| since > TICK)
    }
}

/// Returns whether the error says that nothing is at a path.
fn is_missing(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(not(unix))]
fn moment(time: SystemTime) -> Option<Moment> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()))
}
