//! Disks that are full, and folders that cannot be written. The output stays as it was, whole.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::place::{Place, Ran, run};
use crate::project::{built, expected, good, leftovers, sources, write};

/// Whether the tests run as the machine's master, who may write everywhere.
fn is_root(place: &Place) -> bool {
    fs::metadata(place.path(".")).unwrap().uid() == 0
}

/// A small disk in memory, at the output folder.
struct Disk(PathBuf);

impl Disk {
    fn new(place: &Place, kib: usize) -> Option<Self> {
        let folder = place.path("build");
        fs::create_dir_all(&folder).unwrap();
        let disk = Self(folder);
        (is_root(place) && disk.mount(&format!("size={kib}k")))
            .then_some(disk)
            .or_else(|| {
                eprintln!("skipped, only root can mount a small disk");
                None
            })
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&self.0);
        mount.output().is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It is in a folder that is removed.
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_leaves_the_output_as_it_was() {
    let place = Place::new();
    write(&place, 0..6, 1);
    let old = expected(0..6, 1);
    // Each file and folder takes pages: what is there fits, and the new files do not fit beside it.
    let pages = |files: &crate::project::Files| -> usize {
        files.values().map(|text| text.len().div_ceil(4096)).sum()
    };
    let Some(disk) = Disk::new(&place, (2 * pages(&old) + 6) * 4) else {
        return;
    };
    good(&place.run(&["build"]));
    for (services, limit) in [(0..6, 2), (0..40, 1)] {
        sources(&place, "", services, limit);
        // What is staged for a change of all fits once; beside it stands what fills the rest.
        fs::write(place.path("build/mine"), vec![0; 4096 * pages(&old)]).unwrap_or(());
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("no space left on device"), "{ran:?}");
        assert!(ran.err.contains("no file was changed"), "{ran:?}");
        fs::remove_file(place.path("build/mine")).unwrap();
        assert_eq!(built(&place), old);
        assert!(leftovers(&place).is_empty());
    }
    let more = Command::new("mount")
        .args(["-o", "remount,size=8m"])
        .arg(&disk.0)
        .status()
        .unwrap();
    assert!(more.success());
    good(&place.run(&["build"]));
    assert_eq!(built(&place), expected(0..40, 1));
}

/// Runs a build that can write files of at most so many blocks of 512 bytes, or of 1024, by the shell.
fn limited(place: &Place, blocks: usize) -> Ran {
    let command = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" build");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &command, env!("CARGO_BIN_EXE_nthc")])
        .current_dir(place.path("."));
    run(&mut shell)
}

#[test]
fn a_file_that_cannot_be_written_whole_changes_nothing() {
    let place = Place::new();
    write(&place, 0..6, 1);
    good(&place.run(&["build"]));
    let before = built(&place);
    let record = place.read("build/.nthc-manifest.json");
    sources(&place, "", 0..6, 2);
    let ran = limited(&place, 1);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("file too large"), "{ran:?}");
    assert_eq!(built(&place), before);
    assert_eq!(place.read("build/.nthc-manifest.json"), record);
    assert!(leftovers(&place).is_empty());
    good(&place.run(&["build"]));
    assert_eq!(built(&place), expected(0..6, 2));
}

/// Everything of a place is another user's to read and nobody else's to write, but `open`.
fn as_another(place: &Place, arguments: &[&str]) -> Option<Ran> {
    if !is_root(place) {
        return Some(place.run(arguments));
    }
    let mut command = place.command(arguments);
    command.uid(65534).gid(65534);
    match command.output() {
        Ok(output) => Some(Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }),
        Err(cause) => {
            eprintln!("skipped, another user cannot run the binary: {cause}");
            None
        }
    }
}

fn permit(place: &Place, path: &str, mode: u32) {
    fs::set_permissions(place.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_is_read_only_is_said_before_anything_changes() {
    let place = Place::new();
    write(&place, 0..6, 1);
    good(&place.run(&["build"]));
    let before = built(&place);
    permit(&place, ".", 0o755);
    permit(&place, "build", 0o555);
    // What is up to date needs no writing.
    let Some(ran) = as_another(&place, &["build"]) else {
        return;
    };
    good(&ran);
    sources(&place, "", 0..6, 2);
    let ran = as_another(&place, &["build"]).unwrap();
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .contains("cannot lock build/.nthc-lock: permission denied"),
        "{ran:?}"
    );
    let ran = as_another(&place, &["build", "--check"]).unwrap();
    assert_eq!(ran.code, 1, "{ran:?}");

    // One folder of several: nothing is changed in the others either.
    permit(&place, "build", 0o777);
    permit(&place, "build/docs", 0o777);
    permit(&place, "build/alertmanager", 0o777);
    permit(&place, "build/prometheus", 0o555);
    let ran = as_another(&place, &["build"]).unwrap();
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .contains("cannot write to build/prometheus: permission denied"),
        "{ran:?}"
    );
    assert!(ran.err.contains("no file was changed"), "{ran:?}");
    assert_eq!(built(&place), before);
    assert!(leftovers(&place).is_empty());
    permit(&place, "build/prometheus", 0o777);
    good(&as_another(&place, &["build"]).unwrap());
    assert_eq!(built(&place), expected(0..6, 2));
}
