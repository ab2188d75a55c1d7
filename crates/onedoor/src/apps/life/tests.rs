//! The promises of `life.rs`: tables with a virtual clock, and any order of events at all.

use proptest::prelude::*;

use super::*;
use crate::apps::spec::{GiveUp, RestartPolicy, RestartWhen};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const START_TIMEOUT: Duration = Duration::from_secs(300);
const GRACE: Duration = Duration::from_secs(8);

/// The process of the tables.
fn pid() -> Pid {
    Pid::ours()
}

fn policy(when: RestartWhen, give_up: GiveUp) -> RestartPolicy {
    RestartPolicy { when, backoff_min: 100 * MILLI, backoff_max: 10 * SECOND, give_up }
}

/// A machine with an app's patience of its own.
#[derive(Debug)]
struct Alone {
    machine: Machine,
    patience: Patience,
}

impl Alone {
    fn on(&mut self, event: Event, now: Instant) -> Actions {
        self.machine.on(event, now, &mut self.patience)
    }

    fn life(&self) -> Life {
        self.machine.life()
    }
}

fn machine_with(when: RestartWhen, weight: Weight, ready: ReadyWhen) -> Alone {
    let give_up = GiveUp::After { failures: 3, within: 300 * SECOND };
    let rules = Rules { ready, start_timeout: START_TIMEOUT, grace: GRACE, weight };
    let machine = Machine::new(rules, Restarts::new(policy(when, give_up), 1));
    Alone { machine, patience: Patience::new(give_up) }
}

fn machine() -> Alone {
    machine_with(RestartWhen::Always, Weight::Optional, ReadyWhen::Answering)
}

fn started(machine: &mut Alone, now: Instant) {
    machine.on(Event::Begin, now);
    machine.on(Event::Spawned { pid: pid() }, now);
}

fn made_ready(machine: &mut Alone, now: Instant) {
    started(machine, now);
    machine.on(Event::Answered { pid: pid() }, now);
}

fn failed() -> Event {
    Event::Exited { pid: pid(), how: Ending::Failure }
}

fn published(actions: &Actions) -> Option<Face> {
    actions.iter().rev().find_map(|action| match action {
        Action::Publish(face) => Some(*face),
        Action::Spawn
        | Action::CallOff
        | Action::Probe { .. }
        | Action::Signal { .. }
        | Action::Sweep { .. }
        | Action::Arm(_)
        | Action::Ended(_) => None,
    })
}

#[test]
fn an_app_is_spawned_probed_and_published_when_it_answers() {
    let (mut app, now) = (machine(), Instant::now());
    assert_eq!(app.on(Event::Begin, now)[..], [Action::Publish(Face::Starting), Action::Spawn]);
    let deadline = now + START_TIMEOUT;
    assert_eq!(
        app.on(Event::Spawned { pid: pid() }, now)[..],
        [Action::Probe { pid: pid(), not_before: now }, Action::Arm(deadline)]
    );
    assert_eq!(
        app.on(Event::Answered { pid: pid() }, now)[..],
        [Action::Publish(Face::Ready { pid: pid() })]
    );
}

#[test]
fn a_worker_is_ready_as_soon_as_it_runs() {
    let (mut app, now) =
        (machine_with(RestartWhen::Always, Weight::Optional, ReadyWhen::Running), Instant::now());
    app.on(Event::Begin, now);
    assert_eq!(app.on(Event::Spawned { pid: pid() }, now)[..], [Action::Publish(Face::Ready { pid: pid() })]);
}

#[test]
fn a_crash_is_published_with_the_time_of_the_next_start() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let until = now + 100 * MILLI;
    let down = Face::Down { class: DownClass::Crashed, retry_at: Some(until) };
    let sweep = Action::Sweep { until: now };
    assert_eq!(app.on(failed(), now)[..], [sweep, Action::Publish(down), Action::Arm(until)]);
    assert_eq!(app.on(Event::TimerDue, until)[..], [Action::Publish(Face::Starting), Action::Spawn]);
}

#[test]
fn a_request_does_not_cut_the_backoff_short() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    app.on(failed(), now);
    assert!(app.on(Event::Begin, now).is_empty());
}

#[test]
fn a_refused_connection_unpublishes_at_once_and_an_answer_publishes_again() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let later = now + SECOND;
    let actions = app.on(Event::Suspected { how: Failure::Refused }, later);
    assert_eq!(published(&actions), Some(Face::Starting));
    assert!(actions.contains(&Action::Probe { pid: pid(), not_before: later }));
    assert_eq!(
        app.on(Event::Answered { pid: pid() }, later)[..],
        [Action::Publish(Face::Ready { pid: pid() })]
    );
}

#[test]
fn a_reset_keeps_the_app_published_until_a_probe_fails() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let later = now + SECOND;
    let actions = app.on(Event::Suspected { how: Failure::Reset }, later);
    assert_eq!(actions[..], [Action::Probe { pid: pid(), not_before: later }]);
    assert_eq!(published(&app.on(Event::Silent { pid: pid() }, later)), Some(Face::Starting));
}

#[test]
fn an_app_that_flaps_is_published_at_most_ten_times_a_second() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let soon = now + MILLI;
    let actions = app.on(Event::Suspected { how: Failure::Refused }, soon);
    assert!(actions.contains(&Action::Probe { pid: pid(), not_before: now + REPUBLISH_MIN }));
}

#[test]
fn an_app_that_stays_unready_is_stopped_and_started_again() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    app.on(Event::Suspected { how: Failure::Refused }, now);
    let due = now + START_TIMEOUT;
    assert!(app.on(Event::TimerDue, due).contains(&Action::Signal { pid: pid(), push: Push::Stop }));
    app.on(failed(), due);
    assert!(matches!(app.life(), Life::Waiting { .. }));
}

#[test]
fn a_missed_start_deadline_ends_the_program_only_for_an_essential_app() {
    for (weight, ends) in [(Weight::Essential, true), (Weight::Optional, false)] {
        let (mut app, now) =
            (machine_with(RestartWhen::Always, weight, ReadyWhen::Answering), Instant::now());
        started(&mut app, now);
        let due = now + START_TIMEOUT;
        let actions = app.on(Event::TimerDue, due);
        assert!(actions.contains(&Action::Signal { pid: pid(), push: Push::Stop }));
        assert_eq!(actions.contains(&Action::Ended(How::NotReadyInTime)), ends);
        app.on(failed(), due);
        assert_eq!(matches!(app.life(), Life::Stopped { .. }), ends);
    }
}

#[test]
fn a_timer_that_comes_early_is_armed_again() {
    let (mut app, now) = (machine(), Instant::now());
    started(&mut app, now);
    assert_eq!(app.on(Event::TimerDue, now)[..], [Action::Arm(now + START_TIMEOUT)]);
}

#[test]
fn patience_ends_and_nothing_spawns_any_more() {
    let (mut app, now) = (machine(), Instant::now());
    started(&mut app, now);
    let mut ended = app.on(failed(), now);
    for _ in 0..2 {
        app.on(Event::TimerDue, now + 60 * SECOND);
        app.on(Event::Spawned { pid: pid() }, now);
        ended = app.on(failed(), now);
    }
    assert_eq!(published(&ended), Some(Face::Down { class: DownClass::GaveUp, retry_at: None }));
    assert!(ended.contains(&Action::Ended(How::GaveUp)));
    for event in [Event::Begin, Event::TimerDue] {
        assert!(app.on(event, now + 600 * SECOND).is_empty());
    }
}

#[test]
fn a_command_that_cannot_be_executed_is_tried_once_and_a_full_machine_again() {
    let now = Instant::now();
    let mut app = machine();
    app.on(Event::Begin, now);
    assert!(app.on(Event::SpawnFailed { hope: Hope::Never }, now).contains(&Action::Ended(How::CannotStart)));
    let mut app = machine();
    app.on(Event::Begin, now);
    app.on(Event::SpawnFailed { hope: Hope::Later }, now);
    assert!(matches!(app.life(), Life::Waiting { .. }));
}

#[test]
fn a_clean_end_that_was_not_asked_for_is_final_when_only_failures_restart() {
    let (mut app, now) =
        (machine_with(RestartWhen::OnFailure, Weight::Optional, ReadyWhen::Answering), Instant::now());
    made_ready(&mut app, now);
    let actions = app.on(Event::Exited { pid: pid(), how: Ending::Success }, now);
    assert!(actions.contains(&Action::Ended(How::Enough)));
}

#[test]
fn an_app_that_is_not_well_is_stopped_and_started_again() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let actions = app.on(Event::Unwell { pid: pid() }, now);
    assert!(actions.contains(&Action::Signal { pid: pid(), push: Push::Stop }));
    let class = DownClass::Unwell;
    assert_eq!(published(&actions), Some(Face::Down { class, retry_at: Some(now + GRACE) }));
    let Some(Face::Down { retry_at: Some(at), .. }) = published(&app.on(failed(), now)) else {
        panic!("never again")
    };
    assert!(app.on(Event::TimerDue, at).contains(&Action::Spawn));
}

#[test]
fn an_exit_after_the_stop_began_is_no_crash() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let kill_at = now + GRACE;
    assert_eq!(
        app.on(Event::StopAsked { kill_at }, now)[..],
        [
            Action::Publish(Face::Leaving),
            Action::Signal { pid: pid(), push: Push::Stop },
            Action::Arm(kill_at)
        ]
    );
    // What it started may take the rest of the grace.
    assert_eq!(app.on(failed(), now)[..], [Action::Sweep { until: kill_at }]);
    assert_eq!(app.life(), Life::Stopped { how: How::AsAsked });
}

#[test]
fn an_app_that_ignores_its_stop_signal_is_killed_until_it_is_gone() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    let kill_at = now + GRACE;
    app.on(Event::StopAsked { kill_at }, now);
    let kill = Action::Signal { pid: pid(), push: Push::Kill };
    assert!(app.on(Event::TimerDue, kill_at).contains(&kill));
    assert!(app.on(Event::TimerDue, kill_at + KILL_AGAIN).contains(&kill));
}

#[test]
fn a_second_signal_shortens_the_grace() {
    let (mut app, now) = (machine(), Instant::now());
    made_ready(&mut app, now);
    app.on(Event::StopAsked { kill_at: now + GRACE }, now);
    assert_eq!(app.on(Event::Hurry { kill_at: now + SECOND }, now)[..], [Action::Arm(now + SECOND)]);
}

#[test]
fn a_stop_during_the_spawn_stops_what_was_spawned() {
    let (mut app, now) = (machine(), Instant::now());
    app.on(Event::Begin, now);
    app.on(Event::StopAsked { kill_at: now + GRACE }, now);
    assert!(
        app.on(Event::Spawned { pid: pid() }, now).contains(&Action::Signal { pid: pid(), push: Push::Stop })
    );
}

/// What the world may do next; the test keeps to what a world can do (nothing exits that was not spawned).
#[derive(Clone, Copy, Debug)]
enum Turn {
    Spawn(Result<(), Hope>),
    Probe { answers: bool },
    StaleProbe,
    Suspect(Failure),
    Exit(Ending),
    Wait(Duration),
    Begin,
    Stop,
    Hurry,
}

fn turns() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => Just(Turn::Spawn(Ok(()))),
        1 => prop_oneof![Just(Hope::Later), Just(Hope::Never)].prop_map(|hope| Turn::Spawn(Err(hope))),
        4 => any::<bool>().prop_map(|answers| Turn::Probe { answers }),
        1 => Just(Turn::StaleProbe),
        2 => prop_oneof![Just(Failure::Refused), Just(Failure::Reset), Just(Failure::Timeout)].prop_map(Turn::Suspect),
        3 => prop_oneof![Just(Ending::Success), Just(Ending::Failure)].prop_map(Turn::Exit),
        4 => (0_u64..400_000).prop_map(|ms| Turn::Wait(Duration::from_millis(ms))),
        1 => Just(Turn::Begin),
        1 => Just(Turn::Stop),
        1 => Just(Turn::Hurry),
    ]
}

/// The world around a machine, and the promises it watches over.
#[derive(Debug)]
struct World {
    machine: Alone,
    now: Instant,
    timer: Option<Instant>,
    spawning: bool,
    process: Option<Pid>,
    pids: i32,
    over: bool,
}

impl World {
    fn new(machine: Alone) -> Self {
        Self {
            machine,
            now: Instant::now(),
            timer: None,
            spawning: false,
            process: None,
            pids: 1,
            over: false,
        }
    }

    fn tell(&mut self, event: Event) {
        let actions = self.machine.on(event, self.now);
        for action in actions {
            match action {
                Action::Spawn => {
                    assert!(!self.spawning && self.process.is_none(), "two processes at once");
                    assert!(!self.over, "a spawn after the end");
                    self.spawning = true;
                }
                Action::CallOff => assert!(self.spawning, "nothing is being made"),
                Action::Publish(Face::Ready { pid }) => {
                    assert_eq!(self.process, Some(pid), "published without its process");
                }
                Action::Publish(Face::Down { retry_at: Some(at), .. }) => {
                    let delay = at - self.now;
                    assert!(delay >= 100 * MILLI && delay <= 10 * SECOND, "a backoff of {delay:?}");
                }
                Action::Publish(_) => {}
                Action::Probe { pid, .. } | Action::Signal { pid, .. } => {
                    assert_eq!(self.process, Some(pid), "a signal or a probe to a process that is gone");
                }
                Action::Sweep { .. } => assert!(self.process.is_none(), "swept under a living process"),
                Action::Arm(at) => self.timer = Some(at),
                Action::Ended(_) => {
                    assert!(!self.over, "ended twice");
                    self.over = true;
                }
            }
        }
    }

    fn play(&mut self, turn: Turn) {
        match turn {
            Turn::Spawn(result) if self.spawning => {
                self.spawning = false;
                match result {
                    Ok(()) => {
                        self.pids += 1;
                        let pid = Pid::new(self.pids).unwrap();
                        self.process = Some(pid);
                        self.tell(Event::Spawned { pid });
                    }
                    Err(hope) => self.tell(Event::SpawnFailed { hope }),
                }
            }
            Turn::Spawn(_) => {}
            Turn::Probe { answers } => {
                if let Some(pid) = self.process {
                    self.tell(if answers { Event::Answered { pid } } else { Event::Silent { pid } });
                }
            }
            Turn::StaleProbe => self.tell(Event::Answered { pid: Pid::new(1).unwrap() }),
            Turn::Suspect(how) => self.tell(Event::Suspected { how }),
            Turn::Exit(how) => {
                if let Some(pid) = self.process.take() {
                    self.tell(Event::Exited { pid, how });
                }
            }
            Turn::Wait(time) => {
                self.now += time;
                if self.timer.is_some_and(|at| at <= self.now) {
                    self.timer = None;
                    self.tell(Event::TimerDue);
                }
            }
            Turn::Begin => self.tell(Event::Begin),
            Turn::Stop => self.stop(),
            Turn::Hurry => self.tell(Event::Hurry { kill_at: self.now }),
        }
    }

    fn stop(&mut self) {
        self.tell(Event::StopAsked { kill_at: self.now + GRACE });
        // From here on a spawn would be wrong as well.
        self.over = true;
    }

    /// Lets time pass until the process, which ignores everything but SIGKILL, is told to go.
    fn stop_to_the_end(&mut self) {
        self.stop();
        self.play(Turn::Spawn(Ok(())));
        self.play(Turn::Wait(GRACE));
        if self.process.is_some() {
            assert!(
                matches!(self.machine.life(), Life::Killing { .. }),
                "never killed: {:?}",
                self.machine.life()
            );
        }
        self.play(Turn::Exit(Ending::Failure));
        assert!(
            matches!(self.machine.life(), Life::Stopped { .. }),
            "not stopped: {:?}",
            self.machine.life()
        );
    }
}

proptest! {
    #[test]
    fn any_order_of_events_keeps_one_process_and_a_stop_always_ends(
        turns in proptest::collection::vec(turns(), 0..60),
        essential in any::<bool>(),
        worker in any::<bool>(),
    ) {
        let weight = if essential { Weight::Essential } else { Weight::Optional };
        let ready = if worker { ReadyWhen::Running } else { ReadyWhen::Answering };
        let mut world = World::new(machine_with(RestartWhen::Always, weight, ready));
        world.tell(Event::Begin);
        for turn in turns {
            world.play(turn);
        }
        world.stop_to_the_end();
    }
}
