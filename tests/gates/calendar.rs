//! Argo CD's sync windows say what the check says of the same times.

use jiff::Timestamp;
use yaml_serde::Value as Yaml;

use crate::{built, nthc};

const SOURCE: &str = r#"team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  gate office {
    deny closed { when = not business_hours(zone: "ZONE") }
  }

  gate friday {
    deny friday { when = between(from: fri 16:30, to: mon 09:00, zone: "ZONE") or between(from: wed 00:00, to: wed 12:00, zone: "ZONE") }
  }

  gate dates {
    deny freeze { when = frozen(from: "2026-12-20", to: "2027-01-02", zone: "ZONE") }
    deny both { when = weekday(zone: "ZONE") and business_hours(zone: "ZONE") }
    deny let-through { when = weekday(zone: "ZONE") }

    override let-through {
      by     = "mo@example.com"
      until  = "2027-01-01"
      reason = "It must go out."
    }
  }
}
"#;

/// Whether a window is active, as Argo CD has it: by the clocks on the wall, since when the schedule last began.
fn is_active(window: &Yaml, at: Timestamp) -> bool {
    let text = |key: &str| window[key].as_str().unwrap();
    let schedule: Vec<i64> = text("schedule")
        .split(' ')
        .filter(|field| *field != "*")
        .map(|field| field.parse().unwrap())
        .collect();
    let [minute, hour, day] = schedule.as_slice() else {
        panic!("{window:?}");
    };
    let length: i64 = text("duration").strip_suffix('m').unwrap().parse().unwrap();
    let local = at.in_tz(text("timeZone")).unwrap();
    // The week of cron begins on Sunday.
    let days = i64::from(local.weekday().to_sunday_zero_offset());
    let now = (days * 24 + i64::from(local.hour())) * 60 + i64::from(local.minute());
    let begin = (day * 24 + hour) * 60 + minute;
    (now - begin).rem_euclid(7 * 24 * 60) < length
}

#[test]
fn windows_are_active_when_the_gate_denies() {
    for (zone, around) in [
        ("Europe/London", "2026-03-29T01:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ] {
        let place = built_in(&SOURCE.replace("ZONE", zone));
        let text = place.read("build/policy/argo-cd/sync-windows.yaml");
        let project: Yaml = yaml_serde::from_str(&text).unwrap();
        let windows = project["spec"]["syncWindows"].as_sequence().unwrap();
        let around: Timestamp = around.parse().unwrap();
        for gate in ["office", "friday"] {
            let of_gate: Vec<&Yaml> = windows
                .iter()
                .filter(|window| window["description"].as_str().unwrap().starts_with(gate))
                .collect();
            assert!(!of_gate.is_empty(), "{text}");
            let (mut denied, mut allowed) = (0, 0);
            // Half an hour after half an hour in the days around the change.
            for half in -72..=72 {
                // A minute before, now and then: windows begin and end on the half hour.
                for early in if half % 3 == 0 { &[0, 60][..] } else { &[0] } {
                    let at = around.as_second() + half * 1_800 - early;
                    let at = Timestamp::from_second(at).unwrap();
                    let args = [
                        "gate",
                        "check",
                        "--policy",
                        "build/policy/checkout.json",
                        "--gate",
                        gate,
                        "--prometheus",
                        "http://127.0.0.1:1",
                        "--at",
                        &at.to_string(),
                    ];
                    // The time alone decides: no Prometheus is asked.
                    let ran = nthc(&place, &args);
                    assert!(ran.code == 0 || ran.code == 2, "{ran:?}");
                    let active = of_gate.iter().any(|window| is_active(window, at));
                    assert_eq!(active, ran.code == 2, "{zone} {gate} {at}: {ran:?}");
                    if active {
                        denied += 1;
                    } else {
                        allowed += 1;
                    }
                }
            }
            assert!(
                denied > 10 && allowed > 10,
                "{zone} {gate}: {denied}, {allowed}"
            );
        }
        // What windows can't say is named.
        for (rule, why) in [
            ("freeze", "a sync window's schedule has no year"),
            (
                "both",
                "conditions combined with `and` are not supported by sync windows",
            ),
            ("let-through", "a sync window does not support overrides"),
        ] {
            let line = format!("# - checkout / dates / {rule}: {why}\n");
            assert!(text.contains(&line), "{line}{text}");
            assert!(
                !windows
                    .iter()
                    .any(|window| { window["description"].as_str().unwrap().contains(rule) })
            );
        }
    }
}

/// A project without the form that knows no zones.
fn built_in(source: &str) -> crate::place::Place {
    let place = built("");
    place.replace("nth.toml", "\"argo-rollouts\", ", "");
    place.write("main.nth", source);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    place
}
