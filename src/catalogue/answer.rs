//! Answers of Prometheus's HTTP API, parsed strictly: an incomplete answer is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{MOST_VALUES, MetricType, annotation};

/// The reason why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadAnswer {
    /// An HTML page, such as that of a login or a proxy.
    Html,
    /// The answer is empty.
    Empty,
    /// The answer is truncated.
    Truncated,
    /// The answer is not JSON, or not in the form of the API; with a short reason.
    Malformed(String),
    /// The server reports that it failed; with its message.
    Refused(String),
    /// The server reports both success and an error; with its message.
    Contradictory(String),
    /// The server reports that data are missing; with its message.
    Incomplete(String),
    /// The server reports that some of its parts did not answer, as VictoriaMetrics does.
    Partial,
    /// The answer is for the first time, and the second was requested.
    OtherTime(Timestamp, Timestamp),
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Html => write!(f, "got an HTML page instead of JSON"),
            Self::Empty => write!(f, "empty response"),
            Self::Truncated => write!(f, "truncated response"),
            Self::Malformed(why) => write!(f, "unexpected response format: {why}"),
            Self::Refused(said) => write!(f, "the API returned an error: {said:?}"),
            Self::Contradictory(said) => {
                write!(
                    f,
                    "the response has status `success` and an error: {said:?}"
                )
            }
            Self::Incomplete(said) => write!(f, "incomplete response: it warns {said:?}"),
            Self::Partial => write!(f, "partial response: it sets `isPartial`"),
            Self::OtherTime(found, asked) => {
                write!(
                    f,
                    "the response is for another time: expected {asked}, found {found}"
                )
            }
        }
    }
}

impl std::error::Error for BadAnswer {}

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    #[serde(default = "Option::default")]
    data: Option<T>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
    // If present, it is a boolean: `null` is ambiguous.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

/// Returns the reason why bytes cannot be parsed as expected.
pub(super) fn bad_answer(bytes: &[u8], error: &serde_json::Error) -> BadAnswer {
    let text = bytes.trim_ascii_start();
    if text.is_empty() {
        return BadAnswer::Empty;
    }
    if text.starts_with(b"<") {
        return BadAnswer::Html;
    }
    match error.classify() {
        serde_json::error::Category::Eof => BadAnswer::Truncated,
        _ => BadAnswer::Malformed(error.to_string()),
    }
}

/// The error message of the server, if the answer is an error of the API.
pub fn server_error(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<Envelope<IgnoredAny>>(bytes)
        .ok()
        .and_then(|envelope| envelope.error)
}

/// The data of a complete answer.
///
/// # Errors
///
/// If the answer is incomplete or invalid.
pub fn data<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadAnswer> {
    complete_data(bytes).map(|(data, _)| data)
}

/// The data of a complete answer, with the server's remarks: annotations that do not mean incomplete data.
///
/// # Errors
///
/// If the answer is incomplete or invalid.
pub fn complete_data<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<String>), BadAnswer> {
    // The envelope is checked first: an error's data may have any shape.
    let envelope: Envelope<IgnoredAny> =
        serde_json::from_slice(bytes).map_err(|error| bad_answer(bytes, &error))?;
    // Serde would accept a list of the fields' values too.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(BadAnswer::Malformed(
            "expected an object, found a list".to_owned(),
        ));
    }
    let error = [envelope.error, envelope.error_type]
        .into_iter()
        .flatten()
        .find(|said| !said.is_empty());
    if envelope.status != "success" {
        let said = error.unwrap_or_else(|| format!("status {}", envelope.status));
        return Err(BadAnswer::Refused(said));
    }
    if let Some(said) = error {
        return Err(BadAnswer::Contradictory(said));
    }
    // With warnings, data of some stores may be missing.
    let mut remarks = Vec::new();
    for (said, is_harmless) in [
        (
            envelope.warnings,
            annotation::is_harmless_warning as fn(&str) -> bool,
        ),
        (envelope.infos, annotation::is_harmless_info),
    ] {
        for said in said.into_iter().flatten() {
            if !is_harmless(&said) {
                return Err(BadAnswer::Incomplete(said));
            }
            remarks.push(said);
        }
    }
    if envelope.is_partial {
        return Err(BadAnswer::Partial);
    }
    let envelope: Envelope<T> =
        serde_json::from_slice(bytes).map_err(|error| bad_answer(bytes, &error))?;
    envelope
        .data
        .map(|data| (data, remarks))
        .ok_or_else(|| BadAnswer::Malformed("no data".to_owned()))
}

/// The series that a selector matched, collected while they are read: for each name, the labels with their values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gathered {
    pub(super) names: BTreeMap<String, BTreeMap<String, Values>>,
}

/// The values of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values {
    /// All values.
    Few(BTreeSet<String>),
    /// More values than are listed.
    Many,
}

impl Gathered {
    fn add(&mut self, series: BTreeMap<String, String>) -> Result<(), &'static str> {
        let Some(name) = series.get("__name__").filter(|name| !name.is_empty()) else {
            return Err("a series without a name");
        };
        let labels = self.names.entry(name.clone()).or_default();
        // An empty value is equivalent to no label.
        let told = series
            .into_iter()
            .filter(|(label, value)| label != "__name__" && !value.is_empty());
        for (label, value) in told {
            // All bounds of a histogram are needed.
            let most = if label == "le" {
                usize::MAX
            } else {
                MOST_VALUES
            };
            let values = labels
                .entry(label)
                .or_insert_with(|| Values::Few(BTreeSet::new()));
            if let Values::Few(few) = values {
                few.insert(value);
                if few.len() > most {
                    *values = Values::Many;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Gathered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fold;
        impl<'de> Visitor<'de> for Fold {
            type Value = Gathered;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of series")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Gathered, A::Error> {
                let mut gathered = Gathered::default();
                while let Some(series) = items.next_element()? {
                    gathered.add(series).map_err(A::Error::custom)?;
                }
                Ok(gathered)
            }
        }
        deserializer.deserialize_seq(Fold)
    }
}

/// Parses an answer of `/api/v1/series`.
///
/// # Errors
///
/// If it is not a complete, successful answer with a list of series.
pub fn series(bytes: &[u8]) -> Result<Gathered, BadAnswer> {
    data(bytes)
}

/// The metadata of metrics by name, as their targets report it. If targets contradict one another, the type is unknown,
/// there is no unit and the help is the alphabetically first: Prometheus returns them in no order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    pub(super) metrics: BTreeMap<String, Description>,
}

/// The metadata of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Description {
    pub(super) metric_type: MetricType,
    pub(super) help: Option<String>,
    pub(super) unit: Option<String>,
}

#[derive(Deserialize)]
struct RawMetadata {
    #[serde(rename = "type")]
    metric_type: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    unit: String,
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fold;
        impl<'de> Visitor<'de> for Fold {
            type Value = Metadata;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("metadata by metric")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Metadata, A::Error> {
                let mut metrics = BTreeMap::new();
                while let Some((name, said)) = entries.next_entry::<String, Vec<RawMetadata>>()? {
                    let types: BTreeSet<MetricType> =
                        said.iter().map(|said| type_of(&said.metric_type)).collect();
                    let metric_type = match types.len() {
                        1 => types.first().copied().unwrap_or_default(),
                        _ => MetricType::Unknown,
                    };
                    let help = said
                        .iter()
                        .map(|said| said.help.trim())
                        .filter(|help| !help.is_empty())
                        .min()
                        .map(str::to_owned);
                    let units: BTreeSet<&str> = said
                        .iter()
                        .map(|said| said.unit.trim())
                        .filter(|unit| !unit.is_empty())
                        .collect();
                    let unit = match units.len() {
                        1 => units.first().map(|unit| (*unit).to_owned()),
                        _ => None,
                    };
                    let description = Description {
                        metric_type,
                        help,
                        unit,
                    };
                    metrics.insert(name, description);
                }
                Ok(Metadata { metrics })
            }
        }
        deserializer.deserialize_map(Fold)
    }
}

/// Parses a type; one of a later Prometheus is not an error of the answer.
fn type_of(text: &str) -> MetricType {
    match text {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "gaugehistogram" => MetricType::GaugeHistogram,
        "summary" => MetricType::Summary,
        "info" => MetricType::Info,
        "stateset" => MetricType::StateSet,
        _ => MetricType::Unknown,
    }
}

/// Parses an answer of `/api/v1/metadata`.
///
/// # Errors
///
/// If it is not a complete, successful answer with metadata by metric.
pub fn metadata(bytes: &[u8]) -> Result<Metadata, BadAnswer> {
    data(bytes)
}
