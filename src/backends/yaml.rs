//! Writes YAML exactly as the YAML library does, without its cost for each character.
//!
//! Rule files are most of what is generated, and nearly all of their texts are of few sorts, for which the style is known from a
//! look at their bytes. Everything else, a text of another sort or a whole document with values of another sort, is left to the
//! library.

mod scalar;
mod writer;

use serde::Serialize;
use serde_saphyr::{SerializeError, SerializerOptions};

/// The width at which the library folds texts if it is not told another one.
pub const WIDTH: usize = 80;

/// Appends a document to a text. Texts longer than `width` are folded at spaces.
///
/// # Errors
///
/// If the YAML library rejects the document.
pub fn append(
    out: &mut String,
    document: &impl Serialize,
    width: usize,
) -> Result<(), SerializeError> {
    if writer::append(out, document, width) {
        return Ok(());
    }
    serde_saphyr::to_fmt_writer_with_options(out, document, options(width))
}

fn options(width: usize) -> SerializerOptions {
    let mut options = SerializerOptions::default();
    options.folded_wrap_chars = width;
    options
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Debug, Clone, Serialize)]
    #[serde(untagged)]
    enum Node {
        Text(String),
        Number(i64),
        Bool(bool),
        Nothing(Option<bool>),
        List(Vec<Node>),
        Map(BTreeMap<String, Node>),
    }

    /// Texts as in rule files, and texts in which YAML sees something else.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z_]{1,12}",
            "[a-zA-Z(/$][ -~]{0,30}",
            "[0-9]{1,3}[smhdwy%]",
            "[0-9]{1,3}[.:_-][0-9]{0,3}[eE%]?[0-9]{0,2}",
            "[ -~]{0,6}",
            "[ -~\n]{0,40}",
            "([a-z]{1,9}[ :#]{1,2}){1,12}",
            "([a-z(){}=\"]{1,9}\n {0,2}){1,6}[a-z]",
            "[ -~äß\t\r\u{85}\u{feff}]{0,12}",
            prop::sample::select(vec![
                "y",
                "No",
                "on",
                "OFF",
                "true",
                "null",
                "~",
                "<<",
                "=",
                "-",
                "- a",
                "?",
                "---",
                "...",
                ".",
                "nan",
                ".inf",
                "+1",
                "2001-01-01",
                "12:30",
                "1_000",
                "0x1f",
                "a:",
                "a: b",
                "a #b",
                "#",
                "x ",
                " x",
                "\n",
                "a\n",
                "a\n\n",
                "\na",
                " a\nb",
                "a\n\nb",
                "é",
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            8 => text().prop_map(Node::Text),
            1 => any::<i64>().prop_map(Node::Number),
            1 => any::<bool>().prop_map(Node::Bool),
            1 => Just(Node::Nothing(None)),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
                prop::collection::btree_map("[a-zA-Z_./: -]{1,6}|[a-z_]{1,9}", inner, 0..5)
                    .prop_map(Node::Map),
            ]
        })
    }

    fn expected(document: &impl Serialize, width: usize) -> String {
        serde_saphyr::to_string_with_options(document, options(width)).unwrap()
    }

    /// The text without the library; `None` if it is needed.
    fn own(document: &impl Serialize, width: usize) -> Option<String> {
        let mut out = "before\n".to_owned();
        let is_written = writer::append(&mut out, document, width);
        let text = out.strip_prefix("before\n").unwrap();
        assert!(is_written || text.is_empty());
        is_written.then(|| text.to_owned())
    }

    #[test]
    fn a_rule_file_does_not_need_the_library() {
        let text = |text: &str| Node::Text(text.to_owned());
        let map = |entries: &[(&str, Node)]| {
            let entries = entries.iter().cloned();
            Node::Map(
                entries
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        };
        let rule = map(&[
            ("expr", text("sum(rate(a[5m]))\n/ sum(rate(b[5m]))")),
            (
                "labels",
                map(&[("service", text("shop")), ("window", text("5m"))]),
            ),
            ("summary", text("shop: {{ $value }} \"of\" all")),
        ]);
        let file = map(&[(
            "groups",
            Node::List(vec![map(&[
                ("interval", text("30s")),
                ("rules", Node::List(vec![rule.clone(), rule])),
            ])]),
        )]);
        assert_eq!(own(&file, 100), Some(expected(&file, 100)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn documents_are_written_as_by_the_library(document in node(), width in 8_usize..40) {
            if let Some(written) = own(&document, width) {
                prop_assert_eq!(written, expected(&document, width));
            }
            let mut written = String::new();
            append(&mut written, &document, width).unwrap();
            prop_assert_eq!(written, expected(&document, width));
        }

        #[test]
        fn texts_are_written_as_by_the_library(text in text(), width in 1_usize..40) {
            let document = BTreeMap::from([("a", BTreeMap::from([("b", text)]))]);
            prop_assert_eq!(own(&document, width), Some(expected(&document, width)));
        }
    }
}
