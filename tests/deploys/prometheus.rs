//! `nthc deploys pull` from a real Prometheus that has half a day of kube-state-metrics.
//!
//! It needs `prometheus` and `promtool`. Everything listens on loopback alone and keeps its files in temporary folders.

use std::fmt::Write as _;
use std::process::Command;

use super::place::Place;
use super::scene::{deploys, good, lines, recorded, shop};
use super::support::programs::{Running, fetch, find};
use super::support::promtool;

/// 2025-09-01T00:00:00Z.
const MIDNIGHT: i64 = 1_756_684_800;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

const UNTIL: &str = "2025-09-01T08:00:00Z";

/// A ReplicaSet: its name, when it was created in seconds after midnight, the tag and the digest of its image, and from when to
/// when it has replicas.
struct Set {
    namespace: &'static str,
    name: &'static str,
    created: i64,
    tag: &'static str,
    digest: char,
    active: Vec<(i64, i64)>,
}

/// What happens: 1.5 is rolled out at 02:00 and scaled at 03:00, a pod is replaced at 04:00, everything is restarted at 05:00,
/// and 1.4 returns at 06:00.
fn sets() -> Vec<Set> {
    let set = |name, created, tag, digest, active| Set {
        namespace: "shop",
        name,
        created,
        tag,
        digest,
        active,
    };
    vec![
        set(
            "checkout-6c8f7d9b54",
            -7 * 24 * HOUR,
            "1.4",
            'a',
            vec![(0, 2 * HOUR + 3 * MINUTE), (6 * HOUR, 8 * HOUR)],
        ),
        set(
            "checkout-7b5d4c8f66",
            2 * HOUR + 10,
            "1.5",
            'b',
            vec![(2 * HOUR + MINUTE, 5 * HOUR + 3 * MINUTE)],
        ),
        set(
            "checkout-859d7c6b4f",
            5 * HOUR,
            "1.5",
            'b',
            vec![(5 * HOUR + MINUTE, 6 * HOUR + 2 * MINUTE)],
        ),
        // Another service whose name begins alike.
        set(
            "checkout-worker-5f9b6d7c8a",
            HOUR,
            "9.9",
            'c',
            vec![(HOUR + MINUTE, 8 * HOUR)],
        ),
    ]
}

impl Set {
    fn labels(&self) -> String {
        format!(
            "namespace=\"{}\",replicaset=\"{}\"",
            self.namespace, self.name
        )
    }

    fn owner(&self) -> &str {
        self.name.rsplit_once('-').unwrap().0
    }

    fn is_active(&self, at: i64) -> bool {
        self.active
            .iter()
            .any(|(from, to)| (*from..*to).contains(&at))
    }

    fn replicas(&self, at: i64) -> i64 {
        let all = if (3 * HOUR..4 * HOUR).contains(&at) {
            8
        } else {
            4
        };
        if self.is_active(at) { all } else { 0 }
    }

    /// The pods with replicas: one was replaced at four.
    fn pod(&self, at: i64) -> String {
        let pod = if at < 4 * HOUR { "x7k2p" } else { "q9z4m" };
        format!("{}-{pod}", self.name)
    }
}

/// Writes the samples of all minutes for which `sample` has labels and a value.
fn family(
    out: &mut String,
    metric: &str,
    sets: &[Set],
    sample: impl Fn(&Set, i64) -> Option<(String, i64)>,
) {
    let _ = writeln!(out, "# TYPE {metric} gauge");
    for set in sets {
        let mut series: Vec<(String, i64, i64)> = (0..=8 * 60)
            .map(|minute| minute * MINUTE)
            .filter(|at| *at >= set.created)
            .filter_map(|at| sample(set, at).map(|(labels, value)| (labels, at, value)))
            .collect();
        // The samples of a series are together, in order.
        series.sort();
        for (labels, at, value) in series {
            let _ = writeln!(out, "{metric}{{{labels}}} {value} {}", MIDNIGHT + at);
        }
    }
}

fn metrics(sets: &[Set]) -> String {
    let mut out = String::new();
    family(&mut out, "kube_replicaset_created", sets, |set, _| {
        Some((set.labels(), MIDNIGHT + set.created))
    });
    family(&mut out, "kube_replicaset_owner", sets, |set, _| {
        let owner = set.owner();
        let labels = set.labels();
        Some((
            format!(
                "{labels},owner_is_controller=\"true\",owner_kind=\"Deployment\",owner_name=\"{owner}\""
            ),
            1,
        ))
    });
    family(
        &mut out,
        "kube_replicaset_spec_replicas",
        sets,
        |set, at| Some((set.labels(), set.replicas(at))),
    );
    family(&mut out, "kube_pod_owner", sets, |set, at| {
        let (pod, namespace, name) = (set.pod(at), set.namespace, set.name);
        let labels = format!(
            "namespace=\"{namespace}\",owner_is_controller=\"true\",owner_kind=\"ReplicaSet\",owner_name=\"{name}\",pod=\"{pod}\""
        );
        set.is_active(at).then_some((labels, 1))
    });
    family(&mut out, "kube_pod_container_info", sets, |set, at| {
        let digest: String = std::iter::repeat_n(set.digest, 64).collect();
        let labels = format!(
            "container=\"app\",image=\"registry.example.com/checkout:{}\",image_id=\"registry.example.com/checkout@sha256:{digest}\",namespace=\"{}\",pod=\"{}\"",
            set.tag,
            set.namespace,
            set.pod(at)
        );
        set.is_active(at).then_some((labels, 1))
    });
    out.push_str("# TYPE deployed_timestamp_seconds gauge\n");
    for minute in 0..=8 * 60 {
        let at = minute * MINUTE;
        let deployed = if at < 3 * HOUR + 30 * MINUTE {
            MIDNIGHT - 9_000
        } else {
            MIDNIGHT + 3 * HOUR + 29 * MINUTE
        };
        let time = MIDNIGHT + at;
        let _ = writeln!(
            out,
            "deployed_timestamp_seconds{{job=\"ledger\"}} {deployed} {time}"
        );
    }
    out.push_str("# EOF\n");
    out
}

/// Starts a Prometheus with the series of these ReplicaSets; `None` if a program is missing.
fn start(place: &Place, sets: &[Set]) -> Option<Running> {
    let program = find(&["prometheus"])?;
    if !promtool::available() {
        return None;
    }
    place.write("data/none", "");
    place.write("series.om", metrics(sets));
    place.write(
        "prometheus.yml",
        "global: { external_labels: { name: shop } }\n",
    );
    let blocks = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args(["series.om", "data"])
        .current_dir(place.path("."))
        .output()
        .unwrap();
    assert!(blocks.status.success(), "{blocks:?}");
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", place.path("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", place.path("data").display()),
            "--storage.tsdb.retention.time=100y".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    Some(Running::start(&program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    }))
}

fn pull<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["pull", "--prometheus", url];
    if !more.contains(&"--until") {
        all.extend(["--until", UNTIL]);
    }
    if !more.contains(&"--since") {
        all.extend(["--since", "8h"]);
    }
    all.extend(more);
    all
}

#[test]
fn new_artifacts_are_deployments_and_all_else_is_none() {
    let place = shop();
    let Some(server) = start(&place, &sets()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let ran = good(&place, &pull(&url, &[]));
    insta::assert_snapshot!("pull", format!("{}{}", ran.out, ran.err));
    let expected = [
        "checkout 1.5<1.4 02:00:10Z–02:03:00Z !06:00:00Z",
        "ledger -<- 03:29:00Z–-",
    ];
    assert_eq!(lines(&place), expected);

    // Again, and over a part: nothing is new.
    for since in ["8h", "7h"] {
        let again = good(&place, &pull(&url, &["--since", since]));
        assert!(
            again.err.starts_with("0 new deployments, 0 updated, "),
            "{since}: {again:?}"
        );
        assert_eq!(lines(&place), expected, "{since}");
    }
    // The query says when the deployment before was, although there are no series of that time.
    let long = good(&place, &pull(&url, &["--since", "2d"]));
    assert!(
        long.err
            .starts_with("1 new deployment, 0 updated, 2 unchanged\n"),
        "{long:?}"
    );
    assert_eq!(lines(&place)[0], "ledger -<- 2025-08-31T21:30:00Z–-");
    // Of the last hours, only the return is in Prometheus: it is that of the deployment in the ledger.
    let other = "--ledger=other.db";
    good(
        &place,
        &pull(
            &url,
            &["--until", "2025-09-01T05:30:00Z", "--since", "5h30m", other],
        ),
    );
    let late = good(&place, &pull(&url, &["--since", "2h", other]));
    assert!(
        late.err.starts_with("0 new deployments, 0 updated"),
        "{late:?}"
    );

    // Another name in Kubernetes.
    let mapped = good(
        &place,
        &pull(
            &url,
            &[
                "--map",
                "shop/checkout-worker=ledger",
                "--service",
                "ledger",
                "--format",
                "json",
            ],
        ),
    );
    let mapped: serde_json::Value = serde_json::from_str(&mapped.out).unwrap();
    assert_eq!(mapped["new"], 1, "{mapped}");
    assert_eq!(mapped["deployments"][0]["version"], "9.9");
    assert_eq!(mapped["deployments"][0]["started"], "2025-09-01T01:00:00Z");
}

#[test]
fn a_report_of_a_pipeline_is_the_same_deployment() {
    let place = shop();
    let Some(server) = start(&place, &sets()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let started = [
        "--version",
        "v1.5",
        "--started",
        "2025-09-01T01:58:00Z",
        "--key",
        "job-7",
    ];
    good(
        &place,
        &[&["record", "--service", "checkout"][..], &started].concat(),
    );
    let ran = good(&place, &pull(&url, &["--service", "checkout"]));
    assert!(
        ran.err.starts_with("0 new deployments, 1 updated\n"),
        "{ran:?}"
    );
    let [one] = recorded(&place).try_into().unwrap();
    assert_eq!(one["key"], "job-7");
    assert_eq!(one["source"], "pipeline");
    assert_eq!(one["finished"], "2025-09-01T02:03:00Z");
    assert_eq!(one["previous"], "1.4");
    assert_eq!(one["rolled_back"], "2025-09-01T06:00:00Z");
}

#[test]
fn one_name_in_two_namespaces_must_be_chosen() {
    let place = shop();
    let mut sets = sets();
    sets.push(Set {
        namespace: "staging",
        name: "checkout-5c8b7f6d9a",
        created: 4 * HOUR,
        tag: "1.6",
        digest: 'd',
        active: vec![(4 * HOUR, 8 * HOUR)],
    });
    let Some(server) = start(&place, &sets) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let ran = deploys(&place, &pull(&url, &[]), &[]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            3,
            "error: service `checkout` has Deployments of the same name in several namespaces: `shop/checkout`, \
             `staging/checkout`\n  help: choose one with `--map shop/checkout=checkout`\n"
        )
    );
    assert_eq!(lines(&place), Vec::<String>::new());
    good(&place, &pull(&url, &["--map", "staging/checkout=checkout"]));
    assert_eq!(lines(&place)[1], "checkout 1.6<- 04:00:00Z–04:00:00Z");
    let selected = [
        "--kube-selector",
        "{namespace=\"shop\"}",
        "--ledger",
        "other.db",
    ];
    let ran = good(&place, &pull(&url, &selected));
    assert!(ran.err.starts_with("2 new deployments"), "{ran:?}");
    for wrong in ["namespace=\"shop\"", "kube_pod_info", "{}", "rate(x[5m])"] {
        let ran = deploys(&place, &pull(&url, &["--kube-selector", wrong]), &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("in `--kube-selector`: "), "{ran:?}");
    }
}

#[test]
fn a_prometheus_without_the_series_is_an_error() {
    let place = shop();
    place.replace(
        "shop.nth",
        "  deployed = `max(deployed_timestamp_seconds)`\n",
        "",
    );
    let Some(server) = start(&place, &[]) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let ran = deploys(&place, &pull(&url, &[]), &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .starts_with("error: no ReplicaSets of a service at http://"),
        "{ran:?}"
    );
}
