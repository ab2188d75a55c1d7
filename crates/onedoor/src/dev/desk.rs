//! Where the developer sits: keys in, the table out, and what is asked of the apps.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::terminal::{self, Keys, Size};
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::keys::{Deed, Mode, Which, keys_in};
use super::picture::Picture;
use super::rounds::{Found, Rounds};
use super::table::{Colours, Letters, Paint, View, table};
use super::watch::{Change, Watch};
use super::{Browser, Doctor, Plan, Settings, Watching, browser};
use crate::apps::{AppState, Helm, Wish};
use crate::init::{Child, Children, TerminalNews, TerminalSignals};
use crate::observe::log::{Level, Log};

/// Changes come in flocks: an app that starts is starting, ready and shown within moments.
const GATHERING: Duration = Duration::from_millis(40);

/// Where it is not known.
const SIZE: Size = Size { rows: 24, columns: 80 };

/// What a burst of typing brings at most.
const TYPED_BYTES: usize = 64;

/// What the program is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Quit,
    /// A file that the configuration is made of has changed.
    Reread,
}

/// A terminal in front of a developer. Its keys come one by one until it is dropped.
#[derive(Debug)]
struct Console {
    keys: AsyncFd<Keys>,
    signals: TerminalSignals,
    paint: Paint,
}

impl Console {
    /// # Errors
    /// Without a terminal, or in its background. Needs [`crate::init::block_terminal_signals`] before.
    fn open() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe; Keys owns one descriptor and never changes it"
        )]
        let keys = AsyncFd::new(Keys::take()?)?;
        Ok(Self { keys, signals: TerminalSignals::new()?, paint: paint() })
    }
}

/// Whether there is a terminal to sit at: one that shows colours and is ours. `TERM=dumb` is no such one.
pub(crate) fn has_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    !is_dumb && io::stdin().is_terminal() && onedoor_linux::spawn::has_terminal()
}

/// <https://no-color.org>, and the locale's character set (setlocale(3)).
fn paint() -> Paint {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let colours = if said("NO_COLOR").is_some() { Colours::No } else { Colours::Yes };
    let locale = said("LC_ALL").or_else(|| said("LC_CTYPE")).or_else(|| said("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
    Paint { colours, letters: if is_utf8 { Letters::Unicode } else { Letters::Ascii } }
}

/// Everything that `onedoor dev` does besides what `onedoor up` does. Ends, and gives the terminal back, when dropped.
#[derive(Debug)]
pub(crate) struct Developer {
    desk: JoinSet<()>,
    wishes: mpsc::Receiver<Ask>,
    seen: watch::Sender<Seen>,
    has_screen: bool,
}

/// What the desk is to show, besides the apps.
#[derive(Clone, Debug, Default)]
struct Seen {
    picture: Picture,
    mistake: Option<Arc<str>>,
}

impl Developer {
    /// Needs [`crate::init::block_terminal_signals`] before. Without a terminal there is only the log, and no keys.
    pub(crate) fn start(
        settings: Settings,
        mut picture: Picture,
        helm: Helm,
        children: Children,
        log: &Log,
    ) -> Self {
        picture.plan.config.clone_from(&settings.config);
        let rounds = Rounds::new(picture.addresses.clone());
        let (wish, wishes) = mpsc::channel(1);
        let seen = watch::Sender::new(Seen { picture, mistake: None });
        let mut desk = JoinSet::new();
        let me = Desk {
            settings,
            seen: seen.subscribe(),
            helm,
            children,
            log: log.clone(),
            wish,
            mode: Mode::Plain,
            only: None,
            began: Instant::now(),
            ready_after: None,
            errands: JoinSet::new(),
            watch: None,
            rounds,
        };
        let console = if log.has_screen() { Console::open().ok() } else { None };
        let has_screen = console.is_some();
        desk.spawn(me.run(console));
        Self { desk, wishes, seen, has_screen }
    }

    /// What is asked for next; pends while nothing is. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Ask {
        match self.wishes.recv().await {
            Some(wish) => wish,
            None => std::future::pending().await,
        }
    }

    /// Whether the table is shown, with what is served where.
    pub(crate) fn has_screen(&self) -> bool {
        self.has_screen
    }

    /// The file was read again.
    pub(crate) fn reread(&self, picture: Result<Picture, &str>) {
        self.seen.send_modify(|seen| match picture {
            Ok(picture) => {
                let Picture { url, addresses, plan, .. } = std::mem::take(&mut seen.picture);
                let plan = Plan { config: plan.config, ..picture.plan };
                *seen = Seen { picture: Picture { url, addresses, plan, ..picture }, mistake: None };
            }
            Err(mistake) => seen.mistake = Some(mistake.into()),
        });
    }

    /// Waits until the terminal is as it was found.
    pub(crate) async fn leave(mut self) {
        self.desk.shutdown().await;
    }
}

struct Desk {
    settings: Settings,
    seen: watch::Receiver<Seen>,
    helm: Helm,
    children: Children,
    log: Log,
    wish: mpsc::Sender<Ask>,
    mode: Mode,
    only: Option<Arc<str>>,
    began: Instant,
    ready_after: Option<Duration>,
    /// What was asked of the apps and is not done yet.
    errands: JoinSet<()>,
    watch: Option<Watch>,
    rounds: Rounds,
}

/// Whether what is shown is what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    True,
    /// To be drawn again then.
    Stale(Instant),
}

impl Desk {
    /// Every arm may lose: what it waited for is still there.
    async fn run(mut self, console: Option<Console>) {
        self.begin_to_watch();
        self.call_the_doctor();
        let console = console.as_ref();
        let mut keyboard = console;
        self.draw(console);
        let mut shown = Shown::True;
        loop {
            let due = async {
                match shown {
                    Shown::True => std::future::pending().await,
                    Shown::Stale(at) => tokio::time::sleep_until(at.into()).await,
                }
            };
            tokio::select! {
                () = due => {
                    self.draw(console);
                    shown = Shown::True;
                }
                () = self.helm.changed() => {
                    self.look_whether_ready();
                    self.rounds.go(&self.helm.table());
                    if shown == Shown::True {
                        shown = Shown::Stale(Instant::now() + GATHERING);
                    }
                }
                _ = self.seen.changed() => self.read_again(console),
                changes = next_change(self.watch.as_mut()) => self.changed(changes),
                typed = typed(keyboard) => match typed {
                    Typed::Keys(bytes) => self.typed(&bytes, console),
                    Typed::HungUp => {
                        keyboard = None;
                        self.quit("the terminal is gone");
                    }
                },
                found = self.rounds.next() => self.found(found, console),
                news = terminal_news(console) => self.terminal_says(news, console),
                // Done, whatever it was.
                Some(_) = self.errands.join_next() => {}
            }
        }
    }

    fn look_whether_ready(&mut self) {
        let is_up = |state: &AppState| !matches!(state, AppState::Starting | AppState::Runs { .. });
        if self.ready_after.is_some() || !self.helm.table().iter().all(|row| is_up(&row.state)) {
            return;
        }
        self.ready_after = Some(self.began.elapsed());
        if self.settings.browser == Browser::AtStart {
            self.open();
        }
    }

    fn begin_to_watch(&mut self) {
        if self.settings.watching == Watching::Off {
            return;
        }
        match Watch::start(self.seen.borrow().picture.plan.clone()) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => {
                let what = format_args!("files cannot be watched ({error}): r starts an app anew");
                self.log.event(Level::Warn, None, what);
            }
        }
    }

    /// Who has no use for it never has a patient.
    fn call_the_doctor(&mut self) {
        if self.settings.doctor == Doctor::Called
            && let Some(practice) = &self.seen.borrow().picture.practice
        {
            self.rounds.follow(practice);
        }
        self.rounds.go(&self.helm.table());
    }

    /// The table shows it, where there is one.
    fn found(&mut self, found: Found, console: Option<&Console>) {
        let Some((app, lines)) = self.rounds.hear(found) else { return };
        match console {
            Some(_) => self.draw(console),
            None => lines.iter().for_each(|line| self.log.event(Level::Warn, Some(&app), line)),
        }
    }

    fn read_again(&mut self, console: Option<&Console>) {
        self.call_the_doctor();
        if let Some(watch) = &self.watch {
            watch.follow(self.seen.borrow().picture.plan.clone());
        }
        self.draw(console);
    }

    fn changed(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Of { app, path } => self.restart(app, &format!("{path} changed, restarting")),
                Change::Config { path } => {
                    self.log.event(Level::Info, None, format_args!("{path} changed, reading it again"));
                    // Whoever asked before will do.
                    self.wish.try_send(Ask::Reread).ok();
                }
                Change::Told(what) => self.log.event(Level::Warn, None, what),
            }
        }
    }

    fn draw(&self, console: Option<&Console>) {
        let Some(console) = console else { return };
        let rows = self.helm.table();
        let size = terminal::size(io::stdout()).unwrap_or(SIZE);
        let seen = self.seen.borrow().clone();
        let text = table(&View {
            picture: &seen.picture,
            rows: &rows,
            ready_after: self.ready_after,
            mistake: seen.mistake.as_deref(),
            complaints: &self.rounds.complaints(),
            mode: self.mode,
            only: self.only.as_ref(),
            paint: console.paint,
            size,
        });
        self.log.draw(&text, self.only.clone(), size);
    }

    fn typed(&mut self, bytes: &[u8], console: Option<&Console>) {
        let apps = self.seen.borrow().picture.apps.clone();
        for key in keys_in(bytes) {
            let (mode, deed) = self.mode.press(key, apps.len());
            self.mode = mode;
            let app = |which| match which {
                Which::All => None,
                Which::One(at) => apps.get(at).cloned(),
            };
            match deed {
                Deed::Nothing => {}
                Deed::Restart(which) => {
                    let chosen = app(which).map_or_else(|| apps.clone(), |app| vec![app]);
                    chosen.into_iter().for_each(|app| self.restart(app, "restarting"));
                }
                Deed::Logs(which) => self.only = app(which),
                Deed::Open => self.open(),
                Deed::Clear => self.log.forget_shown(),
                Deed::Quit => self.quit("q"),
            }
        }
        self.draw(console);
    }

    fn quit(&self, why: &str) {
        self.log.event(Level::Info, None, format_args!("{why}: ending"));
        // Whoever asked before will do.
        self.wish.try_send(Ask::Quit).ok();
    }

    fn restart(&mut self, app: Arc<str>, why: &str) {
        let helm = self.helm.clone();
        self.log.event(Level::Info, Some(&app), why);
        self.errands.spawn(async move {
            // What became of it is told by the app itself.
            drop(helm.ask(&app, Wish::Renew).await);
        });
    }

    fn open(&mut self) {
        let url = self.seen.borrow().picture.url.clone();
        let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let Some(spec) = browser::opener(&url, &env) else {
            let what = format_args!("nothing here opens a browser (xdg-open, $BROWSER): open {url}");
            return self.log.event(Level::Warn, None, what);
        };
        let (children, log) = (self.children.clone(), self.log.clone());
        self.errands.spawn(async move {
            match children.spawn(spec).await {
                Ok(child) => see_off(child).await,
                Err(error) => {
                    log.event(Level::Warn, None, format_args!("the browser does not open: {error}"));
                }
            }
        });
    }

    fn terminal_says(&self, news: TerminalNews, at: Option<&Console>) {
        let Some(console) = at else { return };
        match news {
            TerminalNews::StopAsked => {
                console.keys.get_ref().put_back();
                console.signals.stop();
            }
            // In the background the keys are the shell's; whoever brings us to the front says so again.
            TerminalNews::GoesOn => {
                if console.keys.get_ref().take_again().is_ok() {
                    self.draw(at);
                }
            }
            TerminalNews::Resized => self.draw(at),
        }
    }
}

/// It may be the browser itself, which stays. What it prints is for nobody, but must go somewhere.
async fn see_off(child: Child) {
    let swallow = async |pipe: OwnedFd| {
        if let Ok(mut pipe) = pipe::Receiver::from_owned_fd(pipe) {
            drop(tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await);
        }
    };
    tokio::join!(swallow(child.stdout), swallow(child.stderr));
    drop(child.exited.await);
}

async fn next_change(watch: Option<&mut Watch>) -> Vec<Change> {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

async fn terminal_news(console: Option<&Console>) -> TerminalNews {
    match console {
        Some(console) => console.signals.next().await,
        None => std::future::pending().await,
    }
}

/// What the keyboard said.
enum Typed {
    Keys(Vec<u8>),
    /// Whoever sat there has closed the window, or the line broke: there is nobody to work for.
    HungUp,
}

/// Pends while nothing is typed, and for ever where there is no keyboard.
async fn typed(keyboard: Option<&Console>) -> Typed {
    let Some(Console { keys, .. }) = keyboard else { return std::future::pending().await };
    loop {
        let Ok(mut ready) = keys.readable().await else { return Typed::HungUp };
        let mut bytes = [0; TYPED_BYTES];
        match ready.get_inner().read(&mut bytes) {
            // Nothing typed and no more to come look alike to read(2).
            Ok(0) if ready.ready().is_read_closed() => return Typed::HungUp,
            Ok(0) => ready.clear_ready(),
            Ok(read) => return Typed::Keys(bytes.get(..read).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Typed::HungUp,
        }
    }
}
