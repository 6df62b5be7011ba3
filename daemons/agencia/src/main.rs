//! The binary `agencia`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia::run(std::env::args_os())
}
