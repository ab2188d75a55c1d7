//! The promises of the fleet: tables with a virtual clock, and any order of events at all.

use std::collections::BTreeMap;
use std::time::Duration;

use onedoor_linux::proc::Pid;
use proptest::prelude::*;

use super::*;
use crate::apps::life::{Hope, Push, ReadyWhen, Rules};
use crate::apps::restart::Ending;
use crate::apps::spec::{Difference, RestartPolicy, RestartWhen};
use crate::registry::DownClass;

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn rules(replicas: u16, replace: ReplaceHow) -> FleetRules {
    FleetRules {
        machine: Rules {
            ready: ReadyWhen::Answering,
            start_timeout: 300 * SECOND,
            grace: 8 * SECOND,
            weight: Weight::Optional,
        },
        restart: RestartPolicy {
            when: RestartWhen::Always,
            backoff_min: 100 * MILLI,
            backoff_max: 10 * SECOND,
            give_up: GiveUp::After { failures: 5, within: 300 * SECOND },
        },
        replicas,
        start: StartWhen::Eager,
        replace,
        room: Room::ForMany,
        seed: 1,
    }
}

/// What the world knows of one instance.
#[derive(Debug, Default)]
struct Known {
    slot: u16,
    spawning: bool,
    process: Option<Pid>,
    timer: Option<Instant>,
    told_to_stop: bool,
    draining: bool,
    /// Until when what its process left behind may live.
    swept_from: Option<Instant>,
}

/// The world around a fleet, and the promises it watches over.
#[derive(Debug)]
struct World {
    fleet: Fleet,
    now: Instant,
    known: BTreeMap<InstanceId, Known>,
    pids: i32,
    replicas_max: usize,
    face: AppFace,
    answers: Vec<(Ticket, Result<(), Refused>)>,
    ended: Vec<How>,
    tickets: u64,
}

impl World {
    fn new(rules: FleetRules) -> Self {
        let replicas_max = usize::from(rules.replicas);
        Self {
            fleet: Fleet::new(rules),
            now: Instant::now(),
            known: BTreeMap::new(),
            pids: 1,
            replicas_max,
            face: AppFace::Starting,
            answers: Vec::new(),
            ended: Vec::new(),
            tickets: 0,
        }
    }

    fn begun(rules: FleetRules) -> Self {
        let mut world = Self::new(rules);
        world.tell(FleetEvent::Begin);
        world
    }

    fn serving(rules: FleetRules) -> Self {
        let mut world = Self::begun(rules);
        world.all_get_ready();
        world
    }

    fn tell(&mut self, event: FleetEvent) {
        let actions = self.fleet.on(event, self.now);
        self.follow(actions);
    }

    fn follow(&mut self, actions: FleetActions) {
        let mut actions = actions;
        loop {
            for action in actions {
                self.perform(action);
            }
            let swept =
                self.known.iter().find(|(id, known)| known.process.is_none() && self.fleet.has_left(**id));
            let Some(event) = swept.map(|(id, _)| FleetEvent::Cleared { id: *id }) else { return };
            actions = self.fleet.on(event, self.now);
        }
    }

    fn change(&mut self, replicas: u16, difference: Difference) {
        self.tickets += 1;
        self.replicas_max = self.replicas_max.max(usize::from(replicas));
        let rules = rules(replicas, ReplaceHow::Overlap);
        let actions = self.fleet.change(rules, difference, Ticket(self.tickets), self.now);
        self.follow(actions);
    }

    fn perform(&mut self, action: FleetAction) {
        match action {
            FleetAction::Make { id, slot } => {
                assert!(self.known.insert(id, Known { slot, ..Known::default() }).is_none(), "made twice");
                assert!(self.known.len() <= self.replicas_max + 1, "more instances than replicas and one");
            }
            FleetAction::Of { id, action } => self.perform_of(id, action),
            FleetAction::Drain { id } => self.known.get_mut(&id).unwrap().draining = true,
            FleetAction::Forget { id } => {
                let known = self.known.remove(&id).unwrap();
                assert_eq!(known.process, None, "forgotten while its process lives");
            }
            FleetAction::Publish(face) => {
                if let AppFace::Ready(ids) = &face {
                    assert!(!ids.is_empty());
                    for id in ids {
                        assert!(self.known[id].process.is_some(), "published without a process");
                        assert!(!self.known[id].told_to_stop, "published while it stops");
                    }
                }
                self.face = face;
            }
            FleetAction::Answer { ticket, answer } => {
                assert!(self.answers.iter().all(|(known, _)| *known != ticket), "answered twice");
                self.answers.push((ticket, answer));
            }
            FleetAction::Ended { how, .. } => self.ended.push(how),
        }
    }

    fn perform_of(&mut self, id: InstanceId, action: Action) {
        let known = self.known.get_mut(&id).unwrap();
        match action {
            Action::Spawn => {
                assert!(!known.spawning && known.process.is_none(), "two processes of one instance");
                known.spawning = true;
            }
            Action::Probe { pid, .. } => assert_eq!(known.process, Some(pid)),
            Action::Signal { pid, push } => {
                // A signal may meet an exit that is on its way; init knows, and sends none.
                assert!(known.process.is_none_or(|process| process == pid));
                known.told_to_stop |= push == Push::Stop;
            }
            Action::Arm(at) => known.timer = Some(at),
            Action::Sweep { until } => known.swept_from = Some(until),
            // Its process may be on its way already.
            Action::CallOff => {}
            Action::Publish(_) | Action::Ended(_) => {}
        }
    }

    fn ids(&self) -> Vec<InstanceId> {
        self.known.keys().copied().collect()
    }

    fn of(&mut self, id: InstanceId, event: Event) {
        self.tell(FleetEvent::Of { id, event });
    }

    fn spawned(&mut self, id: InstanceId) {
        if self.known.get(&id).is_some_and(|known| known.spawning) {
            self.pids += 1;
            let pid = Pid::new(self.pids).unwrap();
            let known = self.known.get_mut(&id).unwrap();
            (known.spawning, known.process, known.told_to_stop) = (false, Some(pid), false);
            self.of(id, Event::Spawned { pid });
        }
    }

    fn answers(&mut self, id: InstanceId) {
        if let Some(pid) = self.known.get(&id).and_then(|known| known.process) {
            self.of(id, Event::Answered { pid });
        }
    }

    fn exits(&mut self, id: InstanceId, how: Ending) {
        if let Some(pid) = self.known.get_mut(&id).and_then(|known| known.process.take()) {
            self.of(id, Event::Exited { pid, how });
        }
    }

    fn drained(&mut self, id: InstanceId) {
        if self.known.get(&id).is_some_and(|known| known.draining) {
            self.known.get_mut(&id).unwrap().draining = false;
            self.tell(FleetEvent::Drained { id });
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for id in self.ids() {
            if self.known.get(&id).and_then(|known| known.timer).is_some_and(|at| at <= self.now) {
                self.known.get_mut(&id).unwrap().timer = None;
                self.of(id, Event::TimerDue);
            }
        }
    }

    fn all_get_ready(&mut self) {
        for id in self.ids() {
            self.spawned(id);
            self.answers(id);
        }
    }

    fn all_spawned(&mut self) {
        for id in self.ids() {
            self.spawned(id);
        }
    }

    /// Whoever was told to stop, stops.
    fn obey(&mut self) {
        for id in self.ids() {
            self.drained(id);
        }
        for id in self.ids() {
            if self.known.get(&id).is_some_and(|known| known.told_to_stop) {
                self.exits(id, Ending::Success);
            }
        }
    }

    fn ask(&mut self, asking: Asking) -> Ticket {
        if let Asking::Scale { replicas } = asking {
            self.replicas_max = self.replicas_max.max(usize::from(replicas));
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.tell(FleetEvent::Asked { asking, ticket });
        ticket
    }

    fn answer_to(&self, ticket: Ticket) -> Option<Result<(), Refused>> {
        self.answers.iter().find(|(known, _)| *known == ticket).map(|(_, answer)| *answer)
    }

    fn ready(&self) -> usize {
        match &self.face {
            AppFace::Ready(ids) => ids.len(),
            AppFace::Idle
            | AppFace::Starting
            | AppFace::Draining
            | AppFace::Stopped
            | AppFace::Down { .. } => 0,
        }
    }
}

#[test]
fn every_slot_gets_its_instance_and_each_is_published_when_it_is_ready() {
    let mut world = World::begun(rules(3, ReplaceHow::Overlap));
    assert_eq!(world.ids().len(), 3);
    for (ready, id) in world.ids().into_iter().enumerate() {
        assert_eq!(world.ready(), ready);
        world.spawned(id);
        world.answers(id);
    }
    assert_eq!(world.ready(), 3);
}

#[test]
fn a_crash_of_one_replica_leaves_the_other_published() {
    let mut world = World::serving(rules(2, ReplaceHow::Overlap));
    let first = world.ids()[0];
    world.exits(first, Ending::Failure);
    assert_eq!(world.ready(), 1);
    world.wait(SECOND);
    world.all_get_ready();
    assert_eq!((world.ready(), world.ids().len()), (2, 2));
}

#[test]
fn a_restart_replaces_one_at_a_time_and_never_has_fewer_ready() {
    let mut world = World::serving(rules(2, ReplaceHow::Overlap));
    let before = world.ids();
    let ticket = world.ask(Asking::Restart);
    for _ in 0..2 {
        assert_eq!((world.ids().len(), world.ready()), (3, 2));
        world.all_get_ready();
        // The new one serves, and the old one has its requests to end.
        assert_eq!((world.ids().len(), world.ready()), (3, 2));
        assert_eq!(world.answer_to(ticket), None);
        world.obey();
    }
    assert_eq!(world.answer_to(ticket), Some(Ok(())));
    assert!(world.ids().iter().all(|id| !before.contains(id)));
    assert_eq!(world.known.values().map(|known| known.slot).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_successor_that_fails_leaves_the_old_one_in_its_place() {
    let mut world = World::serving(rules(1, ReplaceHow::Overlap));
    let old = world.ids()[0];
    let ticket = world.ask(Asking::Restart);
    let new = world.ids()[1];
    world.spawned(new);
    world.exits(new, Ending::Failure);
    assert_eq!(world.answer_to(ticket), Some(Err(Refused::NotReady { id: new })));
    assert_eq!((world.ids(), world.ready()), (vec![old], 1));
    assert!(world.ended.is_empty());
}

#[test]
fn stop_first_lets_the_old_one_end_before_the_new_one_starts() {
    let mut world = World::serving(rules(1, ReplaceHow::StopFirst));
    let old = world.ids()[0];
    let ticket = world.ask(Asking::Restart);
    assert_eq!((world.ids(), &world.face), (vec![old], &AppFace::Starting));
    world.obey();
    let new = world.ids()[0];
    assert_ne!(new, old);
    world.all_get_ready();
    assert_eq!((world.answer_to(ticket), world.ready()), (Some(Ok(())), 1));
}

#[test]
fn what_a_leaving_leader_leaves_behind_has_the_rest_of_its_grace() {
    let mut fleet = World::serving(rules(1, ReplaceHow::Overlap));
    let (id, pid) = (fleet.ids()[0], fleet.known[&fleet.ids()[0]].process.unwrap());
    let kill_at = fleet.now + 5 * SECOND;
    fleet.tell(FleetEvent::StopAsked { kill_at });
    fleet.now += SECOND;
    // `npm` goes at once; the server it started may still be answering.
    fleet.of(id, Event::Exited { pid, how: Ending::Success });
    assert_eq!(fleet.known[&id].swept_from, Some(kill_at));
}

#[test]
fn an_app_may_be_stopped_and_started_and_a_request_does_not_wake_it() {
    let mut world = World::serving(rules(2, ReplaceHow::Overlap));
    let stop = world.ask(Asking::Stop);
    assert_eq!(world.face, AppFace::Stopped);
    world.obey();
    assert_eq!((world.answer_to(stop), world.ids().len()), (Some(Ok(())), 0));
    world.tell(FleetEvent::Wanted);
    assert!(world.ids().is_empty());
    let start = world.ask(Asking::Start);
    world.all_get_ready();
    assert_eq!((world.answer_to(start), world.ready()), (Some(Ok(())), 2));
}

#[test]
fn scaling_adds_instances_and_takes_the_last_ones_away() {
    let mut world = World::serving(rules(1, ReplaceHow::Overlap));
    let up = world.ask(Asking::Scale { replicas: 3 });
    assert_eq!(world.answer_to(up), None);
    world.all_get_ready();
    assert_eq!((world.answer_to(up), world.ready()), (Some(Ok(())), 3));
    let down = world.ask(Asking::Scale { replicas: 1 });
    assert_eq!(world.ready(), 1);
    world.obey();
    assert_eq!((world.answer_to(down), world.ids().len()), (Some(Ok(())), 1));
    assert_eq!(world.known.values().next().unwrap().slot, 0);
}

#[test]
fn one_port_has_room_for_one_process() {
    let mut world = World::serving(FleetRules { room: Room::ForOne, ..rules(1, ReplaceHow::StopFirst) });
    let ticket = world.ask(Asking::Scale { replicas: 2 });
    assert_eq!(world.answer_to(ticket), Some(Err(Refused::OnePortOneProcess)));
}

#[test]
fn a_lazy_app_starts_when_it_is_wanted_and_sleeps_again_when_it_idles() {
    let mut world = World::begun(FleetRules { start: StartWhen::Lazy, ..rules(1, ReplaceHow::Overlap) });
    assert_eq!((&world.face, world.ids().len()), (&AppFace::Idle, 0));
    world.tell(FleetEvent::Wanted);
    world.all_get_ready();
    assert_eq!(world.ready(), 1);
    world.tell(FleetEvent::Idle);
    assert_eq!(world.face, AppFace::Idle);
    // A request comes while it is on its way out: another instance is made for it.
    world.tell(FleetEvent::Wanted);
    world.all_get_ready();
    world.obey();
    assert_eq!((world.ready(), world.ids().len()), (1, 1));
}

#[test]
fn the_patience_is_the_apps_and_the_backoff_an_instances() {
    let mut world = World::serving(rules(2, ReplaceHow::Overlap));
    let [first, second] = world.ids()[..] else { panic!("two instances") };
    for round in 0..5 {
        world.exits(if round % 2 == 0 { first } else { second }, Ending::Failure);
        world.wait(10 * SECOND);
        world.all_get_ready();
    }
    assert_eq!(world.ended, [How::GaveUp]);
    assert!(matches!(world.face, AppFace::Down { class: DownClass::GaveUp, retry_at: None, .. }));
    world.obey();
    let start = world.ask(Asking::Start);
    world.all_get_ready();
    assert_eq!((world.answer_to(start), world.ready()), (Some(Ok(())), 2));
}

/// As `onedoor dev` has it.
fn resting() -> FleetRules {
    let mut rules = rules(1, ReplaceHow::StopFirst);
    rules.restart.when = RestartWhen::Wanted;
    rules
}

#[test]
fn an_app_that_rests_is_started_again_when_it_is_wanted_but_not_at_once() {
    let mut world = World::serving(resting());
    let id = world.ids()[0];
    world.exits(id, Ending::Success);
    assert_eq!(world.ended, [How::Rests(DownClass::Crashed)]);
    assert!(matches!(world.face, AppFace::Down { class: DownClass::Crashed, retry_at: None, .. }));
    world.obey();
    world.tell(FleetEvent::Wanted);
    assert_eq!(world.ids().len(), 0, "a page that asks every second is no reason to fail every second");
    world.wait(REST_MIN);
    world.tell(FleetEvent::Wanted);
    world.all_get_ready();
    assert_eq!(world.ready(), 1);
}

#[test]
fn renewing_replaces_what_is_ready_what_starts_and_what_rests() {
    let mut world = World::serving(resting());
    let first = world.ask(Asking::Renew);
    assert_eq!(world.face, AppFace::Starting, "requests wait for the new one");
    world.obey();
    let second = world.ask(Asking::Renew);
    assert_eq!(world.answer_to(first), Some(Err(Refused::Overtaken)));
    // It was being started: it is asked to go as soon as it is there.
    world.all_spawned();
    world.obey();
    world.all_get_ready();
    assert_eq!((world.answer_to(second), world.ready(), world.ids().len()), (Some(Ok(())), 1, 1));
    let id = world.ids()[0];
    world.exits(id, Ending::Failure);
    world.obey();
    let third = world.ask(Asking::Renew);
    world.all_get_ready();
    assert_eq!((world.answer_to(third), world.ready()), (Some(Ok(())), 1));
}

#[test]
fn renewing_wakes_nobody_who_sleeps_or_was_stopped() {
    let mut world = World::begun(FleetRules { start: StartWhen::Lazy, ..resting() });
    let asked = world.ask(Asking::Renew);
    assert_eq!((world.answer_to(asked), world.ids().len()), (Some(Ok(())), 0));
    let mut world = World::serving(resting());
    world.ask(Asking::Stop);
    world.obey();
    let asked = world.ask(Asking::Renew);
    assert_eq!((world.answer_to(asked), world.ids().len()), (Some(Ok(())), 0));
}

#[test]
fn a_replica_that_misses_its_start_deadline_is_no_end_while_another_serves() {
    let mut essential = rules(2, ReplaceHow::Overlap);
    essential.machine.weight = Weight::Essential;
    let mut world = World::serving(essential.clone());
    let first = world.ids()[0];
    world.exits(first, Ending::Failure);
    world.wait(SECOND);
    world.spawned(first);
    world.wait(301 * SECOND);
    assert_eq!((world.ended.as_slice(), world.ready()), (&[][..], 1));
    let mut world = World::begun(essential);
    world.all_spawned();
    world.wait(301 * SECOND);
    assert_eq!(world.ended, [How::NotReadyInTime]);
}

#[test]
fn an_instance_that_crashes_on_its_way_out_is_not_started_again() {
    let mut world = World::serving(rules(1, ReplaceHow::Overlap));
    let stop = world.ask(Asking::Stop);
    let id = world.ids()[0];
    world.exits(id, Ending::Failure);
    assert_eq!((world.answer_to(stop), world.ids().len()), (Some(Ok(())), 0));
}

/// What the world may do next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Spawned(usize),
    SpawnFailed(usize, Hope),
    Answers(usize),
    Silent(usize),
    Unwell(usize),
    Exits(usize, Ending),
    Drained(usize),
    Outgrown(usize),
    Wait(Duration),
    Ask(Asking),
    Wanted,
    Idle,
    Change(u16, Difference),
}

fn turns() -> impl Strategy<Value = Turn> {
    let who = || 0_usize..5;
    let asking = prop_oneof![
        3 => Just(Asking::Restart),
        1 => Just(Asking::Stop),
        1 => Just(Asking::Start),
        1 => (0_u16..5).prop_map(|replicas| Asking::Scale { replicas }),
    ];
    let difference = prop_oneof![Just(Difference::Rules), Just(Difference::Processes)];
    let hope = prop_oneof![3 => Just(Hope::Later), 1 => Just(Hope::Never)];
    let ending = prop_oneof![Just(Ending::Success), Just(Ending::Failure)];
    prop_oneof![
        6 => who().prop_map(Turn::Spawned),
        1 => (who(), hope).prop_map(|(who, hope)| Turn::SpawnFailed(who, hope)),
        6 => who().prop_map(Turn::Answers),
        1 => who().prop_map(Turn::Silent),
        1 => who().prop_map(Turn::Unwell),
        2 => (who(), ending).prop_map(|(who, how)| Turn::Exits(who, how)),
        3 => who().prop_map(Turn::Drained),
        1 => who().prop_map(Turn::Outgrown),
        4 => (0_u64..20_000).prop_map(|ms| Turn::Wait(Duration::from_millis(ms))),
        3 => asking.prop_map(Turn::Ask),
        1 => Just(Turn::Wanted),
        1 => (1_u16..4, difference).prop_map(|(replicas, how)| Turn::Change(replicas, how)),
        1 => Just(Turn::Idle),
    ]
}

impl World {
    fn play(&mut self, turn: Turn) {
        let ids = self.ids();
        let nth = |who: usize| ids.get(who).copied().unwrap_or(InstanceId(0));
        match turn {
            Turn::Spawned(who) => self.spawned(nth(who)),
            Turn::SpawnFailed(who, hope) => {
                if let Some(known) = self.known.get_mut(&nth(who)).filter(|known| known.spawning) {
                    known.spawning = false;
                    self.of(nth(who), Event::SpawnFailed { hope });
                }
            }
            Turn::Answers(who) => self.answers(nth(who)),
            Turn::Silent(who) => {
                if let Some(pid) = self.known.get(&nth(who)).and_then(|known| known.process) {
                    self.of(nth(who), Event::Silent { pid });
                }
            }
            Turn::Unwell(who) => {
                if let Some(pid) = self.known.get(&nth(who)).and_then(|known| known.process) {
                    self.of(nth(who), Event::Unwell { pid });
                }
            }
            Turn::Exits(who, how) => self.exits(nth(who), how),
            Turn::Drained(who) => self.drained(nth(who)),
            Turn::Outgrown(who) => self.tell(FleetEvent::Outgrown { id: nth(who) }),
            Turn::Wait(time) => self.wait(time),
            Turn::Ask(asking) => drop(self.ask(asking)),
            Turn::Change(replicas, difference) => self.change(replicas, difference),
            Turn::Wanted => self.tell(FleetEvent::Wanted),
            Turn::Idle => self.tell(FleetEvent::Idle),
        }
    }

    /// Every process ignores its stop signal; only SIGKILL ends it.
    fn stop_to_the_end(&mut self) {
        self.tell(FleetEvent::StopAsked { kill_at: self.now + 8 * SECOND });
        assert_eq!(self.face, AppFace::Draining);
        for id in self.ids() {
            self.spawned(id);
        }
        self.wait(8 * SECOND);
        for id in self.ids() {
            self.exits(id, Ending::Failure);
        }
        assert!(self.fleet.is_over(), "not over: {:?}", self.fleet);
        let asked = usize::try_from(self.tickets).unwrap();
        assert_eq!(self.answers.len(), asked, "somebody still waits for an answer");
    }
}

proptest! {
    #[test]
    fn any_order_of_events_keeps_the_bounds_and_a_stop_always_ends(
        turns in proptest::collection::vec(turns(), 0..80),
        replicas in 1_u16..4,
        stop_first in any::<bool>(),
        lazy in any::<bool>(),
    ) {
        let replace = if stop_first { ReplaceHow::StopFirst } else { ReplaceHow::Overlap };
        let start = if lazy { StartWhen::Lazy } else { StartWhen::Eager };
        let mut world = World::begun(FleetRules { start, ..rules(replicas, replace) });
        for turn in turns {
            world.play(turn);
        }
        world.stop_to_the_end();
    }
}

#[test]
fn a_change_of_rules_keeps_the_processes_and_a_change_of_processes_replaces_them() {
    let mut world = World::serving(rules(2, ReplaceHow::Overlap));
    let before = world.ids();
    world.change(2, Difference::Rules);
    assert_eq!(world.ids(), before);
    assert_eq!(world.answers.last().unwrap().1, Ok(()));
    world.change(2, Difference::Processes);
    assert_eq!(world.ids().len(), 3, "a successor beside those that serve");
}
