//! Creating, opening and migrating a ledger, and what is no ledger.

use std::thread;
use std::time::Duration;

use nth_ledger::{
    AlertReads, Interval, LedgerError, SCHEMA_VERSION, SliceSource, Store, StoreOptions,
};

use crate::examples::{START, deployment, end, episode, incident, slices, slo};
use crate::places::Place;

/// A ledger as version 1 has written it.
const VERSION_1: &str = include_str!("version-1.sql");

fn all() -> Interval {
    Interval {
        from: START - 100_000,
        until: START + 1_000_000,
    }
}

fn open(place: &dyn Place) -> Result<Store, LedgerError> {
    Store::open(&place.location(), &StoreOptions::default())
}

pub fn a_missing_ledger_is_not_created_by_reading(place: &dyn Place) {
    assert_eq!(open(place).unwrap_err(), LedgerError::NotFound);
    assert_eq!(open(place).unwrap_err(), LedgerError::NotFound);
    drop(place.store());
    open(place).unwrap();
}

pub fn two_processes_create_one_ledger(place: &dyn Place) {
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            scope.spawn(move || {
                let mut store = place.store();
                store.record(&slo(name), &slices(3), end(3)).unwrap();
            });
        }
    });
    assert_eq!(place.store().slos().unwrap().len(), 4);
    assert_eq!(place.number("SELECT COUNT(*) FROM meta"), 2);
}

pub fn another_database_is_no_ledger(place: &dyn Place) {
    place.run("CREATE TABLE customers (id INTEGER PRIMARY KEY)");
    let create = || Store::open_or_create(&place.location(), &StoreOptions::default());
    assert_eq!(open(place).unwrap_err(), LedgerError::NotALedger);
    assert_eq!(create().unwrap_err(), LedgerError::NotALedger);
    // A table of the same name, of another program.
    place
        .run("CREATE TABLE meta (name TEXT, value TEXT); INSERT INTO meta VALUES ('version', '2')");
    assert_eq!(open(place).unwrap_err(), LedgerError::NotALedger);
    assert_eq!(create().unwrap_err(), LedgerError::NotALedger);
    assert_eq!(place.number("SELECT COUNT(*) FROM customers"), 0);
}

pub fn a_newer_version_is_refused(place: &dyn Place) {
    place.store().record(&slo("a"), &slices(3), end(3)).unwrap();
    let newer = SCHEMA_VERSION + 1;
    place.run(&format!(
        "UPDATE meta SET value = '{newer}' WHERE name = 'version'"
    ));
    let error = open(place).unwrap_err();
    let expected = LedgerError::NewerVersion {
        found: newer,
        supported: SCHEMA_VERSION,
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "the ledger has version 4, and this program supports versions up to 3"
    );
    assert_eq!(error.help(), Some("update nthc"));
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 3);
}

pub fn the_last_version_is_migrated(place: &dyn Place) {
    place.store().record(&slo("a"), &slices(3), end(3)).unwrap();
    // Version 2 had everything but the times of which alerts were read.
    place.run("DROP TABLE alert_reads; UPDATE meta SET value = '2' WHERE name = 'version'");
    let mut store = open(place).unwrap();
    let version = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'version'";
    assert_eq!(place.number(version), SCHEMA_VERSION);
    assert_eq!(store.slices(&slo("a"), all()).unwrap(), slices(3));
    let reads = store.alert_reads("shop", None).unwrap();
    assert_eq!(reads, AlertReads::default());
}

pub fn an_earlier_version_is_migrated(place: &dyn Place) {
    place.run(VERSION_1);
    let mut store = open(place).unwrap();
    let version = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'version'";
    assert_eq!(place.number(version), SCHEMA_VERSION);
    // Nothing is lost.
    let key = slo("availability");
    assert_eq!(store.slos().unwrap(), [key.clone()]);
    let found = store.slices(&key, all()).unwrap();
    let counts: Vec<_> = found
        .iter()
        .map(|slice| (slice.start, slice.bad, slice.total))
        .collect();
    assert_eq!(counts, [(START, 2.0, 100.0), (START + 300, 0.5, 10.25)]);
    assert_eq!(found[1].source, SliceSource::Recorded);
    assert_eq!(store.watermark(&key).unwrap(), Some(START + 600));
    let objectives = store.objectives(&key).unwrap();
    assert_eq!(objectives[0].objective.to_string(), "0.999");
    assert_eq!(store.deployments(all()).unwrap(), [deployment("d1", START)]);
    assert_eq!(
        store.incidents(all()).unwrap(),
        [incident("INC-1", START, Some(START + 600))]
    );
    // What is new can be used, and so can the rest.
    let fired = episode("Burn", START, None);
    store.record_episode(&fired).unwrap();
    assert_eq!(store.episodes(all()).unwrap(), [fired]);
    store.record(&slo("latency"), &slices(2), end(2)).unwrap();
    assert_eq!(store.slos().unwrap().len(), 2);
    drop(store);
    assert_eq!(open(place).unwrap().slos().unwrap().len(), 2);
}

pub fn a_failed_migration_changes_nothing(place: &dyn Place) {
    place.run(VERSION_1);
    // The last table of the migration exists.
    place.run("CREATE TABLE version_counts (other INTEGER)");
    assert!(matches!(open(place), Err(LedgerError::Storage { .. })));
    let version = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'version'";
    assert_eq!(place.number(version), 1);
    place.run("DROP TABLE version_counts");
    // The first table of the migration was undone: otherwise, it could not be created.
    open(place).unwrap();
    assert_eq!(place.number(version), SCHEMA_VERSION);
}

pub fn damaged_rows_are_errors(place: &dyn Place) {
    let mut store = place.store();
    let key = slo("a");
    store.record(&key, &slices(3), end(3)).unwrap();
    store
        .record_incident(&incident("INC-1", START, None))
        .unwrap();
    let is_damaged = |error: LedgerError, place: &str| match error {
        LedgerError::Damaged { place: found, .. } => assert_eq!(found, place),
        other => panic!("{other:?}"),
    };
    place.run("UPDATE slices SET source = 9 WHERE seq = 0");
    is_damaged(store.slices(&key, all()).unwrap_err(), "slices.source");
    is_damaged(
        store.record(&key, &slices(3), end(3)).unwrap_err(),
        "slices.source",
    );
    place.run("UPDATE slices SET source = 0, seen = -1");
    is_damaged(store.slices(&key, all()).unwrap_err(), "slices.seen");
    place.run("UPDATE incidents SET services = 'checkout'");
    is_damaged(store.incidents(all()).unwrap_err(), "incidents.services");
    place.run("UPDATE slos SET labels = '[]'");
    is_damaged(store.slos().unwrap_err(), "slos.labels");
    place.run("UPDATE meta SET value = 'two' WHERE name = 'version'");
    is_damaged(open(place).unwrap_err(), "meta.value");
}

pub fn a_writer_waits_for_another_one(place: &dyn Place) {
    let options = StoreOptions {
        wait: Duration::from_millis(50),
        ..StoreOptions::default()
    };
    let mut store = Store::open_or_create(&place.location(), &options).unwrap();
    let unlock = place.lock();
    let error = store.record(&slo("a"), &slices(1), end(1)).unwrap_err();
    assert_eq!(error, LedgerError::Locked);
    // Reading does not wait.
    assert_eq!(store.slos().unwrap(), []);
    let mut patient = place.store();
    thread::scope(|scope| {
        let writer = scope.spawn(move || patient.record(&slo("a"), &slices(1), end(1)));
        thread::sleep(Duration::from_millis(200));
        unlock();
        assert_eq!(writer.join().unwrap().unwrap().new, 1);
    });
    assert_eq!(
        store
            .record(&slo("a"), &slices(1), end(1))
            .unwrap()
            .unchanged,
        1
    );
}
