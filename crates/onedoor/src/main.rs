//! ENTRYPOINT: arguments → run → exit code; nothing else.
#![forbid(unsafe_code)]

mod apps;
mod cli;
mod config;
mod init;
mod observe;
mod proxy;
mod registry;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
