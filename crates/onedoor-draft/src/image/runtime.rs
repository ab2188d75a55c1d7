//! What must be in the final image for programs of a language to run: which image it comes from, where it lives, which
//! system libraries it needs, and how one sees that it works.
//!
//! The one with the most system libraries is the base. Of the others, those that can be moved are copied to a folder of
//! their own below /opt; Ruby and Python know the place they were built for, and what is installed names it, so they stay
//! in /usr/local, where no two languages have a file in common. All run on the glibc of their own suite or a newer one.

use super::dockerfile::Stage;
use super::version::{Known, Version};

/// The Debian suite of every stage.
pub(super) const SUITE: &str = "trixie";

/// What of Ubuntu stands for it, where a language has no image on Debian: its glibc is the older one.
pub(super) const UBUNTU: &str = "noble";

/// A language's interpreter in some version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Runtime {
    // In the order in which they make a good base.
    Php(Version),
    Ruby(Version),
    Python(Version),
    Node(Version),
    Bun,
    Deno,
    Java(Version),
    DotNet(Version),
}

/// What a runtime brings beyond its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Company {
    Alone,
    /// npm and npx, since a command asks for them.
    Manager,
}

// Tags were looked up in the lists of the official images (docs/decisions/0085).
pub(super) const PHPS: Known =
    Known { usual: Version::of(8, 4), others: &[Version::of(8, 5), Version::of(8, 3), Version::of(8, 2)] };

pub(super) const RUBIES: Known =
    Known { usual: Version::of(3, 4), others: &[Version::of(4, 0), Version::of(3, 3)] };

pub(super) const PYTHONS: Known = Known {
    usual: Version::of(3, 13),
    others: &[Version::of(3, 14), Version::of(3, 12), Version::of(3, 11), Version::of(3, 10)],
};

pub(super) const NODES: Known = Known {
    usual: Version::major(24),
    others: &[Version::major(26), Version::major(22), Version::major(20)],
};

pub(super) const GOES: Known =
    Known { usual: Version::of(1, 26), others: &[Version::of(1, 27), Version::of(1, 25)] };

pub(super) const JAVAS: Known =
    Known { usual: Version::major(21), others: &[Version::major(25), Version::major(17)] };

pub(super) const DOTNETS: Known =
    Known { usual: Version::of(10, 0), others: &[Version::of(9, 0), Version::of(8, 0)] };

/// Their images have no tag that names a suite, so they are only ever copied from.
const BUN: &str = "oven/bun:1-slim";
const DENO: &str = "denoland/deno:bin-2.9.6";

impl Runtime {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Php(_) => "PHP",
            Self::Ruby(_) => "Ruby",
            Self::Python(_) => "Python",
            Self::Node(_) => "Node",
            Self::Bun => "Bun",
            Self::Deno => "Deno",
            Self::Java(_) => "Java",
            Self::DotNet(_) => ".NET",
        }
    }

    /// Whose program it is, in the usual version.
    pub(super) fn of_program(program: &str) -> Option<(Self, Company)> {
        let runtime = match program {
            "python" | "python3" => Self::Python(PYTHONS.usual),
            "npm" | "npx" => return Some((Self::Node(NODES.usual), Company::Manager)),
            "node" => Self::Node(NODES.usual),
            "bun" | "bunx" => Self::Bun,
            "deno" => Self::Deno,
            "java" => Self::Java(JAVAS.usual),
            "ruby" => Self::Ruby(RUBIES.usual),
            "php" | "frankenphp" => Self::Php(PHPS.usual),
            "dotnet" => Self::DotNet(DOTNETS.usual),
            _ => return None,
        };
        Some((runtime, Company::Alone))
    }

    pub(super) fn version(self) -> Option<Version> {
        match self {
            Self::Php(version)
            | Self::Ruby(version)
            | Self::Python(version)
            | Self::Node(version)
            | Self::Java(version)
            | Self::DotNet(version) => Some(version),
            Self::Bun | Self::Deno => None,
        }
    }

    /// With compilers, to build in.
    pub(super) fn build_image(self) -> String {
        match self {
            Self::Php(version) => format!("dunglas/frankenphp:1-php{version}-{SUITE}"),
            Self::Ruby(version) => format!("ruby:{version}-{SUITE}"),
            Self::Python(version) => format!("python:{version}-{SUITE}"),
            Self::Node(version) => format!("node:{version}-{SUITE}"),
            // Packages of the registry are built with Node's tools, whoever runs them later.
            Self::Bun => Self::Node(NODES.usual).build_image(),
            Self::Deno => format!("debian:{SUITE}-slim"),
            Self::Java(version) => format!("eclipse-temurin:{version}-jdk-{UBUNTU}"),
            Self::DotNet(version) => format!("mcr.microsoft.com/dotnet/sdk:{version}-{UBUNTU}"),
        }
    }

    /// Without them, to run on or to copy from.
    fn slim_image(self) -> String {
        match self {
            Self::Php(_) => self.build_image(),
            Self::Ruby(version) => format!("ruby:{version}-slim-{SUITE}"),
            Self::Python(version) => format!("python:{version}-slim-{SUITE}"),
            Self::Node(version) => format!("node:{version}-{SUITE}-slim"),
            Self::Bun => BUN.to_owned(),
            Self::Deno => DENO.to_owned(),
            Self::Java(version) => format!("eclipse-temurin:{version}-jre-{UBUNTU}"),
            Self::DotNet(version) => format!("mcr.microsoft.com/dotnet/aspnet:{version}-{UBUNTU}"),
        }
    }

    /// The image that others can be copied into: None, where it is of another suite or does not say of which.
    pub(super) fn base(self) -> Option<String> {
        match self {
            Self::Php(_) | Self::Ruby(_) | Self::Python(_) | Self::Node(_) => Some(self.slim_image()),
            Self::Bun | Self::Deno | Self::Java(_) | Self::DotNet(_) => None,
        }
    }

    /// What it needs of the system, where it is not at home.
    pub(super) fn libraries(self) -> &'static [&'static str] {
        match self {
            Self::Php(_) | Self::Bun => &[],
            Self::Ruby(_) => &["libffi8", "libgmp10", "libssl3t64", "libyaml-0-2", "zlib1g"],
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
            Self::Deno => &["ca-certificates", "libgcc-s1"],
            Self::Java(_) => &["ca-certificates", "tzdata"],
            Self::DotNet(_) => {
                &["ca-certificates", "libgcc-s1", "libicu76", "libssl3t64", "libstdc++6", "tzdata", "zlib1g"]
            }
        }
    }

    /// Copies it into an image that is somebody else's.
    pub(super) fn copy_into(self, stage: &mut Stage, company: Company) {
        let from = self.slim_image();
        match self {
            // Whoever has PHP has it as the base.
            Self::Php(_) => {}
            Self::Ruby(_) | Self::Python(_) => {
                stage.copy_from(from, "/usr/local", "/usr/local");
                stage.run("ldconfig");
            }
            Self::Node(_) => {
                stage.copy_from(from.clone(), "/usr/local/bin/node", "/opt/node/bin/node");
                if company == Company::Manager {
                    stage.copy_from(from, "/usr/local/lib/node_modules", "/opt/node/lib/node_modules");
                    // In the official image these two are links, and a link is copied as the file it leads to.
                    stage.run(
                        "ln -s ../lib/node_modules/npm/bin/npm-cli.js /opt/node/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /opt/node/bin/npx",
                    );
                }
            }
            Self::Bun => {
                stage.copy_from(from, "/usr/local/bin/bun", "/opt/bun/bin/bun");
                // It is called so when it is to run a package's program.
                stage.run("ln -s bun /opt/bun/bin/bunx");
            }
            Self::Deno => {
                stage.copy_from(from, "/deno", "/opt/deno/bin/deno");
            }
            Self::Java(_) => {
                stage.copy_from(from, "/opt/java/openjdk", "/opt/java");
                stage.env("JAVA_HOME", "/opt/java");
            }
            // Several versions share one folder; the program of the newest knows the others.
            Self::DotNet(_) => {
                stage.copy_from(from, "/usr/share/dotnet", "/opt/dotnet");
            }
        }
    }

    /// The folder of its programs for PATH, where nobody looks by himself.
    pub(super) fn programs(self) -> Option<&'static str> {
        match self {
            Self::Php(_) | Self::Ruby(_) | Self::Python(_) => None,
            Self::Node(_) => Some("/opt/node/bin"),
            Self::Bun => Some("/opt/bun/bin"),
            Self::Deno => Some("/opt/deno/bin"),
            Self::Java(_) => Some("/opt/java/bin"),
            Self::DotNet(_) => Some("/opt/dotnet"),
        }
    }

    /// A command that fails where a library is missing.
    pub(super) fn test(self) -> String {
        match self {
            Self::Php(_) => "frankenphp version".to_owned(),
            Self::Ruby(_) => "ruby -e 'require \"openssl\"; require \"psych\"; require \"zlib\"'".to_owned(),
            Self::Python(version) => {
                format!("python{version} -c 'import bz2, ctypes, lzma, sqlite3, ssl, zlib'")
            }
            Self::Node(_) => "node --eval 'process.exit(0)'".to_owned(),
            Self::Bun => "bun --version".to_owned(),
            Self::Deno => "deno --version".to_owned(),
            Self::Java(_) => "java -version".to_owned(),
            Self::DotNet(_) => "dotnet --list-runtimes".to_owned(),
        }
    }
}
