//! The services of a project, by name.

use crate::compiled::CompiledProject;
use crate::exit::Failure;
use nthc::diagnostics::suggest;
use nthc::ir::Service;

/// The names of the services of a project.
pub fn service_names(built: &CompiledProject) -> Vec<String> {
    built.with_services(|services| {
        let name = |service: &&Service| service.name.to_string();
        services.iter().map(name).collect()
    })
}

/// Requires that the project has a service.
///
/// # Errors
///
/// If it has not, with a similar name.
pub fn require_service(name: &str, names: &[String]) -> Result<(), Failure> {
    match names.iter().any(|known| known == name) {
        true => Ok(()),
        false => Err(unknown_service(name, names)),
    }
}

/// Returns the failure for a service that is unknown.
pub fn unknown_service(name: &str, names: &[String]) -> Failure {
    let failure = Failure::usage(format!("unknown service `{name}`"));
    match suggest::nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    }
}
