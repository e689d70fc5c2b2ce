//! Builds of what did not change: as with a compilation, whatever happened before.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::fs;
use std::path::PathBuf;

use nthc::output::Hash;
use place::Place;
use proptest::prelude::*;

const TEAMS: &str = r##"team payments {
  slack = "#payments"
}

environment staging {
  selector = { env = "staging" }
  pages    = false
}

environment production {
  selector = { env = "production" }
}
"##;

/// A service.
const SERVICE: &str = r#"import teams.payments

service NAME {
  team     = payments
  tier     = high
  selector = { job = "NAME" }

  slo availability {
    objective = OBJECTIVE

    sli : ratio {
      bad   = `requests_total{code=~"5.."}`
      total = `requests_total`
    }
  }
}
"#;

fn service(name: &str, objective: &str) -> String {
    SERVICE
        .replace("NAME", name)
        .replace("OBJECTIVE", objective)
}

fn project() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("teams/payments.nth", TEAMS);
    place.write("checkout.nth", service("checkout", "99.9%"));
    place.write("search.nth", service("search", "99.5%"));
    place
}

/// The only kept build of a place.
fn kept(place: &Place) -> Option<PathBuf> {
    let mut found = fs::read_dir(place.kept_builds()).ok()?;
    let first = found.next()?.unwrap().path();
    assert!(found.next().is_none(), "several builds are kept");
    Some(first)
}

/// Builds twice. The second build is surely kept: the first one may have been too soon after the files were written.
fn build_twice(place: &Place) {
    for _ in 0..2 {
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

/// Without the mark of what is kept, nothing shows that nothing was compiled: so the number of files is changed there.
#[test]
fn a_build_of_what_did_not_change_does_not_compile() {
    let place = project();
    build_twice(&place);
    let path = kept(&place).expect("the build is kept");
    let text = fs::read_to_string(&path).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let mut settled: serde_json::Value = serde_json::from_str(body).unwrap();
    settled["files"] = 12_345.into();
    let forge = |settled: &serde_json::Value| {
        let body = serde_json::to_string(settled).unwrap();
        let hash = Hash::new(body.as_bytes());
        fs::write(&path, format!("{}\n{body}", hash.as_str())).unwrap();
    };
    forge(&settled);
    let unchanged =
        "built shop for 2 environments: 0 written, 0 removed, 12345 unchanged in build/\n";
    assert_eq!(place.run(&["build"]).err, unchanged);
    let checked = place.run(&["build", "--check"]);
    assert_eq!(
        (checked.code, checked.err.as_str()),
        (0, "build/ is up to date: 12345 unchanged\n")
    );
    // What is not certain is compiled.
    for args in [
        vec!["build", "--no-cache"],
        vec!["build", "--env", "staging"],
        vec!["build", "--keep-going"],
        vec!["build", "--output", "other"],
    ] {
        let ran = place.run(&args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.err.contains("12345"), "{ran:?}");
    }
    // A version of the format that is not known.
    settled["version"] = 2.into();
    forge(&settled);
    assert!(!place.run(&["build"]).err.contains("12345"));
}

#[test]
fn warnings_are_shown_by_every_build() {
    let place = project();
    place.write(
        "checkout.nth",
        service("checkout", "99.9%").replace("tier     = high", "tier     = critical"),
    );
    let first = place.run(&["build"]);
    assert!(first.err.contains("warning"), "{first:?}");
    build_twice(&place);
    assert!(kept(&place).is_some());
    let again = place.run(&["build"]);
    let warnings = |text: &str| text.split("built shop").next().unwrap().to_owned();
    assert_eq!(warnings(&again.err), warnings(&first.err));
    let denied = place.run(&["build", "--deny-warnings"]);
    let compiled = place.run(&["build", "--deny-warnings", "--no-cache"]);
    assert_eq!(denied.code, 1);
    assert_eq!((denied.out, denied.err), (compiled.out, compiled.err));
    let json = place.run(&["build", "--format", "json"]);
    let compiled = place.run(&["build", "--format", "json", "--no-cache"]);
    assert_eq!(json.out, compiled.out);
}

/// A change to a project, to its output, or to what is kept of its builds.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Objective(usize, usize),
    Service(bool),
    /// The interval of rules, and the label of pages.
    Settings(bool, bool),
    Rewrite,
    EditOutput(usize),
    RemoveOutput(usize),
    RemoveRecord,
    DamageKept(usize),
}

/// Options of a build.
const OPTIONS: [&[&str]; 5] = [
    &[],
    &["--env", "production"],
    &["--check"],
    &["--deny-warnings"],
    &["--format", "json"],
];

fn change(place: &Place, change: &Change) {
    let nth_output = |number: usize| {
        let mut names = place.names("build");
        names.retain(|name| !name.starts_with('.'));
        (!names.is_empty()).then(|| format!("build/{}", names[number % names.len()]))
    };
    match change {
        Change::Nothing => {}
        Change::Objective(number, objective) => {
            let name = ["checkout", "search"][number % 2];
            let objective = ["99%", "99.5%", "99.9%"][objective % 3];
            place.write(&format!("{name}.nth"), service(name, objective));
        }
        Change::Service(true) => place.write("stock.nth", service("stock", "99%")),
        Change::Service(false) => {
            let _ = fs::remove_file(place.path("stock.nth"));
        }
        Change::Settings(short, critical) => {
            let interval = if *short { "15s" } else { "1m" };
            let page = if *critical { "critical" } else { "page" };
            place.write(
                "nth.toml",
                format!("[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"{interval}\"\n\n[severity]\npage = \"{page}\"\n"),
            );
        }
        Change::Rewrite => place.write("search.nth", place.read("search.nth")),
        Change::EditOutput(number) => {
            if let Some(name) = nth_output(*number) {
                place.write(&name, place.read(&name) + "\n");
            }
        }
        Change::RemoveOutput(number) => {
            if let Some(name) = nth_output(*number) {
                fs::remove_file(place.path(&name)).unwrap();
            }
        }
        Change::RemoveRecord => {
            let _ = fs::remove_file(place.path("build/.nthc-manifest.json"));
        }
        Change::DamageKept(at) => {
            let found = fs::read_dir(place.kept_builds()).into_iter().flatten();
            for path in found.map(|entry| entry.unwrap().path()) {
                let mut bytes = fs::read(&path).unwrap();
                let at = at % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = byte.wrapping_add(1);
                }
                fs::write(&path, bytes).unwrap();
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Nothing),
        2 => (0..2_usize, 0..3_usize).prop_map(|(a, b)| Change::Objective(a, b)),
        1 => any::<bool>().prop_map(Change::Service),
        2 => any::<(bool, bool)>().prop_map(|(a, b)| Change::Settings(a, b)),
        1 => Just(Change::Rewrite),
        1 => (0..40_usize).prop_map(Change::EditOutput),
        1 => (0..40_usize).prop_map(Change::RemoveOutput),
        1 => Just(Change::RemoveRecord),
        1 => (0..4_000_usize).prop_map(Change::DamageKept),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Two projects are changed alike. One is always compiled.
    #[test]
    fn a_build_is_the_same_whatever_happened_before(
        steps in prop::collection::vec((changes(), 0..OPTIONS.len()), 1..8)
    ) {
        let (quick, slow) = (project(), project());
        for (number, (step, options)) in steps.iter().enumerate() {
            // Mostly the plain command.
            let options = OPTIONS[if number % 2 == 0 { 0 } else { *options }];
            change(&quick, step);
            change(&slow, step);
            let build = [&["build", "--allow-removals"], options].concat();
            let ran = quick.run(&build);
            let compiled = slow.run(&[build.as_slice(), &["--no-cache"]].concat());
            prop_assert_eq!(ran.code, compiled.code, "{:?}", ran);
            prop_assert_eq!(ran.out, compiled.out);
            prop_assert_eq!(ran.err, compiled.err);
            prop_assert_eq!(quick.files("build"), slow.files("build"));
        }
    }
}
