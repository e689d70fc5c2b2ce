//! The language reference is current, and good Markdown.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use nthc::diagnostics::codes;
use nthc::reference;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

#[test]
fn the_reference_is_current() {
    let path = docs().join("reference.md");
    let wanted = reference::language();
    if std::env::var_os("NTH_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        found == wanted,
        "docs/reference.md is not what the compiler says; write it with `NTH_BLESS=1 cargo test --test reference`"
    );
}

/// Requires that a file is as wanted, or writes it.
fn is_current(path: &Path, wanted: &str) {
    if std::env::var_os("NTH_BLESS").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        found == wanted,
        "{} is not current; write it with `NTH_BLESS=1 cargo test --test reference`",
        path.display()
    );
}

#[test]
fn the_list_of_changes_is_current() {
    let page = format!(
        "# Changes\n\nThe changes that [`nthc diff`](diff.md) lists, by class. A level is set by id, under `[diff]` in \
        [`nth.toml`](nth-toml.md#diff).\n\n{}",
        nthc::diff::render::ids::ids_page()
    );
    is_current(&docs().join("changes.md"), &page);
}

#[test]
fn the_schema_of_comparisons_is_current() {
    let schema = format!("{:#}\n", nthc::diff::render::json::schema());
    is_current(&docs().join("diff.schema.json"), &schema);
}

#[test]
fn the_table_of_technologies_is_current() {
    const BEGIN: &str = "<!-- table: written by `NTH_BLESS=1 cargo test --test reference` -->\n\n";
    const END: &str = "\n<!-- end of table -->";
    let path = docs().join("technologies.md");
    let found = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let (before, rest) = found.split_once(BEGIN).expect("the table has a begin");
    let (_, after) = rest.split_once(END).expect("the table has an end");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", reference::technologies());
    if std::env::var_os("NTH_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "docs/technologies.md is not what the library says; write it with `NTH_BLESS=1 cargo test --test reference`"
    );
}

#[test]
fn the_table_of_technologies_leads_somewhere() {
    let table = reference::technologies();
    let reference = reference::language();
    let anchors: HashSet<String> = reference
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links: Vec<&str> = table.split("(reference.md#").skip(1).collect();
    assert!(links.len() >= 16, "{table}");
    for link in links {
        let wanted = link.split(')').next().unwrap();
        assert!(anchors.contains(wanted), "{wanted} leads nowhere");
    }
}

#[test]
fn it_is_the_same_every_time() {
    assert_eq!(reference::language(), reference::language());
}

#[test]
fn it_tells_of_everything_in_the_schema() {
    let text = reference::language();
    let session = nthc::session::Session::new(nthc::db::Database::default(), &[]);
    let schema = nthc::schema::schema(&session.db, session.workspace);
    for (name, kind) in &schema.kinds {
        assert!(text.contains(&format!("### Kind `{name}`\n")), "{name}");
        assert!(kind.doc.is_some(), "the kind {name} has no doc comment");
        for field in kind.fields.values() {
            assert!(
                field.doc.is_some(),
                "{name}.{} has no doc comment",
                field.name
            );
        }
    }
    for (name, known) in &schema.enums {
        assert!(text.contains(&format!("### Enum `{name}`\n")), "{name}");
        for (member, doc) in &known.members {
            assert!(doc.is_some(), "{name}.{member} has no doc comment");
        }
    }
    for name in schema.functions.keys() {
        assert!(text.contains(&format!("| `{name}(")), "{name}");
    }
    for code in codes::ALL.iter() {
        assert!(
            text.contains(&format!(
                "[{0} {1}](diagnostics/{0}.md)",
                code.id, code.slug
            )),
            "{}",
            code.id
        );
    }
}

/// GitHub's anchor for a heading's text.
fn anchor(text: &str) -> String {
    let kept = text
        .to_lowercase()
        .replace(|c: char| !c.is_alphanumeric() && !"-_ ".contains(c), "");
    kept.replace(' ', "-")
}

#[test]
fn its_links_lead_somewhere() {
    let text = reference::language();
    let mut anchors = HashSet::new();
    let mut links = Vec::new();
    let mut heading: Option<String> = None;
    let mut last = HeadingLevel::H1;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                assert!(
                    level as usize <= last as usize + 1,
                    "a heading skips a level"
                );
                last = level;
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let title = heading.take().unwrap();
                assert!(
                    anchors.insert(anchor(&title)),
                    "two headings have the anchor of {title:?}"
                );
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&piece);
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => links.push(dest_url.to_string()),
            _ => {}
        }
    }
    assert!(links.len() > 100);
    for link in links {
        match link.strip_prefix('#') {
            Some(wanted) => assert!(anchors.contains(wanted), "{link} leads nowhere"),
            None => assert!(docs().join(&link).is_file(), "{link} leads nowhere"),
        }
    }
}

#[test]
fn its_tables_have_a_cell_for_each_column() {
    let text = reference::language();
    let mut columns = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let cells = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(cells), cells, "{line}");
    }
}

#[test]
fn what_it_says_of_functions_is_known_to_the_compiler() {
    for function in nthc::schema::COMPILE_TIME {
        // Without arguments each is told what it takes, which an unknown one is not.
        let found = diagnostics(&format!("let x = {}()\n", function.name));
        assert!(
            !found.is_empty() && !found.contains(&codes::UNKNOWN_FUNCTION.id),
            "{} {found:?}",
            function.name
        );
    }
    for hole in nthc::schema::IN_TEXTS {
        let source = format!(
            "team t {{ }}\nservice s {{\n  team = t\n  selector = {{ job = \"s\" }}\n  alert a {{\n    when = `up == 0`\n    summary = \"{}\"\n  }}\n}}\n",
            hole.signature
        );
        assert_eq!(diagnostics(&source), Vec::<&str>::new(), "{}", hole.name);
    }
}

fn diagnostics(source: &str) -> Vec<&'static str> {
    let input = nthc::compile::Input {
        settings: nthc::project::default_settings("test"),
        files: vec![nthc::compile::SourceInput {
            module: "main".into(),
            path: "main.nth".into(),
            text: source.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    nthc::compile::compile(&input)
        .diagnostics
        .iter()
        .map(|found| found.code.id)
        .collect()
}
