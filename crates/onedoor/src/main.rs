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

fn main() {}
