//! The standard library, embedded: its text, and the trees that `build.rs` has parsed.

use nth_syntax::tree::ParsedFile;

macro_rules! standard_library {
    ($($name:literal)*) => {
        /// A module of the standard library: its name, and its text.
        pub const STANDARD_LIBRARY: &[(&str, &str)] = &[$((
            concat!("std.", $name),
            include_str!(concat!("../../stdlib/", $name, ".nth")),
        )),*];

        /// The tree of each module, in the same order.
        const TREES: &[&[u8]] = &[$(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".tree"))),*];
    };
}

standard_library! {
    "prelude"
    "alb"
    "alertmanager"
    "apache"
    "argocd"
    "batch"
    "blackbox"
    "cassandra"
    "certmanager"
    "clickhouse"
    "cloudfront"
    "consul"
    "coredns"
    "database"
    "elasticsearch"
    "envoy"
    "etcd"
    "go"
    "grpc"
    "haproxy"
    "http"
    "ingress-nginx"
    "istio"
    "jvm"
    "kafka"
    "kubernetes"
    "memcached"
    "minio"
    "mongodb"
    "mysql"
    "nats"
    "nginx"
    "node"
    "nodejs"
    "opentelemetry"
    "pgbouncer"
    "postgresql"
    "process"
    "prometheus"
    "pulsar"
    "python"
    "rabbitmq"
    "rds"
    "redis"
    "s3"
    "services"
    "sqs"
    "stream"
    "temporal"
    "traefik"
    "varnish"
    "worker"
}

/// Returns the path of a module of the standard library, as diagnostics show it: `std/http.nth`.
pub(crate) fn path(module: &str) -> String {
    format!("{}.nth", module.replace('.', "/"))
}

/// Returns the tree of a module with its embedded text; `None` if it is no module of the standard library, or has another text.
pub(crate) fn tree(module: &str, text: &str) -> Option<ParsedFile> {
    let place = STANDARD_LIBRARY
        .iter()
        .position(|(name, known)| *name == module && *known == text)?;
    postcard::from_bytes(TREES.get(place)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_trees_are_those_of_the_texts() {
        for (module, text) in STANDARD_LIBRARY {
            assert_eq!(
                tree(module, text),
                Some(nth_syntax::parse(text)),
                "{module}"
            );
        }
        assert_eq!(tree("std.http", "kind a {}\n"), None);
    }
}
