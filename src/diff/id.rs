//! The kinds of changes: their ids, classes and meanings, from which `docs/changes.md` is generated.

#[macro_use]
mod declare;
mod info;
mod name;
mod text;

use crate::class::Class;
pub use info::IdInfo;

changes! {
    // Services.
    ServiceAdded = "service-added", Added,
        "The project has a new service.",
        "Its SLOs have no history yet: alerts on the error budget begin with what is known.";
    ServiceRemoved = "service-removed", Silenced,
        "The project no longer has a service.",
        "None of its alerts exists any longer. If the service still runs, nobody is notified.";
    ServiceRenamed = "service-renamed", History,
        "A service has another name.",
        "All its recorded series get another label `service`, and its error budgets begin anew. `nthc backfill` generates rules that fill in the past. Dashboards get another uid.";
    ServiceTeamChanged = "service-team-changed", Paging,
        "Another team owns a service.",
        "Its alerts are routed to the receivers of the other team, which should know its runbook.";
    ServiceTierChanged = "service-tier-changed", History,
        "A service has another tier.",
        "The label `tier` of all its series and alerts changes. What the tier sets is listed as changes of its own.";
    ServiceTypeChanged = "service-type-changed", Cosmetic,
        "A service has another type.",
        "The type appears in runbooks and on dashboards.";
    ServiceDescriptionChanged = "service-description-changed", Cosmetic,
        "The description of a service changes.",
        "It appears in runbooks and on dashboards.";
    SelectorChanged = "selector-changed", History,
        "The queries of a service select other series.",
        "Its SLOs count other events from now on. The recorded past counts the old ones until it has left the SLO window.";
    ServiceLabelsChanged = "service-labels-changed", History,
        "The rules of a service have other labels.",
        "Its recorded series are other series: queries and routes by these labels must follow.";
    ServiceEscalationChanged = "service-escalation-changed", Paging,
        "Another escalation is notified for a service.",
        "Other people are paged, or in another order.";
    ServiceUnescalated = "service-unescalated", Silenced,
        "No escalation is notified for a service any longer.",
        "A page reaches no person on call, only the other receivers of the team.";
    PaceChanged = "pace-changed", Paging,
        "The default timing of the escalation of a service changes.",
        "A page that nobody acknowledges reaches the next person at another time.";
    ServiceSupportHoursChanged = "service-support-hours-changed", Paging,
        "A service has other support hours.",
        "Outside of support hours, incidents notify with low urgency.";
    DeploymentQueryChanged = "deployment-query-changed", History,
        "The time of the last deployment is taken from another query.",
        "Gates and budgets that depend on deployments see other ones.";
    ServiceRunbookUrlChanged = "service-runbook-url-changed", Cosmetic,
        "The runbook of a service is at another URL.",
        "Alerts link to it. Make sure that it exists.";
    ServiceDashboardUrlChanged = "service-dashboard-url-changed", Cosmetic,
        "The dashboard of a service is at another URL.",
        "Alerts link to it. Make sure that it exists.";
    ServiceLogsUrlChanged = "service-logs-url-changed", Cosmetic,
        "The logs of a service are at another URL.",
        "The runbook and the dashboard link to it. Make sure that it exists.";
    RunbookSectionAdded = "runbook-section-added", Cosmetic,
        "A runbook has a new section.",
        "Nothing else changes.";
    RunbookSectionRemoved = "runbook-section-removed", Cosmetic,
        "A runbook no longer has a section.",
        "Links to its heading lead nowhere.";
    RunbookSectionChanged = "runbook-section-changed", Cosmetic,
        "The text of a section of a runbook changes.",
        "Nothing else changes.";

    // SLOs.
    SloAdded = "slo-added", Added,
        "A service has a new SLO.",
        "It has no history yet: `nthc backfill` generates rules that fill in the past.";
    SloRemoved = "slo-removed", Silenced,
        "A service no longer has an SLO.",
        "Its alerts no longer exist, and gates no longer see its error budget.";
    SloRenamed = "slo-renamed", History,
        "An SLO has another name.",
        "Its recorded series get another label `slo`, and its error budget begins anew. `nthc backfill` generates rules that fill in the past.";
    ObjectiveLowered = "objective-lowered", Loosened,
        "The objective of an SLO is lower.",
        "More events may be bad: alerts fire later or not at all, and the error budget grows at once.";
    ObjectiveRaised = "objective-raised", Tightened,
        "The objective of an SLO is higher.",
        "Fewer events may be bad: alerts fire earlier, and the error budget shrinks at once. It may be exhausted by what has already happened.";
    WindowLengthened = "window-lengthened", History,
        "The SLO window is longer.",
        "The error budget is computed over more time, most of which is not recorded yet, and the burn rates of its alerts change.";
    WindowShortened = "window-shortened", History,
        "The SLO window is shorter.",
        "The error budget forgets what is before, and the burn rates of its alerts change.";
    WindowRealigned = "window-realigned", History,
        "The SLO window follows the calendar instead of rolling, or the other way round, or another calendar.",
        "The error budget is of another time: what was consumed before a calendar window began is forgotten, and what remains at its end is gone.";
    SliChanged = "sli-changed", History,
        "The SLI of an SLO counts other events.",
        "Recorded history counts what was counted before, until it has left the SLO window.";
    SliKindChanged = "sli-kind-changed", History,
        "The SLI of an SLO is of another kind.",
        "Events, time slices and ratios weigh an outage differently. The recorded past stays as it was.";
    GroupsChanged = "groups-changed", History,
        "An SLO is grouped by other labels.",
        "Its recorded series and alerts get other labels, and its error budgets begin anew. Silences, routes and queries by these labels must follow.";
    GroupObjectiveLowered = "group-objective-lowered", Loosened,
        "The objective of groups of an SLO is lower.",
        "More of their events may be bad: alerts fire later or not at all, and their error budgets grow at once.";
    GroupObjectiveRaised = "group-objective-raised", Tightened,
        "The objective of groups of an SLO is higher.",
        "Fewer of their events may be bad: alerts fire earlier, and their error budgets shrink at once.";
    GroupLimitLowered = "group-limit-lowered", Loosened,
        "An SLO may have fewer groups.",
        "With more groups, Prometheus fails its rules, and only the alert on the limit fires.";
    GroupLimitRaised = "group-limit-raised", Tightened,
        "An SLO may have more groups.",
        "Prometheus evaluates its rules for more groups, at a higher cost.";
    LatencyThresholdRaised = "latency-threshold-raised", Loosened,
        "Events of a latency SLO may take longer.",
        "Fewer events are bad. The recorded past still has the old threshold.";
    LatencyThresholdLowered = "latency-threshold-lowered", Tightened,
        "Events of a latency SLO may take less time.",
        "More events are bad. The recorded past still has the old threshold.";
    SloLabelsChanged = "slo-labels-changed", History,
        "The rules of an SLO have other labels.",
        "Its recorded series are other series, and its error budget begins anew.";
    SloDescriptionChanged = "slo-description-changed", Cosmetic,
        "The description of an SLO changes.",
        "It appears in runbooks, on dashboards and in OpenSLO documents.";
    SloRunbookUrlChanged = "slo-runbook-url-changed", Cosmetic,
        "The runbook of an SLO is at another URL.",
        "Its alerts link to it.";
    BreakdownChanged = "breakdown-changed", Cosmetic,
        "Budget alerts name the top contributors by other labels.",
        "Only the text of these alerts changes.";
    SloNeverPages = "slo-never-pages", Silenced,
        "No burn-rate alert of an SLO pages any longer.",
        "Even full downtime of the SLO pages nobody through it.";
    SloNeverAlerts = "slo-never-alerts", Silenced,
        "No burn-rate alert of an SLO exists any longer.",
        "Nothing reports that its error budget burns, except alerts on what is already consumed.";
    BurnRateAlertRemoved = "burn-rate-alert-removed", Loosened,
        "An SLO has a burn-rate alert less.",
        "What only this alert noticed, such as a slow burn, is reported later or not at all.";
    BurnRateAlertAdded = "burn-rate-alert-added", Tightened,
        "An SLO has a burn-rate alert more.",
        "There are incidents that nothing reported before.";
    BurnRateThresholdRaised = "burn-rate-threshold-raised", Loosened,
        "A burn-rate alert fires at a higher burn rate.",
        "Incidents between both burn rates are no longer reported by it.";
    BurnRateThresholdLowered = "burn-rate-threshold-lowered", Tightened,
        "A burn-rate alert fires at a lower burn rate.",
        "Incidents between both burn rates are now reported by it.";
    BurnRateWindowsChanged = "burn-rate-windows-changed", Paging,
        "A burn-rate alert looks at other windows.",
        "It fires and ends at other times.";
    BurnRateAlertDelayed = "burn-rate-alert-delayed", Loosened,
        "A burn-rate alert must hold for longer.",
        "It fires later, and shorter incidents are no longer reported by it.";
    BurnRateAlertHastened = "burn-rate-alert-hastened", Tightened,
        "A burn-rate alert must hold for less time.",
        "It fires earlier, and shorter incidents are reported by it.";
    BurnRateSeverityChanged = "burn-rate-severity-changed", Paging,
        "A burn-rate alert has another severity.",
        "It pages instead of opening a ticket, or the other way around.";
    MinEventsRaised = "min-events-raised", Loosened,
        "Burn-rate alerts require more events.",
        "With little traffic they no longer fire.";
    MinEventsLowered = "min-events-lowered", Tightened,
        "Burn-rate alerts require fewer events.",
        "They also fire with little traffic.";
    MinBadEventsRaised = "min-bad-events-raised", Loosened,
        "Pages require more bad events.",
        "With little traffic they no longer fire.";
    MinBadEventsLowered = "min-bad-events-lowered", Tightened,
        "Pages require fewer bad events.",
        "They also fire with little traffic.";
    BudgetAlertRemoved = "budget-alert-removed", Silenced,
        "An alert on the consumed error budget no longer exists.",
        "A slow burn over the whole SLO window may be reported by nothing else. If another alert on the budget remains, this is loosened.";
    BudgetAlertAdded = "budget-alert-added", Tightened,
        "There is an alert on the consumed error budget.",
        "It may fire at once: the budget that is already consumed counts.";
    BudgetAlertSeverityChanged = "budget-alert-severity-changed", Paging,
        "An alert on the consumed error budget has another severity.",
        "It pages instead of opening a ticket, or the other way around.";
    MissingDataAlertRemoved = "missing-data-alert-removed", Silenced,
        "An SLO without data is no longer reported.",
        "An SLO without data cannot burn: without this alert it looks healthy.";
    MissingDataAlertAdded = "missing-data-alert-added", Tightened,
        "An SLO without data is reported.",
        "Make sure that the series exist, or the alert fires at once.";
    MissingDataDelayed = "missing-data-delayed", Loosened,
        "Missing data is reported later.",
        "For this time, an SLO without data looks healthy.";
    MissingDataHastened = "missing-data-hastened", Tightened,
        "Missing data is reported earlier.",
        "Restarts and short gaps may be reported.";
    MissingDataSeverityChanged = "missing-data-severity-changed", Paging,
        "A missing-data alert has another severity.",
        "It pages instead of opening a ticket, or the other way around.";
    MissingDataQueryChanged = "missing-data-query-changed", Unknown,
        "Missing data is detected by other series.",
        "Make sure that the new series exist while the service is up.";
    ConsistencyCheckAdded = "consistency-check-added", Tightened,
        "It is reported if an SLO counts more good or bad events than there are.",
        "It fires if the two queries of the SLI do not match.";
    ConsistencyCheckRemoved = "consistency-check-removed", Loosened,
        "It is no longer reported if an SLO counts more good or bad events than there are.",
        "The queries cannot contradict each other any longer.";

    SloQueryOffsetChanged = "slo-query-offset-changed", Paging,
        "The rules of an SLO are evaluated with another query offset.",
        "Its alerts fire earlier or later by the difference. Samples that arrive later than the offset are not counted.";
    // Contracts.
    ContractAdded = "contract-added", Added,
        "An SLO has a new contract.",
        "Its error budget is that of the recorded past: an alert on it may fire at once.";
    ContractRemoved = "contract-removed", Silenced,
        "An SLO no longer has a contract.",
        "Nothing reports any longer whether what was promised is kept. Make sure that it is no longer promised.";
    ContractObjectiveLowered = "contract-objective-lowered", Loosened,
        "A contract promises less.",
        "More events may be bad before it is broken. Make sure that those to whom it is promised have agreed.";
    ContractObjectiveRaised = "contract-objective-raised", Tightened,
        "A contract promises more.",
        "Fewer events may be bad. It may be broken by what has already happened.";
    ContractWindowChanged = "contract-window-changed", History,
        "A contract is promised for another window.",
        "Its error budget is of another time, and its recorded series begin anew.";
    ContractTextChanged = "contract-text-changed", Cosmetic,
        "The text of a contract changes: with whom it is, its description, or its remedy.",
        "It appears in alerts, runbooks and reports.";

    // Exclusions.
    ExclusionAdded = "exclusion-added", Loosened,
        "Events of a time are no longer charged to error budgets.",
        "They no longer burn budget, also in the past, and burn-rate alerts do not fire on them.";
    ExclusionRemoved = "exclusion-removed", Tightened,
        "Events of a time are charged to error budgets again.",
        "Reports and the ledger count them, also for the past: budgets of earlier months shrink.";
    ExclusionExtended = "exclusion-extended", Loosened,
        "An exclusion takes more time.",
        "Events of that time are no longer charged to error budgets, also those of the past.";
    ExclusionShortened = "exclusion-shortened", Tightened,
        "An exclusion takes less time.",
        "Events of the rest are charged to error budgets again, also those of the past.";
    ExclusionMoved = "exclusion-moved", Loosened,
        "An exclusion takes other times.",
        "Events of the new times are no longer charged to error budgets; those of the old ones are again.";
    ExclusionWidened = "exclusion-widened", Loosened,
        "An exclusion covers more SLOs.",
        "Their events of that time are no longer charged to error budgets, also those of the past.";
    ExclusionNarrowed = "exclusion-narrowed", Tightened,
        "An exclusion covers fewer SLOs.",
        "The events of the others are charged to their error budgets again, also those of the past.";
    ExclusionTextChanged = "exclusion-text-changed", Cosmetic,
        "The name or the reason of an exclusion changes, or who agreed to it.",
        "Reports and runbooks name them.";

    // Custom alerts.
    AlertAdded = "alert-added", Added,
        "There is a new alert.",
        "Check who is notified, and whether it fires at once.";
    AlertRemoved = "alert-removed", Silenced,
        "An alert no longer exists.",
        "What it reported is reported by nothing, unless another alert covers it.";
    AlertRenamed = "alert-renamed", Paging,
        "An alert has another name.",
        "Silences and routes by its name no longer apply, and links to its heading in the runbook change.";
    AlertSkipped = "alert-skipped", Silenced,
        "An alert is not generated any longer, because no metric provides a signal that it reads.",
        "It cannot fire until the metric exists: see `nthc metrics coverage`.";
    AlertNoLongerSkipped = "alert-no-longer-skipped", Added,
        "An alert is generated, because a metric now provides the signals that it reads.",
        "It can fire from now on.";
    AlertThresholdLoosened = "alert-threshold-loosened", Loosened,
        "An alert compares with another number, which is reached less often.",
        "Values between both numbers are no longer reported.";
    AlertThresholdTightened = "alert-threshold-tightened", Tightened,
        "An alert compares with another number, which is reached more often.",
        "Values between both numbers are now reported.";
    AlertConditionChanged = "alert-condition-changed", Unknown,
        "The condition of an alert changes.",
        "An incident that tells both apart makes it loosened or tightened.";
    AlertCannotFire = "alert-cannot-fire", Silenced,
        "The condition of an alert can no longer be true.",
        "It is never reported. Remove it, or fix its condition.";
    AlertDelayed = "alert-delayed", Loosened,
        "The condition of an alert must hold for longer.",
        "It fires later, and shorter incidents are no longer reported.";
    AlertHastened = "alert-hastened", Tightened,
        "The condition of an alert must hold for less time.",
        "It fires earlier, and shorter incidents are reported.";
    AlertSeverityChanged = "alert-severity-changed", Paging,
        "An alert has another severity.",
        "It pages instead of opening a ticket, or the other way around.";
    AlertKeepFiringChanged = "alert-keep-firing-changed", Paging,
        "An alert keeps firing for another time after its condition has ended.",
        "It is resolved earlier or later.";
    AlertLimitLowered = "alert-limit-lowered", Loosened,
        "An alert may fire for fewer series at once.",
        "If more series fire, Prometheus reports none of them.";
    AlertLimitRaised = "alert-limit-raised", Tightened,
        "An alert may fire for more series at once.",
        "Incidents that affect many series are now reported.";
    AlertLabelsChanged = "alert-labels-changed", Paging,
        "An alert has other labels.",
        "Routes, silences and inhibitions by these labels must follow.";
    AlertTextChanged = "alert-text-changed", Cosmetic,
        "The text of an alert changes.",
        "Summary, description or annotations of its notifications.";
    AlertRunbookChanged = "alert-runbook-changed", Cosmetic,
        "What the runbook says about an alert changes.",
        "Impact, first steps, or the URL of the runbook.";

    // Recording rules and signals.
    RecordingAdded = "recording-added", Added,
        "There is a new recording rule.",
        "Its series has no past.";
    RecordingRemoved = "recording-removed", History,
        "A recording rule no longer exists.",
        "What reads its series has no data any longer.";
    RecordingRenamed = "recording-renamed", History,
        "A recording rule writes another series.",
        "What reads the old name has no data any longer; the new series has no past.";
    RecordingChanged = "recording-changed", History,
        "A recording rule records another query.",
        "Its series means something else from now on.";
    RecordingLabelsChanged = "recording-labels-changed", History,
        "A recorded series has other labels.",
        "It is another series: what selects the old labels has no data any longer.";
    RecordingSkipped = "recording-skipped", History,
        "A recording rule is not generated any longer, because no metric provides a signal that it reads.",
        "What reads its series has no data any longer.";
    RecordingNoLongerSkipped = "recording-no-longer-skipped", Added,
        "A recording rule is generated, because a metric now provides the signals that it reads.",
        "Its series begins now.";
    SignalAdded = "signal-added", Added,
        "There is a new signal.",
        "See `nthc metrics coverage` for whether a metric provides it.";
    SignalRemoved = "signal-removed", Removed,
        "A signal no longer exists.",
        "Panels and rules that read it are listed as changes of their own.";
    SignalChanged = "signal-changed", History,
        "A signal is provided by other metrics.",
        "Rules and panels that read it are listed as changes of their own.";
    SignalDescriptionChanged = "signal-description-changed", Cosmetic,
        "The description of a signal changes.",
        "Nothing else changes.";

    // Dependencies.
    DependencyAdded = "dependency-added", Added,
        "A service has a new dependency.",
        "A hard dependency limits which objective the service can meet.";
    DependencyRemoved = "dependency-removed", Removed,
        "A service no longer has a dependency.",
        "Alerts of the dependency are listed as changes of their own.";
    DependencyHardened = "dependency-hardened", Paging,
        "A soft dependency is now a hard one.",
        "While the dependency pages, alerts of the service are inhibited. It limits which objective the service can meet.";
    DependencySoftened = "dependency-softened", Paging,
        "A hard dependency is now a soft one.",
        "Alerts of the service are no longer inhibited while the dependency pages.";
    DependencyServiceChanged = "dependency-service-changed", Paging,
        "A dependency refers to another service.",
        "Other alerts inhibit those of the service.";
    DependencyTechnologyChanged = "dependency-technology-changed", Cosmetic,
        "A dependency runs on another technology.",
        "Its alerts and panels are listed as changes of their own.";
    DependencyPromiseChanged = "dependency-promise-changed", Cosmetic,
        "The availability that a dependency promises changes.",
        "It limits which objective the service can meet.";
    DependencyTextChanged = "dependency-text-changed", Cosmetic,
        "The description or impact of a dependency changes.",
        "It appears in runbooks.";

    // Dashboards.
    PanelAdded = "panel-added", Added,
        "A dashboard has a new panel.",
        "Nothing else changes.";
    PanelRemoved = "panel-removed", Removed,
        "A dashboard no longer has a panel.",
        "Links to it lead nowhere.";
    PanelQueryChanged = "panel-query-changed", Cosmetic,
        "A panel shows another query.",
        "Nothing else changes.";
    PanelChanged = "panel-changed", Cosmetic,
        "A panel looks different.",
        "Title, unit, thresholds, legend or size.";
    RowChanged = "row-changed", Cosmetic,
        "A row of a dashboard has another title.",
        "Nothing else changes.";

    // Gates.
    GateAdded = "gate-added", Added,
        "A service has a new gate.",
        "It decides about deployments that ask it.";
    GateRemoved = "gate-removed", Silenced,
        "A service no longer has a gate.",
        "Deployments that asked it are not stopped any longer, or fail because it is unknown.";
    GateRenamed = "gate-renamed", Paging,
        "A gate has another name.",
        "Deployments must ask for the new name.";
    GateAlwaysOpen = "gate-always-open", Silenced,
        "A gate denies nothing any longer.",
        "No deployment is stopped, whatever happens.";
    GateDryRunEnabled = "gate-dry-run-enabled", Silenced,
        "A gate only reports.",
        "No deployment is stopped, whatever happens.";
    GateDryRunDisabled = "gate-dry-run-disabled", Tightened,
        "A gate decides, where it only reported.",
        "Deployments can be stopped from now on.";
    GateOpensWithoutData = "gate-opens-without-data", Loosened,
        "A gate no longer denies a deployment for lack of data.",
        "While its queries have no data, deployments pass.";
    GateClosesWithoutData = "gate-closes-without-data", Tightened,
        "A gate denies a deployment for lack of data.",
        "While its queries have no data, deployments stop.";
    DenyRemoved = "deny-removed", Loosened,
        "A gate has a reason less to deny a deployment.",
        "What it stopped is not stopped any longer.";
    DenyAdded = "deny-added", Tightened,
        "A gate has a reason more to deny a deployment.",
        "It may stop a deployment that passes today.";
    WarningRemoved = "warning-removed", Loosened,
        "A gate has a reason less to warn.",
        "Deployments pass without the warning.";
    WarningAdded = "warning-added", Tightened,
        "A gate has a reason more to warn.",
        "In a rollout, a warning pauses until somebody continues it.";
    DenyWeakened = "deny-weakened", Loosened,
        "A reason to deny a deployment only warns.",
        "What it stopped is not stopped any longer.";
    WarningStrengthened = "warning-strengthened", Tightened,
        "A reason to warn denies deployments.",
        "It may stop a deployment that passes today.";
    GateConditionChanged = "gate-condition-changed", Unknown,
        "A condition of a gate changes.",
        "An incident that tells both apart makes it loosened or tightened.";
    GateConditionLoosened = "gate-condition-loosened", Loosened,
        "A condition of a gate compares with another number, which is reached less often.",
        "Deployments pass that were stopped before.";
    GateConditionTightened = "gate-condition-tightened", Tightened,
        "A condition of a gate compares with another number, which is reached more often.",
        "Deployments are stopped that passed before.";
    OverrideAdded = "override-added", Loosened,
        "A deny of a gate is overridden.",
        "It does not stop deployments until the last day of the override.";
    OverrideRemoved = "override-removed", Tightened,
        "A deny of a gate is no longer overridden.",
        "It stops deployments again.";
    OverrideExtended = "override-extended", Loosened,
        "An override of a deny ends later.",
        "It does not stop deployments until then.";
    OverrideShortened = "override-shortened", Tightened,
        "An override of a deny ends earlier.",
        "It stops deployments again from then on.";
    GateTextChanged = "gate-text-changed", Cosmetic,
        "The texts of a gate change.",
        "Descriptions, messages, or who is responsible for an override.";

    // Teams.
    TeamAdded = "team-added", Added,
        "There is a new team.",
        "Its receivers need their secrets.";
    TeamRemoved = "team-removed", Paging,
        "A team no longer exists.",
        "Its receivers, schedules and escalations no longer exist. Its services are listed as changes of their own.";
    TeamRenamed = "team-renamed", Paging,
        "A team has another name.",
        "Its secrets, its routing key and the label `team` of its alerts have the new name. Terraform keeps its objects.";
    PagerDutyObjectChanged = "pagerduty-object-changed", Paging,
        "Another object in PagerDuty is referred to or imported.",
        "Terraform changes an object that it imports, and deletes one of its own that is now managed elsewhere, unless it is \
        removed from the state before.";
    ContactChanged = "contact-changed", Paging,
        "A contact of a person changes.",
        "Runbooks show, and PagerDuty notifies, another number or name.";
    TeamUnreachable = "team-unreachable", Silenced,
        "No receiver of a team is notified of a severity any longer.",
        "Alerts of this severity go to the default team, or to nobody.";
    ReceiverAdded = "receiver-added", Paging,
        "A team is notified in another way, too.",
        "The receiver needs its secret.";
    ReceiverRemoved = "receiver-removed", Paging,
        "A team is no longer notified in a way.",
        "Make sure that the other receivers are read.";
    ReceiverChanged = "receiver-changed", Paging,
        "A receiver sends notifications to another place.",
        "Make sure that they arrive.";
    ReceiverSeveritiesChanged = "receiver-severities-changed", Paging,
        "A receiver is notified of other severities.",
        "Make sure that nobody relies on those that it no longer gets.";
    ReceiverTimesChanged = "receiver-times-changed", Paging,
        "A receiver is notified at other times.",
        "An alert that fires while the receiver is muted notifies it when the muted time ends, if it still fires then; one that is resolved before does not.";
    ResolvedNotificationsChanged = "resolved-notifications-changed", Paging,
        "A receiver is notified, or no longer notified, when an alert is resolved.",
        "Tools that close incidents by themselves depend on it.";
    ReceiverRenamed = "receiver-renamed", Cosmetic,
        "A receiver has another name.",
        "Its notification target in OpenSLO has the new name.";
    EscalationAdded = "escalation-added", Added,
        "A team has a new escalation.",
        "Services that choose it are listed as changes of their own.";
    EscalationRemoved = "escalation-removed", Paging,
        "A team no longer has an escalation.",
        "Services that chose it are listed as changes of their own.";
    EscalationRenamed = "escalation-renamed", Cosmetic,
        "An escalation has another name.",
        "Terraform keeps its policies.";
    EscalationChanged = "escalation-changed", Paging,
        "The steps of an escalation change.",
        "Other people are paged, or at other times.";
    EscalationEmpty = "escalation-empty", Silenced,
        "An escalation notifies no person any longer.",
        "A page of its services reaches no person on call.";
    ScheduleAdded = "schedule-added", Paging,
        "A team has a new schedule.",
        "Without an escalation of its own, the team pages its schedules in order.";
    ScheduleRemoved = "schedule-removed", Paging,
        "A team no longer has a schedule.",
        "Its members are not on call through it any longer.";
    ScheduleRenamed = "schedule-renamed", Cosmetic,
        "A schedule has another name.",
        "Terraform keeps the schedule.";
    ScheduleChanged = "schedule-changed", Paging,
        "Who is on call, and when, changes.",
        "Check the next shift in the runbook.";
    TeamSupportHoursChanged = "team-support-hours-changed", Paging,
        "A team has other support hours.",
        "Outside of support hours, incidents of its services notify with low urgency.";
    TeamMembersChanged = "team-members-changed", Paging,
        "A team has other members or managers.",
        "PagerDuty gives them access.";
    TeamTextChanged = "team-text-changed", Cosmetic,
        "The description or a contact of a team changes.",
        "It appears in runbooks.";

    // The project.
    EnvironmentAdded = "environment-added", Added,
        "There is a new environment.",
        "All services are built for it.";
    EnvironmentRemoved = "environment-removed", Silenced,
        "An environment no longer exists.",
        "None of its alerts exists any longer.";
    EnvironmentLabelsChanged = "environment-labels-changed", History,
        "An environment adds other labels to all queries.",
        "All SLOs of the environment count other events from now on.";
    ProjectRenamed = "project-renamed", History,
        "The project has another name.",
        "Where it is part of labels or names, series begin anew.";
    SharedChanged = "shared-changed", History,
        "The label `project` appears on all series, or no longer does.",
        "All recorded series are other series, and all error budgets begin anew.";
    TargetAdded = "target-added", Added,
        "Files for another target are generated.",
        "Somebody has to apply them.";
    TargetRemoved = "target-removed", Silenced,
        "Files for a target are no longer generated.",
        "Without rules or routes, nobody is notified.";
    IntervalChanged = "interval-changed", Paging,
        "Rules are evaluated at another interval.",
        "Alerts fire earlier or later by up to this time.";
    SeverityLabelChanged = "severity-label-changed", Paging,
        "The label `severity` of alerts has another value.",
        "Routes that Alertmanager has from elsewhere must follow.";
    SeverityNoLongerPages = "severity-no-longer-pages", Silenced,
        "A severity that paged no longer pages.",
        "Alerts of this severity no longer notify whoever is on call at once.";
    SeverityChanged = "severity-changed", Paging,
        "A severity pages that did not, or has another urgency or another `for`.",
        "All of its alerts notify in another way, or fire earlier or later unless they set `for`.";
    RuleSettingChanged = "rule-setting-changed", Paging,
        "A setting of Prometheus rules changes.",
        "All rules are written differently.";
    RoutingSettingChanged = "routing-setting-changed", Paging,
        "A setting of Alertmanager or PagerDuty changes.",
        "All notifications are affected.";
    GateSettingChanged = "gate-setting-changed", Paging,
        "A setting of gates changes.",
        "Somebody has to apply the new documents.";
    OutputSettingChanged = "output-setting-changed", Cosmetic,
        "A setting of dashboards, runbooks, OpenSLO documents or links changes.",
        "Rules and routes stay as they are.";
}

#[cfg(test)]
mod tests;
