//! One task per job: what is due is run, and what comes of a run is said, passed on, or the end.
//!
//! When it is due is the timetable's to say, how a process is run `run.rs`'s. A run under way lives in here until its
//! last process is gone; the task ends when it is told to, and not before.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::run::{Leave, Outcome, Run, RunEnd};
use super::schedule::{Look, Schedule, Timetable};
use crate::apps::board::{AppState, Board};
use crate::apps::maybe::{due, or_never};
use crate::apps::milestone::{Milestone, Needs};
use crate::apps::oom::OomWatch;
use crate::apps::report;
use crate::apps::roster::MemberId;
use crate::apps::secret::{self, Secrets, Untold};
use crate::apps::spawn::Launcher;
use crate::apps::spec::{JobOn, JobSpec, Overlap};
use crate::apps::stop;
use crate::apps::task::{Ended, Kill, Order, Stopped};
use crate::init::{Children, ExitCause, exit_code};
use crate::observe::log::{Happening, Level, Log};

/// What a job's task works with.
#[derive(Debug)]
pub(in crate::apps) struct Around {
    pub(in crate::apps) id: MemberId,
    pub(in crate::apps) children: Children,
    pub(in crate::apps) log: Log,
    pub(in crate::apps) launcher: Launcher,
    pub(in crate::apps) board: Board,
    pub(in crate::apps) orders: mpsc::Receiver<Order>,
    pub(in crate::apps) ended: mpsc::UnboundedSender<Ended>,
    /// Tells those who need this job.
    pub(in crate::apps) milestone: watch::Sender<Milestone>,
    /// The longest grace between the stop signal and SIGKILL, where the job sets none.
    pub(in crate::apps) grace_max: Duration,
    pub(in crate::apps) oom: Arc<OomWatch>,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(in crate::apps) struct JobTask {
    job: JobSpec,
    around: Around,
    plan: Plan,
    /// Until what the job needs is there.
    gate: Option<Boxed<()>>,
    under_way: Option<UnderWay>,
    after: After,
    /// When the clock is looked at.
    look_at: Option<Instant>,
    runs: u64,
    stop_began: Option<Instant>,
    kill: Kill,
    leftovers: usize,
}

#[derive(Debug)]
enum Plan {
    Once,
    Cron { timetable: Box<Timetable>, overlap: Overlap },
}

struct UnderWay {
    began: Instant,
    leave: watch::Sender<Leave>,
    step: Boxed<Step>,
}

/// What comes of what is under way.
enum Step {
    /// The secrets are there that a run waited for; what it may be told meanwhile is still to be heard.
    Told(Secrets, watch::Receiver<Leave>),
    Over(Outcome),
}

/// What follows the run under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Nothing,
    /// A run that is due already.
    Another,
}

enum Tidings {
    Order(Option<Order>),
    Step(Step),
    GateOpen,
    TimeToLook,
}

impl JobTask {
    pub(in crate::apps) fn new(job: JobSpec, around: Around, needs: Needs) -> Self {
        let plan = match &job.on {
            JobOn::Start => Plan::Once,
            JobOn::Cron { schedule, overlap } => Plan::Cron {
                timetable: Box::new(Timetable::new(Schedule::clone(schedule), Timestamp::now())),
                overlap: *overlap,
            },
        };
        Self {
            job,
            around,
            plan,
            gate: Some(Box::pin(needs.met())),
            under_way: None,
            after: After::Nothing,
            look_at: None,
            runs: 0,
            stop_began: None,
            kill: Kill::NotNeeded,
            leftovers: 0,
        }
    }

    /// Until it is told to stop and nothing of it is left.
    pub(in crate::apps) async fn run(mut self) -> Stopped {
        while self.stop_began.is_none() || self.under_way.is_some() {
            match self.next().await {
                Tidings::Order(Some(Order::Stop { kill_at } | Order::Hurry { kill_at })) => {
                    self.stop(kill_at)
                }
                // Whoever gave the orders is gone: nothing of the job may stay.
                Tidings::Order(None) => self.stop(Instant::now()),
                Tidings::Step(Step::Told(secrets, leave)) => self.launch(&secrets, leave),
                Tidings::Step(Step::Over(outcome)) => self.ended(outcome),
                Tidings::GateOpen => self.begin(),
                Tidings::TimeToLook => self.look(),
            }
        }
        let took = self.stop_began.map(|began| began.elapsed()).unwrap_or_default();
        Stopped { took, kill: self.kill, leftovers: self.leftovers }
    }

    /// Waits. Every arm may be dropped and asked again: what is under way lives in `self`.
    async fn next(&mut self) -> Tidings {
        // The end of the orders is an order, once.
        let orders = &mut self.around.orders;
        let ordered = self.stop_began.is_none() || !orders.is_closed() || !orders.is_empty();
        tokio::select! {
            biased;
            order = orders.recv(), if ordered => Tidings::Order(order),
            step = or_never(self.under_way.as_mut().map(|run| &mut run.step)) => Tidings::Step(step),
            () = or_never(self.gate.as_mut()) => Tidings::GateOpen,
            () = due(self.look_at) => Tidings::TimeToLook,
        }
    }

    fn stop(&mut self, kill_at: Instant) {
        self.stop_began.get_or_insert_with(Instant::now);
        (self.gate, self.look_at, self.after) = (None, None, After::Nothing);
        self.around.board.set(AppState::Stopping);
        self.tell_to_leave(kill_at);
    }

    fn tell_to_leave(&self, kill_at: Instant) {
        let Some(run) = &self.under_way else { return };
        run.leave.send_modify(|leave| {
            *leave = match *leave {
                Leave::NotYet => Leave::By(kill_at),
                Leave::By(at) => Leave::By(at.min(kill_at)),
            };
        });
    }

    fn begin(&mut self) {
        self.gate = None;
        match &mut self.plan {
            Plan::Once => self.start(),
            Plan::Cron { timetable, .. } => {
                timetable.begin(Timestamp::now());
                self.look_at = Some(Instant::now());
                self.rest();
            }
        }
    }

    fn look(&mut self) {
        self.look_at = None;
        let Plan::Cron { timetable, overlap } = &mut self.plan else { return };
        let (look, overlap) = (timetable.look(Timestamp::now()), *overlap);
        let pause = match look {
            Look::Wait(pause) => pause,
            Look::Due { missed } => {
                self.note_missed(missed);
                self.is_due(overlap);
                Duration::ZERO
            }
            Look::Missed { missed } => {
                self.note_missed(missed);
                Duration::ZERO
            }
            Look::SetBack => {
                self.say(Level::Warn, "the clock was set back by more than a day; its timetable begins anew");
                Duration::ZERO
            }
        };
        self.look_at = Some(Instant::now() + pause);
        if self.under_way.is_none() {
            self.rest();
        }
    }

    fn note_missed(&self, missed: u32) {
        let runs = match missed {
            0 => return,
            1 => "a run was missed and is",
            _ => "runs were missed and are",
        };
        let count = if missed == 1 { String::new() } else { format!("{missed} ") };
        let why = "the machine slept, was very busy, or its clock was set";
        self.tell(Level::Warn, Happening::Skipped, format_args!("{count}{runs} not made up for: {why}"));
    }

    fn is_due(&mut self, overlap: Overlap) {
        let Some(run) = &self.under_way else { return self.start() };
        let so_far = report::shown(run.began.elapsed());
        let busy = format!("the run before this one still runs, after {so_far}");
        match (overlap, self.after) {
            (Overlap::Skip, _) => {
                self.tell(Level::Warn, Happening::Skipped, format_args!("{busy}; this one is skipped"));
            }
            (Overlap::Queue, After::Nothing) => {
                self.say(Level::Info, format_args!("{busy}; this one waits for its end"));
                self.after = After::Another;
            }
            (Overlap::Queue, After::Another) => {
                let news = format_args!("{busy}, and one waits already; this one is skipped");
                self.tell(Level::Warn, Happening::Skipped, news);
            }
            (Overlap::Kill, After::Nothing) => {
                self.say(Level::Warn, format_args!("{busy}; it is ended now"));
                self.after = After::Another;
                self.tell_to_leave(Instant::now() + self.grace());
            }
            // It is being ended for a run that was not made yet; that one stands for both.
            (Overlap::Kill, After::Another) => {}
        }
    }

    fn start(&mut self) {
        self.runs += 1;
        let began = Instant::now();
        let (leave, told) = watch::channel(Leave::NotYet);
        let step: Boxed<Step> = match secret::ask(&self.job.worker, &self.around.children, &self.around.log) {
            Some(asking) => Box::pin(told_secrets(asking, told)),
            None => self.run_with(&Secrets::default(), told),
        };
        self.tell(Level::Info, Happening::Started, "starts");
        self.around.board.set(AppState::Runs { since: began });
        self.under_way = Some(UnderWay { began, leave, step });
    }

    fn launch(&mut self, secrets: &Secrets, told: watch::Receiver<Leave>) {
        let step = self.run_with(secrets, told);
        if let Some(run) = &mut self.under_way {
            run.step = step;
        }
    }

    fn run_with(&mut self, secrets: &Secrets, told: watch::Receiver<Leave>) -> Boxed<Step> {
        let launch = match self.around.launcher.prepare(&self.job.worker, self.runs, secrets) {
            Ok(launch) => launch,
            Err(error) => return Box::pin(std::future::ready(Step::Over(Outcome::not_started(error)))),
        };
        if self.runs == 1 {
            launch.confined.instead.iter().for_each(|instead| self.say(Level::Warn, instead));
        }
        let run = Run {
            name: self.job.worker.name.clone(),
            marker: launch.marker,
            children: self.around.children.clone(),
            log: self.around.log.clone(),
            signal: stop::signal_of(self.job.worker.stop.signal),
            grace: self.grace(),
            max: self.job.max,
            mask: launch.mask,
            leave: told,
            confined: launch.confined,
            oom: Arc::clone(&self.around.oom),
        };
        Box::pin(async move { Step::Over(run.until_its_end(launch.spec).await) })
    }

    fn ended(&mut self, outcome: Outcome) {
        self.under_way = None;
        self.note_leftovers(outcome.leftovers);
        if self.stop_began.is_some() {
            (self.kill, self.leftovers) = (outcome.kill, outcome.leftovers);
            return;
        }
        match self.failure_of(&outcome) {
            None => self.succeeded(&outcome),
            Some((fact, exit_code)) => self.failed(fact, exit_code, outcome.last_lines),
        }
        if self.after == After::Another {
            self.after = After::Nothing;
            self.start();
        }
    }

    fn succeeded(&self, outcome: &Outcome) {
        let after = report::shown(outcome.lived);
        match (&self.plan, &outcome.end) {
            (Plan::Once, _) => {
                self.tell(Level::Info, Happening::Done, format_args!("done in {after}"));
                self.around.board.set(AppState::Done { after: outcome.lived });
                self.around.milestone.send_replace(Milestone::Reached);
            }
            (Plan::Cron { .. }, RunEnd::Told) => {
                self.tell(
                    Level::Info,
                    Happening::Ended,
                    format_args!("ended for the next run, after {after}"),
                );
                self.rest();
            }
            (
                Plan::Cron { .. },
                RunEnd::Ended(_) | RunEnd::NotStarted(_) | RunEnd::TooLong | RunEnd::Outgrown(_),
            ) => {
                self.tell(Level::Info, Happening::Done, format_args!("done in {after}"));
                self.rest();
            }
        }
    }

    /// The fact with its remedy, and the exit code; None: it did what it should, or what it was told.
    fn failure_of(&self, outcome: &Outcome) -> Option<(String, u8)> {
        let (fact, status, code) = match &outcome.end {
            RunEnd::NotStarted(error) => {
                (format!("cannot be started: {error}"), None, report::code_of(error))
            }
            RunEnd::TooLong => {
                let max = self.job.max.map(report::shown).unwrap_or_default();
                let fact = format!(
                    "took longer than its `max` of {max} and was ended; give it more time, or less to do"
                );
                (fact, None, exit_code(ExitCause::Useless))
            }
            RunEnd::Outgrown(outgrown) => {
                let fact = format!("{outgrown} and was ended; give it more, or less to do at once");
                (fact, None, exit_code(ExitCause::Useless))
            }
            RunEnd::Told => return None,
            RunEnd::Ended(Some(status)) if self.job.worker.success.include(*status) => return None,
            RunEnd::Ended(status) => {
                let code = status.map_or(ExitCause::Useless, ExitCause::AppEnded);
                let fact = match outcome.shortage {
                    Some(shortage) => format!("was {shortage} after {}", report::shown(outcome.lived)),
                    None => report::ending(*status, outcome.lived),
                };
                (fact, *status, exit_code(code))
            }
        };
        let hint = match outcome.shortage {
            Some(shortage) => Some(shortage.remedy()),
            None => report::hint(status, &outcome.last_lines),
        };
        let fact = match hint {
            Some(remedy) => format!("{fact}; {remedy}"),
            None => fact,
        };
        Some((fact, code))
    }

    fn failed(&self, fact: String, exit_code: u8, last_lines: Vec<String>) {
        match &self.plan {
            Plan::Once => {
                self.around.board.set(AppState::Down { why: fact.as_str().into() });
                let (place, name) = (&self.job.worker.place, &self.job.worker.name);
                let why = format!("{place}: job \"{name}\" {fact}; what needs it is not started");
                // The log hears of it from the roster, which knows what it means.
                self.around.log.note(name, Happening::Failed, &why);
                // The roster may be gone already: then nobody waits for the news.
                self.around.ended.send(Ended { of: self.around.id, exit_code, why, last_lines }).ok();
            }
            Plan::Cron { timetable, .. } => {
                for line in &last_lines {
                    self.say(Level::Warn, format_args!("last words: {line}"));
                }
                let next = timetable.next().map(|next| format!("; next run at {next}")).unwrap_or_default();
                self.tell(Level::Warn, Happening::Failed, format_args!("{fact}{next}"));
                self.rest();
            }
        }
    }

    fn note_leftovers(&self, leftovers: usize) {
        if leftovers > 0 && self.stop_began.is_none() {
            let noun = if leftovers == 1 { "process" } else { "processes" };
            let message =
                format!("left {leftovers} {noun} running, killed now; a job is done when all of it is");
            self.say(Level::Warn, message);
        }
    }

    /// Nothing is under way.
    fn rest(&self) {
        if let Plan::Cron { timetable, .. } = &self.plan {
            self.around.board.set(AppState::Scheduled { next: timetable.next() });
        }
    }

    fn grace(&self) -> Duration {
        self.job.worker.stop.grace.within(self.around.grace_max)
    }

    fn tell(&self, level: Level, what: Happening, message: impl std::fmt::Display) {
        self.around.log.happened(level, &self.job.worker.name, what, message);
    }

    fn say(&self, level: Level, message: impl std::fmt::Display) {
        self.around.log.event(level, Some(&self.job.worker.name), message);
    }
}

/// Until the secrets of a run are there, or it is wanted no more.
async fn told_secrets(
    asking: impl Future<Output = Result<Secrets, Untold>>,
    leave: watch::Receiver<Leave>,
) -> Step {
    let mut called_off = leave.clone();
    // Dropped, the question is not asked any more.
    tokio::select! {
        biased;
        Ok(()) = called_off.changed() => Step::Over(Outcome::called_off()),
        secrets = asking => match secrets {
            Ok(secrets) => Step::Told(secrets, leave),
            Err(untold) => Step::Over(Outcome::not_started(untold.into())),
        },
    }
}
