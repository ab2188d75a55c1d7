//! One task per app: events in, actions out. The only place where the machines of `fleet` and `life` meet processes and
//! time.
//!
//! ```text
//!   roster ─ Order ──▶ ┌──────┐ ── FleetEvent ──▶ ┌───────┐
//!   proxy ── Feedback ▶│ task │                   │ Fleet │
//!   Instance ─ News ──▶│      │ ◀─ FleetActions ─ └───────┘
//!   (exits, sights)    └──────┘ ── publish ▶ registry, Ended ▶ roster, Action ▶ Instance
//! ```
//!
//! It decides nothing about the app's life; it knows which instances, which endpoints and which words belong to it.

mod act;
mod errands;
mod instance;
mod publish;
mod report;

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use self::errands::Cause;
use self::instance::{Instance, News};
use super::board::Board;
use super::fleet::{Fleet, FleetAction, FleetActions, FleetEvent, FleetRules, InstanceId, Room, Ticket};
use super::helm::{Asked, Declined, Done};
use super::idleness::Idleness;
use super::life::{Event, ReadyWhen, Rules};
use super::maybe::or_never;
use super::milestone::{Milestone, Needs};
use super::oom::OomWatch;
use super::roster::MemberId;
use super::spawn::Launcher;
use super::spec::{AppSpec, Listening};
use crate::init::Children;
use crate::observe::log::{Happening, Level, Log};
use crate::registry::{DownReason, Endpoint, Feedback, Publisher};

/// What the roster tells an app's task.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Stop { kill_at: Instant },
    Hurry { kill_at: Instant },
}

/// An app that is started no more, though nobody asked for that; or a start job that failed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) of: MemberId,
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
    pub(super) id: MemberId,
    pub(super) publisher: Publisher,
    pub(super) children: Children,
    pub(super) log: Log,
    pub(super) launcher: Launcher,
    pub(super) board: Board,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) wishes: mpsc::Receiver<Asked>,
    pub(super) ended: mpsc::UnboundedSender<Ended>,
    /// What must be there before the app is started.
    pub(super) needs: Needs,
    /// Tells those who need this app.
    pub(super) milestone: watch::Sender<Milestone>,
    /// The longest grace between the stop signal and SIGKILL, where the app sets none.
    pub(super) grace_max: Duration,
    pub(super) oom: Arc<OomWatch>,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) struct AppTask {
    yard: Yard,
    fleet: Fleet,
    instances: Vec<Instance>,
    orders: mpsc::Receiver<Order>,
    wishes: mpsc::Receiver<Asked>,
    /// Until what the app needs is there.
    gate: Option<Boxed<()>>,
    /// Who waits for an answer.
    tickets: Vec<(Ticket, Cause, Reply)>,
    idleness: Idleness,
    asked_so_far: u64,
}

type Reply = oneshot::Sender<Result<Done, Declined>>;

/// What all instances of an app share.
struct Yard {
    id: MemberId,
    app: AppSpec,
    publisher: Publisher,
    children: Children,
    log: Log,
    launcher: Launcher,
    board: Board,
    ended: mpsc::UnboundedSender<Ended>,
    milestone: watch::Sender<Milestone>,
    oom: Arc<OomWatch>,
    grace_max: Duration,
    seed: u64,
    /// Starts so far, of all instances.
    generation: u64,
    /// Those of them that followed an end which nobody had asked for.
    restarts: u64,
    /// The last generation that became ready.
    ready_generation: Option<u64>,
    /// Why the instance that went down last did: it may be gone by the time that somebody asks.
    last_down: Option<(InstanceId, DownReason)>,
    surprise: Surprise,
    exposure: Exposure,
    failures: u32,
    stop_began: Option<Instant>,
    kill: Kill,
    leftovers: usize,
}

/// Whether it was told already that the app listens elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surprise {
    Untold,
    Told { port: u16 },
}

/// Whether it was looked at if the app listens on every address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exposure {
    Unknown,
    LookedAt,
}

/// Something happened.
enum Tidings {
    Order(Option<Order>),
    Of(InstanceId, Box<News>),
    Feedback(Feedback),
    Wish(Asked),
    GateOpen,
    /// Nobody has asked for the app for as long as it may idle.
    Idle,
}

impl AppTask {
    pub(super) fn new(app: AppSpec, around: Surroundings, seed: u64) -> Self {
        let fleet = Fleet::new(rules(&app, around.grace_max, seed));
        let Surroundings {
            id,
            publisher,
            children,
            log,
            launcher,
            board,
            orders,
            wishes,
            ended,
            needs,
            milestone,
            grace_max,
            oom,
        } = around;
        let yard = Yard {
            id,
            app,
            publisher,
            children,
            log,
            launcher,
            board,
            ended,
            milestone,
            oom,
            grace_max,
            seed,
            generation: 0,
            restarts: 0,
            ready_generation: None,
            last_down: None,
            surprise: Surprise::Untold,
            exposure: Exposure::Unknown,
            failures: 0,
            stop_began: None,
            kill: Kill::NotNeeded,
            leftovers: 0,
        };
        let idleness = Idleness::new(yard.app.stop_after_idle);
        let gate: Option<Boxed<()>> = Some(Box::pin(needs.met()));
        Self {
            yard,
            fleet,
            instances: Vec::new(),
            orders,
            wishes,
            gate,
            tickets: Vec::new(),
            idleness,
            asked_so_far: 0,
        }
    }

    /// From the first start to the end that was ordered.
    pub(super) async fn run(mut self) -> Stopped {
        while !self.fleet.is_over() {
            let tidings = self.next().await;
            self.learn(tidings).await;
        }
        let took = self.yard.stop_began.map(|began| began.elapsed()).unwrap_or_default();
        Stopped { took, kill: self.yard.kill, leftovers: self.yard.leftovers }
    }

    /// Waits. Every arm may be dropped and asked again: what is under way lives in `self`.
    async fn next(&mut self) -> Tidings {
        // The end of the orders is an order, once.
        let ordered = self.yard.stop_began.is_none() || !self.orders.is_closed() || !self.orders.is_empty();
        tokio::select! {
            biased;
            order = self.orders.recv(), if ordered => Tidings::Order(order),
            (id, news) = any_of(&mut self.instances) => Tidings::Of(id, Box::new(news)),
            () = or_never(self.gate.as_mut()) => Tidings::GateOpen,
            Some(asked) = self.wishes.recv() => Tidings::Wish(asked),
            () = self.idleness.waits() => Tidings::Idle,
            feedback = self.yard.publisher.feedback() => Tidings::Feedback(feedback),
        }
    }

    async fn learn(&mut self, tidings: Tidings) {
        match tidings {
            Tidings::Order(Some(Order::Stop { kill_at })) => self.stop_asked(kill_at).await,
            Tidings::Order(Some(Order::Hurry { kill_at })) => {
                self.instances.iter().for_each(|instance| instance.hurry_sweeps(kill_at));
                self.happened(FleetEvent::Hurry { kill_at }).await;
            }
            // Whoever gave the orders is gone: nothing of the app may stay.
            Tidings::Order(None) => self.stop_asked(Instant::now()).await,
            Tidings::Of(id, news) => self.heard_of(id, *news).await,
            Tidings::GateOpen => {
                self.gate = None;
                self.happened(FleetEvent::Begin).await;
            }
            Tidings::Wish(asked) => self.asked(asked).await,
            Tidings::Idle => self.idle().await,
            Tidings::Feedback(Feedback::Wanted) => self.happened(FleetEvent::Wanted).await,
            Tidings::Feedback(Feedback::Failed { endpoint, how }) => {
                // News about an endpoint that is replaced already says nothing about the one there is now.
                let is_its = |instance: &&Instance| instance.endpoint_id() == Some(endpoint);
                let failed = self.instances.iter().find(is_its).map(Instance::id);
                if let Some(id) = failed {
                    self.happened(FleetEvent::Of { id, event: Event::Suspected { how } }).await;
                }
            }
        }
    }

    /// A look at whether the app was used; a lazy one that was not, for long enough, goes to sleep.
    async fn idle(&mut self) {
        let endpoints = self.instances.iter().filter_map(|instance| instance.endpoint.as_deref());
        let used = endpoints.map(Endpoint::usage).collect();
        if self.idleness.judge(used, Instant::now()) {
            let why = "nobody asks for it: stopped until somebody does";
            self.yard.tell(Level::Info, Happening::Idle, why);
            self.happened(FleetEvent::Idle).await;
        }
    }

    async fn stop_asked(&mut self, kill_at: Instant) {
        self.yard.stop_began.get_or_insert_with(Instant::now);
        self.gate = None;
        self.instances.iter().for_each(|instance| instance.hurry_sweeps(kill_at));
        self.happened(FleetEvent::StopAsked { kill_at }).await;
    }

    async fn heard_of(&mut self, id: InstanceId, news: News) {
        let Some(instance) = self.instances.iter_mut().find(|instance| instance.id() == id) else { return };
        let exits = matches!(news, News::Exited(_));
        // Who ends on its way out has not failed.
        if exits && !self.fleet.is_leaving(id) {
            self.yard.failures += 1;
        }
        if let Some(event) = instance.learn(news, &mut self.yard).await {
            self.happened(event).await;
        }
        if exits && self.yard.ready_generation.is_none() && self.yard.stop_began.is_none() {
            self.explain_first_failure(id).await;
        }
        self.clear().await;
    }

    /// Feeds the fleet, does what it says, and feeds it what comes of that.
    async fn happened(&mut self, event: FleetEvent) {
        let actions = self.fleet.on(event, Instant::now());
        self.follow(actions).await;
    }

    async fn follow(&mut self, mut actions: FleetActions) {
        let mut events = VecDeque::new();
        let mut changed = false;
        loop {
            for action in actions {
                changed = true;
                events.extend(self.perform(action).await);
            }
            let Some(event) = events.pop_front().or_else(|| self.cleared()) else { break };
            actions = self.fleet.on(event, Instant::now());
        }
        // Most news change nothing: each request that is held says that it wants the app.
        if changed {
            self.show_processes();
        }
    }

    async fn explain_first_failure(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances.iter_mut().find(|instance| instance.id() == id) {
            instance.explain_first_failure(&self.yard).await;
        }
    }

    /// An instance whose last process was swept after it had left.
    async fn clear(&mut self) {
        if let Some(event) = self.cleared() {
            self.happened(event).await;
        }
    }

    fn cleared(&self) -> Option<FleetEvent> {
        let gone = |instance: &&Instance| instance.is_swept() && self.fleet.has_left(instance.id());
        self.instances.iter().find(gone).map(|instance| FleetEvent::Cleared { id: instance.id() })
    }

    async fn perform(&mut self, action: FleetAction) -> Option<FleetEvent> {
        match action {
            FleetAction::Make { id, slot } => self.instances.push(Instance::new(id, slot)),
            FleetAction::Of { id, action } => {
                let instance = self.instances.iter_mut().find(|instance| instance.id() == id)?;
                let event = instance.perform(action, &mut self.yard)?;
                return Some(FleetEvent::Of { id, event });
            }
            FleetAction::Drain { id } => {
                let drain = self.yard.app.stop.drain;
                let instance = self.instances.iter_mut().find(|instance| instance.id() == id)?;
                instance.drain(Instant::now() + drain);
            }
            FleetAction::Forget { id } => {
                let at = self.instances.iter().position(|instance| instance.id() == id);
                if let Some(at) = at {
                    // What it printed last is still read.
                    self.instances.swap_remove(at).last_output().await;
                    self.yard.launcher.forget(id.0);
                }
            }
            FleetAction::Publish(face) => self.publish(face),
            FleetAction::Answer { ticket, answer } => self.answer(ticket, answer),
            FleetAction::Ended { id, how } => {
                let instance = self.instances.iter_mut().find(|instance| instance.id() == id)?;
                instance.report_end(how, &self.yard).await;
            }
        }
        None
    }
}

impl Yard {
    fn say(&self, level: Level, message: impl std::fmt::Display) {
        self.log.event(level, Some(&self.app.name), message);
    }

    /// The same for what happened to the app, and not only around it.
    fn tell(&self, level: Level, what: Happening, message: impl std::fmt::Display) {
        self.log.happened(level, &self.app.name, what, message);
    }
}

fn rules(app: &AppSpec, grace_max: Duration, seed: u64) -> FleetRules {
    let grace = app.stop.grace.within(grace_max);
    let ready = if app.is_ready_at_once() { ReadyWhen::Running } else { ReadyWhen::Answering };
    let room = match app.listening {
        Listening::FixedPort { .. } => Room::ForOne,
        Listening::Nowhere
        | Listening::Auto { .. }
        | Listening::PrivatePort { .. }
        | Listening::UnixSocket { .. }
        | Listening::Handed { .. } => Room::ForMany,
    };
    FleetRules {
        machine: Rules { ready, start_timeout: app.start_timeout, grace, weight: app.weight },
        restart: app.restart.clone(),
        replicas: app.replicas,
        start: app.start,
        replace: app.replace,
        room,
        seed,
    }
}

/// One instance's next news.
type Wait<'a> = Pin<Box<dyn Future<Output = News> + Send + 'a>>;

/// The next news of any instance.
async fn any_of(instances: &mut [Instance]) -> (InstanceId, News) {
    let mut waits: Vec<(InstanceId, Wait<'_>)> = instances
        .iter_mut()
        .map(|instance| {
            let id = instance.id();
            let wait: Wait<'_> = Box::pin(instance.next());
            (id, wait)
        })
        .collect();
    poll_fn(|context| {
        for (id, wait) in &mut waits {
            if let Poll::Ready(news) = wait.as_mut().poll(context) {
                return Poll::Ready((*id, news));
            }
        }
        Poll::Pending
    })
    .await
}
