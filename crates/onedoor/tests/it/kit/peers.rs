//! Where the real servers and clients are that `make peers` has installed.

use std::path::PathBuf;

use super::repository;

/// A program of the peers' Python environment: `python`, `gunicorn`, `uvicorn`.
pub(crate) fn python_peer(program: &str) -> String {
    installed(PathBuf::from("python/bin").join(program))
}

/// The folder in which Node finds `ws`.
pub(crate) fn node_modules() -> String {
    installed(PathBuf::from("node/node_modules"))
}

fn installed(path: PathBuf) -> String {
    let path = repository().join("target/peers").join(path);
    assert!(path.exists(), "{} is missing: run `make peers` first", path.display());
    path.into_os_string().into_string().expect("the repository's path is UTF-8")
}
