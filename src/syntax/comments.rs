//! Comments, each with the text that it is attached to: the next statement, or the one that ends on its line.
//!
//! They are searched between the nodes of the grammar, as in the formatter, so `//` in a string, a query or a doc comment is not
//! a comment.

use std::collections::HashMap;

use pest::Parser;
use pest::iterators::Pair;

use super::parse::{Grammar, Rule, too_large};
use super::tree::TextRange;

/// A comment. Its ranges are relative to the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Its range, from `//` to the end of the line without trailing blanks.
    pub range: TextRange,
    /// True if nothing else is on its line.
    pub own_line: bool,
    /// The item, statement, declaration, argument, label or list element that it is attached to; `None` if there is none. A comment
    /// on its own line is attached to the next one, after any doc comments and other comments. One at the end of a line is attached
    /// to the one that ends there, or to the innermost open one.
    pub with: Option<TextRange>,
}

/// Returns the comments of a file for whose text `filter` is true, in text order.
pub fn comments(text: &str, filter: impl Fn(&str) -> bool) -> Vec<Comment> {
    let Some(places) = Places::new(text) else {
        return Vec::new();
    };
    let all = places.comments(text);
    let after = After::new(text, &all);
    all.into_iter()
        .filter(|range| filter(slice(text, *range)))
        .map(|range| places.comment(text, range, &after))
        .collect()
}

/// Returns the innermost item, statement, declaration, argument, label or element that contains a range and begins its line. A
/// comment on the line above is attached to it, or to an outer one that begins at the same place.
pub fn begins_a_line(text: &str, range: TextRange) -> Option<TextRange> {
    let places = Places::new(text)?;
    let holding = places.units.iter().filter(|unit| {
        unit.start <= range.start && range.end <= unit.end && is_blank_before(text, unit.start)
    });
    holding
        .min_by_key(|unit| (unit.end - unit.start, unit.start))
        .map(|unit| TextRange {
            start: unit.start,
            end: unit.end,
        })
}

/// Returns the text of a range; empty if the range is invalid.
pub fn slice(text: &str, range: TextRange) -> &str {
    text.get(range.start as usize..range.end as usize)
        .unwrap_or_default()
}

/// A part of the text that a comment can be attached to.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// The start, with its doc comment.
    start: u32,
    /// The start, without its doc comment.
    core: u32,
    /// The end, without trailing text of the grammar's node.
    end: u32,
}

#[derive(Default)]
struct Places {
    /// The ranges of strings, queries and doc comments, in text order, which contain no comments.
    opaque: Vec<TextRange>,
    /// All units, parents first.
    units: Vec<Unit>,
    /// The index of the parent of each unit.
    parents: Vec<Option<usize>>,
    /// The largest unit that begins at an offset, with or without its doc comment.
    by_start: HashMap<u32, Unit>,
    by_core: HashMap<u32, Unit>,
    /// The largest unit that ends at an offset.
    by_end: HashMap<u32, Unit>,
}

impl Places {
    fn new(text: &str) -> Option<Self> {
        if too_large(text).is_some() {
            return None;
        }
        let root = Grammar::parse(Rule::file, text).ok()?.next()?;
        let mut places = Self::default();
        places.walk(&root, false);
        places.nest();
        for unit in &places.units {
            for (index, at) in [
                (&mut places.by_start, unit.start),
                (&mut places.by_core, unit.core),
                (&mut places.by_end, unit.end),
            ] {
                let largest = index.entry(at).or_insert(*unit);
                if unit.end - unit.start > largest.end - largest.start {
                    *largest = *unit;
                }
            }
        }
        Some(places)
    }

    fn walk(&mut self, pair: &Pair<'_, Rule>, in_list: bool) {
        let span = pair.as_span();
        match pair.as_rule() {
            Rule::string
            | Rule::multiline
            | Rule::query
            | Rule::quoted
            | Rule::doc_line
            | Rule::file_doc_line
            | Rule::too_deep
            | Rule::if_too_deep => {
                self.opaque.push(TextRange::new(span.start(), span.end()));
                return;
            }
            Rule::item
            | Rule::statement
            | Rule::field_decl
            | Rule::member_decl
            | Rule::param
            | Rule::arg
            | Rule::label
            | Rule::doc => self.unit(pair),
            Rule::free_expr if in_list => self.unit(pair),
            _ => {}
        }
        let in_list = pair.as_rule() == Rule::list;
        for inner in pair.clone().into_inner() {
            self.walk(&inner, in_list);
        }
    }

    /// Computes the parent of each unit.
    fn nest(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            while open
                .last()
                .is_some_and(|last| self.units[*last].end <= unit.start)
            {
                open.pop();
            }
            self.parents.push(open.last().copied());
            open.push(number);
        }
    }

    /// Returns the innermost unit around an offset.
    fn innermost(&self, at: u32) -> Option<&Unit> {
        let mut number = self
            .units
            .partition_point(|unit| unit.start < at)
            .checked_sub(1);
        while let Some(candidate) = number {
            let unit = self.units.get(candidate)?;
            if at < unit.end {
                return Some(unit);
            }
            number = self.parents.get(candidate).copied().flatten();
        }
        None
    }

    fn unit(&mut self, pair: &Pair<'_, Rule>) {
        let start = pair.as_span().start();
        let core = pair
            .clone()
            .into_inner()
            .find(|part| !matches!(part.as_rule(), Rule::doc | Rule::nothing))
            .map_or(start, |part| part.as_span().start());
        let core = if pair.as_rule() == Rule::doc {
            start
        } else {
            core
        };
        self.units.push(Unit {
            start: start as u32,
            core: core as u32,
            end: (start + pair.as_str().trim_end().len()) as u32,
        });
    }

    fn comments(&self, text: &str) -> Vec<TextRange> {
        let mut found = Vec::new();
        let mut at = 0;
        let end = TextRange::new(text.len(), text.len());
        for opaque in self.opaque.iter().chain([&end]) {
            let until = opaque.start as usize;
            while let Some(start) = text
                .get(at..until)
                .and_then(|between| between.find("//"))
                .map(|offset| at + offset)
            {
                let stop = line_end(text, start);
                let length = text[start..stop].trim_end().len();
                found.push(TextRange::new(start, start + length));
                at = stop;
            }
            at = at.max(opaque.end as usize);
        }
        found
    }

    fn comment(&self, text: &str, range: TextRange, after: &After) -> Comment {
        let own_line = is_blank_before(text, range.start);
        let unit = if own_line {
            let to_doc = after.comments(text, range.end, false);
            let to_code = after.comments(text, range.end, true);
            // A unit with a doc comment is found by its start with and without it: a comment may be between the two.
            self.by_start
                .get(&to_doc)
                .or_else(|| self.by_core.get(&to_code))
        } else {
            let before = text[..range.start as usize]
                .trim_end_matches(|c: char| c.is_whitespace() || c == ',')
                .len();
            self.by_end
                .get(&(before as u32))
                .or_else(|| self.innermost(range.start))
        };
        Comment {
            range,
            own_line,
            with: unit.map(|unit| TextRange {
                start: unit.start,
                end: unit.end,
            }),
        }
    }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\n', '\r'])
        .map_or(text.len(), |offset| at + offset)
}

/// True if only blanks are before an offset on its line.
fn is_blank_before(text: &str, at: u32) -> bool {
    let before = text.get(..at as usize).unwrap_or_default();
    let line = before
        .rfind(['\n', '\r'])
        .map_or(before, |end| &before[end + 1..]);
    line.trim_start_matches('\u{feff}').trim().is_empty()
}

/// The text after each comment, computed once, so that many consecutive comments take linear time.
struct After {
    /// By the start of a comment: the offset of the next byte that is not a blank, line end or comment, with and without skipping
    /// doc comments.
    known: HashMap<u32, [u32; 2]>,
}

impl After {
    fn new(text: &str, comments: &[TextRange]) -> Self {
        let mut after = Self {
            known: HashMap::new(),
        };
        for comment in comments.iter().rev() {
            let next = [false, true].map(|docs_too| after.comments(text, comment.end, docs_too));
            after.known.insert(comment.start, next);
        }
        after
    }

    /// Returns the first offset from `at` that is not a blank, line end or comment, nor, with `docs_too`, a doc comment.
    fn comments(&self, text: &str, at: u32, docs_too: bool) -> u32 {
        let mut at = at as usize;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            at = text.len() - rest.trim_start().len();
            if let Some(known) = self.known.get(&(at as u32)) {
                return known[usize::from(docs_too)];
            }
            let rest = &text[at..];
            let is_doc = rest.starts_with("///") && !rest.starts_with("////");
            if !rest.starts_with("//") || (is_doc && !docs_too) {
                return at as u32;
            }
            at = line_end(text, at);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The texts that the comments with `// @` are attached to, by their first and last words.
    fn attachments(text: &str) -> Vec<(String, Option<String>)> {
        comments(text, |comment| comment.starts_with("// @"))
            .into_iter()
            .map(|comment| {
                let name = slice(text, comment.range)["// @".len()..].to_owned();
                let with = comment.with.map(|range| slice(text, range).to_owned());
                (name, with)
            })
            .collect()
    }

    fn one(text: &str) -> Option<String> {
        let mut all = attachments(text);
        assert_eq!(all.len(), 1, "{text}");
        all.remove(0).1
    }

    #[test]
    fn a_comment_with_a_line_for_itself_stands_with_what_follows() {
        for (text, filter) in [
            ("// @\nteam a { }\n", Some("team a { }")),
            ("// @\n\n\n// more\nteam a { }\n", Some("team a { }")),
            (
                "// @\n/// A doc.\nteam a { }",
                Some("/// A doc.\nteam a { }"),
            ),
            (
                "/// A doc.\n// @\nteam a { }",
                Some("/// A doc.\n// @\nteam a { }"),
            ),
            (
                "team a {\n  // @\n  slack = \"#a\"  x = 1\n}",
                Some("slack = \"#a\""),
            ),
            ("team a {\n  // @\n  b c {\n  }\n}", Some("b c {\n  }")),
            (
                "team a {\n  x = [\n    // @\n    1,\n    2\n  ]\n}",
                Some("1"),
            ),
            ("team a : b(\n  // @\n  x: 1,\n)", Some("x: 1")),
            (
                "team a {\n  x = {\n    // @\n    y = 1\n  }\n}",
                Some("y = 1"),
            ),
            (
                "extend kind service {\n  // @\n  x: string\n}",
                Some("x: string"),
            ),
            ("team a {\n  x = 1\n  // @\n}", None),
            ("team a { }\n// @\n", None),
            (
                "team a {\n  x = if y {\n    // @\n    1\n  } else { 2 }\n}",
                None,
            ),
            ("team a {\n  // @\n  /// Nothing.\n}", Some("/// Nothing.")),
            ("\u{feff}// @\nteam a { }", Some("team a { }")),
            ("// @\r\nteam a { }\r\n", Some("team a { }")),
        ] {
            assert_eq!(one(text).as_deref(), filter, "{text}");
        }
    }

    #[test]
    fn a_comment_at_the_end_of_a_line_stands_with_what_ends_there() {
        for (text, filter) in [
            ("import a  // @\nteam a { }\n", Some("import a")),
            ("team a { x = 1 }  // @", Some("team a { x = 1 }")),
            ("team a {\n  x = 1  y = 2  // @\n}", Some("y = 2")),
            ("team a {\n  x = 1,  // @\n  y = 2\n}", Some("x = 1")),
            ("team a {\n  x = `a\n  b`  // @\n}", Some("x = `a\n  b`")),
            (
                "team a {\n  b c {  // @\n    x = 1\n  }\n}",
                Some("b c {  // @\n    x = 1\n  }"),
            ),
            ("team a {  // @\n}", Some("team a {  // @\n}")),
            (
                "team a {\n  x = 1\n}  // @\nteam b { }",
                Some("team a {\n  x = 1\n}"),
            ),
            ("team a {\n  x = [\n    1,  // @\n    2\n  ]\n}", Some("1")),
            (
                "team a {\n  x = [  // @\n    1\n  ]\n}",
                Some("x = [  // @\n    1\n  ]"),
            ),
        ] {
            assert_eq!(one(text).as_deref(), filter, "{text}");
        }
    }

    #[test]
    fn what_is_no_comment_is_none() {
        for text in [
            "team a { x = \"// @\" }",
            "team a { x = \"\"\"\n// @\n\"\"\" }",
            "team a { x = `\n# // @\n up` }",
            "/// // @\nteam a { }",
            "//! // @\nteam a { }",
            "//// @\nteam a { }",
            "team \"// @\" { }",
            "team a { x = \"${ f(1) // @\n }\" }",
        ] {
            assert_eq!(attachments(text), [], "{text}");
        }
        assert_eq!(
            attachments("team a { x = \"//\" // @1\n y = `//` // @2\n }").len(),
            2
        );
    }

    proptest! {
        #[test]
        fn any_text_has_comments_in_order(text in "[a-z{}()\\[\\]=,:\"`/@!\\n \\r#$é]{0,60}") {
            let found = comments(&text, |_| true);
            for pair in found.windows(2) {
                prop_assert!(pair[0].range.end <= pair[1].range.start);
            }
            for comment in &found {
                prop_assert!(slice(&text, comment.range).starts_with("//"));
                if let Some(with) = comment.with {
                    prop_assert!(!slice(&text, with).is_empty());
                }
            }
        }
    }
}
