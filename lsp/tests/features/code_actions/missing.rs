use super::*;

#[test]
fn fields_come_where_the_prelude_has_them() {
    let text = "
import teams.{payments}

service checkout$0 {
  tier = critical  // The customer's money.
}
";
    assert_eq!(
        after(text, "Add missing fields `team`, `selector`"),
        "import teams.{payments}

service checkout {
  team     = payments
  tier     = critical  // The customer's money.
  selector = { job = \"checkout\" }
}
"
    );
}

#[test]
fn a_block_that_must_be_there_is_filled_in() {
    let text = "
service checkout {
  slo availability {$0 }
}
";
    let made = after(text, "Add missing fields `objective`, `sli`");
    assert_eq!(
        made,
        "service checkout {\n  slo availability { objective = 99%  sli : ratio { total = `up` } }\n}\n"
    );
}

#[test]
fn what_a_base_has_is_not_missing() {
    let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  slo avail$0ability : http.availability
}
";
    assert_eq!(titles(text, &["quickfix"]), Vec::<String>::new());
}

#[test]
fn arguments_are_added_by_name() {
    let text = "
import lib.services
import teams.{payments}

service checkout : services.on$0line(\"checkout\") {
  team = payments
}
";
    assert!(
        after(text, "Add missing argument `under`")
            .contains("service checkout : services.online(\"checkout\", under: 5m) {\n")
    );
    let text = text.replace("(\"checkout\")", "");
    assert!(
        after(&text, "Add missing arguments `job`, `under`")
            .contains("service checkout : services.online(job: \"\", under: 5m) {\n")
    );
}

#[test]
fn arguments_of_run_time_functions_too() {
    let text = "
import std.http
import teams.{payments}

service checkout {
  team     = payments
  selector = { job = \"a\" }

  slo availability : http.availability

  gate release {
    deny burning { when = fro$0zen(from: \"2026-11-23\") }
  }
}
";
    assert!(
        after(text, "Add missing arguments `to`, `zone`")
            .contains("frozen(from: \"2026-11-23\", to: \"2026-12-31\", zone: \"Etc/UTC\")")
    );
}
