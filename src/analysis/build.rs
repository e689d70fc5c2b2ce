//! Parses the standard library, so that no process has to: the trees are embedded. `standard_library.rs` reads them.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let sources = Path::new("../../stdlib");
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rerun-if-changed=build.rs");
    let output = env::var("OUT_DIR")?;
    for entry in fs::read_dir(sources)? {
        let path = entry?.path();
        let (Some("nth"), Some(name)) = (
            path.extension().and_then(|extension| extension.to_str()),
            path.file_stem().and_then(|name| name.to_str()),
        ) else {
            continue;
        };
        let tree = nth_syntax::parse(&fs::read_to_string(&path)?);
        let bytes = postcard::to_allocvec(&tree)?;
        fs::write(Path::new(&output).join(format!("{name}.tree")), bytes)?;
    }
    Ok(())
}
