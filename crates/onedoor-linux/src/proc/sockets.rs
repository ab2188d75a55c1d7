//! Who listens where: the sockets of some processes, matched by inode with the kernel's tables of listeners.
//!
//! This is how an app is found that listens on another port than it was told, and how a listener is proved to belong
//! to the app and not to a stranger.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::Pid;

/// A socket that accepts connections, and a process that has it open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListeningSocket {
    pub pid: Pid,
    pub at: ListeningAt,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListeningAt {
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// A Unix socket in the abstract name space; the kernel shows a NUL within the name as `@`.
    Abstract(OsString),
}

/// Listening sockets that one of `pids` has open. One that several share is told once per process.
#[must_use]
pub fn listening_sockets(pids: &[Pid]) -> Vec<ListeningSocket> {
    let open: Vec<(Pid, u64)> =
        pids.iter().flat_map(|pid| socket_inodes(*pid).into_iter().map(|inode| (*pid, inode))).collect();
    // The kernel's tables hold every connection of the host as well: not read for nothing.
    if open.is_empty() {
        return Vec::new();
    }
    let listeners = listeners();
    let listening =
        |(pid, inode): (Pid, u64)| listeners.get(&inode).map(|at| ListeningSocket { pid, at: at.clone() });
    open.into_iter().filter_map(listening).collect()
}

/// A process that accepts connections on this TCP port, at whatever address; None: none that we are shown.
#[must_use]
pub fn who_listens_on(port: u16) -> Option<Pid> {
    let is_on_port = |at: &ListeningAt| matches!(at, ListeningAt::Tcp(at) if at.port() == port);
    let inodes: Vec<u64> =
        listeners().into_iter().filter(|(_, at)| is_on_port(at)).map(|(inode, _)| inode).collect();
    if inodes.is_empty() {
        return None;
    }
    let has_it = |pid: &Pid| socket_inodes(*pid).iter().any(|inode| inodes.contains(inode));
    super::processes().into_iter().map(|process| process.pid).find(has_it)
}

/// Every listener of our network namespace by its inode.
fn listeners() -> HashMap<u64, ListeningAt> {
    let read = |table: &str| std::fs::read(format!("/proc/self/net/{table}")).unwrap_or_default();
    let lines = |table: &[u8]| -> Vec<Vec<u8>> {
        table.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::to_vec).collect()
    };
    let mut found = HashMap::new();
    for table in ["tcp", "tcp6"] {
        found
            .extend(lines(&read(table)).iter().filter_map(|line| parse_tcp(std::str::from_utf8(line).ok()?)));
    }
    found.extend(lines(&read("unix")).iter().filter_map(|line| parse_unix(line)));
    found
}

/// The inodes behind `socket:[…]` in /proc/PID/fd.
fn socket_inodes(pid: Pid) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let inode = |link: PathBuf| -> Option<u64> {
        link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    entries.flatten().filter_map(|entry| inode(std::fs::read_link(entry.path()).ok()?)).collect()
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`; a state of 0A is LISTEN.
fn parse_tcp(line: &str) -> Option<(u64, ListeningAt)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, _, "0A", _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Each group of eight digits is a word in the machine's own byte order whose bytes are in the network's order.
    let word = |at: usize| -> Option<[u8; 4]> {
        Some(u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes())
    };
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let octets: Vec<u8> = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?))
        }
        _ => return None,
    };
    Some((inode.parse().ok()?, ListeningAt::Tcp(SocketAddr::new(ip, port))))
}

/// `Num: RefCount Protocol Flags Type St Inode Path`; the flag 0x10000 (`__SO_ACCEPTCON`) marks a listener. The path
/// may hold any byte but a newline, spaces included, and is missing for a socket without a name.
fn parse_unix(line: &[u8]) -> Option<(u64, ListeningAt)> {
    const ACCEPTS: u32 = 0x1_0000;
    let mut rest = line;
    let mut fields = Vec::with_capacity(7);
    while fields.len() < 7 {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (field, after) = rest.split_at_checked(end)?;
        fields.push(std::str::from_utf8(field).ok()?);
        rest = after;
    }
    let [_, _, _, flags, _, _, inode] = fields.as_slice() else { return None };
    if u32::from_str_radix(flags, 16).ok()? & ACCEPTS == 0 {
        return None;
    }
    let name = rest.strip_prefix(b" ").filter(|name| !name.is_empty())?;
    let at = match name.strip_prefix(b"@") {
        Some(name) => ListeningAt::Abstract(OsString::from_vec(name.to_vec())),
        None => ListeningAt::Unix(PathBuf::from(std::ffi::OsStr::from_bytes(name))),
    };
    Some((inode.parse().ok()?, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::UnixListener;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_kernels_tables_are_read_as_it_writes_them() {
        let tail =
            "00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0";
        let at = |text: &str| Some((4711, ListeningAt::Tcp(text.parse().unwrap())));
        assert_eq!(parse_tcp(&format!("   0: 0100007F:1F90 {tail}")), at("127.0.0.1:8080"));
        assert_eq!(parse_tcp(&format!("   0: 00000000:0050 {tail}")), at("0.0.0.0:80"));
        let six = "00000000000000000000000001000000";
        assert_eq!(parse_tcp(&format!("   0: {six}:1F90 {tail}")), at("[::1]:8080"));
        assert_eq!(parse_tcp(&format!("   0: 0100007F:1F90 {}", tail.replace("0A", "01"))), None);
        assert_eq!(parse_tcp(""), None);
    }

    #[test]
    fn a_unix_path_may_hold_spaces() {
        let line = b"0000000000000000: 00000002 00000000 00010000 0001 01 31415 /run/a b.sock";
        assert_eq!(parse_unix(line), Some((31_415, ListeningAt::Unix("/run/a b.sock".into()))));
        let line = b"0000000000000000: 00000002 00000000 00010000 0001 01 31415 @door";
        assert_eq!(parse_unix(line), Some((31_415, ListeningAt::Abstract("door".into()))));
        let connected = b"0000000000000000: 00000003 00000000 00000000 0001 03 31415 /run/a.sock";
        assert_eq!(parse_unix(connected), None);
        assert_eq!(parse_unix(b"0000000000000000: 00000002 00000000 00010000 0001 01 31415"), None);
    }

    #[test]
    fn our_own_listeners_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.sock");
        let name = format!("onedoor-test-{}", Pid::ours());
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let unix = UnixListener::bind(&path).unwrap();
        let abstract_name = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let hidden = UnixListener::bind_addr(&abstract_name).unwrap();
        let found = listening_sockets(&[Pid::ours()]);
        for at in [
            ListeningAt::Tcp(tcp.local_addr().unwrap()),
            ListeningAt::Unix(path),
            ListeningAt::Abstract(name.into()),
        ] {
            assert!(
                found.contains(&ListeningSocket { pid: Pid::ours(), at: at.clone() }),
                "{at:?} in {found:?}"
            );
        }
        assert_eq!(who_listens_on(tcp.local_addr().unwrap().port()), Some(Pid::ours()));
        drop((tcp, unix, hidden));
    }

    #[test]
    fn nobody_listens_for_a_process_that_is_gone() {
        assert_eq!(listening_sockets(&[Pid::new(i32::MAX).unwrap()]), []);
    }
}
