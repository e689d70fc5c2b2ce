//! The laws hold for what once broke them, and for bytes that are the same in each run.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;

use nth_laws::{LAWS, Law};

/// How many inputs each law is tried with.
const INPUTS: usize = 24;

fn tried(name: &str, law: Law) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("findings")
        .join(name);
    for entry in fs::read_dir(&folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        law(&fs::read(&path).unwrap());
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for length in (1..=INPUTS).map(|number| number * 32) {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                // xorshift64*, of which the high bits are the better ones.
                state ^= state >> 12;
                state ^= state << 25;
                state ^= state >> 27;
                (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
            })
            .collect();
        law(&bytes);
    }
}

/// A test for each law, so that they run beside one another.
macro_rules! laws {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                let (_, law) = LAWS.iter().find(|(name, _)| *name == $name).unwrap();
                tried($name, *law);
            }
        )*

        #[test]
        fn every_law_and_every_finding_is_tried() {
            let tried = [$($name),*];
            assert_eq!(LAWS.map(|(name, _)| name), tried);
            for name in tried {
                let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
                for (file, line) in [
                    ("Cargo.toml", format!("name = \"{name}\"")),
                    ("README.md", format!("| `{name}` |")),
                ] {
                    let text = fs::read_to_string(fuzz.join(file)).unwrap();
                    assert!(text.contains(&line), "fuzz/{file} has no `{line}`");
                }
            }
            for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("findings")).unwrap() {
                let name = entry.unwrap().file_name();
                assert!(tried.contains(&name.to_str().unwrap()), "{name:?} is of no law");
            }
        }
    };
}

laws! {
    answer: "answer",
    catalogue: "catalogue",
    import: "import",
    manifest: "manifest",
    project: "project",
    project_damaged: "project-damaged",
    promql: "promql",
    record: "record",
    server: "server",
    syntax: "syntax",
}
