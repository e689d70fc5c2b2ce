//! The services of a project in one environment, for commands that ask a server about them.

use super::Context;
use super::console::Console;
use super::exit::Failure;
use super::options::Format;
use super::report::Findings;
use super::select::{self, Selected};
use nthc::diagnostics::suggest;
use nthc::ir;
use nthc::project::Loaded;
use nthc::session::Session;

/// The services of a project in one environment.
pub struct CompiledProject {
    /// The sources.
    pub session: Session,
    /// The settings of the project, with the environment.
    pub settings: ir::Settings,
}

impl CompiledProject {
    /// Compiles the project of the working directory. `None` if it has errors, which are reported.
    ///
    /// # Errors
    ///
    /// If there is no project, or the environment is ambiguous.
    pub fn new(
        context: &Context,
        env: Option<&str>,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let loaded = select::project(context)?;
        Self::of(loaded, env, context.global.format, console)
    }

    /// Compiles a project. `None` if it has errors, which are reported.
    ///
    /// # Errors
    ///
    /// If the environment is unknown or ambiguous.
    pub fn of(
        loaded: Loaded,
        env: Option<&str>,
        format: Format,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let selected = Selected::whole(loaded);
        let session = selected.session();
        let compilation = select::require_environment(env, session.check(env))?;
        let mut findings = Findings::default();
        let own = selected.loaded.diagnostics.iter().cloned();
        findings.add(&selected.loaded.sources, own);
        findings.add(&compilation.sources, compilation.diagnostics);
        if findings.has_errors() {
            // Standard output is reserved for the requested document.
            let shown = match format {
                Format::Human => Format::Human,
                _ => Format::Short,
            };
            findings.show(shown, console)?;
            return Ok(None);
        }
        let environment =
            select::only_environment(&compilation.environments)?.map(|only| only.into());
        let settings = session.settings_in(&selected.loaded.project.settings, &environment);
        Ok(Some(Self { session, settings }))
    }

    /// Calls `see` with all services.
    pub fn with_services<T>(&self, see: impl FnOnce(&[&ir::Service]) -> T) -> T {
        let models = self.session.models(self.settings.environment.as_deref());
        let services: Vec<&ir::Service> = models
            .iter()
            .filter_map(|lowered| lowered.service.as_ref())
            .collect();
        see(&services)
    }
}

/// Returns the failure for a project that has no service of this name.
pub fn unknown_service(name: &str, services: &[&ir::Service]) -> Failure {
    let failure = Failure::usage(format!("unknown service `{name}`"));
    let known = services.iter().map(|service| service.name.as_str());
    match suggest::nearest(name, known) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    }
}
