//! The lock file: TOML with one setting a line and a heading for each metric, sorted, so that a diff in review is a
//! difference in metrics. It contains neither the time nor the address of a pull: they change without the metrics.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Section;

/// The latest version that this compiler reads and writes.
const VERSION: u32 = 2;

/// The version of a file without later additions: units of metrics, series of errors.
const FIRST: u32 = 1;

/// Explains the file to a reader.
const HEADER: &str = "\
# The metrics that the project's selectors match in Prometheus. Written by `nthc metrics pull`;
# commit it, and pull again instead of editing it.
";

/// The lock file's contents: sections by selector, `{job=\"checkout\"}` with its matchers in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The sections outside of environments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selectors: BTreeMap<String, Section>,
    /// The sections by environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, BTreeMap<String, Section>>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            version: VERSION,
            selectors: BTreeMap::new(),
            environments: BTreeMap::new(),
        }
    }
}

/// The reason why a lock file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A version that this compiler does not support.
    Version(u32),
    /// A file that a pull did not write.
    Malformed {
        /// The place in bytes of the text, if it is known.
        at: Option<Range<usize>>,
        /// The line, if it is known.
        line: Option<usize>,
        /// A short reason.
        why: String,
    },
}

impl Unreadable {
    /// The place of the problem in the text; the text's first byte if it is not known.
    pub fn range(&self, text: &str) -> Range<usize> {
        match self {
            Self::Malformed { at: Some(at), .. }
                if text.get(at.clone()).is_some_and(|found| !found.is_empty()) =>
            {
                at.clone()
            }
            Self::Malformed { at: Some(at), .. } => {
                let end = at.start.min(text.len());
                let start = text[..end].char_indices().next_back();
                start.map_or(0, |(start, _)| start)..end
            }
            _ => 0..text.chars().next().map_or(0, char::len_utf8),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(
                f,
                "version {version} is not supported: this nthc supports versions up to {VERSION}"
            ),
            Self::Malformed {
                line: Some(line),
                why,
                ..
            } => write!(f, "line {line}: {why}"),
            Self::Malformed { why, .. } => f.write_str(why),
        }
    }
}

impl std::error::Error for Unreadable {}

impl Lock {
    /// Parses the file's text.
    ///
    /// # Errors
    ///
    /// If a pull did not write it.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        // The version is read first: a later one may contain unknown fields.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let malformed = |error: toml::de::Error| {
            let line = error.span().map(|span| {
                text.get(..span.start)
                    .unwrap_or(text)
                    .lines()
                    .count()
                    .max(1)
            });
            Unreadable::Malformed {
                at: error.span(),
                line,
                why: error.message().replace('\n', ", "),
            }
        };
        let version: Version = toml::from_str(text).map_err(malformed)?;
        if !(FIRST..=VERSION).contains(&version.version) {
            return Err(Unreadable::Version(version.version));
        }
        let read: Self = toml::from_str(text).map_err(malformed)?;
        Ok(Self {
            version: VERSION,
            ..read
        })
    }

    /// The text of the file.
    ///
    /// # Errors
    ///
    /// None with these types; the signature of the serializer has an error.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        #[derive(Serialize)]
        struct Written<'l> {
            version: u32,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            selectors: &'l BTreeMap<String, Section>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            environments: &'l BTreeMap<String, BTreeMap<String, Section>>,
        }
        let written = Written {
            version: self.least_version(),
            selectors: &self.selectors,
            environments: &self.environments,
        };
        Ok(format!("{HEADER}{}", toml::to_string(&written)?))
    }

    /// The first version that supports the contents: an older compiler can read a file without later additions.
    fn least_version(&self) -> u32 {
        let mut sections = self
            .environments
            .values()
            .chain([&self.selectors])
            .flat_map(BTreeMap::values);
        let says_more = |section: &Section| {
            let mut metrics = section.metrics.values();
            !section.errors.is_empty() || metrics.any(|metric| metric.unit.is_some())
        };
        if sections.any(says_more) {
            VERSION
        } else {
            FIRST
        }
    }

    /// The sections of an environment, or those outside of environments.
    pub fn sections(&self, environment: Option<&str>) -> Option<&BTreeMap<String, Section>> {
        match environment {
            Some(name) => self.environments.get(name),
            None => Some(&self.selectors),
        }
    }

    /// The mutable sections of an environment, or those outside of environments.
    pub fn sections_mut(&mut self, environment: Option<&str>) -> &mut BTreeMap<String, Section> {
        match environment {
            Some(name) => self.environments.entry(name.to_owned()).or_default(),
            None => &mut self.selectors,
        }
    }

    /// The section of a selector in an environment, or outside of environments; `None` if it was not pulled.
    pub fn section(&self, environment: Option<&str>, selector: &str) -> Option<&Section> {
        self.sections(environment)?.get(selector)
    }
}
