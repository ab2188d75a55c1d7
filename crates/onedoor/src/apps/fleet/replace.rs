//! What an operator asks of an app, and the replacement of its instances, one at a time.

use std::collections::VecDeque;
use std::time::Instant;

use super::words::{Goal, Part, Phase, Rest, Rolling, RollingStep};
use super::{Asking, Fleet, FleetAction, FleetActions, FleetRules, InstanceId, Refused, Room, Ticket};
use crate::apps::life::Face;
use crate::apps::restart::Patience;
use crate::apps::spec::{Difference, ReplaceHow, StartWhen};

impl Fleet {
    pub(super) fn asked(&mut self, asking: Asking, ticket: Ticket, now: Instant, actions: &mut FleetActions) {
        if self.phase == Phase::Stopping {
            return answer(actions, ticket, Err(Refused::Ending));
        }
        match asking {
            Asking::Restart if self.phase == Phase::Running => self.replace_all(ticket),
            Asking::Renew => self.renew(ticket, now, actions),
            Asking::Restart | Asking::Start => self.start(ticket),
            Asking::Stop => {
                self.phase = Phase::Resting(Rest::ByOperator);
                self.dismiss_all(now, actions);
                self.waiting.push((ticket, Goal::Gone));
            }
            Asking::Scale { replicas: 0 } => answer(actions, ticket, Err(Refused::Nothing)),
            Asking::Scale { replicas } if replicas > 1 && self.rules.room == Room::ForOne => {
                answer(actions, ticket, Err(Refused::OnePortOneProcess));
            }
            Asking::Scale { replicas } => self.scale(replicas, ticket, now, actions),
        }
    }

    /// The file says otherwise about the app: `rules` hold from now on, and its processes are replaced if they would be
    /// others. What follows must be done as after [`Fleet::on`].
    pub(in crate::apps) fn change(
        &mut self,
        rules: FleetRules,
        difference: Difference,
        ticket: Ticket,
        now: Instant,
    ) -> FleetActions {
        let mut actions = FleetActions::new();
        let resized = rules.replicas != self.rules.replicas;
        self.rules = FleetRules { seed: self.rules.seed, ..rules };
        self.patience = Patience::new(self.rules.restart.give_up);
        let weight = self.rules.machine.weight;
        for member in &mut self.members {
            member.machine.adopt(self.rules.machine, self.rules.restart.clone());
            if member.part == Part::Incumbent {
                member.machine.weigh(weight);
            }
        }
        if resized {
            self.resize(self.rules.replicas, now, &mut actions);
        }
        if self.phase == Phase::Resting(Rest::Lazy) && self.rules.start == StartWhen::Eager {
            self.phase = Phase::Running;
        }
        match (self.phase, difference) {
            (Phase::Stopping, _) => answer(&mut actions, ticket, Err(Refused::Ending)),
            (Phase::Running, Difference::Processes) => self.replace_all(ticket),
            (Phase::Running, Difference::Rules) if resized => self.waiting.push((ticket, Goal::Serving)),
            // What failed as it was may do well as it is now.
            (Phase::Over { .. }, Difference::Processes | Difference::Rules) => self.start(ticket),
            (Phase::Running | Phase::Over { .. }, _) | (Phase::Resting(_), _) => {
                answer(&mut actions, ticket, Ok(()));
            }
        }
        self.settle(now, &mut actions);
        actions
    }

    /// An instance is too big: its slot is given to another.
    pub(super) fn outgrown(&mut self, id: InstanceId) {
        let Some(slot) = self.member(id).filter(|member| member.part == Part::Incumbent).map(|it| it.slot)
        else {
            return;
        };
        match &mut self.rolling {
            Some(rolling) if rolling.left.contains(&slot) => {}
            Some(rolling) => rolling.left.push_back(slot),
            None => self.rolling = Some(Rolling::of([slot].into(), Vec::new())),
        }
    }

    fn replace_all(&mut self, ticket: Ticket) {
        let all: VecDeque<u16> = (0..self.replicas).collect();
        match &mut self.rolling {
            // Those that were replaced already are older than this wish.
            Some(rolling) => {
                rolling.left = all;
                rolling.tickets.push(ticket);
            }
            None => self.rolling = Some(Rolling::of(all, vec![ticket])),
        }
    }

    /// What runs is of yesterday, even if it is not ready yet. Who sleeps wakes up renewed, and who was stopped stays so.
    fn renew(&mut self, ticket: Ticket, now: Instant, actions: &mut FleetActions) {
        match self.phase {
            Phase::Over { .. } => self.start(ticket),
            Phase::Running => {
                self.end_rolling(Err(Refused::Overtaken), actions);
                for (waiting, _) in std::mem::take(&mut self.waiting) {
                    answer(actions, waiting, Err(Refused::Overtaken));
                }
                self.dismiss_all(now, actions);
                self.waiting.push((ticket, Goal::Serving));
            }
            Phase::Resting(_) | Phase::Stopping => answer(actions, ticket, Ok(())),
        }
    }

    fn start(&mut self, ticket: Ticket) {
        match self.phase {
            Phase::Running | Phase::Stopping => {}
            Phase::Resting(Rest::ByOperator | Rest::Lazy) | Phase::Over { .. } => {
                self.patience = Patience::new(self.rules.restart.give_up);
                self.phase = Phase::Running;
            }
            // It begins by itself, when what it needs is there.
            Phase::Resting(Rest::NotBegun) => {}
        }
        self.waiting.push((ticket, Goal::Serving));
    }

    fn scale(&mut self, replicas: u16, ticket: Ticket, now: Instant, actions: &mut FleetActions) {
        self.resize(replicas, now, actions);
        match self.phase {
            Phase::Running => self.waiting.push((ticket, Goal::Serving)),
            // It counts from the next start on.
            Phase::Resting(_) | Phase::Over { .. } | Phase::Stopping => answer(actions, ticket, Ok(())),
        }
    }

    fn resize(&mut self, replicas: u16, now: Instant, actions: &mut FleetActions) {
        self.replicas = replicas;
        let surplus: Vec<InstanceId> =
            self.members.iter().filter(|member| member.slot >= replicas).map(|member| member.id).collect();
        for id in surplus {
            self.dismiss(id, now, actions);
        }
        if let Some(rolling) = &mut self.rolling {
            rolling.left.retain(|slot| *slot < replicas);
        }
    }

    /// Goes on with the replacement under way, as far as it can.
    pub(super) fn roll(&mut self, now: Instant, actions: &mut FleetActions) {
        while let Some(rolling) = &mut self.rolling {
            if self.phase != Phase::Running {
                let why = if self.phase == Phase::Stopping { Refused::Ending } else { Refused::Overtaken };
                return self.end_rolling(Err(why), actions);
            }
            let step = match rolling.step {
                RollingStep::Next => match rolling.left.pop_front() {
                    Some(slot) => self.replace_one(slot, now, actions),
                    None => return self.end_rolling(Ok(()), actions),
                },
                RollingStep::Awaiting { slot, successor } => {
                    self.await_successor(slot, successor, now, actions)
                }
                RollingStep::Clearing { slot } => self.await_room(slot),
                RollingStep::Refilling { slot } => self.await_incumbent(slot, actions),
            };
            match (step, &mut self.rolling) {
                (Some(step), Some(rolling)) => rolling.step = step,
                (None, _) | (_, None) => return,
            }
        }
    }

    fn replace_one(&mut self, slot: u16, now: Instant, actions: &mut FleetActions) -> Option<RollingStep> {
        let Some(old) = self.incumbent(slot).map(|member| member.id) else {
            return Some(RollingStep::Refilling { slot });
        };
        match self.rules.replace {
            ReplaceHow::Overlap if self.has_room() => {
                let successor = self.make(slot, Part::Successor, now, actions);
                Some(RollingStep::Awaiting { slot, successor })
            }
            ReplaceHow::Overlap => {
                // Somebody who was dismissed before is not gone yet; the slot's turn comes again.
                self.rolling.as_mut()?.left.push_front(slot);
                None
            }
            ReplaceHow::StopFirst => {
                self.dismiss(old, now, actions);
                Some(RollingStep::Refilling { slot })
            }
        }
    }

    fn await_successor(
        &mut self,
        slot: u16,
        successor: InstanceId,
        now: Instant,
        actions: &mut FleetActions,
    ) -> Option<RollingStep> {
        let face = self.member(successor).filter(|member| member.part == Part::Successor).map(|it| it.face);
        match face {
            Some(Face::Starting) => None,
            Some(Face::Ready { .. }) => {
                if let Some(old) = self.incumbent(slot).map(|member| member.id) {
                    self.dismiss(old, now, actions);
                }
                let weight = self.rules.machine.weight;
                for member in self.members.iter_mut().filter(|member| member.id == successor) {
                    member.part = Part::Incumbent;
                    member.machine.weigh(weight);
                }
                Some(RollingStep::Clearing { slot })
            }
            Some(Face::Down { .. } | Face::Leaving) => {
                self.dismiss(successor, now, actions);
                self.end_rolling(Err(Refused::NotReady { id: successor }), actions);
                None
            }
            // Its slot was scaled away.
            None => Some(RollingStep::Next),
        }
    }

    fn await_room(&self, slot: u16) -> Option<RollingStep> {
        let leaves = self.members.iter().any(|member| member.slot == slot && member.part == Part::Leaving);
        (!leaves).then_some(RollingStep::Next)
    }

    fn await_incumbent(&mut self, slot: u16, actions: &mut FleetActions) -> Option<RollingStep> {
        if slot >= self.replicas {
            return Some(RollingStep::Next);
        }
        let (id, face) = self.incumbent(slot).map(|member| (member.id, member.face))?;
        match face {
            Face::Ready { .. } => Some(RollingStep::Next),
            Face::Starting | Face::Leaving => None,
            Face::Down { .. } => {
                self.end_rolling(Err(Refused::NotReady { id }), actions);
                None
            }
        }
    }

    fn end_rolling(&mut self, outcome: Result<(), Refused>, actions: &mut FleetActions) {
        for ticket in self.rolling.take().into_iter().flat_map(|rolling| rolling.tickets) {
            answer(actions, ticket, outcome);
        }
    }

    /// Answers those whose wish is fulfilled, or can no more be.
    pub(super) fn answer(&mut self, actions: &mut FleetActions) {
        let waiting = std::mem::take(&mut self.waiting);
        for (ticket, goal) in waiting {
            match self.reached(goal) {
                Some(outcome) => answer(actions, ticket, outcome),
                None => self.waiting.push((ticket, goal)),
            }
        }
    }

    fn reached(&self, goal: Goal) -> Option<Result<(), Refused>> {
        match (goal, self.phase) {
            (Goal::Gone, Phase::Resting(Rest::ByOperator) | Phase::Stopping) => {
                self.members.is_empty().then_some(Ok(()))
            }
            (Goal::Gone, Phase::Running | Phase::Over { .. } | Phase::Resting(_)) => {
                Some(Err(Refused::Overtaken))
            }
            (Goal::Serving, Phase::Running) => self.serving(),
            (Goal::Serving, Phase::Over { of, .. }) => Some(Err(Refused::NotReady { id: of })),
            (Goal::Serving, Phase::Stopping) => Some(Err(Refused::Ending)),
            (Goal::Serving, Phase::Resting(Rest::NotBegun)) => None,
            (Goal::Serving, Phase::Resting(Rest::Lazy | Rest::ByOperator)) => Some(Err(Refused::Overtaken)),
        }
    }

    fn serving(&self) -> Option<Result<(), Refused>> {
        let incumbents = self.members.iter().filter(|member| member.part == Part::Incumbent);
        let (mut ready, mut down) = (0, None);
        for member in incumbents {
            match member.face {
                Face::Ready { .. } => ready += 1,
                Face::Down { .. } => down = Some(member.id),
                Face::Starting | Face::Leaving => {}
            }
        }
        match down {
            Some(id) => Some(Err(Refused::NotReady { id })),
            None if ready == usize::from(self.replicas) && self.members.len() == ready => Some(Ok(())),
            None => None,
        }
    }
}

impl Rolling {
    fn of(left: VecDeque<u16>, tickets: Vec<Ticket>) -> Self {
        Self { left, step: RollingStep::Next, tickets }
    }
}

fn answer(actions: &mut FleetActions, ticket: Ticket, answer: Result<(), Refused>) {
    actions.push(FleetAction::Answer { ticket, answer });
}
