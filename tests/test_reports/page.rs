//! Results as a page, as text and in a browser.

use std::time::Duration;

use crate::{browser, passing, programs, project};

#[test]
fn a_page_shows_each_test_and_runs_nothing() {
    let place = project();
    let ran = place.run(&["test", "--html", "report.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.ends_with("wrote report.html\n"), "{ran:?}");
    let page = place.read("report.html");
    for part in [
        "Tests of shop",
        "5 tests: 2 passed, 3 failed",
        "noon &lt;script&gt;alert(1)&lt;/script&gt; ]]&gt; &amp; &quot;co&quot;",
        "A deployment &lt;b&gt;breaks&lt;/b&gt; &amp; half of the requests fail.",
        "50% of <code>checkout.availability</code> bad",
        "a page of <code>checkout.availability</code> after 10m and by 11m",
        "error budget left",
        "class=\"pending\"",
        "class=\"page\"",
        "payments-page (Slack #payments), team payments",
        // The text of a notification.
        "2k &lt;img src=x onerror=alert(1)&gt; orders wait.",
        "staging",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for part in [
        "<script",
        "<b>breaks",
        "<img",
        "http://",
        "style=\"",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(part), "{part}");
    }
    // Closed if it passed, open if it failed.
    let passed = page.matches("<details class=\"test passed\" id=").count();
    let failed = page.matches("<details class=\"test failed\" id=").count();
    assert_eq!((passed, failed), (2, 3));
    assert_eq!(page.matches("\" open><summary>").count(), 3);

    // The next run replaces the page.
    place.write("tests/second.nth", "");
    let ran = place.run(&["test", "--html", "report.html", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with('{') && ran.err.is_empty(), "{ran:?}");
    assert!(
        place
            .read("report.html")
            .contains("4 tests: 2 passed, 2 failed")
    );
}

#[test]
fn a_page_replaces_nothing_but_a_page() {
    let place = passing();
    place.write("notes.html", "<p>mine</p>");
    let ran = place.run(&["test", "--html", "notes.html"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(
        ran.err
            .starts_with("error: notes.html exists and is not a page of `nthc test`\n"),
        "{ran:?}"
    );
    assert_eq!(place.read("notes.html"), "<p>mine</p>");
    let ran = place.run(&["test", "--html", "tests"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("cannot write tests: it is a directory"),
        "{ran:?}"
    );
    let ran = place.run(&["test", "--html", "nowhere/report.html"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("no directory nowhere"), "{ran:?}");
    let ran = place.run(&["test", "--html", "-"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(
        ran.err.contains("cannot write the page to standard output"),
        "{ran:?}"
    );
    // An empty file, as `mktemp` creates it.
    place.write("empty.html", "");
    let ran = place.run(&["test", "--html", "empty.html", "--quiet"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(place.read("empty.html").contains("2 tests: 2 passed"));
    // Sources with errors: the old page stays.
    let before = place.read("empty.html");
    place.write("tests/second.nth", "test \"odd\" {\n");
    let ran = place.run(&["test", "--html", "empty.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(place.read("empty.html"), before);
}

#[test]
fn a_browser_shows_the_page() {
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let place = project();
    let ran = place.run(&["test", "--html", "report.html"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let browser = browser::start(chromium);
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(30));
    let address = format!("file://{}", place.path("report.html").display());
    tab.navigate_to(&address).expect("it loads");
    tab.wait_for_element(".timeline").expect("a timeline");
    let value = |script: &str| {
        tab.evaluate(script, false)
            .expect("it runs")
            .value
            .expect("a value")
    };
    // The policy allows the page's own style.
    let outcome = "getComputedStyle(document.querySelector('.failed .outcome')).fontWeight";
    assert_eq!(value(outcome), "600");
    // Bars begin where their times are: the error after 10m of a test of 1h30m.
    let place_of_bar = "(() => {
        const bar = document.querySelector('.test.failed .row:nth-of-type(2) rect.event');
        const row = bar.closest('svg').getBoundingClientRect();
        const box = bar.getBoundingClientRect();
        return JSON.stringify([(box.left - row.left) / row.width, box.width / row.width].map(share => Math.round(share * 90)));
    })()";
    assert_eq!(value(place_of_bar), "[10,20]");
    // An area is drawn: it has a width and a height.
    let area = "(() => { const box = document.querySelector('polygon.bad').getBoundingClientRect(); return box.width > 100 && box.height > 20; })()";
    assert_eq!(value(area), true);
    // Nothing is wider than the page.
    let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(value(fits), true);
    // Only failures are shown if that is chosen.
    let hidden = "(() => {
        document.querySelector('#only').click();
        return [...document.querySelectorAll('.test')].filter(one => one.getBoundingClientRect().height > 0).length;
    })()";
    assert_eq!(value(hidden), 3);
}
