//! The client's side: odd bytes, then a sentinel on the same connection, and everything that came back.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::message::Ended;
use crate::kit::GUARD;

/// How many connections are under way at once.
const AT_ONCE: usize = 64;

/// Follows every odd request on its connection: whatever the door left unread of it would spoil this one.
pub(super) const SENTINEL: &[u8] =
    b"GET /sentinel HTTP/1.1\r\nHost: sentinel.test\r\nX-Sentinel: yes\r\nConnection: close\r\n\r\n";

/// What came back on one connection.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) bytes: Vec<u8>,
    pub(super) ended: Ended,
}

/// Sends each of `items` on a connection of its own, `send` doing the writing; what comes back, in their order.
pub(super) fn ask_all<T: Sync>(
    port: u16,
    items: &[T],
    send: impl Fn(&mut TcpStream, &T) + Sync,
) -> Vec<Heard> {
    let (next, heard) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let came = ask(port, |tcp| send(tcp, item));
                    heard.lock().expect("no client panics").push((number, came));
                }
            });
        }
    });
    let mut heard = heard.into_inner().expect("no client panics");
    heard.sort_by_key(|(number, _)| *number);
    heard.into_iter().map(|(_, came)| came).collect()
}

fn ask(port: u16, send: impl FnOnce(&mut TcpStream)) -> Heard {
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).expect("the door accepts");
    tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
    tcp.set_nodelay(true).expect("Nagle can be turned off");
    send(&mut tcp);
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 * 1024]);
    let ended = loop {
        match tcp.read(&mut piece) {
            Ok(0) => break Ended::Closed,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the door neither answers nor closes")
            }
            Err(_) => break Ended::Cut,
        }
    };
    // The door lingers for whoever has not said that there is no more.
    tcp.shutdown(Shutdown::Both).ok();
    Heard { bytes, ended }
}

/// Sends what can be sent: the door may refuse in the middle of it.
pub(super) fn send_if_wanted(tcp: &mut TcpStream, bytes: &[u8]) {
    tcp.write_all(bytes).ok();
}
