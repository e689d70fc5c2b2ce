//! The standard library's technologies against what real exporters say of real servers: every signal must stand for a
//! metric that is there. The scrapes and where they come from: `tests/exporters/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use nthc::catalogue::{Lock, MetricState, coverage, required_selectors};
use nthc::compile::SourceInput;
use nthc::db::{Database, ItemClass, file_names};
use nthc::diagnostics::codes;
use nthc::ir::{Resolution, Signal, SkippedRule};
use nthc::lower::service_model;
use nthc::session::{Configuration, STANDARD_LIBRARY, Session};
use nthc::suppressions::Levels;
use support::exposition::{self, Scrape, Scraped};

/// A template of the standard library for something that is watched through an exporter.
struct Technology {
    /// The module and the template, `std.redis.redis`.
    template: &'static str,
    /// More arguments than the instance, each after a comma; or all arguments of a template without an instance.
    arguments: &'static str,
    /// The scrapes of it.
    scrapes: &'static [Target],
}

/// A scrape, and the signals that a server in that role does not have.
struct Target {
    scrape: &'static str,
    missing: &'static [&'static str],
}

const fn whole(scrape: &'static str) -> Target {
    Target {
        scrape,
        missing: &[],
    }
}

const fn lacking(scrape: &'static str, missing: &'static [&'static str]) -> Target {
    Target { scrape, missing }
}

/// What each technology is tried on. A template of the library that is neither here nor in [`WITHOUT_SCRAPE`] fails the
/// test.
const TECHNOLOGIES: &[Technology] = &[
    Technology {
        template: "std.alb.alb",
        arguments: "\"app/shop/50dc6c495c0c9188\"",
        scrapes: &[whole("yace")],
    },
    Technology {
        template: "std.alb.alb",
        arguments: "\"app/shop/50dc6c495c0c9188\", yace: false",
        scrapes: &[lacking("cloudwatch-exporter", &["response-time"])],
    },
    Technology {
        template: "std.alertmanager.alertmanager",
        arguments: "",
        scrapes: &[whole("alertmanager")],
    },
    Technology {
        template: "std.apache.apache",
        arguments: "",
        scrapes: &[whole("apache")],
    },
    Technology {
        template: "std.blackbox.blackbox",
        arguments: "",
        scrapes: &[
            lacking("blackbox-http", &["certificate-end"]),
            whole("blackbox-https"),
            lacking("blackbox-tcp", &["certificate-end", "phases", "status"]),
            lacking("blackbox-tls", &["phases", "status"]),
            lacking("blackbox-icmp", &["certificate-end", "phases", "status"]),
            lacking("blackbox-down", &["certificate-end"]),
        ],
    },
    Technology {
        template: "std.cassandra.cassandra",
        arguments: "job: \"cassandra\"",
        scrapes: &[whole("cassandra")],
    },
    Technology {
        template: "std.certmanager.certmanager",
        arguments: "",
        scrapes: &[whole("certmanager")],
    },
    Technology {
        template: "std.cloudfront.cloudfront",
        arguments: "\"E2EXAMPLE\"",
        scrapes: &[whole("yace")],
    },
    Technology {
        template: "std.cloudfront.cloudfront",
        arguments: "\"E2EXAMPLE\", yace: false",
        scrapes: &[lacking("cloudwatch-exporter", &["origin-latency"])],
    },
    Technology {
        template: "std.coredns.coredns",
        arguments: "",
        scrapes: &[whole("coredns")],
    },
    Technology {
        template: "std.envoy.envoy",
        arguments: "\"web\", job: \"envoy\"",
        scrapes: &[whole("envoy")],
    },
    Technology {
        template: "std.etcd.etcd",
        arguments: "",
        scrapes: &[whole("etcd")],
    },
    Technology {
        template: "std.go.go",
        arguments: "",
        scrapes: &[
            whole("go"),
            lacking(
                "go-opentelemetry",
                &[
                    "cpu",
                    "files",
                    "files-limit",
                    "gc-cycles",
                    "gc-pauses",
                    // Only while a limit is set.
                    "memory-limit",
                    "resident-memory",
                    "started",
                    "threads",
                ],
            ),
        ],
    },
    Technology {
        template: "std.haproxy.haproxy",
        arguments: "",
        scrapes: &[whole("haproxy")],
    },
    Technology {
        template: "std.ingress-nginx.ingress-nginx",
        arguments: "job: \"ingress-nginx\"",
        scrapes: &[whole("ingress-nginx")],
    },
    Technology {
        template: "std.memcached.memcached",
        arguments: "",
        scrapes: &[whole("memcached")],
    },
    Technology {
        template: "std.mysql.mysql",
        arguments: "",
        scrapes: &[
            lacking(
                "mysql",
                &["replica-applies", "replica-behind", "replica-reads"],
            ),
            whole("mysql-replica"),
        ],
    },
    Technology {
        template: "std.nats.nats",
        arguments: "",
        scrapes: &[whole("nats")],
    },
    Technology {
        template: "std.nats.nats-consumer",
        arguments: ", consumer: \"billing\", stream: \"ORDERS\"",
        scrapes: &[whole("nats")],
    },
    Technology {
        template: "std.nginx.nginx",
        arguments: "",
        scrapes: &[whole("nginx")],
    },
    Technology {
        template: "std.node.node",
        arguments: "",
        scrapes: &[whole("node")],
    },
    Technology {
        template: "std.nodejs.nodejs",
        arguments: "",
        scrapes: &[
            lacking("nodejs", &["utilization"]),
            lacking(
                "nodejs-opentelemetry",
                &[
                    "cpu",
                    "external-memory",
                    "files",
                    "files-limit",
                    "resident-memory",
                    "resources",
                    "started",
                ],
            ),
        ],
    },
    Technology {
        template: "std.pgbouncer.pgbouncer",
        arguments: "",
        scrapes: &[whole("pgbouncer")],
    },
    Technology {
        template: "std.postgresql.postgresql",
        arguments: "",
        scrapes: &[
            // Debian's exporter is older than the one that has these.
            lacking(
                "postgres",
                &["dead-rows", "replica-late", "transaction-ids"],
            ),
            lacking(
                "postgres-replica",
                &[
                    "dead-rows",
                    "replica-behind",
                    "replica-late",
                    "slot-keeps",
                    "transaction-ids",
                ],
            ),
            whole("postgres-0.20"),
            lacking(
                "postgres-replica-0.20",
                &["replica-behind", "slot-keeps", "transaction-ids"],
            ),
        ],
    },
    Technology {
        template: "std.process.process",
        arguments: ", group: \"sleep\"",
        scrapes: &[whole("process")],
    },
    Technology {
        template: "std.prometheus.prometheus",
        arguments: "",
        scrapes: &[whole("prometheus")],
    },
    Technology {
        template: "std.python.python",
        arguments: "",
        scrapes: &[
            lacking("python", &["threads"]),
            lacking("python-opentelemetry", &["files-limit", "started"]),
        ],
    },
    Technology {
        template: "std.rabbitmq.rabbitmq",
        arguments: "",
        scrapes: &[
            whole("rabbitmq"),
            lacking("rabbitmq-per-object", &["disk-alarm", "memory-alarm"]),
        ],
    },
    Technology {
        template: "std.rds.rds",
        arguments: "\"orders\"",
        scrapes: &[whole("yace")],
    },
    Technology {
        template: "std.rds.rds",
        arguments: "\"orders\", yace: false",
        scrapes: &[whole("cloudwatch-exporter")],
    },
    Technology {
        template: "std.redis.redis",
        arguments: "",
        scrapes: &[lacking("redis", &["primary-link"]), whole("redis-replica")],
    },
    Technology {
        template: "std.s3.s3",
        arguments: "\"shop-pictures\", filter: \"all\"",
        scrapes: &[whole("yace")],
    },
    Technology {
        template: "std.s3.s3",
        arguments: "\"shop-pictures\", filter: \"all\", yace: false",
        scrapes: &[lacking("cloudwatch-exporter", &["first-byte", "latency"])],
    },
    Technology {
        template: "std.sqs.sqs",
        arguments: "\"orders\"",
        scrapes: &[whole("yace")],
    },
    Technology {
        template: "std.sqs.sqs",
        arguments: "\"orders\", yace: false",
        scrapes: &[whole("cloudwatch-exporter")],
    },
    Technology {
        template: "std.temporal.temporal",
        arguments: "",
        scrapes: &[
            whole("temporal"),
            lacking("temporal-opentelemetry", &["durations", "store-durations"]),
        ],
    },
    Technology {
        template: "std.temporal.temporal-task-queue",
        arguments: ", queue: \"orders\"",
        scrapes: &[whole("temporal"), whole("temporal-opentelemetry")],
    },
    Technology {
        template: "std.varnish.varnish",
        arguments: "",
        scrapes: &[whole("varnish")],
    },
];

/// Templates for exporters of which there is no scrape: their names are from the exporters' sources, which the modules
/// cite.
const WITHOUT_SCRAPE: &[&str] = &[
    "std.argocd.argocd",
    "std.argocd.argocd-repo-server",
    "std.clickhouse.clickhouse",
    "std.consul.consul",
    "std.elasticsearch.elasticsearch",
    "std.jvm.jvm",
    "std.kafka.kafka",
    "std.kafka.kafka-consumer",
    "std.kubernetes.kubernetes-workload",
    "std.kubernetes.kubernetes-statefulset",
    "std.kubernetes.kubernetes-daemonset",
    "std.minio.minio",
    "std.mongodb.mongodb",
    "std.pulsar.pulsar",
    "std.pulsar.pulsar-subscription",
    "std.traefik.traefik",
];

/// The dependencies' templates of the standard library that have signals, as `std.redis.redis`.
fn templates() -> BTreeSet<String> {
    let session = Session::new(Database::default(), &[]);
    let mut found = BTreeSet::new();
    for file in session.standard_library() {
        for entry in file_names(&session.db, *file).of_class(ItemClass::Template) {
            if entry.kind == "dependency" {
                found.insert(format!("{}.{}", file.module(&session.db), entry.name));
            }
        }
    }
    found
}

/// The parameter that says which targets a template is about.
fn named_by(module: &str, name: &str) -> Option<&'static str> {
    let text = STANDARD_LIBRARY.iter().find(|(known, _)| *known == module);
    // A test's own template.
    let Some((_, text)) = text else {
        return Some("instance");
    };
    let start = text
        .find(&format!("\ntemplate dependency {name}("))
        .unwrap();
    let params = text[start..].split("\n)").next().unwrap();
    ["instance", "job"]
        .into_iter()
        .find(|param| params.contains(&format!("\n  {param}: string")))
}

/// A service that depends on one server for each scrape, by a template.
struct Tried {
    signals: Vec<Signal>,
    /// Metrics that rules read past any signal, and that are not there: which, and what reads them.
    absent: Vec<String>,
    skipped_rules: Vec<SkippedRule>,
    /// What else is told of it than that signals are missing.
    mistakes: Vec<String>,
}

fn instance_of(scrape: &str) -> String {
    format!("{scrape}:9999")
}

/// What becomes of a template with a catalogue of these scrapes, each of an instance of its own. `local` is a module
/// of the project.
fn try_template(template: &str, arguments: &str, scrapes: &[(&str, Scrape)], local: &str) -> Tried {
    let (module, name) = template.rsplit_once('.').unwrap();
    let alias = module.rsplit('.').next().unwrap();
    let mut text = format!(
        "import {module}\n\nteam storage {{\n  escalation default {{ step first {{ notify = \"storage@example.com\" }} }}\n}}\n\n\
         service shop {{\n  team = storage\n  selector = {{ job = \"shop\" }}\n"
    );
    let mut scraped = Scraped::default();
    for (scrape, said) in scrapes {
        let instance = instance_of(scrape);
        // Complete arguments name the target themselves. One that is named by its job, or is part of the service, is narrowed to
        // the scrape's target.
        let is_complete = !arguments.is_empty() && !arguments.starts_with(',');
        let named_by = match is_complete {
            true => Some(""),
            false => named_by(module, name),
        };
        let (named, selector) = match named_by {
            Some("") => (String::new(), String::new()),
            Some("instance") => (format!("instance: \"{instance}\""), String::new()),
            Some(job) => (
                format!("{job}: \"{scrape}\""),
                format!("instance = \"{instance}\""),
            ),
            None => (
                String::new(),
                format!("job = \"{scrape}\", instance = \"{instance}\""),
            ),
        };
        let selector = match selector.as_str() {
            "" => String::new(),
            labels => format!("selector = {{ {labels} }}"),
        };
        let _ = write!(
            text,
            "\n  dependency {} : {alias}.{name}({named}{arguments}) {{ {selector} }}\n",
            dependency(scrape)
        );
        let target = [("job", (*scrape).to_owned()), ("instance", instance)];
        let target = target.map(|(label, value)| (label.to_owned(), value));
        scraped.add(&BTreeMap::from(target), said);
    }
    text.push_str("}\n");
    let file = |module: &str, text: &str| SourceInput {
        module: module.to_owned(),
        path: format!("{module}.nth"),
        text: text.into(),
        package: false,
    };
    let files = [file("main", &text), file("local", local)];
    let mut session = Session::new(Database::default(), &files);
    let mut lock = Lock::default();
    for selector in required_selectors(&session, None).into_keys() {
        let section = scraped.section(&selector);
        // The service itself was never scraped.
        if !section.metrics.is_empty() {
            lock.sections_mut(None).insert(selector, section);
        }
    }
    // It is read back as a build reads it.
    let lock = Lock::parse(&lock.to_text().unwrap()).unwrap();
    assert!(
        lock.selectors.len() >= scrapes.len(),
        "{template}: {:?}",
        lock.selectors.keys()
    );
    let mut settings = nthc::project::default_settings("shop");
    settings.runbook_base_url = Some("https://runbooks.example.com".to_owned());
    session.configure(&Configuration::new(
        &settings,
        Some(Arc::new(lock)),
        Levels::default(),
    ));
    let compilation = session.check(None);
    let mistakes = compilation
        .diagnostics
        .iter()
        .filter(|found| *found.code != codes::SIGNALS_MISSING)
        .map(|found| format!("{}: {}", found.code.id, found.message))
        .collect();

    let db = &session.db;
    let entry = file_names(db, session.files()[0])
        .of_class(ItemClass::Block)
        .find(|entry| entry.kind == "service")
        .unwrap();
    let model = service_model(db, session.workspace, entry.key, None);
    let service = model.service.clone().unwrap();
    let covered = coverage(&session, "shop", &[None], &BTreeSet::new());
    let metrics = covered.environments[0].services[0].metrics.iter();
    let absent = metrics
        .filter(|metric| metric.state != MetricState::Present)
        .map(|metric| {
            format!(
                "{}{} for {:?}",
                metric.metric, metric.selector, metric.used_by
            )
        })
        .collect();
    Tried {
        signals: service.signals,
        absent,
        skipped_rules: service.skipped_rules,
        mistakes,
    }
}

/// A scrape's name as the name of a block.
fn dependency(scrape: &str) -> String {
    scrape.replace(['_', '.'], "-")
}

impl Tried {
    /// The signals of the dependency on one scrape, with what carries each.
    fn of(&self, scrape: &str) -> BTreeMap<&str, Option<String>> {
        let mut found = BTreeMap::new();
        for signal in &self.signals {
            if signal.dependency.as_deref() != Some(&dependency(scrape)) {
                continue;
            }
            let carrier = match signal.resolution {
                Resolution::Found(number) => Some(signal.candidate_texts().nth(number).unwrap()),
                Resolution::Missing => None,
                Resolution::Unknown(_) => panic!("{scrape}: {} was not looked for", signal.name),
            };
            assert!(found.insert(signal.name.as_str(), carrier).is_none());
        }
        found
    }
}

#[test]
fn every_signal_of_every_technology_has_a_metric() {
    let mut told = String::new();
    let mut wrong = String::new();
    for template in templates() {
        let rows: Vec<_> = TECHNOLOGIES
            .iter()
            .filter(|row| row.template == template)
            .collect();
        if rows.is_empty() {
            if WITHOUT_SCRAPE.contains(&template.as_str()) {
                told += &format!(
                    "{template:<34} no scrape, names from the exporter's source
"
                );
            } else {
                wrong += &format!(
                    "{template} is tried on nothing
"
                );
            }
            continue;
        }
        let mut carried: BTreeSet<String> = BTreeSet::new();
        let mut all: BTreeSet<String> = BTreeSet::new();
        for technology in rows {
            let scrapes: Vec<_> = technology
                .scrapes
                .iter()
                .map(|target| {
                    let said = exposition::parse(&exposition::text(target.scrape)).unwrap();
                    (target.scrape, said)
                })
                .collect();
            let result = try_template(&template, technology.arguments, &scrapes, "");
            for target in technology.scrapes {
                let signals = result.of(target.scrape);
                let missing: BTreeSet<&str> = signals
                    .iter()
                    .filter(|(_, carrier)| carrier.is_none())
                    .map(|(name, _)| *name)
                    .collect();
                let found = signals.len() - missing.len();
                let _ = writeln!(
                    told,
                    "{template:<34} {:<22} {found} of {} signals",
                    target.scrape,
                    signals.len()
                );
                if signals.is_empty() {
                    wrong += &format!("{template} has no signal\n");
                }
                let expected: BTreeSet<&str> = target.missing.iter().copied().collect();
                if missing != expected {
                    wrong += &format!(
                        "{template} on {}: missing {missing:?}, not {expected:?}\n",
                        target.scrape
                    );
                }
                let names = || signals.keys().copied();
                carried.extend(
                    names()
                        .filter(|name| !missing.contains(name))
                        .map(str::to_owned),
                );
                all.extend(names().map(str::to_owned));
            }
            for mistake in &result.mistakes {
                wrong += &format!("{template}: {mistake}\n");
            }
            for absent in &result.absent {
                wrong += &format!("{template} reads {absent}, which is not there\n");
            }
            // Rules are left out for lack of these signals, and of no others.
            for left_out in &result.skipped_rules {
                for signal in &left_out.missing {
                    let is_expected = technology.scrapes.iter().any(|target| {
                        let of_target = format!("{}.", dependency(target.scrape));
                        let name = signal.strip_prefix(of_target.as_str());
                        name.is_some_and(|name| target.missing.contains(&name))
                    });
                    if !is_expected {
                        wrong += &format!("{template}: {} lacks {signal}\n", left_out.name);
                    }
                }
            }
        }
        // What one role lacks another has.
        for name in all.difference(&carried) {
            wrong += &format!("{template}: no scrape has a metric for {name}\n");
        }
    }
    println!("{told}");
    assert!(wrong.is_empty(), "{wrong}\n{told}");
}

/// The judge itself: it sees what is there, what is not, and a label that is not.
#[test]
fn a_signal_without_a_metric_is_seen() {
    let local = r#"
template dependency redis(instance: string) {
  technology = "Redis"
  selector   = { instance = instance }

  signal up { any_of = [`redis_up`] }
  signal later { any_of = [`redis_gone`, `redis_connected_clients`] }
  signal replication { any_of = [`redis_master_link_up`] }
  signal labeled { any_of = [`redis_db_keys{db="db0"}`] }
  signal unlabeled { any_of = [`redis_db_keys{shard="a"}`] }
  signal summed { any_of = [`go_gc_duration_seconds_sum`] }
  signal nowhere { any_of = [`redis_gone`] }

  alert gone { when = `max(${nowhere}) > 0` }
  alert raw { when = `max(redis_up) + max(redis_never) > 0` }
}
"#;
    let scrapes = ["redis", "redis-replica"]
        .map(|name| (name, exposition::parse(&exposition::text(name)).unwrap()));
    let tried = try_template("local.redis", "", &scrapes, local);
    let shown = |scrape: &str| {
        let signals = tried.of(scrape);
        let shown = |(name, carrier): (&&str, &Option<String>)| {
            format!("{name} {}", carrier.as_deref().unwrap_or("missing"))
        };
        signals.iter().map(shown).collect::<Vec<_>>()
    };
    let primary = [
        "labeled redis_db_keys{db=\"db0\"}",
        "later redis_connected_clients",
        "nowhere missing",
        "replication missing",
        "summed go_gc_duration_seconds_sum",
        "unlabeled missing",
        "up redis_up",
    ];
    assert_eq!(shown("redis"), primary);
    assert!(shown("redis-replica").contains(&"replication redis_master_link_up".to_owned()));
    let skipped_rules: Vec<_> = tried
        .skipped_rules
        .iter()
        .map(|left| left.name.as_str())
        .collect();
    assert_eq!(skipped_rules, ["redis-gone", "redis-replica-gone"]);
    // A metric that an alert reads past the signals. What its candidates lack is no mistake of theirs.
    let told: Vec<_> = tried.mistakes.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "N0901: unknown metric `redis_never` for selector `{instance=\"redis-replica:9999\"}`",
            "N0901: unknown metric `redis_never` for selector `{instance=\"redis:9999\"}`",
        ]
    );
    let absent: Vec<_> = tried.absent.iter().map(String::as_str).collect();
    assert_eq!(
        absent,
        [
            "redis_never{instance=\"redis-replica:9999\"} for {\"alert redis-replica-raw\"}",
            "redis_never{instance=\"redis:9999\"} for {\"alert redis-raw\"}",
        ]
    );
}

#[test]
fn every_scrape_is_read_to_its_end() {
    let names = exposition::names();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let text = exposition::text(&name);
        let scrape = exposition::parse(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(scrape.series.len(), lines.count(), "{name}");
        // No exporter says a series twice.
        let distinct: BTreeSet<_> = scrape.series.iter().collect();
        assert_eq!(distinct.len(), scrape.series.len(), "{name}");
        // Where it comes from stands at its head.
        let head: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("# "))
            .collect();
        assert!(head[0].starts_with("# From "), "{name}");
        assert!(
            head.iter().any(|line| line.starts_with("# With ")),
            "{name}"
        );
    }
}

#[test]
fn the_text_format_is_read_as_prometheus_reads_it() {
    let scrape = exposition::parse(
        "# From somewhere\n\
         # HELP a_total What\\nis \\\\ said.\n\
         # TYPE a_total counter\n\
         a_total{path=\"C:\\\\a, \\\"b\\\"}\",empty=\"\",} 3 1700000000000\n\
         \n\
         # TYPE b untyped\n\
         b +Inf\n\
         b{ x=\"1\" , y=\"2\" } NaN\n",
    )
    .unwrap();
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
            .collect()
    };
    assert_eq!(
        scrape.series,
        [
            labels(&[
                ("__name__", "a_total"),
                ("path", "C:\\a, \"b\"}"),
                ("empty", "")
            ]),
            labels(&[("__name__", "b")]),
            labels(&[("__name__", "b"), ("x", "1"), ("y", "2")]),
        ]
    );
    assert_eq!(scrape.metadata["a_total"].0, "counter");
    assert_eq!(scrape.metadata["a_total"].1, "What\nis \\ said.");
    assert_eq!(scrape.metadata["b"], ("unknown".into(), String::new()));
    for (text, why) in [
        ("a", "no value"),
        ("a{b=\"c} 1", "a text without an end"),
        ("a{b} 1", "a label without a value"),
        ("a{b=\"c\",b=\"d\"} 1", "twice"),
        ("a three", "the value"),
        ("a 1 now", "the time"),
        ("a 1 2 3", "after the value"),
        ("9a 1", "the name"),
        ("# TYPE a number", "the type"),
        ("<html>", "the name"),
    ] {
        let error = exposition::parse(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}
