//! What a repair may change, whatever comes back: for `onedoor explain`, which asks before there is an answer.

use super::Repair;

/// What a repair may change, whatever comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// None: the upstream's paths are the client's.
    pub paths: Option<MendedPaths>,
    /// The host whose cookies are for the client's host instead: a Domain that covers only it is dropped. None: no
    /// Domain is touched.
    pub cookie_domain: Option<String>,
}

/// Of Location, Content-Location, Link, Refresh, and the Path of cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedPaths {
    /// What gives way, the longer one first; empty: any path.
    pub inside: Vec<String>,
    /// What comes instead; empty: the root.
    pub outside: String,
    /// An absolute URL to it becomes a path.
    pub authority: String,
}

impl Repair<'_> {
    /// None: nothing that can come back is changed.
    pub(in crate::proxy) fn foretold(&self) -> Option<Mended> {
        let paths = (!self.keeps_paths()).then(|| {
            let mut inside: Vec<_> = self.insides().map(lossy).into();
            inside.dedup();
            MendedPaths { inside, outside: lossy(self.outside), authority: lossy(self.authority) }
        });
        let cookie_domain = self.foreign_domain().map(lossy);
        (paths.is_some() || cookie_domain.is_some()).then_some(Mended { paths, cookie_domain })
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
