//! The record of generated files.

use std::path::{Component, Path};

use nthc::output::{Record, Unreadable};

/// A record is read or refused; no file in it is outside of the output folder, as builds replace and remove the files in it.
/// A record that was read is written and read back unchanged.
pub fn holds(bytes: &[u8]) {
    match Record::parse(bytes) {
        Ok(record) => {
            for path in record.paths() {
                let is_below = Path::new(path)
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)));
                assert!(is_below && !path.is_empty(), "{path:?} is elsewhere");
            }
            let written = record.to_bytes().expect("what was read can be written");
            let again = Record::parse(&written).expect("what was written can be read");
            assert!(again == record, "it does not read the same");
        }
        Err(Unreadable::Malformed(why)) => assert!(!why.is_empty()),
        Err(other) => panic!("nothing was opened: {other:?}"),
    }
}
