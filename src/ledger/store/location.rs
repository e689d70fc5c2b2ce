//! Where a ledger is.

use std::fmt;
use std::path::PathBuf;

use super::server::Server;
use crate::LedgerError;

/// Where a ledger is: a file of SQLite on a local disk, or a PostgreSQL database. It is printed without the password.
#[derive(Clone)]
pub struct Location(pub(super) Place);

/// The two kinds of locations.
#[derive(Clone)]
pub(super) enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Box<Server>),
}

impl Location {
    /// Reads a location: a URL that starts with `postgres://` or `postgresql://`, or a path.
    ///
    /// # Errors
    ///
    /// [`LedgerError::InvalidLocation`] if the text is empty, a URL with another scheme, or a URL that PostgreSQL does not
    /// accept. The error contains nothing of the text.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let invalid = |why: &str| LedgerError::InvalidLocation {
            why: why.to_owned(),
        };
        if text.is_empty() {
            return Err(invalid("it is empty"));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Server::parse(text).map(|server| Self(Place::Server(Box::new(server))));
        }
        if text.contains("://") {
            return Err(invalid("the URL does not start with `postgres://`"));
        }
        if text.starts_with(':') || text.contains('\0') {
            return Err(invalid("it is not a path of a file"));
        }
        Ok(Self(Place::File(PathBuf::from(text))))
    }

    /// Whether it is a file of SQLite.
    pub fn is_file(&self) -> bool {
        matches!(self.0, Place::File(_))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Server(server) => server.fmt(f),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn no_text_contains_a_password() {
        let urls = [
            (
                "postgres://me:se?cret@db.example.com/shop?sslmode=disable",
                "postgres://me@db.example.com:5432/shop",
            ),
            (
                "postgres://me:secret@db.example.com:6432/shop",
                "postgres://me@db.example.com:6432/shop",
            ),
            (
                "postgresql://me:sec%3Fret@[::1]/shop?sslmode=disable",
                "postgres://me@[::1]:5432/shop",
            ),
            (
                "postgres://localhost/shop?user=me&password=secret",
                "postgres://me@localhost:5432/shop",
            ),
        ];
        for (url, printed) in urls {
            let location = Location::parse(url).expect("it is valid");
            assert_eq!(location.to_string(), printed);
            let debug = format!("{location:?}");
            assert!(!debug.contains("sec") && !debug.contains("cret"), "{debug}");
        }
        for url in [
            "postgres://me:secret@db.example.com:port/shop",
            "postgres://me:secret@db.example.com/shop?sslmode=prefer",
            "postgres:///shop?password=secret",
            "mysql://me:secret@db.example.com/shop",
            ":memory:",
            "",
        ] {
            let error = Location::parse(url).expect_err(url);
            assert!(
                matches!(error, LedgerError::InvalidLocation { .. }),
                "{url}: {error:?}"
            );
            assert!(!format!("{error:?} {error}").contains("secret"), "{error}");
        }
    }

    #[test]
    fn only_connections_to_this_machine_are_plain_by_default() {
        use postgres::config::SslMode;
        let modes = [
            ("postgres://localhost/a", SslMode::Disable),
            ("postgres://127.0.0.1/a", SslMode::Disable),
            ("postgres://db.example.com/a", SslMode::Require),
            (
                "postgres://db.example.com/a?sslmode=disable",
                SslMode::Disable,
            ),
            (
                "postgres://localhost/a?sslmode=verify-full",
                SslMode::Require,
            ),
            ("postgres://localhost,db.example.com/a", SslMode::Require),
            (
                "postgres://localhost/a?hostaddr=192.0.2.1",
                SslMode::Require,
            ),
        ];
        for (url, mode) in modes {
            let Place::Server(server) = Location::parse(url).expect("it is valid").0 else {
                panic!("{url} is a path");
            };
            assert_eq!(server.config.get_ssl_mode(), mode, "{url}");
        }
    }
}
