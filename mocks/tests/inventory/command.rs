//! The command as a person or a script meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use agencia_mocks::{FLIGHTS_FILE, Plan, STAYS_FILE, TOURS_FILE};
use chrono::Local;

use crate::reader::{bytes, date, day};

fn mocks(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agencia-mocks"))
        .arg("--out")
        .arg(dir)
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_arguments_are_the_plan() {
    let dir = tempfile::tempdir().unwrap();
    let output =
        mocks(dir.path(), &["--from", "2030-02-27", "--days", "3", "--scale", "2", "--seed", "9"]);
    assert!(output.status.success(), "{output:?}");
    let expected = bytes(&Plan { from: day("2030-02-27"), days: 3, scale: 2, seed: 9 });
    assert!(fs::read(dir.path().join(FLIGHTS_FILE)).unwrap() == expected.flights);
    assert!(fs::read(dir.path().join(STAYS_FILE)).unwrap() == expected.stays);
    assert!(fs::read(dir.path().join(TOURS_FILE)).unwrap() == expected.tours);
    for file in [FLIGHTS_FILE, STAYS_FILE, TOURS_FILE] {
        assert!(text(&output.stdout).contains(file), "{output:?}");
    }
    assert!(output.stderr.is_empty(), "a progress bar where there is no terminal: {output:?}");
}

#[test]
fn without_a_date_the_offers_begin_today_and_last_for_180_days() {
    let dir = tempfile::tempdir().unwrap();
    let before = Local::now().date_naive();
    assert!(mocks(dir.path(), &[]).status.success());
    let after = Local::now().date_naive();
    let tours: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(dir.path().join(TOURS_FILE)).unwrap()).unwrap();
    let mut days: Vec<_> = tours.iter().map(|tour| date(tour["dia"].as_str().unwrap())).collect();
    days.sort_unstable();
    days.dedup();
    assert!((before..=after).contains(&days[0]));
    assert_eq!(days.len(), 180);
    assert_eq!((days[179] - days[0]).num_days(), 179);
}

#[test]
fn wrong_arguments_are_explained_and_make_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("inventory");
    for (args, explanation) in [
        (&["--days", "0"][..], "days must be 1 to 3660, not 0"),
        (&["--days", "3661"], "days must be 1 to 3660, not 3661"),
        (&["--scale", "0"], "scale must be 1 to 1000, not 0"),
        (&["--scale", "1001"], "scale must be 1 to 1000, not 1001"),
        (&["--from", "2178-12-31", "--days", "2"], "the last day must not be after 2178-12-31"),
        (&["--from", "2179-01-01", "--days", "1"], "the last day must not be after 2178-12-31"),
        (&["--from", "1999-12-31"], "the first day must not be before 2000-01-01"),
        (&["--from", "31/12/2026"], "--from"),
        (&["--from", "2026-02-30"], "--from"),
        (&["--seed", "-1"], "-1"),
    ] {
        let output = mocks(&dir, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(text(&output.stderr).contains(explanation), "{args:?}: {output:?}");
        assert!(!dir.exists(), "{args:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_reason() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let output = mocks(&file.join("inventory"), &["--days", "1"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let complaint = text(&output.stderr);
    assert!(
        complaint.contains(file.to_str().unwrap()) && complaint.contains("Not a directory"),
        "{complaint}"
    );
}

#[test]
fn help_is_not_a_failure() {
    let output = mocks(Path::new("unused"), &["--help"]);
    assert!(output.status.success() && text(&output.stdout).contains("--scale"), "{output:?}");
}
