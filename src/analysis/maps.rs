//! Maps by names, with a hash that is fast for short texts. They are looked up several times for each field of each block.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smol_str::SmolStr;

/// Values by name, in the order in which they were added.
pub type NameMap<V> = IndexMap<SmolStr, V, FxBuildHasher>;

/// Values by name, in no order.
pub(crate) type UnorderedNameMap<V> = FxHashMap<SmolStr, V>;

/// Values by kind and name, in no order.
pub(crate) type UnorderedBlockMap<V> = FxHashMap<(SmolStr, SmolStr), V>;
