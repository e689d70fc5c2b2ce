//! The standard library, embedded.

/// A module of the standard library: its name, and its text.
pub const STANDARD_LIBRARY: &[(&str, &str)] = &[
    ("std.prelude", include_str!("../../../stdlib/prelude.nth")),
    ("std.alb", include_str!("../../../stdlib/alb.nth")),
    (
        "std.alertmanager",
        include_str!("../../../stdlib/alertmanager.nth"),
    ),
    ("std.apache", include_str!("../../../stdlib/apache.nth")),
    ("std.argocd", include_str!("../../../stdlib/argocd.nth")),
    ("std.batch", include_str!("../../../stdlib/batch.nth")),
    ("std.blackbox", include_str!("../../../stdlib/blackbox.nth")),
    (
        "std.cassandra",
        include_str!("../../../stdlib/cassandra.nth"),
    ),
    (
        "std.certmanager",
        include_str!("../../../stdlib/certmanager.nth"),
    ),
    (
        "std.clickhouse",
        include_str!("../../../stdlib/clickhouse.nth"),
    ),
    (
        "std.cloudfront",
        include_str!("../../../stdlib/cloudfront.nth"),
    ),
    ("std.consul", include_str!("../../../stdlib/consul.nth")),
    ("std.coredns", include_str!("../../../stdlib/coredns.nth")),
    ("std.database", include_str!("../../../stdlib/database.nth")),
    (
        "std.elasticsearch",
        include_str!("../../../stdlib/elasticsearch.nth"),
    ),
    ("std.envoy", include_str!("../../../stdlib/envoy.nth")),
    ("std.etcd", include_str!("../../../stdlib/etcd.nth")),
    ("std.go", include_str!("../../../stdlib/go.nth")),
    ("std.grpc", include_str!("../../../stdlib/grpc.nth")),
    ("std.haproxy", include_str!("../../../stdlib/haproxy.nth")),
    ("std.http", include_str!("../../../stdlib/http.nth")),
    (
        "std.ingress-nginx",
        include_str!("../../../stdlib/ingress-nginx.nth"),
    ),
    ("std.istio", include_str!("../../../stdlib/istio.nth")),
    ("std.jvm", include_str!("../../../stdlib/jvm.nth")),
    ("std.kafka", include_str!("../../../stdlib/kafka.nth")),
    (
        "std.kubernetes",
        include_str!("../../../stdlib/kubernetes.nth"),
    ),
    (
        "std.memcached",
        include_str!("../../../stdlib/memcached.nth"),
    ),
    ("std.minio", include_str!("../../../stdlib/minio.nth")),
    ("std.mongodb", include_str!("../../../stdlib/mongodb.nth")),
    ("std.mysql", include_str!("../../../stdlib/mysql.nth")),
    ("std.nats", include_str!("../../../stdlib/nats.nth")),
    ("std.nginx", include_str!("../../../stdlib/nginx.nth")),
    ("std.node", include_str!("../../../stdlib/node.nth")),
    ("std.nodejs", include_str!("../../../stdlib/nodejs.nth")),
    (
        "std.opentelemetry",
        include_str!("../../../stdlib/opentelemetry.nth"),
    ),
    (
        "std.pgbouncer",
        include_str!("../../../stdlib/pgbouncer.nth"),
    ),
    (
        "std.postgresql",
        include_str!("../../../stdlib/postgresql.nth"),
    ),
    ("std.process", include_str!("../../../stdlib/process.nth")),
    (
        "std.prometheus",
        include_str!("../../../stdlib/prometheus.nth"),
    ),
    ("std.pulsar", include_str!("../../../stdlib/pulsar.nth")),
    ("std.python", include_str!("../../../stdlib/python.nth")),
    ("std.rabbitmq", include_str!("../../../stdlib/rabbitmq.nth")),
    ("std.rds", include_str!("../../../stdlib/rds.nth")),
    ("std.redis", include_str!("../../../stdlib/redis.nth")),
    ("std.s3", include_str!("../../../stdlib/s3.nth")),
    ("std.services", include_str!("../../../stdlib/services.nth")),
    ("std.sqs", include_str!("../../../stdlib/sqs.nth")),
    ("std.stream", include_str!("../../../stdlib/stream.nth")),
    ("std.temporal", include_str!("../../../stdlib/temporal.nth")),
    ("std.traefik", include_str!("../../../stdlib/traefik.nth")),
    ("std.varnish", include_str!("../../../stdlib/varnish.nth")),
    ("std.worker", include_str!("../../../stdlib/worker.nth")),
];

/// Returns the path of a module of the standard library, as diagnostics show it: `std/http.nth`.
pub(super) fn path(module: &str) -> String {
    format!("{}.nth", module.replace('.', "/"))
}
