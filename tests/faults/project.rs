//! Projects of some services, and what their output must be.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::place::{Place, Ran};

/// The output, by path, without what is the compiler's own.
pub type Files = BTreeMap<String, String>;

pub const MANIFEST: &str =
    "[project]\nname = \"shop\"\ntargets = [\"prometheus\", \"alertmanager\", \"docs\"]\n";

/// Writes the manifest and a source for each service. `limit` is in every rule.
pub fn write(place: &Place, services: std::ops::Range<usize>, limit: usize) {
    place.write("nth.toml", MANIFEST);
    place.write("team.nth", "team payments { slack = \"#payments\" }\n");
    sources(place, "", services, limit);
}

/// The sources of services, in place of all that are there.
pub fn sources(place: &Place, folder: &str, services: std::ops::Range<usize>, limit: usize) {
    for (path, _) in place.files(".") {
        if path.starts_with(&format!("{folder}s")) && path.ends_with(".nth") {
            std::fs::remove_file(place.path(&path)).unwrap();
        }
    }
    for number in services {
        place.write(&format!("{folder}s{number}.nth"), service(number, limit));
    }
}

fn service(number: usize, limit: usize) -> String {
    let mut text = format!(
        "import team.{{payments}}\n\nservice s{number} {{\n  team = payments\n  selector = {{ job = \"s{number}\" }}\n"
    );
    for alert in 0..4 {
        writeln!(
            text,
            "  alert a{alert} {{ when = `max(queue{{job=\"s{number}\"}}) > {limit}{alert}`  severity = ticket  for = 5m }}"
        )
        .unwrap();
    }
    text.push_str("}\n");
    text
}

/// What a build of these sources makes.
pub fn expected(services: std::ops::Range<usize>, limit: usize) -> Files {
    let place = Place::new();
    write(&place, services, limit);
    good(&place.run(&["build"]));
    built(&place)
}

/// What the output folder holds, without what is the compiler's own.
pub fn built(place: &Place) -> Files {
    let mut files = place.files("build");
    files.retain(|path, _| !path.starts_with(".nthc-"));
    files
}

/// What builds left behind besides the record.
pub fn leftovers(place: &Place) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(place.path("build")) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(".nthc-") && name != ".nthc-manifest.json")
        .collect()
}

pub fn good(ran: &Ran) {
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// How often something is tried: what the environment says, or `usual`.
pub fn rounds(variable: &str, usual: usize) -> usize {
    match std::env::var(variable) {
        Ok(number) => number.parse().expect("a number of rounds"),
        Err(_) => usual,
    }
}

/// Numbers that look random and are the same each time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}
