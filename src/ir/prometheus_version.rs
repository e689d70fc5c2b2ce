//! Versions of Prometheus.

use std::fmt;
use std::str::FromStr;

/// A version of Prometheus, as precise as in `nth.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrometheusVersion {
    /// The major version.
    pub major: u32,
    /// The minor version, if it is given.
    pub minor: Option<u32>,
}

impl PrometheusVersion {
    /// The oldest supported major version.
    const OLDEST: u32 = 2;

    /// The minor version of Prometheus 2 that introduced the `query_offset` of a group.
    const QUERY_OFFSET_MINOR: u32 = 53;

    /// Returns whether names of metrics and labels may contain any character, written in quotes: since Prometheus 3.
    pub const fn has_utf8_names(self) -> bool {
        self.major >= 3
    }

    /// Returns whether groups of rules may have a `query_offset`: since Prometheus 2.53. Without a minor version, 2 may be
    /// an older one.
    pub fn has_query_offset(self) -> bool {
        self.major >= 3
            || self
                .minor
                .is_some_and(|minor| minor >= Self::QUERY_OFFSET_MINOR)
    }
}

impl Default for PrometheusVersion {
    fn default() -> Self {
        Self {
            major: 3,
            minor: None,
        }
    }
}

impl fmt::Display for PrometheusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

/// Parses `3`, `2.53`, `v2.53.1` and `2.x`.
impl FromStr for PrometheusVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => part.parse::<u32>().map_err(|_| ()),
            false => Err(()),
        };
        let major = number(parts.next().unwrap_or_default())?;
        let minor = match parts.next() {
            None | Some("x") => None,
            Some(minor) => Some(number(minor)?),
        };
        let patch = parts.next();
        let is_patch = patch.is_none_or(|patch| patch == "x" || number(patch).is_ok());
        if !is_patch || parts.next().is_some() || major < Self::OLDEST {
            return Err(());
        }
        Ok(Self { major, minor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_people_write_them() {
        let version = |major, minor| Ok(PrometheusVersion { major, minor });
        for (text, expected) in [
            ("3", version(3, None)),
            ("2.x", version(2, None)),
            ("2.53", version(2, Some(53))),
            ("v2.53.1", version(2, Some(53))),
            ("3.x.x", version(3, None)),
            ("4.0", version(4, Some(0))),
            ("1.8", Err(())),
            ("", Err(())),
            ("two", Err(())),
            ("2.", Err(())),
            ("2.1.1.1", Err(())),
            ("2.1-rc", Err(())),
            ("+3", Err(())),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
