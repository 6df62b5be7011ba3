//! The files in their folder are whole or as they were.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use agencia_mocks::{FLIGHTS_FILE, MocksError, Plan, STAYS_FILE, TOURS_FILE, write};

use crate::reader::{bytes, week};

const FILES: [&str; 3] = [FLIGHTS_FILE, STAYS_FILE, TOURS_FILE];

fn names(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn expected_names() -> BTreeSet<String> {
    FILES.map(str::to_owned).into()
}

fn fill_with(dir: &Path, content: &str) {
    for file in FILES {
        fs::write(dir.join(file), content).unwrap();
    }
}

fn all_hold(dir: &Path, content: &str) -> bool {
    FILES.iter().all(|file| fs::read_to_string(dir.join(file)).unwrap() == content)
}

#[test]
fn a_missing_folder_is_made_and_holds_the_three_files_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let written = write(&week(), &dir, &mut |_| {}).unwrap();
    assert_eq!(names(&dir), expected_names());
    let expected = bytes(&week());
    for (file, bytes, offers) in [
        (FLIGHTS_FILE, expected.flights, written.flights),
        (STAYS_FILE, expected.stays, written.stays),
        (TOURS_FILE, expected.tours, written.tours),
    ] {
        assert_eq!(fs::read(dir.join(file)).unwrap(), bytes, "{file}");
        let records: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(records.len() as u64, offers, "{file}");
    }
}

#[test]
fn the_old_files_stay_whole_until_the_new_ones_are() {
    let dir = tempfile::tempdir().unwrap();
    fill_with(dir.path(), "old");
    let mut steps = 0;
    write(&week(), dir.path(), &mut |_| {
        steps += 1;
        assert!(all_hold(dir.path(), "old"), "at step {steps}");
    })
    .unwrap();
    assert!(steps > 0);
    assert!(FILES.iter().all(|file| fs::metadata(dir.path().join(file)).unwrap().len() > 10_000));
    assert_eq!(names(dir.path()), expected_names());
}

#[test]
fn a_failure_leaves_the_old_files_and_nothing_half_made_and_names_the_path() {
    let dir = tempfile::tempdir().unwrap();
    fill_with(dir.path(), "old");
    let in_the_way = format!(".{TOURS_FILE}.partial");
    fs::create_dir(dir.path().join(&in_the_way)).unwrap();
    let error = write(&week(), dir.path(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains(dir.path().join(TOURS_FILE).to_str().unwrap()), "{error}");
    assert!(all_hold(dir.path(), "old"));
    let mut expected = expected_names();
    expected.insert(in_the_way);
    assert_eq!(names(dir.path()), expected);
}

#[test]
fn a_full_disk_leaves_the_old_files_and_is_told_with_the_path() {
    let dir = tempfile::tempdir().unwrap();
    fill_with(dir.path(), "old");
    std::os::unix::fs::symlink("/dev/full", dir.path().join(format!(".{STAYS_FILE}.partial")))
        .unwrap();
    match write(&week(), dir.path(), &mut |_| {}).unwrap_err() {
        MocksError::Write { path, source } => {
            assert_eq!(path, dir.path().join(STAYS_FILE));
            assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        }
        other => panic!("{other:?}"),
    }
    assert!(all_hold(dir.path(), "old"));
    assert_eq!(names(dir.path()), expected_names());
}

#[test]
fn what_a_killed_run_left_is_cleared_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(format!(".{STAYS_FILE}.partial")), vec![b'x'; 100_000_000]).unwrap();
    write(&week(), dir.path(), &mut |_| {}).unwrap();
    assert_eq!(names(dir.path()), expected_names());
    assert_eq!(fs::read(dir.path().join(STAYS_FILE)).unwrap(), bytes(&week()).stays);
}

#[test]
fn two_writers_do_not_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let mut second = None;
    write(&week(), dir.path(), &mut |_| {
        second.get_or_insert_with(|| write(&week(), dir.path(), &mut |_| {}));
    })
    .unwrap();
    assert!(matches!(second, Some(Err(MocksError::Busy { .. }))), "{second:?}");
    assert_eq!(fs::read(dir.path().join(STAYS_FILE)).unwrap(), bytes(&week()).stays);
    write(&week(), dir.path(), &mut |_| {}).unwrap();
}

#[test]
fn a_plan_beyond_its_limits_touches_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("inventory");
    let error = write(&Plan { days: 0, ..week() }, &dir, &mut |_| {}).unwrap_err();
    assert!(matches!(error, MocksError::Plan(_)), "{error:?}");
    assert!(!dir.exists());
}
