//! A small project: a team, and its service with an SLO, an alert and a gate.

#![allow(dead_code, reason = "each test file uses its own part")]

use crate::place::Place;

/// The team `payments` and its service `checkout`.
pub const SHOP: &str = r##"
import std.http

team payments {
  slack = "#payments"

  schedule primary { zone = "Europe/London"  members = ["a@example.com", "b@example.com"] }
  escalation default { step primary { notify = primary } }
}

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability { objective = 99.9% }

  alert backlog {
    when     = `max(checkout_queue_depth) > 1000`
    for      = 10m
    severity = page
    summary  = "${value} orders wait."
  }

  gate production { deny spent { when = budget(availability) < 10% } }
}
"##;

/// Another team.
pub const SEARCH: &str = r##"
team search { slack = "#search" }
"##;

/// What tests in other files than `main.nth` name.
pub const IMPORT: &str = "import main.{checkout, payments, search}\n\n";

/// Creates a project with these sources in `main.nth`.
pub fn project(sources: &[&str]) -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("main.nth", sources.concat());
    place
}
