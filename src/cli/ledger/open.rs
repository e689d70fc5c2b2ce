//! Opening the ledger.

use std::path::Path;

use nth_ledger::{LedgerError, Location, Store, StoreOptions};

use super::super::Context;
use super::super::exit::Failure;
use super::super::options::LedgerPlace;
use nthc::project::paths;

/// The name of the default ledger, beside `nth.toml`.
pub const FILE: &str = "nth.ledger.db";

/// The variable with the location of the ledger.
pub const VARIABLE: &str = "NTH_LEDGER";

/// Opens the ledger of a project in `root`, which must exist.
///
/// # Errors
///
/// If there is none, or it cannot be opened.
pub fn open(context: &Context, root: &Path, place: &LedgerPlace) -> Result<Store, Failure> {
    let location = location(context, root, place)?;
    Store::open(&location, &StoreOptions::default())
        .map_err(|error| failure("open", &shown(context, &location), &error))
}

/// Opens the ledger of a project in `root`, and creates it if there is none.
///
/// # Errors
///
/// If it cannot be opened or created.
pub fn open_or_create(
    context: &Context,
    root: &Path,
    place: &LedgerPlace,
) -> Result<Store, Failure> {
    let location = location(context, root, place)?;
    Store::open_or_create(&location, &StoreOptions::default())
        .map_err(|error| failure("open", &shown(context, &location), &error))
}

/// A ledger that is created once something is written to it.
pub struct Later<'l> {
    context: &'l Context,
    root: &'l Path,
    place: &'l LedgerPlace,
    store: Option<Store>,
}

impl<'l> Later<'l> {
    /// Opens the ledger of a project in `root`, if it exists.
    ///
    /// # Errors
    ///
    /// If it exists and cannot be opened, or it can never be created there.
    pub fn open(
        context: &'l Context,
        root: &'l Path,
        place: &'l LedgerPlace,
    ) -> Result<Self, Failure> {
        let location = location(context, root, place)?;
        let store = match Store::open(&location, &StoreOptions::default()) {
            Ok(store) => Some(store),
            // What can never be created is an error before anything is read.
            Err(LedgerError::NotFound) if has_no_folder(&location) => {
                Some(open_or_create(context, root, place)?)
            }
            Err(LedgerError::NotFound) => None,
            Err(error) => return Err(failure("open", &shown(context, &location), &error)),
        };
        Ok(Self {
            context,
            root,
            place,
            store,
        })
    }

    /// The ledger, if it exists.
    pub fn existing(&mut self) -> Option<&mut Store> {
        self.store.as_mut()
    }

    /// The ledger, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub fn store(&mut self) -> Result<&mut Store, Failure> {
        let store = match self.store.take() {
            Some(store) => store,
            None => open_or_create(self.context, self.root, self.place)?,
        };
        Ok(self.store.insert(store))
    }
}

/// Reads or writes an open ledger.
///
/// # Errors
///
/// That of the ledger, as a failure.
pub fn with<T>(
    context: &Context,
    store: &mut Store,
    work: impl FnOnce(&mut Store) -> Result<T, LedgerError>,
) -> Result<T, Failure> {
    work(store).map_err(|error| unusable(context, store, &error))
}

/// Returns the failure of an operation on an open ledger.
pub fn unusable(context: &Context, store: &Store, error: &LedgerError) -> Failure {
    failure("use", &shown(context, store.location()), error)
}

fn has_no_folder(location: &Location) -> bool {
    let text = location.to_string();
    let folder = Path::new(&text).parent();
    location.is_file() && folder.is_some_and(|folder| !folder.is_dir())
}

fn location(context: &Context, root: &Path, place: &LedgerPlace) -> Result<Location, Failure> {
    let variable = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty());
    let (text, named) = match (&place.ledger, variable) {
        (Some(text), _) => (text.clone(), "--ledger"),
        (None, Some(text)) => (text, VARIABLE),
        (None, None) => (root.join(FILE).to_string_lossy().into_owned(), "--ledger"),
    };
    let invalid = |error: LedgerError| {
        let failure = Failure::usage(format!("invalid value of `{named}`: {error}"));
        with_help(failure, &error)
    };
    let parsed = Location::parse(&text).map_err(invalid)?;
    if !parsed.is_file() {
        return Ok(parsed);
    }
    let path = paths::absolute(Path::new(&text), &context.cwd);
    Location::parse(&path.to_string_lossy()).map_err(invalid)
}

/// The location as it is printed: a path relative to the working directory.
fn shown(context: &Context, location: &Location) -> String {
    match location.is_file() {
        true => paths::display(Path::new(&location.to_string()), &context.cwd),
        false => location.to_string(),
    }
}

fn failure(verb: &str, shown: &str, error: &LedgerError) -> Failure {
    if *error == LedgerError::NotFound {
        return Failure::usage(format!("no ledger at {shown}"))
            .help("create it with `nthc ledger pull`, or pass another one with `--ledger`");
    }
    with_help(
        Failure::io(format!("cannot {verb} the ledger {shown}: {error}")),
        error,
    )
}

fn with_help(failure: Failure, error: &LedgerError) -> Failure {
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
