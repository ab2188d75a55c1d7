//! Watching a shared listener so that a new connection wakes one of those that sleep, not all.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};

use super::Listener;

/// A worker's own descriptor of a listener, for its own epoll instance to watch.
#[derive(Debug)]
pub struct Knocker(OwnedFd);

impl Knocker {
    /// # Errors
    /// What fcntl(2) answers to F_DUPFD_CLOEXEC: EMFILE.
    pub fn new(listener: &Listener) -> io::Result<Self> {
        Ok(Self(listener.as_fd().try_clone_to_owned()?))
    }

    /// Once the caller's runtime watches it: turns that watch into one of which the kernel wakes one at a time
    /// (epoll_ctl(2), EPOLLEXCLUSIVE). Without it a connection wakes every worker, and all but one find nothing.
    ///
    /// The runtime neither sets that flag nor shows its epoll descriptor, but proc(5) does, with what it said about
    /// ours (`/proc/self/fdinfo`): the watch is taken off and put back on with the same data and the flag.
    ///
    /// # Errors
    /// Whatever stands in the way, above all a /proc that does not tell (gVisor). The watch is as it was then.
    pub fn make_exclusive(&self) -> io::Result<()> {
        let (number, data) = self.watcher()?;
        #[expect(
            unsafe_code,
            reason = "only /proc knows the runtime's epoll descriptor, and as a bare number"
        )]
        // SAFETY: it was open a moment ago and watches our descriptor, so it is the runtime's that the caller is in,
        // and that outlives the call.
        let epoll = unsafe { BorrowedFd::borrow_raw(number) };
        let data = epoll::EventData::new_u64(data);
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        // EPOLL_CTL_MOD may not set the flag.
        epoll::delete(epoll, &self.0)?;
        if let Err(error) = epoll::add(epoll, &self.0, data, once | epoll::EventFlags::EXCLUSIVE) {
            epoll::add(epoll, &self.0, data, once)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// The epoll descriptor that watches ours, and the data it gives back. No other of the process has our number.
    fn watcher(&self) -> io::Result<(RawFd, u64)> {
        for entry in std::fs::read_dir("/proc/self/fd")? {
            let entry = entry?;
            // What another thread has closed in between is not what is looked for.
            if std::fs::read_link(entry.path()).is_ok_and(|kind| kind.as_os_str() == "anon_inode:[eventpoll]")
                && let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok())
                && let Ok(info) = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}"))
                && let Some(data) = watched_data(&info, self.0.as_raw_fd())
            {
                return Ok((number, data));
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// Whether somebody waits in the queue. Far cheaper than an accept(2) that comes in vain: that makes a socket first.
    #[must_use]
    pub fn is_knocked(&self) -> bool {
        let mut interest = [PollFd::new(&self.0, PollFlags::IN)];
        // Whoever cannot be asked is tried.
        !matches!(poll(&mut interest, Some(&Timespec::default())), Ok(0))
    }
}

impl AsFd for Knocker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Knocker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// What an epoll descriptor's fdinfo (proc(5)) says about the data of the descriptor it watches under `number`.
fn watched_data(info: &str, number: RawFd) -> Option<u64> {
    info.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let mut after = |label: &str| words.find(|word| *word == label).and_then(|_| words.next());
        let watched: RawFd = after("tfd:")?.parse().ok()?;
        let data = u64::from_str_radix(after("data:")?, 16).ok()?;
        (watched == number).then_some(data)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::listen_tcp;
    use std::net::TcpStream;

    #[test]
    fn a_knock_wakes_one_of_two_who_watch() {
        if std::fs::read("/proc/thread-self/syscall").is_err() {
            eprintln!("SKIPPED: this kernel does not say what a thread waits for");
            return;
        }
        let listener = listen_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let watchers: Vec<_> = (0..2)
            .map(|number| {
                let knocker = Knocker::new(&listener).unwrap();
                let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
                let data = epoll::EventData::new_u64(0xfeed_0000 + number);
                let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
                epoll::add(&epoll, &knocker, data, flags).unwrap();
                knocker.make_exclusive().unwrap();
                assert!(!knocker.is_knocked());
                (epoll, knocker)
            })
            .collect();
        let (told, telling) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let (told, watchers) = (&told, &watchers);
            for (epoll, knocker) in watchers {
                scope.spawn(move || {
                    let mut events = Vec::with_capacity(4);
                    epoll::wait(epoll, rustix::buffer::spare_capacity(&mut events), None).unwrap();
                    assert!(knocker.is_knocked());
                    told.send(events[0].data.u64()).unwrap();
                });
            }
            // Both sleep in epoll_wait(2) before anybody comes.
            while sleepers() < 2 {
                std::thread::yield_now();
            }
            let first = TcpStream::connect(listener.tcp_address().unwrap()).unwrap();
            let one = telling.recv().unwrap();
            assert!((0xfeed_0000..0xfeed_0002).contains(&one), "the data is what it was: {one:x}");
            drop(first);
            drop(listener.accept().unwrap());
            // The other one sleeps until the next comes.
            assert!(telling.try_recv().is_err());
            let _second = TcpStream::connect(listener.tcp_address().unwrap()).unwrap();
            assert_ne!(telling.recv().unwrap(), one);
        });
    }

    /// Threads of this process that wait in epoll_wait(2).
    fn sleepers() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("syscall")).ok())
            .filter(|call| {
                let number = call.split(' ').next().and_then(|number| number.parse::<i64>().ok());
                number.is_some_and(|number| number == libc::SYS_epoll_wait || number == libc::SYS_epoll_pwait)
            })
            .count()
    }

    #[test]
    fn what_an_epoll_instance_watches_is_read_as_the_kernel_writes_it() {
        let info = "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\n\
            tfd:        4 events:       19 data:     7f2a00000010  pos:0 ino:750f81 sdev:f\n\
            tfd:       14 events: 8000201d data: ffffffffffffffff  pos:0 ino:750f82 sdev:f\n";
        assert_eq!(watched_data(info, 4), Some(0x7f2a_0000_0010));
        assert_eq!(watched_data(info, 14), Some(u64::MAX));
        assert_eq!(watched_data(info, 1), None);
        assert_eq!(watched_data("tfd: x data:", 1), None);
    }
}
