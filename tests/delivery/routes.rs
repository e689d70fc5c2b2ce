//! What an Alertmanager notifies, and what a plan would silence.

use super::place::{Place, Ran, run};
use super::support::programs::{Running, fetch, find};

const PAGES: &str = "\
import std.http

team payments { slack = \"#payments\" }
team search { slack = \"#search\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability { objective = 99.9% }
}

service search {
  team     = search
  selector = { job = \"search\" }

  slo availability : http.availability { objective = 99.9% }
}
";

/// A project whose routes a real Alertmanager has; `None` if it is not installed.
fn project() -> Option<(Place, Running)> {
    let program = find(&["alertmanager"])?;
    let place = Place::new();
    place.write("config/own", "");
    place.write(
        "started.yml",
        "route: { receiver: a }\nreceivers: [ { name: a } ]\n",
    );
    let server = Running::start(
        &program,
        |port| {
            std::fs::copy(
                place.path("started.yml"),
                place.path("config/alertmanager.yml"),
            )
            .unwrap();
            vec![
                format!(
                    "--config.file={}",
                    place.path("config/alertmanager.yml").display()
                ),
                format!("--storage.path={}", place.path("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                "--cluster.listen-address=".to_owned(),
            ]
        },
        |port| fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some(),
    );
    std::fs::remove_file(place.path("config/alertmanager.yml")).unwrap();
    place.write(
        "nth.toml",
        format!(
            "[project]\nname = \"shop\"\n\n\
             [destinations.routes]\nkind = \"alertmanager\"\nurl = \"http://{}\"\ndirectory = \"config\"\n",
            server.address()
        ),
    );
    place.write("shop.nth", PAGES);
    Some((place, server))
}

fn nthc(place: &Place, arguments: &[&str]) -> Ran {
    let mut command = place.command(arguments);
    run(command.env_remove("http_proxy").env_remove("HTTP_PROXY"))
}

fn deliver(place: &Place, more: &[&str]) -> Ran {
    let planned = nthc(place, &["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let mut all = vec!["apply", "plan.json", "--auto-approve"];
    all.extend(more);
    nthc(place, &all)
}

#[test]
fn a_route_is_only_taken_away_if_that_is_allowed() {
    let Some((place, _server)) = project() else {
        return;
    };
    let applied = deliver(&place, &[]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let live = place.read("config/alertmanager.yml");

    // The team is still notified of nothing: its receiver is gone.
    place.replace(
        "shop.nth",
        "team search { slack = \"#search\" }",
        "team search { }",
    );
    let planned = nthc(&place, &["plan"]);
    let silenced: Vec<&str> = { planned.out.lines() }
        .filter(|line| line.contains("silenced:"))
        .collect();
    assert_eq!(
        silenced,
        ["  silenced: alerts with team=\"search\" no longer notify anyone"],
        "{planned:?}"
    );
    let refused = deliver(&place, &[]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(
        refused.err,
        "error: not applied, as it silences: alerts with team=\"search\" no longer notify anyone\n  help: pass \
         `--allow silenced` if that is intended\n"
    );
    assert_eq!(place.read("config/alertmanager.yml"), live);

    // Someone else is notified: that is no silence.
    place.replace(
        "shop.nth",
        "team search { }",
        "team search { slack = \"#find\" }",
    );
    let moved = deliver(&place, &[]);
    assert_eq!(moved.code, 0, "{moved:?}");

    place.replace(
        "shop.nth",
        "team search { slack = \"#find\" }",
        "team search { }",
    );
    let allowed = deliver(&place, &["--allow", "silenced"]);
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert_ne!(place.read("config/alertmanager.yml"), live);
}

#[test]
fn a_fragment_is_no_configuration() {
    let place = Place::new();
    place.write("checkout.nth", PAGES);
    place.write(
        "nth.toml",
        "[project]\nname = \"shop\"\n\n[alertmanager]\nformat = \"fragment\"\n\n[destinations.alerts]\nkind = \"alertmanager\"\n\
         url = \"http://127.0.0.1:9\"\ndirectory = \"config\"\n",
    );
    place.write("config/.keep", "");
    let planned = place.run(&["plan"]);
    assert_eq!(planned.code, 2, "{planned:?}");
    assert!(
        planned
            .err
            .contains("destination `alerts` needs a complete configuration"),
        "{planned:?}"
    );
    assert!(planned.err.contains("as `base`"), "{planned:?}");
}
