//! Step "watch" of the life of an app: is one that was ready still well?
//!
//! ```text
//!   asked:  sleep(every) ─▶ question, at most `timeout` ─▶ Judge ── so many failures in a row ──▶ Unwell
//!   beats:  WATCHDOG=1 ─▶ signs ─────── a look now and then ─▶ Heartbeat ── silent for too long ─▶ Unwell
//! ```
//!
//! The judges are pure and know that time may jump: in a container that was frozen, or had no CPU between two requests
//! (SUPERVISION.md rule 23), a probe that fails first says nothing. What an unwell app gets is decided in `life`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep_until;

use super::command_question::Asker;
use super::ready::{self, Why};
use super::signs::{Alarm, Signs, State};
use super::spec::{LiveQuestion, Liveness};
use crate::registry::EndpointAddr;

/// How often it is looked whether an app still beats, as a share of the time in which it must.
const LOOKS_PER_BEAT: u32 = 4;

/// What an app may ask for as the time between two beats; a shorter one would keep us busy.
const BEAT_MIN: Duration = Duration::from_millis(100);

/// Watches one start of an app from the moment it is ready.
pub(super) struct Watchdog(Post);

enum Post {
    Asks(Asking),
    Listens(Listening),
}

/// Why an app that was ready is to be started anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unwell {
    Fails {
        times: u32,
        last: Why,
    },
    Silent {
        within: Duration,
    },
    /// It said so itself.
    Alarm,
}

impl fmt::Display for Unwell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails { times: 1, last } => write!(f, "is not well: {last}"),
            Self::Fails { times, last } => write!(f, "is not well, {times} times in a row: {last}"),
            Self::Silent { within } => write!(f, "is not well: no WATCHDOG=1 within {within:?}"),
            Self::Alarm => f.write_str("is not well: it says so itself (WATCHDOG=trigger)"),
        }
    }
}

impl Watchdog {
    /// None: nobody wants it watched. `at` is where it was found; a worker has no place.
    pub(super) fn new(
        liveness: &Liveness,
        at: Option<&EndpointAddr>,
        signs: &Signs,
        asker: &Asker,
    ) -> Option<Self> {
        let now = Instant::now();
        let post = match liveness {
            Liveness::Unwatched => return None,
            Liveness::Asked { question, every, timeout, failures } => Post::Asks(Asking {
                question: question.clone(),
                at: at.cloned(),
                asker: asker.clone(),
                every: *every,
                limit: *timeout,
                judge: Judge::new(*every, *timeout, *failures, now),
                due: now + *every,
                under_way: None,
            }),
            Liveness::Beats { within } => {
                Post::Listens(Listening { state: signs.watch(), heartbeat: Heartbeat::new(*within, now) })
            }
        };
        Some(Self(post))
    }

    /// Waits until the app is unwell, perhaps for ever. Safe to drop and call again: a question that is under way goes
    /// on.
    pub(super) async fn unwell(&mut self) -> Unwell {
        match &mut self.0 {
            Post::Asks(asking) => asking.unwell().await,
            Post::Listens(listening) => listening.unwell().await,
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Post::Asks(asking) => write!(f, "Watchdog({:?})", asking.judge),
            Post::Listens(listening) => write!(f, "Watchdog({:?})", listening.heartbeat),
        }
    }
}

/// On its way.
type Answer = Pin<Box<dyn Future<Output = Result<(), Why>> + Send>>;

struct Asking {
    question: LiveQuestion,
    at: Option<EndpointAddr>,
    asker: Asker,
    every: Duration,
    limit: Duration,
    judge: Judge,
    due: Instant,
    under_way: Option<Answer>,
}

impl Asking {
    async fn unwell(&mut self) -> Unwell {
        loop {
            let under_way = match &mut self.under_way {
                Some(under_way) => under_way,
                None => {
                    sleep_until(self.due.into()).await;
                    let question =
                        ask(self.question.clone(), self.at.clone(), self.asker.clone(), self.limit);
                    self.under_way.insert(Box::pin(question))
                }
            };
            let answer = under_way.await;
            self.under_way = None;
            let now = Instant::now();
            self.due = now + self.every;
            match (self.judge.on(&answer, now), answer) {
                (Verdict::Unwell { times }, Err(last)) => return Unwell::Fails { times, last },
                (Verdict::Unwell { .. } | Verdict::Well | Verdict::Doubtful, _) => {}
            }
        }
    }
}

async fn ask(
    question: LiveQuestion,
    at: Option<EndpointAddr>,
    asker: Asker,
    limit: Duration,
) -> Result<(), Why> {
    match (question, at) {
        (LiveQuestion::Exec { command }, _) => ready::ask_command(&asker, &command, limit).await,
        (LiveQuestion::Accept, Some(at)) => ready::ask_connection(&at, limit).await,
        (LiveQuestion::Http { path, status }, Some(at)) => ready::ask_http(&at, &path, status, limit).await,
        // A worker is not asked over a connection; the file is refused.
        (LiveQuestion::Accept | LiveQuestion::Http { .. }, None) => Ok(()),
    }
}

struct Listening {
    state: watch::Receiver<State>,
    heartbeat: Heartbeat,
}

impl Listening {
    async fn unwell(&mut self) -> Unwell {
        loop {
            // Losing either arm is safe: the state stays, and so does the time of the next look.
            tokio::select! {
                () = sleep_until(self.heartbeat.next_look().into()) => {}
                Ok(()) = self.state.changed() => {}
            }
            let state = *self.state.borrow_and_update();
            if state.alarm == Alarm::Raised {
                return Unwell::Alarm;
            }
            match self.heartbeat.on(state, Instant::now()) {
                Verdict::Unwell { .. } => return Unwell::Silent { within: self.heartbeat.within },
                Verdict::Well | Verdict::Doubtful => {}
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Well,
    /// It failed, and that is not enough or does not count.
    Doubtful,
    Unwell {
        times: u32,
    },
}

/// Counts failures in a row.
#[derive(Debug)]
struct Judge {
    /// More time than this between two answers means that nobody ran, and not that the app was slow.
    gap_max: Duration,
    failures_max: u32,
    failures: u32,
    last: Instant,
}

impl Judge {
    fn new(every: Duration, limit: Duration, failures_max: u32, now: Instant) -> Self {
        Self { gap_max: (every + limit) * 2, failures_max, failures: 0, last: now }
    }

    fn on<E>(&mut self, answer: &Result<(), E>, now: Instant) -> Verdict {
        let gap = now.saturating_duration_since(self.last);
        self.last = now;
        if answer.is_ok() {
            self.failures = 0;
            return Verdict::Well;
        }
        if gap > self.gap_max {
            // What was before the jump is too long ago to count.
            self.failures = 0;
            return Verdict::Doubtful;
        }
        self.failures += 1;
        if self.failures < self.failures_max {
            return Verdict::Doubtful;
        }
        Verdict::Unwell { times: std::mem::take(&mut self.failures) }
    }
}

/// Waits for beats, and counts only the time that was lived through.
#[derive(Debug)]
struct Heartbeat {
    within: Duration,
    beat: Option<Instant>,
    deadline: Instant,
    looked: Instant,
}

impl Heartbeat {
    fn new(within: Duration, now: Instant) -> Self {
        Self { within, beat: None, deadline: now + within, looked: now }
    }

    fn next_look(&self) -> Instant {
        self.looked + self.within / LOOKS_PER_BEAT
    }

    fn on(&mut self, state: State, now: Instant) -> Verdict {
        if let Some(within) = state.beat_within.map(|within| within.max(BEAT_MIN))
            && within != self.within
        {
            *self = Self { within, ..Self::new(within, now) };
        }
        if state.beat > self.beat {
            self.beat = state.beat;
            self.deadline = state.beat.unwrap_or(now) + self.within;
        }
        let gap = now.saturating_duration_since(self.looked);
        self.looked = now;
        if gap > self.within / LOOKS_PER_BEAT * 2 {
            // Nobody could look, so perhaps nobody could beat.
            self.deadline += gap;
        }
        if now < self.deadline {
            return Verdict::Well;
        }
        self.deadline = now + self.within;
        Verdict::Unwell { times: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::spec::{Command, Readiness};
    use std::net::TcpListener;

    const EVERY: Duration = Duration::from_secs(10);
    const LIMIT: Duration = Duration::from_secs(2);

    /// The verdicts on answers that come after these many seconds each; a failure is negative.
    fn verdicts(seconds: &[i64]) -> Vec<Verdict> {
        let mut now = Instant::now();
        let mut judge = Judge::new(EVERY, LIMIT, 3, now);
        let mut heard = |after: &i64| {
            now += Duration::from_secs(after.unsigned_abs());
            judge.on(&if *after < 0 { Err(()) } else { Ok(()) }, now)
        };
        seconds.iter().map(&mut heard).collect()
    }

    #[test]
    fn failures_count_in_a_row_only() {
        use Verdict::{Doubtful, Unwell, Well};
        let unwell = Unwell { times: 3 };
        assert_eq!(verdicts(&[10, -10, -12, -12]), [Well, Doubtful, Doubtful, unwell]);
        assert_eq!(verdicts(&[-10, -10, 10, -10, -10]), [Doubtful, Doubtful, Well, Doubtful, Doubtful]);
        // Whoever asks on begins anew.
        assert_eq!(verdicts(&[-10, -10, -10, -10]), [Doubtful, Doubtful, unwell, Doubtful]);
    }

    #[test]
    fn the_first_failure_after_the_clock_jumped_is_forgiven_and_those_before_are_forgotten() {
        use Verdict::{Doubtful, Unwell};
        let times = [-10, -10, -3600, -10, -10, -10];
        let expected = [Doubtful, Doubtful, Doubtful, Doubtful, Doubtful, Unwell { times: 3 }];
        assert_eq!(verdicts(&times), expected);
        // Slow, but no jump.
        assert_eq!(verdicts(&[-24, -24, -24])[2], Unwell { times: 3 });
    }

    fn beat_at(at: Instant) -> State {
        State { beat: Some(at), ..State::default() }
    }

    #[test]
    fn an_app_must_beat_in_time_from_the_moment_it_is_ready() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(Duration::from_secs(20), start);
        for seconds in [5, 10, 15] {
            assert_eq!(heartbeat.on(State::default(), at(seconds)), Verdict::Well);
        }
        assert_eq!(heartbeat.on(beat_at(at(16)), at(20)), Verdict::Well);
        for seconds in [25, 30, 35] {
            assert_eq!(heartbeat.on(beat_at(at(16)), at(seconds)), Verdict::Well);
        }
        assert_eq!(heartbeat.on(beat_at(at(16)), at(40)), Verdict::Unwell { times: 1 });
    }

    #[test]
    fn time_that_nobody_lived_through_is_not_silence() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(Duration::from_secs(20), start);
        assert_eq!(heartbeat.on(State::default(), at(5)), Verdict::Well);
        // Frozen for an hour; 15 of the 20 seconds are left.
        assert_eq!(heartbeat.on(State::default(), at(3605)), Verdict::Well);
        assert_eq!(heartbeat.on(State::default(), at(3614)), Verdict::Well);
        assert_eq!(heartbeat.on(State::default(), at(3620)), Verdict::Unwell { times: 1 });
    }

    #[test]
    fn an_app_may_choose_its_own_time() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Duration::from_secs(20), start);
        let state = State { beat_within: Some(Duration::ZERO), ..State::default() };
        assert_eq!(heartbeat.on(state, start), Verdict::Well);
        assert_eq!(heartbeat.within, BEAT_MIN);
        assert_eq!(heartbeat.on(state, start + BEAT_MIN / 2), Verdict::Well);
        assert_eq!(heartbeat.on(state, start + BEAT_MIN), Verdict::Unwell { times: 1 });
    }

    fn watchdog(liveness: &Liveness, at: Option<EndpointAddr>, signs: &Signs) -> Watchdog {
        let path = std::env::var_os("PATH").unwrap();
        let asker = Asker {
            children: crate::init::Children::for_tests(),
            environment: std::sync::Arc::new([("PATH".into(), path)].into()),
            mask: crate::apps::secret::Mask::default(),
            dir: "/".into(),
            isolation: std::sync::Arc::default(),
        };
        Watchdog::new(liveness, at.as_ref(), signs, &asker).unwrap()
    }

    fn asked(question: LiveQuestion, failures: u32) -> Liveness {
        let every = Duration::from_millis(5);
        Liveness::Asked { question, every, timeout: Duration::from_secs(60), failures }
    }

    #[tokio::test]
    async fn a_question_outlives_whoever_waits_for_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let tally = folder.path().join("tally");
        let line = format!("echo >> {0}; test $(wc -l < {0}) -lt 3", tally.display());
        let question = LiveQuestion::Exec { command: Command::Shell(line) };
        let signs = Signs::expected_by(&Readiness::Accept);
        let mut watchdog = watchdog(&asked(question, 2), None, &signs);
        // Dropped again and again, as a busy select drops it.
        let unwell = loop {
            tokio::select! {
                unwell = watchdog.unwell() => break unwell,
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        };
        assert!(matches!(unwell, Unwell::Fails { times: 2, last: Why::Command { .. } }), "{unwell}");
        // Two good answers, then two bad ones: none was lost, none counted twice.
        assert_eq!(std::fs::read_to_string(&tally).unwrap().lines().count(), 4);
    }

    #[tokio::test]
    async fn an_app_that_no_longer_accepts_is_unwell() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = EndpointAddr::Tcp(listener.local_addr().unwrap());
        let signs = Signs::expected_by(&Readiness::Accept);
        let mut watchdog = watchdog(&asked(LiveQuestion::Accept, 3), Some(at), &signs);
        drop(listener);
        assert_eq!(watchdog.unwell().await, Unwell::Fails { times: 3, last: Why::NobodyListens });
    }

    #[tokio::test]
    async fn an_alarm_is_heard_at_once() {
        let signs = Signs::expected_by(&Readiness::Accept);
        let mut watchdog = watchdog(&Liveness::Beats { within: Duration::from_secs(3600) }, None, &signs);
        signs.set(|state| state.alarm = Alarm::Raised);
        assert_eq!(watchdog.unwell().await, Unwell::Alarm);
    }

    #[tokio::test]
    async fn silence_is_heard_in_the_end() {
        let signs = Signs::expected_by(&Readiness::Accept);
        let within = BEAT_MIN;
        let mut watchdog = watchdog(&Liveness::Beats { within }, None, &signs);
        assert_eq!(watchdog.unwell().await, Unwell::Silent { within });
    }
}
