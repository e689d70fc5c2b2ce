//! The standard library is source like any other, but nobody is shown what is wrong with it: here it would be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

#[test]
fn the_standard_library_is_well_formed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut files = 0;
    for entry in ignore::Walk::new(folder) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "nth") {
            let text = std::fs::read_to_string(&path).unwrap();
            for (_, item) in nthc::syntax::parse(&text).items {
                assert_eq!(item.errors, [], "{}", path.display());
            }
            files += 1;
        }
    }
    assert!(files > 0);
}
