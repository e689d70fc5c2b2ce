//! Comparing with the last build, where there is no version control.

use super::place::{Place, Ran, run};

const SERVICE: &str = "\
import platform.tiers.{core}
import std.http

environment production {}
environment staging {}

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  tier     = core
  selector = { job = \"checkout\" }

  slo availability : http.availability
}
";

fn place() -> Place {
    let place = Place::new();
    place.write("platform/nth.toml", "[project]\nname = \"platform\"\n");
    place.write(
        "platform/tiers.nth",
        "tier core {\n  availability = 99.9%\n  latency = 300ms\n}\n",
    );
    place.write(
        "shop/nth.toml",
        "[project]\nname = \"shop\"\nrecord_sources = true\n\n[dependencies]\nplatform = { path = \"../platform\" }\n",
    );
    place.write("shop/main.nth", SERVICE);
    place
}

fn nthc(place: &Place, arguments: &[&str]) -> Ran {
    run(place.command(arguments).current_dir(place.path("shop")))
}

fn diff(place: &Place, arguments: &[&str]) -> Ran {
    let mut all = vec!["diff", "--against-build", "--no-incidents"];
    all.extend(arguments);
    nthc(place, &all)
}

#[test]
fn a_build_is_compared_with_the_working_tree_and_its_packages() {
    let place = place();
    let early = diff(&place, &[]);
    assert_eq!(early.code, 64, "{early:?}");
    insta::assert_snapshot!("not_built", early.err);

    assert_eq!(nthc(&place, &["build"]).code, 0);
    // The record is no output: a build that changes nothing is up to date.
    assert_eq!(nthc(&place, &["build", "--check"]).code, 0);
    assert_eq!(diff(&place, &[]).code, 0);

    place.replace("platform/tiers.nth", "99.9%", "99.5%");
    let changed = diff(&place, &[]);
    assert_eq!(changed.code, 2, "{changed:?}");
    insta::assert_snapshot!("against_build", changed.out);

    assert_eq!(nthc(&place, &["build"]).code, 0);
    assert_eq!(diff(&place, &[]).code, 0);
}

#[test]
fn an_environment_that_was_built_by_itself_has_its_own_sources() {
    let place = place();
    assert_eq!(nthc(&place, &["build"]).code, 0);
    place.replace("platform/tiers.nth", "99.9%", "99.5%");
    assert_eq!(nthc(&place, &["build", "--env", "staging"]).code, 0);
    assert_eq!(diff(&place, &["--env", "staging"]).code, 0);
    let older = diff(&place, &["--env", "production"]);
    assert_eq!(older.code, 2, "{older:?}");
    let unclear = diff(&place, &[]);
    assert_eq!(unclear.code, 64, "{unclear:?}");
    insta::assert_snapshot!("built_alone", unclear.err);

    // A build of all environments is one again.
    assert_eq!(nthc(&place, &["build"]).code, 0);
    assert_eq!(diff(&place, &[]).code, 0);
}

#[test]
fn a_record_that_is_damaged_is_an_error() {
    let place = place();
    assert_eq!(nthc(&place, &["build"]).code, 0);
    place.write("shop/build/.nthc-sources.json", "{}");
    let damaged = diff(&place, &[]);
    assert_eq!(damaged.code, 3, "{damaged:?}");
    insta::assert_snapshot!("damaged_record", damaged.err);
}

#[test]
fn without_the_setting_nothing_is_recorded() {
    let place = place();
    place.replace("shop/nth.toml", "record_sources = true\n", "");
    assert_eq!(nthc(&place, &["build"]).code, 0);
    assert!(!place.path("shop/build/.nthc-sources.json").exists());
    assert_eq!(diff(&place, &[]).code, 64);
    for arguments in [&["main"][..], &["--env", "staging", "--env", "production"]] {
        assert_eq!(diff(&place, arguments).code, 64, "{arguments:?}");
    }
}
