//! The standard library's templates for technologies: each is complete, builds without a word of complaint whatever it is
//! given, and its rules are taken by Prometheus and fire when they should.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use nthc::compile::{Input, SourceInput, compile};
use nthc::db::{Database, ItemClass, file_names, item};
use nthc::session::Session;
use nthc::syntax::tree::{Block, Body, ItemNode, Param, Statement, Template, TypeExpr, TypeNode};
use support::promtool;

/// A template of the standard library.
struct Known {
    /// `std.redis`
    module: String,
    template: Template,
}

/// All templates of a kind, found by going through the library.
fn templates(kind: &str) -> Vec<Known> {
    let session = Session::new(Database::default(), &[]);
    let db = &session.db;
    let mut found = Vec::new();
    for file in session.standard_library() {
        for entry in &file_names(db, *file).items {
            if entry.class != ItemClass::Template {
                continue;
            }
            let known = item(db, entry.key).clone().expect("it is there");
            if let ItemNode::Template(template) = &known.node
                && template.kind.text == kind
            {
                let module = file.module(db).to_string();
                found.push(Known {
                    module,
                    template: template.clone(),
                });
            }
        }
    }
    assert!(!found.is_empty(), "no template of {kind}");
    found
}

/// Some value of a type, as it is written.
fn value(ty: &TypeExpr, number: usize) -> String {
    match &ty.node {
        TypeNode::Optional(inner) => value(inner, number),
        TypeNode::List(inner) => format!("[{}]", value(inner, number)),
        TypeNode::Name(name) => match name.text.as_str() {
            "string" => format!("\"value-{number}\""),
            "number" => "5".to_owned(),
            "percent" => "50%".to_owned(),
            "duration" => "1h".to_owned(),
            "size" => "1GiB".to_owned(),
            "rate" => "10/s".to_owned(),
            "bool" => "true".to_owned(),
            "severity" => "ticket".to_owned(),
            "labels" => "{ cluster = \"a\" }".to_owned(),
            "label-name" => "status".to_owned(),
            "selector" => format!("`some_metric_{number}`"),
            other => panic!("what is a value of the type {other}?"),
        },
        other => panic!("what is a value of the type {other:?}?"),
    }
}

/// The arguments of a template: those that must be given, or all that can be.
fn arguments(params: &[Param], all: bool, number: usize) -> String {
    let given: Vec<String> = params
        .iter()
        .filter(|param| {
            let optional = matches!(param.ty.node, TypeNode::Optional(_));
            all || (param.default.is_none() && !optional)
        })
        .map(|param| format!("{}: {}", param.name.text, value(&param.ty, number)))
        .collect();
    if given.is_empty() {
        String::new()
    } else {
        format!("({})", given.join(", "))
    }
}

/// The rules that a source makes, each file's path with its text. It must make them without a diagnostic.
fn build(text: &str) -> Vec<(String, String)> {
    let input = Input {
        settings: nthc::project::default_settings("test"),
        files: vec![SourceInput {
            module: "main".into(),
            path: "main.nth".into(),
            text: text.into(),
            package: false,
        }],
        catalogue: None,
        environment: None,
    };
    let compilation = compile(&input);
    let messages: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|found| format!("{:?}: {}", found.primary.span, found.message))
        .collect();
    assert_eq!(messages, Vec::<String>::new(), "{text}");
    assert!(!compilation.artifacts.is_empty());
    compilation
        .artifacts
        .into_iter()
        .map(|artifact| (artifact.path, artifact.contents))
        .collect()
}

const TEAM: &str = "\nteam payments {\n  escalation default { step first { notify = \"payments@example.com\" } }\n}\n";

#[test]
fn every_template_builds_and_prometheus_takes_it() {
    let judge = promtool::available();
    for all in [false, true] {
        let mut imports = BTreeSet::new();
        let mut services = String::new();
        let mut number = 0;
        for kind in ["dependency", "slo"] {
            for known in templates(kind) {
                number += 1;
                let short = known.module.rsplit('.').next().unwrap();
                let name = &known.template.name.text;
                let arguments = arguments(&known.template.params, all, number);
                imports.insert(format!("import {}\n", known.module));
                write!(
                    services,
                    "\nservice {short}-{name}-{number} {{\n  team = payments\n  selector = {{ job = \"j{number}\" }}\n\n  \
                     {kind} it : {short}.{name}{arguments}\n}}\n"
                )
                .unwrap();
            }
        }
        let text = format!(
            "{}{TEAM}{services}",
            imports.into_iter().collect::<String>()
        );
        for (path, contents) in build(&text) {
            // The judge is slow, so the files that every target has beside the rules are not its business.
            if judge && path.starts_with("prometheus/") {
                println!("{path}");
                promtool::check_rules(&contents);
            }
        }
    }
}

/// All blocks in a body, however deep, those of both branches of a condition too.
fn blocks<'a>(body: &'a Body, found: &mut Vec<&'a Block>) {
    for statement in &body.statements {
        match statement {
            Statement::Block(block) => {
                found.push(block);
                blocks(&block.body, found);
            }
            Statement::For(repeated) => blocks(&repeated.body, found),
            Statement::If(choice) => {
                blocks(&choice.then, found);
                if let Some(otherwise) = &choice.otherwise {
                    blocks(otherwise, found);
                }
            }
            Statement::In(amended) => blocks(&amended.body, found),
            _ => {}
        }
    }
}

fn fields(body: &Body) -> BTreeSet<&str> {
    let fields = body
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Field(field) => Some(field.name.text.as_str()),
            _ => None,
        });
    fields.collect()
}

#[test]
fn every_technology_is_told_of_in_full() {
    let wanted: [(&str, &[&str]); 3] = [
        ("signal", &["any_of", "unit", "type", "hint"]),
        ("panel", &["title", "query", "unit", "description"]),
        (
            "alert",
            &[
                "when",
                "for",
                "severity",
                "summary",
                "description",
                "impact",
                "steps",
            ],
        ),
    ];
    for Known { module, template } in templates("dependency") {
        let name = format!("{module}.{}", template.name.text);
        assert!(template.doc.is_some(), "{name} has no doc comment");
        for param in &template.params {
            assert!(
                param.doc.is_some(),
                "{name}: {} has no doc comment",
                param.name.text
            );
        }
        for field in ["technology", "selector", "impact"] {
            assert!(
                fields(&template.body).contains(field),
                "{name} has no {field}"
            );
        }
        let mut found = Vec::new();
        blocks(&template.body, &mut found);
        for (kind, wanted) in wanted {
            let of_kind: Vec<&&Block> = found
                .iter()
                .filter(|block| block.kind.text == kind)
                .collect();
            assert!(of_kind.len() >= 2, "{name} has {} {kind}s", of_kind.len());
            for block in of_kind {
                let title = &block.name.as_ref().expect("it has a name").text;
                let has = fields(&block.body);
                for field in wanted {
                    assert!(has.contains(field), "{name}: {kind} {title} has no {field}");
                }
                // The comment says why the threshold is what it is.
                assert!(
                    kind != "alert" || block.doc.is_some(),
                    "{name}: {kind} {title} has no doc comment"
                );
            }
        }
    }
}

/// A rate over less than four scrapes of a minute has gaps.
#[test]
fn no_range_is_below_five_minutes() {
    let mut ranges = 0;
    for (module, text) in nthc::session::STANDARD_LIBRARY {
        for piece in text.split('[').skip(1) {
            let Some(end) = piece.find([']', ':']) else {
                continue;
            };
            let (number, unit) = piece[..end].split_at(end.saturating_sub(1));
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => continue,
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            assert!(number * seconds >= 300, "{module}: [{}]", &piece[..end]);
            ranges += 1;
        }
    }
    assert!(ranges > 20, "{ranges}");
}

/// Whether an alert fires.
struct Case {
    /// What is declared: `redis(instance: "i")`.
    dependency: &'static str,
    /// The alert's name behind that of the dependency.
    alert: &'static str,
    fires: bool,
    at: &'static str,
    series: &'static [(&'static str, &'static str)],
}

const fn fires(
    dependency: &'static str,
    alert: &'static str,
    at: &'static str,
    series: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        dependency,
        alert,
        fires: true,
        at,
        series,
    }
}

const fn silent(
    dependency: &'static str,
    alert: &'static str,
    at: &'static str,
    series: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        dependency,
        alert,
        fires: false,
        at,
        series,
    }
}

const CASES: &[Case] = &[
    // What is down, what is up, and what nobody measures.
    fires(
        "redis(\"i\")",
        "Down",
        "10m",
        &[("redis_up{instance=\"i\"}", "0x30")],
    ),
    silent(
        "redis(\"i\")",
        "Down",
        "10m",
        &[("redis_up{instance=\"i\"}", "1x30")],
    ),
    silent(
        "redis(\"i\")",
        "Down",
        "10m",
        &[("redis_up{instance=\"other\"}", "0x30")],
    ),
    fires(
        "redis(\"i\")",
        "NotMeasured",
        "30m",
        &[("redis_up{instance=\"other\"}", "1x60")],
    ),
    silent(
        "redis(\"i\")",
        "NotMeasured",
        "30m",
        &[("redis_up{instance=\"i\"}", "0x60")],
    ),
    // Full memory means something only where there is a limit, and nothing to a cache.
    fires(
        "redis(\"i\")",
        "MemoryNearLimit",
        "30m",
        &[
            ("redis_memory_used_bytes{instance=\"i\"}", "95x60"),
            ("redis_memory_max_bytes{instance=\"i\"}", "100x60"),
        ],
    ),
    silent(
        "redis(\"i\")",
        "MemoryNearLimit",
        "30m",
        &[
            ("redis_memory_used_bytes{instance=\"i\"}", "95x60"),
            ("redis_memory_max_bytes{instance=\"i\"}", "0x60"),
        ],
    ),
    silent(
        "redis(\"i\", cache: true)",
        "MemoryNearLimit",
        "30m",
        &[
            ("redis_memory_used_bytes{instance=\"i\"}", "95x60"),
            ("redis_memory_max_bytes{instance=\"i\"}", "100x60"),
        ],
    ),
    fires(
        "redis(\"i\", hit_ratio_below: 90%)",
        "HitRatioLow",
        "90m",
        &[
            ("redis_keyspace_hits_total{instance=\"i\"}", "0+80x120"),
            ("redis_keyspace_misses_total{instance=\"i\"}", "0+20x120"),
        ],
    ),
    // Nobody asked anything: that is no ratio at all.
    silent(
        "redis(\"i\", hit_ratio_below: 90%)",
        "HitRatioLow",
        "90m",
        &[
            ("redis_keyspace_hits_total{instance=\"i\"}", "80x120"),
            ("redis_keyspace_misses_total{instance=\"i\"}", "20x120"),
        ],
    ),
    // 80 of the 97 that are not reserved, in two states.
    fires(
        "postgresql(\"i\")",
        "ConnectionsNearLimit",
        "30m",
        &[
            (
                "pg_stat_activity_count{instance=\"i\",state=\"active\"}",
                "60x60",
            ),
            (
                "pg_stat_activity_count{instance=\"i\",state=\"idle\"}",
                "20x60",
            ),
            (
                "pg_settings_max_connections{instance=\"i\",server=\"x\"}",
                "100x60",
            ),
            (
                "pg_settings_superuser_reserved_connections{instance=\"i\",server=\"x\"}",
                "3x60",
            ),
        ],
    ),
    silent(
        "postgresql(\"i\")",
        "ConnectionsNearLimit",
        "30m",
        &[
            (
                "pg_stat_activity_count{instance=\"i\",state=\"active\"}",
                "55x60",
            ),
            (
                "pg_stat_activity_count{instance=\"i\",state=\"idle\"}",
                "20x60",
            ),
            (
                "pg_settings_max_connections{instance=\"i\",server=\"x\"}",
                "100x60",
            ),
            (
                "pg_settings_superuser_reserved_connections{instance=\"i\",server=\"x\"}",
                "3x60",
            ),
        ],
    ),
    fires(
        "postgresql(\"i\")",
        "Deadlocks",
        "40m",
        &[(
            "pg_stat_database_deadlocks{instance=\"i\",datname=\"orders\"}",
            "0+1x60",
        )],
    ),
    silent(
        "postgresql(\"i\")",
        "Deadlocks",
        "40m",
        &[(
            "pg_stat_database_deadlocks{instance=\"i\",datname=\"orders\"}",
            "7x60",
        )],
    ),
    fires(
        "postgresql(\"i\")",
        "SlotKeepsLog",
        "30m",
        &[(
            "pg_replication_slots_pg_wal_lsn_diff{instance=\"i\",slot_name=\"old\"}",
            "11000000000x60",
        )],
    ),
    fires(
        "pgbouncer(\"i\")",
        "ClientsWait",
        "10m",
        &[(
            "pgbouncer_pools_client_maxwait_seconds{instance=\"i\",database=\"d\",user=\"u\"}",
            "4x60",
        )],
    ),
    fires(
        "mysql(\"i\")",
        "ReplicationStopped",
        "10m",
        &[
            (
                "mysql_slave_status_slave_io_running{instance=\"i\"}",
                "1x60",
            ),
            (
                "mysql_slave_status_slave_sql_running{instance=\"i\"}",
                "0x60",
            ),
        ],
    ),
    silent(
        "mysql(\"i\")",
        "ReplicationStopped",
        "10m",
        &[
            (
                "mysql_slave_status_slave_io_running{instance=\"i\"}",
                "1x60",
            ),
            (
                "mysql_slave_status_slave_sql_running{instance=\"i\"}",
                "1x60",
            ),
        ],
    ),
    fires(
        "mysql(\"i\", running_above: 32)",
        "TooManyRunning",
        "30m",
        &[(
            "mysql_global_status_threads_running{instance=\"i\"}",
            "40x60",
        )],
    ),
    // One quiet minute in ten says that they do not pile up.
    silent(
        "mysql(\"i\", running_above: 32)",
        "TooManyRunning",
        "30m",
        &[(
            "mysql_global_status_threads_running{instance=\"i\"}",
            "40x25 2 40x30",
        )],
    ),
    fires(
        "memcached(\"i\")",
        "Restarts",
        "50m",
        &[(
            "memcached_uptime_seconds{instance=\"i\"}",
            "0+60x9 0+60x9 0+60x9 0+60x30",
        )],
    ),
    silent(
        "memcached(\"i\")",
        "Restarts",
        "50m",
        &[(
            "memcached_uptime_seconds{instance=\"i\"}",
            "0+60x29 0+60x29",
        )],
    ),
    fires(
        "nginx(\"i\")",
        "DropsConnections",
        "20m",
        &[
            ("nginx_connections_accepted{instance=\"i\"}", "0+60x60"),
            ("nginx_connections_handled{instance=\"i\"}", "0+58x60"),
        ],
    ),
    silent(
        "nginx(\"i\")",
        "DropsConnections",
        "20m",
        &[
            ("nginx_connections_accepted{instance=\"i\"}", "0+60x60"),
            ("nginx_connections_handled{instance=\"i\"}", "0+60x60"),
        ],
    ),
    fires(
        "haproxy(\"i\")",
        "BackendWithoutServers",
        "10m",
        &[
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"shop\",state=\"UP\"}",
                "0x30",
            ),
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"shop\",state=\"DOWN\"}",
                "1x30",
            ),
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"blog\",state=\"UP\"}",
                "1x30",
            ),
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"blog\",state=\"DOWN\"}",
                "0x30",
            ),
        ],
    ),
    silent(
        "haproxy(\"i\")",
        "BackendWithoutServers",
        "10m",
        &[
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"blog\",state=\"UP\"}",
                "1x30",
            ),
            (
                "haproxy_backend_status{instance=\"i\",proxy=\"blog\",state=\"DOWN\"}",
                "0x30",
            ),
        ],
    ),
    fires(
        "haproxy(\"i\")",
        "RequestsQueue",
        "10m",
        &[(
            "haproxy_backend_current_queue{instance=\"i\",proxy=\"shop\"}",
            "3x30",
        )],
    ),
    silent(
        "haproxy(\"i\")",
        "RequestsQueue",
        "10m",
        &[(
            "haproxy_backend_current_queue{instance=\"i\",proxy=\"shop\"}",
            "3 0 3 0 3 0 3 0 3 0 3 0 3 0",
        )],
    ),
    fires(
        "apache(\"i\")",
        "WorkersNearLimit",
        "10m",
        &[
            ("apache_scoreboard{instance=\"i\",state=\"reply\"}", "85x30"),
            ("apache_scoreboard{instance=\"i\",state=\"idle\"}", "5x30"),
            (
                "apache_scoreboard{instance=\"i\",state=\"open_slot\"}",
                "10x30",
            ),
        ],
    ),
    silent(
        "apache(\"i\")",
        "WorkersNearLimit",
        "10m",
        &[
            ("apache_scoreboard{instance=\"i\",state=\"reply\"}", "45x30"),
            ("apache_scoreboard{instance=\"i\",state=\"idle\"}", "5x30"),
            (
                "apache_scoreboard{instance=\"i\",state=\"open_slot\"}",
                "50x30",
            ),
        ],
    ),
    fires(
        "varnish(\"i\")",
        "ChildDied",
        "20m",
        &[
            ("varnish_mgt_child_died{instance=\"i\"}", "0x9 1x30"),
            ("varnish_mgt_child_panic{instance=\"i\"}", "0x40"),
        ],
    ),
    fires(
        "varnish(\"i\")",
        "FetchesFail",
        "20m",
        &[
            ("varnish_main_backend_req{instance=\"i\"}", "0+60x60"),
            (
                "varnish_main_fetch{instance=\"i\",type=\"failed\"}",
                "0+6x60",
            ),
            (
                "varnish_main_fetch{instance=\"i\",type=\"length\"}",
                "0+54x60",
            ),
            ("varnish_main_backend_fail{instance=\"i\"}", "0x60"),
            ("varnish_main_backend_unhealthy{instance=\"i\"}", "0x60"),
        ],
    ),
    fires(
        "rabbitmq(\"i\")",
        "WithoutConsumers",
        "30m",
        &[
            (
                "rabbitmq_queue_messages_ready{instance=\"i\",vhost=\"/\",queue=\"a\"}",
                "7x60",
            ),
            (
                "rabbitmq_queue_consumers{instance=\"i\",vhost=\"/\",queue=\"a\"}",
                "0x60",
            ),
            (
                "rabbitmq_queue_messages_ready{instance=\"i\",vhost=\"/\",queue=\"b\"}",
                "7x60",
            ),
            (
                "rabbitmq_queue_consumers{instance=\"i\",vhost=\"/\",queue=\"b\"}",
                "2x60",
            ),
        ],
    ),
    // Counted together, as `/metrics` has it.
    fires(
        "rabbitmq(\"i\")",
        "WithoutConsumers",
        "30m",
        &[
            ("rabbitmq_queue_messages_ready{instance=\"i\"}", "7x60"),
            ("rabbitmq_queue_consumers{instance=\"i\"}", "0x60"),
        ],
    ),
    silent(
        "rabbitmq(\"i\")",
        "WithoutConsumers",
        "30m",
        &[
            ("rabbitmq_queue_messages_ready{instance=\"i\"}", "0x60"),
            ("rabbitmq_queue_consumers{instance=\"i\"}", "0x60"),
        ],
    ),
    fires(
        "rabbitmq(\"i\")",
        "PublishersBlocked",
        "10m",
        &[
            (
                "rabbitmq_alarms_memory_used_watermark{instance=\"i\"}",
                "0x60",
            ),
            (
                "rabbitmq_alarms_free_disk_space_watermark{instance=\"i\"}",
                "1x60",
            ),
        ],
    ),
    // 39 GB that shrink by 1.5 GB an hour are gone within a day.
    fires(
        "node(\"i\")",
        "FilesystemFills",
        "9h",
        &[
            (
                "node_filesystem_avail_bytes{instance=\"i\",mountpoint=\"/\",fstype=\"ext4\"}",
                "39000000000-25000000x600",
            ),
            (
                "node_filesystem_size_bytes{instance=\"i\",mountpoint=\"/\",fstype=\"ext4\"}",
                "100000000000x600",
            ),
        ],
    ),
    // At half that pace they are not; and what is in memory is no disk.
    silent(
        "node(\"i\")",
        "FilesystemFills",
        "9h",
        &[
            (
                "node_filesystem_avail_bytes{instance=\"i\",mountpoint=\"/\",fstype=\"ext4\"}",
                "39000000000-12500000x600",
            ),
            (
                "node_filesystem_size_bytes{instance=\"i\",mountpoint=\"/\",fstype=\"ext4\"}",
                "100000000000x600",
            ),
            (
                "node_filesystem_avail_bytes{instance=\"i\",mountpoint=\"/run\",fstype=\"tmpfs\"}",
                "39000000000-25000000x600",
            ),
            (
                "node_filesystem_size_bytes{instance=\"i\",mountpoint=\"/run\",fstype=\"tmpfs\"}",
                "100000000000x600",
            ),
        ],
    ),
    // File systems without inodes of their own have none.
    silent(
        "node(\"i\")",
        "InodesNearlyGone",
        "2h",
        &[
            (
                "node_filesystem_files{instance=\"i\",mountpoint=\"/\",fstype=\"btrfs\"}",
                "0x150",
            ),
            (
                "node_filesystem_files_free{instance=\"i\",mountpoint=\"/\",fstype=\"btrfs\"}",
                "0x150",
            ),
        ],
    ),
    fires(
        "node(\"i\")",
        "ClockNotSynchronised",
        "30m",
        &[
            ("node_timex_maxerror_seconds{instance=\"i\"}", "16x60"),
            ("node_timex_sync_status{instance=\"i\"}", "0x60"),
        ],
    ),
    fires(
        "etcd(\"i\")",
        "DiskSlow",
        "20m",
        &[
            (
                "etcd_disk_wal_fsync_duration_seconds_bucket{instance=\"i\",le=\"0.512\"}",
                "0+50x60",
            ),
            (
                "etcd_disk_wal_fsync_duration_seconds_bucket{instance=\"i\",le=\"1.024\"}",
                "0+60x60",
            ),
            (
                "etcd_disk_wal_fsync_duration_seconds_bucket{instance=\"i\",le=\"+Inf\"}",
                "0+60x60",
            ),
        ],
    ),
    fires(
        "etcd(\"i\")",
        "NoLeader",
        "10m",
        &[("etcd_server_has_leader{instance=\"i\"}", "0x60")],
    ),
    fires(
        "etcd(\"i\")",
        "ManyElections",
        "70m",
        &[(
            "etcd_server_leader_changes_seen_total{instance=\"i\"}",
            "0+1x90",
        )],
    ),
    fires(
        "process(\"i\", group: \"g\")",
        "TooFew",
        "10m",
        &[(
            "namedprocess_namegroup_num_procs{instance=\"i\",groupname=\"g\"}",
            "0x60",
        )],
    ),
    silent(
        "process(\"i\", group: \"g\")",
        "TooFew",
        "10m",
        &[
            (
                "namedprocess_namegroup_num_procs{instance=\"i\",groupname=\"g\"}",
                "2x60",
            ),
            (
                "namedprocess_namegroup_num_procs{instance=\"i\",groupname=\"other\"}",
                "0x60",
            ),
        ],
    ),
    fires(
        "blackbox(\"https://a.example/\")",
        "CertificateEnds",
        "2h",
        &[(
            "probe_ssl_earliest_cert_expiry{instance=\"https://a.example/\"}",
            "864000x150",
        )],
    ),
    silent(
        "blackbox(\"https://a.example/\")",
        "CertificateEnds",
        "2h",
        &[(
            "probe_ssl_earliest_cert_expiry{instance=\"https://a.example/\"}",
            "2592000x150",
        )],
    ),
    // It is down only where no place reaches it.
    silent(
        "blackbox(\"https://a.example/\")",
        "Down",
        "10m",
        &[
            (
                "probe_success{instance=\"https://a.example/\",place=\"a\"}",
                "0x30",
            ),
            (
                "probe_success{instance=\"https://a.example/\",place=\"b\"}",
                "1x30",
            ),
        ],
    ),
    fires(
        "prometheus(\"i\")",
        "RulesFail",
        "30m",
        &[(
            "prometheus_rule_evaluation_failures_total{instance=\"i\",rule_group=\"g\"}",
            "0+1x60",
        )],
    ),
    fires(
        "prometheus(\"i\")",
        "NotificationsDropped",
        "30m",
        &[(
            "prometheus_notifications_dropped_total{instance=\"i\"}",
            "0+1x60",
        )],
    ),
    fires(
        "alertmanager(\"i\")",
        "NotificationsFail",
        "40m",
        &[
            (
                "alertmanager_notifications_total{instance=\"i\",integration=\"slack\"}",
                "0+60x60",
            ),
            (
                "alertmanager_notifications_failed_total{instance=\"i\",integration=\"slack\"}",
                "0+3x60",
            ),
            (
                "alertmanager_notifications_total{instance=\"i\",integration=\"email\"}",
                "0x60",
            ),
            (
                "alertmanager_notifications_failed_total{instance=\"i\",integration=\"email\"}",
                "0x60",
            ),
        ],
    ),
    silent(
        "alertmanager(\"i\")",
        "NotificationsFail",
        "40m",
        &[
            (
                "alertmanager_notifications_total{instance=\"i\",integration=\"slack\"}",
                "0+60x60",
            ),
            (
                "alertmanager_notifications_failed_total{instance=\"i\",integration=\"slack\"}",
                "0x60",
            ),
        ],
    ),
    fires(
        "alertmanager(\"i\", cluster_members: 3)",
        "ClusterIncomplete",
        "30m",
        &[("alertmanager_cluster_members{instance=\"i\"}", "2x60")],
    ),
];

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let judge = promtool::available();
    let dependencies: BTreeSet<&str> = CASES.iter().map(|case| case.dependency).collect();
    for dependency in dependencies {
        let module = dependency.split('(').next().unwrap();
        let rules = build(&format!(
            "import std.{module}\n{TEAM}\nservice s {{\n  team = payments\n  selector = {{ job = \"s\" }}\n\n  dependency it : {dependency}\n}}\n"
        ));
        let rules = &rules
            .iter()
            .find(|(path, _)| path == "prometheus/s.yaml")
            .expect("it has rules")
            .1;
        let tests = CASES
            .iter()
            .filter(|case| case.dependency == dependency)
            .map(|case| {
                // A name that no rule has would never fire.
                let name = format!("It{}", case.alert);
                let known = rules.contains(&format!("alert: {name}\n"));
                assert!(
                    known || dependency.contains("cache: true"),
                    "{dependency} {name}"
                );
                let query = format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})");
                let expected = if case.fires {
                    promtool::scalar(query, case.at, 1.0)
                } else {
                    promtool::nothing(query, case.at)
                };
                promtool::Test {
                    name: format!("{dependency} {name}"),
                    interval: "1m".into(),
                    input_series: case
                        .series
                        .iter()
                        .map(|(series, values)| promtool::series(*series, *values))
                        .collect(),
                    promql_expr_test: vec![expected],
                    ..promtool::Test::default()
                }
            })
            .collect();
        if !judge {
            continue;
        }
        let file = promtool::TestFile {
            evaluation_interval: "1m".into(),
            tests,
            ..promtool::TestFile::default()
        };
        assert_eq!(promtool::test_rules(rules, file), Ok(()), "{rules}");
    }
}
