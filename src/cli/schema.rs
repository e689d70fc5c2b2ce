//! `nthc schema`.

use super::console::Console;
use super::exit::Exit;
use nthc::project::schema;

/// Prints the JSON schema of `nth.toml`.
pub fn run(console: &mut Console) -> Exit {
    console.out.text(&schema::json_schema_text());
    Exit::Ok
}
