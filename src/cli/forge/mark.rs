//! The hidden mark by which a comment is found again.

/// What a comment is about, and which run posted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The name of the project.
    pub project: String,
    /// The environment; two with `..` between them; empty for all.
    pub environment: String,
    /// The commit.
    pub head: String,
    /// The number of the run; `None` outside of CI.
    pub run: Option<u64>,
}

/// The beginning of the text of a mark.
const NAME: &str = "nthc diff:";

impl Mark {
    /// Returns the mark as a comment in HTML.
    pub fn html(&self) -> String {
        format!("<!-- {} -->", self.text())
    }

    /// Returns the mark as the definition of a link that nothing uses, for Markdown without HTML.
    pub fn definition(&self) -> String {
        format!("[//]: # ({})", self.text())
    }

    fn text(&self) -> String {
        let run = self.run.map(|run| run.to_string()).unwrap_or_default();
        format!(
            "{NAME} project={} environment={} head={} run={run}",
            encode(&self.project),
            encode(&self.environment),
            encode(&self.head),
        )
    }

    /// Splits a posted text into its mark and the rest; `None` if its first line is not a mark.
    pub fn split(body: &str) -> Option<(Self, &str)> {
        let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
        let first = first.trim();
        let within = |start, end| first.strip_prefix(start)?.strip_suffix(end);
        let text = within("<!-- ", " -->").or_else(|| within("[//]: # (", ")"))?;
        let mut mark = Self {
            project: String::new(),
            environment: String::new(),
            head: String::new(),
            run: None,
        };
        for field in text.strip_prefix(NAME)?.split_whitespace() {
            // Later versions may have further fields.
            match field.split_once('=')? {
                ("project", value) => mark.project = decode(value)?,
                ("environment", value) => mark.environment = decode(value)?,
                ("head", value) => mark.head = decode(value)?,
                ("run", value) => mark.run = value.parse().ok(),
                _ => {}
            }
        }
        Some((mark, rest))
    }

    /// Returns whether two comments are about the same project and environment.
    pub fn has_subject(&self, other: &Self) -> bool {
        self.project == other.project && self.environment == other.environment
    }
}

/// Encodes everything that could end a mark or a field of it.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'.' | b'/')
            // Two hyphens end a comment in HTML.
            || (byte == b'-' && !out.ends_with('-'));
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        rest = tail;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mark(project: &str) -> Mark {
        Mark {
            project: project.to_owned(),
            environment: "staging..production".to_owned(),
            head: "0123abcd".to_owned(),
            run: Some(7),
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        assert_eq!(
            mark("my-shop").html(),
            "<!-- nthc diff: project=my-shop environment=staging..production head=0123abcd run=7 -->"
        );
        for project in [
            "shop",
            "",
            "a--b",
            "-->",
            "x run=9 head=y",
            "é) [a](b)\n%20",
            "a-",
        ] {
            let mark = mark(project);
            for text in [mark.html(), mark.definition()] {
                let body = format!("{text}\nrest\n");
                assert_eq!(Mark::split(&body).unwrap(), (mark.clone(), "rest\n"));
            }
            let html = mark.html();
            assert_eq!(html.find("-->"), Some(html.len() - 3), "{html}");
        }
    }

    #[test]
    fn only_the_first_line_is_a_mark() {
        let text = mark("shop").html();
        assert_eq!(Mark::split(&format!("hello\n{text}\n")), None);
        assert_eq!(Mark::split(&format!("> {text}\n")), None);
        assert_eq!(Mark::split("<!-- nthc diff: project=%zz -->"), None);
        assert_eq!(Mark::split("<!-- another tool: project=shop -->"), None);
        assert!(Mark::split(&format!("{text}\r\nhello")).is_some());
        assert!(!mark("shop").has_subject(&mark("other")));
    }
}
