//! Every link within the pages leads to a page and a heading that there are.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::built::{self, Built};
use crate::node;

/// What a page links to, and the texts of its headings.
pub struct Page {
    pub links: Vec<String>,
    pub headings: Vec<String>,
}

pub fn read(markdown: &str) -> Page {
    let mut page = Page {
        links: Vec::new(),
        headings: Vec::new(),
    };
    let mut is_heading = false;
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                is_heading = true;
                page.headings.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Text(text) | Event::Code(text) if is_heading => {
                page.headings.last_mut().unwrap().push_str(&text);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.to_string());
            }
            _ => {}
        }
    }
    page
}

/// The anchors that GitHub gives to each page's headings, by its own rules as a package of npm has them.
pub fn anchors(pages: &BTreeMap<String, Page>) -> Option<BTreeMap<String, BTreeSet<String>>> {
    const SCRIPT: &str = "
        import(process.argv[1]).then(({ default: Slugger }) => {
            let text = '';
            process.stdin.on('data', part => { text += part; });
            process.stdin.on('end', () => {
                const anchors = Object.entries(JSON.parse(text)).map(([page, headings]) => {
                    const slugger = new Slugger();
                    return [page, headings.map(heading => slugger.slug(heading))];
                });
                process.stdout.write(JSON.stringify(Object.fromEntries(anchors)));
            });
        });";
    let package = node::packages()?.join("github-slugger/index.js");
    let url = format!("file://{}", package.display());
    let headings: BTreeMap<&String, &Vec<String>> = pages
        .iter()
        .map(|(path, page)| (path, &page.headings))
        .collect();
    let input = serde_json::to_string(&headings).unwrap();
    let output = node::run(&["-e", SCRIPT, &url], &input, |_| {})?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// An anchor without its escapes.
pub fn decoded(anchor: &str) -> String {
    let bytes = anchor.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            out.push(u8::from_str_radix(&anchor[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

/// How many links within the pages there are, each of which leads somewhere.
fn check(built: &Built) -> usize {
    let pages: BTreeMap<String, Page> = built
        .pages()
        .into_iter()
        .map(|(path, text)| (path, read(&text)))
        .collect();
    let Some(anchors) = anchors(&pages) else {
        return usize::MAX;
    };
    let mut checked = 0;
    for (path, page) in &pages {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in &page.links {
            // What a person links to by themselves is theirs.
            if link.contains("://") || link.contains('@') {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() {
                path.clone()
            } else {
                format!("{folder}/{target}")
            };
            let known = anchors
                .get(&target)
                .unwrap_or_else(|| panic!("{}: {path}: {link}", built.name));
            assert!(
                anchor.is_empty() || known.contains(&decoded(anchor)),
                "{}: {path}: {link}: {known:?}",
                built.name
            );
            checked += 1;
        }
    }
    checked
}

#[test]
fn links_lead_to_pages_and_headings() {
    for built in built::examples() {
        assert!(check(&built) >= 10, "{}", built.name);
    }
    assert!(check(&built::hostile()) >= 50);
}

/// What the rules of Prometheus link to is a heading of the runbook that comes with them.
#[test]
fn alerts_lead_to_their_own_heading() {
    let built = built::hostile();
    let pages: BTreeMap<String, Page> = built
        .pages()
        .into_iter()
        .map(|(path, text)| (path, read(&text)))
        .collect();
    let Some(anchors) = anchors(&pages) else {
        return;
    };
    let mut seen: BTreeMap<String, [String; 3]> = BTreeMap::new();
    let mut urls = BTreeSet::new();
    for entry in std::fs::read_dir(built.folder().join("prometheus")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let rules: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
        let groups = rules["groups"].as_sequence().unwrap().iter();
        for rule in groups.flat_map(|group| group["rules"].as_sequence().unwrap()) {
            let Some(url) = rule["annotations"]["runbook_url"].as_str() else {
                continue;
            };
            let Some(page) = url.strip_prefix("https://runbooks.example.com/a?b=c&d/") else {
                continue;
            };
            let (page, anchor) = page.split_once('#').expect("an anchor");
            let anchor = decoded(anchor);
            assert!(
                anchors[&format!("docs/{page}")].contains(&anchor),
                "{url}: {:?}",
                anchors[&format!("docs/{page}")]
            );
            // The alerts of an SLO with one name share a section.
            let labels = &rule["labels"];
            let name = |value: &yaml_serde::Value| value.as_str().unwrap_or_default().to_owned();
            let of = [&rule["alert"], &labels["slo"], &labels["contract"]].map(name);
            let known = seen.entry(url.to_owned()).or_insert_with(|| of.clone());
            assert!(
                *known == of && (!of[1].is_empty() || urls.insert(url.to_owned())),
                "{url} twice"
            );
        }
    }
    assert!(seen.len() >= 20, "{}", seen.len());
}

#[test]
fn an_environment_has_its_own_runbooks() {
    let shop = &built::examples()[0];
    for environment in ["production", "staging"] {
        let file = format!("{environment}/prometheus/checkout.yaml");
        let rules = std::fs::read_to_string(shop.folder().join(file)).unwrap();
        let url = format!("https://runbooks.example.com/{environment}/checkout#queuebacklog");
        assert!(rules.contains(&url), "{url}");
    }
}
