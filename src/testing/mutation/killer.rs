//! Tests that notice a change that no test of the project notices.

/// A test that passes without a change and fails with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Killer {
    /// Such a test. It was run with and without the change.
    Found {
        /// The test with the imports that it needs, as `nthc fmt` formats it.
        text: String,
    },
    /// None was found.
    NotFound {
        /// The reason, without a full stop.
        reason: String,
    },
}
