//! The same suite on SQLite and on PostgreSQL, and what only one of them can fail with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::cloned_ref_to_slice_refs, reason = "lists read alike")]

mod cut;
mod examples;
mod full;
mod places;
mod postgres_only;
mod sqlite_only;
mod suite;

#[path = "../support/mod.rs"]
mod support;

/// Declares a test of the suite for each database.
macro_rules! on_both {
    ($($module:ident::$name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::suite::$module::$name(&crate::places::File::new());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(place) = crate::places::Database::new() {
                    crate::suite::$module::$name(&place);
                }
            })*
        }
    };
}

on_both!(
    slices::are_recorded_once,
    slices::keep_their_versions,
    slices::are_not_replaced_by_worse_ones,
    slices::are_recorded_with_their_watermark_or_not_at_all,
    slices::are_checked,
    slices::are_summed,
    slices::of_two_writers_are_recorded_once,
    slices::keep_counts_to_the_last_digit,
    records::keys_differ_in_every_part,
    records::hostile_texts_come_back,
    records::objectives_are_as_they_were,
    records::a_deployment_is_completed_by_later_reports,
    records::incidents_are_corrected_and_withdrawn,
    records::parts_of_an_episode_are_one,
    records::counts_of_versions_are_recorded_once,
    records::alerts_are_known_where_they_were_read,
    versions::a_missing_ledger_is_not_created_by_reading,
    versions::two_processes_create_one_ledger,
    versions::another_database_is_no_ledger,
    versions::a_newer_version_is_refused,
    versions::an_earlier_version_is_migrated,
    versions::the_last_version_is_migrated,
    versions::a_failed_migration_changes_nothing,
    versions::damaged_rows_are_errors,
    versions::a_writer_waits_for_another_one,
);
