//! Annotations in a Grafana that keeps them as its API does.

use std::sync::{Arc, Mutex};

use nth_ledger::{
    Deployment, Interval, Location, NamedIncident, ObjectiveVersion, Pull, Replace, Slice,
    SliceSource, Store, StoreOptions,
};
use serde_json::{Value, json};

use super::place::{Place, Ran, run};
use super::scene::{DAY, END, LEDGER, UNTIL, availability};
use super::server::{command, nthc, project};
use super::support::loopback::{Act, Loopback, ReceivedRequest, answer};

const JSON: &str = "Content-Type: application/json\r\n";

/// The annotations of a Grafana.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Value>>>);

impl Kept {
    fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// The texts with a tag, in order.
    fn texts(&self, tag: &str) -> Vec<String> {
        let has = |one: &&Value| tags(one).iter().any(|known| known == tag);
        let all = self.all();
        let mut texts: Vec<String> = { all.iter().filter(has) }
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect();
        texts.sort();
        texts
    }

    fn add(&self, mut annotation: Value) -> i64 {
        let mut all = self.0.lock().unwrap();
        let id = 1 + all
            .iter()
            .filter_map(|one| one["id"].as_i64())
            .max()
            .unwrap_or(0);
        annotation["id"] = id.into();
        // A point in time ends when it begins.
        if annotation["timeEnd"].as_i64().unwrap_or(0) == 0 {
            annotation["timeEnd"] = annotation["time"].clone();
        }
        all.push(annotation);
        id
    }
}

fn tags(annotation: &Value) -> Vec<String> {
    let tags = annotation["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).unwrap()
}

/// What Grafana responds to a request.
fn respond(kept: &Kept, request: &ReceivedRequest) -> Act {
    let json = |status: &str, value: Value| answer(status, JSON, value.to_string());
    if request.header("authorization") != Some("Bearer hunter2") {
        return json("401 Unauthorized", json!({"message": "Invalid API key"}));
    }
    let mut words = request.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let fields: Vec<(&str, String)> = { query.split('&') }
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (name, decoded(value)))
        .collect();
    let number = |name: &str| {
        let field = fields.iter().find(|(known, _)| *known == name);
        field.map(|(_, value)| value.parse::<i64>().unwrap())
    };
    let id = path.strip_prefix("/grafana/api/annotations/");
    let id = id.map(|id| id.parse::<i64>().unwrap());
    match (method, id) {
        ("GET", None) => {
            let wanted = fields.iter().filter(|(name, _)| *name == "tags");
            let wanted: Vec<&String> = wanted.map(|(_, tag)| tag).collect();
            let matches = |one: &Value| {
                let own = tags(one);
                wanted.iter().all(|tag| own.contains(tag))
                    && one["timeEnd"].as_i64() >= number("from")
                    && one["time"].as_i64() <= number("to")
            };
            // The newest first, and no more than asked for.
            let mut found: Vec<Value> = kept.all().into_iter().filter(matches).collect();
            found.sort_by_key(|one| -one["timeEnd"].as_i64().unwrap());
            let limit = usize::try_from(number("limit").unwrap_or(100)).unwrap();
            found.truncate(limit);
            json("200 OK", found.into())
        }
        ("POST", None) => {
            let id = kept.add(serde_json::from_str(&request.body).unwrap());
            json("200 OK", json!({"message": "Annotation added", "id": id}))
        }
        (_, Some(id)) => {
            let mut all = kept.0.lock().unwrap();
            let Some(place) = all.iter().position(|one| one["id"] == id) else {
                return json("404 Not Found", json!({"message": "Annotation not found"}));
            };
            if method == "DELETE" {
                all.remove(place);
                return json("200 OK", json!({"message": "Annotation deleted"}));
            }
            assert_eq!(method, "PATCH");
            let change: Value = serde_json::from_str(&request.body).unwrap();
            for (name, value) in change.as_object().unwrap() {
                all[place][name] = value.clone();
            }
            json("200 OK", json!({"message": "Annotation patched"}))
        }
        _ => json("404 Not Found", json!({"message": "Not found"})),
    }
}

fn grafana(kept: &Kept) -> Loopback {
    let kept = kept.clone();
    Loopback::new(move |request| respond(&kept, request))
}

fn annotate(place: &Place, server: &Loopback, more: &[&str]) -> Ran {
    let url = format!("{}/grafana", server.url);
    let mut all = vec!["ledger", "annotate", "--grafana", &url, "--until", UNTIL];
    all.extend(more);
    run(command(place, &all).env("NTH_GRAFANA_TOKEN", "hunter2"))
}

/// Annotates, and returns how many annotations are new, changed, deleted and unchanged.
fn counts(place: &Place, server: &Loopback, more: &[&str]) -> [u64; 4] {
    let ran = annotate(place, server, &[more, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    ["new", "changed", "deleted", "unchanged"].map(|name| report[name].as_u64().unwrap())
}

fn store(place: &Place) -> Store {
    let location = Location::parse(&place.path(LEDGER).to_string_lossy()).unwrap();
    Store::open_or_create(&location, &StoreOptions::default()).unwrap()
}

fn deployment(environment: Option<&str>, version: &str, started: i64) -> Deployment {
    Deployment {
        key: format!("{}/{version}", environment.unwrap_or("all")),
        project: "shop".into(),
        environment: environment.map(str::to_owned),
        service: "checkout".into(),
        started,
        finished: Some(started + 240),
        version: Some(version.into()),
        previous: Some("v1 & <b>old</b>".into()),
        source: "pipeline".into(),
        url: Some("https://ci.example.com/run?a=1&b=2".into()),
        by: None,
        rolled_back: None,
    }
}

fn incident(environment: Option<&str>) -> NamedIncident {
    NamedIncident {
        id: "INC-7".into(),
        project: "shop".into(),
        environment: environment.map(str::to_owned),
        services: vec!["checkout".into()],
        title: "payments down".into(),
        from: END - DAY / 2,
        until: None,
        url: None,
        by: None,
    }
}

/// Two days of an SLO, of which an hour is bad on the first.
fn slices(store: &mut Store, environment: Option<&str>) {
    let slo = availability(environment);
    let read = Interval {
        from: END - 2 * DAY,
        until: END,
    };
    let bad = |at: i64| (END - 40 * 3_600..END - 39 * 3_600).contains(&at);
    let slices = (0..2 * DAY / 300)
        .map(|slice| read.from + slice * 300)
        .map(|start| Slice {
            start,
            bad: if bad(start) { 50.0 } else { 0.0 },
            total: 100.0,
            seen: 300,
            source: SliceSource::Raw,
        });
    let pull = Pull {
        slo: slo.clone(),
        slices: slices.collect(),
        read,
    };
    store.record_all(&[pull], Replace::NotWorse).unwrap();
    let version = ObjectiveVersion {
        valid_from: read.from,
        objective: "0.999".parse().unwrap(),
        window_ms: 30 * DAY * 1_000,
        revision: None,
    };
    store.record_objective(&slo, &version).unwrap();
}

/// A project, with a ledger that has an environment.
fn ledger(environment: Option<&str>) -> Place {
    let place = Place::new();
    project(&place);
    let mut store = store(&place);
    slices(&mut store, environment);
    let started = END - DAY;
    store
        .record_deployment(&deployment(environment, "v2", started))
        .unwrap();
    store.record_incident(&incident(environment)).unwrap();
    place
}

#[test]
fn deployments_and_incidents_are_marked_once() {
    let place = ledger(Some("production"));
    let kept = Kept::default();
    // Of a pipeline, of a person, and of somebody who uses our tags.
    for foreign in [
        json!({"time": (END - DAY) * 1_000, "text": "v2", "tags": ["deploy", "checkout"]}),
        json!({"time": (END - DAY) * 1_000, "text": "coffee", "tags": []}),
        json!({"time": (END - DAY) * 1_000, "text": "mine",
            "tags": ["nthc", "project:shop", "environment:production", "service:checkout"]}),
    ] {
        kept.add(foreign);
    }
    let foreign = kept.all();
    let server = grafana(&kept);
    let ran = annotate(&place, &server, &[]);
    let url = format!("{}/grafana", server.url);
    assert_eq!(
        (ran.code, ran.out, ran.err.as_str()),
        (
            0,
            format!("annotations in {url}: 3 new, 0 changed, 0 deleted, 0 unchanged\n"),
            ""
        )
    );
    let all = kept.all();
    assert_eq!(all[..3], foreign);
    let own: Vec<&Value> = all[3..].iter().collect();
    let found = |part: &str| {
        let has = |one: &&&Value| one["text"].as_str().unwrap().contains(part);
        (*own.iter().find(has).unwrap()).clone()
    };
    let deployed = found("Deployment");
    assert_eq!(
        deployed["text"],
        "Deployment <a href=\"https://ci.example.com/run?a=1&amp;b=2\">v2</a> of checkout, after v1 &amp; \
         &lt;b&gt;old&lt;/b&gt;."
    );
    assert_eq!(deployed["time"], (END - DAY) * 1_000);
    assert_eq!(deployed["timeEnd"], (END - DAY + 240) * 1_000);
    let mut own_tags = tags(&deployed);
    let place_of_key = own_tags.iter().position(|tag| tag.starts_with("nth-key:"));
    own_tags.remove(place_of_key.unwrap());
    assert_eq!(
        own_tags,
        [
            "deployment",
            "environment:production",
            "nthc",
            "project:shop",
            "service:checkout"
        ]
    );
    let burned = found("events");
    assert_eq!(
        burned["text"],
        "Incident of checkout.availability: 600 of 1200 events were bad."
    );
    assert_eq!(burned["time"], (END - 40 * 3_600) * 1_000);
    assert_eq!(burned["timeEnd"], (END - 39 * 3_600) * 1_000);
    // What lasts ends where the ledger does.
    let named = found("INC-7");
    assert_eq!(named["text"], "Incident INC-7: payments down. It lasts.");
    assert_eq!(named["timeEnd"], END * 1_000);

    // Again, nothing is written.
    let before = server.requests().len();
    assert_eq!(counts(&place, &server, &[]), [0, 0, 0, 3]);
    let requests = server.requests();
    assert!(
        requests[before..]
            .iter()
            .all(|request| request.line.starts_with("GET "))
    );
    assert_eq!(kept.all(), all);

    // An incident ends, and a deployment is rolled back.
    let mut store = store(&place);
    let mut ended = incident(Some("production"));
    ended.until = Some(END - 3_600);
    store.record_incident(&ended).unwrap();
    let mut rolled_back = deployment(Some("production"), "v2", END - DAY);
    rolled_back.rolled_back = Some(END - DAY + 3_600);
    store.record_deployment(&rolled_back).unwrap();
    assert_eq!(counts(&place, &server, &[]), [0, 2, 0, 1]);
    assert_eq!(
        kept.texts("incident"),
        [
            "Incident INC-7: payments down.",
            "Incident of checkout.availability: 600 of 1200 events were bad."
        ]
    );
    assert!(kept.texts("deployment")[0].ends_with(". Rolled back at 2026-10-31T01:00:00Z."));
    assert_eq!(counts(&place, &server, &[]), [0, 0, 0, 3]);

    // What is no longer in the ledger is deleted, and a double.
    let ran = nthc(&place, &["incidents", "withdraw", "INC-7"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let double = kept
        .all()
        .into_iter()
        .find(|one| one["text"].as_str().unwrap().contains("events"));
    kept.add(double.unwrap());
    assert_eq!(counts(&place, &server, &[]), [0, 0, 2, 2]);
    assert_eq!(kept.texts("incident").len(), 1);
    assert_eq!(kept.all()[..3], foreign);
    // Of another time, nothing is read or written.
    assert_eq!(counts(&place, &server, &["--since", "1h"]), [0, 0, 0, 0]);
}

#[test]
fn environments_and_projects_share_a_grafana() {
    let kept = Kept::default();
    let server = grafana(&kept);
    let production = ledger(Some("production"));
    let staging = ledger(Some("staging"));
    let other = ledger(None);
    other.replace("nth.toml", "\"shop\"", "\"other\"");
    {
        let mut store = store(&other);
        let mut deployed = deployment(None, "o1", END - DAY);
        deployed.project = "other".into();
        store.record_deployment(&deployed).unwrap();
        let mut slo = availability(None);
        slo.project = "other".into();
        store.register(&slo).unwrap();
    }
    assert_eq!(counts(&production, &server, &[]), [3, 0, 0, 0]);
    // Another ledger of the same project deletes nothing of an environment that it does not know.
    assert_eq!(counts(&staging, &server, &[]), [3, 0, 0, 0]);
    assert_eq!(counts(&other, &server, &[]), [1, 0, 0, 0]);
    assert_eq!(kept.all().len(), 7);
    for (place, unchanged) in [(&production, 3), (&staging, 3), (&other, 1)] {
        assert_eq!(counts(place, &server, &[]), [0, 0, 0, unchanged]);
    }
    assert_eq!(kept.texts("environment:staging").len(), 3);
    assert_eq!(kept.texts("project:other").len(), 1);
    // Both environments in one ledger.
    let mut both = store(&production);
    slices(&mut both, Some("staging"));
    assert_eq!(
        counts(&production, &server, &["--env", "production"]),
        [0, 0, 0, 3]
    );
    let ran = annotate(&production, &server, &["--env", "prod"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn what_is_renamed_is_not_marked_twice() {
    let place = ledger(None);
    let kept = Kept::default();
    let server = grafana(&kept);
    assert_eq!(counts(&place, &server, &[]), [3, 0, 0, 0]);
    // The SLO and the service have other names in the sources; the ledger has what they were called then.
    let sources = place.read("checkout.nth");
    let renamed = sources
        .replace("slo availability", "slo answers")
        .replace("service checkout", "service basket");
    place.write("checkout.nth", renamed);
    assert_eq!(counts(&place, &server, &[]), [0, 0, 0, 3]);
    // The incident is about the service with its new name.
    let mut store = store(&place);
    let mut named = incident(None);
    named.services = vec!["basket".into()];
    named.title = "payments down, everywhere".into();
    store.record_incident(&named).unwrap();
    assert_eq!(counts(&place, &server, &[]), [0, 1, 0, 2]);
    assert_eq!(
        kept.texts("service:basket"),
        ["Incident INC-7: payments down, everywhere. It lasts."]
    );
    assert_eq!(kept.all().len(), 3);
    let chosen = counts(&place, &server, &["checkout"]);
    assert_eq!(chosen, [0, 0, 0, 2]);
}

#[test]
fn more_than_grafana_sends_at_once_is_read_in_parts() {
    let place = ledger(None);
    let kept = Kept::default();
    let server = grafana(&kept);
    assert_eq!(counts(&place, &server, &[]), [3, 0, 0, 0]);
    for number in 0..6_000_i64 {
        let time = (END - number * 400) * 1_000;
        kept.add(json!({"time": time, "text": "many", "tags": ["nthc", "project:shop"]}));
    }
    assert_eq!(counts(&place, &server, &[]), [0, 0, 0, 3]);
    assert_eq!(kept.all().len(), 6_003);
}

#[test]
fn a_grafana_that_does_not_accept_is_an_error() {
    let place = ledger(None);
    type Case = (&'static str, &'static str, &'static str, &'static str);
    let cases: [Case; 7] = [
        (
            "401 Unauthorized",
            JSON,
            r#"{"message":"Invalid API key hunter2"}"#,
            "unexpected status 401: Invalid API key <hidden>\n  help: set NTH_GRAFANA_TOKEN to a token of a service account",
        ),
        (
            "403 Forbidden",
            JSON,
            r#"{"message":"no \u001b[2J"}"#,
            "unexpected status 403: no  [2J\n  help: set NTH_GRAFANA_TOKEN",
        ),
        (
            "404 Not Found",
            JSON,
            r#"{"message":"Not found"}"#,
            "unexpected status 404: Not found\n  help: check that it is Grafana",
        ),
        (
            "200 OK",
            "Content-Type: text/html; charset=UTF-8\r\n",
            "<html>Sign in</html>",
            "the response is an HTML page\n  help: check that it is Grafana",
        ),
        (
            "200 OK",
            JSON,
            r#"{"status":"success"}"#,
            "the response is not one of Grafana's API\n  help: check that it is Grafana",
        ),
        (
            "302 Found",
            "Location: /login\r\n",
            "",
            "unexpected status 302\n  help: pass the URL that it redirects to",
        ),
        (
            "500 Internal Server Error",
            JSON,
            r#"{"message":"database is locked"}"#,
            "unexpected status 500: database is locked\n",
        ),
    ];
    for (status, headers, body, message) in cases {
        let server = Loopback::new(move |_| answer(status, headers, body));
        let ran = annotate(&place, &server, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        let start = format!(
            "error: cannot read the annotations of Grafana at {}/grafana: ",
            server.url
        );
        assert!(ran.err.starts_with(&start), "{ran:?}");
        assert!(ran.err.contains(message), "{status}: {ran:?}");
        assert!(
            !ran.err.contains("hunter2") && !ran.err.contains('\u{1b}'),
            "{ran:?}"
        );
    }
    // A failed write is not repeated, as the annotation may be there; the next one completes what is missing.
    let kept = Kept::default();
    let failing = kept.clone();
    let server = Loopback::new(move |request| match request.line.starts_with("POST ") {
        true => answer("500 Internal Server Error", JSON, "{}"),
        false => respond(&failing, request),
    });
    let ran = annotate(&place, &server, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .contains("cannot write an annotation of Grafana at "),
        "{ran:?}"
    );
    let posts = server.requests();
    assert_eq!(
        posts
            .iter()
            .filter(|request| request.line.starts_with("POST "))
            .count(),
        1
    );
    assert_eq!(counts(&place, &grafana(&kept), &[]), [3, 0, 0, 0]);
    for (url, message) in [
        ("grafana.example.com", "invalid URL in `--grafana`"),
        (
            "https://ana:hunter2@grafana.example.com",
            "pass a token in NTH_GRAFANA_TOKEN",
        ),
    ] {
        let ran = nthc(&place, &["ledger", "annotate", "--grafana", url]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err.contains(message) && !ran.err.contains("hunter2"),
            "{ran:?}"
        );
    }
}
