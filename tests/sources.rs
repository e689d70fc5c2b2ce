//! Sources as they lie on disks: line ends, links, ignored files, long chains of values, faulty neighbors.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use place::{Place, Ran};

/// What a chain of blocks is called, and the text of the n-th of them.
type Chain = (&'static str, fn(usize) -> String);

const MANIFEST: &str = "[project]\nname = \"p\"\n";

const TEAM: &str = "team t { slack = \"#t\" }\n";

fn project(files: &[(&str, &str)]) -> Place {
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    for (path, text) in files {
        place.write(path, text);
    }
    place
}

/// A source with everything in which a line's end could stay.
const LINES: &str = r##"/// Owns it.
/// All of it.
team t {
  slack = "#t"
  // A comment.
  members = [
    "a@example.com",
    "b@example.com",
  ]
}

/// Sells.
///
/// In two paragraphs.
service web {
  team     = t
  selector = { job = "web" }

  /// Documented on
  /// two lines.
  alert x {
    when = `
      max by (instance) (
        queue{state="a"}  # a comment
      ) > 1
    `
    description = """
      One line, ${labels.instance}.

        Another, indented.
      """
    steps = """1. One
    2. Two
    """
  }

  recording "web:queue:sum" { query = `sum(
    queue
  )` }

  runbook { section "Do this" { text = """
    - first
    - second
    """ } }
}
"##;

#[test]
fn line_ends_of_windows_change_nothing_that_is_built() {
    let unix = project(&[("main.nth", LINES)]);
    let windows = project(&[("main.nth", &LINES.replace('\n', "\r\n"))]);
    for place in [&unix, &windows] {
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let built = windows.files("build");
    for (path, text) in &built {
        assert!(!text.contains('\r'), "{path}: {text:?}");
    }
    assert_eq!(unix.files("build"), built);
}

#[test]
fn line_ends_of_windows_are_kept_and_are_no_difference() {
    let untidy = "team t {\n      slack = \"#t\"\n\n\n\n}\n";
    let tidy = "team t {\n  slack = \"#t\"\n}\n";
    let place = project(&[]);
    place.write("main.nth", untidy.replace('\n', "\r\n"));
    assert_eq!(place.run(&["fmt", "--check"]).code, 1);
    assert_eq!(place.run(&["fmt"]).code, 0);
    assert_eq!(place.read("main.nth"), tidy.replace('\n', "\r\n"));
    let again = place.run(&["fmt", "--check"]);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{again:?}");
    // Where they are mixed, all become what most of them are.
    place.write("main.nth", "team t {\r\n  slack = \"#t\"\r\n}\n");
    assert_eq!(place.run(&["fmt"]).code, 0);
    assert_eq!(place.read("main.nth"), tidy.replace('\n', "\r\n"));
    place.write("main.nth", "team t {\n  slack = \"#t\"\r\n}\n");
    assert_eq!(place.run(&["fmt"]).code, 0);
    assert_eq!(place.read("main.nth"), tidy);
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_leads_out_of_the_project_is_refused() {
        let elsewhere = project(&[("pay.nth", "team secret { slack = \"#s\" }\n")]);
        fs::remove_file(elsewhere.path("nth.toml")).unwrap();
        let place = project(&[("main.nth", TEAM)]);
        symlink(elsewhere.path("."), place.path("shared")).unwrap();
        symlink(elsewhere.path("pay.nth"), place.path("pay.nth")).unwrap();
        symlink("nowhere", place.path("gone")).unwrap();
        let ran = place.run(&["check", "--format", "short"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        let lines: Vec<String> = said(&ran)
            .lines()
            .map(str::to_owned)
            .filter(|line| line.contains("N0626"))
            .collect();
        assert_eq!(lines.len(), 3, "{ran:?}");
        assert!(!said(&ran).contains("secret"), "{ran:?}");
        for (link, what) in [
            ("shared", " points out of the project"),
            ("pay.nth", " points out of the project"),
            ("gone", ": `nowhere` does not exist"),
        ] {
            let told = |line: &&String| line.contains(&format!("link `{link}`{what}"));
            assert_eq!(lines.iter().filter(told).count(), 1, "{link}: {ran:?}");
        }
        // The fixes that there are: a package, and nothing.
        let human = place.run(&["build"]);
        assert!(said(&human).contains("[dependencies]"), "{human:?}");
        assert!(place.names("build").is_empty());
    }

    #[test]
    fn what_stays_within_is_followed_and_nothing_is_read_twice() {
        let place = Place::new();
        place.write("nth.toml", "[project]\nname = \"p\"\nsource = \"src\"\n");
        place.write("common/teams.nth", TEAM);
        place.write(
            "src/main.nth",
            "import shared.teams.{t}\nservice web { team = t  selector = { job = \"web\" } }\n",
        );
        symlink("../common", place.path("src/shared")).unwrap();
        let ran = place.run(&["check", "--format", "short"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");

        symlink("shared", place.path("src/again")).unwrap();
        symlink("../src", place.path("src/loop")).unwrap();
        let ran = place.run(&["check", "--format", "short"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(said(&ran).matches("N0627").count(), 2, "{ran:?}");
    }
}

#[test]
fn a_line_that_ignores_sources_is_told() {
    let place = project(&[
        ("main.nth", TEAM),
        ("services/a.nth", "service a { team = t }\n"),
        ("services/b.nth", "service b { team = t }\n"),
        (".gitignore", "/build/\nservices*\n"),
    ]);
    for command in [
        &["check", "--format", "short"][..],
        &["build", "--format", "short"][..],
    ] {
        let ran = place.run(command);
        assert_eq!(ran.code, 0, "{ran:?}");
        let told: Vec<String> = said(&ran)
            .lines()
            .map(str::to_owned)
            .filter(|line| line.contains("N0628"))
            .collect();
        assert_eq!(
            told,
            [
                ".gitignore:2:1: warning[N0628]: 2 sources are not read: `services*` in `.gitignore` ignores them"
            ],
            "{ran:?}"
        );
    }
    place.write(
        "nth.toml",
        format!("{MANIFEST}\n[lints]\nignored-sources = \"allow\"\n"),
    );
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

/// All that a command says.
fn said(ran: &Ran) -> String {
    format!("{}{}", ran.out, ran.err)
}

/// Whether it ended as commands do: with an answer, or with what is wrong.
fn ends(text: &str) -> Ran {
    let place = project(&[("main.nth", text)]);
    let ran = place.run(&["check", "--format", "short"]);
    assert!(matches!(ran.code, 0 | 1), "{ran:?}");
    ran
}

fn chain(first: &str, next: impl Fn(usize) -> String, length: usize) -> String {
    let mut text = first.to_owned();
    for number in 1..length {
        writeln!(text, "{}", next(number)).unwrap();
    }
    text
}

#[test]
fn long_chains_have_an_answer() {
    /// As far as names may go through one another.
    const LENGTH: usize = 250;
    let lets: [Chain; 4] = [
        ("let a0 = 1\n", |n| format!("let a{n} = a{}", n - 1)),
        ("let a0 = 1\n", |n| format!("let a{n} = a{} + 1", n - 1)),
        ("let a0 = 1\n", |n| {
            format!("let a{n} = if true {{ a{} }} else {{ 2 }}", n - 1)
        }),
        ("let a0 = \"x\"\n", |n| {
            format!("let a{n} = \"${{a{}}}\"", n - 1)
        }),
    ];
    for (first, next) in lets {
        let ran = ends(&chain(first, next, LENGTH));
        assert_eq!((ran.code, ran.out.as_str()), (0, ""));
        let ran = ends(&chain(first, next, 800));
        assert_eq!(ran.code, 1);
        assert_eq!(said(&ran).matches("error[N0435]").count(), 1, "{ran:?}");
    }
    let fields = chain(
        "team t { slack = \"#t\" }\nservice s0 { team = t selector = { job = \"x\" } description = \"q\" }\n",
        |n| {
            format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} description = s{}.description }}",
                n - 1
            )
        },
        LENGTH,
    );
    assert_eq!(ends(&fields).code, 0);
    let bases = chain(
        "team t { slack = \"#t\" }\ntemplate service s0 { team = t selector = { job = \"x\" } }\n",
        |n| format!("template service s{n} : s{} {{ }}", n - 1),
        LENGTH,
    );
    let last = LENGTH - 1;
    assert_eq!(
        ends(&format!("{bases}\nservice last : s{last} {{ }}\n")).code,
        0
    );
    let needs = chain(
        "team t { slack = \"#t\" }\nservice s0 { team = t selector = { job = \"x\" } }\n",
        |n| {
            format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} dependency d {{ service = s{} }} }}",
                n - 1
            )
        },
        500,
    );
    assert_eq!(ends(&needs).code, 0);
    // Of queries, what comes of it could not be read by Prometheus either.
    let queries = chain(
        "let a0 = `x`\n",
        |n| format!("let a{n} = `max(${{a{}}})`", n - 1),
        LENGTH,
    );
    let ran = ends(&queries);
    assert_eq!(ran.code, 1);
    assert_eq!(said(&ran).matches("N0409").count(), 1, "{ran:?}");
    let sums = chain(
        "let a0 = `x`\n",
        |n| format!("let a{n} = `${{a{}}} + 1`", n - 1),
        LENGTH,
    );
    assert_eq!(ends(&sums).code, 0);
}

#[test]
fn comments_in_empty_brackets_survive() {
    let place = project(&[(
        "main.nth",
        "team t {\n  members = [\n    // \"ana@example.com\",\n  ]\n}\n\
         template service s(\n  /// a doc\n) { tier = low  selector = { // none yet\n } }\n",
    )]);
    assert_eq!(place.run(&["fmt"]).code, 0);
    let once = place.read("main.nth");
    for kept in ["// \"ana@example.com\",", "/// a doc", "// none yet"] {
        assert!(once.contains(kept), "{once}");
    }
    assert_eq!(place.run(&["fmt", "--check"]).code, 0);
    assert!(Path::new(&place.path("main.nth")).exists());
}

const SOUND: &str = "team a { slack = \"#a\" }\nservice web { team = a selector = { job = \"web\" } alert x { when = `max(q) > 1` } }\n";

#[test]
fn what_is_sound_is_built_beside_what_is_not() {
    let faulty = "team b { slack = \"#b\" }\nservice api { team = b selector = { job = \"api\" } alert x { when = `max(q) > 1` } }\n";
    let user = "import b.{b}\nservice shop { team = b selector = { job = \"shop\" } alert x { when = `max(q) > 1` } }\n";
    let place = project(&[("a.nth", SOUND), ("b.nth", faulty), ("c.nth", user)]);
    assert_eq!(place.run(&["build"]).code, 0);
    let before = place.files("build");

    place.replace("a.nth", "> 1", "> 2");
    place.replace("b.nth", "max(q) > 1", "max(q) >");
    // As ever, nothing is written.
    assert_eq!(place.run(&["build"]).code, 1);
    assert_eq!(place.files("build"), before);

    let ran = place.run(&["build", "--keep-going"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "built p in part",
        "not built: service api: b.nth has errors",
        "not built: service shop: it depends on b.nth, which has errors",
        "left unchanged",
    ] {
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
    let after = place.files("build");
    assert!(after["prometheus/web.yaml"].contains("> 2"), "{after:?}");
    for (path, text) in &before {
        let is_of_web = path.contains("web");
        // The record tells of what was written.
        if !is_of_web && !path.contains(".nthc") {
            assert_eq!(after.get(path), Some(text), "{path}");
        }
    }
    // What was left alone is still known to be a build's: a sound build mends all.
    place.replace("b.nth", "max(q) >", "max(q) > 3");
    let ran = place.run(&["build", "--keep-going"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(place.read("build/prometheus/api.yaml").contains("> 3"));
    assert!(place.read("build/prometheus/shop.yaml").contains("> 1"));
}

#[test]
fn nothing_is_built_of_what_everything_rests_on() {
    let place = project(&[
        ("a.nth", SOUND),
        (
            "env.nth",
            "environment production { selector = { env = 1 } }\n",
        ),
    ]);
    let ran = place.run(&["build", "--keep-going"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        !place.names("build").iter().any(|path| path.contains("web")),
        "{ran:?}"
    );
    let place = project(&[("a.nth", SOUND), ("bad name.nth", TEAM)]);
    let ran = place.run(&["build", "--keep-going"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(place.names("build").is_empty(), "{ran:?}");
}

/// What a service depends on is named with an import of its file, and tells of it.
#[test]
fn files_that_tell_of_faulty_services_are_left_alone() {
    let user = "import a.{web, a}\nservice api { team = a selector = { job = \"api\" } dependency web { service = web } alert x { when = `max(q) > 1` } }\n";
    let place = project(&[("a.nth", SOUND), ("b.nth", user)]);
    assert_eq!(place.run(&["build"]).code, 0);
    let before = place.files("build");
    place.replace("a.nth", "> 1", "> 2");
    place.replace("b.nth", "max(q) > 1", "max(q) >");
    let ran = place.run(&["build", "--keep-going"]);
    assert!(ran.err.contains("built in part: service web"), "{ran:?}");
    let after = place.files("build");
    assert!(after["prometheus/web.yaml"].contains("> 2"));
    assert_eq!(after["docs/web.md"], before["docs/web.md"]);
}

#[test]
fn either_kind_of_burn_rate_alerts_is_made_alone() {
    let text = "import std.http\nteam t { slack = \"#t\" }\nservice web {\n  team = t  selector = { job = \"web\" }\n\
        slo both    : http.availability { objective = 99.6% }\n\
        slo pages   : http.availability { objective = 99.9%  burn_rate_tickets = false }\n\
        slo tickets : http.availability { objective = 99.7%  burn_rate_pages = false }\n\
        slo none    : http.availability { objective = 99.8%  burn_rate_alerts = false }\n\
        slo some    : http.availability { objective = 99.5%  burn_rate_alerts = false  burn_rate_pages = true }\n}\n";
    let place = project(&[("main.nth", text)]);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let rules = place.read("build/prometheus/web.yaml");
    // Up to the next alert or group.
    let groups = rules.split("\n- name: ");
    let alerts: Vec<&str> = groups
        .flat_map(|group| group.split("- alert: ").skip(1))
        .collect();
    let count = |slo: &str, severity: &str| {
        let burns = alerts
            .iter()
            .filter(|alert| alert.starts_with("SLOErrorBudgetBurn"));
        let of_slo = burns.filter(|alert| alert.contains(&format!("slo: {slo}\n")));
        of_slo
            .filter(|alert| alert.contains(&format!("severity: {severity}\n")))
            .count()
    };
    for (slo, pages, tickets) in [
        ("both", 2, 2),
        ("pages", 2, 0),
        ("tickets", 0, 2),
        ("none", 0, 0),
        ("some", 2, 0),
    ] {
        assert_eq!(
            (count(slo, "page"), count(slo, "ticket")),
            (pages, tickets),
            "{slo}"
        );
    }
    // What others write of them follows.
    let runbook = place.read("build/docs/web.md");
    let documents = place.read("build/openslo/web.yaml");
    for (slo, alerts) in [
        ("both", 4),
        ("pages", 2),
        ("tickets", 2),
        ("none", 0),
        ("some", 2),
    ] {
        let row = format!("| [SLOErrorBudgetBurn {slo}]");
        let row = runbook.lines().find(|line| line.starts_with(&row));
        let told = row.map_or(0, |row| {
            row.matches(" of the error budget consumed in ").count()
        });
        assert_eq!(told, alerts, "{slo}: {runbook}");
        let policies = documents.split("kind: AlertPolicy\n").skip(1);
        let named = |text: &&str| {
            text.lines()
                .take(4)
                .any(|line| line.trim().starts_with(&format!("name: web--{slo}--")))
        };
        assert_eq!(policies.filter(named).count(), alerts, "{slo}: {documents}");
    }
}
