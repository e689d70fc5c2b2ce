//! Servers that refuse, and users without permission.

use std::net::TcpListener;

use nth_ledger::{LedgerError, Location, Store, StoreOptions};

use crate::examples::{end, slices, slo};
use crate::places::{Database, Place as _};

fn open_url(url: &str) -> Result<Store, LedgerError> {
    Store::open_or_create(&Location::parse(url).unwrap(), &StoreOptions::default())
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = open_url(&format!("postgres://nth:secret@127.0.0.1:{port}/shop")).unwrap_err();
    assert!(
        matches!(error, LedgerError::CannotConnect { .. }),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn the_database_does_not_exist() {
    let Some(place) = Database::new() else {
        return;
    };
    let url = place
        .session()
        .url()
        .replace(place.session().name(), "missing");
    let error = open_url(&url).unwrap_err();
    let expected = "cannot connect to the ledger: database \"missing\" does not exist";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_user_without_permission() {
    let Some(place) = Database::new() else {
        return;
    };
    let mut client = place.session().connect();
    let user = format!("reader_{}", place.session().name());
    client
        .batch_execute(&format!("CREATE ROLE {user} LOGIN"))
        .unwrap();
    let url = place.session().url_as(&user);
    let error = open_url(&url).unwrap_err();
    assert!(matches!(error, LedgerError::Permission { .. }), "{error:?}");
    place.store().record(&slo("a"), &slices(3), end(3)).unwrap();
    let grants = format!(
        "GRANT USAGE ON SCHEMA nth_ledger TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA nth_ledger TO {user}"
    );
    client.batch_execute(&grants).unwrap();
    // Reading requires no more than that.
    let mut store = open_url(&url).unwrap();
    assert_eq!(store.slos().unwrap(), [slo("a")]);
    let error = store.record(&slo("b"), &slices(3), end(3)).unwrap_err();
    assert!(matches!(error, LedgerError::Permission { .. }), "{error:?}");
}

#[test]
fn an_encrypted_connection_is_required_if_it_is_written() {
    let Some(place) = Database::new() else {
        return;
    };
    let url = format!("{}?sslmode=verify-full", place.session().url());
    let error = open_url(&url).unwrap_err();
    let LedgerError::CannotConnect { cause } = &error else {
        panic!("{error:?}");
    };
    assert!(cause.contains("TLS"), "{cause}");
}
