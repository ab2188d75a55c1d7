//! Odd requests by hand, family by family: what proxies and servers have been caught reading in two ways.

mod framing;
mod heads;
mod rest;

use framing::{chunks, codings, lengths};
use heads::{hosts, lines, names_and_values};
use rest::{methods, rest, targets};

/// One odd request, or several on one connection.
#[derive(Clone, Debug)]
pub(super) struct Odd {
    pub(super) family: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) fate: Fate,
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No byte of it reaches an upstream as a whole request.
    Refused,
    Passed,
    /// Both are right, if everybody behind reads what passes in the same way.
    Either,
}

/// Every family.
pub(super) fn all() -> Vec<Odd> {
    [lengths(), codings(), chunks(), lines(), names_and_values(), hosts(), targets(), methods(), rest()]
        .concat()
}

fn family(name: &'static str, fate: Fate, requests: Vec<Vec<u8>>) -> Vec<Odd> {
    requests.into_iter().map(|bytes| Odd { family: name, bytes, fate }).collect()
}

/// A POST with these field lines, each given without its end, and a body.
fn post(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /p HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n{body}").into_bytes()
}

fn get(fields: &str) -> Vec<u8> {
    format!("GET /g HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n").into_bytes()
}

fn each<T: Copy>(items: &[T], request: impl Fn(T) -> Vec<u8>) -> Vec<Vec<u8>> {
    items.iter().map(|item| request(*item)).collect()
}

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n";
