//! Where apps and jobs come into being: a task for each, with everything it works with.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};

use super::board::{AppRow, AppState, Board};
use super::helm::{Reach, WISHES};
use super::job::{Around, JobTask};
use super::oom::OomWatch;
use super::order::Milestones;
use super::roster::{Member, MemberId, Role};
use super::spawn::{Launcher, Shared};
use super::spec::{AppSpec, Grace, JobSpec};
use super::task::{AppTask, Ended, Order, Stopped, Surroundings};
use crate::init::Children;
use crate::observe::log::Log;
use crate::registry::Publisher;

/// A stop, once more in a hurry, and the wish to hurry.
const ORDERS: usize = 3;

/// What every app's task is started with.
#[derive(Debug)]
pub(super) struct Nursery {
    pub(super) shared: Shared,
    pub(super) children: Children,
    pub(super) log: Log,
    pub(super) ended: mpsc::UnboundedSender<Ended>,
    pub(super) milestones: Milestones,
    pub(super) grace_max: Duration,
    pub(super) oom: Arc<OomWatch>,
    pub(super) seeds: RandomState,
    pub(super) made: u64,
    /// Told of every change of any app's row.
    pub(super) news: watch::Sender<()>,
}

impl Nursery {
    pub(super) fn start_app(
        &mut self,
        app: AppSpec,
        publisher: Publisher,
        tasks: &mut JoinSet<Stopped>,
    ) -> Member {
        let (orders, orders_receiver) = mpsc::channel(ORDERS);
        let launcher = Launcher::new(&app, self.shared.clone());
        let board = Board::new(row_of(&app, &launcher), self.news.clone());
        let (asked, wishes) = mpsc::channel(WISHES);
        let id = self.next_id();
        let around = Surroundings {
            id,
            publisher,
            children: self.children.clone(),
            log: self.log.clone(),
            launcher,
            board: board.clone(),
            orders: orders_receiver,
            wishes,
            ended: self.ended.clone(),
            needs: self.milestones.needs_of(&app, &self.log),
            milestone: self.milestones.of_app(&app.name),
            grace_max: self.grace_max,
            oom: Arc::clone(&self.oom),
        };
        let (name, grace, role) = (Arc::clone(&app.name), app.stop.grace, Role::of(&app));
        let reach = Reach { name: Arc::clone(&name), asked: Some(asked), board };
        let task = AppTask::new(app, around, self.seeds.hash_one(&name));
        let task = tasks.spawn(Box::pin(task.run())).id();
        Newborn { id, task, orders, grace, role, reach }.grown()
    }

    pub(super) fn start_job(&mut self, job: JobSpec, role: Role, tasks: &mut JoinSet<Stopped>) -> Member {
        let (orders, orders_receiver) = mpsc::channel(ORDERS);
        let worker = &job.worker;
        let launcher = Launcher::new(worker, self.shared.clone());
        let board = Board::new(row_of(worker, &launcher), self.news.clone());
        let id = self.next_id();
        let around = Around {
            id,
            children: self.children.clone(),
            log: self.log.clone(),
            launcher,
            board: board.clone(),
            orders: orders_receiver,
            ended: self.ended.clone(),
            milestone: self.milestones.of_app(&worker.name),
            grace_max: self.grace_max,
            oom: Arc::clone(&self.oom),
        };
        let grace = worker.stop.grace;
        let reach = Reach { name: Arc::clone(&worker.name), asked: None, board };
        let needs = self.milestones.needs_of(worker, &self.log);
        let task = tasks.spawn(Box::pin(JobTask::new(job, around, needs).run())).id();
        Newborn { id, task, orders, grace, role, reach }.grown()
    }

    fn next_id(&mut self) -> MemberId {
        self.made += 1;
        MemberId(self.made)
    }
}

struct Newborn {
    id: MemberId,
    task: Id,
    orders: mpsc::Sender<Order>,
    grace: Grace,
    role: Role,
    reach: Reach,
}

impl Newborn {
    fn grown(self) -> Member {
        let Self { id, task, orders, grace, role, reach } = self;
        Member { id, task, orders, grace, role, reach, over: false, depth: 0 }
    }
}

/// What is known of an app before anything has happened to it.
pub(super) fn row_of(app: &AppSpec, launcher: &Launcher) -> AppRow {
    AppRow {
        name: Arc::clone(&app.name),
        place: Arc::clone(&app.place),
        command: app.command.to_string(),
        framework: launcher.framework().map(|framework| framework.name),
        state: AppState::Starting,
        weight: app.weight,
        restarts: 0,
        processes: Vec::new(),
    }
}
