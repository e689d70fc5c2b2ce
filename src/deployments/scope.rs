//! Whose deployments are read: the project, the environment, the services and their names elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nth_ledger::Deployment;

/// What a reader needs to know about the project.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The environment's name in documents that name one, without regard to case; `None` accepts the only one of a document.
    pub from_environment: Option<String>,
    /// The services.
    pub services: Services,
    /// The deployments of this project and environment that are in the ledger, in the order of their starts. With them, the
    /// same artifact again and roll-backs are found across documents.
    pub known: Vec<Deployment>,
}

/// The services of a project, and the names that they have elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Services {
    names: BTreeSet<String>,
    mappings: BTreeMap<String, String>,
    only: Option<String>,
}

/// A mapping that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingError {
    /// It is not of the form `name=service`.
    Malformed {
        /// The mapping.
        mapping: String,
    },
    /// The project has no such service.
    UnknownService {
        /// The service.
        service: String,
    },
    /// A name is mapped to two services.
    Contradictory {
        /// The name.
        name: String,
    },
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { mapping } => {
                write!(f, "expected `name=service`, found `{mapping}`")
            }
            Self::UnknownService { service } => write!(f, "unknown service `{service}`"),
            Self::Contradictory { name } => write!(f, "`{name}` is mapped to two services"),
        }
    }
}

impl std::error::Error for MappingError {}

impl Services {
    /// The services with these names, and mappings of other names to them: `name=service`.
    ///
    /// # Errors
    ///
    /// If a mapping cannot be used.
    pub fn new(
        names: impl IntoIterator<Item = String>,
        mappings: &[String],
    ) -> Result<Self, MappingError> {
        let names: BTreeSet<String> = names.into_iter().collect();
        let mut found = BTreeMap::new();
        for mapping in mappings {
            let parts = mapping.rsplit_once('=');
            let Some((name, service)) = parts.filter(|(name, _)| !name.is_empty()) else {
                let mapping = mapping.clone();
                return Err(MappingError::Malformed { mapping });
            };
            if !names.contains(service) {
                let service = service.to_owned();
                return Err(MappingError::UnknownService { service });
            }
            let before = found.insert(name.to_owned(), service.to_owned());
            if before.is_some_and(|before| before != service) {
                let name = name.to_owned();
                return Err(MappingError::Contradictory { name });
            }
        }
        Ok(Self {
            names,
            mappings: found,
            only: None,
        })
    }

    /// Assigns every deployment of a document to one service.
    pub fn only(mut self, service: &str) -> Self {
        self.only = Some(service.to_owned());
        self
    }

    /// The service with one of these names, best first. Mappings come before equal names. `None` if no service has one.
    pub fn find(&self, names: &[&str]) -> Option<&str> {
        if let Some(only) = &self.only {
            return Some(only);
        }
        let mapped = names.iter().find_map(|name| self.mappings.get(*name));
        let equal = || names.iter().find_map(|name| self.names.get(*name));
        mapped.or_else(equal).map(String::as_str)
    }

    /// The names of all services.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The names that are mapped to a service.
    pub fn mapped_to<'s>(&'s self, service: &'s str) -> impl Iterator<Item = &'s str> {
        let mappings = self.mappings.iter();
        let own = mappings.filter(move |(_, mapped)| *mapped == service);
        own.map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn services(mappings: &[&str]) -> Result<Services, MappingError> {
        let mappings: Vec<String> = mappings.iter().map(|&text| text.to_owned()).collect();
        let names = ["checkout", "ledger"].map(str::to_owned);
        Services::new(names, &mappings)
    }

    #[test]
    fn mappings_come_before_equal_names() {
        let found = services(&["shop/web=checkout", "ledger=checkout"]).unwrap();
        assert_eq!(found.find(&["checkout"]), Some("checkout"));
        assert_eq!(found.find(&["web", "shop/web"]), Some("checkout"));
        assert_eq!(found.find(&["ledger"]), Some("checkout"));
        assert_eq!(found.find(&["web"]), None);
        let mapped: Vec<&str> = found.mapped_to("checkout").collect();
        assert_eq!(mapped, ["ledger", "shop/web"]);
        assert_eq!(found.only("ledger").find(&["web"]), Some("ledger"));
    }

    #[test]
    fn mappings_that_cannot_be_used_are_errors() {
        for (mappings, said) in [
            (&["web"][..], "expected `name=service`, found `web`"),
            (&["=ledger"], "expected `name=service`, found `=ledger`"),
            (&["web=shop"], "unknown service `shop`"),
            (
                &["web=ledger", "web=checkout"],
                "`web` is mapped to two services",
            ),
        ] {
            assert_eq!(services(mappings).unwrap_err().to_string(), said);
        }
    }
}
