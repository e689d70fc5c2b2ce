//! Reading files up to a maximum size.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads all bytes of `reader`; `None` if there are more than `most`. Reads at most one byte more than that.
///
/// # Errors
///
/// If reading fails.
pub fn read_at_most(reader: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
///
/// If it cannot be read or is larger. The error has a message for the user.
pub fn read_file_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, most)?
        .ok_or_else(|| io::Error::other(format!("larger than {}", size(most))))
}

/// Formats a number of bytes: `16 MiB`, `64 KiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_is_refused_and_not_read_to_its_end() {
        assert_eq!(read_at_most(&b"abc"[..], 3).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(read_at_most(&b"abcd"[..], 3).unwrap(), None);
        let mut endless = io::repeat(b'x');
        assert_eq!(read_at_most(&mut endless, 1 << 10).unwrap(), None);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        std::fs::write(&path, vec![b'x'; (64 << 10) + 1]).unwrap();
        let refused = read_file_at_most(&path, 64 << 10).unwrap_err();
        assert_eq!(refused.to_string(), "larger than 64 KiB");
        assert_eq!(
            read_file_at_most(&path, 1 << 20).unwrap().len(),
            (64 << 10) + 1
        );
    }

    #[test]
    fn sizes_are_in_words() {
        assert_eq!(
            [8 << 20, 64 << 10, 12].map(size),
            ["8 MiB", "64 KiB", "12 bytes"]
        );
    }
}
