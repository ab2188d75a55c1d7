//! One instance's processes and time: what is under way for it, and what comes of that.
//!
//! Its machine lives in the fleet; here are the process, the probes, the timer and the pipes. Nothing is decided here.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use onedoor_linux::spawn::SpawnError;
use onedoor_linux::wait::ExitStatus;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Boxed, Yard};
use crate::apps::command_question::Asker;
use crate::apps::confine::Confined;
use crate::apps::fleet::{FleetEvent, InstanceId};
use crate::apps::hearing::Hearing;
use crate::apps::kin::Kin;
use crate::apps::life::{Event, Hope};
use crate::apps::live::{Unwell, Watchdog};
use crate::apps::maybe::{due, or_never};
use crate::apps::notify::Voice;
use crate::apps::oom::Shortage;
use crate::apps::output::{self, Audience, LastWords};
use crate::apps::ready::{Found, FoundPlace, Prober, Sight, Why};
use crate::apps::referee::{Outgrown, Referee};
use crate::apps::restart::Ending;
use crate::apps::secret::{Secrets, Untold};
use crate::apps::spawn::{LaunchError, Told};
use crate::init::Child;
use crate::observe::log::{AppStream, Level, Speaker};
use crate::registry::{DownReason, Endpoint, EndpointId};

/// What an app printed last may come after its exit; whoever still holds its pipes does not hold us (rule 16).
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

pub(super) struct Instance {
    id: InstanceId,
    pub(super) slot: u16,
    /// Before a start: its secrets, where commands tell them.
    pub(super) asking: Option<Boxed<Result<Secrets, Untold>>>,
    pub(super) spawning: Option<Boxed<Result<Child, SpawnError>>>,
    /// What the start under way, or the process that runs, was told.
    pub(super) start: Option<Start>,
    pub(super) process: Option<Process>,
    /// The family of the process that ended last, until it is swept.
    pub(super) bereaved: Option<Kin>,
    /// Asked for by the machine.
    pub(super) probing: Option<Boxed<(Prober, Sight)>>,
    /// Nobody's wish: a look now and then at an app that listens elsewhere.
    pub(super) glancing: Option<Boxed<(Prober, Sight)>>,
    /// Whether what is ready is still well, where somebody wants to know.
    pub(super) watchdog: Option<Watchdog>,
    /// Where no control group holds it to its memory.
    pub(super) referee: Option<Referee>,
    pub(super) timer: Option<Instant>,
    /// On its way out: until no request is in flight.
    draining: Option<Boxed<()>>,
    outputs: JoinSet<()>,
    pub(super) sweeps: JoinSet<usize>,
    /// Until when leftovers may live; closer when the stop must hurry.
    pub(super) patience: watch::Sender<Instant>,
    pub(super) found: Option<Found>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// The start it is in, counted over all instances of the app.
    pub(super) generation: u64,
    /// How often it was started.
    pub(super) starts: u64,
    /// Its last generation that became ready.
    pub(super) ready_generation: Option<u64>,
    /// How long its last start took.
    pub(super) ready_after: Option<Duration>,
    pub(super) fate: Fate,
    /// Why it is down, while it is.
    pub(super) down: Option<DownReason>,
}

#[derive(Debug)]
pub(super) struct Start {
    pub(super) told: Told,
    pub(super) marker: OsString,
    pub(super) began: Instant,
    /// What it may say; dropped with the start.
    pub(super) hearing: Hearing,
    /// How commands are asked about it.
    pub(super) asker: Asker,
    /// Holds its processes to their limits, to the last of them.
    pub(super) confined: Confined,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) kin: Kin,
    pub(super) exited: oneshot::Receiver<ExitStatus>,
}

/// What is known about why the instance is not up.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) status: Option<ExitStatus>,
    pub(super) shortage: Option<Shortage>,
    pub(super) spawn_error: Option<(String, u8)>,
    pub(super) silence: Option<Why>,
    pub(super) unwell: Option<Unwell>,
    pub(super) last_words: LastWords,
    pub(super) lived: Duration,
    /// Processes that a start left running although it ended well and never was ready: a daemon's way to start.
    pub(super) left_running: usize,
}

/// Something happened to an instance.
pub(super) enum News {
    Exited(Result<ExitStatus, oneshot::error::RecvError>),
    /// What the commands told that know its secrets.
    Told(Result<Secrets, Untold>),
    Spawned(Result<Child, SpawnError>),
    Sight(Prober, Sight),
    Glimpse(Prober, Sight),
    /// The app says that it is stopping.
    Leaves,
    Unwell(Unwell),
    Outgrown(Outgrown),
    TimerDue,
    Drained,
    Swept(usize),
}

impl Instance {
    pub(super) fn new(id: InstanceId, slot: u16) -> Self {
        Self {
            id,
            slot,
            asking: None,
            spawning: None,
            start: None,
            process: None,
            bereaved: None,
            probing: None,
            glancing: None,
            watchdog: None,
            referee: None,
            timer: None,
            draining: None,
            outputs: JoinSet::new(),
            sweeps: JoinSet::new(),
            patience: watch::Sender::new(Instant::now()),
            found: None,
            endpoint: None,
            generation: 0,
            starts: 0,
            ready_generation: None,
            ready_after: None,
            fate: Fate::default(),
            down: None,
        }
    }

    pub(super) fn id(&self) -> InstanceId {
        self.id
    }

    pub(super) fn endpoint_id(&self) -> Option<EndpointId> {
        self.endpoint.as_ref().map(|endpoint| endpoint.id)
    }

    pub(super) fn leader(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.kin.leader)
    }

    /// A worker is ready without an endpoint.
    pub(super) fn is_working(&self) -> bool {
        self.process.is_some() && self.ready_generation == Some(self.generation) && self.found.is_none()
    }

    /// Nothing that its processes left behind is alive.
    pub(super) fn is_swept(&self) -> bool {
        self.sweeps.is_empty()
    }

    /// Waits. Every arm may be dropped and asked again: what is under way lives in `self`.
    pub(super) async fn next(&mut self) -> News {
        let exited = self.process.as_mut().map(|process| &mut process.exited);
        tokio::select! {
            biased;
            status = or_never(exited) => News::Exited(status),
            secrets = or_never(self.asking.as_mut()) => News::Told(secrets),
            child = or_never(self.spawning.as_mut()) => News::Spawned(child),
            (prober, sight) = or_never(self.probing.as_mut()) => News::Sight(prober, sight),
            (prober, sight) = or_never(self.glancing.as_mut()) => News::Glimpse(prober, sight),
            () = leaves(self.start.as_mut()) => News::Leaves,
            unwell = barks(self.watchdog.as_mut()) => News::Unwell(unwell),
            outgrown = outgrown(self.referee.as_mut()) => News::Outgrown(outgrown),
            () = due(self.timer) => News::TimerDue,
            () = or_never(self.draining.as_mut()) => News::Drained,
            Some(killed) = self.sweeps.join_next() => News::Swept(killed.unwrap_or_default()),
        }
    }

    /// What the fleet is to be told of it.
    pub(super) async fn learn(&mut self, news: News, yard: &mut Yard) -> Option<FleetEvent> {
        let id = self.id;
        let of = |event| FleetEvent::Of { id, event };
        match news {
            News::Exited(status) => self.exited(status.ok(), yard).map(of),
            News::Told(secrets) => self.told(secrets, yard).map(of),
            News::Spawned(result) => Some(of(self.spawned(result, yard))),
            News::Sight(prober, sight) => self.saw(prober, sight, yard).map(of),
            News::Glimpse(prober, sight) => self.glimpsed(prober, sight, yard).map(of),
            News::Leaves => {
                self.look_closer(yard);
                None
            }
            News::Unwell(why) => {
                self.watchdog = None;
                self.fate.unwell = Some(why);
                self.leader().map(|pid| of(Event::Unwell { pid }))
            }
            News::Outgrown(outgrown) => {
                self.referee = None;
                let which = self.which(yard);
                yard.say(Level::Warn, format_args!("{which}{outgrown}; it is replaced"));
                Some(FleetEvent::Outgrown { id })
            }
            News::TimerDue => {
                self.timer = None;
                Some(of(Event::TimerDue))
            }
            News::Drained => {
                self.draining = None;
                Some(FleetEvent::Drained { id })
            }
            News::Swept(killed) => {
                // What a crash left behind is a matter of that crash.
                if yard.stop_began.is_some() {
                    yard.leftovers += killed;
                }
                self.note_left_running(killed, yard);
                None
            }
        }
    }

    /// Tells when the requests it has are done, at the latest at `deadline`.
    pub(super) fn drain(&mut self, deadline: Instant) {
        let endpoint = self.endpoint.clone();
        self.draining = Some(Box::pin(async move {
            if let Some(endpoint) = endpoint {
                // Cancelling is safe: what is left in flight sees the app's end.
                tokio::time::timeout_at(deadline.into(), endpoint.drained()).await.ok();
            }
        }));
    }

    pub(super) fn hurry_sweeps(&self, kill_at: Instant) {
        self.patience.send_if_modified(|until| {
            let sooner = kill_at < *until;
            *until = kill_at.min(*until);
            sooner
        });
    }

    fn exited(&mut self, status: Option<ExitStatus>, yard: &Yard) -> Option<Event> {
        let process = self.process.take()?;
        self.probing = None;
        self.glancing = None;
        self.watchdog = None;
        self.referee = None;
        self.endpoint = None;
        self.fate.status = status;
        // The container's count goes up for both.
        let of_container = yard.oom.blames(status);
        let of_app = self.start.as_ref().and_then(|start| start.confined.shortage(status));
        self.fate.shortage = of_app.or(of_container);
        self.fate.spawn_error = None;
        self.fate.lived = self.start.as_ref().map(|start| start.began.elapsed()).unwrap_or_default();
        let how = if self.ended_well(yard) { Ending::Success } else { Ending::Failure };
        let pid = process.kin.leader;
        self.bereaved = Some(process.kin);
        Some(Event::Exited { pid, how })
    }

    /// Memory that ran out is no success, whatever code it shows.
    pub(super) fn ended_well(&self, yard: &Yard) -> bool {
        self.fate.shortage.is_none()
            && self.fate.status.is_some_and(|status| yard.app.success.include(status))
    }

    fn told(&mut self, secrets: Result<Secrets, Untold>, yard: &mut Yard) -> Option<Event> {
        self.asking = None;
        match secrets {
            Ok(secrets) => self.launch(&secrets, yard),
            Err(untold) => Some(Event::SpawnFailed { hope: self.note_spawn_error(&untold.into(), yard) }),
        }
    }

    fn spawned(&mut self, result: Result<Child, SpawnError>, yard: &mut Yard) -> Event {
        self.spawning = None;
        match result {
            Ok(Child { pid, stdout, stderr, exited }) => {
                // What is spawned was prepared.
                let Some(start) = &mut self.start else { return Event::SpawnFailed { hope: Hope::Later } };
                let words = LastWords::default();
                self.fate.last_words = words.clone();
                // Readers of earlier starts that are done; an app that crashes for months would pile them up.
                while self.outputs.try_join_next().is_some() {}
                let audience = Audience {
                    log: yard.log.clone(),
                    last_words: words,
                    signs: start.hearing.signs().clone(),
                    mask: start.asker.mask.clone(),
                };
                for (pipe, stream) in [(stdout, AppStream::Out), (stderr, AppStream::Err)] {
                    let speaker = Speaker { app: Arc::clone(&yard.app.name), pid, stream };
                    self.outputs.spawn(output::drain(pipe, speaker, audience.clone()));
                }
                let kin = Kin { leader: pid, marker: start.marker.clone() };
                let voice = Voice { app: Arc::clone(&yard.app.name), log: yard.log.clone() };
                start.hearing.attend(kin.clone(), voice);
                self.referee = start.confined.watched.map(|limit| Referee::new(kin.clone(), limit));
                self.process = Some(Process { kin, exited });
                self.note_started(pid, yard);
                Event::Spawned { pid }
            }
            Err(error) => {
                let hope = self.note_spawn_error(&LaunchError::Program(error), yard);
                Event::SpawnFailed { hope }
            }
        }
    }

    fn saw(&mut self, prober: Prober, sight: Sight, yard: &mut Yard) -> Option<Event> {
        self.probing = None;
        let pid = self.leader()?;
        match sight {
            Sight::Answers(found) => {
                self.answers_at(found, prober, yard);
                Some(Event::Answered { pid })
            }
            Sight::Runs => Some(Event::Answered { pid }),
            Sight::Silent(why) => {
                self.fate.silence = Some(why);
                self.probing = Some(Box::pin(prober.look_again()));
                Some(Event::Silent { pid })
            }
        }
    }

    /// An app that was found elsewhere may have opened a side door first; if it answers at another place by now,
    /// that is the better one. That it does not answer is for suspicion to find out.
    fn glimpsed(&mut self, prober: Prober, sight: Sight, yard: &mut Yard) -> Option<Event> {
        self.glancing = None;
        let pid = self.leader()?;
        match sight {
            Sight::Answers(found) if self.found.as_ref() != Some(&found) => {
                self.answers_at(found, prober, yard);
                Some(Event::Answered { pid })
            }
            Sight::Answers(_) | Sight::Runs | Sight::Silent(_) => {
                self.glancing = Some(Box::pin(prober.look_idly()));
                None
            }
        }
    }

    fn answers_at(&mut self, found: Found, prober: Prober, yard: &mut Yard) {
        self.note_surprise(&found, yard);
        self.glancing = match found.place {
            FoundPlace::AsTold => None,
            FoundPlace::Elsewhere { .. } => Some(Box::pin(prober.look_idly())),
        };
        self.found = Some(found);
    }

    /// Reads what the app printed before it ended.
    pub(super) async fn last_output(&mut self) {
        let all_read = async { while self.outputs.join_next().await.is_some() {} };
        // Cancelling is safe: the readers go on by themselves.
        timeout(OUTPUT_GRACE, all_read).await.ok();
    }
}

async fn leaves(start: Option<&mut Start>) {
    match start {
        Some(start) => start.hearing.leaves().await,
        None => std::future::pending().await,
    }
}

async fn outgrown(referee: Option<&mut Referee>) -> Outgrown {
    match referee {
        Some(referee) => referee.outgrown().await,
        None => std::future::pending().await,
    }
}

async fn barks(watchdog: Option<&mut Watchdog>) -> Unwell {
    match watchdog {
        Some(watchdog) => watchdog.unwell().await,
        None => std::future::pending().await,
    }
}
