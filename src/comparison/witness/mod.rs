//! Incidents that show a change: run on both versions, their outcomes differ.
//!
//! An incident is described once, as events of tests. From the description come the model that is simulated, the text of the
//! language for a reader, and the words of the report. Both versions run over the same series. Where the two read other series,
//! there are series for both, and the events happen to both. A change whose incident would need series that contradict each other
//! has no witness, and says so.

mod arena;
mod choose;
mod gates;
mod objectives;
mod outcome;
mod part;
mod search;
mod shadow;
mod sharing;
mod words;
mod written;

pub use search::{Options, Versions, witnesses};
