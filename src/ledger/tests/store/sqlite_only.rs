//! Files that are no ledger, and how the file is written.

use std::fs;

use nth_ledger::{LedgerError, Location, Store, StoreOptions};

use crate::examples::{end, slices, slo};
use crate::places::{File, Place as _};

fn open(path: &std::path::Path) -> LedgerError {
    let location = Location::parse(path.to_str().unwrap()).unwrap();
    let opened = Store::open_or_create(&location, &StoreOptions::default());
    opened.map(drop).unwrap_err()
}

#[test]
fn other_files_are_no_ledger() {
    let place = File::new();
    fs::write(place.path(), "name,count\n".repeat(1_000)).unwrap();
    assert_eq!(open(&place.path()), LedgerError::NotALedger);
    assert!(
        fs::read_to_string(place.path())
            .unwrap()
            .starts_with("name,count")
    );
    let folder = place.path().parent().unwrap().to_owned();
    let expected = "invalid location of the ledger: it is a folder";
    assert_eq!(open(&folder).to_string(), expected);
    let missing = folder.join("missing").join("ledger.db");
    let expected = format!(
        "invalid location of the ledger: the folder `{}` does not exist",
        folder.join("missing").display()
    );
    assert_eq!(open(&missing).to_string(), expected);
}

#[test]
fn a_cut_file_is_an_error() {
    let place = File::new();
    let mut store = place.store();
    store.record(&slo("a"), &slices(2_000), end(2_000)).unwrap();
    drop(store);
    let bytes = fs::read(place.path()).unwrap();
    fs::write(place.path(), &bytes[..bytes.len() / 2]).unwrap();
    let all = nth_ledger::Interval {
        from: 0,
        until: end(2_000),
    };
    let read = Store::open(&place.location(), &StoreOptions::default())
        .and_then(|mut store| store.slices(&slo("a"), all));
    assert!(matches!(read, Err(LedgerError::Damaged { .. })), "{read:?}");
}

#[test]
fn the_journal_is_a_write_ahead_log() {
    let place = File::new();
    let store = place.store();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    drop(store);
}

#[test]
fn a_path_is_never_a_uri() {
    let place = File::new();
    let folder = place.path().parent().unwrap().to_owned();
    let path = folder.join("file:ledger.db?mode=memory");
    let location = Location::parse(path.to_str().unwrap()).unwrap();
    drop(Store::open_or_create(&location, &StoreOptions::default()).unwrap());
    assert!(path.is_file());
}
