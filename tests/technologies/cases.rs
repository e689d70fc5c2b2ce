//! Series, and whether an alert fires for them.

/// Whether an alert fires.
pub struct Case {
    /// What is declared: `redis(instance: "i")`.
    pub dependency: &'static str,
    /// The alert's name behind that of the dependency.
    pub alert: &'static str,
    /// Whether it fires.
    pub fires: bool,
    /// When, from the start.
    pub at: &'static str,
    /// The series, with a value for each minute.
    pub series: &'static [(&'static str, &'static str)],
}

/// A case in which it fires.
pub const fn fires(
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

/// A case in which it does not.
pub const fn silent(
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

/// What is tried: for each technology what is told apart with most care.
pub const CASES: &[Case] = &[
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
    // A partition without a commit has the lag -1: it waits for nothing, and takes nothing from what waits elsewhere.
    fires(
        "kafka-consumer(group: \"g\", instance: \"i\")",
        "Stalled",
        "40m",
        &[
            (
                "kafka_consumergroup_lag{instance=\"i\",consumergroup=\"g\",topic=\"t\",partition=\"0\"}",
                "1x60",
            ),
            (
                "kafka_consumergroup_lag{instance=\"i\",consumergroup=\"g\",topic=\"t\",partition=\"1\"}",
                "-1x60",
            ),
            (
                "kafka_consumergroup_current_offset{instance=\"i\",consumergroup=\"g\",topic=\"t\",partition=\"0\"}",
                "7x60",
            ),
        ],
    ),
    silent(
        "kafka-consumer(group: \"g\", instance: \"i\")",
        "Stalled",
        "40m",
        &[
            (
                "kafka_consumergroup_lag{instance=\"i\",consumergroup=\"g\",topic=\"t\",partition=\"0\"}",
                "-1x60",
            ),
            (
                "kafka_consumergroup_current_offset{instance=\"i\",consumergroup=\"g\",topic=\"t\",partition=\"0\"}",
                "7x60",
            ),
        ],
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
        "ClockNotSynchronized",
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
