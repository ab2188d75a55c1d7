//! The public face of the life of an app: all apps together, from their start to their end.
//!
//! It owns the apps' tasks, knows which apps the program cannot live without, and orders the stop. What one app does
//! is its task's business.

use std::collections::BTreeSet;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::timeout_at;

use super::board::{AppRow, AppState, Board};
use super::helm::{Helm, Reach, WISHES};
use super::job::{Around, JobTask};
use super::oom::OomWatch;
use super::order::{KILL_MARGIN, Milestones, Waves, depths};
use super::ports::PrivatePorts;
use super::spawn::{Launcher, RuntimeDir, Shared};
use super::spec::{AppSpec, Command, Config, Grace, JobSpec, Listening};
use super::task::{AppTask, Ended, Kill, Order, Stopped, Surroundings};
use crate::init::{Children, ExitCause, exit_code};
use crate::observe::log::{Happening, Level, Log};
use crate::registry::{Publisher, Weight};

/// What is left of the grace once the operator asked twice.
const HURRIED_GRACE: Duration = Duration::from_secs(1);

/// A stop, once more in a hurry, and the wish to hurry.
const ORDERS: usize = 3;

/// All apps, running.
#[derive(Debug)]
pub(crate) struct Apps {
    tasks: JoinSet<Stopped>,
    members: Vec<Member>,
    ended: mpsc::UnboundedReceiver<Ended>,
    helm: Helm,
    log: Log,
}

#[derive(Debug)]
struct Member {
    name: Arc<str>,
    task: Id,
    orders: mpsc::Sender<Order>,
    grace: Grace,
    role: Role,
    board: Board,
    /// Started no more.
    over: bool,
    /// How many apps in a row need one another, from the last of them to this one: it is stopped after they are.
    depth: u32,
}

/// What the program is without the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Nothing: it ends with the app.
    Essential,
    /// Less; without any served app it is nothing.
    Served,
    Worker,
    /// Nothing, if it is one of the start and fails; otherwise its end is no end.
    Job,
}

/// What every app's task is started with.
#[derive(Debug)]
struct Nursery {
    shared: Shared,
    children: Children,
    log: Log,
    ended: mpsc::UnboundedSender<Ended>,
    milestones: Milestones,
    depths: Vec<u32>,
    grace_max: Duration,
    oom: Arc<OomWatch>,
    seeds: RandomState,
}

impl Nursery {
    fn start_app(&self, app: AppSpec, publisher: Publisher, apps: &mut Apps) -> Reach {
        let (orders, orders_receiver) = mpsc::channel(ORDERS);
        let launcher = Launcher::new(&app, self.shared.clone());
        let board = board_of(&app, &launcher);
        let (asked, wishes) = mpsc::channel(WISHES);
        let around = Surroundings {
            publisher,
            children: self.children.clone(),
            log: self.log.clone(),
            launcher,
            board: board.clone(),
            orders: orders_receiver,
            wishes,
            ended: self.ended.clone(),
            needs: self.milestones.needs_of(&app, &self.log),
            milestone: self.milestones.of_app(&app),
            grace_max: self.grace_max,
            oom: Arc::clone(&self.oom),
        };
        let depth = self.depths[usize::from(app.id.0)];
        let (name, grace, role) = (Arc::clone(&app.name), app.stop.grace, Role::of(&app));
        let reach = Reach { name: Arc::clone(&name), asked: Some(asked), board: board.clone() };
        let task = AppTask::new(app, around, self.seeds.hash_one(&name));
        let task = apps.tasks.spawn(Box::pin(task.run())).id();
        apps.members.push(Member { name, task, orders, grace, role, board, over: false, depth });
        reach
    }

    fn start_job(&self, job: JobSpec, apps: &mut Apps) -> Reach {
        let (orders, orders_receiver) = mpsc::channel(ORDERS);
        let worker = &job.worker;
        let launcher = Launcher::new(worker, self.shared.clone());
        let board = board_of(worker, &launcher);
        let around = Around {
            children: self.children.clone(),
            log: self.log.clone(),
            launcher,
            board: board.clone(),
            orders: orders_receiver,
            ended: self.ended.clone(),
            milestone: self.milestones.of_app(worker),
            grace_max: self.grace_max,
            oom: Arc::clone(&self.oom),
        };
        let depth = self.depths[usize::from(worker.id.0)];
        let (name, grace) = (Arc::clone(&worker.name), worker.stop.grace);
        let reach = Reach { name: Arc::clone(&name), asked: None, board: board.clone() };
        let needs = self.milestones.needs_of(worker, &self.log);
        let task = apps.tasks.spawn(Box::pin(JobTask::new(job, around, needs).run())).id();
        let role = Role::Job;
        apps.members.push(Member { name, task, orders, grace, role, board, over: false, depth });
        reach
    }
}

/// The end of an app that the program cannot live without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppsEnd {
    pub(crate) app: Arc<str>,
    /// What the program should exit with.
    pub(crate) exit_code: u8,
    /// Place, fact, remedy.
    pub(crate) why: String,
    /// Its last lines on stderr, oldest first.
    pub(crate) last_lines: Vec<String>,
}

/// How the stop went, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct StopReport {
    pub(crate) apps: Vec<StoppedApp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoppedApp {
    pub(crate) app: Arc<str>,
    pub(crate) how: StopOutcome,
    /// Processes it left behind that were killed.
    pub(crate) leftovers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopOutcome {
    Ended {
        after: Duration,
    },
    /// It ignored its stop signal for its whole grace.
    Killed {
        after: Duration,
    },
    /// Not even SIGKILL ended it in time.
    StillThere,
}

impl StopReport {
    /// Every app ended by itself and left nothing behind.
    pub(crate) fn is_clean(&self) -> bool {
        self.apps.iter().all(|app| matches!(app.how, StopOutcome::Ended { .. }) && app.leftovers == 0)
    }
}

impl Apps {
    /// Starts every app, one task each, on the current tokio runtime (a current-thread one is enough; nothing here
    /// blocks it but short looks at /proc). `publishers` come in the order of `config.apps`. `public_ports` are the
    /// door's own: no app is given one.
    ///
    /// # Errors
    /// When /dev/urandom cannot be read.
    pub(crate) fn start(
        config: Config,
        publishers: Vec<Publisher>,
        children: Children,
        log: Log,
        public_ports: &[u16],
    ) -> io::Result<Self> {
        let (ended_sender, ended) = mpsc::unbounded_channel();
        let nursery = Nursery {
            shared: Shared {
                ports: Arc::new(PrivatePorts::of_this_host(taken(public_ports, &config.apps))),
                runtime: Arc::new(RuntimeDir::of_this_host()?),
                confinement: Arc::default(),
            },
            children,
            log: log.clone(),
            ended: ended_sender,
            milestones: Milestones::of(&config),
            depths: depths(&config),
            grace_max: config.stop_budget.saturating_sub(KILL_MARGIN),
            oom: Arc::new(OomWatch::start()),
            seeds: RandomState::new(),
        };
        let (tasks, members) = (JoinSet::new(), Vec::new());
        let mut apps = Self { tasks, members, ended, log, helm: Helm::new(Vec::new()) };
        let mut reach = Vec::new();
        for (app, publisher) in config.apps.into_iter().zip(publishers) {
            reach.push(nursery.start_app(app, publisher, &mut apps));
        }
        for job in config.jobs {
            reach.push(nursery.start_job(job, &mut apps));
        }
        apps.helm = Helm::new(reach);
        Ok(apps)
    }

    /// What an operator's wishes go through.
    pub(crate) fn helm(&self) -> Helm {
        self.helm.clone()
    }

    /// Waits for the end of an app without which the program is nothing: an essential one, or the last served one.
    /// Safe to drop and call again. Pends for ever if there is no such app.
    pub(crate) async fn ended(&mut self) -> AppsEnd {
        loop {
            let news = tokio::select! {
                news = self.ended.recv() => news,
                // A task ends when it is told to, which it was not: it panicked, and nobody watches its app now.
                Some(Err(error)) = self.tasks.join_next_with_id() => return self.unwatched(error.id()),
            };
            let Some(news) = news else { return std::future::pending().await };
            let Ended { app, exit_code, why, last_lines } = news;
            let Some(member) = self.members.get_mut(usize::from(app.0)) else { continue };
            member.over = true;
            let (name, role) = (Arc::clone(&member.name), member.role);
            if self.is_the_end(role) {
                return AppsEnd { app: name, exit_code, why, last_lines };
            }
            // The end itself is for the program's last words; this one is told here.
            let level = if exit_code == 0 { Level::Info } else { Level::Error };
            self.log.event(level, Some(&name), &why);
        }
    }

    fn unwatched(&self, task: Id) -> AppsEnd {
        let app = self.members.iter().find(|member| member.task == task);
        AppsEnd {
            app: app.map_or_else(|| "unknown".into(), |member| Arc::clone(&member.name)),
            exit_code: exit_code(ExitCause::Broken),
            why: "its supervision broke: a bug in onedoor, please report it".into(),
            last_lines: Vec::new(),
        }
    }

    fn is_the_end(&self, role: Role) -> bool {
        let left = |role: Role| self.members.iter().any(|member| member.role == role && !member.over);
        let is_served = |member: &Member| matches!(member.role, Role::Essential | Role::Served);
        let served_once = self.members.iter().any(is_served);
        match role {
            Role::Essential | Role::Job => true,
            Role::Served => !left(Role::Served) && !left(Role::Essential),
            // Workers alone are a program as well.
            Role::Worker => !served_once && !left(Role::Worker),
        }
    }

    /// Stops every app, those that need others before what they need; who needs nobody and is needed by nobody is told
    /// first. Each wave has its share of the time until a second before `deadline`; what is left then is for SIGKILL.
    /// When `hurry` is done, everyone has a second. What is still there at `deadline` is reported, and left to whoever
    /// ends every process.
    pub(crate) async fn stop(mut self, deadline: Instant, hurry: impl Future<Output = ()>) -> StopReport {
        let mut wave = 0;
        let last = self.members.iter().map(|member| member.depth).max().unwrap_or(0);
        let waves = Waves::new(last, Instant::now(), deadline);
        tell_wave(&self.members, wave, &waves);
        let mut stopped: Vec<(Id, Stopped)> = Vec::new();
        let all = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                // A task that panicked has stopped nothing; its app is found by whoever kills what is left.
                stopped.extend(ended.ok());
                let lives = |member: &&Member| !stopped.iter().any(|(id, _)| *id == member.task);
                let next = self.members.iter().filter(lives).map(|member| member.depth).min();
                while next.is_some_and(|next| wave < next) {
                    wave += 1;
                    tell_wave(&self.members, wave, &waves);
                }
            }
        };
        let hurried = async {
            hurry.await;
            let kill_at = Instant::now() + HURRIED_GRACE;
            for member in &self.members {
                member.orders.send(Order::Stop { kill_at }).await.ok();
                member.orders.send(Order::Hurry { kill_at }).await.ok();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            // Both may be lost: the tasks go on by themselves, and what they did not finish is reported.
            _ = timeout_at(deadline.into(), all) => {}
            () = hurried => {}
        }
        self.report(&stopped)
    }

    /// The apps as they are now, in the order of the file.
    pub(crate) fn table(&self) -> Vec<AppRow> {
        self.members.iter().map(|member| member.board.row()).collect()
    }

    fn report(&self, stopped: &[(Id, Stopped)]) -> StopReport {
        let outcome = |member: &Member| {
            let stopped = stopped.iter().find(|(task, _)| *task == member.task).map(|(_, stopped)| stopped);
            let how = match stopped {
                None => StopOutcome::StillThere,
                Some(Stopped { took, kill: Kill::NotNeeded, .. }) => StopOutcome::Ended { after: *took },
                Some(Stopped { took, kill: Kill::Needed, .. }) => StopOutcome::Killed { after: *took },
            };
            let leftovers = stopped.map_or(0, |stopped| stopped.leftovers);
            StoppedApp { app: Arc::clone(&member.name), how, leftovers }
        };
        let report = StopReport { apps: self.members.iter().map(outcome).collect() };
        for app in &report.apps {
            self.tell(app);
        }
        report
    }

    fn tell(&self, app: &StoppedApp) {
        let say = |level, message: &str| self.log.event(level, Some(&app.app), message);
        let stopped = |level, message: &str| self.log.happened(level, &app.app, Happening::Stopped, message);
        match app.how {
            StopOutcome::Ended { after } => {
                stopped(Level::Debug, &format!("ended {:.1} s after it was asked to", after.as_secs_f64()))
            }
            StopOutcome::Killed { after } => stopped(
                Level::Warn,
                &format!(
                    "did not end when it was asked to and was killed after {:.1} s; it should end at its stop signal, or needs another one (stop.signal)",
                    after.as_secs_f64()
                ),
            ),
            StopOutcome::StillThere => say(Level::Error, "is still there at the deadline"),
        }
        if app.leftovers > 0 {
            let noun = if app.leftovers == 1 { "process" } else { "processes" };
            say(Level::Warn, &format!("left {} {noun} behind, killed now", app.leftovers));
        }
    }
}

impl Role {
    fn of(app: &AppSpec) -> Self {
        match (app.weight, &app.listening) {
            (Weight::Essential, _) => Self::Essential,
            (Weight::Optional, Listening::Nowhere) => Self::Worker,
            (
                Weight::Optional,
                Listening::Auto { .. }
                | Listening::PrivatePort { .. }
                | Listening::FixedPort { .. }
                | Listening::UnixSocket { .. }
                | Listening::Handed { .. },
            ) => Self::Served,
        }
    }
}

/// Tells those of one wave to stop, in the reverse order of the file.
fn tell_wave(members: &[Member], wave: u32, waves: &Waves) {
    let now = Instant::now();
    for member in members.iter().rev().filter(|member| member.depth == wave) {
        let kill_at = waves.kill_at(wave, member.grace, now);
        // Full or closed: it was told before, or its task is gone.
        member.orders.try_send(Order::Stop { kill_at }).ok();
    }
}

fn board_of(app: &AppSpec, launcher: &Launcher) -> Board {
    Board::new(AppRow {
        name: Arc::clone(&app.name),
        place: Arc::clone(&app.place),
        command: shown(&app.command),
        framework: launcher.framework().map(|framework| framework.name),
        state: AppState::Starting,
        weight: app.weight,
        restarts: 0,
        processes: Vec::new(),
    })
}

/// Ports that no app may be given: the door's own, and those that apps have for themselves.
fn taken(public_ports: &[u16], apps: &[AppSpec]) -> BTreeSet<u16> {
    public_ports.iter().copied().chain(apps.iter().filter_map(fixed_port)).collect()
}

fn fixed_port(app: &AppSpec) -> Option<u16> {
    match app.listening {
        Listening::FixedPort { port, .. } => Some(port),
        Listening::Nowhere
        | Listening::Auto { .. }
        | Listening::PrivatePort { .. }
        | Listening::UnixSocket { .. }
        | Listening::Handed { .. } => None,
    }
}

fn shown(command: &Command) -> String {
    match command {
        Command::Exec(words) => words.join(" "),
        Command::Shell(line) => line.clone(),
    }
}

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
