//! `onedoor dev`: what a developer may say; everything after is `run`'s and `dev`'s.

use std::net::IpAddr;

use clap::Args;

use super::{Ended, FileArguments, Surroundings};
use crate::config::{Developing, Layers, Loaded};
use crate::dev::{Browser, Doctor, Settings, Watching};

const HELP: &str = "\
What is other than in `onedoor up`:
  - [profile.dev] is laid over the file, unless --profile names another.
  - An app without a `dev` command is started anew when a file in its folder changes (`watch`), and onedoor.toml is
    read again when it changes.
  - An app's `dev` command is run instead of `run`: npm run dev, uvicorn --reload.
  - It listens on this machine alone, on the file's port, PORT or 3000, or on the next one that is free.
  - An app that ends waits for a change of its files, or for a request, instead of failing again.
  - onedoor itself goes on, whatever becomes of its apps.
  - Once an app below a prefix is ready, its pages are looked at as `onedoor check --live` does; what leaves the prefix
    is shown with the line that mends it (--no-prefix-check).

Keys, on a terminal:
  h help   r restart   o open   l logs of one app   c clear   q quit

Examples:
  onedoor dev                       everything that ./onedoor.toml says
  onedoor dev --open                and the browser, once it is ready
  onedoor dev --port 8080           this port, or none
  onedoor dev --host 0.0.0.0        from a container: other machines can come in";

/// Start the apps for development: it shows how they are, and starts anew what has changed.
#[derive(Clone, Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) files: FileArguments,
    /// Listen on this port, and on no other
    #[arg(long)]
    port: Option<u16>,
    /// Listen on this address instead of on this machine's own
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Open the site in the browser once every app is ready
    #[arg(long)]
    open: bool,
    /// Leave apps alone when their files change; `r` starts them anew
    #[arg(long)]
    no_watch: bool,
    /// Do not look whether pages of an app leave its prefix
    #[arg(long)]
    no_prefix_check: bool,
}

/// As `up` loads it: signals are blocked as early as can be.
pub(super) fn load(layers: &Layers, surroundings: &mut Surroundings<'_>) -> Result<Loaded, Ended> {
    crate::init::block_signals().ok();
    super::load(layers, surroundings).unwrap_or(Err(Ended::Wrong))
}

impl Arguments {
    /// As the file is to be read.
    pub(super) fn developing(&self) -> Developing {
        Developing { host: self.host, port: self.port }
    }

    pub(super) fn settings(&self) -> Settings {
        let files = self.files.layers().files;
        Settings {
            config: files
                .iter()
                .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()))
                .collect(),
            browser: if self.open { Browser::AtStart } else { Browser::OnKey },
            watching: if self.no_watch { Watching::Off } else { Watching::On },
            doctor: if self.no_prefix_check { Doctor::LeftOut } else { Doctor::Called },
        }
    }
}
