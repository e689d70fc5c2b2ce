//! `names.rs` is what the prelude says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

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
