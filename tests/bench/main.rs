//! The agency beside what people would pick instead, each comparison in interleaved rounds on one
//! machine: absolute numbers are not stable, ratios are.
//!
//! `tests/bench/run` builds and runs it. It fails when something does not work or books do not agree,
//! never because of a time: a budget that is missed is printed as such. The word `instructions` has it
//! count instead, for `tests/run instructions`.

mod run;
mod figure;
mod load;
mod request;
mod inventory;
mod peers;
mod echo;
mod site;
mod search;
mod trip;
mod purchase;
mod page;
mod scale;
mod slow;
mod mix;
mod visitor;
mod instructions;
mod plot;

use figure::Figures;
use peers::Failure;
use run::Run;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A comparison.
type Measure = fn(&Run, &mut Figures) -> Result<(), Failure>;

/// All of them, in their order.
const ALL: [(&str, Measure); 7] = [
    ("search", search::measure),
    ("trip", trip::measure),
    ("purchase", purchase::measure),
    ("page", page::measure),
    ("scale", scale::measure),
    ("slow", slow::measure),
    ("mix", mix::measure),
];

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, reply] = words.as_slice()
        && word == "echo"
    {
        return Ok(echo::serve(Path::new(reply))?);
    }
    if cfg!(debug_assertions) {
        return Err("a debug build's figures say nothing: run tests/bench/run".into());
    }
    if words == ["instructions"] {
        return instructions::compare(&folder()?);
    }
    let quick = words.iter().any(|word| word == "--quick");
    let run = Run::new(folder()?, quick);
    let mut figures = Figures::default();
    for (name, measure) in ALL {
        if !words.iter().any(|word| word == name) {
            continue;
        }
        println!("\n==> {name}");
        Figures::print_heading();
        // Nobody waits for what the one before has written.
        peers::run(&mut Command::new("sync"))?;
        let begun = Instant::now();
        measure(&run, &mut figures).map_err(|error| format!("{name}: {error}"))?;
        println!("{name} took {:.0?}", begun.elapsed());
    }
    println!("\n==> all figures");
    figures.print();
    let path = run.folder.join("results.json");
    figures.write(&path)?;
    println!("{} and SVGs beside it", path.display());
    Ok(())
}

/// `target/bench`, from where this program is.
fn folder() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    // target/release/examples/bench
    let target = own.ancestors().nth(3).ok_or("the program is in target/release/examples")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
