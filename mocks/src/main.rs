//! The `agencia-mocks` binary; everything it does is in the library, because
//! `agencia` does the same under its own name.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_mocks::run(std::env::args_os())
}
