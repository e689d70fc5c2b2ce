//! Where a version says what a change is about.

use std::collections::HashMap;

use nth_diff::{Change, ChangeId};
use smol_str::SmolStr;

use crate::db::{ItemClass, ItemKey, Span};
use crate::eval::{Instance, instance};
use crate::schema::names::{field, kind};
use crate::session::Session;

/// The top-level blocks of a version, by kind and name.
pub struct Roots<'s> {
    session: &'s Session,
    by_name: HashMap<(SmolStr, SmolStr), ItemKey>,
}

impl<'s> Roots<'s> {
    /// Reads the blocks of a version.
    pub fn new(session: &'s Session) -> Self {
        let mut by_name = HashMap::new();
        for entry in session.entries(ItemClass::Block) {
            by_name
                .entry((entry.kind.clone(), entry.name.clone()))
                .or_insert(entry.key);
        }
        Self { session, by_name }
    }

    /// The evaluated top-level block of a kind and name.
    fn block(&self, environment: &Option<SmolStr>, kind: &str, name: &str) -> Option<&'s Instance> {
        let key = self.by_name.get(&(kind.into(), name.into())).copied()?;
        // An environment is not evaluated in one.
        let environment = environment
            .clone()
            .filter(|_| kind != self::kind::ENVIRONMENT);
        let session = self.session;
        instance(&session.db, session.workspace, key, environment)
            .instance
            .as_ref()
    }
}

/// The block of a part, and the fields that may say it, the most probable first.
pub struct Wanted<'s> {
    /// The top-level block.
    pub root: &'s Instance,
    /// The part of it, or itself.
    pub block: &'s Instance,
    fields: &'static [&'static str],
}

impl<'s> Wanted<'s> {
    /// Finds what a change is about in a version; `None` if the version does not have it.
    pub fn find(roots: &Roots<'s>, environment: &Option<SmolStr>, change: &Change) -> Option<Self> {
        let subject = &change.subject;
        let (class_kind, root_name) = match (&subject.service, &*subject.kind) {
            (Some(service), _) => (kind::SERVICE, service.as_str()),
            (None, "exclusion") => (kind::EXCLUDE, subject.name.as_str()),
            (None, "environment") => (kind::ENVIRONMENT, subject.name.as_str()),
            (None, "team" | "receiver" | "schedule" | "escalation" | "contact") => {
                let name = subject.name.split('.').next().unwrap_or_default();
                (kind::TEAM, name)
            }
            _ => return None,
        };
        let root = match (
            roots.block(environment, class_kind, root_name),
            &*subject.kind,
        ) {
            (Some(root), _) => root,
            // A dependency that services share, or a rule of a team outside of any service.
            (None, "alert" | "recording") if class_kind == kind::SERVICE => {
                let name = subject.name.strip_prefix(root_name)?.strip_prefix('.')?;
                let shared = roots.block(environment, kind::DEPENDENCY, root_name);
                shared.or_else(|| roots.block(environment, &subject.kind, name))?
            }
            (None, _) => roots.block(environment, kind::DEPENDENCY, root_name)?,
        };
        let rest = subject.name.strip_prefix(root_name);
        let rest = rest
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or_default();
        let block = match (&*subject.kind, rest) {
            ("service" | "team" | "environment" | "exclusion", _) | (_, "") => Some(root),
            (kind, _) if root.kind == kind => Some(root),
            ("runbook", title) => child_of_runbook(root, title),
            ("alert", name) => dependent(root, kind::ALERT, name),
            ("log-alert", name) => child(root, kind::LOG_ALERT, name),
            ("recording", name) => child(root, kind::RECORDING, name).or_else(|| {
                let mut slos = root.children_of(kind::SLO);
                slos.find_map(|slo| child(slo, kind::RECORDING, name))
            }),
            ("panel", name) => panel(root, name),
            ("contract", name) => name.split_once('.').and_then(|(slo, name)| {
                child(root, kind::SLO, slo).and_then(|slo| child(slo, kind::CONTRACT, name))
            }),
            ("signal", name) => match name.split_once('.') {
                Some((of, name)) => {
                    child(root, kind::DEPENDENCY, of).and_then(|of| child(of, kind::SIGNAL, name))
                }
                None => child(root, kind::SIGNAL, name),
            },
            (part, name) => child(root, part, name),
        };
        let fields = fields(change.id);
        let block = block.unwrap_or(root);
        Some(Self {
            root,
            block: inner(block, change).unwrap_or(block),
            fields,
        })
    }

    /// The place that says it: of a field that is set, or of the block.
    pub fn span(&self) -> Span {
        self.field().unwrap_or(self.block.head)
    }

    /// True if one of the fields is set, or the block itself says it.
    pub fn is_set(&self) -> bool {
        self.fields.is_empty() || self.field().is_some()
    }

    /// The place of the first of the fields that is set.
    fn field(&self) -> Option<Span> {
        self.fields.iter().find_map(|name| {
            let field = self.block.fields.get(*name)?;
            field.explicit.then_some(field.span)
        })
    }

    /// The place for a reader: one that `is_readable`, the field, or else its block, or what makes the block of a template.
    pub fn readable(&self, is_readable: impl Fn(Span) -> bool) -> Span {
        self.field()
            .into_iter()
            .chain([self.block.head])
            .chain(self.block.trail.iter().copied())
            .find(|span| is_readable(*span))
            .unwrap_or(self.root.head)
    }
}

fn child<'s>(block: &'s Instance, kind: &str, name: &str) -> Option<&'s Instance> {
    block.children_of(kind).find(|child| child.name == name)
}

/// A block of a service or, with the dependency's name before it, of one of its dependencies.
fn dependent<'s>(root: &'s Instance, kind: &str, name: &str) -> Option<&'s Instance> {
    child(root, kind, name).or_else(|| {
        root.children_of(self::kind::DEPENDENCY).find_map(|of| {
            let rest = name.strip_prefix(of.name.as_str())?.strip_prefix('-')?;
            child(of, kind, rest)
        })
    })
}

fn panel<'s>(root: &'s Instance, name: &str) -> Option<&'s Instance> {
    match name.split_once('.') {
        None => child(root, kind::PANEL, name),
        Some((of, name)) => [kind::ROW, kind::DEPENDENCY]
            .into_iter()
            .find_map(|group| child(root, group, of))
            .and_then(|of| child(of, kind::PANEL, name)),
    }
}

fn child_of_runbook<'s>(root: &'s Instance, title: &str) -> Option<&'s Instance> {
    root.children_of(kind::RUNBOOK)
        .flat_map(|runbook| runbook.children_of(kind::SECTION))
        .chain(root.children_of(kind::SECTION))
        .find(|section| section.name == title)
}

/// The block inside of a part that a change is about: an SLI, or a rule of a gate.
fn inner<'s>(block: &'s Instance, change: &Change) -> Option<&'s Instance> {
    if let Some(rule) = &change.rule {
        return child(block, rule.effect, &rule.name);
    }
    match change.id {
        ChangeId::SliChanged
        | ChangeId::SliKindChanged
        | ChangeId::LatencyThresholdRaised
        | ChangeId::LatencyThresholdLowered => block.children.iter().find(|child| {
            [
                kind::SLI,
                kind::RATIO,
                kind::LATENCY,
                kind::TIME_SLICES,
                kind::ERROR_RATIO,
            ]
            .contains(&child.kind.as_str())
        }),
        ChangeId::AlertRenamed => named_alerts(block, field::ALERT),
        ChangeId::AlertLabelsChanged => named_alerts(block, field::LABELS),
        ChangeId::AlertTextChanged => named_alerts(block, field::ANNOTATIONS),
        ChangeId::AlertKeepFiringChanged => named_alerts(block, field::KEEP_FIRING_FOR),
        ChangeId::OverrideAdded | ChangeId::OverrideExtended | ChangeId::OverrideShortened => {
            let text = change.after.as_ref()?;
            child(block, kind::OVERRIDE, text.split(' ').next()?)
        }
        _ => None,
    }
}

/// The block of an SLO that sets a field of its alerts.
fn named_alerts<'s>(slo: &'s Instance, field: &str) -> Option<&'s Instance> {
    let mut blocks = slo.children_of(kind::SLO_ALERT);
    blocks.find(|block| {
        let field = block.fields.get(field);
        field.is_some_and(|field| field.explicit)
    })
}

/// The fields that may say a change.
fn fields(id: ChangeId) -> &'static [&'static str] {
    use ChangeId as Id;
    match id {
        Id::ObjectiveLowered
        | Id::ObjectiveRaised
        | Id::ContractObjectiveLowered
        | Id::ContractObjectiveRaised => &[field::OBJECTIVE],
        Id::ContractWindowChanged => &[field::CALENDAR, field::ZONE, field::WINDOW],
        Id::ContractTextChanged => &[field::WITH, field::REMEDY],
        Id::WindowLengthened | Id::WindowShortened => &[field::WINDOW],
        Id::WindowRealigned => &[field::CALENDAR, field::ZONE, field::WINDOW],
        Id::SloNeverPages | Id::SloNeverAlerts => &[
            field::BURN_RATE_PAGES,
            field::BURN_RATE_ALERTS,
            field::OBJECTIVE,
        ],
        Id::BurnRateAlertRemoved | Id::BurnRateAlertAdded => &[
            field::BURN_RATE_TICKETS,
            field::BURN_RATE_PAGES,
            field::BURN_RATE_ALERTS,
            field::OBJECTIVE,
        ],
        Id::SliChanged => &[
            field::BAD,
            field::GOOD,
            field::HISTOGRAM,
            field::RATIO,
            field::TOTAL,
        ],
        Id::LatencyThresholdRaised | Id::LatencyThresholdLowered => &[field::UNDER],
        Id::MinEventsRaised | Id::MinEventsLowered => &[field::MIN_EVENTS],
        Id::MinBadEventsRaised | Id::MinBadEventsLowered => &[field::MIN_BAD_EVENTS],
        Id::BudgetAlertAdded | Id::BudgetAlertRemoved | Id::BudgetAlertSeverityChanged => {
            &[field::BUDGET_PAGES, field::BUDGET_TICKETS]
        }
        Id::MissingDataAlertRemoved | Id::MissingDataAlertAdded => &[field::ABSENCE_ALERTS],
        Id::MissingDataDelayed | Id::MissingDataHastened => &[field::ABSENT_AFTER],
        Id::MissingDataSeverityChanged => &[field::ABSENCE],
        Id::BreakdownChanged => &[field::BREAKDOWN],
        Id::IntervalChanged => &[field::INTERVAL],
        Id::SloQueryOffsetChanged => &[field::QUERY_OFFSET],
        Id::GroupsChanged => &[field::BY],
        Id::GroupLimitLowered | Id::GroupLimitRaised => &[field::GROUP_LIMIT],
        Id::SloLabelsChanged
        | Id::ServiceLabelsChanged
        | Id::AlertLabelsChanged
        | Id::RecordingLabelsChanged => &[field::LABELS],
        Id::SelectorChanged | Id::EnvironmentLabelsChanged => &[field::SELECTOR],
        Id::ServiceTeamChanged => &[field::TEAM],
        Id::ServiceTierChanged | Id::PaceChanged => &[field::TIER],
        Id::ServiceTypeChanged => &[field::TYPE],
        Id::ServiceEscalationChanged | Id::ServiceUnescalated => {
            &[field::PAGERDUTY_ID, field::ESCALATION, field::TEAM]
        }
        Id::PagerDutyObjectChanged => &[
            field::PAGERDUTY_ID,
            field::PAGERDUTY_IMPORT,
            field::ORCHESTRATION_IMPORT,
        ],
        Id::TeamRenamed | Id::ScheduleRenamed | Id::EscalationRenamed => &[field::RENAMED_FROM],
        Id::DeploymentQueryChanged => &[field::DEPLOYED],
        Id::ServiceRunbookUrlChanged | Id::SloRunbookUrlChanged => &[field::RUNBOOK_URL],
        Id::ServiceDashboardUrlChanged => &[field::DASHBOARD_URL],
        Id::ServiceLogsUrlChanged => &[field::LOGS_URL],
        Id::ServiceDescriptionChanged | Id::SloDescriptionChanged => &[field::DESCRIPTION],
        Id::AlertThresholdLoosened
        | Id::AlertThresholdTightened
        | Id::AlertConditionChanged
        | Id::AlertCannotFire
        | Id::GateConditionChanged
        | Id::GateConditionLoosened
        | Id::GateConditionTightened => &[field::WHEN],
        Id::AlertDelayed | Id::AlertHastened => &[field::FOR],
        Id::AlertSeverityChanged => &[field::SEVERITY],
        Id::AlertKeepFiringChanged => &[field::KEEP_FIRING_FOR],
        Id::AlertLimitLowered | Id::AlertLimitRaised => &[field::LIMIT],
        Id::RecordingChanged | Id::PanelQueryChanged => &[field::QUERY],
        Id::DependencyHardened | Id::DependencySoftened => &[field::CRITICALITY],
        Id::DependencyServiceChanged => &[field::SERVICE],
        Id::DependencyTechnologyChanged => &[field::TECHNOLOGY],
        Id::GateDryRunEnabled | Id::GateDryRunDisabled => &[field::DRY_RUN],
        Id::GateOpensWithoutData | Id::GateClosesWithoutData => &[field::ON_NO_DATA],
        Id::ExclusionExtended | Id::ExclusionShortened | Id::ExclusionMoved => {
            &[field::UNTIL, field::FROM]
        }
        Id::ExclusionWidened | Id::ExclusionNarrowed => &[field::COVERS],
        Id::ExclusionTextChanged => &[field::REASON, field::BY],
        Id::TeamMembersChanged => &[field::MEMBERS, field::MANAGERS],
        Id::SignalChanged => &[field::ANY_OF],
        _ => &[],
    }
}
