//! A disk that is full.

use nth_ledger::{LedgerError, Store, StoreOptions};

use crate::examples::{end, slices, slo};
use crate::places::{File, Place as _};

#[test]
fn a_full_disk_loses_nothing() {
    let place = File::new();
    let options = StoreOptions {
        max_bytes: Some(200_000),
        ..StoreOptions::default()
    };
    let mut store = Store::open_or_create(&place.location(), &options).unwrap();
    let read = slices(288);
    let mut recorded = 0;
    let error = loop {
        match store.record(&slo(&format!("slo-{recorded:03}")), &read, end(288)) {
            Ok(_) => recorded += 1,
            Err(error) => break error,
        }
        assert!(recorded < 1_000, "the limit has no effect");
    };
    assert_eq!(error, LedgerError::DiskFull);
    assert!(recorded > 5, "{recorded}");
    // The part that failed was undone as a whole, and all before it can be read.
    let all = nth_ledger::Interval {
        from: read[0].start,
        until: end(288),
    };
    assert_eq!(store.slos().unwrap().len(), recorded);
    drop(store);
    // With space again, it continues where it was.
    let mut store = place.store();
    for number in 0..=recorded {
        let slo = slo(&format!("slo-{number:03}"));
        let result = store.record(&slo, &read, end(288)).unwrap();
        assert_eq!(result.new, if number < recorded { 0 } else { 288 });
        assert_eq!(store.slices(&slo, all).unwrap(), read);
    }
    assert_eq!(
        place.number("SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check != 'ok'"),
        0
    );
}
