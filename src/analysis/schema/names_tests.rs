//! `names.rs` is what the prelude says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::schema;
use crate::db::Database;
use crate::session::Session;

/// Writes the file: `NTH_BLESS=1 cargo test -p nth-analysis names`.
fn generated() -> String {
    let session = Session::new(Database::default(), &[]);
    let schema = schema(&session.db, session.workspace);
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in schema.kinds.values() {
        for field in kind.fields.keys() {
            fields.entry(field).or_default().push(&kind.name);
        }
    }
    let mut kinds: Vec<&str> = schema.kinds.keys().map(|kind| kind.as_str()).collect();
    kinds.sort_unstable();
    let constant = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    let mut text = "\
//! Names of the prelude's kinds and fields: a misspelt one does not compile.
//!
//! Generated from `stdlib/prelude.nth` by `NTH_BLESS=1 cargo test -p nth-analysis names`. Do not edit.

/// Names of kinds.
pub mod kind {
"
    .to_owned();
    for name in kinds {
        let _ = writeln!(text, "    /// The kind `{name}`.");
        let _ = writeln!(text, "    pub const {}: &str = \"{name}\";", constant(name));
    }
    text.push_str("}\n\n/// Names of fields.\npub mod field {\n");
    for (name, kinds) in fields {
        let of = kinds.join("`, `");
        let _ = writeln!(text, "    /// The field `{name}` of `{of}`.");
        let _ = writeln!(text, "    pub const {}: &str = \"{name}\";", constant(name));
    }
    text.push_str("}\n");
    text
}

/// The code that refers to a kind or field by name, without spaces.
const ASKED: [&str; 6] = [
    "children_of(\"",
    "span_of(\"",
    "fields.get(\"",
    "setters.get(\"",
    "kind==\"",
    "kind!=\"",
];

/// The sources of the crate but for its tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.contains("test") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]\nmod tests").next();
            found.push((path, code.unwrap_or_default().to_owned()));
        }
    }
}

#[test]
fn no_kind_or_field_is_asked_for_by_a_literal() {
    let session = Session::new(Database::default(), &[]);
    let schema = schema(&session.db, session.workspace);
    let is_name = |name: &str| {
        let mut kinds = schema.kinds.values();
        schema.kinds.contains_key(name) || kinds.any(|kind| kind.fields.contains_key(name))
    };
    let mut all = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut all);
    assert!(all.len() > 60, "{} sources", all.len());
    for (path, code) in all {
        let dense: String = code.split_whitespace().collect();
        for asked in ASKED {
            for rest in dense.split(asked).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                assert!(
                    !is_name(name),
                    "{}: write `kind::…` or `field::…` of `schema::names` instead of \"{name}\"",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn names_are_those_of_the_prelude() {
    let expected = generated();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/names.rs");
    if std::env::var_os("NTH_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap_or_else(|error| panic!("{error}"));
        return;
    }
    assert_eq!(
        include_str!("names.rs"),
        expected,
        "write it with `NTH_BLESS=1 cargo test -p nth-analysis names`"
    );
}
