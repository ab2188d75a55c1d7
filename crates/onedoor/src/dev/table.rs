//! The table above the log: which app is where and how it is, what else is served, which keys there are. Pure.

use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::terminal::Size;

use super::complaints;
use super::keys::{Choice, Mode};
use super::picture::Picture;
use crate::apps::{AppRow, AppState};
use crate::prefix_doctor::Report;

/// So many rows of the terminal are left to the log, whatever there is to show.
const LOG_ROWS_MIN: usize = 8;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paint {
    pub(super) colours: Colours,
    pub(super) letters: Letters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Ascii,
    Unicode,
}

/// What is to be shown.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) picture: &'a Picture,
    pub(super) rows: &'a [AppRow],
    /// How long the first start of everything took.
    pub(super) ready_after: Option<Duration>,
    /// What is wrong with the file as it is now.
    pub(super) mistake: Option<&'a str>,
    /// What the prefix doctor found.
    pub(super) complaints: &'a [Report],
    pub(super) mode: Mode,
    /// The log shows this app alone.
    pub(super) only: Option<&'a Arc<str>>,
    pub(super) paint: Paint,
    pub(super) size: Size,
}

/// One app, in words.
struct Line<'a> {
    number: String,
    at: &'a str,
    name: &'a str,
    listens: String,
    state: String,
    colour: &'static str,
    rest: String,
}

pub(super) fn table(view: &View<'_>) -> String {
    let mut text = head(view);
    let lines: Vec<Line<'_>> = view.rows.iter().enumerate().map(|(at, row)| line(at, row, view)).collect();
    let others: Vec<String> = others(view);
    let room = usize::from(view.size.rows).saturating_sub(LOG_ROWS_MIN + 5).max(3);
    let shown = lines.len().min(room);
    push_apps(&lines[..shown], view, &mut text);
    let others_shown = others.len().min(room - shown);
    others[..others_shown].iter().for_each(|other| text.push_str(other));
    let hidden = (lines.len() - shown) + (others.len() - others_shown);
    if hidden > 0 {
        push_line(&format!("  and {hidden} more: `onedoor status` shows every app"), DIM, view, &mut text);
    }
    text.push('\n');
    tail(view, &mut text);
    text
}

/// Colours (SGR codes).
pub(super) const PLAIN: &str = "";
const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";

fn head(view: &View<'_>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let ready = match view.ready_after {
        Some(after) => format!("ready in {:.1} s", after.as_secs_f64()),
        None => "starting".to_owned(),
    };
    let arrow = arrow(view);
    let mut text = String::from("\n");
    let line = format!("  onedoor {version}  {ready}   {arrow}  {}", view.picture.url);
    push_line(&line, BOLD, view, &mut text);
    text.push('\n');
    text
}

fn line<'a>(at: usize, row: &'a AppRow, view: &View<'a>) -> Line<'a> {
    let is_app = view.picture.apps.contains(&row.name);
    let number = if is_app { (at + 1).to_string() } else { String::new() };
    let (listens, state, colour, rest) = match &row.state {
        AppState::Ready { listens, after } => {
            let state = format!("ready in {:.1} s", after.as_secs_f64());
            (listens.clone().unwrap_or_default(), state, GREEN, row.command.clone())
        }
        AppState::Idle => (String::new(), "asleep".to_owned(), DIM, row.command.clone()),
        AppState::Starting => (String::new(), "starting".to_owned(), YELLOW, row.command.clone()),
        AppState::Stopping => (String::new(), "stopping".to_owned(), DIM, row.command.clone()),
        AppState::Down { why } => (String::new(), "down".to_owned(), RED, why.to_string()),
        AppState::Runs { .. } => (String::new(), "running".to_owned(), YELLOW, row.command.clone()),
        AppState::Done { after } => {
            let state = format!("done in {:.1} s", after.as_secs_f64());
            (String::new(), state, GREEN, row.command.clone())
        }
        AppState::Scheduled { next } => {
            let next = next.as_ref().map_or_else(|| "never".to_owned(), |next| format!("next {next}"));
            (String::new(), next, DIM, row.command.clone())
        }
    };
    Line { number, at: view.picture.place_of(&row.name), name: &row.name, listens, state, colour, rest }
}

fn push_apps(lines: &[Line<'_>], view: &View<'_>, text: &mut String) {
    let width = |of: fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let (number, at, name, listens, state) = (
        width(|line| line.number.len()),
        width(|line| line.at.chars().count()),
        width(|line| line.name.len()),
        width(|line| line.listens.chars().count()),
        width(|line| line.state.chars().count()),
    );
    for line in lines {
        let parts = [
            (format!("  {:>number$}  {:at$}  {:name$}  ", line.number, line.at, line.name), PLAIN),
            (format!("{:state$}  ", line.state), line.colour),
            (format!("{:listens$}  ", line.listens), PLAIN),
            (line.rest.clone(), DIM),
        ];
        let mut room = usize::from(view.size.columns);
        for (part, colour) in parts {
            let part = cut(&part, room);
            room -= part.chars().count();
            push_painted(&part, colour, view, text);
        }
        text.push('\n');
    }
}

/// What is served and is no app.
fn others(view: &View<'_>) -> Vec<String> {
    let others: Vec<_> =
        view.picture.places.iter().filter(|place| place.app.is_none() && !place.at.is_empty()).collect();
    let width = others.iter().map(|place| place.at.chars().count()).max().unwrap_or(0);
    let shown = |place: &&super::Place| {
        let mut text = String::new();
        push_line(
            &format!("     {:width$}  {} {}", place.at, arrow(view), place.what),
            PLAIN,
            view,
            &mut text,
        );
        text
    };
    others.iter().map(shown).collect()
}

fn tail(view: &View<'_>, text: &mut String) {
    if let Some(mistake) = view.mistake {
        push_line("  the file has a mistake; everything goes on as it was:", RED, view, text);
        mistake.lines().for_each(|line| push_line(&format!("  {line}"), PLAIN, view, text));
        text.push('\n');
    }
    let which = |what: &str, typed: usize| {
        let typed = if typed > 0 { format!("{typed}_, Enter takes it") } else { "its number".to_owned() };
        format!("  {what} which app? {typed}, a for all, Esc for none")
    };
    for (line, colour) in complaints::lines(view.complaints, view.size) {
        push_line(&line, colour, view, text);
    }
    match view.mode {
        Mode::Plain => {
            push_line("  h help   r restart   o open   l logs   c clear   q quit", DIM, view, text);
            if let Some(only) = view.only {
                push_line(&format!("  only the log of {only}; l a shows all"), YELLOW, view, text);
            }
        }
        Mode::Choosing { what: Choice::Restart, typed } => {
            push_line(&which("restart", typed), YELLOW, view, text);
        }
        Mode::Choosing { what: Choice::Logs, typed } => {
            push_line(&which("logs of", typed), YELLOW, view, text);
        }
        Mode::Help => HELP.iter().for_each(|line| push_line(line, PLAIN, view, text)),
    }
    text.push('\n');
}

const HELP: [&str; 7] = [
    "  h      this help",
    "  r      start apps anew: its number, or a for all",
    "  o      open the site in the browser",
    "  l      show the log of one app: its number, or a for all",
    "  c      clear the log",
    "  q      stop every app and leave, as Ctrl-C does",
    "  Files that an app is made of start it anew when they change; onedoor.toml is read again when it does.",
];

fn arrow(view: &View<'_>) -> &'static str {
    match view.paint.letters {
        Letters::Unicode => "→",
        Letters::Ascii => "->",
    }
}

fn push_line(line: &str, colour: &str, view: &View<'_>, text: &mut String) {
    push_painted(&cut(line, usize::from(view.size.columns)), colour, view, text);
    text.push('\n');
}

fn push_painted(line: &str, colour: &str, view: &View<'_>, text: &mut String) {
    match view.paint.colours {
        Colours::Yes if colour != PLAIN && !line.is_empty() => {
            text.extend(["\x1b[", colour, "m", line, "\x1b[0m"]);
        }
        Colours::Yes | Colours::No => text.push_str(line),
    }
}

/// A row is a row: what is longer would take two. What an app or the file said cannot move the cursor.
fn cut(line: &str, columns: usize) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::{Place, Plan};
    use crate::registry::Weight;

    fn row(name: &str, command: &str, state: AppState) -> AppRow {
        AppRow {
            name: name.into(),
            place: "onedoor.toml:2".into(),
            command: command.to_owned(),
            framework: None,
            state,
            weight: Weight::Optional,
            restarts: 0,
            processes: Vec::new(),
        }
    }

    fn place(at: &str, what: &str, app: Option<&str>) -> Place {
        Place { at: at.to_owned(), what: what.to_owned(), app: app.map(Arc::from) }
    }

    fn picture() -> Picture {
        Picture {
            url: "http://localhost:3000".to_owned(),
            addresses: Vec::new(),
            practice: None,
            apps: vec!["python".into(), "node".into(), "mailer".into()],
            places: vec![
                place("/*", "app python", Some("python")),
                place("/node/*", "app node (strip)", Some("node")),
                place("", "worker mailer", Some("mailer")),
                place("/google/*", "https://www.google.com (strip)", None),
                place("/health", "built-in health", None),
                place("", "job migrate at the start", None),
            ],
            plan: Plan::default(),
        }
    }

    fn rows() -> Vec<AppRow> {
        let ready = |millis, port: Option<u16>| AppState::Ready {
            listens: port.map(|port| format!(":{port}")),
            after: Duration::from_millis(millis),
        };
        vec![
            row("python", "uvicorn main:app", ready(1800, Some(21001))),
            row("node", "node main.js", AppState::Down { why: "ended with exit code 1\nafter 0.1 s".into() }),
            row("mailer", "celery -A tasks worker", ready(100, None)),
            row("migrate", "alembic upgrade head", AppState::Done { after: Duration::from_millis(600) }),
        ]
    }

    fn shown(mode: Mode, letters: Letters, (rows_of_terminal, columns): (u16, u16)) -> String {
        let (picture, rows) = (picture(), rows());
        table(&View {
            picture: &picture,
            rows: &rows,
            ready_after: Some(Duration::from_millis(1900)),
            mistake: None,
            complaints: &[],
            mode,
            only: None,
            paint: Paint { colours: Colours::No, letters },
            size: Size { rows: rows_of_terminal, columns },
        })
    }

    #[test]
    fn the_table_says_what_is_where_and_how_it_is() {
        insta::assert_snapshot!(shown(Mode::Plain, Letters::Unicode, (40, 100)));
    }

    #[test]
    fn a_small_terminal_that_knows_only_ascii_gets_what_fits() {
        let text = shown(Mode::Choosing { what: Choice::Restart, typed: 0 }, Letters::Ascii, (16, 40));
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 40), "{text}");
        insta::assert_snapshot!(text);
    }
}
