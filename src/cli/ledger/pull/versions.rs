//! Counts of the old and the new version of deployments.

use nth_ledger::{Deployment, Interval, Store, Version, VersionCounts};

use super::super::super::Context;
use super::super::super::exit::Failure;
use super::super::super::prometheus_client::Client;
use super::super::open;
use super::{Asked, Groups};
use nth_book::pull;

/// What is read of deployments.
pub struct Read<'r> {
    /// The label of the series with the version.
    pub label: &'r str,
    /// The start of the time of which deployments are read that have no counts yet.
    pub since: i64,
    /// The start of the time of which all deployments are read.
    pub again: i64,
    /// The end of the time.
    pub until: i64,
}

/// Reads the counts of both versions of the deployments that were not read completely: those of the time that is read again, and
/// earlier ones of which the ledger has none, as those that were recorded late.
///
/// # Errors
///
/// If Prometheus gives no valid answer, or the ledger cannot be written.
pub fn compare(
    context: &Context,
    client: &Client,
    store: &mut Store,
    (slos, groups): (&[Vec<Asked>], &Groups),
    read: &Read<'_>,
) -> Result<(), Failure> {
    let within = Interval {
        from: read.since.min(read.again),
        until: read.until,
    };
    let deployments = open::with(context, store, |store| store.deployments(within))?;
    for asked in slos.iter().flatten() {
        let key = &asked.wanted.key;
        let keys = groups.keys(&asked.wanted);
        let is_of = |one: &&Deployment| {
            (&one.project, &one.environment, &one.service)
                == (&key.project, &key.environment, &key.service)
        };
        for deployment in deployments.iter().filter(is_of) {
            let is_early = pull::versions::end(deployment) <= read.again;
            if is_early {
                let mut is_known = false;
                for key in &keys {
                    let known = open::with(context, store, |store| {
                        store.version_counts(key, &deployment.key)
                    })?;
                    is_known |= !known.is_empty();
                }
                if is_known {
                    continue;
                }
            }
            let wanted = &asked.wanted;
            let mut counts =
                pull::versions::read(client, wanted, deployment, read.label, read.until)?;
            if is_early && counts.is_empty() {
                // So that the next pull does not ask again.
                counts.extend(keys.iter().map(|key| VersionCounts {
                    slo: key.clone(),
                    deployment: deployment.key.clone(),
                    stratum: deployment.started.div_euclid(60) * 60,
                    version: Version::Old,
                    bad: 0.0,
                    total: 0.0,
                }));
            }
            open::with(context, store, |store| store.record_version_counts(&counts))?;
        }
    }
    Ok(())
}
