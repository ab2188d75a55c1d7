//! Everything behind `main`: two stories that meet at one seam (ARCHITECTURE.md).
//!
//! A library only so that the fuzzer can reach the reader of the file and the way of a request, and the bench the
//! planning of one; nothing here is an interface for others.
#![forbid(unsafe_code)]

mod apps;
mod cli;
mod config;
mod control;
mod dev;
mod init;
mod prefix_doctor;
mod run;
mod suggest;

use std::process::ExitCode;

use onedoor_proxy::{loopback, observe, proxy, registry};

use cli::Todo;

/// The program, from its arguments to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    match cli::begin() {
        Todo::Nothing(code) => code,
        Todo::Run { loaded, site, reread, dev } => run::up(*loaded, &site, &reread, dev),
    }
}

/// Reads a text as a configuration in TOML or JSON, touching neither disk nor environment, and says whether it is one,
/// by itself or with its profile `p`. For the fuzzer.
#[must_use]
pub fn reads_as_config(text: &str) -> bool {
    let name = if text.starts_with('{') { "onedoor.json" } else { "onedoor.toml" };
    let env = config::Env::made_of([]);
    let is_one = |profile| match config::check_text_as(name, text, profile, &env) {
        Ok(_) => true,
        Err(errors) => {
            drop(errors.to_string());
            false
        }
    };
    let with_profile = is_one(Some("p"));
    is_one(None) || with_profile
}

/// Plays one client's connection through the real driver, against an upstream that says `upstream` piece by piece, and
/// tells what the client and each connection of the upstream heard. For the fuzzer.
#[cfg(any(test, fuzzing))]
#[must_use]
pub fn play_exchange(client: &[&[u8]], upstream: &[&[u8]]) -> (Vec<u8>, Vec<Vec<u8>>) {
    thread_local! {
        static STAGE: proxy::playhouse::Stage = {
            let name = format!("onedoor-{}-{:?}.sock", std::process::id(), std::thread::current().id());
            let address = std::env::temp_dir().join(name);
            let text = format!("[routes]\n\"/*\" = {{ proxy = \"unix:{}\", host = \"keep\" }}\n", address.display());
            let loaded = config::check_text(&text, &config::Env::made_of([])).expect("a good file");
            proxy::playhouse::Stage::new(loaded.proxy, &address)
        };
    }
    let heard = STAGE.with(|stage| stage.play(client, upstream));
    (heard.client, heard.upstream)
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

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn an_exchange_can_be_played_without_a_network() {
        let (client, upstream) =
            play_exchange(&[ASKED], &[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"]);
        assert!(
            client.starts_with(b"HTTP/1.1 200 OK\r\n") && client.ends_with(b"\r\n\r\nhi"),
            "{}",
            client.escape_ascii()
        );
        assert_eq!(upstream.len(), 1);
        assert!(upstream[0].starts_with(b"GET /a HTTP/1.1\r\nHost: a\r\n"), "{}", upstream[0].escape_ascii());
    }

    #[test]
    fn a_played_connection_carries_one_request_after_the_other() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (client, upstream) = play_exchange(&[ASKED, &[ASKED, ASKED].concat()], &[answer, answer, answer]);
        assert_eq!(client.windows(8).filter(|window| *window == b"HTTP/1.1").count(), 3);
        // All over one connection.
        assert_eq!(upstream.len(), 1);
    }

    #[test]
    fn an_upstream_that_says_nonsense_is_a_502() {
        let (client, _) = play_exchange(&[ASKED], &[b"hello"]);
        assert!(client.starts_with(b"HTTP/1.1 502 "), "{}", client.escape_ascii());
    }
}
