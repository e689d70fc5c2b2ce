//! What holds of every search.
