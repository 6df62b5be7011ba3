//! The daemon `agencia-hospedagens`: see `agencia-server` for what every daemon is.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_hospedagens::run(std::env::args_os())
}
