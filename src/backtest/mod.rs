//! What the rules of a project would have done with real history.
//!
//! The history comes from a server with Prometheus's API in chunks ([`fetch`](fetch()), kept on disk by [`Cache`]); the rules run in
//! `nth-simulate`. An [`Episode`] is a time in which an alert fired, with who was notified. Episodes are compared with the incidents of
//! a file ([`Incidents`]), and with those of another revision of the project ([`changes()`]).

mod answer;
mod cache;
mod changes;
mod chunks;
mod coverage;
mod episodes;
mod fetch;
mod incidents;
pub mod record;

pub use answer::{Matrix, matrix};
pub use cache::Cache;
pub use changes::{Change, changes};
pub use chunks::Chunk;
pub use coverage::{Beginnings, Shortage, probes, shortages};
pub use episodes::{Delivery, Episode, Notified, episodes};
pub use fetch::{FetchError, Fetched, Request, Server, fetch, total};
pub use incidents::{Detection, Explained, Incident, IncidentError, Incidents, explain, known_slo};
