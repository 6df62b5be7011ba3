//! The daemon `agencia-passeios`: see `agencia-server` for what every daemon is.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_passeios::run(std::env::args_os())
}
