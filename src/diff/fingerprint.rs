//! Fingerprints of changes.

use sha2::{Digest as _, Sha256};

use crate::change::Subject;
use crate::id::ChangeId;

/// The number of hexadecimal digits of a fingerprint: enough that two changes of a project never share one.
const DIGITS: usize = 16;

/// The fingerprint of a change: the same wherever it is written and whatever its class.
pub fn fingerprint(
    id: ChangeId,
    subject: &Subject,
    before: Option<&str>,
    after: Option<&str>,
) -> String {
    let mut hash = Sha256::new();
    for part in [
        Some(id.name()),
        Some(&*subject.kind),
        Some(&*subject.name),
        before,
        after,
    ] {
        // A missing part differs from an empty one.
        hash.update([u8::from(part.is_some())]);
        let part = part.unwrap_or_default();
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        text.push_str(&format!("{byte:02x}"));
        if text.len() >= DIGITS {
            break;
        }
    }
    text
}
