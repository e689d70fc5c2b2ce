//! Lowers burn-rate alerts: those that an SLO or its tier declares, or the four of the SRE workbook.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::read::{Surroundings, contrary, duration, report};
use super::slo_alerts;
use crate::codes;
use crate::db::{BlockRef, Diag, Span};
use crate::eval::{Instance, Value};
use crate::schema::names::{field, kind};
use crate::severities::severity_named;
use nth_model as ir;
use nth_model::burn_rate::{self, Pair};

/// An SLO whose burn-rate alerts are lowered.
pub(super) struct Burning<'a> {
    /// The service.
    pub service: &'a Instance,
    /// The SLO.
    pub slo: &'a Instance,
    /// The objective, between 0 and 1.
    pub objective: Decimal,
    /// The SLO window.
    pub window: ir::Duration,
    /// The severities of its alerts that page, and of the others.
    pub severities: &'a [ir::Severity; 2],
}

/// The numbers of a `burn-rate` block.
#[derive(Debug, Clone)]
struct Declared {
    name: SmolStr,
    severity: ir::Severity,
    long: ir::Duration,
    short: ir::Duration,
    factor: Decimal,
    hold: ir::Duration,
}

impl Declared {
    /// Reads a block; `None` if it has errors.
    fn read(
        name: &SmolStr,
        least: ir::Duration,
        severities: &ir::Severities,
        get: &dyn Fn(&str) -> Value,
    ) -> Option<Self> {
        let long = duration(&get(field::LONG))?;
        let severity = severity_named(&get(field::SEVERITY), severities)?;
        let hold = severity.default_hold();
        let factor = match get(field::FACTOR) {
            Value::Number(factor) => factor,
            _ => return None,
        };
        let optional = |name: &str, default: ir::Duration| match get(name) {
            Value::None => Some(default),
            set => duration(&set),
        };
        Some(Self {
            name: name.clone(),
            severity,
            long,
            short: optional(field::SHORT, burn_rate::short_window(long, least))?,
            factor,
            hold: optional(field::FOR, hold)?,
        })
    }

    fn pair(&self, window: ir::Duration) -> Pair {
        Pair::new(
            self.severity.clone(),
            [self.long, self.short],
            self.factor,
            window,
            self.hold,
        )
    }

    /// Returns true if the pair looks at parts of the SLO window only, and fires before all of its budget is consumed.
    fn fits(&self, window: ir::Duration) -> bool {
        self.long <= window && self.pair(window).budget <= Decimal::ONE
    }
}

/// Returns the burn-rate alerts of an SLO that can fire, and reports those that cannot.
pub(super) fn lower(
    burning: &Burning<'_>,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Vec<Pair> {
    let slo = burning.slo;
    let is_wanted = |response| matches!(slo.get(switch(response)), Value::Bool(true));
    if !ir::Response::ALL.into_iter().any(is_wanted) {
        return Vec::new();
    }
    let least = burn_rate::least_range(surroundings.scrape_interval);
    let own: Vec<&Instance> = slo.children_of(kind::BURN_RATE).collect();
    if !own.is_empty() {
        return of_slo(
            burning,
            &own,
            (least, surroundings.severities()),
            diagnostics,
        )
        .into_iter()
        .filter(|pair| is_wanted(pair.severity.response()))
        .collect();
    }
    let tier = match burning.service.get(field::TIER) {
        Value::Block(tier) => declared_at(surroundings, tier, least),
        _ => Vec::new(),
    };
    let possible: Vec<Pair> = if tier.is_empty() {
        let [page, ticket] = burning.severities;
        let possible = burn_rate::pairs_with(burning.window, least, [page, ticket]);
        if possible.len() < burn_rate::WORKBOOK_PAIRS {
            let found = window_too_short(burning, possible.len(), burn_rate::WORKBOOK_PAIRS);
            let note = "alert windows scale with the SLO window and cannot be shorter than four scrapes or 2m";
            report(slo, diagnostics, found.note(note));
        }
        possible
    } else {
        let fitting: Vec<Pair> = tier
            .iter()
            .filter(|declared| declared.fits(burning.window))
            .map(|declared| declared.pair(burning.window))
            .collect();
        if fitting.len() < tier.len() {
            let found = window_too_short(burning, fitting.len(), tier.len());
            let note =
                "the other alerts of the tier would fire after the whole error budget is consumed";
            report(slo, diagnostics, found.note(note));
        }
        fitting
    };
    let (mut fire, never): (Vec<Pair>, Vec<Pair>) = possible
        .into_iter()
        .filter(|pair| is_wanted(pair.severity.response()))
        .partition(|pair| pair.can_fire(burning.objective));
    if !never.is_empty() {
        report(slo, diagnostics, never_fires(burning, &never));
    }
    sort(&mut fire);
    fire
}

/// Reports burn-rate alerts that cannot fire for groups with an objective of their own.
pub(super) fn check_groups(
    burning: &Burning<'_>,
    grouping: &ir::Grouping,
    pairs: &[Pair],
    diagnostics: &mut Vec<Diag>,
) {
    for block in burning.slo.children_of(kind::GROUP) {
        let mut objectives = grouping.objectives.iter();
        let Some(own) = objectives.find(|own| own.name == block.name) else {
            continue;
        };
        let never: Vec<Pair> = pairs
            .iter()
            .filter(|pair| !pair.can_fire(own.objective))
            .cloned()
            .collect();
        if !never.is_empty() {
            let of_group = Burning {
                slo: block,
                objective: own.objective,
                ..*burning
            };
            report(block, diagnostics, never_fires(&of_group, &never));
        }
    }
}

/// Returns the burn-rate alerts of an SLO of another service.
pub(super) fn pairs_at(
    surroundings: &Surroundings<'_>,
    service: &BlockRef,
    slo: &BlockRef,
    (objective, window): (Decimal, ir::Duration),
) -> Vec<Pair> {
    let is_wanted = |response| {
        matches!(
            surroundings.field(slo, switch(response)),
            Some(Value::Bool(true))
        )
    };
    let least = burn_rate::least_range(surroundings.scrape_interval);
    let mut declared = declared_at(surroundings, slo, least);
    if declared.is_empty()
        && let Some(Value::Block(tier)) = surroundings.field(service, field::TIER)
    {
        declared = declared_at(surroundings, &tier, least);
    }
    let mut possible: Vec<Pair> = if declared.is_empty() {
        burn_rate::pairs(window, least)
    } else {
        let fitting = declared.iter().filter(|declared| declared.fits(window));
        fitting.map(|declared| declared.pair(window)).collect()
    };
    possible.retain(|pair| is_wanted(pair.severity.response()) && pair.can_fire(objective));
    sort(&mut possible);
    possible
}

/// Reports the burn-rate alerts, and names and labels of alerts, of a tier that no SLO can have.
pub fn check_tier(
    tier: &Instance,
    scrape_interval: ir::Duration,
    severities: &ir::Severities,
) -> Vec<Diag> {
    let least = burn_rate::least_range(scrape_interval);
    let blocks: Vec<&Instance> = tier.children_of(kind::BURN_RATE).collect();
    let mut found = Vec::new();
    read_all(tier, &blocks, (least, severities), &mut found);
    found.extend(contrary_severities(tier, severities));
    slo_alerts::check_blocks(tier, severities, &mut found);
    found
}

/// Reports the severities of a tier's SLOs that do not fit their fields.
fn contrary_severities(tier: &Instance, severities: &ir::Severities) -> Vec<Diag> {
    let fields = [
        (field::PAGE_SEVERITY, ir::Response::Page),
        (field::TICKET_SEVERITY, ir::Response::Ticket),
    ];
    let found = fields.into_iter().filter_map(|(name, response)| {
        let severity = severity_named(tier.get(name), severities)?;
        (severity.response() != response).then(|| contrary(tier, name, &severity))
    });
    found.collect()
}

/// The field that says whether an SLO has pages, or tickets.
fn switch(response: ir::Response) -> &'static str {
    match response {
        ir::Response::Page => field::BURN_RATE_PAGES,
        ir::Response::Ticket => field::BURN_RATE_TICKETS,
    }
}

/// Reads the valid `burn-rate` blocks of a block of another item.
fn declared_at(
    surroundings: &Surroundings<'_>,
    block: &BlockRef,
    least: ir::Duration,
) -> Vec<Declared> {
    let blocks = surroundings.children(block, kind::BURN_RATE);
    let declared = blocks.iter().filter_map(|block| {
        let get = |name: &str| surroundings.field(block, name).unwrap_or(Value::Error);
        let declared = Declared::read(&block.name, least, surroundings.severities(), &get)?;
        // What is invalid is reported where it is declared.
        let is_valid = declared.short < declared.long && declared.short >= shortest(least);
        is_valid.then_some(declared)
    });
    declared.collect()
}

/// The shortest window of a burn-rate alert.
fn shortest(least: ir::Duration) -> ir::Duration {
    burn_rate::LEAST_SHORT.max(least)
}

/// Reads `burn-rate` blocks and reports those that no SLO can have.
fn read_all<'b>(
    parent: &Instance,
    blocks: &[&'b Instance],
    (least, severities): (ir::Duration, &ir::Severities),
    diagnostics: &mut Vec<Diag>,
) -> Vec<(&'b Instance, Declared)> {
    let mut read: Vec<(&Instance, Declared)> = Vec::new();
    for block in blocks {
        let get = |name: &str| block.get(name).clone();
        let Some(declared) = Declared::read(&block.name, least, severities, &get) else {
            continue;
        };
        let problem = windows(block, &declared, least).or_else(|| {
            let same = |known: &&(&Instance, Declared)| {
                (known.1.long, &known.1.severity) == (declared.long, &declared.severity)
            };
            let (other, _) = read.iter().find(same)?;
            Some(twice(block, other, &declared))
        });
        match problem {
            Some(problem) => report(parent, diagnostics, problem),
            None => read.push((*block, declared)),
        }
    }
    read
}

/// Lowers the burn-rate alerts that an SLO declares itself. What cannot fire is an error.
fn of_slo(
    burning: &Burning<'_>,
    blocks: &[&Instance],
    known: (ir::Duration, &ir::Severities),
    diagnostics: &mut Vec<Diag>,
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (block, declared) in read_all(burning.slo, blocks, known, diagnostics) {
        let pair = declared.pair(burning.window);
        let problem = if declared.long > burning.window {
            Some(
                invalid(
                    format!(
                        "the long window of burn-rate alert `{}` is longer than the SLO window",
                        declared.name
                    ),
                    block.span_of(field::LONG),
                )
                .help(format!("use at most {}", burning.window.to_human())),
            )
        } else if pair.budget > Decimal::ONE {
            Some(late(burning, block, &pair, &declared))
        } else if !pair.can_fire(burning.objective) {
            Some(unreachable(burning, block, &declared))
        } else {
            None
        };
        match problem {
            Some(problem) => report(block, diagnostics, problem),
            None => pairs.push(pair),
        }
    }
    sort(&mut pairs);
    pairs
}

/// Sorts the shortest long window first, and pages before tickets.
fn sort(pairs: &mut [Pair]) {
    pairs.sort_by(|one, other| (one.long, &one.severity).cmp(&(other.long, &other.severity)));
}

fn invalid(message: String, place: Span) -> Diag {
    Diag::new(&codes::INVALID_BURN_RATE, message, place)
}

/// Checks the windows of a block.
fn windows(block: &Instance, declared: &Declared, least: ir::Duration) -> Option<Diag> {
    let name = &declared.name;
    let shortest = shortest(least);
    if declared.short < shortest {
        let message = format!(
            "the short window of burn-rate alert `{name}` is shorter than {}",
            shortest.to_human()
        );
        return Some(
            invalid(message, block.span_of(field::SHORT))
                .note("a window contains at least four scrapes, and four evaluations of the rules")
                .help(format!("use at least {}", shortest.to_human())),
        );
    }
    if declared.short < declared.long {
        return None;
    }
    let is_set = *block.get(field::SHORT) != Value::None;
    let (message, place) = if is_set {
        (
            format!(
                "the short window of burn-rate alert `{name}` is not shorter than the long one"
            ),
            field::SHORT,
        )
    } else {
        (
            format!("the long window of burn-rate alert `{name}` is too short"),
            field::LONG,
        )
    };
    let diagnostic = invalid(message, block.span_of(place));
    Some(if is_set {
        let short = burn_rate::short_window(declared.long, least).to_human();
        diagnostic.help(format!(
            "use a twelfth of the long window, as in the SRE workbook: `short = {short}`"
        ))
    } else {
        diagnostic.help(format!("use more than {}", shortest.to_human()))
    })
}

fn twice(block: &Instance, other: &Instance, declared: &Declared) -> Diag {
    let severity = declared.severity.name();
    invalid(
        format!(
            "burn-rate alerts `{}` and `{}` have the same long window and severity",
            other.name, declared.name
        ),
        block.head,
    )
    .label(format!("a {severity} over {}", declared.long.to_human()))
    .because(other.head, "the other one")
    .note("their alerts would have the same labels")
    .help("remove one, or change its long window or severity")
}

/// An alert that fires after more than the whole budget is consumed.
fn late(burning: &Burning<'_>, block: &Instance, pair: &Pair, declared: &Declared) -> Diag {
    let percent = (pair.budget * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    let most = (Decimal::from(burning.window.0) / Decimal::from(pair.long.0))
        .trunc_with_scale(4)
        .normalize();
    invalid(
        format!(
            "burn-rate alert `{}` fires only when {percent}% of the error budget is consumed",
            declared.name
        ),
        block.span_of(field::FACTOR),
    )
    .label(format!(
        "{}x for {}",
        pair.factor.normalize(),
        pair.long.to_human()
    ))
    .help(format!(
        "use a factor of at most {most} over {}, or a shorter long window",
        pair.long.to_human()
    ))
}

/// An alert that would need an error ratio of 100% or more.
fn unreachable(burning: &Burning<'_>, block: &Instance, declared: &Declared) -> Diag {
    let objective = (burning.objective * Decimal::ONE_HUNDRED).normalize();
    let diagnostic = invalid(
        format!(
            "burn-rate alert `{}` can never fire for a {objective}% objective",
            declared.name
        ),
        block.span_of(field::FACTOR),
    )
    .label(format!(
        "{}x needs an error ratio above 100%",
        declared.factor.normalize()
    ));
    match Decimal::ONE.checked_div(Decimal::ONE - burning.objective) {
        Some(most) => diagnostic.help(format!(
            "use a factor below {}, or raise the objective",
            most.trunc_with_scale(4).normalize()
        )),
        None => diagnostic,
    }
}

fn window_too_short(burning: &Burning<'_>, possible: usize, all: usize) -> Diag {
    Diag::new(
        &codes::WINDOW_TOO_SHORT,
        format!(
            "an SLO window of {} allows only {possible} of the {all} burn-rate alerts",
            burning.window.to_human(),
        ),
        burning.slo.span_of(field::WINDOW),
    )
    .label("the other alerts are not generated")
}

fn never_fires(burning: &Burning<'_>, never: &[Pair]) -> Diag {
    let percent = burning.objective * Decimal::ONE_HUNDRED;
    let pairs: Vec<_> = never
        .iter()
        .map(|pair| format!("{}/{}", pair.long.to_human(), pair.short.to_human()))
        .collect();
    let factor = never
        .iter()
        .map(|pair| pair.factor)
        .fold(Decimal::ZERO, Decimal::max);
    let mut diagnostic = Diag::new(
        &codes::PAIR_NEVER_FIRES,
        format!(
            "the {1} burn-rate alert{0} can never fire for a {2}% objective",
            if pairs.len() == 1 { "" } else { "s" },
            pairs.join(", "),
            percent.normalize()
        ),
        burning.slo.span_of(field::OBJECTIVE),
    )
    .label(if burning.slo.kind == kind::GROUP {
        "this alert does not fire for these groups"
    } else {
        "this alert is not generated"
    });
    if let Some(reachable) = Decimal::ONE.checked_div(factor) {
        let least = ((Decimal::ONE - reachable) * Decimal::ONE_HUNDRED)
            .round_dp(2)
            .normalize();
        diagnostic = diagnostic.help(format!(
            "raise the objective above {least}%, or set `burn_rate_alerts = false`: a {}x burn rate \
            would need an error ratio above 100%",
            factor.normalize()
        ));
    }
    diagnostic
}
