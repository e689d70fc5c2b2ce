//! Lock files.

use nthc::catalogue::Lock;

/// A lock file is read, or refused with a location; a file that was read is written and read back unchanged.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Lock::parse(&text) {
        Ok(lock) => {
            let written = lock.to_text().expect("what was read can be written");
            let again = Lock::parse(&written).expect("what was written can be read");
            assert_eq!(again.to_text().ok(), Some(written));
        }
        Err(unreadable) => {
            let range = unreadable.range(&text);
            assert!(text.get(range).is_some(), "the place is not in the file");
        }
    }
}
