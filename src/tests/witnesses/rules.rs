//! What holds of every search.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nth_diff::{Change, ChangeId as Id, Class, Subject};
use nthc::comparison::witness::Options;
use rayon::prelude::*;

use crate::pairs::pairs;
use crate::projects::{SHOP, Text, change, search, search_with};

const AVAILABILITY: &str =
    "slo availability : http.availability { objective = 99.9% }\n\n  slo latency";

fn lowered() -> [Text; 2] {
    let base = Text::new(SHOP);
    let to = AVAILABILITY.replace("99.9%", "99.5%");
    [base.clone(), base.with(&[(AVAILABILITY, &to)])]
}

fn slo(id: Id) -> Change {
    change(id, Subject::part("checkout", "slo", "availability"))
}

/// What a reader copies is a test of both versions, and says what was run.
#[test]
fn the_text_of_a_witness_is_a_test_of_the_language() {
    let mut text = String::new();
    let all: Vec<(String, nth_model::test::Test)> = pairs()
        .into_par_iter()
        .flat_map_iter(|mut pair| {
            search(&pair.base, &pair.head, &mut pair.changes);
            let found = pair.changes.into_iter().filter_map(|change| {
                let witness = change.witness?;
                // The version that has what the incident is about.
                let version = match change.class {
                    Class::Tightened => &pair.head,
                    _ => &pair.base,
                };
                Some((witness.test.clone(), lowered_test(version, &witness.test)))
            });
            found.collect::<Vec<_>>()
        })
        .collect();
    assert!(all.len() > 60, "{}", all.len());
    for (written, test) in &all {
        assert_eq!(
            nth_syntax::format(written).as_ref(),
            Some(written),
            "it is formatted"
        );
        assert!(!test.given.is_empty(), "{written}");
        assert_eq!(test.history, nth_model::test::History::Good);
    }
    for (written, _) in all.iter().step_by(7) {
        let _ = writeln!(text, "{written}");
    }
    insta::assert_snapshot!("texts", text);
}

/// The model of a test that is added to a version, with an expectation.
fn lowered_test(version: &Text, test: &str) -> nth_model::test::Test {
    let mut version = version.clone();
    let body = test.trim_end().strip_suffix('}').unwrap();
    let _ = write!(
        version.source,
        "\n{body}\n  expect quiet : silent {{ service = checkout }}\n}}\n"
    );
    let session = version.session();
    let tests = session.tests(None);
    assert_eq!(tests.len(), 1);
    tests[0].test.clone().unwrap()
}

/// A change whose class is wrong is not confirmed by an incident in which the opposite happens.
#[test]
fn an_incident_must_agree_with_the_class() {
    let [base, head] = lowered();
    let mut wrong = [slo(Id::ObjectiveRaised)];
    search(&base, &head, &mut wrong);
    assert_eq!(wrong[0].witness, None);
    assert_eq!(wrong[0].class, Class::Unknown);
    let reason = wrong[0].no_witness.clone().unwrap();
    assert!(
        reason.ends_with("nothing is noticed earlier, but something later"),
        "{reason}"
    );
    let mut undecided = [change(
        Id::OtherChanged,
        Subject::part("checkout", "slo", "availability"),
    )];
    search(&base, &head, &mut undecided);
    assert_eq!(undecided[0].class, Class::Loosened);
    assert!(undecided[0].witness.is_some());
}

/// A change that the models prove remains silenced without an incident.
#[test]
fn a_silenced_change_remains_so_without_an_incident() {
    let [base, _] = lowered();
    let mut same = [slo(Id::SloNeverPages), slo(Id::ObjectiveLowered)];
    search(&base, &base, &mut same);
    assert_eq!(same[0].class, Class::Silenced);
    assert_eq!(same[1].class, Class::Unknown);
    for change in &same {
        let reason = change.no_witness.as_deref().unwrap();
        assert!(reason.ends_with("the outcome is the same"), "{reason}");
    }
}

/// Changes of other environments, other classes, and those with a result are left as they are.
#[test]
fn only_open_changes_of_the_environment_are_searched() {
    let [base, head] = lowered();
    let mut elsewhere = slo(Id::ObjectiveLowered);
    elsewhere.environments = vec!["staging".into()];
    let mut known = slo(Id::ObjectiveLowered);
    known.no_witness = Some("known".to_owned());
    let cosmetic = slo(Id::SloDescriptionChanged);
    let before = [elsewhere, known, cosmetic];
    let mut after = before.clone();
    search(&base, &head, &mut after);
    assert_eq!(after, before);
}

/// The same change of many services is searched for a few of them.
#[test]
fn many_equal_changes_share_an_incident() {
    let service = |name: &str, objective: &str| {
        format!(
            "service {name} {{\n  team = payments\n  selector = {{ job = \"{name}\" }}\n  slo availability : http.availability {{ objective = {objective} }}\n}}\n"
        )
    };
    let project = |objective: &str| {
        let mut text = "import std.http\nteam payments { slack = \"#payments\" }\n".to_owned();
        for number in 0..30 {
            text.push_str(&service(&format!("s{number}"), objective));
        }
        // One that is not equal.
        text.push_str(
            &service("other", objective).replace("objective =", "min_events = 20  objective ="),
        );
        Text::new(&text)
    };
    let changes = || -> Vec<Change> {
        let names = (0..30).map(|number| format!("s{number}"));
        names
            .chain(["other".to_owned()])
            .map(|name| {
                change(
                    Id::ObjectiveLowered,
                    Subject::part(&name, "slo", "availability"),
                )
            })
            .collect()
    };
    let (base, head) = (project("99.9%"), project("99.5%"));
    let mut found = changes();
    // Only equal ones have what others have: two of those, and the one that is not equal, are searched.
    let options = Options {
        different: 3,
        ..Options::default()
    };
    search_with(&base, &head, &mut found, &options);
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for change in &found {
        let witness = change.witness.as_ref().unwrap();
        let service = change.subject.service.clone().unwrap();
        assert!(
            witness
                .test
                .contains(&format!("slo = {service}.availability")),
            "{}",
            witness.test
        );
        *words.entry(witness.incident.clone()).or_default() += 1;
    }
    assert_eq!(words.len(), 1, "{words:?}");

    // Without that, all are searched, with the same result.
    let mut each = changes();
    let options = Options {
        many: usize::MAX,
        ..Options::default()
    };
    search_with(&base, &head, &mut each, &options);
    assert_eq!(found, each);

    let mut limited = changes();
    let options = Options {
        limit: Some(1),
        ..Options::default()
    };
    search_with(&base, &head, &mut limited, &options);
    let searched = limited.iter().filter(|change| change.witness.is_some());
    assert!(searched.count() < found.len());
    let reasons = limited
        .iter()
        .filter_map(|change| change.no_witness.as_deref());
    for reason in reasons {
        assert!(reason.starts_with("not searched: "), "{reason}");
    }
}
