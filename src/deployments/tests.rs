//! What the tests of all readers share.
#![allow(clippy::expect_used)]

use jiff::Timestamp;
use nth_ledger::Deployment;
use proptest::prelude::*;

use crate::{
    ReadError, Reading, Scope, Services, argo_cd, argo_rollouts, cdevents, flux, github, gitlab,
};

/// The project `shop` with the services `checkout` and `ledger`, in production.
pub(crate) fn scope() -> Scope {
    Scope {
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        from_environment: Some("production".to_owned()),
        services: Services::new(["checkout", "ledger"].map(str::to_owned), &[])
            .expect("they have no mappings"),
        known: Vec::new(),
    }
}

/// A deployment of `checkout`.
pub(crate) fn deployment(started: i64) -> Deployment {
    Deployment {
        key: "key".to_owned(),
        project: "shop".to_owned(),
        environment: Some("production".to_owned()),
        service: "checkout".to_owned(),
        started,
        finished: None,
        version: None,
        previous: None,
        source: "test".to_owned(),
        url: None,
        by: None,
        rolled_back: None,
    }
}

/// The deployments of a reading, a line each. All are of the project and its environment.
pub(crate) fn lines(reading: &Reading) -> Vec<String> {
    let clock = |seconds: i64| {
        let time = Timestamp::from_second(seconds).expect("it is a time");
        time.to_string()
            .trim_end_matches('Z')
            .split_once('T')
            .map(|(_, clock)| clock.to_owned())
            .expect("it has a clock")
    };
    let line = |found: &Deployment| {
        assert_eq!(found.project, "shop");
        assert_eq!(found.environment.as_deref(), Some("production"));
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let mut line = format!(
            "{} {} {} from {} {}",
            found.key,
            found.service,
            text(&found.version),
            text(&found.previous),
            clock(found.started)
        );
        let finished = found.finished.map(|at| format!(" to {}", clock(at)));
        let by = found.by.as_ref().map(|by| format!(" by {by}"));
        let url = found.url.as_ref().map(|url| format!(" {url}"));
        let end = found
            .rolled_back
            .map(|at| format!(", rolled back {}", clock(at)));
        for part in [finished, by, url, end].into_iter().flatten() {
            line.push_str(&part);
        }
        line
    };
    reading.deployments.iter().map(line).collect()
}

type Read = fn(&[u8], &Scope) -> Result<Reading, ReadError>;

/// The readers of documents.
const READERS: [Read; 6] = [
    argo_cd::read,
    argo_rollouts::read,
    cdevents::read,
    flux::read,
    github::read,
    gitlab::read,
];

#[test]
fn what_is_no_document_is_an_error() {
    for read in READERS {
        for text in [
            "",
            " \n",
            "<!DOCTYPE html><html></html>",
            "null",
            "7",
            "[7]",
            "{",
            "{\"kind\":7}",
            "\u{feff}{}",
            "{} x",
        ] {
            let found = read(text.as_bytes(), &scope());
            assert!(found.is_err(), "{text}: {found:?}");
        }
        // A list of nothing is no deployment.
        assert_eq!(read(b"[]", &scope()), Ok(Reading::default()));
    }
}

/// Any JSON, whose fields are those of the formats.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z0-9:/@%-]{0,9}".prop_map(Into::into),
        Just("2026-11-20T09:00:00Z".into()),
        Just("-009999-01-02T01:59:59Z".into()),
        Just("checkout".into()),
        Just("Rollout".into()),
        Just("success".into()),
        Just("pkg:oci/a@%".into()),
    ];
    let names = prop::sample::select(vec![
        "kind",
        "metadata",
        "name",
        "namespace",
        "status",
        "history",
        "id",
        "revision",
        "deployedAt",
        "items",
        "context",
        "subject",
        "url",
        "sha",
        "environment",
        "created_at",
        "currentPodHash",
        "conditions",
        "version",
        "state",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let fields = prop::collection::vec((names.clone(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Into::into),
            fields.prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                serde_json::Value::Object(fields.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_breaks_a_reader(document in json(), bytes in any::<Vec<u8>>()) {
        for read in READERS {
            let _ = read(document.to_string().as_bytes(), &scope());
            let _ = read(&bytes, &scope());
        }
    }
}
