//! The public face of the life of an app: all apps together, from their start to their end.
//!
//! It owns the apps' tasks, knows which apps the program cannot live without, and orders the stop. What one app does
//! is its task's business.

use std::collections::BTreeMap;
use std::future::Future;
use std::hash::RandomState;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::timeout_at;

use super::board::AppRow;
use super::helm::{Helm, Reach};
use super::nursery::Nursery;
use super::oom::OomWatch;
use super::order::{KILL_MARGIN, Milestones, Waves, depths};
use super::reload::Signature;
use super::spawn::{RuntimeDir, Shared};
use super::spec::{AppSpec, Config, Grace, JobSpec, Listening};
use super::task::{Ended, Kill, Order, Stopped};
use crate::init::{Children, ExitCause, exit_code};
use crate::loopback::{Addresses, PrivatePorts};
use crate::observe::log::{Happening, Level, Log};
use crate::registry::{Publisher, Weight};

/// What is left of the grace once the operator asked twice.
const HURRIED_GRACE: Duration = Duration::from_secs(1);

/// All apps, running.
#[derive(Debug)]
pub(crate) struct Apps {
    pub(super) tasks: JoinSet<Stopped>,
    pub(super) members: Vec<Member>,
    ended: mpsc::UnboundedReceiver<Ended>,
    pub(super) helm: Helm,
    pub(super) nursery: Nursery,
    /// What the file said of each job when it was last started.
    pub(super) jobs: BTreeMap<Arc<str>, Signature>,
    pub(super) log: Log,
}

/// What the apps have of the loopback interface.
#[derive(Clone, Debug)]
pub(crate) struct Loopback {
    pub(crate) ports: Arc<PrivatePorts>,
    pub(crate) addresses: Addresses,
}

/// An app or a job from its beginning to its end; names come back, these do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MemberId(pub(super) u64);

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: MemberId,
    pub(super) task: Id,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) grace: Grace,
    pub(super) role: Role,
    pub(super) reach: Reach,
    /// Started no more.
    pub(super) over: bool,
    /// How many apps in a row need one another, from the last of them to this one: it is stopped after they are.
    pub(super) depth: u32,
}

/// What the program is without the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing: it ends with the app.
    Essential,
    /// Less; without any served app it is nothing.
    Served,
    Worker,
    /// Nothing, if it is one of the start and fails; otherwise its end is no end.
    Job,
    /// The same as ever: the program had started without it.
    LateJob,
    /// The same as ever: the file does not have it any more.
    Leaving,
}

/// The end of an app that the program cannot live without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppsEnd {
    pub(crate) app: Arc<str>,
    pub(crate) of: EndOf,
    /// What the program should exit with.
    pub(crate) exit_code: u8,
    /// Place, fact, remedy.
    pub(crate) why: String,
    /// Its last lines on stderr, oldest first.
    pub(crate) last_lines: Vec<String>,
}

/// Whose end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndOf {
    App,
    /// One of the start.
    Job,
    /// Nobody watches the app any more.
    Supervision,
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
    /// blocks it but short looks at /proc). `publishers` come in the order of `config.apps`.
    ///
    /// # Errors
    /// When /dev/urandom cannot be read.
    pub(crate) fn start(
        config: Config,
        publishers: Vec<Publisher>,
        children: Children,
        log: Log,
        around: Loopback,
    ) -> io::Result<Self> {
        let (ended_sender, ended) = mpsc::unbounded_channel();
        let depths = depths(&config);
        let mut nursery = Nursery {
            shared: Shared {
                ports: around.ports,
                addresses: around.addresses,
                runtime: Arc::new(RuntimeDir::of_this_host()?),
                confinement: Arc::default(),
            },
            children,
            log: log.clone(),
            ended: ended_sender,
            milestones: Milestones::of(&config),
            grace_max: config.stop_budget.saturating_sub(KILL_MARGIN),
            oom: Arc::new(OomWatch::start()),
            seeds: RandomState::new(),
            made: 0,
            news: watch::Sender::new(()),
        };
        let (mut tasks, mut members) = (JoinSet::new(), Vec::new());
        for (app, publisher) in config.apps.into_iter().zip(publishers) {
            members.push(nursery.start_app(app, publisher, &mut tasks));
        }
        let signature = |job: &JobSpec| (Arc::clone(&job.worker.name), Signature::of(job));
        let jobs = sorted::map(config.jobs.iter().map(signature));
        for job in config.jobs {
            members.push(nursery.start_job(job, Role::Job, &mut tasks));
        }
        for (member, depth) in members.iter_mut().zip(depths) {
            member.depth = depth;
        }
        let reaches = members.iter().map(|member| member.reach.clone()).collect();
        let helm = Helm::new(reaches, nursery.news.subscribe());
        Ok(Self { tasks, members, ended, helm, nursery, jobs, log })
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
                Some(joined) = self.tasks.join_next_with_id() => match joined {
                    // Whoever is not in the file any more has left.
                    Ok((task, _stopped)) => {
                        self.members.retain(|member| member.task != task);
                        continue;
                    }
                    // It panicked, and nobody watches its app now.
                    Err(error) => return self.unwatched(error.id()),
                },
            };
            let Some(news) = news else { return std::future::pending().await };
            let Ended { of, exit_code, why, last_lines } = news;
            let Some(member) = self.members.iter_mut().find(|member| member.id == of) else { continue };
            member.over = true;
            let (name, role) = (Arc::clone(&member.reach.name), member.role);
            if self.is_the_end(role) {
                let of = if role == Role::Job { EndOf::Job } else { EndOf::App };
                return AppsEnd { app: name, of, exit_code, why, last_lines };
            }
            // The end itself is for the program's last words; this one is told here.
            let level = if exit_code == 0 { Level::Info } else { Level::Error };
            self.log.event(level, Some(&name), &why);
        }
    }

    fn unwatched(&self, task: Id) -> AppsEnd {
        let app = self.members.iter().find(|member| member.task == task);
        AppsEnd {
            app: app.map_or_else(|| "unknown".into(), |member| Arc::clone(&member.reach.name)),
            of: EndOf::Supervision,
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
            Role::LateJob | Role::Leaving => false,
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
        self.helm.table()
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
            StoppedApp { app: Arc::clone(&member.reach.name), how, leftovers }
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
    pub(super) fn of(app: &AppSpec) -> Self {
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

#[cfg(test)]
#[path = "roster_tests.rs"]
mod tests;
