//! A fourth kind of product, car rental, as small as one can be: what `agencia-server` needs of a
//! product and nothing more. The tests of this crate run it.

mod product;

use std::process::ExitCode;

fn main() -> ExitCode {
    agencia_server::run::<product::Cars>(std::env::args_os())
}
