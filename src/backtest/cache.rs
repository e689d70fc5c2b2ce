//! Answers of servers, kept in a folder of the user.
//!
//! A file is named by a hash of its key and begins with the key: the identity of the server, the query and the chunk. It is written as
//! a whole or not at all. Files contain measured values, and no credentials; only the user can read them.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::chunks::Chunk;
use crate::output::Hash;
use crate::user_cache::{self, CacheError};

/// The extension of the files.
const EXTENSION: &str = "nthc-history";

/// A chunk that ends within this time before now may still change: its samples may arrive late.
const SETTLED: i64 = 3_600_000;

/// The largest file, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// A folder with answers of one server.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// The identity of the server.
    server: String,
    /// The time of the run, in milliseconds since 1970.
    now: i64,
}

impl Cache {
    /// Returns the folder that is used by default, below that of the user's caches; `None` if the environment names none.
    pub fn default_folder(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
        user_cache::folder("backtest", variable)
    }

    /// Opens a folder, creates it if it is missing, and removes files that are older than 30 days. `server` identifies the
    /// server together with the user whose view it shows.
    ///
    /// # Errors
    ///
    /// If it cannot be created, is not a folder, or others may write to it.
    pub fn open(folder: &Path, server: &str, now: i64) -> Result<Self, CacheError> {
        user_cache::open(folder, EXTENSION)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            server: server.to_owned(),
            now,
        })
    }

    /// Returns the kept answer; `None` if there is none, or it cannot be read.
    pub fn get(&self, query: &str, chunk: &Chunk) -> Option<Vec<u8>> {
        let key = self.key(query, chunk);
        let file = File::open(self.path(&key)).ok()?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        let rest = bytes.strip_prefix(key.as_bytes())?.strip_prefix(b"\n")?;
        Some(rest.to_vec())
    }

    /// Keeps an answer, if its chunk is complete and past.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. The answer is asked again next time.
    pub fn keep(&self, query: &str, chunk: &Chunk, bytes: &[u8]) -> io::Result<()> {
        if chunk.end.saturating_add(chunk.step) > self.now.saturating_sub(SETTLED) {
            return Ok(());
        }
        let key = self.key(query, chunk);
        let path = self.path(&key);
        let mut file = user_cache::new_file(&path)?;
        file.write_all(key.as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    /// The key on one line: everything that the answer depends on.
    fn key(&self, query: &str, chunk: &Chunk) -> String {
        let Chunk { start, end, step } = chunk;
        serde_json::json!([1, self.server, query, start, end, step]).to_string()
    }

    fn path(&self, key: &str) -> PathBuf {
        let name = Hash::new(key.as_bytes());
        self.folder.join(name.as_str()).with_extension(EXTENSION)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::user_cache::KEPT;

    const NOW: i64 = 100 * 86_400_000;
    const CHUNK: Chunk = Chunk {
        start: 0,
        end: 60_000,
        step: 60_000,
    };

    #[test]
    fn an_answer_is_kept_for_its_server_query_and_chunk() {
        let folder = tempfile::tempdir().unwrap();
        let open = |server: &str| Cache::open(&folder.path().join("a/b"), server, NOW).unwrap();
        let cache = open("one");
        assert_eq!(cache.get("up", &CHUNK), None);
        cache.keep("up", &CHUNK, b"{}\n{}").unwrap();
        assert_eq!(open("one").get("up", &CHUNK).unwrap(), b"{}\n{}");
        assert_eq!(open("other").get("up", &CHUNK), None);
        assert_eq!(cache.get("down", &CHUNK), None);
        let later = Chunk {
            end: 120_000,
            ..CHUNK
        };
        assert_eq!(cache.get("up", &later), None);
    }

    #[test]
    fn what_may_change_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path().join("c").as_path(), "one", NOW).unwrap();
        let recent = Chunk {
            start: NOW - 3_600_000,
            end: NOW - 60_000,
            step: 60_000,
        };
        cache.keep("up", &recent, b"{}").unwrap();
        assert_eq!(cache.get("up", &recent), None);
        // A damaged file is no answer.
        cache.keep("up", &CHUNK, b"{}").unwrap();
        let path = cache.path(&cache.key("up", &CHUNK));
        fs::write(&path, "[1]\n{}").unwrap();
        assert_eq!(cache.get("up", &CHUNK), None);
    }

    #[test]
    fn old_files_are_removed_and_so_are_those_of_a_killed_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let open = || Cache::open(&path, "one", NOW).unwrap();
        open().keep("up", &CHUNK, b"{}").unwrap();
        let (_, killed) = user_cache::new_file(&path.join("x").with_extension(EXTENSION))
            .unwrap()
            .keep()
            .unwrap();
        let old = SystemTime::now() - KEPT - Duration::from_secs(1);
        File::open(&killed).unwrap().set_modified(old).unwrap();
        fs::write(path.join("other"), "").unwrap();
        let other = File::open(path.join("other")).unwrap();
        other.set_modified(old).unwrap();
        assert!(open().get("up", &CHUNK).is_some());
        assert!(!killed.exists() && path.join("other").exists());
    }

    #[test]
    fn a_file_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Cache::open(&file, "one", NOW).unwrap_err();
        assert!(error.message.contains("cannot use the cache"), "{error:?}");
        assert!(Cache::open(&file.join("below"), "one", NOW).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_others_is_refused_and_a_new_one_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        Cache::open(&path, "one", NOW).unwrap();
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let error = Cache::open(&path, "one", NOW).unwrap_err();
        assert!(error.message.contains("other users"), "{error:?}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert!(Cache::open(&link, "one", NOW).is_err());
    }

    #[test]
    fn the_default_is_below_the_users_caches() {
        let of = |set: &'static [(&'static str, &'static str)]| {
            Cache::default_folder(&|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            of(&[("HOME", "/h")]),
            Some("/h/.cache/nthc/backtest".into())
        );
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]),
            Some("/c/nthc/backtest".into())
        );
        assert_eq!(of(&[("HOME", "relative")]), None);
        assert_eq!(of(&[]), None);
    }
}
