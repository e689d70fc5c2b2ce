//! Links in a document: from imports to modules, and addresses of web pages.

use nthc::db::SourceFile;
use nthc::eval::index::Definition;
use nthc::syntax::tree::TextRange;

use super::Names;

/// A link. The range is in bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The range to click.
    pub range: TextRange,
    /// The destination.
    pub to: Destination,
}

/// Destination of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A module.
    Module(SourceFile),
    /// The URL of a web page.
    Page(String),
}

impl Names<'_> {
    /// The links of a file, in source order.
    pub fn links(&self, file: SourceFile) -> Vec<Link> {
        let mut links = Vec::new();
        let starts = self.items(file).map(|(item, range)| (item, range.start));
        let starts: std::collections::HashMap<_, _> = starts.collect();
        for import in &nthc::db::file_names(self.db, file).imports {
            let start = starts.get(&import.key).copied().unwrap_or_default();
            let names = &self.notes(import.key).names;
            let modules = names.iter().filter_map(|name| match name.meaning {
                Definition::Module(module) => Some((name.range, module)),
                _ => None,
            });
            // The first module name is the path; another would be its alias.
            links.extend(modules.take(1).map(|(range, module)| Link {
                range: range.shifted(start),
                to: Destination::Module(module),
            }));
        }
        links.extend(pages(self.text(file)));
        links.sort_by_key(|link| link.range.start);
        links
    }
}

/// The URLs of web pages in a text. In `.nth` they occur only in strings and comments.
fn pages(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("http")) {
        let start = from + found;
        from = start + "http".len();
        let rest = text.get(start..).unwrap_or_default();
        let Some(after) = ["http://", "https://"]
            .iter()
            .find_map(|scheme| rest.strip_prefix(scheme))
        else {
            continue;
        };
        // `xhttp://` is not a URL.
        let before = text.get(..start).and_then(|before| before.chars().last());
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let scheme = rest.len() - after.len();
        let length = after
            .find(|letter: char| letter.is_whitespace() || "\"'`<>\\^|".contains(letter))
            .unwrap_or(after.len());
        let whole = rest.get(..scheme + length).unwrap_or_default();
        // A URL with an interpolation is not known yet.
        let is_open = whole.contains("${") || whole.contains(['{', '}']);
        let address = without_punctuation(whole);
        from = start + whole.len();
        if is_open || address.len() <= scheme {
            continue;
        }
        links.push(Link {
            range: TextRange::new(start, start + address.len()),
            to: Destination::Page(address.to_owned()),
        });
    }
    links
}

/// Removes punctuation that ends a sentence, and closing brackets that were opened before the address.
fn without_punctuation(mut address: &str) -> &str {
    loop {
        let count = |bracket: char| address.matches(bracket).count();
        let shorter = address
            .strip_suffix(['.', ',', ';', ':', '!', '?', '*', '_'])
            .or_else(|| {
                let (open, close) = match address.chars().last()? {
                    ')' => ('(', ')'),
                    ']' => ('[', ']'),
                    _ => return None,
                };
                (count(close) > count(open)).then(|| address.strip_suffix(close))?
            });
        match shorter {
            Some(shorter) => address = shorter,
            None => return address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Destination, pages};

    fn link_texts(text: &str) -> Vec<String> {
        let links = pages(text).into_iter();
        links
            .map(|link| {
                let Destination::Page(address) = link.to else {
                    panic!("no page");
                };
                let range = link.range.start as usize..link.range.end as usize;
                assert_eq!(text[range], address);
                address
            })
            .collect()
    }

    #[test]
    fn addresses_end_where_they_end() {
        assert_eq!(
            link_texts(
                "// See https://a.example/x_(y), (https://b.example) or <http://c.example/?q=1>."
            ),
            [
                "https://a.example/x_(y)",
                "https://b.example",
                "http://c.example/?q=1"
            ]
        );
        assert_eq!(
            link_texts("url = \"https://a.example/ü\""),
            ["https://a.example/ü"]
        );
    }

    #[test]
    fn what_is_no_address_is_none() {
        let none: [&str; 0] = [];
        assert_eq!(
            link_texts("http https:// xhttp://a http_requests_total"),
            none
        );
        assert_eq!(link_texts("\"https://a.example/${service.name}\""), none);
    }
}
