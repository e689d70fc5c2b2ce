use super::*;

#[test]
fn of_a_whole_service() {
    let text = "
import std.http
import teams.{payments}

/// Takes the money.
service che$0ckout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability
}
";
    assert_eq!(
        after(text, "Extract a template of this service"),
        "import std.http
import teams.{payments}

template service checkout-template(job: string) {
  team     = payments
  selector = { job = job }

  slo availability : http.availability
}

/// Takes the money.
service checkout : checkout-template(\"checkout\")
"
    );
}

#[test]
fn of_a_nested_block_with_what_it_speaks_of() {
    let text = "
service checkout {
  let deep = 1000

  // Told apart.
  al$0ert backlog {
    when    = `max(depth) > ${deep}`
    summary = \"${service.name} is ${value} deep\"
  }
}
";
    assert_eq!(
        after(text, "Extract a template of this alert"),
        "template alert backlog-template(deep: number) {
  when    = `max(depth) > ${deep}`
  summary = \"${service.name} is ${value} deep\"
}

service checkout {
  let deep = 1000

  // Told apart.
  alert backlog : backlog-template(deep)
}
"
    );
}

#[test]
fn of_selected_statements() {
    let text = "
import teams.{payments}
import lib.services

service checkout : services.online(\"checkout\", under: 1s) {
  team = payments

$0  // Pages.
  alert a { when = `a == 1` }
  alert b { when = `b == 1` }  // Twice.$0

  alert c { when = `c == 1` }
}
";
    assert_eq!(
        after(text, "Extract the statements into a template"),
        "import teams.{payments}
import lib.services

template service checkout-template(name: string) : services.online(name, under: 1s) {
  // Pages.
  alert a { when = `a == 1` }
  alert b { when = `b == 1` }  // Twice.
}

service checkout : checkout-template(\"checkout\") {
  team = payments

  alert c { when = `c == 1` }
}
"
    );
}

#[test]
fn what_would_build_otherwise_is_told() {
    let refused = |text: &str, reason: &str| {
        let titles = titles(text, &["refactor.extract"]);
        let wanted = format!("Extract the statements into a template: {reason}");
        assert!(titles.contains(&wanted), "{titles:?}");
    };
    refused(
        "service a {\n  alert a { when = `a == 1` }\n  $0alert b { when = `b == 1` }\n  tier = low$0\n}\n",
        "`alert b` would be placed before the `alert` blocks above it",
    );
    refused(
        "service a {\n  $0slo b { objective = 9% }\n  tier = low$0\n\n  in staging {\n    slo b { objective = 8% }\n  }\n}\n",
        "`slo b` is also used outside the selection",
    );
    refused(
        "service a {\n  let deep = 1\n  $0alert b { when = `b == ${deep}` }\n  tier = low$0\n}\n",
        "`deep` is declared outside the selection",
    );
    refused(
        "service a {\n  $0let deep = 1\n  tier = low$0\n  alert b { when = `b == ${deep}` }\n}\n",
        "`deep` is used outside the selection",
    );
}
