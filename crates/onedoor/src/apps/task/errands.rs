//! What the app is asked to do, by an operator or because its file has changed, and the answers.

use std::sync::Arc;
use std::time::Instant;

use super::{AppTask, Reply, rules};
use crate::apps::fleet::{Asking, FleetEvent, Refused, Ticket};
use crate::apps::helm::{Asked, Declined, Done, Errand, Wish};
use crate::apps::idleness::Idleness;
use crate::apps::nursery::row_of;
use crate::apps::spec::{AppSpec, Difference};
use crate::observe::log::{Happening, Level};

/// Why something is done to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Operator(Asking),
    /// It was changed.
    File,
}

impl AppTask {
    /// Answered when it is done, or can no more be.
    pub(super) async fn asked(&mut self, Asked { errand, reply }: Asked) {
        self.asked_so_far += 1;
        let ticket = Ticket(self.asked_so_far);
        let asking = match errand {
            Errand::Wish(Wish::Restart) => Asking::Restart,
            Errand::Wish(Wish::Renew) => Asking::Renew,
            Errand::Wish(Wish::Stop) => Asking::Stop,
            Errand::Wish(Wish::Start) => Asking::Start,
            Errand::Wish(Wish::Scale(replicas)) => Asking::Scale { replicas },
            Errand::Change(app) => return self.change(*app, ticket, reply).await,
        };
        self.tickets.push((ticket, Cause::Operator(asking), reply));
        self.happened(FleetEvent::Asked { asking, ticket }).await;
    }

    /// The file says otherwise about the app.
    async fn change(&mut self, app: AppSpec, ticket: Ticket, reply: Reply) {
        let difference = self.yard.app.difference(&app);
        self.yard.launcher.refit(&app);
        self.yard.board.describe(row_of(&app, &self.yard.launcher));
        self.yard.app = app;
        if difference == Difference::Nothing {
            // Whoever asked may have left.
            reply.send(Ok(Done::NothingToDo)).ok();
            return;
        }
        self.idleness = Idleness::new(self.yard.app.stop_after_idle);
        self.tickets.push((ticket, Cause::File, reply));
        let rules = rules(&self.yard.app, self.yard.grace_max, self.yard.seed);
        let actions = self.fleet.change(rules, difference, ticket, Instant::now());
        self.follow(actions).await;
    }

    pub(super) fn answer(&mut self, ticket: Ticket, answer: Result<(), Refused>) {
        if let Some(at) = self.tickets.iter().position(|(known, ..)| *known == ticket) {
            let (_, cause, reply) = self.tickets.swap_remove(at);
            if answer.is_ok() {
                self.tell_done(cause);
            }
            // Whoever asked may have left; it is done all the same.
            reply.send(answer.map(|()| Done::Done).map_err(|refused| self.declined(refused))).ok();
        }
    }

    /// What an operator did is news for the others.
    fn tell_done(&self, cause: Cause) {
        let tell = |what, message: &str| self.yard.tell(Level::Info, what, message);
        let asking = match cause {
            Cause::Operator(asking) => asking,
            Cause::File => return tell(Happening::Replaced, "changed as the file says"),
        };
        match asking {
            Asking::Restart => tell(Happening::Replaced, "replaced by the operator"),
            Asking::Stop => tell(Happening::Stopped, "stopped by the operator"),
            // That it started is told by itself.
            Asking::Start | Asking::Renew => {}
            Asking::Scale { replicas } => {
                tell(Happening::Scaled, &format!("scaled to {replicas} by the operator"));
            }
        }
    }

    fn declined(&self, refused: Refused) -> Declined {
        let app = Arc::clone(&self.yard.app.name);
        match refused {
            Refused::NotReady { id } => {
                let down = self.instances.iter().find(|instance| instance.id() == id);
                let why =
                    down.and_then(|instance| instance.down.as_ref()).map(|down| Arc::clone(&down.detail));
                Declined::NotReady { app, why: why.unwrap_or_else(|| "it ended".into()) }
            }
            Refused::Overtaken => Declined::Overtaken(app),
            Refused::OnePortOneProcess => Declined::OnePortOneProcess(app),
            Refused::Nothing => Declined::NoReplica(app),
            Refused::Ending => Declined::Ending,
        }
    }
}
