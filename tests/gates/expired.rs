//! Overrides that have expired are told, at the second at which they do.

use nthc::compile::{Input, SourceInput, check, check_at, compile, compile_at};

use crate::nthc;
use crate::place::Place;

fn source(until: &str) -> String {
    format!(
        r#"team payments {{ }}

service checkout {{
  team     = payments
  selector = {{ job = "checkout" }}

  slo availability {{
    objective = 99.5%

    sli : ratio {{ bad = `requests_total{{code="500"}}`  total = `requests_total` }}
  }}

  gate production {{
    deny spent {{ when = budget(availability) < 10% }}

    override spent {{
      by     = "mo@example.com"
      until  = "{until}"
      zone   = "Europe/Berlin"
      reason = "The tax change must go out."
    }}
  }}
}}
"#
    )
}

fn input(until: &str) -> Input {
    Input {
        settings: nthc::project::default_settings("shop"),
        files: vec![SourceInput {
            module: "main".to_owned(),
            path: "main.nth".to_owned(),
            text: source(until).as_str().into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    }
}

#[test]
fn the_warning_comes_with_the_end_of_the_last_day() {
    let input = input("2026-12-24");
    let told = |now: &str| -> Vec<String> {
        let compilation = check_at(&input, now.parse().unwrap());
        let found = compilation.diagnostics.iter();
        found.map(|found| found.code.id.to_owned()).collect()
    };
    // Midnight in Berlin is an hour before that in UTC.
    assert_eq!(told("2026-12-24T22:59:59Z"), Vec::<String>::new());
    assert_eq!(told("2026-12-24T23:00:00Z"), ["N1008"]);
    assert_eq!(told("2027-06-17T12:00:00Z"), ["N1008"]);
    // Without a clock nothing expires, and with one nothing else is made.
    assert!(check(&input).diagnostics.is_empty());
    let late = compile_at(&input, "2027-06-17T12:00:00Z".parse().unwrap());
    assert_eq!(compile(&input).artifacts, late.artifacts);
}

#[test]
fn the_command_looks_at_the_clock() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    for (until, expired) in [("2020-01-01", true), ("2999-01-01", false)] {
        place.write("main.nth", source(until));
        let ran = nthc(&place, &["check"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(said.contains("N1008"), expired, "{ran:?}");
        let strict = nthc(&place, &["check", "--deny-warnings"]);
        assert_eq!(strict.code, i32::from(expired), "{strict:?}");
        // Builds are the same at any time.
        let built = nthc(&place, &["build"]);
        assert!(
            !built.out.contains("N1008") && !built.err.contains("N1008"),
            "{built:?}"
        );
    }
}
