//! What goes wrong around a build: it is killed, races another one, meets a full disk, a folder that is read-only, links
//! and pipes where its files should be, sources that are gone. Nothing is lost, and what is wrong is said.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod disk;
mod edited;
mod kill;
mod links;
mod lock;
#[allow(dead_code)]
#[path = "../place/mod.rs"]
mod place;
mod project;
mod race;
mod removals;
mod writers;
