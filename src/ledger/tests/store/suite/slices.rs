//! Slices.

use std::thread;

use nth_ledger::{
    Interval, LedgerError, Pull, Recorded, Replace, SliceSource, Store, StoreOptions, Sums,
};

use crate::examples::{START, end, slice, slices, slo};
use crate::places::Place;

fn recorded(new: usize, corrected: usize, unchanged: usize, kept: usize) -> Recorded {
    Recorded {
        new,
        corrected,
        unchanged,
        kept,
    }
}

fn all() -> Interval {
    Interval {
        from: START,
        until: end(1_000),
    }
}

pub fn are_recorded_once(place: &dyn Place) {
    let mut store = place.store();
    let slo = slo("availability");
    assert_eq!(store.watermark(&slo).unwrap(), None);
    assert_eq!(store.slices(&slo, all()).unwrap(), []);
    let read = slices(12);
    assert_eq!(
        store.record(&slo, &read, end(12)).unwrap(),
        recorded(12, 0, 0, 0)
    );
    assert_eq!(
        store.record(&slo, &read, end(12)).unwrap(),
        recorded(0, 0, 12, 0)
    );
    // The same again with more: a pull that catches up reads the last day again.
    let more = slices(20);
    assert_eq!(
        store.record(&slo, &more, end(20)).unwrap(),
        recorded(8, 0, 12, 0)
    );
    assert_eq!(store.slices(&slo, all()).unwrap(), more);
    assert_eq!(store.watermark(&slo).unwrap(), Some(end(20)));
    // An earlier part does not move the watermark back.
    store.record(&slo, &read, end(12)).unwrap();
    assert_eq!(store.watermark(&slo).unwrap(), Some(end(20)));
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 20);
    // Only what starts within the interval.
    let part = Interval {
        from: end(3),
        until: end(5),
    };
    assert_eq!(store.slices(&slo, part).unwrap(), more[3..5]);
    // Nothing was seen: it is not in the ledger, and it was read.
    let unseen = [slice(20, 0.0, 0.0, 0)];
    assert_eq!(
        store.record(&slo, &unseen, end(21)).unwrap(),
        recorded(0, 0, 1, 0)
    );
    assert_eq!(store.slices(&slo, all()).unwrap(), more);
    assert_eq!(store.watermark(&slo).unwrap(), Some(end(21)));
    let read = store.read_interval(&slo).unwrap().unwrap();
    assert_eq!((read.from, read.until), (START, end(21)));
}

pub fn keep_their_versions(place: &dyn Place) {
    let mut store = place.store();
    let slo = slo("availability");
    let first = slice(0, 1.0, 100.0, 285);
    let second = slice(0, 1.0, 105.0, 300);
    let third = slice(0, 2.0, 105.0, 300);
    for version in [first, second, third] {
        store.record(&slo, &[version], end(1)).unwrap();
    }
    let versions = store.slice_versions(&slo, all()).unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|version| (version.seq, version.slice))
        .collect();
    assert_eq!(versions, [(0, first), (1, second), (2, third)]);
    assert_eq!(store.slices(&slo, all()).unwrap(), [third]);
    let sums = store.sums(&slo, all()).unwrap();
    assert_eq!((sums.bad, sums.total, sums.slices), (2.0, 105.0, 1));
}

pub fn are_not_replaced_by_worse_ones(place: &dyn Place) {
    let mut store = place.store();
    let slo = slo("availability");
    let seen = slice(0, 3.0, 100.0, 290);
    store.record(&slo, &[seen], end(1)).unwrap();
    let worse = slice(0, 1.0, 40.0, 120);
    assert_eq!(
        store.record(&slo, &[worse], end(1)).unwrap(),
        recorded(0, 0, 0, 1)
    );
    let nothing = slice(0, 0.0, 0.0, 0);
    assert_eq!(
        store.record(&slo, &[nothing], end(1)).unwrap(),
        recorded(0, 0, 0, 1)
    );
    let mut estimate = slice(0, 3.2, 101.7, 290);
    estimate.source = SliceSource::Recorded;
    assert_eq!(
        store.record(&slo, &[estimate], end(1)).unwrap(),
        recorded(0, 0, 0, 1)
    );
    assert_eq!(store.slices(&slo, all()).unwrap(), [seen]);
    // An estimate of which more was seen is better, and exact counts of the same time are better than that.
    estimate.seen = 300;
    assert_eq!(
        store.record(&slo, &[estimate], end(1)).unwrap(),
        recorded(0, 1, 0, 0)
    );
    let exact = slice(0, 3.0, 101.0, 300);
    assert_eq!(
        store.record(&slo, &[exact], end(1)).unwrap(),
        recorded(0, 1, 0, 0)
    );
    let pull = Pull {
        slo: slo.clone(),
        slices: vec![worse],
        read: Interval {
            from: START,
            until: end(1),
        },
    };
    let forced = store.record_all(&[pull], Replace::Always).unwrap();
    assert_eq!(forced, recorded(0, 1, 0, 0));
    assert_eq!(store.slices(&slo, all()).unwrap(), [worse]);
}

pub fn are_recorded_with_their_watermark_or_not_at_all(place: &dyn Place) {
    let mut store = place.store();
    let pull = |name: &str, slices| Pull {
        slo: slo(name),
        slices,
        read: Interval {
            from: START,
            until: end(3),
        },
    };
    let good = pull("a", slices(3));
    let mut bad = slices(3);
    bad[2].total = f64::NAN;
    let error = store.record_all(&[good.clone(), pull("b", bad)], Replace::NotWorse);
    assert!(
        matches!(error, Err(LedgerError::InvalidValue { .. })),
        "{error:?}"
    );
    assert_eq!(store.slos().unwrap(), []);
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 0);
    // The database refuses the second part: the first one is undone too.
    place.run("DROP TABLE pulls");
    let error = store.record_all(&[good], Replace::NotWorse);
    assert!(
        matches!(error, Err(LedgerError::Storage { .. })),
        "{error:?}"
    );
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 0);
    assert_eq!(place.number("SELECT COUNT(*) FROM slos"), 0);
}

pub fn are_checked(place: &dyn Place) {
    let mut store = place.store();
    let valid = slice(0, 1.0, 2.0, 300);
    let mut wrong = [valid; 5];
    wrong[0].start += 1;
    wrong[1].seen = 301;
    wrong[2].bad = -1.0;
    wrong[3].total = f64::INFINITY;
    wrong[4].start += 600;
    for slice in wrong {
        let error = store.record(&slo("a"), &[slice], end(1)).unwrap_err();
        assert!(
            matches!(error, LedgerError::InvalidValue { .. }),
            "{error:?}"
        );
    }
    let error = store
        .record(&slo("a"), &[valid, valid], end(1))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot record this in the ledger: the slice at 1790812800 of production/checkout/a occurs twice"
    );
}

pub fn are_summed(place: &dyn Place) {
    let mut store = place.store();
    let mut read = slices(100);
    for slice in &mut read[40..60] {
        slice.source = SliceSource::Recorded;
        slice.seen = 200;
        slice.total = 10.5;
    }
    store.record(&slo("a"), &read, end(100)).unwrap();
    store.record(&slo("b"), &slices(3), end(3)).unwrap();
    store.register(&slo("c")).unwrap();
    // Corrections of corrections count once.
    for bad in [5.0, 6.0] {
        read[10].bad = bad;
        store.record(&slo("a"), &[read[10]], end(100)).unwrap();
    }
    let part = Interval {
        from: end(5),
        until: end(55),
    };
    let expected = Sums {
        bad: read[5..55].iter().map(|slice| slice.bad).sum(),
        total: 35.0 * 1_000.0 + 15.0 * 10.5,
        seen: 35 * 300 + 15 * 200,
        estimated: 15 * 200,
        slices: 50,
    };
    assert_eq!(store.sums(&slo("a"), part).unwrap(), expected);
    assert_eq!(store.sums_by_slo(part).unwrap(), [(slo("a"), expected)]);
    let all = store.sums_by_slo(all()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].1.total, 3_000.0);
    assert_eq!(store.sums(&slo("c"), part).unwrap(), Sums::default());
    assert_eq!(store.sums(&slo("unknown"), part).unwrap(), Sums::default());
}

pub fn of_two_writers_are_recorded_once(place: &dyn Place) {
    // Each writer records the same slices in other parts.
    let read = slices(600);
    drop(place.store());
    let write = |length: usize| {
        let location = place.location();
        let read = &read;
        move || {
            let mut store = Store::open(&location, &StoreOptions::default()).unwrap();
            let mut new = 0;
            for part in read.chunks(length) {
                let until = part.last().unwrap().end();
                for name in ["a", "b"] {
                    new += store.record(&slo(name), part, until).unwrap().new;
                }
            }
            new
        }
    };
    let new: usize = thread::scope(|scope| {
        let writers = [
            scope.spawn(write(20)),
            scope.spawn(write(30)),
            scope.spawn(write(50)),
        ];
        writers.map(|writer| writer.join().unwrap()).iter().sum()
    });
    assert_eq!(new, 1_200);
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 1_200);
    assert_eq!(place.number("SELECT COUNT(*) FROM slos"), 2);
    let mut store = place.store();
    for name in ["a", "b"] {
        assert_eq!(store.slices(&slo(name), all()).unwrap(), read);
        assert_eq!(store.watermark(&slo(name)).unwrap(), Some(end(600)));
    }
}

pub fn keep_counts_to_the_last_digit(place: &dyn Place) {
    let mut store = place.store();
    let largest = 9_007_199_254_740_992.0;
    let read = [
        slice(0, largest - 1.0, largest, 300),
        slice(1, 0.1 + 0.2, 1e-300, 1),
        slice(2, 0.0, 1e300, 0),
    ];
    store.record(&slo("a"), &read, end(3)).unwrap();
    assert_eq!(store.slices(&slo("a"), all()).unwrap(), read);
    assert_eq!(
        store.record(&slo("a"), &read, end(3)).unwrap(),
        recorded(0, 0, 3, 0)
    );
}
