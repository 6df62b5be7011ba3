//! The Python client of README.md is what a reader copies: it must work as it stands.

use agencia_tests::{Kind, Setup};
use std::process::Command;

/// The program in the first block of README.md that is marked as Python.
fn program() -> String {
    let readme = include_str!("../../../README.md");
    let (_, from) = readme.split_once("```python\n").expect("README has a client in Python");
    let (program, _) = from.split_once("```").expect("the block ends");
    program.to_owned()
}

#[test]
fn the_python_client_books_a_room() {
    let setup = Setup::of(Kind::Stays, 3, 1);
    let daemon = setup.start();
    // The reader's daemon is on its own port; this one is wherever there was room.
    let program = program().replace("5051", &daemon.address().port().to_string());
    let output = Command::new("python3").args(["-c", &program]).output().expect("python3 is there");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let locator = said.split_whitespace().last().expect("it prints what it booked");
    assert!(locator.starts_with('H') && locator.len() == 6, "{said}");
    let sold = daemon.connect().ask(r#"{"action":"saude"}"#);
    assert_eq!(sold["reservas"], 1, "{sold}");
}

#[test]
fn the_client_is_as_short_as_readme_says() {
    let lines = program().lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 15, "{lines} lines");
}
