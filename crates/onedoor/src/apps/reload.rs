//! A changed file meets the running apps: who is new is started, who changed is replaced, who is gone is stopped, and
//! everybody else is left alone.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::helm::{Asked, Declined, Done, Errand, Wish};
use super::order::{depths, everyone};
use super::roster::{Apps, Member, Role};
use super::spec::{AppSpec, Config, JobOn, JobSpec};
use super::task::Order;
use crate::observe::log::Level;
use crate::registry::Publisher;

/// A request that found its way by the old file may still be on its way to an app that is gone from the new one.
const LAST_REQUESTS: Duration = Duration::from_millis(200);

/// What a reload has begun.
#[derive(Debug, Default)]
pub(crate) struct Reload {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    app: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Started,
    Stopped,
    /// The answer comes when it is done.
    Changing(oneshot::Receiver<Result<Done, Declined>>),
}

/// What has become of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) app: Arc<str>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Added,
    Removed,
    Changed,
    /// The processes from before go on.
    Failed(Declined),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Added => write!(f, "{} added", self.app),
            Outcome::Removed => write!(f, "{} removed", self.app),
            Outcome::Changed => write!(f, "{} changed", self.app),
            Outcome::Failed(why) => write!(f, "{why}"),
        }
    }
}

impl Reload {
    /// Returns when every app that changed has been replaced, or could not be. Nothing is undone by dropping it.
    pub(crate) async fn done(self) -> Vec<Change> {
        let mut changes = Vec::new();
        for Step { app, what } in self.steps {
            let outcome = match what {
                What::Started => Outcome::Added,
                What::Stopped => Outcome::Removed,
                What::Changing(answer) => match answer.await.unwrap_or(Err(Declined::Ending)) {
                    Ok(Done::NothingToDo) => continue,
                    Ok(Done::Done) => Outcome::Changed,
                    Err(why) => Outcome::Failed(why),
                },
            };
            changes.push(Change { app, outcome });
        }
        changes
    }
}

impl Apps {
    /// Brings the running apps to what `config` says. `publishers` are those of the apps that are new. Whoever is gone
    /// is stopped a moment later, so that the proxy can be told first.
    pub(crate) fn reload(&mut self, config: Config, publishers: Vec<(Arc<str>, Publisher)>) -> Reload {
        let mut reload = Reload::default();
        self.nursery.milestones.extend(&config);
        let depths = depths(&config);
        let order: Vec<Arc<str>> = everyone(&config).map(|app| Arc::clone(&app.name)).collect();
        self.dismiss_missing(&config, &mut reload);
        let mut publishers = sorted::map(publishers);
        for app in config.apps {
            match (self.staying(&app.name), publishers.remove(&app.name)) {
                (Some(member), _) => change(member, app, &mut reload),
                (None, Some(publisher)) => {
                    reload.steps.push(Step { app: Arc::clone(&app.name), what: What::Started });
                    self.members.push(self.nursery.start_app(app, publisher, &mut self.tasks));
                }
                // A new app has a publisher; see `Registry::next`.
                (None, None) => {}
            }
        }
        for job in config.jobs {
            self.reload_job(job, &mut reload);
        }
        self.put_in_order(&order, &depths);
        reload
    }

    fn staying(&mut self, name: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| *member.reach.name == *name && member.role != Role::Leaving)
    }

    fn dismiss_missing(&mut self, config: &Config, reload: &mut Reload) {
        let kept: Vec<&str> = everyone(config).map(|app| &*app.name).collect();
        for member in &mut self.members {
            if member.role != Role::Leaving && !kept.contains(&&*member.reach.name) {
                reload.steps.push(Step { app: Arc::clone(&member.reach.name), what: What::Stopped });
                dismiss(member, self.nursery.grace_max);
            }
        }
    }

    /// A job that changed is another one; what is run once, at the start, was run.
    fn reload_job(&mut self, job: JobSpec, reload: &mut Reload) {
        let name = Arc::clone(&job.worker.name);
        let signature = Signature::of(&job);
        let known = self.jobs.insert(Arc::clone(&name), signature.clone());
        let grace_max = self.nursery.grace_max;
        let what = match (self.staying(&name), known) {
            (Some(_), Some(known)) if known == signature => return,
            (Some(_), _) if matches!(job.on, JobOn::Start) => {
                let why = "a start job that changed is not run again; it is at the next start";
                return self.log.event(Level::Warn, Some(&name), why);
            }
            (Some(member), _) => {
                dismiss(member, grace_max);
                let (done, answer) = oneshot::channel();
                // Nobody waits for a timetable.
                done.send(Ok(Done::Done)).ok();
                What::Changing(answer)
            }
            (None, _) => What::Started,
        };
        reload.steps.push(Step { app: name, what });
        self.members.push(self.nursery.start_job(job, Role::LateJob, &mut self.tasks));
    }

    /// As the file has them; those who leave come last.
    fn put_in_order(&mut self, order: &[Arc<str>], depths: &[u32]) {
        let place = |member: &Member| match member.role {
            Role::Leaving => order.len(),
            Role::Essential | Role::Served | Role::Worker | Role::Job | Role::LateJob => {
                order.iter().position(|name| *name == member.reach.name).unwrap_or(order.len())
            }
        };
        sorted::by_key(&mut self.members, place);
        for member in &mut self.members {
            member.depth = depths.get(place(member)).copied().unwrap_or(0);
        }
        let stay = self.members.iter().filter(|member| member.role != Role::Leaving);
        self.helm.set(stay.map(|member| member.reach.clone()).collect());
    }
}

/// What makes a job another job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature(String);

impl Signature {
    pub(super) fn of(job: &JobSpec) -> Self {
        let JobSpec { id: _, worker, on, max } = job;
        let AppSpec { command, dir, environment, isolation, stop, .. } = worker;
        Self(format!("{command:?} {dir:?} {environment:?} {isolation:?} {stop:?} {on:?} {max:?}"))
    }
}

fn change(member: &mut Member, app: AppSpec, reload: &mut Reload) {
    (member.role, member.grace) = (Role::of(&app), app.stop.grace);
    let Some(asked) = &member.reach.asked else { return };
    let name = Arc::clone(&app.name);
    let (reply, answer) = oneshot::channel();
    let errand = Errand::Change(Box::new(app));
    match asked.try_send(Asked { errand, reply }) {
        Ok(()) => reload.steps.push(Step { app: name, what: What::Changing(answer) }),
        Err(error) => {
            let why = match error {
                mpsc::error::TrySendError::Full(_) => Declined::Busy(Arc::clone(&name)),
                mpsc::error::TrySendError::Closed(_) => Declined::Ending,
            };
            let (refuse, answer) = oneshot::channel();
            refuse.send(Err(why)).ok();
            reload.steps.push(Step { app: name, what: What::Changing(answer) });
        }
    }
}

/// Its requests are let finish, then it is stopped, and its task ends.
fn dismiss(member: &mut Member, grace_max: Duration) {
    member.role = Role::Leaving;
    let (reach, orders) = (member.reach.clone(), member.orders.clone());
    let grace = member.grace.within(grace_max);
    tokio::spawn(async move {
        tokio::time::sleep(LAST_REQUESTS).await;
        if let Some(asked) = reach.asked {
            let (reply, answer) = oneshot::channel();
            let wish = Asked { errand: Errand::Wish(Wish::Stop), reply };
            if asked.send(wish).await.is_ok() {
                // Answered when nobody of it is left; or it ends with the program.
                answer.await.ok();
            }
        }
        orders.send(Order::Stop { kill_at: Instant::now() + grace }).await.ok();
    });
}
