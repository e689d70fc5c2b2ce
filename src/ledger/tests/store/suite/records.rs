//! Everything beside slices.

use nth_ledger::{AlertReads, Change, Interval, LedgerError, SloKey, Version, VersionCounts};

use crate::examples::{START, deployment, end, episode, incident, objective, slices, slo};
use crate::places::Place;

fn all() -> Interval {
    Interval {
        from: START - 100_000,
        until: START + 100_000,
    }
}

pub fn keys_differ_in_every_part(place: &dyn Place) {
    let mut store = place.store();
    let base = slo("availability");
    let mut keys = vec![base.clone(); 7];
    keys[1].project = "shop2".into();
    keys[2].environment = None;
    keys[3].environment = Some(String::new());
    keys[4].service = "cart".into();
    keys[5].slo = "latency".into();
    keys[6].group.insert("region".into(), "eu".into());
    for key in &keys {
        assert_eq!(store.register(key).unwrap(), Change::New, "{key:?}");
        store.record(key, &slices(1), end(1)).unwrap();
    }
    for key in &keys {
        assert_eq!(store.register(key).unwrap(), Change::Unchanged, "{key:?}");
    }
    keys.sort();
    assert_eq!(store.slos().unwrap(), keys);
    let by_slo = store.sums_by_slo(all()).unwrap();
    let found: Vec<SloKey> = by_slo.into_iter().map(|(key, _)| key).collect();
    assert_eq!(found, keys);
}

pub fn hostile_texts_come_back(place: &dyn Place) {
    let mut store = place.store();
    let texts = [
        "'; DROP TABLE slices; --",
        "\"quoted\" \\ ?1 $1 {identity} %s",
        "\u{1b}[31mred\u{7}\r\n",
        "日本語 🦀 \u{202e}",
    ];
    for text in texts {
        let mut key = slo(text);
        key.group.insert(text.into(), text.into());
        assert_eq!(store.register(&key).unwrap(), Change::New);
        assert!(store.slos().unwrap().contains(&key));
        let mut named = incident(text, START, None);
        named.title = text.into();
        named.services = vec![text.into()];
        store.record_incident(&named).unwrap();
        assert!(store.incidents(all()).unwrap().contains(&named));
        let mut deployed = deployment(text, START);
        deployed.by = Some(text.into());
        store.record_deployment(&deployed).unwrap();
        assert_eq!(store.deployment(text).unwrap(), Some(deployed));
    }
    // A label may have a NUL character, and is stored as JSON; other texts may not.
    let mut key = slo("a");
    key.group.insert("label".into(), "a\0b".into());
    store.register(&key).unwrap();
    assert!(store.slos().unwrap().contains(&key));
    let error = store
        .record_incident(&incident("a\0b", START, None))
        .unwrap_err();
    assert!(
        matches!(error, LedgerError::InvalidValue { .. }),
        "{error:?}"
    );
}

pub fn objectives_are_as_they_were(place: &dyn Place) {
    let mut store = place.store();
    let slo = slo("availability");
    assert_eq!(store.objectives(&slo).unwrap(), []);
    let first = objective(START, "0.999", "a1");
    let second = objective(START + 1_000, "0.9995", "b2");
    assert_eq!(store.record_objective(&slo, &first).unwrap(), Change::New);
    assert_eq!(store.record_objective(&slo, &second).unwrap(), Change::New);
    assert_eq!(
        store.record_objective(&slo, &second).unwrap(),
        Change::Unchanged
    );
    // A revision that changes something else begins no version.
    let same = objective(START + 500, "0.9990", "a2");
    assert_eq!(
        store.record_objective(&slo, &same).unwrap(),
        Change::Unchanged
    );
    assert_eq!(
        store.objectives(&slo).unwrap(),
        [first.clone(), second.clone()]
    );
    // It was recorded with the wrong number.
    let fixed = objective(START + 1_000, "0.998", "b3");
    assert_eq!(
        store.record_objective(&slo, &fixed).unwrap(),
        Change::Corrected
    );
    assert_eq!(
        store.objectives(&slo).unwrap(),
        [first.clone(), fixed.clone()]
    );
    // The number of before, which makes the version disappear. Both stay in the table.
    let undone = objective(START + 1_000, "0.999", "b4");
    assert_eq!(
        store.record_objective(&slo, &undone).unwrap(),
        Change::Corrected
    );
    assert_eq!(store.objectives(&slo).unwrap(), [first]);
    assert_eq!(place.number("SELECT COUNT(*) FROM objective_versions"), 4);
    let mut wrong = objective(START, "1.5", "c");
    assert!(store.record_objective(&slo, &wrong).is_err());
    wrong.objective = "0.5".parse().unwrap();
    wrong.window_ms = 0;
    assert!(store.record_objective(&slo, &wrong).is_err());
}

pub fn a_deployment_is_completed_by_later_reports(place: &dyn Place) {
    let mut store = place.store();
    let report = deployment("d1", START);
    assert_eq!(store.record_deployment(&report).unwrap(), Change::New);
    assert_eq!(store.record_deployment(&report).unwrap(), Change::Unchanged);
    let mut finished = report.clone();
    finished.finished = Some(START + 60);
    assert_eq!(
        store.record_deployment(&finished).unwrap(),
        Change::Corrected
    );
    // The first report again takes nothing away.
    assert_eq!(store.record_deployment(&report).unwrap(), Change::Unchanged);
    // Another source adds what is missing, and does not argue about the rest.
    let mut other = deployment("d1", START + 30);
    other.source = "argo-cd".into();
    other.version = Some("v3".into());
    other.by = Some("ci".into());
    other.finished = Some(START + 90);
    assert_eq!(store.record_deployment(&other).unwrap(), Change::Corrected);
    assert_eq!(store.record_deployment(&other).unwrap(), Change::Unchanged);
    assert_eq!(
        store.record_deployment(&finished).unwrap(),
        Change::Unchanged
    );
    let mut rolled_back = finished.clone();
    rolled_back.rolled_back = Some(START + 600);
    assert_eq!(
        store.record_deployment(&rolled_back).unwrap(),
        Change::Corrected
    );
    let mut expected = rolled_back;
    expected.by = Some("ci".into());
    assert_eq!(store.deployment("d1").unwrap(), Some(expected.clone()));
    // The same source corrects itself, also the start.
    expected.started = START - 60;
    assert_eq!(
        store.record_deployment(&expected).unwrap(),
        Change::Corrected
    );
    let second = deployment("d0", START - 60);
    store.record_deployment(&second).unwrap();
    store
        .record_deployment(&deployment("late", START + 200_000))
        .unwrap();
    assert_eq!(store.deployments(all()).unwrap(), [second, expected]);
    assert_eq!(
        place.number("SELECT COUNT(*) FROM deployments WHERE key = 'd1'"),
        5
    );
    let mut wrong = deployment("d2", START);
    wrong.finished = Some(START - 1);
    assert!(store.record_deployment(&wrong).is_err());
    assert!(store.record_deployment(&deployment("", START)).is_err());
    assert_eq!(store.deployment("d2").unwrap(), None);
}

pub fn incidents_are_corrected_and_withdrawn(place: &dyn Place) {
    let mut store = place.store();
    let open = incident("INC-1", START, None);
    assert_eq!(store.record_incident(&open).unwrap(), Change::New);
    assert_eq!(store.record_incident(&open).unwrap(), Change::Unchanged);
    let ended = incident("INC-1", START, Some(START + 600));
    assert_eq!(store.record_incident(&ended).unwrap(), Change::Corrected);
    let other = incident("INC-2", START + 1_200, None);
    store.record_incident(&other).unwrap();
    assert_eq!(
        store.incidents(all()).unwrap(),
        [ended.clone(), other.clone()]
    );
    let within = |from, until| Interval { from, until };
    assert_eq!(store.incidents(within(START - 50, START)).unwrap(), []);
    assert_eq!(
        store.incidents(within(START + 600, START + 700)).unwrap(),
        []
    );
    assert_eq!(
        store.incidents(within(START + 599, START + 700)).unwrap(),
        [ended.clone()]
    );
    assert_eq!(
        store
            .incidents(within(START + 90_000, START + 90_001))
            .unwrap(),
        [other.clone()]
    );
    // The same id in another project is another incident.
    assert_eq!(
        store.withdraw_incident("blog", "INC-1").unwrap(),
        Change::Unchanged
    );
    assert_eq!(
        store.withdraw_incident("shop", "INC-1").unwrap(),
        Change::Corrected
    );
    assert_eq!(
        store.withdraw_incident("shop", "INC-1").unwrap(),
        Change::Unchanged
    );
    assert_eq!(store.incidents(all()).unwrap(), [other.clone()]);
    assert_eq!(store.record_incident(&ended).unwrap(), Change::Corrected);
    assert_eq!(store.incidents(all()).unwrap(), [ended, other]);
    assert_eq!(
        place.number("SELECT COUNT(*) FROM incidents WHERE id = 'INC-1'"),
        4
    );
    assert!(
        store
            .record_incident(&incident("INC-3", START, Some(START - 1)))
            .is_err()
    );
}

pub fn parts_of_an_episode_are_one(place: &dyn Place) {
    let mut store = place.store();
    let times = |store: &mut nth_ledger::Store| -> Vec<(i64, Option<i64>)> {
        let episodes = store.episodes(all()).unwrap();
        episodes
            .iter()
            .map(|episode| (episode.from, episode.until))
            .collect()
    };
    let record = |store: &mut nth_ledger::Store, from: i64, until: Option<i64>| {
        store
            .record_episode(&episode(
                "Burn",
                START + from,
                until.map(|until| START + until),
            ))
            .unwrap()
    };
    assert_eq!(record(&mut store, 100, None), Change::New);
    assert_eq!(record(&mut store, 100, None), Change::Unchanged);
    // It was resolved; a later read began in the middle of it.
    assert_eq!(record(&mut store, 100, Some(400)), Change::Corrected);
    assert_eq!(record(&mut store, 200, Some(400)), Change::Unchanged);
    assert_eq!(record(&mut store, 200, Some(500)), Change::Corrected);
    assert_eq!(record(&mut store, 50, Some(450)), Change::Corrected);
    assert_eq!(times(&mut store), [(START + 50, Some(START + 500))]);
    // Another one later, and one that connects both.
    assert_eq!(record(&mut store, 900, Some(1_000)), Change::New);
    assert_eq!(times(&mut store).len(), 2);
    assert_eq!(record(&mut store, 500, Some(950)), Change::Corrected);
    assert_eq!(times(&mut store), [(START + 50, Some(START + 1_000))]);
    // An alert with other labels is another one.
    let mut other = episode("Burn", START + 60, Some(START + 70));
    other.labels.insert("long_window".into(), "6h".into());
    assert_eq!(store.record_episode(&other).unwrap(), Change::New);
    assert_eq!(store.episodes(all()).unwrap().last(), Some(&other));
    let before = Interval {
        from: START,
        until: START + 50,
    };
    assert_eq!(store.episodes(before).unwrap(), []);
    assert!(
        store
            .record_episode(&episode("Burn", START, Some(START - 1)))
            .is_err()
    );
}

pub fn counts_of_versions_are_recorded_once(place: &dyn Place) {
    let mut store = place.store();
    let count = |minute: i64, version, bad, total| VersionCounts {
        slo: slo("availability"),
        deployment: "d1".into(),
        stratum: START + minute * 60,
        version,
        bad,
        total,
    };
    let counts = vec![
        count(0, Version::Old, 1.0, 90.0),
        count(0, Version::New, 3.0, 10.0),
        count(1, Version::Old, 0.0, 80.0),
    ];
    let recorded = store.record_version_counts(&counts).unwrap();
    assert_eq!((recorded.new, recorded.unchanged), (3, 0));
    let recorded = store.record_version_counts(&counts).unwrap();
    assert_eq!((recorded.new, recorded.unchanged), (0, 3));
    // Retention has removed samples; other samples arrived late.
    let lost = count(0, Version::Old, 0.0, 40.0);
    let late = count(0, Version::New, 4.0, 12.0);
    let recorded = store.record_version_counts(&[lost, late.clone()]).unwrap();
    assert_eq!((recorded.kept, recorded.corrected), (1, 1));
    let expected = [counts[0].clone(), late, counts[2].clone()];
    assert_eq!(
        store.version_counts(&slo("availability"), "d1").unwrap(),
        expected
    );
    assert_eq!(
        store.version_counts(&slo("availability"), "d2").unwrap(),
        []
    );
    assert_eq!(store.version_counts(&slo("latency"), "d1").unwrap(), []);
    assert!(
        store
            .record_version_counts(&[count(2, Version::Old, f64::NAN, 1.0)])
            .is_err()
    );
}

pub fn alerts_are_known_where_they_were_read(place: &dyn Place) {
    let mut store = place.store();
    let time = |from: i64, until: i64| Interval { from, until };
    let (project, environment) = ("shop", Some("production"));
    let mut record = |asked, known: &[Interval]| {
        store
            .record_alert_reads(project, environment, asked, known)
            .unwrap()
    };
    assert_eq!(record(time(0, 100), &[]), Change::New);
    assert_eq!(record(time(0, 100), &[time(50, 50)]), Change::Unchanged);
    assert_eq!(
        record(time(200, 300), &[time(200, 250), time(280, 300)]),
        Change::Corrected
    );
    // Intervals that touch are one.
    record(time(100, 200), &[time(150, 200)]);
    assert_eq!(record(time(40, 120), &[]), Change::Unchanged);
    let reads = store.alert_reads(project, environment).unwrap();
    assert_eq!(reads.asked, [time(0, 300)]);
    assert_eq!(reads.known, [time(150, 250), time(280, 300)]);
    for environment in [None, Some("staging")] {
        let others = store.alert_reads(project, environment).unwrap();
        assert_eq!(others, AlertReads::default());
    }
}
