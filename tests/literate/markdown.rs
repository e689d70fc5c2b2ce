//! Sections and fences of a Markdown file, with where they stand in it.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// What stands between one heading and the next.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading's text; empty before the first one.
    pub title: String,
    /// The heading's line, from 1.
    pub line: usize,
    pub fences: Vec<Fence>,
}

/// A fenced code block with the words behind its backticks: ```` ```language key=value flag ````.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub language: String,
    pub keys: BTreeMap<String, String>,
    pub flags: Vec<String>,
    /// Each line with its line feed.
    pub body: String,
    /// The body's bytes in the Markdown.
    pub range: Range<usize>,
    /// The line of the opening backticks, from 1.
    pub line: usize,
}

impl Fence {
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|each| each == flag)
    }

    pub fn key(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }
}

/// Markdown that these tests can't be written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub line: usize,
    pub what: String,
}

pub fn parse(text: &str) -> Result<Vec<Section>, Error> {
    let line_of = |offset: usize| text[..offset].matches('\n').count() + 1;
    let mut sections = vec![Section {
        line: 1,
        ..Section::default()
    }];
    let mut in_heading = false;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                sections.push(Section {
                    line: line_of(range.start),
                    ..Section::default()
                });
                in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Text(words) | Event::Code(words) if in_heading => {
                if let Some(section) = sections.last_mut() {
                    section.title.push_str(&words);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let line = line_of(range.start);
                let fence = fence(text, &info, range, line).map_err(|what| Error {
                    line,
                    what: what.to_owned(),
                })?;
                if let Some(section) = sections.last_mut() {
                    section.fences.push(fence);
                }
            }
            _ => {}
        }
    }
    sections.retain(|section| !section.fences.is_empty());
    Ok(sections)
}

fn fence(text: &str, info: &str, range: Range<usize>, line: usize) -> Result<Fence, &'static str> {
    if range.start > 0 && !text[..range.start].ends_with('\n') {
        return Err("a fence must stand at the margin");
    }
    let block = &text[range.clone()];
    let first = block.find('\n').ok_or("a fence must be closed")? + 1;
    let body = block[first..].trim_end_matches('\n');
    // An empty body leaves only the closing line.
    let close = body.rfind('\n').map_or(0, |at| at + 1);
    if !body[close..].starts_with("```") {
        return Err("a fence must be closed, with backticks");
    }
    let mut words = info.split_whitespace();
    let mut fence = Fence {
        language: words.next().unwrap_or_default().to_owned(),
        keys: BTreeMap::new(),
        flags: Vec::new(),
        body: body[..close].to_owned(),
        range: range.start + first..range.start + first + close,
        line,
    };
    for word in words {
        match word.split_once('=') {
            Some((key, value)) => {
                fence.keys.insert(key.to_owned(), value.to_owned());
            }
            None => fence.flags.push(word.to_owned()),
        }
    }
    Ok(fence)
}

/// The Markdown with other bodies for some fences: each a range to replace and the new text.
pub fn replace(text: &str, mut bodies: Vec<(Range<usize>, String)>) -> String {
    bodies.sort_by_key(|(range, _)| range.start);
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for (range, body) in bodies {
        replaced.push_str(&text[at..range.start]);
        replaced.push_str(&body);
        if !body.is_empty() && !body.ends_with('\n') {
            replaced.push('\n');
        }
        at = range.end;
    }
    replaced.push_str(&text[at..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Before.

# A *title* of `code`

```nth file=teams/payments.nth fails
team payments {
}
```

Prose, and a list:

~~~~
not ours
~~~~

```diagnostics
```

## Next
```nth
```
";

    #[test]
    fn sections_and_fences() {
        let text = TEXT.replace("~~~~", "````");
        let sections = parse(&text).unwrap();
        assert_eq!(sections.len(), 2);
        assert_eq!(
            (sections[0].title.as_str(), sections[0].line),
            ("A title of code", 3)
        );
        let fences = &sections[0].fences;
        assert_eq!(fences.len(), 3);
        assert_eq!(fences[0].language, "nth");
        assert_eq!(fences[0].key("file"), Some("teams/payments.nth"));
        assert!(fences[0].has("fails") && !fences[0].has("fixed"));
        assert_eq!(
            (fences[0].body.as_str(), fences[0].line),
            ("team payments {\n}\n", 5)
        );
        assert_eq!(
            (fences[1].language.as_str(), fences[1].body.as_str()),
            ("", "not ours\n")
        );
        assert_eq!(
            (fences[2].language.as_str(), fences[2].body.as_str()),
            ("diagnostics", "")
        );
        for fence in fences {
            assert_eq!(&text[fence.range.clone()], fence.body);
        }
        assert_eq!(sections[1].fences[0].line, 20);
    }

    #[test]
    fn what_could_not_be_written_back_is_refused() {
        for (text, line, what) in [
            (
                "# a\n- x\n\n  ```nth\n  a\n  ```\n",
                4,
                "a fence must stand at the margin",
            ),
            ("```nth\na\n", 1, "a fence must be closed, with backticks"),
            (
                "~~~nth\na\n~~~\n",
                1,
                "a fence must be closed, with backticks",
            ),
        ] {
            assert_eq!(
                parse(text),
                Err(Error {
                    line,
                    what: what.to_owned()
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn bodies_are_replaced_in_place() {
        let text = TEXT.replace("~~~~", "````");
        let sections = parse(&text).unwrap();
        let unchanged = sections
            .iter()
            .flat_map(|section| &section.fences)
            .map(|fence| (fence.range.clone(), fence.body.clone()))
            .collect();
        assert_eq!(replace(&text, unchanged), text);
        let blessed = replace(
            &text,
            vec![
                (
                    sections[1].fences[0].range.clone(),
                    "team a {\n}".to_owned(),
                ),
                (
                    sections[0].fences[2].range.clone(),
                    "main.nth:1:1: error".to_owned(),
                ),
                (sections[0].fences[0].range.clone(), String::new()),
            ],
        );
        let again = parse(&blessed).unwrap();
        assert_eq!(again[0].fences[0].body, "");
        assert_eq!(again[0].fences[2].body, "main.nth:1:1: error\n");
        assert_eq!(again[1].fences[0].body, "team a {\n}\n");
        assert!(blessed.starts_with("Before.\n\n# A *title*"));
    }
}
