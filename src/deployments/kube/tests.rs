#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

use super::*;
use crate::tests::{lines, scope};
use crate::{Services, Skipped};

/// The start of the range.
const NINE: i64 = 1_795_251_600;

const RANGE: Range = Range {
    from: NINE,
    until: NINE + 86_400,
    step: 60,
};

/// A ReplicaSet that was created some minutes after nine, and has replicas in some of them.
fn set(name: &str, created: i64, minutes: &[std::ops::Range<i64>]) -> Series {
    set_in("shop", "checkout", name, created, minutes)
}

fn set_in(
    namespace: &str,
    owner: &str,
    name: &str,
    created: i64,
    minutes: &[std::ops::Range<i64>],
) -> Series {
    let minutes = minutes.iter().flat_map(|minutes| minutes.clone());
    #[allow(clippy::cast_precision_loss)]
    let value = (NINE + created * 60) as f64;
    Series {
        labels: labels(&[
            ("namespace", namespace),
            ("replicaset", &format!("{owner}-{name}")),
            ("owner_kind", "Deployment"),
            ("owner_name", owner),
        ]),
        samples: minutes.map(|minute| (NINE + minute * 60, value)).collect(),
    }
}

fn image(set: &str, tag: &str) -> Series {
    Series {
        labels: labels(&[
            ("namespace", "shop"),
            ("owner_name", &format!("checkout-{set}")),
            ("container", "app"),
            ("image", &format!("registry.example.com/checkout:{tag}")),
            (
                "image_id",
                &format!("registry.example.com/checkout@sha256:{}", tag.repeat(32)),
            ),
        ]),
        samples: vec![(NINE, 1.0)],
    }
}

fn labels(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = all.iter();
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read_series(sets: &[Series], images: &[Series]) -> Reading {
    let (reading, missing) = read(sets, images, &["checkout"], RANGE, &scope()).unwrap();
    assert_eq!(missing, Vec::<String>::new());
    reading
}

#[test]
fn a_new_replica_set_with_other_images_is_a_deployment() {
    // The old one is scaled down three minutes later.
    let sets = [set("a1", -9_000, &[0..64]), set("b1", 60, &[61..200])];
    let reading = read_series(&sets, &[image("a1", "14"), image("b1", "15")]);
    assert_eq!(
        lines(&reading),
        [
            "kube-state-metrics:shop:production:shop/checkout:checkout:checkout-b1:1795255200 checkout 15 from 14 10:00:00 to 10:04:00"
        ]
    );
    assert_eq!(reading.skipped, BTreeMap::new());
}

#[test]
fn the_same_images_scaling_and_replaced_pods_are_none() {
    // A restart at ten, scaled to zero at eleven, a pod on another node at noon.
    let sets = [
        set("a1", -9_000, &[0..62]),
        set("b1", 60, &[61..120, 150..300]),
    ];
    let images = [image("a1", "14"), image("b1", "14"), image("b1", "14")];
    let reading = read_series(&sets, &images);
    assert_eq!(reading.deployments, []);
    assert_eq!(reading.skipped, [(Skipped::SameArtifact, 1)].into());
}

#[test]
fn an_earlier_replica_set_with_replicas_again_is_a_roll_back() {
    let sets = [
        set("a1", -9_000, &[0..62, 90..200]),
        set("b1", 60, &[61..92]),
    ];
    let reading = read_series(&sets, &[image("a1", "14"), image("b1", "15")]);
    assert_eq!(
        lines(&reading),
        [
            "kube-state-metrics:shop:production:shop/checkout:checkout:checkout-b1:1795255200 checkout 15 from 14 10:00:00 to 10:02:00, rolled back 10:30:00"
        ]
    );
    assert_eq!(reading.skipped, [(Skipped::RollBack, 1)].into());
}

#[test]
fn a_roll_out_that_does_not_end_is_rolled_back_without_a_new_lead() {
    let sets = [set("a1", -9_000, &[0..200]), set("b1", 60, &[61..80])];
    let reading = read_series(&sets, &[image("a1", "14"), image("b1", "15")]);
    assert_eq!(
        lines(&reading),
        [
            "kube-state-metrics:shop:production:shop/checkout:checkout:checkout-b1:1795255200 checkout 15 from 14 10:00:00, rolled back 10:20:00"
        ]
    );
}

#[test]
fn a_return_to_a_replica_set_from_before_the_range_is_a_roll_back() {
    let mut scope = scope();
    let before = [set("a1", -9_000, &[0..5]), set("b1", 1, &[2..10])];
    let images = [image("a1", "14"), image("b1", "15")];
    let (reading, _) = read(&before, &images, &["checkout"], RANGE, &scope).unwrap();
    scope.known = reading.deployments;
    assert_eq!(scope.known.len(), 1);
    // The next pull sees only that the newer one is replaced by an older one.
    let later = Range {
        from: NINE + 6_000,
        ..RANGE
    };
    let sets = [set("b1", 1, &[100..150]), set("a1", -9_000, &[149..200])];
    let (reading, _) = read(&sets, &images, &["checkout"], later, &scope).unwrap();
    assert_eq!(reading.deployments.len(), 1);
    assert_eq!(reading.deployments[0].key, scope.known[0].key);
    assert!(
        lines(&reading)[0].ends_with(", rolled back 11:29:00"),
        "{reading:?}"
    );
}

#[test]
fn a_roll_out_shows_although_images_are_unknown() {
    let sets = [set("a1", -9_000, &[0..64]), set("b1", 60, &[61..200])];
    let reading = read_series(&sets, &[image("a1", "14")]);
    assert!(
        lines(&reading)[0].contains(" checkout b1 from 14 10:00:00"),
        "{reading:?}"
    );
}

#[test]
fn the_first_of_an_object_is_one_only_if_it_is_new() {
    let new = read_series(&[set("a1", 60, &[61..200])], &[image("a1", "14")]);
    assert!(
        lines(&new)[0].contains(" checkout 14 from - 10:00:00 to 10:01:00"),
        "{new:?}"
    );
    // Its series begin later: what ran before is unknown.
    let old = read_series(&[set("a1", 60, &[100..200])], &[image("a1", "14")]);
    assert_eq!(old, Reading::default());
}

#[test]
fn overlapping_pulls_say_the_same() {
    let sets = [
        set("a1", -9_000, &[0..62]),
        set("b1", 60, &[61..120]),
        set("c1", 118, &[119..300]),
    ];
    let images = [image("a1", "14"), image("b1", "15"), image("c1", "16")];
    let all = read_series(&sets, &images);
    let later = Range {
        from: NINE + 3_000,
        ..RANGE
    };
    let cut = |series: &Series| Series {
        samples: series
            .samples
            .iter()
            .filter(|(at, _)| *at >= later.from)
            .copied()
            .collect(),
        ..series.clone()
    };
    let sets: Vec<Series> = sets.iter().map(cut).collect();
    let (reading, _) = read(&sets, &images, &["checkout"], later, &scope()).unwrap();
    assert_eq!(reading, all);
    assert_eq!(all.deployments.len(), 2);
}

#[test]
fn objects_are_found_by_name_or_mapping() {
    let both = [
        set("a1", 1, &[2..9]),
        set_in("staging", "checkout", "a1", 1, &[2..9]),
        set_in("shop", "web", "a1", 1, &[2..9]),
    ];
    let with = |mappings: &[&str]| {
        let mut scope = scope();
        let mappings: Vec<String> = mappings.iter().map(|&text| text.to_owned()).collect();
        let names = ["checkout", "ledger"].map(str::to_owned);
        scope.services = Services::new(names, &mappings).unwrap();
        scope
    };
    let asked = ["checkout", "ledger"];
    let plain = with(&[]);
    let error = read(&both, &[], &asked, RANGE, &plain).unwrap_err();
    assert_eq!(
        error.to_string(),
        "service `checkout` has Deployments of the same name in several namespaces: `shop/checkout`, `staging/checkout`"
    );
    assert_eq!(
        object_names(&plain, "checkout"),
        ["checkout".to_owned()].into()
    );
    let keys = |scope: &Scope| {
        let (reading, missing) = read(&both, &[], &asked, RANGE, scope).unwrap();
        let keys = reading.deployments.into_iter().map(|found| found.key);
        let keys: Vec<String> = keys
            .map(|key| key.split(':').nth(3).unwrap().to_owned())
            .collect();
        (keys, missing.join(","))
    };
    let mapped = with(&["shop/checkout=checkout", "web=ledger"]);
    assert_eq!(
        keys(&mapped),
        (
            vec!["shop/checkout".to_owned(), "shop/web".to_owned()],
            String::new()
        )
    );
    assert_eq!(object_names(&mapped, "ledger"), ["web".to_owned()].into());
    let taken = with(&["shop/web=checkout"]);
    assert_eq!(
        keys(&taken),
        (vec!["shop/web".to_owned()], "ledger".to_owned())
    );
    // A name that is mapped to another service is no longer that of its own.
    let crossed = with(&["checkout=ledger"]);
    assert_eq!(object_names(&crossed, "checkout"), BTreeSet::new());
}

#[test]
fn a_value_that_is_no_time_is_an_error() {
    let mut wrong = set("a1", 1, &[2..9]);
    wrong.samples[0].1 = 5.0;
    let error = read(&[wrong], &[], &["checkout"], RANGE, &scope()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the creation of ReplicaSet `shop/checkout-a1` is not a time in seconds: 5"
    );
}
