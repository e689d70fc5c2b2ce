use super::*;

const TEXT: &str = "
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  // Told apart.
  alert a {
    when = `up == 0`
    for  = $010m$0
  }
}
";

#[test]
fn a_literal_gets_a_name_before_its_statement() {
    let made = after(TEXT, "Extract into a `let`");
    assert!(
        made.contains("    when = `up == 0`\n    let duration = 10m\n    for = duration\n"),
        "{made}"
    );
}

#[test]
fn an_argument_of_a_base_gets_its_name_above_the_block() {
    let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  /// Fast enough.
  slo latency : http.latency(under: 30$00ms) {
    objective = 99%
  }
}
";
    let made = after(text, "Extract into a `let`");
    assert!(
            made.contains(
                "  let under = 300ms\n  /// Fast enough.\n  slo latency : http.latency(under: under) {\n"
            ),
            "{made}"
        );
}

#[test]
fn what_means_something_by_its_place_stays() {
    let text = TEXT.replace("$010m$0", "10m").replace(
        "  // Told",
        "  slo b { budget_pages = $0[1%, 2%]$0 }\n  // Told",
    );
    assert!(titles(&text, &["refactor.extract"]).contains(&"Extract into a `let`".to_owned()));
    let text = text
        .replace("$0[1%, 2%]$0", "[1%]")
        .replace("for  = 10m", "summary = $0\"${value} are too many\"$0");
    assert_eq!(
        titles(&text, &["refactor.extract"]),
        ["Extract into a `let`: `value` is only known in alert text"]
    );
}

/// An environment is known by its name in `only_in`, and in other places only where it is declared.
#[test]
fn environments_stay_where_they_are_known() {
    let text = TEXT.replace("$010m$0", "10m").replace(
        "    when = `up",
        "    only_in = $0[production]$0\n    when = `up",
    );
    assert_eq!(
        titles(&text, &["refactor.extract"]),
        ["Extract into a `let`: `production` is only known here, as an environment"]
    );
    let imported = format!("import environments.{{production}}\n{text}");
    assert!(titles(&imported, &["refactor.extract"]).contains(&"Extract into a `let`".to_owned()));
    let here = format!(
        "environment here {{ }}\n{}",
        text.replace("production", "here")
    );
    assert!(titles(&here, &["refactor.extract"]).contains(&"Extract into a `let`".to_owned()));
}

#[test]
fn a_query_stays_where_its_labels_come_from() {
    let text = "
import lib.services

service a : services.online(`jobs_t$0otal`, under: 1s) {
  alert b { when = `up == 0` }
}
";
    assert_eq!(
        titles(text, &["refactor.extract"]),
        [
            "Extract into a `let`: the labels that are added to a query depend on where it is written",
            "Extract a template of this service"
        ]
    );
    let text = text
        .replace("_t$0otal", "_total")
        .replace("up == 0", "u$0p == 0");
    assert!(
        after(&text, "Extract into a `let`")
            .contains("  alert b { let when = `up == 0`  when = when }\n")
    );
}

#[test]
fn a_let_is_put_where_it_is_used() {
    let text = "
service checkout {
  /// How deep.
  let de$0ep = 1000 + 1

  alert a {
    when    = `max(depth) > ${deep}`
    summary = \"more than ${deep}\"
    for     = if 2 * deep > 3 { 1m } else { 2m }
  }
}
";
    assert_eq!(
        after(text, "Inline `deep`"),
        "service checkout {
  alert a {
    when    = `max(depth) > ${1000 + 1}`
    summary = \"more than ${1000 + 1}\"
    for     = if 2 * (1000 + 1) > 3 { 1m } else { 2m }
  }
}
"
    );
}

#[test]
fn from_a_use_of_a_let_at_the_top() {
    let text = "let wait = 5m\n\nservice checkout {\n  alert a { for = wa$0it }\n}\n";
    assert_eq!(
        after(text, "Inline `wait`"),
        "service checkout {\n  alert a { for = 5m }\n}\n"
    );
}

#[test]
fn what_would_mean_something_else_is_told() {
    let text = "
service checkout {
  selector = { job = \"a\" }
  let visi$0ts = `visits_total`

  dependency db {
    selector = { job = \"b\" }
    alert a { when = `rate(${visits}[5m]) > 1` }
  }
}
";
    assert_eq!(
        titles(text, &["refactor.inline"]),
        ["Inline `visits`: its query would select other labels where `visits` is used"]
    );
    assert_eq!(
        titles("let a$0 = 1\n", &["refactor.inline"]),
        ["Inline `a`: `a` is not used"]
    );
}

#[test]
fn what_others_use_stays() {
    let mut editor = Editor::open(
        "//- a.nth\nlet wa$0it = 5m\nlet other = wait\n//- b.nth\nimport a.{wait}\nlet more = wait\n",
    );
    let found = offered(&mut editor, &["refactor.inline"]);
    assert_eq!(
        found[0]["disabled"]["reason"],
        "`wait` is used in other files"
    );
}
