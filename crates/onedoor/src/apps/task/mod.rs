//! One task per app: events in, actions out. The only place where the machine of `life.rs` meets processes and time.
//!
//! ```text
//!   roster ─ Order ──▶ ┌──────┐ ── Event ──▶ ┌─────────┐
//!   proxy ── Feedback ▶│ task │              │ Machine │
//!   init ─── exit ────▶│      │ ◀─ Actions ─ └─────────┘
//!   prober ─ Sight ───▶└──────┘ ── publish ▶ registry, signal ▶ init, Ended ▶ roster
//! ```
//!
//! It decides nothing about the app's life; it knows which process, which endpoint and which words belong to it.

mod act;
mod publish;
mod report;

use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use onedoor_linux::spawn::SpawnError;
use onedoor_linux::wait::ExitStatus;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::board::Board;
use super::command_question::Asker;
use super::hearing::Hearing;
use super::kin::Kin;
use super::life::{Event, Life, Machine, ReadyWhen, Rules};
use super::notify::Voice;
use super::output::{self, LastWords};
use super::ready::{Found, FoundPlace, Prober, Sight, Why};
use super::restart::{Ending, Restarts};
use super::spawn::{LaunchError, Launcher, Told};
use super::spec::{AppSpec, Grace};
use crate::init::{Child, Children};
use crate::observe::log::{AppStream, Level, Log, Speaker};
use crate::registry::{AppId, Endpoint, Feedback, Publisher};

/// What an app printed last may come after its exit; whoever still holds its pipes does not hold us (rule 16).
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

/// What the roster tells an app's task.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Stop { kill_at: Instant },
    Hurry { kill_at: Instant },
}

/// An app that is started no more, though nobody asked for that.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) app: AppId,
    pub(super) exit_code: u8,
    pub(super) why: String,
    pub(super) last_lines: Vec<String>,
}

/// How an app's task ended.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) took: Duration,
    pub(super) kill: Kill,
    /// Processes that the app left behind and that had to be killed.
    pub(super) leftovers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kill {
    NotNeeded,
    /// It did not end within its grace.
    Needed,
}

/// What a task works with.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) publisher: Publisher,
    pub(super) children: Children,
    pub(super) log: Log,
    pub(super) launcher: Launcher,
    pub(super) board: Board,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) ended: mpsc::UnboundedSender<Ended>,
    /// The longest grace between the stop signal and SIGKILL, where the app sets none.
    pub(super) grace_max: Duration,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) struct AppTask {
    app: AppSpec,
    around: Surroundings,
    machine: Machine,
    spawning: Option<Boxed<Result<Child, SpawnError>>>,
    /// What the start under way, or the process that runs, was told.
    start: Option<Start>,
    process: Option<Process>,
    /// The family of the process that ended last, until it is swept.
    bereaved: Option<Kin>,
    /// Asked for by the machine.
    probing: Option<Boxed<(Prober, Sight)>>,
    /// Nobody's wish: a look now and then at an app that listens elsewhere.
    glancing: Option<Boxed<(Prober, Sight)>>,
    timer: Option<Instant>,
    outputs: JoinSet<()>,
    sweeps: JoinSet<usize>,
    /// Until when leftovers may live; closer when the stop must hurry.
    patience: watch::Sender<Instant>,
    found: Option<Found>,
    endpoint: Option<Arc<Endpoint>>,
    generation: u64,
    /// The last generation that became ready.
    ready_generation: Option<u64>,
    surprise: Surprise,
    fate: Fate,
    stop_began: Option<Instant>,
    kill: Kill,
    leftovers: usize,
}

#[derive(Debug)]
struct Start {
    told: Told,
    marker: OsString,
    began: Instant,
    hearing: Hearing,
    asker: Asker,
}

#[derive(Debug)]
struct Process {
    kin: Kin,
    exited: oneshot::Receiver<ExitStatus>,
}

/// Whether it was told already that the app listens elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surprise {
    Untold,
    Told { port: u16 },
}

/// What is known about why the app is not up.
#[derive(Debug, Default)]
struct Fate {
    status: Option<ExitStatus>,
    spawn_error: Option<(String, u8)>,
    silence: Option<Why>,
    last_words: LastWords,
    lived: Duration,
    failures: u32,
    /// Processes that a start left running although it ended well and never was ready: a daemon's way to start.
    left_running: usize,
}

/// Something happened.
enum News {
    Order(Option<Order>),
    Exited(Result<ExitStatus, oneshot::error::RecvError>),
    Spawned(Result<Child, SpawnError>),
    Sight(Prober, Sight),
    Glimpse(Prober, Sight),
    /// The app says that it is stopping.
    Leaves,
    TimerDue,
    Feedback(Feedback),
    Swept(usize),
}

impl AppTask {
    pub(super) fn new(app: AppSpec, around: Surroundings, seed: u64) -> Self {
        let grace = match app.stop.grace {
            Grace::RestOfBudget => around.grace_max,
            Grace::AtMost(grace) => grace.min(around.grace_max),
        };
        let ready = if app.is_ready_at_once() { ReadyWhen::Running } else { ReadyWhen::Answering };
        let rules = Rules { ready, start_timeout: app.start_timeout, grace, weight: app.weight };
        let machine = Machine::new(rules, Restarts::new(app.restart.clone(), seed));
        Self {
            app,
            around,
            machine,
            spawning: None,
            start: None,
            process: None,
            bereaved: None,
            probing: None,
            glancing: None,
            timer: None,
            outputs: JoinSet::new(),
            sweeps: JoinSet::new(),
            patience: watch::Sender::new(Instant::now()),
            found: None,
            endpoint: None,
            generation: 0,
            ready_generation: None,
            surprise: Surprise::Untold,
            fate: Fate::default(),
            stop_began: None,
            kill: Kill::NotNeeded,
            leftovers: 0,
        }
    }

    /// From the first start to the end that was ordered.
    pub(super) async fn run(mut self) -> Stopped {
        self.happened(Event::Begin).await;
        while !self.is_over() {
            let news = self.next().await;
            self.learn(news).await;
        }
        self.last_output().await;
        let took = self.stop_began.map(|began| began.elapsed()).unwrap_or_default();
        Stopped { took, kill: self.kill, leftovers: self.leftovers }
    }

    fn is_over(&self) -> bool {
        let stopped = match self.machine.life() {
            Life::Stopped { .. } => true,
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. } => false,
        };
        stopped && self.stop_began.is_some() && self.sweeps.is_empty()
    }

    /// Waits. Every arm may be dropped and asked again: what is under way lives in `self`.
    async fn next(&mut self) -> News {
        let exited = self.process.as_mut().map(|process| &mut process.exited);
        let orders = &mut self.around.orders;
        // The end of the orders is an order, once.
        let ordered = self.stop_began.is_none() || !orders.is_closed() || !orders.is_empty();
        tokio::select! {
            biased;
            order = orders.recv(), if ordered => News::Order(order),
            status = or_never(exited) => News::Exited(status),
            child = or_never(self.spawning.as_mut()) => News::Spawned(child),
            (prober, sight) = or_never(self.probing.as_mut()) => News::Sight(prober, sight),
            (prober, sight) = or_never(self.glancing.as_mut()) => News::Glimpse(prober, sight),
            () = leaves(self.start.as_mut()) => News::Leaves,
            () = due(self.timer) => News::TimerDue,
            Some(killed) = self.sweeps.join_next() => News::Swept(killed.unwrap_or_default()),
            feedback = self.around.publisher.feedback() => News::Feedback(feedback),
        }
    }

    async fn learn(&mut self, news: News) {
        match news {
            News::Order(Some(Order::Stop { kill_at })) => self.stop_asked(kill_at).await,
            News::Order(Some(Order::Hurry { kill_at })) => {
                self.hurry_sweeps(kill_at);
                self.happened(Event::Hurry { kill_at }).await;
            }
            // Whoever gave the orders is gone: nothing of the app may stay.
            News::Order(None) => self.stop_asked(Instant::now()).await,
            News::Exited(status) => self.exited(status.ok()).await,
            News::Spawned(result) => self.spawned(result).await,
            News::Sight(prober, sight) => self.saw(prober, sight).await,
            News::Glimpse(prober, sight) => self.glimpsed(prober, sight).await,
            News::Leaves => self.look_closer(),
            News::TimerDue => {
                self.timer = None;
                self.happened(Event::TimerDue).await;
            }
            News::Swept(killed) => {
                // What a crash left behind is a matter of that crash.
                if self.stop_began.is_some() {
                    self.leftovers += killed;
                }
                self.note_left_running(killed);
            }
            News::Feedback(Feedback::Wanted) => self.happened(Event::Wanted).await,
            News::Feedback(Feedback::Failed { endpoint, how }) => {
                // News about an endpoint that is replaced already says nothing about the one there is now.
                if self.endpoint.as_ref().is_some_and(|current| current.id == endpoint) {
                    self.happened(Event::Suspected { how }).await;
                }
            }
        }
    }

    async fn stop_asked(&mut self, kill_at: Instant) {
        self.stop_began.get_or_insert_with(Instant::now);
        self.hurry_sweeps(kill_at);
        self.happened(Event::StopAsked { kill_at }).await;
    }

    fn hurry_sweeps(&self, kill_at: Instant) {
        self.patience.send_if_modified(|until| {
            let sooner = kill_at < *until;
            *until = kill_at.min(*until);
            sooner
        });
    }

    async fn exited(&mut self, status: Option<ExitStatus>) {
        let Some(process) = self.process.take() else { return };
        self.probing = None;
        self.glancing = None;
        self.endpoint = None;
        self.fate.status = status;
        self.fate.spawn_error = None;
        self.fate.lived = self.start.as_ref().map(|start| start.began.elapsed()).unwrap_or_default();
        self.fate.failures += 1;
        let how = match status {
            Some(status) if status.success() => Ending::Success,
            Some(_) | None => Ending::Failure,
        };
        let pid = process.kin.leader;
        self.bereaved = Some(process.kin);
        self.happened(Event::Exited { pid, how }).await;
        if self.ready_generation.is_none() && self.stop_began.is_none() {
            self.explain_first_failure().await;
        }
    }

    async fn spawned(&mut self, result: Result<Child, SpawnError>) {
        self.spawning = None;
        match result {
            Ok(child) => {
                let Child { pid, stdout, stderr, exited } = child;
                // What is spawned was prepared.
                let Some(start) = &mut self.start else { return };
                let words = LastWords::default();
                self.fate.last_words = words.clone();
                // Readers of earlier starts that are done; an app that crashes for months would pile them up.
                while self.outputs.try_join_next().is_some() {}
                for (pipe, stream) in [(stdout, AppStream::Out), (stderr, AppStream::Err)] {
                    let speaker = Speaker { app: Arc::clone(&self.app.name), pid, stream };
                    let signs = start.hearing.signs().clone();
                    let log = self.around.log.clone();
                    self.outputs.spawn(output::drain(pipe, speaker, log, words.clone(), signs));
                }
                let kin = Kin { leader: pid, marker: start.marker.clone() };
                let voice = Voice { app: Arc::clone(&self.app.name), log: self.around.log.clone() };
                start.hearing.attend(kin.clone(), voice);
                self.process = Some(Process { kin, exited });
                self.happened(Event::Spawned { pid }).await;
            }
            Err(error) => self.cannot_start(&LaunchError::Program(error)).await,
        }
    }

    async fn cannot_start(&mut self, error: &LaunchError) {
        let hope = self.note_spawn_error(error);
        self.happened(Event::SpawnFailed { hope }).await;
    }

    async fn saw(&mut self, prober: Prober, sight: Sight) {
        self.probing = None;
        let Some(pid) = self.leader() else { return };
        match sight {
            Sight::Answers(found) => {
                self.note_surprise(&found);
                self.glance_again(prober, &found);
                self.found = Some(found);
                self.happened(Event::Answered { pid }).await;
            }
            Sight::Runs => self.happened(Event::Answered { pid }).await,
            Sight::Silent(why) => {
                self.fate.silence = Some(why);
                self.probing = Some(Box::pin(prober.look_again()));
                self.happened(Event::Silent { pid }).await;
            }
        }
    }

    /// An app that was found elsewhere may have opened a side door first; if it answers at another place by now,
    /// that is the better one. That it does not answer is for suspicion to find out.
    async fn glimpsed(&mut self, prober: Prober, sight: Sight) {
        self.glancing = None;
        let Some(pid) = self.leader() else { return };
        match sight {
            Sight::Answers(found) if self.found.as_ref() != Some(&found) => {
                self.note_surprise(&found);
                self.glance_again(prober, &found);
                self.found = Some(found);
                self.happened(Event::Answered { pid }).await;
            }
            Sight::Answers(_) | Sight::Runs | Sight::Silent(_) => {
                self.glancing = Some(Box::pin(prober.look_idly()))
            }
        }
    }

    fn glance_again(&mut self, prober: Prober, found: &Found) {
        self.glancing = match found.place {
            FoundPlace::AsTold => None,
            FoundPlace::Elsewhere { .. } => Some(Box::pin(prober.look_idly())),
        };
    }

    fn leader(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.kin.leader)
    }

    fn say(&self, level: Level, message: impl std::fmt::Display) {
        self.around.log.event(level, Some(&self.app.name), message);
    }
}

async fn or_never<F: Future + Unpin>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn leaves(start: Option<&mut Start>) {
    match start {
        Some(start) => start.hearing.leaves().await,
        None => std::future::pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
