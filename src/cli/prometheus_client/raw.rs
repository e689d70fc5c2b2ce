//! Raw samples, for the ledger.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use nth_ledger::counter::Series as SampledSeries;
use serde::Deserialize;

use super::history::seconds;
use super::{AnswerLimits, CATALOGUE, Client, HISTORY};
use crate::exit::Failure;
use nth_book::pull::{self, Server};
use nthc::catalogue::{BadAnswer, complete_answer};

/// From which length on a query gets no more selectors, in bytes: VictoriaMetrics accepts 16 KiB.
const LONGEST_QUERY: usize = 8 << 10;

/// The raw samples of a selector.
const RAW: AnswerLimits = AnswerLimits {
    bytes: 512 << 20,
    fresh: false,
    late: "allow more time with `--timeout 10m`, or read less at once with `--chunk 1h`",
    large: Some("read less at once with `--chunk 1h`, or raise the limit of the server"),
};

impl Server for Client {
    type Error = Failure;

    fn raw(
        &self,
        selector: &str,
        from: i64,
        to: i64,
        what: &str,
    ) -> Result<Vec<SampledSeries>, Failure> {
        let url = format!("{}/api/v1/query", self.base);
        let query = format!("{selector}[{}ms]", (to - from).max(1));
        let time = seconds(to);
        let ask = || {
            self.with_headers(self.agent.post(&url)).send_form([
                ("query", query.as_str()),
                ("time", &time),
                // Thanos and VictoriaMetrics then fail if a part of them fails; others ignore the parameter.
                ("partial_response", "false"),
                ("deny_partial_response", "1"),
                ("nocache", "1"),
            ])
        };
        self.answer(ask, |bytes| pull::samples(bytes, from, to), what, RAW)
    }

    fn steps(
        &self,
        query: &str,
        from: i64,
        to: i64,
        step: i64,
        what: &str,
    ) -> Result<Vec<SampledSeries>, Failure> {
        /// Prometheus allows 11,000.
        const MOST_STEPS: i64 = 10_000;
        let url = format!("{}/api/v1/query_range", self.base);
        let mut all = Vec::new();
        let mut start = from;
        while start <= to {
            let end = to.min(start + (MOST_STEPS - 1) * step);
            let [first, last, distance] = [start, end, step].map(seconds);
            let ask = || {
                self.with_headers(self.agent.post(&url)).send_form([
                    ("query", query),
                    ("start", &first),
                    ("end", &last),
                    ("step", &distance),
                    ("partial_response", "false"),
                    ("deny_partial_response", "1"),
                    ("nocache", "1"),
                ])
            };
            all.extend(self.answer(
                ask,
                |bytes| pull::samples(bytes, start, end),
                what,
                HISTORY,
            )?);
            start = end + step;
        }
        Ok(all)
    }
}

#[derive(Deserialize)]
struct RuntimeInfo {
    #[serde(rename = "storageRetention")]
    storage_retention: String,
}

impl Client {
    /// Returns how long the server keeps samples; `None` if it does not say so, as servers with long-term storage.
    pub fn retention(&self) -> Option<Duration> {
        let url = format!("{}/api/v1/status/runtimeinfo", self.base);
        let sent = self.with_headers(self.agent.get(&url)).call();
        let bytes = self.once(sent, CATALOGUE).ok()?;
        let read = |bytes: &[u8]| -> Result<RuntimeInfo, BadAnswer> {
            complete_answer(bytes).map(|(data, _)| data)
        };
        let text = read(&bytes).ok()?.storage_retention;
        // `15d or 512MB`
        let length = text.split(" or ").find_map(nthc::promql::seconds)?;
        Duration::try_from_secs_f64(length).ok()
    }

    /// Returns the numbers of the selectors that have samples in the hour before a time.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn with_samples(
        &self,
        selectors: &[&str],
        at: Timestamp,
    ) -> Result<BTreeSet<usize>, Failure> {
        const LABEL: &str = "nth_probe";
        let mut found = BTreeSet::new();
        let mut rest = selectors.iter().enumerate().peekable();
        while rest.peek().is_some() {
            let mut query = String::new();
            while let Some((number, selector)) = rest.next_if(|_| query.len() < LONGEST_QUERY) {
                if !query.is_empty() {
                    query.push_str(" or ");
                }
                query.push_str(&format!(
                    "label_replace(count(last_over_time({selector}[1h])), \"{LABEL}\", \"{number}\", \"\", \"\")"
                ));
            }
            let at = at.as_millisecond();
            let series = self.steps(&query, at, at, 1_000, "the oldest samples")?;
            let numbers = series
                .iter()
                .filter_map(|one| one.labels.get(LABEL)?.parse::<usize>().ok());
            found.extend(numbers);
        }
        Ok(found)
    }
}
