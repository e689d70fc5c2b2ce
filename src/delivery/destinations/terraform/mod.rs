//! A root module of Terraform or OpenTofu, such as that of PagerDuty: plan and apply are run and summarized, never
//! reimplemented.
//!
//! What is live is the list of changes that Terraform plans, and what is desired is an empty list. The plan of Terraform is kept
//! in a file; its SHA-256 is part of the live content. So a plan of nthc is bound to exactly the reviewed plan of Terraform:
//! [`read`](Destination::read) plans anew, [`read_one`](Destination::read_one) reads the kept plan, and
//! [`write`](Destination::write) applies it. Terraform itself refuses it if the state has changed since.
//!
//! Values that Terraform marks as sensitive are in no content, and neither are texts that contain one. The file of the plan
//! contains them: it can be read by its owner only, and is removed after the apply.

mod program;
mod summary;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::program::{Output, Program};
use self::summary::Unreadable;
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner};

/// How to run Terraform.
#[derive(Debug, Clone)]
pub struct TerraformSettings {
    /// The name of the object: `pagerduty`.
    pub name: String,
    /// The folder of the root module.
    pub root: PathBuf,
    /// The program; `None` to use the first of `tofu` and `terraform` in `PATH`.
    pub program: Option<PathBuf>,
    /// The workspace; `None` for the selected one.
    pub workspace: Option<String>,
    /// The file in which the reviewed plan is kept; `None` only to read.
    pub plan_file: Option<PathBuf>,
    /// Whose root it is: Terraform's state has no mark.
    pub owner: Owner,
    /// The longest run of each command.
    pub timeout: Duration,
}

/// A root module of Terraform or OpenTofu.
#[derive(Debug)]
pub struct Terraform {
    name: String,
    workspace: Option<String>,
    plan_file: Option<PathBuf>,
    owner: Owner,
    program: Program,
    /// True once `init` has run.
    is_ready: Mutex<bool>,
}

impl Terraform {
    /// Creates the destination. Nothing is run yet.
    ///
    /// # Errors
    ///
    /// If neither program is installed, or the folder does not exist.
    pub fn new(settings: TerraformSettings) -> Result<Self, DeliveryError> {
        let found = settings
            .program
            .or_else(|| Program::find(std::env::var_os("PATH").as_deref()));
        let Some(path) = found else {
            return Err(DeliveryError::Program {
                program: "tofu".to_owned(),
                cause: "neither `tofu` nor `terraform` is installed".to_owned(),
            });
        };
        let root = absolute(&settings.root)?;
        if !root.is_dir() {
            return Err(io_error(&root, &io::Error::from(io::ErrorKind::NotFound)));
        }
        let plan_file = settings.plan_file.as_deref().map(absolute).transpose()?;
        Ok(Self {
            name: settings.name,
            workspace: settings.workspace.clone(),
            plan_file,
            owner: settings.owner,
            program: Program {
                path,
                root,
                workspace: settings.workspace,
                timeout: settings.timeout,
            },
            is_ready: Mutex::new(false),
        })
    }

    fn key(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::TerraformRoot, "", self.name.as_str())
    }

    /// Runs a command that must succeed.
    fn run(&self, arguments: &[&OsStr]) -> Result<Output, DeliveryError> {
        let output = self.program.run(arguments)?;
        match output.code {
            Some(0) => Ok(output),
            _ => Err(self.failure(&output)),
        }
    }

    /// The error of a command that failed.
    fn failure(&self, output: &Output) -> DeliveryError {
        let cause = match output.stderr.as_str() {
            "" => "it reports no cause",
            text => text,
        };
        // Both programs use these words.
        if cause.contains("Saved plan is stale") || cause.contains("Error acquiring the state lock")
        {
            return DeliveryError::Conflict {
                cause: cause.to_owned(),
            };
        }
        self.program.error(cause)
    }

    /// Prepares the folder, once.
    fn prepare(&self) -> Result<(), DeliveryError> {
        let mut is_ready = match self.is_ready.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };
        if !*is_ready {
            self.run(&[
                "init".as_ref(),
                "-input=false".as_ref(),
                "-no-color".as_ref(),
            ])?;
            *is_ready = true;
        }
        Ok(())
    }

    /// Plans, and writes the plan to a file.
    fn plan_to(&self, file: &Path) -> Result<(), DeliveryError> {
        self.prepare()?;
        create_private(file)?;
        let mut out = std::ffi::OsString::from("-out=");
        out.push(file);
        let arguments: [&OsStr; 5] = [
            "plan".as_ref(),
            "-input=false".as_ref(),
            "-no-color".as_ref(),
            "-detailed-exitcode".as_ref(),
            &out,
        ];
        let output = self.program.run(&arguments)?;
        match output.code {
            // 2: there are changes.
            Some(0 | 2) => Ok(()),
            _ => {
                remove(file)?;
                Err(self.failure(&output))
            }
        }
    }

    /// The live content of a plan in a file.
    fn content(&self, file: &Path) -> Result<Value, DeliveryError> {
        self.prepare()?;
        let bytes = fs::read(file).map_err(|cause| io_error(file, &cause))?;
        let arguments: [&OsStr; 4] = [
            "show".as_ref(),
            "-json".as_ref(),
            "-no-color".as_ref(),
            file.as_os_str(),
        ];
        let output = self.run(&arguments)?;
        let malformed = |why: String| DeliveryError::Malformed { why };
        let plan: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
            malformed(format!(
                "`{} show -json` writes no JSON",
                self.program.name()
            ))
        })?;
        let changes = summary::changes(&plan).map_err(|unreadable| match unreadable {
            Unreadable::Format(version) => malformed(format!(
                "a plan of format `{}`, which this nthc does not know",
                version.escape_debug()
            )),
            Unreadable::Incomplete => self.program.error("the plan has errors"),
        })?;
        Ok(if changes.is_empty() {
            nothing_to_change()
        } else {
            let mut hash = String::from("sha256:");
            for byte in Sha256::digest(&bytes) {
                let _ = write!(hash, "{byte:02x}");
            }
            json!({ "changes": changes, "plan": hash })
        })
    }

    /// Plans anew. The plan is kept if there is a file for it.
    fn plan_anew(&self) -> Result<LiveObject, DeliveryError> {
        let content = match &self.plan_file {
            Some(file) => {
                self.plan_to(file)?;
                let content = self.content(file)?;
                if planned_changes(&content).is_empty() {
                    remove(file)?;
                }
                content
            }
            None => {
                let file = scratch_file();
                let content = self.plan_to(&file).and_then(|()| self.content(&file));
                remove(&file)?;
                content?
            }
        };
        Ok(self.live(content))
    }

    fn live(&self, content: Value) -> LiveObject {
        LiveObject::new(self.key(), Some(self.owner.clone()), content)
    }

    /// Reads the kept plan, or plans anew if none is kept.
    fn current(&self) -> Result<LiveObject, DeliveryError> {
        match &self.plan_file {
            Some(file) if file.is_file() => Ok(self.live(self.content(file)?)),
            _ => self.plan_anew(),
        }
    }

    fn unsupported(&self, key: &ObjectKey, why: &str) -> DeliveryError {
        DeliveryError::Unsupported {
            key: key.clone(),
            why: why.to_owned(),
        }
    }
}

/// The content of a root module whose state is as desired.
fn nothing_to_change() -> Value {
    json!({ "changes": [] })
}

/// The changes that a live content of a [`ObjectKind::TerraformRoot`] lists: `{address, action, attributes}`.
pub fn planned_changes(content: &Value) -> &[Value] {
    match content.get("changes") {
        Some(Value::Array(changes)) => changes,
        _ => &[],
    }
}

/// The number of objects that the changes of a live content delete or replace.
pub fn planned_deletions(content: &Value) -> usize {
    summary::deletions(planned_changes(content))
}

impl Destination for Terraform {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Terraform,
            url: self.program.root().display().to_string(),
            scope: self.workspace.clone(),
        }
    }

    /// Compares the generated files, `content.files`, with those in the folder: Terraform plans what is in the folder.
    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        if object.key != self.key() {
            return Err(self.unsupported(&object.key, "Terraform manages one root module only"));
        }
        let files = object.content.get("files").and_then(Value::as_object);
        for (name, generated) in files.into_iter().flatten() {
            let is_name = Path::new(name).file_name() == Some(OsStr::new(name));
            if !is_name {
                return Err(self.unsupported(&object.key, "the name of a file has a folder"));
            }
            let path = self.program.root().join(name);
            let there = match fs::read(&path) {
                Ok(bytes) => serde_json::from_slice::<Value>(&bytes).ok(),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
                Err(cause) => return Err(io_error(&path, &cause)),
            };
            if there.as_ref() != Some(generated) {
                let why = format!(
                    "`{}` in its folder is not what was built: run `nthc build` first",
                    name.escape_debug()
                );
                return Err(self.unsupported(&object.key, &why));
            }
        }
        Ok(DesiredObject {
            content: nothing_to_change(),
            ..object
        })
    }

    fn read(&self, _: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        // Without it the module was not built; its state is left to Terraform.
        if !wanted.contains(&self.key()) {
            return Ok(Vec::new());
        }
        Ok(vec![self.plan_anew()?])
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        if *key != self.key() {
            return Ok(None);
        }
        self.current().map(Some)
    }

    fn limits(&self, _: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        Ok(Vec::new())
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        if object.key != self.key() || *owner != self.owner {
            return Err(self.unsupported(&object.key, "it is another root module"));
        }
        let Some(file) = &self.plan_file else {
            return Err(self.unsupported(&object.key, "no plan is kept"));
        };
        let current = self.current()?;
        if before.is_none_or(|before| before.hash != current.hash) {
            return Err(DeliveryError::Conflict {
                cause: "the plan of Terraform is not the reviewed one".to_owned(),
            });
        }
        if planned_changes(&current.content).is_empty() {
            return remove(file);
        }
        let arguments: [&OsStr; 4] = [
            "apply".as_ref(),
            "-input=false".as_ref(),
            "-no-color".as_ref(),
            file.as_os_str(),
        ];
        let applied = self.run(&arguments);
        if let Err(DeliveryError::Unavailable { .. }) = &applied {
            return applied.map(drop);
        }
        // A plan is applied once. After a failure the state is another, and the next plan says what is left.
        remove(file)?;
        match applied {
            Ok(_) => Ok(()),
            // It may have been applied before a crash.
            Err(error @ DeliveryError::Conflict { .. }) => {
                let now = self.plan_anew()?;
                if planned_changes(&now.content).is_empty() {
                    remove(file)
                } else {
                    remove(file)?;
                    Err(error)
                }
            }
            Err(error) => Err(error),
        }
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        Err(self.unsupported(
            &object.key,
            "nthc never destroys a root module: run `terraform destroy` in its folder",
        ))
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Healthy if a new plan has no changes.
    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let mut health = Vec::new();
        for key in keys {
            let is_ours = *key == self.key();
            let left = if is_ours {
                planned_changes(&self.current()?.content).len()
            } else {
                0
            };
            let health_of_root = match left {
                _ if !is_ours => Health::Unknown,
                0 => Health::Healthy,
                left => Health::Failing {
                    error: format!(
                        "Terraform still plans {left} {}",
                        if left == 1 { "change" } else { "changes" }
                    ),
                },
            };
            health.push(ObjectHealth {
                key: key.clone(),
                health: health_of_root,
            });
        }
        Ok(health)
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        None
    }
}

fn io_error(path: &Path, cause: &io::Error) -> DeliveryError {
    DeliveryError::Io {
        path: path.display().to_string(),
        cause: cause.to_string(),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, DeliveryError> {
    std::path::absolute(path).map_err(|cause| io_error(path, &cause))
}

/// A path of a temporary file that no other run uses.
fn scratch_file() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("nthc-{}-{number}.tfplan", std::process::id()))
}

/// Creates an empty file that only its owner can read, instead of what is there: a plan contains sensitive values.
fn create_private(path: &Path) -> Result<(), DeliveryError> {
    remove(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)
        .map(drop)
        .map_err(|cause| io_error(path, &cause))
}

fn remove(path: &Path) -> Result<(), DeliveryError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(io_error(path, &cause)),
        _ => Ok(()),
    }
}
