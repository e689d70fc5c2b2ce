//! What two versions of a project differ in, for `nthc diff`: the incidents that show it.

pub mod witness;
