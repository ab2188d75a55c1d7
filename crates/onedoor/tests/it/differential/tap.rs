//! The tap: an upstream that records the exact bytes of every request that comes through the door, and answers with
//! the number of the record.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::message::{Message, Read, read_request};
use crate::kit::GUARD;

#[derive(Debug)]
pub(super) struct Tap {
    port: u16,
    records: Arc<Records>,
}

/// One request as it left the door.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) bytes: Vec<u8>,
    pub(super) message: Message,
}

#[derive(Debug, Default)]
struct Records {
    next: AtomicUsize,
    whole: Mutex<HashMap<usize, Record>>,
    /// Requests that the door began and gave up.
    partial: Mutex<Vec<Vec<u8>>>,
    /// What our own reader could not read: each a bug of the door.
    bad: Mutex<Vec<String>>,
}

impl Tap {
    pub(super) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let records = Arc::new(Records::default());
        let shared = Arc::clone(&records);
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let records = Arc::clone(&shared);
                thread::spawn(move || records.follow(tcp));
            }
        });
        Self { port, records }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The record whose number stood in an answer.
    pub(super) fn record(&self, number: usize) -> Record {
        self.records.whole.lock().expect("no recorder panics")[&number].clone()
    }

    pub(super) fn partial(&self) -> Vec<Vec<u8>> {
        self.records.partial.lock().expect("no recorder panics").clone()
    }

    pub(super) fn bad(&self) -> Vec<String> {
        self.records.bad.lock().expect("no recorder panics").clone()
    }
}

impl Records {
    /// Reads one of the door's connections to its end.
    fn follow(&self, mut tcp: TcpStream) {
        tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
        let mut unread = Vec::new();
        let mut piece = [0; 16 * 1024];
        let mut invited = false;
        loop {
            match read_request(&unread) {
                Ok(Read::Whole { message, bytes }) => {
                    invited = false;
                    let bytes = unread.drain(..bytes).collect();
                    let number = self.keep(Record { bytes, message });
                    let answer =
                        format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Record: {number}\r\n\r\n");
                    if tcp.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                    continue;
                }
                Ok(Read::Partial) => {}
                Err(why) => {
                    let shown = unread.escape_ascii();
                    self.bad.lock().expect("no recorder panics").push(format!("{why} in {shown}"));
                    return;
                }
            }
            if !invited && expects(&unread) {
                invited = true;
                tcp.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok();
            }
            match tcp.read(&mut piece) {
                Ok(read @ 1..) => unread.extend_from_slice(&piece[..read]),
                Ok(0) | Err(_) => break,
            }
        }
        if !unread.is_empty() {
            self.partial.lock().expect("no recorder panics").push(unread);
        }
    }

    fn keep(&self, record: Record) -> usize {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.whole.lock().expect("no recorder panics").insert(number, record);
        number
    }
}

/// A whole head with an Expect; the door writes it in this way alone.
fn expects(unread: &[u8]) -> bool {
    let has = |needle: &[u8]| unread.windows(needle.len()).any(|window| window == needle);
    has(b"\r\n\r\n") && has(b"\r\nExpect: 100-continue\r\n")
}
