//! The thread `watch`: which files have changed, told once it is quiet.
//!
//! ```text
//!   inotify ─▶ notify ─▶ ┌────────────────┐ ── Changes ─▶ desk
//!   a new plan ────────▶ │ plan · ignored │
//!   the clock ─────────▶ │ quiet          │
//!                        └────────────────┘
//! ```
//!
//! Each folder is watched by itself: those that nobody writes by hand (node_modules, target) may have more folders than
//! the kernel watches. Where it watches no more, the folders that are left are looked through once a second instead.

mod ignored;
mod looking;
mod plan;
mod quiet;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

use notify::event::{MetadataKind, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc as tokio_mpsc;

use self::ignored::Ignored;
use self::looking::Looking;
pub(crate) use self::plan::{Plan, Source, Watched};
use self::quiet::{Burst, Quiet};

/// More folders than a developer's own; each costs the kernel about a kilobyte (inotify(7)).
const FOLDERS_MAX: usize = 8192;

/// How many bursts may wait for the desk.
const BURSTS: usize = 16;

/// What came of a burst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The app is made of it; as its developer knows it.
    Of { app: Arc<str>, path: String },
    /// The configuration is read from it.
    Config { path: String },
    /// Something the developer should know.
    Told(String),
}

/// The thread, as the desk sees it. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    tell: Sender<Heard>,
    changes: tokio_mpsc::Receiver<Vec<Change>>,
}

/// What the thread hears.
#[derive(Debug)]
enum Heard {
    Event(notify::Result<Event>),
    Plan(Plan),
    End,
}

impl Watch {
    /// # Errors
    /// What starting a thread, or inotify_init(2), answers.
    pub(crate) fn start(plan: Plan) -> io::Result<Self> {
        let (tell, heard) = mpsc::channel();
        let events = tell.clone();
        let watcher = notify::recommended_watcher(move |event| {
            // The thread has ended, and with it the interest.
            drop(events.send(Heard::Event(event)));
        });
        let (out, changes) = tokio_mpsc::channel(BURSTS);
        let mut watching = Watching {
            watcher: watcher.map_err(io::Error::other)?,
            folders: BTreeSet::new(),
            looking: Looking::default(),
            plan: Plan::default(),
            ignored: Ignored::default(),
            quiet: Quiet::default(),
            out,
        };
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            watching.follow(plan);
            watching.run(&heard);
        })?;
        Ok(Self { tell, changes })
    }

    /// The file says otherwise.
    pub(crate) fn follow(&self, plan: Plan) {
        drop(self.tell.send(Heard::Plan(plan)));
    }

    /// Pends while nothing changes. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Vec<Change> {
        match self.changes.recv().await {
            Some(changes) => changes,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.tell.send(Heard::End));
    }
}

struct Watching {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    looking: Looking,
    plan: Plan,
    ignored: Ignored,
    quiet: Quiet,
    out: tokio_mpsc::Sender<Vec<Change>>,
}

impl Watching {
    fn run(&mut self, heard: &Receiver<Heard>) {
        loop {
            let now = Instant::now();
            if self.quiet.over_at().is_some_and(|at| at <= now) {
                let burst = self.quiet.take(now);
                self.tell(&burst);
            }
            let looks = self.looking.is_needed().then(|| now + self.looking.pause());
            let wakes = self.quiet.over_at().into_iter().chain(looks).min();
            let heard = match wakes {
                Some(at) => heard.recv_timeout(at.saturating_duration_since(now)),
                None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match heard {
                Ok(Heard::Event(Ok(event))) => self.event(&event),
                // What it was about is found by looking, or at the next save.
                Ok(Heard::Event(Err(_))) => {}
                Ok(Heard::Plan(plan)) => self.follow(plan),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Watches what the plan names, and nothing else.
    fn follow(&mut self, plan: Plan) {
        if plan == self.plan {
            return;
        }
        for folder in std::mem::take(&mut self.folders) {
            drop(self.watcher.unwatch(&folder));
        }
        self.looking = Looking::default();
        self.ignored.forget();
        self.quiet.forget();
        self.plan = plan;
        for file in self.plan.files() {
            if let Some(folder) = file.parent() {
                self.watch(folder);
            }
        }
        for tree in self.plan.trees() {
            self.watch_tree(&tree);
        }
        if self.looking.is_needed() {
            let told = format!(
                "the kernel watches no more than {} folders (fs.inotify.max_user_watches): the others are looked through every second; `watch` can name fewer",
                self.folders.len()
            );
            self.send(vec![Change::Told(told)]);
        }
        self.look();
    }

    /// A folder with all that is below it, less what is ignored. What a link leads to is not followed: it may lead back.
    fn watch_tree(&mut self, tree: &Path) {
        let mut left = vec![tree.to_owned()];
        while let Some(folder) = left.pop() {
            if !self.watch(&folder) {
                self.looking.takes(&folder);
                continue;
            }
            for entry in folder.read_dir().into_iter().flatten().flatten() {
                let path = entry.path();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && !self.ignored.is_folder(&path) {
                    left.push(path);
                }
            }
        }
    }

    /// False: the kernel, or we, have enough.
    fn watch(&mut self, folder: &Path) -> bool {
        if self.folders.contains(folder) {
            return true;
        }
        if self.folders.len() >= FOLDERS_MAX {
            return false;
        }
        match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.folders.insert(folder.to_owned());
                true
            }
            Err(error) => !matches!(error.kind, ErrorKind::MaxFilesWatch | ErrorKind::Io(_)),
        }
    }

    fn event(&mut self, event: &Event) {
        if event.need_rescan() {
            // So much at once that the kernel lost count: everything may have changed.
            for dir in self.plan.trees() {
                self.quiet.changes(&dir, Instant::now());
            }
        }
        let is_change = match event.kind {
            EventKind::Create(_) | EventKind::Remove(_) => true,
            EventKind::Modify(ModifyKind::Metadata(kind)) => {
                matches!(kind, MetadataKind::WriteTime | MetadataKind::Any)
            }
            EventKind::Modify(_) => true,
            EventKind::Access(_) | EventKind::Any | EventKind::Other => false,
        };
        if is_change {
            event.paths.iter().for_each(|path| self.changed(path));
        }
    }

    fn look(&mut self) {
        for path in self.looking.changed(&mut self.ignored) {
            self.changed(&path);
        }
    }

    fn changed(&mut self, path: &Path) {
        let now = Instant::now();
        if path.file_name().is_some_and(|name| name == ".gitignore") {
            return self.ignored.forget();
        }
        if self.plan.is_named(path) {
            return self.quiet.changes(path, now);
        }
        if path.is_dir() {
            // A new folder, with what was put into it before it was watched.
            let is_watched = self.folders.contains(path);
            if !is_watched && self.plan.apps_of(path).next().is_some() && !self.ignored.is_folder(path) {
                self.watch_tree(path);
                for file in files_in(path) {
                    self.changed(&file);
                }
            }
            return;
        }
        if self.folders.remove(path) {
            drop(self.watcher.unwatch(path));
        }
        if self.plan.apps_of(path).next().is_some() && !self.ignored.is_file(path) {
            self.quiet.changes(path, now);
        }
    }

    fn tell(&self, burst: &Burst) {
        let mut changes: Vec<Change> = Vec::new();
        for path in &burst.muted {
            changes.push(Change::Told(format!(
                "{} changes with every start: it is watched no more; name it in .gitignore, or say `watch = [...]`",
                path.display()
            )));
        }
        // What is still there is what was saved; the rest made way for it.
        let (there, gone): (Vec<_>, Vec<_>) = burst.changed.iter().partition(|path| path.exists());
        for path in there.into_iter().chain(gone) {
            if self.plan.is_config(path) {
                let is_told = changes.iter().any(|change| matches!(change, Change::Config { .. }));
                if !is_told {
                    changes.push(Change::Config { path: path.display().to_string() });
                }
                continue;
            }
            for watched in self.plan.apps_of(path) {
                let is_its =
                    |change: &Change| matches!(change, Change::Of { app, .. } if *app == watched.app);
                if !changes.iter().any(is_its) {
                    changes.push(Change::Of { app: Arc::clone(&watched.app), path: watched.shown(path) });
                }
            }
        }
        if !changes.is_empty() {
            self.send(changes);
        }
    }

    fn send(&self, changes: Vec<Change>) {
        // A desk that is gone needs no news, and one with so many of them restarts everything anyway.
        drop(self.out.try_send(changes));
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).take(LOOKED_INTO_MAX).collect()
}

/// Of a folder that appears whole (a branch was switched), one file is reason enough.
const LOOKED_INTO_MAX: usize = 100;
