//! `nthc test` for others: JUnit for pipelines, a page for people, and runs that follow the files.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/browser.rs"]
mod browser;
mod junit;
mod page;
#[path = "../place/mod.rs"]
#[allow(dead_code)]
mod place;
#[path = "../support/programs.rs"]
mod programs;
#[path = "../support/shop.rs"]
mod shop;
mod timeline;
#[cfg(unix)]
mod watch;

use place::Place;
use shop::SHOP;

const ENVIRONMENTS: &str = "environment production { }\nenvironment staging { }\n";

/// Fails and passes, in each environment.
const TESTS: &str = r#"import main.{checkout}

/// A deployment <b>breaks</b> & half of the requests fail.
test "noon <script>alert(1)</script> ]]> & \"co\"" {
  given requests : traffic { service = checkout  rate = 200/s }
  given deploy   : errors  { slo = checkout.availability  share = 50%  from = 10m  for = 20m }

  expect paged : page { slo = checkout.availability  within = 1m }
}

test "a quiet day" {
  expect quiet : silent { service = checkout }
}
"#;

/// Has two failures, in production.
const MORE: &str = r#"import main.{checkout}

test "a full queue" {
  only_in = [production]

  given queue : series { series = `checkout_queue_depth{job="checkout"}`  values = "10x20 2000x60" }

  expect quiet : silent { service = checkout }
}
"#;

fn project() -> Place {
    let summary = "${value} orders wait.";
    assert!(SHOP.contains(summary), "{SHOP}");
    let hostile = SHOP.replace(
        summary,
        "${value} <img src=x onerror=alert(1)> orders wait.",
    );
    let place = shop::project(&[ENVIRONMENTS, &hostile]);
    place.write("tests/first.nth", TESTS);
    place.write("tests/second.nth", MORE);
    place
}

/// A project in which all tests pass.
fn passing() -> Place {
    let place = project();
    place.write(
        "tests/first.nth",
        "import main.{checkout}\n\ntest \"a quiet day\" {\n  expect quiet : silent { service = checkout }\n}\n",
    );
    place.write("tests/second.nth", "");
    place
}
