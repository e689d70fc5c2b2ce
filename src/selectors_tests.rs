//! Tests that the required selectors of a project are those of its queries.
#![allow(clippy::unwrap_used)]

use crate::catalogue::required_selectors;
use crate::compile::{self, Input, SourceInput};
use crate::project::default_settings;

#[test]
fn a_project_wants_its_services_and_dependencies_selectors() {
    let source = r#"
environment production { selector = { env = "production" } }
environment staging { selector = { env = "staging" } }
team payments { slack = "x" }
service checkout {
  team     = payments
  selector = { job = "checkout" }
  in staging { selector = { job = "checkout-next" } }
  alert backlog {
    when     = `max(queue_depth) > 7`
    severity = ticket
  }
  dependency postgres {
    selector = { job = "postgres" }
    alert full {
      when     = `max(pg_connections) > 9`
      severity = ticket
    }
  }
  dependency redis { technology = "Redis" }
}
service cart {
  team     = payments
  selector = { job = "cart", env = "own" }
  dependency database { selector = { job = "postgres" } }
}
"#;
    let input = Input {
        settings: default_settings("shop"),
        files: vec![SourceInput {
            module: "shop".to_owned(),
            path: "shop.nth".to_owned(),
            text: source.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let session = compile::session(&input);
    let selectors = |environment: Option<&str>| -> Vec<String> {
        required_selectors(&session, environment)
            .into_iter()
            .map(|(selector, used_by)| {
                let used_by: Vec<String> = used_by.into_iter().collect();
                format!("{selector} {}", used_by.join(" "))
            })
            .collect()
    };
    insta::assert_snapshot!(format!(
        "production\n{}\n\nstaging\n{}",
        selectors(Some("production")).join("\n"),
        selectors(Some("staging")).join("\n")
    ));

    // Queries contain exactly these labels, by which they find their section of the lock file.
    let compilation = compile::compile(&input);
    for (environment, metric) in [
        ("production", "queue_depth"),
        ("production", "pg_connections"),
        ("staging", "queue_depth"),
        ("staging", "pg_connections"),
    ] {
        let built: Vec<&str> = compilation
            .artifacts
            .iter()
            .filter(|artifact| artifact.path.starts_with(environment))
            .map(|artifact| artifact.contents.as_str())
            .collect();
        let used_by = match metric {
            "queue_depth" => "checkout",
            _ => "checkout.postgres",
        };
        let (selector, _) = required_selectors(&session, Some(environment))
            .into_iter()
            .find(|(_, users)| users.contains(used_by))
            .unwrap();
        assert!(
            built.concat().contains(&format!("{metric}{selector}")),
            "{metric}{selector}\n{:?}",
            compilation.diagnostics
        );
    }
}
