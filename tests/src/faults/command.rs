//! Commands of the system that the suites need, as root.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Checks that this is root and that these commands are there.
///
/// # Panics
/// When it is not, or one is missing: by name, with the package that has it.
pub fn need_root(commands: &[(&str, &str)]) {
    assert!(
        rustix::process::geteuid().is_root(),
        "this suite needs root: it attaches to processes, mounts disks and makes networks"
    );
    for (command, package) in commands {
        assert!(
            find(command).is_some(),
            "{command} is missing: apt-get install --no-install-recommends {package}"
        );
    }
}

/// The library that a package of Debian's puts under `/usr/lib/ARCHITECTURE/`.
///
/// # Panics
/// When it is not installed.
pub fn library(path: &str, package: &str) -> PathBuf {
    let architectures = std::fs::read_dir("/usr/lib").expect("there is a folder of libraries");
    let mut places = architectures.filter_map(Result::ok).map(|entry| entry.path().join(path));
    let found = places.find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("{path} is missing: apt-get install --no-install-recommends {package}")
    })
}

fn find(command: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // An administrator's commands are not in everybody's path.
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&folders)
        .chain(more)
        .map(|folder| folder.join(command))
        .find(|path| path.is_file())
}

/// Runs a command to its end and answers what it printed.
///
/// # Panics
/// When it cannot be started or fails.
pub fn run(words: &[&str]) -> String {
    let output = attempt(words);
    assert!(
        output.status.success(),
        "{words:?}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command to its end, which may be a failure.
///
/// # Panics
/// When it cannot be started.
pub fn attempt(words: &[&str]) -> Output {
    let program = find(words[0]);
    let program = program.as_deref().unwrap_or(Path::new(words[0]));
    let output = Command::new(program).args(&words[1..]).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{words:?}: {error}"))
}
