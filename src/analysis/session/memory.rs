//! What a session keeps in memory.

use salsa::Database as _;

use super::Session;
use crate::db::StorageSize;
use crate::lower::set_model_capacity;

/// The number of models that a session keeps after [`Session::limit_models`].
const LIMITED_MODELS: usize = 64;

impl Session {
    /// Frees results that newer ones have replaced, which are otherwise kept until the next edit. After an edit that affects the
    /// whole project, they take as much memory as the project itself. Waits until all snapshots are dropped.
    pub fn evict_stale(&mut self) {
        self.db.trigger_lru_eviction();
    }

    /// Makes [`evict_stale`](Self::evict_stale) also free most of the services' models, for a session that is not queried again.
    pub fn limit_models(&mut self) {
        set_model_capacity(&mut self.db, LIMITED_MODELS);
    }

    /// Returns the size of the database. Waits until all snapshots are dropped.
    pub fn storage_size(&mut self) -> StorageSize {
        self.db.storage_size()
    }
}
