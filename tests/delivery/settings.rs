//! Destinations in `nth.toml`.

use super::place::{Place, run};

const SOURCE: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability { objective = 99.9% }
}
";

fn said(settings: &str, arguments: &[&str]) -> String {
    let place = Place::new();
    place.write(
        "nth.toml",
        format!("[project]\nname = \"shop\"\n{settings}"),
    );
    place.write("checkout.nth", SOURCE);
    let ran = run(&mut place.command(arguments));
    format!("exit code {}\n{}{}", ran.code, ran.out, ran.err)
}

#[test]
fn what_is_missing_or_has_no_effect_is_said() {
    let cases = [
        ("", &["plan"][..]),
        (
            "[destinations.mimir]\nurl = \"http://localhost:1\"\n",
            &["plan"],
        ),
        (
            "[destinations.mimir]\nkind = \"mimr\"\nurl = \"http://localhost:1\"\n",
            &["plan"],
        ),
        ("[destinations.mimir]\nkind = \"mimir\"\n", &["plan"]),
        (
            "[destinations.rules]\nkind = \"prometheus\"\nurl = \"http://localhost:1\"\ntenant = \"a\"\n",
            &["plan"],
        ),
        (
            "[destinations.Mimir]\nkind = \"mimir\"\nurl = \"http://localhost:1\"\n",
            &["plan"],
        ),
        (
            "[destinations.mimir]\nkind = \"mimir\"\nurl = \"http://localhost:1\"\ntennant = \"a\"\n",
            &["plan"],
        ),
        (
            "[destinations.mimir]\nkind = \"mimir\"\nurl = \"http://localhost:1\"\nenvironment = \"production\"\n",
            &["plan"],
        ),
        (
            "[destinations.mimir]\nkind = \"mimir\"\nurl = \"http://localhost:1\"\n",
            &["plan", "--destination", "mimr"],
        ),
    ];
    let mut all = String::new();
    for (settings, arguments) in cases {
        all.push_str(&format!(
            "{settings}> nthc {}\n{}\n",
            arguments.join(" "),
            said(settings, arguments)
        ));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_destination_that_cannot_be_reached_is_an_error_and_shows_no_secret() {
    let place = Place::new();
    place.write(
        "nth.toml",
        "[project]\nname = \"shop\"\n[destinations.mimir]\nkind = \"mimir\"\nurl = \"http://127.0.0.1:1\"\n",
    );
    place.write("checkout.nth", SOURCE);
    let mut command = place.command(&["plan"]);
    command
        .env("NTH_MIMIR_TOKEN", "hunter2")
        .env_remove("http_proxy");
    let ran = run(&mut command);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.starts_with("error: destination `mimir`: "),
        "{ran:?}"
    );
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
    let mut command = place.command(&["plan"]);
    command.env("NTH_MIMIR_USER", "me").env_remove("http_proxy");
    let ran = run(&mut command);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(
        ran.err,
        "error: NTH_MIMIR_USER is set, but NTH_MIMIR_PASSWORD is not\n"
    );
}
