//! The binary `agencia`; everything it does is in the library.

use std::process::ExitCode;

/// A request makes many small allocations: with glibc's allocator a trip takes 8 % more instructions.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    agencia::run(std::env::args_os())
}
