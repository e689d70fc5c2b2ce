//! The models of a workspace's services and teams.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::schema::names::kind;
use nth_model as ir;
use smol_str::SmolStr;

use super::Session;
use crate::db::{ItemClass, ItemEntry, ItemKey};
use crate::environment::settings_in;
use crate::lower::{Lowered, LoweredTeam, LoweredTest, service_model, team_model, test_model};

impl Session {
    /// Returns a project's settings as they apply in an environment.
    pub fn settings_in(
        &self,
        settings: &ir::Settings,
        environment: &Option<SmolStr>,
    ) -> ir::Settings {
        settings_in(&self.db, self.workspace, settings, environment)
    }

    /// Returns the models of the project's services in an environment, in source order.
    pub fn models(&self, environment: Option<&str>) -> Vec<Arc<Lowered>> {
        let workspace = self.workspace;
        let environment = environment.map(SmolStr::from);
        self.par_query(&self.services(), |db, key| {
            service_model(db, workspace, key, environment.clone()).clone()
        })
    }

    /// Returns the models, in an environment, of the teams that own these services or that their escalations name, and of all
    /// teams of the project.
    pub fn teams(
        &self,
        services: &[Arc<Lowered>],
        environment: &Option<SmolStr>,
    ) -> Vec<Arc<LoweredTeam>> {
        let models = services.iter();
        self.teams_of(
            models.filter_map(|lowered| lowered.service.as_ref()),
            environment,
        )
    }

    /// The same of these models.
    pub fn teams_of<'s>(
        &self,
        services: impl Iterator<Item = &'s ir::Service>,
        environment: &Option<SmolStr>,
    ) -> Vec<Arc<LoweredTeam>> {
        let workspace = self.workspace;
        let named: HashSet<&str> = services
            .flat_map(|service| {
                let escalation = service.escalation.as_ref();
                let of_escalation = escalation.map(|escalation| &escalation.team);
                service.team.iter().chain(of_escalation)
            })
            .map(SmolStr::as_str)
            .collect();
        let mut named: BTreeSet<SmolStr> = named.into_iter().map(SmolStr::from).collect();
        let of_project = |entry: &&ItemEntry| !entry.key.file.package(&self.db);
        let is_team = |entry: &&ItemEntry| entry.kind == kind::TEAM;
        let own = self.entries(ItemClass::Block).filter(is_team);
        named.extend(own.filter(of_project).map(|entry| entry.name.clone()));
        named.extend(
            self.configuration
                .default_team
                .as_deref()
                .map(SmolStr::from),
        );
        let mut models: BTreeMap<SmolStr, Arc<LoweredTeam>> = BTreeMap::new();
        // A step may notify the on-call of another team.
        while !named.is_empty() {
            let keys: Vec<ItemKey> = self
                .entries(ItemClass::Block)
                .filter(is_team)
                .filter(|entry| named.contains(&entry.name))
                .map(|entry| entry.key)
                .collect();
            let lowered = self.par_query(&keys, |db, key| {
                team_model(db, workspace, key, environment.clone()).clone()
            });
            let known: Vec<SmolStr> = std::mem::take(&mut named).into_iter().collect();
            for model in lowered {
                let Some(team) = &model.team else {
                    continue;
                };
                let steps = team.escalations.iter().flat_map(|way| &way.steps);
                named.extend(steps.flat_map(|step| &step.notify).filter_map(
                    |target| match target {
                        ir::Target::Schedule { team, .. } => Some(team.clone()),
                        ir::Target::Person(_) => None,
                    },
                ));
                models.entry(team.name.clone()).or_insert(model);
            }
            named.retain(|name| !models.contains_key(name) && !known.contains(name));
        }
        models.into_values().collect()
    }

    /// Returns the items of the project's tests, in source order. Those of packages are not included: the package runs them.
    pub fn test_items(&self) -> Vec<ItemKey> {
        self.entries(ItemClass::Block)
            .filter(|entry| entry.kind == kind::TEST && !entry.key.file.package(&self.db))
            .map(|entry| entry.key)
            .collect()
    }

    /// Returns the models of the project's tests in an environment, in the order of [`test_items`](Self::test_items).
    pub fn tests(&self, environment: Option<&str>) -> Vec<Arc<LoweredTest>> {
        let workspace = self.workspace;
        let environment = environment.map(SmolStr::from);
        self.par_query(&self.test_items(), |db, key| {
            test_model(db, workspace, key, environment.clone()).clone()
        })
    }

    /// Calls `question` with the project's model in an environment, and the models of its services by item.
    pub fn with_project<T>(
        &self,
        environment: &Option<SmolStr>,
        question: impl FnOnce(&ir::Project<'_>, &HashMap<ItemKey, &ir::Service>) -> T,
    ) -> T {
        let services = self.models(environment.as_deref());
        let teams = self.teams(&services, environment);
        let project = ir::Project::new(
            services
                .iter()
                .filter_map(|lowered| lowered.service.as_ref()),
            teams.iter().filter_map(|lowered| lowered.team.as_ref()),
        );
        let models: HashMap<ItemKey, &ir::Service> = self
            .services()
            .into_iter()
            .zip(&services)
            .filter_map(|(key, lowered)| Some((key, lowered.service.as_ref()?)))
            .collect();
        question(&project, &models)
    }
}
