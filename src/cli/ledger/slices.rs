//! The slices that leave the ledger with an export.

use std::time::Duration;

use jiff::Timestamp;
use nth_ledger::{Interval, Slice, SloKey, Store};

use super::super::exit::Failure;
use super::super::options::ExportedSlices;
use super::super::{Context, select};
use super::book::{self, Selection};
use super::open;

/// SLOs of an open ledger, and the time of which their slices are exported.
pub struct Exported {
    store: Store,
    /// The SLOs, in order.
    pub slos: Vec<SloKey>,
    within: Interval,
}

/// How much was exported.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amount {
    /// The SLOs that have slices.
    pub slos: usize,
    /// The slices of all of them.
    pub slices: usize,
}

impl Amount {
    /// Counts the slices of an SLO.
    pub fn add(&mut self, slices: &[Slice]) {
        self.slos += usize::from(!slices.is_empty());
        self.slices += slices.len();
    }
}

impl Exported {
    /// Opens the ledger and finds the SLOs. Without `since`, all of the past is exported.
    ///
    /// # Errors
    ///
    /// If there is no project or ledger, the ledger has none of a name or an environment, or it cannot be read.
    pub fn open(
        context: &Context,
        options: &ExportedSlices,
        since: Option<Duration>,
    ) -> Result<Self, Failure> {
        let until = options.until.unwrap_or_else(Timestamp::now);
        let from = match since {
            Some(since) => until.checked_sub(since).map_err(|_| {
                Failure::usage("`--since` reaches back too far").help("use `--since 30d`")
            })?,
            None => Timestamp::UNIX_EPOCH,
        };
        let loaded = select::project(context)?;
        let mut store = open::open(context, &loaded.project.root, &options.place)?;
        let selection = Selection {
            project: &loaded.project.settings.project,
            environment: options.env.as_deref(),
            names: &options.names,
        };
        let slos = book::keys(context, &mut store, &selection)?;
        let within = Interval {
            from: from.as_second(),
            until: until.as_second(),
        };
        Ok(Self {
            store,
            slos,
            within,
        })
    }

    /// Reads the slices of an SLO, in the order of time.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub fn slices(&mut self, context: &Context, slo: &SloKey) -> Result<Vec<Slice>, Failure> {
        let within = self.within;
        open::with(context, &mut self.store, |store| store.slices(slo, within))
    }
}
