//! The composition root: builds both stories, joins them at the seam, waits for the end. Decides nothing itself.
//!
//! The shutdown order, which is written here and nowhere else:
//!
//! 1. Health fails and answers end their connections; new connections are still taken.
//! 2. The accept queue is emptied, then the listeners close.
//! 3. Exchanges in flight finish, for at most half of the budget.
//! 4. The apps stop: held requests get their 503, each group its signal, what is left a KILL before the end.
//! 5. The workers end, and with them whatever is still connected.
//! 6. Every child is reaped, orphans included.
//! 7. The log is flushed; the exit code says how it was.
//!
//! A second signal turns every wait that is left into none, but for a second's grace of the apps; a third ends that, too.

mod developing;
mod telling;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use onedoor_linux::signal::Signal;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{mpsc, watch};

use self::telling::{announce, explain, last_words, tell_status, tell_trust};
use crate::apps::spec;
use crate::apps::{Apps, AppsEnd, Change, EndOf, Loopback, Outcome, Reload};
use crate::cli::Reread;
use crate::config::Loaded;
use crate::control::{Control, Facts, ReloadAsked, Site};
use crate::dev::{Ask, Developer, Picture, Settings};
use crate::init::{self, Children, ExitCause, Request, Signals, StopRequest};
use crate::loopback::{Addresses, PrivatePorts};
use crate::observe::log::{Level, Log};
use crate::proxy::{self, Bound, Proxy};
use crate::registry::Registry;

/// How long answers that wait for the apps' end may take to leave.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long the exits of killed processes may take to arrive.
const REAPING: Duration = Duration::from_secs(1);

/// How far apart a signal to the apps and the same to us may arrive.
const SAME_SIGNAL: Duration = Duration::from_millis(100);

/// More of them would do the same once more.
const RELOADS_WAITING: usize = 4;

/// How long a reader of our output may take for the last lines.
const FLUSHING: Duration = Duration::from_secs(1);

/// Runs what the file says to its end and returns the exit code.
pub(crate) fn up(loaded: Loaded, site: &Site, reread: &Reread, dev: Option<Settings>) -> ExitCode {
    match try_up(loaded, site, reread, dev) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // The log may be what failed. A stderr that nobody reads leaves only the code.
            writeln!(std::io::stderr(), "onedoor: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

fn try_up(loaded: Loaded, site: &Site, reread: &Reread, dev: Option<Settings>) -> anyhow::Result<u8> {
    // Before the first thread: each inherits the mask.
    init::block_signals().context("cannot block signals")?;
    let log = match dev {
        Some(_) => developing::start_log(&loaded.log),
        None => Log::start(&loaded.log),
    };
    let log = log.context("cannot start the log")?;
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
        .context("cannot start the control runtime")?;
    let outcome = runtime.block_on(serve(loaded, site, reread, dev, &log));
    log.flush(FLUSHING);
    outcome
}

/// Why the program ends.
#[derive(Debug)]
enum End {
    Asked(StopRequest),
    AppEnded(AppsEnd),
    WorkerFailed,
}

async fn serve(
    loaded: Loaded,
    site: &Site,
    reread: &Reread,
    dev: Option<Settings>,
    log: &Log,
) -> anyhow::Result<u8> {
    let trusted = loaded.proxy.trusted_peers.why.clone();
    let wished = developing::port_wished(&loaded);
    let mut picture = developing::picture(&loaded);
    // Bound first: connections queue from here on, and a taken port is known before an app starts.
    let (bound, loopback) = bind(loaded.proxy, &loaded.apps)?;
    let mut signals = Signals::new(log.clone()).context("cannot read signals")?;
    let children = Children::start(log.clone()).context("cannot start the thread for children")?;
    let (registry, publishers) = Registry::new(&loaded.apps.slots(), bound.workers());
    let budget = loaded.apps.stop_budget;
    let (addresses, ports) = (bound.addresses(), bound.ports());
    // Before the workers: a crowd at the door may take every descriptor that is left.
    let mut apps = Apps::start(loaded.apps, publishers, children.clone(), log.clone(), loopback.clone())
        .context("cannot start the apps")?;
    // Before the first answer: who has had one may give orders.
    let (ask_reload, mut reloads) = mpsc::channel(RELOADS_WAITING);
    let facts = Facts { addresses, side_doors: loopback.addresses.clone() };
    let mut control = Control::open(site, apps.helm(), facts.clone(), ask_reload, log);
    let mut proxy = bound.start(registry, log.clone())?;
    let mut developer = dev.map(|settings| {
        developing::hang(&mut picture, &facts.addresses);
        developing::tell_port(log, wished, &ports);
        Developer::start(settings, picture, apps.helm(), children.clone(), log)
    });
    if developer.as_ref().is_none_or(|developer| !developer.has_screen()) {
        announce(log, loaded.name.as_deref(), &facts, &loaded.table);
        tell_trust(log, trusted.as_deref());
    }
    let end = loop {
        // The arms that lose are asked again or not needed any more. Whoever signals every process of the container
        // wants its end, not the news of an app that was the first to obey.
        tokio::select! {
            biased;
            request = signals.next() => match request {
                Request::Stop(stop) => break End::Asked(stop),
                Request::Status => tell_status(log, &apps.table()),
                Request::Reload => reload(None, reread, &mut apps, &proxy, &loopback, developer.as_ref(), log),
            },
            Some(asked) = reloads.recv() => {
                reload(Some(asked), reread, &mut apps, &proxy, &loopback, developer.as_ref(), log);
            }
            ask = wishes(developer.as_mut()) => match ask {
                Ask::Quit => break End::Asked(StopRequest::Once(Signal::INT)),
                Ask::Reread => reload(None, reread, &mut apps, &proxy, &loopback, developer.as_ref(), log),
            },
            end = apps.ended() => match (&developer, end.of) {
                // It waits for a change of its files, and so do we.
                (Some(_), EndOf::App) => log.event(Level::Error, Some(&end.app), &end.why),
                (None, _) | (Some(_), EndOf::Job | EndOf::Supervision) => {
                    break own_signal_or(end, &mut signals).await;
                }
            },
            _worker = proxy.failed() => break End::WorkerFailed,
        }
    };
    explain(log, &end);
    if let Some(developer) = developer {
        developer.leave().await;
    }
    let hurry = watch::Sender::new(Pace::Orderly);
    // From here on everybody is told to end, and nobody to begin.
    if let Some(control) = &mut control {
        control.close();
    }
    let ending = shut_down(proxy, apps, &children, log, Instant::now() + budget, budget, hurry.subscribe());
    tokio::select! {
        () = ending => {}
        () = hurry_on_signals(&mut signals, &hurry, &children, log) => {}
    }
    if let End::AppEnded(end) = &end {
        last_words(log, end);
    }
    if let Some(control) = control {
        control.finish().await;
    }
    Ok(exit_code(&end))
}

/// The door bound, and its side doors on the first of the private ports.
fn bind(proxy: proxy::config::Config, apps: &spec::Config) -> anyhow::Result<(Bound, Loopback)> {
    let mut bound = Bound::new(proxy)?;
    let taken = bound.ports().into_iter().chain(apps.fixed_ports()).collect();
    let ports = Arc::new(PrivatePorts::of_this_host(taken));
    let addresses = Addresses::default();
    addresses.replace(bound.open_side_doors(&ports)?);
    Ok((bound, Loopback { ports, addresses }))
}

/// Brings everything to what the file says now; on a mistake nothing changes. Answers when every app has been replaced
/// that had to be.
fn reload(
    asked: Option<ReloadAsked>,
    reread: &Reread,
    apps: &mut Apps,
    proxy: &Proxy,
    loopback: &Loopback,
    developer: Option<&Developer>,
    log: &Log,
) {
    let begun = try_reload(reread, apps, proxy, loopback);
    if let Some(developer) = developer {
        developer.reread(begun.as_ref().map(|begun| begun.picture.clone()).map_err(String::as_str));
    }
    let log = log.clone();
    tokio::spawn(async move {
        let outcome = match begun {
            Ok(Begun { reload, fixed, .. }) => Ok(told_of(reload.done().await, &fixed, &log)),
            Err(why) => {
                log.event(
                    Level::Error,
                    None,
                    format_args!("not reloaded, everything goes on as it was: {why}"),
                );
                Err(why)
            }
        };
        if let Some(asked) = asked {
            // Whoever asked may have left.
            asked.reply.send(outcome).ok();
        }
    });
}

/// A reload under way.
struct Begun {
    reload: Reload,
    /// The keys whose change takes a new start.
    fixed: Vec<&'static str>,
    picture: Picture,
}

fn try_reload(reread: &Reread, apps: &mut Apps, proxy: &Proxy, loopback: &Loopback) -> Result<Begun, String> {
    let loaded = reread()?;
    let picture = developing::picture(&loaded);
    loopback.addresses.allow(loaded.apps.fixed_ports()).map_err(|occupied| occupied.to_string())?;
    loopback.ports.reserve(loaded.apps.fixed_ports());
    let prepared = proxy.prepare(loaded.proxy, &loopback.ports).map_err(|error| error.to_string())?;
    loopback.addresses.replace(prepared.side_doors());
    let (registry, publishers) = proxy.registry().next(&loaded.apps.slots());
    // Nothing here waits: the apps' tasks hear of it when the proxy has changed already.
    let reload = apps.reload(loaded.apps, publishers);
    let fixed = proxy.switch(prepared, registry);
    Ok(Begun { reload, fixed, picture })
}

/// What a developer wants; nobody is one where there is none.
async fn wishes(developer: Option<&mut Developer>) -> Ask {
    match developer {
        Some(developer) => developer.next().await,
        None => std::future::pending().await,
    }
}

/// Says what has become of a reload, and returns it line by line.
fn told_of(changes: Vec<Change>, fixed: &[&str], log: &Log) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &changes {
        if let Outcome::Failed(why) = &change.outcome {
            log.event(Level::Error, Some(&change.app), format_args!("reload: {why}"));
        }
        lines.push(change.to_string());
    }
    for key in fixed {
        let line = format!("{key} changed: that takes a new start of onedoor");
        log.event(Level::Warn, None, &line);
        lines.push(line);
    }
    let what = if lines.is_empty() { "no app changed".to_owned() } else { lines.join(", ") };
    log.event(Level::Info, None, format_args!("reloaded: {what}"));
    lines
}

/// Whoever signals every process of the container (Heroku does) wants its end; that an app was faster than we are is
/// no failure of the app.
async fn own_signal_or(end: AppsEnd, signals: &mut Signals) -> End {
    let stop_signals = [Signal::TERM, Signal::INT].map(|signal| 128 + signal.number());
    if !stop_signals.contains(&i32::from(end.exit_code)) {
        return End::AppEnded(end);
    }
    match tokio::time::timeout(SAME_SIGNAL, signals.next()).await {
        Ok(Request::Stop(stop)) => End::Asked(stop),
        Ok(Request::Status | Request::Reload) | Err(_) => End::AppEnded(end),
    }
}

/// How fast the end is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Orderly,
    Hurried,
}

async fn shut_down(
    proxy: Proxy,
    apps: Apps,
    children: &Children,
    log: &Log,
    deadline: Instant,
    budget: Duration,
    hurry: watch::Receiver<Pace>,
) {
    proxy.fail_health();
    proxy.stop_accepting().await;
    let in_flight = tokio::select! {
        left = proxy.finished(deadline - budget / 2) => left,
        () = hurried(hurry.clone()) => 0,
    };
    if in_flight > 0 {
        log.event(
            Level::Warn,
            None,
            format_args!("{in_flight} requests are still running; stopping the apps under them"),
        );
    }
    let report = apps.stop(deadline, hurried(hurry.clone())).await;
    // Asked without patience first: an idle door has nothing to wait for.
    if proxy.finished(Instant::now()).await > 0 {
        tokio::select! {
            _left = proxy.finished(deadline.min(Instant::now() + LAST_WORDS)) => {}
            () = hurried(hurry) => {}
        }
    }
    proxy.close();
    let left = children.end_everyone(Instant::now() + REAPING).await;
    if left > 0 {
        log.event(
            Level::Warn,
            None,
            format_args!("{left} processes do not end even when killed; the kernel keeps them"),
        );
    } else if report.is_clean() {
        log.event(Level::Info, None, "every app has ended");
    }
}

async fn hurried(mut pace: watch::Receiver<Pace>) {
    if pace.wait_for(|pace| *pace == Pace::Hurried).await.is_err() {
        std::future::pending().await
    }
}

/// Never ends: the shutdown does.
async fn hurry_on_signals(
    signals: &mut Signals,
    hurry: &watch::Sender<Pace>,
    children: &Children,
    log: &Log,
) {
    loop {
        match signals.next().await {
            // The apps are on their way out, and so is their table.
            Request::Status | Request::Reload => {}
            // The first signal of an end that an app began.
            Request::Stop(StopRequest::Once(signal)) => {
                log.event(Level::Info, None, format_args!("{signal}: already ending"))
            }
            Request::Stop(StopRequest::Again(signal)) if *hurry.borrow() == Pace::Hurried => {
                log.event(Level::Warn, None, format_args!("{signal} once more: killing every process"));
                children.kill_everyone();
            }
            Request::Stop(StopRequest::Again(signal)) => {
                log.event(Level::Info, None, format_args!("{signal} again: ending at once"));
                hurry.send_replace(Pace::Hurried);
            }
        }
    }
}

fn exit_code(end: &End) -> u8 {
    match end {
        End::Asked(_) => init::exit_code(ExitCause::Asked),
        End::AppEnded(end) => end.exit_code,
        End::WorkerFailed => init::exit_code(ExitCause::Broken),
    }
}
