//! Leases as files of a folder: one for each owner, created exclusively, with its holder and when it expires.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::FileStore;
use super::store::io_error;
use crate::error::DeliveryError;
use crate::lease::{Lease, LeaseStore};
use crate::object::{ContentHash, Owner};

/// The largest lease that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

impl FileStore {
    /// The file of an owner's lease. No pattern of rule files finds it.
    fn lease_path(&self, owner: &Owner) -> PathBuf {
        let owner = serde_json::to_value(owner).unwrap_or_default();
        let hash = ContentHash::compute(&owner);
        let short = hash.as_str().get(..16).unwrap_or_default();
        self.folder().join(format!(".nthc-lease-{short}"))
    }

    /// Holds other runs off while a lease is compared and replaced, where the system can lock a folder.
    fn guard(&self) -> Option<File> {
        let folder = File::open(self.folder()).ok()?;
        folder.lock().ok()?;
        Some(folder)
    }
}

impl LeaseStore for FileStore {
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError> {
        let path = self.lease_path(owner);
        let text = match fs::metadata(&path).and_then(|metadata| {
            if metadata.len() > MOST_BYTES {
                return Err(io::Error::other("too large for a lease"));
            }
            fs::read_to_string(&path)
        }) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(io_error(&path, &cause)),
        };
        let lease: Lease = serde_json::from_str(&text)
            .map_err(|_| io_error(&path, &io::Error::other("not a lease: remove the file")))?;
        Ok((lease.owner == *owner).then_some(lease))
    }

    fn replace_lease(
        &self,
        owner: &Owner,
        before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError> {
        let path = self.lease_path(owner);
        let error = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AlreadyExists => conflict(),
            _ => io_error(&path, &cause),
        };
        let _guard = self.guard();
        if self.read_lease(owner)?.as_ref() != before {
            return Err(conflict());
        }
        let Some(after) = after else {
            return match fs::remove_file(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(error(cause)),
                _ => self.sync(),
            };
        };
        let text = serde_json::to_string(after).map_err(|cause| error(io::Error::other(cause)))?;
        let scratch = self.scratch("nthc-lease");
        let written = File::create_new(&scratch)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| match before {
                // Fails if someone has created it in the meantime, also where no folder can be locked.
                None => fs::hard_link(&scratch, &path),
                Some(_) => fs::rename(&scratch, &path),
            });
        // After a rename it does not exist any more.
        let _ = fs::remove_file(&scratch);
        written.map_err(error)?;
        self.sync()
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

fn conflict() -> DeliveryError {
    DeliveryError::Conflict {
        cause: "another run has taken the lease".to_owned(),
    }
}
