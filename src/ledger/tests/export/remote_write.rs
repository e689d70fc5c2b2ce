//! Remote write, decoded, and sent to a real Prometheus.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nth_ledger::export::{ExportError, Measure, REMOTE_WRITE_HEADERS, remote_write_requests};
use nth_ledger::{SLICE_SECONDS, Slice, SliceSource};
use prost::Message;

use crate::{START, examples, labels, slice, slo, support};

/// The messages of `prometheus/prompb`, as far as they are used.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

fn decode(body: &[u8]) -> WriteRequest {
    let plain = snap::raw::Decoder::new().decompress_vec(body).unwrap();
    WriteRequest::decode(plain.as_slice()).unwrap()
}

#[test]
fn a_request_has_every_measure() {
    let (slo, slices) = &examples()[1];
    let requests = remote_write_requests(slo, slices).unwrap();
    assert_eq!(requests.len(), 1);
    let request = decode(&requests[0]);
    for (series, measure) in request.timeseries.iter().zip(Measure::ALL) {
        let found: Vec<(String, String)> = series
            .labels
            .iter()
            .map(|label| (label.name.clone(), label.value.clone()))
            .collect();
        let expected = labels(&[
            ("__name__", measure.metric()),
            ("project", "shop"),
            ("environment", "production"),
            ("service", "checkout"),
            ("slo", "availability"),
            ("exported_service", "payments"),
            ("region", "eu \"west\"\\1\n"),
        ]);
        // In order, as the protocol requires.
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        let samples: Vec<(f64, i64)> = series
            .samples
            .iter()
            .map(|sample| (sample.value, sample.timestamp))
            .collect();
        assert_eq!(
            samples,
            [(measure.value(&slices[0]), (START + 300) * 1_000)]
        );
    }
    let values: Vec<f64> = request
        .timeseries
        .iter()
        .map(|series| series.samples[0].value)
        .collect();
    assert_eq!(values, [0.25, 10.5, 200.0, 200.0]);
}

#[test]
fn many_slices_are_several_requests() {
    let slices: Vec<Slice> = (0..1_234)
        .map(|number| slice(number, 1.0, number as f64, 300, SliceSource::Raw))
        .collect();
    let requests = remote_write_requests(&slo("a", &[]), &slices).unwrap();
    let mut found = Vec::new();
    for request in &requests {
        let request = decode(request);
        let samples: usize = request
            .timeseries
            .iter()
            .map(|series| series.samples.len())
            .sum();
        assert!(samples <= 2_000, "{samples}");
        found.extend(
            request.timeseries[1]
                .samples
                .iter()
                .map(|sample| sample.value),
        );
    }
    assert_eq!(found, (0..1_234).map(f64::from).collect::<Vec<_>>());
    assert_eq!(
        remote_write_requests(&slo("a", &[]), &[]).unwrap(),
        Vec::<Vec<u8>>::new()
    );
    let error = remote_write_requests(&slo("a", &[("x.y", ""), ("x-y", "")]), &slices).unwrap_err();
    assert!(matches!(error, ExportError::DuplicateLabel { .. }));
}

/// A Prometheus that is killed on drop.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    fn start(program: &std::path::Path, folder: &std::path::Path) -> Self {
        std::fs::write(
            folder.join("prometheus.yml"),
            "storage: {tsdb: {out_of_order_time_window: 31d}}\n",
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new(program)
            .args([
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--web.enable-remote-write-receiver",
            ])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut prometheus = Self { child, port };
        let end = Instant::now() + Duration::from_secs(90);
        while prometheus
            .request("GET", "/-/ready", &[], &[])
            .is_none_or(|(status, _)| status != 200)
        {
            assert!(
                prometheus.child.try_wait().unwrap().is_none(),
                "Prometheus has exited"
            );
            assert!(Instant::now() < end, "Prometheus is not ready");
            thread::sleep(Duration::from_millis(100));
        }
        prometheus
    }

    /// The status and the text of an answer.
    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let mut head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let text = answer.split_once("\r\n\r\n")?.1.to_owned();
        Some((status, text))
    }
}

#[test]
fn prometheus_accepts_and_shows_it() {
    let Some(program) = support::find("prometheus") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(&program, folder.path());
    // Prometheus refuses samples that are older than its newest one by more than its window.
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64;
    let last = now.div_euclid(SLICE_SECONDS) * SLICE_SECONDS - SLICE_SECONDS;
    let slices: Vec<Slice> = (0..12)
        .map(|number| Slice {
            start: last - (11 - number) * SLICE_SECONDS,
            bad: number as f64,
            total: 1_000.0 + number as f64,
            seen: 300 - number as u16,
            source: SliceSource::Raw,
        })
        .collect();
    let mut statuses = Vec::new();
    // Sent twice: what is there already is no error.
    for _ in 0..2 {
        for body in
            remote_write_requests(&slo("availability", &[("region", "eu")]), &slices).unwrap()
        {
            let (status, text) = prometheus
                .request("POST", "/api/v1/write", &REMOTE_WRITE_HEADERS, &body)
                .unwrap();
            assert_eq!(status / 100, 2, "{text}");
            statuses.push(status);
        }
    }
    assert_eq!(statuses.len(), 2);
    let value = |metric: &str| {
        let query = format!(
            "/api/v1/query?query=sum_over_time({metric}%7Bregion=%22eu%22%7D%5B1h%5D)&time={}",
            last + SLICE_SECONDS
        );
        let (status, text) = prometheus.request("GET", &query, &[], &[]).unwrap();
        assert_eq!(status, 200, "{text}");
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let found: BTreeMap<&str, f64> = Measure::ALL
        .map(|measure| (measure.metric(), value(measure.metric())))
        .into();
    for measure in Measure::ALL {
        let expected: f64 = slices.iter().map(|slice| measure.value(slice)).sum();
        assert_eq!(found[measure.metric()], expected, "{}", measure.metric());
    }
}
