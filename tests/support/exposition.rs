//! Scrapes in Prometheus's text format, and the series and metadata of a Prometheus server that scraped them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use nthc::catalogue::{self, Section};
use nthc::promql::{self, MatchOp, Node};
use serde_json::{Value, json};

/// The parsed response of an exporter: the labels of each series, including its name, and the type and help of each metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrape {
    /// The series.
    pub series: Vec<BTreeMap<String, String>>,
    /// Type and help, by the metric name in the text.
    pub metadata: BTreeMap<String, (String, String)>,
}

/// Returns the folder of the scrapes.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exporters")
}

/// Returns the names of all scrapes.
pub fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the folder of scrapes");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "prom")
        })
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Returns the text of a scrape.
pub fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.prom"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Parses a scrape.
///
/// # Errors
///
/// The number of the first invalid line, and the reason.
pub fn parse(text: &str) -> Result<Scrape, String> {
    let mut scrape = Scrape::default();
    for (number, line) in (1..).zip(text.lines()) {
        read(line.trim_start(), &mut scrape).map_err(|why| format!("line {number}: {why}"))?;
    }
    Ok(scrape)
}

fn read(line: &str, scrape: &mut Scrape) -> Result<(), String> {
    if line.is_empty() {
        return Ok(());
    }
    let Some(comment) = line.strip_prefix('#') else {
        scrape.series.push(sample(line)?);
        return Ok(());
    };
    let mut words = comment.trim_start().splitn(3, ' ');
    let (keyword, name, rest) = (words.next(), words.next(), words.next());
    let (Some(keyword @ ("TYPE" | "HELP")), Some(name)) = (keyword, name) else {
        return Ok(());
    };
    let rest = rest.unwrap_or_default();
    let name = name.trim_matches('"');
    let (metric_type, help) = scrape
        .metadata
        .entry(name.to_owned())
        .or_insert_with(|| ("unknown".to_owned(), String::new()));
    if keyword == "HELP" {
        *help = unescape(rest)?;
        return Ok(());
    }
    *metric_type = match rest {
        "untyped" => "unknown".to_owned(),
        "counter" | "gauge" | "histogram" | "summary" => rest.to_owned(),
        other => return Err(format!("the type {other:?}")),
    };
    Ok(())
}

/// Parses a sample such as `http_requests_total{code="200"} 3 1700000000000`, or one with names of UTF-8,
/// `{"http.requests","http.route"="/"} 3`, without its value.
fn sample(line: &str) -> Result<BTreeMap<String, String>, String> {
    let end = line
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'))
        .ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if !name.is_empty() {
        labels.insert("__name__".to_owned(), name.to_owned());
    }
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let label = if rest.starts_with('"') {
                let (label, after) = text_of(rest)?;
                rest = after;
                label
            } else {
                let (label, after) = rest
                    .split_once('=')
                    .filter(|(label, _)| !label.contains(['}', ' ']))
                    .ok_or("a label without a value")?;
                rest = &rest[rest.len() - after.len() - 1..];
                label.to_owned()
            };
            let (label, value) = match rest.strip_prefix('=') {
                Some(after) => {
                    let (value, after) = text_of(after)?;
                    rest = after;
                    (label, value)
                }
                // Without a value, it is the metric's name.
                None => ("__name__".to_owned(), label),
            };
            if labels.insert(label.clone(), value).is_some() {
                return Err(format!("the label {label} twice"));
            }
        }
    }
    let named = labels.get("__name__");
    if named.is_none() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(format!("the name {name:?}"));
    }
    let mut numbers = rest.split_ascii_whitespace();
    let value = numbers.next().ok_or("no value")?;
    value
        .parse::<f64>()
        .map_err(|_| format!("the value {value:?}"))?;
    if let Some(time) = numbers.next() {
        time.parse::<i64>()
            .map_err(|_| format!("the time {time:?}"))?;
    }
    match numbers.next() {
        Some(more) => Err(format!("{more:?} after the value")),
        None => Ok(labels),
    }
}

/// Splits a quoted text, without its escapes, from what is after it.
fn text_of(quoted: &str) -> Result<(String, &str), String> {
    let inner = quoted.strip_prefix('"').ok_or("a label without a value")?;
    let end = end_of_text(inner).ok_or("a text without an end")?;
    Ok((unescape(&inner[..end])?, &inner[end + 1..]))
}

/// Returns the offset of the closing quote.
fn end_of_text(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some(letter @ ('\\' | '"')) => out.push(letter),
                // Prometheus keeps unknown escapes unchanged.
                Some(other) => out.extend(['\\', other]),
                None => return Err("half an escape".to_owned()),
            },
            letter => out.push(letter),
        }
    }
    Ok(out)
}

/// The series that Prometheus adds to each scrape.
const ADDED: [&str; 5] = [
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "up",
];

/// The series and the metadata of a Prometheus server.
#[derive(Debug, Clone, Default)]
pub struct Scraped {
    series: Vec<BTreeMap<String, String>>,
    metadata: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Scraped {
    /// Adds a scrape of a target with the target labels. Conflicting labels of the scrape are renamed, as Prometheus does.
    pub fn add(&mut self, target: &BTreeMap<String, String>, scrape: &Scrape) {
        let own = |labels: &BTreeMap<String, String>| {
            let mut all = target.clone();
            for (label, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
                let label = match target.contains_key(label) {
                    true => format!("exported_{label}"),
                    false => label.clone(),
                };
                all.insert(label, value.clone());
            }
            all
        };
        self.series.extend(scrape.series.iter().map(own));
        let added = |name: &str| own(&BTreeMap::from([("__name__".to_owned(), name.to_owned())]));
        self.series.extend(ADDED.map(added));
        for (name, entries) in &scrape.metadata {
            let known = self.metadata.entry(name.clone()).or_default();
            known.insert(entries.clone());
        }
    }

    /// Returns the lock file section of a selector with only equality matchers, such as `{job="redis"}`.
    pub fn section(&self, selector: &str) -> Section {
        let (_, fixed) = catalogue::canonical(selector).expect("a selector");
        let parsed = promql::parse(selector).expect("a selector");
        let Node::Selector(parsed) = parsed.node else {
            panic!("{selector} is no selector");
        };
        let matches = |series: &&BTreeMap<String, String>| {
            parsed.matchers.iter().all(|matcher| {
                assert_eq!(matcher.op, MatchOp::Equal, "{selector}");
                series.get(matcher.label.as_str()).map(String::as_str) == matcher.value.text()
            })
        };
        let series: Vec<_> = self.series.iter().filter(matches).collect();
        let metadata: BTreeMap<_, Vec<Value>> = self
            .metadata
            .iter()
            .map(|(name, entries)| {
                let entry = |(metric_type, help): &(String, String)| json!({"type": metric_type, "help": help, "unit": ""});
                (name, entries.iter().map(entry).collect())
            })
            .collect();
        let gathered = catalogue::series(&success(json!(series))).expect("an answer");
        let metadata = catalogue::metadata(&success(json!(metadata))).expect("an answer");
        Section {
            used_by: BTreeSet::new(),
            metrics: catalogue::metrics(&gathered, &metadata, &fixed),
            errors: Vec::new(),
        }
    }
}

fn success(data: Value) -> Vec<u8> {
    json!({"status": "success", "data": data})
        .to_string()
        .into_bytes()
}
