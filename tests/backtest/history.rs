//! A month of series, as OpenMetrics: a sample a minute, with four incidents and an evening with many orders.

use std::fmt::Write as _;

/// The month.
pub const FROM: &str = "2025-09-01T00:00:00Z";
pub const TO: &str = "2025-10-01T00:00:00Z";

/// [`FROM`] in seconds since 1970.
const BEGIN: i64 = 1_756_684_800;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// The data begins this long before the month, so that short windows are whole.
const LEAD: i64 = 6 * HOUR;

/// Requests a minute.
const REQUESTS: u64 = 6_000;

/// A time of the month, in seconds since its beginning.
fn is_within(at: i64, from: i64, length: i64) -> bool {
    (from..from + length).contains(&at)
}

/// The bad requests of checkout in the minute before a time.
fn bad(at: i64) -> u64 {
    // A bad deploy: a tenth, for half an hour.
    if is_within(at, 7 * DAY + 12 * HOUR, 30 * MINUTE) {
        REQUESTS / 10
    // A day with 0.4 %.
    } else if is_within(at, 14 * DAY, DAY) {
        24
    } else {
        0
    }
}

/// The slow requests of checkout in the minute before a time.
fn slow(at: i64) -> u64 {
    if is_within(at, 19 * DAY + 18 * HOUR, 30 * MINUTE) {
        REQUESTS / 2
    } else {
        0
    }
}

/// The orders that wait.
fn depth(at: i64) -> u64 {
    if is_within(at, 23 * DAY + 20 * HOUR, 30 * MINUTE) {
        700
    } else {
        20
    }
}

/// Returns the month.
pub fn month() -> String {
    let mut requests = "# TYPE http_requests counter\n".to_owned();
    let mut durations = "# TYPE http_request_duration_seconds histogram\n".to_owned();
    let mut others = "# TYPE checkout_queue_depth gauge\n".to_owned();
    let mut up = "# TYPE up gauge\n".to_owned();
    let (mut all, mut failed, mut late, mut booked) = (0, 0, 0, 0);
    let mut at = -LEAD;
    while at <= 30 * DAY {
        all += REQUESTS;
        failed += bad(at);
        late += slow(at);
        // Nothing is booked for two hours.
        if !is_within(at, 10 * DAY + 2 * HOUR, 2 * HOUR) {
            booked += REQUESTS;
        }
        let time = BEGIN + at;
        let good = all - failed;
        let fast = all - late;
        let _ = write!(
            requests,
            "http_requests_total{{job=\"checkout\",status=\"200\"}} {good} {time}\n\
             http_requests_total{{job=\"checkout\",status=\"500\"}} {failed} {time}\n"
        );
        let _ = write!(
            durations,
            "http_request_duration_seconds_bucket{{job=\"checkout\",le=\"0.3\"}} {fast} {time}\n\
             http_request_duration_seconds_bucket{{job=\"checkout\",le=\"+Inf\"}} {all} {time}\n\
             http_request_duration_seconds_count{{job=\"checkout\"}} {all} {time}\n"
        );
        let waiting = depth(at);
        let _ = writeln!(
            others,
            "checkout_queue_depth{{job=\"checkout\"}} {waiting} {time}"
        );
        let _ = writeln!(up, "up{{job=\"checkout\"}} 1 {time}");
        // The ledger's metrics are gone for an hour.
        if !is_within(at, 26 * DAY + 3 * HOUR, HOUR) {
            let _ = writeln!(
                requests,
                "http_requests_total{{job=\"ledger\",status=\"200\"}} {booked} {time}"
            );
            let _ = writeln!(up, "up{{job=\"ledger\"}} 1 {time}");
        }
        at += MINUTE;
    }
    [requests, durations, others, up, "# EOF\n".to_owned()].concat()
}
