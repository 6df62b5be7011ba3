//! The command line: arguments in, a progress bar meanwhile, one line for each file out.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{Local, NaiveDate};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::files::{FLIGHTS_FILE, MocksError, STAYS_FILE, TOURS_FILE, write};
use crate::generate::Written;
use crate::plan::{DAYS_DEFAULT, Plan, SEED_DEFAULT};

/// Makes inventory for demonstrations and tests: passagens.json, hospedagens.json and passeios.json
#[derive(Parser)]
#[command(name = "agencia-mocks", version)]
struct Arguments {
    /// Folder for the three files; made when it is missing, files in it are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// First day with offers, as 2026-12-24 [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// How many days have offers
    #[arg(long, value_name = "N", default_value_t = DAYS_DEFAULT)]
    days: u32,
    /// How many times the real places: the others are invented towns
    #[arg(long, value_name = "N", default_value_t = 1)]
    scale: u32,
    /// The same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = SEED_DEFAULT)]
    seed: u64,
}

impl Arguments {
    /// The folder and a plan within its limits.
    fn checked(self) -> Result<(PathBuf, Plan), clap::Error> {
        let from = self.from.unwrap_or_else(|| Local::now().date_naive());
        let plan = Plan { from, days: self.days, scale: self.scale, seed: self.seed };
        match plan.check() {
            Ok(()) => Ok((self.out, plan)),
            Err(error) => Err(Self::command().error(ErrorKind::ValueValidation, error)),
        }
    }
}

/// Runs the command; the first of `args` is the program's name.
///
/// Exits with 0 when the files are whole, 1 when they could not be written and 2 when the
/// arguments are wrong. Help and errors are printed.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (dir, plan) = match Arguments::try_parse_from(args).and_then(Arguments::checked) {
        Ok(wanted) => wanted,
        Err(error) => {
            // Nobody is left to tell when the terminal itself is gone.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match make(&plan, &dir) {
        Ok(written) => {
            report(&dir, &written);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The command line of `agencia-mocks`, for its manual page and completions.
pub fn command() -> clap::Command {
    Arguments::command()
}

fn make(plan: &Plan, dir: &Path) -> Result<Written, MocksError> {
    let bar = progress_bar();
    let written = write(plan, dir, &mut |progress| {
        bar.set_length(progress.steps);
        bar.set_position(progress.done);
        if progress.done == progress.steps {
            bar.set_message("saving");
        }
    });
    bar.finish_and_clear();
    written
}

fn progress_bar() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template(
        "{bar:40} {percent:>3}% of {len} days at places, {eta} left {msg}",
    )
    .expect("the template is well formed");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

fn report(dir: &Path, written: &Written) {
    let mut out = io::stdout().lock();
    for (file, offers) in
        [(FLIGHTS_FILE, written.flights), (STAYS_FILE, written.stays), (TOURS_FILE, written.tours)]
    {
        // The files are whole; a closed pipe does not make the run a failure.
        let _ = writeln!(out, "{}: {offers} offers", dir.join(file).display());
    }
}

/// Prints the error and what caused it on one line.
fn complain(error: &dyn Error) {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let line = causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"));
    eprintln!("agencia-mocks: {line}");
}
