use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_texts_are_sentences() {
    let names: BTreeSet<&str> = ChangeId::ALL.iter().map(|id| id.name()).collect();
    assert_eq!(names.len(), ChangeId::ALL.len());
    for id in ChangeId::ALL {
        let info = id.info();
        assert!(info.summary.ends_with('.'), "{}", info.name);
        assert!(info.advice.ends_with('.'), "{}", info.name);
        assert_eq!(ChangeId::from_name(info.name), Some(id));
    }
}
