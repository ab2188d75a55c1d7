//! The instances of one app together: which there are, which take requests, and how one replaces another.
//!
//! ```text
//!   slots 0..replicas, an Incumbent each ─── its machine (life.rs) restarts it after a crash
//!      │ to replace (overlap)                 │ to replace (stop-first), to scale down, to rest
//!      ▼                                      ▼
//!   Successor ── ready: takes the slot ──▶ Leaving ── drained ──▶ stop asked ── gone ──▶ forgotten
//!      └──────── fails: the old one goes on ──▲
//! ```
//!
//! At most one process per instance, and one instance more than there are replicas. Pure, as `life.rs` is: no tokio,
//! no clock, no process. `task` feeds it and does what it says.

mod replace;
#[cfg(test)]
mod tests;
mod words;

use std::time::{Duration, Instant};

pub(super) use self::words::{
    AppFace, Asking, FleetAction, FleetActions, FleetEvent, FleetRules, InstanceId, Refused, Room, Ticket,
};
use self::words::{Goal, Part, Phase, Rest, Rolling};
use super::life::{Action, Event, Face, How, Life, Machine};
use super::restart::{Patience, Restarts};
use super::spec::{GiveUp, ReplaceHow, RestartWhen, StartWhen};
use crate::registry::Weight;

/// An app that rests is not started again by a request that comes sooner: a page that asks every second would make a
/// failing app fail every second.
const REST_MIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Fleet {
    rules: FleetRules,
    replicas: u16,
    members: Vec<Member>,
    phase: Phase,
    patience: Patience,
    rolling: Option<Rolling>,
    /// Who waits for what.
    waiting: Vec<(Ticket, Goal)>,
    /// How many instances there have been.
    made: u64,
    /// What was published last.
    published: AppFace,
}

#[derive(Debug)]
struct Member {
    id: InstanceId,
    slot: u16,
    part: Part,
    machine: Machine,
    face: Face,
}

impl Fleet {
    pub(super) fn new(rules: FleetRules) -> Self {
        Self {
            replicas: rules.replicas,
            patience: Patience::new(rules.restart.give_up),
            rules,
            members: Vec::new(),
            phase: Phase::Resting(Rest::NotBegun),
            rolling: None,
            waiting: Vec::new(),
            made: 0,
            published: AppFace::Starting,
        }
    }

    /// Takes an event; what is returned must be done in its order. Events that the fleet has outlived change nothing.
    pub(super) fn on(&mut self, event: FleetEvent, now: Instant) -> FleetActions {
        let mut actions = FleetActions::new();
        match event {
            FleetEvent::Begin => self.begin(),
            FleetEvent::Wanted => self.wanted(now),
            FleetEvent::Of { id, event } => self.of_instance(id, event, now, &mut actions),
            FleetEvent::Drained { id } => {
                self.stop_one(id, now + self.rules.machine.grace, now, &mut actions)
            }
            FleetEvent::Cleared { id } => self.cleared(id, &mut actions),
            FleetEvent::Idle => self.idle(now, &mut actions),
            FleetEvent::Outgrown { id } => self.outgrown(id),
            FleetEvent::Asked { asking, ticket } => self.asked(asking, ticket, now, &mut actions),
            FleetEvent::StopAsked { kill_at } => self.stop_asked(kill_at, now, &mut actions),
            FleetEvent::Hurry { kill_at } => {
                for id in self.ids() {
                    self.tell(id, Event::Hurry { kill_at }, now, &mut actions);
                }
            }
        }
        self.settle(now, &mut actions);
        actions
    }

    fn settle(&mut self, now: Instant, actions: &mut FleetActions) {
        self.roll(now, actions);
        self.fill(now, actions);
        self.publish(actions);
        self.answer(actions);
    }

    /// Ended as the program asked, with nobody left.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Stopping && self.members.is_empty()
    }

    /// Whether the instance is on its way out and has no process any more.
    pub(super) fn has_left(&self, id: InstanceId) -> bool {
        self.member(id).is_some_and(|member| {
            member.part == Part::Leaving && matches!(member.machine.life(), Life::Stopped { .. })
        })
    }

    pub(super) fn is_leaving(&self, id: InstanceId) -> bool {
        self.member(id).is_some_and(|member| member.part == Part::Leaving)
    }

    fn member(&self, id: InstanceId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    fn incumbent(&self, slot: u16) -> Option<&Member> {
        self.members.iter().find(|member| member.slot == slot && member.part == Part::Incumbent)
    }

    fn ids(&self) -> Vec<InstanceId> {
        self.members.iter().map(|member| member.id).collect()
    }

    fn begin(&mut self) {
        if self.phase == Phase::Resting(Rest::NotBegun) {
            self.phase = match self.rules.start {
                StartWhen::Eager => Phase::Running,
                StartWhen::Lazy => Phase::Resting(Rest::Lazy),
            };
        }
    }

    fn wanted(&mut self, now: Instant) {
        let rests = match self.phase {
            Phase::Resting(rest) => rest == Rest::Lazy,
            Phase::Over { since, .. } => {
                self.rules.restart.when == RestartWhen::Wanted && now >= since + REST_MIN
            }
            Phase::Running | Phase::Stopping => false,
        };
        if rests {
            self.phase = Phase::Running;
        }
    }

    fn idle(&mut self, now: Instant, actions: &mut FleetActions) {
        if self.phase == Phase::Running && self.rolling.is_none() {
            self.phase = Phase::Resting(Rest::Lazy);
            self.dismiss_all(now, actions);
        }
    }

    fn of_instance(&mut self, id: InstanceId, event: Event, now: Instant, actions: &mut FleetActions) {
        let leaves = self.member(id).is_some_and(|member| member.part == Part::Leaving);
        // What ends on its way out has ended as it was to: that is no crash, and nothing to start again. What it leaves
        // behind has the grace it would have had itself.
        if leaves && matches!(event, Event::Exited { .. } | Event::SpawnFailed { .. }) {
            let kill_at = now + self.rules.machine.grace;
            self.tell(id, Event::StopAsked { kill_at }, now, actions);
        }
        if event == Event::TimerDue {
            self.weigh(id);
        }
        self.tell(id, event, now, actions);
    }

    /// An instance that misses its start deadline is the end of an essential app only if no other one serves.
    fn weigh(&mut self, id: InstanceId) {
        let serves = |member: &Member| {
            member.id != id && member.part == Part::Incumbent && matches!(member.face, Face::Ready { .. })
        };
        let weight =
            if self.members.iter().any(serves) { Weight::Optional } else { self.rules.machine.weight };
        let incumbents = self.members.iter_mut().filter(|member| member.part == Part::Incumbent);
        for member in incumbents.filter(|member| member.id == id) {
            member.machine.weigh(weight);
        }
    }

    /// Feeds one machine.
    fn tell(&mut self, id: InstanceId, event: Event, now: Instant, actions: &mut FleetActions) {
        let Some(member) = self.members.iter_mut().find(|member| member.id == id) else { return };
        // A successor that fails is a matter of the replacement, not of the app's patience.
        let mut endless = Patience::new(GiveUp::Never);
        let patience = match member.part {
            Part::Incumbent | Part::Leaving => &mut self.patience,
            Part::Successor => &mut endless,
        };
        let mut ended = None;
        for action in member.machine.on(event, now, patience) {
            match action {
                Action::Publish(face) => member.face = face,
                Action::Ended(how) => ended = Some(how),
                Action::Spawn
                | Action::CallOff
                | Action::Probe { .. }
                | Action::Signal { .. }
                | Action::Sweep { .. }
                | Action::Arm(_) => {}
            }
            actions.push(FleetAction::Of { id, action });
        }
        let counts = member.part == Part::Incumbent;
        if let Some(how) = ended.filter(|_| counts) {
            self.ended(id, how, now, actions);
        }
    }

    /// One instance is started no more. That of an instance that had done its work is not yet that of the app.
    fn ended(&mut self, id: InstanceId, how: How, now: Instant, actions: &mut FleetActions) {
        let works_on = |member: &Member| !matches!(member.machine.life(), Life::Stopped { .. });
        if how == How::Enough && self.members.iter().any(works_on) || self.phase != Phase::Running {
            return;
        }
        self.phase = Phase::Over { of: id, class: how.class(), since: now };
        actions.push(FleetAction::Ended { id, how });
        self.dismiss_all(now, actions);
    }

    fn stop_asked(&mut self, kill_at: Instant, now: Instant, actions: &mut FleetActions) {
        self.phase = Phase::Stopping;
        for id in self.ids() {
            self.stop_one(id, kill_at, now, actions);
        }
    }

    fn stop_one(&mut self, id: InstanceId, kill_at: Instant, now: Instant, actions: &mut FleetActions) {
        if let Some(member) = self.members.iter_mut().find(|member| member.id == id) {
            member.part = Part::Leaving;
            self.tell(id, Event::StopAsked { kill_at }, now, actions);
        }
    }

    /// Sends an instance on its way: no new requests, and its stop signal once those it has are done.
    fn dismiss(&mut self, id: InstanceId, now: Instant, actions: &mut FleetActions) {
        let Some(member) = self.members.iter_mut().find(|member| member.id == id) else { return };
        if member.part == Part::Leaving {
            return;
        }
        member.part = Part::Leaving;
        match member.face {
            Face::Ready { .. } => actions.push(FleetAction::Drain { id }),
            Face::Starting | Face::Leaving | Face::Down { .. } => {
                self.stop_one(id, now + self.rules.machine.grace, now, actions);
            }
        }
    }

    fn dismiss_all(&mut self, now: Instant, actions: &mut FleetActions) {
        for id in self.ids() {
            self.dismiss(id, now, actions);
        }
    }

    fn cleared(&mut self, id: InstanceId, actions: &mut FleetActions) {
        if self.has_left(id) {
            self.members.retain(|member| member.id != id);
            actions.push(FleetAction::Forget { id });
        }
    }

    /// Gives every slot its instance, as far as there is room.
    fn fill(&mut self, now: Instant, actions: &mut FleetActions) {
        if self.phase != Phase::Running {
            return;
        }
        for slot in 0..self.replicas {
            let taken = |member: &Member| {
                member.slot == slot
                    && (member.part != Part::Leaving || self.rules.replace == ReplaceHow::StopFirst)
            };
            if self.has_room() && !self.members.iter().any(taken) {
                self.make(slot, Part::Incumbent, now, actions);
            }
        }
    }

    /// Those who are told to go make room only when they are gone.
    fn has_room(&self) -> bool {
        self.members.len() <= usize::from(self.replicas)
    }

    fn make(&mut self, slot: u16, part: Part, now: Instant, actions: &mut FleetActions) -> InstanceId {
        self.made += 1;
        let id = InstanceId(self.made);
        let mut rules = self.rules.machine;
        if part == Part::Successor {
            // That a replacement fails is no reason to end.
            rules.weight = Weight::Optional;
        }
        let seed = self.rules.seed.wrapping_add(self.made);
        let machine = Machine::new(rules, Restarts::new(self.rules.restart.clone(), seed));
        self.members.push(Member { id, slot, part, machine, face: Face::Starting });
        actions.push(FleetAction::Make { id, slot });
        self.tell(id, Event::Begin, now, actions);
        id
    }

    fn publish(&mut self, actions: &mut FleetActions) {
        let face = self.face();
        // An instance may be ready again under another endpoint, or down for another reason.
        let news = |action: &FleetAction| {
            matches!(action, FleetAction::Of { action: Action::Publish(_), .. } | FleetAction::Forget { .. })
        };
        if face != self.published || actions.iter().any(news) {
            self.published = face.clone();
            actions.push(FleetAction::Publish(face));
        }
    }

    fn face(&self) -> AppFace {
        match self.phase {
            Phase::Stopping => AppFace::Draining,
            Phase::Over { of, class, .. } => AppFace::Down { of, class, retry_at: None },
            Phase::Resting(Rest::NotBegun) => AppFace::Starting,
            Phase::Resting(Rest::Lazy) => AppFace::Idle,
            Phase::Resting(Rest::ByOperator) => AppFace::Stopped,
            Phase::Running => self.running_face(),
        }
    }

    fn running_face(&self) -> AppFace {
        let incumbents = || self.members.iter().filter(|member| member.part == Part::Incumbent);
        let is_ready = |member: &&Member| matches!(member.face, Face::Ready { .. });
        let ready: Vec<InstanceId> = incumbents().filter(is_ready).map(|member| member.id).collect();
        if !ready.is_empty() {
            return AppFace::Ready(ready);
        }
        let down = |member: &Member| match member.face {
            Face::Down { class, retry_at } => Some((member.id, class, retry_at)),
            Face::Starting | Face::Ready { .. } | Face::Leaving => None,
        };
        // The one that is back first; one that is not to come back is nobody's hope.
        let soonest =
            incumbents().map(down).min_by_key(|down| down.map(|(.., at)| (at.is_none(), at))).flatten();
        match soonest {
            Some((of, class, retry_at)) => AppFace::Down { of, class, retry_at },
            None => AppFace::Starting,
        }
    }
}
