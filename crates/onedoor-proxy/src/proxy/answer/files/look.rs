//! Which file answers a path, and its first bytes: everything that may have to wait for a disk, in one sync function
//! that is told whether it may. A worker asks it first for what is in memory; only what is not goes to a thread that
//! may wait, and there it goes through all of it again.
//!
//! ```text
//!   a/b   ─▶ the file a/b ─▶ the page a/b.html ─▶ the folder a/b: the client is sent to a/b/
//!   a/b/  ─▶ the file a/b/index.html
//!   none of these ─▶ index.html (a page of a single-page app) · the page for what is missing, with 404 · 404
//! ```

use std::io;

use onedoor_linux::folder::{File, Folder, Found, Patience};

use super::coding::{Accepted, Coding};
use super::media_type;
use crate::proxy::relay::block::BLOCK;
use crate::proxy::route::{Extent, Files, Name, Siblings, Unknown};

/// A file of up to this length is read whole before it is answered with: its tag is made of its bytes, it leaves in one
/// write, and nothing is open while a slow client takes it.
pub(super) const WHOLE_MAX: usize = BLOCK;

const PAGE: &[u8] = b".html";

/// What answers.
#[derive(Debug)]
pub(super) enum Seen {
    File(Opened),
    /// A folder, named without its slash.
    Folder,
    Nothing(Missing),
}

/// Why there is nothing.
#[derive(Debug)]
pub(super) enum Missing {
    /// The route's folder itself is not there.
    Root,
    File,
    /// By such a name there never is one.
    Hidden,
    /// There is something, and it is not for the world: a way out of the folder, a device.
    Withheld(&'static str),
}

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) media_type: &'static str,
    pub(super) coding: Option<Coding>,
    pub(super) role: Role,
    /// All of it, if it is small. What was there when it was read: the file may have changed since it was opened.
    pub(super) content: Option<Vec<u8>>,
}

/// What the file is to the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What it names.
    Named,
    /// The page that makes all pages.
    App,
    /// The page for what is not there.
    NotFound,
}

/// One path, looked for.
#[derive(Debug)]
pub(super) struct Look<'l> {
    pub(super) files: &'l Files,
    /// Below the folder.
    pub(super) path: &'l [u8],
    pub(super) name: Name,
    pub(super) accepted: Accepted,
    pub(super) patience: Patience,
}

impl Look<'_> {
    /// Finds the file and, if it is small, reads it.
    pub(super) fn see(&self) -> io::Result<Seen> {
        let folder = match Folder::open(&self.files.folder, self.patience) {
            Ok(folder) => folder,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Seen::Nothing(Missing::Root));
            }
            Err(error) => return Err(error),
        };
        let missing = match self.name {
            Name::Mount => return Ok(Seen::Folder),
            Name::Hidden => Missing::Hidden,
            Name::Proper => match self.named(&folder)? {
                Seen::Nothing(missing) => missing,
                seen @ (Seen::File(_) | Seen::Folder) => return Ok(seen),
            },
        };
        let (instead, role) = match &self.files.unknown {
            // A script that is not there is no page: HTML in its place would be an error that nobody understands.
            Unknown::Index if matches!(missing, Missing::File) && !media_type::is_of_an_asset(self.path) => {
                (&self.files.index, Role::App)
            }
            Unknown::Page(page) => (page, Role::NotFound),
            Unknown::Index | Unknown::Refused => return Ok(Seen::Nothing(missing)),
        };
        match folder.find(instead.as_bytes(), self.patience)? {
            Found::File(file) => self.opened(&folder, file, instead.as_bytes(), role).map(Seen::File),
            Found::Folder | Found::Nothing | Found::Outside | Found::Special => Ok(Seen::Nothing(missing)),
        }
    }

    fn named(&self, folder: &Folder) -> io::Result<Seen> {
        let withheld = |why| Ok(Seen::Nothing(Missing::Withheld(why)));
        if self.path.is_empty() || self.path.ends_with(b"/") {
            let index = joined(self.path, self.files.index.as_bytes());
            return match folder.find(&index, self.patience)? {
                Found::File(file) => self.opened(folder, file, &index, Role::Named).map(Seen::File),
                Found::Folder | Found::Nothing => Ok(Seen::Nothing(Missing::File)),
                Found::Outside => withheld(OUTSIDE),
                Found::Special => withheld(SPECIAL),
            };
        }
        let found = folder.find(self.path, self.patience)?;
        match found {
            Found::File(file) => self.opened(folder, file, self.path, Role::Named).map(Seen::File),
            Found::Outside => withheld(OUTSIDE),
            Found::Special => withheld(SPECIAL),
            Found::Folder if self.files.extent != Extent::Below => Ok(Seen::Nothing(Missing::File)),
            Found::Folder | Found::Nothing => {
                let page = joined(self.path, PAGE);
                match (folder.find(&page, self.patience)?, found) {
                    (Found::File(file), _) => self.opened(folder, file, &page, Role::Named).map(Seen::File),
                    (_, Found::Folder) => Ok(Seen::Folder),
                    (_, _) => Ok(Seen::Nothing(Missing::File)),
                }
            }
        }
    }

    /// With the sibling that the client likes best, and what is in it.
    fn opened(&self, folder: &Folder, file: File, path: &[u8], role: Role) -> io::Result<Opened> {
        let mut opened = Opened { file, media_type: media_type::of(path), coding: None, role, content: None };
        if self.files.siblings == Siblings::Sent {
            for coding in self.accepted.wanted() {
                let sibling = joined(path, coding.extension().as_bytes());
                if let Found::File(file) = folder.find(&sibling, self.patience)? {
                    opened = Opened { file, coding: Some(coding), ..opened };
                    break;
                }
            }
        }
        opened.content = whole(&opened.file, self.patience)?;
        Ok(opened)
    }
}

const OUTSIDE: &str = "a symlink leads out of the folder";
const SPECIAL: &str = "neither a file nor a folder";

fn joined(path: &[u8], more: &[u8]) -> Vec<u8> {
    [path, more].concat()
}

/// None: it is too large.
fn whole(file: &File, patience: Patience) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = usize::try_from(file.length).ok().filter(|length| *length <= WHOLE_MAX) else {
        return Ok(None);
    };
    let mut content = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let read = read(file, &mut content[filled..], filled as u64, patience)?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    content.truncate(filled);
    Ok(Some(content))
}

/// Reads once, or says that it would have to wait.
pub(super) fn read(file: &File, into: &mut [u8], offset: u64, patience: Patience) -> io::Result<usize> {
    match patience {
        Patience::None => file.read_cached(into, offset),
        Patience::Waits => file.read(into, offset),
    }
}
