//! An ext4 file system of its own, whose power can be cut.

use super::command::{attempt, run};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The packages and the commands that this needs; `perl` is on every Debian.
pub const NEEDS: [(&str, &str); 3] =
    [("mkfs.ext4", "e2fsprogs"), ("mount", "mount"), ("perl", "perl-base")];

/// `ioctl(FS_IOC_SHUTDOWN)` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: from then on nothing that was not
/// yet on the disk gets there, neither the journal nor any page.
const SHUTDOWN: &str = r#"open(my $root, "<", $ARGV[0]) or die "$ARGV[0]: $!";
    my $no_log_flush = pack("L", 2);
    ioctl($root, 0x8004587d, $no_log_flush) or die "FS_IOC_SHUTDOWN: $!""#;

/// A file with ext4 in it, mounted by a loop device.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// A new file system of so many megabytes, mounted.
    ///
    /// # Panics
    /// When it cannot be made or mounted.
    pub fn new(megabytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let disk = Self { folder };
        std::fs::create_dir(disk.path()).expect("a temporary folder takes a folder");
        let file = std::fs::File::create(disk.image()).expect("a temporary folder takes a file");
        file.set_len(megabytes << 20).expect("a sparse file takes no room");
        run(&["mkfs.ext4", "-q", "-F", &text(&disk.image())]);
        disk.mount();
        disk
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Writes everything to the disk that is not there yet.
    pub fn sync(&self) {
        run(&["sync", "--file-system", &text(&self.path())]);
    }

    /// Cuts the power. What is open stays open and fails.
    ///
    /// # Panics
    /// When the kernel refuses it.
    pub fn cut(&self) {
        run(&["perl", "-e", SHUTDOWN, &text(&self.path())]);
    }

    /// Powers it up again: what was not on the disk is forgotten and the journal is played back.
    /// Nobody may have a file open there.
    ///
    /// # Panics
    /// When somebody has, or what is on the disk cannot be mounted.
    pub fn power_up(&self) {
        run(&["umount", &text(&self.path())]);
        self.mount();
    }

    fn mount(&self) {
        run(&["mount", "-o", "loop", &text(&self.image()), &text(&self.path())]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a test that panicked may not have closed all that it opened yet.
        let output = attempt(&["umount", "-l", &text(&self.path())]);
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
