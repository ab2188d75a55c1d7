//! Everything behind `main`: two stories that meet at one seam (ARCHITECTURE.md).
//!
//! A library only so that the fuzzer can reach the reader of the file and the bench the planning of a request; nothing
//! here is an interface for others.
#![forbid(unsafe_code)]

mod apps;
mod cli;
mod config;
mod init;
mod observe;
mod proxy;
mod registry;
mod run;

/// The tests count what a worker allocates on the way of a request.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: onedoor_linux::allocations::Counting = onedoor_linux::allocations::Counting;

use std::process::ExitCode;

use cli::Todo;

/// The program, from its arguments to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    match cli::begin() {
        Todo::Nothing(code) => code,
        Todo::Run(loaded) => run::up(*loaded),
    }
}

/// Reads a text as `onedoor.toml`, touching neither disk nor environment, and says whether it is one. For the fuzzer.
#[must_use]
pub fn reads_as_config(text: &str) -> bool {
    config::check_text(text, &config::Env::made_of([])).is_ok()
}

/// A request planned against the routes of a file, as often as one likes. For the bench.
#[doc(hidden)]
#[derive(Debug)]
pub struct Rehearsal(proxy::Rehearsal);

impl Rehearsal {
    /// None: `file` is no `onedoor.toml`, or `request` not one whole request head.
    #[must_use]
    pub fn new(file: &str, request: &[u8]) -> Option<Self> {
        let loaded = config::check_text(file, &config::Env::made_of([])).ok()?;
        proxy::Rehearsal::new(loaded.proxy.routes, request).map(Self)
    }

    /// Plans the request, and names the route that takes it.
    #[inline(never)]
    pub fn plan(&mut self) -> Option<&str> {
        self.0.plan()
    }
}
