//! All findings about a file: its items, and the blocks that they define in each environment.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::check::dependencies::Needs;
use crate::check::exclusions::Covered;
use crate::check::names::{self, GlobalName};
use crate::check::origins::Origins;
use crate::check::series::Measured;
use crate::check::{check_item, ownership, paging, reliability, rule_labels, utf8_names};
use crate::codes;
use crate::db::{
    Diag, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace, file_names, item_entry,
    item_name, items_of_text, name_span, parsed,
};
use crate::environment::{severity_finding, target_findings, tenant_finding, text_findings};
use crate::eval::{Instance, instance};
use crate::limits;
use crate::lower::{
    LoweredExclusion, Relabelled, check_tier, ended_overrides, exclusion_model, expiring_overrides,
    ignored_urgency, interval_findings, mail_receivers, not_in_operator, outside_rule, relabelled,
    service_model, team_model, test_model, times_not_in_operator,
};
use crate::schema::names::kind;
use crate::severities::{severities, severity_findings};
use crate::suppressions::has_directives;

/// Findings about a file. Equal before and after an edit that only moves text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFindings {
    /// Diagnostics of the items' own text.
    pub checked: Vec<Diag>,
    /// Diagnostics about names that the file declares twice.
    pub duplicates: Vec<Diag>,
    /// The names that must be unique in the project.
    pub globals: Vec<GlobalName>,
    /// Findings about the evaluated blocks, one list per environment. Blocks without findings are left out.
    pub environments: Vec<Vec<Arc<BlockFindings>>>,
    /// True if the file has `// nth:` comments.
    pub has_directives: bool,
}

impl FileFindings {
    /// True if there is anything in it that is reported, at least in some configurations.
    pub fn has_diagnostics(&self) -> bool {
        let of_blocks = self.environments.iter().flatten();
        !self.checked.is_empty()
            || !self.duplicates.is_empty()
            || of_blocks.into_iter().any(|block| block.has_diagnostics())
    }

    /// Iterates over the findings about the blocks in the environment with this number.
    pub fn blocks(&self, environment: usize) -> impl Iterator<Item = &BlockFindings> {
        let blocks = self.environments.get(environment).into_iter().flatten();
        blocks.map(|block| &**block)
    }
}

/// Findings about an evaluated block in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockFindings {
    /// Diagnostics of services.
    pub services: Vec<Diag>,
    /// Diagnostics about objectives.
    pub promises: Vec<Diag>,
    /// Findings about escalations and schedules.
    pub paging: Vec<Diag>,
    /// Findings about all other blocks, and those that depend on something outside of the sources.
    pub others: Vec<OtherFinding>,
    /// `namespace` labels of alerts, which the project's settings may require to have one value.
    pub relabelled: Vec<Relabelled>,
    /// The hard dependencies of each service.
    pub needs: Vec<Needs>,
    /// The series that each service uses for its SLIs.
    pub measured: Vec<Measured>,
    /// The names of the services' recording rules.
    pub recorded: Vec<SmolStr>,
    /// The exclusions.
    pub exclusions: Vec<Arc<LoweredExclusion>>,
    /// The SLOs that exclusions can cover; empty if the project has none.
    pub covered: Vec<Covered>,
    /// What is said about objects in PagerDuty.
    pub origins: Origins,
}

impl BlockFindings {
    /// True if there is anything in it that is reported by itself. The other fields are compared across the project.
    fn has_diagnostics(&self) -> bool {
        let Self {
            services,
            promises,
            paging,
            others,
            relabelled,
            needs: _,
            measured: _,
            recorded: _,
            exclusions: _,
            covered: _,
            origins: _,
        } = self;
        !(services.is_empty()
            && promises.is_empty()
            && paging.is_empty()
            && others.is_empty()
            && relabelled.is_empty())
    }
}

/// A finding about a block that is not a service, or one that depends on something outside of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherFinding {
    /// The diagnostic.
    pub diagnostic: Diag,
    /// When it is reported.
    pub condition: Condition,
}

/// When an `OtherFinding` is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// If Alertmanager cannot send email.
    WithoutMail,
    /// If the output for Alertmanager is a resource of the Prometheus operator.
    Operator,
    /// From this time on.
    From(Timestamp),
}

/// Returns the findings about a file in all environments that the project declares.
#[salsa::tracked(returns(clone))]
pub fn file_findings(db: &dyn salsa::Database, file: SourceFile) -> Arc<FileFindings> {
    let Some(workspace) = Workspace::try_get(db) else {
        return Arc::default();
    };
    let declared = workspace.environments(db);
    let environments: Vec<Option<SmolStr>> = if declared.is_empty() {
        vec![None]
    } else {
        declared.keys().cloned().map(Some).collect()
    };
    Arc::new(check_file(db, workspace, file, &environments))
}

/// Checks a file in the given environments.
pub fn check_file(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environments: &[Option<SmolStr>],
) -> FileFindings {
    let errors = syntax_errors(db, file);
    if errors.is_too_many() {
        return FileFindings {
            checked: first_errors(db, file, errors),
            environments: vec![Vec::new(); environments.len()],
            ..FileFindings::default()
        };
    }
    let (mut checked, items) = check_items(db, workspace, file, environments);
    let (duplicates, globals) = names::duplicate_names(db, file);
    let findings = environments
        .iter()
        .map(|environment| environment_findings(db, workspace, file, environment, &items))
        .collect();
    if let Some(item) = items.too_much {
        checked.push(too_much(db, item));
    }
    FileFindings {
        checked,
        duplicates,
        globals,
        environments: findings,
        has_directives: has_directives(db, file),
    }
}

/// The number of syntax errors in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxErrors(pub usize);

impl SyntaxErrors {
    /// True if there are more than [`limits::DIAGNOSTICS`], so nothing else is reported for the file.
    pub fn is_too_many(self) -> bool {
        self.0 > limits::DIAGNOSTICS
    }
}

/// Counts the syntax errors of a file.
#[salsa::tracked(returns(copy))]
pub fn syntax_errors(db: &dyn salsa::Database, file: SourceFile) -> SyntaxErrors {
    let parsed = parsed(db, file);
    let kept = parsed.items.iter().map(|(_, item)| item.errors.len());
    SyntaxErrors(parsed.hidden + kept.sum::<usize>())
}

/// Returns the first [`limits::DIAGNOSTICS`] syntax errors, and a last diagnostic with the number of further ones.
fn first_errors(db: &dyn salsa::Database, file: SourceFile, errors: SyntaxErrors) -> Vec<Diag> {
    let mut found: Vec<Diag> = items_of_text(db, file)
        .flat_map(|(entry, expanded)| {
            let key = entry.key;
            let item = &expanded.item;
            item.errors.iter().map(move |error| {
                nth_syntax::diagnose(error).map_spans(&mut |range| Span { item: key, range })
            })
        })
        .take(limits::DIAGNOSTICS)
        .collect();
    let last = found.last().map(|found| found.primary.span);
    let more = errors.0.saturating_sub(found.len());
    found.extend(last.map(|last| limits::more_diagnostics(more, last)));
    found
}

/// The evaluation steps that the items of one file may use together, beyond what each may use by itself.
#[derive(Debug, Default)]
pub struct Allowance {
    taken: u64,
}

impl Allowance {
    /// Counts the steps of one more item. Returns false if the file has now used more than [`limits::STEPS_OF_FILE`].
    pub fn take(&mut self, steps: u64) -> bool {
        let counted = steps.saturating_sub(limits::STEPS_OF_ITEM);
        self.taken = self.taken.saturating_add(counted);
        self.taken <= limits::STEPS_OF_FILE
    }
}

/// The items of a file that took too many steps.
#[derive(Debug, Default)]
struct CheckedItems {
    /// The item at which the file exceeded its limit; `None` if it did not.
    too_much: Option<ItemKey>,
    /// Items that are not evaluated: those that exceed an item's limit, `too_much`, and all after it.
    skipped: HashSet<ItemKey>,
}

/// Checks the items in order until they exceed the file's limit. Blocks are also evaluated in each environment here, so that
/// those steps count too.
fn check_items(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environments: &[Option<SmolStr>],
) -> (Vec<Diag>, CheckedItems) {
    let mut found = Vec::new();
    let mut items = CheckedItems::default();
    let mut allowance = Allowance::default();
    for entry in &file_names(db, file).items {
        let key = entry.key;
        if items.too_much.is_some() {
            items.skipped.insert(key);
            continue;
        }
        let checked = check_item(db, workspace, key);
        // All iterations of a loop have one text.
        if entry.turn == 0 {
            found.extend(checked.found.iter().cloned());
        }
        let mut steps = checked.steps;
        if checked.is_over {
            items.skipped.insert(key);
        } else if entry.class == ItemClass::Block {
            let counts = environments
                .iter()
                .map(|environment| evaluation_steps(db, workspace, key, environment.clone()));
            steps = counts.fold(steps, u64::saturating_add);
        }
        if !allowance.take(steps / environments.len().max(1) as u64) {
            items.too_much = Some(key);
            items.skipped.insert(key);
        }
    }
    (found, items)
}

fn too_much(db: &dyn salsa::Database, key: ItemKey) -> Diag {
    Diag::new(
        &codes::FILE_TAKES_TOO_LONG,
        format!(
            "the evaluation of this file takes more than {} steps",
            limits::STEPS_OF_FILE
        ),
        name_span(db, key),
    )
    .label("not evaluated from this point on")
    .help("split the file, or loop over fewer elements")
}

/// Returns the findings about the blocks of a file in an environment.
fn environment_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    environment: &Option<SmolStr>,
    items: &CheckedItems,
) -> Vec<Arc<BlockFindings>> {
    let none = BlockFindings::default();
    file_names(db, file)
        .of_class(ItemClass::Block)
        .filter(|entry| !items.skipped.contains(&entry.key))
        .map(|entry| block_findings(db, workspace, entry.key, environment.clone()))
        .filter(|findings| **findings != none)
        .collect()
}

/// Returns the evaluation steps that a block takes in an environment. Unlike those of [`instance`], this result is kept: an edit in a
/// long file evaluates one block again, and not all.
#[salsa::tracked(returns(copy))]
pub fn evaluation_steps(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> u64 {
    instance(db, workspace, key, environment).steps
}

/// Returns the findings about a block in an environment.
#[salsa::tracked(returns(clone))]
fn block_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<BlockFindings> {
    let mut findings = BlockFindings::default();
    if let Some(entry) = item_entry(db, key) {
        add_findings(db, workspace, &entry, &environment, &mut findings);
    }
    Arc::new(findings)
}

fn add_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    entry: &ItemEntry,
    environment: &Option<SmolStr>,
    findings: &mut BlockFindings,
) {
    let key = entry.key;
    let is_package = key.file.package(db);
    if entry.kind == kind::EXCLUDE {
        // The exclusions of a package apply to what the package builds.
        if !is_package {
            let lowered = exclusion_model(db, workspace, key, environment.clone());
            let found = lowered.diagnostics.iter().cloned();
            findings.others.extend(found.map(|found| OtherFinding {
                diagnostic: found,
                condition: Condition::Always,
            }));
            findings.exclusions.push(Arc::clone(lowered));
        }
        return;
    }
    if entry.kind == kind::TEST {
        // The tests of a package are run by the package itself.
        if !is_package {
            let lowered = test_model(db, workspace, key, environment.clone());
            let found = lowered.diagnostics.iter().cloned();
            findings.others.extend(found.map(|found| OtherFinding {
                diagnostic: found,
                condition: Condition::Always,
            }));
        }
        return;
    }
    if matches!(entry.kind.as_str(), kind::ALERT | kind::RECORDING) {
        if !is_package {
            outside_findings(db, workspace, key, environment, findings);
        }
        return;
    }
    if matches!(
        entry.kind.as_str(),
        kind::TEAM | kind::TIER | kind::SERVICE | kind::DEPENDENCY
    ) && let Some(block) = &instance(db, workspace, key, environment.clone()).instance
    {
        findings
            .origins
            .add(db, workspace, environment.as_ref(), block);
    }
    // Several rules of a team outside of any service.
    if entry.kind == kind::TEAM && !workspace.outside_rules(db).is_empty() {
        let lowered = service_model(db, workspace, key, environment.clone());
        let found = lowered.diagnostics.iter().cloned();
        findings.services.extend(found);
    }
    if !matches!(entry.kind.as_str(), kind::SERVICE | kind::DEPENDENCY) {
        other_findings(db, workspace, key, environment, &mut findings.others);
        return;
    }
    // The services of a package are built by the package itself.
    if is_package {
        return;
    }
    let lowered = service_model(db, workspace, key, environment.clone());
    findings
        .services
        .extend(lowered.diagnostics.iter().cloned());
    let promises = reliability::service_facts(db, workspace, key, environment.clone());
    findings.promises.extend(promises.iter().cloned());
    let paging = paging::paging_facts(db, workspace, key, environment.clone());
    findings.paging.extend(paging.iter().cloned());
    let evaluated = instance(db, workspace, key, environment.clone());
    if let Some(service) = &evaluated.instance {
        let other = ownership::contradiction(db, workspace, service);
        findings.services.extend(other);
        if entry.kind == kind::SERVICE {
            findings.needs.push(Needs::new(service));
        }
        let model = lowered.service.as_ref();
        if !workspace.exclusions(db).is_empty() {
            let covered = model.map(|model| Covered::new(key, model));
            findings.covered.extend(covered);
        }
        findings
            .measured
            .extend(model.and_then(|model| Measured::new(service, model)));
        let expiring = expiring_overrides(service);
        findings
            .others
            .extend(expiring.map(|(end, found)| OtherFinding {
                diagnostic: found,
                condition: Condition::From(end),
            }));
        findings.services.extend(ignored_urgency(service));
        findings.relabelled.extend(relabelled(service));
        findings
            .services
            .extend(recorded_outside(db, workspace, service));
        findings
            .recorded
            .extend(recordings(service).map(|recording| recording.name.clone()));
    }
}

/// Returns the recording rules of a service and its SLOs.
fn recordings(service: &Instance) -> impl Iterator<Item = &Instance> {
    let of_slos = service.children_of(kind::SLO);
    let of_slos = of_slos.flat_map(|slo| slo.children_of(kind::RECORDING));
    service.children_of(kind::RECORDING).chain(of_slos)
}

/// Diagnostics about recording rules of a service with the name of one outside of any service: queries could mean either.
fn recorded_outside(
    db: &dyn salsa::Database,
    workspace: Workspace,
    service: &Instance,
) -> Vec<Diag> {
    let names = workspace.outside_recordings(db);
    let twice = recordings(service).filter(|recording| names.contains(&recording.name));
    twice
        .map(|recording| {
            let place = service.place_of(recording, recording.head);
            let found = Diag::new(
                &codes::DUPLICATE_NAME,
                format!(
                    "recording `{}` is also one outside of services",
                    recording.name
                ),
                place,
            );
            let outside = workspace.outside_rules(db).iter().copied();
            let mut same = outside.filter(|key| item_name(db, *key) == recording.name);
            match same.next() {
                Some(other) => found.because(name_span(db, other), "the other one"),
                None => found,
            }
        })
        .collect()
}

/// Adds the findings about an alert or a recording rule outside of any service.
fn outside_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: &Option<SmolStr>,
    findings: &mut BlockFindings,
) {
    let lowered = outside_rule(db, workspace, key, environment.clone());
    findings
        .services
        .extend(lowered.diagnostics.iter().cloned());
    let promises = reliability::service_facts(db, workspace, key, environment.clone());
    findings.promises.extend(promises.iter().cloned());
    let evaluated = instance(db, workspace, key, environment.clone());
    if let Some(block) = &evaluated.instance {
        let other = ownership::contradiction(db, workspace, block);
        findings.services.extend(other);
        findings.relabelled.extend(relabelled(block));
        if block.kind == kind::RECORDING {
            findings.recorded.push(block.name.clone());
        }
    }
}

fn other_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: crate::db::ItemKey,
    environment: &Option<SmolStr>,
    found: &mut Vec<OtherFinding>,
) {
    let evaluated = instance(db, workspace, key, environment.clone());
    let always = |found: Diag| OtherFinding {
        diagnostic: found,
        condition: Condition::Always,
    };
    let block = evaluated.instance.as_ref();
    if let Some(environment) = block.filter(|block| block.kind == kind::ENVIRONMENT) {
        // Its labels are added to every query.
        let version = workspace.prometheus_version(db);
        let unreadable = utf8_names::unreadable(environment, version, &BTreeSet::new());
        found.extend(unreadable.into_iter().map(always));
        let targets = target_findings(db, workspace, environment);
        found.extend(targets.into_iter().map(always));
        found.extend(text_findings(environment).map(always));
        found.extend(tenant_finding(db, workspace, environment).map(always));
        let pages = severity_finding(db, workspace, environment);
        found.extend(pages.into_iter().map(always));
    }
    if let Some(severity) = block.filter(|block| block.kind == kind::SEVERITY) {
        let of_severity = severity_findings(db, workspace, key, severity, environment);
        found.extend(of_severity.into_iter().map(always));
    }
    let interval = block.filter(|block| block.kind == kind::TIME_INTERVAL);
    let times = interval.into_iter().flat_map(interval_findings);
    found.extend(times.map(always));
    let team = block.filter(|block| block.kind == kind::TEAM);
    match team {
        Some(team) => {
            let lowered = team_model(db, workspace, key, environment.clone());
            found.extend(lowered.diagnostics.iter().cloned().map(always));
            found.extend(mail_receivers(team).map(|found| OtherFinding {
                diagnostic: found,
                condition: Condition::WithoutMail,
            }));
            let model = lowered.team.as_ref();
            let times = model
                .into_iter()
                .flat_map(|model| times_not_in_operator(team, model));
            let unknown = not_in_operator(team).chain(times);
            found.extend(unknown.map(|found| OtherFinding {
                diagnostic: found,
                condition: Condition::Operator,
            }));
        }
        None => found.extend(evaluated.diagnostics.iter().cloned().map(always)),
    }
    found.extend(
        block
            .into_iter()
            .flat_map(reliability::empty_escalations)
            .map(always),
    );
    let tier = block.filter(|block| block.kind == kind::TIER);
    found.extend(tier.and_then(ignored_urgency).map(always));
    let scrapes = workspace.scrape_interval(db);
    let burn_rates = tier.map(|tier| {
        let severities = severities(db, workspace, environment.clone());
        check_tier(tier, scrapes, severities)
    });
    found.extend(burn_rates.into_iter().flatten().map(always));
    let labels = tier.map(|tier| {
        rule_labels::lost_of_tier(tier, environment.is_some(), workspace.given_labels(db))
    });
    found.extend(labels.into_iter().flatten().map(always));
    found.extend(team.into_iter().flat_map(paging::team_facts).map(always));
    let ended = team.into_iter().flat_map(ended_overrides);
    found.extend(ended.map(|(end, diagnostic)| OtherFinding {
        diagnostic,
        condition: Condition::From(end),
    }));
}
