//! What must be in the final image for programs of a language to run: which image it comes from, where it lives, which
//! system libraries it needs, and how one sees that it works.
//!
//! The one with the most system libraries is the base, the others are copied to a folder of their own below /opt, with
//! the libraries they miss there. All are of one Debian suite: a program runs on its own glibc or a newer one.

use super::dockerfile::Stage;
use super::version::{Known, Version};

/// The Debian suite of every stage.
pub(super) const SUITE: &str = "trixie";

/// A language's interpreter in some version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Runtime {
    // In the order in which they make a good base.
    Python(Version),
    Node(Version),
}

/// What a runtime brings beyond its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Company {
    Alone,
    /// npm and npx, since a command asks for them.
    Manager,
}

pub(super) const PYTHONS: Known = Known {
    usual: Version::of(3, 13),
    others: &[Version::of(3, 14), Version::of(3, 12), Version::of(3, 11), Version::of(3, 10)],
};

pub(super) const NODES: Known = Known {
    usual: Version::major(24),
    others: &[Version::major(26), Version::major(22), Version::major(20)],
};

pub(super) const GOES: Known = Known { usual: Version::of(1, 26), others: &[Version::of(1, 25)] };

impl Runtime {
    /// With compilers, to build in.
    pub(super) fn build_image(self) -> String {
        match self {
            Self::Python(version) => format!("python:{version}-{SUITE}"),
            Self::Node(version) => format!("node:{version}-{SUITE}"),
        }
    }

    /// Without them, to run on.
    pub(super) fn slim_image(self) -> String {
        match self {
            Self::Python(version) => format!("python:{version}-slim-{SUITE}"),
            Self::Node(version) => format!("node:{version}-{SUITE}-slim"),
        }
    }

    /// Where it lies when it is not the base.
    fn home(self) -> String {
        match self {
            Self::Python(version) => format!("/opt/python{version}"),
            Self::Node(_) => "/opt/node".to_owned(),
        }
    }

    /// What it needs of the system, where it is not at home.
    pub(super) fn libraries(self) -> &'static [&'static str] {
        match self {
            Self::Python(_) => &[
                "libbz2-1.0",
                "libffi8",
                "liblzma5",
                "libreadline8t64",
                "libsqlite3-0",
                "libssl3t64",
                "zlib1g",
            ],
            Self::Node(_) => &["libatomic1", "libstdc++6"],
        }
    }

    /// Copies it into an image that is somebody else's.
    pub(super) fn copy_into(self, stage: &mut Stage, company: Company) {
        let home = self.home();
        match self {
            Self::Python(_) => {
                stage.copy_from(self.slim_image(), "/usr/local", home);
            }
            Self::Node(_) => {
                stage.copy_from(self.slim_image(), "/usr/local/bin/node", format!("{home}/bin/node"));
                if company == Company::Manager {
                    let modules = format!("{home}/lib/node_modules");
                    stage.copy_from(self.slim_image(), "/usr/local/lib/node_modules", modules);
                    // In the official image these two are links, and a link is copied as the file it leads to.
                    stage.run(format!(
                        "ln -s ../lib/node_modules/npm/bin/npm-cli.js {home}/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js {home}/bin/npx"
                    ));
                }
            }
        }
    }

    /// The folder of its programs, for PATH.
    pub(super) fn programs(self) -> String {
        format!("{}/bin", self.home())
    }

    /// A command that fails where a library is missing.
    pub(super) fn test(self) -> String {
        match self {
            Self::Python(version) => {
                format!("python{version} -c 'import bz2, ctypes, lzma, sqlite3, ssl, zlib'")
            }
            Self::Node(_) => "node --eval 'process.exit(0)'".to_owned(),
        }
    }
}
