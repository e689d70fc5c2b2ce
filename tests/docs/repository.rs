//! The documents of the repository: every link leads to a file and a heading that exist, and `ARCHITECTURE.md` and
//! `CONTRIBUTING.md` name only paths, items and commands that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use regex::Regex;

use crate::links;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the repository, relative to its root, with `/`.
fn files() -> BTreeSet<String> {
    let walk = ignore::WalkBuilder::new(root()).hidden(false).build();
    walk.map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| relative(entry.path()))
        .filter(|path| !path.starts_with(".git/"))
        .collect()
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.to_str().unwrap().replace('\\', "/")
}

/// A document: what it links to, and what can be linked to in it.
struct Document {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Document {
    fn new(page: links::Page) -> Self {
        Self {
            anchors: anchors(&page.headings),
            links: page.links,
        }
    }
}

/// Every Markdown file of the repository.
fn pages() -> BTreeMap<String, links::Page> {
    files()
        .into_iter()
        .filter(|path| path.ends_with(".md"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, links::read(&text))
        })
        .collect()
}

fn documents() -> BTreeMap<String, Document> {
    pages()
        .into_iter()
        .map(|(path, page)| (path, Document::new(page)))
        .collect()
}

/// A heading's anchor on GitHub, before a number makes it unique.
fn slug(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The anchors of a document's headings.
fn anchors(headings: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for heading in headings {
        let first = slug(heading);
        let numbered = (1..).map(|number| format!("{first}-{number}"));
        let mut free = std::iter::once(first.clone()).chain(numbered);
        found.extend(free.find(|anchor| !found.contains(anchor)));
    }
    found
}

/// An address of the web that a reader can open: one that is plainly none is a typing error. It is not asked for.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^https://([a-z0-9-]+\.)+[a-z]{2,}(/[^\s<>]*[^\s<>.,;:])?(#[^\s#]+)?$|^mailto:[^@\s]+@[^@\s]+$")
        .unwrap()
});

/// What is wrong with a link of a document.
fn fault(path: &str, link: &str, documents: &BTreeMap<String, Document>) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return (!ADDRESS.is_match(link)).then(|| "is no address of the web".to_owned());
    }
    let (file, anchor) = match link.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (link, None),
    };
    let target = if file.is_empty() {
        path.to_owned()
    } else {
        let mut target = PathBuf::new();
        for part in Path::new(path).parent().unwrap().join(file).components() {
            match part {
                Component::ParentDir if !target.pop() => {
                    return Some("leads out of the repository".to_owned());
                }
                Component::ParentDir | Component::CurDir => {}
                part => target.push(part),
            }
        }
        target.to_str().unwrap().replace('\\', "/")
    };
    if !documents.contains_key(&target) && !root().join(&target).exists() {
        return Some(format!("leads to {target}, which does not exist"));
    }
    let anchor = anchor?;
    let Some(page) = documents.get(&target) else {
        return Some("has an anchor in what is no document".to_owned());
    };
    (!page.anchors.contains(&links::decoded(anchor)))
        .then(|| format!("leads to no heading of {target}"))
}

#[test]
fn links_lead_to_files_and_headings() {
    let documents = documents();
    let mut faults = Vec::new();
    let mut checked = 0;
    for (path, page) in &documents {
        for link in &page.links {
            checked += 1;
            if let Some(fault) = fault(path, link, &documents) {
                faults.push(format!("{path}: {link} {fault}"));
            }
        }
    }
    assert!(checked > 500, "{checked} links");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The images of the documentation are pictures that a page can load quickly, and each is part of a page.
#[test]
fn images_are_pictures_that_pages_show() {
    let links: BTreeSet<String> = pages()
        .into_iter()
        .flat_map(|(path, page)| {
            let folder = Path::new(&path).parent().unwrap().to_owned();
            page.links
                .into_iter()
                .map(move |link| folder.join(link).to_str().unwrap().to_owned())
        })
        .collect();
    let images: Vec<String> = files()
        .into_iter()
        .filter(|path| path.starts_with("docs/images/"))
        .collect();
    assert!(images.len() > 3, "{images:?}");
    for path in images {
        let bytes = fs::read(root().join(&path)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{path} is no PNG");
        assert!(
            (10_000..400_000).contains(&bytes.len()),
            "{path}: {} bytes",
            bytes.len()
        );
        assert!(links.contains(&path), "{path} is on no page");
    }
}

#[test]
fn a_dead_link_is_found() {
    let page = "# One `two`\n\n## One two\n\n[a](#one-two-1) [b](#three) ![c](c.png) [d](../../x.md) [e](http://a.b)\n\
                [f](https://example.com/a.) [g](../Cargo.toml#L1) [h](README.md#two) [i](../README.md) [j](https://example.com/a#b)\n";
    let mut documents = documents();
    documents.insert("docs/page.md".to_owned(), Document::new(links::read(page)));
    let page = &documents["docs/page.md"];
    let dead: Vec<&str> = page
        .links
        .iter()
        .filter(|link| fault("docs/page.md", link, &documents).is_some())
        .map(String::as_str)
        .collect();
    let expected = [
        "#three",
        "c.png",
        "../../x.md",
        "http://a.b",
        "https://example.com/a.",
        "../Cargo.toml#L1",
        "README.md#two",
    ];
    assert_eq!(dead, expected);
}

#[test]
fn anchors_are_those_of_github() {
    let pages = pages();
    let Some(expected) = links::anchors(&pages) else {
        return;
    };
    for (path, page) in &pages {
        assert_eq!(anchors(&page.headings), expected[path], "{path}");
    }
}

/// What a document for developers names between backticks, and its commands.
#[derive(Debug, Default, PartialEq)]
struct Named {
    spans: Vec<String>,
    commands: Vec<String>,
}

fn named(markdown: &str) -> Named {
    let mut named = Named::default();
    let mut is_shell = false;
    for event in Parser::new_ext(markdown, pulldown_cmark::Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_shell = &*language == "sh";
            }
            Event::End(TagEnd::CodeBlock) => is_shell = false,
            Event::Text(text) if is_shell => {
                let commands = text
                    .lines()
                    .map(|line| line.split(" #").next().unwrap().trim());
                named.commands.extend(commands.map(str::to_owned));
            }
            Event::Code(span) => named.spans.push(span.to_string()),
            _ => {}
        }
    }
    named.spans.retain(|span| {
        !span.starts_with("cargo ") || {
            named.commands.push(span.clone());
            false
        }
    });
    named
}

/// What there is to be named.
struct Known {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
    /// What sources in Rust declare: items, and names that begin a line as variants and fields do.
    declared: BTreeSet<String>,
}

/// Adds what a line of Rust declares.
fn declare(line: &str, declared: &mut BTreeSet<String>) {
    const KEYWORDS: [&str; 9] = [
        "fn",
        "struct",
        "enum",
        "trait",
        "const",
        "static",
        "type",
        "mod",
        "macro_rules!",
    ];
    let name_in = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let words: Vec<&str> = line.split(' ').collect();
    let after = words.windows(2).find(|pair| KEYWORDS.contains(&pair[0]));
    let name = match after {
        Some(pair) => name_in(pair[1]),
        None => name_in(line.strip_prefix("pub ").unwrap_or(line)),
    };
    declared.insert(name);
}

impl Known {
    fn new() -> Self {
        let files = files();
        let folders = files
            .iter()
            .flat_map(|file| Path::new(file).ancestors().skip(1))
            .map(|folder| folder.to_str().unwrap().to_owned())
            .collect();
        let mut declared = BTreeSet::new();
        for file in files.iter().filter(|file| file.ends_with(".rs")) {
            let text = fs::read_to_string(root().join(file)).unwrap();
            for line in text.lines() {
                declare(line.trim_start(), &mut declared);
            }
        }
        Self {
            files,
            folders,
            declared,
        }
    }

    /// Whether a path exists, or is the end of one that does: `lints.rs`, `metrics/known.rs`. What stands in angle
    /// brackets is a choice: `src/backends/<target>/`.
    fn has_path(&self, path: &str) -> bool {
        static CHOICE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<[^>]*>|\*").unwrap());
        let mut pieces = CHOICE.split(path.trim_end_matches('/')).map(regex::escape);
        let first = pieces.next().unwrap();
        let pattern = pieces.fold(format!("(^|/){first}"), |all, piece| all + "[^/]+" + &piece);
        let pattern = Regex::new(&(pattern + "$")).unwrap();
        let all = if path.ends_with('/') {
            &self.folders
        } else {
            &self.files
        };
        all.iter().any(|file| pattern.is_match(file))
            || self.folders.iter().any(|folder| pattern.is_match(folder))
    }

    /// What is wrong with a span that looks like a path of the repository or of an item.
    fn fault(&self, span: &str) -> Option<String> {
        static PATH: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^\.?[A-Za-z0-9_.<>*-]+(/[A-Za-z0-9_.<>*-]+)*/?$").unwrap()
        });
        static ITEM: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^([A-Za-z_][A-Za-z0-9_]*::)+([A-Za-z_][A-Za-z0-9_]*)(\(\))?$").unwrap()
        });
        static CALL: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^([a-z_][a-z0-9_]*)(\(\)|!)$").unwrap());
        let kinds = [".rs", ".md", ".toml", ".nth", ".pest", ".snap", ".json"];
        let is_file = kinds
            .iter()
            .any(|kind| span.len() > kind.len() && span.ends_with(kind));
        let first = span.split('/').next().unwrap();
        let is_below = span.contains('/') && (self.folders.contains(first) || span.ends_with('/'));
        if PATH.is_match(span) && (is_file || is_below) {
            return (!self.has_path(span)).then(|| format!("there is no {span}"));
        }
        if let Some(item) = ITEM.captures(span) {
            return (!self.declared.contains(&item[2]))
                .then(|| format!("nothing is called {span}"));
        }
        if let Some(call) = CALL.captures(span) {
            return (!self.declared.contains(&call[1]))
                .then(|| format!("nothing is called {span}"));
        }
        None
    }

    /// What is wrong with a command of Cargo: a package, test or benchmark that does not exist.
    fn fault_of_command(&self, command: &str) -> Option<String> {
        let words: Vec<&str> = command.split_ascii_whitespace().collect();
        for pair in words.windows(2) {
            let exists = match pair[0] {
                "-p" => self
                    .files
                    .iter()
                    .filter(|file| file.ends_with("Cargo.toml"))
                    .any(|file| {
                        let manifest = fs::read_to_string(root().join(file)).unwrap();
                        manifest.contains(&format!("\nname = \"{}\"\n", pair[1]))
                    }),
                "--test" | "--bench" => {
                    let folder = if pair[0] == "--test" {
                        "tests"
                    } else {
                        "benches"
                    };
                    self.has_path(&format!("{folder}/{}.rs", pair[1]))
                        || self.has_path(&format!("{folder}/{}/main.rs", pair[1]))
                }
                _ => true,
            };
            if !exists {
                return Some(format!("{command}: there is no {}", pair[1]));
            }
        }
        let script = words.iter().find(|word| !word.contains('='))?;
        let is_script = script.contains('/');
        (is_script && !self.files.contains(*script)).then(|| format!("there is no {script}"))
    }
}

#[test]
fn developers_are_shown_what_exists() {
    let known = Known::new();
    let mut faults = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let named = named(&text);
        let of_spans = named.spans.iter().filter_map(|span| known.fault(span));
        let of_commands = named
            .commands
            .iter()
            .filter_map(|command| known.fault_of_command(command));
        faults.extend(
            of_spans
                .chain(of_commands)
                .map(|fault| format!("{document}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_does_not_exist_is_found() {
    let known = Known::new();
    for span in [
        "src/promql/mod.rs2",
        "src/nowhere/",
        "nowhere.rs",
        "src/backends/<target>/nowhere.rs",
        "Session::nothing_like_it",
        "nothing_like_it()",
    ] {
        assert!(known.fault(span).is_some(), "{span}");
    }
    for span in [
        "src/promql/",
        "tests/layers/main.rs",
        "layers/main.rs",
        "src/backends/<target>/",
        "Known::fault_of_command",
        "has_path()",
        "objective = 99.9%",
        "N0201",
        "a/b",
    ] {
        assert_eq!(known.fault(span), None);
    }
    for (command, is_sound) in [
        ("cargo test -p nth-promql", true),
        ("cargo test -p nth-nothing", false),
        ("cargo test -p nthc --test docs links", true),
        ("cargo test -p nthc --test nothing", false),
        ("NTH_BLESS=1 cargo bench --bench workspace", true),
        ("tests/run", true),
        ("tests/nothing", false),
    ] {
        assert_eq!(
            known.fault_of_command(command).is_none(),
            is_sound,
            "{command}"
        );
    }
    let commands = named("`cargo doc`\n\n```sh\ncargo test  # all\n```\n\n`x`\n");
    assert_eq!(commands.commands, ["cargo test", "cargo doc"]);
    assert_eq!(commands.spans, ["x"]);
}
