//! What a metric probably measures, by its name: how large it is, and how it moves.

use super::seed::Seed;

/// When processes started, in seconds since 1970: nine days before the end of samples.
const STARTED: f64 = 1_781_539_200.0;

/// What a series probably looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Guess {
    /// Its usual value; of a counter, by how much it rises in a second.
    pub(super) level: f64,
    /// How much of it comes and goes with the day.
    pub(super) swing: f64,
    /// True if it is a whole number always.
    pub(super) is_whole: bool,
    /// True if it never changes.
    pub(super) is_constant: bool,
    /// True if it is a time in seconds since 1970; its level is how long ago that is.
    pub(super) is_time: bool,
}

/// True if one of these is a word of a name, `max` of `redis_memory_max_bytes`.
fn has(metric: &str, words: &[&str]) -> bool {
    metric.split(['_', ':']).any(|word| words.contains(&word))
}

/// Guesses what a metric measures. `is_counter` is true if a query reads how fast it rises.
pub(super) fn guess(metric: &str, is_counter: bool) -> Guess {
    // Of one technology, metrics of the same thing are of the same order.
    let family: Vec<&str> = metric.split('_').take(2).collect();
    let mut seed = Seed::new(&format!("size of {}", family.join("_")));
    let spread = seed.between(0.7, 1.4);
    if is_counter {
        return counter(metric, spread);
    }
    let mut own = Seed::new(metric);
    let changing = |level: f64| Guess {
        level,
        swing: 0.12,
        is_whole: false,
        is_constant: false,
        is_time: false,
    };
    let limit = (metric.split(['_', ':']).any(|word| word.starts_with("max"))
        || has(
            metric,
            &[
                "limit",
                "limits",
                "capacity",
                "quota",
                "size",
                "allocatable",
            ],
        ))
        && !has(metric, &["used", "current"]);
    let constant = |level: f64| Guess {
        is_constant: true,
        is_whole: true,
        ..changing(level)
    };
    let share = own.between(0.35, 0.6);
    if has(metric, &["reserved"]) {
        return constant(3.0);
    }
    if has(metric, &["timestamp", "created", "time"]) && metric.ends_with("_seconds") {
        // A process starts once; what is done again and again was done a while ago.
        if has(metric, &["start", "created", "boot"]) {
            return constant(STARTED);
        }
        return Guess {
            is_time: true,
            ..changing(300.0)
        };
    }
    if has(
        metric,
        &[
            "up",
            "info",
            "success",
            "ready",
            "healthy",
            "active",
            "available",
        ],
    ) {
        return constant(1.0);
    }
    if has(metric, &["ratio"]) {
        return changing(share);
    }
    if has(metric, &["percent", "percentage", "pct"]) {
        return changing(share * 100.0);
    }
    if has(metric, &["lag", "behind", "delay", "age", "duration"]) && metric.ends_with("_seconds") {
        return changing(0.6 * spread);
    }
    if metric.ends_with("_seconds") || metric.ends_with("_duration") {
        return changing(0.2 * spread);
    }
    if metric.ends_with("_bytes") || has(metric, &["bytes"]) {
        let whole = 4.0 * f64::from(1 << 30) * spread;
        return match limit {
            true => constant(whole.round()),
            false => changing(whole * share),
        };
    }
    if has(metric, &["diff"]) {
        return changing(48_000.0 * spread);
    }
    let whole = 200.0;
    match limit {
        true => constant(whole),
        false => Guess {
            is_whole: true,
            ..changing((whole * share * 0.5).round())
        },
    }
}

fn counter(metric: &str, spread: f64) -> Guess {
    let rare = [
        "error",
        "errors",
        "failed",
        "failures",
        "evicted",
        "rejected",
        "dropped",
        "deadlocks",
        "timeouts",
        "rollback",
        "misses",
        "retries",
        "conflicts",
        "restarts",
        "killed",
        "read",
        "throttled",
        "temp",
        "exhausted",
    ];
    let events = 60.0 * spread;
    let level = match metric {
        _ if has(metric, &["bytes"]) => 2.4e6 * spread,
        _ if has(metric, &["seconds"]) => events * 0.004,
        _ => events,
    };
    let level = match has(metric, &rare) {
        true if has(metric, &["misses", "read"]) => level * 0.06,
        true => level * 0.002,
        false => level,
    };
    Guess {
        level,
        swing: 0.35,
        is_whole: false,
        is_constant: false,
        is_time: false,
    }
}

/// Values that a label usually has, the most frequent first.
pub(super) fn values(label: &str) -> &'static [&'static str] {
    match label {
        "status" | "code" | "status_code" | "http_status" | "response_code" => {
            &["200", "404", "500"]
        }
        "method" | "http_method" | "request_method" => &["GET", "POST", "PUT"],
        "grpc_method" | "rpc_method" => &["Get", "List", "Create"],
        "grpc_code" => &["OK", "NotFound", "Internal"],
        "route" | "path" | "handler" | "endpoint" | "uri" => &["/", "/items", "/items/{id}"],
        "outcome" | "result" => &["ok", "failed"],
        "cmd" | "command" => &["get", "set", "expire"],
        "db" => &["db0"],
        "datname" | "database" => &["main"],
        "schemaname" | "schema" => &["public"],
        "relname" | "table" => &["events", "items", "sessions"],
        "state" => &["active", "idle"],
        "region" => &["eu-west-1", "us-east-1", "ap-south-1"],
        "zone" | "availability_zone" => &["a", "b", "c"],
        "tenant" | "customer" => &["acme", "globex", "initech"],
        "topic" => &["orders", "payments"],
        "partition" => &["0", "1", "2"],
        "queue" => &["default", "mail"],
        "instance" => &["10.0.0.11:8080", "10.0.0.12:8080"],
        "pod" => &["app-7d4b9-x2x1v", "app-7d4b9-z8kqf"],
        "node" => &["node-1", "node-2"],
        "client_addr" => &["10.0.0.21"],
        "application_name" => &["replica-1"],
        "currency" => &["EUR", "GBP", "USD"],
        "kind" | "type" => &["standard", "other"],
        "event_type" => &["created", "updated"],
        "provider" => &["first", "second"],
        "template" => &["welcome", "receipt"],
        "job" => &["app"],
        "mode" => &["user", "system"],
        "device" => &["sda"],
        _ => &[],
    }
}

/// Which share of events has a value of a label, compared with the first ones.
pub(super) fn weight(number: usize, value: &str) -> f64 {
    let is_bad = value.starts_with('5') && value.len() == 3
        || ["failed", "error", "Internal", "Unavailable"].contains(&value);
    match (is_bad, number) {
        (true, _) => 0.004,
        (false, 0) => 1.0,
        (false, 1) => 0.4,
        (false, _) => 0.15,
    }
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn a_start_stays_and_a_last_success_moves() {
        let start = guess("process_start_time_seconds", false);
        assert!(start.is_constant && !start.is_time);
        assert_eq!(
            start.level * 1000.0,
            (super::super::END - 9 * super::super::DAY) as f64
        );
        assert!(guess("job_last_success_timestamp_seconds", false).is_time);
    }

    #[test]
    fn what_is_used_is_less_than_its_limit() {
        let level = |metric: &str| guess(metric, false).level;
        assert!(level("redis_memory_used_bytes") < level("redis_memory_max_bytes"));
        assert!(level("pg_stat_activity_count") < level("pg_settings_max_connections"));
        let rate = |metric: &str| guess(metric, true).level;
        assert!(rate("cache_misses_total") < rate("cache_hits_total"));
        assert!(rate("http_errors_total") < rate("http_requests_total") / 100.0);
    }
}
