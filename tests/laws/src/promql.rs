//! Parsing, checking, rewriting and printing PromQL.

use nthc::project::DEFAULT_SCRAPE_INTERVAL;
use nthc::promql::{self, infer, labels_of, lint, rewrite};

/// Any text is read; PromQL is printed and parsed back unchanged, any number of times.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let tree = match promql::parse(&text) {
        Ok(tree) => tree,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a word");
            for error in errors {
                assert!(
                    text.get(error.span.start as usize..error.span.end as usize)
                        .is_some(),
                    "{error:?} points nowhere in {text:?}"
                );
            }
            return;
        }
    };
    let printed = tree.to_string();
    let again = promql::parse(&printed)
        .unwrap_or_else(|errors| panic!("{text:?} is printed as {printed:?}: {errors:?}"));
    assert_eq!(
        printed,
        again.to_string(),
        "{text:?} is printed in two ways"
    );
    let _ = (
        infer(&tree, &[]),
        labels_of(&tree),
        lint::lint(&tree, &[], &surroundings()),
    );
    let mut scoped = again;
    rewrite::inject_labels(&mut scoped, [("job", "checkout")]);
    rewrite::set_window(&mut scoped, "5m");
    let scoped_text = scoped.to_string();
    promql::parse(&scoped_text)
        .unwrap_or_else(|errors| panic!("{text:?} becomes {scoped_text:?}: {errors:?}"));
}

fn surroundings() -> lint::Surroundings {
    lint::Surroundings {
        scrape_interval: DEFAULT_SCRAPE_INTERVAL,
        added: None,
    }
}
