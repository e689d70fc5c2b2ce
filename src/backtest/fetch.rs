//! Asks a server for history, in chunks, a few at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use nth_engine::{FloatSample, Labels};
use nth_simulate::HistorySeries;

use super::answer::{Matrix, matrix};
use super::cache::Cache;
use super::chunks::Chunk;

/// The number of requests at once.
const AT_ONCE: usize = 4;

/// The maximum number of samples of all answers together: about 600 MB.
const MOST_SAMPLES: usize = 40_000_000;

/// A query over a range of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The query.
    pub query: String,
    /// The time between two evaluations, in milliseconds.
    pub step: i64,
    /// The first evaluation is at or after this time, in milliseconds since 1970.
    pub from: i64,
    /// The last evaluation is at or before this time.
    pub to: i64,
    /// What it is for, for messages: `rule SLOMetricAbsent of checkout`.
    pub what: String,
}

/// A server with Prometheus's API.
pub trait Server: Sync {
    /// The error of a request.
    type Error: Send;

    /// Returns the answer to a query over the steps of a chunk, and what [`matrix`] reads in it.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    fn range(
        &self,
        query: &str,
        chunk: &Chunk,
        what: &str,
    ) -> Result<(Vec<u8>, Matrix), Self::Error>;
}

/// The reason why history cannot be used.
#[derive(Debug)]
pub enum FetchError<E> {
    /// A request failed.
    Server(E),
    /// There are more samples than fit into memory; with the query that has most.
    TooMuch(String),
}

/// The results of requests, in their order.
#[derive(Debug)]
pub struct Fetched {
    /// The series of each request.
    pub results: Vec<Matrix>,
    /// The number of requests that were sent.
    pub sent: usize,
    /// The number of answers that were kept from an earlier run.
    pub kept: usize,
    /// Why an answer could not be kept for the next run.
    pub unkept: Option<io::Error>,
}

/// Returns the number of answers that requests need.
pub fn total(requests: &[Request], now: i64) -> usize {
    wanted(requests, now).len()
}

/// Returns the distinct queries and chunks of requests.
fn wanted(requests: &[Request], now: i64) -> BTreeSet<(&str, Chunk)> {
    requests
        .iter()
        .flat_map(|request| {
            let chunks = request.chunks(now).into_iter();
            chunks.map(move |chunk| (request.query.as_str(), chunk))
        })
        .collect()
}

/// Asks for the results of requests. `now` is in milliseconds since 1970; `advance` is called after each answer,
/// [`total`] times.
///
/// # Errors
///
/// If a request fails, or the answers are too large.
pub fn fetch<S: Server>(
    server: &S,
    cache: Option<&Cache>,
    requests: &[Request],
    now: i64,
    advance: &(dyn Fn() + Sync),
) -> Result<Fetched, FetchError<S::Error>> {
    let wanted: Vec<(&str, Chunk)> = wanted(requests, now).into_iter().collect();
    let what = |query: &str| {
        let of = requests.iter().find(|request| request.query == query);
        of.map_or("", |request| request.what.as_str())
    };
    let answers: Mutex<BTreeMap<(&str, Chunk), Matrix>> = Mutex::new(BTreeMap::new());
    let failure: Mutex<Option<FetchError<S::Error>>> = Mutex::new(None);
    let (next, sent, kept) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let unkept: Mutex<Option<io::Error>> = Mutex::new(None);
    let samples = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let fail = |error| {
        let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
        stopped.store(true, Ordering::Relaxed);
    };
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((query, chunk)) = wanted.get(place).copied() else {
                return;
            };
            let known = cache.and_then(|cache| cache.get(query, &chunk));
            let known = known.and_then(|bytes| matrix(&bytes, &chunk).ok());
            let answer = match known {
                Some(answer) => {
                    kept.fetch_add(1, Ordering::Relaxed);
                    answer
                }
                None => {
                    sent.fetch_add(1, Ordering::Relaxed);
                    let (bytes, answer) = match server.range(query, &chunk, what(query)) {
                        Ok(answered) => answered,
                        Err(error) => return fail(FetchError::Server(error)),
                    };
                    if let Some(Err(cause)) = cache.map(|cache| cache.keep(query, &chunk, &bytes)) {
                        let mut first = unkept.lock().unwrap_or_else(PoisonError::into_inner);
                        first.get_or_insert(cause);
                    }
                    answer
                }
            };
            let more: usize = answer.iter().map(|series| series.samples.len()).sum();
            if samples.fetch_add(more, Ordering::Relaxed) > MOST_SAMPLES {
                return fail(FetchError::TooMuch(query.to_owned()));
            }
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.insert((query, chunk), answer);
            drop(answers);
            advance();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(wanted.len()) {
            scope.spawn(work);
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let results = requests.iter().map(|request| request.joined(&answers, now));
    Ok(Fetched {
        results: results.collect(),
        sent: sent.into_inner(),
        kept: kept.into_inner(),
        unkept: unkept.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

impl Request {
    /// Returns the chunks that are asked for.
    pub fn chunks(&self, now: i64) -> Vec<Chunk> {
        Chunk::covering(self.from, self.to, self.step, now)
    }

    /// Joins the series of all chunks, without what is outside of the range.
    fn joined(&self, answers: &BTreeMap<(&str, Chunk), Matrix>, now: i64) -> Matrix {
        let mut joined: BTreeMap<Labels, Vec<FloatSample>> = BTreeMap::new();
        for chunk in self.chunks(now) {
            let Some(answer) = answers.get(&(self.query.as_str(), chunk)) else {
                continue;
            };
            for series in answer {
                let all = joined.entry(series.labels.clone()).or_default();
                let inside = |sample: &&FloatSample| (self.from..=self.to).contains(&sample.at);
                all.extend(series.samples.iter().filter(inside));
            }
        }
        joined
            .into_iter()
            .filter(|(_, samples)| !samples.is_empty())
            .map(|(labels, samples)| HistorySeries { labels, samples })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A server whose every query has the value 1.
    struct Ones;

    impl Server for Ones {
        type Error = String;

        fn range(
            &self,
            query: &str,
            chunk: &Chunk,
            what: &str,
        ) -> Result<(Vec<u8>, Matrix), String> {
            if query == "broken" {
                return Err(format!("no answer to {what}"));
            }
            let times = (0..).map(|index| chunk.start + index * chunk.step);
            let times = times.take_while(|at| *at <= chunk.end);
            let values: Vec<String> = times
                .map(|at| format!("[{}.{:03},\"1\"]", at / 1000, at % 1000))
                .collect();
            let bytes = format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{}]}}]}}}}"#,
                values.join(",")
            )
            .into_bytes();
            let answer = matrix(&bytes, chunk).map_err(|bad| bad.to_string())?;
            Ok((bytes, answer))
        }
    }

    const DAY: i64 = 86_400_000;

    fn request(query: &str) -> Request {
        Request {
            query: query.to_owned(),
            step: 180_000,
            from: 10 * DAY + 180_000,
            to: 15 * DAY,
            what: "rule x".to_owned(),
        }
    }

    #[test]
    fn a_second_run_asks_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let now = 100 * DAY;
        let cache = Cache::open(&folder.path().join("cache"), "one", now).unwrap();
        let requests = [request("a"), request("a"), request("b")];
        let run = || fetch(&Ones, Some(&cache), &requests, now, &|| ()).unwrap();
        let first = run();
        assert_eq!((first.sent, first.kept), (6, 0));
        let second = run();
        assert_eq!((second.sent, second.kept), (0, 6));
        assert_eq!(first.results, second.results);
        let samples = &first.results[0][0].samples;
        assert_eq!(samples.len(), 5 * 480);
        assert_eq!(samples.first().unwrap().at, 10 * DAY + 180_000);
        assert_eq!(samples.last().unwrap().at, 15 * DAY);
    }

    #[test]
    fn what_cannot_be_kept_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let now = 100 * DAY;
        let cache = Cache::open(&folder.path().join("cache"), "one", now).unwrap();
        std::fs::remove_dir(folder.path().join("cache")).unwrap();
        let fetched = fetch(&Ones, Some(&cache), &[request("a")], now, &|| ()).unwrap();
        assert_eq!(fetched.results[0][0].samples.len(), 5 * 480);
        assert_eq!(fetched.unkept.unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_first_failure_ends_it() {
        let error = fetch(&Ones, None, &[request("broken")], 100 * DAY, &|| ()).unwrap_err();
        assert!(matches!(error, FetchError::Server(why) if why == "no answer to rule x"));
    }
}
