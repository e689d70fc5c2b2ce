//! Files that are taken one by one.

use super::*;

#[test]
fn files_that_differ_alone_are_spooled() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a/x", "1"), ("a/y", "1"), ("b", "1")]);
    let folder = folder(out);
    let same = Spool::new(&folder, || -> Result<Option<lock::Lock>, Error> {
        panic!("nothing is written")
    });
    for path in ["a/x", "a/y", "b"] {
        same.take(path.to_owned(), b"1");
    }
    let taken = same.finish().unwrap();
    assert!(taken.lock.is_none() && taken.staging().is_none());
    assert!(plan_taken(&folder, &taken).unwrap().is_settled());
    // What is there already is compared with the whole contents, not with the length.
    let outcome = build_spooled(&folder, &[("a/x", "1"), ("a/y", "2"), ("b", "1")]);
    assert_eq!(outcome, "1 written, 0 removed, 2 unchanged");
    assert_eq!(listing(out)["a/y"], "2");
}

#[test]
fn a_spool_that_compares_writes_nothing() {
    let temp = temp();
    let out = temp.path().join("out");
    let folder = folder(&out);
    let spool: Spool<'_, Error> = Spool::new(&folder, || Ok(None));
    spool.take("a".to_owned(), b"1");
    let taken = spool.finish().unwrap();
    let plan = plan_taken(&folder, &taken).unwrap();
    assert_eq!(plan.changes(), [("a", Change::Create)]);
    assert!(!out.exists());
}

#[test]
fn a_file_that_changes_after_it_was_compared_is_generated_again() {
    for change in ["2", ""] {
        let temp = temp();
        let out = temp.path();
        build(out, &[("a", "1"), ("b", "1")]);
        let folder = folder(out);
        let spool = Spool::new(&folder, || locked(out).map(Some));
        spool.take("a".to_owned(), b"1");
        spool.take("b".to_owned(), b"2");
        let taken = spool.finish().unwrap();
        // Another program that does not know the lock.
        match change {
            "" => fs::remove_file(out.join("a")).unwrap(),
            text => fs::write(out.join("a"), text).unwrap(),
        }
        let planned = plan_taken(&folder, &taken);
        assert!(matches!(planned, Err(Refusal::Overtaken)), "{planned:?}");
        assert_eq!(fs::read_to_string(out.join("b")).unwrap(), "1");
        drop(taken);
        assert_eq!(
            build_spooled(&folder, &[("a", "1"), ("b", "2")])
                .lines()
                .last(),
            Some("2 written, 0 removed, 0 unchanged")
        );
    }
}

#[test]
fn what_a_killed_build_spooled_is_removed() {
    let temp = temp();
    let out = temp.path();
    build(out, &[("a", "1")]);
    let left = out.join(format!("{}x", apply::STAGING));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("0"), "2").unwrap();
    assert_eq!(
        build_spooled(&folder(out), &[("a", "3")]),
        "1 written, 0 removed, 0 unchanged"
    );
    assert!(!left.exists());
}

#[test]
fn a_spool_that_cannot_write_says_so() {
    let temp = temp();
    let out = temp.path();
    let folder = folder(out);
    let spool = Spool::new(&folder, || {
        Err(Error {
            action: "lock",
            path: "build".to_owned(),
            cause: io::Error::other("busy"),
            is_partial: false,
        })
    });
    for path in ["a", "b"] {
        spool.take(path.to_owned(), b"1");
    }
    assert_eq!(
        spool.finish().unwrap_err().to_string(),
        "cannot lock build: busy"
    );
    assert_eq!(listing(out), BTreeMap::new());
}
