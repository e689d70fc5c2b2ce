//! Units in names of metrics, by the conventions of Prometheus and OpenTelemetry.

use super::DurationUnit;

/// The unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricUnit<'t> {
    /// A unit of time.
    Time(DurationUnit),
    /// Another unit, such as bytes, or a unit of time of a minute or more.
    Other(&'t str),
}

impl<'t> MetricUnit<'t> {
    /// The unit in a word.
    pub fn word(self) -> &'t str {
        match self {
            Self::Time(unit) => unit.name(),
            Self::Other(word) => word,
        }
    }
}

/// Metrics of well-known programs without a unit in their names.
///
/// - Envoy: `rq_time`,
///   <https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats>.
/// - OpenTelemetry's conventions before they used seconds, from a collector that adds no units to names; later ones,
///   too.
/// - Kong before 3.0 and APISIX, in their Prometheus plugins.
/// - Knative's and Dapr's OpenCensus views.
/// - CockroachDB's histograms of latency.
const WELL_KNOWN: [(&str, DurationUnit); 28] = [
    ("activator_request_latencies", DurationUnit::Milliseconds),
    ("apisix_http_latency", DurationUnit::Milliseconds),
    (
        "dapr_component_pubsub_ingress_latencies",
        DurationUnit::Milliseconds,
    ),
    (
        "dapr_grpc_io_client_roundtrip_latency",
        DurationUnit::Milliseconds,
    ),
    (
        "dapr_grpc_io_server_server_latency",
        DurationUnit::Milliseconds,
    ),
    (
        "dapr_http_client_roundtrip_latency",
        DurationUnit::Milliseconds,
    ),
    ("dapr_http_server_latency", DurationUnit::Milliseconds),
    ("db_client_operation_duration", DurationUnit::Seconds),
    (
        "envoy_cluster_external_upstream_rq_time",
        DurationUnit::Milliseconds,
    ),
    (
        "envoy_cluster_internal_upstream_rq_time",
        DurationUnit::Milliseconds,
    ),
    ("envoy_cluster_upstream_rq_time", DurationUnit::Milliseconds),
    ("envoy_http_downstream_rq_time", DurationUnit::Milliseconds),
    (
        "envoy_vhost_vcluster_upstream_rq_time",
        DurationUnit::Milliseconds,
    ),
    ("http_client_duration", DurationUnit::Milliseconds),
    ("http_client_request_duration", DurationUnit::Seconds),
    ("http_server_duration", DurationUnit::Milliseconds),
    ("http_server_request_duration", DurationUnit::Seconds),
    ("kong_latency", DurationUnit::Milliseconds),
    ("messaging_process_duration", DurationUnit::Seconds),
    ("revision_app_request_latencies", DurationUnit::Milliseconds),
    ("revision_request_latencies", DurationUnit::Milliseconds),
    ("rpc_client_call_duration", DurationUnit::Seconds),
    ("rpc_client_duration", DurationUnit::Milliseconds),
    ("rpc_server_call_duration", DurationUnit::Seconds),
    ("rpc_server_duration", DurationUnit::Milliseconds),
    ("sql_exec_latency", DurationUnit::Nanoseconds),
    ("sql_service_latency", DurationUnit::Nanoseconds),
    ("traces_spanmetrics_latency", DurationUnit::Seconds),
];

/// The unit in the name of a metric or of one of its series: the unit at its end, by the conventions of Prometheus and
/// OpenTelemetry, or that of the well-known program that it belongs to.
pub fn unit_in_name(name: &str) -> Option<MetricUnit<'_>> {
    let base = ["_bucket", "_count", "_sum", "_total"]
        .iter()
        .fold(name, |name, suffix| {
            name.strip_suffix(suffix).unwrap_or(name)
        });
    let plain = base.replace('.', "_");
    if let Some((_, unit)) = WELL_KNOWN.iter().find(|(known, _)| *known == plain) {
        return Some(MetricUnit::Time(*unit));
    }
    let words = words(base);
    let last = words.last().copied()?;
    if let Some(said) = unit_in_word(last) {
        return Some(said);
    }
    // `request_duration_ms_histogram`: the only unit of time in the name.
    let mut named = words
        .iter()
        .filter(|word| word.len() > 2 || word.eq_ignore_ascii_case("ms"))
        .filter_map(|word| match unit_in_word(word) {
            Some(MetricUnit::Time(unit)) => Some(unit),
            _ => None,
        });
    let unit = named.next()?;
    named
        .all(|other| other == unit)
        .then_some(MetricUnit::Time(unit))
}

/// The unit of time at the end of a metric's name, in Prometheus's words only: `_seconds`, `_milliseconds` or `_ms`,
/// `_microseconds`, `_nanoseconds`. Without other evidence that the metric measures time, shorter suffixes are
/// ambiguous.
pub fn unit_in_suffix(name: &str) -> Option<DurationUnit> {
    match name.rsplit('_').next()? {
        "ms" => Some(DurationUnit::Milliseconds),
        word => DurationUnit::from_name(word),
    }
}

/// The unit that a word names; `None` if it is not a unit.
pub fn unit_in_word(word: &str) -> Option<MetricUnit<'_>> {
    Some(match word.to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => MetricUnit::Time(DurationUnit::Seconds),
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => {
            MetricUnit::Time(DurationUnit::Milliseconds)
        }
        "us" | "µs" | "usec" | "usecs" | "micro" | "micros" | "microsecond" | "microseconds" => {
            MetricUnit::Time(DurationUnit::Microseconds)
        }
        "ns" | "nsec" | "nsecs" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => {
            MetricUnit::Time(DurationUnit::Nanoseconds)
        }
        "minutes" | "hours" | "days" | "weeks" | "bytes" | "bits" | "ratio" | "percent"
        | "celsius" | "meters" | "grams" | "joules" | "volts" | "amperes" => {
            MetricUnit::Other(word)
        }
        _ => return None,
    })
}

/// The words of a name: `request_durationMs` has `request`, `duration` and `Ms`.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in name.split(['_', ':', '.', '-', '/']) {
        let mut start = 0;
        let mut before = false;
        for (at, letter) in part.char_indices() {
            if letter.is_ascii_uppercase() && before {
                words.push(&part[start..at]);
                start = at;
            }
            before = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        }
        words.push(&part[start..]);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use DurationUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};

    #[test]
    fn names_say_units() {
        for (name, unit) in [
            ("http_request_duration_seconds", Some(Seconds)),
            ("http_request_duration_seconds_bucket", Some(Seconds)),
            (
                "istio_request_duration_milliseconds_bucket",
                Some(Milliseconds),
            ),
            ("response_latency_ms", Some(Milliseconds)),
            ("response_latency_ms_count", Some(Milliseconds)),
            ("apiserver_request_latency_microseconds", Some(Microseconds)),
            ("wait_us", Some(Microseconds)),
            ("commit_nanoseconds_sum", Some(Nanoseconds)),
            ("go_wait_ns", Some(Nanoseconds)),
            ("requestDurationMs", Some(Milliseconds)),
            ("request_duration_ms_histogram", Some(Milliseconds)),
            ("apache_duration_ms_total", Some(Milliseconds)),
            ("http.server.request.duration_seconds", Some(Seconds)),
            // Well-known programs.
            ("http_server_duration_bucket", Some(Milliseconds)),
            ("http.server.request.duration", Some(Seconds)),
            ("envoy_cluster_upstream_rq_time_bucket", Some(Milliseconds)),
            ("sql_service_latency_bucket", Some(Nanoseconds)),
            // Nothing is guessed.
            ("request_duration", None),
            ("requests_us_region", None),
            ("seconds_per_ms_bucketed", None),
            ("latency", None),
        ] {
            assert_eq!(unit_in_name(name), unit.map(MetricUnit::Time), "{name}");
        }
        assert_eq!(
            unit_in_name("payload_bytes_bucket"),
            Some(MetricUnit::Other("bytes"))
        );
        assert_eq!(
            unit_in_name("backup_minutes"),
            Some(MetricUnit::Other("minutes"))
        );
    }
}
