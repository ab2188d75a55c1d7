//! The proxy as the composition root sees it: bound, started, drained, closed, in this order.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;

use super::accept;
use super::config::Config;
use super::door::{Door, Phase};
use super::listen::{Doorway, ListenError, bind_all};
use super::side_door::{self, SideDoorError, SideDoors};
use super::upstream::tls::Connectors;
use super::worker::Worker;
use crate::loopback::PrivatePorts;
use crate::observe::log::{Level, Log};
use crate::registry::{Registry, WorkerId};

/// A worker that dies this often …
const DEATHS_MAX: usize = 3;

/// … within this time will go on dying.
const DEATHS_WITHIN: Duration = Duration::from_secs(60);

/// The door with its listeners bound, nobody behind them yet. Connections already queue.
#[derive(Debug)]
pub struct Bound {
    config: Config,
    doorways: Vec<Doorway>,
    side_doors: SideDoors,
    connectors: Connectors,
}

/// What a handshake that has begun needs to end, on this host and on a near one.
const HANDSHAKE: Duration = Duration::from_millis(20);

/// What a request that was sent before the listeners closed may need to be read, and so to be counted.
const SETTLING: Duration = Duration::from_millis(100);

/// Why the proxy cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("{0}")]
    Tls(String),
    #[error("cannot start a worker thread: {0}")]
    Thread(io::Error),
    #[error(transparent)]
    SideDoor(#[from] SideDoorError),
}

/// The running proxy.
#[derive(Debug)]
pub struct Proxy {
    door: Arc<Door>,
    threads: Vec<JoinHandle<()>>,
    failures: mpsc::UnboundedReceiver<WorkerId>,
}

impl Bound {
    /// Binds every listener and reads every CA file: what can be wrong with the door is known before an app starts.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let doorways = bind_all(&config.listen)?;
        let connectors =
            Connectors::new(&config.upstreams).map_err(|error| StartError::Tls(error.to_string()))?;
        Ok(Self { config, doorways, side_doors: SideDoors::default(), connectors })
    }

    /// Opens the side doors, and returns where they are.
    pub fn open_side_doors(&mut self, ports: &PrivatePorts) -> Result<Vec<(Arc<str>, u16)>, SideDoorError> {
        self.side_doors = side_door::open_all(&mut self.config.side_doors, &[], ports)?;
        Ok(ports_of(&self.side_doors))
    }

    /// Where it listens, for the start table.
    pub fn addresses(&self) -> Vec<String> {
        self.doorways.iter().map(Doorway::address).collect()
    }

    /// The ports that no app may be given.
    pub fn ports(&self) -> Vec<u16> {
        self.doorways.iter().map(|doorway| doorway.port).filter(|port| *port != 0).collect()
    }

    pub fn workers(&self) -> usize {
        self.config.workers.get()
    }

    /// Starts the workers.
    pub fn start(self, registry: Arc<Registry>, log: Log) -> Result<Proxy, StartError> {
        let door = Arc::new(Door::new(self.config, self.doorways, registry, log, self.connectors));
        door.open_side_doors(self.side_doors);
        let (failed, failures) = mpsc::unbounded_channel();
        let mut threads = Vec::new();
        for number in 0..door.workers() {
            let id = WorkerId(u16::try_from(number).expect("config allows fewer workers than u16 can count"));
            let (door, failed) = (Arc::clone(&door), failed.clone());
            let thread = std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || keep_working(&door, id, &failed))
                .map_err(StartError::Thread)?;
            threads.push(thread);
        }
        Ok(Proxy { door, threads, failures })
    }
}

/// A changed configuration that can be put to use: its certificates were read, its side doors opened.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    side_doors: SideDoors,
    connectors: Connectors,
}

impl Prepared {
    /// Where its side doors are.
    pub fn side_doors(&self) -> Vec<(Arc<str>, u16)> {
        ports_of(&self.side_doors)
    }
}

fn ports_of(side_doors: &SideDoors) -> Vec<(Arc<str>, u16)> {
    side_doors.iter().map(|door| (Arc::clone(&door.app), door.port)).collect()
}

impl Proxy {
    /// Reads what a changed configuration names, and changes nothing yet.
    ///
    /// # Errors
    /// When a CA file cannot be read, or a side door not be opened.
    pub fn prepare(&self, mut config: Config, ports: &PrivatePorts) -> Result<Prepared, StartError> {
        let connectors =
            Connectors::new(&config.upstreams).map_err(|error| StartError::Tls(error.to_string()))?;
        let open = SideDoors::clone(&self.door.side_doors().borrow());
        let side_doors = side_door::open_all(&mut config.side_doors, &open, ports)?;
        Ok(Prepared { config, side_doors, connectors })
    }

    /// The apps as the newest exchanges see them.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(self.door.edition().registry())
    }

    /// Every exchange that begins from now on sees the changed configuration; those under way end as they began.
    /// Returns the keys whose change takes a new start.
    pub fn switch(&self, prepared: Prepared, registry: Arc<Registry>) -> Vec<&'static str> {
        let Prepared { config, side_doors, connectors } = prepared;
        let mut fixed = Vec::new();
        self.door.reissue(|edition| {
            fixed = edition.fixed(&config);
            edition.next(config, registry, connectors)
        });
        self.door.open_side_doors(side_doors);
        fixed
    }

    /// A worker died too often. Pends for ever if none does.
    pub async fn failed(&mut self) -> WorkerId {
        match self.failures.recv().await {
            Some(worker) => worker,
            None => std::future::pending().await,
        }
    }

    /// Step 1 of the drain: health fails, answers end their connections; new ones are still taken.
    pub fn fail_health(&self) {
        self.door.enter(Phase::Leaving);
    }

    /// Step 2: nobody new is heard, whoever has begun to connect is let in, then the listeners close.
    pub async fn stop_accepting(&self) {
        for doorway in self.door.doorways().iter().flat_map(|doorways| doorways.iter()) {
            // A sandbox without it only keeps the race that every server has.
            doorway.listener.turn_new_away().ok();
        }
        tokio::time::sleep(HANDSHAKE).await;
        self.door.enter(Phase::Closing);
    }

    /// Step 3: waits until no exchange is in flight, at most until `deadline`. Returns how many still are.
    pub async fn finished(&self, deadline: Instant) -> usize {
        tokio::time::sleep_until((Instant::now() + SETTLING).min(deadline).into()).await;
        let quiet = self.door.quiet().notified();
        tokio::pin!(quiet);
        loop {
            // Registered before looking, so that the last end is not missed.
            quiet.as_mut().enable();
            let left = self.door.exchanges();
            if left == 0 || tokio::time::timeout_at(deadline.into(), quiet.as_mut()).await.is_err() {
                return left;
            }
            quiet.set(self.door.quiet().notified());
        }
    }

    /// Step 4: drops what is still connected and waits for the workers.
    pub fn close(self) {
        self.door.enter(Phase::Closed);
        for thread in self.threads {
            // A worker's panic was caught and logged in its own thread.
            drop(thread.join());
        }
    }
}

/// A worker's thread: works, and starts again after a panic, the listeners being shared.
fn keep_working(door: &Arc<Door>, id: WorkerId, failed: &mpsc::UnboundedSender<WorkerId>) {
    let mut deaths: Vec<Instant> = Vec::new();
    loop {
        let why = match catch_unwind(AssertUnwindSafe(|| work(door, id))) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a bug in onedoor, please report it".into(),
        };
        let now = Instant::now();
        deaths.retain(|death| now.saturating_duration_since(*death) < DEATHS_WITHIN);
        deaths.push(now);
        door.log().event(
            Level::Error,
            None,
            format!("worker {} died and its connections with it: {why}", id.0),
        );
        door.counters(id).worker_deaths.count();
        door.load(id).forget();
        if deaths.len() >= DEATHS_MAX {
            // Nobody listening means that the end has begun anyway.
            failed.send(id).ok();
            return;
        }
    }
}

/// Files that one worker has read for it at once, by threads that may wait for a disk; the others' wait in line.
const DISK_THREADS_MAX: usize = 16;

/// Works until the door is closed.
fn work(door: &Arc<Door>, id: WorkerId) -> io::Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .thread_name("disk")
        .max_blocking_threads(DISK_THREADS_MAX)
        .build_local(LocalOptions::default())?;
    let worked = runtime.block_on(async {
        let worker = Worker::new(Arc::clone(door), id);
        tokio::select! {
            // Losing the housekeeping at the end loses nothing: its state dies with the worker.
            () = worker.keep_house() => Ok(()),
            () = side_door::keep(&worker) => Ok(()),
            ended = accept::run(&worker) => ended,
        }
    });
    // A disk that does not answer keeps nobody here.
    runtime.shutdown_background();
    worked
}
