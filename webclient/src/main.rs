//! The program `agencia-web`: everything is in the library, which `agencia up` runs as well.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_web::run(std::env::args_os())
}
