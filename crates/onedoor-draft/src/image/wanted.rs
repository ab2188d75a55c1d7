//! What an image is asked to be: the apps, what their owner says of their building, and what the door in it reads.

use std::collections::BTreeMap;

/// What the image is for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In the order of the file; jobs among them.
    pub apps: Vec<WantedApp>,
    /// Files and folders that the door serves itself, from the folder of the configuration.
    pub files: Vec<String>,
    /// What onedoor reads in there.
    pub configuration: Configuration,
    /// The configuration's folder from the build's context; empty where they are one.
    pub below: String,
    /// Where onedoor itself comes from.
    pub onedoor: Origin,
    /// Of the version that writes this.
    pub version: &'static str,
    /// The image's name, for its labels.
    pub name: Option<String>,
    /// The port that the door has where PORT is not set.
    pub port: u16,
    /// The profile that is laid over the files in the image.
    pub profile: Option<String>,
    /// Images, and the digests that they are to have.
    pub pins: BTreeMap<String, String>,
}

/// An app, as far as its image goes.
#[derive(Clone, Debug)]
pub struct WantedApp {
    /// As the file calls it.
    pub name: String,
    /// From the folder of the configuration; empty for that folder.
    pub dir: String,
    /// Its command, taken apart.
    pub words: Vec<String>,
    /// Whether it is to go on running.
    pub kind: Kind,
    /// Files of variables, from the folder of the configuration.
    pub env_files: Vec<String>,
    /// Whom it is to run as.
    pub user: Option<String>,
    /// How it gets into the image, as far as its owner says.
    pub build: Build,
}

/// What an app is to the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Under `[apps]`.
    App,
    /// Under `[jobs]`.
    Job,
}

/// What stands in a list of commands for those that are found.
pub const FOUND: &str = "...";

/// `[apps.NAME.build]`, `image` and `copy`. What is not said is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// What it is made from.
    pub made_from: MadeFrom,
    /// Which language's steps are taken: one of [`PROVIDERS`](crate::PROVIDERS).
    pub provider: Option<String>,
    /// Of the language.
    pub version: Option<String>,
    /// Debian packages of the image.
    pub apt: Vec<String>,
    /// Debian packages of the stage in which it is built.
    pub apt_build: Vec<String>,
    /// Variables of that stage, as ENV has them.
    pub env: Vec<(String, String)>,
    /// Files that the commands of that stage see and no layer has: a name for `--secret id=`, and the place, below `~` or not.
    pub secrets: Vec<(String, String)>,
    /// Commands before all others.
    pub before: Vec<String>,
    /// Commands that get its packages; [`FOUND`] among them are those that were found.
    pub install: Option<Vec<String>>,
    /// Commands that build it, likewise.
    pub build: Option<Vec<String>>,
    /// Commands behind all others.
    pub after: Vec<String>,
    /// What the image starts instead of its command.
    pub start: Option<Start>,
}

/// A command, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// `gunicorn app:app`
    Line(String),
    /// The exact argv.
    Words(Vec<String>),
}

/// What an app is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MadeFrom {
    /// The files of its folder.
    #[default]
    Folder,
    /// An image that somebody else made.
    Image {
        /// `ghcr.io/acme/legacy:2.4`
        image: String,
        /// What is taken of it, each to the same place.
        copy: Vec<String>,
    },
    /// A Dockerfile of its own.
    Dockerfile {
        /// From the folder of the configuration.
        file: String,
        /// What is taken of its last stage, each to the same place.
        copy: Vec<String>,
    },
}

/// What the door in the image reads.
#[derive(Clone, Debug)]
pub enum Configuration {
    /// These files of the folder, the later ones over the earlier.
    Files(Vec<String>),
    /// Nobody wrote one: this text, as it was found.
    Found(String),
}

/// How the binary gets into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of the build's context.
    File(String),
    /// An image that has it as /onedoor.
    Image(String),
    /// The folder of its sources in the build's context, empty for that folder: it is built in a stage of its own.
    Sources(String),
}

impl Build {
    /// What of it is said of a whole folder: the apps of one folder are built together.
    #[must_use]
    pub fn of_folder(&self) -> Self {
        Self { apt: Vec::new(), start: None, ..self.clone() }
    }

    /// True if the stage of its folder is not as it would be found.
    #[must_use]
    pub fn changes_folder(&self) -> bool {
        self.of_folder() != Self { made_from: self.made_from.clone(), ..Self::default() }
    }
}
