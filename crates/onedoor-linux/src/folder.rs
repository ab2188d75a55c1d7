//! The files below a folder and no others: whatever is asked for, no path leads out of it.
//!
//! Two roads to the same place. openat2(2) with RESOLVE_BENEATH lets the kernel watch every step, symlinks included.
//! Where a sandbox or an old kernel refuses it, a descriptor that can do nothing (O_PATH) is had first, the kernel says
//! where it leads (/proc/self/fd), and only what is below the folder is opened.

use std::ffi::OsStr;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, open, openat, openat2, readlinkat};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, retry_on_intr};

/// O_NONBLOCK: whatever has been put where a file is awaited, as a FIFO, opening it does not wait for anybody.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// With `..` in a symlink, a rename elsewhere at the same moment can make the kernel give up (openat2(2), EAGAIN).
const RACES_MAX: usize = 16;

/// Whether openat2(2) is to be had here; once refused, it is not asked again.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Whether a caller may be kept while a disk, or a server behind a file system, is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// `WouldBlock` instead.
    None,
    Waits,
}

/// A folder, held by its descriptor.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    File(File),
    Folder,
    Nothing,
    /// A symlink leads out of the folder.
    Outside,
    /// A device, a FIFO or a socket.
    Special,
}

/// A regular file that is open to be read.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
    pub length: u64,
    pub modified: Moment,
    /// When the inode was last changed: unlike `modified`, nobody can set it.
    pub changed: Moment,
    pub inode: u64,
}

/// Seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub seconds: i64,
    pub nanoseconds: u64,
}

impl Folder {
    /// The folder at `path`, wherever that leads.
    ///
    /// # Errors
    /// What open(2) answers; `WouldBlock` where it would have to wait and may not.
    pub fn open(path: &Path, patience: Patience) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = match patience {
            Patience::Waits => open(path, flags, Mode::empty())?,
            Patience::None if REFUSED.load(Ordering::Relaxed) => return Err(io::ErrorKind::WouldBlock.into()),
            Patience::None => openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED)
                .map_err(|error| if is_refusal(error) { Errno::AGAIN } else { error })?,
        };
        Ok(Self { fd })
    }

    /// What stands at `path`, which begins with no slash and has no `..`, from here. Symlinks are followed as long as
    /// they stay below this folder.
    ///
    /// # Errors
    /// What openat2(2) answers, but for that there is nothing; `WouldBlock` where it would have to wait and may not.
    pub fn find(&self, path: &[u8], patience: Patience) -> io::Result<Found> {
        let path = OsStr::from_bytes(path);
        match (self.beneath(path, patience), patience) {
            (Some(opened), _) => judge(opened),
            (None, Patience::None) => Err(io::ErrorKind::WouldBlock.into()),
            (None, Patience::Waits) => self.looked_at_first(path),
        }
    }

    /// By openat2(2); None: it is not to be had here.
    fn beneath(&self, path: &OsStr, patience: Patience) -> Option<rustix::io::Result<OwnedFd>> {
        if REFUSED.load(Ordering::Relaxed) {
            return None;
        }
        let safe = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let resolve = match patience {
            Patience::None => safe | ResolveFlags::CACHED,
            Patience::Waits => safe,
        };
        for _ in 0..RACES_MAX {
            match openat2(&self.fd, path, FLAGS, Mode::empty(), resolve) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if patience == Patience::Waits => {}
                // From a kernel older than 5.12; from any, for a name it does not take.
                Err(Errno::INVAL) if patience == Patience::None => return Some(Err(Errno::AGAIN)),
                Err(Errno::NOSYS | Errno::PERM) => {
                    REFUSED.store(true, Ordering::Relaxed);
                    return None;
                }
                opened => return Some(opened),
            }
        }
        Some(Err(Errno::AGAIN))
    }

    /// The other road: asks the kernel where `path` leads before anything there is touched.
    fn looked_at_first(&self, path: &OsStr) -> io::Result<Found> {
        let there = match openat(&self.fd, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
            Ok(there) => there,
            Err(error) => return judge(Err(error)),
        };
        let folder = readlinkat(CWD, in_proc(&self.fd), [])?;
        let target = readlinkat(CWD, in_proc(&there), [])?;
        let below = target.as_bytes().strip_prefix(folder.as_bytes());
        let is_below = folder.as_bytes() == b"/" || below.is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        if !is_below {
            return Ok(Found::Outside);
        }
        judge(open(in_proc(&there), FLAGS, Mode::empty()))
    }
}

impl File {
    /// Reads from `offset` what is in memory already.
    ///
    /// # Errors
    /// `WouldBlock` where the disk would have to be asked, or where that cannot be told; the end is not told either.
    pub fn read_cached(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match preadv2(&self.fd, &mut [IoSliceMut::new(into)], offset, ReadWriteFlags::NOWAIT) {
            // Nothing at all may be an end that is none (preadv2(2), "BUGS").
            Ok(0) | Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            Ok(read) => Ok(read),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads from `offset`, and waits for the disk; 0 is the end.
    ///
    /// # Errors
    /// What pread(2) answers.
    pub fn read(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(retry_on_intr(|| pread(&self.fd, &mut *into, offset))?)
    }
}

fn in_proc(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// From what opening it came to, to what it is.
fn judge(opened: rustix::io::Result<OwnedFd>) -> io::Result<Found> {
    let fd = match opened {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL) => return Ok(Found::Nothing),
        Err(Errno::XDEV | Errno::LOOP) => return Ok(Found::Outside),
        // A socket, or a device that nobody drives.
        Err(Errno::NXIO | Errno::NODEV) => return Ok(Found::Special),
        Err(error) => return Err(error.into()),
    };
    let status = fstat(&fd)?;
    Ok(match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => Found::File(File {
            length: u64::try_from(status.st_size).unwrap_or(0),
            modified: Moment { seconds: status.st_mtime, nanoseconds: status.st_mtime_nsec },
            changed: Moment { seconds: status.st_ctime, nanoseconds: status.st_ctime_nsec },
            inode: status.st_ino,
            fd,
        }),
        FileType::Directory => Found::Folder,
        _ => Found::Special,
    })
}

fn is_refusal(error: Errno) -> bool {
    matches!(error, Errno::NOSYS | Errno::PERM | Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A folder `in` beside a file that must never be seen, by both roads.
    fn by_both_roads(prepare: impl Fn(&Path), path: &str) -> [String; 2] {
        let around = tempfile::tempdir().unwrap();
        let inside = around.path().join("in");
        fs::create_dir(&inside).unwrap();
        fs::write(around.path().join("secret"), "secret").unwrap();
        prepare(&inside);
        let folder = Folder::open(&inside, Patience::Waits).unwrap();
        let kernel = folder.beneath(OsStr::new(path), Patience::Waits).map(judge);
        let looked = folder.looked_at_first(OsStr::new(path));
        [kernel.unwrap_or_else(|| Ok(Found::Nothing)), looked].map(|found| match found.unwrap() {
            Found::File(file) => {
                let mut text = [0; 64];
                let read = file.read(&mut text, 0).unwrap();
                String::from_utf8_lossy(&text[..read]).into_owned()
            }
            Found::Folder => "a folder".to_owned(),
            Found::Nothing => "nothing".to_owned(),
            Found::Outside => "outside".to_owned(),
            Found::Special => "special".to_owned(),
        })
    }

    #[test]
    fn what_is_below_is_found_and_nothing_else() {
        let prepare = |inside: &Path| {
            fs::create_dir_all(inside.join("a/b")).unwrap();
            fs::write(inside.join("a/b/c"), "text").unwrap();
            symlink("b/c", inside.join("a/near")).unwrap();
            symlink("a/b", inside.join("folder")).unwrap();
            symlink("../secret", inside.join("out")).unwrap();
            symlink("..", inside.join("up")).unwrap();
            symlink("/etc/passwd", inside.join("absolute")).unwrap();
            symlink("self", inside.join("self")).unwrap();
            symlink("nowhere", inside.join("dangling")).unwrap();
            fs::create_dir(inside.with_file_name("in-law")).unwrap();
            fs::write(inside.with_file_name("in-law").join("x"), "theirs").unwrap();
            symlink("../in-law", inside.join("law")).unwrap();
            rustix::fs::mkfifoat(CWD, inside.join("fifo"), Mode::RUSR).unwrap();
            drop(std::os::unix::net::UnixListener::bind(inside.join("socket")).unwrap());
        };
        for (path, found) in [
            ("a/b/c", "text"),
            ("a/near", "text"),
            ("folder/c", "text"),
            ("a", "a folder"),
            ("a/b/", "a folder"),
            ("folder", "a folder"),
            ("a/b/c/", "nothing"),
            ("a/b/c/d", "nothing"),
            ("A", "nothing"),
            ("dangling", "nothing"),
            ("out", "outside"),
            ("up", "outside"),
            ("up/secret", "outside"),
            ("law/x", "outside"),
            ("../secret", "outside"),
            ("../in-law/x", "outside"),
            ("absolute", "outside"),
            ("self", "outside"),
            ("fifo", "special"),
            ("socket", "special"),
        ] {
            assert_eq!(by_both_roads(prepare, path), [found; 2], "{path}");
        }
    }

    #[test]
    fn what_is_in_memory_is_read_without_waiting_and_its_end_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "0123456789").unwrap();
        let found = Folder::open(folder.path(), Patience::Waits).unwrap().find(b"a", Patience::Waits);
        let Ok(Found::File(file)) = found else { panic!("{found:?}") };
        assert_eq!(file.length, 10);
        let mut into = [0; 4];
        assert_eq!((file.read(&mut into, 3).unwrap(), &into), (4, b"3456"));
        match file.read_cached(&mut into, 8) {
            Ok(read) => assert_eq!(&into[..read], b"89"),
            // A file system that cannot tell.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        assert_eq!(file.read_cached(&mut into, 10).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(file.read(&mut into, 10).unwrap(), 0);
    }

    #[test]
    fn nobody_waits_who_may_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        fs::metadata(folder.path().join("a")).unwrap();
        // Just written, so its name is in memory; an old kernel or a sandbox cannot tell.
        match Folder::open(folder.path(), Patience::None).and_then(|it| it.find(b"a", Patience::None)) {
            Ok(found) => assert!(matches!(found, Found::File(_)), "{found:?}"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
}
