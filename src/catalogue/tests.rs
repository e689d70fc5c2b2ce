#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const METADATA: &str = r#"{"status":"success","data":{
  "http_requests_total":[{"type":"counter","help":"Requests.","unit":""}],
  "http_request_duration_seconds":[{"type":"histogram","help":"How long requests take.","unit":"seconds"}],
  "rpc_duration_seconds":[{"type":"histogram","help":"How long calls take.","unit":"seconds"}],
  "gc_duration_seconds":[{"type":"summary","help":"Pauses.","unit":""}],
  "queue_count":[{"type":"gauge","help":"Jobs that wait.","unit":""}],
  "jobs":[{"type":"counter","help":"Jobs done.","unit":""}],
  "torn":[{"type":"gauge","help":"b","unit":""},{"type":"counter","help":"a","unit":""}]
}}"#;

const SERIES: &str = r#"{"status":"success","data":[
  {"__name__":"http_requests_total","job":"checkout","instance":"a:1","code":"200"},
  {"__name__":"http_requests_total","job":"checkout","instance":"b:1","code":"500"},
  {"__name__":"http_request_duration_seconds_bucket","job":"checkout","le":"10"},
  {"__name__":"http_request_duration_seconds_bucket","job":"checkout","le":"+Inf"},
  {"__name__":"http_request_duration_seconds_bucket","job":"checkout","le":"0.25"},
  {"__name__":"http_request_duration_seconds_bucket","job":"checkout","le":"2.5"},
  {"__name__":"http_request_duration_seconds_count","job":"checkout"},
  {"__name__":"http_request_duration_seconds_sum","job":"checkout"},
  {"__name__":"rpc_duration_seconds","job":"checkout","method":"Pay"},
  {"__name__":"gc_duration_seconds","job":"checkout","quantile":"0.5"},
  {"__name__":"gc_duration_seconds_sum","job":"checkout"},
  {"__name__":"gc_duration_seconds_count","job":"checkout"},
  {"__name__":"queue_count","job":"checkout"},
  {"__name__":"jobs_total","job":"checkout","empty":""},
  {"__name__":"torn","job":"checkout"},
  {"__name__":"unsaid_bucket","job":"checkout","le":"1"},
  {"__name__":"job:requests:rate5m","job":"checkout"}
]}"#;

fn example() -> BTreeMap<String, Metric> {
    let fixed = BTreeSet::from(["job".to_owned()]);
    metrics(
        &series(SERIES.as_bytes()).unwrap(),
        &metadata(METADATA.as_bytes()).unwrap(),
        &fixed,
    )
}

#[test]
fn series_become_metrics() {
    let mut lock = Lock::default();
    let section = Section {
        used_by: BTreeSet::from(["checkout".to_owned()]),
        metrics: example(),
        errors: Vec::new(),
    };
    lock.selectors
        .insert("{job=\"checkout\"}".to_owned(), section);
    insta::assert_snapshot!(lock.to_text().unwrap());
}

#[test]
fn the_order_of_an_answer_changes_nothing() {
    let turn = |text: &str| -> serde_json::Value {
        let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
        match &mut answer["data"] {
            serde_json::Value::Array(items) => items.reverse(),
            serde_json::Value::Object(entries) => {
                for said in entries.values_mut() {
                    said.as_array_mut().unwrap().reverse();
                }
            }
            _ => unreachable!(),
        }
        answer
    };
    let turned = metrics(
        &series(turn(SERIES).to_string().as_bytes()).unwrap(),
        &metadata(turn(METADATA).to_string().as_bytes()).unwrap(),
        &BTreeSet::from(["job".to_owned()]),
    );
    assert_eq!(turned, example());
}

/// Creates `numbers` series of a gauge, with the index as the value of `label`.
fn numbered_series(label: &str, numbers: usize) -> Metric {
    let data: Vec<_> = (0..numbers)
        .map(|number| serde_json::json!({"__name__": "x", label: number.to_string()}))
        .collect();
    let answer = serde_json::json!({"status": "success", "data": data}).to_string();
    let gathered = series(answer.as_bytes()).unwrap();
    metrics(&gathered, &Metadata::default(), &BTreeSet::new())
        .remove("x")
        .unwrap()
}

#[test]
fn values_are_listed_while_they_are_few_and_stay() {
    let listed = |label, numbers| {
        numbered_series(label, numbers)
            .values
            .get(label)
            .map(BTreeSet::len)
    };
    assert_eq!(listed("route", MOST_VALUES), Some(MOST_VALUES));
    assert_eq!(listed("route", MOST_VALUES + 1), None);
    assert_eq!(listed("pod", 1), None);
    // A gauge may have a label `le`, which does not make it a histogram.
    assert_eq!(listed("le", MOST_VALUES + 1), None);
    let many = numbered_series("route", MOST_VALUES + 1);
    assert!(many.labels.contains("route"));
    assert_eq!(many.metric_type, MetricType::Unknown);
}

#[test]
fn many_bounds_are_all_kept() {
    let data: Vec<_> = (0..50)
        .map(|bound| serde_json::json!({"__name__": "x_bucket", "le": bound.to_string()}))
        .collect();
    let answer = serde_json::json!({"status": "success", "data": data}).to_string();
    let gathered = series(answer.as_bytes()).unwrap();
    let found = metrics(&gathered, &Metadata::default(), &BTreeSet::new());
    let bounds: Vec<String> = (0..50).map(|bound: u32| bound.to_string()).collect();
    assert_eq!(found["x"].buckets, bounds);
}

#[test]
fn an_answer_that_is_not_whole_is_none() {
    let refused = |text: &str| series(text.as_bytes()).unwrap_err().to_string();
    let said: Vec<String> = [
        "<!doctype html><title>Sign in</title>",
        "",
        r#"{"status":"success","data":[{"__na"#,
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":{"resultType":"vector"}}"#,
        r#"{"status":"success","data":[{"job":"checkout"}]}"#,
        r#"{"status":"success","data":[{"__name__":7}]}"#,
        r#"{"status":"success","data":[]} and more"#,
        r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
        r#"{"status":"error","data":{},"error":"parse error"}"#,
        r#"{"status":"success","data":[],"warnings":["store-2 did not answer"]}"#,
        r#"["success"]"#,
        r#"{"status":"success","data":[],"isPartial":true}"#,
        r#"{"status":"success","data":[],"isPartial":null}"#,
        r#"{"status":"success","data":[],"error":"query timed out"}"#,
        r#"{"status":"success","data":[],"infos":["PromQL info: ignored histogram in sum aggregation"]}"#,
        "upstream connect error",
    ]
    .into_iter()
    .map(|text| format!("{text}\n  {}", refused(text)))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
    assert!(metadata(br#"{"status":"success","data":[]}"#).is_err());
    assert_eq!(
        series(br#"{"status":"success","data":[],"infos":["x"],"warnings":[]}"#),
        Ok(Gathered::default())
    );
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    let mut lock = Lock::default();
    let section = Section {
        used_by: BTreeSet::new(),
        metrics: example(),
        errors: vec![ErrorSeries {
            bad: "a{b=\"it's\"}".to_owned(),
            total: "a".to_owned(),
            initialized: Initialized::Targets,
        }],
    };
    for environment in [None, Some("staging")] {
        lock.sections_mut(environment)
            .insert("{job=\"checkout\"}".to_owned(), section.clone());
        lock.sections_mut(environment)
            .insert("{job=~\"it's\\\\n\"}".to_owned(), Section::default());
    }
    let metric = Metric {
        help: Some("\"quoted\"\n'''\u{1b}[0m = # é".to_owned()),
        suffixes: BTreeSet::from([String::new()]),
        ..Metric::default()
    };
    lock.sections_mut(None)
        .entry("{}".to_owned())
        .or_default()
        .metrics
        .insert("a metric with.dots \"and\" quotes".to_owned(), metric);
    let text = lock.to_text().unwrap();
    let read = Lock::parse(&text).unwrap();
    assert_eq!(read, lock);
    assert_eq!(read.to_text().unwrap(), text);
    assert!(!text.contains('\u{1b}'));
    assert!(
        read.section(Some("staging"), "{job=\"checkout\"}")
            .is_some()
    );
    assert!(read.section(Some("gone"), "{job=\"checkout\"}").is_none());
}

#[test]
fn another_file_is_no_lock() {
    let refused = |text: &str| Lock::parse(text).unwrap_err().to_string();
    assert_eq!(
        refused("version = 3\nnew = 1\n"),
        "version 3 is not supported: this nthc supports versions up to 2"
    );
    assert!(refused("").contains("version"));
    assert!(refused("version = 1\nnew = 1\n").contains("unknown field `new`"));
    let conflict = refused("version = 1\n\n<<<<<<< HEAD\n");
    assert!(conflict.starts_with("line 3: "), "{conflict}");
}

#[test]
fn selectors_by_hand_have_one_spelling() {
    let spelled = |text| canonical(text).map(|(text, _)| text);
    assert_eq!(
        spelled("{ job = 'checkout',env=\"prod\" }").unwrap(),
        r#"{env="prod",job="checkout"}"#
    );
    assert_eq!(spelled("up").unwrap(), "up");
    assert_eq!(
        canonical(r#"{job="a", pod=~"b.*"}"#).unwrap().1,
        BTreeSet::from(["job".to_owned()])
    );
    for wrong in ["", "{", "rate(x[5m])", "x[5m]", "x offset 5m", "1"] {
        assert!(canonical(wrong).is_err(), "{wrong}");
    }
}

fn any_metric() -> impl Strategy<Value = Metric> {
    use proptest::collection::{btree_map, btree_set, vec};
    (
        prop::sample::select(vec![
            MetricType::Counter,
            MetricType::GaugeHistogram,
            MetricType::StateSet,
            MetricType::Unknown,
        ]),
        (
            proptest::option::of(any::<String>()),
            proptest::option::of(any::<String>()),
        ),
        any::<bool>(),
        btree_set("_?[a-z]{0,4}", 0..3),
        btree_set(any::<String>(), 0..3),
        vec("[0-9.]{1,4}", 0..3),
        btree_map(any::<String>(), btree_set(any::<String>(), 0..3), 0..3),
    )
        .prop_map(
            |(metric_type, (help, unit), native, suffixes, labels, buckets, values)| Metric {
                metric_type,
                help,
                unit,
                native,
                suffixes,
                labels,
                buckets,
                values,
            },
        )
}

proptest! {
    /// Every lock survives a round trip through its text, which has one form.
    #[test]
    fn any_lock_is_read_as_it_was_written(
        environment in proptest::option::of(any::<String>()),
        selector in any::<String>(),
        used_by in proptest::collection::btree_set(any::<String>(), 0..3),
        metrics in proptest::collection::btree_map(any::<String>(), any_metric(), 0..4),
    ) {
        let mut lock = Lock::default();
        lock.sections_mut(environment.as_deref())
            .insert(selector, Section { used_by, metrics, errors: Vec::new() });
        let text = lock.to_text().unwrap();
        let read = Lock::parse(&text).unwrap();
        prop_assert_eq!(&read, &lock);
        prop_assert_eq!(read.to_text().unwrap(), text);
    }

    /// Truncated answers give errors and nothing else.
    #[test]
    fn cut_answers_are_refused(end in 1..SERIES.len() - 1) {
        prop_assume!(SERIES.is_char_boundary(end));
        prop_assert_eq!(series(&SERIES.as_bytes()[..end]), Err(BadAnswer::Truncated));
    }
}
