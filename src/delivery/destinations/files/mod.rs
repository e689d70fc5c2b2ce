//! Files of a folder, each with its owner's mark in the first line, and how a server is made to load them.

pub(super) mod lease;
pub(super) mod reload;
mod store;
pub(super) mod yaml;

pub(super) use store::{FileStore, Found};

use serde::{Deserialize, Serialize};

use crate::error::DeliveryError;
use crate::object::{ContentHash, LiveObject, Owner};

/// How the line of the mark begins; a JSON object follows.
const MARK: &str = "# nthc: ";

/// The mark of an owner, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    project: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// The name of the file: a copy under another name is not ours.
    file: String,
    /// The hash of the content that was written with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<ContentHash>,
}

impl Mark {
    /// The mark of an owner in a file with this name and content.
    pub fn new(owner: &Owner, file: &str, content: Option<ContentHash>) -> Self {
        Self {
            project: owner.project.clone(),
            environment: owner.environment.clone(),
            file: file.to_owned(),
            content,
        }
    }

    /// Whose it is.
    pub fn owner(&self) -> Owner {
        Owner {
            project: self.project.clone(),
            environment: self.environment.clone(),
        }
    }

    /// The hash of the content that was written with it.
    pub fn content(&self) -> Option<&ContentHash> {
        self.content.as_ref()
    }

    /// The JSON, on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The first line of a YAML file.
    pub fn line(&self) -> String {
        format!("{MARK}{}\n", self.json())
    }

    /// Reads the first line of a YAML file with this name; `None` without a mark, or with one that cannot be read or is that of
    /// another file.
    pub fn read(text: &str, file: &str) -> Option<Self> {
        let line = text.lines().next()?;
        Self::parse(line.strip_prefix(MARK)?.trim_end(), file)
    }

    /// Reads the JSON of a mark in a file with this name.
    pub fn parse(json: &str, file: &str) -> Option<Self> {
        let mark: Self = serde_json::from_str(json).ok()?;
        (mark.file == file).then_some(mark)
    }
}

/// The version of what was live a moment ago; `None` if nothing was.
///
/// # Errors
///
/// If it has none: then it was not read from a file.
pub(super) fn version(before: Option<&LiveObject>) -> Result<Option<&str>, DeliveryError> {
    before
        .map(|live| {
            live.version
                .as_deref()
                .ok_or_else(|| DeliveryError::Invalid {
                    why: format!("no version is known of {}", live.key),
                })
        })
        .transpose()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_is_one_line_and_is_read_again() {
        let owner = Owner {
            project: "a\n# b: \"é".to_owned(),
            environment: Some("production".to_owned()),
        };
        let mark = Mark::new(&owner, "a.yaml", Some(ContentHash::compute(&json!({}))));
        assert_eq!(mark.line().lines().count(), 1);
        let text = format!("{}groups: []\n", mark.line());
        assert_eq!(Mark::read(&text, "a.yaml"), Some(mark));
        // A copy by hand.
        assert_eq!(Mark::read(&text, "a-old.yaml"), None);
        let plain = Owner {
            project: "shop".to_owned(),
            environment: None,
        };
        let mark = Mark::new(&plain, "a.yaml", None);
        assert_eq!(
            mark.line(),
            "# nthc: {\"project\":\"shop\",\"file\":\"a.yaml\"}\n"
        );
        let read = Mark::read(&mark.line().replace('\n', "\r\n"), "a.yaml").unwrap();
        assert_eq!(read.owner(), plain);
        for foreign in [
            "",
            "groups: []",
            "\n# nthc: {\"project\":\"shop\",\"file\":\"a.yaml\"}",
            "# nthc: shop",
            "# nthc: {\"project\":\"shop\"}",
            "# nthc: {\"project\":\"shop\",\"file\":\"a.yaml\",\"more\":1}",
            "# nthc: {\"project\":\"shop\",\"file\":\"a.yaml\",\"content\":\"x\"}",
        ] {
            assert_eq!(Mark::read(foreign, "a.yaml"), None, "{foreign}");
        }
    }
}
