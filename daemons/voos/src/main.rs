//! The daemon `agencia-voos`: see `agencia-server` for what every daemon is.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_voos::run(std::env::args_os())
}
