//! Where the control socket is: by the file's own words, else in the first folder that can be written to, under a name
//! that only the file's real path gives.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use onedoor_linux::proc::Pid;

/// The longest path of a Unix socket: `sun_path` less its NUL (unix(7)).
const PATH_MAX: usize = 107;

/// A onedoor, as it is known before it runs: where it is to be asked, and what it is started from.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) places: Vec<Place>,
    /// Absolute; none: a folder, or a command.
    pub(crate) files: Vec<PathBuf>,
}

/// One place where the socket may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path(PathBuf),
    /// A name of the abstract namespace (unix(7)), where no folder can be written to.
    Abstract(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Abstract(name) => write!(f, "@{name}"),
        }
    }
}

impl Place {
    /// The one that the file names, else those that its path gives, in the order in which they are tried.
    pub(crate) fn of(file: &Path, named: Option<&Path>) -> Vec<Self> {
        named.map_or_else(|| Self::of_file(file), |path| vec![Self::Path(path.to_owned())])
    }

    fn of_file(file: &Path) -> Vec<Self> {
        let real = file.canonicalize().or_else(|_| std::path::absolute(file)).unwrap_or_else(|_| file.into());
        let name = format!("onedoor-{:016x}", fingerprint(real.as_os_str().as_bytes()));
        let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let folders = xdg.into_iter().chain(["/run".into(), "/tmp".into()]);
        let paths = folders.map(|folder| folder.join(format!("{name}.sock")));
        let short = paths.filter(|path| path.as_os_str().len() <= PATH_MAX);
        short.map(Self::Path).chain([Self::Abstract(name.clone())]).collect()
    }

    /// Who listens there, if anybody does and lets us in.
    pub(crate) fn listener(&self) -> Option<Pid> {
        onedoor_linux::socket::listener_of(self.connect().ok()?)
    }

    pub(crate) fn connect(&self) -> io::Result<UnixStream> {
        match self {
            Self::Path(path) => UnixStream::connect(path),
            Self::Abstract(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        }
    }
}

/// FNV-1a, 64 bits: the same in every build, unlike the standard library's.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_same_places_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("onedoor.toml");
        std::fs::write(&file, "").unwrap();
        let by_another_name = folder.path().join("./onedoor.toml");
        assert_eq!(Place::of_file(&file), Place::of_file(&by_another_name));
        assert_ne!(Place::of_file(&file), Place::of_file(&folder.path().join("other.toml")));
        // http://www.isthe.com/chongo/tech/comp/fnv/: the hash of "foobar".
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_F739_67E8);
    }
}
