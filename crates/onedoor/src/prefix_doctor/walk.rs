//! One app, looked at as a browser would: its first page, what that loads, and some pages it leads to; and what of all
//! that leaves the mount.
//!
//! Asks only GET, and not much: at most so many requests, for at most so long. What a page loads from outside its mount has escaped unless
//! another route really serves it; a link or a call has escaped if the app itself has that path, below its mount.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::address::{Base, Leads, is_within};
use super::fetch::{Answer, NoAnswer, Server};
use super::page::{self, Page, Reference, Use};

const PAGES_MOST: usize = 6;
const REQUESTS_MOST: usize = 120;
/// An app that answers nothing any more is not asked for everything.
const TIME_MOST: Duration = Duration::from_secs(60);
const REDIRECTS_MOST: usize = 10;

/// Where the pages of an app are that has none at its root: FastAPI's, and Django's.
pub(super) const OTHER_DOORS: &[&str] = &["/docs", "/admin/"];

/// Something that leaves the mount, or that is not where its page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Escape {
    /// `script`, `cookie session`
    pub(crate) what: String,
    /// As the page writes it: what to look for.
    pub(crate) written: String,
    /// The path of the page that says it.
    pub(crate) page: String,
    pub(crate) why: String,
}

/// What was seen of one app.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: usize,
    pub(super) pages: usize,
    pub(super) escapes: Vec<Escape>,
    /// Worth knowing, and no mistake.
    pub(super) notes: Vec<String>,
    /// The first page that is one, or the last answer: what the app is known by.
    pub(super) face: Option<Answer>,
    /// There is nothing at the mount: the status it answers with.
    pub(super) fails: Option<u16>,
}

/// Which route takes a path: None: nobody's.
pub(super) type Taker<'t> = &'t dyn Fn(&str) -> Option<Taken>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The app that is looked at.
    Itself,
    /// `app web`, as the start table says.
    Another(String),
}

pub(super) struct Walk<'w> {
    door: &'w Server,
    /// Without a final slash; never empty.
    mount: &'w str,
    taker: Taker<'w>,
    until: Instant,
    seen: Seen,
    answers: BTreeMap<String, Option<Answer>>,
    ahead: VecDeque<String>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(door: &'w Server, mount: &'w str, taker: Taker<'w>) -> Self {
        let (answers, ahead) = (BTreeMap::new(), VecDeque::new());
        Self { door, mount, taker, until: Instant::now() + TIME_MOST, seen: Seen::default(), answers, ahead }
    }

    pub(super) fn go(mut self) -> Result<Seen, NoAnswer> {
        let bare = self.door.get(self.mount, "")?;
        self.seen.requests += 1;
        let slash = format!("{}/", self.mount);
        self.answers.insert(self.mount.to_owned(), Some(bare.clone()));
        self.arrive(if bare.status >= 400 { &slash } else { self.mount });
        let first = self.seen.face.as_ref().map(|answer| answer.status);
        if self.seen.pages == 0 {
            for door in OTHER_DOORS {
                self.arrive(&format!("{}{door}", self.mount));
            }
        }
        match first {
            Some(status @ (404 | 500..)) if self.seen.pages == 0 => self.seen.fails = Some(status),
            Some(status @ 400..) => self.seen.notes.push(format!("GET {slash} answers {status}")),
            Some(_) if bare.status == 404 => {
                self.seen.notes.push(format!("GET {} answers 404, and with a slash it is found", self.mount));
            }
            Some(_) | None => {}
        }
        while let Some(path) = self.ahead.pop_front() {
            if self.seen.pages >= PAGES_MOST {
                break;
            }
            self.arrive(&path);
        }
        Ok(self.seen)
    }

    /// Goes to a page, along redirects, and looks at everything it names.
    fn arrive(&mut self, path: &str) {
        let mut at = path.to_owned();
        for _ in 0..REDIRECTS_MOST {
            let Some(answer) = self.get(&at) else { return };
            self.cookies(&answer, &at);
            if let (Some(location), 300..=399) = (&answer.location, answer.status) {
                match self.follow(location, &at) {
                    Some(next) => at = next,
                    None => return,
                }
                continue;
            }
            if answer.status < 400 && answer.is_html() && self.seen.pages < PAGES_MOST {
                self.seen.pages += 1;
                self.read(&answer, &at);
                // A page says more of what it is than a 404.
                if self.seen.pages == 1 {
                    self.seen.face = Some(answer);
                }
            } else if self.seen.face.is_none() {
                self.seen.face = Some(answer);
            }
            return;
        }
        self.escape(
            "redirect",
            &at,
            path,
            format!("more than {REDIRECTS_MOST} redirects, one after the other"),
        );
    }

    fn follow(&mut self, location: &str, at: &str) -> Option<String> {
        match self.base(at).leads(location) {
            Leads::Here(next) if is_within(&next, self.mount) => Some(next),
            Leads::Here(next) => {
                let reference = Reference { used: Use::Redirect, written: location.to_owned() };
                self.outside(&reference, &next, at);
                None
            }
            Leads::Private(_) => {
                self.escape(
                    "redirect",
                    location,
                    at,
                    "names a port that only this machine reaches".to_owned(),
                );
                None
            }
            Leads::Elsewhere => None,
        }
    }

    fn read(&mut self, answer: &Answer, at: &str) {
        let page = Page::of(&answer.text());
        let base = match page.base.as_deref().map(|base| self.base(at).leads(base)) {
            Some(Leads::Here(base)) => base,
            Some(Leads::Private(_) | Leads::Elsewhere) | None => at.to_owned(),
        };
        for reference in page.references {
            self.look(&reference, &base, at);
        }
    }

    /// `base`: what the reference is relative to; `at`: the page it stands on.
    fn look(&mut self, reference: &Reference, base: &str, at: &str) {
        match self.base(base).leads(&reference.written) {
            Leads::Here(path) if !is_within(&path, self.mount) => self.outside(reference, &path, at),
            Leads::Here(path) => self.inside(reference.used, &path, at),
            Leads::Private(_) if reference.used != Use::Link => {
                let why = "names a port that only this machine reaches".to_owned();
                self.escape(reference.used.noun(), &reference.written, at, why);
            }
            Leads::Private(_) | Leads::Elsewhere => {}
        }
    }

    fn inside(&mut self, used: Use, path: &str, at: &str) {
        if matches!(used, Use::Link | Use::Redirect | Use::Frame) {
            let path = path.split('?').next().unwrap_or_default();
            if !self.answers.contains_key(path) && !self.ahead.iter().any(|known| known == path) {
                self.ahead.push_back(path.to_owned());
            }
            return;
        }
        if !used.is_loaded() || self.answers.contains_key(path) {
            return;
        }
        let Some(answer) = self.get(path) else { return };
        if answer.status >= 400 {
            return self.escape(used.noun(), path, at, format!("answers {}", answer.status));
        }
        let references = match used {
            Use::Style => page::of_style(&answer.text()),
            Use::Script => page::of_script(&answer.text()),
            _ => return,
        };
        // A style is relative to itself, a script to the page that runs it.
        let base = if used == Use::Style { path } else { at };
        for reference in references {
            self.look(&reference, base, path);
        }
    }

    /// A path of the door's that is not below the mount.
    fn outside(&mut self, reference: &Reference, path: &str, at: &str) {
        let used = reference.used;
        // The way home, or to another app, as a page may want it.
        if used == Use::Link && path == "/" {
            return;
        }
        if used == Use::Manifest {
            let note =
                format!("its manifest is {path}, which is not below {}: it cannot be installed", self.mount);
            return self.note(note);
        }
        let taken = (self.taker)(path);
        let there = taken.is_some().then(|| self.get(path)).flatten();
        let served = there.as_ref().is_some_and(|answer| answer.status < 400 && fits(used, answer));
        if used.is_loaded() && served {
            return;
        }
        if !used.is_loaded() && used != Use::WebSocket {
            let below = format!("{}{path}", self.mount);
            let has_it = self.get(&below).is_some_and(|answer| answer.is_there());
            let another_has_it = there.as_ref().is_some_and(Answer::is_there);
            if !has_it && (another_has_it || used == Use::Link) {
                return;
            }
        }
        let why = match (taken, there.map(|answer| answer.status)) {
            (None, _) => "nobody answers there".to_owned(),
            (Some(Taken::Itself), status) => format!("outside of {}{}", self.mount, answers(status)),
            (Some(Taken::Another(who)), status) => format!("goes to {who}{}", answers(status)),
        };
        self.escape(used.noun(), &reference.written, at, why);
    }

    fn cookies(&mut self, answer: &Answer, at: &str) {
        for cookie in &answer.cookies {
            let name = cookie.split(['=', ';']).next().unwrap_or_default().trim();
            let path = cookie.split(';').skip(1).filter_map(|part| {
                let (key, value) = part.split_once('=')?;
                key.trim().eq_ignore_ascii_case("path").then(|| value.trim())
            });
            let Some(path) = path.last().filter(|path| path.starts_with('/')) else { continue };
            let wide = path.trim_end_matches('/');
            if is_within(path, self.mount) {
                continue;
            }
            if wide.is_empty() || is_within(self.mount, wide) {
                let note = format!("cookie {name} has Path={path}: the other apps of this host see it, too");
                self.note(note);
                continue;
            }
            let written = format!("Path={path}");
            self.escape(&format!("cookie {name}"), &written, at, "never comes back to the app".to_owned());
        }
    }

    /// None: no answer, or enough was asked.
    fn get(&mut self, path: &str) -> Option<Answer> {
        if let Some(known) = self.answers.get(path) {
            return known.clone();
        }
        if self.seen.requests >= REQUESTS_MOST || Instant::now() >= self.until {
            return None;
        }
        self.seen.requests += 1;
        let answer = self.door.get(path, "").ok();
        self.answers.insert(path.to_owned(), answer.clone());
        answer
    }

    fn base<'b>(&'b self, path: &'b str) -> Base<'b> {
        Base { host: &self.door.host, path }
    }

    fn note(&mut self, note: String) {
        if !self.seen.notes.contains(&note) {
            self.seen.notes.push(note);
        }
    }

    fn escape(&mut self, what: &str, written: &str, page: &str, why: String) {
        let escape =
            Escape { what: what.to_owned(), written: written.to_owned(), page: page.to_owned(), why };
        let is_known = |known: &Escape| known.what == escape.what && known.written == escape.written;
        if !self.seen.escapes.iter().any(is_known) {
            self.seen.escapes.push(escape);
        }
    }
}

fn answers(status: Option<u16>) -> String {
    status.map(|status| format!(", which answers {status}")).unwrap_or_default()
}

/// Whether what was found is what was meant: an app at the root gives its page for everything.
fn fits(used: Use, answer: &Answer) -> bool {
    match used {
        Use::Script => answer.content_type.contains("script"),
        Use::Style => answer.content_type.contains("css"),
        Use::Image | Use::Part => !answer.is_html(),
        Use::Frame | Use::Manifest | Use::Link | Use::Form | Use::Call | Use::WebSocket | Use::Redirect => {
            true
        }
    }
}
